//! The protocol of operations: what an operation is, how it declares its derivative, and `apply`, which runs it.
//!
//! An operation knows three things: which inputs it takes (`infer`), what it computes (`eval`, on plain arrays), and exactly
//! one of three derivatives: a vjp, a decomposition into simpler operations, or zero. It knows nothing of tapes. `apply` hands it
//! to the highest tracer among its inputs, or evaluates it when all inputs are plain.
//!
//! A user's operation implements the same trait and goes the same way as a built-in one.

use crate::{Array, Error, ErrorKind, Few, Result, Spec, SpecRef, Tensor};
use smallvec::SmallVec;

/// An operation on tensors.
///
/// ```
/// use cotangent_tensor::{Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply};
///
/// /// y = x³
/// #[derive(Clone)]
/// struct Cube;
///
/// impl Primitive for Cube {
///     fn name(&self) -> &'static str { "cube" }
///     fn infer(&self, inputs: &[SpecRef]) -> Result<Few<Spec>> { Ok(inputs[0].to_owned().into()) }
///     fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
///         let x = inputs[0].to_slice::<f64>();
///         Ok(Array::from_buffer(Buffer::from_iter_exact(x.iter().map(|x| x * x * x)), inputs[0].shape()).into())
///     }
///     fn derivative(&self) -> Derivative<'_> { Derivative::Vjp(self) }
/// }
///
/// impl Vjp for Cube {
///     fn keep(&self, _: &[bool]) -> Keep { Keep::input(0) }
///     // x_bar = y_bar * 3 x²
///     fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
///         let x = saved.input(0);
///         Few::one(Some(y_bar.single() * (x * x * 3)))
///     }
/// }
///
/// assert_eq!(apply(&Cube, &[&Tensor::from([2.0])]).into_single().to_vec::<f64>(), [8.0]);
/// ```
pub trait Primitive: ClonePrimitive + Send + Sync + 'static {
    /// The operation's name, as messages and graphs show it.
    fn name(&self) -> &'static str;

    /// The outputs' shapes and dtypes.
    ///
    /// # Errors
    /// When the inputs do not fit: the error names the operation, the inputs and the rule that was broken.
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>>;

    /// The outputs. Inputs have passed `infer`; they may be strided, broadcast or empty.
    ///
    /// # Errors
    /// When the inputs' values break a rule, such as an index out of range.
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>>;

    /// As `eval`, but the inputs are given away, so that their memory can be reused for the outputs.
    ///
    /// # Errors
    /// As for `eval`.
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        on_borrowed(inputs, &|inputs| self.eval(inputs))
    }

    /// The derivative: exactly one of a vjp, a decomposition, or zero.
    fn derivative(&self) -> Derivative<'_>;

    /// The floating-point operations of one run, for reports; nothing else depends on them.
    ///
    /// A multiplication and an addition count one each, so that a product of matrices `[m, k]` and `[k, n]` has `2 m k n`. Unless an
    /// operation says otherwise it has one for each element of its largest input or output: an elementwise function, whatever its
    /// formula, one for each element; a sum one for each summand. What only moves numbers has none. Products, convolutions and
    /// attention count as PyTorch's `torch.utils.flop_counter` does, which counts nothing else.
    fn flops(&self, inputs: &[SpecRef<'_>], outputs: &[SpecRef<'_>]) -> u64 {
        inputs.iter().chain(outputs).map(|&x| elements(x)).max().unwrap_or(0)
    }
}

/// The number of elements.
pub(crate) fn elements(x: SpecRef<'_>) -> u64 {
    x.shape().iter().fold(1, |count: u64, &size| count.saturating_mul(size as u64))
}

/// Apart from `eval_owned`, so that it is compiled once and not for each operation.
fn on_borrowed(inputs: Few<Array>, eval: &dyn Fn(&[&Array]) -> Result<Few<Array>>) -> Result<Few<Array>> {
    eval(&inputs.iter().collect::<Few<_>>())
}

