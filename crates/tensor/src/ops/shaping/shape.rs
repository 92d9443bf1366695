//! The same elements under another shape: reshape, permute and expand, and what is made of them.
//!
//! All are views where strides can express the result; only a reshape may have to copy. All are linear, so that the
//! cotangent goes back through the reverse rearrangement, and the tangent through the same one.

use crate::{
    Array, Axes, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef,
    Tensor, Vjp, apply,
    array::check_size,
    error::takes,
    kernels,
    shape::{resolve_axis, resolve_new_axis},
};
use smallvec::SmallVec;

#[cfg(test)]
pub(in crate::ops) mod adjoint;
mod new_shape;
#[cfg(test)]
mod tests;

pub use new_shape::NewShape;

/// `y` holds the elements of `x` in row-major order under another shape.
#[derive(Clone, Debug)]
pub struct Reshape {
    shape: NewShape,
}

impl Reshape {
    /// To this shape.
    #[must_use]
    pub fn new(shape: impl Into<NewShape>) -> Self {
        Reshape { shape: shape.into() }
    }
}

impl Primitive for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("reshape", 1, inputs)?;
        let shape = self.shape.resolve(inputs[0])?;
        Ok(Spec::new(shape, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let shape = self.shape.resolve(x.spec())?;
        let y = match x.layout().reshape(&shape) {
            Some(layout) => x.with_layout(layout),
            None => {
                let copy = kernels::copy::contiguous(x);
                let layout = copy.layout().reshape(&shape).expect("a contiguous array can be viewed under any shape");
                copy.with_layout(layout)
            }
        };
        Ok(y.into())
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

impl Vjp for Reshape {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = y_bar in the shape of x
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(y_bar.single().reshape(saved.spec(0).shape())))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.reshape(self.shape.clone()))))
    }
}

/// `y` has the axes of `x` in another order: axis `i` of `y` is axis `axes[i]` of `x`.
#[derive(Clone, Debug)]
pub struct Permute {
    axes: SmallVec<[isize; 4]>,
}

impl Permute {
    /// In this order; negative axes count from the end.
    #[must_use]
    pub fn new(axes: impl AsRef<[isize]>) -> Self {
        Permute { axes: SmallVec::from_slice(axes.as_ref()) }
    }

    fn order(&self, x: SpecRef<'_>) -> Result<SmallVec<[usize; 4]>> {
        let axes = &self.axes[..];
        let order: SmallVec<[usize; 4]> =
            axes.iter().map(|&axis| resolve_axis("permute", axis, x.rank())).collect::<Result<_>>()?;
        if let Some(twice) = (0..order.len()).find(|&i| order[..i].contains(&order[i])) {
            return Err(Error::new(
                ErrorKind::Axis,
                "permute",
                format!("axis {} is named twice in {axes:?}", order[twice]),
            )
            .with_inputs(&[x]));
        }
        if order.len() != x.rank() {
            return Err(
                Error::new(ErrorKind::Axis, "permute", format!("needs each axis once, not {axes:?}")).with_inputs(&[x])
            );
        }
        Ok(order)
    }
}

impl Primitive for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("permute", 1, inputs)?;
        let x = inputs[0];
        let shape: Shape = self.order(x)?.iter().map(|&axis| x.shape()[axis]).collect();
        Ok(Spec::new(shape, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        Ok(x.with_layout(x.layout().permute(&self.order(x.spec())?)).into())
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

impl Vjp for Permute {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = y_bar in the inverse order
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let mut inverse: SmallVec<[isize; 4]> = SmallVec::from_elem(0, self.axes.len());
        for (i, &axis) in self.axes.iter().enumerate() {
            let axis = resolve_axis("permute", axis, y_bar.rank()).expect("checked when the primal was computed");
            inverse[axis] = i as isize;
        }
        Few::one(Some(y_bar.permute(inverse)))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.permute(&self.axes))))
    }
}

/// `y` is `x` broadcast to a shape: aligned at the last axis, axes of size one and missing axes repeat.
///
/// No other operation broadcasts, and so no other rule has to sum a broadcast cotangent.
#[derive(Clone, Debug)]
pub struct Expand {
    shape: Shape,
}

impl Expand {
    /// To this shape.
    #[must_use]
    pub fn new(shape: impl Into<Shape>) -> Self {
        Expand { shape: shape.into() }
    }
}

impl Primitive for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("expand", 1, inputs)?;
        let x = inputs[0];
        let fits = x.rank() <= self.shape.len()
            && x.shape().iter().rev().zip(self.shape.iter().rev()).all(|(&old, &new)| old == new || old == 1);
        if !fits {
            let rule =
                format!("cannot broadcast to {:?}: aligned at the last axis, each size must be equal or 1", self.shape);
            return Err(Error::new(ErrorKind::Shape, "expand", rule).with_inputs(&[x]));
        }
        check_size("expand", &self.shape, x.dtype())?;
        Ok(Spec::new(&self.shape, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(inputs[0].with_layout(inputs[0].layout().expand(&self.shape)).into())
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

impl Vjp for Expand {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = the sum of y_bar over the axes that repeat
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(y_bar.single().sum_to_shape(saved.spec(0).shape())))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.expand(&self.shape))))
    }
}

