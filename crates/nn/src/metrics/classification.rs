//! How good a classifier is: the class with the greatest score against the true one. Where scores tie, the first counts.

use crate::{
    labels::{check_label_range, check_label_shape, checked_classes, resolved_axis},
    loss::CrossEntropy,
};
use cotangent_tensor::{DType, Error, ErrorKind, Tensor};

/// The label that [`perplexity`] leaves out, as the loss does.
const IGNORED: i64 = -100;

/// The share of rows whose greatest score is at their label, for scores `[.., classes]` and labels `[..]`; of no rows NaN. Of a classifier
/// with one logit for two classes it is [`binary_accuracy`].
///
/// # Panics
/// When a label is not a class, there is only one class, or the shapes do not fit.
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
    checked_choices("accuracy", scores, labels);
    scores.argmax(-1).eq(labels).cast(DType::F64).mean(..).item()
}

/// The share of logits that say what their target is, for logits and targets of one shape: 1 where the logit is above 0, where its
/// sigmoid is above a half. What a classifier with one output says, as trained by
/// [`BceWithLogits`](crate::loss::BceWithLogits). Targets are bool, integers or floats of 0 and 1; of no logits NaN.
///
/// # Panics
/// When the shapes differ, the logits are not floating point, or a target is neither 0 nor 1.
///
/// ```
/// use cotangent_nn::metrics::binary_accuracy;
/// use cotangent_tensor::Tensor;
/// let logits = Tensor::from([[2.5f32], [-0.5], [0.0], [0.25]]);
/// assert_eq!(binary_accuracy(&logits, &Tensor::from([[1.0f32], [0.0], [1.0], [1.0]])), 0.75);
/// ```
#[must_use]
#[track_caller]
pub fn binary_accuracy(logits: &Tensor, targets: &Tensor) -> f64 {
    const OP: &str = "binary_accuracy";
    let specs = [logits.spec(), targets.spec()];
    if !logits.dtype().is_float() {
        panic!("{}", Error::needs_float(OP, &specs));
    }
    if logits.shape() != targets.shape() {
        let error = Error::new(ErrorKind::Shape, OP, "needs a target for each logit, in the same shape");
        panic!("{}", error.with_inputs(&specs).with_hint("reshape one of them"));
    }
    let is_positive = targets.ne(0);
    if !targets.eq(1).eq(&is_positive).all(..).item::<bool>() {
        let error = Error::new(ErrorKind::Value, OP, "targets are 0 or 1");
        panic!("{}", error.with_inputs(&specs).with_hint("of more classes, accuracy takes a score for each"));
    }
    // NaN counts as the greatest of numbers.
    (!logits.le(0)).eq(&is_positive).cast(DType::F64).mean(..).item()
}

/// The share of rows of whose `k` greatest scores one is at their label, for scores `[.., classes]` and labels `[..]`; of no rows NaN. Of
/// equal scores the first count, so that with `k = 1` it is [`accuracy`].
///
/// # Panics
/// When a label is not a class, there is only one class, the shapes do not fit, or `k` is zero or greater than the number of classes.
///
/// ```
/// use cotangent_nn::metrics::top_k_accuracy;
/// use cotangent_tensor::Tensor;
/// let scores = Tensor::from([[0.1f32, 0.5, 0.4], [0.8, 0.2, 0.0]]);
/// assert_eq!(top_k_accuracy(&scores, &Tensor::from([2i64, 2]), 2), 0.5);
/// ```
#[must_use]
#[track_caller]
pub fn top_k_accuracy(scores: &Tensor, labels: &Tensor, k: usize) -> f64 {
    let classes = checked_choices("top_k_accuracy", scores, labels);
    if !(1..=classes).contains(&k) {
        let rule = format!("k must lie within 1 and the number of classes, {classes}; it is {k}");
        panic!("{}", Error::new(ErrorKind::Value, "top_k_accuracy", rule).with_inputs(&[scores.spec(), labels.spec()]));
    }
    let (_, places) = scores.stop_gradient().topk(k, -1);
    places.eq(&labels.unsqueeze(-1)).cast(DType::F64).sum(-1).mean(..).item()
}

