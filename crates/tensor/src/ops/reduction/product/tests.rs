//! Products at the edges.

use super::Prod;
use crate::{DType, Tensor, try_apply};

#[test]
fn axes_go_or_stay() {
    let x = Tensor::arange(1, 7, 1).reshape([1, 2, 3]);
    assert_eq!(x.prod(..).item::<i64>(), 720);
    assert_eq!(x.prod(2).to_vec::<i64>(), [6, 120]);
    assert_eq!(x.prod([0, 1]).to_vec::<i64>(), [4, 10, 18]);
    assert_eq!(x.prod_keepdims([-1, 0]).shape()[..], [1, 2, 1]);
    assert_eq!(x.prod([0isize; 0]).to_vec::<i64>(), x.to_vec::<i64>());
}

#[test]
fn products_of_nothing_are_one_and_of_copies_powers() {
    for dtype in [DType::F32, DType::F64, DType::I64] {
        let y = Tensor::zeros([2, 0], dtype).prod(1);
        assert!(y.eq(&Tensor::ones([2], dtype)).all(..).item::<bool>());
    }
    assert_eq!(Tensor::zeros([0, 2], DType::F32).prod(1).shape()[..], [0]);
    assert_eq!(Tensor::full([7, 2], -2.0, DType::F64).prod(0).to_vec::<f64>(), [-128.0; 2]);
    assert_eq!(Tensor::full([3, 4], 3, DType::I64).prod(..).item::<i64>(), 531_441);
    assert_eq!(Tensor::from([[1.0, 2.0]]).expand([3, 2]).prod(..).item::<f64>(), 8.0);
}

#[test]
fn what_is_not_finite_goes_through() {
    assert!(Tensor::from([f64::INFINITY, 0.0]).prod(..).item::<f64>().is_nan());
    assert!(Tensor::from([f64::NAN, 0.0]).prod(..).item::<f64>().is_nan());
    assert_eq!(Tensor::from([1e200, 1e200]).prod(..).item::<f64>(), f64::INFINITY);
    assert_eq!(Tensor::from([i64::MAX, 2]).prod(..).item::<i64>(), -2);
}

#[test]
fn misuse_is_refused_with_a_reason() {
    let message = |prod: Prod, x: &Tensor| try_apply(&prod, &[x]).unwrap_err().to_string();
    assert_eq!(
        message(Prod::new(.., false), &Tensor::from([1u8])),
        "prod: a product would soon overflow u8; got u8[1]; cast first, for example with .cast(DType::I64)"
    );
    assert_eq!(
        message(Prod::new([0, 0], false), &Tensor::from([1.0])),
        "prod: axis 0 is named twice in [0, 0]; got f64[1]"
    );
}
