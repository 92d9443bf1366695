//! Order one: Jᵀ w and J v against differences of the function, and against each other; and the whole Jacobian, where it is small.

use super::{
    Stopped,
    differences::{Limit, ROUNDING, Slopes, Walk, scales, walks},
    differentiated,
    gradients::Settings,
    modes::{Composition, Mode},
    point::{Point, general},
    report::{Comparison, Finding, Verdict},
    results::Results,
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
/// Results of up to this size are checked element by element too: the Jacobian is then at most 32 by 128, and takes a sweep for each row.
const RESULT_BY_RESULT: usize = 32;
/// Forward and reverse mode compute one number in two orders: apart from rounding, a few hundred times 2e-16 of the terms, they
/// agree; the rest is room for functions that cancel.
pub(super) const DOT_PRODUCT: f64 = 1e-9;

/// A function at a point, with the weights that make a number of its result.
pub(super) struct FirstOrder<'c, M, F> {
    pub(super) f: &'c F,
    pub(super) point: &'c Point<'c, M>,
    pub(super) settings: &'c Settings,
    results: Results,
    /// The result in row-major order.
    value: Vec<f64>,
    /// The largest element of the result.
    largest: f64,
    /// What the result changes by when the coordinates do by their scale: the size for a function behind it to bend on.
    pub(super) bend: f64,
    weights: Vec<f64>,
    /// The weights in the shape of the result.
    pub(super) w: Tensor,
    /// Jᵀ w.
    gradient: Vec<f64>,
    /// The Jacobian by rows, of reverse mode, where it is small.
    rows: Option<Vec<Vec<f64>>>,
}

/// What is moved: one coordinate, or several along a direction.
struct Moved<'d> {
    direction: &'d [f64],
    range: Range<usize>,
}

/// How much was covered.
#[derive(Default)]
pub(super) struct Coverage {
    pub(super) elements: usize,
    pub(super) directions: usize,
}

impl<'c, M: Module + Clone, F: Fn(&M) -> Tensor> FirstOrder<'c, M, F> {
    /// Takes what the function returned, and its gradient by reverse mode.
    pub(super) fn new(
        f: &'c F,
        (y, results): (Tensor, Results),
        point: &'c Point<'c, M>,
        settings: &'c Settings,
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        let value = y.to_vec::<f64>();
        if let Some(i) = value.iter().position(|y| !y.is_finite()) {
            return Err(Stopped::Inconclusive(format!("the function is {} here, in {}", value[i], results.name(i))));
        }
        results.check_repeats(&y, &f(point.model))?;
        let weights = general(value.len(), rng);
        let w = Tensor::from_slice(&weights, y.shape()).expect("as many weights as elements");
        // Differences are taken of contiguous arguments.
        let of_a_copy = f(&point.with(&point.coordinates));
        results.check_same(
            "the function depends on the memory layout of its argument; for a contiguous copy",
            &y,
            &of_a_copy,
        )?;
        let (recorded, gradient, rows) = differentiated(&Composition::REVERSE.to_string(), || {
            let (recorded, pullback) = vjp(point.model, f);
            let pulled = |y_bar: &Tensor| point.coordinates_of(&pullback.pull(y_bar));
            let small = value.len() <= RESULT_BY_RESULT && point.coordinates.len() <= ELEMENT_BY_ELEMENT;
            // A single row would be the gradient again, but for its weight.
            let rows = (small && value.len() > 1).then(|| (0..value.len()).map(|i| pulled(&unit(&y, i))).collect());
            (recorded, pulled(&w), rows)
        })?;
        results.check_same("inside of reverse mode the function is another", &y, &recorded)?;
        let largest = value.iter().fold(0.0f64, |largest, y| largest.max(y.abs()));
        let scale = scales(&point.coordinates).last().expect("there is a scale");
        let change = scale * gradient.iter().map(|slope| slope.abs()).sum::<f64>();
        let bend = Some(largest.max(change)).filter(|bend| bend.is_normal()).unwrap_or(1.0);
        Ok(FirstOrder { f, point, settings, results, value, largest, bend, weights, w, gradient, rows })
    }

    /// Whether there is nothing to compare.
    pub(super) fn is_empty(&self) -> bool {
        self.value.is_empty() || self.point.coordinates.is_empty()
    }

