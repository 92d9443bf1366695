//! Windows along an axis, as a view that shows an element once for each window it is in, and their sum back into place.
//!
//! The two are linear and each other's transpose: y = unfold(x) has x_bar = overlap_add(y_bar), and the other way round.

use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply, array::check_size, dtype::for_number, error::takes, kernels, shape::resolve_axis,
};

#[cfg(test)]
mod tests;

/// `y[.., i, .., j] = x[.., i * step + j, ..]`: the windows of an axis, whose elements become a new last axis. A view.
#[derive(Clone, Debug)]
pub struct Unfold {
    axis: isize,
    size: usize,
    step: usize,
}

impl Unfold {
    /// Windows of `size` elements of this axis, the first of each `step` further than that of the one before.
    #[must_use]
    pub fn new(axis: isize, size: usize, step: usize) -> Self {
        Unfold { axis, size, step }
    }

    /// The axis from the start, and the number of windows.
    fn windows(&self, op: &'static str, len: usize, axis: usize) -> Result<usize> {
        let &Unfold { size, step, .. } = self;
        if step == 0 {
            return Err(Error::new(ErrorKind::Value, op, "the step must be at least 1"));
        }
        match len.checked_sub(size) {
            Some(rest) => Ok(rest / step + 1),
            None => {
                let rule = format!("a window of {size} does not fit axis {axis} of size {len}");
                Err(Error::new(ErrorKind::Shape, op, rule))
            }
        }
    }

    fn shape(&self, x: SpecRef<'_>) -> Result<(usize, Shape)> {
        let axis = resolve_axis("unfold", self.axis, x.rank())?;
        let count = self.windows("unfold", x.shape()[axis], axis)?;
        let shape: Shape = Shape::from(x.shape()).with_size(axis, count).iter().copied().chain([self.size]).collect();
        check_size("unfold", &shape, x.dtype()).map(|_| (axis, shape))
    }
}

impl Primitive for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("unfold", 1, inputs)?;
        let (_, shape) = self.shape(inputs[0])?;
        Ok(Spec::new(shape, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let (axis, shape) = self.shape(x.spec())?;
        let mut layout = x.layout().clone();
        let stride = layout.strides[axis];
        // A single window has no next one, and its step may be any number.
        layout.strides[axis] = if shape[axis] > 1 { stride * self.step as isize } else { stride };
        layout.strides.push(stride);
        layout.shape = shape;
        Ok(x.with_layout(layout).into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Unfold {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = the sum of y_bar over the windows that an element is in
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.spec(0);
        let axis = resolve_axis("unfold", self.axis, x.rank()).expect("checked when the primal was computed");
        let sum = OverlapAdd::new(axis as isize, x.shape()[axis], self.step);
        Few::one(Some(apply(&sum, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// `y[.., k, ..] = Σ x[.., i, .., j]` over all `i * step + j = k`: windows, whose elements are the last axis, added up where they came
/// from. Windows that overlap add; what none covers is zero.
#[derive(Clone, Debug)]
pub struct OverlapAdd {
    axis: isize,
    len: usize,
    step: usize,
}

impl OverlapAdd {
    /// The windows are along this axis of the result, which gets `len` elements.
    #[must_use]
    pub fn new(axis: isize, len: usize, step: usize) -> Self {
        OverlapAdd { axis, len, step }
    }

    /// The windows' axis from the start, and the shape of the result.
    fn shape(&self, x: SpecRef<'_>) -> Result<(usize, Shape)> {
        let Some((&size, windows)) = x.shape().split_last() else {
            return Err(Error::new(
                ErrorKind::Shape,
                "overlap_add",
                "needs an axis of windows and one of their elements",
            ));
        };
        let axis = resolve_axis("overlap_add", self.axis, windows.len())?;
        let unfold = Unfold { axis: self.axis, size, step: self.step };
        let count = unfold.windows("overlap_add", self.len, axis)?;
        if windows[axis] != count {
            let rule = format!(
                "an axis of size {} has {count} windows of {size}, {} apart, not {}",
                self.len, self.step, windows[axis]
            );
            return Err(Error::new(ErrorKind::Shape, "overlap_add", rule));
        }
        let shape = Shape::from(windows).with_size(axis, self.len);
        check_size("overlap_add", &shape, x.dtype()).map(|_| (axis, shape))
    }
}

impl Primitive for OverlapAdd {
    fn name(&self) -> &'static str {
        "overlap_add"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("overlap_add", 1, inputs)?;
        if inputs[0].dtype() == crate::DType::Bool {
            return Err(Error::needs_numbers("overlap_add", inputs));
        }
        let (_, shape) = self.shape(inputs[0])?;
        Ok(Spec::new(shape, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let (axis, shape) = self.shape(x.spec())?;
        Ok(for_number!(x.dtype(), T => kernels::overlap_add::overlap_add::<T>(x, axis, self.step, shape)).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for OverlapAdd {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = the windows of y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let size = *saved.spec(0).shape().last().expect("checked when the primal was computed");
        Few::one(Some(y_bar.single().unfold(self.axis, size, self.step)))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

impl Tensor {
    /// The windows of an axis: `y[.., i, .., j] = x[.., i * step + j, ..]`. Window `i` begins at element `i * step`; its `size`
    /// elements are the new last axis. Elements after the last whole window are in none. A view, however much the windows overlap.
    ///
    /// # Panics
    /// When the axis is out of range or shorter than a window, or the step is 0.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let windows = Tensor::arange(0, 5, 1).unfold(0, 3, 1);
    /// assert_eq!(windows.shape()[..], [3, 3]);
    /// assert_eq!(windows.to_vec::<i64>(), [0, 1, 2, 1, 2, 3, 2, 3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "sliding_window_view")]
    pub fn unfold(&self, axis: isize, size: usize, step: usize) -> Tensor {
        apply(&Unfold::new(axis, size, step), &[self]).into_single()
    }
}
