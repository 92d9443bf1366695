//! Extrema at the edges, and how they share gradients. The kernels have tests of their own.

use super::{ArgMax, Max, Min};
use crate::{Cotangent, Cotangents, DType, Derivative, Few, Primitive, Saved, Tensor, Vjp, apply, try_apply};

fn pulled_back(primitive: &(impl Primitive + Vjp), x: &Tensor, y_bar: Tensor) -> Vec<f64> {
    let y = apply(primitive, &[x]);
    let saved = Saved::new(primitive.keep(&[true]), &[x], &y);
    let y_bar = Cotangents::new(Few::one(Cotangent::Given(y_bar)));
    primitive.vjp(&saved, y_bar, &[true]).into_single().unwrap().to_vec()
}

#[test]
fn equal_extrema_share_the_gradient() {
    let x = Tensor::from([1.0, 3.0, 3.0]);
    assert_eq!(pulled_back(&Max::new(.., false), &x, Tensor::from(1.0)), [0.0, 0.5, 0.5]);
    assert_eq!(pulled_back(&Min::new(.., false), &x, Tensor::from(1.0)), [1.0, 0.0, 0.0]);
    let x = Tensor::from([[1.0, 4.0], [4.0, 4.0]]);
    assert_eq!(pulled_back(&Max::new(1, false), &x, Tensor::from([6.0, 8.0])), [0.0, 6.0, 4.0, 4.0]);
    assert_eq!(pulled_back(&Max::new(0, true), &x, Tensor::from([[6.0, 8.0]])), [0.0, 4.0, 6.0, 4.0]);
}

#[test]
fn a_tangent_is_the_mean_of_those_of_equal_extrema() {
    let (x, x_dot) = (Tensor::from([[1.0, 4.0], [4.0, 4.0]]), Tensor::from([[10.0, 20.0], [30.0, 50.0]]));
    for keepdims in [false, true] {
        let max = Max::new(1, keepdims);
        let y = apply(&max, &[&x]);
        let y_dot = max.jvp(&[&x], &[Some(&x_dot)], &y).unwrap().into_single().unwrap();
        assert_eq!((y_dot.shape(), y_dot.to_vec::<f64>()), (y[0].shape(), vec![20.0, 40.0]));
    }
}

#[test]
fn nan_is_an_extremum() {
    let x = Tensor::from([[1.0, f64::NAN, 3.0, f64::NAN]]);
    assert!(x.max(1).item::<f64>().is_nan() && x.min(..).item::<f64>().is_nan());
    assert_eq!((x.argmax(1).item::<i64>(), x.argmin(1).item::<i64>()), (1, 1));
}

#[test]
fn every_dtype_has_extrema() {
    assert_eq!(Tensor::from([3i64, -5, 4]).min(..).item::<i64>(), -5);
    assert_eq!(Tensor::from([3u8, 200, 4]).max(..).item::<u8>(), 200);
    assert!(Tensor::from([false, true]).max(..).item::<bool>());
    assert_eq!(Tensor::from([true, false, false]).argmin(0).item::<i64>(), 1);
}

#[test]
fn empty_axes_are_refused_unless_nothing_is_asked_for() {
    let x = Tensor::zeros([2, 0], DType::F32);
    let message = |primitive: &dyn Primitive| try_apply(primitive, &[&x]).unwrap_err().to_string();
    assert_eq!(message(&Max::new(1, false)), "max: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(message(&Min::new(.., false)), "min: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(message(&ArgMax::new(-1, true)), "argmax: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(x.max(0).shape()[..], [0]);
    assert_eq!(x.argmin(0).shape()[..], [0]);
    let nothing = Tensor::zeros([0, 0], DType::F32);
    assert_eq!(nothing.max(1).shape()[..], [0]);
    assert_eq!(nothing.argmax_keepdims(1).shape()[..], [0, 1]);
}

#[test]
fn positions_have_no_derivative() {
    assert!(matches!(ArgMax::new(0, false).derivative(), Derivative::Zero));
}
