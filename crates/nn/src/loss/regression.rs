//! Losses of numbers against numbers: how far a prediction is off, and how unlikely a distribution with these parameters makes
//! the target.

use super::{
    agreement::{check_each, check_floats, check_option, check_pair},
    reduction::{Reduction, options},
};
use cotangent_tensor::{Error, ErrorKind, Tensor};
use std::f64::consts::TAU;

options! {
    /// `(x - t)²` of each element, by default their mean; PyTorch's `MSELoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::{Mse, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let (x, target) = (Tensor::from([1.0, 2.0]), Tensor::from([1.0, 4.0]));
    /// assert_eq!(Mse::new().reduction(Reduction::Sum).of(&x, &target).item::<f64>(), 4.0);
    /// ```
    #[doc(alias = "MSELoss")]
    Mse {}
}

impl Mse {
    /// The loss of a prediction.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("mse_loss", prediction, target);
        self.reduction.of(&(prediction - target).square())
    }
}

options! {
    /// `|x - t|` of each element, by default their mean; its slope at 0 is 0. PyTorch's `L1Loss`.
    ///
    /// ```
    /// use cotangent_nn::loss::{L1, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let (x, target) = (Tensor::from([1.0, 2.0]), Tensor::from([1.0, 4.0]));
    /// assert_eq!(L1::new().reduction(Reduction::None).of(&x, &target).to_vec::<f64>(), [0.0, 2.0]);
    /// ```
    #[doc(alias = "L1Loss")]
    L1 {}
}

impl L1 {
    /// The loss of a prediction.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("l1_loss", prediction, target);
        self.reduction.of(&(prediction - target).abs())
    }
}

options! {
    /// With d = x - t: `d²/2` where |d| < δ, beyond it the line `δ (|d| - δ/2)` that continues it; δ is 1. PyTorch's `HuberLoss`.
    ///
    /// (Huber, "Robust estimation of a location parameter", 1964.)
    ///
    /// ```
    /// use cotangent_nn::loss::{Huber, Reduction};
    /// use cotangent_tensor::Tensor;
    /// let (x, target) = (Tensor::from([1.0, 7.0]), Tensor::from([0.0, 0.0]));
    /// let losses = Huber::new().delta(2.0).reduction(Reduction::None).of(&x, &target);
    /// assert_eq!(losses.to_vec::<f64>(), [0.5, 12.0]);
    /// ```
    #[doc(alias = "HuberLoss")]
    Huber { delta: f64 = 1.0 }
}

impl Huber {
    /// Where the square becomes a line.
    ///
    /// # Panics
    /// When it is not positive and finite.
    #[track_caller]
    pub fn delta(self, delta: f64) -> Self {
        check_option("huber_loss", "delta", delta, delta > 0.0 && delta.is_finite(), "positive and finite");
        Huber { delta, ..self }
    }

    /// The loss of a prediction.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("huber_loss", prediction, target);
        self.reduction.of(&huber(&(prediction - target), self.delta))
    }
}

/// With c = d cut off at ±δ: c (d - c/2), which is d²/2 between, and δ (|d| - δ/2) beyond. No branch is computed that overflows
/// where it is not taken.
fn huber(d: &Tensor, delta: f64) -> Tensor {
    let cut = d.clamp(-delta, delta);
    &cut * (d - &cut * 0.5)
}

options! {
    /// With d = x - t: `d²/(2β)` where |d| < β, beyond it `|d| - β/2`; β is 1. Of β = 0 it is [`L1`]. PyTorch's `SmoothL1Loss`.
    ///
    /// It is [`Huber`] divided by its threshold. (Girshick, "Fast R-CNN", 2015.)
    ///
    /// ```
    /// use cotangent_nn::loss::{Reduction, SmoothL1};
    /// use cotangent_tensor::Tensor;
    /// let (x, target) = (Tensor::from([1.0, 7.0]), Tensor::from([0.0, 0.0]));
    /// let losses = SmoothL1::new().beta(2.0).reduction(Reduction::None).of(&x, &target);
    /// assert_eq!(losses.to_vec::<f64>(), [0.25, 6.0]);
    /// ```
    #[doc(alias = "SmoothL1Loss")]
    SmoothL1 { beta: f64 = 1.0 }
}

impl SmoothL1 {
    /// Where the square becomes a line.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[track_caller]
    pub fn beta(self, beta: f64) -> Self {
        check_option("smooth_l1_loss", "beta", beta, beta >= 0.0 && beta.is_finite(), "finite and 0 or more");
        SmoothL1 { beta, ..self }
    }

    /// The loss of a prediction.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("smooth_l1_loss", prediction, target);
        let d = prediction - target;
        self.reduction.of(&if self.beta == 0.0 { d.abs() } else { huber(&d, self.beta) / self.beta })
    }
}

