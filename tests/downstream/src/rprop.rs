//! An optimizer: what it does to one parameter. Groups, checks, state and all else come from `Descent`.

use cotangent::Tensor;
use cotangent::nn::optim::{Descent, Rule, Scalar, Slots, Step};

/// Steps of resilient backpropagation, whose length does not depend on the gradient: it grows while the gradient keeps its sign and
/// shrinks when that changes, for each element by itself. For gradients of all the data, not of batches.
///
/// M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", ICNN 1993; after a
/// change of sign a step is left out, as in Igel and Hüsken's Rprop⁻ with PyTorch's defaults.
#[derive(Clone, Debug)]
pub struct Rprop {
    first: f64,
}

/// The factors of a step whose gradient kept its sign, or changed it, and the shortest and longest step: those of the paper.
const GROWS: f64 = 1.2;
const SHRINKS: f64 = 0.5;
const SHORTEST: f64 = 1e-6;
const LONGEST: f64 = 50.0;

/// An optimizer whose first step has this length.
///
/// # Panics
/// When the length is not positive and finite.
///
/// ```
/// use cotangent::prelude::*;
/// let (mut x, mut optimizer) = (Tensor::from([4.0, -3.0]), downstream::rprop(0.1));
/// for _ in 0..60 {
///     let gradient = grad(&x, |x| x.square().sum(..));
///     optimizer.step(&mut x, &gradient);
/// }
/// assert!(x.abs().max(..).item::<f64>() < 1e-3);
/// ```
#[must_use]
#[track_caller]
pub fn rprop(first: f64) -> Descent<Rprop> {
    assert!(first > 0.0 && first.is_finite(), "rprop: the first step has a positive length; got {first}");
    // The lengths are the rule's, so that the learning rate is a factor, for schedules and groups.
    Descent::by_rule(Rprop { first }, 1.0)
}

impl Rule for Rprop {
    const NAME: &'static str = "rprop";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["gradient", "length"]
    }

    fn initial(&self, slot: &str, x: &Tensor) -> Tensor {
        match slot {
            "length" => Tensor::full(x.shape(), self.first, x.dtype()),
            _ => x.zeros_like(),
        }
    }

    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [before, length] = slots.all();
        let (lr, zero) = (T::of(step.lr), T::of(0.0));
        let (shortest, longest) = (T::of(SHORTEST), T::of(LONGEST));
        for (((x, &g), before), length) in x.iter_mut().zip(x_bar).zip(before).zip(length) {
            let agreement = g * *before;
            let mut g = g;
            if agreement > zero {
                let longer = *length * T::of(GROWS);
                *length = if longer < longest { longer } else { longest };
            } else if agreement < zero {
                *length = (*length * T::of(SHRINKS)).greater(shortest);
                g = zero;
            }
            *x = *x - lr * *length * g.signum();
            *before = g;
        }
    }
}
