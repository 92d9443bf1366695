//! Extrema with the places where they were, of an axis and of each beginning of it.

use super::{Pick, one_of, picks, places_in_rows, sort::pair};
use crate::{
    Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_widened,
    kernels::{reduce, scan},
};

/// An operation that picks one element of an axis, and says where it was.
macro_rules! one_with_index {
    ($(#[$docs:meta])* $Name:ident, $name:literal: |$x:ident, $axis:ident| $places:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $Name {
            axis: isize,
            keepdims: bool,
        }

        impl $Name {
            /// Along this axis, which stays with size 1 if `keepdims`.
            #[must_use]
            pub fn new(axis: isize, keepdims: bool) -> Self {
                $Name { axis, keepdims }
            }
        }

        impl Pick for $Name {
            const NAME: &'static str = $name;
            fn axis(&self) -> isize {
                self.axis
            }
            fn drops_axis(&self) -> bool {
                !self.keepdims
            }
            fn count(&self, x: SpecRef<'_>, axis: usize) -> Result<usize> {
                one_of($name, x, axis)
            }
            fn places(&self, $x: &Array, $axis: usize) -> Array {
                $places
            }
        }
    };
}
pub(super) use one_with_index;

one_with_index!(
    /// The first greatest element along an axis, and where it is.
    MaxWithIndices, "max_with_indices":
    |x, axis| for_widened!(x.dtype(), T => reduce::arg::position::<reduce::Max, T>(x, axis, true))
);
one_with_index!(
    /// The first smallest element along an axis, and where it is.
    MinWithIndices, "min_with_indices":
    |x, axis| for_widened!(x.dtype(), T => reduce::arg::position::<reduce::Min, T>(x, axis, true))
);

macro_rules! running_extremum {
    ($(#[$docs:meta])* $Name:ident, $Fold:ident, $name:literal) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $Name {
            axis: isize,
        }

        impl $Name {
            /// Along this axis.
            #[must_use]
            pub fn new(axis: isize) -> Self {
                $Name { axis }
            }
        }

        impl Pick for $Name {
            const NAME: &'static str = $name;
            fn axis(&self) -> isize {
                self.axis
            }
            fn count(&self, x: SpecRef<'_>, axis: usize) -> Result<usize> {
                Ok(x.shape()[axis])
            }
            fn places(&self, x: &Array, axis: usize) -> Array {
                for_widened!(x.dtype(), T => {
                    places_in_rows::<T>(x, axis, x.shape()[axis], scan::places_of_extrema::<reduce::$Fold, T>)
                })
            }
        }
    };
}

running_extremum!(
    /// `y[k] = max(x[0], .., x[k])` along an axis, and where it is.
    CumMax,
    Max,
    "cummax"
);
running_extremum!(
    /// `y[k] = min(x[0], .., x[k])` along an axis, and where it is.
    CumMin,
    Min,
    "cummin"
);

picks!(MaxWithIndices, MinWithIndices, CumMax, CumMin);

/// Extrema and where they are.
impl Tensor {
    /// The greatest element along an axis, which goes, and where it is: `(values, indices)`, the first of equal ones. A NaN
    /// counts as the greatest.
    ///
    /// The gradient goes to the element that was picked, as in PyTorch's `max(dim)`; that of [`max`](Self::max) is shared.
    ///
    /// # Panics
    /// When the axis is out of range, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (value, index) = Tensor::from([1.0f32, 5.0, 5.0]).max_with_indices(0);
    /// assert_eq!((value.item::<f32>(), index.item::<i64>()), (5.0, 1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_with_indices(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&MaxWithIndices::new(axis, false), &[self]))
    }

    /// As [`max_with_indices`](Self::max_with_indices); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`max_with_indices`](Self::max_with_indices).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 5]]).max_with_indices_keepdims(1).1.shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_with_indices_keepdims(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&MaxWithIndices::new(axis, true), &[self]))
    }

    /// The smallest element along an axis, which goes, and where it is: `(values, indices)`, the first of equal ones. A NaN
    /// counts as the smallest.
    ///
    /// The gradient goes to the element that was picked, as in PyTorch's `min(dim)`; that of [`min`](Self::min) is shared.
    ///
    /// # Panics
    /// When the axis is out of range, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (value, index) = Tensor::from([3.0f32, 1.0, 1.0]).min_with_indices(0);
    /// assert_eq!((value.item::<f32>(), index.item::<i64>()), (1.0, 1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn min_with_indices(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&MinWithIndices::new(axis, false), &[self]))
    }

    /// As [`min_with_indices`](Self::min_with_indices); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`min_with_indices`](Self::min_with_indices).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 5]]).min_with_indices_keepdims(1).0.shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn min_with_indices_keepdims(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&MinWithIndices::new(axis, true), &[self]))
    }

    /// The greatest element so far along an axis, and where it is: `(values, indices)`.
    ///
    /// Of equal elements the last is picked, and from the first NaN on the last NaN, as in PyTorch. The gradient goes to the element that
    /// was picked.
    ///
    /// # Panics
    /// When the axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (values, indices) = Tensor::from([1.0f32, 3.0, 2.0, 3.0]).cummax(0);
    /// assert_eq!(values.to_vec::<f32>(), [1.0, 3.0, 3.0, 3.0]);
    /// assert_eq!(indices.to_vec::<i64>(), [0, 1, 1, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cummax(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&CumMax::new(axis), &[self]))
    }

    /// The smallest element so far along an axis, and where it is: `(values, indices)`.
    ///
    /// Of equal elements the last is picked, and from the first NaN on the last NaN, as in PyTorch. The gradient goes to the element that
    /// was picked.
    ///
    /// # Panics
    /// When the axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3i64, 1, 2]).cummin(0).0.to_vec::<i64>(), [3, 1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cummin(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&CumMin::new(axis), &[self]))
    }
}
