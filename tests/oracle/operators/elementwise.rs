//! Functions of one number and of several, each place by itself.

use super::{
    Formula::{self, One},
    Operator, broadcast,
};
use crate::case::Call;
use cotangent::Tensor;
use std::f64::consts::{LN_2, LN_10};

pub(super) const OPERATORS: &[Operator] = &[
    ("abs", One(|c| c.x(0).abs())),
    ("exp", One(|c| c.x(0).exp())),
    ("exp2", One(|c| (c.x(0) * LN_2).exp())),
    ("expm1", One(|c| c.x(0).expm1())),
    ("log", One(|c| c.x(0).ln())),
    ("log2", One(|c| c.x(0).ln() / LN_2)),
    ("log10", One(|c| c.x(0).ln() / LN_10)),
    ("log1p", One(|c| c.x(0).log1p())),
    ("neg", One(|c| -c.x(0))),
    ("reciprocal", One(|c| c.x(0).reciprocal())),
    ("sqrt", One(|c| c.x(0).sqrt())),
    ("rsqrt", One(|c| c.x(0).powf(-0.5))),
    ("square", One(|c| c.x(0).square())),
    ("sin", One(|c| c.x(0).sin())),
    ("cos", One(|c| c.x(0).cos())),
    ("tan", One(|c| c.x(0).sin() / c.x(0).cos())),
    ("sinh", One(|c| (c.x(0).exp() - (-c.x(0)).exp()) / 2)),
    ("cosh", One(|c| (c.x(0).exp() + (-c.x(0)).exp()) / 2)),
    ("tanh", One(|c| c.x(0).tanh())),
    ("sigmoid", One(|c| c.x(0).sigmoid())),
    ("erf", One(|c| c.x(0).erf())),
    ("erfc", One(|c| 1 - c.x(0).erf())),
    ("add", One(|c| c.x(0) + scaled(c.x(1), c.float(2, "alpha")))),
    ("sub", One(|c| c.x(0) - scaled(c.x(1), c.float(2, "alpha")))),
    ("mul", One(|c| c.x(0) * c.x(1))),
    ("div", One(|c| c.x(0) / c.x(1))),
    ("pow", POWER),
    ("float_power", POWER),
    ("maximum", One(|c| c.x(0).maximum(c.x(1)))),
    ("minimum", One(|c| c.x(0).minimum(c.x(1)))),
    ("clamp", One(clamp)),
    ("where", One(|c| c.x(1).where_(c.x(0), c.x(2)))),
    ("lerp", One(lerp)),
    ("logaddexp", One(logaddexp)),
    ("hypot", One(|c| (c.x(0).square() + c.x(1).square()).sqrt())),
    ("xlogy", One(|c| c.x(0) * c.x(1).ln())),
    ("logit", One(logit)),
    ("addcmul", One(|c| c.x(0) + scaled(&(c.x(1) * c.x(2)), c.float(3, "value")))),
    ("addcdiv", One(|c| c.x(0) + scaled(&(c.x(1) / c.x(2)), c.float(3, "value")))),
];

/// x^y with a tensor for exponent, of positive x: e^(y ln x). Our `powf` has a constant exponent; `rsqrt` and the
/// norms go through it.
const POWER: Formula = One(|c| (c.x(1) * c.x(0).ln()).exp());

/// The product with a number that is one if it is not given.
pub(super) fn scaled(x: &Tensor, factor: Option<f64>) -> Tensor {
    factor.map_or_else(|| x.clone(), |factor| x * factor)
}

/// Torch's bounds in these cases are tensors, which are differentiated too; ours are numbers, which `hardtanh` gives.
fn clamp(c: &Call<'_>) -> Tensor {
    let above = c.tensor(1, "min").map_or_else(|| c.x(0).clone(), |low| c.x(0).maximum(low));
    c.tensor(2, "max").map_or_else(|| above.clone(), |high| above.minimum(high))
}

/// ln(x / (1 - x)), of x clamped to ε from 0 and 1 if there is an ε.
fn logit(c: &Call<'_>) -> Tensor {
    let x = c.float(1, "eps").map_or_else(|| c.x(0).clone(), |eps| c.x(0).clamp(eps, 1.0 - eps));
    (&x / (1 - &x)).ln()
}

fn lerp(c: &Call<'_>) -> Tensor {
    let (x, y) = (c.x(0), c.x(1));
    if c.has_tensor(2) { x + c.x(2) * (y - x) } else { x + (y - x) * c.float(2, "weight").expect("a weight") }
}

fn logaddexp(c: &Call<'_>) -> Tensor {
    let (x, y) = broadcast(c.x(0), c.x(1));
    Tensor::stack([x, y], 0).logsumexp(0)
}
