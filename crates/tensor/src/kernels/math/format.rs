//! What the functions need of a float format: constants, moves between bits and numbers, polynomials.
//!
//! Nothing here converts between floats and integers: adding `ROUND` leaves the nearest integer in the low bits of the
//! significand, and those bits are read and written where they stand. AVX2 has no such conversions for f64.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::dtype::Element;

/// A floating-point format, f32 or f64. Each method is a few instructions and vectorises.
pub(crate) trait Format:
    Element + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    const INFINITY: Self;
    const NAN: Self;
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The smallest normal number.
    const MIN_POSITIVE: Self;
    /// 1.5 * 2^p for p stored bits of significand: from half of it to twice it the numbers are 1 apart, so that adding it
    /// rounds to an integer, positive or negative.
    const ROUND: Self;
    const LOG2_E: Self;
    /// ln 2 = `LN_2_HIGH` + `LN_2_LOW`: the high part times an exponent is exact.
    const LN_2_HIGH: Self;
    const LN_2_LOW: Self;

    fn from_f64(x: f64) -> Self;
    fn to_f64(self) -> f64;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    /// To the nearest integer, the even one of two.
    fn round(self) -> Self;
    fn is_nan(self) -> bool;
    fn mul_add<const FMA: bool>(self, a: Self, b: Self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    /// 2^n for an integer n whose power is a normal number.
    fn pow2(n: Self) -> Self;
    /// `(k, z)` with `x = 2^k z` and `sqrt(1/2) <= z < sqrt 2`, for a positive normal x.
    fn exponent_and_rest(self) -> (Self, Self);
}

macro_rules! format {
    ($t:ident, $bits:ident, ln_2: $high:literal + $low:literal) => {
        impl Format for $t {
            const INFINITY: Self = $t::INFINITY;
            const NAN: Self = $t::NAN;
            const EPSILON: Self = $t::EPSILON;
            const MIN_POSITIVE: Self = $t::MIN_POSITIVE;
            const ROUND: Self = 1.5 / $t::EPSILON;
            const LOG2_E: Self = std::$t::consts::LOG2_E;
            const LN_2_HIGH: Self = $high;
            const LN_2_LOW: Self = $low;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                self.floor()
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                self.ceil()
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                self.trunc()
            }
            #[inline(always)]
            fn round(self) -> Self {
                self.round_ties_even()
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            #[inline(always)]
            fn mul_add<const FMA: bool>(self, a: Self, b: Self) -> Self {
                if FMA { self.mul_add(a, b) } else { self * a + b }
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
            #[inline(always)]
            fn pow2(n: Self) -> Self {
                // The low bits of this sum are n plus the exponent's bias; the shift makes them the exponent, and drops the rest.
                const BIASED: $t = <$t as Format>::ROUND + ($t::MAX_EXP - 1) as $t;
                $t::from_bits((n + BIASED).to_bits() << ($t::MANTISSA_DIGITS - 1))
            }
            #[inline(always)]
            fn exponent_and_rest(self) -> (Self, Self) {
                const STORED: u32 = $t::MANTISSA_DIGITS - 1;
                const LEAST: $bits = std::$t::consts::FRAC_1_SQRT_2.to_bits();
                // 2^p: its low bits count units.
                const UNITS: $t = 1.0 / $t::EPSILON;
                // Moved so that the exponent's field steps at sqrt(1/2) 2^k instead of at 2^k.
                let moved = self.to_bits().wrapping_add((1.0 as $t).to_bits() - LEAST);
                let z = $t::from_bits((moved & ((1 << STORED) - 1)).wrapping_add(LEAST));
                let k = $t::from_bits((moved >> STORED) | UNITS.to_bits()) - (UNITS + ($t::MAX_EXP - 1) as $t);
                (k, z)
            }
        }
    };
}

// ln 2 in two parts from scripts/minimax.py: 15 bits leave 9 for the exponent of an f32, 40 leave 13 for that of an f64.
format!(f32, u32, ln_2: 0.69314575 + 1.4286068e-06);
format!(f64, u64, ln_2: 0.6931471805601177 + -1.7239444525614835e-13);

/// The integer nearest to x, for |x| well below `ROUND`.
#[inline(always)]
pub(super) fn round<T: Format>(x: T) -> T {
    (x + T::ROUND) - T::ROUND
}

/// The smaller of x and a limit; NaN stays NaN.
#[inline(always)]
pub(super) fn at_most<T: Format>(x: T, limit: T) -> T {
    if x > limit { limit } else { x }
}

/// The larger of x and a limit; NaN stays NaN.
#[inline(always)]
pub(super) fn at_least<T: Format>(x: T, limit: T) -> T {
    if x < limit { limit } else { x }
}

/// The polynomial with these coefficients, the constant first. The loops unroll, their lengths being constants.
///
/// Long ones are summed as E(x^2) + x O(x^2), two chains that run side by side: a loop of long chains waits for each step.
#[inline(always)]
pub(super) fn polynomial<T: Format, const FMA: bool>(x: T, coefficients: &'static [T]) -> T {
    // With four or fewer, the second chain costs more than it saves.
    if coefficients.len() < 5 {
        return chain::<T, FMA>(x, coefficients, 0, 1);
    }
    let square = x * x;
    chain::<T, FMA>(square, coefficients, 1, 2).mul_add::<FMA>(x, chain::<T, FMA>(square, coefficients, 0, 2))
}

/// Horner's scheme with every `step`-th coefficient from `first` on.
#[inline(always)]
fn chain<T: Format, const FMA: bool>(x: T, coefficients: &'static [T], first: usize, step: usize) -> T {
    let mut i = first + (coefficients.len() - 1 - first) / step * step;
    let mut sum = coefficients[i];
    while i > first {
        i -= step;
        sum = sum.mul_add::<FMA>(x, coefficients[i]);
    }
    sum
}
