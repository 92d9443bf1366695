//! A tensor cut into parts along an axis, all of them at once: split, chunk, unbind.
//!
//! The parts are views, and the outputs of one operation, so that one concat (or stack) joins their cotangents. Taking the parts one by
//! one with `narrow` records an operation for each, whose rule adds to the sum of those before it.

use crate::ops::broadcast::{apply_for, or_panic};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply, error::takes, shape::resolve_axis,
};

#[cfg(test)]
mod tests;

/// The outputs are `x` cut along an axis: into parts of given sizes, or into its slices, without the axis.
#[derive(Clone, Debug)]
pub struct Split {
    axis: isize,
    parts: Parts,
}

#[derive(Clone, Debug)]
enum Parts {
    Sizes(Vec<usize>),
    Slices,
}

impl Split {
    /// Into parts of these sizes, which add up to the size of the axis.
    #[must_use]
    pub fn new(axis: isize, sizes: impl Into<Vec<usize>>) -> Self {
        Split { axis, parts: Parts::Sizes(sizes.into()) }
    }

    /// Into the slices of an axis, which goes.
    #[must_use]
    pub fn into_slices(axis: isize) -> Self {
        Split { axis, parts: Parts::Slices }
    }

    fn resolved_axis(&self, x: SpecRef<'_>) -> Result<usize> {
        resolve_axis(self.name(), self.axis, x.rank()).map_err(|error| error.with_inputs(&[x]))
    }
}

impl Primitive for Split {
    fn name(&self) -> &'static str {
        "split"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("split", 1, inputs)?;
        let x = inputs[0];
        let axis = self.resolved_axis(x)?;
        let size = x.shape()[axis];
        let shape = Shape::from(x.shape());
        match &self.parts {
            Parts::Slices => {
                let slice = Spec::new(shape.without(axis), x.dtype());
                Ok((0..size).map(|_| slice.clone()).collect())
            }
            Parts::Sizes(sizes) => {
                let total = sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size));
                if total != Some(size) {
                    let sum = total.map_or("more than fits".to_owned(), |total| total.to_string());
                    let rule = format!("the sizes {sizes:?} add up to {sum}, but axis {axis} has size {size}");
                    return Err(Error::new(ErrorKind::Shape, "split", rule).with_inputs(&[x]));
                }
                Ok(sizes.iter().map(|&size| Spec::new(shape.with_size(axis, size), x.dtype())).collect())
            }
        }
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let axis = self.resolved_axis(x.spec())?;
        let layout = x.layout();
        Ok(match &self.parts {
            Parts::Slices => (0..x.shape()[axis]).map(|i| x.with_layout(layout.slice_at(axis, i))).collect(),
            Parts::Sizes(sizes) => {
                let mut start = 0;
                let part = |&len: &usize| {
                    let part = x.with_layout(layout.slice(axis, start, len, 1));
                    start += len;
                    part
                };
                sizes.iter().map(part).collect()
            }
        })
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

impl Vjp for Split {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = the y_bars one after another
    fn vjp(&self, _: &Saved, y_bars: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let y_bars = y_bars.into_tensors();
        Few::one(Some(match self.parts {
            Parts::Sizes(_) => Tensor::concat(&y_bars[..], self.axis),
            Parts::Slices => Tensor::stack(&y_bars[..], self.axis),
        }))
    }
    // y_dots = the parts of x_dot
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(match tangents[0] {
            Some(x_dot) => apply(self, &[x_dot]).into_iter().map(Some).collect(),
            None => y.iter().map(|_| None).collect(),
        })
    }
}

/// Cutting into parts.
impl Tensor {
    /// Parts of `size` elements of an axis, in order; the last is shorter where the size does not go in evenly. Views.
    ///
    /// # Panics
    /// When the axis is out of range, or `size` is 0 and the axis has elements.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let parts = Tensor::arange(0, 5, 1).split(2, 0);
    /// assert_eq!(parts.iter().map(|part| part.to_vec::<i64>()).collect::<Vec<_>>(), [vec![0, 1], vec![2, 3], vec![4]]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "array_split")]
    pub fn split(&self, size: usize, axis: isize) -> Vec<Tensor> {
        let (axis, total) = axis_and_size(self, "split", axis);
        if size == 0 && total > 0 {
            let rule = format!("axis {axis} of size {total} cannot be cut into parts of size 0");
            panic!("{}", Error::new(ErrorKind::Value, "split", rule).with_inputs(&[self.spec()]));
        }
        // No elements are one part, as in PyTorch.
        let sizes: Vec<usize> = match total {
            0 => vec![0],
            _ => (0..total).step_by(size).map(|start| size.min(total - start)).collect(),
        };
        self.parts("split", Split::new(axis as isize, sizes))
    }

    /// Parts of an axis of these sizes, in order. Views.
    ///
    /// # Panics
    /// When the axis is out of range, or the sizes do not add up to its size.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let parts = Tensor::arange(0, 5, 1).split_with_sizes([1, 4], 0);
    /// assert_eq!(parts[1].to_vec::<i64>(), [1, 2, 3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn split_with_sizes(&self, sizes: impl Into<Vec<usize>>, axis: isize) -> Vec<Tensor> {
        self.parts("split_with_sizes", Split::new(axis, sizes))
    }

    /// At most `chunks` parts of an axis, of one size but for the last, which may be shorter. Views.
    ///
    /// As in PyTorch there may be fewer: 5 elements in 4 chunks are 3 parts, of 2, 2 and 1.
    ///
    /// # Panics
    /// When the axis is out of range, or `chunks` is 0.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let parts = Tensor::arange(0, 5, 1).chunk(2, 0);
    /// assert_eq!(parts.iter().map(|part| part.numel()).collect::<Vec<_>>(), [3, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn chunk(&self, chunks: usize, axis: isize) -> Vec<Tensor> {
        let (axis, total) = axis_and_size(self, "chunk", axis);
        if chunks == 0 {
            let error = Error::new(ErrorKind::Value, "chunk", "needs at least one chunk");
            panic!("{}", error.with_inputs(&[self.spec()]));
        }
        match total {
            0 => self.parts("chunk", Split::new(axis as isize, vec![0; chunks])),
            _ => self.split(total.div_ceil(chunks), axis as isize),
        }
    }

    /// The slices of an axis, which goes. Views.
    ///
    /// A loop over time steps should take them so: one operation is recorded for all slices, and their cotangents are joined once.
    ///
    /// # Panics
    /// When the axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let rows = Tensor::from([[1i64, 2], [3, 4]]).unbind(0);
    /// assert_eq!(rows[1].to_vec::<i64>(), [3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "unstack")]
    pub fn unbind(&self, axis: isize) -> Vec<Tensor> {
        let (axis, _) = axis_and_size(self, "unbind", axis);
        self.parts("unbind", Split::into_slices(axis as isize))
    }

    /// The parts, for the operation `op`.
    #[track_caller]
    fn parts(&self, op: &'static str, split: Split) -> Vec<Tensor> {
        apply_for(op, &split, &[self]).into_iter().collect()
    }
}

/// An axis, counted from the start, and its size.
#[track_caller]
pub(in crate::ops) fn axis_and_size(x: &Tensor, op: &'static str, axis: isize) -> (usize, usize) {
    let axis = or_panic(resolve_axis(op, axis, x.rank()).map_err(|error| error.with_inputs(&[x.spec()])));
    (axis, x.shape()[axis])
}
