//! Elementary functions that vectorise: polynomials without branches or table look-ups, except of angles and quotients far out.
//!
//! Called in a loop inside a [`Kernel`](super::isa::Kernel), each becomes a few dozen vector instructions. They cover the whole
//! range: subnormal arguments and results, signed zeros, infinities and NaN. The errors below are in ULP, units in the last
//! place of the true result: for f32 the largest over all 2^32 arguments, for f64 the largest among 300,000 random ones against
//! 60 digits (130,000 of the inverse functions of angles); of functions of two numbers, the largest among pairs. They are the larger
//! of those with and without fused multiply-add; the results of the two may differ.

mod arc;
mod erf;
mod exp;
mod format;
mod gelu;
mod ln;
mod pow;
mod rest;
#[cfg(test)]
pub(crate) mod tests;
mod trig;

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::dtype::Element;

/// Functions of one number that vectorise. `FMA` says whether a fused multiply-add is one instruction.
pub(crate) trait Math:
    Element + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The nearest number of this format.
    fn from_f64(x: f64) -> Self;
    /// The number itself, in f64.
    fn to_f64(self) -> f64;
    /// The greatest integer that is not above x.
    fn floor(self) -> Self;
    /// The least integer that is not below x.
    fn ceil(self) -> Self;
    /// Rounded towards zero.
    fn trunc(self) -> Self;
    /// The nearest integer, the even one of two.
    fn round(self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;
    /// `x^y`, as C's `pow`; f64 by the standard library, one at a time. Error: 0.51 ULP (f32).
    fn powf<const FMA: bool>(self, y: Self) -> Self;
    /// The angle from -pi/2 to pi/2 with this tangent. Error: 0.51 ULP (f32), 0.94 (f64).
    fn atan<const FMA: bool>(self) -> Self;
    /// The angle from -pi to pi of the point (x, this). Error: 0.51 ULP (f32), 1.4 (f64).
    fn atan2<const FMA: bool>(self, x: Self) -> Self;
    /// The angle from -pi/2 to pi/2 with this sine. Error: 0.51 ULP (f32), 1.55 (f64).
    fn asin<const FMA: bool>(self) -> Self;
    /// The angle from 0 to pi with this cosine. Error: 0.51 ULP (f32), 1.05 (f64).
    fn acos<const FMA: bool>(self) -> Self;
    /// The hyperbolic sine; f64 one at a time. Error: 0.51 ULP (f32).
    fn sinh<const FMA: bool>(self) -> Self;
    /// The hyperbolic cosine; f64 one at a time. Error: 0.51 ULP (f32).
    fn cosh<const FMA: bool>(self) -> Self;
    /// `x - trunc(x / y) y`, exact, with the sign of x, as C's `fmod`: it branches; see `Map::near`.
    fn rest<const FMA: bool>(self, y: Self) -> Self;
    /// As `rest`, and whether it is right: where the quotient is small.
    fn rest_near<const FMA: bool>(self, y: Self) -> (Self, bool);
    /// The tangent of any number: it branches; see `Map::near`.
    fn tan<const FMA: bool>(self) -> Self;
    /// The tangent of a number in range; of others, nothing of use. f64 one at a time. Error: 0.57 ULP (f32).
    fn tan_in_range<const FMA: bool>(self) -> Self;
    /// `e^x`. Error: 1.06 ULP (f32), 1.0 (f64).
    fn exp<const FMA: bool>(self) -> Self;
    /// `e^x - 1`, accurate near zero. Error: 1.77 ULP (f32), 1.92 (f64).
    fn exp_m1<const FMA: bool>(self) -> Self;
    /// The natural logarithm; that of zero is -inf, that of a negative number NaN. Error: 0.85 ULP (f32), 0.82 (f64).
    fn ln<const FMA: bool>(self) -> Self;
    /// `ln(1 + x)`, accurate near zero. Error: 0.85 ULP (f32), 0.78 (f64).
    fn ln_1p<const FMA: bool>(self) -> Self;
    /// The hyperbolic tangent. Error: 2.71 ULP (f32), 2.51 (f64).
    fn tanh<const FMA: bool>(self) -> Self;
    /// `1 / (1 + e^-x)`, accurate in the lower tail. Error: 2.41 ULP (f32), 2.18 (f64).
    fn sigmoid<const FMA: bool>(self) -> Self;
    /// `ln(1 + e^x)`, accurate in both tails. Error: 1.97 ULP (f32), 1.67 (f64).
    fn softplus<const FMA: bool>(self) -> Self;
    /// The error function. Error: 2.19 ULP (f32), 1.96 (f64).
    fn erf<const FMA: bool>(self) -> Self;
    /// x times the normal distribution function. Error: 3 ULP of x at most.
    fn gelu<const FMA: bool>(self) -> Self;
    /// The sine of any number: it branches, so that a loop of it runs one at a time; see `Map::near`.
    fn sin<const FMA: bool>(self) -> Self;
    /// The cosine of any number: it branches, so that a loop of it runs one at a time; see `Map::near`.
    fn cos<const FMA: bool>(self) -> Self;
    /// Whether [`sin_in_range`](Math::sin_in_range) and [`cos_in_range`](Math::cos_in_range) are right: `|x| <= 2^20`.
    fn trig_in_range(self) -> bool;
    /// The sine of a number in range; of others, nothing of use. Error: 0.57 ULP (f32), 0.75 (f64).
    fn sin_in_range<const FMA: bool>(self) -> Self;
    /// The cosine of a number in range; of others, nothing of use. Error: 0.57 ULP (f32), 0.76 (f64).
    fn cos_in_range<const FMA: bool>(self) -> Self;
}

