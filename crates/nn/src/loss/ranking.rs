//! Losses of embeddings and scores relative to others. At the corner of a hinge the slope is 0, as in PyTorch.

use super::{
    agreement::{check_floats, check_one_shape, check_option, positive_labels},
    margin::as_factors,
    reduction::{Reduction, options, rounded_once},
};
use cotangent_tensor::{Error, ErrorKind, Tensor};

options! {
    /// `max(0, -t (x - y) + margin)`, for t = 1 where x should rank above y, and -1 where below; the margin is 0. PyTorch's
    /// `MarginRankingLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::{MarginRanking, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let (x, y, labels) = (Tensor::from([3.0, 3.0]), Tensor::from([1.0, 1.0]), Tensor::from([1i64, -1]));
    /// let losses = MarginRanking::new().reduction(Reduction::None).of(&x, &y, &labels);
    /// assert_eq!(losses.to_vec::<f64>(), [0.0, 2.0]);
    /// ```
    #[doc(alias = "MarginRankingLoss")]
    MarginRanking { margin: f64 = 0.0 }
}

impl MarginRanking {
    /// By how much one must rank above the other.
    ///
    /// # Panics
    /// When it is not finite.
    #[track_caller]
    pub fn margin(self, margin: f64) -> Self {
        check_option("margin_ranking_loss", "margin", margin, margin.is_finite(), "finite");
        MarginRanking { margin, ..self }
    }

    /// The loss of two lists of scores. Labels of a floating-point dtype may be any number, and have a derivative.
    ///
    /// # Panics
    /// When the shapes or floating-point dtypes differ, or the scores are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, x: &Tensor, y: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "margin_ranking_loss";
        check_one_shape(OP, "scores and labels", &[x, y, labels]);
        check_floats(OP, &[x, y]);
        let labels = as_factors(OP, labels, x);
        self.reduction.of(&(self.margin - labels * (x - y)).relu())
    }
}

options! {
    /// `max(0, |a - p| - |a - n| + margin)` over the last axis, for an anchor a, a positive example p and a negative one n; the margin is
    /// 1, and the norm `(Σ |d + ε|^p)^(1/p)` with p = 2 and ε = 1e-6. PyTorch's `TripletMarginLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::TripletMargin;
    /// use cotangent_tensor::Tensor;
    /// let [a, p, n] = [[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]].map(|x| Tensor::from([x]));
    /// assert_eq!(TripletMargin::new().eps(0.0).of(&a, &p, &n).item::<f64>(), 4.0);
    /// ```
    #[doc(alias = "TripletMarginLoss")]
    TripletMargin { margin: f64 = 1.0, p: f64 = 2.0, eps: f64 = 1e-6, swap: bool = false }
}

impl TripletMargin {
    /// By how much the negative example must be farther than the positive one.
    ///
    /// # Panics
    /// When it is not finite.
    #[track_caller]
    pub fn margin(self, margin: f64) -> Self {
        check_option("triplet_margin_loss", "margin", margin, margin.is_finite(), "finite");
        TripletMargin { margin, ..self }
    }

    /// The power of the norm; it may be infinite.
    ///
    /// # Panics
    /// When it is not positive.
    #[track_caller]
    pub fn p(self, p: f64) -> Self {
        check_option("triplet_margin_loss", "p", p, p > 0.0, "positive");
        TripletMargin { p, ..self }
    }

