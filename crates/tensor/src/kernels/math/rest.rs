//! The rest of a division that rounds towards zero, `x - trunc(x / y) y`, which is always exact.
//!
//! The quotient's integer part may be too large by one, where the quotient was rounded up to an integer. The rest is then negative, and y
//! more is right. All of it is exact while the integer part is small; beyond, `libm` computes it in a loop over bits.

use super::format::Format;

/// Rests of one format.
pub(crate) trait Rest: Format {
    /// The rest with the sign of x, and whether it is right.
    fn rest_near<const FMA: bool>(self, y: Self) -> (Self, bool);
    fn rest_anywhere(self, y: Self) -> Self;
}

impl Rest for f32 {
    #[inline(always)]
    fn rest_near<const FMA: bool>(self, y: f32) -> (f32, bool) {
        // In f64 a product of y and 29 bits is exact.
        const BOUND: f64 = 536_870_912.0;
        let (x, y) = (f64::from(self), f64::from(y).abs());
        let n = (x.abs() / y).trunc();
        let (rest, is_right) = rest(x, y, x.abs() - n * y, n < BOUND);
        (rest as f32, is_right)
    }
    #[inline(always)]
    fn rest_anywhere(self, y: f32) -> f32 {
        libm::fmod(self.into(), y.into()) as f32
    }
}

impl Rest for f64 {
    #[inline(always)]
    fn rest_near<const FMA: bool>(self, y: f64) -> (f64, bool) {
        // An integer part of 53 bits, whose product with y only a fused operation does not round.
        const BOUND: f64 = 9_007_199_254_740_992.0;
        let y = y.abs();
        let n = (self.abs() / y).trunc();
        rest(self, y, Format::mul_add::<FMA>(-n, y, self.abs()), FMA && n < BOUND)
    }
    #[inline(always)]
    fn rest_anywhere(self, y: f64) -> f64 {
        libm::fmod(self, y)
    }
}

#[inline(always)]
fn rest(x: f64, y: f64, rest: f64, is_small: bool) -> (f64, bool) {
    let rest = if rest < 0.0 { rest + y } else { rest };
    // What is smaller than y is left whole, also where y is infinite; NaN is smaller than nothing, and goes through.
    let rest = if x.abs() < y { x.abs() } else { rest };
    (rest.copysign(x), is_small | (x.is_nan() | y.is_nan()))
}
