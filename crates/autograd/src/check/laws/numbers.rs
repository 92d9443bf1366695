//! What an operation computes in other circumstances: in f32, on more threads, and for inputs whose result is known.

use super::{
    Held,
    calls::Case,
    compare::{Within, identical, largest, same},
    operation::Operation,
};
use crate::{check::unwound, transform::vjp};
use cotangent_tensor::{DType, Tensor, with_threads};

fn cast(tensors: &[Tensor], dtype: DType) -> Vec<Tensor> {
    tensors.iter().map(|x| if x.dtype().is_float() { x.cast(dtype) } else { x.clone() }).collect()
}

pub(super) fn single_precision(case: &Case<'_>) -> Held {
    let Some(bound) = case.operation.single_precision else { return Ok(0) };
    if case.variables().is_empty() {
        return Ok(0);
    }
    // Both start from the same numbers, which f32 holds.
    let single = cast(&case.inputs, DType::F32);
    let double = cast(&single, DType::F64);
    let outputs = case.outputs(&double)?;
    let mut rng = case.rng(12);
    let round = |x: &Tensor| if x.dtype().is_float() { x.cast(DType::F32).cast(DType::F64) } else { x.clone() };
    let y_bars: Vec<_> = case.cotangents(&outputs, &mut rng).iter().map(|y_bar| y_bar.as_ref().map(round)).collect();
    let x_dots: Vec<Tensor> = case.tangents(&double, &mut rng).iter().map(round).collect();
    let (wanted_bars, wanted_dots) = (case.pull(&double, &y_bars)?, case.push(&double, &x_dots)?);

    let hint = |text: String| format!("{text}; if the operation takes f64 only, say so with .f64_only()");
    let found = case.outputs(&single).map_err(hint)?;
    let float_bars = y_bars.iter().zip(&found).map(|(y_bar, y)| y_bar.as_ref().map(|y_bar| y_bar.cast(y.dtype())));
    let found_bars = case.pull(&single, &float_bars.collect::<Vec<_>>())?;
    let found_dots = case.push(&single, &cast(&x_dots, DType::F32))?;
    // A sum whose terms cancel is as wrong as its terms.
    let within = Within { relative: bound, of_the_whole: 0.1 * bound };
    let whole = largest(&outputs).max(1.0);
    let agree = |what, each, found: &[Tensor], wanted: &[Tensor]| {
        same((what, each), &cast(found, DType::F64), wanted, within, whole)
    };
    agree("the value in f32", "output", &found, &outputs)?;
    agree("the vjp in f32", "input", &found_bars.derived, &wanted_bars.derived)?;
    agree("the jvp in f32", "output", &found_dots.derived, &wanted_dots.derived)?;
    for (i, (x_bar, x)) in found_bars.derived.iter().zip(&single).enumerate() {
        if x_bar.dtype() != x.dtype() {
            return Err(format!("the vjp of an input {} is {}, for input {i}", x.spec(), x_bar.spec()).into());
        }
    }
    Ok(3)
}

pub(super) fn threads(case: &Case<'_>) -> Held {
    // Starting threads takes longer than a small sample, of which one is enough.
    if case.number > 0 && !case.is_large {
        return Ok(0);
    }
    let run = |threads| {
        with_threads(threads, || -> Result<_, String> {
            let outputs = case.outputs(&case.inputs)?;
            let y_bars = case.cotangents(&outputs, &mut case.rng(13));
            let x_bars = case.pull(&case.inputs, &y_bars)?.derived;
            Ok((outputs, x_bars))
        })
    };
    let (one, two) = (run(1)?, run(2)?);
    identical(("the value on two threads", "output"), &two.0, &one.0)?;
    identical(("the vjp on two threads", "input"), &two.1, &one.1)?;
    Ok(2)
}

/// Inputs whose outputs, or gradients of their sum, are known to the last bit.
pub(super) struct Exact {
    pub(super) inputs: Vec<Tensor>,
    pub(super) wanted: Vec<Tensor>,
    pub(super) is_gradient: bool,
}

impl Exact {
    pub(super) fn hold(&self, operation: &Operation) -> Result<(), String> {
        if !self.is_gradient {
            let found =
                unwound(|| operation.call(&self.inputs)).map_err(|text| format!("the call panicked: {text}"))?;
            return identical(("the value", "output"), &found, &self.wanted);
        }
        let found = unwound(|| {
            let floats =
                |x: &Vec<Tensor>| operation.call(x).into_iter().filter(|y| y.dtype().is_float()).collect::<Vec<_>>();
            let (outputs, pullback) = vjp(&self.inputs, floats);
            pullback.pull_once(&outputs.iter().map(Tensor::ones_like).collect::<Vec<_>>())
        });
        let found = found.map_err(|text| format!("the vjp panicked: {text}"))?;
        let floats: Vec<Tensor> = found.into_iter().filter(|x| x.dtype().is_float()).collect();
        identical(("the gradient of the sum", "floating-point input"), &floats, &self.wanted)
    }
}

/// Inputs that the operation must not take.
pub(super) struct Refused {
    pub(super) inputs: Vec<Tensor>,
    pub(super) text: String,
}

impl Refused {
    pub(super) fn hold(&self, operation: &Operation) -> Result<(), String> {
        match unwound(|| operation.call(&self.inputs)) {
            Ok(found) => {
                let found: Vec<_> = found.iter().map(Tensor::spec).collect();
                Err(format!("it gave {found:?} where it should refuse: {}", self.text))
            }
            Err(text) if text == self.text => Ok(()),
            Err(text) => {
                Err(format!("it refused with\n            {text}\n          and not with\n            {}", self.text))
            }
        }
    }
}
