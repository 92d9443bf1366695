//! Normalisations against their formulas in f64, and the fused derivative against its decomposition.

use super::{Normalise, backward::NormaliseGrad};
use crate::{DType, Decompose, Rng, Tensor, apply, kernels::parallel::with_threads, try_apply};

fn numbers(shape: &[usize], seed: u64) -> Tensor {
    Rng::seed(seed).normal(shape, DType::F64) + 0.5
}

#[track_caller]
fn assert_close(found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.shape(), expected.shape());
    let (found, expected) = (found.to_vec::<f64>(), expected.to_vec::<f64>());
    let scale = expected.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= tolerance * scale, "{found} is not {expected}");
    }
}

/// Each kind with a shape: rows shorter and longer than a leaf and a piece, channels of one and of many elements.
fn every_kind() -> Vec<(Normalise, Vec<usize>, Vec<usize>)> {
    let layer = |shape: &[usize], last: usize| {
        let weight = shape[shape.len() - last..].to_vec();
        (Normalise::layer(&weight[..].into(), 1e-3), shape.to_vec(), weight)
    };
    let mut kinds = vec![
        layer(&[3, 5], 1),
        layer(&[1], 1),
        layer(&[2, 3, 4], 2),
        layer(&[2, 1], 1),
        layer(&[700, 70], 1),
        layer(&[3, 1500], 1),
        layer(&[2, 40_000], 1),
    ];
    kinds.push((Normalise::root_mean_square(&[70].into(), 1e-3), vec![7, 70], vec![70]));
    for shape in [vec![2, 6], vec![2, 6, 1], vec![3, 6, 5, 7], vec![1, 6, 3000], vec![5, 6, 40]] {
        kinds.push((Normalise::groups(3, 1e-3), shape.clone(), vec![6]));
        kinds.push((Normalise::groups(6, 1e-3), shape.clone(), vec![6]));
        kinds.push((Normalise::instances(1e-3), shape.clone(), vec![6]));
        kinds.push((Normalise::batch(1e-3), shape, vec![6]));
    }
    kinds.push((Normalise::batch(1e-3), vec![900, 2, 1, 1], vec![2]));
    kinds
}

/// The same by sums over axes.
fn formula(norm: &Normalise, x: &Tensor, weight: &Tensor, bias: &Tensor) -> [Tensor; 3] {
    let form = norm.form(x.shape());
    let elements = x.reshape([form.outer, form.samples, form.period, form.channels, form.spatial]);
    let mean = elements.mean_keepdims([0, 3, 4]);
    let mean = if norm.centred { mean } else { mean.zeros_like() };
    let variance = (&elements - &mean).square().mean_keepdims([0, 3, 4]);
    let channels = |x: &Tensor| x.reshape([1, 1, form.period, form.channels, 1]);
    let y = (&elements - &mean) / (&variance + norm.eps).sqrt() * channels(weight) + channels(bias);
    [y.reshape(x.shape()), mean, variance]
}

#[test]
fn values_are_those_of_the_formulas() {
    for (norm, shape, weight_shape) in every_kind() {
        let x = numbers(&shape, 1);
        let (weight, bias) = (numbers(&weight_shape, 2), numbers(&weight_shape, 3));
        let expected = formula(&norm, &x, &weight, &bias);
        let found = apply(&norm.clone().with_affine(), &[&x, &weight, &bias]);
        // Means of some thousand numbers in two orders.
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(&found.reshape(expected.shape()), expected, 1e-13);
        }
        let plain = formula(&norm, &x, &weight.ones_like(), &bias.zeros_like());
        assert_close(&apply(&norm, &[&x])[0], &plain[0], 1e-13);
        let single = apply(&norm.clone().with_affine(), &[&x, &weight, &bias].map(|x| x.cast(DType::F32)).each_ref());
        // Rounding of the inputs, of the scale and of three operations.
        assert_close(&single[0].cast(DType::F64), &expected[0], 2e-6);
    }
}

