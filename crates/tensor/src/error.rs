//! One error type for everything that can be wrong with an operation's inputs or with data from outside.

use crate::{DType, Spec, SpecRef};
use std::{borrow::Cow, fmt};

/// What kind of rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Shapes that do not fit the operation or each other.
    Shape,
    /// A dtype that the operation does not take, or two that differ.
    DType,
    /// An axis outside the tensor's rank, or named twice.
    Axis,
    /// An index or label outside its range.
    Index,
    /// A size that overflows or that memory cannot hold.
    Size,
    /// A parameter outside its domain.
    Value,
    /// A derivative that was asked for in a form that has no answer.
    Derivative,
    /// Bytes from outside (files, buffers) that do not follow their format.
    Data,
}

/// An operation's name, the rule that was broken, what was given, and, where there is one, the way out.
///
/// ```
/// use cotangent_tensor::{Tensor, ErrorKind, ops::MatMul, try_apply};
/// let (a, b) = (Tensor::from([[1.0f32, 2.0]]), Tensor::from([[1.0f32, 2.0]]));
/// let error = try_apply(&MatMul, &[&a, &b]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Shape);
/// assert!(error.to_string().starts_with("matmul: "));
/// ```
#[derive(Clone, PartialEq)]
pub struct Error(Box<Report>);

#[derive(Clone, Debug, PartialEq)]
struct Report {
    kind: ErrorKind,
    op: Cow<'static, str>,
    rule: String,
    inputs: Vec<Spec>,
    hint: Option<Cow<'static, str>>,
}

/// The result of an operation that can be misused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of operation `op` that broke `rule`.
    #[must_use]
    pub fn new(kind: ErrorKind, op: impl Into<Cow<'static, str>>, rule: impl Into<String>) -> Self {
        Error(Box::new(Report { kind, op: op.into(), rule: rule.into(), inputs: Vec::new(), hint: None }))
    }

    /// Adds the shapes and dtypes that were given.
    #[must_use]
    pub fn with_inputs(mut self, inputs: &[SpecRef<'_>]) -> Self {
        self.0.inputs = inputs.iter().map(|&spec| spec.to_owned()).collect();
        self
    }

    /// As [`with_inputs`](Self::with_inputs), unless the error shows some already.
    pub(crate) fn or_inputs(self, inputs: &[SpecRef<'_>]) -> Self {
        if self.0.inputs.is_empty() { self.with_inputs(inputs) } else { self }
    }

    /// The same refusal by the operation that the user called, which is made of the one that refused.
    #[must_use]
    pub(crate) fn in_name_of(mut self, op: &'static str) -> Self {
        self.0.op = op.into();
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// What kind of rule was broken.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name of the operation.
    #[must_use]
    pub fn op(&self) -> &str {
        &self.0.op
    }

    /// The refusal to read what is a shape and a dtype without values.
    #[must_use]
    pub fn no_values(op: impl Into<Cow<'static, str>>, spec: SpecRef<'_>) -> Self {
        Error::new(ErrorKind::Value, op, "a tensor that is a shape without values cannot be read")
            .with_inputs(&[spec])
            .with_hint("what depends on values needs a run with values")
    }

    /// The refusal of a dtype that is not floating point.
    #[must_use]
    pub fn needs_float(op: impl Into<Cow<'static, str>>, inputs: &[SpecRef<'_>]) -> Self {
        Error::new(ErrorKind::DType, op, "needs a floating-point dtype")
            .with_inputs(inputs)
            .with_hint("cast first, for example with .cast(DType::F32)")
    }

    /// The refusal of a dtype without arithmetic.
    #[must_use]
    pub fn needs_numbers(op: impl Into<Cow<'static, str>>, inputs: &[SpecRef<'_>]) -> Self {
        Error::new(ErrorKind::DType, op, "truth values have no arithmetic")
            .with_inputs(inputs)
            .with_hint("cast first, for example with .cast(DType::F32)")
    }

    /// The refusal of a label that is not one of `classes` class indices; `position` is its place in the tensor of labels.
    #[must_use]
    pub fn not_a_class(op: impl Into<Cow<'static, str>>, label: i64, position: &[usize], classes: usize) -> Self {
        let range = match classes {
            0 => "and there are no classes".to_owned(),
            _ => format!("which is not one of the {classes} classes 0 to {}", classes - 1),
        };
        Error::new(ErrorKind::Index, op, format!("the label at {position:?} is {label}, {range}"))
    }

    /// The refusal of two dtypes in one operation.
    #[must_use]
    pub fn mixed_dtypes(op: impl Into<Cow<'static, str>>, inputs: &[SpecRef<'_>]) -> Self {
        let first = inputs.first().map_or(DType::F32, |spec| spec.dtype());
        let odd = inputs.iter().map(|spec| spec.dtype()).find(|&dtype| dtype != first).unwrap_or(first);
        Error::new(ErrorKind::DType, op, format!("all inputs must have one dtype, not {first} and {odd}"))
            .with_inputs(inputs)
            .with_hint(cast_to_one(inputs))
    }
}

