//! Normal numbers from random words, by the inverse of the normal distribution: algorithm AS 241 of Wichura (1988),
//! whose PPND7 errs by about 1e-7 and PPND16 by about 1e-16, relative.
//!
//! A word is a sign and a magnitude k below n = 2³¹ (or 2⁶³). It stands for the quantile 1/2 ± q with q = (k + 1/2) /
//! 2n, so that zero, infinity and a bias of the mean cannot occur. Near the middle (q at most 0.425, 85 of 100 words)
//! the number is a rational function of q²; in the tails one of r = √(-ln(1/2 - q)), with 1/2 - q = (n - k - 1/2) / 2n
//! kept free of cancellation.
//!
//! Only +, -, ·, / and √ of IEEE 754 take part, and no fused multiply-add, so that the bits are the same everywhere;
//! this is why the logarithm is our own: those of the platforms' libraries differ in the last bit.

#![allow(clippy::excessive_precision, reason = "the digits are those of the paper")]

/// Numbers with |q| up to this take the middle's formula; the next constant is its square, as AS 241 has it.
const SPLIT: f64 = 0.425;
const SPLIT_SQUARED: f64 = 0.180625;
/// Where the near tail's formula is centred, and where the far tail's takes over and is centred.
const NEAR: f64 = 1.6;
const FAR: f64 = 5.0;

/// Standard normal numbers, one from each word.
pub(super) fn fill_f32(words: &[u32], numbers: &mut [f32]) {
    // The middle's formula for all, without branches so that it vectorises, and then the tails anew.
    for (slot, &word) in numbers.iter_mut().zip(words) {
        let q = ((word & 0x7fff_ffff) as f32 + 0.5) * (0.5 / (1u32 << 31) as f32);
        let t = SPLIT_SQUARED as f32 - q * q;
        let magnitude = q * polynomial_f32(t, MIDDLE_7.0) / polynomial_f32(t, MIDDLE_7.1);
        *slot = f32::from_bits(magnitude.to_bits() | (word & 0x8000_0000));
    }
    // The k at which q is SPLIT.
    const TAIL: u32 = (SPLIT * 2.0 * (1u64 << 31) as f64) as u32;
    for (slot, &word) in numbers.iter_mut().zip(words) {
        let k = word & 0x7fff_ffff;
        if k >= TAIL {
            let above = (0x7fff_ffff - k) as f64 + 0.5;
            // At most √(33 ln 2) = 4.8: a 32-bit word never reaches the far tail.
            let r = (-ln(above * (0.5 / (1u64 << 31) as f64))).sqrt();
            let magnitude = polynomial(r - NEAR, &TAIL_7.0) / polynomial(r - NEAR, &TAIL_7.1);
            *slot = f32::from_bits((magnitude as f32).to_bits() | (word & 0x8000_0000));
        }
    }
}

/// Standard normal numbers, one from each word.
pub(super) fn fill_f64(words: &[u64], numbers: &mut [f64]) {
    const SIGN: u64 = 1 << 63;
    const HALF_OF_UNIT: f64 = 0.5 / SIGN as f64;
    for (slot, &word) in numbers.iter_mut().zip(words) {
        let k = word & !SIGN;
        let q = (k as f64 + 0.5) * HALF_OF_UNIT;
        let magnitude = if q <= SPLIT {
            let t = SPLIT_SQUARED - q * q;
            q * polynomial(t, &MIDDLE_16.0) / polynomial(t, &MIDDLE_16.1)
        } else {
            let above = (!SIGN - k) as f64 + 0.5;
            let r = (-ln(above * HALF_OF_UNIT)).sqrt();
            let (centre, (over, under)) = if r <= FAR { (NEAR, &NEAR_16) } else { (FAR, &FAR_16) };
            polynomial(r - centre, over) / polynomial(r - centre, under)
        };
        *slot = f64::from_bits(magnitude.to_bits() | (word & SIGN));
    }
}

/// c[0] + c[1] x + c[2] x² + ..
#[inline(always)]
fn polynomial<const N: usize>(x: f64, c: &[f64; N]) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[inline(always)]
fn polynomial_f32<const N: usize>(x: f32, c: [f64; N]) -> f32 {
    c.iter().rev().fold(0.0, |sum, &c| sum * x + c as f32)
}

/// The natural logarithm of a positive normal number, to about 1 ULP.
///
/// With x = 2ᵉ m, m within √½ and √2, and s = (m - 1) / (m + 1): ln x = e ln 2 + 2 (s + s³/3 + s⁵/5 + ..). As s² is at
/// most 0.0295, eleven terms leave less than 1e-18.
fn ln(x: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    const SQRT_2_MANTISSA: u64 = std::f64::consts::SQRT_2.to_bits() & MANTISSA;
    let bits = x.to_bits();
    let halved = u64::from(bits & MANTISSA > SQRT_2_MANTISSA);
    let exponent = ((bits >> 52) + halved) as i64 - 1023;
    let m = f64::from_bits((bits & MANTISSA) | (1023 - halved) << 52);
    let s = (m - 1.0) / (m + 1.0);
    let series = (0..11).rev().fold(0.0, |sum, i| sum * (s * s) + 1.0 / f64::from(2 * i + 1));
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * s * series
}

