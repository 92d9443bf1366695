//! The cases that mean something which we deliberately do not have, each with its reason.

use crate::case::Case;
use serde_json::Value;

/// Cases of an operator that are not run.
pub(crate) struct Skip {
    pub(crate) operator: &'static str,
    pub(crate) when: fn(&Case) -> bool,
    pub(crate) reason: Reason,
    pub(crate) detail: &'static str,
}

/// All reasons that a case may have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    /// The result depends on torch's random numbers.
    Random,
    /// What the arguments mean is refused here.
    Refused,
    /// There is no such form of the operation here.
    NotOffered,
    /// Torch's own value is rounded to f32, or NaN where the derivative exists.
    TorchInexact,
}

pub(crate) const SKIPS: &[Skip] = &[
    Skip {
        operator: "linalg.norm",
        when: |case| ["10", "12", "16"].contains(&case.id.as_str()),
        reason: Reason::TorchInexact,
        detail: "at zero torch's second derivative of the norm is NaN, ours 0",
    },
    Skip {
        operator: "linalg.pinv",
        when: |case| case.kwargs.contains_key("hermitian"),
        reason: Reason::NotOffered,
        detail: "pinv has no form that reads one triangle of the matrix; torch's gradient of it is that of another matrix",
    },
    Skip {
        operator: "logit",
        when: |case| case.args.get(1).and_then(Value::as_f64).is_some_and(|eps| eps > 0.5),
        reason: Reason::Refused,
        detail: "no number is eps from both 0 and 1: refused",
    },
    Skip {
        operator: "nn.functional.hardsigmoid",
        when: |case| case.id == "0",
        reason: Reason::TorchInexact,
        detail: "torch's slope is 1/6 rounded to f32, 3e-8 from 1/6",
    },
    Skip {
        operator: "nn.functional.batch_norm",
        when: |case| case.tensors["in0"].rank() < 2,
        reason: Reason::Refused,
        detail: "a tensor without a channel axis is refused, also an empty one",
    },
    Skip {
        operator: "nn.functional.group_norm",
        when: |case| case.kwargs.get("eps").and_then(Value::as_f64).is_some_and(|eps| eps < 0.0),
        reason: Reason::Refused,
        detail: "a negative eps, which makes NaN of a variance below it: refused",
    },
    Skip {
        operator: "nn.functional.scaled_dot_product_attention",
        when: |case| case.kwargs.get("dropout_p").and_then(Value::as_f64) != Some(0.0),
        reason: Reason::Random,
        detail: "with dropout the result depends on torch's random numbers",
    },
    Skip { operator: "nanquantile", when: |case| case.grads.len() == 2, reason: Reason::NotOffered, detail: QUANTILES },
    Skip { operator: "quantile", when: |case| case.grads.len() == 2, reason: Reason::NotOffered, detail: QUANTILES },
];

const QUANTILES: &str = "which quantiles are asked for are numbers here, which have no derivative";
