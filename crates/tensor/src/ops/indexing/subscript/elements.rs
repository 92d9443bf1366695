//! Elements at places that index tensors name along several axes at once: `Index` reads them, `IndexPut` sets them or adds to them.
//!
//! Here an index may be negative and count from the end, as between NumPy's brackets. Setting is in the order of the index, so that of
//! several values for one place the last stands, and it alone gets the cotangent.

use crate::{
    Accumulate, Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape,
    Spec, SpecRef, Tensor, Vjp, apply, apply_owned,
    array::check_size,
    dtype::{for_dtype, for_number},
    kernels::{self, arithmetic::Arithmetic},
    ops::indexing::index::check::{check_index_dtype, position_of},
    primitive::elements,
};
use std::borrow::Cow;

/// Which axes index tensors stand for, and where their own axes go.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The operation that messages name.
    op: &'static str,
    /// Ascending.
    axes: Vec<usize>,
    /// How messages name the axes.
    labels: Vec<usize>,
    at: usize,
}

impl Places {
    pub(super) fn new(op: &'static str, axes: &[usize], labels: &[usize], at: usize) -> Self {
        Places { op, axes: axes.to_vec(), labels: labels.to_vec(), at }
    }

    /// The shape of what is at the places.
    fn shape(&self, inputs: &[SpecRef<'_>], indices: &[SpecRef<'_>]) -> Result<Shape> {
        let (op, axes, x) = (self.op, &self.axes[..], inputs[0]);
        let refuse = |kind, rule: String| Err(Error::new(kind, op, rule).with_inputs(inputs));
        let ascending =
            axes.windows(2).all(|pair| pair[0] < pair[1]) && axes.last().is_some_and(|&axis| axis < x.rank());
        if !ascending || self.at > x.rank() - axes.len() {
            let rule = format!("axes {axes:?} and a place {} for the index do not go with rank {}", self.at, x.rank());
            return refuse(ErrorKind::Axis, rule);
        }
        if indices.len() != axes.len() {
            return refuse(ErrorKind::Value, format!("takes one index for each of the axes {axes:?}"));
        }
        indices.iter().try_for_each(|&index| check_index_dtype(op, inputs, index))?;
        let index = indices[0].shape();
        if indices.iter().any(|other| other.shape() != index) {
            return refuse(ErrorKind::Shape, "the primitive takes index tensors of one shape".into());
        }
        let mut others = (0..x.rank()).filter(|axis| !axes.contains(axis)).map(|axis| x.shape()[axis]);
        let before: Vec<usize> = others.by_ref().take(self.at).collect();
        let shape: Shape = before.into_iter().chain(index.iter().copied()).chain(others).collect();
        check_size(op, &shape, x.dtype()).map(|_| shape)
    }

    /// How far each place lies from the first element of an array of this shape and strides.
    fn offsets(&self, shape: &[usize], strides: &[isize], indices: &[&Array]) -> Result<Vec<isize>> {
        for ((index, &axis), &label) in indices.iter().zip(&self.axes).zip(&self.labels) {
            let (places, size) = (index.to_slice::<i64>(), shape[axis]);
            if let Some(flat) = kernels::points::first_beyond(&places, size) {
                let (place, position) = (places[flat], position_of(flat, index.shape()));
                let rule = format!("index {place} at {position:?} is out of range for axis {label} of size {size}");
                return Err(Error::new(ErrorKind::Index, self.op, rule));
            }
        }
        let lists: Vec<Cow<'_, [i64]>> = indices.iter().map(|index| index.to_slice()).collect();
        let along = lists.iter().zip(&self.axes).map(|(list, &axis)| (&list[..], shape[axis], strides[axis]));
        Ok(kernels::points::offsets(along, indices[0].numel()))
    }

    /// Inputs `first` and on, of which there is one for each axis.
    fn keep(&self, first: usize) -> Keep {
        let end = first + self.axes.len();
        if end > 64 { Keep::ALL_INPUTS } else { (first..end).fold(Keep::NOTHING, |keep, i| keep.and(Keep::input(i))) }
    }

    fn saved<'a>(&self, saved: &'a Saved, first: usize) -> Vec<&'a Tensor> {
        (first..first + self.axes.len()).map(|i| saved.input(i)).collect()
    }
}

/// `y[.., b, ..] = x[.., i1[b], .., i2[b], ..]`: the elements that index tensors of one shape name in the places of some axes; inputs `x`
/// and the index tensors. A negative index counts from the end.
#[derive(Clone, Debug)]
pub struct Index {
    places: Places,
}