/// `e` to the mean of `-ln softmax(x)[label]`, for logits x `[.., classes]` and labels `[..]`, of which those that are -100 do not
/// count; of no others NaN. A uniform guess has the number of classes.
///
/// # Panics
/// When a label is neither a class nor -100, the shapes do not fit, or the logits are not floating point.
///
/// ```
/// use cotangent_nn::metrics::perplexity;
/// use cotangent_tensor::Tensor;
/// let logits = Tensor::zeros([2, 3, 8], cotangent_tensor::DType::F64);
/// assert!((perplexity(&logits, &Tensor::from([[0i64, 1, 2], [7, -100, 3]])) - 8.0).abs() < 1e-12);
/// ```
#[must_use]
#[track_caller]
pub fn perplexity(logits: &Tensor, labels: &Tensor) -> f64 {
    const OP: &str = "perplexity";
    if !logits.dtype().is_float() {
        panic!("{}", Error::needs_float(OP, &[logits.spec()]));
    }
    let axis = resolved_axis(OP, logits, -1);
    check_label_shape(OP, logits, labels, axis);
    check_label_range(OP, logits, labels, logits.shape()[axis], Some(IGNORED));
    let logits = logits.stop_gradient();
    // A loss that is rounded to a half would be percents in e to it.
    let logits = if logits.dtype().is_half() { logits.cast(DType::F32) } else { logits };
    let loss = CrossEntropy::new().axis(-1).ignore_index(IGNORED).of(&logits, labels);
    loss.cast(DType::F64).item::<f64>().exp()
}

/// How many rows of each true class were taken for each class: i64 of shape `[classes, classes]`, the true class along
/// the first axis and the predicted one along the second.
///
/// # Panics
/// When a label is not a class, there is only one class, or the shapes do not fit.
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
    let classes = checked_choices("confusion_matrix", scores, labels);
    let cells = (labels * classes as i64 + scores.argmax(-1)).reshape([-1]);
    Tensor::zeros([classes * classes], DType::I64).index_add(0, &cells, &cells.ones_like()).reshape([classes, classes])
}

