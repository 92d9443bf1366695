//! Dual numbers: a value and its derivative along one direction, through any formula over [`Real`].
//!
//! (x, x_dot) stands for x + ε x_dot with ε² = 0, so that `f(x, x_dot) = (f(x), f'(x) x_dot)`. A formula is thereby its own
//! derivative: with numbers inside, in the same loop; with tensors inside, as an expression that has derivatives again.
//!
//! What does not depend on the direction has no tangent, rather than a tangent of zero: nothing is computed for it, and no
//! 0 * inf comes of it. Where a formula chooses between two values, the tangent is chosen with them.

use super::Real;
use crate::ops::{
    Abs, Acos, Asin, Atan, Atan2, Cos, Cosh, Elementwise, Erf, Exp, Expm1, Fmod, Gelu, Kept, Ln, Log1p, MAX_ARITY, Pow,
    Powf, Reciprocal, Sigmoid, Sin, Sinh, Softplus, Special, Sqrt, Square, Tan, Tanh,
};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number with its derivative along one direction.
///
/// ```
/// use cotangent_tensor::{Dual, Real};
/// fn bump<R: Real>(x: &R) -> R { (-(x.square())).exp() }
/// let y = bump(&Dual::new(0.5f64, Some(1.0)));
/// assert_eq!(y.value, bump(&0.5));
/// assert!((y.tangent.unwrap() - -2.0 * 0.5 * y.value).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<R> {
    /// The number.
    pub value: R,
    /// Its derivative; `None` where it does not depend on the direction.
    pub tangent: Option<R>,
}

impl<R: Real> Dual<R> {
    /// A number with this derivative.
    #[inline(always)]
    pub fn new(value: R, tangent: Option<R>) -> Self {
        Dual { value, tangent }
    }

    /// `y = f(x)` of this number, where `f` says what becomes of the tangent.
    #[inline(always)]
    fn through<F: Elementwise>(&self, f: &F, y: R) -> Self {
        let kept = match F::KEEPS {
            Kept::Inputs => &self.value,
            Kept::Output => &y,
        };
        let tangent = self.tangent.as_ref().map(|x_dot| f.pull(0, x_dot, std::slice::from_ref(kept)));
        Dual { tangent, value: y }
    }

    /// A value that does not change where it is continuous.
    #[inline(always)]
    fn still(value: R) -> Self {
        Dual { value, tangent: None }
    }
}

/// One of two values, and its tangent, as `choose` chooses.
#[inline(always)]
fn chosen<R: Real>(choose: impl Fn(R, R) -> R, then: Dual<R>, otherwise: Dual<R>) -> Dual<R> {
    let zero = then.value.constant(0.0);
    let tangent = match (then.tangent, otherwise.tangent) {
        (None, None) => None,
        (then, otherwise) => Some(choose(then.unwrap_or_else(|| zero.clone()), otherwise.unwrap_or(zero))),
    };
    Dual { value: choose(then.value, otherwise.value), tangent }
}

/// What comes of the tangents of the variables, where `kept` is what the derivative looks at.
#[inline(always)]
fn tangent_of<R: Real, F: Elementwise>(function: &F, x: &[Dual<R>], kept: &[R]) -> Option<R> {
    let mut tangent = None;
    for (i, x) in x.iter().enumerate().take(F::ARITY) {
        if let Some(x_dot) = &x.tangent {
            let term = function.pull(i, x_dot, kept);
            tangent = Some(match tangent {
                Some(sum) => sum + term,
                None => term,
            });
        }
    }
    tangent
}

impl<R: Real> Add for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let tangent = match (self.tangent, other.tangent) {
            (Some(x_dot), Some(y_dot)) => Some(x_dot + y_dot),
            (one, other) => one.or(other),
        };
        Dual { value: self.value + other.value, tangent }
    }
}

