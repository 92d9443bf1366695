//! One scalar formula, written once, makes a fused operation that can be differentiated any number of times.
//!
//! The formula is generic over [`Real`]: with numbers it is the body of a vectorised loop; with [`Dual`] numbers it is its own
//! derivative, again the body of one loop, `x_bar = y_bar * f'(x)`; with dual tensors it is the expression that a higher
//! derivative goes through. A formula that knows its derivative better, say from its output, writes it down.

#[cfg(test)]
mod accuracy;
pub(in crate::ops) mod bounds;
pub(in crate::ops) mod declare;
mod formula;

pub use formula::apply_broadcast;

use crate::{
    Array, Cotangents, DType, Decompose, Derivative, Dual, Error, Few, Keep, Primitive, Promise, Real, Result, Saved,
    Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    error::{same_specs, takes},
    kernels::{
        map::{self, Map},
        math::Math,
        wide,
    },
    real::{Lane, NearLane},
};

/// A function of one to four real numbers; implementing it makes a type a [`Primitive`].
///
/// The formula is all that is needed; [`elementwise!`](crate::elementwise) writes the rest, and a function to call.
///
/// ```
/// use cotangent_tensor::{Real, Tensor, apply, ops::Elementwise};
///
/// /// z = x sigmoid(y)
/// #[derive(Clone)]
/// struct Gated;
///
/// impl Elementwise for Gated {
///     const NAME: &'static str = "gated";
///     const ARITY: usize = 2;
///     fn value<R: Real>(&self, x: &[R]) -> R { x[0].clone() * x[1].sigmoid() }
/// }
///
/// let z = apply(&Gated, &[&Tensor::from([2.0f32]), &Tensor::from([0.0f32])]).into_single();
/// assert_eq!(z.to_vec::<f32>(), [1.0]);
/// ```
pub trait Elementwise: Clone + Send + Sync + 'static {
    /// The operation's name, as messages show it.
    const NAME: &'static str;
    /// How many inputs it has: one to four.
    const ARITY: usize;
    /// What the derivative looks at; nothing else is kept alive. A function that keeps its output writes its own `pull`.
    const KEEPS: Kept = Kept::Inputs;
    /// Whether the function is constant wherever it is continuous, as `floor` is: it has no derivative then.
    const IS_CONSTANT: bool = false;
    /// Whether f32 is computed in f64 too: for functions that do not vectorise, which are then compiled once and not for each
    /// dtype and instruction set.
    const IN_F64: bool = false;
    /// Whether the formula has sines or cosines, of which those beyond 2^20 are computed one at a time. The loop is then compiled twice: a
    /// block of elements without such an angle goes through one that vectorises. It changes no bit of a result.
    const HAS_ANGLES: bool = false;
    /// The function on integers, for the few that have one; others need a floating-point dtype.
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = None;

    /// y = f(x)
    fn value<R: Real>(&self, x: &[R]) -> R;

    /// What input `i` gets of the cotangent of y: `y_bar * df/dx[i]`. `kept` holds the inputs, or the output alone, as
    /// [`KEEPS`](Self::KEEPS) says.
    ///
    /// Without one of its own, a function is differentiated through its formula. One of its own should choose where the
    /// function is constant on one side, and not multiply by zero: an infinite cotangent, as of a square root at zero, makes
    /// NaN of that.
    #[inline(always)]
    fn pull<R: Real>(&self, i: usize, y_bar: &R, kept: &[R]) -> R {
        const { assert!(matches!(Self::KEEPS, Kept::Inputs), "a function that keeps its output writes its own `pull`") };
        // Only the arm of this function is compiled, without a loop that would have to be unrolled.
        let y = match Self::ARITY {
            1 => self.value(&[towards(i, 0, y_bar, kept)]),
            2 => self.value(&[towards(i, 0, y_bar, kept), towards(i, 1, y_bar, kept)]),
            3 => self.value(&[towards(i, 0, y_bar, kept), towards(i, 1, y_bar, kept), towards(i, 2, y_bar, kept)]),
            _ => self.value(&[
                towards(i, 0, y_bar, kept),
                towards(i, 1, y_bar, kept),
                towards(i, 2, y_bar, kept),
                towards(i, 3, y_bar, kept),
            ]),
        };
        y.tangent.unwrap_or_else(|| y_bar.constant(0.0))
    }

    /// Refuses parameters of the function that do not go with a dtype.
    ///
    /// # Errors
    /// When one does not.
    fn check(&self, _dtype: DType) -> Result<()> {
        Ok(())
    }

    /// Refuses integers of which the function has no value, such as a divisor of zero.
    ///
    /// # Errors
    /// When there is one.
    fn check_integers(&self, _inputs: &[&Array]) -> Result<()> {
        Ok(())
    }
}

