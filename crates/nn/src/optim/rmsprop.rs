//! Steps that are scaled by the root of the mean square of the gradient.

use super::{Descent, Rule, Scalar, Slots, Step, settings::settings};

/// RMSprop (Hinton, lecture 6e of "Neural networks for machine learning", 2012), as PyTorch's `RMSprop`:
///
/// ```text
/// v = α v + (1 - α) g²,  u = g / (√v + ε),  x = x - lr u
/// b = μ b + u,  x = x - lr b                              with momentum μ
/// a = α a + (1 - α) g,  √(v - a²) in the place of √v      centered (Graves, arXiv:1308.0850, equations 38 to 45)
/// ```
///
/// ```
/// use cotangent_nn::{Optimizer, RmsProp};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(1.0);
/// RmsProp::new(0.01).alpha(0.75).eps(0.0).step(&mut x, &Tensor::from(4.0));
/// assert_eq!(x.item::<f64>(), 1.0 - 0.01 * 2.0);
/// ```
#[doc(alias = "RMSprop")]
pub type RmsProp = Descent<RmsPropRule>;

/// The rule and settings of [`RmsProp`].
#[derive(Clone, Debug)]
pub struct RmsPropRule {
    alpha: f64,
    eps: f64,
    weight_decay: f64,
    momentum: f64,
    centered: bool,
}

impl RmsProp {
    /// With a learning rate (PyTorch's is 0.01), and PyTorch's other settings: α = 0.99, ε = 1e-8, neither momentum nor weight
    /// decay, not centered.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(RmsPropRule { alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false }, lr)
    }

    /// Whether to divide by the standard deviation of the gradient instead of the root of its mean square.
    #[must_use]
    pub fn centered(self, centered: bool) -> Self {
        self.change_rule(|rule| rule.centered = centered)
    }

    settings! { RmsPropRule;
        /// How much of the mean of g² stays in a step; at least 0 and below 1.
        alpha: decay;
        /// What is added to the root, so that a gradient of zero is not divided by zero.
        eps: not_negative;
        /// Adds `weight_decay * x` to the gradient.
        weight_decay: not_negative;
        /// How much of the velocity stays in a step; at least 0 and below 1.
        momentum: decay;
    }
}

impl Rule for RmsPropRule {
    const NAME: &'static str = "rmsprop";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        match (self.momentum > 0.0, self.centered) {
            (false, false) => &["square_avg"],
            (true, false) => &["square_avg", "momentum_buffer"],
            (false, true) => &["square_avg", "grad_avg"],
            (true, true) => &["square_avg", "momentum_buffer", "grad_avg"],
        }
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let (lr, eps, decay) = (T::of(step.lr), T::of(self.eps), T::of(self.weight_decay));
        let (keep, new, momentum) = (T::of(self.alpha), T::of(1.0 - self.alpha), T::of(self.momentum));
        let square = |v: &mut T, g: T| {
            *v = keep * *v + new * g * g;
            *v
        };
        let variance = |v: &mut T, a: &mut T, g: T| {
            *a = *a + new * (g - *a);
            square(v, g) - *a * *a
        };
        match (self.momentum > 0.0, self.centered) {
            (false, false) => {
                let [v] = slots.all();
                for ((x, &g), v) in x.iter_mut().zip(x_bar).zip(v) {
                    let g = g + decay * *x;
                    *x = *x - lr * g / (square(v, g).sqrt() + eps);
                }
            }
            (true, false) => {
                let [v, b] = slots.all();
                for (((x, &g), v), b) in x.iter_mut().zip(x_bar).zip(v).zip(b) {
                    let g = g + decay * *x;
                    *b = momentum * *b + g / (square(v, g).sqrt() + eps);
                    *x = *x - lr * *b;
                }
            }
            (false, true) => {
                let [v, a] = slots.all();
                for (((x, &g), v), a) in x.iter_mut().zip(x_bar).zip(v).zip(a) {
                    let g = g + decay * *x;
                    *x = *x - lr * g / (variance(v, a, g).sqrt() + eps);
                }
            }
            (true, true) => {
                let [v, b, a] = slots.all();
                for ((((x, &g), v), b), a) in x.iter_mut().zip(x_bar).zip(v).zip(b).zip(a) {
                    let g = g + decay * *x;
                    *b = momentum * *b + g / (variance(v, a, g).sqrt() + eps);
                    *x = *x - lr * *b;
                }
            }
        }
    }
}
