//! Reductions over axes, and softmax.

use super::{Formula::One, Operator, on_axis};
use crate::case::Call;
use cotangent::{Axes, Tensor};

pub(super) const OPERATORS: &[Operator] = &[
    ("sum", One(|c| reduced(c, "dim", |x, axes| x.sum_keepdims(axes), |x, axes| x.sum(axes)))),
    ("nansum", One(|c| reduced(c, "dim", |x, axes| numbers(x).sum_keepdims(axes), |x, axes| numbers(x).sum(axes)))),
    ("mean", One(|c| reduced(c, "dim", |x, axes| x.mean_keepdims(axes), |x, axes| x.mean(axes)))),
    ("amax", One(|c| reduced(c, "dim", |x, axes| x.max_keepdims(axes), |x, axes| x.max(axes)))),
    ("amin", One(|c| reduced(c, "dim", |x, axes| x.min_keepdims(axes), |x, axes| x.min(axes)))),
    ("logsumexp", One(|c| reduced(c, "dim", |x, axes| x.logsumexp_keepdims(axes), |x, axes| x.logsumexp(axes)))),
    ("argmax", One(|c| place(c, |x, axis| x.argmax_keepdims(axis), |x, axis| x.argmax(axis)))),
    ("argmin", One(|c| place(c, |x, axis| x.argmin_keepdims(axis), |x, axis| x.argmin(axis)))),
    ("var", One(variance)),
    ("std", One(|c| variance(c).sqrt())),
    ("trace", One(trace)),
    ("softmax", One(|c| along_axis(c, |x, axis| x.softmax(axis)))),
    ("log_softmax", One(|c| along_axis(c, |x, axis| x.log_softmax(axis)))),
    ("nn.functional.softmin", One(|c| along_axis(c, Tensor::softmin))),
];

/// The named axes, all if none are. Torch lets a scalar have axes 0 and -1; reducing it over no axis is the same.
pub(super) fn axes_of(c: &Call<'_>, i: usize, name: &str) -> Axes {
    match c.ints(i, name) {
        Some(_) if c.x(0).rank() == 0 => Axes::All,
        Some(axes) => Axes::List(axes),
        None => Axes::All,
    }
}

fn reduced(
    c: &Call<'_>,
    name: &str,
    keeping: fn(&Tensor, Axes) -> Tensor,
    dropping: fn(&Tensor, Axes) -> Tensor,
) -> Tensor {
    let axes = axes_of(c, 1, name);
    if c.flag(2, "keepdim") { keeping(c.x(0), axes) } else { dropping(c.x(0), axes) }
}

/// Along an axis, or in the flattened tensor if none is named.
fn place(c: &Call<'_>, keeping: fn(&Tensor, isize) -> Tensor, dropping: fn(&Tensor, isize) -> Tensor) -> Tensor {
    let keep = c.flag(2, "keepdim");
    match c.int(1, "dim") {
        Some(axis) if keep => on_axis(c.x(0), |x| keeping(x, axis)),
        Some(axis) if c.x(0).rank() > 0 => dropping(c.x(0), axis),
        _ => dropping(&c.x(0).flatten(0, -1), 0),
    }
}

/// Torch has three forms: `(x, unbiased)`, `(x, dim, unbiased, keepdim)` and `(x, dim, *, correction, keepdim)`.
fn variance(c: &Call<'_>) -> Tensor {
    let short_form = c.is_flag(1);
    let axes = if short_form { Axes::All } else { axes_of(c, 1, "dim") };
    let biased = !c.flag_or(if short_form { 1 } else { 2 }, "unbiased", true);
    let correction = c.int(4, "correction").unwrap_or(if biased { 0 } else { 1 }) as usize;
    if c.flag(3, "keepdim") { c.x(0).var_keepdims(axes, correction) } else { c.x(0).var(axes, correction) }
}

/// Zero for NaN, which does not equal itself.
fn numbers(x: &Tensor) -> Tensor {
    x.eq(x).where_(x, 0)
}

fn trace(c: &Call<'_>) -> Tensor {
    let row = Tensor::arange(0, c.x(0).size(0) as i64, 1).unsqueeze(1);
    let column = Tensor::arange(0, c.x(0).size(1) as i64, 1);
    row.eq(&column).where_(c.x(0), 0).sum(..)
}

fn along_axis(c: &Call<'_>, f: fn(&Tensor, isize) -> Tensor) -> Tensor {
    c.dtype_is_f64(2);
    let axis = c.int(1, "dim").expect("an axis");
    on_axis(c.x(0), |x| f(x, axis))
}
