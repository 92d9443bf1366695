//! Running results along an axis.

use super::{
    Formula::{One, Several},
    Operator, on_axis,
    sorting::on_axis_of_two,
};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] = &[
    ("cumsum", One(|c| along(c, |x, axis| x.cumsum(axis)))),
    ("cumprod", One(|c| along(c, |x, axis| x.cumprod(axis)))),
    ("logcumsumexp", One(|c| along(c, |x, axis| x.logcumsumexp(axis)))),
    ("cummax", Several(|c| on_axis_of_two(c.x(0), |x| x.cummax(c.int(1, "dim").expect("an axis"))))),
    ("cummin", Several(|c| on_axis_of_two(c.x(0), |x| x.cummin(c.int(1, "dim").expect("an axis"))))),
];

fn along(c: &Call<'_>, f: fn(&Tensor, isize) -> Tensor) -> Tensor {
    on_axis(c.x(0), |x| f(x, c.int(1, "dim").expect("an axis")))
}
