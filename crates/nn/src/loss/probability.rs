//! Losses of probabilities against probabilities: of events that are independent, and of distributions.

use super::{
    agreement::{check_class_weights, check_each, check_pair, check_weight},
    reduction::{Reduction, options},
};
use cotangent_tensor::{Error, ErrorKind, Real, Tensor, apply, ops::Elementwise};

options! {
    /// The cross-entropy of probabilities p against t, `-t ln p - (1 - t) ln(1 - p)`; PyTorch's `BCELoss`.
    ///
    /// As in PyTorch, logarithms are at least -100, and the slope is `(p - t) / max(p (1 - p), 1e-12)`, so that a certain and wrong
    /// prediction has a finite loss and a finite slope. [`BceWithLogits`] needs neither bound.
    ///
    /// ```
    /// use cotangent_nn::loss::Bce;
    /// use cotangent_tensor::Tensor;
    /// let (p, target) = (Tensor::from([0.5, 0.0]), Tensor::from([1.0, 1.0]));
    /// assert_eq!(Bce::new().of(&p, &target).item::<f64>(), (2f64.ln() + 100.0) / 2.0);
    /// ```
    #[doc(alias = "BCELoss")]
    #[doc(alias = "binary_cross_entropy")]
    Bce { weight: Option<Tensor> = None }
}

impl Bce {
    /// A weight for each element; it broadcasts to the prediction.
    pub fn weight(self, weight: Tensor) -> Self {
        Bce { weight: Some(weight), ..self }
    }

    /// The loss of probabilities.
    ///
    /// # Panics
    /// When a prediction is not from 0 to 1, when shapes or dtypes differ, or are not floating point, or the weight does not fit.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        const OP: &str = "binary_cross_entropy";
        check_pair(OP, prediction, target);
        let inputs = [prediction, target];
        // NaN is not refused but goes into the result, as anywhere.
        let outside = |p: f64| !(0.0..=1.0).contains(&p) && !p.is_nan();
        check_each(OP, "the prediction", prediction, &inputs, "not a probability from 0 to 1", |p| !outside(p));
        let losses = apply(&BinaryCrossEntropy, &inputs).into_single();
        self.reduction.of(&weighted(OP, losses, self.weight.as_ref()))
    }
}

#[track_caller]
fn weighted(op: &'static str, losses: Tensor, weight: Option<&Tensor>) -> Tensor {
    match weight {
        Some(weight) => {
            check_weight(op, "the weight", weight, &losses);
            losses * weight
        }
        None => losses,
    }
}

/// -t ln p - (1 - t) ln(1 - p), with PyTorch's bounds; inputs p, t.
#[derive(Clone, Debug)]
struct BinaryCrossEntropy;

/// The least logarithm, PyTorch's.
const LEAST_LOGARITHM: f64 = -100.0;
/// The least p (1 - p) that a slope is divided by, PyTorch's.
const LEAST_VARIANCE: f64 = 1e-12;

/// x, but no less than `least`; NaN stays.
#[inline(always)]
fn at_least<R: Real>(least: f64, x: &R) -> R {
    let least = x.constant(least);
    least.if_greater(x, least.clone(), x.clone())
}

/// ln p, at least -100. At 0 the logarithm is not computed: its infinite slope would meet the bound's slope of 0.
#[inline(always)]
fn bounded_ln<R: Real>(p: &R) -> R {
    let (zero, least) = (p.constant(0.0), p.constant(LEAST_LOGARITHM));
    let inside = p.if_greater(&zero, p.clone(), p.constant(1.0));
    let bounded = at_least(LEAST_LOGARITHM, &inside.ln());
    p.if_nan(p.clone(), p.if_greater(&zero, bounded, least))
}

/// As [`bounded_ln`], of 1 - p.
#[inline(always)]
fn bounded_ln_of_rest<R: Real>(p: &R) -> R {
    let (one, least) = (p.constant(1.0), p.constant(LEAST_LOGARITHM));
    let inside = one.if_greater(p, p.clone(), p.constant(0.0));
    let bounded = at_least(LEAST_LOGARITHM, &(-inside).log1p());
    p.if_nan(p.clone(), one.if_greater(p, bounded, least))
}

impl Elementwise for BinaryCrossEntropy {
    const NAME: &'static str = "binary_cross_entropy";
    const ARITY: usize = 2;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let [p, t] = [&x[0], &x[1]];
        (t.clone() - t.constant(1.0)) * bounded_ln_of_rest(p) - t.clone() * bounded_ln(p)
    }
    #[inline(always)]
    fn pull<R: Real>(&self, i: usize, loss_bar: &R, x: &[R]) -> R {
        let [p, t] = [&x[0], &x[1]];
        let slope = if i == 0 {
            let variance = p.clone() * (p.constant(1.0) - p.clone());
            (p.clone() - t.clone()) / at_least(LEAST_VARIANCE, &variance)
        } else {
            bounded_ln_of_rest(p) - bounded_ln(p)
        };
        loss_bar.clone() * slope
    }
}

options! {
    /// The cross-entropy of σ(x) against t for logits x, `-t ln σ(x) - (1 - t) ln σ(-x)`; PyTorch's `BCEWithLogitsLoss`.
    ///
    /// Computed as `t softplus(-x) + (1 - t) softplus(x)`, which is accurate for logits of any size. The slope is `σ(x) - t`.
    ///
    /// ```
    /// use cotangent_nn::loss::{BceWithLogits, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let (x, target) = (Tensor::from([1e4f32, -1e4]), Tensor::from([1.0f32, 1.0]));
    /// let losses = BceWithLogits::new().reduction(Reduction::None).of(&x, &target);
    /// assert_eq!(losses.to_vec::<f32>(), [0.0, 1e4]);
    /// ```
    #[doc(alias = "BCEWithLogitsLoss")]
    #[doc(alias = "sigmoid_cross_entropy")]
    BceWithLogits { weight: Option<Tensor> = None, pos_weight: Option<Tensor> = None }
}

