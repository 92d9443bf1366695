//! Every layer against PyTorch's, in f64 at 1e-9 and f32 at 1e-5: value, gradient of the input and of each weight, and running
//! statistics after each step; how weights are drawn; what is refused, and how.
//!
//! `data/layers.safetensors` holds the cases, and `scripts/layer_reference.py` made it. A case without a layer here and a layer
//! without a case are failures too.

mod dropout;
mod initialisation;
mod misuse;
mod reference;
mod sequence;
mod statistics;
mod training;

use cotangent_nn::*;
use cotangent_tensor::{
    Rng, Tensor,
    ops::{Interpolate, Interpolation, PadMode},
};
use reference::{Reference, Runs};
use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The layers of all cases; what they draw is replaced by the case's weights.
fn layers() -> Vec<(&'static str, Runs, Box<dyn Layer>)> {
    let mut all = Vec::new();
    for (name, layer) in alike() {
        all.push((name, Runs::Once, layer));
    }
    for (name, layer) in with_statistics() {
        all.push((name, Runs::TrainingThenEvaluation, layer));
    }
    all
}

macro_rules! cases {
    ($($name:literal: $layer:expr,)*) => { vec![$(($name, Box::new($layer) as Box<dyn Layer>)),*] };
}

fn alike() -> Vec<(&'static str, Box<dyn Layer>)> {
    let rng = &mut Rng::seed(1);
    cases! {
        "linear": Linear::new(3, 2, rng),
        "linear without bias, any axes": Linear::new(3, 2, rng).without_bias(),
        "conv1d": Conv1d::new(3, 4, 3, rng),
        "conv1d single": Conv1d::new(3, 2, 3, rng).padding(1).without_bias(),
        "conv1d same": Conv1d::new(2, 2, 4, rng).padding(Padding::Same).dilation(2),
        "conv2d": Conv2d::new(3, 4, 3, rng),
        "conv2d numbers": Conv2d::new(4, 6, [3, 2], rng).stride([2, 1]).padding([1, 2]).dilation([1, 2]).groups(2),
        "conv2d depthwise": Conv2d::new(3, 3, 3, rng).padding(1).groups(3).without_bias(),
        "conv2d reflect": Conv2d::new(2, 2, 3, rng).padding([2, 1]).padding_mode(PadMode::Reflect),
        "conv2d replicate": Conv2d::new(2, 2, 3, rng).padding([2, 1]).padding_mode(PadMode::Replicate),
        "conv2d circular": Conv2d::new(2, 2, 3, rng).padding([2, 1]).padding_mode(PadMode::Circular),
        "conv1d reflect same": Conv1d::new(2, 1, 4, rng).padding(Padding::Same).padding_mode(PadMode::Reflect),
        "conv3d": Conv3d::new(2, 3, 2, rng).stride([1, 2, 1]).padding(1),
        "conv3d circular": Conv3d::new(1, 2, 2, rng).padding(1).padding_mode(PadMode::Circular),
        "conv_transpose1d": ConvTranspose1d::new(3, 2, 3, rng),
        "conv_transpose1d single": ConvTranspose1d::new(3, 2, 3, rng).stride(2).without_bias(),
        "conv_transpose2d numbers": ConvTranspose2d::new(4, 6, [3, 2], rng)
            .stride([2, 3]).padding([1, 0]).output_padding([1, 2]).groups(2).dilation([2, 1]),
        "conv_transpose3d": ConvTranspose3d::new(2, 1, 2, rng).stride(2).padding(1),
        "max_pool1d": MaxPool1d::new(2),
        "max_pool2d": MaxPool2d::new(3).stride(2).padding(1),
        "max_pool2d ceil": MaxPool2d::new([2, 3]).stride([2, 1]).dilation([2, 1]).ceil_mode(true),
        "max_pool3d": MaxPool3d::new(2),
        "avg_pool1d": AvgPool1d::new(3).stride(1).padding(1),
        "avg_pool2d": AvgPool2d::new([3, 2]).padding(1).count_include_pad(false).ceil_mode(true),
        "avg_pool2d divisor": AvgPool2d::new(2).divisor(3),
        "avg_pool3d": AvgPool3d::new(2).stride(1),
        "adaptive_max_pool1d": AdaptiveMaxPool1d::new(3),
        "adaptive_max_pool2d": AdaptiveMaxPool2d::new([None, Some(2)]),
        "adaptive_max_pool3d": AdaptiveMaxPool3d::new(2),
        "adaptive_avg_pool1d": AdaptiveAvgPool1d::new(3),
        "adaptive_avg_pool2d": AdaptiveAvgPool2d::new([Some(2), None]),
        "adaptive_avg_pool3d": AdaptiveAvgPool3d::new([1, 2, 3]),
        "layer_norm": LayerNorm::new([3, 4]),
        "layer_norm without bias": LayerNorm::new(4).without_bias().eps(1e-2),
        "layer_norm without affine": LayerNorm::new(4).without_affine(),
        "rms_norm": RmsNorm::new(4),
        "rms_norm eps": RmsNorm::new([3, 4]).eps(1e-2).without_affine(),
        "group_norm": GroupNorm::new(2, 4),
        "group_norm without affine": GroupNorm::new(2, 4).without_affine().eps(1e-2),
        "local_response_norm": LocalResponseNorm::new(3).alpha(0.5).beta(0.6).k(2.0),
        "embedding": Embedding::new(5, 3, rng),
        "embedding padding_idx": Embedding::new(5, 3, rng).padding_idx(1),
        "prelu": PRelu::new(1),
        "prelu channels": PRelu::new(3),
        "flatten": Flatten::default(),
        "flatten some": Flatten::new(0, -2),
        "unflatten": Unflatten::new(1, [3, 2]),
        "upsample nearest": Upsample::new(Interpolate::by_factor([2.0, 2.0])),
        "upsample bilinear": Upsample::new(Interpolate::to_size([5, 4]).mode(Interpolation::Linear).align_corners()),
        "upsample trilinear": Upsample::new(Interpolate::by_factor([1.5; 3]).mode(Interpolation::Linear)),
        "pixel_shuffle": PixelShuffle::new(2),
        "pixel_unshuffle": PixelUnshuffle::new(2),
        "identity": Identity,
        "relu": Relu,
        "relu6": Relu6,
        "gelu": Gelu,
        "gelu_tanh": GeluTanh,
        "silu": Silu,
        "mish": Mish,
        "selu": Selu,
        "sigmoid": Sigmoid,
        "log_sigmoid": LogSigmoid,
        "hardsigmoid": Hardsigmoid,
        "hardswish": Hardswish,
        "tanh": Tanh,
        "tanhshrink": Tanhshrink,
        "softplus": Softplus,
        "softsign": Softsign,
        "leaky_relu": LeakyRelu::default(),
        "elu": Elu::default(),
        "celu": Celu::new(2.0),
        "hardtanh": Hardtanh::default(),
        "hardshrink": Hardshrink::default(),
        "softshrink": Softshrink::default(),
        "threshold": Threshold::new(0.5, -2.0),
        "glu": Glu::default(),
        "softmax": Softmax::new(1),
        "log_softmax": LogSoftmax::new(-1),
        "softmin": Softmin::new(0),
        "sequential": Sequential::new()
            .push(Conv2d::new(1, 2, 3, rng))
            .push_fn(Tensor::relu)
            .push(MaxPool2d::new(2))
            .push(Flatten::default())
            .push(Linear::new(8, 3, rng)),
    }
}

