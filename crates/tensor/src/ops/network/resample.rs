//! Resampling of signals and images: interpolation to another size, and channels turned into pixels and back.
//!
//! Interpolation is linear in its input and goes axis by axis, each through a sparse matrix with a few weights a row:
//! the primitive [`Resample`]. Its adjoint is `Resample` by the transposed matrix.

mod options;
mod shuffle;
#[cfg(test)]
mod tests;

pub(in crate::ops) use options::cubic_weights;
pub use options::{Interpolate, Interpolation};

use crate::ops::broadcast::{by_way_of_f32, or_panic};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply,
    array::check_size,
    dtype::for_float,
    error::takes,
    kernels::resample::{self as kernel, Taps},
};
use std::sync::Arc;

/// `y[.., o, ..] = Σ_i m[o, i] x[.., i, ..]` along an axis, for a sparse matrix m.
#[derive(Clone, Debug)]
pub struct Resample {
    axis: usize,
    taps: Arc<Taps>,
}

impl Resample {
    pub(in crate::ops) fn new(axis: usize, taps: Taps) -> Self {
        Resample { axis, taps: Arc::new(taps) }
    }
}

impl Primitive for Resample {
    fn name(&self) -> &'static str {
        "resample"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("resample", 1, inputs)?;
        let x = inputs[0];
        if !x.dtype().is_float() {
            return Err(Error::needs_float("resample", inputs));
        }
        if x.shape().get(self.axis) != Some(&self.taps.columns) {
            let rule = format!("axis {} must have size {}", self.axis, self.taps.columns);
            return Err(Error::new(ErrorKind::Shape, "resample", rule).with_inputs(inputs));
        }
        let shape = Shape::from(x.shape()).with_size(self.axis, self.taps.rows());
        check_size("resample", &shape, x.dtype())?;
        Ok(Spec::new(shape, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0].contiguous();
        let shape = x.shape().with_size(self.axis, self.taps.rows());
        let (outer, inner) = (shape[..self.axis].iter().product(), shape[self.axis + 1..].iter().product());
        Ok(for_float!(x.dtype(), T => {
            let y = kernel::resample::<T>(x.as_slice().expect("contiguous"), &self.taps, inner, outer);
            Array::from_buffer(y, shape)
        })
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Resample {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = mᵀ y_bar
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let adjoint = Resample::new(self.axis, self.taps.transposed());
        Few::one(Some(apply(&adjoint, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(x_dot[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// Interpolation.
impl Tensor {
    /// The signal, image or volume at another size: `[n, c, ..] -> [n, c, ..]`, where all axes from the third on change.
    ///
    /// Each is interpolated by itself, so that [`Interpolation::Linear`] is linear, bilinear or trilinear, and
    /// [`Interpolation::Cubic`] bicubic. Nothing is smoothed before an image shrinks; [`Interpolation::Area`] averages.
    ///
    /// # Panics
    /// When there is no axis after batch and channels, the options name another number of axes, a size is zero or does not fit
    /// memory, a factor is not positive and finite, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::{Interpolate, Interpolation}};
    /// let x = Tensor::from([[[1.0f64, 2.0, 3.0]]]);
    /// let nearest = x.interpolate(&Interpolate::to_size([6]));
    /// assert_eq!(nearest.to_vec::<f64>(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    /// let linear = Interpolate::to_size([5]).mode(Interpolation::Linear).align_corners();
    /// assert_eq!(x.interpolate(&linear).to_vec::<f64>(), [1.0, 1.5, 2.0, 2.5, 3.0]);
    /// ```
    #[doc(alias = "upsample")]
    #[doc(alias = "resize")]
    #[must_use]
    #[track_caller]
    pub fn interpolate(&self, options: &Interpolate) -> Tensor {
        let resolved = options.resolve(self.spec()).and_then(|axes| {
            let mut shape = self.shape().clone();
            axes.iter().enumerate().for_each(|(i, axis)| shape = shape.with_size(2 + i, axis.size));
            check_size("interpolate", &shape, self.dtype()).map(|count| (axes, shape, count))
        });
        let (axes, shape, count) = or_panic(resolved.map_err(|error| error.or_inputs(&[self.spec()])));
        if count == 0 {
            // The matrices of an empty batch could be longer than memory.
            return Tensor::zeros(shape, self.dtype());
        }
        // Axes that shrink come first, so that less is left for the others.
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.sort_by(|&i, &j| {
            let growth = |i: usize| shape[2 + i] as f64 / self.shape()[2 + i] as f64;
            growth(i).total_cmp(&growth(j))
        });
        by_way_of_f32(self, |x| {
            order.into_iter().fold(x.clone(), |x, i| {
                let taps = options.taps(self.shape()[2 + i], axes[i]);
                if taps.is_identity() { x } else { apply(&Resample::new(2 + i, taps), &[&x]).into_single() }
            })
        })
    }
}
