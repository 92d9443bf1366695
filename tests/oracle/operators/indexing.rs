//! Elements and rows named by an index.

use super::{Formula::One, Operator, elementwise::scaled, on_axis};
use crate::case::Call;
use cotangent::{Tensor, ops::Subscript};

pub(super) const OPERATORS: &[Operator] = &[
    ("index_select", One(|c| on_axis(c.x(0), |x| x.index_select(axis(c), c.x(2))))),
    ("index_add", One(index_add)),
    ("nn.functional.embedding", One(embedding)),
    ("gather", One(|c| on_axis(c.x(0), |x| x.gather(axis(c), &at_least_a_vector(c.x(2)))))),
    ("take_along_dim", One(|c| c.x(0).take_along_dim(c.x(1), c.int(2, "dim").expect("an axis")))),
    ("masked_select", One(|c| c.x(0).masked_select(c.x(1)))),
    ("masked_fill", One(masked_fill)),
    ("repeat_interleave", One(repeat_interleave)),
    ("scatter", One(scatter)),
    ("scatter_add", One(scatter_add)),
    ("index_put", One(index_put)),
];

fn axis(c: &Call<'_>) -> isize {
    c.int(1, "dim").expect("an axis")
}

fn at_least_a_vector(x: &Tensor) -> Tensor {
    if x.rank() == 0 { x.unsqueeze(0) } else { x.clone() }
}

fn index_add(c: &Call<'_>) -> Tensor {
    let src = scaled(&at_least_a_vector(c.x(3)), c.float(4, "alpha"));
    on_axis(c.x(0), |x| x.index_add(axis(c), c.x(2), &src))
}

fn scatter_add(c: &Call<'_>) -> Tensor {
    let (index, src) = (at_least_a_vector(c.x(2)), at_least_a_vector(c.x(3)));
    on_axis(c.x(0), |x| x.scatter_add(axis(c), &index, &src))
}

/// The sample's first argument is the table, torch's own first is the index.
fn embedding(c: &Call<'_>) -> Tensor {
    c.x(0).embedding(c.x(1), None)
}

/// Of an axis, or of the flattened tensor.
fn repeat_interleave(c: &Call<'_>) -> Tensor {
    let (x, axis) = match c.int(2, "dim") {
        Some(axis) => (c.x(0).clone(), axis),
        None => (c.x(0).flatten(0, -1), 0),
    };
    let y = match c.tensor_or_int(1, "repeats") {
        Ok(counts) => x.repeat_interleave(counts, axis),
        Err(times) => x.repeat_interleave(times as usize, axis),
    };
    assert!(c.int(3, "output_size").is_none_or(|size| size as usize == y.size(axis)), "torch's size of the result");
    y
}

/// By a number, or by a scalar that has a gradient of its own.
fn masked_fill(c: &Call<'_>) -> Tensor {
    match c.has_tensor(2) {
        true => c.x(0).masked_fill(c.x(1), c.x(2)),
        false => c.x(0).masked_fill(c.x(1), c.float(2, "value").expect("a number")),
    }
}

fn scatter(c: &Call<'_>) -> Tensor {
    let index = at_least_a_vector(c.x(2));
    on_axis(c.x(0), |x| match c.has_tensor(3) {
        true => x.scatter(axis(c), &index, &at_least_a_vector(c.x(3))),
        false => x.scatter(axis(c), &index, c.float(3, "value").expect("a number")),
    })
}

fn index_put(c: &Call<'_>) -> Tensor {
    let index: Subscript = c.tensors(1).into_iter().collect();
    if c.flag(3, "accumulate") { c.x(0).index_add_at(index, c.x(2)) } else { c.x(0).index_put(index, c.x(2)) }
}
