//! Powers in f32: `x^y = 2^(y log2 x)`, in f64: the product of an exponent up to 2^150 keeps 20 bits more than f32 has.

use super::format::{Format, at_least, at_most, polynomial, round};

/// Powers of one format.
pub(crate) trait Power: Format {
    fn power<const FMA: bool>(self, y: Self) -> Self;
}

// R as in `ln`, and Q as in `exp`, from scripts/minimax.py. Errors relative to the logarithm 3e-14, which an exponent of 150 makes
// 0.00005 ULP of f32, and relative to e^r 1.5e-10 (0.0025 ULP).
const R: &[f64] = &[0.6666666667580481, 0.3999999562071702, 0.2857210926294442, 0.22176184784578912, 0.195842024069782];
const Q: &[f64] = &[
    0.5000000067686049,
    0.16666663831824707,
    0.04166628653445546,
    0.008333674244971985,
    0.0013945988181368603,
    0.00019814237089903986,
];

/// Beyond 2^150 either way a power is infinite or zero in f32.
const FAR: f64 = 200.0;

impl Power for f64 {
    /// By the standard library, one at a time: the logarithm would need 64 bits.
    #[inline(always)]
    fn power<const FMA: bool>(self, y: f64) -> f64 {
        self.powf(y)
    }
}

impl Power for f32 {
    #[inline(always)]
    fn power<const FMA: bool>(self, y: f32) -> f32 {
        let (x, y) = (f64::from(self), f64::from(y));
        let size = x.abs();
        let t = y * log2_of::<FMA>(size);
        // 1 to the power of infinity or NaN is 1, and so is everything to the power of 0.
        let t = if size == 1.0 { 0.0 } else { t };
        let t = if y == 0.0 { 0.0 } else { t };
        let power = exp2::<FMA>(at_least(at_most(t, FAR), -FAR));
        // Of a negative number: an odd exponent keeps the sign, a fraction or NaN has no result. Large numbers are even, as is infinity.
        let whole = y == y.trunc();
        let odd = whole && 0.5 * y != (0.5 * y).trunc();
        let signed = if odd { power.copysign(x) } else { power };
        let without_result = x < 0.0 && size < f64::INFINITY && !whole;
        (if without_result { f64::NAN } else { signed }) as f32
    }
}

/// The binary logarithm of a number that is not negative; no f32 is subnormal in f64.
#[inline(always)]
fn log2_of<const FMA: bool>(x: f64) -> f64 {
    let (k, z) = x.exponent_and_rest();
    let f = z - 1.0;
    let s = f / (f + 2.0);
    let v = s * s;
    let ln = s * Format::mul_add::<FMA>(polynomial::<f64, FMA>(v, R), v, 2.0);
    let log2 = Format::mul_add::<FMA>(ln, std::f64::consts::LOG2_E, k);
    let log2 = if x < f64::INFINITY { log2 } else { x };
    if x == 0.0 { f64::NEG_INFINITY } else { log2 }
}

/// 2^t for a t whose power is a normal number.
#[inline(always)]
fn exp2<const FMA: bool>(t: f64) -> f64 {
    let n = round(t);
    let r = (t - n) * std::f64::consts::LN_2;
    let m = Format::mul_add::<FMA>(polynomial::<f64, FMA>(r, Q), r * r, r);
    (m + 1.0) * <f64 as Format>::pow2(n)
}
