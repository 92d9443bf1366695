//! What predictions, targets and weights must agree on. Shapes are not broadcast: `[n, 1]` against `[n]` would silently
//! compare every prediction with every target.

use crate::labels::position;
use cotangent_tensor::{DType, Error, ErrorKind, Few, Shape, SpecRef, Tensor};

fn specs<'a>(inputs: &[&'a Tensor]) -> Few<SpecRef<'a>> {
    inputs.iter().map(|x| x.spec()).collect()
}

/// Refuses inputs that are not floating point, or of different dtypes.
#[track_caller]
pub(super) fn check_floats(op: &'static str, inputs: &[&Tensor]) {
    if !inputs[0].dtype().is_float() {
        panic!("{}", Error::needs_float(op, &specs(inputs)));
    }
    if inputs.iter().any(|x| x.dtype() != inputs[0].dtype()) {
        panic!("{}", Error::mixed_dtypes(op, &specs(inputs)));
    }
}

/// Refuses inputs of different shapes; `what` names them.
#[track_caller]
pub(super) fn check_one_shape(op: &'static str, what: &str, inputs: &[&Tensor]) {
    if inputs.iter().any(|x| x.shape() != inputs[0].shape()) {
        let error = Error::new(ErrorKind::Shape, op, format!("{what} must have one shape"));
        panic!("{}", error.with_inputs(&specs(inputs)).with_hint("reshape or expand one of them"));
    }
}

/// Refuses a prediction and a target that are not of one floating-point dtype and one shape.
#[track_caller]
pub(super) fn check_pair(op: &'static str, prediction: &Tensor, target: &Tensor) {
    check_one_shape(op, "prediction and target", &[prediction, target]);
    check_floats(op, &[prediction, target]);
}

/// Refuses a weight that does not broadcast to the prediction.
#[track_caller]
pub(super) fn check_weight(op: &'static str, what: &str, weight: &Tensor, prediction: &Tensor) {
    if weight.dtype() != prediction.dtype() {
        panic!("{}", Error::mixed_dtypes(op, &specs(&[prediction, weight])));
    }
    if Shape::broadcast(weight.shape(), prediction.shape()).as_ref() != Some(prediction.shape()) {
        let rule = format!("{what} must broadcast to the prediction's shape");
        panic!("{}", Error::new(ErrorKind::Shape, op, rule).with_inputs(&specs(&[prediction, weight])));
    }
}

/// Refuses weights that are not one for each class.
#[track_caller]
pub(super) fn check_class_weights(op: &'static str, weight: &Tensor, scores: &Tensor, classes: usize) {
    if weight.dtype() != scores.dtype() {
        panic!("{}", Error::mixed_dtypes(op, &specs(&[scores, weight])));
    }
    if weight.shape()[..] != [classes] {
        let rule = format!("there must be one weight for each of the {classes} classes");
        panic!("{}", Error::new(ErrorKind::Shape, op, rule).with_inputs(&specs(&[scores, weight])));
    }
}

/// Where the labels are 1, as a bool tensor; elsewhere they must be -1. They may be of any numeric dtype.
#[track_caller]
pub(super) fn positive_labels(op: &'static str, labels: &Tensor, rows: &[usize], inputs: &[&Tensor]) -> Tensor {
    if labels.dtype() == DType::Bool {
        let error = Error::new(ErrorKind::DType, op, "labels are the numbers 1 and -1, not bool");
        let hint = "for example mask.cast(DType::I64) * 2 - 1";
        panic!("{}", error.with_inputs(&specs(inputs)).with_hint(hint));
    }
    if labels.shape()[..] != *rows {
        let rule = format!("labels of shape {rows:?} are needed");
        panic!("{}", Error::new(ErrorKind::Shape, op, rule).with_inputs(&specs(inputs)));
    }
    check_each(op, "the label", labels, inputs, "not 1 or -1", |label| label == 1.0 || label == -1.0);
    labels.gt(0)
}

/// Refuses a tensor with an element that does not fit, and names the first.
#[track_caller]
pub(super) fn check_each(
    op: &'static str,
    what: &str,
    x: &Tensor,
    inputs: &[&Tensor],
    rule: &str,
    fits: impl Fn(f64) -> bool,
) {
    if !x.has_values() {
        return;
    }
    let numbers = Tensor::from(x.array().clone()).cast(DType::F64);
    let numbers = numbers.array().to_slice::<f64>();
    if let Some(flat) = numbers.iter().position(|&number| !fits(number)) {
        let value = numbers[flat];
        let rule = format!("{what} at {:?} is {value}, {rule}", position(x.shape(), flat));
        panic!("{}", Error::new(ErrorKind::Value, op, rule).with_inputs(&specs(inputs)));
    }
}

/// Refuses an option outside its domain.
#[track_caller]
pub(super) fn check_option(op: &'static str, name: &str, value: f64, fits: bool, domain: &str) {
    assert!(fits, "{op}: {name} must be {domain}; got {value:?}");
}
