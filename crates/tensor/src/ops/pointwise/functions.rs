//! Elementwise functions of one number: exponentials, logarithms, powers, roots, error functions.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Kept, Special,
    broadcast::ToNumber,
    pointwise::elementwise::declare::{
        check_of_domain, declared, functions, kept, operation_type, pull_by_slope, specials,
    },
};
use crate::{DType, Error, ErrorKind, Real, Result, Tensor, apply, kernels::special};
use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10};

functions! {
    /// y = e^x; dy/dx = y.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, f32::NEG_INFINITY]).exp().to_vec::<f32>(), [1.0, 0.0]);
    /// ```
    Exp, exp: |x| x.exp(), from y => y.clone();
    /// y = e^x - 1, exact near zero; dy/dx = y + 1.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, 1e-20]).expm1().to_vec::<f64>(), [0.0, 1e-20]);
    /// ```
    Expm1, expm1: |x| x.expm1(), from y => y.clone() + y.constant(1.0);
    /// y = ln x, NaN below zero; dy/dx = 1/x.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, 0.0]).ln().to_vec::<f32>(), [0.0, f32::NEG_INFINITY]);
    /// ```
    #[doc(alias = "log")]
    Ln, ln: |x| x.ln(), from x => x.reciprocal();
    /// y = ln(1 + x), exact near zero; dy/dx = 1/(1 + x).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, 1e-20]).log1p().to_vec::<f64>(), [0.0, 1e-20]);
    /// ```
    Log1p, log1p: |x| x.log1p(), from x => (x.constant(1.0) + x.clone()).reciprocal();
    /// y = √x, NaN below zero; dy/dx = 1/(2y), infinite at zero.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([4.0f32, 0.25]).sqrt().to_vec::<f32>(), [2.0, 0.5]);
    /// ```
    Sqrt, sqrt: |x| x.sqrt(), from y => y.constant(0.5) / y.clone();
    /// y = 1/√x, infinite at zero and NaN below; dy/dx = -y³/2.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([4.0f32, 0.25]).rsqrt().to_vec::<f32>(), [0.5, 2.0]);
    /// ```
    Rsqrt, rsqrt: |x| x.sqrt().reciprocal(), from y => y.constant(-0.5) * y.clone() * y.square();
    /// y = x²; dy/dx = 2x. Integers too; they wrap.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-3i64, 4]).square().to_vec::<i64>(), [9, 16]);
    /// ```
    Square, square: |x| x.clone() * x.clone(), from x => x.constant(2.0) * x.clone(), integer |n| n.wrapping_mul(n);
    /// y = 1/x; dy/dx = -y².
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([4.0f32, -0.5]).reciprocal().to_vec::<f32>(), [0.25, -2.0]);
    /// ```
    Reciprocal, reciprocal: |x| x.constant(1.0) / x.clone(), from y => -(y.clone() * y.clone());
    /// y = |x|; dy/dx = sign(x), and 0 at zero, as in PyTorch. Integers too; they wrap.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.5f32, 2.0]).abs().to_vec::<f32>(), [1.5, 2.0]);
    /// ```
    Abs, abs: |x| x.abs(), from x => sign(x), integer |n| n.wrapping_abs();
    /// y = sin x; dy/dx = cos x.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, std::f64::consts::FRAC_PI_2]).sin().to_vec::<f64>(), [0.0, 1.0]);
    /// ```
    Sin, sin: |x| x.sin(), from x => x.cos(), angles true;
    /// y = cos x; dy/dx = -sin x.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, std::f64::consts::PI]).cos().to_vec::<f64>(), [1.0, -1.0]);
    /// ```
    Cos, cos: |x| x.cos(), from x => -x.sin(), angles true;
    /// y = erf x = 2/√π ∫₀ˣ e^(-t²) dt; dy/dx = 2/√π e^(-x²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 10.0, -10.0]).erf().to_vec::<f32>(), [0.0, 1.0, -1.0]);
    /// ```
    Erf, erf: |x| x.erf(), from x => x.constant(FRAC_2_SQRT_PI) * (-(x.clone() * x.clone())).exp();
}

specials! {
    /// y = 2^x; dy/dx = y ln 2.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3.0f32, -1.0]).exp2().to_vec::<f32>(), [8.0, 0.5]);
    /// ```
    Exp2, exp2: libm::exp2, from y => y.constant(LN_2) * y.clone();
    /// y = log₂ x, NaN below zero; dy/dx = 1/(x ln 2).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([8.0f32, 0.5]).log2().to_vec::<f32>(), [3.0, -1.0]);
    /// ```
    Log2, log2: libm::log2, from x => (x.constant(LN_2) * x.clone()).reciprocal();
    /// y = log₁₀ x, NaN below zero; dy/dx = 1/(x ln 10).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1000.0f32, 1.0]).log10().to_vec::<f32>(), [3.0, 0.0]);
    /// ```
    Log10, log10: libm::log10, from x => (x.constant(LN_10) * x.clone()).reciprocal();
    /// y = ∛x, of negative numbers too; dy/dx = 1/(3y²), infinite at zero.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([8.0f32, -27.0]).cbrt().to_vec::<f32>(), [2.0, -3.0]);
    /// ```
    Cbrt, cbrt: libm::cbrt, from y => (y.constant(3.0) * y.square()).reciprocal();
    /// y = erfc x = 1 - erf x, accurate where it is small; dy/dx = -2/√π e^(-x²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::from([0.0, 10.0]).erfc().to_vec::<f64>();
    /// assert!(y[0] == 1.0 && (y[1] / 2.088487583762545e-45 - 1.0).abs() < 1e-14);
    /// ```
    Erfc, erfc: libm::erfc, from x => x.constant(-FRAC_2_SQRT_PI) * (-x.square()).exp();
    /// y with erf y = x; infinite at -1 and 1, NaN beyond; dy/dx = √π/2 e^(y²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 1.0]).erfinv().to_vec::<f32>(), [0.0, f32::INFINITY]);
    /// ```
    Erfinv, erfinv: special::erfinv, from y => y.constant(1.0 / FRAC_2_SQRT_PI) * y.square().exp();
}