#[test]
fn fused_derivatives_are_those_of_the_decomposition() {
    for (norm, shape, weight_shape) in every_kind() {
        let (x, y_bar) = (numbers(&shape, 1), numbers(&shape, 4));
        let weight = numbers(&weight_shape, 2);
        let statistics = apply(&norm, &[&x]);
        let bars = [numbers(statistics[1].shape(), 5), numbers(statistics[1].shape(), 6)];
        let mut inputs = vec![&x, &statistics[1], &statistics[2], &y_bar, &bars[0], &bars[1]];
        let plain = NormaliseGrad(norm.clone());
        assert_close(&apply(&plain, &inputs)[0], &plain.decompose(&inputs)[0], 1e-12);
        inputs.push(&weight);
        let affine = NormaliseGrad(norm.with_affine());
        let (found, expected) = (apply(&affine, &inputs), affine.decompose(&inputs));
        assert_eq!(found.len(), 3);
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(found, expected, 1e-12);
        }
    }
}

#[test]
fn results_have_the_same_bits_on_any_number_of_threads() {
    for (norm, shape) in [
        (Normalise::layer(&[300].into(), 1e-5), vec![1000, 300]),
        (Normalise::batch(1e-5), vec![40, 30, 300]),
        (Normalise::groups(5, 1e-5), vec![40, 30, 300]),
    ] {
        let x = numbers(&shape, 1).cast(DType::F32);
        let count = if shape.len() == 2 { 300 } else { 30 };
        let (weight, bias) = (numbers(&[count], 2).cast(DType::F32), numbers(&[count], 3).cast(DType::F32));
        let run = || {
            let norm = norm.clone().with_affine();
            let outputs = apply(&norm, &[&x, &weight, &bias]);
            let zero = outputs[1].zeros_like();
            let inputs = [&x, &outputs[1], &outputs[2], &x, &zero, &zero, &weight];
            let bars = apply(&NormaliseGrad(norm), &inputs);
            outputs.into_iter().chain(bars).map(|x| x.to_vec::<f32>()).collect::<Vec<_>>()
        };
        assert_eq!(with_threads(1, run), with_threads(3, run));
    }
}

/// The deviations of numbers near 10,000 have four digits less than the numbers; none of the rest may be lost.
#[test]
fn a_large_mean_costs_no_digits_in_f32() {
    for shape in [[4, 768], [1, 3072]] {
        let x = (numbers(&shape, 1) + 10_000.0).cast(DType::F32);
        let exact = x.cast(DType::F64).layer_norm([shape[1]], None, None, 1e-5);
        let single = x.layer_norm([shape[1]], None, None, 1e-5);
        assert_close(&single.cast(DType::F64), &exact, 1e-6);
        let batch = x.transpose(0, 1).batch_norm(None, None, 1e-5).0.transpose(0, 1);
        assert_close(&batch.cast(DType::F64), &exact, 1e-6);
        let y_bar = numbers(&shape, 7);
        let pulled = |x: &Tensor| {
            let norm = Normalise::layer(&[shape[1]].into(), 1e-5);
            let y = apply(&norm, &[x]);
            let zero = y[1].zeros_like();
            apply(&NormaliseGrad(norm), &[x, &y[1], &y[2], &y_bar.cast(x.dtype()), &zero, &zero])[0].cast(DType::F64)
        };
        assert_close(&pulled(&x), &pulled(&x.cast(DType::F64)), 1e-6);
    }
}

#[test]
fn equal_elements_normalise_to_the_bias() {
    for value in [0.0f32, 3.0, 0.1, 1e6, -7e-5] {
        let x = Tensor::full([2, 3, 700], value, DType::F32);
        let bias = Tensor::from([1.0f32, 2.0, 3.0]);
        let expected = bias.reshape([1, 3, 1]).expand([2, 3, 700]).to_vec::<f32>();
        assert_eq!(x.instance_norm(None, Some(&bias), 1e-5).to_vec::<f32>(), expected);
        assert_eq!(x.batch_norm(None, Some(&bias), 1e-5).0.to_vec::<f32>(), expected);
        assert_eq!(x.layer_norm([700], None, None, 1e-5).to_vec::<f32>(), [0.0; 4200]);
    }
    // A group of one element.
    assert_eq!(Tensor::from([[5.0f32]]).layer_norm([1], None, None, 1e-5).to_vec::<f32>(), [0.0]);
    assert_eq!(Tensor::from([[5.0f32, 2.0]]).batch_norm(None, None, 1e-5).0.to_vec::<f32>(), [0.0, 0.0]);
}

#[test]
fn nan_stays_in_its_group() {
    let x = Tensor::from([[1.0f32, f32::NAN], [1.0, 3.0]]);
    let y = x.layer_norm([2], None, None, 0.0).to_vec::<f32>();
    assert!(y[0].is_nan() && y[1].is_nan());
    assert_eq!(y[2..], [-1.0, 1.0]);
}

