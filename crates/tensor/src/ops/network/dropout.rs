//! Dropout: elements or whole channels left out at random while a network is trained.
//!
//! The mask is drawn once, from the generator that the caller passes, and what is left out is chosen, not multiplied by zero: it
//! may be infinite. In evaluation there is nothing to call. Inside a checkpoint the function clones its generator, so that
//! both runs draw one mask.

use crate::ops::broadcast::by_way_of_f32;
use crate::{DType, Error, ErrorKind, Rng, Shape, Tensor};

impl Tensor {
    /// Each element is zero with probability `p`, and `x / (1 - p)` otherwise, so that the mean stays.
    ///
    /// For p = 0 it is the identity and draws nothing, for p = 1 all elements are zero. (Srivastava et al., "Dropout", JMLR 15,
    /// 2014.)
    ///
    /// # Panics
    /// When `p` is not within [0, 1], or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Rng, Tensor};
    /// let y = Tensor::ones([100], DType::F32).dropout(0.5, &mut Rng::seed(7));
    /// assert!(y.to_vec::<f32>().iter().all(|&y| y == 0.0 || y == 2.0));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn dropout(&self, p: f64, rng: &mut Rng) -> Tensor {
        drop("dropout", self, p, rng, self.shape())
    }

    /// As [`dropout`](Self::dropout), of whole channels: `[n, c, ..]`, where each of the n c channels is left out or kept as
    /// one.
    ///
    /// (Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.)
    ///
    /// # Panics
    /// When there is no channel axis, `p` is not within [0, 1], or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Rng, Tensor};
    /// let y = Tensor::ones([4, 5, 2], DType::F32).feature_dropout(0.5, &mut Rng::seed(7)).to_vec::<f32>();
    /// assert!(y.chunks(2).all(|channel| channel == [0.0, 0.0] || channel == [2.0, 2.0]));
    /// ```
    #[doc(alias = "dropout1d")]
    #[doc(alias = "dropout2d")]
    #[doc(alias = "dropout3d")]
    #[must_use]
    #[track_caller]
    pub fn feature_dropout(&self, p: f64, rng: &mut Rng) -> Tensor {
        let [n, c, ref rest @ ..] = self.shape()[..] else {
            let rule = "needs a batch axis and a channel axis";
            panic!("{}", Error::new(ErrorKind::Shape, "feature_dropout", rule).with_inputs(&[self.spec()]));
        };
        let channels = [n, c].into_iter().chain(rest.iter().map(|_| 1)).collect();
        drop("feature_dropout", self, p, rng, &channels)
    }

    /// Dropout that keeps mean 0 and variance 1, for networks of the activation SELU: what is left out becomes
    /// `-λα`, the activation's lower limit, and all are scaled and shifted. For p = 1 all elements are zero.
    ///
    /// `a (x or -λα) + b` with `a = 1 / √((1 - p) (1 + p (λα)²))` and `b = a p λα`. (Klambauer et al., "Self-normalizing neural
    /// networks", NeurIPS 2017.)
    ///
    /// # Panics
    /// When `p` is not within [0, 1], or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Rng};
    /// let mut rng = Rng::seed(7);
    /// let y = rng.normal([100_000], DType::F64).alpha_dropout(0.3, &mut rng);
    /// assert!(y.mean(..).item::<f64>().abs() < 0.02 && (y.var(.., 0).item::<f64>() - 1.0).abs() < 0.02);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn alpha_dropout(&self, p: f64, rng: &mut Rng) -> Tensor {
        /// λα of the paper.
        const LIMIT: f64 = 1.758_099_340_847_376_6;
        check("alpha_dropout", self, p);
        if p == 0.0 {
            return self.clone();
        }
        if p == 1.0 {
            return self.zeros_like();
        }
        let a = 1.0 / ((1.0 - p) * (1.0 + p * LIMIT * LIMIT)).sqrt();
        let kept = kept(self, p, rng, self.shape());
        by_way_of_f32(self, |x| kept.where_(x, -LIMIT) * a + a * p * LIMIT)
    }
}

#[track_caller]
fn drop(op: &'static str, x: &Tensor, p: f64, rng: &mut Rng, mask: &Shape) -> Tensor {
    check(op, x, p);
    if p == 0.0 {
        return x.clone();
    }
    if p == 1.0 {
        return x.zeros_like();
    }
    // The factor would be rounded to a half, and all elements be off by as much.
    kept(x, p, rng, mask).where_(&by_way_of_f32(x, |x| x * (1.0 / (1.0 - p))), 0)
}

/// Which elements are kept; for a tensor without values nothing is drawn.
fn kept(x: &Tensor, p: f64, rng: &mut Rng, mask: &Shape) -> Tensor {
    if x.has_values() { rng.bernoulli(1.0 - p, mask) } else { Tensor::shape_only(mask, DType::Bool) }
}

#[track_caller]
fn check(op: &'static str, x: &Tensor, p: f64) {
    if !x.dtype().is_float() {
        panic!("{}", Error::needs_float(op, &[x.spec()]));
    }
    if !(0.0..=1.0).contains(&p) {
        let rule = format!("the probability must be within [0, 1], not {p:?}");
        panic!("{}", Error::new(ErrorKind::Value, op, rule).with_inputs(&[x.spec()]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::refused::message;

    #[test]
    fn certain_dropout_draws_nothing() {
        let x = Tensor::from([f32::INFINITY, f32::NAN, 1.0]);
        let mut rng = Rng::seed(1);
        let before = rng.to_bytes();
        for f in [Tensor::dropout, Tensor::alpha_dropout] {
            assert_eq!(f(&x, 1.0, &mut rng).to_vec::<f32>(), [0.0; 3]);
            assert!(f(&x, 0.0, &mut rng).to_vec::<f32>()[1].is_nan());
        }
        assert_eq!(rng.to_bytes(), before);
    }

    #[test]
    fn what_is_left_out_may_be_infinite() {
        let y = Tensor::full([64], f64::INFINITY, DType::F64).dropout(0.5, &mut Rng::seed(3)).to_vec::<f64>();
        assert!(y.contains(&0.0) && y.contains(&f64::INFINITY) && y.iter().all(|y| !y.is_nan()));
    }

    #[test]
    fn so_many_are_left_out() {
        let y = Tensor::ones([100_000], DType::F64).dropout(0.3, &mut Rng::seed(5)).to_vec::<f64>();
        let zeros = y.iter().filter(|&&y| y == 0.0).count() as f64;
        // Five standard deviations of 145.
        assert!((zeros - 30_000.0).abs() < 725.0, "{zeros}");
        assert!(y.iter().all(|&y| y == 0.0 || y == 1.0 / 0.7));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = Tensor::from([1.0f32]);
        let mut rng = Rng::seed(1);
        assert_eq!(
            message(|| x.dropout(1.5, &mut rng)),
            "dropout: the probability must be within [0, 1], not 1.5; got f32[1]"
        );
        assert!(message(|| x.alpha_dropout(f64::NAN, &mut rng)).contains("not NaN"));
        assert_eq!(
            message(|| x.feature_dropout(0.5, &mut rng)),
            "feature_dropout: needs a batch axis and a channel axis; got f32[1]"
        );
        assert!(message(|| Tensor::from([1i64]).dropout(0.5, &mut rng)).contains("floating-point"));
    }
}
