//! Losses: one number that says how wrong a prediction is.
//!
//! Each has a plain form, a method of the prediction that takes the mean, and a struct of options whose `of` computes it:
//!
//! ```
//! use cotangent_nn::{Loss, loss::{CrossEntropy, Reduction}};
//! use cotangent_tensor::Tensor;
//! let (logits, labels) = (Tensor::from([[2.0, 0.0], [0.0, 1.0]]), Tensor::from([0i64, 1]));
//! let plain = logits.cross_entropy(&labels);
//! let smoothed = CrossEntropy::new().label_smoothing(0.1).reduction(Reduction::Sum).of(&logits, &labels);
//! assert!(smoothed.item::<f64>() > 2.0 * plain.item::<f64>());
//! ```
//!
//! Formulas, defaults and names are PyTorch's. Prediction and target must have one shape, as broadcasting would compare what does not
//! belong together. A target of a floating-point dtype has a derivative too. Derivatives exist to any order; NaN in an input
//! goes into the result.
//!
//! | of what | losses |
//! |---|---|
//! | numbers | [`Mse`], [`L1`], [`SmoothL1`], [`Huber`], [`PoissonNll`], [`GaussianNll`] |
//! | one class of several | [`CrossEntropy`], [`Nll`], [`MultiMargin`] |
//! | several classes at once | [`BceWithLogits`], [`Bce`], [`MultilabelSoftMargin`], [`MultilabelMargin`] |
//! | a distribution | [`KlDiv`], [`CrossEntropy`] |
//! | one of two sides | [`SoftMargin`], [`HingeEmbedding`] |
//! | a list of labels, from a sequence | [`Ctc`] |
//! | rank and likeness | [`MarginRanking`], [`TripletMargin`], [`CosineEmbedding`] |

mod agreement;
mod classification;
mod ctc;
mod margin;
mod probability;
mod ranking;
mod reduction;
mod regression;
#[cfg(test)]
mod tests;

pub use classification::{CrossEntropy, Nll};
pub use ctc::Ctc;
pub use margin::{HingeEmbedding, MultiMargin, MultilabelMargin, SoftMargin};
pub use probability::{Bce, BceWithLogits, KlDiv, MultilabelSoftMargin};
pub use ranking::{CosineEmbedding, MarginRanking, TripletMargin};
pub use reduction::Reduction;
pub use regression::{GaussianNll, Huber, L1, Mse, PoissonNll, SmoothL1};

use cotangent_tensor::Tensor;

