//! Training steps, measured; or followed beside PyTorch's.

use crate::{
    cases::Case,
    faults::page_faults,
    timing::{self, budget},
};
use cotangent::{
    nn::files::{NamedTensors, Reading},
    prelude::*,
};
use std::path::Path;

/// One step of training, measured; or many, beside PyTorch's.
pub(crate) fn run(case: &str) {
    let mut training = Case::named(case, None);
    if let Some(folder) = std::env::var_os("LOSSES") {
        return follow(case, training, &Path::new(&folder).join(format!("{case}.safetensors")));
    }
    // Steps after which sizes have found their blocks; what faults then, faults in each step.
    (0..3).for_each(|_| drop(training.step()));
    let before = page_faults();
    let times = timing::sorted(budget(), || training.step());
    let faults = page_faults().zip(before).map(|(now, before)| (now - before) as f64 / times.len() as f64);
    let faults = faults.map_or(String::new(), |faults| format!(" faults_per_step={faults:.1}"));
    println!("cotangent {case} {}{faults}", median_and_least(&times));
}

/// The losses along PyTorch's training, from the same weights on the same data.
fn follow(case: &str, of: Case, file: &Path) {
    let read = |part: &str| {
        let inside = |name: &str| name.starts_with(part);
        let named = Reading::new().only(inside).read(file).unwrap_or_else(|error| panic!("{error}"));
        named.rename(|name| name.strip_prefix(part).map(str::to_owned)).expect("names stay different")
    };
    let given: NamedTensors = read("given.");
    let tensor =
        |name: &str| given.tensors.get(name).unwrap_or_else(|| panic!("{} has no given.{name}", file.display()));
    let mut model = of.model;
    read("model.").load_into(&mut model).unwrap_or_else(|error| panic!("{error}"));
    let expected = tensor("losses").to_vec::<f32>();

    let mut training = Case::new(model, tensor("x").clone(), tensor("y").clone());
    let losses: Vec<f32> = expected.iter().map(|_| training.step().item()).collect();
    let apart = losses.iter().zip(&expected).map(|(ours, theirs)| (ours / theirs - 1.0).abs()).fold(0.0, f32::max);
    println!(
        "cotangent {case} steps={} first={:.6} last={:.6} torch_last={:.6} greatest_relative_difference={apart:.1e}",
        losses.len(),
        losses[0],
        losses[losses.len() - 1],
        expected[expected.len() - 1],
    );
}

/// The gradient of [`chain`] over 10,000 steps: the cost of recording an operation.
pub(crate) fn scalar_chain() {
    const STEPS: usize = 10_000;
    let x = Tensor::from(0.7f32);
    let times = timing::sorted(budget(), || value_and_grad(&x, |x| chain(x, STEPS)));
    let per_operation = times[times.len() / 2] * 1e9 / (2 * STEPS) as f64;
    println!("cotangent scalar_chain {} ns_per_op={per_operation:.1}", median_and_least(&times));
}

/// y = y x + x, so many times, from y = x on: two operations each.
pub(crate) fn chain(x: &Tensor, steps: usize) -> Tensor {
    let mut y = x.clone();
    for _ in 0..steps {
        y = y * x + x;
    }
    y
}

fn median_and_least(times: &[f64]) -> String {
    format!("median_ms={:.4} min_ms={:.4} n={}", times[times.len() / 2] * 1e3, times[0] * 1e3, times.len())
}
