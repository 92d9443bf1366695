use crate::{DType, Tensor, ops::refused::message};

const INF: f64 = f64::INFINITY;

#[test]
fn logarithms_of_sums_reach_from_infinity_to_infinity() {
    let (x, y) = (Tensor::from([INF, -INF, INF, 1e4, -1e4]), Tensor::from([INF, -INF, -INF, 1e4, -2e4]));
    assert_eq!(x.logaddexp(&y).to_vec::<f64>()[..3], [INF, -INF, INF]);
    assert_eq!(x.logaddexp2(&y).to_vec::<f64>(), [INF, -INF, INF, 1e4 + 1.0, -1e4]);
    for f in
        [|x: &Tensor| x.logaddexp(1.0), |x: &Tensor| x.logaddexp2(1.0), |x: &Tensor| Tensor::from(1.0).logaddexp(x)]
    {
        assert!(f(&Tensor::from(f64::NAN)).item::<f64>().is_nan());
    }
}

#[test]
fn powers_of_integers_wrap() {
    let (x, n) = (Tensor::from([3i64, -2, 0, -1, 10]), Tensor::from([4i64, 3, 0, i64::MAX, 19]));
    // 10^19 - 2^64, as PyTorch has it.
    assert_eq!(x.pow(&n).to_vec::<i64>(), [81, -8, 1, -1, -8446744073709551616]);
    assert_eq!(Tensor::from([3u8, 16, 255]).pow(6).to_vec::<u8>(), [217, 0, 1]);
    assert_eq!(Tensor::from(2i64).pow(&Tensor::from([[0i64, 1], [62, 63]])).to_vec::<i64>(), [1, 2, 1 << 62, i64::MIN]);
    assert_eq!(
        message(|| x.pow(-1)),
        "pow: an integer has no negative powers; got i64[5], i64[]; cast both first, for example with .cast(DType::F32)"
    );
    assert!(message(|| x.pow(0.5)).starts_with("pow: the float 0.5 does not go with a tensor of i64"));
    assert!(message(|| Tensor::from([2u8]).pow(-1)).starts_with("pow: -1 does not fit a tensor of u8"));
}

#[test]
fn zero_times_a_logarithm_is_zero() {
    let (x, y) = (Tensor::from([0.0, 0.0, 0.0, 2.0, 0.0]), Tensor::from([0.0, -1.0, INF, 0.0, 2.0]));
    assert_eq!(x.xlogy(&y).to_vec::<f64>(), [0.0, 0.0, 0.0, -INF, 0.0]);
    assert!(Tensor::from(0.0).xlogy(f64::NAN).item::<f64>().is_nan());
}

#[test]
fn the_other_side_takes_the_place_of_nan() {
    let (x, y) = (Tensor::from([1.0, f64::NAN, 1.0, f64::NAN]), Tensor::from([2.0, 2.0, f64::NAN, f64::NAN]));
    let (greater, lesser) = (x.fmax(&y).to_vec::<f64>(), x.fmin(&y).to_vec::<f64>());
    assert_eq!((&greater[..3], &lesser[..3]), (&[2.0, 2.0, 1.0][..], &[1.0, 2.0, 1.0][..]));
    assert!(greater[3].is_nan() && lesser[3].is_nan());
}

#[test]
fn powers_are_those_of_c() {
    let (x, y) = (Tensor::from([0.0, 0.0, 0.0, -2.0, 1.0, -2.0]), Tensor::from([0.0, 1.0, -1.0, 3.0, f64::NAN, 0.5]));
    let z = x.pow(&y).to_vec::<f64>();
    assert_eq!(z[..5], [1.0, 0.0, INF, -8.0, 1.0]);
    assert!(z[5].is_nan());
    assert_eq!(Tensor::from([2.0f32, 9.0]).pow(0.5).to_vec::<f32>()[1], 3.0);
}

#[test]
fn both_ends_of_an_interpolation_are_exact() {
    let (x, y) = (Tensor::from([0.1f32, 1e8]), Tensor::from([0.7f32, 1.0]));
    for (weight, end) in [(0.0, &x), (1.0, &y)] {
        assert_eq!(x.lerp(&y, weight).to_vec::<f32>(), end.to_vec::<f32>());
        assert_eq!(x.lerp(&y, &Tensor::full([2], weight, DType::F32)).to_vec::<f32>(), end.to_vec::<f32>());
    }
    assert_eq!(Tensor::zeros([2, 1], DType::F32).lerp(&Tensor::ones([3], DType::F32), 0.5).shape()[..], [2, 3]);
}

#[test]
#[should_panic(
    expected = "hypot: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; got f32[2], f32[3]"
)]
fn shapes_must_broadcast() {
    let _ = Tensor::zeros([2], DType::F32).hypot(&Tensor::zeros([3], DType::F32));
}

#[test]
#[should_panic(
    expected = "lerp: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; got f32[2], f32[2], f32[3]"
)]
fn all_three_shapes_must_broadcast() {
    let x = Tensor::zeros([2], DType::F32);
    let _ = x.lerp(&x, &Tensor::zeros([3], DType::F32));
}

#[test]
#[should_panic(
    expected = "atan2: needs a floating-point dtype; got i64[1], i64[]; cast first, for example with .cast(DType::F32)"
)]
fn angles_are_of_floats() {
    let _ = Tensor::from([1i64]).atan2(1);
}
