//! `Real`: what a scalar formula may use. A formula written once over it is a fused kernel on numbers, and an expression of
//! operations on tensors, which can be differentiated again.

use crate::{Element, Tensor, kernels::math::Math};
use std::ops::{Add, Div, Mul, Neg, Sub};

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
    /// The absolute value.
    fn abs(&self) -> Self;
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
        sigmoid => sigmoid, softplus => softplus, erf => erf);
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
        fn $name(&self) -> Self {
            Lane::<Self, false>(*self).$name().0
        }
    )*};
}

macro_rules! real_number {
    ($($ty:ty),*) => {$(
        /// As the kernels compute it, without fused multiply-add.
        impl Real for $ty {
            number_functions!(exp, expm1, ln, log1p, sqrt, sin, cos, tanh, sigmoid, softplus, erf, abs);
            fn constant(&self, value: f64) -> Self {
                value as $ty
            }
            fn powf(&self, exponent: f64) -> Self {
                Lane::<Self, false>(*self).powf(exponent).0
            }
            fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self {
                if self > than { then } else { otherwise }
            }
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
    tensor_functions!(exp, expm1, ln, log1p, sqrt, sin, cos, tanh, sigmoid, softplus, erf, abs, square, reciprocal);
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

/// Reads the elements of a slice as lanes.
#[inline(always)]
pub(crate) fn lanes<T: Element, const FMA: bool, const MAX: usize>(x: &[T]) -> [Lane<T, FMA>; MAX] {
    std::array::from_fn(|i| Lane(if i < x.len() { x[i] } else { T::default() }))
}