fn with_statistics() -> Vec<(&'static str, Box<dyn Layer>)> {
    let rng = &mut Rng::seed(2);
    cases! {
        "batch_norm1d": BatchNorm1d::new(3),
        "batch_norm1d signals": BatchNorm1d::new(3).momentum(None).eps(1e-3),
        "batch_norm2d": BatchNorm2d::new(3).momentum(0.3),
        "batch_norm2d without affine": BatchNorm2d::new(2).without_affine(),
        "batch_norm2d without statistics": BatchNorm2d::new(2).without_running_stats(),
        "batch_norm3d": BatchNorm3d::new(2),
        "instance_norm1d": InstanceNorm1d::new(3),
        "instance_norm2d": InstanceNorm2d::new(3).with_affine().with_running_stats(),
        "instance_norm2d single": InstanceNorm2d::new(3).with_affine().with_running_stats().momentum(0.3),
        "instance_norm3d": InstanceNorm3d::new(2).with_affine().eps(1e-3),
        "sequential with statistics": (Linear::new(3, 4, rng), BatchNorm1d::new(4), Tanh, Linear::new(4, 2, rng)),
    }
}

/// The cases of a layer with two inputs, which has a test of its own.
const BILINEAR: [&str; 2] = ["bilinear", "bilinear without bias"];

#[test]
fn every_layer_agrees_with_pytorch() {
    let (reference, layers) = (Reference::read(), layers());
    let listed: BTreeSet<&str> = layers.iter().map(|(name, ..)| *name).chain(BILINEAR).collect();
    assert_eq!(listed, reference.cases(), "layers here, and cases in the file");
    let mut failures = Vec::new();
    for (name, runs, layer) in layers {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| reference.check(name, runs, layer))) {
            let message = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
            failures.push(format!("{name}: {message}"));
        }
    }
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_bilinear_layer_agrees_with_pytorch() {
    let reference = Reference::read();
    let rng = &mut Rng::seed(3);
    reference.check_pair("bilinear", &Bilinear::new(3, 4, 2, rng), |layer, a, b| layer.forward(a, b));
    let without = Bilinear::new(3, 4, 2, rng).without_bias();
    reference.check_pair("bilinear without bias", &without, |layer, a, b| layer.forward(a, b));
}
