//! The gamma function's logarithm and its derivatives.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Kept, Special,
    pointwise::elementwise::declare::{declared, kept, operation_type, specials},
};
use crate::{DType, Error, ErrorKind, Real, Result, Tensor, apply, kernels::special};

specials! {
    /// y = ln |Γ(x)|, infinite at zero and at the negative integers; dy/dx = [digamma](Self::digamma) x.
    ///
    /// Below zero, near the places where Γ(x) is -1 or 1, only the absolute error is small.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, 2.0, 0.0]).lgamma().to_vec::<f64>(), [0.0, 0.0, f64::INFINITY]);
    /// ```
    #[doc(alias = "gammaln")]
    Lgamma, lgamma: libm::lgamma, from x => x.digamma();
    /// y = d/dx ln Γ(x); dy/dx = [polygamma](Self::polygamma)(1, x).
    ///
    /// At zero it is infinite, with the sign opposite to that of zero; at the negative integers NaN. Below zero, near the zeros of
    /// y, only the absolute error is small.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// // Minus Euler's constant.
    /// assert!((Tensor::from(1.0).digamma().item::<f64>() + 0.577_215_664_901_532_9).abs() < 1e-15);
    /// ```
    #[doc(alias = "psi")]
    Digamma, digamma: digamma, from x => x.polygamma(1);
}

fn digamma(x: f64) -> f64 {
    special::polygamma(0, x)
}

/// The derivative of order n + 1 of ln Γ, the operation of [`Tensor::polygamma`].
#[derive(Clone, Copy, Debug)]
pub struct Polygamma(
    /// n, up to 170, whose factorial is the last in f64.
    pub u32,
);

impl Elementwise for Polygamma {
    const NAME: &'static str = "polygamma";
    const ARITY: usize = 1;
    const IN_F64: bool = true;
    fn check(&self, _: DType) -> Result<()> {
        if self.0 <= 170 {
            return Ok(());
        }
        let rule = format!("the order must be at most 170, whose factorial is the last in f64, not {}", self.0);
        Err(Error::new(ErrorKind::Value, "polygamma", rule))
    }
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        R::special(self, x)
    }
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R {
        y_bar.clone() * x[0].polygamma(self.0 + 1)
    }
}

impl Special for Polygamma {
    fn number(&self, x: &[f64]) -> f64 {
        special::polygamma(self.0, x[0])
    }
}

impl Tensor {
    /// y = dⁿ⁺¹/dxⁿ⁺¹ ln Γ(x), the derivative of order n of [`digamma`](Self::digamma).
    ///
    /// At zero and the negative integers it is infinite for odd n; for even n it changes its sign there, and is NaN, but at zero
    /// infinite with the sign opposite to that of zero.
    ///
    #[doc = accuracy!(polygamma)]
    ///
    /// # Panics
    /// When the dtype is not floating point, or n is above 170.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// // π²/6
    /// assert!((Tensor::from(1.0).polygamma(1).item::<f64>() - 1.644_934_066_848_226_4).abs() < 1e-15);
    /// ```
    #[doc(alias = "trigamma")]
    #[must_use]
    #[track_caller]
    pub fn polygamma(&self, n: u32) -> Tensor {
        apply(&Polygamma(n), &[self]).into_single()
    }
}
