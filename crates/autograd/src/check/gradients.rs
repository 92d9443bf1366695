//! [`gradients`]: one function at one point.

use super::{
    Stopped,
    first_order::{Coverage, FirstOrder},
    modes::{Composition, HIGHEST_ORDER},
    point::Point,
    report::{Finding, Report, Verdict},
    results::{Results, joined},
};
use crate::module::Module;
use cotangent_tensor::Rng;
use std::marker::PhantomData;

/// A relative 1e-6: the limits of differences are good to 1e-9 for a smooth function, and a wrong rule is off by far more than a
/// millionth. It does not grow with the number of elements that move.
const TOLERANCE: f64 = 1e-6;
/// Random directions through a larger parameter. One sees every error with probability one; the second guards against one that
/// hides beside a near kink.
const DIRECTIONS: usize = 2;

/// A check of the derivatives of `f`, to be made [`at`](Gradients::at) a point.
///
/// `f` takes a tensor, a tuple of tensors or a model, and returns one or several tensors, f64 where they are floating point. It must be
/// deterministic and must not depend on anything but its argument. What it stops on purpose, by `stop_gradient`, is a derivative
/// that differences do not know of: such a function fails.
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
///
/// Differences need f64: in f32 what they subtract drowns in rounding. Code that is meant for f32 is checked as the same code on
/// f64, `.at(&module::cast(&model, DType::F64))`, and held to itself in f32 by [`operation`](super::operation).
#[must_use = "nothing is checked before `.at(&point)`"]
pub fn gradients<M: Module + Clone, N: Module, F: Fn(&M) -> N>(f: F) -> Gradients<M, N, F> {
    Gradients { f, settings: Settings::default(), argument: PhantomData }
}

/// A check that is being set up; made by [`gradients`].
#[must_use = "nothing is checked before `.at(&point)`"]
pub struct Gradients<M, N, F> {
    f: F,
    settings: Settings,
    argument: PhantomData<fn(&M) -> N>,
}

/// What is checked, and how.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    order: usize,
    modes: Option<Vec<Composition>>,
    pub(super) directions: usize,
    pub(super) seed: u64,
    pub(super) tolerance: f64,
    domain: (f64, f64),
    may_be_empty: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            order: 2,
            modes: None,
            directions: DIRECTIONS,
            seed: 0,
            tolerance: TOLERANCE,
            domain: (f64::NEG_INFINITY, f64::INFINITY),
            may_be_empty: false,
        }
    }
}

impl Settings {
    /// The compositions of an order that are to be checked.
    pub(super) fn compositions(&self, order: usize) -> Vec<Composition> {
        let all = if order <= self.order { Composition::of_order(order) } else { Vec::new() };
        let chosen = |composition: &Composition| self.modes.as_ref().is_none_or(|modes| modes.contains(composition));
        all.into_iter().filter(chosen).collect()
    }

    /// Whether modes are to be held against each other.
    pub(super) fn all_modes(&self) -> bool {
        self.modes.is_none()
    }

    /// The orders that are checked, in words.
    pub(super) fn orders(&self) -> String {
        match &self.modes {
            None => format!("order 1 to {}", self.order),
            Some(modes) => modes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }

    /// Code that repeats the check, in one composition of modes if given.
    pub(super) fn as_code(&self, modes: Option<Composition>) -> String {
        let usual = Settings::default();
        let modes = modes.map(|modes| vec![modes]).or_else(|| self.modes.clone());
        let mut code = "check::gradients(f)".to_owned();
        match modes {
            Some(modes) => code += &format!(".modes({modes:?})"),
            None => code += &format!(".order({})", self.order),
        }
        if self.directions != usual.directions {
            code += &format!(".directions({})", self.directions);
        }
        if self.tolerance != usual.tolerance {
            code += &format!(".tolerance({:?})", self.tolerance);
        }
        if self.domain != usual.domain {
            code += &format!(".domain({:?}, {:?})", self.domain.0, self.domain.1);
        }
        code + &format!(".seed({}).at(&x)", self.seed)
    }
}

impl<M: Module + Clone, N: Module, F: Fn(&M) -> N> Gradients<M, N, F> {
    /// Up to derivatives of this order; 2 unless set.
    ///
    /// # Panics
    /// When the order is not 1, 2 or 3, or [`modes`](Self::modes) were named, which have an order.
    #[track_caller]
    pub fn order(mut self, order: usize) -> Self {
        assert!((1..=HIGHEST_ORDER).contains(&order), "check: the order is 1 to {HIGHEST_ORDER}, not {order}");
        assert!(
            self.settings.modes.is_none(),
            "check: the modes that were named have an order; leave .order({order}) out"
        );
        self.settings.order = order;
        self
    }