    /// All comparisons of order one.
    pub(super) fn findings(&self, rng: &mut Rng, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let mut findings = Vec::new();
        for place in &self.point.places {
            if place.range.len() <= ELEMENT_BY_ELEMENT {
                for i in place.range.clone() {
                    findings.extend(self.compare(&Moved { direction: &self.axis(i), range: i..i + 1 })?);
                }
                coverage.elements += place.range.len();
                continue;
            }
            for _ in 0..self.settings.directions {
                let direction = self.point.direction(place.range.clone(), rng);
                let found = self.compare(&Moved { direction: &direction, range: place.range.clone() })?;
                let wrong = found.iter().any(|finding| finding.verdict != Verdict::Pass);
                findings.extend(if wrong { self.narrowed(&direction, place.range.clone(), found)? } else { found });
                coverage.directions += 1;
            }
        }
        let all = 0..self.point.coordinates.len();
        let direction = self.point.direction(all, rng);
        if self.settings.all_modes() {
            findings.push(self.dot_product(&direction)?);
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
                for finding in self.compare(&Moved { direction: &part, range: half.clone() })? {
                    let rank = (finding.verdict, finding.excess());
                    if worst.as_ref().is_none_or(|(_, verdict, excess)| rank > (*verdict, *excess)) {
                        worst = Some((half.clone(), rank.0, rank.1));
                    }
                }
            }
            range = worst.map_or(range.start..middle, |(half, ..)| half);
        }
        let element = self.compare(&Moved { direction: &self.axis(range.start), range })?;
        let as_bad = |found: &[Finding]| found.iter().map(|finding| finding.verdict).max();
        Ok(if as_bad(&element) >= as_bad(&whole) { element } else { whole })
    }

    /// Both modes against differences: the weighted result, and each of its elements where the Jacobian is small.
    fn compare(&self, moved: &Moved<'_>) -> Result<Vec<Finding>, Stopped> {
        let Moved { direction, ref range } = *moved;
        let compositions = self.settings.compositions(1);
        if compositions.is_empty() {
            return Ok(Vec::new());
        }
        let along = |row: &[f64]| range.clone().map(|i| row[i] * direction[i]).sum::<f64>();
        let y_dot = if compositions.contains(&Composition::FORWARD) { self.tangent(direction)? } else { Vec::new() };
        let weighted: f64 = self.weights.iter().zip(&y_dot).map(|(w, y_dot)| w * y_dot).sum();
        let (path, index) = self.point.element(range.start);
        let index = (range.len() == 1).then_some(index);
        let (whole, each) = self.limits(moved);
        let mut findings = Vec::new();
        for composition in compositions {
            let analytic = |row: Option<usize>| match (composition.modes(), row, &self.rows) {
                ([Mode::Forward], None, _) => weighted,
                ([Mode::Forward], Some(row), _) => y_dot[row],
                (_, Some(row), Some(rows)) => along(&rows[row]),
                _ => along(&self.gradient),
            };
            let judged = |analytic: f64, (limit, zero): (Limit, f64)| {
                let place = (path.clone(), index.clone());
                let comparison = Comparison::Differences(composition);
                judged(self.settings.tolerance, 1, comparison, place, analytic, limit, zero)
            };
            findings.push(judged(analytic(None), whole));
            findings.extend(each.iter().enumerate().map(|(row, &limit)| Finding {
                output: Some(self.results.place(row)),
                ..judged(analytic(Some(row)), limit)
            }));
        }
        Ok(findings)
    }

    fn tangent(&self, direction: &[f64]) -> Result<Vec<f64>, Stopped> {
        let v = self.point.tangent(direction);
        let y_dot = differentiated(&Composition::FORWARD.to_string(), || jvp(self.point.model, &v, self.f).1)?;
        if y_dot.spec() != self.w.spec() {
            let (found, wanted) = (y_dot.spec(), self.w.spec());
            return Err(Stopped::Fail(format!(
                "inside of forward mode the function is another: {found}, not {wanted}"
            )));
        }
        Ok(y_dot.to_vec::<f64>())
    }

    /// The slopes along a direction, each with what is zero beside it: of ⟨w, f⟩, and of each element where the Jacobian is small.
    fn limits(&self, moved: &Moved<'_>) -> ((Limit, f64), Vec<(Limit, f64)>) {
        let nowhere = (Limit::NOWHERE, 0.0);
        let (mut whole, mut each) = (nowhere, vec![nowhere; self.rows.as_ref().map_or(0, Vec::len)]);
        for walk in walks(&self.point.coordinates[moved.range.clone()], self.point.room(moved.direction)) {
            let [weighted, single @ ..] = &self.slopes(moved.direction, walk, each.len())[..] else { continue };
            let limit = |slopes: &Slopes| (slopes.limit(self.settings.tolerance), slopes.zero());
            whole = Limit::better(whole, limit(weighted));
            for (best, slopes) in each.iter_mut().zip(single) {
                *best = Limit::better(*best, limit(slopes));
            }
        }
        (whole, each)
    }

    /// Slopes of ⟨w, f⟩, and then of the first `rows` elements.
    fn slopes(&self, direction: &[f64], walk: Walk, rows: usize) -> Vec<Slopes> {
        let mut slopes = vec![Slopes::new(walk, 0.0, self.whole())];
        slopes.extend((0..rows).map(|_| Slopes::new(walk, 0.0, self.largest)));
        let mut changed = vec![false; self.value.len()];
        for h in walk.steps() {
            let at = |h: f64| (self.f)(&self.point.moved(h, direction)).to_vec::<f64>();
            let [after, before] = walk.places(h).map(|h| h.map(at));
            let [mut ahead, mut behind] = [0.0, 0.0];
            for (i, (&y, &w)) in self.value.iter().zip(&self.weights).enumerate() {
                // A result that changes its size is no function of the elements there. A side that is not walked does not count.
                let change = |moved: &Option<Vec<f64>>| {
                    moved.as_ref().map_or(0.0, |moved| moved.get(i).copied().unwrap_or(f64::NAN) - y)
                };
                let (after, before) = (change(&after), -change(&before));
                ahead += w * after;
                behind += w * before;
                changed[i] |= after != -before;
                if let Some(slopes) = slopes.get_mut(i + 1) {
                    slopes.push(h, after, before);
                }
            }
            slopes[0].push(h, ahead, behind);
        }
        // What does not change adds no rounding.
        let changes = self.value.iter().zip(&self.weights).zip(&changed).filter(|(_, changed)| **changed);
        slopes[0].magnitude = changes.map(|((y, w), _)| (y * w).powi(2)).sum::<f64>().sqrt();
        for (slopes, (y, &changed)) in slopes[1..].iter_mut().zip(self.value.iter().zip(&changed)) {
            slopes.magnitude = if changed { y.abs() } else { 0.0 };
        }
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
        Ok(dot_product(
            1,
            Comparison::DotProduct,
            (&y_dot, &self.weights),
            (&self.gradient, direction),
            self.zero_product(1),
        ))
    }
}

