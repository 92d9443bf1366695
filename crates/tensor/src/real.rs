//! `Real`: what a scalar formula may use. A formula written once over it is a fused kernel on numbers, and an expression of
//! operations on tensors, which can be differentiated again.

mod dual;
mod near;

use crate::{
    Tensor,
    kernels::math::Math,
    ops::{self, Special},
};
pub use dual::Dual;
pub(crate) use near::NearLane;
use std::ops::{Add, Div, Mul, Neg, Sub};

macro_rules! special_functions {
    ($($(#[$doc:meta])* $name:ident: $Type:ident;)*) => {$(
        $(#[$doc])*
        fn $name(&self) -> Self {
            Self::special(&ops::$Type, std::slice::from_ref(self))
        }
    )*};
}

/// A real number, or a tensor of them: what an elementwise formula computes with.
///
/// ```
/// use cotangent_tensor::{Real, Tensor};
/// fn swish<R: Real>(x: &R) -> R { x.clone() * x.sigmoid() }
/// let x = 0.5f64;
/// assert_eq!(swish(&x), swish(&Tensor::from(x)).item::<f64>());
/// ```
pub trait Real:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// A constant to compute with this.
    fn constant(&self, value: f64) -> Self;
    /// e^x
    fn exp(&self) -> Self;
    /// e^x - 1, exact near zero
    fn expm1(&self) -> Self;
    /// The natural logarithm.
    fn ln(&self) -> Self;
    /// ln(1 + x), exact near zero
    fn log1p(&self) -> Self;
    /// The square root.
    fn sqrt(&self) -> Self;
    /// x^exponent
    fn powf(&self, exponent: f64) -> Self;
    /// sin x
    fn sin(&self) -> Self;
    /// cos x
    fn cos(&self) -> Self;
    /// tanh x
    fn tanh(&self) -> Self;
    /// 1 / (1 + e^-x)
    fn sigmoid(&self) -> Self;
    /// ln(1 + e^x)
    fn softplus(&self) -> Self;
    /// The error function.
    fn erf(&self) -> Self;
    /// x Φ(x), with Φ the normal distribution function.
    fn gelu(&self) -> Self;
    /// The absolute value.
    fn abs(&self) -> Self;
    /// The greatest integer that is not above x.
    fn floor(&self) -> Self;
    /// The least integer that is not below x.
    fn ceil(&self) -> Self;
    /// The integer part of x: rounded towards zero.
    fn trunc(&self) -> Self;
    /// The nearest integer, the even one of two.
    fn round(&self) -> Self;
    /// A function that no formula gives, such as the gamma function, of as many numbers as it takes.
    fn special<F: Special>(function: &F, x: &[Self]) -> Self;
    /// `then` where this is NaN, else `otherwise`; both are evaluated.
    fn if_nan(&self, then: Self, otherwise: Self) -> Self;
    /// `then` where this is greater than `than`, else `otherwise`; both are evaluated, and NaN is not greater.
    fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self;
    /// x²
    fn square(&self) -> Self {
        self.clone() * self.clone()
    }
    /// 1 / x
    fn reciprocal(&self) -> Self {
        self.constant(1.0) / self.clone()
    }
    special_functions! {
        /// tan x
        tan: Tan;
        /// The angle from -π/2 to π/2 whose sine is x.
        asin: Asin;
        /// The angle from 0 to π whose cosine is x.
        acos: Acos;
        /// The angle from -π/2 to π/2 whose tangent is x.
        atan: Atan;
        /// sinh x
        sinh: Sinh;
        /// cosh x
        cosh: Cosh;
        /// The inverse of sinh.
        asinh: Asinh;
        /// The inverse of cosh.
        acosh: Acosh;
        /// The inverse of tanh.
        atanh: Atanh;
        /// 2^x
        exp2: Exp2;
        /// The logarithm to base 2.
        log2: Log2;
        /// The logarithm to base 10.
        log10: Log10;
        /// The cube root.
        cbrt: Cbrt;
        /// 1 - erf x, accurate where it is small.
        erfc: Erfc;
        /// The inverse of erf.
        erfinv: Erfinv;
        /// ln |Γ(x)|
        lgamma: Lgamma;
        /// The derivative of ln |Γ(x)|.
        digamma: Digamma;
    }
    /// The derivative of order n of the digamma function.
    fn polygamma(&self, n: u32) -> Self {
        Self::special(&ops::Polygamma(n), std::slice::from_ref(self))
    }
    /// x^exponent, of two variables; [`powf`](Self::powf) has a constant exponent.
    fn pow(&self, exponent: &Self) -> Self {
        Self::special(&ops::Pow, &[self.clone(), exponent.clone()])
    }
    /// √(x² + y²), without overflow.
    fn hypot(&self, y: &Self) -> Self {
        Self::special(&ops::Hypot, &[self.clone(), y.clone()])
    }
    /// The angle from -π to π of the point (x, y), this being y.
    fn atan2(&self, x: &Self) -> Self {
        Self::special(&ops::Atan2, &[self.clone(), x.clone()])
    }
}

/// A number inside a kernel that was compiled with or without fused multiply-add.
#[derive(Clone, Copy)]
pub(crate) struct Lane<T, const FMA: bool>(pub(crate) T);

macro_rules! lane_operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<T: Math, const FMA: bool> $trait for Lane<T, FMA> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Lane($trait::$method(self.0, other.0))
            }
        }
    )*};
}
lane_operators!(Add add, Sub sub, Mul mul, Div div);

