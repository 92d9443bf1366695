//! Adam with the greatest gradient in the place of the root of the mean square.

use super::{
    Descent, Rule, Scalar, Slots, Step,
    settings::{betas, settings},
};

/// Adamax (Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2), as PyTorch's `Adamax`:
///
/// ```text
/// m = β₁ m + (1 - β₁) g,  u = max(β₂ u, |g| + ε),  x = x - lr / (1 - β₁ᵗ) m / u  in step t
/// ```
///
/// ```
/// use cotangent_nn::{Adamax, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(1.0);
/// Adamax::new(0.25).eps(0.0).step(&mut x, &Tensor::from(4.0));
/// assert!((x.item::<f64>() - 0.75).abs() < 1e-15);
/// ```
pub type Adamax = Descent<AdamaxRule>;

/// The rule and settings of [`Adamax`].
#[derive(Clone, Debug)]
pub struct AdamaxRule {
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
}

impl Adamax {
    /// With a learning rate (PyTorch's is 2e-3), and PyTorch's other settings: β = (0.9, 0.999), ε = 1e-8, no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(AdamaxRule { betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0 }, lr)
    }

    betas! { AdamaxRule;
        /// How much of the mean of g and of the greatest |g| stays in a step.
    }

    settings! { AdamaxRule;
        /// What is added to |g|, so that a gradient of zero is not divided by zero.
        eps: not_negative;
        /// Adds `weight_decay * x` to the gradient.
        weight_decay: not_negative;
    }
}

impl Rule for AdamaxRule {
    const NAME: &'static str = "adamax";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_inf"]
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [m, u] = slots.all();
        let (beta1, beta2) = self.betas;
        let (new1, keep2, rate) = (T::of(1.0 - beta1), T::of(beta2), T::of(step.lr / step.seen(beta1)));
        let (eps, decay) = (T::of(self.eps), T::of(self.weight_decay));
        for (((x, &g), m), u) in x.iter_mut().zip(x_bar).zip(m).zip(u) {
            let g = g + decay * *x;
            *m = *m + new1 * (g - *m);
            *u = (keep2 * *u).greater(g.abs() + eps);
            *x = *x - rate * *m / *u;
        }
    }
}
