//! Sums and means of the elements that are not NaN.

use super::{axes_of_floats, checked_axes};
use crate::ops::broadcast::by_way_of_f32;
use crate::{Axes, DType, Error, ErrorKind, Tensor};

/// Sums and means that leave out NaN.
impl Tensor {
    /// The sum of the elements along some axes that are not NaN; the axes go. Left-out elements have gradient zero.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, f64::NAN, 2.0]).nansum(..).item::<f64>(), 3.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nansum(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes_of_summands(self, axes.into());
        numbers(self).sum(axes)
    }

    /// As [`nansum`](Self::nansum); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`nansum`](Self::nansum).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0, f64::NAN]]).nansum_keepdims(0).to_vec::<f64>(), [1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nansum_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes_of_summands(self, axes.into());
        numbers(self).sum_keepdims(axes)
    }

    /// The mean of the elements along some axes that are not NaN; the axes go. It is NaN where all are.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, f64::NAN, 2.0]).nanmean(..).item::<f64>(), 1.5);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanmean(&self, axes: impl Into<Axes>) -> Tensor {
        let (axes, _) = axes_of_floats(self, "nanmean", axes.into());
        by_way_of_f32(self, |x| numbers(x).sum(axes.clone()) / x.eq(x).cast(x.dtype()).sum(axes))
    }

    /// As [`nanmean`](Self::nanmean); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`nanmean`](Self::nanmean).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0, f64::NAN, 2.0]]).nanmean_keepdims(1).to_vec::<f64>(), [1.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanmean_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        let (axes, _) = axes_of_floats(self, "nanmean", axes.into());
        by_way_of_f32(self, |x| numbers(x).sum_keepdims(axes.clone()) / x.eq(x).cast(x.dtype()).sum_keepdims(axes))
    }
}

/// Zero for NaN, which does not equal itself.
fn numbers(x: &Tensor) -> Tensor {
    if x.dtype().is_float() { x.eq(x).where_(x, 0) } else { x.clone() }
}

#[track_caller]
fn axes_of_summands(x: &Tensor, axes: Axes) -> Axes {
    let refuse = |dtype: DType| {
        Error::new(ErrorKind::DType, "nansum", format!("a sum of {dtype} would soon overflow it"))
            .with_hint("cast first, for example with .cast(DType::I64)")
    };
    let refused = matches!(x.dtype(), DType::U8 | DType::Bool).then(|| refuse(x.dtype()));
    checked_axes(x, "nansum", axes, refused)
}
