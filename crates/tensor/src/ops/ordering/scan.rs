//! Scans along an axis: running sums and products, and the linear recurrence that their derivatives are made of.
//!
//! Each has a direction, so that the transpose of a scan is the scan from the other end. The recurrence
//! `y[k] = a[k] y[k - 1] + b[k]` closes the family: its derivatives of any order are recurrences, each of one pass, and nothing
//! is ever divided by an element, so that zeros need no care.

mod log_sum_exp;
mod product;
mod recurrence;
#[cfg(test)]
mod tests;

pub use log_sum_exp::LogCumSumExp;
pub use product::CumProd;
pub(in crate::ops) use product::products_before;
pub use recurrence::LinearRecurrence;

use crate::{
    Array, Cotangents, DType, Derivative, Element, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec,
    SpecRef, Tensor, Vjp, apply,
    error::takes,
    kernels::scan::{Scan, Sums, scan},
    shape::resolve_axis,
};

/// `y[k] = x[0] + .. + x[k]` along an axis; reversed, `y[k] = x[k] + .. + x[n - 1]`.
#[derive(Clone, Debug)]
pub struct CumSum {
    axis: isize,
    reverse: bool,
}

impl CumSum {
    /// Along this axis, from its end if `reverse`.
    #[must_use]
    pub fn new(axis: isize, reverse: bool) -> Self {
        CumSum { axis, reverse }
    }
}

/// The spec of a scan of one input, in whose dtype results must fit.
fn infer_scan(op: &'static str, axis: isize, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
    takes(op, 1, inputs)?;
    let x = inputs[0];
    if matches!(x.dtype(), DType::U8 | DType::Bool) {
        return Err(Error::new(ErrorKind::DType, op, format!("results would soon overflow {}", x.dtype()))
            .with_inputs(inputs)
            .with_hint("cast first, for example with .cast(DType::I64)"));
    }
    resolve_axis(op, axis, x.rank())?;
    Ok(x.to_owned().into())
}

/// A scan of arrays of one shape along an axis.
fn along_axis<S: Scan<T, N>, T: Element, const N: usize>(inputs: [&Array; N], axis: usize, reverse: bool) -> Array {
    let shape = inputs[0].shape();
    let contiguous = inputs.map(Array::contiguous);
    let slices = contiguous.each_ref().map(|x| x.as_slice::<T>().expect("contiguous"));
    let y = scan::<S, T, N>(slices, shape[axis], shape[axis + 1..].iter().product(), reverse);
    Array::from_buffer(y, shape)
}

/// What stands before each element in the direction of the scan: `x` moved on by one place, `first` at the beginning, where there
/// is none. (For the place after each element, scan the other way.)
fn before(x: &Tensor, axis: isize, reverse: bool, first: f64) -> Tensor {
    let axis = resolve_axis("scan", axis, x.rank()).expect("checked when the primal was computed");
    let Some(last) = x.shape()[axis].checked_sub(1) else { return x.clone() };
    let mut pairs = vec![(0, 0); x.rank()];
    pairs[axis] = if reverse { (0, 1) } else { (1, 0) };
    x.narrow(axis as isize, usize::from(reverse), last).pad(pairs, first)
}

impl Primitive for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        infer_scan("cumsum", self.axis, inputs)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let axis = resolve_axis("cumsum", self.axis, inputs[0].shape().len())?;
        Ok(match inputs[0].dtype() {
            DType::F32 => along_axis::<Sums, f32, 1>([inputs[0]], axis, self.reverse),
            DType::F64 => along_axis::<Sums, f64, 1>([inputs[0]], axis, self.reverse),
            DType::I64 => along_axis::<Sums, i64, 1>([inputs[0]], axis, self.reverse),
            other => unreachable!("infer refuses {other}"),
        }
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for CumSum {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar[k] = y_bar[k] + .. + y_bar[n - 1]
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let transpose = CumSum { axis: self.axis, reverse: !self.reverse };
        Few::one(Some(apply(&transpose, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(x_dot[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// Running sums and products.
impl Tensor {
    /// Running sums along an axis: `y[k] = x[0] + .. + x[k]`.
    ///
    /// They are carried in f64 also for f32, so that a long row does not lose digits. Sums of `i64` wrap around.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 2.0, 3.0]]).cumsum(-1).to_vec::<f32>(), [1.0, 3.0, 6.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "prefix sum")]
    pub fn cumsum(&self, axis: isize) -> Tensor {
        apply(&CumSum::new(axis, false), &[self]).into_single()
    }

    /// Running products along an axis: `y[k] = x[0] * .. * x[k]`.
    ///
    /// The derivative is exact whatever the number of zeros, at every order: it divides by no element. Products are carried in f64
    /// also for f32. Products of `i64` wrap around.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([2.0f32, 3.0, 4.0]).cumprod(0).to_vec::<f32>(), [2.0, 6.0, 24.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cumprod(&self, axis: isize) -> Tensor {
        apply(&CumProd::new(axis, false), &[self]).into_single()
    }

    /// Running logarithms of sums of exponentials along an axis: `y[k] = ln(exp(x[0]) + .. + exp(x[k]))`, shifted by the greatest
    /// element so far, so that nothing overflows.
    ///
    /// Before the first element above -inf it is -inf, and the gradient is zero there. From an element of +inf on it is +inf; the
    /// gradient is NaN at such elements, and at the others what the results before it give.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::from([1000.0f64, 1000.0]).logcumsumexp(0);
    /// assert_eq!(y.to_vec::<f64>(), [1000.0, 1000.0 + 2.0f64.ln()]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn logcumsumexp(&self, axis: isize) -> Tensor {
        apply(&LogCumSumExp::new(axis, false), &[self]).into_single()
    }
}
