//! Activation functions.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::Tensor;

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
    ("nn.functional.elu", One(|c| exponential_unit(c.x(0)))),
    ("nn.functional.celu", One(|c| exponential_unit(c.x(0)))),
    ("nn.functional.selu", One(selu)),
    ("nn.functional.prelu", One(prelu)),
    ("nn.functional.hardswish", One(|c| c.x(0) * (c.x(0) + 3).clamp(0, 6) / 6)),
    ("nn.functional.hardshrink", One(hardshrink)),
    ("nn.functional.softshrink", One(softshrink)),
    ("nn.functional.threshold", One(threshold)),
];

fn hardtanh(c: &Call<'_>) -> Tensor {
    c.x(0).clamp(c.float(1, "min_val").unwrap_or(-1.0), c.float(2, "max_val").unwrap_or(1.0))
}

fn leaky_relu(c: &Call<'_>) -> Tensor {
    let slope = c.float(1, "negative_slope").unwrap_or(0.01);
    c.x(0).gt(0).where_(c.x(0), &(c.x(0) * slope))
}

/// x above zero, e^x - 1 below.
fn exponential_unit(x: &Tensor) -> Tensor {
    x.gt(0).where_(x, &x.expm1())
}

/// The constants under which unit variance stays unit variance. (Klambauer et al., 2017, appendix A1.)
fn selu(c: &Call<'_>) -> Tensor {
    const ALPHA: f64 = 1.673_263_242_354_377_2;
    const SCALE: f64 = 1.050_700_987_355_480_5;
    c.x(0).gt(0).where_(c.x(0), &(c.x(0).expm1() * ALPHA)) * SCALE
}

fn prelu(c: &Call<'_>) -> Tensor {
    c.x(0).gt(0).where_(c.x(0), &(c.x(0) * c.tensor(1, "weight").expect("a weight")))
}

fn hardshrink(c: &Call<'_>) -> Tensor {
    let lambda = c.float(1, "lambd").unwrap_or(0.5);
    c.x(0).abs().gt(lambda).where_(c.x(0), 0)
}

/// x without the part of it that lies within λ of zero.
fn softshrink(c: &Call<'_>) -> Tensor {
    let lambda = c.float(1, "lambd").unwrap_or(0.5);
    c.x(0) - c.x(0).clamp(-lambda, lambda)
}

fn threshold(c: &Call<'_>) -> Tensor {
    let (threshold, value) = (c.float(1, "threshold").expect("a number"), c.float(2, "value").expect("a number"));
    c.x(0).gt(threshold).where_(c.x(0), value)
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
