//! Checkpointing: trading time for memory. A segment of a computation keeps only its inputs, and is run again when its derivative
//! is asked for.
//!
//! A segment is a primitive like any other, whose rule is a transform; so it nests, and has derivatives of every order.

use crate::{
    module::{self, Module},
    transform::{jvp, vjp},
};
use cotangent_tensor::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply,
};
use std::sync::Arc;

/// Runs `f(x)`, keeping for the backward pass nothing but `x`; `f` runs again there.
///
/// All that the result depends on must be in `x`: the model and its inputs, for example as a tuple. What needs random numbers takes
/// a generator that `f` captures and clones, so that both runs draw the same.
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
/// ```
#[track_caller]
pub fn checkpoint<M, F>(x: &M, f: F) -> Tensor
where
    M: Module + Clone + Send + Sync + 'static,
    F: Fn(&M) -> Tensor + Send + Sync + 'static,
{
    let inputs = module::tensors(x);
    if !inputs.iter().any(|input| is_differentiated(input)) {
        return f(x);
    }
    let plain = module::map(x, |leaf| Tensor::from(leaf.tensor.array().clone()));
    let y = f(&plain);
    assert!(
        !is_differentiated(&y),
        "checkpoint: the function captured a tensor that is being differentiated; pass it in the argument"
    );
    // The structure must not hold the traced tensors, or the tape would hold itself.
    let structure = module::map(x, |_| Tensor::from(0u8));
    let segment = Segment { structure: Arc::new(structure), f: Arc::new(f), y: Some(y.into_array()) };
    apply(&segment, &inputs).into_single()
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

/// A function as a primitive of the tensors of its argument.
struct Segment<M, F> {
    /// The argument with its tensors taken out.
    structure: Arc<M>,
    f: Arc<F>,
    /// The result of the first run; copies of the primitive, which tapes keep, are without it.
    y: Option<Array>,
}

impl<M, F> Clone for Segment<M, F> {
    fn clone(&self) -> Self {
        Segment { structure: self.structure.clone(), f: self.f.clone(), y: None }
    }
}

impl<M: Module + Clone, F> Segment<M, F> {
    /// The argument with these tensors.
    fn argument<'a>(&self, tensors: impl IntoIterator<Item = &'a Tensor>) -> M {
        let mut tensors = tensors.into_iter();
        module::map(&self.structure, |_| tensors.next().expect("as many tensors as the argument had").clone())
    }
}

impl<M, F> Primitive for Segment<M, F>
where
    M: Module + Clone + Send + Sync + 'static,
    F: Fn(&M) -> Tensor + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        if let Some(y) = &self.y {
            return Ok(SpecRef::to_owned(y.spec()).into());
        }
        let zeros: Vec<Tensor> = inputs.iter().map(|spec| Tensor::zeros(spec.shape(), spec.dtype())).collect();
        Ok(SpecRef::to_owned((self.f)(&self.argument(&zeros)).spec()).into())
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        if let Some(y) = &self.y {
            return Ok(y.clone().into());
        }
        let tensors: Vec<Tensor> = inputs.iter().map(|&x| Tensor::from(x.clone())).collect();
        let y = (self.f)(&self.argument(&tensors));
        if is_differentiated(&y) {
            let rule = "the function captured a tensor that is being differentiated";
            return Err(Error::new(ErrorKind::Derivative, "checkpoint", rule).with_hint("pass it in the argument"));
        }
        Ok(y.into_array().into())
    }

    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl<M, F> Vjp for Segment<M, F>
where
    M: Module + Clone + Send + Sync + 'static,
    F: Fn(&M) -> Tensor + Send + Sync + 'static,
{
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }

    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let x = self.argument((0..needs.len()).map(|i| saved.input(i)));
        let (_, pullback) = vjp(&x, &*self.f);
        let x_bar = pullback.pull_once(&y_bar.single());
        module::tensors(&x_bar).into_iter().zip(needs).map(|(x_bar, &needed)| needed.then(|| x_bar.clone())).collect()
    }

    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let tangents: Vec<Tensor> =
            x.iter().zip(dot).map(|(x, x_dot)| x_dot.cloned().unwrap_or_else(|| x.zeros_like())).collect();
        let (x, x_dot) = (self.argument(x.iter().copied()), self.argument(&tangents));
        Some(Few::one(Some(jvp(&x, &x_dot, &*self.f).1)))
    }
}
