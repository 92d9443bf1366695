//! Activation functions.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.relu", One(|c| c.x(0).relu())),
    ("nn.functional.relu6", One(|c| c.x(0).relu6())),
    ("nn.functional.hardtanh", One(hardtanh)),
    ("nn.functional.hardsigmoid", One(|c| c.x(0).hardsigmoid())),
    ("nn.functional.leaky_relu", One(|c| c.x(0).leaky_relu(c.float(1, "negative_slope").unwrap_or(0.01)))),
    ("nn.functional.gelu", One(gelu)),
    ("nn.functional.silu", One(|c| c.x(0).silu())),
    ("nn.functional.mish", One(|c| c.x(0).mish())),
    ("nn.functional.softplus", One(softplus)),
    ("nn.functional.logsigmoid", One(|c| c.x(0).log_sigmoid())),
    ("nn.functional.softsign", One(|c| c.x(0).softsign())),
    ("nn.functional.tanhshrink", One(|c| c.x(0).tanhshrink())),
    ("nn.functional.glu", One(|c| c.x(0).glu(c.int(1, "dim").unwrap_or(-1)))),
    ("nn.functional.elu", One(|c| c.x(0).elu(c.float(1, "alpha").unwrap_or(1.0)))),
    ("nn.functional.celu", One(|c| c.x(0).celu(c.float(1, "alpha").unwrap_or(1.0)))),
    ("nn.functional.selu", One(|c| c.x(0).selu())),
    ("nn.functional.prelu", One(|c| c.x(0).prelu(c.tensor(1, "weight").expect("a weight")))),
    ("nn.functional.hardswish", One(|c| c.x(0).hardswish())),
    ("nn.functional.hardshrink", One(|c| c.x(0).hardshrink(c.float(1, "lambd").unwrap_or(0.5)))),
    ("nn.functional.softshrink", One(|c| c.x(0).softshrink(c.float(1, "lambd").unwrap_or(0.5)))),
    ("nn.functional.threshold", One(threshold)),
];

fn hardtanh(c: &Call<'_>) -> Tensor {
    c.x(0).hardtanh(c.float(1, "min_val").unwrap_or(-1.0), c.float(2, "max_val").unwrap_or(1.0))
}

fn threshold(c: &Call<'_>) -> Tensor {
    let (threshold, value) = (c.float(1, "threshold").expect("a number"), c.float(2, "value").expect("a number"));
    c.x(0).threshold(threshold, value)
}

fn gelu(c: &Call<'_>) -> Tensor {
    match c.word(1, "approximate") {
        Some("tanh") => c.x(0).gelu_tanh(),
        _ => c.x(0).gelu(),
    }
}

fn softplus(c: &Call<'_>) -> Tensor {
    c.x(0).softplus_with(c.float(1, "beta").unwrap_or(1.0), c.float(2, "threshold").unwrap_or(20.0))
}
