//! Order one: Jᵀ w and J v against differences of the function, and against each other.

use super::{
    Settings, Stopped,
    differences::{Limit, ROUNDING, Slopes, scales, steps},
    differentiated,
    point::{Point, general},
    report::{Finding, Mode, Verdict},
};
use crate::{
    module::Module,
    transform::{jvp, vjp},
};
use cotangent_tensor::{Rng, Tensor};
use std::ops::Range;

/// Parameters up to this size are checked element by element: a hundred times the two dozen values that a limit takes is still
/// quick, and a single wrong element is named.
const ELEMENT_BY_ELEMENT: usize = 128;
/// Random directions through a larger parameter. One sees every error with probability one; the second guards against one that
/// hides beside a near kink.
const DIRECTIONS: usize = 2;
/// Forward and reverse mode compute one number in two orders: apart from rounding, a few hundred times 2e-16 of the terms, they
/// agree; the rest is room for functions that cancel.
pub(super) const DOT_PRODUCT: f64 = 1e-9;

/// A function at a point, with the weights that make a number of its result.
pub(super) struct FirstOrder<'c, M, F> {
    pub(super) f: &'c F,
    pub(super) point: &'c Point<'c, M>,
    pub(super) settings: Settings,
    /// The result in row-major order.
    value: Vec<f64>,
    weights: Vec<f64>,
    /// The weights in the shape of the result.
    pub(super) w: Tensor,
    /// Jᵀ w.
    gradient: Vec<f64>,
}

/// How much was covered.
#[derive(Default)]
pub(super) struct Coverage {
    pub(super) elements: usize,
    pub(super) directions: usize,
}

impl<'c, M: Module + Clone, F: Fn(&M) -> Tensor> FirstOrder<'c, M, F> {
    /// Evaluates the function, and its gradient by reverse mode.
    pub(super) fn new(f: &'c F, point: &'c Point<'c, M>, settings: Settings, rng: &mut Rng) -> Result<Self, Stopped> {
        let y = f(point.model);
        let Ok(value) = y.try_to_vec::<f64>() else {
            return Err(Stopped::Inconclusive(format!("the function returned {}, but differences need f64", y.spec())));
        };
        if let Some(i) = value.iter().position(|y| !y.is_finite()) {
            return Err(Stopped::Inconclusive(format!(
                "the function is {} here, in element {i} of its result",
                value[i]
            )));
        }
        let again = f(point.model).to_vec::<f64>();
        if again.len() != value.len() {
            return Err(Stopped::Inconclusive(
                "two runs of the function differ in the shape of their result".to_owned(),
            ));
        }
        if let Some(i) = (0..value.len()).find(|&i| again[i].to_bits() != value[i].to_bits()) {
            return Err(Stopped::Inconclusive(format!(
                "two runs of the function differ: element {i} of its result was {:?}, then {:?}; draw random numbers outside of it",
                value[i], again[i]
            )));
        }
        let weights = general(value.len(), rng);
        let w = Tensor::from_slice(&weights, y.shape()).expect("as many weights as elements");
        let gradient = differentiated("reverse mode (vjp)", || {
            let (_, pullback) = vjp(point.model, f);
            point.coordinates_of(&pullback.pull_once(&w))
        })?;
        let first = FirstOrder { f, point, settings, value, weights, w, gradient };
        first.check_layout()?;
        Ok(first)
    }

    /// Strided and contiguous inputs must give one value; differences are taken of contiguous ones.
    fn check_layout(&self) -> Result<(), Stopped> {
        let contiguous = (self.f)(&self.point.with(&self.point.coordinates)).to_vec::<f64>();
        let size = norm(&self.value).max(f64::MIN_POSITIVE);
        // Sums in another order: as for the dot products.
        let agrees = |i: usize| (contiguous[i] - self.value[i]).abs() <= DOT_PRODUCT * size;
        match (0..self.value.len()).find(|&i| !agrees(i)) {
            None => Ok(()),
            Some(i) => Err(Stopped::Fail(format!(
                "the function depends on the memory layout of its argument: element {i} of its result is {:?}, but {:?} for a contiguous copy",
                self.value[i], contiguous[i]
            ))),
        }
    }

