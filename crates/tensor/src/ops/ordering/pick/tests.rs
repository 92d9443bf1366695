//! What is picked, where elements are equal or NaN; the values are PyTorch's. The kernels have tests of their own.

use super::{KthValue, MaxWithIndices, MedianWithIndices, Sort, TopK};
use crate::{Cotangent, Cotangents, DType, Few, Primitive, Saved, Spec, Tensor, Vjp, apply, try_apply};

const NAN: f64 = f64::NAN;

fn places((_, places): (Tensor, Tensor)) -> Vec<i64> {
    places.to_vec()
}

#[test]
fn nan_is_last_in_order_and_equal_elements_stay_in_theirs() {
    let x = Tensor::from([3.0, NAN, 1.0, -0.0, 0.0, NAN, f64::INFINITY]);
    assert_eq!(places(x.sort(0)), [3, 4, 2, 0, 6, 1, 5]);
    assert_eq!(places(x.sort_descending(0)), [1, 5, 6, 0, 2, 3, 4]);
    assert_eq!(x.argsort(0).to_vec::<i64>(), [3, 4, 2, 0, 6, 1, 5]);
    assert_eq!(x.argsort_descending(0).to_vec::<i64>(), [1, 5, 6, 0, 2, 3, 4]);
    assert_eq!(places(x.topk(3, 0)), [1, 5, 6]);
    assert_eq!(places(x.topk_smallest(3, 0)), [3, 4, 2]);
    let (value, place) = x.kthvalue(6, 0);
    assert!(value.item::<f64>().is_nan() && place.item::<i64>() == 1);
}

#[test]
fn values_are_gathered_along_any_axis_of_any_layout() {
    let x = Tensor::from([[3i64, 1, 2], [1, 5, 0]]);
    for x in [x.clone(), x.transpose(0, 1), x.flip(..), x.narrow(0, 0, 1).expand([2, 3]), x.unsqueeze(1)] {
        for axis in 0..x.rank() as isize {
            let size = x.size(axis);
            let all = [
                x.sort(axis),
                x.sort_descending(axis),
                x.topk(size / 2, axis),
                x.topk_smallest(size, axis),
                x.kthvalue_keepdims(1, axis),
                x.max_with_indices_keepdims(axis),
                x.min_with_indices_keepdims(axis),
                x.median_with_indices_keepdims(axis),
                x.nanmedian_with_indices_keepdims(axis),
                x.cummax(axis),
                x.cummin(axis),
            ];
            for (values, places) in all {
                assert_eq!(values.to_vec::<i64>(), x.gather(axis, &places).to_vec::<i64>());
            }
            let (max, place) = x.max_with_indices(axis);
            assert_eq!((max.to_vec::<i64>(), place.to_vec()), (x.max(axis).to_vec(), x.argmax(axis).to_vec::<i64>()));
            assert_eq!(x.min_with_indices(axis).0.to_vec::<i64>(), x.min(axis).to_vec::<i64>());
            assert_eq!(x.kthvalue(size, axis).0.to_vec::<i64>(), x.max(axis).to_vec::<i64>());
        }
    }
}

#[test]
fn running_extrema_pick_the_last_of_equal_elements_and_the_last_nan() {
    let x = Tensor::from([1.0, NAN, 3.0, NAN, NAN]);
    assert_eq!(places(x.cummax(0)), [0, 1, 1, 3, 4]);
    assert_eq!(places(x.cummin(0)), [0, 1, 1, 3, 4]);
    assert!(x.cummin(0).0.to_vec::<f64>()[1..].iter().all(|y| y.is_nan()));
    let x = Tensor::from([1.0, 1.0, 0.0, 1.0]);
    assert_eq!(places(x.cummax(0)), [0, 1, 1, 3]);
    assert_eq!(places((-x).cummin(0)), [0, 1, 1, 3]);
    let infinite = Tensor::from([f64::NEG_INFINITY, f64::NEG_INFINITY]);
    assert_eq!((places(infinite.cummax(0)), places(infinite.cummin(0))), (vec![0, 1], vec![0, 1]));
}

