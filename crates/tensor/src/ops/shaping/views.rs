//! Parts of a tensor, and a tensor backwards: narrow and flip. Both are views.

use crate::ops::{Cut, SliceAdd};
use crate::{
    Accumulate, Array, Axes, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec,
    SpecRef, Tensor, Vjp, apply, apply_owned, error::takes, shape::resolve_axis,
};

#[cfg(test)]
mod tests;

/// `y` is elements `start` to `start + len` of one axis of `x`.
#[derive(Clone, Debug)]
pub struct Narrow {
    axis: isize,
    start: usize,
    len: usize,
}

impl Narrow {
    /// `len` elements from `start` of this axis; a negative axis counts from the end.
    #[must_use]
    pub fn new(axis: isize, start: usize, len: usize) -> Self {
        Narrow { axis, start, len }
    }
}

impl Primitive for Narrow {
    fn name(&self) -> &'static str {
        "narrow"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("narrow", 1, inputs)?;
        let x = inputs[0];
        let axis = resolve_axis("narrow", self.axis, x.rank())?;
        let size = x.shape()[axis];
        let Narrow { start, len, .. } = *self;
        if start.checked_add(len).is_none_or(|end| end > size) {
            let rule = format!("{len} elements from {start} do not lie within axis {axis} of size {size}");
            return Err(Error::new(ErrorKind::Index, "narrow", rule).with_inputs(&[x]));
        }
        let shape = x.shape().iter().enumerate().map(|(i, &size)| if i == axis { len } else { size });
        Ok(Spec::new(shape.collect::<crate::Shape>(), x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let axis = resolve_axis("narrow", self.axis, x.shape().len())?;
        Ok(x.with_layout(x.layout().slice(axis, self.start, self.len, 1)).into())
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

impl Vjp for Narrow {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = y_bar with zeros on both sides
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.spec(0);
        let axis = resolve_axis("narrow", self.axis, x.rank()).expect("checked when the primal was computed");
        let mut pairs = vec![(0, 0); x.rank()];
        pairs[axis] = (self.start as isize, (x.shape()[axis] - self.start - self.len) as isize);
        Few::one(Some(y_bar.single().pad(pairs, 0)))
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.narrow(self.axis, self.start, self.len))))
    }
}

impl Accumulate for Narrow {
    fn accumulate(&self, sum: Tensor, _: &Saved, y_bar: Cotangents) -> Tensor {
        let axis = resolve_axis("narrow", self.axis, sum.rank()).expect("checked when the primal was computed");
        let mut cuts: Vec<Cut> = sum.shape().iter().map(|&size| Cut::whole(size)).collect();
        cuts[axis] = Cut::Along { start: self.start, len: self.len, step: 1 };
        apply_owned(&SliceAdd::new(cuts), [sum, y_bar.single()].into()).into_single()
    }
}

/// `y` is `x` with some axes backwards.
#[derive(Clone, Debug)]
pub struct Flip {
    axes: Axes,
}

impl Flip {
    /// Along these axes.
    #[must_use]
    pub fn new(axes: impl Into<Axes>) -> Self {
        Flip { axes: axes.into() }
    }
}

impl Primitive for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("flip", 1, inputs)?;
        self.axes.resolve("flip", inputs[0].rank())?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let mut layout = x.layout().clone();
        for axis in self.axes.resolve("flip", x.shape().len())? {
            let size = layout.shape[axis];
            if size > 1 {
                layout = layout.slice(axis, size - 1, size, -1);
            }
        }
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

impl Vjp for Flip {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = y_bar backwards
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(y_bar.single().flip(self.axes.clone())))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.flip(self.axes.clone()))))
    }
}

/// Views of a part, or of another direction.
impl Tensor {
    /// `len` elements of one axis from `start` on; a negative axis counts from the end. A view.
    ///
    /// To go through all parts of an axis, [`split`](Self::split) and [`unbind`](Self::unbind) record one operation for all of them.
    ///
    /// # Panics
    /// When the axis is out of range, or the elements do not lie within it.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.narrow(1, 1, 2).to_vec::<i64>(), [2, 3, 5, 6]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Tensor {
        apply(&Narrow::new(axis, start, len), &[self]).into_single()
    }

    /// The elements along the named axes in reverse order. A view.
    ///
    /// # Panics
    /// When an axis is out of range or named twice.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.flip(1).to_vec::<i64>(), [3, 2, 1, 6, 5, 4]);
    /// assert_eq!(x.flip(..).to_vec::<i64>(), [6, 5, 4, 3, 2, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn flip(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Flip::new(axes), &[self]).into_single()
    }
}
