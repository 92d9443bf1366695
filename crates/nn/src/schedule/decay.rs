//! Rates that fall.

use super::{Schedule, check, not_negative, positive};

/// A rate that is multiplied by γ every `step_size` steps.
///
/// ```
/// use cotangent_nn::schedule::{Schedule, Step};
/// let schedule = Step::new(0.8, 10).gamma(0.5);
/// assert_eq!([9, 10, 25].map(|step| schedule.lr(step)), [0.8, 0.4, 0.2]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "StepLR")]
pub struct Step {
    lr: f64,
    step_size: u64,
    gamma: f64,
}

impl Step {
    /// With γ = 0.1, as PyTorch's `StepLR`.
    ///
    /// # Panics
    /// When the rate is negative or not finite, or `step_size` is zero.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, step_size: u64) -> Self {
        not_negative("step", "lr", lr);
        positive("step", "step_size", step_size);
        Step { lr, step_size, gamma: 0.1 }
    }

    /// γ
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn gamma(self, gamma: f64) -> Self {
        not_negative("step", "gamma", gamma);
        Step { gamma, ..self }
    }
}

impl Schedule for Step {
    fn lr(&self, step: u64) -> f64 {
        self.lr * self.gamma.powf((step / self.step_size) as f64)
    }
}

/// A rate that is multiplied by γ at each of some steps; at one that is named twice, twice.
///
/// ```
/// use cotangent_nn::schedule::{MultiStep, Schedule};
/// let schedule = MultiStep::new(0.8, [30, 80]).gamma(0.5);
/// assert_eq!([29, 30, 80].map(|step| schedule.lr(step)), [0.8, 0.4, 0.2]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "MultiStepLR")]
pub struct MultiStep {
    lr: f64,
    /// In order.
    milestones: Vec<u64>,
    gamma: f64,
}

impl MultiStep {
    /// With γ = 0.1, as PyTorch's `MultiStepLR`. The milestones may come in any order.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, milestones: impl Into<Vec<u64>>) -> Self {
        not_negative("multi_step", "lr", lr);
        let mut milestones = milestones.into();
        milestones.sort_unstable();
        MultiStep { lr, milestones, gamma: 0.1 }
    }

    /// γ
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn gamma(self, gamma: f64) -> Self {
        not_negative("multi_step", "gamma", gamma);
        MultiStep { gamma, ..self }
    }
}

impl Schedule for MultiStep {
    fn lr(&self, step: u64) -> f64 {
        let passed = self.milestones.partition_point(|&milestone| milestone <= step);
        self.lr * self.gamma.powf(passed as f64)
    }
}

/// A rate that is multiplied by γ in every step: lr γ^step.
///
/// ```
/// use cotangent_nn::schedule::{Exponential, Schedule};
/// assert_eq!(Exponential::new(0.8, 0.5).lr(3), 0.1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "ExponentialLR")]
pub struct Exponential {
    lr: f64,
    gamma: f64,
}

impl Exponential {
    /// As PyTorch's `ExponentialLR`.
    ///
    /// # Panics
    /// When the rate or γ is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, gamma: f64) -> Self {
        not_negative("exponential", "lr", lr);
        not_negative("exponential", "gamma", gamma);
        Exponential { lr, gamma }
    }
}

impl Schedule for Exponential {
    fn lr(&self, step: u64) -> f64 {
        self.lr * self.gamma.powf(step as f64)
    }
}

/// A rate that falls to zero in `total_iters` steps as a power of what is left of them, lr (1 - step / total)^power, and stays there.
///
/// ```
/// use cotangent_nn::schedule::{Polynomial, Schedule};
/// let schedule = Polynomial::new(0.4, 4).power(2.0);
/// assert_eq!([0, 2, 4, 9].map(|step| schedule.lr(step)), [0.4, 0.1, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "PolynomialLR")]
pub struct Polynomial {
    lr: f64,
    total_iters: u64,
    power: f64,
}

impl Polynomial {
    /// With power 1, a straight line, as PyTorch's `PolynomialLR`.
    ///
    /// # Panics
    /// When the rate is negative or not finite, or there are no steps.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, total_iters: u64) -> Self {
        not_negative("polynomial", "lr", lr);
        positive("polynomial", "total_iters", total_iters);
        Polynomial { lr, total_iters, power: 1.0 }
    }

    /// The power.
    ///
    /// # Panics
    /// When it is not a finite number above 0.
    #[must_use]
    #[track_caller]
    pub fn power(self, power: f64) -> Self {
        check("polynomial", "power", power, power > 0.0 && power.is_finite(), "a finite number above 0");
        Polynomial { power, ..self }
    }
}

impl Schedule for Polynomial {
    fn lr(&self, step: u64) -> f64 {
        let passed = step.min(self.total_iters) as f64 / self.total_iters as f64;
        self.lr * (1.0 - passed).powf(self.power)
    }
}
