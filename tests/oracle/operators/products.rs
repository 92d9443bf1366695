//! Products of matrices and vectors.

use super::{
    Formula::{self, One},
    Operator, broadcast,
    elementwise::scaled,
};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] = &[
    ("mm", PRODUCT),
    ("bmm", PRODUCT),
    ("mv", PRODUCT),
    ("dot", PRODUCT),
    ("matmul", PRODUCT),
    ("inner", PRODUCT),
    ("outer", One(|c| c.x(0).unsqueeze(1).matmul(&c.x(1).unsqueeze(0)))),
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
    let (x, y) = broadcast(c.x(0), c.x(1));
    let first = || x.shape().iter().position(|&size| size == 3).expect("an axis of size 3") as isize;
    let axis = c.int(2, "dim").unwrap_or_else(first);
    let turned = |x: &Tensor, order: [i64; 3]| x.index_select(axis, &Tensor::from(order));
    turned(&x, [1, 2, 0]) * turned(&y, [2, 0, 1]) - turned(&x, [2, 0, 1]) * turned(&y, [1, 2, 0])
}

/// x Wᵀ + b
fn linear(c: &Call<'_>) -> Tensor {
    let product = c.x(0).matmul(&c.x(1).transpose(0, 1));
    c.tensor(2, "bias").map_or_else(|| product.clone(), |bias| &product + bias)
}