impl<T> Math for T
where
    T: format::Format + exp::ExpTable + exp::Hyperbolic + ln::LnTable + erf::ErfTable + gelu::NormalTail,
    T: trig::Trig + arc::Arc + pow::Power + rest::Rest,
{
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        <T as format::Format>::from_f64(x)
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        <T as format::Format>::to_f64(self)
    }
    #[inline(always)]
    fn floor(self) -> Self {
        <T as format::Format>::floor(self)
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        <T as format::Format>::ceil(self)
    }
    #[inline(always)]
    fn trunc(self) -> Self {
        <T as format::Format>::trunc(self)
    }
    #[inline(always)]
    fn round(self) -> Self {
        <T as format::Format>::round(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        <T as format::Format>::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        <T as format::Format>::abs(self)
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        <T as format::Format>::is_nan(self)
    }
    #[inline(always)]
    fn powf<const FMA: bool>(self, y: Self) -> Self {
        self.power::<FMA>(y)
    }
    #[inline(always)]
    fn atan<const FMA: bool>(self) -> Self {
        arc::Arc::atan::<FMA>(self)
    }
    #[inline(always)]
    fn atan2<const FMA: bool>(self, x: Self) -> Self {
        arc::Arc::atan2::<FMA>(self, x)
    }
    #[inline(always)]
    fn asin<const FMA: bool>(self) -> Self {
        arc::Arc::asin::<FMA>(self)
    }
    #[inline(always)]
    fn acos<const FMA: bool>(self) -> Self {
        arc::Arc::acos::<FMA>(self)
    }
    #[inline(always)]
    fn sinh<const FMA: bool>(self) -> Self {
        exp::Hyperbolic::sinh::<FMA>(self)
    }
    #[inline(always)]
    fn cosh<const FMA: bool>(self) -> Self {
        exp::Hyperbolic::cosh::<FMA>(self)
    }
    #[inline(always)]
    fn rest<const FMA: bool>(self, y: Self) -> Self {
        let (rest, is_right) = rest::Rest::rest_near::<FMA>(self, y);
        if is_right { rest } else { self.rest_anywhere(y) }
    }
    #[inline(always)]
    fn rest_near<const FMA: bool>(self, y: Self) -> (Self, bool) {
        rest::Rest::rest_near::<FMA>(self, y)
    }
    #[inline(always)]
    fn tan<const FMA: bool>(self) -> Self {
        if self.trig_in_range() { Math::tan_in_range::<FMA>(self) } else { self.tan_anywhere() }
    }
    #[inline(always)]
    fn tan_in_range<const FMA: bool>(self) -> Self {
        trig::Trig::tan_in_range::<FMA>(self)
    }
    #[inline(always)]
    fn exp<const FMA: bool>(self) -> Self {
        exp::exp::<T, FMA>(self)
    }
    #[inline(always)]
    fn exp_m1<const FMA: bool>(self) -> Self {
        exp::exp_m1::<T, FMA>(self)
    }
    #[inline(always)]
    fn ln<const FMA: bool>(self) -> Self {
        ln::ln::<T, FMA>(self)
    }
    #[inline(always)]
    fn ln_1p<const FMA: bool>(self) -> Self {
        ln::ln_1p::<T, FMA>(self)
    }
    #[inline(always)]
    fn tanh<const FMA: bool>(self) -> Self {
        exp::tanh::<T, FMA>(self)
    }
    #[inline(always)]
    fn sigmoid<const FMA: bool>(self) -> Self {
        exp::sigmoid::<T, FMA>(self)
    }
    #[inline(always)]
    fn softplus<const FMA: bool>(self) -> Self {
        ln::softplus::<T, FMA>(self)
    }
    #[inline(always)]
    fn erf<const FMA: bool>(self) -> Self {
        erf::erf::<T, FMA>(self)
    }
    #[inline(always)]
    fn gelu<const FMA: bool>(self) -> Self {
        gelu::gelu::<T, FMA>(self)
    }
    #[inline(always)]
    fn sin<const FMA: bool>(self) -> Self {
        if self.trig_in_range() { self.sin_in_range::<FMA>() } else { self.sin_anywhere() }
    }
    #[inline(always)]
    fn cos<const FMA: bool>(self) -> Self {
        if self.trig_in_range() { self.cos_in_range::<FMA>() } else { self.cos_anywhere() }
    }
    #[inline(always)]
    fn trig_in_range(self) -> bool {
        self.in_range()
    }
    #[inline(always)]
    fn sin_in_range<const FMA: bool>(self) -> Self {
        trig::sin_in_range::<T, FMA>(self)
    }
    #[inline(always)]
    fn cos_in_range<const FMA: bool>(self) -> Self {
        trig::cos_in_range::<T, FMA>(self)
    }
}
