//! One rise and one fall.

use super::{Schedule, check, cosine::half_cosine, not_negative};

/// The 1cycle policy (Smith, Topin, "Super-convergence: very fast training of neural networks using large learning rates",
/// arXiv:1708.07120), as PyTorch's `OneCycleLR`: from `max_lr / div_factor` up to `max_lr` in the first `pct_start` of the steps, then down
/// to `max_lr / div_factor / final_div_factor` at the last. Steps after the last have its rate.
///
/// It sets the rate alone. PyTorch's moves momentum, or Adam's first beta, from 0.95 to 0.85 and back beside it unless it is told
/// `cycle_momentum=False`; what trained there with that default trains otherwise here.
///
/// ```
/// use cotangent_nn::schedule::{OneCycle, Schedule};
/// let schedule = OneCycle::new(0.5, 100);
/// assert_eq!(schedule.lr(29), 0.5);
/// assert!((schedule.lr(0) - 0.02).abs() < 1e-15 && (schedule.lr(99) - 2e-6).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "OneCycleLR")]
pub struct OneCycle {
    max_lr: f64,
    total_steps: u64,
    pct_start: f64,
    anneal: Anneal,
    div_factor: f64,
    final_div_factor: f64,
    three_phase: bool,
}

/// Along which curve a rate goes from one value to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Anneal {
    /// Half a cosine.
    #[default]
    Cosine,
    /// A straight line.
    Linear,
}

impl OneCycle {
    /// With PyTorch's other settings of the rate: `pct_start` 0.3, `div_factor` 25, `final_div_factor` 1e4, along a cosine, in two phases.
    ///
    /// # Panics
    /// When the rate is negative or not finite, or there are no steps.
    #[must_use]
    #[track_caller]
    pub fn new(max_lr: f64, total_steps: u64) -> Self {
        not_negative("one_cycle", "max_lr", max_lr);
        super::positive("one_cycle", "total_steps", total_steps);
        let (pct_start, div_factor, final_div_factor) = (0.3, 25.0, 1e4);
        OneCycle {
            max_lr,
            total_steps,
            pct_start,
            anneal: Anneal::Cosine,
            div_factor,
            final_div_factor,
            three_phase: false,
        }
    }

    /// Which part of the steps the rate rises in.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn pct_start(self, pct_start: f64) -> Self {
        check("one_cycle", "pct_start", pct_start, (0.0..=1.0).contains(&pct_start), "from 0 to 1");
        OneCycle { pct_start, ..self }
    }

    /// Along which curve.
    #[must_use]
    #[doc(alias = "anneal_strategy")]
    pub fn anneal(self, anneal: Anneal) -> Self {
        OneCycle { anneal, ..self }
    }

    /// How many times as large the greatest rate is as the first.
    ///
    /// # Panics
    /// When it is not a finite number above 0.
    #[must_use]
    #[track_caller]
    pub fn div_factor(self, div_factor: f64) -> Self {
        check(
            "one_cycle",
            "div_factor",
            div_factor,
            div_factor > 0.0 && div_factor.is_finite(),
            "a finite number above 0",
        );
        OneCycle { div_factor, ..self }
    }

    /// How many times as large the first rate is as the last.
    ///
    /// # Panics
    /// When it is not a finite number above 0.
    #[must_use]
    #[track_caller]
    pub fn final_div_factor(self, final_div_factor: f64) -> Self {
        let allowed = final_div_factor > 0.0 && final_div_factor.is_finite();
        check("one_cycle", "final_div_factor", final_div_factor, allowed, "a finite number above 0");
        OneCycle { final_div_factor, ..self }
    }

    /// Whether the rate falls to the first one as fast as it rose, and then to the last.
    #[must_use]
    pub fn three_phase(self, three_phase: bool) -> Self {
        OneCycle { three_phase, ..self }
    }
}

impl Schedule for OneCycle {
    fn lr(&self, step: u64) -> f64 {
        let total = self.total_steps as f64;
        let last = total - 1.0;
        let first_lr = self.max_lr / self.div_factor;
        let last_lr = first_lr / self.final_div_factor;
        let peak = self.pct_start * total - 1.0;
        // Where each phase ends, and the rate there.
        let back = (2.0 * self.pct_start * total - 2.0, first_lr);
        let phases = [(peak, self.max_lr), if self.three_phase { back } else { (last, last_lr) }, (last, last_lr)];
        let step = (step as f64).min(last);
        let (mut start, mut from) = (0.0, first_lr);
        for (end, to) in phases {
            if step <= end {
                // A phase of no length is at its end.
                let part = if end > start { (step - start) / (end - start) } else { 1.0 };
                return match self.anneal {
                    Anneal::Cosine => half_cosine(from, to, part),
                    Anneal::Linear => from + (to - from) * part,
                };
            }
            (start, from) = (end, to);
        }
        last_lr
    }
}
