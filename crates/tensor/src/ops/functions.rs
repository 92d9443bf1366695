//! Elementwise functions of one number: exponentials, logarithms, powers, trigonometry.

use super::{Elementwise, Kept, broadcast::ToNumber};
use crate::{Real, Tensor, apply};

/// Declares functions of one input: documentation, type, method, formula and derivative.
///
/// `dy/dx` is written in the input, `from x`, or in the output, `from y`.
macro_rules! functions {
    ($($(#[$doc:meta])* $Type:ident, $method:ident: |$x:ident| $value:expr, from $kept:ident => $slope:expr
        $(, integer |$n:ident| $integer:expr)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Type;

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 1;
            const KEEPS: Kept = kept!($kept);
            $(const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| { let $n = n[0]; $integer });)?
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                let $x = &x[0];
                $value
            }
            #[inline(always)]
            fn partial<R: Real>(&self, _: usize, kept: &[R]) -> R {
                let $kept = &kept[0];
                $slope
            }
        }

        impl Tensor {
            $(#[$doc])*
            ///
            /// # Panics
            /// When the dtype is not floating point (`abs` and `square` take integers too).
            #[must_use]
            #[track_caller]
            pub fn $method(&self) -> Tensor {
                apply(&$Type, &[self]).into_single()
            }
        }
    )*};
}

macro_rules! kept {
    (x) => {
        Kept::Inputs
    };
    (y) => {
        Kept::Output
    };
}
pub(super) use {functions, kept};

functions! {
    /// y = e^x; dy/dx = y.
    Exp, exp: |x| x.exp(), from y => y.clone();
    /// y = e^x - 1, exact near zero; dy/dx = y + 1.
    Expm1, expm1: |x| x.expm1(), from y => y.clone() + y.constant(1.0);
    /// y = ln x, NaN below zero; dy/dx = 1/x.
    Ln, ln: |x| x.ln(), from x => x.reciprocal();
    /// y = ln(1 + x), exact near zero; dy/dx = 1/(1 + x).
    Log1p, log1p: |x| x.log1p(), from x => (x.constant(1.0) + x.clone()).reciprocal();
    /// y = √x, NaN below zero; dy/dx = 1/(2y), infinite at zero.
    Sqrt, sqrt: |x| x.sqrt(), from y => y.constant(0.5) / y.clone();
    /// y = x²; dy/dx = 2x. Integers wrap.
    Square, square: |x| x.clone() * x.clone(), from x => x.constant(2.0) * x.clone(), integer |n| n.wrapping_mul(n);
    /// y = 1/x; dy/dx = -y².
    Reciprocal, reciprocal: |x| x.constant(1.0) / x.clone(), from y => -(y.clone() * y.clone());
    /// y = |x|; dy/dx = sign(x), and 0 at zero, as in PyTorch. Integers wrap.
    Abs, abs: |x| x.abs(), from x => sign(x), integer |n| n.wrapping_abs();
    /// y = sin x; dy/dx = cos x.
    Sin, sin: |x| x.sin(), from x => x.cos();
    /// y = cos x; dy/dx = -sin x.
    Cos, cos: |x| x.cos(), from x => -x.sin();
    /// y = erf x = 2/√π ∫₀ˣ e^(-t²) dt; dy/dx = 2/√π e^(-x²).
    Erf, erf: |x| x.erf(), from x => x.constant(std::f64::consts::FRAC_2_SQRT_PI) * (-(x.clone() * x.clone())).exp();
}

#[inline(always)]
fn sign<R: Real>(x: &R) -> R {
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
    fn partial<R: Real>(&self, _: usize, x: &[R]) -> R {
        // x^0 is 1 everywhere, so that its derivative must not become 0 * x^-1, which is NaN at zero.
        if self.0 == 0.0 { x[0].constant(0.0) } else { x[0].constant(self.0) * power(&x[0], self.0 - 1.0) }
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