/// The number of classes, after a check of scores and labels. Of one class any scores are right, which is what a logit of two classes looks
/// like.
#[track_caller]
fn checked_choices(op: &'static str, scores: &Tensor, labels: &Tensor) -> usize {
    if scores.shape().last() == Some(&1) {
        let error = Error::new(ErrorKind::Shape, op, "one score for each row is the greatest, whatever it is");
        let error = error.with_inputs(&[scores.spec(), labels.spec()]);
        panic!("{}", error.with_hint("one logit of two classes is what metrics::binary_accuracy takes"));
    }
    checked_classes(op, scores, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    /// The data of scripts/metrics_reference.py.
    fn reference() -> (Tensor, Tensor) {
        let rows = [[0.1, 0.5, 0.2, 0.2001], [0.3, 0.1, 0.4, 0.2], [0.9, 0.02, 0.05, 0.03], [0.25, 0.24, 0.26, 0.2501]];
        (Tensor::from(rows), Tensor::from([2i64, 0, 1, 1]))
    }

    #[test]
    fn one_logit_decides_by_its_sign() {
        let logits = Tensor::from([1.0f32, -1.0, 0.0, -0.0, f32::INFINITY, f32::MIN_POSITIVE, f32::NAN]);
        let of = |targets: &Tensor| binary_accuracy(&logits, targets) * 7.0;
        let said = Tensor::from([true, false, false, false, true, true, true]);
        for targets in [said.clone(), said.cast(DType::I64), said.cast(DType::F64), said.cast(DType::U8)] {
            assert_eq!(of(&targets), 7.0);
        }
        assert!(of(&!&said) == 0.0 && of(&Tensor::from([1i64, 0, 1, 0, 0, 1, 1])) == 5.0);
        assert!(binary_accuracy(&Tensor::zeros([0, 1], DType::F32), &Tensor::zeros([0, 1], DType::F32)).is_nan());
        let message = panic_message(|| of(&Tensor::from([1i64, 0, 2, 0, 0, 1, 1])));
        assert!(message.starts_with("binary_accuracy: targets are 0 or 1; got f32[7], i64[7]"), "{message}");
        let message = panic_message(|| of(&Tensor::from([0.5f32; 7])));
        assert!(message.contains("targets are 0 or 1"), "{message}");
        let message = panic_message(|| of(&said.unsqueeze(1)));
        assert!(
            message.contains("needs a target for each logit, in the same shape; got f32[7], bool[7, 1]"),
            "{message}"
        );
    }

    #[test]
    fn one_column_of_scores_is_no_choice() {
        let (logits, labels) = (Tensor::from([[-3.0f32], [2.0]]), Tensor::from([0i64, 0]));
        type Metric = fn(&Tensor, &Tensor) -> Tensor;
        let metrics: [(&str, Metric); 3] = [
            ("accuracy", |x, y| accuracy(x, y).into()),
            ("top_k_accuracy", |x, y| top_k_accuracy(x, y, 1).into()),
            ("confusion_matrix", confusion_matrix),
        ];
        for (name, metric) in metrics {
            assert_eq!(
                panic_message(|| metric(&logits, &labels)),
                format!(
                    "{name}: one score for each row is the greatest, whatever it is; got f32[2, 1], i64[2]; \
                     one logit of two classes is what metrics::binary_accuracy takes"
                )
            );
        }
    }

    #[test]
    fn the_label_may_be_among_the_first_k_as_in_scikit_learn() {
        let (scores, labels) = reference();
        let shares: Vec<f64> = (1..=4).map(|k| top_k_accuracy(&scores, &labels, k)).collect();
        assert_eq!(shares, [0.0, 0.25, 0.5, 1.0]);
        let tied = Tensor::ones([2, 3], DType::F32);
        assert_eq!(top_k_accuracy(&tied, &Tensor::from([0i64, 1]), 1), accuracy(&tied, &Tensor::from([0i64, 1])));
        assert_eq!(top_k_accuracy(&tied, &Tensor::from([1i64, 2]), 2), 0.5);
        assert_eq!(
            panic_message(|| top_k_accuracy(&scores, &labels, 5)),
            "top_k_accuracy: k must lie within 1 and the number of classes, 4; it is 5; got f64[4, 4], i64[4]"
        );
        assert!(panic_message(|| top_k_accuracy(&scores, &labels, 0)).contains("it is 0"));
        assert!(top_k_accuracy(&Tensor::zeros([0, 3], DType::F32), &Tensor::zeros([0], DType::I64), 2).is_nan());
    }

    #[test]
    fn perplexity_is_that_of_pytorchs_loss() {
        let (scores, labels) = reference();
        assert!((perplexity(&scores, &labels) / 4.352280701051242 - 1.0).abs() < 1e-14);
        let ignored = Tensor::from([2i64, IGNORED, 1, 1]);
        assert!((perplexity(&scores, &ignored) / 4.5422455269881175 - 1.0).abs() < 1e-14);
        assert!(
            (perplexity(&scores.reshape([2, 2, 4]), &labels.reshape([2, 2])) / 4.352280701051242 - 1.0).abs() < 1e-14
        );
        assert!(perplexity(&Tensor::zeros([0, 3], DType::F32), &Tensor::zeros([0], DType::I64)).is_nan());
        // Of halves too: the loss that is rounded to one is off by 1/64 between 4 and 8, and e to it by 1.6%.
        for dtype in [DType::BF16, DType::F16, DType::F32] {
            let uniform = perplexity(&Tensor::zeros([2, 300], dtype), &Tensor::from([0i64, 299]));
            assert!((uniform / 300.0 - 1.0).abs() < 1e-5, "{dtype} {uniform}");
        }
        let message = panic_message(|| perplexity(&scores, &Tensor::from([2i64, 4, 1, 1])));
        assert!(message.starts_with("perplexity: the label at [1] is 4"), "{message}");
        let message = panic_message(|| perplexity(&labels, &labels));
        assert!(message.starts_with("perplexity: needs a floating-point dtype"), "{message}");
    }

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
