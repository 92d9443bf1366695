//! Running an operation: handing it to the highest tracer among its inputs, or evaluating it when all are plain.

use super::{Decompose, Primitive, Promise};
use crate::{
    Array, DType, Error, ErrorKind, Few, Result, Spec, SpecRef, Tensor, error::or_panic, few::Repr, kernels::halves,
};

/// Runs an operation.
///
/// # Panics
/// When the inputs do not fit the operation; [`try_apply`] returns the error instead.
#[track_caller]
pub fn apply(primitive: &dyn Primitive, inputs: &[&Tensor]) -> Few<Tensor> {
    or_panic(try_apply(primitive, inputs))
}

/// Runs an operation, or says why its inputs do not fit.
///
/// # Errors
/// What `infer` or `eval` of the operation refuse.
pub fn try_apply(primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
    // Below every transform the usual counts of inputs need no list.
    match *inputs {
        [x] => {
            if let Some(x) = x.as_plain() {
                return evaluate(primitive, &[x], &[x.spec()], as_tensors);
            }
        }
        [x, y] => {
            if let (Some(x), Some(y)) = (x.as_plain(), y.as_plain()) {
                return evaluate(primitive, &[x, y], &[x.spec(), y.spec()], as_tensors);
            }
        }
        _ => {}
    }
    if let Some(tracer) = highest_tracer(inputs) {
        return tracer.apply(primitive, inputs);
    }
    let arrays: Few<&Array> = inputs.iter().map(|x| x.array()).collect();
    evaluate(primitive, &arrays, &specs_of(inputs), as_tensors)
}

/// The only output of an operation of two inputs below every transform; as [`try_apply`], without a list.
pub(crate) fn try_apply_plain(primitive: &dyn Primitive, x: &Array, y: &Array) -> Result<Array> {
    evaluate(primitive, &[x, y], &[x.spec(), y.spec()], Few::into_single)
}

#[inline(always)]
fn as_tensors(arrays: Few<Array>) -> Few<Tensor> {
    arrays.map(Tensor::from)
}

fn specs_of<'a>(inputs: &[&'a Tensor]) -> Few<SpecRef<'a>> {
    inputs.iter().map(|x| x.spec()).collect()
}

