#!/usr/bin/env python3
"""Prints crates/tensor/src/ops/elementwise/accuracy/reference.txt: arguments and results of the elementwise functions in f64.

Each line is a name, one or two arguments and the result, as the bits of an f64. Results are rounded from 60 digits. With
`--digamma` it prints the constants of kernels/special/gamma.rs instead.

Needs mpmath. Run: python3 scripts/elementwise_reference.py > crates/tensor/src/ops/elementwise/accuracy/reference.txt
"""

import random
import struct
import sys
from mpmath import mp, mpf
import mpmath as m

mp.dps = 60
rng = random.Random(5)


def nearest(x):
    """The f64 nearest to x, also where that is subnormal or infinite: mpmath alone has no smallest or largest exponent."""
    if m.isinf(x) or abs(x) >= mpf(2) ** 1024:
        return float("inf") if x > 0 else float("-inf")
    if x == 0 or abs(x) >= mpf(2) ** -1022:
        return float(x)
    return float(mp.nint(x * mpf(2) ** 1074)) * 5e-324


def bits(x):
    return f"{struct.unpack('<Q', struct.pack('<d', x))[0]:016x}"


def line(name, f, *args):
    print(name.replace(" ", "-"), *map(bits, args), bits(nearest(f(*map(mpf, args)))))


def uniform(low, high, count):
    return [rng.uniform(low, high) for _ in range(count)]


def sized(low, high, count):
    """Of every size between two powers of ten."""
    return [10 ** rng.uniform(low, high) for _ in range(count)]


def both(xs):
    return [s * x for x in xs for s in (1, -1)]


