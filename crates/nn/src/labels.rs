//! What scores and labels must agree on: a class index for each row of scores, within the classes.

use cotangent_tensor::{DType, Error, ErrorKind, Tensor};

/// The number of classes of scores `[.., classes]`, after a check of their labels `[..]`.
///
/// # Panics
/// When the shapes do not fit, the labels are not i64, or a label is not a class.
#[track_caller]
pub(crate) fn checked_classes(op: &'static str, scores: &Tensor, labels: &Tensor) -> usize {
    let refuse = |kind, rule: String| Error::new(kind, op, rule).with_inputs(&[scores.spec(), labels.spec()]);
    if labels.dtype() != DType::I64 {
        let rule = format!("labels are class indices of dtype i64, not {}", labels.dtype());
        panic!("{}", refuse(ErrorKind::DType, rule).with_hint("cast them with .cast(DType::I64)"));
    }
    let classes = match &scores.shape()[..] {
        [rows @ .., classes] if rows == &labels.shape()[..] => *classes,
        _ => {
            let rule = "scores [.., classes] need labels [..]: a class index for each row".to_owned();
            panic!("{}", refuse(ErrorKind::Shape, rule));
        }
    };
    let values = labels.array().to_slice::<i64>();
    let is_class = |label: i64| usize::try_from(label).is_ok_and(|label| label < classes);
    if let Some(flat) = values.iter().position(|&label| !is_class(label)) {
        let (label, position) = (values[flat], position(labels.shape(), flat));
        let range = match classes {
            0 => "and there are no classes".to_owned(),
            _ => format!("which is not one of the {classes} classes 0 to {}", classes - 1),
        };
        panic!("{}", refuse(ErrorKind::Index, format!("the label at {position:?} is {label}, {range}")));
    }
    classes
}

/// The index along each axis of an element that is `flat`-th in row-major order.
fn position(shape: &[usize], mut flat: usize) -> Vec<usize> {
    let mut position: Vec<usize> = shape
        .iter()
        .rev()
        .map(|size| {
            let index = flat % size;
            flat /= size;
            index
        })
        .collect();
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
            "loss: scores [.., classes] need labels [..]: a class index for each row; got f32[2, 3], i64[3]"
        );
        let message = panic_message(|| checked_classes("loss", &scores, &Tensor::from([0u8, 1])));
        assert_eq!(
            message,
            "loss: labels are class indices of dtype i64, not u8; got f32[2, 3], u8[2]; cast them with .cast(DType::I64)"
        );
        assert!(
            panic_message(|| checked_classes("loss", &Tensor::from(1.0f32), &Tensor::from(0i64))).contains("f32[]")
        );
    }
}
