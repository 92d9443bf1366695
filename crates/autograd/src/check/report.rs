//! What a check found, as values and as a text to read.

use super::{gradients::Settings, modes::Composition, point::named};
use std::fmt;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// All derivatives agree with differences and with each other.
    Pass,
    /// The function has a kink here: the slopes towards both sides differ, and no derivative is right or wrong. Move the point.
    Kink,
    /// Nothing can be said: the differences do not settle, or the function cannot be checked as it stands.
    Inconclusive,
    /// A derivative is wrong.
    Fail,
}

/// Which two numbers were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Comparison {
    /// A derivative in these modes with differences: of the function, or of the derivative one order below.
    Differences(Composition),
    /// ⟨J v, w⟩ with ⟨v, Jᵀ w⟩.
    DotProduct,
    /// ⟨H u, v⟩ with ⟨u, H v⟩.
    Symmetry,
    /// A derivative in the first modes with the same in the second.
    Compositions(Composition, Composition),
}

/// One comparison of two numbers that should be equal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The order of the derivative.
    pub order: usize,
    /// Which two numbers.
    pub comparison: Comparison,
    /// The path of the parameter; empty where the argument is a tensor, or all parameters were moved.
    pub path: String,
    /// The index of the element; `None` where many elements were moved at once.
    pub index: Option<Vec<usize>>,
    /// Which result of the function, and the index of its element; `None` where a sum of all elements was looked at, with random weights.
    pub output: Option<(usize, Vec<usize>)>,
    /// What the rules give.
    pub analytic: f64,
    /// What it was compared with: the limit of differences, or the other side of a dot product.
    pub numeric: f64,
    /// The uncertainty of `numeric`.
    pub uncertainty: f64,
    /// The smallest step that `numeric` rests on; zero where no differences were taken.
    pub step: f64,
    /// How far the two may lie apart.
    pub tolerance: f64,
    /// At a kink, the slopes before and after the point.
    pub sides: Option<(f64, f64)>,
    pub(super) verdict: Verdict,
    /// Whether a step of any size led to numbers.
    pub(super) finite: bool,
}

impl Finding {
    /// How far the two lie apart, in tolerances.
    pub(super) fn excess(&self) -> f64 {
        let apart = match self.sides {
            Some((before, after)) => (before - after).abs(),
            None => (self.analytic - self.numeric).abs(),
        };
        // A NaN is as wrong as can be; two equal numbers agree even under a tolerance of zero.
        if apart.is_nan() {
            f64::INFINITY
        } else if apart == 0.0 {
            0.0
        } else {
            apart / self.tolerance
        }
    }

    /// Where the two lie apart, as the report says it.
    pub(super) fn place(&self) -> String {
        let place = match (&self.index, self.path.as_str()) {
            (Some(index), path) => format!("{}, element {index:?}", named(path)),
            (None, "") => "along a random direction in all elements".to_owned(),
            (None, path) => format!("{}, along a random direction in its elements", named(path)),
        };
        match &self.output {
            // A scalar has one element, which needs no name.
            Some((0, index)) if index.is_empty() => place,
            Some((0, index)) => format!("{place}; element {index:?} of the result"),
            Some((number, index)) => format!("{place}; element {index:?} of result {number}"),
            None => place,
        }
    }

    /// What was compared, as the report says it.
    pub(super) fn comparison(&self) -> String {
        let what = match self.comparison {
            Comparison::Differences(composition) => {
                let of = match self.order {
                    1 => "the function",
                    2 => "the gradient",
                    _ => "the Hessian's product",
                };
                format!("{composition} with differences of {of}")
            }
            Comparison::DotProduct => "forward with reverse mode: <J v, w> = <v, J^T w>".to_owned(),
            Comparison::Symmetry => "the Hessian with its transpose: <H u, v> = <u, H v>".to_owned(),
            Comparison::Compositions(one, other) => format!("{one} with {other}"),
        };
        format!("order {}, {what}", self.order)
    }