def near(x, count=20):
    """Closer and closer to x, from both sides."""
    return [x + s * 10.0**-k * rng.uniform(1, 9) for k in range(2, 2 + count // 2) for s in (1, -1)]


def sinc(x, n=0):
    """The derivative of order n, by its integral over (0, 1): no cancellation near zero."""
    t = m.pi * x
    if abs(t) < 1:
        terms = (((-1) ** k) * t ** (2 * k - n) / ((2 * k + 1) * m.factorial(2 * k - n)) for k in range((n + 1) // 2, 40))
        return m.pi**n * m.fsum(terms)
    s = m.sinpi(x) / t
    for k in range(1, n + 1):
        turned = [m.sinpi(x), m.cospi(x), -m.sinpi(x), -m.cospi(x)][k % 4]
        s = (turned - k * s) / t
    return m.pi**n * s


def logaddexp(x, y):
    return max(x, y) + m.log1p(m.exp(-abs(x - y)))


def tangent_of(x):
    return m.tanh(m.log1p(m.exp(x)))


def gelu_tanh(x):
    return x / 2 * (1 + m.tanh(m.sqrt(2 / m.pi) * (x + mpf(0.044715) * x**3)))


# Of selu, as f64.
ALPHA = mpf(1.6732632423543772)
SCALE = mpf(1.0507009873554805)


def few():
    """Functions of the libm crate, and short formulas: a check that the right one is called."""
    wide = both(sized(-300, 300, 12)) + uniform(-4, 4, 24)
    near_zero = both(sized(-300, -1, 8))
    line_all("exp", m.exp, uniform(-740, 709, 30) + near_zero)
    line_all("expm1", m.expm1, uniform(-40, 709, 30) + near_zero)
    line_all("ln", m.log, sized(-300, 300, 20) + near(1.0))
    line_all("log1p", m.log1p, sized(-300, 300, 20) + uniform(-1, 1, 20))
    line_all("sqrt", m.sqrt, sized(-300, 300, 20))
    line_all("square", lambda x: x * x, both(sized(-150, 150, 10)))
    line_all("reciprocal", lambda x: 1 / x, both(sized(-300, 300, 10)))
    line_all("sin", m.sin, uniform(-100, 100, 30) + near_zero + [1e6, 1e22])
    line_all("cos", m.cos, uniform(-100, 100, 30) + [1e6, 1e22])
    line_all("erf", m.erf, uniform(-6, 6, 30) + near_zero)
    line_all("powf", lambda x: x ** mpf(1.75), sized(-150, 150, 20))
    line_all("sigmoid", lambda x: 1 / (1 + m.exp(-x)), uniform(-700, 40, 20) + uniform(-5, 5, 20))
    line_all("tanh", m.tanh, uniform(-20, 20, 20) + uniform(-1, 1, 20) + near_zero)
    line_all("softplus", lambda x: m.log1p(m.exp(x)), uniform(-700, 40, 20) + uniform(-5, 5, 20))
    line_all("deg2rad", lambda x: x * m.pi / 180, uniform(-400, 400, 20))
    line_all("rad2deg", lambda x: x * 180 / m.pi, uniform(-7, 7, 20))
    line_all("gelu", lambda x: x * m.ncdf(x), uniform(-8, 8, 40))
    line_all("gelu_tanh", gelu_tanh, uniform(-8, 8, 40))
    line_all("leaky_relu", lambda x: x * mpf(0.3), uniform(-8, 0, 20))
    line_all("celu", lambda x: 1.5 * m.expm1(x / 1.5), uniform(-40, 0, 20) + near(0.0)[1::2])
    line_all("selu", lambda x: (ALPHA * m.expm1(x) if x < 0 else x) * SCALE, uniform(-8, 8, 30))
    line_all("hardsigmoid", lambda x: (x + 3) / 6, uniform(-3, 3, 30))
    line_all("hardswish", lambda x: x * (x + 3) / 6, uniform(-3, 3, 30))
    line_all("softshrink", lambda x: x - 0.5, uniform(0.5, 8, 20))
    line_all("tan", m.tan, uniform(-4, 4, 30) + [1e5, 1e22, 1e-300])
    line_all("asin", m.asin, uniform(-1, 1, 30) + [1e-300, 0.9999999999, -1.0])
    line_all("acos", m.acos, uniform(-1, 1, 30) + [1e-300, 0.9999999999, -0.9999999999])
    line_all("atan", m.atan, wide)
    line_all("sinh", m.sinh, uniform(-700, 700, 20) + uniform(-1, 1, 20) + [1e-300])
    line_all("cosh", m.cosh, uniform(-700, 700, 20) + uniform(-1, 1, 20))
    line_all("asinh", m.asinh, wide)
    line_all("acosh", m.acosh, [1 + x for x in sized(-15, 15, 30)] + sized(15, 300, 5))
    line_all("atanh", m.atanh, uniform(-1, 1, 30) + [1e-300, 1 - 1e-15])
    line_all("exp2", lambda x: mpf(2) ** x, uniform(-1070, 1020, 30) + uniform(-1, 1, 10))
    line_all("log2", lambda x: m.log(x) / m.log(2), sized(-300, 300, 20) + near(1.0))
    line_all("log10", m.log10, sized(-300, 300, 20) + near(1.0))
    line_all("cbrt", lambda x: m.sign(x) * m.cbrt(abs(x)), wide)
    line_all("rsqrt", lambda x: 1 / m.sqrt(x), sized(-300, 300, 30))
    line_all("erfc", m.erfc, uniform(-3, 26, 40) + [1e-20, 26.5])
    line_all("lgamma", m.loggamma, sized(-300, 0, 10) + uniform(0, 5, 30) + sized(0, 300, 15) + near(1.0, 10) + near(2.0, 10))
    line_all("lgamma below zero", lambda x: m.log(abs(m.gamma(x))), uniform(-20, 0, 40))
    line_all("silu", lambda x: x / (1 + m.exp(-x)), uniform(-700, 50, 20) + uniform(-5, 5, 20))
    line_all("mish", lambda x: x * tangent_of(x), uniform(-700, 50, 20) + uniform(-5, 5, 20))
    line_all("softsign", lambda x: x / (1 + abs(x)), wide)
    line_all("log_sigmoid", lambda x: -m.log1p(m.exp(-x)), uniform(-700, 700, 20) + uniform(-5, 5, 20))
    line_all("tanhshrink", lambda x: x - m.tanh(x), uniform(-5, 5, 30) + near(0.0))
    line_all("elu", lambda x: m.expm1(x), uniform(-40, 0, 20) + near(0.0)[1::2])
    pairs = list(zip(both(sized(-150, 150, 15)), both(sized(-150, 150, 15))[::-1])) + list(zip(uniform(-4, 4, 20), uniform(-4, 4, 20)))
    line_all("hypot", m.hypot, pairs + [(3e300, 4e300), (1e-310, 1e-311)])
    line_all("atan2", m.atan2, pairs)
    line_all("pow", m.power, list(zip(sized(-5, 5, 40), uniform(-50, 50, 40))))
    line_all("xlogy", lambda x, y: x * m.log(y), list(zip(uniform(-4, 4, 30), sized(-100, 100, 30))))
    line_all("lerp", lambda x, y: x + mpf(0.3) * (y - x), list(zip(uniform(-4, 4, 20), uniform(-4, 4, 20))))
    steep = random.Random(11)
    line_all("softplus_with", lambda x: m.log1p(m.exp(1.5 * x)) / 1.5, [steep.uniform(-4, 13) for _ in range(30)])
    line_all("glu", lambda x, y: x / (1 + m.exp(-y)), list(zip(uniform(-4, 4, 30), uniform(-700, 40, 30))))
    line_all("prelu", lambda x, y: x * y, list(zip(uniform(-4, 0, 20), uniform(-4, 4, 20))))
    line_all("div_trunc", lambda x, y: m.floor(abs(x / y)) * m.sign(x / y), division()[:-4])
    line_all("round_decimals", lambda x: m.nint(x * 100) / 100, uniform(-30, 30, 30))
    line_all("fmod", lambda x, y: x - y * m.sign(x / y) * m.floor(abs(x / y)), division())
    line_all("remainder", lambda x, y: x - y * m.floor(x / y), division())
    line_all("div_floor", lambda x, y: m.floor(x / y), division())


def division():
    shift = random.Random(9)
    pairs = [(shift.uniform(-1e4, 1e4), shift.uniform(-3, 3)) for _ in range(40)]
    return pairs + [(1.0, 0.1), (-1.0, 0.1), (6.0, 3.0), (1e15, 0.7)]


def ours():
    """Functions whose code is ours: many points, most of them where a form changes or a result is small."""
    line_all("erfinv", m.erfinv, both(sized(-300, -1, 60)) + uniform(-1, 1, 80) + both([1 - x for x in sized(-15.9, -1, 60)])
             + [0.5, 0.49999999999999994, 1e-8, 9.999e-9])
    zero = float(m.findroot(m.digamma, 1.4616))
    line_all("digamma", m.digamma, sized(-300, 0, 40) + uniform(0, 12, 100) + sized(1, 300, 40) + near(zero, 28) + near(1.0, 10)
             + near(2.0, 10) + [zero, 10.0, 9.999999999999998])
    line_all("digamma below zero", m.digamma, uniform(-30, 0, 150) + [-x for x in sized(-300, -1, 20)])
    for n, name in [(1, "polygamma 1"), (2, "polygamma 2"), (5, "polygamma 5")]:
        line_all(name, lambda x: m.polygamma(n, x), sized(-20, 0, 40) + uniform(0, 30, 120) + sized(1, 20, 40))
    line_all("polygamma 1 below zero", lambda x: m.polygamma(1, x), uniform(-30, 0, 60))
    for n in range(4):
        line_all(f"sinc {n}", lambda x: sinc(x, n), both(sized(-15, 0, 60)) + uniform(-6, 6, 80) + both([0.4774, 0.4775, 100.25]))
    line_all("logit", lambda x: m.log(x / (1 - x)), sized(-300, -1, 40) + uniform(0, 1, 80) + near(0.5, 24) + near(0.25, 8)
             + [1 - x for x in sized(-15.9, -1, 40)])
    close = [(x, x + d) for x in uniform(-20, 20, 20) for d in (0.0, 1e-12, 1e-3, 1.0)]
    far = list(zip(uniform(-700, 700, 40), uniform(-700, 700, 40)))
    line_all("logaddexp", logaddexp, close + far + [(1e308, 1e308)])
    line_all("logaddexp2", lambda x, y: logaddexp(x * m.log(2), y * m.log(2)) / m.log(2), close + far)


def line_all(name, f, points):
    for point in points:
        line(name, f, *(point if isinstance(point, tuple) else (point,)))


def digamma_constants():
    """The zero of digamma in three parts, and Q of digamma x = (x - zero) Q(x - 1.5) by interpolation at Chebyshev's points."""
    zero = m.findroot(m.digamma, 1.4616)
    high = m.floor(zero * 2**29) / 2**29
    middle = m.floor((zero - high) * 2**59) / 2**59
    print("ZERO", [float(high), float(middle), float(zero - high - middle)])
    nodes = [m.cos(m.pi * (2 * k + 1) / 46) / 2 for k in range(23)]
    rows = m.matrix([[t**j for j in range(23)] for t in nodes])
    values = m.matrix([m.digamma(t + 1.5) / (t + 1.5 - zero) for t in nodes])
    print("Q", [float(q) for q in m.lu_solve(rows, values)])


if "--digamma" in sys.argv:
    digamma_constants()
else:
    few()
    ours()
