//! Activation functions that are smooth, and gates. Those that bend are in `rectifiers`.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Kept,
    broadcast::{ToNumber, or_panic},
    pointwise::elementwise::declare::{check_of_domain, declared, functions, kept, operation_type, pull_by_slope},
};
use crate::{DType, Error, ErrorKind, Real, Result, Tensor, apply, shape::resolve_axis};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

functions! {
    /// y = 1/(1 + e^-x); dy/dx = y(1 - y).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 200.0, -200.0]).sigmoid().to_vec::<f32>(), [0.5, 1.0, 0.0]);
    /// ```
    Sigmoid, sigmoid: |x| x.sigmoid(), from y => y.clone() * (y.constant(1.0) - y.clone());
    /// y = tanh x; dy/dx = 1 - y².
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 50.0, -50.0]).tanh().to_vec::<f32>(), [0.0, 1.0, -1.0]);
    /// ```
    Tanh, tanh: |x| x.tanh(), from y => y.constant(1.0) - y.clone() * y.clone();
    /// y = ln(1 + e^x), exact in both tails; dy/dx = sigmoid(x).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1000.0f32, -1000.0]).softplus().to_vec::<f32>(), [1000.0, 0.0]);
    /// ```
    Softplus, softplus: |x| x.softplus(), from x => x.sigmoid();
    /// y = ln(1 + e^(βx)) / β, and x itself where βx is above the threshold; dy/dx = sigmoid(βx), and 1 there. PyTorch's defaults are 1
    /// and 20: with a threshold of 20, y jumps by 2e-9 there. [`softplus`](Self::softplus) needs none.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::from([0.0, 2.0, -2000.0]).softplus_with(0.5, 0.9).to_vec::<f64>();
    /// assert!((y[0] - 2.0 * 2f64.ln()).abs() < 1e-15 && y[1..] == [2.0, 0.0]);
    /// ```
    SoftplusWith { /** β, how sharp the bend is. */ beta, /** Above which βx is not looked at. */ threshold }
        where beta.is_finite() && beta != 0.0 && !threshold.is_nan() =>
            "beta must be finite and not 0, and the threshold not NaN", softplus_with: |x| {
        let scaled = x.clone() * x.constant(beta);
        scaled.if_greater(&x.constant(threshold), x.clone(), scaled.softplus() / x.constant(beta))
    }, from x => {
        let scaled = x.clone() * x.constant(beta);
        scaled.if_greater(&x.constant(threshold), x.constant(1.0), scaled.sigmoid())
    };
    /// y = x Φ(x), with Φ the normal distribution function; dy/dx = Φ(x) + x φ(x). (Hendrycks and Gimpel, 2016.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 50.0, f32::NEG_INFINITY]).gelu().to_vec::<f32>(), [0.0, 50.0, 0.0]);
    /// ```
    Gelu, gelu: |x| x.gelu(), from x => normal_cdf(x) + x.clone() * normal_pdf(x);
    /// The tanh form of gelu: y = x/2 (1 + tanh u), u = √(2/π) (x + 0.044715 x³). (Hendrycks and Gimpel, 2016.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 50.0, -50.0]).gelu_tanh().to_vec::<f32>(), [0.0, 50.0, 0.0]);
    /// ```
    GeluTanh, gelu_tanh: |x| x.constant(0.5) * x.clone() * (x.constant(1.0) + gelu_tanh_inner(x).tanh()),
        from x => gelu_tanh_slope(x);
    /// y = x sigmoid(x), also known as swish. (Elfwing, Uchibe and Doya, 2017.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 100.0, -1000.0]).silu().to_vec::<f32>(), [0.0, 100.0, 0.0]);
    /// ```
    #[doc(alias = "swish")]
    Silu, silu: |x| zero_far_below(x, x.clone() * x.sigmoid());
    /// y = x tanh(ln(1 + e^x)). (Misra, 2019.)
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 100.0, -1000.0]).mish().to_vec::<f32>(), [0.0, 100.0, 0.0]);
    /// ```
    Mish, mish: |x| zero_far_below(x, x.clone() * x.softplus().tanh());
    /// y = x/(1 + |x|); dy/dx = 1/(1 + |x|)².
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, -3.0]).softsign().to_vec::<f32>(), [0.5, -0.75]);
    /// ```
    Softsign, softsign: |x| x.clone() / (x.constant(1.0) + x.abs()),
        from x => (x.constant(1.0) + x.abs()).reciprocal().square();
    /// y = ln sigmoid(x) = -ln(1 + e^-x), exact in both tails; dy/dx = sigmoid(-x).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1000.0f32, 1000.0]).log_sigmoid().to_vec::<f32>(), [-1000.0, 0.0]);
    /// ```
    LogSigmoid, log_sigmoid: |x| -(-x.clone()).softplus(), from x => (-x.clone()).sigmoid();
    /// y = x - tanh x; dy/dx = tanh² x. Near zero, where it is x³/3, y is as exact as x is.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 100.0]).tanhshrink().to_vec::<f32>(), [0.0, 99.0]);
    /// ```
    Tanhshrink, tanhshrink: |x| x.clone() - x.tanh(), from x => x.tanh().square();
}

/// y, and 0 from where a factor of x has underflowed: it would make NaN of minus infinity.
#[inline(always)]
fn zero_far_below<R: Real>(x: &R, y: R) -> R {
    // e^x is 0 in f64 from -746 on.
    x.constant(-800.0).if_greater(x, x.constant(0.0), y)
}

/// The operation of [`Tensor::glu`]: y = x sigmoid(gate).
#[derive(Clone, Copy, Debug)]
pub struct Glu;

impl Elementwise for Glu {
    const NAME: &'static str = "glu";
    const ARITY: usize = 2;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        x[0].clone() * x[1].sigmoid()
    }
}

impl Tensor {
    /// The first half along an axis times the sigmoid of the second half: the gated linear unit. (Dauphin et al., 2016.)
    ///
    #[doc = accuracy!(glu)]
    ///
    /// # Panics
    /// When the axis is out of range, its size is odd, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3.0f32, 5.0, 0.0, 100.0]).glu(-1).to_vec::<f32>(), [1.5, 5.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn glu(&self, axis: isize) -> Tensor {
        let size = self.shape()[or_panic(float_axis("glu", self, axis))];
        if !size.is_multiple_of(2) {
            let rule = format!("axis {axis} must have an even size, to be halved, not {size}");
            let error = Error::new(ErrorKind::Shape, "glu", rule).with_inputs(&[self.spec()]);
            panic!("{error}");
        }
        let half = size / 2;
        apply(&Glu, &[&self.narrow(axis, 0, half), &self.narrow(axis, half, half)]).into_single()
    }

    /// `exp(-x) / sum(exp(-x))` along an axis: the [softmax](Self::softmax) of -x.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 1000.0]).softmin(0).to_vec::<f32>(), [1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn softmin(&self, axis: isize) -> Tensor {
        or_panic(float_axis("softmin", self, axis));
        (-self).softmax(axis)
    }
}

/// The axis from the front, of a tensor of floats.
fn float_axis(op: &'static str, x: &Tensor, axis: isize) -> Result<usize> {
    if !x.dtype().is_float() {
        return Err(Error::needs_float(op, &[x.spec()]));
    }
    resolve_axis(op, axis, x.rank()).map_err(|error| error.with_inputs(&[x.spec()]))
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
