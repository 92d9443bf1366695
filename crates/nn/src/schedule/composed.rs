//! Schedules made of others.

use super::{Schedule, check};

/// One schedule and then another: what [`Schedule::then`] makes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "SequentialLR")]
pub struct Sequential<A, B> {
    first: A,
    from: u64,
    next: B,
}

impl<A, B> Sequential<A, B> {
    pub(super) fn new(first: A, from: u64, next: B) -> Self {
        Sequential { first, from, next }
    }
}

impl<A: Schedule, B: Schedule> Schedule for Sequential<A, B> {
    fn lr(&self, step: u64) -> f64 {
        if step < self.from { self.first.lr(step) } else { self.next.lr(step - self.from) }
    }
}

/// Two schedules multiplied: what [`Schedule::times`] makes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "ChainedScheduler")]
pub struct Product<A, B> {
    first: A,
    factor: B,
}

impl<A, B> Product<A, B> {
    pub(super) fn new(first: A, factor: B) -> Self {
        Product { first, factor }
    }
}

impl<A: Schedule, B: Schedule> Schedule for Product<A, B> {
    fn lr(&self, step: u64) -> f64 {
        self.first.lr(step) * self.factor.lr(step)
    }
}

/// A function as a schedule: what [`from_fn`] makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FromFn<F>(F);

/// A schedule from a function of the step.
///
/// ```
/// use cotangent_nn::schedule::{Schedule, from_fn};
/// let schedule = from_fn(|step| 0.1 * 0.5f64.powi(step as i32 / 2));
/// assert_eq!(schedule.lr(3), 0.05);
/// ```
#[doc(alias = "LambdaLR")]
pub fn from_fn<F: Fn(u64) -> f64>(f: F) -> FromFn<F> {
    FromFn(f)
}

impl<F: Fn(u64) -> f64> Schedule for FromFn<F> {
    #[track_caller]
    fn lr(&self, step: u64) -> f64 {
        let lr = (self.0)(step);
        check("from_fn", "the rate of a step", lr, !lr.is_nan(), "a number");
        lr
    }
}