    /// All comparisons of order one.
    pub(super) fn findings(&self, rng: &mut Rng, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let mut findings = Vec::new();
        for place in &self.point.places {
            if place.range.len() <= ELEMENT_BY_ELEMENT {
                for i in place.range.clone() {
                    findings.extend(self.compare(&self.axis(i), i..i + 1)?);
                }
                coverage.elements += place.range.len();
                continue;
            }
            for _ in 0..DIRECTIONS {
                let direction = self.point.direction(place.range.clone(), rng);
                let found = Vec::from(self.compare(&direction, place.range.clone())?);
                let wrong = found.iter().any(|finding| finding.verdict != Verdict::Pass);
                findings.extend(if wrong { self.narrowed(&direction, place.range.clone(), found)? } else { found });
                coverage.directions += 1;
            }
        }
        let all = 0..self.point.coordinates.len();
        if !all.is_empty() && !self.value.is_empty() {
            findings.push(self.dot_product(&self.point.direction(all, rng))?);
            coverage.directions += 1;
        }
        Ok(findings)
    }

    fn axis(&self, i: usize) -> Vec<f64> {
        let mut axis = vec![0.0; self.point.coordinates.len()];
        axis[i] = 1.0;
        axis
    }

    /// The element that makes a direction's comparison go wrong, by halving; the direction itself if no single element does.
    fn narrowed(
        &self,
        direction: &[f64],
        mut range: Range<usize>,
        whole: Vec<Finding>,
    ) -> Result<Vec<Finding>, Stopped> {
        while range.len() > 1 {
            let middle = range.start + range.len() / 2;
            let mut worst: Option<(Range<usize>, Verdict, f64)> = None;
            for half in [range.start..middle, middle..range.end] {
                let mut part = vec![0.0; direction.len()];
                part[half.clone()].copy_from_slice(&direction[half.clone()]);
                for finding in self.compare(&part, half.clone())? {
                    let rank = (finding.verdict, finding.excess());
                    if worst.as_ref().is_none_or(|(_, verdict, excess)| rank > (*verdict, *excess)) {
                        worst = Some((half.clone(), rank.0, rank.1));
                    }
                }
            }
            range = worst.map_or(range.start..middle, |(half, ..)| half);
        }
        let element = Vec::from(self.compare(&self.axis(range.start), range)?);
        let as_bad = |found: &[Finding]| found.iter().map(|finding| finding.verdict).max();
        Ok(if as_bad(&element) >= as_bad(&whole) { element } else { whole })
    }

    /// Both modes against differences along a direction through some coordinates.
    fn compare(&self, direction: &[f64], range: Range<usize>) -> Result<[Finding; 2], Stopped> {
        let (limit, zero) = self.limit(direction, range.clone());
        let reverse = range.clone().map(|i| self.gradient[i] * direction[i]).sum();
        let y_dot = self.tangent(direction)?;
        let forward = self.weights.iter().zip(&y_dot).map(|(w, y_dot)| w * y_dot).sum();
        let (path, index) = self.point.element(range.start);
        let index = (range.len() == 1).then_some(index);
        Ok([(Mode::Reverse, reverse), (Mode::Forward, forward)].map(|(mode, analytic)| {
            judged(self.settings, 1, mode, (path.clone(), index.clone()), analytic, limit, zero)
        }))
    }

    fn tangent(&self, direction: &[f64]) -> Result<Vec<f64>, Stopped> {
        let v = self.point.tangent(direction);
        differentiated("forward mode (jvp)", || jvp(self.point.model, &v, self.f).1.to_vec::<f64>())
    }

    /// The slope of ⟨w, f⟩ along a direction, and what is zero beside it.
    fn limit(&self, direction: &[f64], range: Range<usize>) -> (Limit, f64) {
        let limits = scales(&self.point.coordinates[range]).map(|scale| {
            let slopes = self.slopes(direction, scale);
            (slopes.limit(self.settings.tolerance), slopes.zero())
        });
        limits.reduce(Limit::better).expect("there is a scale")
    }

