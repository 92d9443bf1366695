//! Rates that follow a cosine (Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017).

use super::{Schedule, not_negative, positive};
use std::f64::consts::PI;

/// From `most` at 0 to `least` at 1, along half a cosine.
pub(super) fn half_cosine(most: f64, least: f64, part: f64) -> f64 {
    least + (most - least) * (1.0 + (PI * part).cos()) / 2.0
}

/// A rate that falls from `lr` to `eta_min` in `t_max` steps along half a cosine, and rises again after that, with a period of twice as
/// many:
///
/// ```text
/// eta_min + (lr - eta_min) (1 + cos(π step / t_max)) / 2
/// ```
///
/// ```
/// use cotangent_nn::schedule::{Cosine, Schedule};
/// let schedule = Cosine::new(0.5, 10).eta_min(0.1);
/// assert_eq!([0, 10, 20].map(|step| schedule.lr(step)), [0.5, 0.1, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "CosineAnnealingLR")]
pub struct Cosine {
    lr: f64,
    t_max: u64,
    eta_min: f64,
}

impl Cosine {
    /// Down to zero, as PyTorch's `CosineAnnealingLR`.
    ///
    /// # Panics
    /// When the rate is negative or not finite, or there are no steps.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, t_max: u64) -> Self {
        not_negative("cosine", "lr", lr);
        positive("cosine", "t_max", t_max);
        Cosine { lr, t_max, eta_min: 0.0 }
    }

    /// The least rate.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn eta_min(self, eta_min: f64) -> Self {
        not_negative("cosine", "eta_min", eta_min);
        Cosine { eta_min, ..self }
    }
}

impl Schedule for Cosine {
    fn lr(&self, step: u64) -> f64 {
        half_cosine(self.lr, self.eta_min, step as f64 / self.t_max as f64)
    }
}

/// A rate that falls from `lr` towards `eta_min` along half a cosine in `t_0` steps and starts again, each time `t_mult` times
/// slower.
///
/// ```
/// use cotangent_nn::schedule::{Schedule, WarmRestarts};
/// let schedule = WarmRestarts::new(0.5, 10).t_mult(2);
/// assert_eq!([0, 10, 30, 70].map(|step| schedule.lr(step)), [0.5; 4]);
/// assert!((schedule.lr(20) - 0.25).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "CosineAnnealingWarmRestarts")]
pub struct WarmRestarts {
    lr: f64,
    t_0: u64,
    t_mult: u64,
    eta_min: f64,
}

impl WarmRestarts {
    /// With all periods the same and down to zero, as PyTorch's `CosineAnnealingWarmRestarts`.
    ///
    /// # Panics
    /// When the rate is negative or not finite, or there are no steps.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64, t_0: u64) -> Self {
        not_negative("warm_restarts", "lr", lr);
        positive("warm_restarts", "t_0", t_0);
        WarmRestarts { lr, t_0, t_mult: 1, eta_min: 0.0 }
    }

    /// How many times as long each period is as the one before.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn t_mult(self, t_mult: u64) -> Self {
        positive("warm_restarts", "t_mult", t_mult);
        WarmRestarts { t_mult, ..self }
    }

    /// The least rate.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn eta_min(self, eta_min: f64) -> Self {
        not_negative("warm_restarts", "eta_min", eta_min);
        WarmRestarts { eta_min, ..self }
    }
}

impl Schedule for WarmRestarts {
    fn lr(&self, step: u64) -> f64 {
        let (mut since, mut period) = (step, self.t_0);
        if self.t_mult == 1 {
            since %= period;
        }
        // At most 64 times, since the period at least doubles.
        while since >= period {
            since -= period;
            period = period.saturating_mul(self.t_mult);
        }
        half_cosine(self.lr, self.eta_min, since as f64 / period as f64)
    }
}