/// Another shape for the same elements.
impl Tensor {
    /// The elements in row-major order under another shape; one size may be `-1`, for whatever is left.
    ///
    /// A view where strides can express it, else a copy.
    ///
    /// # Panics
    /// When the shape holds another number of elements.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::arange(0, 6, 1).reshape([2, -1]);
    /// assert_eq!(x.shape()[..], [2, 3]);
    /// assert_eq!(x.transpose(0, 1).reshape([6]).to_vec::<i64>(), [0, 3, 1, 4, 2, 5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<NewShape>) -> Tensor {
        apply(&Reshape::new(shape), &[self]).into_single()
    }

    /// Axes `start` to `end`, both included, as one; negative axes count from the end. A scalar becomes one
    /// axis of size 1.
    ///
    /// # Panics
    /// When an axis is out of range, or `start` comes after `end`.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let images = Tensor::zeros([8, 3, 28, 28], DType::F32);
    /// assert_eq!(images.flatten(1, -1).shape()[..], [8, 3 * 28 * 28]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "ravel")]
    pub fn flatten(&self, start: isize, end: isize) -> Tensor {
        let shape = self.shape();
        if shape.is_empty() {
            return self.reshape([1]);
        }
        let (first, last) = (axis_of(self, "flatten", start), axis_of(self, "flatten", end));
        assert!(first <= last, "flatten: axis {start} comes after axis {end}; got {}", self.spec());
        let merged = shape[first..=last].iter().product();
        self.reshape(
            shape[..first].iter().copied().chain([merged]).chain(shape[last + 1..].iter().copied()).collect::<Shape>(),
        )
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of this tensor. A view.
    ///
    /// # Panics
    /// When `axes` does not name each axis once.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::zeros([2, 3, 4], DType::F32).permute([2, 0, 1]).shape()[..], [4, 2, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn permute(&self, axes: impl AsRef<[isize]>) -> Tensor {
        apply(&Permute::new(axes), &[self]).into_single()
    }

    /// Two axes exchanged; negative axes count from the end. A view.
    ///
    /// # Panics
    /// When an axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.transpose(0, 1).to_vec::<i64>(), [1, 4, 2, 5, 3, 6]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "swapaxes")]
    #[doc(alias = "swapdims")]
    pub fn transpose(&self, a: isize, b: isize) -> Tensor {
        let (a, b) = (axis_of(self, "transpose", a), axis_of(self, "transpose", b));
        let mut axes: SmallVec<[isize; 4]> = (0..self.rank() as isize).collect();
        axes.swap(a, b);
        self.permute(axes)
    }

    /// Broadcast to a shape under NumPy's rule: aligned at the last axis, axes of size 1 and missing axes
    /// repeat. A view.
    ///
    /// # Panics
    /// When the shape does not fit.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1i64, 2]).expand([2, 2]).to_vec::<i64>(), [1, 2, 1, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "broadcast_to")]
    pub fn expand(&self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        if shape == *self.shape() {
            return self.clone();
        }
        apply(&Expand::new(shape), &[self]).into_single()
    }

    /// Without the named axes of size 1; named axes of another size stay. A view.
    ///
    /// # Panics
    /// When an axis is out of range or named twice.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let x = Tensor::zeros([1, 3, 1], DType::F32);
    /// assert_eq!(x.squeeze(..).shape()[..], [3]);
    /// assert_eq!(x.squeeze([0, 1]).shape()[..], [3, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn squeeze(&self, axes: impl Into<Axes>) -> Tensor {
        let axes =
            checked(axes.into().resolve("squeeze", self.rank()).map_err(|error| error.with_inputs(&[self.spec()])));
        let kept = |&(axis, &size): &(usize, &usize)| size != 1 || !axes.contains(&axis);
        self.reshape(self.shape().iter().enumerate().filter(kept).map(|(_, &size)| size).collect::<Shape>())
    }

    /// With a new axis of size 1, which is axis `axis` of the result; `-1` appends it. A view.
    ///
    /// # Panics
    /// When the axis is out of range for the result.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1i64, 2]).unsqueeze(-1).shape()[..], [2, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "expand_dims")]
    pub fn unsqueeze(&self, axis: isize) -> Tensor {
        let axis = resolve_new_axis("unsqueeze", axis, self.rank());
        let axis = checked(axis.map_err(|error| error.with_inputs(&[self.spec()])));
        let (before, after) = self.shape().split_at(axis);
        self.reshape(before.iter().chain(&[1]).chain(after).copied().collect::<Shape>())
    }
}

#[track_caller]
fn axis_of(x: &Tensor, op: &'static str, axis: isize) -> usize {
    checked(resolve_axis(op, axis, x.rank()).map_err(|error| error.with_inputs(&[x.spec()])))
}

/// The value, or a panic with the error at the caller's line.
#[track_caller]
fn checked<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
