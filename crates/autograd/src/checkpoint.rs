//! Checkpointing: trading time for memory. A segment of a computation keeps only its inputs, and is run again when its derivative
//! is asked for.
//!
//! A segment is a primitive like any other, whose rule is a transform; so it nests, and has derivatives of every order.

use crate::{
    dual::Forward,
    module::{self, Module},
    transform::vjp,
};
use cotangent_tensor::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply,
};
use std::sync::Arc;

/// Runs `f(x)`, keeping for the backward pass nothing but `x`; `f` runs again there.
///
/// The result is a tensor, or any [`Module`]: a tuple, a list, a struct of tensors. All that it depends on must be in `x`: the model
/// and its inputs, for example as a tuple. What needs random numbers takes a generator that `f` captures and clones, so that
/// both runs draw the same.
///
/// # Panics
/// When `f` captured a tensor that is being differentiated, instead of taking it from `x`.
///
/// ```
/// use cotangent_autograd::{checkpoint, grad};
/// use cotangent_tensor::Tensor;
/// let (w, x) = (Tensor::from(3.0), Tensor::from(2.0));
/// let gradient = grad(&w, |w| checkpoint(&(w.clone(), x.clone()), |(w, x)| (w * x).exp()));
/// assert_eq!(gradient.item::<f64>(), 2.0 * 6.0f64.exp());
///
/// // Several results: a step of a recurrent network, say.
/// let gradient = grad(&w, |w| {
///     let (state, output) = checkpoint(w, |w| (w.square(), w * 2));
///     state * output
/// });
/// assert_eq!(gradient.item::<f64>(), 6.0 * 9.0);
/// ```
#[track_caller]
pub fn checkpoint<M, N, F>(x: &M, f: F) -> N
where
    M: Module + Clone + Send + Sync + 'static,
    N: Module + Clone,
    F: Fn(&M) -> N + Send + Sync + 'static,
{
    let inputs = module::tensors(x);
    if !inputs.iter().any(|input| is_differentiated(input)) {
        return f(x);
    }
    // The structure must not hold the traced tensors, or the tape would hold itself.
    let structure = module::map(x, |_| Tensor::from(0u8));
    let run = move |tensors: &[Tensor]| {
        let mut tensors = tensors.iter();
        f(&module::map(&structure, |_| tensors.next().expect("as many tensors as the argument had").clone()))
    };
    let plain: Vec<Tensor> = inputs.iter().map(|input| Tensor::from(input.array().clone())).collect();
    let y = run(&plain);
    let first = arrays(&flat(&y)).unwrap_or_else(|error| panic!("{error}"));
    if first.is_empty() {
        return y;
    }
    let segment = Segment { f: Arc::new(move |tensors| flat(&run(tensors))), first: Some(first) };
    let mut outputs = apply(&segment, &inputs).into_iter();
    module::map(&y, |_| outputs.next().expect("as many tensors as the first run gave"))
}

/// Whether a transform that runs differentiates the tensor; one that only watches does not.
fn is_differentiated(x: &Tensor) -> bool {
    let mut tracer = x.tracer();
    while let Some(seen) = tracer {
        if seen.differentiates() {
            return true;
        }
        tracer = seen.primal().tracer();
    }
    false
}

fn flat<M: Module>(module: &M) -> Vec<Tensor> {
    module::tensors(module).into_iter().cloned().collect()
}

/// What a run gave, which nothing may be differentiating.
fn arrays(tensors: &[Tensor]) -> Result<Few<Array>> {
    if tensors.iter().any(is_differentiated) {
        let rule = "the function captured a tensor that is being differentiated";
        return Err(Error::new(ErrorKind::Derivative, "checkpoint", rule).with_hint("pass it in the argument"));
    }
    Ok(tensors.iter().map(|tensor| tensor.array().clone()).collect())
}

/// A function from the tensors of an argument to those of a result.
type Flat = dyn Fn(&[Tensor]) -> Vec<Tensor> + Send + Sync;

/// Such a function as a primitive.
struct Segment {
    f: Arc<Flat>,
    /// The results of the first run; copies of the primitive, which tapes keep, are without them.
    first: Option<Few<Array>>,
}

impl Clone for Segment {
    fn clone(&self) -> Self {
        Segment { f: self.f.clone(), first: None }
    }
}

impl Primitive for Segment {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        if let Some(first) = &self.first {
            return Ok(first.iter().map(|y| y.spec().to_owned()).collect());
        }
        let zeros: Vec<Tensor> = inputs.iter().map(|spec| Tensor::zeros(spec.shape(), spec.dtype())).collect();
        Ok((self.f)(&zeros).iter().map(|y| y.spec().to_owned()).collect())
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        if let Some(first) = &self.first {
            return Ok(first.clone());
        }
        let tensors: Vec<Tensor> = inputs.iter().map(|&x| Tensor::from(x.clone())).collect();
        arrays(&(self.f)(&tensors))
    }

    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Segment {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }

    fn vjp(&self, saved: &Saved, y_bars: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        // What is constant stays constant: its derivative may be costly, or not exist. A list of tensors, not the argument that `f` takes:
        // what is a buffer there may well be traced.
        let input = |i: usize| saved.input(i).clone();
        let variables: Vec<Tensor> = (0..needs.len()).filter(|&i| needs[i]).map(input).collect();
        let (_, pullback) = vjp(&variables, |variables| {
            let mut variables = variables.iter().cloned();
            let variable_or_constant =
                |i: usize| if needs[i] { variables.next() } else { None }.unwrap_or_else(|| input(i));
            (self.f)(&(0..needs.len()).map(variable_or_constant).collect::<Vec<Tensor>>())
        });
        let mut x_bars = pullback.pull_given(y_bars.into_given()).into_iter();
        needs.iter().map(|&needed| if needed { x_bars.next() } else { None }).collect()
    }

    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        // Not `jvp` with zeros: what is at rest has no tangent, nor what depends on nothing else.
        let forward = Forward::new();
        let argument = x.iter().zip(dot).map(|(&x, x_dot)| match x_dot {
            Some(x_dot) => forward.dual(x, x_dot),
            None => x.clone(),
        });
        let y = (self.f)(&argument.collect::<Vec<Tensor>>());
        Some(y.iter().map(|y| forward.parts(y).1.cloned()).collect())
    }
}