/// How an operation is differentiated.
pub enum Derivative<'a> {
    /// By its vector-Jacobian product.
    Vjp(&'a dyn Vjp),
    /// By differentiating the simpler operations that it is made of; for fused kernels.
    Decomposition(&'a dyn Decompose),
    /// It is zero wherever it exists (floor, sign, comparisons, argmax): outputs are constants.
    Zero,
}

/// The vector-Jacobian product of an operation: a formula, free of bookkeeping.
///
/// What it computes with are tensors, so that a rule can itself be differentiated.
pub trait Vjp {
    /// What `vjp` will look at, given which inputs need a cotangent; nothing else is kept alive.
    fn keep(&self, needs: &[bool]) -> Keep;

    /// The cotangent of each input that needs one, from the cotangents of the outputs. Entries for other inputs are ignored.
    fn vjp(&self, saved: &Saved, cotangents: Cotangents, needs: &[bool]) -> Few<Option<Tensor>>;

    /// How the cotangent is added to a sum, for rules that need not make a tensor of it first; see [`Accumulate`].
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        None
    }

    /// The tangents of the outputs, from the tangents of the inputs (`None` is zero); `None` overall means that the rule
    /// has no shortcut, and forward mode transposes `vjp` instead.
    fn jvp(
        &self,
        _primals: &[&Tensor],
        _tangents: &[Option<&Tensor>],
        _outputs: &[Tensor],
    ) -> Option<Few<Option<Tensor>>> {
        None
    }
}

/// The rule of an operation that reads a few places of its first input, the only one with a derivative: a slice, rows named by an index.
///
/// Its cotangent is zero but at those places. Where others have consumed the input too, reverse mode has a sum of their cotangents, and
/// asks to have this one added to it instead of a tensor of zeros around it; a loop that reads a slice in each step then takes time
/// in proportion to what it reads.
pub trait Accumulate {
    /// `sum + x_bar`. The sum is given away, so that its memory can be used: [`apply_owned`] does so where nobody else refers to it.
    fn accumulate(&self, sum: Tensor, saved: &Saved, cotangents: Cotangents) -> Tensor;
}

/// The simpler operations that a fused one is made of.
pub trait Decompose {
    /// The outputs, computed with other operations; equal to `eval` up to rounding.
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor>;
}

/// Which inputs and outputs a vjp looks at.
///
/// ```
/// use cotangent_tensor::Keep;
/// let keep = Keep::input(0).and(Keep::output(0));
/// assert!(keep.has_input(0) && !keep.has_input(1) && keep.has_output(0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    inputs: u64,
    outputs: u64,
    specs: bool,
}

impl Keep {
    /// Nothing.
    pub const NOTHING: Keep = Keep { inputs: 0, outputs: 0, specs: false };
    /// The shapes and dtypes of the inputs, not their values.
    pub const SPECS: Keep = Keep { inputs: 0, outputs: 0, specs: true };
    /// Every input: for operations with many inputs, or a first version of a rule.
    pub const ALL_INPUTS: Keep = Keep { inputs: u64::MAX, outputs: 0, specs: false };

    /// Input `i`, of the first 64.
    ///
    /// # Panics
    /// When `i` is 64 or more.
    #[must_use]
    pub const fn input(i: usize) -> Keep {
        assert!(i < 64, "a rule can name the first 64 inputs, or all");
        Keep { inputs: 1 << i, ..Keep::NOTHING }
    }

    /// Output `i`, of the first 64.
    ///
    /// # Panics
    /// When `i` is 64 or more.
    #[must_use]
    pub const fn output(i: usize) -> Keep {
        assert!(i < 64, "a rule can name the first 64 outputs");
        Keep { outputs: 1 << i, ..Keep::NOTHING }
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Keep) -> Keep {
        Keep {
            inputs: self.inputs | other.inputs,
            outputs: self.outputs | other.outputs,
            specs: self.specs || other.specs,
        }
    }

