//! Functions of two and three numbers: powers, distances, angles, logarithms of sums, interpolation.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Special,
    broadcast::{Operand, binary, constant, or_panic},
    pointwise::elementwise::{
        apply_broadcast,
        declare::{in_f64, operation_type, pairs, value_by},
    },
    pointwise::functions::sign,
};
use crate::{Array, DType, Error, ErrorKind, Real, Result, Tensor};
use std::f64::consts::LN_2;

pairs! {
    /// z = √(x² + y²), without overflow on the way; x_bar = z_bar x/z, and 0 where both are zero.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3.0f32, 3e30]).hypot(&Tensor::from([4.0f32, 4e30])).to_vec::<f32>(), [5.0, 5e30]);
    /// ```
    Hypot, hypot: number libm::hypot, cotangents |z_bar, x, y| {
        z_bar.clone() * (x.clone() / length_or_one(x, y)),
        z_bar.clone() * (y.clone() / length_or_one(x, y)),
    };
    /// The angle from -π to π of the point (other, this), that is of x = other and y = this, as C's `atan2(y, x)`;
    /// y_bar = z_bar x/(x² + y²), x_bar = -z_bar y/(x² + y²), and 0 where both are zero.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, 1.0]).atan2(&Tensor::from([1.0, 0.0])).to_vec::<f64>(), [0.0, std::f64::consts::FRAC_PI_2]);
    /// ```
    #[doc(alias = "arctan2")]
    Atan2, atan2: |y, x| y.atan2(x), cotangents |z_bar, y, x| {
        {
            let length = length_or_one(x, y);
            z_bar.clone() * (x.clone() / length.clone() / length)
        },
        {
            let length = length_or_one(x, y);
            -(z_bar.clone() * (y.clone() / length.clone() / length))
        },
    };
    /// z = ln(e^x + e^y), without overflow; x_bar = z_bar sigmoid(x - y), half of it where both are equal, infinities included.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1000.0, f64::NEG_INFINITY]);
    /// assert_eq!(x.logaddexp(&x).to_vec::<f64>(), [1000.0 + std::f64::consts::LN_2, f64::NEG_INFINITY]);
    /// ```
    Logaddexp, logaddexp: |x, y| greater(x, y) + (-difference(x, y).abs()).softplus(), cotangents |z_bar, x, y| {
        z_bar.clone() * difference(x, y).sigmoid(),
        z_bar.clone() * (-difference(x, y)).sigmoid(),
    };
    /// z = log₂(2^x + 2^y), without overflow; x_bar = z_bar / (1 + 2^(y - x)), half of it where both are equal, infinities included.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3.0f32]).logaddexp2(3).to_vec::<f32>(), [4.0]);
    /// ```
    Logaddexp2, logaddexp2: |x, y| {
        let softplus = (difference(x, y).abs() * x.constant(-LN_2)).softplus();
        greater(x, y) + softplus * x.constant(1.0 / LN_2)
    }, cotangents |z_bar, x, y| {
        z_bar.clone() * (difference(x, y) * x.constant(LN_2)).sigmoid(),
        z_bar.clone() * (difference(x, y) * x.constant(-LN_2)).sigmoid(),
    };
    /// z = x ln y, and 0 where x is 0 unless y is NaN; x_bar = z_bar ln y, and 0 where x is 0 and y not above it; y_bar = z_bar x/y,
    /// and 0 where x is 0.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 2.0]).xlogy(&Tensor::from([0.0f32, 1.0])).to_vec::<f32>(), [0.0, 0.0]);
    /// ```
    Xlogy, xlogy: |x, y| if_zero(x, y.if_nan(y.clone(), x.constant(0.0)), x.clone() * y.ln()), cotangents |z_bar, x, y| {
        z_bar.clone() * one_where_zero_times(x, y).ln(),
        if_zero(x, x.constant(0.0), z_bar.clone() * (x.clone() / one_where_zero_times(x, y))),
    };
    /// The size of x with the sign of y, zeros and NaN included; x_bar = z_bar where both have one sign, else -z_bar, and 0 where x is
    /// 0; y_bar = 0.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, -2.0]).copysign(&Tensor::from([-0.0f32, 3.0])).to_vec::<f32>(), [-1.0, 2.0]);
    /// ```
    Copysign, copysign: number f64::copysign, cotangents |z_bar, x, y| {
        z_bar.clone() * (sign(x) * R::special(&SignBit, std::slice::from_ref(y))),
        y.constant(0.0),
    };
    /// The greater of both, of which a NaN is passed over; the cotangent goes to the one taken, half to each at a tie, and to x where
    /// both are NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, f32::NAN]).fmax(2).to_vec::<f32>(), [2.0, 2.0]);
    /// ```
    Fmax, fmax: |x, y| y.if_nan(x.clone(), x.if_greater(y, x.clone(), y.clone())), cotangents |z_bar, x, y| {
        y.if_nan(z_bar.clone(), x.if_nan(x.constant(0.0), share(z_bar, x, y))),
        y.if_nan(y.constant(0.0), x.if_nan(z_bar.clone(), share(z_bar, y, x))),
    };
    /// The lesser of both, of which a NaN is passed over; the cotangent goes to the one taken, half to each at a tie, and to x where
    /// both are NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, f32::NAN]).fmin(2).to_vec::<f32>(), [1.0, 2.0]);
    /// ```
    Fmin, fmin: |x, y| y.if_nan(x.clone(), y.if_greater(x, x.clone(), y.clone())), cotangents |z_bar, x, y| {
        y.if_nan(z_bar.clone(), x.if_nan(x.constant(0.0), share(z_bar, y, x))),
        y.if_nan(y.constant(0.0), x.if_nan(z_bar.clone(), share(z_bar, x, y))),
    };
}

