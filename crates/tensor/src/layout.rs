//! Layouts: how the elements of an array lie in its storage, and the views that only change the layout.
//!
//! Element `(i, j, ..)` is at `offset + i * strides[0] + j * strides[1] + ..`, in elements. A stride may be zero (a broadcast
//! axis) or negative (a flipped one). Each function here is given arguments that the operation has checked.

use crate::{Shape, shape::inline_copy};
use smallvec::SmallVec;

/// Strides in elements, one per axis.
pub(crate) type Strides = SmallVec<[isize; 4]>;

/// Shape, strides and offset of an array within its storage.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    pub(crate) strides: Strides,
    pub(crate) offset: usize,
}

impl Clone for Layout {
    fn clone(&self) -> Self {
        Layout { shape: self.shape.clone(), strides: inline_copy(&self.strides), offset: self.offset }
    }
}

impl Layout {
    /// Of a scalar.
    pub(crate) const SCALAR: Layout = Layout { shape: Shape::SCALAR, strides: SmallVec::new_const(), offset: 0 };

    /// Row-major from the start of the storage.
    #[inline]
    pub(crate) fn contiguous(shape: Shape) -> Self {
        let strides = row_major(&shape);
        Layout { shape, strides, offset: 0 }
    }

    /// Whether the strides are those of [`contiguous`](Self::contiguous), along axes of size one too.
    pub(crate) fn has_usual_strides(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
            let usual = stride == expected;
            expected *= size.max(1) as isize;
            usual
        })
    }

    /// Whether the elements lie one after another in row-major order.
    pub(crate) fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if size != 1 && stride != expected {
                // An empty array has no elements to lie in the wrong place.
                return self.shape.numel() == 0;
            }
            expected *= size as isize;
        }
        true
    }

    /// The axes in another order.
    pub(crate) fn permute(&self, order: &[usize]) -> Self {
        Layout {
            shape: order.iter().map(|&axis| self.shape[axis]).collect(),
            strides: order.iter().map(|&axis| self.strides[axis]).collect(),
            offset: self.offset,
        }
    }

    /// Elements `start`, `start + step`, .. of one axis, `len` of them; `step` may be negative.
    pub(crate) fn slice(&self, axis: usize, start: usize, len: usize, step: isize) -> Self {
        let mut layout = self.clone();
        if len > 0 && self.shape.numel() > 0 {
            layout.offset = layout.offset.wrapping_add_signed(start as isize * self.strides[axis]);
        }
        layout.shape = self.shape.with_size(axis, len);
        layout.strides[axis] *= step;
        layout
    }

    /// Element `i` of one axis, which goes.
    pub(crate) fn slice_at(&self, axis: usize, i: usize) -> Self {
        let mut layout = self.slice(axis, i, 1, 1);
        layout.shape = layout.shape.without(axis);
        layout.strides.remove(axis);
        layout
    }

    /// Broadcast to a shape that this one fits: new and widened axes get stride zero.
    pub(crate) fn expand(&self, shape: &Shape) -> Self {
        let added = shape.len() - self.shape.len();
        let strides = (0..shape.len())
            .map(|i| match i.checked_sub(added) {
                Some(j) if self.shape[j] == shape[i] => self.strides[j],
                _ => 0,
            })
            .collect();
        Layout { shape: shape.clone(), strides, offset: self.offset }
    }

    /// The same elements in row-major order under another shape, where strides can express it.
    ///
    /// Both shapes are cut into the smallest runs of axes of equal product; a run can be viewed when its old axes
    /// lie one inside the other without gaps.
    pub(crate) fn reshape(&self, shape: &Shape) -> Option<Self> {
        if self.is_contiguous() {
            return Some(Layout { offset: self.offset, ..Layout::contiguous(shape.clone()) });
        }
        let old: SmallVec<[(usize, isize); 4]> =
            self.shape.iter().copied().zip(self.strides.iter().copied()).filter(|&(size, _)| size != 1).collect();
        let mut strides: Strides = SmallVec::from_elem(0, shape.len());
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            let (run, mut product) = (i, old[i].0);
            let (first, mut wanted) = (j, 1);
            while j < shape.len() && (wanted < product || shape[j] == 1) {
                wanted *= shape[j];
                j += 1;
                while wanted > product && i + 1 < old.len() {
                    i += 1;
                    product *= old[i].0;
                }
            }
            if wanted != product {
                return None;
            }
            if old[run..=i].windows(2).any(|pair| pair[0].1 != pair[1].0 as isize * pair[1].1) {
                return None;
            }
            let mut stride = old[i].1;
            for axis in (first..j).rev() {
                strides[axis] = stride;
                stride *= shape[axis] as isize;
            }
            i += 1;
        }
        Some(Layout { shape: shape.clone(), strides, offset: self.offset })
    }

    /// The lowest and highest storage position of an element, or `None` for an empty array.
    pub(crate) fn span(&self) -> Option<(usize, usize)> {
        if self.shape.numel() == 0 {
            return None;
        }
        let (mut low, mut high) = (self.offset, self.offset);
        for (&size, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = (size as isize - 1) * stride;
            if reach < 0 {
                low = low.wrapping_add_signed(reach);
            } else {
                high = high.wrapping_add_signed(reach);
            }
        }
        Some((low, high))
    }
}

/// The strides of a contiguous row-major array.
#[inline]
pub(crate) fn row_major(shape: &[usize]) -> Strides {
    let mut strides: Strides = SmallVec::from_buf_and_len([1; 4], shape.len().min(4));
    if shape.len() < 2 {
        return strides;
    }
    if shape.len() > 4 {
        strides.resize(shape.len(), 1);
    }
    let mut stride = 1;
    for (slot, &size) in strides.iter_mut().zip(shape).rev() {
        *slot = stride;
        stride *= size.max(1) as isize;
    }
    strides
}
