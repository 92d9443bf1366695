//! The greatest and the smallest along axes, and where they are.
//!
//! NaN counts as both the greatest and the smallest. Several equal extrema share the gradient equally, as in PyTorch's `amax`: the
//! gradient of max([1, 3, 3]) is [0, 1/2, 1/2].

use crate::ops::{
    broadcast::widened,
    reduction::reduce::{reduced_shape, with_reduced_axes},
};
use crate::{
    Array, Axes, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply, array::check_size, dtype::for_widened, error::takes, kernels::reduce, shape::resolve_axis,
};

/// The shape of an extremum over `axes`, which must have elements unless nothing is asked for.
pub(in crate::ops) fn infer_extremum(
    op: &'static str,
    x: SpecRef<'_>,
    axes: &[usize],
    keepdims: bool,
    dtype: DType,
) -> Result<Few<Spec>> {
    let output = Spec::new(reduced_shape(x.shape(), axes, keepdims), dtype);
    match axes.iter().find(|&&axis| x.shape()[axis] == 0) {
        Some(axis) if output.shape().numel() > 0 => {
            Err(Error::new(ErrorKind::Shape, op, format!("cannot reduce over axis {axis} of size 0")).with_inputs(&[x]))
        }
        _ => check_size(op, output.shape(), dtype).map(|_| output.into()),
    }
}

/// 1 where an element equals what was picked, else 0; and how many there are along the axes. Constants to every derivative. In f32 for
/// halves, which hold no large counts.
pub(super) fn equal_and_count(x: &Tensor, y: &Tensor, axes: &Axes) -> (Tensor, Tensor) {
    let equal = x.eq(&with_reduced_axes(y, axes, x.spec())).cast(x.dtype().widened());
    let count = equal.sum_keepdims(axes.clone());
    (equal, count)
}

/// An operation that picks an element of some axes by its value; elements equal to it share the cotangent.
macro_rules! picked_by_value {
    ($(#[$docs:meta])* $Name:ident, $name:literal: |$x:ident, $axes:ident, $keepdims:ident| $value:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $Name {
            axes: Axes,
            keepdims: bool,
        }

        impl $Name {
            /// Over these axes, which stay with size 1 if `keepdims`.
            #[must_use]
            pub fn new(axes: impl Into<Axes>, keepdims: bool) -> Self {
                $Name { axes: axes.into(), keepdims }
            }
        }

        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                takes($name, 1, inputs)?;
                let axes = self.axes.resolve($name, inputs[0].rank())?;
                infer_extremum($name, inputs[0], &axes, self.keepdims, inputs[0].dtype())
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                let ($x, $keepdims) = (inputs[0], self.keepdims);
                let $axes = &self.axes.resolve($name, $x.shape().len())?[..];
                Ok($value.into())
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Vjp(self)
            }
        }

        impl Vjp for $Name {
            fn keep(&self, _: &[bool]) -> Keep {
                Keep::input(0).and(Keep::output(0))
            }
            // x_bar = [x = y] y_bar / (number of elements that equal y)
            fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
                let x = saved.input(0);
                let (equal, count) = equal_and_count(x, saved.output(0), &self.axes);
                let y_bar = with_reduced_axes(&widened(&y_bar.single()), &self.axes, x.spec());
                Few::one(Some((equal * (y_bar / count)).cast(x.dtype())))
            }
            // y_dot = sum([x = y] x_dot) / (number of elements that equal y)
            fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
                let y_dot = |x_dot: &Tensor| {
                    let (equal, count) = equal_and_count(x[0], &y[0], &self.axes);
                    let y_dot = (equal * widened(x_dot)).sum_keepdims(self.axes.clone()) / count;
                    y_dot.reshape(y[0].shape()).cast(x_dot.dtype())
                };
                Some(Few::one(x_dot[0].map(y_dot)))
            }
        }
    };
}
pub(super) use picked_by_value;

