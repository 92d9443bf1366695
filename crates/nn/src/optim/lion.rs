//! Steps of one length, in the direction of a sign.

use super::{
    Descent, Rule, Scalar, Slots, Step,
    settings::{betas, settings},
};

/// Lion (Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2):
///
/// ```text
/// x = x - lr (sign(β₁ m + (1 - β₁) g) + λ x),  m = β₂ m + (1 - β₂) g
/// ```
///
/// The authors advise a learning rate 3 to 10 times smaller than Adam's, and a weight decay as many times larger.
///
/// ```
/// use cotangent_nn::{Lion, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from([1.0, 1.0, 1.0]);
/// Lion::new(0.25).step(&mut x, &Tensor::from([1e-3, 0.0, -1e6]));
/// assert_eq!(x.to_vec::<f64>(), [0.75, 1.0, 1.25]);
/// ```
pub type Lion = Descent<LionRule>;

/// The rule and settings of [`Lion`].
#[derive(Clone, Debug)]
pub struct LionRule {
    betas: (f64, f64),
    weight_decay: f64,
}

impl Lion {
    /// With a learning rate (the authors' is 1e-4), and the authors' other settings: β = (0.9, 0.99), no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(LionRule { betas: (0.9, 0.99), weight_decay: 0.0 }, lr)
    }

    betas! { LionRule;
        /// How much of the mean of g goes into the direction, and how much of it stays in a step.
    }

    settings! { LionRule;
        /// λ, which shrinks x by lr λ x.
        weight_decay: not_negative;
    }
}

impl Rule for LionRule {
    const NAME: &'static str = "lion";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["exp_avg"]
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [m] = slots.all();
        let (beta1, beta2) = self.betas;
        let (lr, keep) = (T::of(step.lr), T::of(1.0 - step.lr * self.weight_decay));
        let (keep1, new1, keep2, new2) = (T::of(beta1), T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        for ((x, &g), m) in x.iter_mut().zip(x_bar).zip(m) {
            let direction = (keep1 * *m + new1 * g).signum();
            *x = keep * *x - lr * direction;
            *m = keep2 * *m + new2 * g;
        }
    }
}