impl Index {
    /// The index tensors stand for these axes of `x`, in ascending order; `at` of the other axes come before the axes of the index.
    #[must_use]
    pub fn new(axes: impl AsRef<[usize]>, at: usize) -> Self {
        Index { places: Places::new("index", axes.as_ref(), axes.as_ref(), at) }
    }

    pub(super) fn at(places: Places) -> Self {
        Index { places }
    }

    /// Of one axis, under the name that messages have for it.
    pub(in crate::ops) fn named(op: &'static str, axis: usize) -> Self {
        Index { places: Places::new(op, &[axis], &[axis], axis) }
    }
}

impl Primitive for Index {
    fn name(&self) -> &'static str {
        "index"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let [x, indices @ ..] = inputs else {
            return Err(Error::new(ErrorKind::Value, self.places.op, "takes a tensor"));
        };
        Ok(Spec::new(self.places.shape(inputs, indices)?, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let specs: Few<SpecRef<'_>> = inputs.iter().map(|x| x.spec()).collect();
        let shape = self.places.shape(&specs, &specs[1..])?;
        let (x, Places { axes, at, .. }) = (inputs[0], &self.places);
        let offsets = self.places.offsets(x.shape(), x.strides(), &inputs[1..])?;
        let points = kernels::points::Points::new(x.shape(), x.strides(), axes, *at, &offsets);
        Ok(for_dtype!(x.dtype(), T => kernels::points::read::<T>(x, &points, shape)).into())
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

impl Vjp for Index {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS.and(self.places.keep(1))
    }
    // x_bar = zeros with y_bar added at the places
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.spec(0);
        let put = IndexPut { places: self.places.clone(), accumulate: true };
        let x_bar = run(&put, &[&Tensor::zeros(x.shape(), x.dtype()), &y_bar.single()], &self.places.saved(saved, 1));
        needs.iter().enumerate().map(|(i, _)| (i == 0).then(|| x_bar.clone())).collect()
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| run(self, &[x_dot], &primals[1..]))))
    }
}

impl Accumulate for Index {
    fn accumulate(&self, sum: Tensor, saved: &Saved, y_bar: Cotangents) -> Tensor {
        let put = IndexPut { places: self.places.clone(), accumulate: true };
        let indices = self.places.saved(saved, 1).into_iter().cloned();
        apply_owned(&put, [sum, y_bar.single()].into_iter().chain(indices).collect()).into_single()
    }
}

/// `y` is `x` with `src` set, or added, where [`Index`] would read; inputs `x`, `src` and the index tensors.
#[derive(Clone, Debug)]
pub struct IndexPut {
    places: Places,
    accumulate: bool,
}

impl IndexPut {
    /// The index tensors stand for these axes of `x`, in ascending order; `at` of the other axes come before the axes of the index in `src`.
    /// Values are added if they `accumulate`; else they replace what is there, the last one where several go to one place.
    #[must_use]
    pub fn new(axes: impl AsRef<[usize]>, at: usize, accumulate: bool) -> Self {
        IndexPut { places: Places::new("index_put", axes.as_ref(), axes.as_ref(), at), accumulate }
    }

    pub(super) fn at(places: Places, accumulate: bool) -> Self {
        IndexPut { places, accumulate }
    }

    /// Setting along one axis, under the name that messages have for it.
    pub(in crate::ops) fn named(op: &'static str, axis: usize) -> Self {
        IndexPut { places: Places::new(op, &[axis], &[axis], axis), accumulate: false }
    }

    /// The shape of what is put at the places.
    pub(super) fn src_shape(&self, x: SpecRef<'_>, indices: &[SpecRef<'_>]) -> Result<Shape> {
        self.places.shape(&[x], indices)
    }

    /// The values that stand: 1 for the last of those that go to one place, in the shape of `src`.
    fn standing(&self, x: &[usize], src_rank: usize, indices: &[&Tensor]) -> Tensor {
        let index = indices[0].shape();
        let order = Tensor::arange(0, index.numel() as i64, 1).reshape(index);
        let sizes: Vec<usize> = self.places.axes.iter().map(|&axis| x[axis]).collect();
        let axes: Vec<usize> = (0..sizes.len()).collect();
        let put = IndexPut { places: Places::new(self.places.op, &axes, &axes, 0), accumulate: false };
        let last = run(&put, &[&Tensor::zeros(sizes, DType::I64), &order], indices);
        let standing = run(&Index { places: put.places }, &[&last], indices).eq(&order);
        let after = src_rank - self.places.at - index.len();
        let ones = |count| std::iter::repeat_n(1, count);
        standing.reshape(ones(self.places.at).chain(index.iter().copied()).chain(ones(after)).collect::<Shape>())
    }
}

