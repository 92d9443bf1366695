//! Losses of scores against one class of several.

use super::{
    agreement::{check_class_weights, check_floats, check_option},
    reduction::{Reduction, options},
};
use crate::labels::{check_label_range, check_label_shape, resolved_axis};
use cotangent_tensor::{Error, ErrorKind, Tensor, apply, ops};

/// PyTorch's label of rows that do not count.
const IGNORED: i64 = -100;

/// The axis of classes: PyTorch's, unless another is named.
#[track_caller]
fn class_axis(op: &'static str, scores: &Tensor, axis: Option<isize>) -> usize {
    resolved_axis(op, scores, axis.unwrap_or(isize::from(scores.rank() > 1)))
}

/// The weight of each row: that of its class, or 1; and 0 where the label is ignored.
#[track_caller]
fn row_weights(scores: &Tensor, labels: &Tensor, weight: Option<&Tensor>, ignored: &Tensor) -> Tensor {
    match weight {
        // Without classes every label is ignored, and there is no weight to look up.
        Some(weight) if weight.numel() > 0 => {
            let classes = ignored.where_(0, labels).reshape([-1]);
            ignored.where_(0, &weight.index_select(0, &classes).reshape(labels.shape()))
        }
        _ => ignored.where_(0, &Tensor::ones(labels.shape(), scores.dtype())),
    }
}

/// A number for each class, to be multiplied with scores.
fn along_axis(weight: &Tensor, scores: &Tensor, axis: usize) -> Tensor {
    let mut shape = vec![1; scores.rank()];
    shape[axis] = weight.numel();
    weight.reshape(shape)
}

options! {
    /// The cross-entropy of logits x against a class, `logsumexp(x) - x[label]`, or against a probability q for each class,
    /// `-Σ q ln softmax(x)`; PyTorch's `CrossEntropyLoss`.
    ///
    /// Classes lie along axis 1, as in PyTorch: `[n, classes]`, `[n, classes, height, width]`, or `[classes]` for a single row.
    /// For `[.., classes]`, as of a language model, say [`axis(-1)`](Self::axis). Labels are i64 and have the logits' shape without that
    /// axis; probabilities have the logits' shape and dtype, and may have a derivative.
    ///
    /// Logits of any size are safe. The mean of labelled rows is weighted: the sum of the losses divided by the sum of the
    /// weights of their classes. If every label is ignored it is therefore NaN, as in PyTorch, with a gradient of zero; the sum is 0.
    ///
    /// ```
    /// use cotangent_nn::loss::{CrossEntropy, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let logits = Tensor::from([[0.0, 0.0], [0.0, 2000.0], [7.0, 9.0]]);
    /// let loss = CrossEntropy::new().ignore_index(2).reduction(Reduction::Sum);
    /// assert_eq!(loss.of(&logits, &Tensor::from([1i64, 0, 2])).item::<f64>(), 2f64.ln() + 2000.0);
    /// ```
    #[doc(alias = "CrossEntropyLoss")]
    CrossEntropy {
        axis: Option<isize> = None,
        weight: Option<Tensor> = None,
        label_smoothing: f64 = 0.0,
        ignore_index: Option<i64> = None,
    }
}

impl CrossEntropy {
    /// The axis of classes; a negative one counts from the end. By default 1, or 0 for a single row.
    pub fn axis(self, axis: isize) -> Self {
        CrossEntropy { axis: Some(axis), ..self }
    }

    /// A weight for each class.
    pub fn weight(self, weight: Tensor) -> Self {
        CrossEntropy { weight: Some(weight), ..self }
    }

    /// The share ε of the target that all classes have in common: 1 - ε remains at the label.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    ///
    /// ```
    /// use cotangent_nn::loss::CrossEntropy;
    /// use cotangent_tensor::Tensor;
    /// let logits = Tensor::from([[0.0, 3.0]]);
    /// // With the whole of the target in common, the label does not matter.
    /// let loss = |label: i64| CrossEntropy::new().label_smoothing(1.0).of(&logits, &Tensor::from([label])).item::<f64>();
    /// assert_eq!(loss(0), loss(1));
    /// ```
    #[track_caller]
    pub fn label_smoothing(self, label_smoothing: f64) -> Self {
        let fits = (0.0..=1.0).contains(&label_smoothing);
        check_option("cross_entropy", "label_smoothing", label_smoothing, fits, "from 0 to 1");
        CrossEntropy { label_smoothing, ..self }
    }

    /// The label of rows that do not count, -100 by default; it need not be a class.
    pub fn ignore_index(self, label: i64) -> Self {
        CrossEntropy { ignore_index: Some(label), ..self }
    }

