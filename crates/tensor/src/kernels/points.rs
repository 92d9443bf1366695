//! Elements at places given by an index for each of several axes: read, set and added to.
//!
//! Along the indexed axes a place is an offset, computed once for each position of the index (`offsets`); along the others elements are
//! walked as they lie. Where several positions name one place, they are taken in the order of the index, so that results have the same
//! bits on any number of threads: no two pieces of work write one place.

use super::{parallel, walk::merged_axes};
use crate::{Array, Buffer, Element, Shape};

/// Bytes of one piece of work: starting it costs little next to it.
const PIECE_BYTES: usize = 64 << 10;

/// Estimated nanoseconds for a run whose place an index names, and bytes of it that are copied in one more.
const RUN_NANOSECONDS: usize = 8;
const BYTES_PER_NANOSECOND: usize = 4;

/// Most pieces that places to be written are cut into where each piece reads the whole index.
const MOST_WRITING_PIECES: usize = 16;

/// The position of the first index that is no place of an axis of this size, counted from either end.
pub(crate) fn first_beyond(index: &[i64], size: usize) -> Option<usize> {
    // As in `index::first_outside`: one of the two is negative exactly for places outside. Where one wraps around the other is.
    let (size, last) = (size as i64, size as i64 - 1);
    let signs = index.iter().fold(0, |signs, &i| signs | i.wrapping_add(size) | last.wrapping_sub(i));
    if signs >= 0 {
        return None;
    }
    index.iter().position(|&i| i < -size || i > last)
}

/// For each position of the indices, all of one length, how far its place lies from the first element. Negative indices count from
/// the end; all have been checked against the sizes.
pub(crate) fn offsets<'a>(indices: impl Iterator<Item = (&'a [i64], usize, isize)>, count: usize) -> Vec<isize> {
    let mut offsets = vec![0; count];
    for (index, size, stride) in indices {
        for (offset, &i) in offsets.iter_mut().zip(index) {
            let i = if i < 0 { i + size as i64 } else { i };
            *offset += i as isize * stride;
        }
    }
    offsets
}

/// An array seen with some axes replaced by one axis of offsets: `before` axes, the offsets, and the axes after.
pub(crate) struct Points<'a> {
    before: Vec<isize>,
    offsets: &'a [isize],
    after: Vec<isize>,
    /// The innermost axis after the offsets: its size, and from one element to the next.
    run: (usize, isize),
}

impl<'a> Points<'a> {
    /// Of an array of this shape and strides, whose `indexed` axes (ascending) the offsets replace; `at` axes come before them.
    pub(crate) fn new(shape: &[usize], strides: &[isize], indexed: &[usize], at: usize, offsets: &'a [isize]) -> Self {
        let others: Vec<usize> = (0..shape.len()).filter(|axis| !indexed.contains(axis)).collect();
        let (before, after) = others.split_at(at);
        let of = |axes: &[usize]| {
            let sizes: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
            let steps: Vec<isize> = axes.iter().map(|&axis| strides[axis]).collect();
            merged_axes(&sizes, &steps)
        };
        let mut after = of(after);
        let run = after.pop().unwrap_or((1, 1));
        Points { before: starts(&of(before)), offsets, after: starts(&after), run }
    }

    fn runs(&self) -> usize {
        self.before.len() * self.offsets.len() * self.after.len()
    }

    /// The start of run `i`, and of those after it.
    fn from(&self, i: usize) -> impl Iterator<Item = isize> {
        let (mut a, rest) = (i % self.after.len(), i / self.after.len());
        let (mut k, mut b) = (rest % self.offsets.len(), rest / self.offsets.len());
        std::iter::from_fn(move || {
            let start = self.before.get(b)? + self.offsets[k] + self.after[a];
            a += 1;
            if a == self.after.len() {
                (a, k) = (0, k + 1);
                if k == self.offsets.len() {
                    (k, b) = (0, b + 1);
                }
            }
            Some(start)
        })
    }

    fn work<T>(&self) -> usize {
        self.runs() * (RUN_NANOSECONDS + self.run.0 * size_of::<T>() / BYTES_PER_NANOSECOND)
    }
}

/// Where each position of these axes lies.
fn starts(axes: &[(usize, isize)]) -> Vec<isize> {
    axes.iter().fold(vec![0], |starts, &(size, stride)| {
        starts.iter().flat_map(|&start| (0..size as isize).map(move |i| start + i * stride)).collect()
    })
}

/// The elements at the points, in an array of this shape.
pub(crate) fn read<T: Element>(x: &Array, points: &Points<'_>, shape: Shape) -> Array {
    let mut y = Buffer::<T>::recycled(shape.numel());
    if y.is_empty() {
        return Array::from_buffer(y, shape);
    }
    let src = x.storage_elements::<T>();
    let (len, step) = points.run;
    let runs = (PIECE_BYTES / (len * size_of::<T>())).max(1);
    parallel::chunks(&mut y, runs * len, points.work::<T>(), |piece, dst| {
        for (run, start) in dst.chunks_exact_mut(len).zip(points.from(piece * runs)) {
            let at = x.offset() as isize + start;
            match run {
                [single] => *single = src[at as usize],
                run if step == 1 => run.copy_from_slice(&src[at as usize..][..len]),
                run => run.iter_mut().enumerate().for_each(|(i, y)| *y = src[(at + i as isize * step) as usize]),
            }
        }
    });
    Array::from_buffer(y, shape)
}

/// Each element at the points of a row-major `y` becomes what `join` makes of it and of the next element of `src`, in the order of the
/// index. `block` is how many elements of `y` belong to one position of the axes before the index, if those are its leading axes.
pub(crate) fn write<T: Element>(
    y: &mut [T],
    points: &Points<'_>,
    block: Option<usize>,
    src: &[T],
    join: impl Fn(T, T) -> T + Send + Sync,
) {
    if src.is_empty() {
        return;
    }
    let (len, step) = points.run;
    let write = |to: &mut [T], at: isize, from: &[T]| {
        if step == 1 {
            to[at as usize..][..len].iter_mut().zip(from).for_each(|(y, &x)| *y = join(*y, x));
        } else {
            from.iter().enumerate().for_each(|(i, &x)| {
                let y = &mut to[(at + i as isize * step) as usize];
                *y = join(*y, x);
            });
        }
    };
    let work = points.work::<T>();
    match block {
        // Positions before the index do not meet.
        Some(block) if points.before.len() > 1 => {
            let runs = points.offsets.len() * points.after.len();
            let blocks = (PIECE_BYTES / (block * size_of::<T>())).max(1);
            parallel::chunks(y, blocks * block, work, |piece, y| {
                let first = piece * blocks;
                let of_piece = y.len() / block * runs;
                let from = src[first * runs * len..].chunks_exact(len);
                for (start, from) in points.from(first * runs).zip(from).take(of_piece) {
                    write(y, start - (first * block) as isize, from);
                }
            });
        }
        // Whole runs lie one after another: each piece takes those that are its own.
        Some(_) if points.after.len() == 1 && (step == 1 || len == 1) => {
            let piece_len = (y.len() / len).div_ceil(MOST_WRITING_PIECES) * len;
            parallel::chunks(y, piece_len, work, |piece, y| {
                let own = (piece * piece_len) as isize;
                for (start, from) in points.from(0).zip(src.chunks_exact(len)) {
                    if (own..own + y.len() as isize).contains(&start) {
                        write(y, start - own, from);
                    }
                }
            });
        }
        _ => points.from(0).zip(src.chunks_exact(len)).for_each(|(start, from)| write(y, start, from)),
    }
}
