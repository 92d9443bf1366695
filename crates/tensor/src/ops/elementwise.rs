//! One scalar formula and its derivative, written once, make a fused operation that can be differentiated any number of times.
//!
//! The formula is generic over [`Real`]: with numbers it is the body of a vectorised loop, with tensors it is the expression that
//! a higher derivative goes through. The backward pass is fused too: `x_bar = y_bar * f'(x)` is one loop.

use crate::{
    Array, Cotangents, DType, Decompose, Derivative, Error, Few, Keep, Primitive, Real, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply,
    dtype::for_float,
    error::{same_specs, takes},
    kernels::{
        map::{self, Map},
        math::Math,
    },
    real::{Lane, lanes},
};

/// A function of one to three real numbers with its partial derivatives; implementing it makes a type a [`Primitive`].
///
/// ```
/// use cotangent_tensor::{Real, Tensor, apply, ops::Elementwise};
///
/// /// y = x sigmoid(x)
/// #[derive(Clone)]
/// struct Swish;
///
/// impl Elementwise for Swish {
///     const NAME: &'static str = "swish";
///     const ARITY: usize = 1;
///     fn value<R: Real>(&self, x: &[R]) -> R { x[0].clone() * x[0].sigmoid() }
///     fn partial<R: Real>(&self, _: usize, x: &[R]) -> R {
///         let s = x[0].sigmoid();
///         s.clone() + x[0].clone() * s.clone() * (x[0].constant(1.0) - s)
///     }
/// }
///
/// let y = apply(&Swish, &[&Tensor::from([0.0f32, 1.0])]).into_single();
/// assert_eq!(y.to_vec::<f32>()[0], 0.0);
/// ```
pub trait Elementwise: Clone + Send + Sync + 'static {
    /// The operation's name, as messages show it.
    const NAME: &'static str;
    /// How many inputs it has: one to three.
    const ARITY: usize;
    /// What the partial derivatives look at; nothing else is kept alive.
    const KEEPS: Kept = Kept::Inputs;
    /// The function on integers, for the few that have one; others need a floating-point dtype.
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = None;

    /// y = f(x)
    fn value<R: Real>(&self, x: &[R]) -> R;

    /// The derivative of y with respect to `x[i]`; `kept` holds the inputs, or the output alone, as [`KEEPS`](Self::KEEPS) says.
    fn partial<R: Real>(&self, i: usize, kept: &[R]) -> R;

    /// What input `i` gets of the cotangent of y: `y_bar * partial(i)`.
    ///
    /// Where a function is constant on one side it selects instead, so that an infinite cotangent, as of a square root at
    /// zero, does not become 0 * inf, which is NaN.
    #[inline(always)]
    fn pull<R: Real>(&self, i: usize, y_bar: &R, kept: &[R]) -> R {
        y_bar.clone() * self.partial(i, kept)
    }

    /// Refuses parameters of the function that do not go with a dtype.
    ///
    /// # Errors
    /// When one does not.
    fn check(&self, _dtype: DType) -> Result<()> {
        Ok(())
    }
}

/// What the partial derivatives of an [`Elementwise`] function are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The inputs.
    Inputs,
    /// The output.
    Output,
}

impl<F: Elementwise> Primitive for F {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes(F::NAME, F::ARITY, inputs)?;
        same_specs(F::NAME, inputs)?;
        let dtype = inputs[0].dtype();
        if dtype.is_float() || (F::INTEGER.is_some() && dtype != DType::Bool) {
            self.check(dtype)?;
            return Ok(inputs[0].to_owned().into());
        }
        Err(match F::INTEGER {
            Some(_) => Error::needs_numbers(F::NAME, inputs),
            None => Error::needs_float(F::NAME, inputs),
        })
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let shape = inputs[0].shape();
        Ok(match (inputs[0].dtype(), F::INTEGER) {
            (DType::I64, Some(f)) => {
                Array::from_buffer(map::map::<i64, i64, _>(&Integers { function: self, f }, inputs), shape)
            }
            (DType::U8, Some(f)) => {
                Array::from_buffer(map::map::<u8, u8, _>(&Integers { function: self, f }, inputs), shape)
            }
            (dtype, _) => for_float!(dtype, T => Array::from_buffer(map::map::<T, T, _>(&Value(self), inputs), shape)),
        }
        .into())
    }

    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl<F: Elementwise> Vjp for F {
    fn keep(&self, _needs: &[bool]) -> Keep {
        match F::KEEPS {
            Kept::Inputs => Keep::ALL_INPUTS,
            Kept::Output => Keep::output(0),
        }
    }

    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let kept: Few<&Tensor> = match F::KEEPS {
            Kept::Inputs => (0..F::ARITY).map(|i| saved.input(i)).collect(),
            Kept::Output => saved.output(0).into(),
        };
        let y_bar = y_bar.single();
        (0..F::ARITY).map(|i| needs[i].then(|| scaled_partial(self, i, &y_bar, &kept))).collect()
    }

    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let kept: Few<&Tensor> = match F::KEEPS {
            Kept::Inputs => x.iter().copied().collect(),
            Kept::Output => (&y[0]).into(),
        };
        let terms = x_dot.iter().enumerate().filter_map(|(i, x_dot)| Some(scaled_partial(self, i, (*x_dot)?, &kept)));
        Some(Few::one(terms.reduce(|sum, term| sum + term)))
    }
}