impl BceWithLogits {
    /// A weight for each element; it broadcasts to the logits.
    pub fn weight(self, weight: Tensor) -> Self {
        BceWithLogits { weight: Some(weight), ..self }
    }

    /// A weight for the term of t, as where positive examples are rare; it broadcasts to the logits.
    pub fn pos_weight(self, pos_weight: Tensor) -> Self {
        BceWithLogits { pos_weight: Some(pos_weight), ..self }
    }

    /// The loss of logits.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point, or a weight does not fit.
    #[must_use]
    #[track_caller]
    pub fn of(&self, logits: &Tensor, target: &Tensor) -> Tensor {
        const OP: &str = "binary_cross_entropy_with_logits";
        check_pair(OP, logits, target);
        let pos_weight = match &self.pos_weight {
            Some(pos_weight) => {
                check_weight(OP, "the positive weight", pos_weight, logits);
                pos_weight.expand(logits.shape())
            }
            None => Tensor::ones(logits.shape(), logits.dtype()),
        };
        let losses = apply(&LogitCrossEntropy, &[logits, target, &pos_weight]).into_single();
        self.reduction.of(&weighted(OP, losses, self.weight.as_ref()))
    }
}

/// w t softplus(-x) + (1 - t) softplus(x); inputs x, t, w.
#[derive(Clone, Debug)]
struct LogitCrossEntropy;

impl Elementwise for LogitCrossEntropy {
    const NAME: &'static str = "binary_cross_entropy_with_logits";
    const ARITY: usize = 3;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let [x, t, w] = [&x[0], &x[1], &x[2]];
        let positive = w.clone() * t.clone() * (-x.clone()).softplus();
        positive + (t.constant(1.0) - t.clone()) * x.softplus()
    }
}

options! {
    /// The divergence of Kullback and Leibler of log-probabilities x from a distribution t, `t (ln t - x)` of each element;
    /// PyTorch's `KLDivLoss`.
    ///
    /// The divergence itself is the sum over the elements of a distribution: that of each example on average is
    /// [`Reduction::BatchMean`]. A target of 0 contributes nothing, not even where x is -inf, nor to a derivative: its own, which is
    /// infinite, is taken to be 0.
    ///
    /// ```
    /// use cotangent_nn::loss::{KlDiv, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[0.5f64, 0.5]]).ln();
    /// let loss = KlDiv::new().reduction(Reduction::BatchMean);
    /// assert_eq!(loss.of(&x, &Tensor::from([[0.0, 1.0]])).item::<f64>(), 2f64.ln());
    /// ```
    #[doc(alias = "KLDivLoss")]
    #[doc(alias = "relative entropy")]
    KlDiv { log_target: bool = false }
}

impl KlDiv {
    /// Whether the target is given as its logarithm.
    pub fn log_target(self, log_target: bool) -> Self {
        KlDiv { log_target, ..self }
    }

    /// The loss of log-probabilities.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, log_probabilities: &Tensor, target: &Tensor) -> Tensor {
        check_pair("kl_div", log_probabilities, target);
        let (nothing, certain) = if self.log_target { (f64::NEG_INFINITY, 0.0) } else { (0.0, 1.0) };
        let is_nothing = target.eq(nothing);
        let target = is_nothing.where_(certain, target);
        let (t, ln_t) = if self.log_target { (target.exp(), target) } else { (target.clone(), target.ln()) };
        self.reduction.of(&is_nothing.where_(0, &(t * (ln_t - log_probabilities))))
    }
}

options! {
    /// For logits `[.., classes]` of several labels at once, the mean over the classes of [`BceWithLogits`]; PyTorch's
    /// `MultiLabelSoftMarginLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::MultilabelSoftMargin;
    /// use cotangent_tensor::Tensor;
    /// let (x, target) = (Tensor::from([[0.0, 0.0]]), Tensor::from([[1.0, 0.0]]));
    /// assert_eq!(MultilabelSoftMargin::new().of(&x, &target).item::<f64>(), 2f64.ln());
    /// ```
    #[doc(alias = "MultiLabelSoftMarginLoss")]
    MultilabelSoftMargin { weight: Option<Tensor> = None }
}

impl MultilabelSoftMargin {
    /// A weight for each class.
    pub fn weight(self, weight: Tensor) -> Self {
        MultilabelSoftMargin { weight: Some(weight), ..self }
    }

    /// The loss of logits.
    ///
    /// # Panics
    /// When shapes or dtypes differ, are not floating point, have no axis, or the weight does not fit.
    #[must_use]
    #[track_caller]
    pub fn of(&self, logits: &Tensor, target: &Tensor) -> Tensor {
        const OP: &str = "multilabel_soft_margin_loss";
        check_pair(OP, logits, target);
        let Some(&classes) = logits.shape().last() else {
            let error = Error::new(ErrorKind::Shape, OP, "needs an axis of classes");
            panic!("{}", error.with_inputs(&[logits.spec(), target.spec()]));
        };
        if let Some(weight) = &self.weight {
            check_class_weights(OP, weight, logits, classes);
        }
        let losses = BceWithLogits::new().reduction(Reduction::None).of(logits, target);
        let losses = match &self.weight {
            Some(weight) => losses * weight,
            None => losses,
        };
        self.reduction.of(&losses.mean(-1))
    }
}
