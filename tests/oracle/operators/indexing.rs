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
    ("masked_select", One(masked_select)),
    ("repeat_interleave", One(repeat_interleave)),
    ("diagonal", One(diagonal)),
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
    c.x(0).embedding(c.x(1), None)
}

/// The elements where the mask holds, in order.
fn masked_select(c: &Call<'_>) -> Tensor {
    let shape = Shape::broadcast(c.x(0).shape(), c.x(1).shape()).expect("shapes that broadcast");
    let mask = c.x(1).expand(&shape).to_vec::<bool>();
    let places: Vec<i64> = (0..).zip(mask).filter_map(|(place, holds)| holds.then_some(place)).collect();
    c.x(0).expand(&shape).flatten(0, -1).index_select(0, &Tensor::from(places))
}

/// Each element of an axis, or of the flattened tensor, as often in a row as `repeats` says.
fn repeat_interleave(c: &Call<'_>) -> Tensor {
    let (x, axis) = match c.int(2, "dim") {
        Some(axis) => (c.x(0).clone(), axis),
        None => (c.x(0).flatten(0, -1), 0),
    };
    let repeats = match c.tensor_or_int(1, "repeats") {
        Ok(repeats) => repeats.to_vec::<i64>(),
        Err(repeats) => vec![repeats as i64; x.size(axis)],
    };
    let index: Vec<i64> = (0..).zip(&repeats).flat_map(|(i, &count)| (0..count).map(move |_| i)).collect();
    assert!(c.int(3, "output_size").is_none_or(|size| size as usize == index.len()), "torch's size of the result");
    x.index_select(axis, &Tensor::from(index))
}

/// The two axes as one last axis, and of that the places of the diagonal.
fn diagonal(c: &Call<'_>) -> Tensor {
    let (x, offset) = (c.x(0), c.int(1, "offset").unwrap_or(0));
    let pair = [c.int(2, "dim1").unwrap_or(0), c.int(3, "dim2").unwrap_or(1)];
    let others = (0..x.rank() as isize).filter(|axis| !pair.contains(axis));
    let last = x.permute(others.chain(pair).collect::<Vec<_>>()).flatten(-2, -1);
    let (rows, columns) = (x.size(pair[0]) as isize, x.size(pair[1]) as isize);
    let on = (0..rows).filter(|row| (0..columns).contains(&(row + offset)));
    let places: Vec<i64> = on.map(|row| (row * columns + row + offset) as i64).collect();
    last.index_select(-1, &Tensor::from(places))
}

/// As gather, with the tensor broadcast to the index in the other axes.
fn take_along_dim(c: &Call<'_>) -> Tensor {
    let (x, index, axis) = (c.x(0), c.x(1), c.int(2, "dim").expect("an axis"));
    let shape = index.shape().with_size(axis as usize, x.size(axis));
    x.expand(&shape).gather(axis, index)
}
