//! Losses that ask scores to be on the right side of zero, or of each other, by a margin. At the corner of a hinge the slope
//! is 0, as in PyTorch.

use super::{
    agreement::{check_class_weights, check_floats, check_one_shape, check_option, positive_labels},
    reduction::{Reduction, options, rounded_once},
};
use crate::labels::{checked_classes, position};
use cotangent_tensor::{DType, Error, ErrorKind, Tensor};

options! {
    /// For distances x and labels 1 (alike) and -1 (different): `x`, and `max(0, margin - x)`; the margin is 1. PyTorch's
    /// `HingeEmbeddingLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::{HingeEmbedding, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let (x, labels) = (Tensor::from([0.25, 0.25]), Tensor::from([1i64, -1]));
    /// let losses = HingeEmbedding::new().reduction(Reduction::None).of(&x, &labels);
    /// assert_eq!(losses.to_vec::<f64>(), [0.25, 0.75]);
    /// ```
    #[doc(alias = "HingeEmbeddingLoss")]
    HingeEmbedding { margin: f64 = 1.0 }
}

impl HingeEmbedding {
    /// The distance from which on what differs has no loss.
    ///
    /// # Panics
    /// When it is not finite.
    #[track_caller]
    pub fn margin(self, margin: f64) -> Self {
        check_option("hinge_embedding_loss", "margin", margin, margin.is_finite(), "finite");
        HingeEmbedding { margin, ..self }
    }

    /// The loss of distances, for labels 1 and -1 of any numeric dtype.
    ///
    /// # Panics
    /// When a label is neither 1 nor -1, the shapes differ, or the distances are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, distances: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "hinge_embedding_loss";
        check_floats(OP, &[distances]);
        let alike = positive_labels(OP, labels, distances.shape(), &[distances, labels]);
        self.reduction.of(&alike.where_(distances, &(self.margin - distances).relu()))
    }
}

options! {
    /// `ln(1 + e^(-t x))` for scores x and labels t, 1 and -1; PyTorch's `SoftMarginLoss`. The logistic loss.
    ///
    /// ```
    /// use cotangent_nn::loss::SoftMargin;
    /// use cotangent_tensor::Tensor;
    /// let (x, labels) = (Tensor::from([0.0, 1e4]), Tensor::from([-1i64, 1]));
    /// assert_eq!(SoftMargin::new().of(&x, &labels).item::<f64>(), 2f64.ln() / 2.0);
    /// ```
    #[doc(alias = "SoftMarginLoss")]
    #[doc(alias = "logistic loss")]
    SoftMargin {}
}

impl SoftMargin {
    /// The loss of scores. Labels of a floating-point dtype may be any number, and have a derivative.
    ///
    /// # Panics
    /// When the shapes or floating-point dtypes differ, or the scores are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, scores: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "soft_margin_loss";
        check_one_shape(OP, "scores and labels", &[scores, labels]);
        let labels = as_factors(OP, labels, scores);
        self.reduction.of(&(-(scores * labels)).softplus())
    }
}

/// Labels 1 and -1 as numbers to multiply scores with.
#[track_caller]
pub(super) fn as_factors(op: &'static str, labels: &Tensor, scores: &Tensor) -> Tensor {
    check_floats(op, &[scores]);
    if labels.dtype() == DType::I64 {
        return labels.cast(scores.dtype());
    }
    check_floats(op, &[scores, labels]);
    labels.clone()
}

options! {
    /// For scores x `[.., classes]` and labels `[..]`: the mean over the classes of `max(0, margin - x[label] + x[i])^p` for i other
    /// than the label, times the label's weight; the margin and p are 1. PyTorch's `MultiMarginLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::MultiMargin;
    /// use cotangent_tensor::Tensor;
    /// let scores = Tensor::from([[0.5, 2.0, 0.25, 0.0]]);
    /// assert_eq!(MultiMargin::new().of(&scores, &Tensor::from([0i64])).item::<f64>(), (2.5 + 0.75 + 0.5) / 4.0);
    /// ```
    #[doc(alias = "MultiMarginLoss")]
    MultiMargin { p: u32 = 1, margin: f64 = 1.0, weight: Option<Tensor> = None }
}

impl MultiMargin {
    /// The power of each term, 1 or 2.
    ///
    /// # Panics
    /// When it is neither.
    #[track_caller]
    pub fn p(self, p: u32) -> Self {
        check_option("multi_margin_loss", "p", f64::from(p), matches!(p, 1 | 2), "1 or 2");
        MultiMargin { p, ..self }
    }

    /// By how much the label's score must be the greatest.
    ///
    /// # Panics
    /// When it is not finite.
    #[track_caller]
    pub fn margin(self, margin: f64) -> Self {
        check_option("multi_margin_loss", "margin", margin, margin.is_finite(), "finite");
        MultiMargin { margin, ..self }
    }

    /// A weight for each class.
    pub fn weight(self, weight: Tensor) -> Self {
        MultiMargin { weight: Some(weight), ..self }
    }