/// √(x² + y²), and 1 instead of 0, so that 0 divided by it is 0.
#[inline(always)]
fn length_or_one<R: Real>(x: &R, y: &R) -> R {
    let length = x.hypot(y);
    length.if_greater(&x.constant(0.0), length.clone(), length.if_nan(length.clone(), x.constant(1.0)))
}

/// x - y, which is 0 for equal infinities.
#[inline(always)]
fn difference<R: Real>(x: &R, y: &R) -> R {
    let difference = x.clone() - y.clone();
    let of_infinities = x.if_nan(x.clone(), y.if_nan(y.clone(), x.constant(0.0)));
    difference.if_nan(of_infinities, difference.clone())
}

/// The greater of both, NaN if either is.
#[inline(always)]
fn greater<R: Real>(x: &R, y: &R) -> R {
    x.if_nan(x.clone(), y.if_nan(y.clone(), x.if_greater(y, x.clone(), y.clone())))
}

/// `then` where x is zero.
#[inline(always)]
fn if_zero<R: Real>(x: &R, then: R, otherwise: R) -> R {
    let zero = x.constant(0.0);
    let otherwise_too = otherwise.clone();
    x.if_greater(&zero, otherwise.clone(), zero.if_greater(x, otherwise, x.if_nan(otherwise_too, then)))
}

/// y, and 1 where x is zero and y not above it, so that the logarithm there is 0.
#[inline(always)]
fn one_where_zero_times<R: Real>(x: &R, y: &R) -> R {
    let not_above = y.if_nan(y.clone(), y.constant(1.0));
    if_zero(x, y.if_greater(&y.constant(0.0), y.clone(), not_above), y.clone())
}

/// z_bar where x > y, nothing where x < y, half of it where neither.
#[inline(always)]
fn share<R: Real>(z_bar: &R, x: &R, y: &R) -> R {
    let half = z_bar.clone() * x.constant(0.5);
    x.if_greater(y, z_bar.clone(), y.if_greater(x, x.constant(0.0), half))
}

/// 1 with the sign of x, that of zero too.
#[derive(Clone, Copy, Debug)]
struct SignBit;

impl Elementwise for SignBit {
    const NAME: &'static str = "copysign";
    const ARITY: usize = 1;
    const IN_F64: bool = true;
    const IS_CONSTANT: bool = true;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        R::special(self, x)
    }
}

impl Special for SignBit {
    fn number(&self, x: &[f64]) -> f64 {
        1f64.copysign(x[0])
    }
}

/// The operation of [`Tensor::pow`] with a tensor for exponent; with a number it is [`Powf`](super::Powf).
#[derive(Clone, Copy, Debug)]
pub struct Pow;

