//! Copies between layouts: any strided array into row-major order, or into a box within a larger row-major buffer.
//!
//! Axes that both sides walk in step are merged first, so that most copies are a few long runs. What is left falls into
//! three kinds: runs that both sides hold in order (a copy of memory), runs of one repeated element (a fill), and
//! planes whose source walks the other axis fastest (a transpose), which go tile by tile so that each cache line is
//! fetched once.

use crate::{
    Array, Buffer, Element,
    dtype::for_dtype,
    kernels::{
        isa::{self, Kernel},
        parallel,
    },
    layout::{Layout, row_major},
};
use smallvec::SmallVec;
use transpose::TILE;

#[cfg(test)]
mod tests;
pub(super) mod transpose;

/// Bytes of one piece of work: large enough that starting it costs nothing next to it, small enough for both sides to
/// stay in a 1 MiB second-level cache.
const PIECE_BYTES: usize = 256 << 10;

/// Bytes that one core copies in a nanosecond when they are not in its cache; for the estimate of work only.
const BYTES_PER_NANOSECOND: usize = 4;

/// Runs below this length are copied one element at a time: choosing how would take longer.
const SHORT: usize = 8;

/// One axis of a copy, and how far apart its elements lie on each side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) size: usize,
    pub(super) from: isize,
    pub(super) to: usize,
}

/// From this number of elements on they are worth storage of their own: below, taking it costs more than reading them one by one.
const WORTH_A_COPY: usize = 256;

type AxisList = SmallVec<[Axis; 6]>;

/// The elements in row-major order, in storage of their own.
pub(crate) fn contiguous(array: &Array) -> Array {
    for_dtype!(array.dtype(), T => {
        let mut elements = Buffer::<T>::recycled(array.numel());
        copy_into(array, &mut elements, 0, &row_major(array.shape()));
        Array::from_buffer(elements, array.shape())
    })
}

/// The array, or a copy whose rows lie in order where the source walks another axis in smaller steps than the last: read row by row, such
/// a source would give one element of each cache line.
pub(super) fn in_rows(array: &Array) -> Array {
    let columns_first = || {
        let axes = merged_axes(array.shape(), array.strides(), &row_major(array.shape()));
        fastest_source_axis(&axes).is_some()
    };
    if array.numel() >= WORTH_A_COPY && !array.is_contiguous() && columns_first() {
        return contiguous(array);
    }
    array.clone()
}

/// Copies an array into the box of `dst` whose first element is at `offset` and whose axes have these strides.
///
/// The box must lie within a row-major array: each stride reaches at least over the whole of the axes after it.
pub(crate) fn copy_into<T: Element>(src: &Array, dst: &mut [T], offset: usize, strides: &[isize]) {
    if src.numel() == 0 {
        return;
    }
    let axes = merged_axes(src.shape(), src.strides(), strides);
    let end = offset + extent(&axes);
    copy_pieces(src.storage_elements(), src.offset(), &axes, &mut dst[offset..end]);
}

/// Copies an array to a view of a row-major buffer: its axes may lie in any order and direction, but no two elements in one place.
pub(crate) fn copy_to_view<T: Element>(src: &Array, dst: &mut [T], view: Layout) {
    if src.numel() == 0 {
        return;
    }
    let (mut from, mut to) = (src.layout().clone(), view);
    for axis in 0..to.shape.len() {
        if to.strides[axis] < 0 {
            let size = to.shape[axis];
            (from, to) = (from.slice(axis, size - 1, size, -1), to.slice(axis, size - 1, size, -1));
        }
    }
    let mut order: SmallVec<[usize; 6]> = (0..to.shape.len()).collect();
    order.sort_by_key(|&axis| std::cmp::Reverse(to.strides[axis]));
    let (from, to) = (from.permute(&order), to.permute(&order));
    copy_into(&src.with_layout(from), dst, to.offset, &to.strides);
}

/// The axes without those of size one, neighbours merged where one continues the other on both sides.
fn merged_axes(shape: &[usize], from: &[isize], to: &[isize]) -> AxisList {
    let mut axes = AxisList::new();
    for ((&size, &from), &to) in shape.iter().zip(from).zip(to) {
        if size == 1 {
            continue;
        }
        let to = usize::try_from(to).expect("the strides of a row-major box are positive");
        match axes.last_mut() {
            Some(outer) if outer.from == size as isize * from && outer.to == size * to => {
                *outer = Axis { size: outer.size * size, from, to };
            }
            _ => axes.push(Axis { size, from, to }),
        }
    }
    axes
}

/// How many elements of the destination lie between the first and the last of the box, both included.
fn extent(axes: &[Axis]) -> usize {
    1 + axes.iter().map(|axis| (axis.size - 1) * axis.to).sum::<usize>()
}

/// Cuts a copy along its outer axes, and runs the pieces in parallel.
fn copy_pieces<T: Element>(src: &[T], at: usize, axes: &[Axis], dst: &mut [T]) {
    let row_bytes = axes.iter().skip(1).map(|axis| axis.size).product::<usize>() * size_of::<T>();
    let Some((&outer, inner)) = axes.split_first().filter(|(outer, _)| outer.size * row_bytes > PIECE_BYTES) else {
        return copy_block(src, at, axes, dst);
    };
    debug_assert!(extent(inner) <= outer.to, "the destination is no box of a row-major array: {axes:?}");
    let whole_rows = (PIECE_BYTES / row_bytes).max(1);
    // A transpose reads whole cache lines only in pieces of whole tiles.
    let rows = if fastest_source_axis(axes) == Some(0) { whole_rows.next_multiple_of(TILE) } else { whole_rows };
    let work = outer.size * row_bytes / BYTES_PER_NANOSECOND;
    parallel::chunks(dst, rows * outer.to, work, |i, piece| {
        let first = i * rows;
        let at = moved(at, first, outer.from);
        if rows == 1 {
            return copy_pieces(src, at, inner, piece);
        }
        let mut axes = AxisList::from_slice(axes);
        axes[0].size = rows.min(outer.size - first);
        copy_block(src, at, &axes, piece);
    });
}