options! {
    /// How unlikely a Poisson distribution makes a count t: `e^x - t x` for a logarithm x of its mean (the default), or
    /// `x - t ln(x + ε)` for the mean itself. PyTorch's `PoissonNLLLoss`.
    ///
    /// ```
    /// use cotangent_nn::loss::PoissonNll;
    /// use cotangent_tensor::Tensor;
    /// let loss = PoissonNll::new().of(&Tensor::from([0.0, 0.0]), &Tensor::from([3.0, 5.0]));
    /// assert_eq!(loss.item::<f64>(), 1.0);
    /// ```
    #[doc(alias = "PoissonNLLLoss")]
    PoissonNll { log_input: bool = true, full: bool = false, eps: f64 = 1e-8 }
}

impl PoissonNll {
    /// Whether the prediction is the logarithm of the mean; by default it is.
    pub fn log_input(self, log_input: bool) -> Self {
        PoissonNll { log_input, ..self }
    }

    /// Whether to add Stirling's approximation of the term that depends on the target only, `t ln t - t + ln(2πt)/2` where t > 1,
    /// else 0.
    pub fn full(self, full: bool) -> Self {
        PoissonNll { full, ..self }
    }

    /// What is added to a mean in its logarithm, 1e-8 by default.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        check_option("poisson_nll_loss", "eps", eps, eps >= 0.0 && eps.is_finite(), "finite and 0 or more");
        PoissonNll { eps, ..self }
    }

    /// The loss of predicted means, or their logarithms, for counts.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("poisson_nll_loss", prediction, target);
        let losses = if self.log_input {
            prediction.exp() - target * prediction
        } else {
            prediction - target * (prediction + self.eps).ln()
        };
        self.reduction.of(&if self.full { losses + stirling(target) } else { losses })
    }
}

/// t ln t - t + ln(2πt)/2 where t > 1, else 0.
fn stirling(t: &Tensor) -> Tensor {
    let small = t.le(1);
    // The logarithm of what is left out must not be computed: its slope at 0 is infinite.
    let t = small.where_(1, t);
    small.where_(0, &(&t * t.ln() - &t + (&t * TAU).ln() * 0.5))
}

options! {
    /// How unlikely a normal distribution of mean x and variance v makes a target: `(ln v + (x - t)²/v) / 2`, with v at least
    /// ε. PyTorch's `GaussianNLLLoss`.
    ///
    /// (Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.)
    ///
    /// ```
    /// use cotangent_nn::loss::GaussianNll;
    /// use cotangent_tensor::Tensor;
    /// let (mean, target, variance) = (Tensor::from([0.0]), Tensor::from([3.0]), Tensor::from([1.0]));
    /// assert_eq!(GaussianNll::new().of(&mean, &target, &variance).item::<f64>(), 4.5);
    /// ```
    #[doc(alias = "GaussianNLLLoss")]
    GaussianNll { full: bool = false, eps: f64 = 1e-6 }
}

impl GaussianNll {
    /// Whether to add the constant `ln(2π)/2`.
    pub fn full(self, full: bool) -> Self {
        GaussianNll { full, ..self }
    }

    /// The least variance, 1e-6 by default. The derivative does not see the bound, so that a variance below it
    /// is pushed up, as in PyTorch.
    ///
    /// # Panics
    /// When it is not positive and finite.
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        check_option("gaussian_nll_loss", "eps", eps, eps > 0.0 && eps.is_finite(), "positive and finite");
        GaussianNll { eps, ..self }
    }

    /// The loss of predicted means and variances. The variance has the prediction's shape, or the same with a last axis of
    /// size 1, or without the last axis: one for each row.
    ///
    /// # Panics
    /// When a variance is negative, the shapes do not fit, or the dtypes differ or are not floating point.
    #[must_use]
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor, variance: &Tensor) -> Tensor {
        const OP: &str = "gaussian_nll_loss";
        check_pair(OP, prediction, target);
        let inputs = [prediction, target, variance];
        check_floats(OP, &inputs);
        let variance = match &prediction.shape()[..] {
            whole if variance.shape()[..] == *whole => variance.clone(),
            [rows @ .., _] if variance.shape()[..] == *rows => variance.unsqueeze(-1),
            [rows @ .., _] if matches!(&variance.shape()[..], [of_rows @ .., 1] if of_rows == rows) => variance.clone(),
            _ => {
                let rule = "the variance must have the prediction's shape, or a last axis of size 1, or none";
                let error = Error::new(ErrorKind::Shape, OP, rule);
                panic!("{}", error.with_inputs(&inputs.map(Tensor::spec)));
            }
        };
        // NaN is not refused but goes into the result, as anywhere.
        let negative = |variance: f64| variance < 0.0;
        check_each(OP, "the variance", &variance, &inputs, "which is negative", |variance| !negative(variance));
        // The bound's value, with the derivative of what was there.
        let raised = (&variance - variance.stop_gradient()) + self.eps;
        let variance = variance.lt(self.eps).where_(&raised, &variance);
        let losses = (variance.ln() + (prediction - target).square() / &variance) * 0.5;
        self.reduction.of(&if self.full { losses + 0.5 * TAU.ln() } else { losses })
    }
}