    fn slopes(&self, direction: &[f64], scale: f64) -> Slopes {
        let mut slopes = Slopes::new(scale, 0.0, self.whole());
        let mut changed = vec![false; self.value.len()];
        for h in steps(scale) {
            let [mut ahead, mut behind] = [0.0, 0.0];
            let [after, before] = [h, -h].map(|h| (self.f)(&self.point.moved(h, direction)).to_vec::<f64>());
            for (i, (&y, &w)) in self.value.iter().zip(&self.weights).enumerate() {
                // A result that changes its size is no function of the elements there.
                let [after, before] = [&after, &before].map(|moved| moved.get(i).copied().unwrap_or(f64::NAN));
                ahead += w * (after - y);
                behind += w * (y - before);
                changed[i] |= after != before;
            }
            slopes.push(h, ahead, behind);
        }
        // What does not change adds no rounding.
        let changes = self.value.iter().zip(&self.weights).zip(&changed).filter(|(_, changed)| **changed);
        slopes.magnitude = changes.map(|((y, w), _)| (y * w).powi(2)).sum::<f64>().sqrt();
        slopes
    }

    /// The largest element of the weighted result.
    pub(super) fn whole(&self) -> f64 {
        self.value.iter().zip(&self.weights).fold(0.0, |largest, (y, w)| largest.max((y * w).abs()))
    }

    /// What is zero for a product with directions through all coordinates, of a derivative of this order.
    pub(super) fn zero_product(&self, order: i32) -> f64 {
        let scale = scales(&self.point.coordinates).fold(1.0, f64::max);
        ROUNDING * self.whole() / scale.powi(order) * (self.point.coordinates.len() as f64).sqrt()
    }

    fn dot_product(&self, direction: &[f64]) -> Result<Finding, Stopped> {
        let y_dot = self.tangent(direction)?;
        Ok(dot_product(1, (&y_dot, &self.weights), (&self.gradient, direction), self.zero_product(1)))
    }
}

/// Whether ⟨a, b⟩ = ⟨c, d⟩, but for rounding of the terms; below `zero`, both are zero.
pub(super) fn dot_product(order: usize, (a, b): (&[f64], &[f64]), (c, d): (&[f64], &[f64]), zero: f64) -> Finding {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let size = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a * b).powi(2)).sum::<f64>().sqrt();
    let (analytic, numeric) = (dot(a, b), dot(c, d));
    let tolerance = (DOT_PRODUCT * size(a, b).max(size(c, d))).max(zero);
    let agree = (analytic - numeric).abs() <= tolerance;
    let verdict = if agree { Verdict::Pass } else { Verdict::Fail };
    Finding {
        order,
        mode: Mode::DotProduct,
        path: String::new(),
        index: None,
        analytic,
        numeric,
        uncertainty: 0.0,
        step: 0.0,
        tolerance,
        sides: None,
        verdict,
        finite: true,
    }
}

/// An analytic value held against a limit. Below `zero`, both are taken as zero.
pub(super) fn judged(
    settings: Settings,
    order: usize,
    mode: Mode,
    (path, index): (String, Option<Vec<usize>>),
    analytic: f64,
    limit: Limit,
    zero: f64,
) -> Finding {
    let (numeric, uncertainty, step, sides) = match limit {
        Limit::Slope { value, uncertainty, step } | Limit::None { value, uncertainty, step } => {
            (value, uncertainty, step, None)
        }
        Limit::Kink { backward, forward, step } => ((backward + forward) * 0.5, 0.0, step, Some((backward, forward))),
    };
    let size = if analytic.is_finite() { analytic.abs().max(numeric.abs()) } else { numeric.abs() };
    let tolerance = (settings.tolerance * size).max(zero);
    let verdict = match limit {
        Limit::Kink { .. } => Verdict::Kink,
        Limit::None { .. } => Verdict::Inconclusive,
        Limit::Slope { .. } if (analytic - numeric).abs() <= tolerance => Verdict::Pass,
        Limit::Slope { .. } => Verdict::Fail,
    };
    let finite = uncertainty.is_finite();
    Finding { order, mode, path, index, analytic, numeric, uncertainty, step, tolerance, sides, verdict, finite }
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value.powi(2)).sum::<f64>().sqrt()
}
