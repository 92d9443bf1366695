//! Elements and rows named by an index.

use super::{Formula::One, Operator, elementwise::scaled, on_axis};
use crate::case::Call;
use cotangent::{Shape, Tensor};

pub(super) const OPERATORS: &[Operator] = &[
    ("index_select", One(|c| on_axis(c.x(0), |x| x.index_select(axis(c), c.x(2))))),
    ("index_add", One(index_add)),
    ("nn.functional.embedding", One(embedding)),
    ("gather", One(|c| on_axis(c.x(0), |x| x.gather(axis(c), &at_least_a_vector(c.x(2)))))),
    ("take_along_dim", One(take_along_dim)),
    ("scatter_add", One(scatter_add)),
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
    let (table, index) = (c.x(0), c.x(1));
    let shape: Shape = index.shape().iter().copied().chain([table.size(1)]).collect();
    table.index_select(0, &index.reshape([-1])).reshape(&shape)
}

/// As gather, with the tensor broadcast to the index in the other axes.
fn take_along_dim(c: &Call<'_>) -> Tensor {
    let (x, index, axis) = (c.x(0), c.x(1), c.int(2, "dim").expect("an axis"));
    let shape = index.shape().with_size(axis as usize, x.size(axis));
    x.expand(&shape).gather(axis, index)
}
