//! The protocol of operations: what an operation is, how it declares its derivative, and `apply`, which runs it.
//!
//! An operation knows three things: which inputs it takes (`infer`), what it computes (`eval`, on plain arrays), and exactly
//! one of three derivatives: a vjp, a decomposition into simpler operations, or zero. It knows nothing of tapes. `apply` hands it
//! to the highest tracer among its inputs, or evaluates it when all inputs are plain.
//!
//! A user's operation implements the same trait and goes the same way as a built-in one.

mod apply;
mod cotangents;
mod saved;

pub(crate) use apply::{WORTH_REUSING, try_apply_owned, try_apply_plain};
pub use apply::{apply, apply_owned, try_apply, try_decompose};
pub use cotangents::{Cotangent, Cotangents};
pub use saved::{Keep, Saved};

use crate::{Array, Few, Result, Spec, SpecRef, Tensor};

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

    /// As `infer`, by naming an input where that says it: what comes before each run of an operation, and is most of the cost of a small
    /// one. It must say the same as `infer`, as it does unless an operation has its own.
    ///
    /// ```
    /// # use cotangent_tensor::{Array, Derivative, Few, Primitive, Promise, Result, Spec, SpecRef};
    /// # #[derive(Clone)]
    /// # struct Same;
    /// # impl Primitive for Same {
    /// # fn name(&self) -> &'static str { "same" }
    /// fn infer(&self, inputs: &[SpecRef]) -> Result<Few<Spec>> { Ok(self.promise(inputs)?.into_specs(inputs)) }
    /// fn promise(&self, inputs: &[SpecRef]) -> Result<Promise> { Ok(Promise::AsInput(0)) }
    /// # fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> { Ok(inputs[0].clone().into()) }
    /// # fn derivative(&self) -> Derivative<'_> { Derivative::Zero }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for `infer`.
    fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
        self.infer(inputs).map(Promise::Specs)
    }

    /// The outputs. Inputs have passed `infer`; they may be strided, broadcast or empty, and what was bf16
    /// or f16 is f32, unless the operation [takes halves](Self::takes_halves).
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

    /// Whether `eval` takes halves as they are, bf16 and f16, because it moves elements and does not compute with them.
    ///
    /// Any other operation is handed f32 in their place, and may return f32 where `infer` promised halves, which is rounded then; so it
    /// needs to know nothing of them, and its [decomposition](Decompose) neither. An output that its rule takes differences or roots of
    /// is better promised in f32.
    fn takes_halves(&self) -> bool {
        false
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

/// What an operation says of its outputs before it runs; see [`Primitive::promise`].
#[derive(Clone, Debug)]
pub enum Promise {
    /// There is one, with the shape and dtype of this input.
    AsInput(usize),
    /// Their shapes and dtypes.
    Specs(Few<Spec>),
}

impl Promise {
    /// The outputs' shapes and dtypes, for these inputs.
    ///
    /// # Panics
    /// When the promise names an input that there is not.
    #[must_use]
    #[inline]
    pub fn into_specs(self, inputs: &[SpecRef<'_>]) -> Few<Spec> {
        match self {
            Promise::AsInput(i) => inputs[i].to_owned().into(),
            Promise::Specs(specs) => specs,
        }
    }

    /// The spec of the only output, if there is one.
    #[inline]
    fn as_single<'a>(&'a self, inputs: &[SpecRef<'a>]) -> Option<SpecRef<'a>> {
        match self {
            &Promise::AsInput(i) => Some(inputs[i]),
            Promise::Specs(specs) => specs.as_single().map(Spec::as_ref),
        }
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
/// in proportion to what it reads. Of halves it does so where the operation that adds [takes them](Primitive::takes_halves), as that of
/// slices; else the sum as a whole is widened and rounded in each step.
///
/// Where another input needs a cotangent too, the [`Vjp`] is asked for both.
pub trait Accumulate {
    /// `sum + x_bar`. The sum is given away, so that its memory can be used: [`apply_owned`] does so where nobody else refers to it.
    fn accumulate(&self, sum: Tensor, saved: &Saved, cotangents: Cotangents) -> Tensor;
}

/// The simpler operations that a fused one is made of.
pub trait Decompose {
    /// The outputs, computed with other operations; equal to `eval` up to rounding. Of halves it is handed f32, as `eval` is.
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor>;
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