/// Runs an operation below every transform; `results` makes of its outputs what the caller returns.
///
/// Inlined, and what `promise` and `eval` return is taken apart where it lies: to move a list that was written a moment ago waits for the
/// writes to go through, which was a fifth of the time of a scalar addition.
#[inline(always)]
fn evaluate<R>(
    primitive: &dyn Primitive,
    inputs: &[&Array],
    specs: &[SpecRef<'_>],
    results: impl Fn(Few<Array>) -> R,
) -> Result<R> {
    let run = |promise: &Promise| {
        debug_assert!(
            primitive.infer(specs).is_ok_and(|inferred| inferred == promise.clone().into_specs(specs)),
            "{}: `promise` and `infer` must say the same",
            primitive.name(),
        );
        let as_they_are = inputs.iter().all(|x| x.has_values() && !x.dtype().is_half());
        let outputs = if as_they_are { primitive.eval(inputs) } else { eval_otherwise(primitive, inputs, specs) };
        match outputs {
            Ok(Few(Repr::One([y]))) if promise.as_single(specs) == Some(y.spec()) => Ok(results(Few::one(y))),
            outputs => finish(primitive, specs, outputs, promise).map(&results),
        }
    };
    match primitive.promise(specs) {
        Ok(ref promise) => run(promise),
        Err(error) => Err(showing(error, specs)),
    }
}

/// What an operation gives where an input has no values, or holds halves.
#[inline(never)]
fn eval_otherwise(primitive: &dyn Primitive, inputs: &[&Array], specs: &[SpecRef<'_>]) -> Result<Few<Array>> {
    if inputs.iter().any(|x| !x.has_values()) {
        return Ok(primitive.infer(specs)?.iter().map(|y| Array::shape_only(y.shape(), y.dtype())).collect());
    }
    if primitive.takes_halves() { primitive.eval(inputs) } else { primitive.eval_owned(widened(inputs)) }
}

/// The values, with f32 in place of halves; in memory of their own, so that results can be written over them.
fn widened(inputs: &[&Array]) -> Few<Array> {
    let widen = |x: &&Array| if x.dtype().is_half() { halves::widened(x) } else { Array::clone(x) };
    inputs.iter().map(widen).collect()
}

/// Runs an operation as the simpler ones that it is made of, on the same inputs, traced or not; for tracers. As for `eval`, bf16 and f16
/// are f32 there, unless the operation takes halves, and what comes out is rounded once.
///
/// # Errors
/// What the operation refuses, or when the decomposition gives other outputs than `infer` promised.
pub fn try_decompose(primitive: &dyn Primitive, parts: &dyn Decompose, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
    let specs = specs_of(inputs);
    let promised = primitive.infer(&specs).map_err(|error| showing(error, &specs))?;
    let outputs = if inputs.iter().any(|x| x.dtype().is_half()) && !primitive.takes_halves() {
        decomposed_by_way_of_f32(parts, inputs, &promised)
    } else {
        parts.decompose(inputs)
    };
    if outputs.len() == promised.len() && outputs.iter().zip(&promised).all(|(y, spec)| y.spec() == spec.as_ref()) {
        return Ok(outputs);
    }
    let found: Vec<SpecRef<'_>> = outputs.iter().map(Tensor::spec).collect();
    let rule = format!("`infer` promised {promised:?}, `decompose` gave {found:?}");
    Err(showing(Error::new(ErrorKind::Shape, primitive.name(), rule), &specs))
}

/// As `eval` would be run: on f32 in place of halves, and rounded at the end, where halves are promised.
fn decomposed_by_way_of_f32(parts: &dyn Decompose, inputs: &[&Tensor], promised: &[Spec]) -> Few<Tensor> {
    let widen = |x: &&Tensor| if x.dtype().is_half() { x.cast(DType::F32) } else { Tensor::clone(x) };
    let wide: Few<Tensor> = inputs.iter().map(widen).collect();
    let outputs = parts.decompose(&wide.iter().collect::<Few<_>>());
    let rounded = |(i, y): (usize, Tensor)| match promised.get(i) {
        Some(spec) if spec.dtype().is_half() => y.cast(spec.dtype()),
        _ => y,
    };
    outputs.into_iter().enumerate().map(rounded).collect()
}

/// Elements from which on it pays to take an input's memory for the output: less than that fits the first cache.
pub(crate) const WORTH_REUSING: usize = 2048;

/// As [`apply`], with the inputs given away: memory that nobody else refers to is used for the outputs.
///
/// # Panics
/// As [`apply`].
#[track_caller]
pub fn apply_owned(primitive: &dyn Primitive, inputs: Few<Tensor>) -> Few<Tensor> {
    or_panic(try_apply_owned(primitive, inputs))
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
    let specs: Few<SpecRef<'_>> = inputs.iter().map(Tensor::spec).collect();
    let promised = primitive.infer(&specs).map_err(|error| showing(error, &specs))?;
    if inputs.iter().any(|x| x.dtype().is_half()) && !primitive.takes_halves() {
        let arrays: Few<&Array> = inputs.iter().map(Tensor::array).collect();
        let outputs = primitive.eval_owned(widened(&arrays));
        return finish(primitive, &specs, outputs, &Promise::Specs(promised)).map(as_tensors);
    }
    drop(specs);
    let arrays = inputs.into_iter().map(Tensor::into_array).collect();
    finish(primitive, &[], primitive.eval_owned(arrays), &Promise::Specs(promised)).map(as_tensors)
}

/// An error that shows these inputs, unless it shows some already.
#[cold]
fn showing(error: Error, inputs: &[SpecRef<'_>]) -> Error {
    error.or_inputs(inputs)
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

/// Holds `eval` to what was promised, and rounds what it computed in f32 for halves; an error shows the inputs that are still there.
fn finish(
    primitive: &dyn Primitive,
    inputs: &[SpecRef<'_>],
    outputs: Result<Few<Array>>,
    promise: &Promise,
) -> Result<Few<Array>> {
    let mut arrays = outputs.map_err(|error| showing(error, inputs))?;
    let as_input;
    let promised = match promise {
        &Promise::AsInput(i) => {
            as_input = Few::one(inputs[i].to_owned());
            &as_input
        }
        Promise::Specs(specs) => specs,
    };
    for (y, spec) in arrays.iter_mut().zip(promised) {
        if spec.dtype().is_half() && y.dtype() == DType::F32 {
            *y = halves::narrowed(y, spec.dtype());
        }
    }
    if arrays.len() == promised.len() && arrays.iter().zip(promised).all(|(y, spec)| y.spec() == spec.as_ref()) {
        return Ok(arrays);
    }
    let found: Vec<SpecRef<'_>> = arrays.iter().map(Array::spec).collect();
    let rule = format!("`infer` promised {promised:?}, `eval` gave {found:?}");
    Err(showing(Error::new(ErrorKind::Shape, primitive.name(), rule), inputs))
}