    /// This if the condition holds, else nothing.
    #[must_use]
    pub const fn when(self, condition: bool) -> Keep {
        if condition { self } else { Keep::NOTHING }
    }

    /// Whether input `i` is kept.
    #[must_use]
    pub const fn has_input(self, i: usize) -> bool {
        self.inputs == u64::MAX || (i < 64 && self.inputs >> i & 1 == 1)
    }

    /// Whether output `i` is kept.
    #[must_use]
    pub const fn has_output(self, i: usize) -> bool {
        i < 64 && self.outputs >> i & 1 == 1
    }
}

/// What a vjp asked to keep.
pub struct Saved {
    keep: Keep,
    /// The inputs that are kept, in order, and then the outputs.
    kept: Few<Tensor>,
    kept_inputs: usize,
    specs: SmallVec<[Spec; 1]>,
}

impl Saved {
    /// Keeps of these inputs and outputs what `keep` names.
    #[must_use]
    pub fn new(keep: Keep, inputs: &[&Tensor], outputs: &[Tensor]) -> Self {
        let mut kept = Few::new();
        if keep.inputs != 0 {
            let named = inputs.iter().enumerate().filter(|&(i, _)| keep.has_input(i));
            named.for_each(|(_, &x)| kept.push(x.clone()));
        }
        let kept_inputs = kept.len();
        if keep.outputs != 0 {
            let named = outputs.iter().enumerate().filter(|&(i, _)| keep.has_output(i));
            named.for_each(|(_, y)| kept.push(y.clone()));
        }
        let specs = if keep.specs { inputs.iter().map(|x| x.spec().to_owned()).collect() } else { SmallVec::new() };
        Saved { keep, kept, kept_inputs, specs }
    }

    /// Input `i`.
    ///
    /// # Panics
    /// When the rule's `keep` does not name it.
    #[must_use]
    #[track_caller]
    pub fn input(&self, i: usize) -> &Tensor {
        let position = rank_of(self.keep.inputs, i).filter(|&position| position < self.kept_inputs);
        let position =
            position.unwrap_or_else(|| panic!("the rule looks at input {i}, which its `keep` does not name"));
        &self.kept[position]
    }

    /// Output `i`.
    ///
    /// # Panics
    /// When the rule's `keep` does not name it.
    #[must_use]
    #[track_caller]
    pub fn output(&self, i: usize) -> &Tensor {
        let kept = rank_of(self.keep.outputs, i).and_then(|position| self.kept.get(self.kept_inputs + position));
        kept.unwrap_or_else(|| panic!("the rule looks at output {i}, which its `keep` does not name"))
    }

    /// Shape and dtype of input `i`.
    ///
    /// # Panics
    /// When the rule's `keep` names neither the input nor [`Keep::SPECS`].
    #[must_use]
    #[track_caller]
    pub fn spec(&self, i: usize) -> SpecRef<'_> {
        match self.specs.get(i) {
            Some(spec) => spec.as_ref(),
            None if self.keep.has_input(i) => self.input(i).spec(),
            None => panic!("the rule looks at the spec of input {i}; its `keep` must name the input, or Keep::SPECS"),
        }
    }
}

/// How many members of a set are below member `i`; the full set stands for all, also from 64 on.
fn rank_of(set: u64, i: usize) -> Option<usize> {
    if set == u64::MAX {
        return Some(i);
    }
    (i < 64 && set >> i & 1 == 1).then(|| (set & ((1 << i) - 1)).count_ones() as usize)
}

/// The cotangents of an operation's outputs, by value, so that a rule can reuse their memory.
///
/// An output that nothing depended on has none; it reads as zeros.
pub struct Cotangents(Few<Cotangent>);

