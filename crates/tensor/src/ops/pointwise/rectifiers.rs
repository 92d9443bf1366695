//! Activation functions that bend: rectifiers, and those made of straight pieces.
//!
//! At a bend the derivative is that of the flat side, or of the lower side where neither is flat, as in PyTorch. NaN stays.

use crate::ops::{
    Elementwise, Kept,
    broadcast::{ToNumber, or_panic},
    pointwise::elementwise::{
        apply_broadcast,
        declare::{declared, functions, kept, operation_type},
    },
};
use crate::{DType, Error, ErrorKind, Real, Result, Tensor, apply};

/// y = max(x, 0), NaN for NaN; dy/dx = 1 above zero, else 0, also at zero, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Relu;

impl Elementwise for Relu {
    const NAME: &'static str = "relu";
    const ARITY: usize = 1;
    const KEEPS: Kept = Kept::Output;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let zero = x[0].constant(0.0);
        zero.if_greater(&x[0], zero.clone(), x[0].clone())
    }
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, y: &[R]) -> R {
        let zero = y[0].constant(0.0);
        y[0].if_nan(y_bar.clone(), y[0].if_greater(&zero, y_bar.clone(), zero.clone()))
    }
}

impl Tensor {
    /// y = max(x, 0), NaN for NaN; dy/dx = 1 above zero, else 0, also at zero, as in PyTorch.
    ///
    /// # Panics
    /// When the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.0f32, 2.0]).relu().to_vec::<f32>(), [0.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn relu(&self) -> Tensor {
        apply(&Relu, &[self]).into_single()
    }
}

functions! {
    /// y = min(max(x, 0), 6); dy/dx = 1 between 0 and 6, else 0, also at both.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.0f32, 2.0, 9.0]).relu6().to_vec::<f32>(), [0.0, 2.0, 6.0]);
    /// ```
    Relu6, relu6: |x| between(x, 0.0, 6.0);
    /// y = x above zero, else slope · x; dy/dx = 1 above zero, else the slope, also at zero.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.0f32, 2.0]).leaky_relu(0.25).to_vec::<f32>(), [-0.25, 2.0]);
    /// ```
    LeakyRelu { /** The slope below zero. */ slope }, leaky_relu:
        |x| above_zero(x, x.clone(), x.clone() * x.constant(slope));
    /// y = 1.0507 x above zero, else 1.0507 · 1.6733 (e^x - 1); at zero the derivative is that from below. The constants keep the
    /// variance of independent inputs at 1. (Klambauer et al., 2017.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 1.0]).selu().to_vec::<f32>(), [-1.7580993, 1.050701]);
    /// ```
    Selu, selu: |x| above_zero(x, x.constant(SCALE) * x.clone(), x.constant(SCALE * ALPHA) * expm1_below(x)),
        from x => above_zero(x, x.constant(SCALE), x.constant(SCALE * ALPHA) * exp_below(x));
    /// y = min(max((x + 3)/6, 0), 1); dy/dx = 1/6 between -3 and 3, else 0, also at both.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-4.0f32, 0.0, 4.0]).hardsigmoid().to_vec::<f32>(), [0.0, 0.5, 1.0]);
    /// ```
    Hardsigmoid, hardsigmoid: |x| gate(x);
    /// y = x min(max((x + 3)/6, 0), 1); dy/dx = x/3 + 1/2 between -3 and 3, 0 up to -3 and 1 from 3 on. (Howard et al., 2019.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-4.0f32, 0.0, 4.0]).hardswish().to_vec::<f32>(), [0.0, 0.0, 4.0]);
    /// ```
    Hardswish, hardswish: |x| x.constant(-3.0).if_greater(x, x.constant(0.0), x.clone() * gate(x));
    /// y = min(max(x, low), high); dy/dx = 1 between both, else 0, also at both, where [clamp](Self::clamp) has 1. PyTorch's defaults
    /// are -1 and 1.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-4.0f32, 0.5]).hardtanh(-1, 1).to_vec::<f32>(), [-1.0, 0.5]);
    /// ```
    Hardtanh { /** The least value. */ low, /** The greatest value. */ high }, hardtanh: |x| between(x, low, high);
    /// y = x above the threshold, else the value; dy/dx = 1 above it, else 0, also at it.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.5f32, 2.0]).threshold(1, -7).to_vec::<f32>(), [-7.0, 2.0]);
    /// ```
    Threshold { /** Up to here x is replaced. */ threshold, /** By this. */ value }, threshold:
        |x| x.if_nan(x.clone(), x.if_greater(&x.constant(threshold), x.clone(), x.constant(value)));
    /// y = x, and 0 within λ of zero; dy/dx = 0 within, also at ±λ, else 1. PyTorch's default is 1/2; nothing is within a negative λ.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-2.0f32, 0.25, 1.0]).hardshrink(0.5).to_vec::<f32>(), [-2.0, 0.0, 1.0]);
    /// ```
    Hardshrink { /** λ */ lambda }, hardshrink: |x| {
        let below = x.constant(-lambda).if_greater(x, x.clone(), x.constant(0.0));
        x.if_nan(x.clone(), x.if_greater(&x.constant(lambda), x.clone(), below))
    };
}

