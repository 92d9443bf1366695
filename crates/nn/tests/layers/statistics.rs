//! Running statistics beyond what PyTorch's figures show.

use crate::misuse::message;
use cotangent_autograd::{grad, module};
use cotangent_nn::{BatchNorm1d, InstanceNorm1d, Layer, Mode, Sequential};
use cotangent_tensor::{DType, Rng, Tensor};

#[test]
fn a_layer_that_runs_twice_in_a_step_counts_twice() {
    let (mut layer, mut rng) = (BatchNorm1d::new(1).momentum(None), Rng::seed(1));
    let mut mode = Mode::train(&mut rng);
    let _ = layer.forward(&Tensor::from([[0.0f32], [2.0]]), &mut mode);
    let _ = layer.forward(&Tensor::from([[4.0f32], [10.0]]), &mut mode);
    mode.store(&mut layer);
    let item = |tensor: &Option<Tensor>| tensor.as_ref().expect("kept").to_vec::<f32>()[0];
    // Means 1 and 7, variances by n - 1 of 2 and 18.
    assert_eq!((item(&layer.running_mean), item(&layer.running_var)), (4.0, 10.0));
    assert_eq!(layer.num_batches_tracked.expect("kept").item::<i64>(), 2);
}

#[test]
fn evaluation_and_layers_without_statistics_write_nothing() {
    let x = Tensor::from([[0.0f32], [2.0]]);
    let mut layer = BatchNorm1d::new(1);
    let mut mode = Mode::eval();
    let _ = layer.forward(&x, &mut mode);
    mode.store(&mut layer);
    assert_eq!(layer.num_batches_tracked.expect("kept").item::<i64>(), 0);
    // A layer without statistics does not ask for the mode.
    let without = Sequential::new().push(BatchNorm1d::new(1).without_running_stats()).push(InstanceNorm1d::new(2));
    assert!(module::tensors(&without).len() == 2);
    let y = BatchNorm1d::new(1).without_running_stats().forward(&x, &mut Mode::undecided());
    assert_eq!(y.sum(..).item::<f32>(), 0.0);
}

#[test]
fn cloned_layers_are_told_apart_by_no_one() {
    let mut model = vec![BatchNorm1d::new(2); 2];
    let (x, mut rng) = (Rng::seed(1).normal([4, 2], DType::F32), Rng::seed(1));
    let mut mode = Mode::train(&mut rng);
    let _ = model.call(&x, &mut mode);
    let message = message(|| mode.store(&mut model));
    assert!(message.starts_with("mode: `0.num_batches_tracked` and `1.num_batches_tracked` are clones"), "{message}");
}

#[test]
fn a_model_of_f64_keeps_statistics_of_f64() {
    let (x, mut rng) = (Rng::seed(1).normal([4, 2], DType::F64), Rng::seed(1));
    let mut layer = module::cast(&BatchNorm1d::new(2), DType::F64);
    let mut mode = Mode::train(&mut rng);
    let gradient = grad(&layer, |layer| layer.forward(&x, &mut mode).square().sum(..));
    mode.store(&mut layer);
    assert_eq!(layer.running_var.expect("kept").dtype(), DType::F64);
    assert_eq!(gradient.weight.expect("as in the layer").dtype(), DType::F64);
}
