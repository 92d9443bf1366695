//! Reading the elements of a strided array in row-major order, from any position.
//!
//! Neighbouring axes that lie one inside the other are merged first, so that a reader of a broadcast row or of a permuted
//! matrix has one or two axes whatever the rank was, and copies whole runs.

use super::copy;
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

    /// How many elements from position `start` on lie in one run, in which one step leads from each to the next.
    #[inline]
    pub(crate) fn run_from(&self, start: usize) -> usize {
        match self {
            Reader::Contiguous(_) | Reader::Uniform(_) => usize::MAX,
            Reader::Strided(strided) => strided.run_from(start),
        }
    }

    /// The `len` elements from position `start` on: where they lie if that is side by side, else in `scratch`, which holds as many.
    #[inline]
    pub(crate) fn block<'b>(&'b self, start: usize, len: usize, scratch: &'b mut [T]) -> &'b [T] {
        match self {
            Reader::Contiguous(elements) => return &elements[start..start + len],
            Reader::Uniform(value) => scratch[..len].fill(*value),
            Reader::Strided(strided) => match strided.side_by_side(start, len) {
                Some(elements) => return elements,
                None => strided.read(start, &mut scratch[..len]),
            },
        }
        &scratch[..len]
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

/// Runs from this length on are read where they lie, and a shorter one is copied into a block together with those after it: to begin a
/// block takes as long as to copy a run of this length.
const WORTH_IN_PLACE: usize = 256;

/// The elements of a block, at most: a strided input brings that many into cache at a time, 4 KiB, five of which fit the first cache with
/// room to spare.
pub(super) const fn block_len<T>() -> usize {
    4096 / size_of::<T>()
}

/// Cuts the elements from position `start` on into blocks, each with its position; `run_from` tells how long the runs of what is read
/// beside them are from a position on.
pub(super) fn blocks<'a, T, U>(
    start: usize,
    elements: &'a mut [U],
    run_from: impl Fn(usize) -> usize + 'a,
) -> impl Iterator<Item = (usize, &'a mut [U])> {
    let (mut next, mut rest) = (start, elements);
    std::iter::from_fn(move || {
        let (start, left) = (next, rest.len());
        let len = match run_from(start).min(left) {
            0 => return None,
            run if run < WORTH_IN_PLACE => left.min(block_len::<T>()),
            // In equal parts: no short block is left at the end of a run.
            run => run.div_ceil(run.div_ceil(block_len::<T>())),
        };
        next += len;
        Some((start, rest.split_off_mut(..len).expect("a block lies within the rest")))
    })
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
    fn run_from(&self, start: usize) -> usize {
        let &(inner, _) = self.axes.last().expect("a strided array has an axis");
        inner - start % inner
    }

    /// The elements from position `start` on, if they are a slice of the storage.
    pub(crate) fn side_by_side(&self, start: usize, len: usize) -> Option<&[T]> {
        let (&(inner, step), outer) = self.axes.split_last().expect("a strided array has an axis");
        if step != 1 || self.run_from(start) < len {
            return None;
        }
        let mut rest = start / inner;
        let mut from = (self.offset + start % inner) as isize;
        for &(size, stride) in outer.iter().rev() {
            from += (rest % size) as isize * stride;
            rest /= size;
        }
        Some(&self.elements[from as usize..][..len])
    }

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
            copy::read_run(self.elements, (base + first as isize * step) as usize, step, run);
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
                let (len, mut scratch) = (out.len(), vec![0; out.len()]);
                assert_eq!(Reader::<i64>::new(view.array()).block(start, len, &mut scratch), out);
            }
        }
    }

    #[test]
    fn blocks_cover_all_elements_and_keep_to_long_runs() {
        for run in [1, 17, WORTH_IN_PLACE, 1000, 1100, 5000] {
            let mut seen = vec![0; 12_345];
            let starts = blocks::<f32, i32>(7, &mut seen, |start| run - start % run);
            let lengths: Vec<_> = starts
                .map(|(start, block)| {
                    block.iter_mut().for_each(|count| *count += 1);
                    (start, block.len())
                })
                .collect();
            let mut next = 7;
            for (start, len) in lengths {
                assert_eq!(start, next, "{run}");
                let left = run - start % run;
                assert!(len <= block_len::<f32>() && (len <= left || left < WORTH_IN_PLACE), "{run}");
                next += len;
            }
            assert!(seen.iter().all(|&count| count == 1), "{run}");
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
