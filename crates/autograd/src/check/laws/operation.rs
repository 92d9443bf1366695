//! The description of an operation, which the battery turns into laws to hold it to.

use super::{
    Law,
    numbers::{Exact, Refused},
    report::LawReport,
    run::{self, Only},
    sample::{Sample, Source},
};
use crate::{
    check::modes::HIGHEST_ORDER,
    module::{self, Module},
};
use cotangent_tensor::Tensor;

/// As for [`gradients`](crate::check::gradients).
const TOLERANCE: f64 = 1e-6;
/// A hundred units in the last place of f32: room for the sums of a few dozen terms that a small sample has.
const SINGLE_PRECISION: f64 = 1e-5;

type Call = dyn Fn(&[Tensor]) -> Vec<Tensor> + Send + Sync;

/// The battery for an operation, which is called with a list of inputs and returns one or several tensors.
///
/// Each sample of inputs is held to every [`Law`]: derivatives against differences in all compositions of the modes, linearity,
/// every memory layout, shared inputs, missing cotangents, f32, threads. Ten lines test a rule of your own:
///
/// ```
/// # use cotangent_tensor::{Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Vjp};
/// # #[derive(Clone)]
/// # struct Cube;
/// # impl Primitive for Cube {
/// #     fn name(&self) -> &'static str { "cube" }
/// #     fn infer(&self, inputs: &[SpecRef]) -> Result<Few<Spec>> { Ok(inputs[0].to_owned().into()) }
/// #     fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
/// #         let x = inputs[0].to_slice::<f64>();
/// #         Ok(Array::from_buffer(Buffer::from_iter_exact(x.iter().map(|x| x * x * x)), inputs[0].shape()).into())
/// #     }
/// #     fn derivative(&self) -> Derivative<'_> { Derivative::Vjp(self) }
/// # }
/// # impl Vjp for Cube {
/// #     fn keep(&self, _: &[bool]) -> Keep { Keep::input(0) }
/// #     fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
/// #         let x = saved.input(0);
/// #         Few::one(Some(y_bar.single() * (x * x * 3)))
/// #     }
/// # }
/// use cotangent_autograd::check;
/// use cotangent_tensor::{Tensor, apply};
///
/// // `Cube` is a primitive of your own: y = x³ of f64.
/// check::operation("cube", |x| apply(&Cube, &[&x[0]]))
///     .shapes(&[&[2, 3]])
///     .shapes(&[&[]])
///     .shapes(&[&[0, 2]])
///     .f64_only()
///     .exact([Tensor::from([-2.0, 0.0])], [Tensor::from([-8.0, 0.0])])
///     .run()
///     .assert_pass();
/// ```
///
/// Draws are the same each time. `COTANGENT_CHECK_SEEDS=100 cargo test` draws a hundred times as many, and the text of a failure
/// has the command that runs what failed alone.
#[must_use = "nothing is checked before `.run()`"]
pub fn operation<N: Module>(
    name: impl Into<String>,
    call: impl Fn(&[Tensor]) -> N + Send + Sync + 'static,
) -> Operation {
    let name: String = name.into();
    Operation {
        name: name.split_whitespace().collect::<Vec<_>>().join(" "),
        call: Box::new(move |x| module::tensors(&call(x)).into_iter().cloned().collect()),
        samples: Vec::new(),
        range: (-2.0, 2.0),
        ranges: Vec::new(),
        domain: None,
        has_ties: false,
        broadcasts: false,
        may_be_empty: false,
        tolerance: TOLERANCE,
        order: 3,
        single_precision: Some(SINGLE_PRECISION),
        exact: Vec::new(),
        refused: Vec::new(),
        left_out: Vec::new(),
        only: None,
        seed: 0,
        seeds: 1,
    }
}

