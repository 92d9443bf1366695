//! Medians over axes: the lower of the two in the middle, as in PyTorch. Equal elements share the gradient, as they do in `extrema`;
//! medians of one axis with their place are in `pick`, interpolated ones in `quantile`.

use crate::ops::{
    broadcast::widened,
    reduction::extrema::{equal_and_count, infer_extremum, picked_by_value},
    reduction::reduce::{reduced_shape, with_reduced_axes},
    rows::with_axes_last,
};
use crate::{
    Array, Axes, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply,
    dtype::for_widened,
    error::takes,
    kernels::sort::{self, Wanted},
};

#[cfg(test)]
mod tests;

/// The element that is wanted of some axes.
fn picked(x: &Array, axes: &[usize], keepdims: bool, wanted: Wanted) -> Array {
    let shape = reduced_shape(x.shape(), axes, keepdims);
    let (rows, _) = with_axes_last(x, axes);
    let length = axes.iter().map(|&axis| x.shape()[axis]).product();
    for_widened!(x.dtype(), T => {
        let elements = rows.as_slice::<T>().expect("contiguous");
        let mut values = Buffer::recycled(shape.numel());
        let places = sort::places(elements, length, wanted);
        let picked = elements.chunks(length.max(1)).zip(&places[..]).map(|(row, &place)| row[place as usize]);
        values.iter_mut().zip(picked).for_each(|(y, x)| *y = x);
        Array::from_buffer(values, shape)
    })
}

picked_by_value!(
    /// `y` is the median of `x` over some axes, the lower of two; NaN where there is one.
    Median, "median": |x, axes, keepdims| picked(x, axes, keepdims, Wanted::Median)
);
picked_by_value!(
    /// `y` is the median over some axes of what is not NaN, the lower of two.
    NanMedian, "nanmedian": |x, axes, keepdims| picked(x, axes, keepdims, Wanted::NanMedian)
);

/// Medians.
impl Tensor {
    /// The median over some axes, which go: of an even number of elements the lower of the two in the middle, and NaN where there is
    /// one. [`quantile`](Self::quantile) of 0.5 is the mean of the two.
    ///
    /// Elements that equal the median share the gradient, as in PyTorch's `median()`. A result that is NaN has gradient NaN.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[4.0f32, 1.0, 3.0], [9.0, 7.0, 8.0]]);
    /// assert_eq!(x.median(1).to_vec::<f32>(), [3.0, 8.0]);
    /// assert_eq!(x.median(..).item::<f32>(), 4.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn median(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Median::new(axes, false), &[self]).into_single()
    }

    /// As [`median`](Self::median); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`median`](Self::median).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[4i64, 1, 3]]).median_keepdims(1).shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn median_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Median::new(axes, true), &[self]).into_single()
    }

    /// As [`median`](Self::median) of the elements that are not NaN; NaN where all are.
    ///
    /// # Panics
    /// As [`median`](Self::median).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([4.0, f64::NAN, 3.0]).nanmedian(..).item::<f64>(), 3.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanmedian(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&NanMedian::new(axes, false), &[self]).into_single()
    }

    /// As [`nanmedian`](Self::nanmedian); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`nanmedian`](Self::nanmedian).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[4.0, f64::NAN]]).nanmedian_keepdims(1).to_vec::<f64>(), [4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanmedian_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&NanMedian::new(axes, true), &[self]).into_single()
    }
}
