//! The exponential of a matrix: scaling, the [13/13] Padé approximant, squaring (Higham, The scaling and squaring method for the matrix
//! exponential revisited, SIAM J. Matrix Anal. Appl. 26, 2005).

use super::{Scalar, largest, lu::Lu, norm_1, product};

/// The numerator's coefficients of powers 0 to 13, made integers; the denominator's have alternating signs.
const PADE: [f64; 14] = [
    64_764_752_532_480_000.0,
    32_382_376_266_240_000.0,
    7_771_770_303_897_600.0,
    1_187_353_796_428_800.0,
    129_060_195_264_000.0,
    10_559_470_521_600.0,
    670_442_572_800.0,
    33_522_128_640.0,
    1_323_241_920.0,
    40_840_800.0,
    960_960.0,
    16_380.0,
    182.0,
    1.0,
];

/// Up to this norm the approximant is exact to f64's rounding (Higham's table 2.3).
const LARGEST_NORM: f64 = 5.371_920_351_148_152;

/// `out` becomes `e^a`.
pub(super) fn exp<T: Scalar>(a: &[T], n: usize, out: &mut [T]) {
    let norm = norm_1(a, n);
    // Also of finite elements the sum may overflow: nothing would then be left of them when they are scaled by it.
    if !largest(a).is_finite() || !norm.is_finite() {
        out.fill(T::from_f64(f64::NAN));
        return;
    }
    // f64's exponents end at 1,024, so that more squarings could only overflow.
    let squarings = (norm / LARGEST_NORM).log2().ceil().clamp(0.0, 1100.0) as i32;
    let half = 0.5f64.powi(squarings.min(1000)) * 0.5f64.powi((squarings - 1000).max(0));
    let a: Vec<T> = a.iter().map(|&x| x * T::from_f64(half)).collect();
    let squared = |x: &[T]| product(n, n, n, x, x);
    let a2 = squared(&a);
    let a4 = squared(&a2);
    let a6 = product(n, n, n, &a4, &a2);
    // c6 A⁶ + c4 A⁴ + c2 A² + c0 I
    let even = |c: [f64; 4]| -> Vec<T> {
        let [c0, c2, c4, c6] = c.map(T::from_f64);
        let mut sum: Vec<T> = (0..n * n).map(|i| c6 * a6[i] + c4 * a4[i] + c2 * a2[i]).collect();
        (0..n).for_each(|i| sum[i * n + i] += c0);
        sum
    };
    let polynomial = |first: usize| -> Vec<T> {
        let b = |power: usize| PADE[power + first];
        let high = product(n, n, n, &a6, &even([0.0, b(8), b(10), b(12)]));
        even([b(0), b(2), b(4), b(6)]).iter().zip(&high).map(|(&low, &high)| low + high).collect()
    };
    let (odd, even) = (product(n, n, n, &a, &polynomial(1)), polynomial(0));
    // e^a = (even - odd)⁻¹ (even + odd)
    let denominator = Lu::new(even.iter().zip(&odd).map(|(&even, &odd)| even - odd).collect(), n);
    let mut result: Vec<T> = even.iter().zip(&odd).map(|(&even, &odd)| even + odd).collect();
    if denominator.solve(&mut result, n).is_err() {
        // Within the norm above the denominator is far from singular; only what overflowed can get here.
        result.fill(T::from_f64(f64::NAN));
    }
    for _ in 0..squarings {
        result = squared(&result);
    }
    out.copy_from_slice(&result);
}
