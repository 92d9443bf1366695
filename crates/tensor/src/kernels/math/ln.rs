//! The natural logarithm and its relatives: `ln`, `ln_1p`, `softplus`.
//!
//! `x = 2^k (1 + f)` with `sqrt(1/2) <= 1 + f < sqrt 2`, and with `s = f / (2 + f)`, `v = s^2`, `h = f^2 / 2`:
//! `ln(1 + f) = 2 atanh s = f - (h - s (h + v R(v)))`, where the leading term is exact (the arrangement is that of
//! fdlibm's `e_log.c`, Sun Microsystems 1993; the polynomials are our own).

use super::exp::{ExpTable, exp};
use super::format::{Format, at_least, at_most, polynomial};

/// The constants of one format.
pub(crate) trait LnTable: ExpTable {
    /// R of 2 atanh s = 2 s + s v R(v) for s up to (sqrt 2 - 1) / (sqrt 2 + 1).
    const R: &'static [Self];
    /// The same for s up to 1/3, that is ln(1 + t) for t up to 1.
    const R_TO_ONE: &'static [Self];
    /// A power of two that makes any subnormal number normal, and its exponent.
    const LIFT: Self;
    const LIFT_EXPONENT: Self;
}

// R from scripts/minimax.py. Errors relative to the logarithm: R 8.1e-10 (0.01 ULP) in f32 and 1.2e-18 (0.01 ULP) in f64;
// R_TO_ONE 1.2e-10 (0.002 ULP) and 3.8e-20 (0.0003 ULP).
impl LnTable for f32 {
    const R: &'static [f32] = &[0.66666776, 0.3997758, 0.29870927];
    const R_TO_ONE: &'static [f32] = &[0.66666675, 0.3999895, 0.28615212, 0.21443884, 0.24245271];
    const LIFT: f32 = 33554432.0;
    const LIFT_EXPONENT: f32 = 25.0;
}

impl LnTable for f64 {
    const R: &'static [f64] = &[
        0.6666666666666734,
        0.39999999999416525,
        0.28571428742071325,
        0.22222198599273082,
        0.18183563209956893,
        0.15314074375216696,
        0.14795749596211838,
    ];
    const R_TO_ONE: &'static [f64] = &[
        0.6666666666666667,
        0.3999999999999536,
        0.2857142857233876,
        0.22222222136535896,
        0.18181822778183485,
        0.15384462247610683,
        0.13336643044513188,
        0.11717615866840544,
        0.10961911198733729,
        0.07033008891836073,
        0.16406448102795265,
    ];
    const LIFT: f64 = 18014398509481984.0;
    const LIFT_EXPONENT: f64 = 54.0;
}

/// `(h, s, h + v R(v))` of f by this polynomial, whose ln(1 + f) is `f - (h - s (h + v R(v)))`.
#[inline(always)]
fn terms<T: LnTable, const FMA: bool>(f: T, r: &'static [T]) -> (T, T, T) {
    let s = f / (f + T::from_f64(2.0));
    let v = s * s;
    let h = f * f * T::from_f64(0.5);
    (h, s, polynomial::<T, FMA>(v, r).mul_add::<FMA>(v, h))
}

/// `k ln 2 + ln(1 + f) + low`, the small parts first.
#[inline(always)]
fn assemble<T: LnTable, const FMA: bool>(k: T, f: T, low: T) -> T {
    let (h, s, bracket) = terms::<T, FMA>(f, T::R);
    let small = s.mul_add::<FMA>(bracket, k.mul_add::<FMA>(T::LN_2_LOW, low));
    k.mul_add::<FMA>(T::LN_2_HIGH, f - (h - small))
}

/// The result for a positive finite x, or that of zero, the negative numbers, infinity and NaN.
#[inline(always)]
fn or_special<T: Format>(x: T, result: T) -> T {
    let zero = T::from_f64(0.0);
    let finite = if x < T::INFINITY { result } else { x };
    let not_zero = if x == zero { -T::INFINITY } else { finite };
    if x < zero { T::NAN } else { not_zero }
}

#[inline(always)]
pub(super) fn ln<T: LnTable, const FMA: bool>(x: T) -> T {
    let subnormal = x < T::MIN_POSITIVE;
    let lifted = if subnormal { x * T::LIFT } else { x };
    let (k, z) = lifted.exponent_and_rest();
    let k = if subnormal { k - T::LIFT_EXPONENT } else { k };
    or_special(x, assemble::<T, FMA>(k, z - T::from_f64(1.0), T::from_f64(0.0)))
}

#[inline(always)]
pub(super) fn ln_1p<T: LnTable, const FMA: bool>(x: T) -> T {
    let (zero, one) = (T::from_f64(0.0), T::from_f64(1.0));
    let u = one + x;
    let (k, z) = u.exponent_and_rest();
    // What the sum lost, exactly (Dekker, the larger first), and what ln loses by it to first order.
    let lost = (at_most(x, one) - (u - at_least(x, one))) / u;
    // Around 1 nothing need be lost: f is x.
    let near = k == zero;
    let f = if near { x } else { z - one };
    let result = assemble::<T, FMA>(k, f, if near { zero } else { lost });
    // The sign of x, for the sake of -0.
    or_special(u, result).copysign(x)
}

/// `ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)`.
#[inline(always)]
pub(super) fn softplus<T: LnTable, const FMA: bool>(x: T) -> T {
    let t = exp::<T, FMA>(-x.abs());
    let (h, s, bracket) = terms::<T, FMA>(t, T::R_TO_ONE);
    at_least(x, T::from_f64(0.0)) + (t - (h - s * bracket))
}