    /// The loss of scores.
    ///
    /// # Panics
    /// When a label is not a class, the shapes do not fit, or the dtypes are not floating point and i64.
    #[must_use]
    #[track_caller]
    pub fn of(&self, scores: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "multi_margin_loss";
        check_floats(OP, &[scores]);
        let classes = checked_classes(OP, scores, labels);
        if let Some(weight) = &self.weight {
            check_class_weights(OP, weight, scores, classes);
        }
        let label = labels.unsqueeze(-1);
        let excess = if labels.numel() == 0 { scores.clone() } else { scores - scores.gather(-1, &label) };
        let hinge = (excess + self.margin).relu();
        let terms = if self.p == 2 { hinge.square() } else { hinge };
        let terms = label.eq(&Tensor::arange(0, classes as i64, 1)).where_(0, &terms);
        // Without classes there are no rows either, as their labels would be no classes.
        let losses = rounded_once([&terms], |[terms]| terms.sum(-1) / classes.max(1) as f64);
        let losses = match &self.weight {
            Some(weight) => losses * weight.index_select(0, &labels.reshape([-1])).reshape(labels.shape()),
            None => losses,
        };
        self.reduction.of(&losses)
    }
}

options! {
    /// For scores x `[.., classes]` and for each row a list of labels, padded with -1 to `[.., classes]`: the sum over each label j in
    /// the list and each class i that is not, of `max(0, 1 - x[j] + x[i])`, divided by the number of classes. PyTorch's
    /// `MultiLabelMarginLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::MultilabelMargin;
    /// use cotangent_tensor::Tensor;
    /// let (scores, labels) = (Tensor::from([[0.5, 0.25, 1.5]]), Tensor::from([[2i64, -1, 0]]));
    /// assert_eq!(MultilabelMargin::new().of(&scores, &labels).item::<f64>(), 0.0);
    /// ```
    #[doc(alias = "MultiLabelMarginLoss")]
    MultilabelMargin {}
}

impl MultilabelMargin {
    /// The loss of scores. What follows the first -1 of a list is not looked at.
    ///
    /// # Panics
    /// When a label is neither a class nor -1, the shapes differ or have no axis, or the dtypes are not floating point and i64.
    #[must_use]
    #[track_caller]
    pub fn of(&self, scores: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "multilabel_margin_loss";
        check_floats(OP, &[scores]);
        let refuse = |kind, rule: String| Error::new(kind, OP, rule).with_inputs(&[scores.spec(), labels.spec()]);
        if labels.dtype() != DType::I64 {
            let rule = format!("labels are class indices of dtype i64, not {}", labels.dtype());
            panic!("{}", refuse(ErrorKind::DType, rule).with_hint("cast them with .cast(DType::I64)"));
        }
        check_one_shape(OP, "scores and lists of labels", &[scores, labels]);
        let Some(&classes) = scores.shape().last() else {
            panic!("{}", refuse(ErrorKind::Shape, "needs an axis of classes".to_owned()));
        };
        let Lists { places, counts, is_label } = Lists::of(OP, scores, labels, classes);
        // Axes: rows, labels j, classes i.
        let picked = if places.numel() == 0 { scores.clone() } else { scores.gather(-1, &places) };
        let hinge = (1 - picked.unsqueeze(-1) + scores.unsqueeze(-2)).relu();
        let terms = is_label.unsqueeze(-2).where_(0, &hinge);
        let terms = counts.unsqueeze(-1).where_(&terms, 0);
        self.reduction.of(&rounded_once([&terms], |[terms]| terms.sum([-2, -1]) / classes.max(1) as f64))
    }
}

/// What lists of labels that end with -1 say, `[.., classes]`: labels have no derivative.
struct Lists {
    /// The labels, and 0 behind the end of a list.
    places: Tensor,
    /// Which places are of the list.
    counts: Tensor,
    /// Which classes are in it.
    is_label: Tensor,
}

impl Lists {
    #[track_caller]
    fn of(op: &'static str, scores: &Tensor, labels: &Tensor, classes: usize) -> Self {
        if !labels.has_values() {
            let unknown = Tensor::shape_only(labels.shape(), DType::Bool);
            return Lists { places: labels.clone(), counts: unknown.clone(), is_label: unknown };
        }
        let mut places = labels.to_vec::<i64>();
        let mut counts = vec![false; places.len()];
        let mut is_label = vec![false; places.len()];
        for (row, list) in places.chunks_mut(classes.max(1)).enumerate() {
            let length = list.iter().position(|&label| label == -1).unwrap_or(list.len());
            for (i, label) in list[..length].iter().enumerate() {
                let Some(class) = usize::try_from(*label).ok().filter(|&class| class < classes) else {
                    let position = position(labels.shape(), row * classes + i);
                    let error = Error::not_a_class(op, *label, &position, classes);
                    let error = error.with_inputs(&[scores.spec(), labels.spec()]);
                    panic!("{}", error.with_hint("a list ends with -1"));
                };
                counts[row * classes + i] = true;
                is_label[row * classes + class] = true;
            }
            list[length..].fill(0);
        }
        let shaped = |flags: Vec<bool>| Tensor::from_vec(flags, labels.shape()).expect("as many as labels");
        let places = Tensor::from_vec(places, labels.shape()).expect("as many as labels");
        Lists { places, counts: shaped(counts), is_label: shaped(is_label) }
    }
}
