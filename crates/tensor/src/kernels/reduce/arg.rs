//! Where along an axis the extremum lies: the first index on ties, and the first NaN if there is one.

use super::{CHUNK, Extremum, is_nan, plan::Plan, plan::Walk};
use crate::{
    Array, Buffer, Element,
    kernels::{
        copy,
        isa::{self, Kernel},
        parallel,
    },
};
use std::marker::PhantomData;

/// Outputs whose best elements and indices are kept at a time: 16 KiB, half of the first-level cache.
const TILE: usize = 1024;

/// The index of the extremum along `axis`, which stays with size 1 if `keepdims`, else goes.
///
/// The caller has checked that the axis has elements or the result has none.
pub(crate) fn position<F: Extremum<T>, T: Element>(x: &Array, axis: usize, keepdims: bool) -> Array {
    if x.strides()[axis] < 0 && x.numel() > 0 {
        // A plan walks flipped axes from their other end, where the first index would be the last.
        return position::<F, T>(&copy::contiguous(x), axis, keepdims);
    }
    let plan = Plan::new(x, &[axis], keepdims);
    if x.numel() == 0 {
        return Array::full(0i64, &plan.output.shape);
    }
    // A stride of zero makes all elements equal, and the first is the extremum.
    let [walked] = plan.reduced[..] else { unreachable!("one axis is reduced") };
    let elements = &x.storage_elements::<T>()[plan.offset..];
    let mut output = Buffer::<i64>::recycled(plan.outputs);
    let (count, work) = (plan.outputs, plan.outputs * walked.size / 2);
    let by_columns = plan.kept.last().is_some_and(|axis| axis.stride == 1);
    if walked.stride == 1 && !by_columns && walked.size > CHUNK && count == 1 {
        output[0] = first_of_long_run::<F, T>(&elements[..walked.size]) as i64;
    } else {
        let piece =
            if by_columns { (CHUNK / walked.size).max(1).next_multiple_of(TILE) } else { (CHUNK / walked.size).max(1) };
        parallel::chunks(&mut output, piece, work, |i, dst| {
            let starts = Walk::from(&plan.kept, i * piece);
            if by_columns {
                let width = plan.kept.last().map_or(1, |axis| axis.size);
                let rows = Rows { elements, count: walked.size, stride: walked.stride };
                rows.first_of_columns::<F>(starts, i * piece % width, width, dst);
            } else {
                isa::dispatch(Runs::<F, T> {
                    elements,
                    starts,
                    length: walked.size,
                    stride: walked.stride,
                    dst,
                    fold: PhantomData,
                });
            }
        });
    }
    plan.array_of(output)
}

/// Whether this is the element that was looked for: NaN looks for any NaN.
#[inline(always)]
fn is_same<T: PartialEq + Copy>(a: T, wanted: T) -> bool {
    (a == wanted) | (is_nan(a) & is_nan(wanted))
}

/// Elements that are compared before it is asked whether one was found.
const AT_ONCE: usize = 32;

/// The position of the extremum of a run that is not empty: one pass for its value, one up to its first place; both are vectorised,
/// which carrying an index along would not be.
#[inline(always)]
fn first_of_run<F: Extremum<T>, T: Element>(run: &[T]) -> usize {
    let best = super::fold_slice::<F, T>(run);
    let (chunks, _) = run.as_chunks::<AT_ONCE>();
    let skipped = chunks.iter().position(|chunk| {
        let mut found = false;
        for &x in chunk {
            found |= is_same(x, best);
        }
        found
    });
    let from = skipped.unwrap_or(chunks.len()) * AT_ONCE;
    from + run[from..].iter().position(|&x| is_same(x, best)).unwrap_or(0)
}

/// As `first_of_run`, chunk by chunk on several threads.
fn first_of_long_run<F: Extremum<T>, T: Element>(run: &[T]) -> usize {
    let firsts = parallel::collect(run.len().div_ceil(CHUNK), run.len() / 2, |i| {
        let from = i * CHUNK;
        let mut first = [0i64];
        isa::dispatch(Runs::<F, T> {
            elements: &run[from..],
            starts: Walk::from(&[], 0),
            length: CHUNK.min(run.len() - from),
            stride: 1,
            dst: &mut first,
            fold: PhantomData,
        });
        from + first[0] as usize
    });
    firsts.into_iter().reduce(|a, b| if is_better::<F, T>(run[b], run[a]) { b } else { a }).unwrap_or(0)
}

/// Whether `a` takes the place of an earlier `b`.
#[inline(always)]
fn is_better<F: Extremum<T>, T: PartialEq + Copy>(a: T, b: T) -> bool {
    F::beats(a, b) & !is_nan(b)
}

/// Outputs `dst`, whose elements begin where `starts` goes.
struct Runs<'a, F, T> {
    elements: &'a [T],
    starts: Walk<'a>,
    length: usize,
    stride: usize,
    dst: &'a mut [i64],
    fold: PhantomData<F>,
}

impl<F: Extremum<T>, T: Element> Kernel for Runs<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        for y in self.dst {
            let start = self.starts.next();
            *y = if self.stride == 1 {
                first_of_run::<F, T>(&self.elements[start..start + self.length])
            } else {
                let (mut best, mut at) = (self.elements[start], 0);
                for i in 1..self.length {
                    let x = self.elements[start + i * self.stride];
                    if is_better::<F, T>(x, best) {
                        (best, at) = (x, i);
                    }
                }
                at
            } as i64;
        }
    }
}

/// Rows of elements, to be compared element by element.
#[derive(Clone, Copy)]
struct Rows<'a, T> {
    elements: &'a [T],
    count: usize,
    stride: usize,
}

impl<T: Element> Rows<'_, T> {
    /// Outputs `dst`, in rows of `width`, of which the first begins at `column`.
    fn first_of_columns<F: Extremum<T>>(self, mut starts: Walk<'_>, column: usize, width: usize, dst: &mut [i64]) {
        let (mut column, mut rest) = (column, dst);
        while !rest.is_empty() {
            let length = TILE.min(width - column).min(rest.len());
            let (tile, after) = rest.split_at_mut(length);
            let start = starts.next();
            // The walk goes over single outputs; the others of the tile follow the first.
            (1..length).for_each(|_| _ = starts.next());
            isa::dispatch(Tile::<F, T> { rows: self, start, tile, fold: PhantomData });
            rest = after;
            column = (column + length) % width;
        }
    }
}

struct Tile<'a, F, T> {
    rows: Rows<'a, T>,
    start: usize,
    tile: &'a mut [i64],
    fold: PhantomData<F>,
}

impl<F: Extremum<T>, T: Element> Kernel for Tile<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Rows { elements, count, stride } = self.rows;
        let width = self.tile.len();
        let mut best = [F::START; TILE];
        let best = &mut best[..width];
        best.copy_from_slice(&elements[self.start..self.start + width]);
        self.tile.fill(0);
        for row in 1..count {
            let xs = &elements[self.start + row * stride..][..width];
            for ((best, at), &x) in best.iter_mut().zip(self.tile.iter_mut()).zip(xs) {
                let better = is_better::<F, T>(x, *best);
                *best = if better { x } else { *best };
                *at = if better { row as i64 } else { *at };
            }
        }
    }
}
