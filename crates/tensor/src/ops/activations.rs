//! Activation functions of neural networks.

use super::{
    Elementwise, Kept,
    functions::{functions, kept},
};
use crate::{Real, Tensor, apply};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

functions! {
    /// y = 1/(1 + e^-x); dy/dx = y(1 - y).
    Sigmoid, sigmoid: |x| x.sigmoid(), from y => y.clone() * (y.constant(1.0) - y.clone());
    /// y = tanh x; dy/dx = 1 - y².
    Tanh, tanh: |x| x.tanh(), from y => y.constant(1.0) - y.clone() * y.clone();
    /// y = ln(1 + e^x), exact in both tails; dy/dx = sigmoid(x).
    Softplus, softplus: |x| x.softplus(), from x => x.sigmoid();
    /// y = x Φ(x), with Φ the normal distribution function through erf; dy/dx = Φ(x) + x φ(x). (Hendrycks and Gimpel, 2016.)
    Gelu, gelu: |x| x.clone() * normal_cdf(x), from x => normal_cdf(x) + x.clone() * normal_pdf(x);
    /// The tanh form of gelu: y = x/2 (1 + tanh u), u = √(2/π) (x + 0.044715 x³). (Hendrycks and Gimpel, 2016.)
    GeluTanh, gelu_tanh: |x| x.constant(0.5) * x.clone() * (x.constant(1.0) + gelu_tanh_inner(x).tanh()),
        from x => gelu_tanh_slope(x);
}

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
    fn partial<R: Real>(&self, i: usize, y: &[R]) -> R {
        self.pull(i, &y[0].constant(1.0), y)
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

/// Φ(x) = (1 + erf(x/√2)) / 2
#[inline(always)]
fn normal_cdf<R: Real>(x: &R) -> R {
    x.constant(0.5) * (x.constant(1.0) + (x.clone() * x.constant(FRAC_1_SQRT_2)).erf())
}

/// φ(x) = e^(-x²/2) / √(2π)
#[inline(always)]
fn normal_pdf<R: Real>(x: &R) -> R {
    x.constant(FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * 0.5) * (x.constant(-0.5) * x.clone() * x.clone()).exp()
}

/// √(2/π)
const SQRT_2_OVER_PI: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
/// The cubic term of the tanh form, from the paper.
const CUBIC: f64 = 0.044715;

#[inline(always)]
fn gelu_tanh_inner<R: Real>(x: &R) -> R {
    x.constant(SQRT_2_OVER_PI) * (x.clone() + x.constant(CUBIC) * x.clone() * x.clone() * x.clone())
}

/// (1 + t)/2 + x/2 (1 - t²) u', t = tanh u
#[inline(always)]
fn gelu_tanh_slope<R: Real>(x: &R) -> R {
    let (half, one) = (x.constant(0.5), x.constant(1.0));
    let t = gelu_tanh_inner(x).tanh();
    let inner_slope = x.constant(SQRT_2_OVER_PI) * (one.clone() + x.constant(3.0 * CUBIC) * x.clone() * x.clone());
    half.clone() * (one.clone() + t.clone()) + half * x.clone() * (one - t.clone() * t) * inner_slope
}
