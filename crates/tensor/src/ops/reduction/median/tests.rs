//! Medians over several axes, and how equal elements share; the values are PyTorch's.

use super::{Median, NanMedian};
use crate::{Cotangent, Cotangents, DType, Few, Primitive, Saved, Tensor, Vjp, apply, try_apply};

#[test]
fn axes_go_or_stay() {
    let x = Tensor::from([[[4.0, 1.0], [2.0, 9.0]], [[7.0, 8.0], [0.0, 3.0]]]);
    assert_eq!(x.median(..).item::<f64>(), 3.0);
    assert_eq!(x.median([0, 2]).to_vec::<f64>(), [4.0, 2.0]);
    assert_eq!(x.median_keepdims([1, -1]).shape()[..], [2, 1, 1]);
    assert_eq!(x.median([0isize; 0]).to_vec::<f64>(), x.to_vec::<f64>());
    assert_eq!(Tensor::from(5i64).median(..).item::<i64>(), 5);
}

#[test]
fn nan_is_the_median_or_left_out() {
    let x = Tensor::from([[1.0, f64::NAN, 3.0, f64::NAN], [f64::NAN; 4]]);
    assert!(x.median(1).to_vec::<f64>().iter().all(|y| y.is_nan()));
    let y = x.nanmedian(1).to_vec::<f64>();
    assert!(y[0] == 1.0 && y[1].is_nan());
    assert_eq!(x.nanmedian_keepdims(..).shape()[..], [1, 1]);
}

#[test]
fn equal_elements_share_the_gradient() {
    let median = Median::new(.., false);
    let pulled_back = |x: &Tensor| {
        let y = apply(&median, &[x]);
        let saved = Saved::new(median.keep(&[true]), &[x], &y);
        let y_bar = Cotangents::new(Few::one(Cotangent::Given(Tensor::from(6.0))));
        median.vjp(&saved, y_bar, &[true]).into_single().unwrap().to_vec::<f64>()
    };
    assert_eq!(pulled_back(&Tensor::from([1.0, 2.0, 2.0, 3.0])), [0.0, 3.0, 3.0, 0.0]);
    assert_eq!(pulled_back(&Tensor::from([1.0, 2.0, 2.0, 2.0, 3.0])), [0.0, 2.0, 2.0, 2.0, 0.0]);
}

#[test]
fn empty_axes_are_refused_unless_nothing_is_asked_for() {
    let x = Tensor::zeros([2, 0], DType::F32);
    let message = |primitive: &dyn Primitive| try_apply(primitive, &[&x]).unwrap_err().to_string();
    assert_eq!(message(&Median::new(1, false)), "median: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(message(&NanMedian::new(.., false)), "nanmedian: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(x.median(0).shape()[..], [0]);
}