/// `factor * f'_i(kept)` in one loop.
fn scaled_partial<F: Elementwise>(function: &F, i: usize, factor: &Tensor, kept: &[&Tensor]) -> Tensor {
    let inputs: Few<&Tensor> = std::iter::once(factor).chain(kept.iter().copied()).collect();
    apply(&ElementwiseGrad { function: function.clone(), i }, &inputs).into_single()
}

/// `y_bar * f'_i(kept)`: the fused backward pass of an [`Elementwise`] function. Its own derivative goes through the formula.
#[derive(Clone, Debug)]
pub struct ElementwiseGrad<F> {
    function: F,
    i: usize,
}

impl<F: Elementwise> Primitive for ElementwiseGrad<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes(F::NAME, Slope::<F>::INPUTS, inputs)?;
        same_specs(F::NAME, inputs)?;
        Ok(inputs[0].to_owned().into())
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let f = Slope { function: &self.function, i: self.i };
        let shape = inputs[0].shape();
        Ok(for_float!(inputs[0].dtype(), T => Array::from_buffer(map::map::<T, T, _>(&f, inputs), shape)).into())
    }

    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl<F: Elementwise> Decompose for ElementwiseGrad<F> {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let kept: Few<Tensor> = inputs[1..].iter().map(|&x| x.clone()).collect();
        // A constant derivative is a scalar; what is pulled has the cotangent's shape all the same.
        self.function.pull(self.i, inputs[0], &kept).into()
    }
}

/// The most inputs that an elementwise function can have.
const MAX_ARITY: usize = 3;

struct Value<'a, F>(&'a F);

impl<T: Math, F: Elementwise> Map<T, T> for Value<'_, F> {
    const ARITY: usize = F::ARITY;
    #[inline(always)]
    fn call<const FMA: bool>(&self, x: &[T]) -> T {
        let x: [Lane<T, FMA>; MAX_ARITY] = lanes(x);
        self.0.value(&x[..F::ARITY]).0
    }
}

struct Slope<'a, F> {
    function: &'a F,
    i: usize,
}

impl<F: Elementwise> Slope<'_, F> {
    /// What is kept.
    const KEPT: usize = match F::KEEPS {
        Kept::Inputs => F::ARITY,
        Kept::Output => 1,
    };
    /// The cotangent, and what is kept.
    const INPUTS: usize = 1 + Self::KEPT;
}

impl<T: Math, F: Elementwise> Map<T, T> for Slope<'_, F> {
    const ARITY: usize = Self::INPUTS;
    #[inline(always)]
    fn call<const FMA: bool>(&self, x: &[T]) -> T {
        let kept: [Lane<T, FMA>; MAX_ARITY] = lanes(&x[1..]);
        self.function.pull(self.i, &Lane(x[0]), &kept[..Self::KEPT]).0
    }
}

/// A function on integers, computed in i64 whatever the dtype.
struct Integers<'a, F> {
    function: &'a F,
    f: fn(&F, &[i64]) -> i64,
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl<F: Elementwise> Map<$ty, $ty> for Integers<'_, F> {
            const ARITY: usize = F::ARITY;
            #[inline(always)]
            fn call<const FMA: bool>(&self, x: &[$ty]) -> $ty {
                let x: [i64; MAX_ARITY] = std::array::from_fn(|i| x.get(i).map_or(0, |&x| i64::from(x)));
                // The result wraps as integers of this width do.
                (self.f)(self.function, &x[..F::ARITY]) as $ty
            }
        }
    )*};
}
integers!(i64, u8);