/// -1, 0 or 1; 0 for NaN.
#[inline(always)]
pub(in crate::ops) fn sign<R: Real>(x: &R) -> R {
    let (zero, one) = (x.constant(0.0), x.constant(1.0));
    x.if_greater(&zero, one.clone(), zero.if_greater(x, -one, zero.clone()))
}

/// y = x^p for a constant p, as C's `pow`: NaN for negative x unless p is an integer; dy/dx = p x^(p-1).
#[derive(Clone, Copy, Debug)]
pub struct Powf(
    /// The exponent p.
    pub f64,
);

impl Elementwise for Powf {
    const NAME: &'static str = "powf";
    const ARITY: usize = 1;
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        power(&x[0], self.0)
    }
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R {
        // x^0 is 1 everywhere, so that its derivative must not become 0 * x^-1, which is NaN at zero.
        if self.0 == 0.0 {
            x[0].constant(0.0)
        } else {
            y_bar.clone() * (x[0].constant(self.0) * power(&x[0], self.0 - 1.0))
        }
    }
}

/// x^p; a square is a product, which is exact where `pow` is slow.
#[inline(always)]
fn power<R: Real>(x: &R, p: f64) -> R {
    if p == 0.0 {
        x.constant(1.0)
    } else if p == 1.0 {
        x.clone()
    } else if p == 2.0 {
        x.clone() * x.clone()
    } else {
        x.powf(p)
    }
}

impl Tensor {
    /// y = x^p for a constant p, as C's `pow`: NaN for negative x unless p is an integer; dy/dx = p x^(p-1).
    ///
    #[doc = accuracy!(powf)]
    ///
    /// # Panics
    /// When the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([2.0f32, 3.0]).powf(2).to_vec::<f32>(), [4.0, 9.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn powf(&self, exponent: impl ToNumber) -> Tensor {
        apply(&Powf(exponent.to_number().as_f64()), &[self]).into_single()
    }
}

/// The operation of [`Tensor::logit`].
#[derive(Clone, Copy, Debug)]
pub struct Logit {
    /// x is clamped to this from 0 and 1; `None` leaves it.
    pub eps: Option<f64>,
}

impl Logit {
    #[inline(always)]
    fn clamped<R: Real>(&self, x: &R) -> R {
        let Some(eps) = self.eps else { return x.clone() };
        let (low, high) = (x.constant(eps), x.constant(1.0 - eps));
        low.if_greater(x, low.clone(), x.if_greater(&high, high.clone(), x.clone()))
    }
}

impl Elementwise for Logit {
    const NAME: &'static str = "logit";
    const ARITY: usize = 1;
    const IN_F64: bool = true;
    fn check(&self, _: DType) -> Result<()> {
        match self.eps {
            Some(eps) if !(0.0..=0.5).contains(&eps) => {
                Err(Error::new(ErrorKind::Value, "logit", format!("eps must be from 0 to 0.5, not {eps}")))
            }
            _ => Ok(()),
        }
    }
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        R::special(self, x)
    }
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R {
        let z = self.clamped(&x[0]);
        let inside = y_bar.clone() / (z.clone() * (z.constant(1.0) - z));
        let Some(eps) = self.eps else { return inside };
        let (zero, x) = (x[0].constant(0.0), &x[0]);
        let below_high = x.if_greater(&x.constant(1.0 - eps), zero.clone(), inside);
        x.constant(eps).if_greater(x, zero, below_high)
    }
}

impl Special for Logit {
    fn number(&self, x: &[f64]) -> f64 {
        let x = self.clamped(&x[0]);
        // Around 1/2 the logarithm is that of nearly 1, of which 2x - 1 is exact.
        if x < 0.25 { libm::log(x / (1.0 - x)) } else { libm::log1p((2.0 * x - 1.0) / (1.0 - x)) }
    }
}

impl Tensor {
    /// y = ln(x / (1 - x)), the inverse of [`sigmoid`](Self::sigmoid); dy/dx = 1/(x (1 - x)). NaN outside of 0 to 1.
    ///
    /// With an eps, x is clamped to `eps .. 1 - eps` first, where beyond the derivative is 0 as in PyTorch.
    ///
    #[doc = accuracy!(logit)]
    ///
    /// # Panics
    /// When the dtype is not floating point, or eps is not from 0 to 0.5.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([0.5f32, 1.0]);
    /// assert_eq!(x.logit(None).to_vec::<f32>(), [0.0, f32::INFINITY]);
    /// assert!(x.logit(Some(1e-6)).to_vec::<f32>()[1] < 14.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn logit(&self, eps: Option<f64>) -> Tensor {
        apply(&Logit { eps }, &[self]).into_single()
    }
}
