//! Elements that an index names: whole rows of an axis (select, add), or single elements (gather, scatter).
//!
//! Indices have been checked against the axis. Where several of them name one place, contributions are added in the
//! order of the index, so that sums have the same bits on any number of threads: no two pieces of work write one place.

use crate::{
    Array, Buffer, Element,
    kernels::{arithmetic::Arithmetic, parallel},
};
use smallvec::SmallVec;

/// Bytes of one piece of work: starting it costs little next to it.
const PIECE_BYTES: usize = 64 << 10;

/// Estimated nanoseconds for an element whose place an index names: a load that the processor cannot foresee.
const ELEMENT_NANOSECONDS: usize = 2;

/// Estimated nanoseconds for a row whose place an index names, and bytes of it that are copied in one more.
const ROW_NANOSECONDS: usize = 8;
const BYTES_PER_NANOSECOND: usize = 4;

/// Most pieces that rows to be added to are cut into: each piece reads the whole index.
const MOST_ADDING_PIECES: usize = 16;

/// The position of the first index that is negative or not below `size`.
pub(crate) fn first_outside(index: &[i64], size: usize) -> Option<usize> {
    // `i` or `last - i` is negative exactly for places outside. Their signs are gathered without a branch or a
    // comparison, so that the loop vectorises (baseline x86-64 does not compare vectors of 64-bit numbers).
    let last = size as i64 - 1;
    let signs = index.iter().fold(0, |signs, &i| signs | i | last.wrapping_sub(i));
    if signs >= 0 {
        return None;
    }
    index.iter().position(|&i| i < 0 || i > last)
}

/// `dst[o, k, ..] = src[o, index[k], ..]`, where rows of `src` are `inner` long and `size` of them make one `o`.
pub(crate) fn select_rows<T: Element>(src: &[T], size: usize, inner: usize, index: &[i64], dst: &mut [T]) {
    if dst.is_empty() {
        return;
    }
    let rows = (PIECE_BYTES / (inner * size_of::<T>())).max(1);
    let work = dst.len() / inner * ROW_NANOSECONDS + size_of_val(dst) / BYTES_PER_NANOSECOND;
    parallel::chunks(dst, rows * inner, work, |piece, dst| {
        let (mut block, mut k) = (piece * rows / index.len() * size, piece * rows % index.len());
        for row in dst.chunks_exact_mut(inner) {
            let at = (block + index[k] as usize) * inner;
            match row {
                [single] => *single = src[at],
                row => row.copy_from_slice(&src[at..at + inner]),
            }
            k += 1;
            if k == index.len() {
                (block, k) = (block + size, 0);
            }
        }
    });
}

/// `dst[o, index[k], ..] += src[o, k, ..]`, where rows are `inner` long and `size` rows of `dst` make one `o`.
pub(crate) fn add_rows<T: Arithmetic>(dst: &mut [T], size: usize, inner: usize, index: &[i64], src: &[T]) {
    if dst.is_empty() || src.is_empty() {
        return;
    }
    let rows = dst.len() / inner;
    let (piece_rows, work) = (rows.div_ceil(MOST_ADDING_PIECES), src.len() * ELEMENT_NANOSECONDS);
    parallel::chunks(dst, piece_rows * inner, work, |piece, dst| {
        // The rows of this piece, and the blocks that they lie in.
        let first = piece * piece_rows;
        let end = first + dst.len() / inner;
        for block in first / size..end.div_ceil(size) {
            for (k, &i) in index.iter().enumerate() {
                let row = block * size + i as usize;
                if row < first || row >= end {
                    continue;
                }
                let from = &src[(block * index.len() + k) * inner..][..inner];
                let to = &mut dst[(row - first) * inner..][..inner];
                to.iter_mut().zip(from).for_each(|(y, &x)| *y = y.add(x));
            }
        }
    });
}

/// `y[i, .., l] = x[i, .., index[i, .., l], .., l]`, with the index in the place of `axis`.
pub(crate) fn gather<T: Element>(x: &Array, axis: usize, index: &Array) -> Array {
    let places = index.to_slice::<i64>();
    let mut elements = Buffer::<T>::recycled(places.len());
    if places.is_empty() {
        return Array::from_buffer(elements, index.shape());
    }
    let src = x.storage_elements::<T>();
    let walk = Walk::new(index.shape(), axis, x.strides());
    let (row_len, along) = (walk.row_len(), x.strides()[axis]);
    let rows = (PIECE_BYTES / (row_len * size_of::<T>())).max(1);
    parallel::chunks(&mut elements, rows * row_len, places.len() * ELEMENT_NANOSECONDS, |piece, dst| {
        for (row, dst) in (piece * rows..).zip(dst.chunks_exact_mut(row_len)) {
            let mut at = x.offset() as isize + walk.row_start(row);
            for (y, &place) in dst.iter_mut().zip(&places[row * row_len..]) {
                *y = src[(at + place as isize * along) as usize];
                at += walk.step;
            }
        }
    });
    Array::from_buffer(elements, index.shape())
}