/// The value, or a panic with the error, which names the line of whoever called the operation.
///
/// Not `unwrap_or_else` with a closure: a closure has no caller, and what panics in one names a line of the library.
#[inline]
#[track_caller]
pub(crate) fn or_panic<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => refuse(error),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refuse(error: Error) -> ! {
    panic!("{error}")
}

/// The way out of two dtypes.
pub(crate) fn cast_to_one(inputs: &[SpecRef<'_>]) -> String {
    format!("cast one of them, for example with .cast(DType::{:?})", widest(inputs))
}

/// The way out of values of another dtype than the tensor into which they are to go.
pub(crate) fn cast_values(x: SpecRef<'_>, values: SpecRef<'_>) -> String {
    let wanted = widest(&[x, values]);
    let what = if wanted == x.dtype() { "them" } else { "the tensor" };
    format!("cast {what} with .cast(DType::{wanted:?})")
}

/// The dtype to which a cast makes no whole numbers of fractions and no truth values of numbers.
fn widest(inputs: &[SpecRef<'_>]) -> DType {
    let dtypes = || inputs.iter().map(|spec| spec.dtype());
    let whole = || if dtypes().any(|dtype| dtype == DType::I64) { DType::I64 } else { DType::U8 };
    dtypes().find(|dtype| dtype.is_float()).unwrap_or_else(whole)
}

/// Checks how many inputs an operation was given.
#[inline]
pub(crate) fn takes(op: &'static str, count: usize, inputs: &[SpecRef<'_>]) -> Result<()> {
    if inputs.len() == count {
        return Ok(());
    }
    Err(another_count(op, count, inputs))
}

#[cold]
fn another_count(op: &'static str, count: usize, inputs: &[SpecRef<'_>]) -> Error {
    let s = if count == 1 { "" } else { "s" };
    Error::new(ErrorKind::Value, op, format!("takes {count} input{s}, not {}", inputs.len())).with_inputs(inputs)
}

/// Checks that an option lies within its domain, as `fits` says; `domain` says it in words.
pub(crate) fn check_option(op: &'static str, name: &str, value: f64, fits: bool, domain: &str) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Value, op, format!("{name} must be {domain}, not {value:?}")))
}

/// Checks a number that keeps a denominator from zero.
pub(crate) fn check_eps(op: &'static str, eps: f64) -> Result<()> {
    check_option(op, "eps", eps, eps.is_finite() && eps >= 0.0, "finite and at least 0")
}

/// Checks that all inputs have one dtype.
pub(crate) fn same_dtypes(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    if inputs.iter().skip(1).all(|input| input.dtype() == inputs[0].dtype()) {
        return Ok(());
    }
    Err(Error::mixed_dtypes(op, inputs))
}

/// Checks that all inputs have one dtype and one shape.
#[inline]
pub(crate) fn same_specs(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    if inputs.iter().skip(1).all(|input| *input == inputs[0]) {
        return Ok(());
    }
    Err(differing_specs(op, inputs))
}

#[cold]
fn differing_specs(op: &'static str, inputs: &[SpecRef<'_>]) -> Error {
    if let Err(error) = same_dtypes(op, inputs) {
        return error;
    }
    Error::new(ErrorKind::Shape, op, "the primitive takes inputs of one shape")
        .with_inputs(inputs)
        .with_hint("its method broadcasts; for try_apply, expand the inputs first")
}

/// As many inputs as a message shows: more than any operation of a fixed number has; a list can have thousands.
const SHOWN_INPUTS: usize = 8;

/// The message, for it is what a `main` that returns the error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { op, rule, inputs, hint, .. } = &*self.0;
        write!(f, "{op}: {rule}")?;
        for (i, spec) in inputs.iter().take(SHOWN_INPUTS).enumerate() {
            write!(f, "{}{spec}", if i == 0 { "; got " } else { ", " })?;
        }
        if let Some(more @ 1..) = inputs.len().checked_sub(SHOWN_INPUTS) {
            write!(f, " and {more} more")?;
        }
        if let Some(hint) = hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
