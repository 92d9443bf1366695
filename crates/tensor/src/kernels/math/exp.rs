//! The exponential and what is a quotient of it: `exp`, `exp_m1`, `sigmoid`, `tanh`, `sinh`, `cosh`.
//!
//! `x = n ln 2 + r` with an integer n and `|r| <= ln 2 / 2` (Cody and Waite), so that `e^x = 2^n e^r`. All four build on
//! [`reduce`], which gives `n` and `e^r - 1`: keeping the 1 out keeps small results accurate.

use super::format::{Format, at_least, at_most, polynomial, round};

/// The constants of one format.
pub(crate) trait ExpTable: Format {
    /// Q of e^r = 1 + r + r^2 Q(r).
    const Q: &'static [Self];
    /// Beyond these the result has overflowed to infinity, or rounds to zero.
    const OVERFLOW: Self;
    const UNDERFLOW: Self;
    /// `e^x - 1` rounds to -1 below this.
    const MINUS_ONE: Self;
    /// `tanh x` rounds to 1 from here.
    const TANH_ONE: Self;
}

// Q from scripts/minimax.py. Its error relative to e^r is 3.2e-9 (0.05 ULP) in f32 and 6.2e-18 (0.06 ULP) in f64.
impl ExpTable for f32 {
    const Q: &'static [f32] = &[0.49999994, 0.16666517, 0.041668102, 0.0083691925, 0.0013838903];
    const OVERFLOW: f32 = 89.0;
    const UNDERFLOW: f32 = -104.0;
    const MINUS_ONE: f32 = -18.0;
    const TANH_ONE: f32 = 10.0;
}

impl ExpTable for f64 {
    const Q: &'static [f64] = &[
        0.5000000000000011,
        0.16666666666666438,
        0.0416666666665258,
        0.008333333333473754,
        0.0013888888944854974,
        0.00019841269560179646,
        2.480149175852747e-05,
        2.7557531258549638e-06,
        2.7630736735634956e-07,
        2.5019300056414618e-08,
    ];
    const OVERFLOW: f64 = 710.0;
    const UNDERFLOW: f64 = -746.0;
    const MINUS_ONE: f64 = -38.0;
    const TANH_ONE: f64 = 20.0;
}

/// `(n, e^r - 1)` of a bounded x. n is an integer but for NaN, where both are NaN.
#[inline(always)]
pub(super) fn reduce<T: ExpTable, const FMA: bool>(x: T) -> (T, T) {
    let n = x.mul_add::<FMA>(T::LOG2_E, T::ROUND) - T::ROUND;
    let r = n.mul_add::<FMA>(-T::LN_2_LOW, n.mul_add::<FMA>(-T::LN_2_HIGH, x));
    (n, polynomial::<T, FMA>(r, T::Q).mul_add::<FMA>(r * r, r))
}

#[inline(always)]
pub(super) fn exp<T: ExpTable, const FMA: bool>(x: T) -> T {
    let (n, m) = reduce::<T, FMA>(at_least(at_most(x, T::OVERFLOW), T::UNDERFLOW));
    // 2^n alone may be out of range. In halves only the last product rounds, once, to a subnormal number or to infinity.
    let half = round(n * T::from_f64(0.5));
    (m + T::from_f64(1.0)) * T::pow2(half) * T::pow2(n - half)
}

#[inline(always)]
pub(super) fn exp_m1<T: ExpTable, const FMA: bool>(x: T) -> T {
    let (n, m) = reduce::<T, FMA>(at_least(at_most(x, T::OVERFLOW), T::MINUS_ONE));
    // 2 (2^(n-1) m + 2^(n-1) - 1/2): the half, because 2^n overflows before the result does.
    let scale = T::pow2(n - T::from_f64(1.0));
    let half = scale.mul_add::<FMA>(m, scale - T::from_f64(0.5));
    // So near zero the result is x, which the halves would round when it is subnormal.
    if x.abs() < T::EPSILON * T::from_f64(0.25) { x } else { half + half }
}

/// `1 / (1 + e^-x)`, or `e^x / (1 + e^x)` below zero, so that nothing overflows and the lower tail keeps its precision.
#[inline(always)]
pub(super) fn sigmoid<T: ExpTable, const FMA: bool>(x: T) -> T {
    let t = exp::<T, FMA>(-x.abs());
    let one = T::from_f64(1.0);
    let above = if x >= T::from_f64(0.0) { one } else { t };
    above / (one + t)
}

/// `e / (e + 2)` of `e = e^(2 |x|) - 1`, with the sign of x.
#[inline(always)]
pub(super) fn tanh<T: ExpTable, const FMA: bool>(x: T) -> T {
    let size = at_most(x.abs(), T::TANH_ONE);
    let (n, m) = reduce::<T, FMA>(size + size);
    let scale = T::pow2(n);
    let e = scale.mul_add::<FMA>(m, scale - T::from_f64(1.0));
    (e / (e + T::from_f64(2.0))).copysign(x)
}

/// The hyperbolic sine and cosine of one format.
pub(crate) trait Hyperbolic: Format {
    fn sinh<const FMA: bool>(self) -> Self;
    fn cosh<const FMA: bool>(self) -> Self;
}

/// Of larger numbers both are infinite in f32, and not yet in f64.
const HYPERBOLIC_FAR: f64 = 200.0;

/// In f64, where the halves of the exponentials add up without loss.
impl Hyperbolic for f32 {
    #[inline(always)]
    fn sinh<const FMA: bool>(self) -> f32 {
        let e = exp_m1::<f64, FMA>(at_most(f64::from(self).abs(), HYPERBOLIC_FAR));
        (0.5 * (e + e / (e + 1.0))).copysign(self.into()) as f32
    }
    #[inline(always)]
    fn cosh<const FMA: bool>(self) -> f32 {
        let e = exp::<f64, FMA>(at_most(f64::from(self).abs(), HYPERBOLIC_FAR));
        (0.5 * (e + 1.0 / e)) as f32
    }
}

/// By `libm`, one at a time: the errors of the exponential and of the quotient would add up.
impl Hyperbolic for f64 {
    #[inline(always)]
    fn sinh<const FMA: bool>(self) -> f64 {
        libm::sinh(self)
    }
    #[inline(always)]
    fn cosh<const FMA: bool>(self) -> f64 {
        libm::cosh(self)
    }
}