#[test]
fn medians_are_the_lower_of_two() {
    let x = Tensor::from([[1.0, NAN, 3.0, NAN], [4.0, 2.0, 1.0, 3.0]]);
    assert_eq!(places(x.median_with_indices(1)), [1, 1]);
    assert_eq!(places(x.nanmedian_with_indices(1)), [0, 1]);
    assert_eq!(places(Tensor::from([1.0, 2.0, 2.0, 3.0]).median_with_indices(0)), [1]);
    assert_eq!(places(Tensor::from([NAN, NAN]).nanmedian_with_indices(0)), [0]);
    assert_eq!(Tensor::from([true, false, true]).median_with_indices(0).1.item::<i64>(), 0);
}

#[test]
fn the_cotangent_goes_to_what_was_picked() {
    let x = Tensor::from([[1.0, 3.0, 3.0], [2.0, 2.0, 5.0]]);
    let max = MaxWithIndices::new(1, false);
    let y = apply(&max, &[&x]);
    let saved = Saved::new(max.keep(&[true]), &[&x], &y);
    // The places have no cotangent; the tape gives some scalar in its place.
    let y_bars = [Cotangent::Given(Tensor::from([10.0, 20.0])), Cotangent::Zero(Box::new(Spec::new([], DType::F32)))];
    let x_bar = max.vjp(&saved, Cotangents::new(y_bars.into()), &[true]).into_single().unwrap();
    assert_eq!(x_bar.to_vec::<f64>(), [0.0, 10.0, 0.0, 0.0, 0.0, 20.0]);
    let y_dots = max.jvp(&[&x], &[Some(&(&x * 2))], &y).unwrap();
    assert_eq!(y_dots[0].as_ref().unwrap().to_vec::<f64>(), [6.0, 10.0]);
    assert!(y_dots[1].is_none());
}

#[test]
fn nothing_is_sorted_to_nothing_and_has_no_extremum() {
    let x = Tensor::zeros([2, 0], DType::F32);
    assert_eq!(x.sort(1).1.shape()[..], [2, 0]);
    assert_eq!(x.topk(0, 1).0.shape()[..], [2, 0]);
    assert_eq!(x.sort(0).0.shape()[..], [2, 0]);
    assert_eq!(x.kthvalue(1, 0).0.shape()[..], [0]);
    assert_eq!(Tensor::zeros([0, 0], DType::F32).median_with_indices(1).0.shape()[..], [0]);
    let message = |primitive: &dyn Primitive| try_apply(primitive, &[&x]).unwrap_err().to_string();
    assert_eq!(
        message(&MaxWithIndices::new(1, true)),
        "max_with_indices: cannot reduce over axis 1 of size 0; got f32[2, 0]"
    );
    assert_eq!(
        message(&MedianWithIndices::new(-1, false)),
        "median_with_indices: cannot reduce over axis 1 of size 0; got f32[2, 0]"
    );
    assert_eq!(message(&KthValue::new(1, 1, false)), "kthvalue: cannot reduce over axis 1 of size 0; got f32[2, 0]");
    assert_eq!(message(&TopK::new(1, 1, true)), "topk: cannot pick 1 of the 0 elements along axis 1; got f32[2, 0]");
}

#[test]
fn misuse_is_refused_with_a_reason() {
    let x = Tensor::from([[1.0, 2.0]]);
    let message = |primitive: &dyn Primitive, x: &Tensor| try_apply(primitive, &[x]).unwrap_err().to_string();
    assert_eq!(
        message(&KthValue::new(0, 1, false), &x),
        "kthvalue: k counts from 1: the first is the smallest; got f64[1, 2]"
    );
    assert_eq!(
        message(&KthValue::new(3, 1, false), &x),
        "kthvalue: k is 3, but axis 1 has only 2 elements; got f64[1, 2]"
    );
    assert_eq!(
        message(&TopK::new(usize::MAX, 0, true), &x),
        format!("topk: cannot pick {} of the 1 elements along axis 0; got f64[1, 2]", usize::MAX)
    );
    assert_eq!(
        message(&Sort::new(0, false), &Tensor::from(1.0)),
        "sort: axis 0 is out of range: a scalar has no axes; got f64[]"
    );
    let outputs: Few<Spec> = Sort::new(1, false).infer(&[x.spec()]).unwrap();
    assert_eq!(outputs[1], Spec::new([1, 2], DType::I64));
}
