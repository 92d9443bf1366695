//! Elements and slices by an index along one axis, in further forms of NumPy and PyTorch: take, take_along_dim, index_fill, index_copy.

use crate::ops::{
    Gather, Index, IndexPut, Operand, broadcast::or_panic, indexing::index::check::check_list,
    shaping::split::axis_and_size,
};
use crate::{Error, ErrorKind, Shape, Tensor, array::check_size, try_apply};

#[cfg(test)]
mod tests;

/// Reading and writing along one axis.
impl Tensor {
    /// The elements at these places of the tensor in row-major order; negative ones count from the end. The result has the shape of the
    /// index.
    ///
    /// # Panics
    /// When the index is not `i64`, or a place is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.take(&Tensor::from([[0i64, -1]])).to_vec::<i64>(), [1, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn take(&self, index: &Tensor) -> Tensor {
        let flat = self.reshape([self.numel()]);
        let taken = try_apply(&Index::named("take", 0), &[&flat, index]);
        or_panic(taken.map_err(|error| error.with_inputs(&[self.spec(), index.spec()]))).into_single()
    }

    /// For each place of an index of the same rank, the element that it names along an axis, as [`gather`](Self::gather); but the other
    /// axes of tensor and index broadcast. What `argmax` and `argsort` return fits.
    ///
    /// # Panics
    /// When the axis or an index is out of range, the ranks differ, or the other axes do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.take_along_dim(&Tensor::from([[0i64], [-1]]), 1).to_vec::<i64>(), [1, 4]);
    /// assert_eq!(x.take_along_dim(&Tensor::from([[1i64]]), 1).to_vec::<i64>(), [2, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "take_along_axis")]
    pub fn take_along_dim(&self, index: &Tensor, axis: isize) -> Tensor {
        let op = "take_along_dim";
        let (axis, size) = axis_and_size(self, op, axis);
        let both = [self.spec(), index.spec()];
        let others = |x: &Tensor| x.shape().with_size(axis, 1);
        let common = (index.rank() == self.rank()).then(|| Shape::broadcast(&others(self), &others(index))).flatten();
        let Some(common) = common else {
            let rule = format!("tensor and index need one rank, and axes that broadcast, except axis {axis}");
            panic!("{}", Error::new(ErrorKind::Shape, op, rule).with_inputs(&both));
        };
        let (own, its) = (common.with_size(axis, size), common.with_size(axis, index.shape()[axis]));
        or_panic(check_size(op, &own, self.dtype()).and(check_size(op, &its, crate::DType::I64)).map(drop));
        let gathered = try_apply(&Gather::new(axis as isize), &[&self.expand(own), &index.expand(its)]);
        // What the user passed says more than what it was expanded to.
        or_panic(gathered.map_err(|error| error.in_name_of(op).with_inputs(&both))).into_single()
    }

    /// This tensor with a number, or the one element of a tensor, in the slices of an axis that an index names; negative ones count from the
    /// end.
    ///
    /// # Panics
    /// When the axis or an index is out of range, the index is no list, or the value is no single one of this dtype.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.index_fill(1, &Tensor::from([0i64]), 9).to_vec::<i64>(), [9, 2, 9, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn index_fill<'a>(&self, axis: isize, index: &Tensor, value: impl Into<Operand<'a>>) -> Tensor {
        let op = "index_fill";
        let (axis, _) = axis_and_size(self, op, axis);
        let value = match value.into() {
            Operand::Tensor(value) => value.clone(),
            Operand::Number(n) => {
                or_panic(Tensor::try_number(op, n, self.dtype()).map_err(|e| e.with_inputs(&[self.spec()])))
            }
        };
        if value.rank() != 0 {
            let error = Error::new(ErrorKind::Shape, op, "the value must be a number or a scalar");
            panic!(
                "{}",
                error.with_inputs(&[self.spec(), value.spec()]).with_hint("index_copy puts a slice for each index")
            );
        }
        let shape = self.shape().with_size(axis, index.numel());
        or_panic(check_size(op, &shape, self.dtype()).map(drop));
        self.put_slices(op, axis, index, &value.expand(shape))
    }

    /// This tensor with the slices of an axis that an index names replaced by those of `src`: `y[.., index[k], ..] = src[.., k, ..]`.
    /// Negative indices count from the end. Of several slices for one place the last stands.
    ///
    /// # Panics
    /// When the axis or an index is out of range, the index is no list, or `src` has not one slice of this dtype for each index.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// let y = x.index_copy(0, &Tensor::from([1i64]), &Tensor::from([[8i64, 9]]));
    /// assert_eq!(y.to_vec::<i64>(), [1, 2, 8, 9]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn index_copy(&self, axis: isize, index: &Tensor, src: &Tensor) -> Tensor {
        let (axis, _) = axis_and_size(self, "index_copy", axis);
        self.put_slices("index_copy", axis, index, src)
    }

    #[track_caller]
    fn put_slices(&self, op: &'static str, axis: usize, index: &Tensor, src: &Tensor) -> Tensor {
        let specs = [self.spec(), index.spec(), src.spec()];
        or_panic(check_list(op, &specs, index.spec()));
        let put = try_apply(&IndexPut::named(op, axis), &[self, src, &index.reshape([index.numel()])]);
        or_panic(put.map_err(|error| error.with_inputs(&specs))).into_single()
    }
}
