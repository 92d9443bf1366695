//! Medians over axes: the lower of the two in the middle, as in PyTorch. Equal elements share the gradient, as they do in `extrema`;
//! medians of one axis with their place are in `pick`, interpolated ones in `quantile`.

use crate::ops::{
    reduction::extrema::{extrema_and_count, infer_extremum},
    reduction::reduce::{reduced_shape, with_reduced_axes},
    rows::with_axes_last,
};
use crate::{
    Array, Axes, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply,
    dtype::for_dtype,
    error::takes,
    kernels::sort::{self, Wanted},
};

#[cfg(test)]
mod tests;

macro_rules! median {
    ($(#[$docs:meta])* $Name:ident, $name:literal) => {
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
                let x = inputs[0];
                let axes = self.axes.resolve($name, x.shape().len())?;
                let shape = reduced_shape(x.shape(), &axes, self.keepdims);
                let (rows, _) = with_axes_last(x, &axes);
                let length = axes.iter().map(|&axis| x.shape()[axis]).product();
                Ok(for_dtype!(x.dtype(), T => {
                    let elements = rows.as_slice::<T>().expect("contiguous");
                    let mut values = Buffer::recycled(shape.numel());
                    let places = sort::places(elements, length, Wanted::$Name);
                    let picked = elements.chunks(length.max(1)).zip(&places[..]).map(|(row, &place)| row[place as usize]);
                    values.iter_mut().zip(picked).for_each(|(y, x)| *y = x);
                    Array::from_buffer(values, shape)
                })
                .into())
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
                let (equal, count) = extrema_and_count(x, saved.output(0), &self.axes);
                let y_bar = with_reduced_axes(&y_bar.single(), &self.axes, x.spec());
                Few::one(Some(equal * (y_bar / count)))
            }
            // y_dot = sum([x = y] x_dot) / (number of elements that equal y)
            fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
                let y_dot = |x_dot: &Tensor| {
                    let (equal, count) = extrema_and_count(x[0], &y[0], &self.axes);
                    let y_dot = (equal * x_dot).sum_keepdims(self.axes.clone()) / count;
                    if self.keepdims { y_dot } else { y_dot.reshape(y[0].shape()) }
                };
                Some(Few::one(x_dot[0].map(y_dot)))
            }
        }
    };
}

median!(
    /// `y` is the median of `x` over some axes, the lower of two; NaN where there is one.
    Median,
    "median"
);
median!(
    /// `y` is the median over some axes of what is not NaN, the lower of two.
    NanMedian,
    "nanmedian"
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
