#!/usr/bin/env python3
"""Prints the constants of crates/tensor/src/kernels/math: minimax polynomials and split constants.

Each polynomial P minimises the largest |P(x) - f(x)| * weight(x) on an interval, by the exchange algorithm of Remez on a
fine grid, in 60 digits. The coefficients are then rounded to the format one after another, from the constant up, and the
rest is fitted again after each, so that rounding costs little. The printed error is that of the rounded coefficients.

Needs mpmath (and is quicker with gmpy2). Run: python3 scripts/minimax.py
"""

import struct
from mpmath import mp, mpf, asin, atan, atanh, cos, erf, erfc, exp, expm1, lu_solve, log, matrix, nint, pi, polyval, sin, sqrt

mp.dps = 60


def round_to(x, fmt):
    """The f32 ('f') or f64 ('d') nearest to x, as a Python float: exact, since a double holds both."""
    bits = {"f": 24, "d": 53}[fmt]
    with mp.workprec(bits):
        return float(+x)


def shortest(x, fmt):
    """The shortest decimal that reads back as x."""
    if fmt == "d":
        return repr(x)
    for digits in range(1, 10):
        text = repr(float(f"{x:.{digits}g}"))
        if struct.unpack("f", struct.pack("f", float(text)))[0] == x:
            return text
    raise ValueError(x)