/// The axis other than the last that the source walks in smaller steps than the last; `None` when rows are best.
fn fastest_source_axis(axes: &[Axis]) -> Option<usize> {
    let (last, outer) = axes.split_last()?;
    let fastest = (0..outer.len()).filter(|&i| outer[i].from != 0).min_by_key(|&i| outer[i].from.unsigned_abs())?;
    (outer[fastest].from.unsigned_abs() < last.from.unsigned_abs()).then_some(fastest)
}

/// Copies on one thread.
fn copy_block<T: Element>(src: &[T], at: usize, axes: &[Axis], dst: &mut [T]) {
    match fastest_source_axis(axes) {
        None => copy_axes(src, at, axes, dst, 0),
        Some(fastest) => {
            let mut axes = AxisList::from_slice(axes);
            let axis = axes.remove(fastest);
            axes.insert(axes.len() - 1, axis);
            copy_axes(src, at, &axes, dst, 0);
        }
    }
}

fn copy_axes<T: Element>(src: &[T], at: usize, axes: &[Axis], dst: &mut [T], to: usize) {
    match *axes {
        [] => dst[to] = src[at],
        [run] => copy_run(src, at, run, dst, to),
        [outer, inner] if outer.from.unsigned_abs() < inner.from.unsigned_abs() && outer.from != 0 => {
            transpose::copy_plane(src, at, outer, inner, dst, to);
        }
        [outer, inner] if inner.size < SHORT => {
            for i in 0..outer.size {
                let (at, to) = (moved(at, i, outer.from), to + i * outer.to);
                for j in 0..inner.size {
                    dst[to + j * inner.to] = src[moved(at, j, inner.from)];
                }
            }
        }
        [outer, ref inner @ ..] => {
            for i in 0..outer.size {
                copy_axes(src, moved(at, i, outer.from), inner, dst, to + i * outer.to);
            }
        }
    }
}

#[inline]
fn copy_run<T: Element>(src: &[T], at: usize, run: Axis, dst: &mut [T], to: usize) {
    let n = run.size;
    if run.to != 1 {
        for i in 0..n {
            dst[to + i * run.to] = src[moved(at, i, run.from)];
        }
        return;
    }
    read_run(src, at, run.from, &mut dst[to..to + n]);
}

/// Fills `dst` with the elements of the source from `at` on, `step` apart.
#[inline]
pub(super) fn read_run<T: Element>(src: &[T], at: usize, step: isize, dst: &mut [T]) {
    let n = dst.len();
    match step {
        1 => copy_slice(&src[at..at + n], dst),
        // Vectors of the baseline take three times as long as those of the processor; a short run is over before these are chosen.
        0 if n >= WORTH_DISPATCH => isa::dispatch(Fill { value: src[at], dst }),
        0 => dst.fill(src[at]),
        -1 => dst.iter_mut().zip(src[at + 1 - n..=at].iter().rev()).for_each(|(y, &x)| *y = x),
        step if step > 0 => {
            dst.iter_mut().zip(src[at..].iter().step_by(step.unsigned_abs())).for_each(|(y, &x)| *y = x)
        }
        step => dst.iter_mut().zip(src[..=at].iter().rev().step_by(step.unsigned_abs())).for_each(|(y, &x)| *y = x),
    }
}

/// From this number of elements on a fill is worth choosing instructions for.
const WORTH_DISPATCH: usize = 64;

struct Fill<'a, T> {
    value: T,
    dst: &'a mut [T],
}

impl<T: Element> Kernel for Fill<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        self.dst.iter_mut().for_each(|slot| *slot = self.value);
    }
}

/// As `copy_from_slice`. A short one is copied by its two ends, which may overlap, without a call that would take longer.
#[inline(always)]
fn copy_slice<T: Element>(src: &[T], dst: &mut [T]) {
    match dst.len() {
        0 => {}
        1 => dst[0] = src[0],
        2..4 => copy_ends::<T, 2>(src, dst),
        4..8 => copy_ends::<T, 4>(src, dst),
        8..16 => copy_ends::<T, 8>(src, dst),
        16..=32 => copy_ends::<T, 16>(src, dst),
        _ => dst.copy_from_slice(src),
    }
}

#[inline(always)]
fn copy_ends<T: Element, const N: usize>(src: &[T], dst: &mut [T]) {
    let ends = (src.first_chunk::<N>(), src.last_chunk::<N>());
    let (Some(first), Some(last)) = ends else { unreachable!("a slice of at least {N} elements") };
    *dst.first_chunk_mut().expect("as long as the source") = *first;
    *dst.last_chunk_mut().expect("as long as the source") = *last;
}

/// `steps` steps on from a position of the source.
#[inline(always)]
fn moved(at: usize, steps: usize, step: isize) -> usize {
    at.wrapping_add_signed(steps as isize * step)
}
