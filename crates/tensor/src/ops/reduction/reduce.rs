//! Sums over axes, and what is made of them: the mean, and the sum that undoes broadcasting; in rooms of their own the spread about
//! the mean, sums of what is not NaN, and truth over axes.
//!
//! With `keepdims` a reduced axis stays with size 1, so that the result broadcasts against the input. `..` names all axes; an empty
//! list names none, and nothing is reduced.

mod nan;
mod spread;
mod truth;

pub use truth::{All, Any};

use crate::ops::broadcast::{apply_for, by_way_of_f32, or_panic};
use crate::{
    Array, Axes, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Promise, Result, Saved, Shape,
    Spec, SpecRef, Tensor, Vjp, apply, error::takes, kernels::reduce,
};

/// The shape after some axes (ascending) are reduced.
#[inline]
pub(in crate::ops) fn reduced_shape(shape: &[usize], axes: &[usize], keepdims: bool) -> Shape {
    let sizes = shape.iter().enumerate();
    let sizes = sizes.map(|(i, &size)| if axes.contains(&i) { keepdims.then_some(1) } else { Some(size) });
    sizes.flatten().collect()
}

/// What was reduced over `axes` to `y`, with the reduced axes of size 1 whether or not they were kept.
pub(in crate::ops) fn with_reduced_axes(y: &Tensor, axes: &Axes, x: SpecRef<'_>) -> Tensor {
    if y.rank() == x.rank() {
        return y.clone();
    }
    let axes = axes.resolve("reduce", x.rank()).expect("checked when the primal was computed");
    y.reshape(reduced_shape(x.shape(), &axes, true))
}

/// `y = sum(x)` over some axes.
#[derive(Clone, Debug)]
pub struct Sum {
    axes: Axes,
    keepdims: bool,
}

impl Sum {
    /// Over these axes, which stay with size 1 if `keepdims`.
    #[must_use]
    pub fn new(axes: impl Into<Axes>, keepdims: bool) -> Self {
        Sum { axes: axes.into(), keepdims }
    }
}

impl Primitive for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(self.promise(inputs)?.into_specs(inputs))
    }
    fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
        takes("sum", 1, inputs)?;
        let x = inputs[0];
        if matches!(x.dtype(), DType::U8 | DType::Bool) {
            return Err(Error::new(ErrorKind::DType, "sum", format!("a sum of {} would soon overflow it", x.dtype()))
                .with_inputs(inputs)
                .with_hint("cast first, for example with .cast(DType::I64)"));
        }
        let axes = self.axes.resolve("sum", x.rank())?;
        Ok(Promise::Specs(Spec::new(reduced_shape(x.shape(), &axes, self.keepdims), x.dtype()).into()))
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let axes = self.axes.resolve("sum", x.shape().len())?;
        Ok(match x.dtype() {
            DType::F32 => reduce::fold::<reduce::Sum, f32>(x, &axes, self.keepdims),
            DType::F64 => reduce::fold::<reduce::Sum, f64>(x, &axes, self.keepdims),
            DType::I64 => reduce::fold::<reduce::Sum, i64>(x, &axes, self.keepdims),
            other => unreachable!("infer refuses {other}"),
        }
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Sum {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = y_bar in every place along the axes
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.spec(0);
        Few::one(Some(with_reduced_axes(&y_bar.single(), &self.axes, x).expand(x.shape())))
    }
    // y_dot = sum(x_dot)
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// Sums.
impl Tensor {
    /// The sum over some axes, which go; of no elements it is zero.
    ///
    /// Floating-point elements are added in blocks whose sums join in a balanced tree, so that the relative error for n
    /// positive numbers grows like log n. Sums of `i64` wrap around, as in NumPy.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum(-1).to_vec::<f32>(), [3.0, 7.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sum(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Sum::new(axes, false), &[self]).into_single()
    }

    /// As [`sum`](Self::sum); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`sum`](Self::sum).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 2], [3, 4]]).sum_keepdims(0).shape()[..], [1, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sum_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Sum::new(axes, true), &[self]).into_single()
    }

    /// The sum over the axes that broadcasting from `shape` to this tensor's shape adds or widens: the transpose of
    /// [`expand`](Self::expand).
    ///
    /// # Panics
    /// When `shape` does not broadcast to this tensor's shape, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum_to_shape([2]).to_vec::<f32>(), [4.0, 6.0]);
    /// assert_eq!(x.sum_to_shape([2, 1]).to_vec::<f32>(), [3.0, 7.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sum_to_shape(&self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        let wide = self.shape();
        if shape == *wide {
            return self.clone();
        }
        let added = wide.len().checked_sub(shape.len());
        let fits = |added: usize| shape.iter().zip(&wide[added..]).all(|(&size, &wide)| size == wide || size == 1);
        let Some(added) = added.filter(|&added| fits(added)) else {
            let rule = format!("{shape:?} does not broadcast to the tensor's shape");
            panic!("{}", Error::new(ErrorKind::Shape, "sum_to_shape", rule).with_inputs(&[self.spec()]));
        };
        let summed = |i: usize| i < added || (shape[i - added] == 1 && wide[i] != 1);
        let axes: Vec<isize> = (0..wide.len()).filter(|&i| summed(i)).map(|i| i as isize).collect();
        // Where only leading axes go, the sum has the shape already; else its widened axes are back at size 1.
        let only_leading = axes.len() == added;
        let sums = apply_for("sum_to_shape", &Sum::new(Axes::List(axes), !only_leading), &[self]).into_single();
        if only_leading || added == 0 { sums } else { sums.reshape(shape) }
    }
}

/// Means.
impl Tensor {
    /// The mean over some axes, which go; of no elements it is NaN.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]).mean(0).to_vec::<f32>(), [2.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn mean(&self, axes: impl Into<Axes>) -> Tensor {
        let (axes, count) = axes_of_floats(self, "mean", axes.into());
        by_way_of_f32(self, |x| x.sum(axes) / count)
    }

    /// As [`mean`](Self::mean); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`mean`](Self::mean).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 3.0]]);
    /// assert_eq!((&x - &x.mean_keepdims(1)).to_vec::<f32>(), [-1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn mean_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        let (axes, count) = axes_of_floats(self, "mean", axes.into());
        by_way_of_f32(self, |x| x.sum_keepdims(axes) / count)
    }
}

/// The axes, checked in the name of `op`, and the number of elements along them.
#[track_caller]
fn axes_of_floats(x: &Tensor, op: &'static str, axes: Axes) -> (Axes, f64) {
    let refused = (!x.dtype().is_float()).then(|| Error::needs_float(op, &[]));
    let axes = checked_axes(x, op, axes, refused);
    let resolved = axes.resolve(op, x.rank()).expect("checked just now");
    let count: usize = resolved.iter().map(|&axis| x.shape()[axis]).product();
    (axes, count as f64)
}

/// The axes, checked in the name of `op`, which may have refused the tensor already.
#[track_caller]
pub(in crate::ops) fn checked_axes(x: &Tensor, op: &'static str, axes: Axes, refused: Option<Error>) -> Axes {
    let checked = refused.map_or_else(|| axes.resolve(op, x.rank()).map(drop), Err);
    or_panic(checked.map_err(|error| error.with_inputs(&[x.spec()])));
    axes
}

#[cfg(test)]
mod tests;