    /// Only these modes and compositions of modes, up to the order of the longest; all of them unless set.
    ///
    /// ```
    /// use cotangent_autograd::check::{self, Mode::{Forward, Reverse}};
    /// use cotangent_tensor::Tensor;
    /// let modes = [[Forward, Reverse], [Reverse, Reverse]];
    /// check::gradients(|x: &Tensor| x.exp()).modes(modes).at(&Tensor::from(0.5)).assert_pass();
    /// ```
    ///
    /// # Panics
    /// When none is named.
    #[track_caller]
    pub fn modes<C: Into<Composition>>(mut self, modes: impl IntoIterator<Item = C>) -> Self {
        let modes: Vec<Composition> = modes.into_iter().map(Into::into).collect();
        let longest = modes.iter().map(Composition::order).max();
        self.settings.order = longest.expect("check: at least one mode is needed");
        self.settings.modes = Some(modes);
        self
    }

    /// As many random directions through a parameter that is too large to be moved element by element, and through all elements at
    /// second order; 2 unless set.
    ///
    /// # Panics
    /// When there are none.
    #[track_caller]
    pub fn directions(mut self, directions: usize) -> Self {
        assert!(directions > 0, "check: at least one direction is needed");
        self.settings.directions = directions;
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

    /// The open interval in which the function is defined: no step leaves it. Near an end steps get shorter, and very near they go
    /// away from it only. A point outside of it is [`Verdict::Inconclusive`].
    ///
    /// ```
    /// use cotangent_autograd::check;
    /// use cotangent_tensor::Tensor;
    /// let entropy = |p: &Tensor| {
    ///     assert!(p.to_vec::<f64>().iter().all(|p| (0.0..=1.0).contains(p)), "these are no probabilities");
    ///     -(p * p.ln() + (1 - p) * (1 - p).ln())
    /// };
    /// check::gradients(entropy).domain(0.0, 1.0).at(&Tensor::from([0.01, 0.5, 0.999])).assert_pass();
    /// ```
    ///
    /// # Panics
    /// When the interval is empty.
    #[track_caller]
    pub fn domain(mut self, low: f64, high: f64) -> Self {
        assert!(low < high, "check: the domain ({low:?}, {high:?}) is empty");
        self.settings.domain = (low, high);
        self
    }

    /// Says that the argument or the result may be empty: there is nothing to compare then, and the check passes instead of being
    /// [`Verdict::Inconclusive`].
    pub fn may_be_empty(mut self) -> Self {
        self.settings.may_be_empty = true;
        self
    }

    /// Checks the derivatives at a point, with respect to the floating-point parameters of `x`, which must be f64.
    ///
    /// Parameters of up to 128 elements are moved element by element, larger ones along random directions; where a direction goes
    /// wrong, halving it finds the element. Each of up to 32 elements of the result is looked at by itself, where all parameters together have
    /// at most 128 elements, and always a sum with random weights. At higher orders the function is looked at inside of a larger one, so that its cotangents move. A panic while
    /// differentiating, as of a rule that gives a wrong shape, is a failure; a panic of `f` itself goes on.
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
        let mut coverage = Coverage::default();
        let point = Point::of(x, self.settings.domain).map_err(Stopped::Inconclusive);
        let (verdict, reason, finding) = match point.and_then(|point| self.findings(&point, &mut coverage)) {
            Ok(findings) => match worst(findings) {
                Some(finding) => (finding.verdict, None, Some(finding)),
                None if self.settings.may_be_empty => (Verdict::Pass, Some(NOTHING.to_owned()), None),
                None => {
                    (Verdict::Inconclusive, Some(format!("{NOTHING}; if that is meant, say .may_be_empty()")), None)
                }
            },
            Err(Stopped::Inconclusive(reason)) => (Verdict::Inconclusive, Some(reason), None),
            Err(Stopped::Fail(reason)) => (Verdict::Fail, Some(reason), None),
        };
        let empty = reason.as_ref().is_some_and(|reason| reason.starts_with(NOTHING));
        let Coverage { elements, directions } = coverage;
        Report { verdict, reason, finding, empty, settings: self.settings.clone(), elements, directions }
    }

    fn findings(&self, point: &Point<'_, M>, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let mut rng = Rng::seed(self.settings.seed);
        let y = (self.f)(point.model);
        let results = Results::of(&y).map_err(Stopped::Inconclusive)?;
        let f = |x: &M| joined(&(self.f)(x));
        let first = FirstOrder::new(&f, (joined(&y), results), point, &self.settings, &mut rng)?;
        let mut findings = first.findings(&mut rng, coverage)?;
        // Where one order is in doubt the next has nothing to say.
        let settled = |findings: &[Finding]| findings.iter().all(|finding| finding.verdict == Verdict::Pass);
        if self.settings.order > 1 && settled(&findings) {
            findings.extend(first.second_order(&mut rng, coverage)?);
        }
        if self.settings.order > 2 && settled(&findings) {
            findings.extend(first.third_order(&mut rng, coverage)?);
        }
        // It has all run on nothing, without a panic; but 0 = 0 says nothing.
        if first.is_empty() {
            findings.clear();
        }
        Ok(findings)
    }
}

const NOTHING: &str = "the argument or the result is empty: there was nothing to compare";

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
