//! Sums, means and variances: shapes, values at the edges, and rules. The kernels have tests of their own.

use super::{All, Any, Sum};
use crate::{Cotangent, Cotangents, DType, Few, Primitive, Saved, Tensor, Vjp, apply, try_apply};

fn numbers(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    Tensor::from_vec((0..count).map(|i| (i * 37 % 23) as f64 - 11.0).collect(), shape).unwrap()
}

#[test]
fn axes_go_or_stay() {
    let x = numbers(&[2, 3, 4]);
    let cases: [(&[isize], &[usize], &[usize]); 5] = [
        (&[0], &[3, 4], &[1, 3, 4]),
        (&[-1], &[2, 3], &[2, 3, 1]),
        (&[2, 0], &[3], &[1, 3, 1]),
        (&[0, 1, 2], &[], &[1, 1, 1]),
        (&[], &[2, 3, 4], &[2, 3, 4]),
    ];
    for (axes, gone, kept) in cases {
        assert_eq!(x.sum(axes).shape()[..], *gone);
        assert_eq!(x.sum_keepdims(axes).shape()[..], *kept);
        assert_eq!(x.mean(axes).shape()[..], *gone);
        assert_eq!(x.var_keepdims(axes, 0).shape()[..], *kept);
    }
    assert_eq!(x.sum([0isize; 0]).to_vec::<f64>(), x.to_vec::<f64>());
    assert_eq!(x.sum(..).item::<f64>(), x.to_vec::<f64>().iter().sum::<f64>());
}

#[test]
fn sums_of_nothing_are_zero_and_means_of_nothing_nan() {
    for dtype in [DType::F32, DType::F64, DType::I64] {
        let y = Tensor::zeros([2, 0], dtype).sum(1);
        assert_eq!((y.dtype(), y.shape()[..].to_vec()), (dtype, vec![2]));
        assert!(y.eq(&Tensor::zeros([2], dtype)).to_vec::<bool>().iter().all(|&zero| zero));
    }
    assert_eq!(Tensor::zeros([2, 0], DType::F64).sum(0).numel(), 0);
    assert!(Tensor::zeros([2, 0], DType::F64).mean(1).to_vec::<f64>().iter().all(|y| y.is_nan()));
    assert!(Tensor::zeros([0], DType::F32).var(.., 0).item::<f32>().is_nan());
}

#[test]
fn integer_sums_are_exact_and_wrap() {
    let large = (1i64 << 60) + 1;
    assert_eq!(Tensor::from([large, large, large]).sum(..).item::<i64>(), 3 * large);
    assert_eq!(Tensor::from([i64::MAX, 1]).sum(..).item::<i64>(), i64::MIN);
    assert_eq!(Tensor::full([3], i64::MAX, DType::I64).sum(..).item::<i64>(), i64::MAX.wrapping_mul(3));
}

#[test]
fn variance_is_that_of_the_deviations() {
    let x = Tensor::from([[1.0, 2.0, 6.0], [5.0, 5.0, 5.0]]);
    assert_eq!(x.var(1, 1).to_vec::<f64>(), [7.0, 0.0]);
    assert_eq!(x.var(1, 0).to_vec::<f64>(), [14.0 / 3.0, 0.0]);
    // Far from zero: the textbook formula would lose all digits.
    let far = Tensor::from([1e8f32 + 8.0, 1e8, 1e8 - 8.0]);
    assert_eq!(far.var(.., 1).item::<f32>(), 64.0);
    // No degrees of freedom are left.
    assert!(Tensor::from([3.0]).var(.., 1).item::<f64>().is_nan());
    assert_eq!(Tensor::from([1.0, 2.0]).var(.., 5).item::<f64>(), f64::INFINITY);
}