impl Elementwise for Pow {
    const NAME: &'static str = "pow";
    const ARITY: usize = 2;
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, x| integer_power(x[0], x[1]));
    fn check_integers(&self, inputs: &[&Array]) -> Result<()> {
        if inputs[1].dtype() == DType::I64 && inputs[1].to_slice::<i64>().iter().any(|&exponent| exponent < 0) {
            let rule = "an integer has no negative powers";
            return Err(Error::new(ErrorKind::Value, Self::NAME, rule)
                .with_hint("cast both first, for example with .cast(DType::F32)"));
        }
        Ok(())
    }
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        x[0].pow(&x[1])
    }
    #[inline(always)]
    fn pull<R: Real>(&self, i: usize, z_bar: &R, x: &[R]) -> R {
        let [x, y] = [&x[0], &x[1]];
        let (zero, one) = (x.constant(0.0), x.constant(1.0));
        if i == 0 {
            // x^0 is 1 at zero and for NaN too, whose slope must not become 0 * inf, or NaN.
            let base = if_zero(y, x.if_nan(one.clone(), if_zero(x, one.clone(), x.clone())), x.clone());
            return z_bar.clone() * (y.clone() * base.pow(&(y.clone() - one)));
        }
        // At a base of zero the power is flat in a positive exponent, and not to be multiplied by ln 0.
        let base = if_zero(x, one, x.clone());
        let at_zero = zero.if_greater(y, x.constant(f64::NEG_INFINITY), zero.clone());
        z_bar.clone() * if_zero(x, at_zero, base.pow(y) * base.ln())
    }
}

/// x^y modulo 2^64, by squaring; y is not negative.
fn integer_power(x: i64, y: i64) -> i64 {
    let (mut power, mut factor, mut exponent) = (1i64, x, y);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power.wrapping_mul(factor);
        }
        factor = factor.wrapping_mul(factor);
        exponent >>= 1;
    }
    power
}

/// The operation of [`Tensor::lerp`].
#[derive(Clone, Copy, Debug)]
pub struct Lerp;

impl Elementwise for Lerp {
    const NAME: &'static str = "lerp";
    const ARITY: usize = 3;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let [x, y, w] = [&x[0], &x[1], &x[2]];
        // From the nearer end, so that both ends are exact.
        let step = y.clone() - x.clone();
        let from_y = y.clone() - step.clone() * (w.constant(1.0) - w.clone());
        w.constant(0.5).if_greater(w, x.clone() + w.clone() * step, from_y)
    }
}

impl Tensor {
    /// z = x^y, under broadcasting, of a number or a tensor y; as C's `pow`: NaN for negative x unless y is an integer.
    ///
    /// x_bar = z_bar y x^(y - 1), and 0 where y is 0; y_bar = z_bar z ln x, and 0 where x is 0 and y at least 0. Below zero the
    /// cotangent of x is right, and that of y NaN. For a number to the power of a tensor, make it one: `Tensor::from(2.0).pow(&y)`.
    ///
    /// Integers take integer exponents from 0; powers that do not fit wrap, as products do.
    ///
    #[doc = accuracy!(pow)]
    ///
    /// # Panics
    /// When the shapes do not broadcast, the dtypes differ or have no arithmetic, or an integer is to be raised to a negative power.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([2.0, 3.0]);
    /// assert_eq!(x.pow(&x).to_vec::<f64>(), [4.0, 27.0]);
    /// assert_eq!(x.pow(2).to_vec::<f64>(), [4.0, 9.0]);
    /// assert_eq!(Tensor::from([-2i64, 3]).pow(3).to_vec::<i64>(), [-8, 27]);
    /// ```
    #[doc(alias = "float_power")]
    #[must_use]
    #[track_caller]
    pub fn pow<'a>(&self, exponent: impl Into<Operand<'a>>) -> Tensor {
        match exponent.into() {
            Operand::Number(exponent) if self.dtype().is_float() => self.powf(exponent),
            exponent => binary(&Pow, self, exponent),
        }
    }

    /// z = x + w (y - x): this where w is 0, `end` where it is 1, exactly both; under broadcasting of all three.
    ///
    #[doc = accuracy!(lerp)]
    ///
    /// # Panics
    /// When the shapes do not broadcast, the dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (x, y) = (Tensor::from([0.0f32, 10.0]), Tensor::from([4.0f32, 20.0]));
    /// assert_eq!(x.lerp(&y, 0.25).to_vec::<f32>(), [1.0, 12.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn lerp<'a>(&self, end: &Tensor, weight: impl Into<Operand<'a>>) -> Tensor {
        match weight.into() {
            Operand::Tensor(weight) => apply_broadcast(&Lerp, &[self, end, weight]),
            Operand::Number(weight) => apply_broadcast(&Lerp, &[self, end, &or_panic(constant(&Lerp, weight, self))]),
        }
    }
}

#[cfg(test)]
mod tests;
