//! Elements picked along an axis, with the places where they were: sorting, the k-th, extrema with indices, running extrema,
//! medians with indices.
//!
//! All of them return values and places with `values = x.gather(axis, places)`, so that they share one rule: the cotangent of a
//! value goes to the element that was picked, in full, also where others are equal to it. Reductions that share among equal
//! elements are in `extrema` and `median`.

mod extrema;
mod median;
mod sort;
#[cfg(test)]
mod tests;

pub use extrema::{CumMax, CumMin, MaxWithIndices, MinWithIndices};
pub use median::{MedianWithIndices, NanMedianWithIndices};
pub use sort::{ArgSort, KthValue, Sort, TopK};

use crate::ops::{
    indexing::index::zeros_of,
    rows::{with_axes_back, with_axes_last},
};
use crate::{
    Array, Buffer, Cotangents, DType, Element, Error, ErrorKind, Few, Result, Saved, Shape, Spec, SpecRef, Tensor,
    array::check_size,
    dtype::for_widened,
    error::takes,
    kernels::{self, sort::Wanted},
    shape::resolve_axis,
};

/// An operation that picks elements along an axis.
trait Pick {
    const NAME: &'static str;
    fn axis(&self) -> isize;
    /// Whether one element is picked, and the axis goes.
    fn drops_axis(&self) -> bool {
        false
    }
    /// How many elements are picked along this axis.
    fn count(&self, x: SpecRef<'_>, axis: usize) -> Result<usize>;
    /// Where they are; the axis stays, and has as many elements as are picked.
    fn places(&self, x: &Array, axis: usize) -> Array;
}

/// Makes operations that pick primitives, with the rule that they share.
macro_rules! picks {
    ($($Name:ident),*) => {$(
        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                Self::NAME
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                super::infer(self, inputs)
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                super::eval(self, inputs[0])
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Vjp(self)
            }
        }

        impl Vjp for $Name {
            fn keep(&self, _: &[bool]) -> Keep {
                Keep::SPECS.and(Keep::output(1))
            }
            fn vjp(&self, saved: &Saved, y_bars: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
                super::pulled_back(self, saved, y_bars)
            }
            fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
                Some([x_dot[0].map(|x_dot| super::pushed_forward(self, x_dot, &y[1])), None].into())
            }
        }
    )*};
}
use picks;

fn infer<P: Pick>(pick: &P, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
    takes(P::NAME, 1, inputs)?;
    let x = inputs[0];
    let axis = resolve_axis(P::NAME, pick.axis(), x.rank())?;
    let count = pick.count(x, axis).map_err(|error| error.with_inputs(inputs))?;
    let shape = Shape::from(x.shape());
    let shape = if pick.drops_axis() { shape.without(axis) } else { shape.with_size(axis, count) };
    check_size(P::NAME, &shape, DType::I64)?;
    Ok([Spec::new(&shape, x.dtype()), Spec::new(&shape, DType::I64)].into())
}

/// The count of a reduction to one element: refused where there is none to pick, unless nothing is asked for.
fn one_of(op: &'static str, x: SpecRef<'_>, axis: usize) -> Result<usize> {
    let results = x.shape().iter().enumerate().filter(|&(i, _)| i != axis).all(|(_, &size)| size > 0);
    if x.shape()[axis] == 0 && results {
        return Err(Error::new(ErrorKind::Shape, op, format!("cannot reduce over axis {axis} of size 0")));
    }
    Ok(1)
}

fn eval<P: Pick>(pick: &P, x: &Array) -> Result<Few<Array>> {
    let axis = resolve_axis(P::NAME, pick.axis(), x.shape().len())?;
    let places = pick.places(x, axis);
    let values = for_widened!(x.dtype(), T => kernels::index::gather::<T>(x, axis, &places));
    if !pick.drops_axis() {
        return Ok([values, places].into());
    }
    let without_axis = |y: Array| {
        let layout = y.layout().reshape(&y.shape().without(axis)).expect("an axis of size 1 can go from any layout");
        y.with_layout(layout)
    };
    Ok([without_axis(values), without_axis(places)].into())
}

// x_bar = zeros with y_bar added at the places
fn pulled_back<P: Pick>(pick: &P, saved: &Saved, y_bars: Cotangents) -> Few<Option<Tensor>> {
    let (x, places) = (saved.spec(0), saved.output(1));
    let axis = resolve_axis(P::NAME, pick.axis(), x.rank()).expect("checked when the primal was computed") as isize;
    let y_bar = y_bars.into_tensors()[0].clone();
    let (y_bar, places) =
        if pick.drops_axis() { (y_bar.unsqueeze(axis), places.unsqueeze(axis)) } else { (y_bar, places.clone()) };
    Few::one(Some(zeros_of(x).scatter_add(axis, &places, &y_bar)))
}

// y_dot = x_dot at the places
fn pushed_forward<P: Pick>(pick: &P, x_dot: &Tensor, places: &Tensor) -> Tensor {
    let axis = resolve_axis(P::NAME, pick.axis(), x_dot.rank()).expect("checked with the primal") as isize;
    if pick.drops_axis() {
        return x_dot.gather(axis, &places.unsqueeze(axis)).squeeze(axis);
    }
    x_dot.gather(axis, places)
}

/// Places that a kernel of rows finds, `count` in each.
fn places_in_rows<T: Element>(
    x: &Array,
    axis: usize,
    count: usize,
    kernel: impl FnOnce(&[T], usize) -> Buffer<i64>,
) -> Array {
    let (rows, order) = with_axes_last(x, &[axis]);
    let places = kernel(rows.as_slice().expect("contiguous"), x.shape()[axis]);
    let shape = rows.shape().with_size(order.len() - 1, count);
    with_axes_back(Array::from_buffer(places, shape), &order)
}

/// The places of what is wanted of each row in order.
fn places_in_order(x: &Array, axis: usize, wanted: Wanted) -> Array {
    for_widened!(x.dtype(), T => {
        places_in_rows::<T>(x, axis, wanted.count(), |rows, length| kernels::sort::places(rows, length, wanted))
    })
}