picked_by_value!(
    /// `y = max(x)` over some axes.
    Max, "max": |x, axes, keepdims| for_widened!(x.dtype(), T => reduce::fold::<reduce::Max, T>(x, axes, keepdims))
);
picked_by_value!(
    /// `y = min(x)` over some axes.
    Min, "min": |x, axes, keepdims| for_widened!(x.dtype(), T => reduce::fold::<reduce::Min, T>(x, axes, keepdims))
);

macro_rules! arg_extremum {
    ($(#[$docs:meta])* $Name:ident, $Fold:ident, $name:literal) => {
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

        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                takes($name, 1, inputs)?;
                let axis = resolve_axis($name, self.axis, inputs[0].rank())?;
                infer_extremum($name, inputs[0], &[axis], self.keepdims, DType::I64)
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                let x = inputs[0];
                let axis = resolve_axis($name, self.axis, x.shape().len())?;
                Ok(for_widened!(x.dtype(), T => reduce::arg::position::<reduce::$Fold, T>(x, axis, self.keepdims)).into())
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Zero
            }
        }
    };
}

arg_extremum!(
    /// The index of the first greatest element along an axis, as `i64`.
    ArgMax,
    Max,
    "argmax"
);
arg_extremum!(
    /// The index of the first smallest element along an axis, as `i64`.
    ArgMin,
    Min,
    "argmin"
);

/// Extrema.
impl Tensor {
    /// The greatest element along some axes, which go. A NaN counts as the greatest.
    ///
    /// Equal greatest elements share the gradient equally, as in PyTorch's `amax`. A result that is NaN has gradient NaN.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 5.0], [3.0, 4.0]]);
    /// assert_eq!(x.max(0).to_vec::<f32>(), [3.0, 5.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "amax")]
    pub fn max(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Max::new(axes, false), &[self]).into_single()
    }

    /// As [`max`](Self::max); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`max`](Self::max).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 5], [3, 4]]).max_keepdims(..).shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Max::new(axes, true), &[self]).into_single()
    }

    /// The smallest element along some axes, which go. A NaN counts as the smallest.
    ///
    /// Equal smallest elements share the gradient equally, as in PyTorch's `amin`. A result that is NaN has gradient NaN.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 5.0], [3.0, 4.0]]).min(-1).to_vec::<f32>(), [1.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "amin")]
    pub fn min(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Min::new(axes, false), &[self]).into_single()
    }

    /// As [`min`](Self::min); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`min`](Self::min).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 5], [3, 4]]).min_keepdims(1).shape()[..], [2, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn min_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Min::new(axes, true), &[self]).into_single()
    }

    /// The index of the greatest element along an axis, which goes: the first of several, or of the first NaN. As `i64`.
    ///
    /// # Panics
    /// When the axis is out of range, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 5.0, 5.0], [3.0, 2.0, 1.0]]).argmax(1).to_vec::<i64>(), [1, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argmax(&self, axis: isize) -> Tensor {
        apply(&ArgMax::new(axis, false), &[self]).into_single()
    }

    /// As [`argmax`](Self::argmax); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`argmax`](Self::argmax).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 5.0]]).argmax_keepdims(1).shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argmax_keepdims(&self, axis: isize) -> Tensor {
        apply(&ArgMax::new(axis, true), &[self]).into_single()
    }

    /// The index of the smallest element along an axis, which goes: the first of several, or of the first NaN. As `i64`.
    ///
    /// # Panics
    /// When the axis is out of range, or has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([4i64, 2, 2]).argmin(0).item::<i64>(), 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argmin(&self, axis: isize) -> Tensor {
        apply(&ArgMin::new(axis, false), &[self]).into_single()
    }

    /// As [`argmin`](Self::argmin); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`argmin`](Self::argmin).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([4i64, 2, 2]).argmin_keepdims(0).shape()[..], [1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argmin_keepdims(&self, axis: isize) -> Tensor {
        apply(&ArgMin::new(axis, true), &[self]).into_single()
    }
}

#[cfg(test)]
mod tests;