/// The most inputs that an elementwise function can have: with the cotangent, the five of a loop.
pub(crate) const MAX_ARITY: usize = 4;

/// Input `j`, with `y_bar` as its tangent if it is input `i` that is differentiated by.
#[inline(always)]
fn towards<R: Real>(i: usize, j: usize, y_bar: &R, kept: &[R]) -> Dual<R> {
    Dual::new(kept[j].clone(), if i == j { Some(y_bar.clone()) } else { None })
}

/// A function that no formula over [`Real`] gives, such as the gamma function: code of its own computes it, in f64.
///
/// Its [`value`](Elementwise::value) is `R::special(self, x)`, its [`pull`](Elementwise::pull) a formula, and formulas reach it
/// through [`Real::special`].
///
/// ```
/// use cotangent_tensor::{Real, Tensor, apply, ops::{Elementwise, Special}};
///
/// /// y = e^x, by the standard library
/// #[derive(Clone)]
/// struct StdExp;
///
/// impl Elementwise for StdExp {
///     const NAME: &'static str = "std_exp";
///     const ARITY: usize = 1;
///     const IN_F64: bool = true;
///     fn value<R: Real>(&self, x: &[R]) -> R { R::special(self, x) }
///     fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R { y_bar.clone() * self.value(x) }
/// }
/// impl Special for StdExp {
///     fn number(&self, x: &[f64]) -> f64 { x[0].exp() }
/// }
///
/// let y = apply(&StdExp, &[&Tensor::from([0.0f32])]).into_single();
/// assert_eq!(y.to_vec::<f32>(), [1.0]);
/// ```
pub trait Special: Elementwise {
    /// The function of these numbers.
    fn number(&self, x: &[f64]) -> f64;
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
        Ok(self.promise(inputs)?.into_specs(inputs))
    }

    fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
        const { assert!(F::ARITY >= 1 && F::ARITY <= MAX_ARITY, "an elementwise function has one to four inputs") };
        let dtype = dtype_of(F::NAME, F::ARITY, F::INTEGER.is_some(), inputs)?;
        self.check(dtype)?;
        Ok(Promise::AsInput(0))
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        if inputs[0].dtype().is_float() {
            return Ok(float_map::<F, _>(&Value(self), inputs).into());
        }
        self.check_integers(inputs)?;
        Ok(wide::map_integers(&integer_body(self), inputs).into())
    }

    fn derivative(&self) -> Derivative<'_> {
        if F::IS_CONSTANT { Derivative::Zero } else { Derivative::Vjp(self) }
    }
}

// What needs not know the function is apart, so that it is compiled once and not for each.

/// The dtype of the inputs, if the function takes them.
fn dtype_of(op: &'static str, arity: usize, takes_integers: bool, inputs: &[SpecRef<'_>]) -> Result<DType> {
    takes(op, arity, inputs)?;
    same_specs(op, inputs)?;
    let dtype = inputs[0].dtype();
    if dtype.is_float() || (takes_integers && dtype != DType::Bool) {
        return Ok(dtype);
    }
    Err(if takes_integers { Error::needs_numbers(op, inputs) } else { Error::needs_float(op, inputs) })
}

/// The loop of a function or of its derivative over floats, as the function says that it is computed.
fn float_map<F: Elementwise, M: Map<f32, f32> + Map<f64, f64>>(f: &M, inputs: &[&Array]) -> Array {
    if const { F::IN_F64 } {
        return wide::map_floats(&|x, y| in_f64(f, x, y), inputs);
    }
    for_float!(inputs[0].dtype(), T => map::map::<T, T, _>(f, inputs))
}

