//! Precision, recall and F1: for each class, and averaged over classes.

use super::confusion_matrix;
use cotangent_tensor::{DType, Error, ErrorKind, Tensor};

/// How the figures of several classes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// The mean over the classes that occur, as a label or as a prediction.
    Macro,
    /// One count over all classes. Where each row has one label and one prediction, all of precision, recall and F1 are the accuracy.
    Micro,
    /// The mean over the classes, by the number of their labels.
    Weighted,
}

/// How well each class is found: counts, from which the figures come.
///
/// A figure without a denominator, such as the precision of a class that is never predicted, is 0; that of no rows at all is NaN.
///
/// ```
/// use cotangent_nn::metrics::{Average, ClassReport};
/// use cotangent_tensor::Tensor;
/// let scores = Tensor::from([[0.9f32, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]]);
/// let report = ClassReport::of(&scores, &Tensor::from([0i64, 0, 1, 1]));
/// assert_eq!(report.precisions(), [1.0, 2.0 / 3.0]);
/// assert_eq!(report.recalls(), [0.5, 1.0]);
/// assert_eq!(report.recall(Average::Macro), 0.75);
/// ```
///
/// Batches add up as confusion matrices do: `ClassReport::of_counts(&(a + b))`.
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "precision_recall_fscore_support")]
#[doc(alias = "classification_report")]
pub struct ClassReport(Vec<Counts>);

/// The rows of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    /// Those that have it as their label, and were taken for it.
    found: f64,
    labelled: f64,
    predicted: f64,
}

impl Counts {
    fn precision(self) -> f64 {
        ratio(self.found, self.predicted)
    }

    fn recall(self) -> f64 {
        ratio(self.found, self.labelled)
    }