    /// What is added to each difference, 1e-6 by default. Where a distance is 0 nevertheless, its slope is 0.
    ///
    /// # Panics
    /// When it is not finite.
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        check_option("triplet_margin_loss", "eps", eps, eps.is_finite(), "finite");
        TripletMargin { eps, ..self }
    }

    /// Whether to take the lesser of |a - n| and |p - n|. (Balntas et al., "Learning shallow convolutional feature descriptors with
    /// triplet losses", 2016.)
    pub fn swap(self, swap: bool) -> Self {
        TripletMargin { swap, ..self }
    }

    /// The loss of embeddings `[.., features]`.
    ///
    /// # Panics
    /// When the shapes or dtypes differ, have no axis, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Tensor {
        const OP: &str = "triplet_margin_loss";
        let inputs = [anchor, positive, negative];
        check_one_shape(OP, "anchor, positive and negative", &inputs);
        check_floats(OP, &inputs);
        if anchor.rank() == 0 || (self.p.is_infinite() && anchor.size(-1) == 0) {
            let rule =
                if anchor.rank() == 0 { "needs an axis of features" } else { "there is no greatest of 0 features" };
            panic!("{}", Error::new(ErrorKind::Shape, OP, rule).with_inputs(&inputs.map(Tensor::spec)));
        }
        let distance = |x: &Tensor, y: &Tensor| rounded_once([x, y], |[x, y]| norm(&(x - y + self.eps), self.p));
        let near = distance(anchor, positive);
        let far = distance(anchor, negative);
        let far = if self.swap { far.minimum(&distance(positive, negative)) } else { far };
        self.reduction.of(&(near - far + self.margin).relu())
    }
}

/// (Σ |d|^p)^(1/p) over the last axis, with slope 0 at 0.
fn norm(d: &Tensor, p: f64) -> Tensor {
    if p == 1.0 {
        return d.abs().sum(-1);
    }
    if p.is_infinite() {
        return d.abs().max(-1);
    }
    let power = if p == 2.0 { d.square() } else { unless_zero(&d.abs(), |d| d.powf(p)) };
    unless_zero(&power.sum(-1), |sum| if p == 2.0 { sum.sqrt() } else { sum.powf(1.0 / p) })
}

/// `f(x)`, but 0 where x is 0, without `f`'s slope there, which may be infinite.
fn unless_zero(x: &Tensor, f: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    let zero = x.eq(0);
    zero.where_(0, &f(&zero.where_(1, x)))
}

options! {
    /// With cos the cosine of two embeddings `[.., features]`: `1 - cos` for a label of 1, `max(0, cos - margin)` for -1; the margin
    /// is 0. PyTorch's `CosineEmbeddingLoss`.
    ///
    /// Squares of norms have 1e-12 added, so that a zero embedding has a cosine of 0.
    ///
    /// ```
    /// use cotangent_nn::loss::CosineEmbedding;
    /// use cotangent_tensor::Tensor;
    /// let (x, y) = (Tensor::from([[1.0, 0.0]]), Tensor::from([[0.0, 2.0]]));
    /// assert_eq!(CosineEmbedding::new().of(&x, &y, &Tensor::from([1i64])).item::<f64>(), 1.0);
    /// ```
    #[doc(alias = "CosineEmbeddingLoss")]
    CosineEmbedding { margin: f64 = 0.0 }
}

/// What is added to the squares of norms, PyTorch's.
const LEAST_SQUARE: f64 = 1e-12;

impl CosineEmbedding {
    /// The cosine up to which what differs has no loss, from -1 to 1.
    ///
    /// # Panics
    /// When it is not from -1 to 1.
    #[track_caller]
    pub fn margin(self, margin: f64) -> Self {
        check_option("cosine_embedding_loss", "margin", margin, (-1.0..=1.0).contains(&margin), "from -1 to 1");
        CosineEmbedding { margin, ..self }
    }

    /// The loss of two lists of embeddings, for labels 1 and -1 of any numeric dtype, one for each row.
    ///
    /// # Panics
    /// When a label is neither 1 nor -1, the shapes do not fit, or the embeddings differ in dtype or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, x: &Tensor, y: &Tensor, labels: &Tensor) -> Tensor {
        const OP: &str = "cosine_embedding_loss";
        check_one_shape(OP, "both embeddings", &[x, y]);
        check_floats(OP, &[x, y]);
        let [rows @ .., _] = &x.shape()[..] else {
            let error = Error::new(ErrorKind::Shape, OP, "needs an axis of features");
            panic!("{}", error.with_inputs(&[x.spec(), y.spec()]));
        };
        let alike = positive_labels(OP, labels, rows, &[x, y, labels]);
        let length = |x: &Tensor| (x.square().sum(-1) + LEAST_SQUARE).sqrt();
        let cosine = rounded_once([x, y], |[x, y]| (x * y).sum(-1) / (length(x) * length(y)));
        self.reduction.of(&alike.where_(&(1 - &cosine), &(&cosine - self.margin).relu()))
    }
}
