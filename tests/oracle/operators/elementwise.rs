//! Functions of one number and of several, each place by itself.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{Tensor, ops::NanToNum};

pub(super) const OPERATORS: &[Operator] = &[
    ("abs", One(|c| c.x(0).abs())),
    ("exp", One(|c| c.x(0).exp())),
    ("exp2", One(|c| c.x(0).exp2())),
    ("expm1", One(|c| c.x(0).expm1())),
    ("log", One(|c| c.x(0).ln())),
    ("log2", One(|c| c.x(0).log2())),
    ("log10", One(|c| c.x(0).log10())),
    ("log1p", One(|c| c.x(0).log1p())),
    ("neg", One(|c| -c.x(0))),
    ("reciprocal", One(|c| c.x(0).reciprocal())),
    ("sqrt", One(|c| c.x(0).sqrt())),
    ("rsqrt", One(|c| c.x(0).rsqrt())),
    ("square", One(|c| c.x(0).square())),
    ("sin", One(|c| c.x(0).sin())),
    ("cos", One(|c| c.x(0).cos())),
    ("tan", One(|c| c.x(0).tan())),
    ("asin", One(|c| c.x(0).asin())),
    ("acos", One(|c| c.x(0).acos())),
    ("atan", One(|c| c.x(0).atan())),
    ("sinh", One(|c| c.x(0).sinh())),
    ("cosh", One(|c| c.x(0).cosh())),
    ("asinh", One(|c| c.x(0).asinh())),
    ("acosh", One(|c| c.x(0).acosh())),
    ("atanh", One(|c| c.x(0).atanh())),
    ("atan2", One(|c| c.x(0).atan2(c.x(1)))),
    ("deg2rad", One(|c| c.x(0).deg2rad())),
    ("sinc", One(|c| c.x(0).sinc())),
    ("floor", One(|c| c.x(0).floor())),
    ("ceil", One(|c| c.x(0).ceil())),
    ("trunc", One(|c| c.x(0).trunc())),
    ("round", One(round)),
    ("frac", One(|c| c.x(0).frac())),
    ("sign", One(|c| c.x(0).sign())),
    ("heaviside", One(|c| c.x(0).heaviside(c.x(1)))),
    ("nan_to_num", One(|c| c.x(0).nan_to_num(NanToNum::new()))),
    ("tanh", One(|c| c.x(0).tanh())),
    ("sigmoid", One(|c| c.x(0).sigmoid())),
    ("erf", One(|c| c.x(0).erf())),
    ("erfc", One(|c| c.x(0).erfc())),
    ("erfinv", One(|c| c.x(0).erfinv())),
    ("lgamma", One(|c| c.x(0).lgamma())),
    ("digamma", One(|c| c.x(0).digamma())),
    ("add", One(|c| c.x(0) + scaled(c.x(1), c.float(2, "alpha")))),
    ("sub", One(|c| c.x(0) - scaled(c.x(1), c.float(2, "alpha")))),
    ("mul", One(|c| c.x(0) * c.x(1))),
    ("div", One(div)),
    ("fmod", One(|c| c.x(0).fmod(c.x(1)))),
    ("remainder", One(|c| c.x(0).remainder(c.x(1)))),
    ("pow", One(|c| c.x(0).pow(c.x(1)))),
    ("float_power", One(|c| c.x(0).pow(c.x(1)))),
    ("copysign", One(|c| c.x(0).copysign(c.x(1)))),
    ("fmax", One(|c| c.x(0).fmax(c.x(1)))),
    ("fmin", One(|c| c.x(0).fmin(c.x(1)))),
    ("maximum", One(|c| c.x(0).maximum(c.x(1)))),
    ("minimum", One(|c| c.x(0).minimum(c.x(1)))),
    ("clamp", One(clamp)),
    ("where", One(|c| c.x(1).where_(c.x(0), c.x(2)))),
    ("lerp", One(lerp)),
    ("logaddexp", One(|c| c.x(0).logaddexp(c.x(1)))),
    ("logaddexp2", One(|c| c.x(0).logaddexp2(c.x(1)))),
    ("hypot", One(|c| c.x(0).hypot(c.x(1)))),
    ("xlogy", One(|c| c.x(0).xlogy(c.x(1)))),
    ("logit", One(|c| c.x(0).logit(c.float(1, "eps")))),
    ("addcmul", One(|c| c.x(0) + scaled(&(c.x(1) * c.x(2)), c.float(3, "value")))),
    ("addcdiv", One(|c| c.x(0) + scaled(&(c.x(1) / c.x(2)), c.float(3, "value")))),
];

/// The product with a number that is one if it is not given.
pub(super) fn scaled(x: &Tensor, factor: Option<f64>) -> Tensor {
    factor.map_or_else(|| x.clone(), |factor| x * factor)
}

/// Torch's bounds in these cases are tensors, which are differentiated too; ours are numbers, which `hardtanh` gives.
fn clamp(c: &Call<'_>) -> Tensor {
    let above = c.tensor(1, "min").map_or_else(|| c.x(0).clone(), |low| c.x(0).maximum(low));
    c.tensor(2, "max").map_or_else(|| above.clone(), |high| above.minimum(high))
}

fn div(c: &Call<'_>) -> Tensor {
    match c.word(2, "rounding_mode") {
        None => c.x(0) / c.x(1),
        Some("floor") => c.x(0).div_floor(c.x(1)),
        Some("trunc") => c.x(0).div_trunc(c.x(1)),
        Some(other) => panic!("unknown rounding mode {other}"),
    }
}

fn round(c: &Call<'_>) -> Tensor {
    match c.int(1, "decimals") {
        None => c.x(0).round(),
        Some(decimals) => c.x(0).round_decimals(i32::try_from(decimals).expect("a few digits")),
    }
}

fn lerp(c: &Call<'_>) -> Tensor {
    let (x, y) = (c.x(0), c.x(1));
    if c.has_tensor(2) { x.lerp(y, c.x(2)) } else { x.lerp(y, c.float(2, "weight").expect("a weight")) }
}
