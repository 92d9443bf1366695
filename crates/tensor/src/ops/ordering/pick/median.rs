//! Medians of an axis with the place where they were. Medians over several axes, which share among equal elements, are in `median`.

use super::{Pick, extrema::one_with_index, one_of, picks, places_in_order, sort::pair};
use crate::{
    Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    kernels::sort::Wanted,
};

one_with_index!(
    /// The median of an axis, the lower of two, and where it is.
    MedianWithIndices, "median_with_indices": |x, axis| places_in_order(x, axis, Wanted::Median)
);
one_with_index!(
    /// The median of the elements of an axis that are not NaN, the lower of two, and where it is.
    NanMedianWithIndices, "nanmedian_with_indices": |x, axis| places_in_order(x, axis, Wanted::NanMedian)
);

picks!(MedianWithIndices, NanMedianWithIndices);

/// Medians and where they are.
impl Tensor {
    /// The median of an axis, which goes, and where it is: `(values, indices)`. Of an even number of elements it is the lower of the
    /// two in the middle; where there is a NaN, the first NaN.
    ///
    /// The gradient goes to the element that was picked, as in PyTorch's `median(dim)`; that of [`median`](Self::median) is shared.
    ///
    /// # Panics
    /// When the axis is out of range, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (value, index) = Tensor::from([4.0f32, 1.0, 3.0, 2.0]).median_with_indices(0);
    /// assert_eq!((value.item::<f32>(), index.item::<i64>()), (2.0, 3));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn median_with_indices(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&MedianWithIndices::new(axis, false), &[self]))
    }

    /// As [`median_with_indices`](Self::median_with_indices); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`median_with_indices`](Self::median_with_indices).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[4i64, 1]]).median_with_indices_keepdims(1).0.to_vec::<i64>(), [1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn median_with_indices_keepdims(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&MedianWithIndices::new(axis, true), &[self]))
    }

    /// As [`median_with_indices`](Self::median_with_indices) of the elements that are not NaN; where all are, the first.
    ///
    /// # Panics
    /// As [`median_with_indices`](Self::median_with_indices).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([f32::NAN, 1.0, 3.0]).nanmedian_with_indices(0).1.item::<i64>(), 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanmedian_with_indices(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&NanMedianWithIndices::new(axis, false), &[self]))
    }

    /// As [`nanmedian_with_indices`](Self::nanmedian_with_indices); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`nanmedian_with_indices`](Self::nanmedian_with_indices).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[f32::NAN, 1.0]]).nanmedian_with_indices_keepdims(1).0.to_vec::<f32>(), [1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanmedian_with_indices_keepdims(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&NanMedianWithIndices::new(axis, true), &[self]))
    }
}
