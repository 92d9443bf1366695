//! Every operation against PyTorch's own operator samples, in f64 at 1e-9: value, gradient and second order.
//!
//! `data/` holds a file of cases for each of torch's operators (its README says where they are from). `operators/`
//! says how each call is written with our operations, `skips.rs` which cases mean something that we deliberately do
//! not have. A case is either run or skipped with its reason; a file without an operator, an operator without a file,
//! an argument that a formula never looked at and a skip that meets no case are failures too.
//!
//! `cargo test --test oracle -- --nocapture` prints what was run.

mod case;
mod checks;
mod operators;
mod skips;

use case::{Case, OperatorFile};
use checks::{Checked, check};
use cotangent::Tensor;
use operators::{Formula, Formula::One};
use skips::SKIPS;
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Fewer cases than this would mean that data went missing: it is what was run when the data was last changed.
const LEAST_CASES: usize = 1358;

#[test]
fn every_operator_agrees_with_pytorch() {
    let formulas: BTreeMap<&str, &Formula> = operators::all().into_iter().collect();
    let files = OperatorFile::read_all();
    let mut failures = Vec::new();
    let mut uses = vec![0; SKIPS.len()];
    let mut total = Checked::default();
    for name in formulas.keys().filter(|name| !files.iter().any(|file| file.operator == **name)) {
        failures.push(format!("{name}: there is no data/{name}.safetensors"));
    }
    println!("{:<48} cases: value, gradient, second order; skipped", "operator");
    for file in &files {
        let Some(formula) = formulas.get(file.operator.as_str()) else {
            failures.push(format!("{}: no formula in operators/", file.operator));
            continue;
        };
        let mut sum = Checked::default();
        for case in &file.cases {
            let skip = SKIPS.iter().position(|skip| skip.operator == file.operator && (skip.when)(case));
            match skip {
                Some(skip) => {
                    uses[skip] += 1;
                    sum.skipped += 1;
                }
                None => sum += check_without_panic(case, formula, &mut failures),
            }
        }
        println!("{:<48} {:>3} {:>3} {:>3} {:>3}", file.operator, sum.values, sum.gradients, sum.seconds, sum.skipped);
        if sum.values == 0 {
            failures.push(format!("{}: every case is skipped", file.operator));
        }
        total += sum;
    }
    println!();
    for (skip, uses) in SKIPS.iter().zip(uses) {
        println!("skipped: {} ({uses} cases), {:?}: {}", skip.operator, skip.reason, skip.detail);
        if uses == 0 {
            failures.push(format!("the skip of {} meets no case: {}", skip.operator, skip.detail));
        }
    }
    println!(
        "{} operators: {} cases run, {} with gradients, {} with second order; {} skipped; {} failures",
        files.len(),
        total.values,
        total.gradients,
        total.seconds,
        total.skipped,
        failures.len()
    );
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(total.values >= LEAST_CASES, "only {} cases were run", total.values);
}

/// A case that panics has failed; the others still run.
fn check_without_panic(case: &Case, formula: &Formula, failures: &mut Vec<String>) -> Checked {
    let before = failures.len();
    let result = catch_unwind(AssertUnwindSafe(|| check(case, formula, failures)));
    result.unwrap_or_else(|panic| {
        failures.truncate(before);
        let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        failures.push(format!("{case}: panicked: {}", message.unwrap_or("without a message")));
        Checked { values: 1, ..Checked::default() }
    })
}

/// The failures of a formula on all cases of an operator.
fn failures_of(operator: &str, formula: fn(&case::Call<'_>) -> Tensor) -> Vec<String> {
    let mut failures = Vec::new();
    for case in &OperatorFile::read(operator).cases {
        check_without_panic(case, &One(formula), &mut failures);
    }
    failures
}

#[test]
fn a_wrong_value_is_found() {
    assert!(failures_of("square", |call| call.x(0).square()).is_empty());
    let failures = failures_of("square", |call| call.x(0).square() * (1.0 + 1e-8));
    assert!(failures.iter().any(|failure| failure.contains("out0")), "{failures:?}");
}

#[test]
fn a_wrong_gradient_is_found() {
    let failures = failures_of("square", |call| call.x(0) * call.x(0).stop_gradient());
    assert!(!failures.iter().any(|failure| failure.contains("out0")), "{failures:?}");
    assert!(failures.iter().any(|failure| failure.contains("grad_in0")), "{failures:?}");
}

#[test]
fn a_wrong_second_order_is_found() {
    // 2 x c - c² with c = x held constant: value and gradient are those of x², the second derivative is 0.
    let failures = failures_of("square", |call| {
        let held = call.x(0).stop_gradient();
        call.x(0) * &held * 2 - held.square()
    });
    assert!(!failures.iter().any(|failure| failure.contains("out0") || failure.contains("grad_in0")), "{failures:?}");
    assert!(failures.iter().any(|failure| failure.contains("second_in0")), "{failures:?}");
}

#[test]
fn an_argument_that_is_not_looked_at_is_found() {
    let failures = failures_of("add", |call| call.x(0) + call.x(1));
    assert!(failures.iter().any(|failure| failure.contains("alpha")), "{failures:?}");
}
