//! Adam with Nesterov's momentum.

use super::{
    Descent, Rule, Scalar, Slots, Step,
    settings::{self, betas, settings},
};
use cotangent_tensor::Tensor;

/// Nadam (Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016), as PyTorch's `NAdam`:
///
/// ```text
/// m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²,  μₜ = β₁ (1 - 0.96^(t ψ) / 2)
/// x = x - lr (μₜ₊₁ m / (1 - ∏ᵢ₌₁ᵗ⁺¹ μᵢ) + (1 - μₜ) g / (1 - ∏ᵢ₌₁ᵗ μᵢ)) / (√v̂ + ε)  in step t
/// ```
///
/// ```
/// use cotangent_nn::{Nadam, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(1.0);
/// Nadam::new(2e-3).step(&mut x, &Tensor::from(1.0));
/// assert!(x.item::<f64>() < 1.0);
/// ```
#[doc(alias = "NAdam")]
pub type Nadam = Descent<NadamRule>;

/// The rule and settings of [`Nadam`].
#[derive(Clone, Debug)]
pub struct NadamRule {
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    momentum_decay: f64,
    decoupled_weight_decay: bool,
}

impl Nadam {
    /// With a learning rate (PyTorch's is 2e-3), and PyTorch's other settings: β = (0.9, 0.999), ε = 1e-8, ψ = 4e-3, no weight
    /// decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        let (betas, eps) = ((0.9, 0.999), 1e-8);
        let rule = NadamRule { betas, eps, weight_decay: 0.0, momentum_decay: 4e-3, decoupled_weight_decay: false };
        Descent::by_rule(rule, lr)
    }

    /// Whether weight decay shrinks x, as in [`AdamW`](super::AdamW), instead of going into the gradient.
    #[must_use]
    pub fn decoupled_weight_decay(self, decoupled: bool) -> Self {
        self.change_rule(|rule| rule.decoupled_weight_decay = decoupled)
    }

    betas! { NadamRule;
        /// How much of the means of g and of g² stays in a step.
    }

    settings! { NadamRule;
        /// What is added to √v̂, so that a gradient of zero is not divided by zero.
        eps: not_negative;
        /// λ, which adds λ x to the gradient unless it is decoupled.
        weight_decay: not_negative;
        /// ψ: how fast the momentum grows to β₁.
        momentum_decay: not_negative;
    }
}

impl Rule for NadamRule {
    const NAME: &'static str = "nadam";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq", "mu_product"]
    }

    fn initial(&self, slot: &str, x: &Tensor) -> Tensor {
        if slot == "mu_product" { Tensor::ones([], x.dtype()) } else { x.zeros_like() }
    }

    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [m, v, mu_product] = slots.all();
        let (beta1, beta2) = self.betas;
        let t = step.count as f64;
        let mu = |t: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(t * self.momentum_decay));
        let (mu, mu_next) = (mu(t), mu(t + 1.0));
        let product = mu_product[0].as_f64() * mu;
        mu_product[0] = T::of(product);

        let (keep, decay) = settings::decay_of(step.lr, self.weight_decay, self.decoupled_weight_decay);
        let (keep, decay, eps) = (T::of(keep), T::of(decay), T::of(self.eps));
        let (new1, keep2, new2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        let root_correction = T::of(1.0 / step.seen(beta2).sqrt());
        let rate_of_gradient = T::of(step.lr * (1.0 - mu) / (1.0 - product));
        let rate_of_mean = T::of(step.lr * mu_next / (1.0 - product * mu_next));
        for (((x, &g), m), v) in x.iter_mut().zip(x_bar).zip(m).zip(v) {
            let g = g + decay * *x;
            *m = *m + new1 * (g - *m);
            *v = keep2 * *v + new2 * g * g;
            *x = keep * *x - (rate_of_gradient * g + rate_of_mean * *m) / (v.sqrt() * root_correction + eps);
        }
    }
}