/// Declares the plain form of each loss: a method that hands its arguments to the options' `of`.
macro_rules! plain_forms {
    ($($(#[$doc:meta])* $method:ident = $Options:ident: $($argument:ident: $Type:ty),+;)*) => {
        /// Losses as methods of the prediction: `model.forward(&x).cross_entropy(&labels)`. Each is the mean, with PyTorch's
        /// defaults; the struct of the same name has the options, and says what is refused.
        ///
        /// The prelude brings them into scope.
        pub trait Loss {
            $(
                $(#[$doc])*
                ///
                /// # Panics
                #[doc = concat!("As [`", stringify!($Options), "::of`].")]
                #[must_use]
                fn $method(&self, $($argument: $Type),+) -> Tensor;
            )*
        }

        impl Loss for Tensor {
            $(
                #[track_caller]
                fn $method(&self, $($argument: $Type),+) -> Tensor {
                    $Options::new().of(self, $($argument),+)
                }
            )*
        }
    };
}

plain_forms! {
    /// The mean of `-ln softmax(x)[label]` over all rows, for logits x `[n, classes]` (or `[n, classes, ..]`, with labels `[n, ..]`) and
    /// labels of dtype i64, of which those that are -100 do not count; or for a probability for each logit. Of no rows it is NaN, as
    /// any mean. Options: [`CrossEntropy`].
    ///
    /// ```
    /// use cotangent_nn::Loss;
    /// use cotangent_tensor::Tensor;
    /// let logits = Tensor::from([[0.0, 0.0], [0.0, 2000.0]]);
    /// let loss = logits.cross_entropy(&Tensor::from([1i64, 0]));
    /// assert_eq!(loss.item::<f64>(), (2f64.ln() + 2000.0) / 2.0);
    /// ```
    cross_entropy = CrossEntropy: target: &Tensor;
    /// The mean of `-x[label]` over all rows, for log-probabilities x `[n, classes, ..]`. Options: [`Nll`].
    nll_loss = Nll: labels: &Tensor;
    /// The mean of `(x - target)²`. Options: [`Mse`].
    ///
    /// ```
    /// use cotangent_nn::Loss;
    /// use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, 2.0]).mse_loss(&Tensor::from([1.0, 4.0])).item::<f64>(), 2.0);
    /// ```
    mse_loss = Mse: target: &Tensor;
    /// The mean of `|x - target|`. Options: [`L1`].
    l1_loss = L1: target: &Tensor;
    /// The mean of `d²/2` where d = |x - target| < 1, and `d - 1/2` beyond. Options: [`SmoothL1`].
    smooth_l1_loss = SmoothL1: target: &Tensor;
    /// The mean of `d²/2` where d = |x - target| < 1, and `d - 1/2` beyond. Options: [`Huber`].
    huber_loss = Huber: target: &Tensor;
    /// The mean of `e^x - target x`, for logarithms x of expected counts. Options: [`PoissonNll`].
    poisson_nll_loss = PoissonNll: target: &Tensor;
    /// The mean of `(ln variance + (x - target)²/variance) / 2`. Options: [`GaussianNll`].
    gaussian_nll_loss = GaussianNll: target: &Tensor, variance: &Tensor;
    /// The mean of `-t ln x - (1 - t) ln(1 - x)`, for probabilities x. Options: [`Bce`].
    binary_cross_entropy = Bce: target: &Tensor;
    /// The mean of `-t ln σ(x) - (1 - t) ln σ(-x)`, for logits x. Options: [`BceWithLogits`].
    binary_cross_entropy_with_logits = BceWithLogits: target: &Tensor;
    /// The mean of `t (ln t - x)`, for log-probabilities x; the divergence of each example is
    /// [`Reduction::BatchMean`]. Options: [`KlDiv`].
    kl_div = KlDiv: target: &Tensor;
    /// The mean of x where a label is 1, and of `max(0, 1 - x)` where it is -1, for distances x. Options: [`HingeEmbedding`].
    hinge_embedding_loss = HingeEmbedding: labels: &Tensor;
    /// The mean of `ln(1 + e^(-label x))`, for labels 1 and -1. Options: [`SoftMargin`].
    soft_margin_loss = SoftMargin: labels: &Tensor;
    /// The mean of `max(0, 1 - x[label] + x[i])` over the classes i, for scores x `[.., classes]`. Options: [`MultiMargin`].
    multi_margin_loss = MultiMargin: labels: &Tensor;
    /// As [`multi_margin_loss`](Self::multi_margin_loss), for several labels in each row, padded with -1. Options:
    /// [`MultilabelMargin`].
    multilabel_margin_loss = MultilabelMargin: labels: &Tensor;
    /// The mean of [`binary_cross_entropy_with_logits`](Self::binary_cross_entropy_with_logits) over classes and rows. Options:
    /// [`MultilabelSoftMargin`].
    multilabel_soft_margin_loss = MultilabelSoftMargin: target: &Tensor;
    /// The mean of `max(0, -label (x - other))`, for labels 1 and -1. Options: [`MarginRanking`].
    margin_ranking_loss = MarginRanking: other: &Tensor, labels: &Tensor;
    /// The mean of `max(0, |x - positive| - |x - negative| + 1)`. Options: [`TripletMargin`].
    triplet_margin_loss = TripletMargin: positive: &Tensor, negative: &Tensor;
    /// The mean of `1 - cos(x, other)` where a label is 1, and of `max(0, cos(x, other))` where it is -1. Options:
    /// [`CosineEmbedding`].
    cosine_embedding_loss = CosineEmbedding: other: &Tensor, labels: &Tensor;
    /// The mean over sequences of the loss of [`Ctc`], divided by the length of each list of labels, for log-probabilities
    /// `[steps, sequences, classes]` of which the first class is the blank. Options: [`Ctc`].
    ctc_loss = Ctc: labels: &Tensor, input_lengths: &[usize], label_lengths: &[usize];
}
