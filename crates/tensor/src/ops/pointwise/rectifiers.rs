//! Activation functions that bend: rectifiers, and those made of straight pieces.
//!
//! At a bend the derivative is that of the flat side, or of the lower side where neither is flat, as in PyTorch. NaN stays.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Kept,
    broadcast::{ToNumber, or_panic},
    pointwise::elementwise::{
        apply_broadcast,
        declare::{check_of_domain, declared, functions, kept, operation_type, pull_by_slope},
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
    #[doc = accuracy!(relu)]
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

// Exponentials below zero are those of -|x|, which does not overflow above: of min(x, 0) the compiler makes a branch around them, and
// no vectors.
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
    LeakyRelu { /** The slope below zero. */ slope } where slope.is_finite() => "the slope must be finite", leaky_relu:
        |x| above_zero(x, x.clone(), x.clone() * x.constant(slope));
    /// y = x above zero, else α (e^x - 1); dy/dx at zero is α. (Clevert, Unterthiner and Hochreiter, 2015.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 2.0]).elu(1).to_vec::<f32>(), [-1.0, 2.0]);
    /// ```
    Elu { /** Minus the limit far below zero. */ alpha } where alpha.is_finite() => "alpha must be finite", elu:
        |x| above_zero(x, x.clone(), x.constant(alpha) * (-x.abs()).expm1()),
        from x => above_zero(x, x.constant(1.0), x.constant(alpha) * (-x.abs()).exp());
    /// y = x above zero, else α (e^(x/α) - 1); dy/dx at zero is 1. (Barron, 2017.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 2.0]).celu(3).to_vec::<f32>(), [-3.0, 2.0]);
    /// ```
    Celu { /** Minus the limit far below zero. */ alpha }
        where alpha.is_finite() && alpha != 0.0 => "alpha must be finite and not 0", celu:
        |x| above_zero(x, x.clone(), x.constant(alpha) * (-x.abs() / x.constant(alpha)).expm1()),
        from x => above_zero(x, x.constant(1.0), (-x.abs() / x.constant(alpha)).exp());
    /// y = 1.0507 x above zero, else 1.0507 · 1.6733 (e^x - 1); at zero the derivative is that from below. The constants keep the
    /// variance of independent inputs at 1. (Klambauer et al., 2017.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 1.0]).selu().to_vec::<f32>(), [-1.7580993, 1.050701]);
    /// ```
    Selu, selu: |x| above_zero(x, x.constant(SCALE) * x.clone(), x.constant(SCALE * ALPHA) * (-x.abs()).expm1()),
        from x => above_zero(x, x.constant(SCALE), x.constant(SCALE * ALPHA) * (-x.abs()).exp());
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
    Hardswish, hardswish: |x| {
        // A product of infinity with the slope of the gate, which is zero, would be NaN.
        let inside = x.constant(-3.0).if_greater(x, x.constant(0.0), x.clone() * gate(x));
        x.if_greater(&x.constant(3.0), x.clone(), inside)
    };
    /// y = min(max(x, low), high); dy/dx = 1 between both, else 0, also at both, as [clamp](Self::clamp). PyTorch's defaults are -1
    /// and 1.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-4.0f32, 0.5]).hardtanh(-1, 1).to_vec::<f32>(), [-1.0, 0.5]);
    /// ```
    Hardtanh { /** The least value. */ low, /** The greatest value. */ high }
        where low <= high => "low must not exceed high, and neither be NaN", hardtanh: |x| between(x, low, high);
    /// y = x above the threshold, else the value; dy/dx = 1 above it, else 0, also at it.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.5f32, 2.0]).threshold(1, -7).to_vec::<f32>(), [-7.0, 2.0]);
    /// ```
    Threshold { /** Up to here x is replaced. */ threshold, /** By this. */ value }
        where !threshold.is_nan() => "the threshold must not be NaN", threshold:
        |x| x.if_nan(x.clone(), x.if_greater(&x.constant(threshold), x.clone(), x.constant(value)));
    /// y = x, and 0 within λ of zero; dy/dx = 0 within, also at ±λ, else 1. PyTorch's default is 1/2; nothing is within a negative λ.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-2.0f32, 0.25, 1.0]).hardshrink(0.5).to_vec::<f32>(), [-2.0, 0.0, 1.0]);
    /// ```
    Hardshrink { /** λ */ lambda } where !lambda.is_nan() => "lambda must not be NaN", hardshrink: |x| {
        let below = x.constant(-lambda).if_greater(x, x.clone(), x.constant(0.0));
        x.if_nan(x.clone(), x.if_greater(&x.constant(lambda), x.clone(), below))
    };
    /// y = x without the part of it that lies within λ of zero; dy/dx = 0 within, also at ±λ, else 1. PyTorch's default is 1/2.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-2.0f32, 0.25, 1.0]).softshrink(0.5).to_vec::<f32>(), [-1.5, 0.0, 0.5]);
    /// ```
    Softshrink { /** λ */ lambda } where lambda >= 0.0 => "lambda must be at least 0", softshrink: |x| {
        let (positive, negative) = (x.constant(lambda), x.constant(-lambda));
        let below = negative.if_greater(x, x.clone() + positive.clone(), x.constant(0.0));
        x.if_nan(x.clone(), x.if_greater(&positive, x.clone() - positive.clone(), below))
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
    /// y = x above zero, else weight · x, with one weight for all or one for each channel, axis 1; at zero the derivative is that from
    /// below. (He et al., 2015.)
    ///
    #[doc = accuracy!(prelu)]
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
