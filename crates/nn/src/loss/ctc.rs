//! The loss of a sequence against a shorter list of labels whose places in it are not known.

use super::{
    agreement::check_floats,
    reduction::{Reduction, options},
};
use cotangent_tensor::{DType, Error, ErrorKind, Tensor, apply, ops};

options! {
    /// Connectionist temporal classification: the negative logarithm of the probability that the steps of a sequence give a list of
    /// labels, repetitions and blanks left out, whatever the alignment; PyTorch's `CTCLoss`.
    ///
    /// The mean is over the batch, of losses divided by the length of their list (by 1 if it is empty). The derivative is that of the
    /// formula: with respect to log-probabilities it is minus the probability of each class at each step given the labels.
    /// PyTorch's `ctc_loss` adds the derivative of a `log_softmax` that must come before it; that of the logits is the same.
    ///
    /// A sequence that is too short for its list has an infinite loss and a gradient of zero. (Graves, Fernández, Gomez,
    /// Schmidhuber, "Connectionist temporal classification", 2006.)
    ///
    /// ```
    /// use cotangent_nn::loss::Ctc;
    /// use cotangent_tensor::{DType, Rng};
    /// let mut rng = Rng::seed(1);
    /// // Twelve steps of three sequences, five classes of which the first is the blank.
    /// let log_p = rng.normal([12, 3, 5], DType::F32).log_softmax(-1);
    /// let labels = rng.randint(1, 5, [3, 4]);
    /// let loss = Ctc::new().of(&log_p, &labels, &[12, 10, 12], &[4, 2, 3]);
    /// assert!(loss.item::<f32>() > 0.0);
    /// ```
    #[doc(alias = "CTCLoss")]
    Ctc { blank: usize = 0, zero_infinity: bool = false }
}

impl Ctc {
    /// The class that stands for no label, 0 by default.
    pub fn blank(self, blank: usize) -> Self {
        Ctc { blank, ..self }
    }

    /// Whether the loss of a sequence that is too short for its labels is 0 instead of infinite.
    pub fn zero_infinity(self, zero_infinity: bool) -> Self {
        Ctc { zero_infinity, ..self }
    }

    /// The loss of log-probabilities `[steps, sequences, classes]` for labels `[sequences, longest list]`, or all lists one after
    /// another in `[sum of lengths]`; with the number of steps of each sequence, and of the labels of each list. A single sequence
    /// may leave out its axis: `[steps, classes]` and `[labels]`.
    ///
    /// # Panics
    /// When a label is the blank or not a class, a length is greater than there are steps or labels, the shapes do not fit, or the
    /// dtypes are not floating point and i64.
    #[must_use]
    #[track_caller]
    pub fn of(
        &self,
        log_probabilities: &Tensor,
        labels: &Tensor,
        input_lengths: &[usize],
        label_lengths: &[usize],
    ) -> Tensor {
        const OP: &str = "ctc_loss";
        let x = log_probabilities;
        check_floats(OP, &[x]);
        let single = x.rank() == 2;
        let x = if single { x.unsqueeze(1) } else { x.clone() };
        let lists = if labels.rank() == 1 { &lists_of(OP, log_probabilities, labels, label_lengths) } else { labels };
        let losses = apply(&ops::CtcLoss::new(self.blank, input_lengths, label_lengths), &[&x, lists]).into_single();
        let losses = if self.zero_infinity { losses.eq(f64::INFINITY).where_(0, &losses) } else { losses };
        let losses = if self.reduction == Reduction::Mean {
            let counts: Vec<f64> = label_lengths.iter().map(|&length| length.max(1) as f64).collect();
            losses / Tensor::from(counts).cast(x.dtype())
        } else {
            losses
        };
        self.reduction.of(&if single { losses.squeeze(0) } else { losses })
    }
}

/// Lists of labels, one after another, as rows of equal length; what follows a list is not looked at.
#[track_caller]
fn lists_of(op: &'static str, x: &Tensor, labels: &Tensor, lengths: &[usize]) -> Tensor {
    let refuse = |kind, rule: String| Error::new(kind, op, rule).with_inputs(&[x.spec(), labels.spec()]);
    if labels.dtype() != DType::I64 {
        let rule = format!("labels are class indices of dtype i64, not {}", labels.dtype());
        panic!("{}", refuse(ErrorKind::DType, rule).with_hint("cast them with .cast(DType::I64)"));
    }
    let total = lengths.iter().try_fold(0usize, |sum, &length| sum.checked_add(length));
    if total != Some(labels.numel()) {
        let sum = total.map_or("more than memory holds".to_owned(), |sum| sum.to_string());
        let rule = format!("lists of labels one after another need as many as their lengths add up to, {sum}");
        panic!("{}", refuse(ErrorKind::Shape, rule));
    }
    let longest = lengths.iter().copied().max().unwrap_or(0);
    if !labels.has_values() {
        return Tensor::shape_only([lengths.len(), longest], DType::I64);
    }
    let all = labels.array().to_slice::<i64>();
    let mut rows = vec![0; lengths.len() * longest];
    let mut start = 0;
    for (row, &length) in lengths.iter().enumerate() {
        rows[row * longest..][..length].copy_from_slice(&all[start..start + length]);
        start += length;
    }
    Tensor::from_vec(rows, [lengths.len(), longest]).expect("as many as the shape says")
}
