//! Optimizers: they change the parameters of a model in place, by its gradient and what they remember of earlier steps.
//!
//! An optimizer is a plain value without type parameters. What it remembers lies in the order of the model's parameters, so
//! that one optimizer belongs to one model. Buffers and tensors without a gradient, such as integers, stay as they are.
//!
//! Each step is one pass over each parameter. Rounding is PyTorch's up to the order of a few operations.

mod adam;
mod memory;
mod sgd;
#[cfg(test)]
mod tests;

pub use adam::Adam;
pub use sgd::Sgd;

/// Checks a setting.
#[track_caller]
fn check(op: &str, name: &str, value: f64, allowed: bool, domain: &str) {
    assert!(allowed, "{op}: {name} must be {domain}; got {value}");
}

/// Checks a setting that must be a finite number from zero on.
#[track_caller]
fn check_not_negative(op: &str, name: &str, value: f64) {
    check(op, name, value, value >= 0.0 && value.is_finite(), "a finite number from 0 on");
}

/// Checks a factor by which something is forgotten.
#[track_caller]
fn check_decay(op: &str, name: &str, value: f64) {
    check(op, name, value, (0.0..1.0).contains(&value), "at least 0 and below 1");
}
