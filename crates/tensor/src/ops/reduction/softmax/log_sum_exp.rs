//! The logarithm of a sum of exponentials, shifted by the greatest element so that nothing overflows.

use super::check_floats;
use crate::{
    Array, Axes, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    kernels::softmax as kernel,
    ops::{
        broadcast::{unrounded, widened},
        reduction::reduce::{reduced_shape, with_reduced_axes},
        rows::with_axes_last,
    },
};

/// `y = ln(sum(exp(x)))` over some axes.
#[derive(Clone, Debug)]
pub struct LogSumExp {
    axes: Axes,
    keepdims: bool,
}

impl LogSumExp {
    /// Over these axes, which stay with size 1 if `keepdims`.
    #[must_use]
    pub fn new(axes: impl Into<Axes>, keepdims: bool) -> Self {
        LogSumExp { axes: axes.into(), keepdims }
    }

    /// softmax(x), from `x` and `y`: exp(x - y).
    fn weights(&self, x: &Tensor, y: &Tensor) -> Tensor {
        // Where all elements are -inf, y is as well, and x - y would be NaN. Against the lowest finite number the difference is
        // -inf, and the weights zero; no other y is below it.
        let greatest = x.dtype().greatest().expect("`infer` asks for floating point");
        let y = y.maximum(-greatest);
        (x - with_reduced_axes(&y, &self.axes, x.spec())).exp()
    }
}

impl Primitive for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_floats("logsumexp", 1, inputs)?;
        let x = inputs[0];
        let axes = self.axes.resolve("logsumexp", x.rank())?;
        Ok(Spec::new(reduced_shape(x.shape(), &axes, self.keepdims), x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let axes = self.axes.resolve("logsumexp", x.shape().len())?;
        let shape = reduced_shape(x.shape(), &axes, self.keepdims);
        if x.numel() == 0 {
            // The logarithm of an empty sum.
            return Ok(for_float!(x.dtype(), T => Array::full(T::NEG_INFINITY, &shape)).into());
        }
        let (rows, _) = with_axes_last(x, &axes);
        let length = axes.iter().map(|&axis| x.shape()[axis]).product();
        Ok(for_float!(x.dtype(), T => {
            let elements = rows.as_slice::<T>().expect("contiguous");
            Array::from_buffer(kernel::log_sum_exp(elements, length), shape)
        })
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for LogSumExp {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0))
    }
    // x_bar = exp(x - y) y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let (x, y) = unrounded(self, saved.input(0), saved.output(0));
        let pulled = with_reduced_axes(&widened(&y_bar), &self.axes, x.spec());
        Few::one(Some((self.weights(&x, &y) * pulled).cast(y_bar.dtype())))
    }
    // y_dot = sum(exp(x - y) x_dot)
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let y_dot = |x_dot: &Tensor| {
            let (x, y) = unrounded(self, x[0], &y[0]);
            let weighted = self.weights(&x, &y) * widened(x_dot);
            let sum =
                if self.keepdims { weighted.sum_keepdims(self.axes.clone()) } else { weighted.sum(self.axes.clone()) };
            sum.cast(x_dot.dtype())
        };
        Some(Few::one(x_dot[0].map(y_dot)))
    }
}

/// Logarithms of sums of exponentials.
impl Tensor {
    /// `ln(sum(exp(x)))` over some axes, which go; shifted by the greatest element, so that nothing overflows.
    ///
    /// Of no elements, or of -inf alone, it is -inf, and the gradient is zero. If an element is +inf it is +inf; the gradient is
    /// then NaN at such elements and zero at others.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1000.0f64, 1000.0]).logsumexp(..).item::<f64>(), 1000.0 + 2.0f64.ln());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn logsumexp(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&LogSumExp::new(axes, false), &[self]).into_single()
    }

    /// As [`logsumexp`](Self::logsumexp); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`logsumexp`](Self::logsumexp).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f64, 2.0]]).logsumexp_keepdims(1).shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn logsumexp_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&LogSumExp::new(axes, true), &[self]).into_single()
    }
}
