use crate::{DType, Tensor};

/// Values from PyTorch.
#[test]
fn bends_and_tails_have_their_values() {
    let x = Tensor::from([0.0f32, -0.5, 1.0, -3.0, 6.0, f32::INFINITY, f32::NEG_INFINITY, 1e4, -1e4]);
    let values = |y: Tensor| y.to_vec::<f32>();
    let inf = f32::INFINITY;
    assert_eq!(values(x.relu6()), [0.0, 0.0, 1.0, 0.0, 6.0, 6.0, 0.0, 6.0, 0.0]);
    assert_eq!(values(x.leaky_relu(0.5)), [0.0, -0.25, 1.0, -1.5, 6.0, inf, -inf, 1e4, -5e3]);
    assert_eq!(values(x.elu(2))[5..], [inf, -2.0, 1e4, -2.0]);
    assert_eq!(values(x.celu(2))[5..], [inf, -2.0, 1e4, -2.0]);
    assert_eq!(values(x.hardtanh(-1, 1)), [0.0, -0.5, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0]);
    assert_eq!(values(x.hardsigmoid())[3..], [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(values(x.hardswish())[3..], [0.0, 6.0, inf, 0.0, 1e4, 0.0]);
    assert_eq!(values(x.softshrink(0.5)), [0.0, 0.0, 0.5, -2.5, 5.5, inf, -inf, 9999.5, -9999.5]);
    assert_eq!(values(x.hardshrink(0.5)), [0.0, 0.0, 1.0, -3.0, 6.0, inf, -inf, 1e4, -1e4]);
    assert_eq!(values(x.hardshrink(-1)), values(x.clone()));
    assert_eq!(values(x.threshold(1, 5)), [5.0, 5.0, 5.0, 5.0, 6.0, inf, 5.0, 1e4, 5.0]);
}

#[test]
fn weights_are_one_or_one_for_each_channel() {
    let x = Tensor::full([2, 3, 2], -1.0, DType::F64);
    let y = x.prelu(&Tensor::from([1.0, 2.0, 3.0]));
    assert_eq!(y.to_vec::<f64>(), [-1.0, -1.0, -2.0, -2.0, -3.0, -3.0].repeat(2));
    assert_eq!(x.prelu(&Tensor::from([4.0])).to_vec::<f64>(), [-4.0; 12]);
    assert_eq!(Tensor::from(-2.0).prelu(&Tensor::from(0.5)).item::<f64>(), -1.0);
}

#[test]
#[should_panic(
    expected = "prelu: the weight must be one number or a list of 3, one for each channel along axis 1; got f32[2, 3], f32[2]"
)]
fn weights_of_another_count_are_refused() {
    let _ = Tensor::zeros([2, 3], DType::F32).prelu(&Tensor::zeros([2], DType::F32));
}

#[test]
#[should_panic(expected = "celu: alpha must be finite and not 0, not 0.0; got f32[1]")]
fn the_scale_of_celu_is_not_zero() {
    let _ = Tensor::from([1.0f32]).celu(0);
}

#[test]
#[should_panic(expected = "softshrink: lambda must be at least 0, not -1.0; got f32[1]")]
fn a_shrinkage_is_not_negative() {
    let _ = Tensor::from([1.0f32]).softshrink(-1);
}

#[test]
#[should_panic(expected = "glu: axis 0 must have an even size, to be halved, not 3; got f32[3]")]
fn a_gate_is_a_half() {
    let _ = Tensor::zeros([3], DType::F32).glu(0);
}

#[test]
#[should_panic(expected = "softmin: needs a floating-point dtype; got i64[1]")]
fn softmin_is_of_floats() {
    let _ = Tensor::from([1i64]).softmin(0);
}

#[test]
#[should_panic(expected = "logit: eps must be from 0 to 0.5, not 0.6; got f64[]")]
fn logit_has_room_for_its_eps() {
    let _ = Tensor::from(0.3).logit(Some(0.6));
}

#[test]
#[should_panic(
    expected = "polygamma: the order must be at most 170, whose factorial is the last in f64, not 171; got f64[]"
)]
fn orders_of_polygamma_end() {
    let _ = Tensor::from(0.3).polygamma(171);
}
