//! Other orders and groupings of the same elements: moved axes, rolled and turned tensors, an axis cut into several, and tensors brought
//! to one shape.

use crate::ops::{
    Concat, NewShape,
    broadcast::{apply_for, common_shape, or_panic},
    shaping::split::axis_and_size,
};
use crate::{
    Axes, Error, ErrorKind, Few, Result, Shape, SpecRef, Tensor, error::same_dtypes, shape::resolve_axis, try_apply,
};
use smallvec::SmallVec;
use std::borrow::Borrow;

#[cfg(test)]
mod tests;

/// Which axes of the grid the first two lists of [`Tensor::meshgrid`] run along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grid {
    /// List `k` runs along axis `k`: the first along the rows of a matrix, `i, j`.
    Ij,
    /// As for coordinates in a picture: the first list runs along axis 1 and the second along axis 0, `x, y`.
    Xy,
}

/// Order and grouping.
impl Tensor {
    /// Some axes moved: axis `from[i]` of this tensor becomes axis `to[i]`; the others keep their order. A view.
    ///
    /// # Panics
    /// When there is not one new place for each axis named, or one is out of range or named twice.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let images = Tensor::zeros([8, 28, 30, 3], DType::F32);
    /// assert_eq!(images.movedim([-1], [1]).shape()[..], [8, 3, 28, 30]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "moveaxis")]
    pub fn movedim(&self, from: impl AsRef<[isize]>, to: impl AsRef<[isize]>) -> Tensor {
        let order = moved_axes(self.rank(), from.as_ref(), to.as_ref());
        self.permute(or_panic(order.map_err(|error| error.with_inputs(&[self.spec()]))))
    }

    /// The elements moved on by `shifts[i]` places along `axes[i]`, those beyond the end coming in again at the start. With no axes, all
    /// elements in row-major order by the one shift.
    ///
    /// # Panics
    /// When there is not one shift for each axis, or an axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::arange(0, 4, 1).roll([1], [0]).to_vec::<i64>(), [3, 0, 1, 2]);
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.roll([-1], []).to_vec::<i64>(), [2, 3, 4, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn roll(&self, shifts: impl AsRef<[isize]>, axes: impl AsRef<[isize]>) -> Tensor {
        let (shifts, axes) = (shifts.as_ref(), axes.as_ref());
        if let ([shift], []) = (shifts, axes) {
            return rolled(&self.reshape([self.numel()]), *shift, 0).reshape(self.shape());
        }
        if shifts.len() != axes.len() {
            let rule = format!("needs one shift for each axis, or one and no axis; not {shifts:?} for {axes:?}");
            panic!("{}", Error::new(ErrorKind::Value, "roll", rule).with_inputs(&[self.spec()]));
        }
        let mut x = self.clone();
        for (&axis, &shift) in axes.iter().zip(shifts) {
            x = rolled(&x, shift, axis);
        }
        x
    }

    /// Turned by `turns` quarters from the first of two axes towards the second; negative turns go back. A view.
    ///
    /// # Panics
    /// When an axis is out of range, or both are one.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.rot90(1, [0, 1]).to_vec::<i64>(), [2, 4, 1, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn rot90(&self, turns: isize, axes: [isize; 2]) -> Tensor {
        let [a, b] = axes;
        let ((a, _), (b, _)) = (axis_and_size(self, "rot90", a), axis_and_size(self, "rot90", b));
        if a == b {
            let error = Error::new(ErrorKind::Axis, "rot90", format!("needs two axes, not axis {a} twice"));
            panic!("{}", error.with_inputs(&[self.spec()]));
        }
        let [a, b] = [a as isize, b as isize];
        match turns.rem_euclid(4) {
            0 => self.clone(),
            1 => self.flip(b).transpose(a, b),
            2 => self.flip([a, b]),
            _ => self.transpose(a, b).flip(b),
        }
    }

