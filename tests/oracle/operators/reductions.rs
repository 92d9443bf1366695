//! Reductions over axes, and softmax.

use super::{
    Formula::{One, Several},
    Operator, on_axis,
    sorting::on_axis_of_two,
};
use crate::case::Call;
use cotangent::{Axes, Tensor, ops::MatrixNorm};

pub(super) const OPERATORS: &[Operator] = &[
    ("sum", One(|c| reduced(c, "dim", |x, axes| x.sum_keepdims(axes), |x, axes| x.sum(axes)))),
    ("nansum", One(|c| reduced(c, "dim", |x, axes| x.nansum_keepdims(axes), |x, axes| x.nansum(axes)))),
    ("prod", One(|c| reduced(c, "dim", |x, axes| x.prod_keepdims(axes), |x, axes| x.prod(axes)))),
    ("mean", One(|c| reduced(c, "dim", |x, axes| x.mean_keepdims(axes), |x, axes| x.mean(axes)))),
    ("amax", One(|c| reduced(c, "dim", |x, axes| x.max_keepdims(axes), |x, axes| x.max(axes)))),
    ("amin", One(|c| reduced(c, "dim", |x, axes| x.min_keepdims(axes), |x, axes| x.min(axes)))),
    ("logsumexp", One(|c| reduced(c, "dim", |x, axes| x.logsumexp_keepdims(axes), |x, axes| x.logsumexp(axes)))),
    ("argmax", One(|c| place(c, |x, axis| x.argmax_keepdims(axis), |x, axis| x.argmax(axis)))),
    ("argmin", One(|c| place(c, |x, axis| x.argmin_keepdims(axis), |x, axis| x.argmin(axis)))),
    ("var", One(variance)),
    ("std", One(deviation)),
    ("var_mean", Several(|c| spread_and_mean(c, |x, a, c| x.var_mean_keepdims(a, c), |x, a, c| x.var_mean(a, c)))),
    ("std_mean", Several(|c| spread_and_mean(c, |x, a, c| x.std_mean_keepdims(a, c), |x, a, c| x.std_mean(a, c)))),
    ("nanmean", One(|c| reduced(c, "dim", |x, axes| x.nanmean_keepdims(axes), |x, axes| x.nanmean(axes)))),
    ("all", One(|c| reduced(c, "dim", |x, axes| x.all_keepdims(axes), |x, axes| x.all(axes)))),
    ("any", One(|c| reduced(c, "dim", |x, axes| x.any_keepdims(axes), |x, axes| x.any(axes)))),
    ("count_nonzero", One(|c| c.x(0).count_nonzero(axes_of(c, 1, "dim")))),
    ("max", Several(|c| extremum(c, |x| x.max(..), |x, axis| x.max_with_indices(axis), |x, y| x.maximum(y)))),
    ("min", Several(|c| extremum(c, |x| x.min(..), |x, axis| x.min_with_indices(axis), |x, y| x.minimum(y)))),
    ("norm", One(norm)),
    ("linalg.vector_norm", One(|c| vector_norm(c, c.float(1, "ord").unwrap_or(2.0)))),
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
fn spread(c: &Call<'_>) -> (Axes, f64, bool) {
    let short_form = c.is_flag(1);
    let axes = if short_form { Axes::All } else { axes_of(c, 1, "dim") };
    let biased = !c.flag_or(if short_form { 1 } else { 2 }, "unbiased", true);
    let correction = c.float(4, "correction").unwrap_or(if biased { 0.0 } else { 1.0 });
    (axes, correction, c.flag(3, "keepdim"))
}

fn variance(c: &Call<'_>) -> Tensor {
    let (axes, correction, keepdims) = spread(c);
    if keepdims { c.x(0).var_keepdims(axes, correction) } else { c.x(0).var(axes, correction) }
}

fn deviation(c: &Call<'_>) -> Tensor {
    let (axes, correction, keepdims) = spread(c);
    if keepdims { c.x(0).std_keepdims(axes, correction) } else { c.x(0).std(axes, correction) }
}

type Pair = (Tensor, Tensor);

fn spread_and_mean(
    c: &Call<'_>,
    keeping: fn(&Tensor, Axes, f64) -> Pair,
    dropping: fn(&Tensor, Axes, f64) -> Pair,
) -> Vec<Tensor> {
    let (axes, correction, keepdims) = spread(c);
    let (spread, mean) = (if keepdims { keeping } else { dropping })(c.x(0), axes, correction);
    vec![spread, mean]
}

/// One name for three operations: over all elements, along an axis with indices, of two tensors.
fn extremum(
    c: &Call<'_>,
    of_all: fn(&Tensor) -> Tensor,
    along_axis: fn(&Tensor, isize) -> Pair,
    of_two: fn(&Tensor, &Tensor) -> Tensor,
) -> Vec<Tensor> {
    if c.has_tensor(1) {
        return vec![of_two(c.x(0), c.x(1))];
    }
    match c.int(1, "dim") {
        Some(axis) => on_axis_of_two(c.x(0), |x| along_axis(x, axis)),
        None => vec![of_all(c.x(0))],
    }
}

/// Frobenius' norm, torch's default, is the 2-norm of all elements; the nuclear norm is one of matrices.
fn norm(c: &Call<'_>) -> Tensor {
    if !c.is_word(1) {
        return vector_norm(c, c.float(1, "p").unwrap_or(2.0));
    }
    match c.word(1, "p") {
        Some("nuc") => c.x(0).matrix_norm(MatrixNorm::Nuclear),
        _ => vector_norm(c, 2.0),
    }
}

pub(super) fn vector_norm(c: &Call<'_>, order: f64) -> Tensor {
    let axes = axes_of(c, 2, "dim");
    if c.flag(3, "keepdim") { c.x(0).vector_norm_keepdims(order, axes) } else { c.x(0).vector_norm(order, axes) }
}

fn along_axis(c: &Call<'_>, f: fn(&Tensor, isize) -> Tensor) -> Tensor {
    c.dtype_is_f64(2);
    let axis = c.int(1, "dim").expect("an axis");
    on_axis(c.x(0), |x| f(x, axis))
}
