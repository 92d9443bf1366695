//! Activation functions and normalisation.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{Axes, Tensor};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.relu", One(|c| c.x(0).relu())),
    ("nn.functional.relu6", One(|c| c.x(0).clamp(0, 6))),
    ("nn.functional.hardtanh", One(hardtanh)),
    ("nn.functional.hardsigmoid", One(|c| (c.x(0) / 6 + 0.5).clamp(0, 1))),
    ("nn.functional.leaky_relu", One(leaky_relu)),
    ("nn.functional.gelu", One(gelu)),
    ("nn.functional.silu", One(|c| c.x(0) * c.x(0).sigmoid())),
    ("nn.functional.mish", One(|c| c.x(0) * c.x(0).softplus().tanh())),
    ("nn.functional.softplus", One(softplus)),
    ("nn.functional.logsigmoid", One(|c| -(-c.x(0)).softplus())),
    ("nn.functional.softsign", One(|c| c.x(0) / (c.x(0).abs() + 1))),
    ("nn.functional.tanhshrink", One(|c| c.x(0) - c.x(0).tanh())),
    ("nn.functional.glu", One(glu)),
    ("nn.functional.layer_norm", One(layer_norm)),
    ("nn.functional.rms_norm", One(rms_norm)),
    ("nn.functional.group_norm", One(group_norm)),
];

fn hardtanh(c: &Call<'_>) -> Tensor {
    c.x(0).clamp(c.float(1, "min_val").unwrap_or(-1.0), c.float(2, "max_val").unwrap_or(1.0))
}

fn leaky_relu(c: &Call<'_>) -> Tensor {
    let slope = c.float(1, "negative_slope").unwrap_or(0.01);
    c.x(0).gt(0).where_(c.x(0), &(c.x(0) * slope))
}

fn gelu(c: &Call<'_>) -> Tensor {
    match c.word(1, "approximate") {
        Some("tanh") => c.x(0).gelu_tanh(),
        _ => c.x(0).gelu(),
    }
}

/// ln(1 + e^(βx)) / β; torch takes x itself where βx is above the threshold.
fn softplus(c: &Call<'_>) -> Tensor {
    let (beta, threshold) = (c.float(1, "beta").unwrap_or(1.0), c.float(2, "threshold").unwrap_or(20.0));
    let scaled = c.x(0) * beta;
    scaled.gt(threshold).where_(c.x(0), &(scaled.softplus() / beta))
}

/// The first half, gated by the second.
fn glu(c: &Call<'_>) -> Tensor {
    let (x, axis) = (c.x(0), c.int(1, "dim").unwrap_or(-1));
    let half = x.size(axis) / 2;
    x.narrow(axis, 0, half) * x.narrow(axis, half, half).sigmoid()
}

/// The last axes, as many as the normalised shape has.
fn normalised_axes(c: &Call<'_>) -> Axes {
    let count = c.ints(1, "normalized_shape").expect("a shape").len() as isize;
    Axes::List((-count..0).collect())
}

fn layer_norm(c: &Call<'_>) -> Tensor {
    let y = standardised(c.x(0), normalised_axes(c), c.float(4, "eps").unwrap_or(1e-5));
    affine(y, c.tensor(2, "weight"), c.tensor(3, "bias"))
}

fn rms_norm(c: &Call<'_>) -> Tensor {
    let eps = c.float(3, "eps").unwrap_or(f64::EPSILON);
    let root = (c.x(0).square().mean_keepdims(normalised_axes(c)) + eps).sqrt();
    affine(c.x(0) / root, c.tensor(2, "weight"), None)
}

fn group_norm(c: &Call<'_>) -> Tensor {
    let (x, groups) = (c.x(0), c.int(1, "num_groups").expect("a count"));
    let (samples, channels) = (x.size(0), x.size(1));
    let per_group = x.numel() / (samples * groups as usize).max(1);
    let y = standardised(
        &x.reshape([samples, groups as usize, per_group]),
        Axes::List(vec![-1]),
        c.float(4, "eps").unwrap_or(1e-5),
    );
    // Weight and bias are one number a channel: axes of size 1 follow the channel's.
    let per_channel = |x: &Tensor, rank: usize| x.reshape([vec![channels], vec![1; rank - 2]].concat());
    let (weight, bias) = (c.tensor(2, "weight"), c.tensor(3, "bias"));
    let (weight, bias) = (weight.map(|w| per_channel(w, x.rank())), bias.map(|b| per_channel(b, x.rank())));
    affine(y.reshape(x.shape()), weight.as_ref(), bias.as_ref())
}

/// (x - mean) / √(var + eps)
fn standardised(x: &Tensor, axes: Axes, eps: f64) -> Tensor {
    let centred = x - x.mean_keepdims(axes.clone());
    centred / (x.var_keepdims(axes, 0) + eps).sqrt()
}

fn affine(x: Tensor, weight: Option<&Tensor>, bias: Option<&Tensor>) -> Tensor {
    let x = weight.map_or_else(|| x.clone(), |weight| &x * weight);
    bias.map_or_else(|| x.clone(), |bias| &x + bias)
}
