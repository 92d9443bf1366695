//! The derivatives of ln Γ: digamma, `polygamma(0, x)`, and those of higher order.
//!
//! For large x they have asymptotic series; smaller ones are shifted up by `f(x) = f(x + 1) - (-1)^n n! / x^(n + 1)`, and those of
//! negative x reflected to positive. Digamma has a zero at 1.46, near which the shifts would cancel: from 1 to 2 it is
//! `(x - zero) Q(x - 1.5)`. (Abramowitz and Stegun, 1964, 6.3 and 6.4.)

use super::sin_cos_pi;
use std::f64::consts::PI;

/// `B_2k / (2k)!` of the Bernoulli numbers B, from k = 1 on.
const BERNOULLI: [f64; 12] = [
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30240.0,
    -1.0 / 1209600.0,
    1.0 / 47900160.0,
    -691.0 / 1307674368000.0,
    1.0 / 74724249600.0,
    -3617.0 / 10670622842880000.0,
    43867.0 / 5109094217170944000.0,
    -174611.0 / 802857662698291200000.0,
    77683.0 / 14101100039391805440000.0,
    -236364091.0 / 1693824136731743669452800000.0,
];

/// The zero of digamma in three parts, so that the difference to it keeps its digits.
const ZERO: [f64; 3] = [1.4616321437060833, 1.2622790434430042e-09, 9.016312093258695e-20];

/// Q of digamma x = (x - zero) Q(x - 1.5) from 1 to 2, from scripts/elementwise_reference.py: its relative error is 5e-17.
const Q: [f64; 23] = [
    0.9510558760318328,
    -0.4236274212814606,
    0.24054248424078697,
    -0.14840492305388092,
    0.09498872445289039,
    -0.06192213327548831,
    0.040760833940846085,
    -0.026975796659787055,
    0.017907248317313294,
    -0.011908220105959716,
    0.007927021796868154,
    -0.005279937255532708,
    0.003518106563802472,
    -0.0023454947397380833,
    0.0015633696313653504,
    -0.0010364584817312839,
    0.0006909255761282986,
    -0.00048595039220036254,
    0.00032395945401345196,
    -0.00014480643368061614,
    9.653646261410062e-05,
    -0.0001782188548855923,
    0.00011881232908510335,
];

/// The derivative of order `n + 1` of ln Γ at x.
///
/// At a pole of even order (n odd) it is infinite; at one of odd order NaN, but for zero, whose sign says from which side.
pub(crate) fn polygamma(n: u32, x: f64) -> f64 {
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    let odd = n % 2 == 1;
    if x == 0.0 {
        return if odd { f64::INFINITY } else { -f64::INFINITY.copysign(x) };
    }
    if x < 0.0 {
        if x == x.floor() {
            return if odd { f64::INFINITY } else { f64::NAN };
        }
        // f(1 - x) (-1)^n - f(x) = d^n/dx^n (pi cot(pi x))
        let reflected = positive(n, 1.0 - x);
        return if odd { -reflected - cotangent(n, x) } else { reflected - cotangent(n, x) };
    }
    positive(n, x)
}

fn positive(n: u32, x: f64) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    let power = f64::from(n);
    // Powers of x / 2^e in place of those of x where these would be too small for f64, which x / n, or n!, times them need not be: a
    // power of two divides exactly. From 2^-960 on, what is 2^-60 of the first power is a normal number too.
    let e = if (power + 1.0) * libm::log2(x) > 960.0 { libm::ilogb(x) } else { 0 };
    let power_of = |x: f64| libm::pow(libm::scalbn(x, -e), -power - 1.0);
    // All with the factor (-1)^(n+1) / n!: the sum of 1 / (x + k)^(n + 1) up to where the asymptotic series is accurate, and it.
    let (mut shifted, mut x) = (0.0, x);
    while x < 12.0 + power {
        shifted += power_of(x);
        x += 1.0;
    }
    let mut term = power_of(x);
    let mut sum = term * x / power + 0.5 * term;
    term *= power + 1.0;
    for (k, b) in BERNOULLI.iter().enumerate() {
        // `term` is (n + 1) .. (n + 2k - 1) / x^(n + 2k - 1), k from 1.
        let added = b * term / x;
        sum += added;
        let next = power + 2.0 * k as f64 + 2.0;
        term *= next * (next + 1.0) / (x * x);
    }
    let factorial = libm::tgamma(power + 1.0);
    // One half before the factorial, so that the product is not too large, the other after it.
    let shift = -e * (n as i32 + 1);
    let size = libm::scalbn(factorial * libm::scalbn(shifted + sum, shift / 2), shift - shift / 2);
    if n % 2 == 1 { size } else { -size }
}

fn digamma(x: f64) -> f64 {
    if x >= 10.0 {
        let square = 1.0 / (x * x);
        // B_2k / 2k
        let (mut sum, mut power, mut factorial) = (0.0, square, 1.0);
        for (k, b) in BERNOULLI.iter().enumerate() {
            let two_k = 2.0 * k as f64 + 2.0;
            factorial *= if k == 0 { 1.0 } else { (two_k - 1.0) * (two_k - 2.0) };
            sum += b * factorial * power;
            power *= square;
        }
        return libm::log(x) - (0.5 / x + sum);
    }
    let (mut shifted, mut x) = (0.0, x);
    while x > 2.0 {
        x -= 1.0;
        shifted += 1.0 / x;
    }
    if x < 1.0 {
        shifted -= 1.0 / x;
        x += 1.0;
    }
    let q = Q.iter().rev().fold(0.0, |sum, q| sum * (x - 1.5) + q);
    shifted + (((x - ZERO[0]) - ZERO[1]) - ZERO[2]) * q
}

/// `d^n/dx^n (pi cot(pi x))`: pi^(n + 1) times a polynomial in c = cot(pi x), each the derivative of the one before by
/// `c' = -(1 + c^2)`.
fn cotangent(n: u32, x: f64) -> f64 {
    let (sin, cos) = sin_cos_pi(x);
    let c = cos / sin;
    let mut polynomial = vec![0.0, 1.0];
    for _ in 0..n {
        let mut next = vec![0.0; polynomial.len() + 1];
        for (i, p) in polynomial.iter().enumerate().skip(1) {
            next[i - 1] -= i as f64 * p;
            next[i + 1] -= i as f64 * p;
        }
        polynomial = next;
    }
    libm::pow(PI, f64::from(n) + 1.0) * polynomial.iter().rev().fold(0.0, |sum, p| sum * c + p)
}