/// A loop that is not worth vectorising.
fn in_f64<M: Map<f64, f64>>(f: &M, x: &[&[f64]], y: &mut [f64]) {
    let mut at = [0.0; MAX_ARITY + 1];
    let at = &mut at[..M::ARITY];
    for (i, y) in y.iter_mut().enumerate() {
        at.iter_mut().zip(x).for_each(|(at, x)| *at = x[i]);
        *y = f.call::<false>(at);
    }
}

/// The loop of a function over integers, computed in i64 whatever the dtype.
fn integer_body<F: Elementwise>(f: &F) -> impl Fn(&[&[i64]], &mut [i64]) + Sync {
    move |x, y| {
        let integer = F::INTEGER.expect("infer refuses integers otherwise");
        integers(F::ARITY, &|n| integer(f, n), x, y);
    }
}

fn integers(arity: usize, f: &dyn Fn(&[i64]) -> i64, x: &[&[i64]], y: &mut [i64]) {
    let mut at = [0; MAX_ARITY];
    let at = &mut at[..arity];
    for (i, y) in y.iter_mut().enumerate() {
        at.iter_mut().zip(x).for_each(|(at, x)| *at = x[i]);
        *y = f(at);
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
        cotangents(F::ARITY, F::KEEPS, saved, &y_bar.single(), needs, &|i, inputs| scaled_partial(self, i, inputs))
    }

    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangent(F::KEEPS, x, x_dot, y, &|i, inputs| scaled_partial(self, i, inputs))))
    }
}

/// `factor * f'_i(kept)` in one loop; the factor comes first.
fn scaled_partial<F: Elementwise>(function: &F, i: usize, inputs: &[&Tensor]) -> Tensor {
    apply(&ElementwiseGrad { function: function.clone(), i }, inputs).into_single()
}

/// [`scaled_partial`] of a function.
type Partial<'a> = dyn Fn(usize, &[&Tensor]) -> Tensor + 'a;

fn cotangents(
    arity: usize,
    keeps: Kept,
    saved: &Saved,
    y_bar: &Tensor,
    needs: &[bool],
    partial: &Partial<'_>,
) -> Few<Option<Tensor>> {
    let mut inputs: Few<&Tensor> = y_bar.into();
    match keeps {
        Kept::Inputs => inputs.extend((0..arity).map(|i| saved.input(i))),
        Kept::Output => inputs.push(saved.output(0)),
    }
    (0..arity).map(|i| needs[i].then(|| partial(i, &inputs))).collect()
}

fn tangent(
    keeps: Kept,
    x: &[&Tensor],
    x_dot: &[Option<&Tensor>],
    y: &[Tensor],
    partial: &Partial<'_>,
) -> Option<Tensor> {
    let term = |(i, x_dot): (usize, &Option<&Tensor>)| {
        let mut inputs: Few<&Tensor> = (*x_dot)?.into();
        match keeps {
            Kept::Inputs => inputs.extend(x.iter().copied()),
            Kept::Output => inputs.push(&y[0]),
        }
        Some(partial(i, &inputs))
    };
    x_dot.iter().enumerate().filter_map(term).reduce(|sum, term| sum + term)
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
        Ok(self.promise(inputs)?.into_specs(inputs))
    }

    fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
        takes(F::NAME, 1 + kept_count::<F>(), inputs)?;
        same_specs(F::NAME, inputs)?;
        Ok(Promise::AsInput(0))
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let f = &self.function;
        // Only the arm of this function is compiled, with a loop for each of its inputs.
        let slope = match F::ARITY {
            1 => float_map::<F, _>(&Slope::<F, 0>(f), inputs),
            2 => match self.i {
                0 => float_map::<F, _>(&Slope::<F, 0>(f), inputs),
                _ => float_map::<F, _>(&Slope::<F, 1>(f), inputs),
            },
            3 => match self.i {
                0 => float_map::<F, _>(&Slope::<F, 0>(f), inputs),
                1 => float_map::<F, _>(&Slope::<F, 1>(f), inputs),
                _ => float_map::<F, _>(&Slope::<F, 2>(f), inputs),
            },
            _ => match self.i {
                0 => float_map::<F, _>(&Slope::<F, 0>(f), inputs),
                1 => float_map::<F, _>(&Slope::<F, 1>(f), inputs),
                2 => float_map::<F, _>(&Slope::<F, 2>(f), inputs),
                _ => float_map::<F, _>(&Slope::<F, 3>(f), inputs),
            },
        };
        Ok(slope.into())
    }

    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl<F: Elementwise> Decompose for ElementwiseGrad<F> {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let kept = owned(&inputs[1..]);
        // Where nothing of the cotangent is left, what is pulled is a number.
        self.function.pull(self.i, inputs[0], &kept).expand(inputs[0].shape()).into()
    }
}

