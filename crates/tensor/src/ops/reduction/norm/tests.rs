//! Norms of every order, at the zero vector, and where powers would overflow. Slopes are PyTorch's, seen through the rule.

use super::VectorNorm;
use crate::{Cotangent, Cotangents, DType, Few, Saved, Tensor, Vjp, apply, try_apply};

const INF: f64 = f64::INFINITY;

fn slopes(order: f64, x: &Tensor) -> Vec<f64> {
    let norm = VectorNorm::new(order, .., false);
    let y = apply(&norm, &[x]);
    let saved = Saved::new(norm.keep(&[true]), &[x], &y);
    let y_bar = Cotangents::new(Few::one(Cotangent::Given(Tensor::from(1.0))));
    norm.vjp(&saved, y_bar, &[true]).into_single().unwrap().to_vec()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64]) {
    // A few roundings of numbers near one.
    let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-14 * b.abs().max(1.0));
    assert!(close && found.len() == expected.len(), "{found:?} is not {expected:?}");
}

#[test]
fn every_order_has_its_norm() {
    let x = Tensor::from([0.0, 3.0, -4.0]);
    for (order, norm) in [(0.0, 2.0), (0.5, 13.928203230275509), (1.0, 7.0), (2.0, 5.0), (3.0, 4.497941445275415)] {
        close(&[x.vector_norm(order, ..).item()], &[norm]);
    }
    for (order, norm) in [(INF, 4.0), (-INF, 0.0), (-1.0, 0.0), (-2.0, 0.0)] {
        assert_eq!(x.vector_norm(order, 0).item::<f64>(), norm);
    }
    let y = Tensor::from([[2.0, -2.0, 1.0]]);
    close(&y.vector_norm(-1, 1).to_vec(), &[0.5]);
    assert_eq!(y.vector_norm_keepdims(-INF, 1).to_vec::<f64>(), [1.0]);
    for order in [0.0, 1.0, 2.0, 3.0, INF] {
        assert_eq!(y.vector_norm_keepdims(order, ..).shape()[..], [1, 1]);
        assert_eq!(y.vector_norm(order, 1).shape()[..], [1]);
    }
}

#[test]
fn slopes_are_zero_where_there_are_none() {
    let (zero, x) = (Tensor::zeros([3], DType::F64), Tensor::from([0.0, 3.0, -4.0]));
    for order in [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, -1.0] {
        assert_eq!(slopes(order, &zero), [0.0; 3], "order {order}");
    }
    close(&slopes(0.5, &x), &[0.0, 2.154700538379252, -1.8660254037844386]);
    close(&slopes(1.0, &x), &[0.0, 1.0, -1.0]);
    close(&slopes(1.5, &x), &[0.0, 0.7329564758289748, -0.8463452372482761]);
    close(&slopes(2.0, &x), &[0.0, 0.6, -0.8]);
    close(&slopes(3.0, &x), &[0.0, 0.4448513517305356, -0.7908468475209521]);
    assert_eq!(slopes(-1.0, &x), [0.0; 3]);
    close(&slopes(-1.0, &Tensor::from([2.0, -2.0, 1.0])), &[0.0625, -0.0625, 0.25]);
}

#[test]
fn no_power_overflows_or_underflows_where_the_norm_does_not() {
    for scale in [1e-300, 1e-160, 1.0, 1e160, 1e300] {
        let x = Tensor::from([[3.0 * scale, -4.0 * scale], [0.0, 0.0], [1.0, 1.0]]);
        let norms = x.vector_norm(2, 1).to_vec::<f64>();
        close(&[norms[0] / scale, norms[1], norms[2]], &[5.0, 0.0, 2.0f64.sqrt()]);
        close(&[x.vector_norm(3, 1).to_vec::<f64>()[0] / scale], &[91.0f64.cbrt()]);
        close(&[x.vector_norm(-2, 1).to_vec::<f64>()[0] / scale], &[2.4]);
        close(&slopes(2.0, &x.narrow(0, 0, 1)), &[0.6, -0.8]);
    }
    let x = Tensor::from([3e30f32, 4e30]);
    assert_eq!(x.vector_norm(2, ..).item::<f32>(), 5e30);
    assert_eq!((&x * 1e-30 * 1e-30).vector_norm(2, ..).item::<f32>(), 5e-30);
}

#[test]
fn what_is_not_finite_goes_through() {
    let x = Tensor::from([1.0, -INF]);
    for order in [0.5, 1.0, 2.0, 3.0, INF] {
        assert_eq!(x.vector_norm(order, ..).item::<f64>(), INF, "order {order}");
    }
    assert_eq!(x.vector_norm(-1, ..).item::<f64>(), 1.0);
    assert_eq!(Tensor::from([INF, INF]).vector_norm(-1, ..).item::<f64>(), INF);
    let x = Tensor::from([1.0, f64::NAN]);
    for order in [0.5, 1.0, 2.0, 3.0, INF, -INF, -1.0] {
        assert!(x.vector_norm(order, ..).item::<f64>().is_nan(), "order {order}");
    }
    assert_eq!(x.vector_norm(0, ..).item::<f64>(), 2.0);
}

#[test]
fn of_nothing_the_norm_is_zero_or_refused() {
    let x = Tensor::zeros([2, 0], DType::F32);
    for order in [0.0, 0.5, 1.0, 2.0] {
        assert_eq!(x.vector_norm(order, 1).to_vec::<f32>(), [0.0; 2], "order {order}");
        assert_eq!(x.vector_norm(order, 0).shape()[..], [0]);
    }
    let refused = try_apply(&VectorNorm::new(-1.0, 1, false), &[&x]).unwrap_err().to_string();
    assert_eq!(refused, "vector_norm: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(x.vector_norm(INF, 0).shape()[..], [0]);
    let refused = try_apply(&VectorNorm::new(INF, 0, false), &[&x]).unwrap_err().to_string();
    assert_eq!(
        refused,
        "vector_norm: the primitive takes a finite order that is not 0, not inf; got f32[2, 0]; its method takes 0 and the infinities"
    );
}

#[test]
#[should_panic(expected = "vector_norm: cannot reduce over axis 0 of size 0; got f64[0]")]
fn nothing_has_no_greatest_element() {
    let _ = Tensor::zeros([0], DType::F64).vector_norm(INF, ..);
}

#[test]
#[should_panic(expected = "vector_norm: the order must not be NaN; got f64[1]")]
fn an_order_that_is_no_number_is_refused() {
    let _ = Tensor::from([1.0]).vector_norm(f64::NAN, ..);
}

#[test]
#[should_panic(
    expected = "vector_norm: needs a floating-point dtype; got i64[1]; cast first, for example with .cast(DType::F32)"
)]
fn integers_have_no_norm() {
    let _ = Tensor::from([1i64]).vector_norm(1, ..);
}
