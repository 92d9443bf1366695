//! Sorting, and elements of a sorted axis.

use super::{Formula::Several, Operator};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] =
    &[("sort", Several(sort)), ("topk", Several(topk)), ("kthvalue", Several(kthvalue)), ("median", Several(median))];

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
