//! Reading and writing by a subscript.

use super::{
    Subscript,
    elements::{Index, IndexPut, Places},
    plan::Plan,
};
use crate::{
    DType, Error, ErrorKind, Few, Primitive, Result, Shape, SpecRef, Tensor, apply,
    ops::{Cut, Operand, Slice, SliceAdd, SliceScatter, broadcast::or_panic, shaping::split::axis_and_size},
    primitive::try_apply_owned,
    try_apply,
};

/// Subscripts: NumPy's square brackets.
impl Tensor {
    /// The elements that a subscript names: one item, or a tuple of them, where NumPy has square brackets.
    ///
    /// | item | meaning |
    /// |---|---|
    /// | `2`, `-1` | one element of an axis, which goes; from the end where negative |
    /// | `1..3`, `..-1`, `..`, [`step`](crate::ops::step)`(.., -1)` | a range of an axis, also from the end and backwards, cut off at the axis' ends as in Python |
    /// | [`Ellipsis`](crate::ops::Ellipsis) | all axes that no other item names |
    /// | [`NewAxis`](crate::ops::NewAxis) | a new axis of size 1 |
    /// | an `i64` tensor | the elements of an axis that it names; negative ones count from the end |
    /// | a `bool` tensor | of as many axes as it has, the elements where it holds |
    ///
    /// Axes at the end that nothing names are taken whole. Without tensors the result is a view. Several index tensors broadcast
    /// against each other; the axes of their common shape stand where the first of them does if the tensors, and integers, are
    /// neighbours, and else come first, as in NumPy.
    ///
    /// To take all slices of an axis, [`unbind`](Self::unbind) records one operation for all of them.
    ///
    /// # Panics
    /// When an index is out of range, a step is 0, more axes are named than there are, a mask has not the sizes of its axes, or index
    /// tensors do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::{Ellipsis, NewAxis, step}};
    /// let x = Tensor::arange(0, 12, 1).reshape([3, 4]);
    /// assert_eq!(x.index((-1, 1..3)).to_vec::<i64>(), [9, 10]);
    /// assert_eq!(x.index((.., 0)).to_vec::<i64>(), [0, 4, 8]);
    /// assert_eq!(x.index((Ellipsis, step(.., -2))).to_vec::<i64>(), [3, 1, 7, 5, 11, 9]);
    /// assert_eq!(x.index((.., NewAxis)).shape()[..], [3, 1, 4]);
    /// let (rows, columns) = (Tensor::from([0i64, 2]), Tensor::from([3i64, -4]));
    /// assert_eq!(x.index((&rows, &columns)).to_vec::<i64>(), [3, 8]);
    /// assert_eq!(x.index(&x.gt(9)).to_vec::<i64>(), [10, 11]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "[]")]
    #[doc(alias = "at")]
    #[doc(alias = "get")]
    #[doc(alias = "slice")]
    pub fn index(&self, subscript: impl Into<Subscript>) -> Tensor {
        let plan = or_panic(Plan::new("index", self.spec(), &subscript.into()));
        let view = plan.view(self);
        if plan.tensors.is_empty() {
            return view;
        }
        let indices = or_panic(plan.indices("index", self));
        let inputs: Few<&Tensor> = [&view].into_iter().chain(&indices).collect();
        or_panic(try_apply(&Index::at(plan.places("index")), &inputs)).into_single()
    }

    /// Element `i` of an axis, which goes; from the end where negative. A view.
    ///
    /// # Panics
    /// When the axis or the index is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.select(1, -1).to_vec::<i64>(), [2, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn select(&self, axis: isize, i: isize) -> Tensor {
        let (axis, size) = axis_and_size(self, "select", axis);
        let place = if i < 0 { i + size as isize } else { i };
        let Some(place) = usize::try_from(place).ok().filter(|&place| place < size) else {
            let rule = format!("index {i} is out of range for axis {axis} of size {size}");
            panic!("{}", Error::new(ErrorKind::Index, "select", rule).with_inputs(&[self.spec()]));
        };
        let mut cuts: Vec<Cut> = self.shape().iter().map(|&size| Cut::whole(size)).collect();
        cuts[axis] = Cut::At(place);
        apply(&Slice::new(cuts), &[self]).into_single()
    }

    /// This tensor with other values where a subscript says: a tensor, broadcast to the shape of what [`index`](Self::index) would
    /// read there, or a number.
    ///
    /// Where index tensors name a place several times the last value stands, and it alone gets the cotangent. [`with_index`](Self::with_index)
    /// does the same in this tensor's memory.
    ///
    /// # Panics
    /// As [`index`](Self::index); or when the values do not broadcast, or have another dtype.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.index_put((.., 0), 9).to_vec::<i64>(), [9, 2, 9, 4]);
    /// assert_eq!(x.index_put(&x.gt(2), 0).to_vec::<i64>(), [1, 2, 0, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "set")]
    #[doc(alias = "slice_scatter")]
    #[doc(alias = "select_scatter")]
    #[doc(alias = "masked_scatter")]
    pub fn index_put<'a>(&self, subscript: impl Into<Subscript>, values: impl Into<Operand<'a>>) -> Tensor {
        or_panic(written("index_put", self.clone(), &subscript.into(), values.into(), false))
    }

    /// This tensor with values added where a subscript says; a place that index tensors name several times gets all of them, in their
    /// order.
    ///
    /// # Panics
    /// As [`index_put`](Self::index_put), or when the dtype is bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([10i64, 20, 30]);
    /// assert_eq!(x.index_add_at(&Tensor::from([0i64, 0, -1]), 1).to_vec::<i64>(), [12, 20, 31]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "accumulate")]
    pub fn index_add_at<'a>(&self, subscript: impl Into<Subscript>, values: impl Into<Operand<'a>>) -> Tensor {
        or_panic(written("index_add_at", self.clone(), &subscript.into(), values.into(), true))
    }

    /// As [`index_put`](Self::index_put), with the tensor given away: if nothing else refers to its memory, the result takes it over, and
    /// only what is written costs time.
    ///
    /// # Panics
    /// As [`index_put`](Self::index_put).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let mut board = Tensor::zeros([3, 3], DType::F32);
    /// for i in 0..3 {
    ///     board = board.with_index((i, i), 1);
    /// }
    /// assert_eq!(board.trace().item::<f32>(), 3.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_index<'a>(self, subscript: impl Into<Subscript>, values: impl Into<Operand<'a>>) -> Tensor {
        or_panic(written("with_index", self, &subscript.into(), values.into(), false))
    }

    /// As [`index_add_at`](Self::index_add_at), with the tensor given away, as in [`with_index`](Self::with_index).
    ///
    /// # Panics
    /// As [`index_add_at`](Self::index_add_at).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let counts = Tensor::from([0i64, 0, 0]).with_index_added(&Tensor::from([2i64, 0, 2]), 1);
    /// assert_eq!(counts.to_vec::<i64>(), [1, 0, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_index_added<'a>(self, subscript: impl Into<Subscript>, values: impl Into<Operand<'a>>) -> Tensor {
        or_panic(written("with_index_added", self, &subscript.into(), values.into(), true))
    }
}

