//! [Proptest](https://docs.rs/proptest) strategies for tensors: shapes, shapes that broadcast, layouts, elements by kind; feature
//! `proptest`.
//!
//! A property that holds for the inputs one thinks of is tried with those one does not think of: a view with a step, an axis of size
//! zero, ties. What fails is shrunk to a smaller shape first, then to a contiguous layout, then to simple elements.
//!
//! A complete property test, of an operation against a formula and of its derivatives:
//!
//! ```
//! use cotangent_autograd::check::{self, strategies::{Elements, tensor, tensors_that_broadcast}};
//! use cotangent_tensor::Tensor;
//! use proptest::prelude::*;
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]
//!     // In a test module, `#[test]` stands here.
//!     fn a_mean_lies_between_the_least_and_the_greatest(x in tensor(1..=3, 1..=4, Elements::Between(-5.0, 5.0))) {
//!         let (mean, elements) = (x.mean(..).item::<f64>(), x.to_vec::<f64>());
//!         let least = elements.iter().copied().fold(f64::INFINITY, f64::min);
//!         let greatest = elements.iter().copied().fold(f64::NEG_INFINITY, f64::max);
//!         // Rounding of at most 64 terms.
//!         prop_assert!(least - 1e-12 <= mean && mean <= greatest + 1e-12);
//!     }
//!
//!     fn a_quotient_has_the_right_derivatives(x in tensors_that_broadcast(2, 0..=3, 0..=3, Elements::Positive)) {
//!         let quotient = |x: &Vec<Tensor>| &x[0] / &x[1];
//!         check::gradients(quotient).may_be_empty().at(&x).assert_pass();
//!     }
//! }
//! a_mean_lies_between_the_least_and_the_greatest();
//! a_quotient_has_the_right_derivatives();
//! ```

use super::Layout;
use cotangent_tensor::{Rng, Tensor};
use proptest::{
    prelude::*,
    sample::select,
    strategy::{NewTree, ValueTree},
    test_runner::TestRunner,
};
use std::ops::RangeInclusive;

/// A shape with as many axes and sizes as given; it shrinks to fewer axes, then to smaller ones.
///
/// ```
/// use cotangent_autograd::check::strategies::shape;
/// use proptest::{strategy::{Strategy, ValueTree}, test_runner::TestRunner};
/// let mut runner = TestRunner::deterministic();
/// let shape = shape(1..=3, 2..=5).new_tree(&mut runner).unwrap().current();
/// assert!((1..=3).contains(&shape.len()) && shape.iter().all(|size| (2..=5).contains(size)));
/// ```
pub fn shape(rank: RangeInclusive<usize>, size: RangeInclusive<usize>) -> impl Strategy<Value = Vec<usize>> + Clone {
    proptest::collection::vec(size, rank)
}

/// Shapes that broadcast together by NumPy's rule: one whole shape, of which each loses leading axes and has others of size 1. They shrink
/// to a smaller whole, and to equal shapes.
pub fn shapes_that_broadcast(
    count: usize,
    rank: RangeInclusive<usize>,
    size: RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<Vec<usize>>> + Clone {
    let most = *rank.end();
    // An axis has its size and the shapes where it is 1 instead, so that both stay together when other axes go.
    let axes = proptest::collection::vec((size, proptest::collection::vec(any::<bool>(), count)), rank);
    // Counted from the last axis; nothing dropped is simplest.
    let dropped = proptest::collection::vec(0..=most, count);
    (axes, dropped).prop_map(move |(axes, dropped)| {
        let of = |(i, dropped): (usize, &usize)| -> Vec<usize> {
            let first = axes.len().saturating_sub(most - dropped);
            axes[first..].iter().map(|(size, is_one)| if is_one[i] { 1 } else { *size }).collect()
        };
        dropped.iter().enumerate().map(of).collect()
    })
}

/// A memory layout; it shrinks to a contiguous one.
pub fn layout() -> impl Strategy<Value = Layout> + Clone {
    select(&Layout::ALL[..])
}

/// What the elements of a tensor are.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Elements {
    /// Uniform in an interval.
    Between(f64, f64),
    /// Between 1/10 and 10, as evenly on a logarithmic scale.
    Positive,
    /// Between -3 and 3, at least a tenth away from each of these numbers: for functions with kinks or poles there.
    AwayFrom(Vec<f64>),
    /// Between -3 and 3, any two of n elements at least 3 / n apart: no ties.
    Distinct,
    /// Small integers, so that many are equal.
    Ties,
    /// NaN, infinities, zeros of both signs, the least and greatest numbers: for values, not for differences.
    Extreme,
}

