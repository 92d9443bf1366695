//! The other functions of angles, and those of hyperbolas.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise, Kept, Special,
    pointwise::elementwise::declare::{
        check_of_domain, declared, functions, kept, operation_type, pull_by_slope, specials,
    },
};
use crate::{DType, Error, ErrorKind, Real, Result, Tensor, apply, kernels::special};
use std::f64::consts::PI;

functions! {
    /// y = tan x; dy/dx = 1 + y².
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 1.0]).tan().to_vec::<f32>(), [0.0, 1.5574077]);
    /// ```
    Tan, tan: |x| x.tan(), from y => y.constant(1.0) + y.square(), far true;
    /// y from -π/2 to π/2 with sin y = x, NaN beyond -1 and 1; dy/dx = 1/√(1 - x²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from(1.0).asin().item::<f64>(), std::f64::consts::FRAC_PI_2);
    /// ```
    #[doc(alias = "arcsin")]
    Asin, asin: |x| x.asin(), from x => complement(x).sqrt().reciprocal();
    /// y from 0 to π with cos y = x, NaN beyond -1 and 1; dy/dx = -1/√(1 - x²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from(-1.0).acos().item::<f64>(), std::f64::consts::PI);
    /// ```
    #[doc(alias = "arccos")]
    Acos, acos: |x| x.acos(), from x => -complement(x).sqrt().reciprocal();
    /// y from -π/2 to π/2 with tan y = x; dy/dx = 1/(1 + x²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from(f64::INFINITY).atan().item::<f64>(), std::f64::consts::FRAC_PI_2);
    /// ```
    #[doc(alias = "arctan")]
    Atan, atan: |x| x.atan(), from x => (x.constant(1.0) + x.square()).reciprocal();
    /// y = (e^x - e^-x)/2; dy/dx = cosh x.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 1.0]).sinh().to_vec::<f32>(), [0.0, 1.1752012]);
    /// ```
    Sinh, sinh: |x| x.sinh(), from x => x.cosh();
    /// y = (e^x + e^-x)/2; dy/dx = sinh x.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 1.0]).cosh().to_vec::<f32>(), [1.0, 1.5430807]);
    /// ```
    Cosh, cosh: |x| x.cosh(), from x => x.sinh();
}

specials! {
    /// y with sinh y = x; dy/dx = 1/√(x² + 1).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, 1.0]).asinh().to_vec::<f32>(), [0.0, 0.8813736]);
    /// ```
    #[doc(alias = "arcsinh")]
    Asinh, asinh: libm::asinh, from x => x.hypot(&x.constant(1.0)).reciprocal();
    /// y from 0 on with cosh y = x, NaN below 1; dy/dx = 1/√(x² - 1).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, 2.0]).acosh().to_vec::<f32>(), [0.0, 1.316958]);
    /// ```
    #[doc(alias = "arccosh")]
    Acosh, acosh: libm::acosh, from x => {
        let one = x.constant(1.0);
        ((x.clone() - one.clone()).sqrt() * (x.clone() + one).sqrt()).reciprocal()
    };
    /// y with tanh y = x, NaN beyond -1 and 1; dy/dx = 1/(1 - x²).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.5f32, 1.0]).atanh().to_vec::<f32>(), [0.54930615, f32::INFINITY]);
    /// ```
    #[doc(alias = "arctanh")]
    Atanh, atanh: libm::atanh, from x => complement(x).reciprocal();
}

/// 1 - x², accurate near 1.
#[inline(always)]
fn complement<R: Real>(x: &R) -> R {
    let one = x.constant(1.0);
    (one.clone() - x.clone()) * (one + x.clone())
}

functions! {
    /// y = x π/180: radians from degrees.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from(180.0).deg2rad().item::<f64>(), std::f64::consts::PI);
    /// ```
    #[doc(alias = "radians")]
    Deg2rad, deg2rad: |x| x.clone() * x.constant(PI / 180.0);
    /// y = x 180/π: degrees from radians.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from(std::f64::consts::PI).rad2deg().item::<f64>(), 180.0);
    /// ```
    #[doc(alias = "degrees")]
    Rad2deg, rad2deg: |x| x.clone() * x.constant(180.0 / PI);
}

/// The derivative of some order of sin(πx)/(πx); order 0 is the operation of [`Tensor::sinc`].
#[derive(Clone, Copy, Debug)]
pub struct Sinc {
    /// How often the function is differentiated.
    pub order: u32,
}

impl Elementwise for Sinc {
    const NAME: &'static str = "sinc";
    const ARITY: usize = 1;
    const IN_F64: bool = true;
    fn check(&self, _: DType) -> Result<()> {
        // π^order has to be a number.
        if self.order <= 600 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Value, "sinc", format!("derivatives go up to order 600, not {}", self.order)))
    }
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        R::special(self, x)
    }
    /// A formula for the slope would be a difference of large terms near zero: each order has code of its own.
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R {
        y_bar.clone() * R::special(&Sinc { order: self.order + 1 }, x)
    }
}

impl Special for Sinc {
    fn number(&self, x: &[f64]) -> f64 {
        special::sinc(self.order, x[0])
    }
}

impl Tensor {
    /// y = sin(πx)/(πx), and 1 at zero, as NumPy and PyTorch scale it; dy/dx = (cos πx - y)/x, and 0 at zero. Derivatives of every
    /// order are accurate near zero.
    ///
    #[doc = accuracy!(sinc)]
    ///
    /// # Panics
    /// When the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, 1.0]).sinc().to_vec::<f64>(), [1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sinc(&self) -> Tensor {
        apply(&Sinc { order: 0 }, &[self]).into_single()
    }
}
