//! Softmax and its logarithm along an axis: shifted by the greatest element, so that nothing overflows, in one fused pass over
//! the rows.
//!
//! The derivatives of softmax and log softmax are fused as well. They are primitives of their own that decompose into simpler
//! operations, so that higher derivatives need no rule of theirs.

mod log_sum_exp;

pub use log_sum_exp::LogSumExp;

use crate::ops::rows::{with_axes_back, with_axes_last};
use crate::{
    Array, Cotangents, Decompose, Derivative, Error, Few, Keep, Primitive, Promise, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply,
    dtype::for_float,
    error::{same_specs, takes},
    kernels::softmax::{self as kernel, Rule},
    shape::resolve_axis,
};

fn check_floats(op: &'static str, count: usize, inputs: &[SpecRef<'_>]) -> Result<()> {
    takes(op, count, inputs)?;
    if inputs[0].dtype().is_float() { Ok(()) } else { Err(Error::needs_float(op, inputs)) }
}

/// A rule applied along an axis of two arrays of equal shape.
fn map_along<R: Rule<f32> + Rule<f64>>(op: &'static str, a: &Array, b: &Array, axis: isize) -> Result<Few<Array>> {
    let axis = resolve_axis(op, axis, a.shape().len())?;
    if a.numel() == 0 {
        return Ok(a.clone().into());
    }
    let (rows, order) = with_axes_last(a, &[axis]);
    // A rule of one input is given it twice.
    let others = if std::ptr::eq(a, b) { None } else { Some(with_axes_last(b, &[axis]).0) };
    let others = others.as_ref().unwrap_or(&rows);
    let mapped = for_float!(a.dtype(), T => {
        let (a, b) = (rows.as_slice::<T>().expect("contiguous"), others.as_slice::<T>().expect("contiguous"));
        Array::from_buffer_like(kernel::map_rows::<R, T>(a, b, rows.shape()[order.len() - 1]), &rows)
    });
    Ok(with_axes_back(mapped, &order).into())
}

/// `y = exp(x) / sum(exp(x))` along an axis.
#[derive(Clone, Debug)]
pub struct Softmax {
    axis: isize,
}

impl Softmax {
    /// Along this axis.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        Softmax { axis }
    }
}

impl Primitive for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(self.promise(inputs)?.into_specs(inputs))
    }
    fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
        check_floats("softmax", 1, inputs)?;
        resolve_axis("softmax", self.axis, inputs[0].rank())?;
        Ok(Promise::AsInput(0))
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        map_along::<kernel::Softmax>("softmax", inputs[0], inputs[0], self.axis)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Softmax {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0)
    }
    // x_bar = y (y_bar - sum(y y_bar))
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let gradient = SoftmaxGrad { axis: self.axis };
        Few::one(Some(apply(&gradient, &[saved.output(0), &y_bar.single()]).into_single()))
    }
    // The Jacobian diag(y) - y yᵀ is symmetric: y_dot = y (x_dot - sum(y x_dot)).
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let gradient = SoftmaxGrad { axis: self.axis };
        Some(Few::one(x_dot[0].map(|x_dot| apply(&gradient, &[&y[0], x_dot]).into_single())))
    }
}

/// `y = x - ln(sum(exp(x)))` along an axis.
#[derive(Clone, Debug)]
pub struct LogSoftmax {
    axis: isize,
}

impl LogSoftmax {
    /// Along this axis.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        LogSoftmax { axis }
    }
}

impl Primitive for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(self.promise(inputs)?.into_specs(inputs))
    }
    fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
        check_floats("log_softmax", 1, inputs)?;
        resolve_axis("log_softmax", self.axis, inputs[0].rank())?;
        Ok(Promise::AsInput(0))
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        map_along::<kernel::LogSoftmax>("log_softmax", inputs[0], inputs[0], self.axis)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for LogSoftmax {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0)
    }
    // x_bar = y_bar - exp(y) sum(y_bar)
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let gradient = LogSoftmaxGrad { axis: self.axis };
        Few::one(Some(apply(&gradient, &[saved.output(0), &y_bar.single()]).into_single()))
    }
    // y_dot = x_dot - sum(exp(y) x_dot)
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let y_dot = |x_dot: &Tensor| x_dot - (y[0].exp() * x_dot).sum_keepdims(self.axis);
        Some(Few::one(x_dot[0].map(y_dot)))
    }
}

macro_rules! gradient {
    ($(#[$docs:meta])* $Name:ident, $name:literal, |$y:ident, $y_bar:ident, $axis:ident| $formula:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $Name {
            axis: isize,
        }

        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                Ok(self.promise(inputs)?.into_specs(inputs))
            }
            fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
                check_floats($name, 2, inputs)?;
                resolve_axis($name, self.axis, inputs[0].rank())?;
                same_specs($name, inputs)?;
                Ok(Promise::AsInput(0))
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                map_along::<kernel::$Name>($name, inputs[0], inputs[1], self.axis)
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Decomposition(self)
            }
        }

        impl Decompose for $Name {
            fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
                let ($y, $y_bar, $axis) = (inputs[0], inputs[1], self.axis);
                Few::one($formula)
            }
        }
    };
}

gradient!(
    /// The cotangent of softmax's input, from its output `y` and `y_bar`: `y (y_bar - sum(y y_bar))` along an axis.
    SoftmaxGrad,
    "softmax_grad",
    |y, y_bar, axis| y * (y_bar - (y * y_bar).sum_keepdims(axis))
);
gradient!(
    /// The cotangent of log softmax's input, from its output `y` and `y_bar`: `y_bar - exp(y) sum(y_bar)` along an axis.
    LogSoftmaxGrad,
    "log_softmax_grad",
    |y, y_bar, axis| y_bar - y.exp() * y_bar.sum_keepdims(axis)
);

/// Softmax.
impl Tensor {
    /// `exp(x) / sum(exp(x))` along an axis: positive numbers that sum to 1.
    ///
    /// Shifted by the greatest element, so that nothing overflows. A row that holds NaN or +inf, or only -inf, gives NaN, as in
    /// PyTorch; [`masked_softmax`](Self::masked_softmax) gives zeros for a row of which nothing is left.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1000.0f32, 1000.0]]).softmax(-1).to_vec::<f32>(), [0.5, 0.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Tensor {
        apply(&Softmax::new(axis), &[self]).into_single()
    }

    /// `x - ln(sum(exp(x)))` along an axis: the logarithm of [`softmax`](Self::softmax), accurate where that is
    /// close to 0. A row that holds NaN or +inf, or only -inf, gives NaN, as in PyTorch.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0f32, -1000.0]).log_softmax(0).to_vec::<f32>(), [0.0, -1000.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn log_softmax(&self, axis: isize) -> Tensor {
        apply(&LogSoftmax::new(axis), &[self]).into_single()
    }
}

#[cfg(test)]
mod tests;