/// α and the scale of [`Tensor::selu`]. (Klambauer et al., 2017, appendix A1.)
const ALPHA: f64 = 1.673_263_242_354_377_2;
const SCALE: f64 = 1.050_700_987_355_480_5;

/// `then` above zero, else `otherwise`.
#[inline(always)]
fn above_zero<R: Real>(x: &R, then: R, otherwise: R) -> R {
    x.if_greater(&x.constant(0.0), then, otherwise)
}

/// The operation of [`Tensor::elu`].
#[derive(Clone, Copy, Debug)]
pub struct Elu {
    /// Minus the limit far below zero.
    pub alpha: f64,
}

impl Elementwise for Elu {
    const NAME: &'static str = "elu";
    const ARITY: usize = 1;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        above_zero(&x[0], x[0].clone(), x[0].constant(self.alpha) * expm1_below(&x[0]))
    }
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R {
        above_zero(&x[0], y_bar.clone(), y_bar.clone() * (x[0].constant(self.alpha) * exp_below(&x[0])))
    }
}

/// e^x - 1 up to zero, and a number above. Of min(x, 0) the compiler makes a branch around the exponential, and of selu's loop no
/// vectors.
#[inline(always)]
fn expm1_below<R: Real>(x: &R) -> R {
    (-x.abs()).expm1()
}

/// e^x up to zero, and a number above.
#[inline(always)]
fn exp_below<R: Real>(x: &R) -> R {
    (-x.abs()).exp()
}

/// min(x, 0), with the derivative from below at zero: an exponential of it does not overflow where it is not chosen.
#[inline(always)]
fn not_above_zero<R: Real>(x: &R) -> R {
    above_zero(x, x.constant(0.0), x.clone())
}

/// x between two bounds, the bounds beyond, where nothing of x is left, and at them.
#[inline(always)]
fn between<R: Real>(x: &R, low: f64, high: f64) -> R {
    let (low, high) = (x.constant(low), x.constant(high));
    let below_high = high.if_greater(x, x.clone(), high.clone());
    x.if_nan(x.clone(), x.if_greater(&low, below_high, low.clone()))
}

/// min(max((x + 3)/6, 0), 1)
#[inline(always)]
fn gate<R: Real>(x: &R) -> R {
    between(&(x.clone() + x.constant(3.0)), 0.0, 6.0) / x.constant(6.0)
}

/// Functions with a parameter that has a domain.
macro_rules! checked {
    ($($Type:ident, $method:ident, $parameter:ident: $valid:expr, $rule:literal, |$x:ident, $p:ident| $value:expr;)*) => {$(
        #[doc = concat!("The operation of [`Tensor::", stringify!($method), "`](crate::Tensor::", stringify!($method), ").")]
        #[derive(Clone, Copy, Debug)]
        pub struct $Type(
            #[doc = concat!("The parameter, ", stringify!($parameter), ".")]
            pub f64,
        );

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 1;
            fn check(&self, _: DType) -> Result<()> {
                let valid: fn(f64) -> bool = $valid;
                if valid(self.0) {
                    return Ok(());
                }
                Err(Error::new(ErrorKind::Value, Self::NAME, format!(concat!($rule, ", not {}"), self.0)))
            }
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                let ($x, $p) = (&x[0], self.0);
                $value
            }
        }
    )*};
}

