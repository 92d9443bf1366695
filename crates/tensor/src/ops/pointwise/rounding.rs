//! To integers and back: floor, ceil, trunc, round, the sign, the fraction.
//!
//! All but the fraction are constant wherever they are continuous, and have no derivative. Integers are their own floor.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise,
    broadcast::{Operand, binary},
    pointwise::elementwise::declare::operation_type,
    pointwise::functions::sign,
};
use crate::{Real, Tensor, apply};

/// Functions of one number that have no derivative.
macro_rules! steps {
    ($($(#[$doc:meta])* $Type:ident, $method:ident: |$x:ident| $value:expr, integer |$n:ident| $integer:expr;)*) => {$(
        operation_type! { $Type, $method }

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 1;
            const IS_CONSTANT: bool = true;
            const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| { let $n = n[0]; $integer });
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                let $x = &x[0];
                $value
            }
        }

        impl Tensor {
            $(#[$doc])*
            ///
            #[doc = accuracy!($method)]
            ///
            /// # Panics
            /// When the dtype is bool.
            #[must_use]
            #[track_caller]
            pub fn $method(&self) -> Tensor {
                apply(&$Type, &[self]).into_single()
            }
        }
    )*};
}

steps! {
    /// The greatest integer that is not above x; derivative zero. Integers stay.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.5f32, -1.5]).floor().to_vec::<f32>(), [1.0, -2.0]);
    /// ```
    Floor, floor: |x| x.floor(), integer |n| n;
    /// The least integer that is not below x; derivative zero. Integers stay.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.5f32, -1.5]).ceil().to_vec::<f32>(), [2.0, -1.0]);
    /// ```
    Ceil, ceil: |x| x.ceil(), integer |n| n;
    /// x rounded towards zero; derivative zero. Integers stay.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.5f32, -1.5]).trunc().to_vec::<f32>(), [1.0, -1.0]);
    /// ```
    #[doc(alias = "fix")]
    Trunc, trunc: |x| x.trunc(), integer |n| n;
    /// The nearest integer, the even one of two; derivative zero. Integers stay.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.5f32, 1.5, -2.6]).round().to_vec::<f32>(), [0.0, 2.0, -3.0]);
    /// ```
    Round, round: |x| x.round(), integer |n| n;
    /// -1, 0 or 1 as x is below, at or above zero, and 0 for NaN, as in PyTorch; derivative zero. Integers too.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-3.0f32, 0.0, 0.5]).sign().to_vec::<f32>(), [-1.0, 0.0, 1.0]);
    /// ```
    #[doc(alias = "sgn")]
    Sign, sign: |x| sign(x), integer |n| n.signum();
}

/// The operation of [`Tensor::round_decimals`].
#[derive(Clone, Copy, Debug)]
pub struct RoundDecimals(
    /// Digits after the point; negative ones are before it.
    pub i32,
);

impl Elementwise for RoundDecimals {
    const NAME: &'static str = "round_decimals";
    const ARITY: usize = 1;
    const IN_F64: bool = true;
    const IS_CONSTANT: bool = true;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        // A positive power of ten is exact up to 10^22, its reciprocal never.
        let scale = x[0].constant(10f64.powi(self.0.saturating_abs()));
        match self.0 {
            0 => x[0].round(),
            1.. => (x[0].clone() * scale.clone()).round() / scale,
            _ => (x[0].clone() / scale.clone()).round() * scale,
        }
    }
}

/// The operation of [`Tensor::frac`].
#[derive(Clone, Copy, Debug)]
pub struct Frac;

impl Elementwise for Frac {
    const NAME: &'static str = "frac";
    const ARITY: usize = 1;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        x[0].clone() - x[0].trunc()
    }
}

/// The operation of [`Tensor::heaviside`].
#[derive(Clone, Copy, Debug)]
pub struct Heaviside;

impl Elementwise for Heaviside {
    const NAME: &'static str = "heaviside";
    const ARITY: usize = 2;
    const IS_CONSTANT: bool = true;
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| match n[0] {
        0 => n[1],
        n => i64::from(n > 0),
    });
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let (zero, one) = (x[0].constant(0.0), x[0].constant(1.0));
        let not_above = zero.if_greater(&x[0], zero.clone(), x[0].if_nan(zero.clone(), x[1].clone()));
        x[0].if_greater(&zero, one, not_above)
    }
}

impl Tensor {
    /// x rounded to this many digits after the point, or before it for a negative number; ties to even; derivative zero.
    ///
    /// Computed as `round(x 10^n) / 10^n`, so that 0.15, which is a little less in binary, may round up.
    ///
    #[doc = accuracy!(round_decimals)]
    ///
    /// # Panics
    /// When the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([3.14159, -1234.0]);
    /// assert_eq!(x.round_decimals(2).to_vec::<f64>(), [3.14, -1234.0]);
    /// assert_eq!(x.round_decimals(-2).to_vec::<f64>(), [0.0, -1200.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn round_decimals(&self, decimals: i32) -> Tensor {
        apply(&RoundDecimals(decimals), &[self]).into_single()
    }

    /// y = x - trunc(x), with the sign of x; dy/dx = 1. NaN for an infinity.
    ///
    #[doc = accuracy!(frac)]
    ///
    /// # Panics
    /// When the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.25f32, -1.25]).frac().to_vec::<f32>(), [0.25, -0.25]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn frac(&self) -> Tensor {
        apply(&Frac, &[self]).into_single()
    }

    /// 0 below zero and for NaN, 1 above, and `at_zero` at zero, under broadcasting; derivative zero. Integers too.
    ///
    #[doc = accuracy!(heaviside)]
    ///
    /// # Panics
    /// When the shapes do not broadcast, the dtypes differ or are bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.5f32, 0.0, 2.0]).heaviside(0.5).to_vec::<f32>(), [0.0, 0.5, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn heaviside<'a>(&self, at_zero: impl Into<Operand<'a>>) -> Tensor {
        binary(&Heaviside, self, at_zero.into())
    }
}

#[cfg(test)]
mod tests;
