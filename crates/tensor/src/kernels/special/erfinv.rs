//! The inverse of the error function.
//!
//! A first value that is right to 2 parts in 1000 (S. Winitzki, 2008), then steps of Halley's method, each of which makes three
//! times as many digits right. Near 1 the steps use erfc, of which 1 - x keeps all digits.

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

/// Winitzki's constant: the error is balanced over (0, 1).
const A: f64 = 0.147;

/// y with `erf y = x`; NaN beyond -1 and 1.
pub(crate) fn erfinv(x: f64) -> f64 {
    let size = x.abs();
    if size >= 1.0 || x.is_nan() {
        return if size == 1.0 { f64::INFINITY.copysign(x) } else { f64::NAN };
    }
    // The next term of the series is pi x^2 / 12 of the first: below the last digit here.
    if size < 1e-8 {
        return x / FRAC_2_SQRT_PI;
    }
    // ln(1 - x^2), of which 1 - |x| is exact from 1/2 on.
    let ln = if size < 0.5 { libm::log1p(-size * size) } else { libm::log1p(-size) + libm::log1p(size) };
    let half = 2.0 / (PI * A) + ln / 2.0;
    let root = libm::sqrt(half * half - ln / A);
    // The form without cancellation for either sign.
    let square = if half > 0.0 { -ln / A / (root + half) } else { root - half };
    let mut y = libm::sqrt(square);
    // Two steps reach the last digit but near 1, where the first value is worse.
    for _ in 0..if size < 0.9 { 2 } else { 3 } {
        let error = if size < 0.5 { libm::erf(y) - size } else { (1.0 - size) - libm::erfc(y) };
        let step = error / (FRAC_2_SQRT_PI * libm::exp(-y * y));
        y -= step / (1.0 + y * step);
    }
    y.copysign(x)
}