/// The cotangent of one output.
pub enum Cotangent {
    /// Something depended on the output.
    Given(Tensor),
    /// Nothing did: zeros of this spec. It is rare, and would make the list of cotangents long.
    Zero(Box<Spec>),
}

impl Cotangent {
    fn into_tensor(self) -> Tensor {
        match self {
            Cotangent::Given(cotangent) => cotangent,
            Cotangent::Zero(spec) => Tensor::zeros(spec.shape(), spec.dtype()),
        }
    }
}

impl Cotangents {
    /// The cotangent of each output.
    #[must_use]
    pub fn new(cotangents: Few<Cotangent>) -> Self {
        Cotangents(cotangents)
    }

    /// The cotangent of the only output.
    ///
    /// # Panics
    /// When the operation has several outputs.
    #[must_use]
    #[track_caller]
    pub fn single(self) -> Tensor {
        self.0.into_single().into_tensor()
    }

    /// The cotangents of all outputs, in order.
    #[must_use]
    pub fn into_tensors(self) -> Few<Tensor> {
        self.0.into_iter().map(Cotangent::into_tensor).collect()
    }

    /// The cotangents of all outputs, in order; `None` for an output that nothing depended on, where a rule saves work by knowing.
    #[must_use]
    pub fn into_given(self) -> Few<Option<Tensor>> {
        let given = |cotangent| match cotangent {
            Cotangent::Given(cotangent) => Some(cotangent),
            Cotangent::Zero(_) => None,
        };
        self.0.into_iter().map(given).collect()
    }
}

/// Gives `dyn Primitive` a clone; implemented for every operation that is `Clone`.
pub trait ClonePrimitive {
    /// A boxed copy, which costs no allocation for an operation without parameters.
    fn boxed(&self) -> Box<dyn Primitive>;
}

impl<P: Primitive + Clone> ClonePrimitive for P {
    fn boxed(&self) -> Box<dyn Primitive> {
        Box::new(self.clone())
    }
}

/// Runs an operation.
///
/// # Panics
/// When the inputs do not fit the operation; [`try_apply`] returns the error instead.
#[track_caller]
pub fn apply(primitive: &dyn Primitive, inputs: &[&Tensor]) -> Few<Tensor> {
    match try_apply(primitive, inputs) {
        Ok(outputs) => outputs,
        Err(error) => panic!("{error}"),
    }
}

/// Runs an operation, or says why its inputs do not fit.
///
/// # Errors
/// What `infer` or `eval` of the operation refuse.
pub fn try_apply(primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
    if let Some(tracer) = highest_tracer(inputs) {
        return tracer.apply(primitive, inputs);
    }
    let run = || {
        let promised = infer(primitive, inputs)?;
        if inputs.iter().any(|x| !x.has_values()) {
            return Ok(shapes_only(&promised));
        }
        // The usual counts of inputs need no list.
        let outputs = match inputs {
            [x] => primitive.eval(&[x.array()]),
            [x, y] => primitive.eval(&[x.array(), y.array()]),
            _ => primitive.eval(&inputs.iter().map(|x| x.array()).collect::<Few<_>>()),
        };
        finish(primitive, outputs?, &promised)
    };
    run().map_err(|error| showing(error, inputs))
}