#[test]
fn sum_to_shape_undoes_every_broadcast() {
    let patterns: [(&[usize], &[usize]); 12] = [
        (&[], &[3]),
        (&[], &[2, 3]),
        (&[1], &[3]),
        (&[3], &[2, 3]),
        (&[1], &[2, 1]),
        (&[1, 3], &[2, 3]),
        (&[2, 1], &[2, 3]),
        (&[2, 1], &[4, 2, 3]),
        (&[1], &[0]),
        (&[], &[2, 0]),
        (&[0, 1], &[0, 3]),
        (&[1, 1], &[1, 1, 1]),
    ];
    for (narrow, wide) in patterns {
        // The sum of ones counts how often each element was repeated.
        let count = wide.iter().product::<usize>() as f64 / narrow.iter().product::<usize>().max(1) as f64;
        let sums = Tensor::ones(wide, DType::F64).sum_to_shape(narrow);
        assert_eq!(sums.shape()[..], *narrow, "{narrow:?} {wide:?}");
        assert!(sums.to_vec::<f64>().iter().all(|&sum| sum == count), "{narrow:?} {wide:?}");
        // <expand(x), w> = <x, sum_to_shape(w)>
        let (x, w) = (numbers(narrow), numbers(wide) + 2.0);
        let left = (x.expand(wide) * &w).sum(..).item::<f64>();
        assert_eq!(left, (&x * w.sum_to_shape(narrow)).sum(..).item::<f64>(), "{narrow:?} {wide:?}");
    }
}

#[test]
#[should_panic(expected = "sum_to_shape: [3] does not broadcast to the tensor's shape; got f64[2, 2]")]
fn sum_to_shape_refuses_what_does_not_broadcast() {
    let _ = numbers(&[2, 2]).sum_to_shape([3]);
}

#[test]
fn the_rule_of_sum_repeats_the_cotangent() {
    let x = numbers(&[2, 3]);
    for keepdims in [false, true] {
        let sum = Sum::new(1, keepdims);
        let y = apply(&sum, &[&x]);
        let saved = Saved::new(sum.keep(&[true]), &[&x], &y);
        let y_bar = Tensor::from([5.0, 7.0]).reshape(y[0].shape());
        let y_bar = Cotangents::new(Few::one(Cotangent::Given(y_bar)));
        let x_bar = sum.vjp(&saved, y_bar, &[true]).into_single().unwrap();
        assert_eq!(x_bar.shape(), x.shape());
        assert_eq!(x_bar.to_vec::<f64>(), [5.0, 5.0, 5.0, 7.0, 7.0, 7.0]);
        let y_dot = sum.jvp(&[&x], &[Some(&x)], &y).unwrap().into_single().unwrap();
        assert_eq!(y_dot.to_vec::<f64>(), y[0].to_vec::<f64>());
    }
}

#[test]
fn misuse_is_refused_with_a_reason() {
    let message = |primitive: &dyn Primitive, x: &Tensor| try_apply(primitive, &[x]).unwrap_err().to_string();
    assert_eq!(
        message(&Sum::new(.., false), &Tensor::from([true])),
        "sum: a sum of bool would soon overflow it; got bool[1]; cast first, for example with .cast(DType::I64)"
    );
    assert_eq!(
        message(&Sum::new([1, -1], false), &numbers(&[2, 2])),
        "sum: axis 1 is named twice in [1, -1]; got f64[2, 2]"
    );
    assert_eq!(
        message(&Sum::new(0, false), &Tensor::from(1.0)),
        "sum: axis 0 is out of range: a scalar has no axes; got f64[]"
    );
}

#[test]
#[should_panic(
    expected = "mean: needs a floating-point dtype; got i64[1]; cast first, for example with .cast(DType::F32)"
)]
fn means_of_integers_are_refused() {
    let _ = Tensor::from([1i64]).mean(..);
}