#[test]
fn empty_tensors_stay_empty() {
    for shape in [[0, 3], [2, 0]] {
        let x = Tensor::zeros(shape, DType::F32);
        assert_eq!(x.layer_norm([shape[1]], None, None, 1e-5).shape()[..], shape);
        assert_eq!(x.rms_norm([shape[1]], None, 1e-5).shape()[..], shape);
        assert_eq!(x.instance_norm(None, None, 1e-5).shape()[..], shape);
        let (y, mean, var) = x.batch_norm(None, None, 1e-5);
        assert_eq!((y.shape(), mean.shape(), var.shape()), (x.shape(), &[shape[1]].into(), &[shape[1]].into()));
        assert!(mean.to_vec::<f32>().iter().all(|x| x.is_nan()));
        assert_eq!(x.local_response_norm(2, 1.0, 0.5, 1.0).shape()[..], shape);
    }
    assert_eq!(Tensor::zeros([2, 0], DType::F32).group_norm(3, None, None, 1e-5).shape()[..], [2, 0]);
}

#[track_caller]
fn assert_refused(norm: &Normalise, inputs: &[&Tensor], message: &str) {
    assert_eq!(try_apply(norm, inputs).unwrap_err().to_string(), message);
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = Tensor::zeros([2, 3], DType::F32);
    let (two, wide) = (Tensor::zeros([2], DType::F32), Tensor::zeros([3], DType::F64));
    assert_refused(
        &Normalise::layer(&[4].into(), 0.0),
        &[&x],
        "layer_norm: the normalised shape [4] must be the sizes of the last axes; got f32[2, 3]",
    );
    assert_refused(
        &Normalise::layer(&[].into(), 0.0),
        &[&x],
        "layer_norm: the normalised shape needs an axis; got f32[2, 3]",
    );
    assert_refused(
        &Normalise::root_mean_square(&[3].into(), 0.0).with_affine(),
        &[&x, &two, &two],
        "rms_norm: the weight must have shape [3]; got f32[2, 3], f32[2]",
    );
    assert_refused(
        &Normalise::groups(2, 0.0),
        &[&x],
        "group_norm: 3 channels do not fall into 2 groups; got f32[2, 3]",
    );
    assert_refused(
        &Normalise::groups(0, 0.0),
        &[&x],
        "group_norm: 3 channels do not fall into 0 groups; got f32[2, 3]",
    );
    assert_refused(&Normalise::batch(0.0), &[&two], "batch_norm: needs a batch axis and a channel axis; got f32[2]");
    assert_refused(
        &Normalise::instances(0.0).with_affine(),
        &[&x, &wide, &wide],
        "instance_norm: all inputs must have one dtype, not f32 and f64; got f32[2, 3], f64[3]; cast one of them, for \
         example with .cast(DType::F32)",
    );
    assert_refused(
        &Normalise::batch(0.0),
        &[&x.cast(DType::I64)],
        "batch_norm: needs a floating-point dtype; got i64[2, 3]; cast first, for example with .cast(DType::F32)",
    );
    assert_refused(&Normalise::batch(0.0), &[&x, &x], "batch_norm: takes 1 input, not 2; got f32[2, 3], f32[2, 3]");
}

#[test]
#[should_panic(expected = "layer_norm: the bias must have shape [3]; got f32[2, 3], f32[2]")]
fn an_error_shows_what_was_given_and_not_what_was_filled_in() {
    let (x, bias) = (Tensor::zeros([2, 3], DType::F32), Tensor::zeros([2], DType::F32));
    let _ = x.layer_norm([3], None, Some(&bias), 1e-5);
}

#[test]
#[should_panic(expected = "batch_norm_with: the variance must have shape [3]; got f32[2, 3], f32[2]")]
fn given_statistics_must_fit() {
    let x = Tensor::zeros([2, 3], DType::F32);
    let _ = x.batch_norm_with(&Tensor::zeros([3], DType::F32), &Tensor::zeros([2], DType::F32), None, None, 1e-5);
}

/// The window of a hostile size reaches over all channels, and is no longer than they are.
#[test]
fn a_response_window_may_be_wider_than_the_channels() {
    let x = Tensor::from([[1.0f64, 2.0, 2.0]]);
    let y = x.local_response_norm(usize::MAX, usize::MAX as f64, 0.5, 0.0);
    assert_eq!(y.to_vec::<f64>(), [1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]);
}