/// `y[i, .., index[i, .., l], .., l]` becomes what `join` makes of it and of `src[i, .., l]`, with the index in the place of `axis`,
/// in the order of the index; `y` lies in row-major order with these strides. Where all of it is one number at first, `fill`, it is
/// written piece by piece, so that a piece is still in the cache when elements are joined to it.
pub(crate) fn scatter<T: Element>(
    y: &mut [T],
    strides: &[isize],
    axis: usize,
    index: &Array,
    src: &Array,
    fill: Option<T>,
    join: impl Fn(T, T) -> T + Send + Sync,
) {
    let begin = |y: &mut [T]| fill.into_iter().for_each(|fill| y.fill(fill));
    let places = index.to_slice::<i64>();
    if places.is_empty() {
        return begin(y);
    }
    let elements = src.storage_elements::<T>();
    let to = Walk::new(index.shape(), axis, strides);
    // No axis of `src` is indexed: an axis beyond the last leaves all of its strides in.
    let from = Walk::new(index.shape(), usize::MAX, src.strides());
    let (row_len, along) = (to.row_len(), strides[axis]);
    let all_rows = places.len() / row_len;
    let add = |y: &mut [T], y_start: isize, rows: std::ops::Range<usize>| {
        for row in rows {
            let mut at = to.row_start(row) - y_start;
            let mut src_at = src.offset() as isize + from.row_start(row);
            if (along, to.step, from.step) == (1, 0, 1) {
                let (y, src) = (&mut y[at as usize..], &elements[src_at as usize..]);
                for (&place, &x) in places[row * row_len..][..row_len].iter().zip(src) {
                    let y = &mut y[place as usize];
                    *y = join(*y, x);
                }
                continue;
            }
            for &place in &places[row * row_len..][..row_len] {
                let y = &mut y[(at + place as isize * along) as usize];
                *y = join(*y, elements[src_at as usize]);
                at += to.step;
                src_at += from.step;
            }
        }
    };
    // Blocks along the first axis do not meet, unless that is the axis that is indexed.
    let outer = index.shape()[0];
    if axis == 0 || outer == 1 {
        begin(y);
        return add(y, 0, 0..all_rows);
    }
    let (block, block_rows) = (strides[0].unsigned_abs(), all_rows / outer);
    let blocks = (PIECE_BYTES / (block * size_of::<T>())).max(1);
    let (y, untouched) = y.split_at_mut(outer * block);
    begin(untouched);
    parallel::chunks(y, blocks * block, places.len() * ELEMENT_NANOSECONDS, |piece, y| {
        let first = piece * blocks;
        begin(y);
        add(y, (first * block) as isize, first * block_rows..(first + y.len() / block) * block_rows);
    });
}

/// Where a mask holds, as places in row-major order.
pub(crate) fn places_of_true(mask: &Array) -> Vec<usize> {
    let holds = mask.to_slice::<bool>();
    let mut places = vec![0; holds.iter().filter(|&&holds| holds).count()];
    // Every place is written, and kept if it holds: a branch would be mispredicted for every other element of a random mask.
    let (mut found, mut place) = (0, 0);
    while found < places.len() {
        places[found] = place;
        found += usize::from(holds[place]);
        place += 1;
    }
    places
}

/// Shows the index along each axis of `shape` for places in row-major order, which ascend, each with its number among them.
pub(crate) fn for_each_position(places: &[usize], shape: &[usize], mut see: impl FnMut(usize, &[i64])) {
    let mut position: SmallVec<[i64; 4]> = SmallVec::from_elem(0, shape.len());
    let Some((&row_len, outer)) = shape.split_last() else {
        return (0..places.len()).for_each(|n| see(n, &position));
    };
    let (mut row, last) = (0..0, outer.len());
    for (n, &place) in places.iter().enumerate() {
        // Divisions for each row and not for each place.
        if !row.contains(&place) {
            let mut rest = place / row_len;
            row = rest * row_len..(rest + 1) * row_len;
            for (index, &size) in position[..last].iter_mut().zip(outer).rev() {
                *index = (rest % size) as i64;
                rest /= size;
            }
        }
        position[last] = (place - row.start) as i64;
        see(n, &position);
    }
}

/// A walk over the rows (the last axis) of an index, beside an array of other strides.
struct Walk<'a> {
    shape: &'a [usize],
    strides: &'a [isize],
    axis: usize,
    /// From one element of a row to the next, in the other array.
    step: isize,
}

impl<'a> Walk<'a> {
    /// Along all axes of `shape`, except that `axis` does not move in the other array.
    fn new(shape: &'a [usize], axis: usize, strides: &'a [isize]) -> Self {
        let last = shape.len() - 1;
        Walk { shape, strides, axis, step: if axis == last { 0 } else { strides[last] } }
    }

    fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// Where a row begins in the other array, relative to its first element.
    fn row_start(&self, row: usize) -> isize {
        let (mut rest, mut start) = (row, 0);
        for i in (0..self.shape.len() - 1).rev() {
            let size = self.shape[i];
            if i != self.axis {
                start += (rest % size) as isize * self.strides[i];
            }
            rest /= size;
        }
        start
    }
}
