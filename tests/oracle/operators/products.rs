//! Products of matrices and vectors.

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
    ("dot", PRODUCT),
    ("matmul", PRODUCT),
    ("inner", PRODUCT),
    ("outer", One(|c| c.x(0).unsqueeze(1).matmul(&c.x(1).unsqueeze(0)))),
    ("addmm", One(added_product)),
    ("baddbmm", One(added_product)),
    ("nn.functional.linear", One(linear)),
];

/// One operation for all of torch's.
const PRODUCT: Formula = One(|c| c.x(0).matmul(c.x(1)));

fn added_product(c: &Call<'_>) -> Tensor {
    scaled(c.x(0), c.float(3, "beta")) + scaled(&c.x(1).matmul(c.x(2)), c.float(4, "alpha"))
}

/// x Wᵀ + b
fn linear(c: &Call<'_>) -> Tensor {
    let product = c.x(0).matmul(&c.x(1).transpose(0, 1));
    c.tensor(2, "bias").map_or_else(|| product.clone(), |bias| &product + bias)
}
