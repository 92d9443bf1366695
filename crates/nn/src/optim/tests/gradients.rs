//! Clipping, accumulating, averaging.

use super::Mixed;
use crate::{
    optim::{Accumulator, Ema, clip_grad_norm, clip_grad_value},
    panics::panic_message,
};
use cotangent_tensor::{DType, Tensor};

#[test]
fn the_norm_is_that_of_floating_point_parameters_together() {
    let mut gradient =
        Mixed([Tensor::from([2.0f32, 3.0]), Tensor::from(100i64), Tensor::from(6.0f64), Tensor::from(1000.0f32)]);
    assert_eq!(clip_grad_norm(&mut gradient, 14.0).unwrap(), 7.0);
    assert_eq!(gradient.0[0].to_vec::<f32>(), [2.0, 3.0]);
    assert_eq!(clip_grad_norm(&mut gradient, 3.5).unwrap(), 7.0);
    // PyTorch adds 1e-6 to the norm that it divides by.
    assert!((gradient.0[2].item::<f64>() - 6.0 * 3.5 / 7.000001).abs() < 1e-15);
    assert!((gradient.0[0].to_vec::<f32>()[1] - 1.5).abs() < 1e-6);
    assert_eq!((gradient.0[1].item::<i64>(), gradient.0[3].item::<f32>()), (100, 1000.0));
}

#[test]
fn norms_at_the_ends_of_the_range_are_exact() {
    for scale in [1e300, 1e-300, 1e-310] {
        let mut gradient = [Tensor::from(3.0 * scale), Tensor::from(4.0 * scale)];
        let norm = clip_grad_norm(&mut gradient, f64::INFINITY).unwrap();
        assert!((norm / (5.0 * scale) - 1.0).abs() < 1e-12, "{norm}");
    }
    let mut large = [Tensor::from(3e300), Tensor::from(4e300)];
    clip_grad_norm(&mut large, 1.0).unwrap();
    assert!((large[1].item::<f64>() - 0.8).abs() < 1e-12);
    assert_eq!(clip_grad_norm(&mut Tensor::zeros([0], DType::F32), 1.0).unwrap(), 0.0);
    assert_eq!(clip_grad_norm(&mut Tensor::zeros([3], DType::F32), 1.0).unwrap(), 0.0);
}

#[test]
fn a_gradient_that_is_not_finite_is_reported_and_stays() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut gradient = [Tensor::from([1.0f32, 100.0]), Tensor::from([0.5f32, bad, 1.0])];
        let error = clip_grad_norm(&mut gradient, 1.0).unwrap_err().to_string();
        assert_eq!(error, "clip_grad_norm: the gradient of `1` is not finite");
        assert_eq!(gradient[0].to_vec::<f32>(), [1.0, 100.0]);
    }
    let mut gradient = Tensor::from([f64::NAN, f64::NEG_INFINITY, 0.25]);
    clip_grad_value(&mut gradient, 0.5);
    let clipped = gradient.to_vec::<f64>();
    assert!(clipped[0].is_nan());
    assert_eq!(clipped[1..], [-0.5, 0.25]);
    let message = panic_message(|| clip_grad_norm(&mut Tensor::from(1.0), f64::NAN));
    assert_eq!(message, "clip_grad_norm: max_norm must be a number from 0 on; got NaN");
    let message = panic_message(|| clip_grad_value(&mut Tensor::from(1.0), -1.0));
    assert_eq!(message, "clip_grad_value: clip_value must be a number from 0 on; got -1");
}

#[test]
fn gradients_of_other_shapes_are_not_accumulated() {
    let mut accumulator = Accumulator::new();
    accumulator.add([Tensor::from([1.0, 2.0])]);
    let message = panic_message(|| accumulator.add([Tensor::from([1.0])]));
    assert_eq!(message, "accumulator: the gradient of `0` was f64[2], but is f64[1]");
    accumulator.add([Tensor::from([3.0, 2.0])]);
    assert_eq!(accumulator.take_sum().unwrap()[0].to_vec::<f64>(), [4.0, 4.0]);
    assert_eq!(accumulator.count(), 0);
}

#[test]
fn an_average_is_corrected_for_where_it_starts() {
    let mut model = (Tensor::from(8.0f64), Tensor::from(3i64));
    let mut ema = Ema::with_bias_correction(&model, 0.75);
    assert_eq!(ema.model().0.item::<f64>(), 0.0);
    ema.update(&model);
    // After one update it is the model, whatever the decay.
    assert_eq!(ema.model().0.item::<f64>(), 8.0);
    model = (Tensor::from(1.0), Tensor::from(4i64));
    ema.update(&model);
    // (0.75 * 0.25 * 8 + 0.25 * 1) / (1 - 0.75²)
    assert!((ema.model().0.item::<f64>() - 4.0).abs() < 1e-14);
    assert_eq!(ema.model().1.item::<i64>(), 4);
    let message = panic_message(|| ema.update(&(Tensor::from([1.0]), Tensor::from(1i64))));
    assert_eq!(message, "ema: `0` is f64[1], but was f64[] before");
    assert!(panic_message(|| Ema::new(&model, 1.0)).starts_with("ema: decay must be at least 0 and below 1"));
}
