//! Modes of differentiation, and derivatives nested in each other.
//!
//! The derivative of order n of a number, Dⁿ f [v₁, .., vₙ], can be had in 2ⁿ ways: each pass is reverse or forward mode. With a reverse
//! pass among them one direction can be left out, and the result is a vector; forward passes alone give a number.

use crate::{
    module::{self, Module},
    transform::{grad, jvp},
};
use cotangent_tensor::Tensor;
use std::fmt;

/// One pass of differentiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Jᵀ w, by a tape: [`vjp`](crate::vjp), [`grad`].
    Reverse,
    /// J v, by dual numbers: [`jvp`].
    Forward,
}

/// The highest order that is checked: rules decompose or nest no deeper than that, and differences of differences get blurred.
pub(super) const HIGHEST_ORDER: usize = 3;

/// Passes inside each other, the outermost first: `[Forward, Reverse]` is forward over reverse mode.
///
/// ```
/// use cotangent_autograd::check::{Composition, Mode};
/// let hvp = Composition::from([Mode::Forward, Mode::Reverse]);
/// assert_eq!(hvp.to_string(), "forward over reverse mode");
/// assert_eq!(Composition::of_order(2).len(), 4);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Composition {
    /// Of which the first `order` count; the others are reverse.
    modes: [Mode; HIGHEST_ORDER],
    order: usize,
}

impl Composition {
    pub(super) const REVERSE: Composition = Composition { modes: [Mode::Reverse; HIGHEST_ORDER], order: 1 };
    pub(super) const FORWARD: Composition =
        Composition { modes: [Mode::Forward, Mode::Reverse, Mode::Reverse], order: 1 };

    /// All compositions of an order from 1 to 3, forward passes alone last.
    ///
    /// # Panics
    /// When the order is another.
    #[must_use]
    #[track_caller]
    pub fn of_order(order: usize) -> Vec<Composition> {
        assert!((1..=HIGHEST_ORDER).contains(&order), "check: the order is 1 to {HIGHEST_ORDER}, not {order}");
        let mode = |bits: usize, i: usize| if bits >> i & 1 == 1 { Mode::Forward } else { Mode::Reverse };
        let modes = |bits| std::array::from_fn(|i| if i < order { mode(bits, i) } else { Mode::Reverse });
        (0..1 << order).map(|bits| Composition { modes: modes(bits), order }).collect()
    }

    /// Forward over .. over reverse mode: the cheapest composition that gives a vector.
    pub(super) fn forward_over_reverse(order: usize) -> Composition {
        let mode = |i| if i + 1 < order { Mode::Forward } else { Mode::Reverse };
        Composition { modes: std::array::from_fn(mode), order }
    }

    /// The passes, the outermost first.
    #[must_use]
    pub fn modes(&self) -> &[Mode] {
        &self.modes[..self.order]
    }

    /// How many passes there are.
    #[must_use]
    pub fn order(&self) -> usize {
        self.order
    }

    /// Whether a pass is in reverse mode, so that the derivative is a vector.
    pub(super) fn gives_a_vector(&self) -> bool {
        self.modes().contains(&Mode::Reverse)
    }
}

impl From<Mode> for Composition {
    fn from(mode: Mode) -> Self {
        [mode].into()
    }
}

macro_rules! composition_from {
    ($($order:literal),*) => {$(
        impl From<[Mode; $order]> for Composition {
            fn from(given: [Mode; $order]) -> Self {
                let mode = |i| given.get(i).copied().unwrap_or(Mode::Reverse);
                Composition { modes: std::array::from_fn(mode), order: $order }
            }
        }
    )*};
}
composition_from!(1, 2, 3);

impl fmt::Display for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.modes() {
            [Mode::Reverse] => f.write_str("reverse mode (vjp)"),
            [Mode::Forward] => f.write_str("forward mode (jvp)"),
            modes => {
                let names = modes.iter().map(|mode| match mode {
                    Mode::Reverse => "reverse",
                    Mode::Forward => "forward",
                });
                write!(f, "{} mode", names.collect::<Vec<_>>().join(" over "))
            }
        }
    }
}

/// As code that makes it.
impl fmt::Debug for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.modes()).finish()
    }
}

/// The derivative of a number in as many directions as there are passes.
pub(super) fn number_along<M: Module + Clone>(
    number: &dyn Fn(&M) -> Tensor,
    modes: &[Mode],
    directions: &[M],
    x: &M,
) -> Tensor {
    let ([mode, inner_modes @ ..], [direction, others @ ..]) = (modes, directions) else { return number(x) };
    let below = |x: &M| number_along(number, inner_modes, others, x);
    match mode {
        Mode::Forward => jvp(x, direction, below).1,
        Mode::Reverse => {
            let (value, gradient) = crate::transform::value_and_grad(x, below);
            inner(&gradient, direction, &value)
        }
    }
}

/// The derivative of a number in one direction fewer than there are passes, of which one is in reverse mode.
pub(super) fn vector_along<M: Module + Clone>(
    number: &dyn Fn(&M) -> Tensor,
    modes: &[Mode],
    directions: &[M],
    x: &M,
) -> M {
    match (modes, directions) {
        ([Mode::Forward, inner_modes @ ..], [direction, others @ ..]) => {
            jvp(x, direction, |x| vector_along(number, inner_modes, others, x)).1
        }
        ([_, inner_modes @ ..], _) => grad(x, |x| number_along(number, inner_modes, directions, x)),
        ([], _) => unreachable!("a composition with a reverse pass"),
    }
}

/// ⟨a, b⟩ over the parameters that have a derivative, as a tensor like `like`.
fn inner<M: Module>(a: &M, b: &M, like: &Tensor) -> Tensor {
    let pairs = module::tensors(a).into_iter().zip(module::tensors(b));
    let products = pairs.filter(|(a, _)| a.dtype() == like.dtype()).map(|(a, b)| (a * b).sum(..));
    products.fold(like.zeros_like(), |sum, product| sum + product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_composition_of_every_order_gives_the_same_derivative() {
        // f = x⁴: 4 x³ a, 12 x² a b, 24 x a b c.
        let number = |x: &Tensor| x.square().square();
        let x = Tensor::from(3.0);
        let directions = [2.0, 0.5, -1.0].map(Tensor::from);
        let expected = [216.0, 108.0, -72.0];
        for order in 1..=HIGHEST_ORDER {
            for composition in Composition::of_order(order) {
                let found = number_along(&number, composition.modes(), &directions[..order], &x).item::<f64>();
                assert_eq!(found, expected[order - 1], "{composition}");
                if composition.gives_a_vector() {
                    let found = vector_along(&number, composition.modes(), &directions[..order - 1], &x);
                    assert_eq!((found * &directions[order - 1]).item::<f64>(), expected[order - 1], "{composition}");
                }
            }
        }
    }

    #[test]
    fn compositions_are_named_from_the_outside() {
        let names: Vec<String> = Composition::of_order(2).iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "reverse over reverse mode",
                "forward over reverse mode",
                "reverse over forward mode",
                "forward over forward mode"
            ]
        );
        assert_eq!(format!("{:?}", Composition::forward_over_reverse(3)), "[Forward, Forward, Reverse]");
        assert_eq!(Composition::from(Mode::Reverse), Composition::REVERSE);
        assert_eq!(Composition::of_order(1), [Composition::REVERSE, Composition::FORWARD]);
    }
}