    /// The loss of logits.
    ///
    /// # Panics
    /// When a label is not a class, the shapes do not fit, or the dtypes are not as described; when a label is to be ignored
    /// among probabilities.
    #[must_use]
    #[track_caller]
    pub fn of(&self, logits: &Tensor, target: &Tensor) -> Tensor {
        const OP: &str = "cross_entropy";
        check_floats(OP, &[logits]);
        let axis = class_axis(OP, logits, self.axis);
        if let Some(weight) = &self.weight {
            check_class_weights(OP, weight, logits, logits.shape()[axis]);
        }
        if target.dtype().is_float() {
            return self.of_probabilities(logits, target, axis);
        }
        check_label_shape(OP, logits, target, axis);
        let ignored = self.ignore_index.unwrap_or(IGNORED);
        let is_ignored = target.eq(ignored);
        let fused = |smoothing| ops::CrossEntropy::new(axis as isize).label_smoothing(smoothing).ignore_index(ignored);
        let Some(weight) = &self.weight else {
            let losses = apply(&fused(self.label_smoothing), &[logits, target]).into_single();
            return self.reduction.of_weighted(&losses, &row_weights(logits, target, None, &is_ignored));
        };
        let picked = apply(&fused(0.0), &[logits, target]).into_single();
        let weights = row_weights(logits, target, Some(weight), &is_ignored);
        let losses = &picked * &weights;
        if self.label_smoothing == 0.0 {
            return self.reduction.of_weighted(&losses, &weights);
        }
        // What all classes have in common is weighted class by class.
        let share = self.label_smoothing / weight.numel().max(1) as f64;
        let common = (logits.log_softmax(axis as isize) * along_axis(weight, logits, axis)).sum(axis as isize);
        let losses = losses * (1.0 - self.label_smoothing) - is_ignored.where_(0, &common) * share;
        self.reduction.of_weighted(&losses, &weights)
    }

    #[track_caller]
    fn of_probabilities(&self, logits: &Tensor, target: &Tensor, axis: usize) -> Tensor {
        const OP: &str = "cross_entropy";
        let refuse = |kind, rule: &str| Error::new(kind, OP, rule).with_inputs(&[logits.spec(), target.spec()]);
        if target.shape() != logits.shape() {
            let rule = "a floating-point target holds a probability for each logit, in the logits' shape";
            panic!("{}", refuse(ErrorKind::Shape, rule).with_hint("cast class indices with .cast(DType::I64)"));
        }
        check_floats(OP, &[logits, target]);
        if self.ignore_index.is_some() {
            panic!("{}", refuse(ErrorKind::Value, "probabilities have no label to ignore"));
        }
        let smoothing = self.label_smoothing;
        let smoothed = || target * (1.0 - smoothing) + smoothing / logits.shape()[axis].max(1) as f64;
        let target = if smoothing == 0.0 { target.clone() } else { smoothed() };
        let terms = logits.log_softmax(axis as isize) * target;
        let terms = match &self.weight {
            Some(weight) => terms * along_axis(weight, logits, axis),
            None => terms,
        };
        self.reduction.of(&-terms.sum(axis as isize))
    }
}

options! {
    /// The negative log-likelihood of log-probabilities: `-x[label]`, times the weight of the class; PyTorch's `NLLLoss`.
    ///
    /// Axes, labels and the weighted mean are as in [`CrossEntropy`], which is this of `x.log_softmax(axis)`, in one step.
    ///
    /// ```
    /// use cotangent_nn::loss::Nll;
    /// use cotangent_tensor::Tensor;
    /// let log_p = Tensor::from([[0.5f64, 0.5], [0.25, 0.75]]).ln();
    /// let loss = Nll::new().weight(Tensor::from([3.0, 1.0])).of(&log_p, &Tensor::from([1i64, 0]));
    /// assert_eq!(loss.item::<f64>(), (2f64.ln() + 3.0 * 4f64.ln()) / 4.0);
    /// ```
    #[doc(alias = "NLLLoss")]
    Nll { axis: Option<isize> = None, weight: Option<Tensor> = None, ignore_index: i64 = IGNORED }
}

impl Nll {
    /// The axis of classes; a negative one counts from the end. By default 1, or 0 for a single row.
    pub fn axis(self, axis: isize) -> Self {
        Nll { axis: Some(axis), ..self }
    }

    /// A weight for each class.
    pub fn weight(self, weight: Tensor) -> Self {
        Nll { weight: Some(weight), ..self }
    }

    /// The label of rows that do not count, -100 by default; it need not be a class.
    pub fn ignore_index(self, label: i64) -> Self {
        Nll { ignore_index: label, ..self }
    }

    /// The loss of log-probabilities.
    ///
    /// # Panics
    /// When a label is not a class, the shapes do not fit, or the dtypes are not floating point and i64.
    #[must_use]
    #[track_caller]
    pub fn of(&self, log_probabilities: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "nll_loss";
        let x = log_probabilities;
        check_floats(OP, &[x]);
        let axis = class_axis(OP, x, self.axis);
        check_label_shape(OP, x, labels, axis);
        check_label_range(OP, x, labels, x.shape()[axis], Some(self.ignore_index));
        if let Some(weight) = &self.weight {
            check_class_weights(OP, weight, x, x.shape()[axis]);
        }
        if x.numel() == 0 {
            // No rows, or no class to pick from: then every label is ignored.
            let none = x.sum(axis as isize);
            return self.reduction.of_weighted(&none, &none);
        }
        let ignored = labels.eq(self.ignore_index);
        let picked = x.gather(axis as isize, &ignored.where_(0, labels).unsqueeze(axis as isize));
        let weights = row_weights(x, labels, self.weight.as_ref(), &ignored);
        // What is ignored may be infinite.
        let losses = ignored.where_(0, &(-picked.squeeze(axis as isize))) * &weights;
        self.reduction.of_weighted(&losses, &weights)
    }
}