/// The coefficients of numerator and denominator, ascending.
type Rational<const N: usize, const M: usize> = ([f64; N], [f64; M]);

const MIDDLE_7: Rational<4, 4> =
    ([3.3871327179, 50.434271938, 159.29113202, 59.109374720], [1.0, 17.895169469, 78.757757664, 67.187563600]);
const TAIL_7: Rational<4, 3> =
    ([1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103], [1.0, 0.73700164250, 0.12021132975]);
const MIDDLE_16: Rational<8, 8> = (
    [
        3.3871328727963666080,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ],
    [
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ],
);
const NEAR_16: Rational<8, 8> = (
    [
        1.42343711074968357734,
        4.63033784615654529590,
        5.76949722146069140550,
        3.64784832476320460504,
        1.27045825245236838258,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187,
        1.67638483018380384940,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);
const FAR_16: Rational<8, 8> = (
    [
        6.65790464350110377720,
        5.46378491116411436990,
        1.78482653991729133580,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability of at most `x`, by Abramowitz and Stegun 26.2.10 and 26.2.14: a series near zero, a continued
    /// fraction far out.
    fn upper_tail(x: f64) -> f64 {
        let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
        if x < 3.0 {
            // x + x³/3 + x⁵/(3·5) + .., by Horner's rule from the inside.
            let series = (1..120).rev().fold(1.0, |sum, i| 1.0 + sum * x * x / f64::from(2 * i + 1));
            0.5 - density * x * series
        } else {
            density / (1..200).rev().fold(x, |below, i| x + f64::from(i) / below)
        }
    }

    #[test]
    fn f64_numbers_have_the_quantile_of_their_word() {
        // Magnitudes in the middle, the near tail and the far tail, the last of them the largest that there is.
        let words: Vec<u64> = (1..4000)
            .map(|i| i << 51)
            .chain((0..62).map(|i| (u64::MAX >> 1) - (1 << i)))
            .chain([u64::MAX >> 1])
            .collect();
        let mut numbers = vec![0.0; words.len()];
        fill_f64(&words, &mut numbers);
        for (&k, &x) in words.iter().zip(&numbers) {
            let above = (((1u64 << 63) - 1 - k) as f64 + 0.5) / 2f64.powi(64);
            // An error d of x moves the tail by its density, about max(x, 1) times the tail, so that 1e-15 of x² shows
            // here; the reference itself loses some digits to cancellation below 3.
            let error = (upper_tail(x) / above - 1.0).abs();
            assert!(error < 2e-14 * (1.0 + x * x), "word {k:#x}: {x} has tail {:e}, not {above:e}", upper_tail(x));
        }
        assert!(numbers.iter().all(|&x| x > 0.0 && x < 9.2));
    }

    #[test]
    fn f32_numbers_agree_with_f64_to_a_few_roundings() {
        // The same quantile in both: the longer word continues the shorter one with a half.
        let short: Vec<u32> =
            (0..1 << 20).map(|i: u32| i.wrapping_mul(0x9e37_79b9)).chain([0x7fff_ffff, u32::MAX, 0]).collect();
        let long: Vec<u64> = short.iter().map(|&word| u64::from(word) << 32 | 0x8000_0000).collect();
        let (mut x, mut wanted) = (vec![0.0; short.len()], vec![0.0; short.len()]);
        fill_f32(&short, &mut x);
        fill_f64(&long, &mut wanted);
        for (x, wanted) in x.iter().zip(&wanted) {
            // PPND7's own error is 1.2e-7, and about six roundings of 6e-8 meet in the middle's formula.
            let error = (f64::from(*x) / wanted - 1.0).abs();
            assert!(error < 5e-7, "{x} {wanted}");
        }
    }

    #[test]
    fn the_sign_bit_only_changes_the_sign() {
        let (mut up, mut down) = ([0.0; 3], [0.0; 3]);
        fill_f64(&[5, 1 << 62, i64::MAX as u64], &mut up);
        fill_f64(&[5 | 1 << 63, 3 << 62, u64::MAX], &mut down);
        assert_eq!(up.map(|x| -x), down);
    }

    #[test]
    fn the_logarithm_is_within_two_ulp() {
        for i in 1..100_000 {
            for x in [f64::from(i) / 100_000.0, 2f64.powi(-i % 70) * (1.0 + f64::from(i) / 1e5)] {
                // Near 1 the subtraction of 1 is exact, so that the error stays relative.
                assert!((ln(x) - x.ln()).abs() <= 2.0 * f64::EPSILON * x.ln().abs(), "{x}");
            }
        }
    }
}
