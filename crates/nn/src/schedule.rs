//! Schedules: what the learning rate is in each step.
//!
//! A schedule is a value that says the rate of any step, counted from 0: nothing has to be saved or advanced, and resuming at a
//! step needs its number alone. Only [`Plateau`] follows what training does, and has a state.
//!
//! ```
//! use cotangent_nn::{Adam, Optimizer, schedule::{Cosine, Linear, Schedule}};
//! // 10 steps up to 0.1, then 90 down to zero along half a cosine.
//! let schedule = Linear::warm_up(0.1, 10).then(10, Cosine::new(0.1, 90));
//! let mut adam = Adam::new(schedule.lr(0));
//! for step in 0..100 {
//!     adam.set_lr(schedule.lr(step));
//!     // adam.step(&mut model, &gradient);
//! }
//! assert_eq!(schedule.lr(5), 0.05);
//! assert_eq!(schedule.lr(10), 0.1);
//! assert!((schedule.lr(55) - 0.05).abs() < 1e-15);
//! ```
//!
//! Names, settings and values are those of PyTorch's `lr_scheduler`, in closed form.

mod composed;
mod cosine;
mod decay;
mod one_cycle;
mod plateau;
#[cfg(test)]
mod tests;
mod warm_up;

pub use composed::{FromFn, Product, Sequential, from_fn};
pub use cosine::{Cosine, WarmRestarts};
pub use decay::{Exponential, MultiStep, Polynomial, Step};
pub use one_cycle::{Anneal, OneCycle};
pub use plateau::{Mode, Plateau, Threshold};
pub use warm_up::{Constant, Linear, Noam};

/// The learning rate of each step.
///
/// ```
/// use cotangent_nn::schedule::Schedule;
/// struct InverseRoot(f64);
/// impl Schedule for InverseRoot {
///     fn lr(&self, step: u64) -> f64 {
///         self.0 / ((step + 1) as f64).sqrt()
///     }
/// }
/// assert_eq!(InverseRoot(0.5).lr(3), 0.25);
/// ```
pub trait Schedule {
    /// The learning rate of a step; the first is 0. A step may as well be an epoch.
    #[must_use]
    fn lr(&self, step: u64) -> f64;

    /// This up to a step, and from there `next`, whose steps count from 0 there.
    ///
    /// ```
    /// use cotangent_nn::schedule::{Constant, Exponential, Schedule};
    /// let schedule = Constant::new(0.1).then(3, Exponential::new(0.2, 0.5));
    /// assert_eq!((0..6).map(|step| schedule.lr(step)).collect::<Vec<_>>(), [0.1, 0.1, 0.1, 0.2, 0.1, 0.05]);
    /// ```
    #[must_use]
    fn then<S: Schedule>(self, from: u64, next: S) -> Sequential<Self, S>
    where
        Self: Sized,
    {
        Sequential::new(self, from, next)
    }

    /// The product of both in each step: one has the rate, the other is a factor that starts from 1, as in PyTorch's
    /// `ChainedScheduler`.
    ///
    /// ```
    /// use cotangent_nn::schedule::{Exponential, Linear, Schedule};
    /// let schedule = Exponential::new(1.0, 0.5).times(Linear::new(1.0, 0.5, 1.0, 2));
    /// assert_eq!((0..4).map(|step| schedule.lr(step)).collect::<Vec<_>>(), [0.5, 0.375, 0.25, 0.125]);
    /// ```
    #[must_use]
    fn times<S: Schedule>(self, factor: S) -> Product<Self, S>
    where
        Self: Sized,
    {
        Product::new(self, factor)
    }
}

impl<S: Schedule + ?Sized> Schedule for &S {
    fn lr(&self, step: u64) -> f64 {
        (**self).lr(step)
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn lr(&self, step: u64) -> f64 {
        (**self).lr(step)
    }
}

/// Checks a setting.
#[track_caller]
fn check(op: &str, name: &str, value: impl std::fmt::Display, allowed: bool, domain: &str) {
    assert!(allowed, "{op}: {name} must be {domain}; got {value}");
}

/// Checks a rate or factor, which is a finite number from zero on.
#[track_caller]
fn not_negative(op: &str, name: &str, value: f64) {
    check(op, name, value, value >= 0.0 && value.is_finite(), "a finite number from 0 on");
}

/// Checks a number of steps, which is divided by.
#[track_caller]
fn positive(op: &str, name: &str, value: u64) {
    check(op, name, value, value > 0, "at least 1");
}