/// How simple elements are: each failure is tried with simpler ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Simplicity {
    /// The first simple value in all places.
    One,
    /// A few simple values.
    Few,
    /// As drawn.
    Drawn,
}

/// Elements that are yet to be laid out: any number of them.
#[derive(Clone, Debug)]
pub struct Drawn {
    elements: Elements,
    seed: u64,
    simplicity: Simplicity,
}

impl Drawn {
    /// So many elements; the first of them do not depend on how many there are.
    fn take(&self, count: usize) -> Vec<f64> {
        let mut rng = Rng::seed(self.seed);
        let unit = rng.uniform([count], cotangent_tensor::DType::F64).to_vec::<f64>();
        let simple = self.elements.simple_values();
        let pick = |u: f64, values: &[f64]| values[((u * values.len() as f64) as usize).min(values.len() - 1)];
        match (self.simplicity, &self.elements) {
            // Distinct numbers cannot all be one.
            (Simplicity::One | Simplicity::Few, Elements::Distinct) => simple_distinct(count),
            (Simplicity::One, _) => vec![simple[0]; count],
            (Simplicity::Few, _) => unit.into_iter().map(|u| pick(u, &simple)).collect(),
            (Simplicity::Drawn, Elements::Between(low, high)) => {
                unit.into_iter().map(|u| low + u * (high - low)).collect()
            }
            (Simplicity::Drawn, Elements::Positive) => unit.into_iter().map(|u| 10f64.powf(2.0 * u - 1.0)).collect(),
            (Simplicity::Drawn, Elements::AwayFrom(places)) => {
                unit.into_iter().map(|u| away_from(places, 6.0 * u - 3.0)).collect()
            }
            (Simplicity::Drawn, Elements::Distinct) => distinct(&mut rng, &unit),
            (Simplicity::Drawn, Elements::Ties) => unit.into_iter().map(|u| (u * 5.0).floor() - 2.0).collect(),
            (Simplicity::Drawn, Elements::Extreme) => unit.into_iter().map(|u| pick(u, &EXTREMES)).collect(),
        }
    }
}

/// Where arithmetic stops to be that of real numbers.
const EXTREMES: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    f64::EPSILON,
    5e-324,
];

/// How far elements keep away from a kink: the checker's steps start at a sixteenth.
const AWAY: f64 = 0.1;

/// The number itself, or the nearest one that is far enough from all places, going up.
fn away_from(places: &[f64], x: f64) -> f64 {
    let mut places = places.to_vec();
    places.sort_by(f64::total_cmp);
    places.iter().fold(x, |x, place| if (x - place).abs() < AWAY { place + AWAY } else { x })
}

/// One number in each of as many intervals, in random order, none near the end of its interval.
fn distinct(rng: &mut Rng, unit: &[f64]) -> Vec<f64> {
    let width = 6.0 / unit.len().max(1) as f64;
    let mut numbers: Vec<f64> =
        unit.iter().enumerate().map(|(i, u)| -3.0 + width * (i as f64 + 0.25 + 0.5 * u)).collect();
    rng.shuffle(&mut numbers);
    numbers
}

/// Multiples of a power of two, as far apart as [`distinct`] ones are and within as much.
fn simple_distinct(count: usize) -> Vec<f64> {
    // Less than twice the distance, so that half as many of them lie below 3 on either side of zero.
    let step = 2f64.powi((3.0 / count.max(1) as f64).log2().ceil() as i32);
    (0..count).map(|i| (i as f64 - (count / 2) as f64) * step).collect()
}

impl Elements {
    /// Numbers that are easy to compute with, of this kind; the simplest first.
    fn simple_values(&self) -> Vec<f64> {
        let simple = [1.0, 0.0, 2.0, -1.0, 0.5, -2.0];
        let of_this_kind: Vec<f64> = match self {
            Elements::Between(low, high) => simple.into_iter().filter(|x| low <= x && x < high).collect(),
            Elements::Positive => vec![1.0, 2.0, 0.5],
            Elements::AwayFrom(places) => {
                simple.into_iter().filter(|x| places.iter().all(|place| (x - place).abs() >= AWAY)).collect()
            }
            Elements::Distinct | Elements::Ties | Elements::Extreme => simple.to_vec(),
        };
        match (of_this_kind.is_empty(), self) {
            (true, Elements::Between(low, high)) => vec![low + 0.5 * (high - low)],
            (true, Elements::AwayFrom(places)) => vec![away_from(places, 1.0)],
            _ => of_this_kind,
        }
    }
}

