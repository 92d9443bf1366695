//! Steps whose length comes from the steps before.

use super::{Descent, Rule, Scalar, Slots, Step, settings::settings};

/// Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, algorithm 1), as PyTorch's `Adadelta`:
///
/// ```text
/// v = ρ v + (1 - ρ) g²,  d = √(a + ε) / √(v + ε) g,  a = ρ a + (1 - ρ) d²,  x = x - lr d
/// ```
///
/// ```
/// use cotangent_nn::{Adadelta, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(1.0);
/// Adadelta::new(1.0).step(&mut x, &Tensor::from(4.0));
/// assert!(x.item::<f64>() < 1.0);
/// ```
pub type Adadelta = Descent<AdadeltaRule>;

/// The rule and settings of [`Adadelta`].
#[derive(Clone, Debug)]
pub struct AdadeltaRule {
    rho: f64,
    eps: f64,
    weight_decay: f64,
}

impl Adadelta {
    /// With a learning rate (PyTorch's is 1), and PyTorch's other settings: ρ = 0.9, ε = 1e-6, no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(AdadeltaRule { rho: 0.9, eps: 1e-6, weight_decay: 0.0 }, lr)
    }

    settings! { AdadeltaRule;
        /// How much of the means of g² and d² stays in a step; at least 0 and below 1.
        rho: decay;
        /// What is added under both roots; it sets the length of the first steps.
        eps: not_negative;
        /// Adds `weight_decay * x` to the gradient.
        weight_decay: not_negative;
    }
}

impl Rule for AdadeltaRule {
    const NAME: &'static str = "adadelta";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["square_avg", "acc_delta"]
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [v, a] = slots.all();
        let (lr, eps, decay) = (T::of(step.lr), T::of(self.eps), T::of(self.weight_decay));
        let (keep, new) = (T::of(self.rho), T::of(1.0 - self.rho));
        for (((x, &g), v), a) in x.iter_mut().zip(x_bar).zip(v).zip(a) {
            let g = g + decay * *x;
            *v = keep * *v + new * g * g;
            let change = (*a + eps).sqrt() / (*v + eps).sqrt() * g;
            *a = keep * *a + new * change * change;
            *x = *x - lr * change;
        }
    }
}
