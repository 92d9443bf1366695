//! Axes brought last and back: kernels of rows then see elements that lie one after another, whatever the axis and the layout.

use crate::{Array, shape::all_axes};
use smallvec::SmallVec;
use std::borrow::Cow;

/// The elements with some axes (ascending) last, in row-major order, and the order of axes that was taken.
#[inline]
pub(in crate::ops) fn with_axes_last<'a>(x: &'a Array, axes: &[usize]) -> (Cow<'a, Array>, SmallVec<[usize; 4]>) {
    let rank = x.shape().len();
    if axes.iter().copied().eq(rank - axes.len()..rank) {
        return (x.contiguous(), all_axes(rank));
    }
    with_axes_moved_last(x, axes)
}

fn with_axes_moved_last<'a>(x: &'a Array, axes: &[usize]) -> (Cow<'a, Array>, SmallVec<[usize; 4]>) {
    let rank = x.shape().len();
    let others = (0..rank).filter(|axis| !axes.contains(axis));
    let order: SmallVec<[usize; 4]> = others.chain(axes.iter().copied()).collect();
    (Cow::Owned(x.with_layout(x.layout().permute(&order)).contiguous().into_owned()), order)
}

/// A view of an array, whose axes are in this order, with its axes back in place.
pub(in crate::ops) fn with_axes_back(y: Array, order: &[usize]) -> Array {
    if order.is_sorted() {
        return y;
    }
    let mut inverse: SmallVec<[usize; 4]> = SmallVec::from_elem(0, order.len());
    order.iter().enumerate().for_each(|(i, &axis)| inverse[axis] = i);
    y.with_layout(y.layout().permute(&inverse))
}