impl<R: Real> Sub for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let tangent = match (self.tangent, other.tangent) {
            (Some(x_dot), Some(y_dot)) => Some(x_dot - y_dot),
            (x_dot, y_dot) => x_dot.or(y_dot.map(|y_dot| -y_dot)),
        };
        Dual { value: self.value - other.value, tangent }
    }
}

impl<R: Real> Mul for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (x, y) = (self.value, other.value);
        let tangent = match (self.tangent, other.tangent) {
            (Some(x_dot), Some(y_dot)) => Some(x_dot * y.clone() + x.clone() * y_dot),
            (x_dot, y_dot) => x_dot.map(|x_dot| x_dot * y.clone()).or(y_dot.map(|y_dot| x.clone() * y_dot)),
        };
        Dual { value: x * y, tangent }
    }
}

impl<R: Real> Div for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let (y, x_dot, y_dot) = (other.value, self.tangent, other.tangent);
        let z = self.value / y.clone();
        let tangent = match (x_dot, y_dot) {
            (Some(x_dot), Some(y_dot)) => Some((x_dot - z.clone() * y_dot) / y),
            (Some(x_dot), None) => Some(x_dot / y),
            (None, y_dot) => y_dot.map(|y_dot| -(z.clone() * y_dot) / y),
        };
        Dual { value: z, tangent }
    }
}

impl<R: Real> Neg for Dual<R> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Dual { value: -self.value, tangent: self.tangent.map(|x_dot| -x_dot) }
    }
}

macro_rules! functions {
    ($($name:ident: $Type:ident),*) => {$(
        #[inline(always)]
        fn $name(&self) -> Self {
            self.through(&$Type, self.value.$name())
        }
    )*};
}

macro_rules! pairs {
    ($($name:ident: $Type:ident),*) => {$(
        #[inline(always)]
        fn $name(&self, other: &Self) -> Self {
            let kept = [self.value.clone(), other.value.clone()];
            let value = self.value.$name(&other.value);
            Dual { tangent: tangent_of(&$Type, &[self.clone(), other.clone()], &kept), value }
        }
    )*};
}

macro_rules! steps {
    ($($name:ident),*) => {$(
        #[inline(always)]
        fn $name(&self) -> Self {
            Dual::still(self.value.$name())
        }
    )*};
}

impl<R: Real> Real for Dual<R> {
    functions!(exp: Exp, expm1: Expm1, ln: Ln, log1p: Log1p, sqrt: Sqrt, sin: Sin, cos: Cos, tan: Tan,
        asin: Asin, acos: Acos, atan: Atan, sinh: Sinh, cosh: Cosh, tanh: Tanh, sigmoid: Sigmoid,
        softplus: Softplus, erf: Erf, gelu: Gelu, abs: Abs, square: Square, reciprocal: Reciprocal);
    pairs!(pow: Pow, fmod: Fmod, atan2: Atan2);
    steps!(floor, ceil, trunc, round);
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        Dual::still(self.value.constant(value))
    }
    #[inline(always)]
    fn powf(&self, exponent: f64) -> Self {
        self.through(&Powf(exponent), self.value.powf(exponent))
    }
    #[inline(always)]
    fn special<F: Special>(function: &F, x: &[Self]) -> Self {
        let values: [R; MAX_ARITY] = std::array::from_fn(|i| x[i.min(F::ARITY - 1)].value.clone());
        let values = &values[..F::ARITY];
        let y = R::special(function, values);
        if F::IS_CONSTANT {
            return Dual::still(y);
        }
        let kept = match F::KEEPS {
            Kept::Inputs => values,
            Kept::Output => std::slice::from_ref(&y),
        };
        Dual { tangent: tangent_of(function, x, kept), value: y }
    }
    #[inline(always)]
    fn if_nan(&self, then: Self, otherwise: Self) -> Self {
        chosen(|then, otherwise| self.value.if_nan(then, otherwise), then, otherwise)
    }
    #[inline(always)]
    fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self {
        chosen(|then, otherwise| self.value.if_greater(&than.value, then, otherwise), then, otherwise)
    }
}