def remez(xs, fs, ws, low, degree):
    """Coefficients low..=degree of the polynomial that is closest to fs on the grid xs, weighted by ws."""
    count = degree - low + 2
    picks = [round((len(xs) - 1) * (1 - float(cos(pi * (i + mpf(1) / 2) / count))) / 2) for i in range(count)]
    for _ in range(30):
        rows = [[xs[p] ** j for j in range(low, degree + 1)] + [(-1) ** i / ws[p]] for i, p in enumerate(picks)]
        *c, level = lu_solve(matrix(rows), matrix([fs[p] for p in picks]))
        errors = [(polyval(c[::-1], x) * x**low - f) * w for x, f, w in zip(xs, fs, ws)]
        # One extremum of each run of equal sign; then the best window of `count` of them.
        runs = []
        for i, e in enumerate(errors):
            if runs and (errors[runs[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        while len(runs) > count:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
        worst = max(abs(e) for e in errors)
        if len(runs) < count or worst < abs(level) * mpf("1.0001"):
            break
        picks = runs
    return list(c)


def fit(name, fmt, degree, f, weight, a, b, grid=1200):
    a, b = mpf(a), mpf(b)
    # Chebyshev points: dense at the ends, where the extrema crowd; shifted so that none is the middle, where f may be 0/0.
    xs = [(a + b) / 2 - (b - a) / 2 * cos(pi * (i + mpf("0.5")) / grid) for i in range(grid)]
    fs, ws = [f(x) for x in xs], [abs(weight(x)) for x in xs]
    fixed, rest = [], fs
    for j in range(degree + 1):
        c = round_to(remez(xs, rest, ws, j, degree)[0], fmt)
        fixed.append(c)
        rest = [r - mpf(c) * x**j for r, x in zip(rest, xs)]
    error = max(abs(r) * w for r, w in zip(rest, ws))
    ulp = error * 2 ** {"f": 24, "d": 53}[fmt]
    print(f"{name} {fmt} degree {degree} on [{float(a):.6g}, {float(b):.6g}]: error {float(error):.2g} = {float(ulp):.2g} ulp")
    print("    [" + ", ".join(shortest(c, fmt) for c in fixed) + "]", flush=True)


def split(name, fmt, value, *bits):
    """value as a sum: parts of that many bits each, so that an integer times a part is exact, and a rounded rest."""
    parts = []
    for b in bits:
        exponent = mp.floor(log(abs(value), 2)) + 1
        unit = mpf(2) ** (exponent - b)
        part = nint(value / unit) * unit
        parts.append(part)
        value -= part
    parts.append(value)
    print(f"{name} {fmt}: " + ", ".join(shortest(round_to(p, fmt), fmt) for p in parts), flush=True)


def main():
    ln2 = log(mpf(2))
    # n is below 2^8 (f32) and 2^11 (f64) in size: these many bits leave room for the product.
    split("ln 2", "f", ln2, 15)
    split("ln 2", "d", ln2, 40)
    # 33 bits leave room for |n| < 2^20.
    split("pi / 2", "d", pi / 2, 33, 33)

    half = ln2 / 2 * mpf("1.0001")
    # e^r = 1 + r + r^2 Q(r); the error is relative to e^r.
    for fmt, degree in ("f", 4), ("d", 9):
        fit("exp Q", fmt, degree, lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / exp(r), -half, half)

    # ln((1 + s) / (1 - s)) = 2 s + s v R(v), v = s^2; the error is relative to 2 s.
    series = lambda v: (2 * atanh(sqrt(v)) / sqrt(v) - 2) / v
    reduced = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2 * mpf("1.0001")
    for fmt, degree in ("f", 2), ("d", 6):
        fit("ln R", fmt, degree, series, lambda v: v / 2, 0, reduced)
    # The same for ln(1 + t), 0 <= t <= 1, where s = t / (2 + t) goes up to 1/3.
    for fmt, degree in ("f", 4), ("d", 10):
        fit("softplus R", fmt, degree, series, lambda v: v / 2, 0, mpf(1) / 9)

    # erf x = 1 - e^-(x + x P(x)) up to where it rounds to 1; the error is relative to erf x.
    for fmt, degree, end in ("f", 8, "3.95"), ("d", 24, "5.95"):
        fit("erf P", fmt, degree, lambda x: -log(erfc(x)) / x - 1, lambda x: x * erfc(x) / erf(x), 0, mpf(end))

    # Φ(-a) = e^-(ln 2 + a R(a)) up to where it vanishes in f32. What counts is its absolute error, while it is above 1e-8; below,
    # that it falls.
    below = lambda a: erfc(a / sqrt(mpf(2))) / 2
    fit("gelu R", "f", 8, lambda a: -log(2 * below(a)) / a, lambda a: a * max(below(a), mpf("1e-8")), 0, "13.05", 400)

    # sin r = r + r z S(z), cos r = 1 - z / 2 + z^2 C(z), z = r^2, |r| <= pi / 4. f32 computes in f64.
    quarter = (pi / 4 * mpf("1.0001")) ** 2
    for label, degree in ("f32", 2), ("f64", 5):
        sine = lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z
        cosine = lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2
        fit(f"sin S ({label})", "d", degree, sine, lambda z: z * sqrt(z) / sin(sqrt(z)), 0, quarter)
        fit(f"cos C ({label})", "d", degree, cosine, lambda z: z**2 / cos(sqrt(z)), 0, quarter)

    # atan t = t + t z T(z), z = t^2, |t| <= tan(pi / 8); asin s = s + s z A(z), z = s^2, |s| <= 1/2. f32 computes in f64.
    eighth = (sqrt(mpf(2)) - 1) ** 2 * mpf("1.0001")
    for label, degree in ("f32", 5), ("f64", 10):
        tangent = lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z
        fit(f"atan T ({label})", "d", degree, tangent, lambda z: z * sqrt(z) / atan(sqrt(z)), 0, eighth, 400)
    for label, degree in ("f32", 5), ("f64", 12):
        sine = lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z
        fit(f"asin A ({label})", "d", degree, sine, lambda z: z * sqrt(z) / asin(sqrt(z)), 0, mpf("0.25001"), 400)

    # The logarithm and the exponential of a power of f32, which are computed in f64.
    fit("pow R", "d", 4, series, lambda v: v / 2, 0, reduced, 400)
    fit("pow Q", "d", 5, lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / exp(r), -half, half, 400)


if __name__ == "__main__":
    main()
