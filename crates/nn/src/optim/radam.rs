//! Adam whose scaling waits until it is well determined.

use super::{
    Descent, Rule, Scalar, Slots, Step,
    settings::{self, betas, settings},
};

/// RAdam (Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020), as PyTorch's `RAdam`:
///
/// ```text
/// m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²
/// ρ∞ = 2 / (1 - β₂) - 1,  ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)  in step t
/// x = x - lr m̂ r √(1 - β₂ᵗ) / (√v + ε),  r² = (ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ)  where ρ > 5
/// x = x - lr m̂  else
/// ```
///
/// ```
/// use cotangent_nn::{Optimizer, RAdam};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(1.0);
/// RAdam::new(0.25).step(&mut x, &Tensor::from(2.0)); // not scaled yet
/// assert!((x.item::<f64>() - 0.5).abs() < 1e-15);
/// ```
pub type RAdam = Descent<RAdamRule>;

/// The rule and settings of [`RAdam`].
#[derive(Clone, Debug)]
pub struct RAdamRule {
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    decoupled_weight_decay: bool,
}

impl RAdam {
    /// With a learning rate, and PyTorch's other settings: β = (0.9, 0.999), ε = 1e-8, no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        let (betas, eps) = ((0.9, 0.999), 1e-8);
        Descent::by_rule(RAdamRule { betas, eps, weight_decay: 0.0, decoupled_weight_decay: false }, lr)
    }

    /// Whether weight decay shrinks x, as in [`AdamW`](super::AdamW), instead of going into the gradient.
    #[must_use]
    pub fn decoupled_weight_decay(self, decoupled: bool) -> Self {
        self.change_rule(|rule| rule.decoupled_weight_decay = decoupled)
    }

    betas! { RAdamRule;
        /// How much of the means of g and of g² stays in a step.
    }

    settings! { RAdamRule;
        /// What is added to √v, so that a gradient of zero is not divided by zero.
        eps: not_negative;
        /// λ, which adds λ x to the gradient unless it is decoupled.
        weight_decay: not_negative;
    }
}

impl Rule for RAdamRule {
    const NAME: &'static str = "radam";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [m, v] = slots.all();
        let (beta1, beta2) = self.betas;
        let (keep, decay) = settings::decay_of(step.lr, self.weight_decay, self.decoupled_weight_decay);
        let (keep, decay, eps) = (T::of(keep), T::of(decay), T::of(self.eps));
        let (new1, keep2, new2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        let rate = step.lr / step.seen(beta1);
        let longest = 2.0 / (1.0 - beta2) - 1.0;
        let length = longest - 2.0 * step.count as f64 * (1.0 - step.seen(beta2)) / step.seen(beta2);
        let is_scaled = length > 5.0;
        let rate = T::of(if is_scaled {
            let rectified = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
            rate * rectified.sqrt() * step.seen(beta2).sqrt()
        } else {
            rate
        });
        for (((x, &g), m), v) in x.iter_mut().zip(x_bar).zip(m).zip(v) {
            let g = g + decay * *x;
            *m = *m + new1 * (g - *m);
            *v = keep2 * *v + new2 * g * g;
            let change = rate * *m;
            *x = keep * *x - if is_scaled { change / (v.sqrt() + eps) } else { change };
        }
    }
}
