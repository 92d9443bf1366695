//! Sine and cosine of a bounded argument.
//!
//! `x = n pi / 2 + r` with `|r| <= pi / 4` (Cody and Waite); `n mod 4` says which of `+-sin r` and `+-cos r` is meant. With pi / 2
//! in parts of 33 bits the products with `|n| < 2^20` are exact. Farther out that fails, and the standard library computes them: a loop takes all numbers for
//! ones in range, asks by `in_range` whether they were, and else runs again with a branch for each. NaN is in range and stays NaN.
//! f32 computes in f64, where two parts and short polynomials do.

use super::format::{Format, polynomial};

/// The bound on |x|: n stays below 2^20.
const BOUND: f64 = 1_048_576.0;

// pi / 2 in parts from scripts/minimax.py: two of 33 bits and the rest.
const PI_2: [f64; 3] = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21];

// S of sin r = r + r z S(z) and C of cos r = 1 - z / 2 + z^2 C(z), z = r^2, from scripts/minimax.py. Relative errors:
// 3.8e-9 (0.06 ULP) and 1.2e-10 (0.002 ULP) for f32, 3.7e-18 (0.03 ULP) and 5.7e-20 (0.0005 ULP) for f64.
const S_F32: &[f64] = &[-0.16666654602300882, 0.008332160293340832, -0.00019515218301132948];
const C_F32: &[f64] = &[0.04166664567028497, -0.0013887315621907337, 2.443308323777486e-05];
const S_F64: &[f64] = &[
    -0.1666666666666663,
    0.00833333333332184,
    -0.00019841269829358525,
    2.7557313538511998e-06,
    -2.5050734388678493e-08,
    1.5895433242647998e-10,
];
const C_F64: &[f64] = &[
    0.041666666666666595,
    -0.0013888888888873338,
    2.480158728899748e-05,
    -2.755731421529891e-07,
    2.087570511491344e-09,
    -1.135873276824458e-11,
];

/// Sine and cosine of one format.
pub(crate) trait Trig: Format {
    /// `sin(x + turn pi / 2)` for an x in range.
    fn sin_turned<const FMA: bool>(self, turn: u64) -> Self;
    fn in_range(self) -> bool;
    fn sin_anywhere(self) -> Self;
    fn cos_anywhere(self) -> Self;
}

macro_rules! anywhere {
    () => {
        #[inline(always)]
        fn in_range(self) -> bool {
            self.abs() <= BOUND as Self || Format::is_nan(self)
        }
        #[inline(always)]
        fn sin_anywhere(self) -> Self {
            self.sin()
        }
        #[inline(always)]
        fn cos_anywhere(self) -> Self {
            self.cos()
        }
    };
}

/// `(n, bits whose lowest two are n mod 4)`.
#[inline(always)]
fn quarter_turns<const FMA: bool>(x: f64) -> (f64, u64) {
    let moved = Format::mul_add::<FMA>(x, std::f64::consts::FRAC_2_PI, <f64 as Format>::ROUND);
    (moved - <f64 as Format>::ROUND, moved.to_bits())
}

/// Sine or cosine of r with its sign, after that many quarter turns.
#[inline(always)]
fn choose(turns: u64, sin: f64, cos: f64) -> f64 {
    let size = if turns & 1 == 0 { sin } else { cos };
    f64::from_bits(size.to_bits() ^ ((turns & 2) << 62))
}

impl Trig for f32 {
    anywhere!();
    #[inline(always)]
    fn sin_turned<const FMA: bool>(self, turn: u64) -> f32 {
        let x = f64::from(self);
        let (n, turns) = quarter_turns::<FMA>(x);
        let r = Format::mul_add::<FMA>(n, -PI_2[1], Format::mul_add::<FMA>(n, -PI_2[0], x));
        let z = r * r;
        let sin = Format::mul_add::<FMA>(polynomial::<f64, FMA>(z, S_F32), z * r, r);
        let half = Format::mul_add::<FMA>(polynomial::<f64, FMA>(z, C_F32), z, -0.5);
        let cos = Format::mul_add::<FMA>(half, z, 1.0);
        choose(turns.wrapping_add(turn), sin, cos) as f32
    }
}

impl Trig for f64 {
    anywhere!();
    #[inline(always)]
    fn sin_turned<const FMA: bool>(self, turn: u64) -> f64 {
        let (n, turns) = quarter_turns::<FMA>(self);
        // r = y + low to some 100 bits, for x may be within 2^-60 of a multiple of pi / 2. The first difference is exact;
        // the second is split into its rounded value and what that lost (Knuth's two-sum), which the third part joins.
        let first = Format::mul_add::<FMA>(n, -PI_2[0], self);
        let part = n * PI_2[1];
        let second = first - part;
        let taken = second - first;
        let lost = (first - (second - taken)) - (part + taken);
        let rest = Format::mul_add::<FMA>(n, -PI_2[2], lost);
        let y = second + rest;
        let low = (second - y) + rest;
        let z = y * y;
        // sin(y + low) = sin y + low cos y, to first order, and cos(y + low) = cos y - low sin y.
        let bend = Format::mul_add::<FMA>(low * z, -0.5, low);
        let sin = y + Format::mul_add::<FMA>(polynomial::<f64, FMA>(z, S_F64), z * y, bend);
        let half = 0.5 * z;
        let top = 1.0 - half;
        let tail = Format::mul_add::<FMA>(polynomial::<f64, FMA>(z, C_F64), z * z, -(y * low));
        let cos = top + (((1.0 - top) - half) + tail);
        choose(turns.wrapping_add(turn), sin, cos)
    }
}

#[inline(always)]
pub(super) fn sin_in_range<T: Trig, const FMA: bool>(x: T) -> T {
    let result = x.sin_turned::<FMA>(0);
    // So near zero the sine is x: this keeps the sign of -0, and the bits of a subnormal number.
    if x.abs() < T::EPSILON { x } else { result }
}

#[inline(always)]
pub(super) fn cos_in_range<T: Trig, const FMA: bool>(x: T) -> T {
    x.sin_turned::<FMA>(1)
}
