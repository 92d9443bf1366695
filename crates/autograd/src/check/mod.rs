//! The gradient checker: derivatives of any function, and so of any rule, against differences and against each other.
//!
//! [`gradients`] compares reverse mode Jᵀ w and forward mode J v with the limit of differences of the function; both with each other,
//! ⟨J v, w⟩ = ⟨v, Jᵀ w⟩; and at second order the Hessian's products, in all four compositions of the modes, with the limit of
//! differences of the gradient. The function is any code; a rule is checked by calling its operation.
//!
//! Differences settle a question only where they converge. A point on a kink, a jump, noise or the end of a domain get
//! verdicts of their own, and only [`Verdict::Pass`] passes.

mod differences;
mod first_order;
mod point;
mod report;
mod second_order;

pub use report::{Finding, Mode, Report, Verdict};

use crate::module::Module;
use cotangent_tensor::{Rng, Tensor};
use first_order::{Coverage, FirstOrder};
use point::Point;
use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A relative 1e-6: the limits of differences are good to 1e-9 for a smooth function, and a wrong rule is off by far more than a
/// millionth. It does not grow with the number of elements that move.
const TOLERANCE: f64 = 1e-6;

/// A check of the derivatives of `f`, to be made [`at`](Gradients::at) a point.
///
/// `f` takes a tensor, a tuple of tensors or a model, and returns any f64 tensor. It must be deterministic and must not depend on
/// anything but its argument. What it stops on purpose, by `stop_gradient`, is a derivative that differences do not know of: such a
/// function fails.
///
/// ```
/// use cotangent_autograd::check;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([0.3, -1.2]);
/// check::gradients(|x: &Tensor| x.sin() * x).at(&x).assert_pass();
///
/// // Half of the derivative is lost, because a tensor's history ends at `to_vec`.
/// let wrong = |x: &Tensor| x * &Tensor::from(x.to_vec::<f64>());
/// let report = check::gradients(wrong).at(&x);
/// assert_eq!(report.verdict(), check::Verdict::Fail);
/// let finding = report.finding().unwrap();
/// assert!((finding.analytic / finding.numeric - 0.5).abs() < 1e-6);
/// ```
#[must_use = "nothing is checked before `.at(&point)`"]
pub fn gradients<M: Module + Clone, F: Fn(&M) -> Tensor>(f: F) -> Gradients<M, F> {
    Gradients { f, settings: Settings { order: 2, seed: 0, tolerance: TOLERANCE }, argument: PhantomData }
}

/// A check that is being set up; made by [`gradients`].
#[must_use = "nothing is checked before `.at(&point)`"]
pub struct Gradients<M, F> {
    f: F,
    settings: Settings,
    argument: PhantomData<fn(&M)>,
}

#[derive(Clone, Copy)]
struct Settings {
    order: usize,
    seed: u64,
    tolerance: f64,
}

/// Why a check ended before its comparisons.
enum Stopped {
    Inconclusive(String),
    Fail(String),
}

impl<M: Module + Clone, F: Fn(&M) -> Tensor> Gradients<M, F> {
    /// Up to derivatives of this order; 2 unless set.
    ///
    /// # Panics
    /// When the order is neither 1 nor 2.
    #[track_caller]
    pub fn order(mut self, order: usize) -> Self {
        assert!((1..=2).contains(&order), "check: the order is 1 or 2, not {order}");
        self.settings.order = order;
        self
    }

    /// Other random directions and weights than those of seed 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Another relative tolerance than 1e-6.
    ///
    /// # Panics
    /// When it is not between 0 and 1.
    #[track_caller]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        assert!(
            tolerance > 0.0 && tolerance < 1.0,
            "check: the tolerance is relative, between 0 and 1, not {tolerance}"
        );
        self.settings.tolerance = tolerance;
        self
    }

    /// Checks the derivatives at a point, with respect to the floating-point parameters of `x`, which must be f64.
    ///
    /// Parameters of up to 128 elements are moved element by element, larger ones along random directions; where a direction goes
    /// wrong, halving it finds the element. A panic while differentiating, as of a rule that gives a wrong shape, is a failure; a panic
    /// of `f` itself goes on.
    ///
    /// ```
    /// use cotangent_autograd::check::{self, Verdict};
    /// use cotangent_tensor::Tensor;
    /// let relu = check::gradients(|x: &Tensor| x.relu());
    /// relu.at(&Tensor::from([1.0, -1.0])).assert_pass();
    /// let report = relu.at(&Tensor::from([1.0, 0.0]));
    /// assert_eq!(report.verdict(), Verdict::Kink);
    /// assert_eq!(report.finding().unwrap().index, Some(vec![1]));
    /// ```
    #[must_use = "the report says whether the check passed; `.assert_pass()` insists on it"]
    pub fn at(&self, x: &M) -> Report {
        let Settings { order, seed, .. } = self.settings;
        let mut coverage = Coverage::default();
        let result = Point::of(x).map_err(Stopped::Inconclusive).and_then(|point| self.findings(&point, &mut coverage));
        let (verdict, reason, finding) = match result {
            Ok(findings) => match worst(findings) {
                Some(finding) => (finding.verdict, None, Some(finding)),
                None => (
                    Verdict::Pass,
                    Some("the argument or the result is empty: there was nothing to compare".to_owned()),
                    None,
                ),
            },
            Err(Stopped::Inconclusive(reason)) => (Verdict::Inconclusive, Some(reason), None),
            Err(Stopped::Fail(reason)) => (Verdict::Fail, Some(reason), None),
        };
        Report { verdict, reason, finding, order, seed, elements: coverage.elements, directions: coverage.directions }
    }

    fn findings(&self, point: &Point<'_, M>, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let mut rng = Rng::seed(self.settings.seed);
        let first = FirstOrder::new(&self.f, point, self.settings, &mut rng)?;
        let mut findings = first.findings(&mut rng, coverage)?;
        // Where the first order is in doubt the second has nothing to say.
        if self.settings.order > 1 && findings.iter().all(|finding| finding.verdict == Verdict::Pass) {
            findings.extend(first.second_order(&mut rng, coverage)?);
        }
        Ok(findings)
    }
}

/// The comparison that the verdict rests on: the worst by verdict; of several the one that names a place; then the furthest apart.
fn worst(mut findings: Vec<Finding>) -> Option<Finding> {
    // Beside an infinite slope, forward mode gives 0 * inf for all other elements, and rounding to few digits, or noise, sets the
    // modes apart: the place where the differences do not settle is to be named.
    if findings.iter().any(|finding| finding.verdict == Verdict::Inconclusive) {
        findings.retain(|finding| {
            finding.verdict != Verdict::Fail || (finding.analytic.is_finite() && finding.index.is_some())
        });
    }
    let rank = |finding: &Finding| (finding.verdict, finding.index.is_some(), finding.excess());
    findings.into_iter().reduce(|worst, finding| if rank(&finding) > rank(&worst) { finding } else { worst })
}

/// Runs a derivative; a panic in it is a failure of a rule, since the function itself has run without one.
fn differentiated<R>(mode: &str, run: impl FnOnce() -> R) -> Result<R, Stopped> {
    // What a panic leaves half done is dropped with the closure's own values.
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Stopped::Fail(format!("{mode} panicked: {}", text.unwrap_or("without a message")))
    })
}
