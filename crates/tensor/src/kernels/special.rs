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
