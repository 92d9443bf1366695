//! The cases that mean something which we deliberately do not have, each with its reason.

use crate::case::Case;
use serde_json::Value;

/// Cases of an operator that are not run.
pub(crate) struct Skip {
    pub(crate) operator: &'static str,
    pub(crate) when: fn(&Case) -> bool,
    pub(crate) reason: &'static str,
}

pub(crate) const SKIPS: &[Skip] = &[
    Skip {
        operator: "logit",
        when: |case| case.args.get(1).and_then(Value::as_f64).is_some_and(|eps| eps > 0.5),
        reason: "no number is eps from both 0 and 1: refused",
    },
    Skip {
        operator: "nn.functional.hardsigmoid",
        when: |case| case.id == "0",
        reason: "torch's slope is 1/6 rounded to f32, 3e-8 from 1/6",
    },
    Skip {
        operator: "nn.functional.normalize",
        when: |case| case.kwargs.get("p").and_then(Value::as_f64) == Some(0.0),
        reason: "the 0-norm counts the elements that are not zero: no power",
    },
    Skip { operator: "std", when: negative_correction, reason: CORRECTION },
    Skip {
        operator: "take_along_dim",
        when: |case| case.tensors["in1"].lt(0).to_vec::<bool>().contains(&true),
        reason: "an index counts from 0; negative ones are refused",
    },
    Skip { operator: "var", when: negative_correction, reason: CORRECTION },
];

const CORRECTION: &str =
    "var divides by n - correction for a correction from 0; a negative one has no meaning in statistics";

fn negative_correction(case: &Case) -> bool {
    case.kwargs.get("correction").and_then(Value::as_i64).is_some_and(|correction| correction < 0)
}