/// An operation and where it is to be tried; made by [`operation`].
#[must_use = "nothing is checked before `.run()`"]
pub struct Operation {
    pub(super) name: String,
    call: Box<Call>,
    pub(super) samples: Vec<Sample>,
    range: (f64, f64),
    ranges: Vec<(usize, (f64, f64))>,
    pub(super) domain: Option<(f64, f64)>,
    pub(super) has_ties: bool,
    pub(super) broadcasts: bool,
    pub(super) may_be_empty: bool,
    pub(super) tolerance: f64,
    pub(super) order: usize,
    pub(super) single_precision: Option<f64>,
    pub(super) exact: Vec<Exact>,
    pub(super) refused: Vec<Refused>,
    pub(super) left_out: Vec<(Law, String)>,
    pub(super) only: Option<Only>,
    pub(super) seed: u64,
    pub(super) seeds: u64,
}

/// Where it is tried.
impl Operation {
    /// A sample of inputs with these shapes, of f64, whose elements are drawn from [`between`](Self::between).
    pub fn shapes(self, shapes: &[&[usize]]) -> Self {
        let source = Source::Shapes(shapes.iter().map(|shape| shape.to_vec()).collect());
        self.with_sample(Sample { source, is_large: false })
    }

    /// A sample that is too large for differences, for a kernel that does something else when there is much to do: laws of threads,
    /// layouts and f32 are tried with it.
    pub fn large(self, shapes: &[&[usize]]) -> Self {
        let source = Source::Shapes(shapes.iter().map(|shape| shape.to_vec()).collect());
        self.with_sample(Sample { source, is_large: true })
    }

    /// A sample of these inputs. Those of f64 are moved; integers and truth values, such as indices and masks, are held constant.
    pub fn at(self, inputs: impl IntoIterator<Item = Tensor>) -> Self {
        let source = Source::Given(inputs.into_iter().collect());
        self.with_sample(Sample { source, is_large: false })
    }

    fn with_sample(mut self, sample: Sample) -> Self {
        self.samples.push(sample);
        self
    }

    /// Where drawn elements come from, -2 to 2 unless set.
    ///
    /// # Panics
    /// When the interval is empty.
    #[track_caller]
    pub fn between(mut self, low: f64, high: f64) -> Self {
        assert!(low < high, "check: the interval from {low:?} to {high:?} is empty");
        self.range = (low, high);
        self
    }

    /// Where the drawn elements of one input come from.
    ///
    /// # Panics
    /// When the interval is empty.
    #[track_caller]
    pub fn input_between(mut self, input: usize, low: f64, high: f64) -> Self {
        assert!(low < high, "check: the interval from {low:?} to {high:?} is empty");
        self.ranges.push((input, (low, high)));
        self
    }

    /// The open interval in which the operation is defined, which differences do not leave.
    pub fn domain(mut self, low: f64, high: f64) -> Self {
        self.domain = Some((low, high));
        self
    }

    /// Says that equal elements are ties, where there is no derivative but a choice: both modes must make the same.
    pub fn with_ties(mut self) -> Self {
        self.has_ties = true;
        self
    }

    /// Says that inputs of different shapes broadcast as in NumPy. Without it the law is tried where it seems so.
    pub fn broadcasts(mut self) -> Self {
        self.broadcasts = true;
        self
    }

    /// Says that all samples may be empty, or give empty results.
    pub fn may_be_empty(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// Inputs whose outputs are known: they are met to the last bit, the sign of a zero included; NaN is NaN.
    pub fn exact(
        mut self,
        inputs: impl IntoIterator<Item = Tensor>,
        outputs: impl IntoIterator<Item = Tensor>,
    ) -> Self {
        let (inputs, wanted) = (inputs.into_iter().collect(), outputs.into_iter().collect());
        self.exact.push(Exact { inputs, wanted, is_gradient: false });
        self
    }

    /// Inputs at which the gradient of the sum of all outputs is known, for each floating-point input: conventions at kinks and at
    /// the ends of a domain.
    pub fn exact_gradient(
        mut self,
        inputs: impl IntoIterator<Item = Tensor>,
        gradients: impl IntoIterator<Item = Tensor>,
    ) -> Self {
        let (inputs, wanted) = (inputs.into_iter().collect(), gradients.into_iter().collect());
        self.exact.push(Exact { inputs, wanted, is_gradient: true });
        self
    }

    /// Inputs that the operation refuses, by a panic with exactly this text.
    pub fn refuses(mut self, inputs: impl IntoIterator<Item = Tensor>, text: impl Into<String>) -> Self {
        self.refused.push(Refused { inputs: inputs.into_iter().collect(), text: text.into() });
        self
    }
}

/// How it is tried.
impl Operation {
    /// Another relative tolerance for differences than 1e-6, where the function is ill-conditioned.
    ///
    /// # Panics
    /// When it is not between 0 and 1.
    #[track_caller]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        assert_relative(tolerance);
        self.tolerance = tolerance;
        self
    }

