//! What scores and labels must agree on: a class index for each row of scores, within the classes.

use cotangent_tensor::{DType, Error, ErrorKind, Shape, Tensor};

/// Refuses labels that are not class indices, one for each row of scores with their classes along an axis.
///
/// # Panics
/// When the shapes do not fit, or the labels are not i64.
#[track_caller]
pub(crate) fn check_label_shape(op: &'static str, scores: &Tensor, labels: &Tensor, axis: usize) {
    let refuse = |kind, rule: String| Error::new(kind, op, rule).with_inputs(&[scores.spec(), labels.spec()]);
    if labels.dtype() != DType::I64 {
        let rule = format!("labels are class indices of dtype i64, not {}", labels.dtype());
        panic!("{}", refuse(ErrorKind::DType, rule).with_hint("cast them with .cast(DType::I64)"));
    }
    let rows = scores.shape().without(axis);
    if *labels.shape() == rows {
        return;
    }
    let rule = format!("scores with classes along axis {axis} need labels of shape {rows:?}, one for each row");
    let error = refuse(ErrorKind::Shape, rule);
    let last = scores.rank() - 1;
    if axis != last && *labels.shape() == scores.shape().without(last) {
        panic!("{}", error.with_hint("classes along the last axis are .axis(-1)"));
    }
    if labels.shape() == scores.shape() {
        panic!("{}", error.with_hint(format!("of one-hot labels, .argmax({axis}) is the class")));
    }
    panic!("{error}");
}

/// Refuses a label that is neither a class nor the one to ignore; labels without values are not looked at.
///
/// # Panics
/// When there is one.
#[track_caller]
pub(crate) fn check_label_range(
    op: &'static str,
    scores: &Tensor,
    labels: &Tensor,
    classes: usize,
    ignored: Option<i64>,
) {
    if !labels.has_values() {
        return;
    }
    let values = labels.array().to_slice::<i64>();
    let is_class = |label: i64| usize::try_from(label).is_ok_and(|label| label < classes);
    if let Some(flat) = values.iter().position(|&label| !is_class(label) && ignored != Some(label)) {
        let error = Error::not_a_class(op, values[flat], &position(labels.shape(), flat), classes);
        panic!("{}", error.with_inputs(&[scores.spec(), labels.spec()]));
    }
}

/// The axis that an argument names; a negative one counts from the end.
///
/// # Panics
/// When it is out of range.
#[track_caller]
pub(crate) fn resolved_axis(op: &'static str, x: &Tensor, axis: isize) -> usize {
    let rank = x.rank();
    let resolved = if axis < 0 { axis.checked_add_unsigned(rank) } else { Some(axis) };
    match resolved.and_then(|axis| usize::try_from(axis).ok()).filter(|&axis| axis < rank) {
        Some(axis) => axis,
        None => {
            let rule = format!("axis {axis} is out of range for a tensor of rank {rank}");
            panic!("{}", Error::new(ErrorKind::Axis, op, rule).with_inputs(&[x.spec()]));
        }
    }
}

/// The number of classes of scores `[.., classes]`, after a check of their labels `[..]`.
///
/// # Panics
/// When the shapes do not fit, the labels are not i64, or a label is not a class.
#[track_caller]
pub(crate) fn checked_classes(op: &'static str, scores: &Tensor, labels: &Tensor) -> usize {
    let axis = resolved_axis(op, scores, -1);
    check_label_shape(op, scores, labels, axis);
    let classes = scores.shape()[axis];
    check_label_range(op, scores, labels, classes, None);
    classes
}

/// The index along each axis of an element that is `flat`-th in row-major order.
pub(crate) fn position(shape: &Shape, mut flat: usize) -> Vec<usize> {
    let index = |size: &usize| {
        let index = flat % size;
        flat /= size;
        index
    };
    let mut position: Vec<usize> = shape.iter().rev().map(index).collect();
    position.reverse();
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    #[test]
    fn a_label_out_of_range_is_named_with_its_place_and_the_classes() {
        let scores = Tensor::zeros([2, 3, 4], DType::F32);
        let labels = |last| Tensor::from([[0i64, 3, 1], [2, last, 0]]);
        assert_eq!(checked_classes("loss", &scores, &labels(3)), 4);
        for wrong in [4, -1, i64::MAX] {
            let message = panic_message(|| checked_classes("loss", &scores, &labels(wrong)));
            assert_eq!(
                message,
                format!(
                    "loss: the label at [1, 1] is {wrong}, which is not one of the 4 classes 0 to 3; got f32[2, 3, 4], i64[2, 3]"
                )
            );
        }
        let message =
            panic_message(|| checked_classes("loss", &Tensor::zeros([1, 0], DType::F32), &Tensor::from([0i64])));
        assert_eq!(message, "loss: the label at [0] is 0, and there are no classes; got f32[1, 0], i64[1]");
    }

    #[test]
    fn shapes_and_dtypes_that_do_not_fit_are_named() {
        let scores = Tensor::zeros([2, 3], DType::F32);
        let message = panic_message(|| checked_classes("loss", &scores, &Tensor::from([0i64, 1, 2])));
        assert_eq!(
            message,
            "loss: scores with classes along axis 1 need labels of shape [2], one for each row; got f32[2, 3], i64[3]"
        );
        let message = panic_message(|| checked_classes("loss", &scores, &Tensor::from([0u8, 1])));
        assert_eq!(
            message,
            "loss: labels are class indices of dtype i64, not u8; got f32[2, 3], u8[2]; cast them with .cast(DType::I64)"
        );
        let message = panic_message(|| checked_classes("loss", &Tensor::from(1.0f32), &Tensor::from(0i64)));
        assert_eq!(message, "loss: axis -1 is out of range for a tensor of rank 0; got f32[]");
    }
}