#[test]
fn the_spread_is_computed_with_its_mean() {
    let x = Tensor::from([[1.0, 2.0, 6.0], [5.0, 5.0, 5.0]]);
    assert_eq!(x.std(1, 1).to_vec::<f64>(), [7.0f64.sqrt(), 0.0]);
    for (var, mean) in [x.var_mean(1, 1), (x.var(1, 1), x.mean(1))] {
        assert_eq!((var.to_vec::<f64>(), mean.to_vec::<f64>()), (vec![7.0, 0.0], vec![3.0, 5.0]));
        assert_eq!((var.shape()[..].to_vec(), mean.shape()[..].to_vec()), (vec![2], vec![2]));
    }
    let (std, mean) = x.std_mean_keepdims([0, 1], 0);
    assert_eq!((std.shape()[..].to_vec(), mean.item::<f64>()), (vec![1, 1], 4.0));
    // A correction need not be an integer, nor positive.
    assert_eq!(Tensor::from([1.0, 3.0]).var(.., 1.5).item::<f64>(), 4.0);
    assert_eq!(Tensor::from([1.0, 3.0]).var(.., -2).item::<f64>(), 0.5);
    let nothing = Tensor::zeros([2, 0], DType::F32);
    assert!(nothing.std(1, 0).to_vec::<f32>().iter().all(|y| y.is_nan()));
    assert_eq!(nothing.std(0, 0).shape()[..], [0]);
}

#[test]
fn sums_leave_out_nan() {
    let x = Tensor::from([[1.0, f64::NAN], [f64::NAN, f64::NAN], [f64::INFINITY, 2.0]]);
    assert_eq!(x.nansum(1).to_vec::<f64>(), [1.0, 0.0, f64::INFINITY]);
    let means = x.nanmean(1).to_vec::<f64>();
    assert!(means[0] == 1.0 && means[1].is_nan() && means[2] == f64::INFINITY);
    assert_eq!(Tensor::from([1i64, 2]).nansum(0).item::<i64>(), 3);
    assert_eq!(Tensor::zeros([2, 0], DType::F32).nansum_keepdims(1).to_vec::<f32>(), [0.0, 0.0]);
    assert!(Tensor::zeros([0], DType::F32).nanmean(..).item::<f32>().is_nan());
}

#[test]
#[should_panic(
    expected = "nansum: a sum of u8 would soon overflow it; got u8[1]; cast first, for example with .cast(DType::I64)"
)]
fn sums_of_bytes_are_refused_in_their_name() {
    let _ = Tensor::from([1u8]).nansum(..);
}

#[test]
fn truth_over_axes_is_that_of_every_dtype() {
    let x = Tensor::from([[0.0f32, -0.0], [0.0, f32::NAN], [1.0, 2.0]]);
    assert_eq!(x.all(1).to_vec::<bool>(), [false, false, true]);
    assert_eq!(x.any(1).to_vec::<bool>(), [false, true, true]);
    assert_eq!(x.count_nonzero(1).to_vec::<i64>(), [0, 1, 2]);
    assert_eq!(x.count_nonzero([0isize; 0]).to_vec::<i64>(), [0, 0, 0, 1, 1, 1]);
    assert_eq!(x.cast(DType::Bool).transpose(0, 1).any(0).to_vec::<bool>(), [false, true, true]);
    assert!(Tensor::from([3u8, 1]).all(..).item::<bool>());
    assert!(!Tensor::from(false).any(..).item::<bool>());
    let nothing = Tensor::zeros([2, 0], DType::F32);
    assert_eq!(nothing.all(1).to_vec::<bool>(), [true, true]);
    assert_eq!(nothing.any(1).to_vec::<bool>(), [false, false]);
    assert_eq!(nothing.count_nonzero(1).to_vec::<i64>(), [0, 0]);
    assert_eq!(nothing.any_keepdims(0).shape()[..], [1, 0]);
}

#[test]
fn truth_over_axes_refuses_what_it_does_not_take() {
    let message = |primitive: &dyn Primitive, x: &Tensor| try_apply(primitive, &[x]).unwrap_err().to_string();
    assert_eq!(
        message(&All::new(.., false), &Tensor::from([1.0])),
        "all: the primitive takes truth values; got f64[1]; its method takes numbers; for try_apply, compare first, for example with \
         .ne(0)"
    );
    assert_eq!(
        message(&Any::new(1, false), &Tensor::from([true])),
        "any: axis 1 is out of range: axes of a tensor of rank 1 are -1 to 0; got bool[1]"
    );
}