/// Elements of a kind, for [`tensor`] to lay out.
#[derive(Clone, Debug)]
struct Drawing(Elements);

/// The elements of one run, on their way to simpler ones.
struct DrawnTree {
    drawn: Drawn,
    /// What was last found to be too simple to fail.
    too_simple: Option<Simplicity>,
}

impl Strategy for Drawing {
    type Tree = DrawnTree;
    type Value = Drawn;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        let drawn = Drawn { elements: self.0.clone(), seed, simplicity: Simplicity::Drawn };
        Ok(DrawnTree { drawn, too_simple: None })
    }
}

impl ValueTree for DrawnTree {
    type Value = Drawn;

    fn current(&self) -> Drawn {
        self.drawn.clone()
    }

    fn simplify(&mut self) -> bool {
        let next = match (self.drawn.simplicity, self.too_simple) {
            (Simplicity::Drawn, None) => Simplicity::One,
            (Simplicity::Drawn, Some(Simplicity::One)) => Simplicity::Few,
            _ => return false,
        };
        self.drawn.simplicity = next;
        true
    }

    fn complicate(&mut self) -> bool {
        if self.drawn.simplicity == Simplicity::Drawn {
            return false;
        }
        self.too_simple = Some(self.drawn.simplicity);
        self.drawn.simplicity = Simplicity::Drawn;
        true
    }
}

/// A tensor of f64 in any layout. A broadcast one repeats its first slice, where elements are not [`Elements::Distinct`].
///
/// ```
/// use cotangent_autograd::check::strategies::{Elements, tensor};
/// use proptest::{strategy::{Strategy, ValueTree}, test_runner::TestRunner};
/// let mut runner = TestRunner::deterministic();
/// let x = tensor(2..=2, 1..=3, Elements::AwayFrom(vec![0.0])).new_tree(&mut runner).unwrap().current();
/// assert!(x.rank() == 2 && x.to_vec::<f64>().iter().all(|x| x.abs() >= 0.1));
/// ```
pub fn tensor(
    rank: RangeInclusive<usize>,
    size: RangeInclusive<usize>,
    elements: Elements,
) -> impl Strategy<Value = Tensor> + Clone {
    // The order of the parts is the order in which they are shrunk.
    (shape(rank, size), layout(), Drawing(elements)).prop_map(|(shape, layout, drawn)| laid_out(&shape, layout, &drawn))
}

/// Tensors of f64, each in a layout of its own, whose shapes broadcast together.
pub fn tensors_that_broadcast(
    count: usize,
    rank: RangeInclusive<usize>,
    size: RangeInclusive<usize>,
    elements: Elements,
) -> impl Strategy<Value = Vec<Tensor>> + Clone {
    tensors_of(shapes_that_broadcast(count, rank, size), count, elements)
}

/// Tensors of f64, each in a layout of its own, of one shape.
pub fn tensors_of_one_shape(
    count: usize,
    rank: RangeInclusive<usize>,
    size: RangeInclusive<usize>,
    elements: Elements,
) -> impl Strategy<Value = Vec<Tensor>> + Clone {
    tensors_of(shape(rank, size).prop_map(move |shape| vec![shape; count]), count, elements)
}

fn tensors_of(
    shapes: impl Strategy<Value = Vec<Vec<usize>>> + Clone,
    count: usize,
    elements: Elements,
) -> impl Strategy<Value = Vec<Tensor>> + Clone {
    let layouts = proptest::collection::vec(layout(), count);
    let drawn = proptest::collection::vec(Drawing(elements), count);
    (shapes, layouts, drawn).prop_map(|(shapes, layouts, drawn)| {
        let parts = shapes.iter().zip(layouts).zip(&drawn);
        parts.map(|((shape, layout), drawn)| laid_out(shape, layout, drawn)).collect()
    })
}

fn laid_out(shape: &[usize], layout: Layout, drawn: &Drawn) -> Tensor {
    let contiguous = Tensor::from_vec(drawn.take(shape.iter().product()), shape).expect("as many as the shape holds");
    if layout == Layout::Broadcast && drawn.elements == Elements::Distinct {
        return contiguous;
    }
    layout.lay_out(&contiguous).unwrap_or(contiguous)
}

#[cfg(test)]
mod tests;
