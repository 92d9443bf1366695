//! How well scores put the positives before the negatives, whatever the threshold.

use cotangent_tensor::{DType, Error, ErrorKind, Tensor};

/// The probability that a positive has a greater score than a negative, where equal ones count half: the area under the curve of the
/// true positive rate over the false positive rate. Scores `[n]` are of any floating-point dtype, labels `[n]` bool, or i64 of 0 and 1.
///
/// NaN when there are no positives or no negatives, or a score is NaN.
///
/// # Panics
/// When the shapes or dtypes do not fit, or a label is neither 0 nor 1.
///
/// ```
/// use cotangent_nn::metrics::roc_auc;
/// use cotangent_tensor::Tensor;
/// let scores = Tensor::from([0.1, 0.4, 0.35, 0.8]);
/// assert_eq!(roc_auc(&scores, &Tensor::from([0i64, 0, 1, 1])), 0.75);
/// ```
#[must_use]
#[track_caller]
#[doc(alias = "roc_auc_score")]
#[doc(alias = "auroc")]
pub fn roc_auc(scores: &Tensor, labels: &Tensor) -> f64 {
    let Some(groups) = descending_groups("roc_auc", scores, labels) else { return f64::NAN };
    let (mut pairs, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for group in groups {
        // Each negative comes after the positives before it, and beside those of its own score.
        pairs += group.negatives * (positives + 0.5 * group.positives);
        positives += group.positives;
        negatives += group.negatives;
    }
    pairs / (positives * negatives)
}

/// `Σ (recall_k - recall_{k-1}) precision_k` over the thresholds from the greatest score down; the area under the curve of precision over
/// recall, in steps. Scores and labels are as for [`roc_auc`].
///
/// 0 when there are no positives, NaN when a score is NaN or there are no examples.
///
/// # Panics
/// When the shapes or dtypes do not fit, or a label is neither 0 nor 1.
///
/// ```
/// use cotangent_nn::metrics::average_precision;
/// use cotangent_tensor::Tensor;
/// let scores = Tensor::from([0.1, 0.4, 0.35, 0.8]);
/// let labels = Tensor::from([false, false, true, true]);
/// assert!((average_precision(&scores, &labels) - 5.0 / 6.0).abs() < 1e-15);
/// ```
#[must_use]
#[track_caller]
#[doc(alias = "average_precision_score")]
pub fn average_precision(scores: &Tensor, labels: &Tensor) -> f64 {
    let Some(groups) = descending_groups("average_precision", scores, labels) else { return f64::NAN };
    if groups.is_empty() {
        return f64::NAN;
    }
    let (mut sum, mut positives, mut taken) = (0.0, 0.0, 0.0);
    for group in groups {
        positives += group.positives;
        taken += group.positives + group.negatives;
        sum += group.positives * positives / taken;
    }
    if positives == 0.0 { 0.0 } else { sum / positives }
}

/// The examples of one score.
struct Group {
    positives: f64,
    negatives: f64,
}

/// The examples by their score, the greatest first; `None` when a score is NaN.
#[track_caller]
fn descending_groups(op: &'static str, scores: &Tensor, labels: &Tensor) -> Option<Vec<Group>> {
    let refuse = |kind, rule: &str| Error::new(kind, op, rule).with_inputs(&[scores.spec(), labels.spec()]);
    if !scores.dtype().is_float() {
        panic!("{}", Error::needs_float(op, &[scores.spec()]));
    }
    if scores.rank() != 1 || labels.shape() != scores.shape() {
        panic!("{}", refuse(ErrorKind::Shape, "needs scores of shape [n] and a label for each"));
    }
    let labels: Vec<bool> = match labels.dtype() {
        DType::Bool => labels.to_vec(),
        DType::I64 => {
            let labels = labels.to_vec::<i64>();
            if let Some(i) = labels.iter().position(|label| !matches!(label, 0 | 1)) {
                panic!(
                    "{}",
                    refuse(ErrorKind::Value, &format!("labels are 0 or 1; the label at {i} is {}", labels[i]))
                );
            }
            labels.into_iter().map(|label| label == 1).collect()
        }
        other => panic!("{}", refuse(ErrorKind::DType, &format!("labels are bool, or i64 of 0 and 1, not {other}"))),
    };
    let mut examples: Vec<(f64, bool)> = scores.cast(DType::F64).to_vec::<f64>().into_iter().zip(labels).collect();
    if examples.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    examples.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // By equality, so that 0 and -0 are one score.
    let groups = examples.chunk_by(|a, b| a.0 == b.0).map(|group| {
        let positives = group.iter().filter(|(_, positive)| *positive).count();
        Group { positives: positives as f64, negatives: (group.len() - positives) as f64 }
    });
    Some(groups.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    #[test]
    fn figures_are_those_of_scikit_learn_ties_included() {
        // The data of scripts/metrics_reference.py.
        let scores = Tensor::from([0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.9, 0.2, 0.8, 0.05]);
        let labels = Tensor::from([0i64, 0, 1, 1, 1, 0, 1, 0, 0, 1]);
        assert!((roc_auc(&scores, &labels) - 0.58).abs() < 1e-15);
        assert!((average_precision(&scores, &labels) - 0.6476190476190475).abs() < 1e-15);
        let (single, truths) = (scores.cast(DType::F32), labels.cast(DType::Bool));
        assert_eq!(roc_auc(&single, &truths), roc_auc(&scores, &labels));
        assert_eq!(roc_auc(&Tensor::from([0.0, -0.0]), &Tensor::from([true, false])), 0.5);
        let ends = Tensor::from([f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!(roc_auc(&ends, &Tensor::from([true, false])), 1.0);
    }

    #[test]
    fn where_there_is_nothing_to_compare_the_figures_are_scikit_learns_too() {
        let scores = Tensor::from([0.1, 0.2]);
        let (none, all) = (Tensor::from([0i64, 0]), Tensor::from([1i64, 1]));
        assert!(roc_auc(&scores, &none).is_nan() && roc_auc(&scores, &all).is_nan());
        assert_eq!((average_precision(&scores, &none), average_precision(&scores, &all)), (0.0, 1.0));
        let (no_scores, no_labels) = (Tensor::zeros([0], DType::F32), Tensor::zeros([0], DType::Bool));
        assert!(roc_auc(&no_scores, &no_labels).is_nan() && average_precision(&no_scores, &no_labels).is_nan());
        let unknown = Tensor::from([0.1, f64::NAN]);
        let labels = Tensor::from([0i64, 1]);
        assert!(roc_auc(&unknown, &labels).is_nan() && average_precision(&unknown, &labels).is_nan());
    }

    #[test]
    fn misuse_is_refused() {
        let scores = Tensor::from([0.1, 0.2]);
        assert_eq!(
            panic_message(|| roc_auc(&scores, &Tensor::from([0i64, 2]))),
            "roc_auc: labels are 0 or 1; the label at 1 is 2; got f64[2], i64[2]"
        );
        assert_eq!(
            panic_message(|| average_precision(&scores, &Tensor::from([0i64]))),
            "average_precision: needs scores of shape [n] and a label for each; got f64[2], i64[1]"
        );
        assert!(panic_message(|| roc_auc(&scores, &scores)).contains("labels are bool, or i64 of 0 and 1, not f64"));
        let integers = Tensor::from([0i64, 1]);
        assert!(panic_message(|| roc_auc(&integers, &integers)).starts_with("roc_auc: needs a floating-point dtype"));
    }
}