    /// One axis cut into several of these sizes; one of them may be `-1`, for whatever is left. A view.
    ///
    /// # Panics
    /// When the axis is out of range, or the sizes do not multiply to its size.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::zeros([2, 12], DType::F32).unflatten(1, [3, -1]).shape()[..], [2, 3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn unflatten(&self, axis: isize, sizes: impl Into<NewShape>) -> Tensor {
        let (axis, size) = axis_and_size(self, "unflatten", axis);
        let sizes = sizes.into();
        let refused = |error: Error| {
            let rule = format!("{:?} do not multiply to axis {axis} of size {size}", sizes.sizes());
            Error::new(error.kind(), "unflatten", rule).with_inputs(&[self.spec()])
        };
        let parts = or_panic(sizes.resolve(SpecRef::new(&[size], self.dtype())).map_err(refused));
        let shape = self.shape();
        let shape: Shape = shape[..axis].iter().chain(&parts[..]).chain(&shape[axis + 1..]).copied().collect();
        self.reshape(&shape)
    }

    /// Tensors broadcast to the shape that all of them fit. Views.
    ///
    /// # Panics
    /// When their shapes do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let both = Tensor::broadcast_tensors([&Tensor::from([1i64, 2]), &Tensor::from([[3i64], [4]])]);
    /// assert_eq!(both[0].to_vec::<i64>(), [1, 2, 1, 2]);
    /// assert_eq!(both[1].to_vec::<i64>(), [3, 3, 4, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "broadcast_arrays")]
    pub fn broadcast_tensors<T: Borrow<Tensor>>(tensors: impl AsRef<[T]>) -> Vec<Tensor> {
        let tensors: Few<&Tensor> = tensors.as_ref().iter().map(Borrow::borrow).collect();
        let shape = or_panic(common_shape("broadcast_tensors", &tensors));
        tensors.iter().map(|x| x.expand(&shape)).collect()
    }

    /// The coordinates of a grid: for each list the tensor that has its values along one axis of the grid. Views; a scalar is a
    /// list of one.
    ///
    /// # Panics
    /// When there is no list, or one is of rank 2 or more.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::Grid};
    /// let (x, y) = (Tensor::from([1i64, 2, 3]), Tensor::from([10i64, 20]));
    /// let grid = Tensor::meshgrid([&x, &y], Grid::Ij);
    /// assert_eq!(grid[0].to_vec::<i64>(), [1, 1, 2, 2, 3, 3]);
    /// assert_eq!(grid[1].to_vec::<i64>(), [10, 20, 10, 20, 10, 20]);
    /// assert_eq!(Tensor::meshgrid([&x, &y], Grid::Xy)[0].shape()[..], [2, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn meshgrid<T: Borrow<Tensor>>(lists: impl AsRef<[T]>, grid: Grid) -> Vec<Tensor> {
        let lists: Few<&Tensor> = lists.as_ref().iter().map(Borrow::borrow).collect();
        let refused = |rule| {
            let specs: Few<SpecRef<'_>> = lists.iter().map(|x| x.spec()).collect();
            Error::new(ErrorKind::Shape, "meshgrid", rule).with_inputs(&specs)
        };
        if lists.is_empty() {
            panic!("{}", refused("needs at least one list"));
        }
        if lists.iter().any(|x| x.rank() > 1) {
            panic!("{}", refused("takes lists: tensors of rank 1, or 0"));
        }
        let mut axes: Vec<usize> = (0..lists.len()).collect();
        if grid == Grid::Xy && lists.len() > 1 {
            axes.swap(0, 1);
        }
        let along = |(x, &axis): (&&Tensor, &usize)| {
            let mut shape = vec![1; lists.len()];
            shape[axis] = x.numel();
            x.reshape(shape)
        };
        let thin: Vec<Tensor> = lists.iter().zip(&axes).map(along).collect();
        let shape = or_panic(common_shape("meshgrid", &thin.iter().collect::<Vec<_>>()));
        thin.iter().map(|x| x.expand(&shape)).collect()
    }

    /// Tensors side by side: along axis 1, or along axis 0 where they are lists; a scalar is a list of one.
    ///
    /// # Panics
    /// As [`concat`](Self::concat).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (a, b) = (Tensor::from([[1i64], [2]]), Tensor::from([[3i64], [4]]));
    /// assert_eq!(Tensor::hstack([&a, &b]).to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn hstack<T: Borrow<Tensor>>(tensors: impl AsRef<[T]>) -> Tensor {
        let tensors: Few<&Tensor> = tensors.as_ref().iter().map(Borrow::borrow).collect();
        let axis = if tensors.first().is_some_and(|x| x.rank() <= 1) { 0 } else { 1 };
        joined("hstack", &tensors, 1, axis)
    }

    /// Tensors one under the other, along axis 0; a list is a row.
    ///
    /// # Panics
    /// As [`concat`](Self::concat).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let rows = Tensor::vstack([Tensor::from([1i64, 2]), Tensor::from([3i64, 4])]);
    /// assert_eq!(rows.shape()[..], [2, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "row_stack")]
    pub fn vstack<T: Borrow<Tensor>>(tensors: impl AsRef<[T]>) -> Tensor {
        joined("vstack", &tensors.as_ref().iter().map(Borrow::borrow).collect::<Few<_>>(), 2, 0)
    }

    /// Matrices along the diagonal of one large matrix, zeros elsewhere; a list is a row, a scalar one element.
    ///
    /// # Panics
    /// When there is none, one is of rank 3 or more, their dtypes differ, or the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::block_diag([Tensor::from([[1i64, 2]]), Tensor::from([[3i64]])]);
    /// assert_eq!(y.to_vec::<i64>(), [1, 2, 0, 0, 0, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn block_diag<T: Borrow<Tensor>>(matrices: impl AsRef<[T]>) -> Tensor {
        let matrices: Vec<Tensor> = matrices.as_ref().iter().map(|x| with_rank(x.borrow(), 2)).collect();
        let specs: Few<SpecRef<'_>> = matrices.iter().map(Tensor::spec).collect();
        let refused = |rule| Error::new(ErrorKind::Shape, "block_diag", rule).with_inputs(&specs);
        if matrices.is_empty() {
            panic!("{}", refused("needs at least one matrix"));
        }
        if matrices.iter().any(|x| x.rank() > 2) {
            panic!("{}", refused("takes matrices, lists and scalars"));
        }
        or_panic(same_dtypes("block_diag", &specs));
        let columns = matrices.iter().fold(0usize, |sum, x| sum.saturating_add(x.shape()[1]));
        let mut before = 0;
        let strip = |x: &Tensor| {
            let (left, own) = (before, x.shape()[1]);
            before += own;
            x.pad([(0, 0), (left as isize, (columns - left - own) as isize)], 0)
        };
        let strips: Few<Tensor> = matrices.iter().map(strip).collect();
        apply_for("block_diag", &Concat::new(0), &strips.iter().collect::<Few<_>>()).into_single()
    }
}

