//! Division that rounds, and what it leaves.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Special,
    broadcast::{Operand, binary},
    pointwise::elementwise::declare::{in_f64, operation_type, value_by},
};
use crate::{Array, DType, Error, ErrorKind, Real, Result, Tensor, kernels::special};

/// `x - r` is a whole number of y: which one.
#[inline(always)]
fn whole_quotient<R: Real>(x: &R, y: &R, r: &R) -> R {
    ((x.clone() - r.clone()) / y.clone()).round()
}

/// A rest of a division by y, and y more where their signs differ.
#[inline(always)]
fn with_sign_of<R: Real>(y: &R, rest: R) -> R {
    let (zero, more) = (y.constant(0.0), rest.clone() + y.clone());
    let of_negative = y.if_greater(&zero, more.clone(), rest.clone());
    let of_positive = zero.if_greater(y, more, rest.clone());
    zero.if_greater(&rest, of_negative, rest.if_greater(&zero, of_positive, rest.clone()))
}

/// Refuses a divisor of zero, for which integers have no result.
fn divides(op: &'static str, divisor: &Array) -> Result<()> {
    let has_zero = match divisor.dtype() {
        DType::I64 => divisor.to_slice::<i64>().contains(&0),
        _ => divisor.to_slice::<u8>().contains(&0),
    };
    if !has_zero {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Value, op, "an integer cannot be divided by zero")
        .with_hint("cast to floating point, where the result is infinite or NaN"))
}

/// Functions of a dividend and a divisor: a number, an integer, whether it is constant between its steps.
macro_rules! divisions {
    ($($(#[$doc:meta])* $Type:ident, $method:ident: $(number $number:path)? $(|$x:ident, $y:ident| $value:expr)?, integer |$n:ident, $m:ident| $integer:expr,
        constant $constant:literal;)*) => {$(
        operation_type! { $Type, $method }

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 2;
            const IN_F64: bool = in_f64!($(number $number)?);
            // Of a rest, those of large quotients.
            const HAS_FAR: bool = !Self::IN_F64;
            const IS_CONSTANT: bool = $constant;
            const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, x| {
                let ($n, $m) = (x[0], x[1]);
                $integer
            });
            fn check_integers(&self, inputs: &[&Array]) -> Result<()> {
                divides(Self::NAME, inputs[1])
            }
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                $(let [$x, $y] = [&x[0], &x[1]];
                $value)?
                $(value_by!($number, self, x))?
            }
            /// Of a remainder: `r = x - n y` with a whole n that does not change between the steps.
            #[inline(always)]
            fn pull<R: Real>(&self, i: usize, r_bar: &R, x: &[R]) -> R {
                if i == 0 {
                    return r_bar.clone();
                }
                -(r_bar.clone() * whole_quotient(&x[0], &x[1], &self.value(x)))
            }
        }

        $(impl Special for $Type {
            fn number(&self, x: &[f64]) -> f64 {
                $number(x[0], x[1])
            }
        })?

        impl Tensor {
            $(#[$doc])*
            ///
            #[doc = accuracy!($method)]
            ///
            /// # Panics
            /// When the shapes do not broadcast, the dtypes differ or are bool, or a divisor among integers is zero.
            #[must_use]
            #[track_caller]
            pub fn $method<'a>(&self, divisor: impl Into<Operand<'a>>) -> Tensor {
                binary(&$Type, self, divisor.into())
            }
        }
    )*};
}

divisions! {
    /// x - n y with n = trunc(x / y): the remainder with the sign of x, as C's `fmod`; x_bar = z_bar, y_bar = -n z_bar. Integers too.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([5.5f32, -5.5]).fmod(2).to_vec::<f32>(), [1.5, -1.5]);
    /// ```
    Fmod, fmod: |x, y| x.fmod(y), integer |n, m| n.wrapping_rem(m), constant false;
    /// x - n y with n = floor(x / y): the remainder with the sign of y, as Python's `%`; x_bar = z_bar, y_bar = -n z_bar. Integers too.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([5.5f32, -5.5]).remainder(2).to_vec::<f32>(), [1.5, 0.5]);
    /// assert_eq!(Tensor::from([-7i64]).remainder(3).to_vec::<i64>(), [2]);
    /// ```
    #[doc(alias = "mod")]
    Remainder, remainder: |x, y| with_sign_of(y, x.fmod(y)), integer |n, m| floor_rest(n, m), constant false;
    /// floor(x / y), of the exact quotient, as Python's `//`; derivative zero. Integers too.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([7.0f32, -7.0]).div_floor(2).to_vec::<f32>(), [3.0, -4.0]);
    /// assert_eq!(Tensor::from([-7i64]).div_floor(2).to_vec::<i64>(), [-4]);
    /// ```
    #[doc(alias = "floor_divide")]
    DivFloor, div_floor: number special::floor_quotient, integer |n, m| floor_quotient(n, m), constant true;
    /// trunc(x / y), rounded towards zero, as C divides integers; derivative zero. Integers too.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([7i64, -7]).div_trunc(2).to_vec::<i64>(), [3, -3]);
    /// ```
    DivTrunc, div_trunc: number special::trunc_quotient, integer |n, m| n.wrapping_div(m), constant true;
}

/// The rest with the sign of m.
fn floor_rest(n: i64, m: i64) -> i64 {
    let rest = n.wrapping_rem(m);
    if rest != 0 && (rest < 0) != (m < 0) { rest + m } else { rest }
}

fn floor_quotient(n: i64, m: i64) -> i64 {
    let quotient = n.wrapping_div(m);
    if floor_rest(n, m) != n.wrapping_rem(m) { quotient - 1 } else { quotient }
}

#[cfg(test)]
mod tests;
