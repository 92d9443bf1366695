//! Sorting, and elements of a sorted axis.

use super::{
    Formula::{One, Several},
    Operator,
    reductions::axes_of,
};
use crate::case::Call;
use cotangent::{
    Axes, Tensor,
    ops::{QuantileMethod, Quantiles},
};

pub(super) const OPERATORS: &[Operator] = &[
    ("sort", Several(sort)),
    ("topk", Several(topk)),
    ("kthvalue", Several(kthvalue)),
    ("median", Several(median)),
    ("argsort", One(argsort)),
    ("nanmedian", Several(nanmedian)),
    ("quantile", One(|c| quantile(c, |x, q, axes| x.quantile_keepdims(q, axes), |x, q, axes| x.quantile(q, axes)))),
    (
        "nanquantile",
        One(|c| quantile(c, |x, q, axes| x.nanquantile_keepdims(q, axes), |x, q, axes| x.nanquantile(q, axes))),
    ),
    ("searchsorted", One(|c| searchsorted(c, c.x(0), c.x(1)))),
    ("bucketize", One(|c| searchsorted(c, c.x(1), c.x(0)))),
    ("histc", One(histc)),
];

/// As `on_axis`, of values and indices.
pub(super) fn on_axis_of_two(x: &Tensor, f: impl FnOnce(&Tensor) -> (Tensor, Tensor)) -> Vec<Tensor> {
    if x.rank() > 0 {
        return list(f(x));
    }
    // A reduction has taken the axis away already.
    list(f(&x.unsqueeze(0))).iter().map(|y| y.squeeze(..)).collect()
}

fn list((values, indices): (Tensor, Tensor)) -> Vec<Tensor> {
    vec![values, indices]
}

/// Ours is always stable.
fn sort(c: &Call<'_>) -> Vec<Tensor> {
    c.flag(3, "stable");
    let axis = c.int(1, "dim").unwrap_or(-1);
    list(if c.flag(2, "descending") { c.x(0).sort_descending(axis) } else { c.x(0).sort(axis) })
}

/// Ours is always sorted.
fn topk(c: &Call<'_>) -> Vec<Tensor> {
    c.flag(4, "sorted");
    let (k, axis) = (c.int(1, "k").expect("a count") as usize, c.int(2, "dim").unwrap_or(-1));
    let largest = c.flag_or(3, "largest", true);
    on_axis_of_two(c.x(0), |x| if largest { x.topk(k, axis) } else { x.topk_smallest(k, axis) })
}

fn kthvalue(c: &Call<'_>) -> Vec<Tensor> {
    let (k, axis) = (c.int(1, "k").expect("a rank") as usize, c.int(2, "dim").unwrap_or(-1));
    let keep = c.flag(3, "keepdim");
    on_axis_of_two(c.x(0), |x| if keep { x.kthvalue_keepdims(k, axis) } else { x.kthvalue(k, axis) })
}

/// Of all elements torch returns the value alone.
fn median(c: &Call<'_>) -> Vec<Tensor> {
    let keep = c.flag(2, "keepdim");
    match c.int(1, "dim") {
        None => vec![c.x(0).median(..)],
        Some(axis) => on_axis_of_two(c.x(0), |x| {
            if keep { x.median_with_indices_keepdims(axis) } else { x.median_with_indices(axis) }
        }),
    }
}

fn nanmedian(c: &Call<'_>) -> Vec<Tensor> {
    let keep = c.flag(2, "keepdim");
    match c.int(1, "dim") {
        None => vec![c.x(0).nanmedian(..)],
        Some(axis) => on_axis_of_two(c.x(0), |x| {
            if keep { x.nanmedian_with_indices_keepdims(axis) } else { x.nanmedian_with_indices(axis) }
        }),
    }
}

fn argsort(c: &Call<'_>) -> Tensor {
    c.flag(3, "stable");
    let axis = c.int(1, "dim").unwrap_or(-1);
    if c.flag(2, "descending") { c.x(0).argsort_descending(axis) } else { c.x(0).argsort(axis) }
}

type Quantile = fn(&Tensor, Quantiles, Axes) -> Tensor;

fn quantile(c: &Call<'_>, keeping: Quantile, dropping: Quantile) -> Tensor {
    let q: Quantiles =
        if c.has_tensor(1) { c.x(1).to_vec::<f64>().into() } else { c.float(1, "q").expect("a quantile").into() };
    let interpolation = match c.word(4, "interpolation").unwrap_or("linear") {
        "linear" => QuantileMethod::Linear,
        "midpoint" => QuantileMethod::Midpoint,
        other => panic!("no case has interpolation {other}"),
    };
    let (q, axes) = (q.interpolation(interpolation), axes_of(c, 2, "dim"));
    if c.flag(3, "keepdim") { keeping(c.x(0), q, axes) } else { dropping(c.x(0), q, axes) }
}

fn searchsorted(c: &Call<'_>, sorted: &Tensor, values: &Tensor) -> Tensor {
    assert!(!c.flag(2, "out_int32"), "places are i64");
    if c.flag(3, "right") { sorted.searchsorted_right(values) } else { sorted.searchsorted(values) }
}

fn histc(c: &Call<'_>) -> Tensor {
    let bound = |i, name| c.float(i, name).expect("a bound");
    c.x(0).histc(c.int(1, "bins").unwrap_or(100) as usize, bound(2, "min"), bound(3, "max"))
}
