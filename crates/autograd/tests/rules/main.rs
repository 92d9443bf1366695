//! Every built-in rule held against differences: each operation that `ops` exports stands in a table with samples, and each
//! sample passes the checker at second order, for inputs and cotangents of every layout.

mod compositions;
mod elementwise;
mod functions;
mod layouts;
mod moved;
mod reduced;
mod table;

use cotangent_autograd::{check, grad};
use cotangent_tensor::{
    Derivative, Primitive, Tensor,
    ops::{
        ArgMax, ArgMin, Ceil, Compare, Comparison, DivFloor, DivTrunc, Floor, Heaviside, Round, RoundDecimals, Sign,
        StopGradient, Trunc,
    },
};
use layouts::LAYOUTS;
use std::collections::BTreeSet;
use table::{Sample, names_of_operations_in, table};

/// What `ops` exports that is no operation.
const NOT_OPERATIONS: [&str; 7] = ["Comparison", "Elementwise", "Kept", "NewShape", "Operand", "Special", "ToNumber"];
/// Fused derivatives, which operations of the table run: their own derivatives are checked one order higher.
const OF_DERIVATIVES: [&str; 3] = ["ElementwiseGrad", "LogSoftmaxGrad", "SoftmaxGrad"];

/// Operations that say that their derivative is zero.
fn constant_operations() -> [(&'static str, Box<dyn Primitive>); 13] {
    [
        ("Floor", Box::new(Floor)),
        ("Ceil", Box::new(Ceil)),
        ("Trunc", Box::new(Trunc)),
        ("Round", Box::new(Round)),
        ("RoundDecimals", Box::new(RoundDecimals(2))),
        ("Sign", Box::new(Sign)),
        ("Heaviside", Box::new(Heaviside)),
        ("DivFloor", Box::new(DivFloor)),
        ("DivTrunc", Box::new(DivTrunc)),
        ("ArgMax", Box::new(ArgMax::new(0, false))),
        ("ArgMin", Box::new(ArgMin::new(0, false))),
        ("Compare", Box::new(Compare(Comparison::Lt))),
        ("StopGradient", Box::new(StopGradient)),
    ]
}

/// The names in the `pub use` lines of the module of operations.
fn exported() -> BTreeSet<String> {
    let source = include_str!("../../../tensor/src/ops/mod.rs");
    let uses = source.split(';').filter_map(|item| item.trim_start().strip_prefix("pub use "));
    let names = uses.flat_map(|item| item.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
    // Modules are in lower case.
    names.filter(|name| name.starts_with(char::is_uppercase)).collect()
}

#[test]
fn every_operation_is_in_the_table() {
    let in_table: BTreeSet<String> = table().iter().map(|sample| sample.operation.to_owned()).collect();
    let constant = constant_operations().map(|(name, _)| name);
    let known: BTreeSet<String> =
        NOT_OPERATIONS.iter().chain(&OF_DERIVATIVES).chain(&constant).map(|&name| name.to_owned()).collect();
    let exported = exported();
    assert!(exported.len() > 50, "the exports of ops are read: {exported:?}");
    let missing: Vec<&String> =
        exported.iter().filter(|name| !in_table.contains(*name) && !known.contains(*name)).collect();
    assert!(missing.is_empty(), "ops exports operations without a sample in this table: {missing:?}");
    let unknown: Vec<&String> = in_table.union(&known).filter(|name| !exported.contains(*name)).collect();
    assert!(unknown.is_empty(), "ops does not export {unknown:?}");
}

#[test]
fn every_sample_runs_its_operation() {
    for sample in table() {
        let names = names_of_operations_in(&sample);
        let wanted = sample.operation.to_lowercase();
        let found = names.iter().any(|name| name.replace('_', "") == wanted);
        assert!(found, "{}, {}: ran {names:?}", sample.operation, sample.form);
    }
}

#[test]
fn constant_operations_say_so() {
    for (name, operation) in constant_operations() {
        assert!(matches!(operation.derivative(), Derivative::Zero), "{name}");
    }
}

#[track_caller]
fn assert_passes(sample: &Sample, what: &str, inputs: &Vec<Tensor>, f: impl Fn(&Vec<Tensor>) -> Tensor) {
    let report = check::gradients(f).at(inputs);
    let specs: Vec<_> = inputs.iter().map(Tensor::spec).collect();
    assert_eq!(
        report.verdict(),
        check::Verdict::Pass,
        "{}, {}, {what} at {specs:?}\n{report}",
        sample.operation,
        sample.form
    );
}

#[test]
fn every_rule_passes_at_second_order_for_inputs_of_every_layout() {
    for sample in table() {
        for shapes in &sample.shapes {
            for layout in LAYOUTS {
                if let Some(inputs) = sample.inputs(shapes, layout) {
                    assert_passes(&sample, &format!("{layout:?} inputs"), &inputs, |x| (sample.f)(x));
                }
            }
        }
    }
}

#[test]
fn every_rule_passes_for_strided_and_broadcast_cotangents() {
    for sample in table() {
        for shapes in &sample.shapes {
            let inputs = sample.inputs(shapes, layouts::Layout::Contiguous).expect("always possible");
            let reversed = |x: &Vec<Tensor>| {
                let y = (sample.f)(x);
                let axes: Vec<isize> = (0..y.rank() as isize).rev().collect();
                y.permute(axes).flip(..)
            };
            assert_passes(&sample, "strided cotangents", &inputs, reversed);
            assert_passes(&sample, "broadcast cotangents", &inputs, |x| (sample.f)(x).sum(..));
        }
    }
}

/// The fused backward kernels are operations too; they say nothing of their derivative, but decompose.
#[test]
fn every_rule_passes_at_third_order() {
    for sample in table() {
        let inputs = sample.inputs(&sample.shapes[0], layouts::Layout::Contiguous).expect("always possible");
        let gradient = |x: &Vec<Tensor>| {
            let slopes = grad(x, |x| (sample.f)(x).sin().sum(..));
            let flat: Vec<Tensor> = slopes.iter().map(|slope| slope.flatten(0, -1)).collect();
            Tensor::concat(flat, 0)
        };
        assert_passes(&sample, "third order", &inputs, gradient);
    }
}