impl<T: Math, const FMA: bool> Neg for Lane<T, FMA> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Lane(-self.0)
    }
}

macro_rules! lane_functions {
    ($($name:ident => $math:ident),*) => {$(
        #[inline(always)]
        fn $name(&self) -> Self {
            Lane(self.0.$math::<FMA>())
        }
    )*};
}

impl<T: Math, const FMA: bool> Real for Lane<T, FMA> {
    lane_functions!(exp => exp, expm1 => exp_m1, ln => ln, log1p => ln_1p, sin => sin, cos => cos, tanh => tanh,
        sigmoid => sigmoid, softplus => softplus, erf => erf, gelu => gelu);
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        Lane(T::from_f64(value))
    }
    #[inline(always)]
    fn sqrt(&self) -> Self {
        Lane(self.0.sqrt())
    }
    #[inline(always)]
    fn abs(&self) -> Self {
        Lane(self.0.abs())
    }
    #[inline(always)]
    fn floor(&self) -> Self {
        Lane(self.0.floor())
    }
    #[inline(always)]
    fn ceil(&self) -> Self {
        Lane(self.0.ceil())
    }
    #[inline(always)]
    fn trunc(&self) -> Self {
        Lane(self.0.trunc())
    }
    #[inline(always)]
    fn round(&self) -> Self {
        Lane(self.0.round())
    }
    #[inline(always)]
    fn special<F: Special>(function: &F, x: &[Self]) -> Self {
        let mut numbers = [0.0; ops::MAX_ARITY];
        numbers.iter_mut().zip(x).for_each(|(number, x)| *number = x.0.to_f64());
        Lane(T::from_f64(function.number(&numbers[..F::ARITY])))
    }
    #[inline(always)]
    fn if_nan(&self, then: Self, otherwise: Self) -> Self {
        if self.0.is_nan() { then } else { otherwise }
    }
    #[inline(always)]
    fn powf(&self, exponent: f64) -> Self {
        Lane(self.0.powf::<FMA>(T::from_f64(exponent)))
    }
    #[inline(always)]
    fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self {
        if self.0 > than.0 { then } else { otherwise }
    }
}

macro_rules! number_functions {
    ($($name:ident),*) => {$(
        // So that loops of other crates over numbers vectorise.
        #[inline]
        fn $name(&self) -> Self {
            Lane::<Self, false>(*self).$name().0
        }
    )*};
}

macro_rules! real_number {
    ($($ty:ty),*) => {$(
        /// As the kernels compute it, without fused multiply-add.
        impl Real for $ty {
            number_functions!(exp, expm1, ln, log1p, sqrt, sin, cos, tanh, sigmoid, softplus, erf, gelu, abs, floor, ceil,
                trunc, round);
            fn special<F: Special>(function: &F, x: &[Self]) -> Self {
                let mut numbers = [0.0; ops::MAX_ARITY];
                numbers.iter_mut().zip(x).for_each(|(number, &x)| *number = f64::from(x));
                function.number(&numbers[..F::ARITY]) as $ty
            }
            #[inline]
            fn constant(&self, value: f64) -> Self {
                value as $ty
            }
            #[inline]
            fn powf(&self, exponent: f64) -> Self {
                Lane::<Self, false>(*self).powf(exponent).0
            }
            #[inline]
            fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self {
                if self > than { then } else { otherwise }
            }
            #[inline]
            fn if_nan(&self, then: Self, otherwise: Self) -> Self {
                if self.is_nan() { then } else { otherwise }
            }
        }
    )*};
}
real_number!(f32, f64);

macro_rules! tensor_functions {
    ($($name:ident),*) => {$(
        fn $name(&self) -> Self {
            Tensor::$name(self)
        }
    )*};
}

impl Real for Tensor {
    tensor_functions!(
        exp, expm1, ln, log1p, sqrt, sin, cos, tanh, sigmoid, softplus, erf, gelu, abs, square, reciprocal, floor,
        ceil, trunc, round
    );
    fn special<F: Special>(function: &F, x: &[Self]) -> Self {
        ops::apply_broadcast(function, &x.iter().collect::<crate::Few<_>>())
    }
    fn constant(&self, value: f64) -> Self {
        Tensor::full([], value, self.dtype())
    }
    fn powf(&self, exponent: f64) -> Self {
        Tensor::powf(self, exponent)
    }
    fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self {
        self.gt(than).where_(&then, &otherwise)
    }
    fn if_nan(&self, then: Self, otherwise: Self) -> Self {
        self.ne(self).where_(&then, &otherwise)
    }
}
