//! Rates that start low, or stay.

use super::{Schedule, check, not_negative, positive};

/// One rate, or a part of it for some steps at first.
///
/// ```
/// use cotangent_nn::schedule::{Constant, Schedule};
/// assert_eq!(Constant::new(0.1).lr(1000), 0.1);
/// let schedule = Constant::new(0.5).factor(0.5, 2);
/// assert_eq!((schedule.lr(1), schedule.lr(2)), (0.25, 0.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "ConstantLR")]
pub struct Constant {
    lr: f64,
    factor: f64,
    total_iters: u64,
}

impl Constant {
    /// This rate in every step.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        not_negative("constant", "lr", lr);
        Constant { lr, factor: 1.0, total_iters: 0 }
    }

    /// Multiplies the rate by a factor in the first `total_iters` steps, as PyTorch's `ConstantLR`.
    ///
    /// # Panics
    /// When the factor is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn factor(self, factor: f64, total_iters: u64) -> Self {
        not_negative("constant", "factor", factor);
        Constant { factor, total_iters, ..self }
    }
}

impl Schedule for Constant {
    fn lr(&self, step: u64) -> f64 {
        if step < self.total_iters { self.lr * self.factor } else { self.lr }
    }
}

/// A rate that goes in a straight line from one multiple of `lr` to another in `total_iters` steps, and stays there.
///
/// ```
/// use cotangent_nn::schedule::{Linear, Schedule};
/// let schedule = Linear::new(1.0, 0.5, 0.0, 4);
/// assert_eq!([0, 2, 4, 9].map(|step| schedule.lr(step)), [0.5, 0.25, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "LinearLR")]
pub struct Linear {
    lr: f64,
    start_factor: f64,
    end_factor: f64,
    total_iters: u64,
}

impl Linear {
    /// From `lr * start_factor` to `lr * end_factor`, as PyTorch's `LinearLR`, whose factors are 1/3 and 1.
    ///
    /// # Panics
    /// When a rate or factor is negative or not finite, or there are no steps.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, start_factor: f64, end_factor: f64, total_iters: u64) -> Self {
        not_negative("linear", "lr", lr);
        not_negative("linear", "start_factor", start_factor);
        not_negative("linear", "end_factor", end_factor);
        positive("linear", "total_iters", total_iters);
        Linear { lr, start_factor, end_factor, total_iters }
    }

    /// From zero up to `lr` in so many steps.
    ///
    /// # Panics
    /// When the rate is negative or not finite, or there are no steps.
    #[must_use]
    #[track_caller]
    pub fn warm_up(lr: f64, total_iters: u64) -> Self {
        Linear::new(lr, 0.0, 1.0, total_iters)
    }
}

impl Schedule for Linear {
    fn lr(&self, step: u64) -> f64 {
        let part = step.min(self.total_iters) as f64 / self.total_iters as f64;
        self.lr * (self.start_factor + (self.end_factor - self.start_factor) * part)
    }
}

/// The rate of the first Transformer (Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 3): it grows in a straight line
/// for `warmup_steps`, then falls as the inverse root. With t = step + 1:
///
/// ```text
/// scale / √model_size min(1 / √t, t / warmup_steps^1.5)
/// ```
///
/// ```
/// use cotangent_nn::schedule::{Noam, Schedule};
/// let noam = Noam::new(512, 4000);
/// assert!((noam.lr(3999) - 1.0 / (512.0f64 * 4000.0).sqrt()).abs() < 1e-15);
/// assert!(noam.lr(3998) < noam.lr(3999) && noam.lr(4000) < noam.lr(3999));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noam {
    scale: f64,
    model_size: u64,
    warmup_steps: u64,
}

impl Noam {
    /// For a model of a width.
    ///
    /// # Panics
    /// When the width or the number of steps is zero.
    #[must_use]
    #[track_caller]
    pub fn new(model_size: u64, warmup_steps: u64) -> Self {
        positive("noam", "model_size", model_size);
        positive("noam", "warmup_steps", warmup_steps);
        Noam { scale: 1.0, model_size, warmup_steps }
    }

    /// What all rates are multiplied with.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn scale(self, scale: f64) -> Self {
        check("noam", "scale", scale, scale >= 0.0 && scale.is_finite(), "a finite number from 0 on");
        Noam { scale, ..self }
    }
}

impl Schedule for Noam {
    fn lr(&self, step: u64) -> f64 {
        // In f64, so that the last step of all has a rate too.
        let t = step as f64 + 1.0;
        let rising = t / (self.warmup_steps as f64).powf(1.5);
        self.scale / (self.model_size as f64).sqrt() * rising.min(1.0 / t.sqrt())
    }
}