checked! {
    Celu, celu, alpha: |alpha| alpha != 0.0 && alpha.is_finite(), "alpha must be finite and not 0",
        |x, alpha| {
            let below = (not_above_zero(x) / x.constant(alpha)).expm1();
            above_zero(x, x.clone(), x.constant(alpha) * below)
        };
    Softshrink, softshrink, lambda: |lambda| lambda >= 0.0, "lambda must be at least 0",
        |x, lambda| {
            let (positive, negative) = (x.constant(lambda), x.constant(-lambda));
            let below = negative.if_greater(x, x.clone() + positive.clone(), x.constant(0.0));
            x.if_nan(x.clone(), x.if_greater(&positive, x.clone() - positive.clone(), below))
        };
}

/// The operation of [`Tensor::prelu`].
#[derive(Clone, Copy, Debug)]
pub struct Prelu;

impl Elementwise for Prelu {
    const NAME: &'static str = "prelu";
    const ARITY: usize = 2;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        above_zero(&x[0], x[0].clone(), x[1].clone() * x[0].clone())
    }
}

impl Tensor {
    /// y = x above zero, else α (e^x - 1); dy/dx at zero is α. (Clevert, Unterthiner and Hochreiter, 2015.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 2.0]).elu(1).to_vec::<f32>(), [-1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// When the dtype is not floating point.
    #[must_use]
    #[track_caller]
    pub fn elu(&self, alpha: impl ToNumber) -> Tensor {
        apply(&Elu { alpha: alpha.to_number().as_f64() }, &[self]).into_single()
    }

    /// y = x above zero, else α (e^(x/α) - 1); dy/dx at zero is 1. (Barron, 2017.)
    ///
    /// # Panics
    /// When the dtype is not floating point, or α is 0 or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 2.0]).celu(3).to_vec::<f32>(), [-3.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn celu(&self, alpha: impl ToNumber) -> Tensor {
        apply(&Celu(alpha.to_number().as_f64()), &[self]).into_single()
    }

    /// y = x without the part of it that lies within λ of zero; dy/dx = 0 within, also at ±λ, else 1. PyTorch's default is 1/2.
    ///
    /// # Panics
    /// When the dtype is not floating point, or λ is negative.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-2.0f32, 0.25, 1.0]).softshrink(0.5).to_vec::<f32>(), [-1.5, 0.0, 0.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn softshrink(&self, lambda: impl ToNumber) -> Tensor {
        apply(&Softshrink(lambda.to_number().as_f64()), &[self]).into_single()
    }

    /// y = x above zero, else weight · x, with one weight for all or one for each channel, axis 1; at zero the derivative is that from
    /// below. (He et al., 2015.)
    ///
    /// # Panics
    /// When the weight is not one number and not a list of as many as there are channels, the dtypes differ or are not floating
    /// point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[-1.0f32, -1.0], [1.0, -2.0]]);
    /// assert_eq!(x.prelu(&Tensor::from([0.5f32, 0.25])).to_vec::<f32>(), [-0.5, -0.25, 1.0, -0.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn prelu(&self, weight: &Tensor) -> Tensor {
        apply_broadcast(&Prelu, &[self, &or_panic(along_channels(self, weight))])
    }
}

/// The weight as a tensor that broadcasts to x.
fn along_channels(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let channels = if x.rank() < 2 { 1 } else { x.shape()[1] };
    match weight.shape()[..] {
        [] => Ok(weight.clone()),
        [1] => Ok(weight.squeeze(0)),
        [count] if count == channels => {
            let shape: Vec<usize> = std::iter::once(count).chain(std::iter::repeat_n(1, x.rank() - 2)).collect();
            Ok(weight.reshape(&shape[..]))
        }
        _ => Err(Error::new(
            ErrorKind::Shape,
            "prelu",
            format!("the weight must be one number or a list of {channels}, one for each channel along axis 1"),
        )
        .with_inputs(&[x.spec(), weight.spec()])),
    }
}

#[cfg(test)]
mod tests;