    /// The harmonic mean of precision and recall.
    fn f1(self) -> f64 {
        ratio(2.0 * self.found, self.predicted + self.labelled)
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

impl ClassReport {
    /// Of scores `[.., classes]` and labels `[..]`; the prediction is the class with the greatest score, of equal ones the first.
    ///
    /// # Panics
    /// When a label is not a class, or the shapes do not fit.
    #[must_use]
    #[track_caller]
    pub fn of(scores: &Tensor, labels: &Tensor) -> Self {
        ClassReport::of_counts(&confusion_matrix(scores, labels))
    }

    /// Of a [`confusion_matrix`], or a sum of several.
    ///
    /// # Panics
    /// When the counts are not i64 of shape `[classes, classes]`, or one is negative.
    #[must_use]
    #[track_caller]
    pub fn of_counts(confusion: &Tensor) -> Self {
        let refuse = |kind, rule: &str| Error::new(kind, "class_report", rule).with_inputs(&[confusion.spec()]);
        let is_square = matches!(confusion.shape()[..], [rows, columns] if rows == columns);
        if confusion.dtype() != DType::I64 || !is_square {
            panic!("{}", refuse(ErrorKind::Shape, "a confusion matrix is i64 of shape [classes, classes]"));
        }
        let cells = confusion.to_vec::<i64>();
        if cells.iter().any(|&count| count < 0) {
            panic!("{}", refuse(ErrorKind::Value, "a confusion matrix has no negative counts"));
        }
        let classes = confusion.shape()[0];
        let mut counts = vec![Counts::default(); classes];
        for (cell, &count) in cells.iter().enumerate() {
            let (label, prediction, count) = (cell / classes, cell % classes, count as f64);
            counts[label].labelled += count;
            counts[prediction].predicted += count;
            if label == prediction {
                counts[label].found += count;
            }
        }
        ClassReport(counts)
    }

    /// Of those that were taken for a class, the share that is of it, by class.
    #[must_use]
    pub fn precisions(&self) -> Vec<f64> {
        self.0.iter().map(|counts| counts.precision()).collect()
    }

    /// Of those that are of a class, the share that was taken for it, by class.
    #[must_use]
    pub fn recalls(&self) -> Vec<f64> {
        self.0.iter().map(|counts| counts.recall()).collect()
    }

    /// `2 precision recall / (precision + recall)`, by class.
    #[must_use]
    pub fn f1s(&self) -> Vec<f64> {
        self.0.iter().map(|counts| counts.f1()).collect()
    }

    /// The number of labels of each class.
    #[must_use]
    pub fn supports(&self) -> Vec<usize> {
        self.0.iter().map(|counts| counts.labelled as usize).collect()
    }

    /// [`precisions`](Self::precisions) as one figure.
    #[must_use]
    pub fn precision(&self, average: Average) -> f64 {
        self.average(average, Counts::precision)
    }

    /// [`recalls`](Self::recalls) as one figure.
    #[must_use]
    pub fn recall(&self, average: Average) -> f64 {
        self.average(average, Counts::recall)
    }

    /// [`f1s`](Self::f1s) as one figure: the mean over the classes of their F1, not F1 of mean precision and recall.
    #[must_use]
    pub fn f1(&self, average: Average) -> f64 {
        self.average(average, Counts::f1)
    }

    fn average(&self, average: Average, figure: impl Fn(Counts) -> f64) -> f64 {
        let all = self.0.iter().fold(Counts::default(), |sum, counts| Counts {
            found: sum.found + counts.found,
            labelled: sum.labelled + counts.labelled,
            predicted: sum.predicted + counts.predicted,
        });
        if all.labelled == 0.0 {
            return f64::NAN;
        }
        match average {
            Average::Micro => figure(all),
            Average::Weighted => {
                self.0.iter().map(|&counts| counts.labelled * figure(counts)).sum::<f64>() / all.labelled
            }
            Average::Macro => {
                let occurring = self.0.iter().filter(|counts| counts.labelled + counts.predicted > 0.0);
                let (sum, count) = occurring.fold((0.0, 0.0), |(sum, n), &counts| (sum + figure(counts), n + 1.0));
                sum / count
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    /// The data of scripts/metrics_reference.py: class 3 is only predicted, and class 4 does not occur.
    fn reference() -> ClassReport {
        let labels = Tensor::from([0i64, 0, 1, 1, 1, 2, 2, 0, 1, 2, 2, 0]);
        let predicted = Tensor::from([0i64, 1, 1, 1, 2, 2, 0, 0, 3, 2, 2, 0]);
        ClassReport::of(&predicted.one_hot(5, DType::F32), &labels)
    }

    fn close(x: &[f64], wanted: &[f64]) {
        assert!(
            x.len() == wanted.len() && x.iter().zip(wanted).all(|(x, y)| (x - y).abs() < 1e-15),
            "{x:?} {wanted:?}"
        );
    }

    #[test]
    fn figures_are_those_of_scikit_learn() {
        let report = reference();
        close(&report.precisions(), &[0.75, 0.6666666666666666, 0.75, 0.0, 0.0]);
        close(&report.recalls(), &[0.75, 0.5, 0.75, 0.0, 0.0]);
        close(&report.f1s(), &[0.75, 0.5714285714285714, 0.75, 0.0, 0.0]);
        assert_eq!(report.supports(), [4, 4, 4, 0, 0]);
        let averages = [Average::Macro, Average::Micro, Average::Weighted];
        close(&averages.map(|a| report.precision(a)), &[0.5416666666666666, 0.6666666666666666, 0.7222222222222222]);
        close(&averages.map(|a| report.recall(a)), &[0.5, 0.6666666666666666, 0.6666666666666666]);
        close(&averages.map(|a| report.f1(a)), &[0.5178571428571428, 0.6666666666666666, 0.6904761904761904]);
    }

    #[test]
    fn of_no_rows_averages_are_nan_and_what_is_no_matrix_of_counts_is_refused() {
        let none = ClassReport::of_counts(&Tensor::zeros([2, 2], DType::I64));
        assert_eq!(none.f1s(), [0.0, 0.0]);
        for average in [Average::Macro, Average::Micro, Average::Weighted] {
            assert!(none.f1(average).is_nan());
        }
        assert_eq!(
            panic_message(|| ClassReport::of_counts(&Tensor::zeros([2, 3], DType::I64))),
            "class_report: a confusion matrix is i64 of shape [classes, classes]; got i64[2, 3]"
        );
        assert!(panic_message(|| ClassReport::of_counts(&Tensor::from([[-1i64]]))).contains("no negative counts"));
    }
}
