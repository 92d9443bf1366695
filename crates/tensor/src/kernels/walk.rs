//! Reading the elements of a strided array in row-major order, from any position.
//!
//! Neighbouring axes that lie one inside the other are merged first, so that a reader of a broadcast row or of a permuted
//! matrix has one or two axes whatever the rank was, and copies whole runs.

use crate::{Array, Element};
use smallvec::SmallVec;

/// How the elements of an array come in row-major order.
pub(crate) enum Reader<'a, T> {
    /// One after another.
    Contiguous(&'a [T]),
    /// Always the same.
    Uniform(T),
    /// By strides.
    Strided(Strided<'a, T>),
}

pub(crate) struct Strided<'a, T> {
    elements: &'a [T],
    offset: usize,
    /// Size and stride of each merged axis, outermost first; at least one.
    axes: SmallVec<[(usize, isize); 4]>,
}

impl<'a, T: Element> Reader<'a, T> {
    #[inline]
    pub(crate) fn new(array: &'a Array) -> Self {
        if let Some(elements) = array.as_slice() {
            return Reader::Contiguous(elements);
        }
        // An empty array is contiguous, so that this one has elements.
        if array.strides().iter().zip(&array.shape()[..]).all(|(&stride, &size)| stride == 0 || size == 1) {
            return Reader::Uniform(array.storage_elements()[array.offset()]);
        }
        Reader::Strided(Strided {
            elements: array.storage_elements(),
            offset: array.offset(),
            axes: merged_axes(array.shape(), array.strides()),
        })
    }

    /// Writes the elements from position `start` on, in row-major order, until `out` is full.
    pub(crate) fn read(&self, start: usize, out: &mut [T]) {
        match self {
            Reader::Contiguous(elements) => out.copy_from_slice(&elements[start..start + out.len()]),
            Reader::Uniform(value) => out.fill(*value),
            Reader::Strided(strided) => strided.read(start, out),
        }
    }
}

/// The axes of size above one, neighbours merged where one step of the outer equals the whole inner axis.
pub(crate) fn merged_axes(shape: &[usize], strides: &[isize]) -> SmallVec<[(usize, isize); 4]> {
    let mut axes: SmallVec<[(usize, isize); 4]> = SmallVec::new();
    for (&size, &stride) in shape.iter().zip(strides).filter(|&(&size, _)| size != 1) {
        match axes.last_mut() {
            Some((outer, outer_stride)) if *outer_stride == stride * size as isize => {
                *outer *= size;
                *outer_stride = stride;
            }
            _ => axes.push((size, stride)),
        }
    }
    axes
}

impl<T: Element> Strided<'_, T> {
    /// Writes the elements from position `start` on, in row-major order, until `out` is full.
    pub(crate) fn read(&self, start: usize, out: &mut [T]) {
        let (&(inner, step), outer) = self.axes.split_last().expect("a strided array has an axis");
        let mut at: SmallVec<[usize; 4]> = SmallVec::from_elem(0, outer.len());
        let mut rest = start / inner;
        let mut base = self.offset as isize;
        for (index, &(size, stride)) in at.iter_mut().zip(outer).rev() {
            *index = rest % size;
            rest /= size;
            base += *index as isize * stride;
        }
        let (mut first, mut out) = (start % inner, out);
        loop {
            let (run, later) = out.split_at_mut((inner - first).min(out.len()));
            self.copy_run(base + first as isize * step, step, run);
            if later.is_empty() {
                return;
            }
            (out, first) = (later, 0);
            for (index, &(size, stride)) in at.iter_mut().zip(outer).rev() {
                *index += 1;
                base += stride;
                if *index < size {
                    break;
                }
                base -= stride * size as isize;
                *index = 0;
            }
        }
    }

    fn copy_run(&self, from: isize, step: isize, run: &mut [T]) {
        match step {
            1 => run.copy_from_slice(&self.elements[from as usize..][..run.len()]),
            0 => run.fill(self.elements[from as usize]),
            _ => {
                let mut position = from;
                for slot in run {
                    *slot = self.elements[position as usize];
                    position += step;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;

    #[test]
    fn reads_any_layout_from_any_position() {
        let x = Tensor::arange(0, 120, 1).reshape([2, 3, 4, 5]);
        let views = [
            x.permute([3, 1, 0, 2]),
            x.flip([1, 3]),
            x.narrow(2, 1, 2),
            x.transpose(0, 3).unsqueeze(1).expand([5, 7, 3, 4, 2]),
        ];
        for view in views {
            let all = naive(view.array());
            for start in 0..all.len() {
                let mut out = vec![0; (all.len() - start).min(17)];
                match Reader::<i64>::new(view.array()) {
                    Reader::Strided(strided) => strided.read(start, &mut out),
                    _ => panic!("these views are strided"),
                }
                assert_eq!(out, all[start..start + out.len()]);
            }
        }
    }

    fn naive(array: &Array) -> Vec<i64> {
        let mut positions = vec![array.offset() as isize];
        for (&size, &stride) in array.shape().iter().zip(array.strides()) {
            positions = positions.iter().flat_map(|&p| (0..size as isize).map(move |i| p + i * stride)).collect();
        }
        positions.iter().map(|&p| array.storage_elements::<i64>()[p as usize]).collect()
    }
}
