use crate::{DType, Tensor};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[track_caller]
fn refusal(f: impl FnOnce() -> Tensor) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("a refusal");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn products_of_views_are_those_of_their_copies() {
    let x = Tensor::arange(0, 6, 1).reshape([2, 3]).cast(DType::F64);
    let (column, row) = (x.transpose(0, 1).narrow(1, 1, 1).squeeze(1), x.flip(1).narrow(0, 0, 1).squeeze(0));
    assert_eq!(column.to_vec::<f64>(), [3.0, 4.0, 5.0]);
    assert_eq!(row.to_vec::<f64>(), [2.0, 1.0, 0.0]);
    assert_eq!(column.dot(&row).item::<f64>(), 10.0);
    assert_eq!(row.outer(&column).to_vec::<f64>(), [6.0, 8.0, 10.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0]);
    assert_eq!(column.cross(&row, 0).to_vec::<f64>(), [-5.0, 10.0, -5.0]);
    let repeated = Tensor::from(2.0).expand([3]);
    assert_eq!(repeated.dot(&column).item::<f64>(), 24.0);
    assert_eq!(x.inner(&row).to_vec::<f64>(), [1.0, 10.0]);
    assert_eq!(x.transpose(0, 1).tensordot(&x, ([0], [1])).to_vec::<f64>(), [5.0, 14.0, 14.0, 50.0]);
    assert_eq!(
        x.kron(&row.narrow(0, 0, 2)).to_vec::<f64>(),
        [0.0, 0.0, 2.0, 1.0, 4.0, 2.0, 6.0, 3.0, 8.0, 4.0, 10.0, 5.0]
    );
}

#[test]
fn empty_operands_give_empty_products_and_zero_sums() {
    let (none, some) = (Tensor::zeros([0], DType::F32), Tensor::from([1.0f32, 2.0]));
    assert_eq!(none.dot(&none).item::<f32>(), 0.0);
    assert_eq!(none.outer(&some).shape()[..], [0, 2]);
    assert_eq!(none.kron(&some).shape()[..], [0]);
    assert_eq!(none.inner(&Tensor::zeros([3, 0], DType::F32)).to_vec::<f32>(), [0.0; 3]);
    assert_eq!(none.tensordot(&some, 0).shape()[..], [0, 2]);
    assert_eq!(none.tensordot(&none, 1).item::<f32>(), 0.0);
    assert_eq!(Tensor::zeros([0, 3], DType::F32).cross(&Tensor::zeros([3], DType::F32), -1).shape()[..], [0, 3]);
}

#[test]
fn scalars_are_factors() {
    let (two, x) = (Tensor::from(2.0), Tensor::from([1.0, 3.0]));
    assert_eq!(two.inner(&x).to_vec::<f64>(), [2.0, 6.0]);
    assert_eq!(two.kron(&x).to_vec::<f64>(), [2.0, 6.0]);
    assert_eq!(two.kron(&two).item::<f64>(), 4.0);
    assert_eq!(x.tensordot(&two, 0).to_vec::<f64>(), [2.0, 6.0]);
}

#[test]
fn integers_have_products_too() {
    let x = Tensor::from([1i64, 2, 3]);
    assert_eq!(x.dot(&x).item::<i64>(), 14);
    assert_eq!(x.cross(&Tensor::from([[0i64, 0, 1], [1, 0, 0]]), -1).to_vec::<i64>(), [2, -1, 0, 0, 3, -2]);
    assert_eq!(x.kron(&Tensor::from([[1i64], [2]])).to_vec::<i64>(), [1, 2, 3, 2, 4, 6]);
}

#[test]
fn a_summed_axis_of_size_one_broadcasts_against_its_partner() {
    let (one, x) = (Tensor::from([[3.0], [5.0]]), Tensor::from([[1.0, 10.0], [2.0, 20.0]]));
    assert_eq!(one.tensordot(&x, 1).to_vec::<f64>(), [9.0, 90.0, 15.0, 150.0]);
    assert_eq!(x.tensordot(&one.transpose(0, 1), 1).to_vec::<f64>(), [33.0, 55.0, 66.0, 110.0]);
    let empty = Tensor::zeros([0, 2], DType::F64);
    assert_eq!(one.tensordot(&empty, 1).to_vec::<f64>(), [0.0; 4]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let (x, y) = (Tensor::zeros([2, 3], DType::F32), Tensor::zeros([2], DType::F32));
    assert_eq!(
        refusal(|| x.dot(&y)),
        "dot: takes vectors; got f32[2, 3], f32[2]; for more axes there are matmul, tensordot and einsum"
    );
    assert_eq!(
        refusal(|| y.dot(&Tensor::zeros([3], DType::F32))),
        "dot: the vectors must have one length; got f32[2], f32[3]"
    );
    assert_eq!(
        refusal(|| y.outer(&x)),
        "outer: takes vectors; got f32[2], f32[2, 3]; for more axes there are matmul, tensordot and einsum"
    );
    assert_eq!(
        refusal(|| x.inner(&y)),
        "inner: the last sizes differ: 3 on the left, 2 on the right; got f32[2, 3], f32[2]"
    );
    assert_eq!(refusal(|| x.tensordot(&y, 2)), "tensordot: cannot sum over 2 axes of both; got f32[2, 3], f32[2]");
    assert_eq!(
        refusal(|| x.tensordot(&y, ([1], [0]))),
        "tensordot: axis 1 of the left operand has size 3, its partner, axis 0 of the right one, 2; got f32[2, 3], f32[2]"
    );
    assert_eq!(
        refusal(|| x.tensordot(&x, ([0, -2], [0, 1]))),
        "tensordot: axis 0 is named twice in [0, -2]; got f32[2, 3], f32[2, 3]"
    );
    assert_eq!(
        refusal(|| x.cross(&y, 0)),
        "cross: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; got f32[2, 3], f32[2]"
    );
    assert_eq!(
        refusal(|| x.cross(&x, 0)),
        "cross: axis 0 of the result must have size 3 in both operands; got f32[2, 3], f32[2, 3]"
    );
    let huge = Tensor::zeros([1], DType::F32).expand([1 << 40]);
    assert!(refusal(|| huge.outer(&huge)).starts_with("outer: shape"));
    assert!(refusal(|| huge.kron(&huge)).starts_with("kron: the result overflows"));
}
