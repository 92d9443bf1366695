//! Which numbers are numbers, and putting others in the place of those that are not.

use super::elementwise::bounds::accuracy;
use crate::ops::Elementwise;
use crate::{Real, Tensor, apply};

/// What takes the place of NaN and of the infinities; the operation of [`Tensor::nan_to_num`].
///
/// ```
/// use cotangent_tensor::{Tensor, ops::NanToNum};
/// let x = Tensor::from([f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
/// let y = x.nan_to_num(NanToNum::new().nan(-1.0).infinity(9.0));
/// assert_eq!(y.to_vec::<f32>(), [-1.0, 9.0, f32::MIN]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NanToNum {
    nan: f64,
    infinity: Option<f64>,
    negative_infinity: Option<f64>,
}

impl NanToNum {
    /// Zero for NaN, and the greatest and the least number of the dtype for the infinities.
    #[must_use]
    pub fn new() -> Self {
        NanToNum::default()
    }
    /// This number for NaN.
    #[must_use]
    pub fn nan(self, nan: f64) -> Self {
        NanToNum { nan, ..self }
    }
    /// This number for the positive infinity.
    #[must_use]
    pub fn infinity(self, infinity: f64) -> Self {
        NanToNum { infinity: Some(infinity), ..self }
    }
    /// This number for the negative infinity.
    #[must_use]
    pub fn negative_infinity(self, negative_infinity: f64) -> Self {
        NanToNum { negative_infinity: Some(negative_infinity), ..self }
    }
}

impl Elementwise for NanToNum {
    const NAME: &'static str = "nan_to_num";
    const ARITY: usize = 1;
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| n[0]);
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let (x, infinity) = (&x[0], x[0].constant(f64::INFINITY));
        let (high, low) = (self.infinity.unwrap_or(f64::MAX), self.negative_infinity.unwrap_or(f64::MIN));
        let not_below = x.if_greater(&-infinity.clone(), x.clone(), x.constant(low));
        let number = infinity.if_greater(x, not_below, x.constant(high));
        x.if_nan(x.constant(self.nan), number)
    }
}

impl Tensor {
    /// Numbers in the place of NaN and the infinities, as [`NanToNum`] says; dy/dx = 1, and 0 where one was put. Integers stay.
    ///
    #[doc = accuracy!(nan_to_num)]
    ///
    /// # Panics
    /// When the dtype is bool.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::NanToNum};
    /// assert_eq!(Tensor::from([f32::NAN, 2.0]).nan_to_num(NanToNum::new()).to_vec::<f32>(), [0.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nan_to_num(&self, numbers: NanToNum) -> Tensor {
        // The formula's own limits are those of f64, which would be infinite in other dtypes.
        let max = self.dtype().greatest().unwrap_or(f64::MAX);
        let infinity = Some(numbers.infinity.unwrap_or(max));
        let negative_infinity = Some(numbers.negative_infinity.unwrap_or(-max));
        apply(&NanToNum { infinity, negative_infinity, ..numbers }, &[self]).into_single()
    }

    /// Where this is NaN, as a bool tensor: `x.ne(x)`. Integers never are.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([f32::NAN, 1.0]).is_nan().to_vec::<bool>(), [true, false]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn is_nan(&self) -> Tensor {
        self.ne(self)
    }

    /// Where this is neither NaN nor infinite, as a bool tensor. Integers always are.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([f32::NAN, f32::INFINITY, 1.0]).is_finite().to_vec::<bool>(), [false, false, true]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn is_finite(&self) -> Tensor {
        if self.dtype().is_float() { self.abs().lt(f64::INFINITY) } else { self.eq(self) }
    }

    /// Where this is one of the infinities, as a bool tensor. Integers never are.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([f32::NAN, f32::NEG_INFINITY, 1.0]).is_inf().to_vec::<bool>(), [false, true, false]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn is_inf(&self) -> Tensor {
        if self.dtype().is_float() { self.abs().eq(f64::INFINITY) } else { self.ne(self) }
    }
}
