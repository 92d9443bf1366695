//! Functions that branch, in f64: those that neither vectorise nor are in the `libm` crate.

mod division;
mod erfinv;
mod gamma;
mod sinc;

pub(crate) use division::{floor_quotient, remainder};
pub(crate) use erfinv::erfinv;
pub(crate) use gamma::polygamma;
pub(crate) use sinc::sinc;

/// `sin(pi x)` and `cos(pi x)`, exact where they are 0 or 1 in size: x is reduced to a half at most from an integer, without error.
fn sin_cos_pi(x: f64) -> (f64, f64) {
    let n = x.round_ties_even();
    let (sin, cos) = libm::sincos(std::f64::consts::PI * (x - n));
    let cos = if (x - n).abs() == 0.5 { 0.0 } else { cos };
    // Integers beyond 2^53 are even.
    if n % 2.0 == 0.0 { (sin, cos) } else { (-sin, -cos) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_of_a_half_turn_are_exact() {
        for (x, sin, cos) in [(0.0, 0.0, 1.0), (0.5, 1.0, 0.0), (1.0, 0.0, -1.0), (-1.5, 1.0, 0.0), (1e300, 0.0, 1.0)] {
            assert_eq!(sin_cos_pi(x), (sin, cos), "{x}");
        }
    }

    #[test]
    fn poles_are_those_of_pytorch_or_have_a_sign() {
        let inf = f64::INFINITY;
        assert_eq!([polygamma(0, 0.0), polygamma(0, -0.0), polygamma(0, inf)], [-inf, inf, inf]);
        assert_eq!([polygamma(1, 0.0), polygamma(1, -3.0), polygamma(1, inf)], [inf, inf, 0.0]);
        assert!(polygamma(0, -1.0).is_nan() && polygamma(2, -1.0).is_nan() && polygamma(1, -inf).is_nan());
        assert_eq!([erfinv(1.0), erfinv(-1.0), erfinv(-0.0)], [inf, -inf, -0.0]);
        assert!(erfinv(1.5).is_nan() && erfinv(f64::NAN).is_nan());
        assert_eq!([sinc(0, 0.0), sinc(1, 0.0), sinc(0, 3.0), sinc(1, inf)], [1.0, 0.0, 0.0, 0.0]);
        assert!(sinc(0, f64::NAN).is_nan() && sinc(3, f64::NAN).is_nan());
    }

    /// Far out `polygamma(n, x)` is about ±(n - 1)! / xⁿ: the power may be too small for f64 where the whole is not.
    #[test]
    fn tails_keep_their_digits() {
        for (n, x, tail) in [
            (1, 1e160, 1e-160),
            (1, 1e170, 1e-170),
            (1, 1e300, 1e-300),
            (2, 1e120, -1e-240),
            (2, 1e152, -1e-304),
            (3, 1e90, 2e-270),
            // With the terms after the first, by mpmath.
            (170, 100.0, -8.884_119_378_185_605e-36),
            (150, 1000.0, -4.101_778_391_925_375e-190),
            (100, 1e4, -9.379_363_201_543_513e-245),
        ] {
            let found = polygamma(n, x);
            assert!((found / tail - 1.0).abs() < 1e-14, "polygamma({n}, {x:e}) is {found:e}, not {tail:e}");
        }
        assert_eq!(polygamma(170, 1e300), -0.0);
    }

    #[test]
    fn high_orders_stay_finite_where_the_function_is() {
        // (-1)^(n+1) n! zeta(n + 1): zeta is 1 to the last digit here.
        assert!((polygamma(60, 1.0) / -libm::tgamma(61.0) - 1.0).abs() < 1e-14);
        assert!(polygamma(170, 1.0).is_finite() && polygamma(170, 1e-3).is_infinite());
        assert!((sinc(40, 0.0) / (std::f64::consts::PI.powi(40) / 41.0) - 1.0).abs() < 1e-13);
    }
}
