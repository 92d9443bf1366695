//! Steps that are scaled by the root of the sum of all squares of the gradient.

use super::{Descent, Rule, Scalar, Slots, Step, settings::settings};
use cotangent_tensor::Tensor;

/// Adagrad (Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 2011),
/// as PyTorch's `Adagrad`:
///
/// ```text
/// s = s + g²,  x = x - lr / (1 + (t - 1) η) g / (√s + ε)  in step t
/// ```
///
/// ```
/// use cotangent_nn::{Adagrad, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(1.0);
/// Adagrad::new(0.5).initial_accumulator_value(9.0).eps(0.0).step(&mut x, &Tensor::from(4.0));
/// assert_eq!(x.item::<f64>(), 0.6);
/// ```
pub type Adagrad = Descent<AdagradRule>;

/// The rule and settings of [`Adagrad`].
#[derive(Clone, Debug)]
pub struct AdagradRule {
    lr_decay: f64,
    weight_decay: f64,
    initial_accumulator_value: f64,
    eps: f64,
}

impl Adagrad {
    /// With a learning rate (PyTorch's is 0.01), and PyTorch's other settings: ε = 1e-10, the rest 0.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        let rule = AdagradRule { lr_decay: 0.0, weight_decay: 0.0, initial_accumulator_value: 0.0, eps: 1e-10 };
        Descent::by_rule(rule, lr)
    }

    settings! { AdagradRule;
        /// η: how fast the learning rate falls.
        lr_decay: not_negative;
        /// Adds `weight_decay * x` to the gradient.
        weight_decay: not_negative;
        /// What s is before the first step.
        initial_accumulator_value: not_negative;
        /// What is added to √s, so that a gradient of zero is not divided by zero.
        eps: not_negative;
    }
}

impl Rule for AdagradRule {
    const NAME: &'static str = "adagrad";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["sum"]
    }

    fn initial(&self, _slot: &str, x: &Tensor) -> Tensor {
        Tensor::full(x.shape().clone(), self.initial_accumulator_value, x.dtype())
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [sum] = slots.all();
        let rate = T::of(step.lr / (1.0 + (step.count - 1) as f64 * self.lr_decay));
        let (eps, decay) = (T::of(self.eps), T::of(self.weight_decay));
        for ((x, &g), sum) in x.iter_mut().zip(x_bar).zip(sum) {
            let g = g + decay * *x;
            *sum = *sum + g * g;
            *x = *x - rate * g / (sum.sqrt() + eps);
        }
    }
}
