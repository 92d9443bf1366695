//! Running an operation: handing it to the highest tracer among its inputs, or evaluating it when all are plain.

use super::{Decompose, Primitive};
use crate::{Array, DType, Error, ErrorKind, Few, Result, Spec, SpecRef, Tensor, kernels::halves};

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
    let promised = match infer(primitive, inputs) {
        Ok(promised) => promised,
        Err(error) => return Err(showing(error, inputs)),
    };
    if inputs.iter().any(|x| !x.has_values()) {
        return Ok(shapes_only(&promised));
    }
    let outputs = match inputs {
        _ if needs_widening(primitive, inputs) => primitive.eval_owned(widened(inputs)),
        // The usual counts of inputs need no list.
        [x] => primitive.eval(&[x.array()]),
        [x, y] => primitive.eval(&[x.array(), y.array()]),
        _ => primitive.eval(&inputs.iter().map(|x| x.array()).collect::<Few<_>>()),
    };
    match outputs {
        Ok(outputs) => finish(primitive, inputs, outputs, &promised),
        Err(error) => Err(showing(error, inputs)),
    }
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

/// Whether an operation is to be given f32 in place of halves.
#[inline]
fn needs_widening(primitive: &dyn Primitive, inputs: &[&Tensor]) -> bool {
    inputs.iter().any(|x| x.dtype().is_half()) && !primitive.takes_halves()
}

/// The values, with f32 in place of halves; in memory of their own, so that results can be written over them.
#[cold]
fn widened(inputs: &[&Tensor]) -> Few<Array> {
    let widen = |x: &&Tensor| if x.dtype().is_half() { halves::widened(x.array()) } else { x.array().clone() };
    inputs.iter().map(widen).collect()
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
pub(crate) const WORTH_REUSING: usize = 2048;

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
    if needs_widening(primitive, &borrowed) {
        return finish(primitive, &borrowed, primitive.eval_owned(widened(&borrowed))?, &promised);
    }
    drop(borrowed);
    let arrays = inputs.into_iter().map(Tensor::into_array).collect();
    finish(primitive, &[], primitive.eval_owned(arrays)?, &promised)
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

/// Holds `eval` to what `infer` promised, and rounds what it computed in f32 for halves; an error shows the inputs that are still there.
#[inline]
fn finish(
    primitive: &dyn Primitive,
    inputs: &[&Tensor],
    mut arrays: Few<Array>,
    promised: &[Spec],
) -> Result<Few<Tensor>> {
    if let ([y], [spec]) = (&arrays[..], promised)
        && y.spec() == spec.as_ref()
    {
        return Ok(Few::one(arrays.into_single().into()));
    }
    for (y, spec) in arrays.iter_mut().zip(promised) {
        if spec.dtype().is_half() && y.dtype() == DType::F32 {
            *y = halves::narrowed(y, spec.dtype());
        }
    }
    if arrays.len() == promised.len() && arrays.iter().zip(promised).all(|(y, spec)| y.spec() == spec.as_ref()) {
        return Ok(arrays.into_iter().map(Tensor::from).collect());
    }
    let found: Vec<SpecRef<'_>> = arrays.iter().map(Array::spec).collect();
    let rule = format!("`infer` promised {promised:?}, `eval` gave {found:?}");
    Err(showing(Error::new(ErrorKind::Shape, primitive.name(), rule), inputs))
}
