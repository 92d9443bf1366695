//! The error function, `erf x = 2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to x.
//!
//! Up to 1 it is `x + x P(x^2)`. Beyond, it is `1 - e^T(x - 1)`, where T approximates the logarithm of `1 - erf`: an absolute
//! error in T counts only times `1 - erf x`, so that T needs little precision where it is large.
//! Both are computed, and one is taken.

use super::exp::{ExpTable, reduce};
use super::format::{at_most, polynomial};

/// The constants of one format.
pub(crate) trait ErfTable: ExpTable {
    /// P of erf x = x + x P(x^2).
    const P: &'static [Self];
    /// T of erf x = 1 - e^T(x - 1).
    const T: &'static [Self];
    /// `erf x` rounds to 1 from here.
    const ONE_FROM: Self;
}

// P and T from scripts/minimax.py. Errors relative to erf: P 1.4e-9 (0.02 ULP) and T 9.6e-9 (0.16 ULP) in f32;
// P 1.1e-17 (0.1 ULP) and T 7.2e-18 (0.07 ULP) in f64.
impl ErfTable for f32 {
    const P: &'static [f32] =
        &[0.12837917, -0.37612626, 0.11283579, -0.026853347, 0.005187162, -0.0007997853, 7.806904e-05];
    const T: &'static [f32] =
        &[-1.8496056, -2.6389618, -0.8432021, -0.041021466, 0.008681665, -0.00036195645, -0.0006420525, 0.00017398456];
    const ONE_FROM: f32 = 3.95;
}

impl ErfTable for f64 {
    const P: &'static [f64] = &[
        0.1283791670955126,
        -0.376126389031841,
        0.112837916709711,
        -0.026866170648031696,
        0.005223977652700777,
        -0.0008548328536427181,
        0.00012055386221716237,
        -1.4926882268989914e-05,
        1.648107368658982e-06,
        -1.655730610083261e-07,
        1.6014542342588088e-08,
        -1.647029523365402e-09,
        1.435372608533813e-10,
    ];
    const T: &'static [f64] = &[
        -1.8496055099332482,
        -2.6389675142347837,
        -0.8431072563591072,
        -0.04156109803020404,
        0.01003382522570082,
        -0.0019779014741216467,
        0.00023731737466591897,
        2.6293974336826763e-05,
        -2.7194792120397054e-05,
        9.665994672490843e-06,
        -2.1268612930578413e-06,
        2.0128753599045818e-07,
        5.980196363235159e-08,
        -3.404715963311917e-08,
        8.687010605878581e-09,
        -1.3477026084250579e-09,
        1.222140316624803e-10,
        -4.9959176520695835e-12,
    ];
    const ONE_FROM: f64 = 5.95;
}

#[inline(always)]
pub(super) fn erf<T: ErfTable, const FMA: bool>(x: T) -> T {
    let one = T::from_f64(1.0);
    let size = at_most(x.abs(), T::ONE_FROM);
    let near = polynomial::<T, FMA>(size * size, T::P).mul_add::<FMA>(size, size);
    let (n, m) = reduce::<T, FMA>(polynomial::<T, FMA>(size - one, T::T));
    let scale = T::pow2(n);
    let far = -scale.mul_add::<FMA>(m, scale - one);
    (if size < one { near } else { far }).copysign(x)
}