impl Primitive for IndexPut {
    fn name(&self) -> &'static str {
        "index_put"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let op = self.places.op;
        let [x, src, indices @ ..] = inputs else {
            return Err(
                Error::new(ErrorKind::Value, op, "takes a tensor, values and index tensors").with_inputs(inputs)
            );
        };
        let shape = self.places.shape(inputs, indices)?;
        if x.dtype() != src.dtype() {
            return Err(Error::mixed_dtypes(op, &[*x, *src]));
        }
        if self.accumulate && x.dtype() == DType::Bool {
            return Err(Error::needs_numbers(op, inputs));
        }
        if *src.shape() != shape[..] {
            let rule = format!("the values must have the shape of what is at the places, {shape:?}");
            return Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
        }
        Ok(x.to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        let indices: Vec<Array> = inputs[2..].to_vec();
        let mut inputs = inputs.into_iter();
        let (Some(x), Some(src)) = (inputs.next(), inputs.next()) else { unreachable!("`infer` has seen the inputs") };
        drop(inputs);
        let shape = x.shape().clone();
        let strides = crate::layout::row_major(&shape);
        let offsets = self.places.offsets(&shape, &strides, &indices.iter().collect::<Vec<_>>())?;
        let Places { axes, at, .. } = &self.places;
        let points = kernels::points::Points::new(&shape, &strides, axes, *at, &offsets);
        // The axes before the index are the leading ones of `x` if they all come before the first that is indexed.
        let block = (*at == axes[0]).then(|| shape[axes[0]..].iter().product());
        let src = src.contiguous();
        let y = if self.accumulate {
            for_number!(x.dtype(), T => {
                let mut elements = x.into_buffer::<T>();
                kernels::points::write(&mut elements, &points, block, src.as_slice().expect("contiguous"), T::add);
                Array::from_buffer(elements, shape)
            })
        } else {
            for_dtype!(x.dtype(), T => {
                let mut elements = x.into_buffer::<T>();
                kernels::points::write(&mut elements, &points, block, src.as_slice().expect("contiguous"), |_, new| new);
                Array::from_buffer(elements, shape)
            })
        };
        Ok(y.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        if self.accumulate { elements(inputs[1]) } else { 0 }
    }
    fn takes_halves(&self) -> bool {
        !self.accumulate
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for IndexPut {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.and(self.places.keep(2)).when(needs[1] || !self.accumulate)
    }
    // x_bar = y_bar, with zeros at the places if they were set; src_bar = y_bar at the places, where the value stands
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let src_bar = needs[1].then(|| {
            let indices = self.places.saved(saved, 2);
            let read = run(&Index { places: self.places.clone() }, &[&y_bar], &indices);
            if self.accumulate || indices[0].numel() < 2 {
                return read;
            }
            self.standing(y_bar.shape(), read.rank(), &indices).where_(&read, 0)
        });
        let x_bar = needs[0].then(|| {
            if self.accumulate {
                return y_bar;
            }
            let zeros = Tensor::zeros(saved.spec(1).shape(), saved.spec(1).dtype());
            let indices = self.places.saved(saved, 2).into_iter().cloned();
            apply_owned(self, [y_bar, zeros].into_iter().chain(indices).collect()).into_single()
        });
        [x_bar, src_bar].into_iter().chain(needs[2..].iter().map(|_| None)).collect()
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(match (tangents[0], tangents[1]) {
            (None, None) => None,
            (Some(x_dot), None) if self.accumulate => Some(x_dot.clone()),
            (x_dot, src_dot) => {
                let dot = |dot: Option<&Tensor>, i: usize| dot.map_or_else(|| primals[i].zeros_like(), Tensor::clone);
                Some(run(self, &[&dot(x_dot, 0), &dot(src_dot, 1)], &primals[2..]))
            }
        }))
    }
}

/// An operation on some tensors and the index tensors.
#[track_caller]
fn run(primitive: &dyn Primitive, first: &[&Tensor], indices: &[&Tensor]) -> Tensor {
    apply(primitive, &[first, indices].concat()).into_single()
}