/// What the outputs will be.
#[inline]
fn infer(primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Spec>> {
    match inputs {
        [x] => primitive.infer(&[x.spec()]),
        [x, y] => primitive.infer(&[x.spec(), y.spec()]),
        _ => primitive.infer(&inputs.iter().map(|x| x.spec()).collect::<Few<_>>()),
    }
}

/// What an operation gives where an input has no values.
#[cold]
fn shapes_only(promised: &[Spec]) -> Few<Tensor> {
    promised.iter().map(|spec| Array::shape_only(spec.shape(), spec.dtype()).into()).collect()
}

/// Runs an operation as the simpler ones that it is made of, on the same inputs, traced or not; for tracers.
///
/// # Errors
/// What the operation refuses, or when the decomposition gives other outputs than `infer` promised.
pub fn try_decompose(primitive: &dyn Primitive, parts: &dyn Decompose, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
    let promised = infer(primitive, inputs).map_err(|error| showing(error, inputs))?;
    let outputs = parts.decompose(inputs);
    if outputs.len() == promised.len() && outputs.iter().zip(&promised).all(|(y, spec)| y.spec() == spec.as_ref()) {
        return Ok(outputs);
    }
    let found: Vec<SpecRef<'_>> = outputs.iter().map(Tensor::spec).collect();
    let rule = format!("`infer` promised {promised:?}, `decompose` gave {found:?}");
    Err(showing(Error::new(ErrorKind::Shape, primitive.name(), rule), inputs))
}

/// Elements from which on it pays to take an input's memory for the output: less than that fits the first cache.
const WORTH_REUSING: usize = 2048;

/// As [`apply`], with the inputs given away: memory that nobody else refers to is used for the outputs.
///
/// # Panics
/// As [`apply`].
#[track_caller]
pub fn apply_owned(primitive: &dyn Primitive, inputs: Few<Tensor>) -> Few<Tensor> {
    match try_apply_owned(primitive, inputs) {
        Ok(outputs) => outputs,
        Err(error) => panic!("{error}"),
    }
}

/// As [`try_apply`], with the inputs given away.
pub(crate) fn try_apply_owned(primitive: &dyn Primitive, inputs: Few<Tensor>) -> Result<Few<Tensor>> {
    // A traced input is kept by its tape, and a small output is made as quickly in a recycled block.
    match &inputs[..] {
        [x, y] if x.numel() < WORTH_REUSING => return try_apply(primitive, &[x, y]),
        borrowed
            if borrowed.iter().any(|x| x.tracer().is_some() || !x.has_values())
                || borrowed.iter().all(|x| x.numel() < WORTH_REUSING) =>
        {
            return try_apply(primitive, &borrowed.iter().collect::<Few<_>>());
        }
        _ => {}
    }
    let borrowed: Few<&Tensor> = inputs.iter().collect();
    let promised = infer(primitive, &borrowed).map_err(|error| showing(error, &borrowed))?;
    drop(borrowed);
    let arrays = inputs.into_iter().map(Tensor::into_array).collect();
    finish(primitive, primitive.eval_owned(arrays)?, &promised)
}

/// An error that shows these inputs, unless it shows some already.
#[cold]
fn showing(error: Error, inputs: &[&Tensor]) -> Error {
    error.or_inputs(&inputs.iter().map(|x| x.spec()).collect::<Few<_>>())
}

#[inline]
fn highest_tracer<'a>(inputs: &[&'a Tensor]) -> Option<&'a dyn crate::Tracer> {
    let mut highest: Option<&dyn crate::Tracer> = None;
    for tracer in inputs.iter().filter_map(|x| x.tracer()) {
        if highest.is_none_or(|highest| highest.level() < tracer.level()) {
            highest = Some(tracer);
        }
    }
    highest
}

/// Holds `eval` to what `infer` promised.
#[inline]
fn finish(primitive: &dyn Primitive, arrays: Few<Array>, promised: &[Spec]) -> Result<Few<Tensor>> {
    if let ([y], [spec]) = (&arrays[..], promised)
        && y.spec() == spec.as_ref()
    {
        return Ok(Few::one(arrays.into_single().into()));
    }
    if arrays.len() == promised.len() && arrays.iter().zip(promised).all(|(y, spec)| y.spec() == spec.as_ref()) {
        return Ok(arrays.into_iter().map(Tensor::from).collect());
    }
    let found: Vec<SpecRef<'_>> = arrays.iter().map(Array::spec).collect();
    let rule = format!("`infer` promised {promised:?}, `eval` gave {found:?}");
    Err(Error::new(ErrorKind::Shape, primitive.name(), rule))
}
