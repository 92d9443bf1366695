//! The normal form of a reduction: which axes are walked, with which strides, and how the outputs lie.

use crate::{
    Array, Buffer, Element, Shape,
    layout::{Layout, Strides, row_major},
};
use smallvec::SmallVec;

/// An axis to walk: its size is at least 2 and its stride positive, unless the plan says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) size: usize,
    pub(super) stride: usize,
}

pub(super) type AxisList = SmallVec<[Axis; 4]>;

/// What a reduction walks. Both lists go from the largest stride to the smallest, and axes that lie one inside the other
/// without gaps are merged.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where the element of lowest position lies.
    pub(super) offset: usize,
    /// The axes that stay: outputs are made in their order.
    pub(super) kept: AxisList,
    /// The axes that go; never empty: an axis of size 1 stands for none.
    pub(super) reduced: AxisList,
    /// How often each element is repeated along reduced axes of stride zero, which are not walked.
    pub(super) copies: usize,
    /// How many outputs are made.
    pub(super) outputs: usize,
    /// The result as a view of the outputs: kept axes in the input's order, expanded where the input was.
    pub(super) output: Layout,
}

impl Plan {
    /// The plan for reducing `axes`, which ascend.
    pub(super) fn new(x: &Array, axes: &[usize], keepdims: bool) -> Self {
        let (mut offset, mut copies) = (x.offset(), 1);
        let (mut kept, mut reduced) = (SmallVec::<[(Axis, usize, bool); 4]>::new(), AxisList::new());
        let is_reduced = |i: usize| axes.contains(&i);
        for (i, (&size, &stride)) in x.shape().iter().zip(x.strides()).enumerate() {
            if size <= 1 {
                continue;
            }
            if stride < 0 {
                // Walked from its other end, which lies within the storage; an empty array is never walked.
                offset = offset.wrapping_add_signed((size as isize - 1) * stride);
            }
            let axis = Axis { size, stride: stride.unsigned_abs() };
            match (is_reduced(i), stride) {
                (true, 0) => copies *= size,
                (true, _) => reduced.push(axis),
                (false, 0) => {}
                (false, _) => kept.push((axis, i, stride < 0)),
            }
        }
        kept.sort_by_key(|(axis, ..)| std::cmp::Reverse(axis.stride));
        reduced.sort_by_key(|axis| std::cmp::Reverse(axis.stride));

        let sizes: SmallVec<[usize; 4]> = kept.iter().map(|(axis, ..)| axis.size).collect();
        let mut strides: Strides = SmallVec::from_elem(0, x.shape().len());
        let mut output_offset = 0;
        for (&(axis, i, flipped), &stride) in kept.iter().zip(&row_major(&sizes)) {
            strides[i] = if flipped { -stride } else { stride };
            output_offset += if flipped { (axis.size - 1) * stride as usize } else { 0 };
        }
        let shown = |i: &usize| keepdims || !is_reduced(*i);
        let shape: Shape =
            (0..x.shape().len()).filter(shown).map(|i| if is_reduced(i) { 1 } else { x.shape()[i] }).collect();
        let strides = (0..x.shape().len()).filter(shown).map(|i| strides[i]).collect();

        let mut reduced = merged(reduced);
        if reduced.is_empty() {
            reduced.push(Axis { size: 1, stride: 1 });
        }
        Plan {
            offset,
            kept: merged(kept.iter().map(|&(axis, ..)| axis).collect()),
            reduced,
            copies,
            outputs: sizes.iter().product(),
            output: Layout { shape, strides, offset: output_offset },
        }
    }

    /// How many elements are joined into one output.
    pub(super) fn joined(&self) -> usize {
        self.reduced.iter().map(|axis| axis.size).product()
    }

    /// The result, from the outputs in the order in which they were made.
    pub(super) fn array_of<T: Element>(self, outputs: Buffer<T>) -> Array {
        let contiguous = self.output.is_contiguous() && self.output.shape.numel() == outputs.len();
        if contiguous && self.output.offset == 0 {
            return Array::from_buffer(outputs, self.output.shape);
        }
        let count = outputs.len();
        Array::from_buffer(outputs, [count]).with_layout(self.output)
    }
}

/// Axes, outermost first, with those merged that can be walked as one.
fn merged(axes: AxisList) -> AxisList {
    let mut merged = AxisList::new();
    for axis in axes {
        match merged.last_mut() {
            Some(outer) if outer.stride == axis.size * axis.stride => {
                *outer = Axis { size: outer.size * axis.size, stride: axis.stride };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// The positions of consecutive elements of a list of axes, relative to the first of all.
pub(super) struct Walk<'a> {
    axes: &'a [Axis],
    index: SmallVec<[usize; 4]>,
    position: usize,
}

impl<'a> Walk<'a> {
    /// Begins at element number `start`.
    pub(super) fn from(axes: &'a [Axis], start: usize) -> Self {
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, axes.len());
        let (mut rest, mut position) = (start, 0);
        for (i, axis) in axes.iter().enumerate().rev() {
            index[i] = rest % axis.size;
            rest /= axis.size;
            position += index[i] * axis.stride;
        }
        Walk { axes, index, position }
    }

    /// The position of the current element; then goes on to the next, after the last to the first.
    #[inline]
    pub(super) fn next(&mut self) -> usize {
        let position = self.position;
        for (axis, i) in self.axes.iter().zip(&mut self.index).rev() {
            *i += 1;
            self.position += axis.stride;
            if *i < axis.size {
                break;
            }
            *i = 0;
            self.position -= axis.size * axis.stride;
        }
        position
    }
}