    /// What the numbers suggest.
    pub(super) fn advice(&self) -> String {
        let ratio = self.analytic / self.numeric;
        // A factor is named when it is a number of at most three digits, to the accuracy of a difference.
        let round = (ratio * 100.0).round() / 100.0;
        match self.verdict {
            Verdict::Pass => "nothing".to_owned(),
            Verdict::Kink => "move the point away from the kink, or accept the convention for the derivative there".to_owned(),
            Verdict::Inconclusive if !self.finite => {
                "move the point into the interior of the domain: the function is not finite on one side".to_owned()
            }
            Verdict::Inconclusive => "look for a discontinuity here, rounding to f32 or to integers, or noise; else move the point".to_owned(),
            Verdict::Fail if !self.analytic.is_finite() => {
                "keep the infinite slope out of the rule: 0 * inf is NaN; make the input safe before, not the result after".to_owned()
            }
            Verdict::Fail if self.comparison == Comparison::DotProduct => {
                "forward and reverse mode use different rules: compare `jvp` with `vjp`".to_owned()
            }
            Verdict::Fail if self.analytic == 0.0 => {
                "the derivative is dropped: look for a rule that returns `None` or zero for this input, Derivative::Zero, \
                 stop_gradient, or values taken out by to_vec or item"
                    .to_owned()
            }
            Verdict::Fail if (ratio + 1.0).abs() < 1e-4 => "the sign is reversed".to_owned(),
            Verdict::Fail if self.order > 1 => {
                let below = if self.order == 2 { "the first derivative is" } else { "the derivatives below are" };
                format!(
                    "{below} right: look for a rule that computes on values (array, to_vec) where it should on tensors, or a decomposition \
                     that computes something else"
                )
            }
            Verdict::Fail if (ratio - round).abs() < 1e-4 && round != 0.0 => {
                format!("the derivative is {round} times what it should be: look for a constant factor or a term")
            }
            Verdict::Fail => "compare the rule, term by term, with the formula of the derivative".to_owned(),
        }
    }
}

/// What a check found.
///
/// Its text, by `Display`, says what was compared, where, the values, and what to try next.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) verdict: Verdict,
    pub(super) reason: Option<String>,
    pub(super) finding: Option<Finding>,
    pub(super) empty: bool,
    pub(super) settings: Settings,
    pub(super) elements: usize,
    pub(super) directions: usize,
}

impl Report {
    /// What the check came to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The comparison that the verdict rests on: the worst one. `None` where nothing could be compared; then
    /// [`reason`](Self::reason) says why.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// Why the function could not be checked as it stands.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether there was nothing to compare, because the argument or the result is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.finding.is_none() && self.empty
    }

    /// The seed of the random directions: with it the check repeats exactly.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// Goes on if the verdict is [`Verdict::Pass`].
    ///
    /// # Panics
    /// Otherwise, with the report.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.verdict == Verdict::Pass, "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = match self.verdict {
            Verdict::Pass => "passed",
            Verdict::Kink => "found a kink",
            Verdict::Inconclusive => "is inconclusive",
            Verdict::Fail => "FAILED",
        };
        write!(f, "gradient check {title}")?;
        if let Some(reason) = &self.reason {
            write!(f, "\n  why:      {reason}")?;
        }
        if let Some(finding) = &self.finding {
            let Finding { analytic, numeric, uncertainty, tolerance, step, .. } = *finding;
            let worst = if self.verdict == Verdict::Pass { " (the worst)" } else { "" };
            write!(f, "\n  compared: {}{worst}", finding.comparison())?;
            write!(f, "\n  where:    {}", finding.place())?;
            write!(f, "\n  analytic: {analytic:?}")?;
            match finding.sides {
                Some((before, after)) => {
                    write!(f, "\n  numeric:  slope {before:.9e} before the point, {after:.9e} after it")?;
                }
                None if !matches!(finding.comparison, Comparison::Differences(_)) => {
                    write!(f, "\n  numeric:  {numeric:?}, the other side")?
                }
                None if self.verdict == Verdict::Inconclusive && !finding.finite => {
                    write!(f, "\n  numeric:  not finite at any step")?;
                }
                None if self.verdict == Verdict::Inconclusive => {
                    write!(f, "\n  numeric:  does not converge; {numeric:.3e}, give or take {uncertainty:.1e}")?;
                }
                None => write!(f, "\n  numeric:  {numeric:?}, give or take {uncertainty:.1e}")?,
            }
            write!(f, "\n  apart:    {:.1e}, where {tolerance:.1e} is allowed", (analytic - numeric).abs())?;
            if step > 0.0 {
                write!(f, "; steps down to {step:.1e}")?;
            }
            if self.verdict != Verdict::Pass {
                write!(f, "\n  next:     {}", finding.advice())?;
            }
        }
        if self.verdict != Verdict::Pass {
            let modes = self.finding.as_ref().and_then(|finding| match finding.comparison {
                Comparison::Differences(composition) => Some(composition),
                _ => None,
            });
            write!(f, "\n  repeat:   {}", self.settings.as_code(modes))?;
        }
        let Report { settings: Settings { seed, .. }, elements, directions, .. } = self;
        let orders = self.settings.orders();
        write!(f, "\n  covered:  {orders}, {elements} elements one by one, {directions} random directions, seed {seed}")
    }
}