    /// Differences up to this order; 3 unless set, of which the third is for the first sample.
    ///
    /// # Panics
    /// When the order is not 1, 2 or 3.
    #[track_caller]
    pub fn order(mut self, order: usize) -> Self {
        assert!((1..=HIGHEST_ORDER).contains(&order), "check: the order is 1 to {HIGHEST_ORDER}, not {order}");
        self.order = order;
        self
    }

    /// Another bound for f32 than 1e-5 of the largest element.
    ///
    /// # Panics
    /// When it is not between 0 and 1.
    #[track_caller]
    pub fn single_precision_within(mut self, bound: f64) -> Self {
        assert_relative(bound);
        self.single_precision = Some(bound);
        self
    }

    /// Says that the operation does not take f32.
    pub fn f64_only(mut self) -> Self {
        self.single_precision = None;
        self.without(Law::SinglePrecision, "it takes f64 only")
    }

    /// Leaves a law out, for a reason that the report repeats.
    pub fn without(mut self, law: Law, reason: impl Into<String>) -> Self {
        self.left_out.push((law, reason.into()));
        self
    }

    /// Only one law, at one sample: their numbers count from zero.
    pub fn only(mut self, law: Law, sample: usize) -> Self {
        self.only = Some(Only { law, sample });
        self
    }

    /// Other draws than those of seed 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Draws of this many seeds, one after the other; 1 unless set here or by the environment variable `COTANGENT_CHECK_SEEDS`.
    ///
    /// # Panics
    /// When there are none.
    #[track_caller]
    pub fn seeds(mut self, seeds: u64) -> Self {
        assert!(seeds > 0, "check: at least one seed is needed");
        self.seeds = seeds;
        self
    }

    /// What the operation returns for these inputs.
    ///
    /// # Panics
    /// When the operation does.
    #[must_use]
    #[track_caller]
    pub fn call(&self, inputs: &[Tensor]) -> Vec<Tensor> {
        (self.call)(inputs)
    }

    /// The inputs of each sample, as the first seed draws them.
    #[must_use]
    pub fn inputs(&self) -> Vec<Vec<Tensor>> {
        self.samples.iter().enumerate().map(|(i, sample)| sample.case(self, i, self.seed).inputs).collect()
    }

    pub(super) fn range_of(&self, input: usize) -> (f64, f64) {
        self.ranges.iter().rev().find(|(i, _)| *i == input).map_or(self.range, |(_, range)| *range)
    }

    /// How many samples there are of a law: the listed inputs, for laws of those.
    pub(super) fn count(&self, law: Law) -> usize {
        match law {
            Law::ExactValues => self.exact.len(),
            Law::Refusals => self.refused.len(),
            _ => self.samples.len(),
        }
    }

    /// Holds the operation to every law, at every sample.
    ///
    /// # Panics
    /// When there is no sample, or not the one that is to be run alone, or an environment variable of the battery cannot be read.
    #[must_use = "the report says whether the laws hold; `.assert_pass()` insists on it"]
    #[track_caller]
    pub fn run(&self) -> LawReport {
        let some = !(self.samples.is_empty() && self.exact.is_empty() && self.refused.is_empty());
        assert!(some, "check: {} has no sample; add one with .shapes(..) or .at(..)", self.name);
        run::report(self)
    }
}

#[track_caller]
fn assert_relative(tolerance: f64) {
    let relative = tolerance > 0.0 && tolerance < 1.0;
    assert!(relative, "check: the tolerance is relative, between 0 and 1, not {tolerance}");
}