fn owned(tensors: &[&Tensor]) -> Few<Tensor> {
    tensors.iter().map(|&x| x.clone()).collect()
}

/// How many tensors the derivative looks at.
const fn kept_count<F: Elementwise>() -> usize {
    match F::KEEPS {
        Kept::Inputs => F::ARITY,
        Kept::Output => 1,
    }
}

/// The value of a function for numbers that `$lane` makes lanes of. Only the arm of this function is compiled.
macro_rules! value_of {
    ($F:ident, $f:expr, $x:ident, $lane:expr) => {
        match $F::ARITY {
            1 => $f.value(&[$lane($x[0])]),
            2 => $f.value(&[$lane($x[0]), $lane($x[1])]),
            3 => $f.value(&[$lane($x[0]), $lane($x[1]), $lane($x[2])]),
            _ => $f.value(&[$lane($x[0]), $lane($x[1]), $lane($x[2]), $lane($x[3])]),
        }
    };
}

/// As `value_of`, what input `$i` gets of the cotangent, which comes first.
macro_rules! pulled_by {
    ($F:ident, $i:ident, $f:expr, $x:ident, $lane:expr) => {
        match const { kept_count::<$F>() } {
            1 => $f.pull($i, &$lane($x[0]), &[$lane($x[1])]),
            2 => $f.pull($i, &$lane($x[0]), &[$lane($x[1]), $lane($x[2])]),
            3 => $f.pull($i, &$lane($x[0]), &[$lane($x[1]), $lane($x[2]), $lane($x[3])]),
            _ => $f.pull($i, &$lane($x[0]), &[$lane($x[1]), $lane($x[2]), $lane($x[3]), $lane($x[4])]),
        }
    };
}

struct Value<'a, F>(&'a F);

impl<T: Math, F: Elementwise> Map<T, T> for Value<'_, F> {
    const ARITY: usize = F::ARITY;
    #[inline(always)]
    fn call<const FMA: bool>(&self, x: &[T]) -> T {
        value_of!(F, self.0, x, Lane::<T, FMA>).0
    }
    const HAS_NEAR: bool = F::HAS_ANGLES;
    #[inline(always)]
    fn near<const FMA: bool>(&self, x: &[T]) -> (T, bool) {
        let y = value_of!(F, self.0, x, NearLane::<T, FMA>::new);
        (y.lane.0, y.is_right)
    }
}

/// The derivative with respect to input I, of the cotangent and of what is kept. I is a constant so that what does not depend on
/// that input falls away.
struct Slope<'a, F, const I: usize>(&'a F);

impl<T: Math, F: Elementwise, const I: usize> Map<T, T> for Slope<'_, F, I> {
    const ARITY: usize = 1 + kept_count::<F>();
    #[inline(always)]
    fn call<const FMA: bool>(&self, x: &[T]) -> T {
        pulled_by!(F, I, self.0, x, Lane::<T, FMA>).0
    }
    const HAS_NEAR: bool = F::HAS_ANGLES;
    #[inline(always)]
    fn near<const FMA: bool>(&self, x: &[T]) -> (T, bool) {
        let x_bar = pulled_by!(F, I, self.0, x, NearLane::<T, FMA>::new);
        (x_bar.lane.0, x_bar.is_right)
    }
}

#[cfg(test)]
mod tests;