/// Tensors of at least this rank one after another along an axis, for the operation `op`.
#[track_caller]
fn joined(op: &'static str, tensors: &[&Tensor], rank: usize, axis: isize) -> Tensor {
    let parts: Few<Tensor> = tensors.iter().map(|x| with_rank(x, rank)).collect();
    let result = try_apply(&Concat::new(axis), &parts.iter().collect::<Few<_>>());
    // What the user passed says more than what it was reshaped to.
    let given = || tensors.iter().map(|x| x.spec()).collect::<Few<SpecRef<'_>>>();
    or_panic(result.map_err(|error| error.in_name_of(op).with_inputs(&given()))).into_single()
}

/// With axes of size 1 in front, up to this rank.
fn with_rank(x: &Tensor, rank: usize) -> Tensor {
    (x.rank()..rank).fold(x.clone(), |x, _| x.unsqueeze(0))
}

/// The order of the axes after axis `from[i]` has become axis `to[i]`.
fn moved_axes(rank: usize, from: &[isize], to: &[isize]) -> Result<Vec<isize>> {
    if from.len() != to.len() {
        let rule = format!("needs one new place for each axis, not {to:?} for {from:?}");
        return Err(Error::new(ErrorKind::Axis, "movedim", rule));
    }
    let distinct = |axes: &[isize]| -> Result<SmallVec<[usize; 4]>> {
        Axes::List(axes.to_vec()).resolve("movedim", rank)?;
        axes.iter().map(|&axis| resolve_axis("movedim", axis, rank)).collect()
    };
    let (from, to) = (distinct(from)?, distinct(to)?);
    let mut rest = (0..rank).filter(|axis| !from.contains(axis));
    let order = (0..rank).map(|place| match to.iter().position(|&to| to == place) {
        Some(i) => from[i] as isize,
        None => rest.next().expect("as many axes are left as places") as isize,
    });
    Ok(order.collect())
}

#[track_caller]
fn rolled(x: &Tensor, shift: isize, axis: isize) -> Tensor {
    let (axis, size) = axis_and_size(x, "roll", axis);
    if size == 0 {
        return x.clone();
    }
    let last = shift.rem_euclid(size as isize).unsigned_abs();
    if last == 0 {
        return x.clone();
    }
    let mut parts = x.split_with_sizes([size - last, last], axis as isize);
    parts.reverse();
    Tensor::concat(parts, axis as isize)
}
