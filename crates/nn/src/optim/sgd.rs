//! Stochastic gradient descent.

use super::{Descent, Rule, Scalar, Slots, Step, settings::settings};

/// Gradient descent with momentum, as PyTorch's `SGD`:
///
/// ```text
/// b = μ b + (1 - τ) g,  x = x - lr b          momentum μ, dampening τ; b = g in the first step
/// b = μ b + g,          x = x - lr (g + μ b)  Nesterov's
/// ```
///
/// Nesterov's form is that of Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep
/// learning", ICML 2013, written for the point that is looked ahead to.
///
/// ```
/// use cotangent_autograd::grad;
/// use cotangent_nn::{Optimizer, Sgd};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from([3.0, -2.0]);
/// let gradient = grad(&x, |x| x.square().sum(..));
/// Sgd::new(0.25).step(&mut x, &gradient);
/// assert_eq!(x.to_vec::<f64>(), [1.5, -1.0]);
/// ```
pub type Sgd = Descent<SgdRule>;

/// The rule and settings of [`Sgd`].
#[derive(Clone, Debug)]
pub struct SgdRule {
    momentum: f64,
    dampening: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Sgd {
    /// With a learning rate, and neither momentum nor weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(SgdRule { momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }, lr)
    }

    /// Whether to look ahead: the step is the new gradient and the velocity that it leads to. It needs momentum and no
    /// dampening; a step refuses others.
    #[must_use]
    pub fn nesterov(self, nesterov: bool) -> Self {
        self.change_rule(|rule| rule.nesterov = nesterov)
    }

    settings! { SgdRule;
        /// How much of the velocity stays in a step, often 0.9; at least 0 and below 1.
        momentum: decay;
        /// How much of a new gradient is kept from the velocity, in all steps but the first; from 0 to 1.
        dampening: part;
        /// Adds `weight_decay * x` to the gradient: the penalty `weight_decay / 2 * x²`.
        weight_decay: not_negative;
    }
}

impl Rule for SgdRule {
    const NAME: &'static str = "sgd";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["momentum_buffer"] }
    }

    fn check(&self) {
        let SgdRule { momentum, dampening, nesterov, .. } = *self;
        assert!(
            !nesterov || (momentum > 0.0 && dampening == 0.0),
            "sgd: Nesterov's form needs momentum and no dampening; got momentum {momentum}, dampening {dampening}"
        );
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let (lr, decay, momentum) = (T::of(step.lr), T::of(self.weight_decay), T::of(self.momentum));
        if self.momentum == 0.0 {
            for (x, &g) in x.iter_mut().zip(x_bar) {
                *x = *x - lr * (g + decay * *x);
            }
            return;
        }
        let [velocity] = slots.all();
        // The first velocity is the gradient itself.
        let new = T::of(if step.count == 1 { 1.0 } else { 1.0 - self.dampening });
        for ((x, &g), b) in x.iter_mut().zip(x_bar).zip(velocity) {
            let g = g + decay * *x;
            *b = momentum * *b + new * g;
            *x = *x - lr * if self.nesterov { g + momentum * *b } else { *b };
        }
    }
}
