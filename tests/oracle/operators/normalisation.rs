//! Normalisation: by mean and variance, and by a norm; similarity.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{Shape, Tensor};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.normalize", One(normalize)),
    ("nn.functional.pairwise_distance", One(pairwise_distance)),
    ("nn.functional.cosine_similarity", One(cosine_similarity)),
    ("nn.functional.layer_norm", One(layer_norm)),
    ("nn.functional.rms_norm", One(rms_norm)),
    ("nn.functional.group_norm", One(group_norm)),
    ("nn.functional.instance_norm", One(instance_norm)),
    ("nn.functional.batch_norm", One(batch_norm)),
    ("nn.functional.local_response_norm", One(local_response_norm)),
];

fn normalize(c: &Call<'_>) -> Tensor {
    c.x(0).normalize(c.float(1, "p").unwrap_or(2.0), c.int(2, "dim").unwrap_or(1), 1e-12)
}

fn pairwise_distance(c: &Call<'_>) -> Tensor {
    let (p, eps) = (c.float(2, "p").unwrap_or(2.0), c.float(3, "eps").unwrap_or(1e-6));
    let distance = c.x(0).pairwise_distance(c.x(1), p, eps);
    if c.flag(4, "keepdim") { distance.unsqueeze(-1) } else { distance }
}

fn cosine_similarity(c: &Call<'_>) -> Tensor {
    let (axis, eps) = (c.int(2, "dim").unwrap_or(1), c.float(3, "eps").unwrap_or(1e-8));
    c.x(0).cosine_similarity(c.x(1), axis, eps)
}

fn local_response_norm(c: &Call<'_>) -> Tensor {
    let (alpha, beta, k) =
        (c.float(2, "alpha").unwrap_or(1e-4), c.float(3, "beta").unwrap_or(0.75), c.float(4, "k").unwrap_or(1.0));
    c.x(0).local_response_norm(c.int(1, "size").expect("a size") as usize, alpha, beta, k)
}

fn normalised_shape(c: &Call<'_>) -> Shape {
    c.ints(1, "normalized_shape").expect("a shape").iter().map(|&size| size as usize).collect()
}

/// Torch's ε where none is given.
const EPS: f64 = 1e-5;

fn layer_norm(c: &Call<'_>) -> Tensor {
    let eps = c.float(4, "eps").unwrap_or(EPS);
    c.x(0).layer_norm(normalised_shape(c), c.tensor(2, "weight"), c.tensor(3, "bias"), eps)
}

fn rms_norm(c: &Call<'_>) -> Tensor {
    let eps = c.float(3, "eps").unwrap_or(f64::EPSILON);
    c.x(0).rms_norm(normalised_shape(c), c.tensor(2, "weight"), eps)
}

fn group_norm(c: &Call<'_>) -> Tensor {
    let groups = c.int(1, "num_groups").expect("a count") as usize;
    let eps = c.float(4, "eps").unwrap_or(EPS);
    c.x(0).group_norm(groups, c.tensor(2, "weight"), c.tensor(3, "bias"), eps)
}

/// The running statistics are changed by torch, but do not enter the result.
fn instance_norm(c: &Call<'_>) -> Tensor {
    let _ = (c.tensor(1, "running_mean"), c.tensor(2, "running_var"), c.float(6, "momentum"));
    c.x(0).instance_norm(c.tensor(3, "weight"), c.tensor(4, "bias"), c.float(7, "eps").unwrap_or(EPS))
}

fn batch_norm(c: &Call<'_>) -> Tensor {
    let (mean, var) = (c.x(1), c.x(2));
    let (weight, bias) = (c.tensor(3, "weight"), c.tensor(4, "bias"));
    let eps = c.float(7, "eps").unwrap_or(EPS);
    // It says how running statistics change.
    let _ = c.float(6, "momentum");
    if c.flag(5, "training") {
        c.x(0).batch_norm(weight, bias, eps).0
    } else {
        c.x(0).batch_norm_with(mean, var, weight, bias, eps)
    }
}
