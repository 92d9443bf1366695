//! Quotients that round down, as Python defines them, or towards zero.

/// `trunc(x / y)`
pub(crate) fn trunc_quotient(x: f64, y: f64) -> f64 {
    (x / y).trunc()
}

/// `floor(x / y)` of the exact quotient: that of the rounded one is too large by one where x is just below a multiple of y.
pub(crate) fn floor_quotient(x: f64, y: f64) -> f64 {
    let quotient = x / y;
    if !quotient.is_finite() || x.is_infinite() {
        return quotient;
    }
    let rest = libm::fmod(x, y);
    let below = if rest != 0.0 && (rest < 0.0) != (y < 0.0) { 1.0 } else { 0.0 };
    // What is left of x is a multiple of y, whose quotient only rounding keeps from being an integer.
    let floor = ((x - rest) / y - below).round_ties_even();
    if floor == 0.0 { 0f64.copysign(quotient) } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_down() {
        for (x, y, quotient) in [
            (7.0, 3.0, 2.0),
            (-7.0, 3.0, -3.0),
            (7.0, -3.0, -3.0),
            (-7.0, -3.0, 2.0),
            (6.0, 3.0, 2.0),
            // 1 / 0.1 rounds to 10, and 0.1 is a little more than a tenth.
            (1.0, 0.1, 9.0),
            (-1.0, f64::INFINITY, -1.0),
            (1.0, f64::INFINITY, 0.0),
        ] {
            assert_eq!(floor_quotient(x, y), quotient, "{x} by {y}");
        }
        assert_eq!(floor_quotient(1.0, 0.0), f64::INFINITY);
        assert!(floor_quotient(0.0, 0.0).is_nan());
        assert!(floor_quotient(-0.0, 1.0).is_sign_negative());
    }
}
