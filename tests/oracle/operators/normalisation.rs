//! Normalisation: by mean and variance, and by a norm.

use super::{Formula::One, Operator, broadcast};
use crate::case::Call;
use cotangent::{Axes, Tensor};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.normalize", One(normalize)),
    ("nn.functional.pairwise_distance", One(pairwise_distance)),
    ("nn.functional.cosine_similarity", One(cosine_similarity)),
    ("nn.functional.layer_norm", One(layer_norm)),
    ("nn.functional.rms_norm", One(rms_norm)),
    ("nn.functional.group_norm", One(group_norm)),
    ("nn.functional.instance_norm", One(instance_norm)),
    ("nn.functional.local_response_norm", One(local_response_norm)),
];

fn normalize(c: &Call<'_>) -> Tensor {
    let (p, axis) = (c.float(1, "p").unwrap_or(2.0), c.int(2, "dim").unwrap_or(1));
    c.x(0) / c.x(0).vector_norm_keepdims(p, axis).clamp(1e-12, f64::INFINITY)
}

/// The norm of x - y + ε over the last axis.
fn pairwise_distance(c: &Call<'_>) -> Tensor {
    let difference = c.x(0) - c.x(1) + c.float(3, "eps").unwrap_or(1e-6);
    let p = c.float(2, "p").unwrap_or(2.0);
    if c.flag(4, "keepdim") { difference.vector_norm_keepdims(p, -1) } else { difference.vector_norm(p, -1) }
}

/// x · y / (|x| |y|), with norms of at least ε.
fn cosine_similarity(c: &Call<'_>) -> Tensor {
    let (axis, eps) = (c.int(2, "dim").unwrap_or(1), c.float(3, "eps").unwrap_or(1e-8));
    // The axis is one of the two broadcast to one shape.
    let (x, y) = broadcast(c.x(0), c.x(1));
    let length = |x: &Tensor| x.vector_norm(2, axis).clamp(eps, f64::INFINITY);
    (&x * &y).sum(axis) / (length(&x) * length(&y))
}

/// x / (k + α mean of x² over a window of channels)^β. (Krizhevsky et al., 2012, section 3.3.)
fn local_response_norm(c: &Call<'_>) -> Tensor {
    let (x, window) = (c.x(0), c.int(1, "size").expect("a size"));
    let (alpha, beta, k) =
        (c.float(2, "alpha").unwrap_or(1e-4), c.float(3, "beta").unwrap_or(0.75), c.float(4, "k").unwrap_or(1.0));
    let mut pairs = vec![(0, 0); x.rank()];
    pairs[1] = (window / 2, (window - 1) / 2);
    let (squares, channels) = (x.square().pad(pairs, 0), x.size(1));
    let shifted = (0..window as usize).map(|start| squares.narrow(1, start, channels));
    let sum = shifted.reduce(|sum, x| sum + x).expect("a window of at least one channel");
    x / (sum * (alpha / window as f64) + k).powf(beta)
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
    let groups = c.int(1, "num_groups").expect("a count");
    grouped(c, groups as usize, c.tensor(2, "weight"), c.tensor(3, "bias"), c.float(4, "eps"))
}

/// Each channel by itself. The running statistics are changed by torch, but do not enter the result.
fn instance_norm(c: &Call<'_>) -> Tensor {
    let _ = (c.tensor(1, "running_mean"), c.tensor(2, "running_var"), c.float(6, "momentum"));
    grouped(c, c.x(0).size(1), c.tensor(3, "weight"), c.tensor(4, "bias"), c.float(7, "eps"))
}

fn grouped(c: &Call<'_>, groups: usize, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: Option<f64>) -> Tensor {
    let x = c.x(0);
    let (samples, channels) = (x.size(0), x.size(1));
    let per_group = x.numel() / (samples * groups).max(1);
    let y = standardised(&x.reshape([samples, groups, per_group]), Axes::List(vec![-1]), eps.unwrap_or(1e-5));
    // Weight and bias are one number a channel: axes of size 1 follow the channel's.
    let per_channel = |x: &Tensor, rank: usize| x.reshape([vec![channels], vec![1; rank - 2]].concat());
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
