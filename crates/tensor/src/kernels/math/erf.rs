//! The error function, `erf x = 2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to x.
//!
//! It is `1 - e^-(x + x P(x))`, where `x + x P(x)` approximates the logarithm of `1 / (1 - erf x)`, from zero to where erf rounds
//! to 1. The exponential is one that keeps small results accurate. An error of that logarithm counts only times `1 - erf x`, so
//! that one short polynomial suffices, without branches and without a division.

use super::exp::{ExpTable, reduce};
use super::format::{at_most, polynomial};

/// The constants of one format.
pub(crate) trait ErfTable: ExpTable {
    /// P of erf x = 1 - e^-(x + x P(x)).
    const P: &'static [Self];
    /// `erf x` rounds to 1 from here.
    const ONE_FROM: Self;
}

// P from scripts/minimax.py. Its error relative to erf is 4.3e-9 (0.07 ULP) in f32 and 1.4e-17 (0.12 ULP) in f64.
impl ErfTable for f32 {
    const P: &'static [f32] = &[
        0.12837917,
        0.63661957,
        0.102776304,
        -0.019147824,
        -0.00016949444,
        0.0016756585,
        -0.00063734903,
        0.000118856165,
        -9.387304e-06,
    ];
    const ONE_FROM: f32 = 3.95;
}

impl ErfTable for f64 {
    const P: &'static [f64] = &[
        0.12837916709551256,
        0.6366197723675875,
        0.10277260330153735,
        -0.01912844699867014,
        -0.00020919478034416014,
        0.0016962070796846733,
        -0.0005901292890442884,
        2.5892745307497575e-05,
        6.445267761198421e-05,
        -2.964219472961745e-05,
        3.2755455123633155e-06,
        3.0010660404016736e-06,
        -1.9070644687633457e-06,
        4.681576085528297e-07,
        5.3017531688776704e-08,
        -9.857977827082717e-08,
        4.79582044299425e-08,
        -1.5120744244491297e-08,
        3.4786650704637717e-09,
        -6.002831260909737e-10,
        7.727521896090184e-11,
        -7.2112034913382115e-12,
        4.603924850975597e-13,
        -1.7932583504603844e-14,
        3.1972281304527864e-16,
    ];
    const ONE_FROM: f64 = 5.95;
}

#[inline(always)]
pub(super) fn erf<T: ErfTable, const FMA: bool>(x: T) -> T {
    let size = at_most(x.abs(), T::ONE_FROM);
    let (n, m) = reduce::<T, FMA>(-polynomial::<T, FMA>(size, T::P).mul_add::<FMA>(size, size));
    let scale = T::pow2(n);
    (-scale.mul_add::<FMA>(m, scale - T::from_f64(1.0))).copysign(x)
}
