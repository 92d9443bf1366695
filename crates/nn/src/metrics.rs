//! How good a classifier is: the class with the greatest score against the true one. Where scores tie, the first counts.

use crate::labels::checked_classes;
use cotangent_tensor::{DType, Tensor};

/// The share of rows whose greatest score is at their label, for scores `[.., classes]` and labels `[..]`; of no rows NaN.
///
/// # Panics
/// When a label is not a class, or the shapes do not fit.
///
/// ```
/// use cotangent_nn::accuracy;
/// use cotangent_tensor::Tensor;
/// let scores = Tensor::from([[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6], [0.7, 0.3]]);
/// assert_eq!(accuracy(&scores, &Tensor::from([1i64, 0, 0, 0])), 0.75);
/// ```
#[must_use]
#[track_caller]
pub fn accuracy(scores: &Tensor, labels: &Tensor) -> f64 {
    checked_classes("accuracy", scores, labels);
    scores.argmax(-1).eq(labels).cast(DType::F64).mean(..).item()
}

/// How many rows of each true class were taken for each class: i64 of shape `[classes, classes]`, the true class along
/// the first axis and the predicted one along the second.
///
/// # Panics
/// When a label is not a class, or the shapes do not fit.
///
/// ```
/// use cotangent_nn::confusion_matrix;
/// use cotangent_tensor::Tensor;
/// let scores = Tensor::from([[0.1f32, 0.9], [0.8, 0.2], [0.4, 0.6], [0.7, 0.3]]);
/// let counts = confusion_matrix(&scores, &Tensor::from([1i64, 0, 0, 0]));
/// assert_eq!(counts.to_vec::<i64>(), [2, 1, 0, 1]);
/// ```
#[must_use]
#[track_caller]
pub fn confusion_matrix(scores: &Tensor, labels: &Tensor) -> Tensor {
    let classes = checked_classes("confusion_matrix", scores, labels);
    let cells = (labels * classes as i64 + scores.argmax(-1)).reshape([-1]);
    Tensor::zeros([classes * classes], DType::I64).index_add(0, &cells, &cells.ones_like()).reshape([classes, classes])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    #[test]
    fn rows_of_any_shape_count_and_the_first_of_equal_scores_wins() {
        let scores = Tensor::from([[[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]], [[3.0, 0.0, 0.0], [0.0, 0.0, 1.0]]]);
        let labels = Tensor::from([[0i64, 2], [1, 2]]);
        assert_eq!(accuracy(&scores, &labels), 0.5);
        assert_eq!(confusion_matrix(&scores, &labels).to_vec::<i64>(), [1, 0, 0, 1, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn a_label_beyond_the_classes_is_refused() {
        let scores = Tensor::zeros([1, 2], DType::F32);
        let message = panic_message(|| confusion_matrix(&scores, &Tensor::from([2i64])));
        assert!(message.starts_with("confusion_matrix: the label at [0] is 2"), "{message}");
        assert!(panic_message(|| accuracy(&scores, &Tensor::from([-1i64]))).starts_with("accuracy: "));
    }

    #[test]
    fn of_no_rows_the_accuracy_is_nan_and_all_counts_are_zero() {
        let (scores, labels) = (Tensor::zeros([0, 2], DType::F32), Tensor::zeros([0], DType::I64));
        assert!(accuracy(&scores, &labels).is_nan());
        assert_eq!(confusion_matrix(&scores, &labels).to_vec::<i64>(), [0; 4]);
    }
}