impl Plan {
    /// The part of the tensor that the integers, ranges and new axes take.
    fn view(&self, x: &Tensor) -> Tensor {
        let cut = if self.whole { x.clone() } else { apply(&Slice::new(&self.cuts), &[x]).into_single() };
        if self.widened { cut.reshape(&self.viewed) } else { cut }
    }

    /// The shape of the view without its new axes.
    fn cut_shape(&self) -> Shape {
        let left = self.cuts.iter().filter_map(|cut| match cut {
            Cut::At(_) => None,
            Cut::Along { len, .. } => Some(*len),
        });
        left.collect()
    }

    /// The index tensors, broadcast to one shape.
    fn indices(&self, op: &'static str, x: &Tensor) -> Result<Vec<Tensor>> {
        let tensors: Vec<&Tensor> = self.tensors.iter().map(|named| &named.index).collect();
        let shape = tensors.iter().try_fold(Shape::from([]), |shape, index| Shape::broadcast(&shape, index.shape()));
        let Some(shape) = shape else {
            let rule = "the index tensors do not broadcast: aligned at the last axis, sizes must be equal or 1";
            let specs: Few<SpecRef<'_>> = [x].iter().chain(&tensors).map(|x| x.spec()).collect();
            return Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(&specs));
        };
        crate::array::check_size(op, &shape, DType::I64)?;
        Ok(tensors.iter().map(|index| index.expand(&shape)).collect())
    }

    fn places(&self, op: &'static str) -> Places {
        let axes: Vec<usize> = self.tensors.iter().map(|named| named.axis).collect();
        let labels: Vec<usize> = self.tensors.iter().map(|named| named.label).collect();
        Places::new(op, &axes, &labels, self.at)
    }
}

/// `x` with values set or added at the places of a subscript, in its memory if nobody else refers to it.
fn written(
    op: &'static str,
    x: Tensor,
    subscript: &Subscript,
    values: Operand<'_>,
    accumulate: bool,
) -> Result<Tensor> {
    let plan = Plan::new(op, x.spec(), subscript)?;
    let values = match values {
        Operand::Tensor(values) => values.clone(),
        Operand::Number(number) => {
            Tensor::try_number(op, number, x.dtype()).map_err(|error| error.with_inputs(&[x.spec()]))?
        }
    };
    if values.dtype() != x.dtype() {
        return Err(Error::mixed_dtypes(op, &[x.spec(), values.spec()]));
    }
    if accumulate && x.dtype() == DType::Bool {
        return Err(Error::needs_numbers(op, &[x.spec()]));
    }
    if plan.tensors.is_empty() {
        let values = filling(op, &x, &values, &plan.viewed)?.reshape(plan.cut_shape());
        let write: &dyn Primitive =
            if accumulate { &SliceAdd::new(&plan.cuts) } else { &SliceScatter::new(&plan.cuts) };
        return Ok(try_apply_owned(write, [x, values].into())?.into_single());
    }
    let indices = plan.indices(op, &x)?;
    let put = IndexPut::at(plan.places(op), accumulate);
    let specs: Vec<SpecRef<'_>> = indices.iter().map(Tensor::spec).collect();
    let place = put.src_shape(SpecRef::new(&plan.viewed, x.dtype()), &specs)?;
    let values = filling(op, &x, &values, &place)?;
    let put_in = |x: Tensor| {
        let inputs = [x, values].into_iter().chain(indices).collect();
        Ok(try_apply_owned(&put, inputs)?.into_single())
    };
    if plan.whole && !plan.widened {
        return put_in(x);
    }
    let part = put_in(plan.view(&x))?.reshape(plan.cut_shape());
    if plan.whole {
        return Ok(part);
    }
    Ok(try_apply_owned(&SliceScatter::new(&plan.cuts), [x, part].into())?.into_single())
}

/// The values broadcast to the shape of the place that they are for.
fn filling(op: &'static str, x: &Tensor, values: &Tensor, place: &Shape) -> Result<Tensor> {
    if Shape::broadcast(values.shape(), place).as_ref() == Some(place) {
        return Ok(values.expand(place));
    }
    let rule = format!("the values do not broadcast to the shape of their place, {place:?}");
    Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(&[x.spec(), values.spec()]))
}
