//! Running statistics beyond what PyTorch's figures show.

use crate::misuse::message;
use cotangent_autograd::{Module, grad, module, value_and_grad};
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
fn a_step_of_training_can_be_run_for_its_shapes() {
    let shapes = |x: &Tensor| Tensor::shape_only(x.shape(), x.dtype());
    for momentum in [Some(0.1), None] {
        let mut layer = module::map(&BatchNorm1d::new(2).momentum(momentum), |leaf| shapes(leaf.tensor));
        let (x, mut rng) = (Tensor::shape_only([4, 2], DType::F32), Rng::seed(1));
        let mut mode = Mode::train(&mut rng);
        let gradient = grad(&layer, |layer| layer.forward(&x, &mut mode).square().sum(..));
        mode.store(&mut layer);
        for (x, x_bar) in module::tensors(&layer).into_iter().zip(module::tensors(&gradient)) {
            assert!(x.spec() == x_bar.spec() && !x.has_values() && !x_bar.has_values());
        }
    }
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

/// Channels with means of 50 and -3, of which bf16 has spacings of 1/4 and 1/64.
fn off_centre(rng: &mut Rng) -> Tensor {
    rng.normal([16, 2, 5], DType::F32) + Tensor::from([[50.0f32], [-3.0]])
}

/// Runs in training, and stores.
fn trained<L: Layer + Module + Clone>(layer: &L, x: &Tensor, dtype: DType, rng: &mut Rng) -> (L, Tensor, L) {
    let (mut layer, mut mode) = (layer.clone(), Mode::train(rng));
    let (loss, gradient) = value_and_grad(&layer, |layer| {
        let y = module::cast(layer, dtype).call(&x.cast(dtype), &mut mode);
        (y.cast(DType::F32) * x.sin()).square().mean(..)
    });
    mode.store(&mut layer);
    (layer, loss, gradient)
}

/// Mixed precision, as PyTorch's autocast has it: the bits of an input are halves, running statistics are what f32 gives of these bits.
fn statistics_stay_f32<L: Layer + Module + Clone>(new: &L) {
    let mut rng = Rng::seed(11);
    let x = off_centre(&mut rng);
    for dtype in [DType::BF16, DType::F16] {
        let rounded = x.cast(dtype).cast(DType::F32);
        let (wanted, wanted_loss, wanted_gradient) = trained(new, &rounded, DType::F32, &mut rng);
        let (found, loss, gradient) = trained(new, &rounded, dtype, &mut rng);
        for ((path, found), (_, wanted)) in
            module::named_tensors(&found).into_iter().zip(module::named_tensors(&wanted))
        {
            assert_eq!(found.dtype(), wanted.dtype(), "{path}");
            let error = (found - wanted).cast(DType::F32).abs().max(..).item::<f32>();
            // Another order of the sums of 80 numbers.
            assert!(error <= 50.0 * 4.0 * f32::EPSILON, "{path}: {error}");
        }
        let close = |found: &Tensor, wanted: &Tensor, what: &str| {
            let error = (found - wanted).abs().max(..).item::<f32>() / wanted.abs().max(..).item::<f32>();
            // The result of the layer is rounded once, and so are cotangents.
            assert!(f64::from(error) <= 4.0 * dtype.epsilon().expect("a half"), "{what} in {dtype}: {error}");
        };
        close(&loss, &wanted_loss, "loss");
        for (found, wanted) in module::tensors(&gradient).into_iter().zip(module::tensors(&wanted_gradient)) {
            if found.dtype() == DType::F32 && wanted.abs().max(..).item::<f32>() > 0.0 {
                close(found, wanted, "gradient");
            }
        }
        let in_f32 = wanted.call(&rounded, &mut Mode::eval());
        let in_half = module::cast(&found, dtype).call(&rounded.cast(dtype), &mut Mode::eval());
        assert_eq!(in_half.dtype(), dtype);
        close(&in_half.cast(DType::F32), &in_f32, "evaluation");
    }
}

#[test]
fn running_statistics_stay_f32_in_mixed_precision() {
    statistics_stay_f32(&BatchNorm1d::new(2));
    statistics_stay_f32(&BatchNorm1d::new(2).momentum(None).without_affine());
    statistics_stay_f32(&InstanceNorm1d::new(2).with_affine().with_running_stats());
    statistics_stay_f32(&BatchNorm1d::new(2).without_running_stats());
}
