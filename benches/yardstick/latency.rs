//! How long a trained network takes to answer one question: batch 1, evaluation, no tape.

use crate::{
    cases::Case,
    timing::{self, budget},
};
use cotangent::prelude::*;

const MODELS: [&str; 6] = ["mlp", "lenet", "cnn", "resnet", "gpt", "lstm"];

pub(crate) fn cases() -> impl Iterator<Item = String> {
    MODELS.iter().map(|model| format!("latency_{model}"))
}

pub(crate) fn run(case: &str) {
    let name = case.strip_prefix("latency_").expect("a case of the table above");
    let Case { model, x, .. } = Case::named(name, Some(1));
    let times = timing::sorted(budget(), || model.call(&x, &mut Mode::eval()));
    println!("cotangent {case} us={:.2} min_us={:.2} n={}", times[times.len() / 2] * 1e6, times[0] * 1e6, times.len());
}
