#!/usr/bin/env python3
"""Prints crates/tensor/src/kernels/math/tests/reference.rs: arguments and correctly rounded results of each function in f64.

Needs mpmath. Run: python3 scripts/math_reference.py > crates/tensor/src/kernels/math/tests/reference.rs
"""

import random
import struct
from mpmath import cos, erf, exp, expm1, log, log1p, mp, mpf, pi, sin, tanh

mp.dps = 80


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softplus(x):
    return max(x, mpf(0)) + log1p(exp(-abs(x)))


def nearest(x):
    """The f64 nearest to x, also where that is subnormal: mpmath alone has no smallest exponent."""
    if x == 0 or abs(x) >= mpf(2) ** -1022:
        return float(x)
    return float(mp.nint(x * mpf(2) ** 1074)) * 5e-324


def bits(x):
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016x}"


# The f64 nearest to multiples of pi / 2: there the reduced argument is all that cancellation left.
TURNS = [float(n * pi / 2) for n in (1, 2, 355, 65001, 200001, 400002, 665857, -665858)]

# Beside the random ones: where a function changes its form, tails, subnormal numbers.
CHOSEN = {
    "EXP": (exp, -750, 709, [-745.13, -740.0, -708.5, 709.78, 0.34657359027997264, -0.34657359027997264, 1e-300]),
    "EXP_M1": (expm1, -40, 709, [1e-300, 5e-324, -1e-17, 0.35, -0.35, 1.04, -1.03, 709.78]),
    "LN": (log, 0, 4, [5e-324, 1e-310, 1.7e308, 0.7071067811865476, 0.7071067811865475, 1.4142135623730951, 0.9999999, 1.0000001]),
    "LN_1P": (log1p, -1, 3, [5e-324, 1e-310, 1e-17, -0.9999999999999999, 0.41421356237309515, 1e16, 1.7e308, -0.2928932]),
    "TANH": (tanh, -3, 3, [5e-324, 1e-310, 1e-9, 0.17, 0.52, 18.7, 19.5, -19.0]),
    "SIGMOID": (sigmoid, -50, 40, [-745.0, -709.5, 1e-9, -1e-9, 36.5, 37.5]),
    "SOFTPLUS": (softplus, -50, 40, [-745.0, -709.5, 1e-9, -1e-9, 36.5, 37.5, 1e300]),
    "ERF": (erf, -6, 6, [5e-324, 1e-310, 1e-9, 1.0, 0.9999999999999999, -1.0, 5.9, 5.95]),
    "SIN": (sin, -10, 10, [1e-300, 1e-9, 1e6, -1048576.0, *TURNS]),
    "COS": (cos, -10, 10, [1e-300, 1e-9, 1e6, -1048576.0, *TURNS]),
}


def main():
    print("//! Arguments and correctly rounded results of each function in f64, as bits. Printed by scripts/math_reference.py.")
    for name, (function, low, high, chosen) in CHOSEN.items():
        rng = random.Random(name)
        xs = chosen + [rng.uniform(low, high) for _ in range(8)]
        xs += [rng.uniform(max(low, -1), min(high, 1)) for _ in range(24 - len(xs))]
        pairs = [f"({bits(x)}, {bits(nearest(function(mpf(x))))})" for x in xs]
        print(f"\npub(super) const {name}: &[(u64, u64)] = &[")
        print("".join(f"    {pair},\n" for pair in pairs), end="")
        print("];")


if __name__ == "__main__":
    main()