/// Whether ⟨a, b⟩ = ⟨c, d⟩, but for rounding of the terms; below `zero`, both are zero.
pub(super) fn dot_product(
    order: usize,
    comparison: Comparison,
    (a, b): (&[f64], &[f64]),
    (c, d): (&[f64], &[f64]),
    zero: f64,
) -> Finding {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let size = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a * b).powi(2)).sum::<f64>().sqrt();
    let (analytic, numeric) = (dot(a, b), dot(c, d));
    let tolerance = (DOT_PRODUCT * size(a, b).max(size(c, d))).max(zero);
    let agree = (analytic - numeric).abs() <= tolerance;
    let verdict = if agree { Verdict::Pass } else { Verdict::Fail };
    Finding {
        order,
        comparison,
        path: String::new(),
        index: None,
        output: None,
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
    relative: f64,
    order: usize,
    comparison: Comparison,
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
    let tolerance = (relative * size).max(zero);
    let verdict = match limit {
        Limit::Kink { .. } => Verdict::Kink,
        Limit::None { .. } => Verdict::Inconclusive,
        Limit::Slope { .. } if (analytic - numeric).abs() <= tolerance => Verdict::Pass,
        Limit::Slope { .. } => Verdict::Fail,
    };
    let finite = uncertainty.is_finite();
    let output = None;
    Finding {
        order,
        comparison,
        path,
        index,
        output,
        analytic,
        numeric,
        uncertainty,
        step,
        tolerance,
        sides,
        verdict,
        finite,
    }
}

/// One in one place, zero elsewhere.
fn unit(like: &Tensor, place: usize) -> Tensor {
    let elements = (0..like.numel()).map(|i| if i == place { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    Tensor::from_vec(elements, like.shape()).expect("as many elements as the shape holds")
}
