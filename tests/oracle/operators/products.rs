//! Products of matrices and vectors, over chosen axes, and distances.

use super::{
    Formula::{self, One},
    Operator,
    elementwise::scaled,
};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] = &[
    ("mm", PRODUCT),
    ("bmm", PRODUCT),
    ("mv", PRODUCT),
    ("dot", One(|c| c.x(0).dot(c.x(1)))),
    ("matmul", PRODUCT),
    ("inner", One(|c| c.x(0).inner(c.x(1)))),
    ("outer", One(|c| c.x(0).outer(c.x(1)))),
    ("kron", One(|c| c.x(0).kron(c.x(1)))),
    ("einsum", One(|c| Tensor::einsum(c.word(1, "equation").expect("an expression"), c.tensors(0)))),
    ("tensordot", One(tensordot)),
    ("cdist", One(distance)),
    ("nn.functional.bilinear", One(bilinear)),
    ("cross", One(cross)),
    ("addmm", One(added_product)),
    ("baddbmm", One(added_product)),
    ("nn.functional.linear", One(linear)),
];

/// One operation for all of torch's.
const PRODUCT: Formula = One(|c| c.x(0).matmul(c.x(1)));

fn added_product(c: &Call<'_>) -> Tensor {
    scaled(c.x(0), c.float(3, "beta")) + scaled(&c.x(1).matmul(c.x(2)), c.float(4, "alpha"))
}

/// Along the first axis of size 3, if none is named.
fn cross(c: &Call<'_>) -> Tensor {
    let (x, y) = (c.x(0), c.x(1));
    let first = || x.shape().iter().position(|&size| size == 3).expect("an axis of size 3") as isize;
    x.cross(y, c.int(2, "dim").unwrap_or_else(first))
}

fn tensordot(c: &Call<'_>) -> Tensor {
    match c.int_or_lists(2, "dims") {
        Ok(count) => c.x(0).tensordot(c.x(1), count as usize),
        Err(lists) => c.x(0).tensordot(c.x(1), (&lists[0][..], &lists[1][..])),
    }
}

/// By either of torch's methods: ours is one.
fn distance(c: &Call<'_>) -> Tensor {
    assert!(c.word(3, "compute_mode").is_some());
    c.x(0).cdist(c.x(1), c.float(2, "p").unwrap_or(2.0))
}

fn bilinear(c: &Call<'_>) -> Tensor {
    let product = Tensor::einsum("...i,oij,...j->...o", [c.x(0), c.x(2), c.x(1)]);
    c.tensor(3, "bias").map_or_else(|| product.clone(), |bias| &product + bias)
}

/// x Wᵀ + b
fn linear(c: &Call<'_>) -> Tensor {
    c.x(0).linear(c.x(1), c.tensor(2, "bias"))
}
