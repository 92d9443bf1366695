//! Reductions where a kept axis lies innermost in memory: rows of elements are joined into a row of outputs, vectorised along
//! the row.

use super::{
    CHUNK, Fold,
    plan::{Axis, Plan, Walk},
};
use crate::{
    Buffer, Element,
    kernels::{
        isa::{self, Kernel},
        parallel,
    },
};
use std::marker::PhantomData;

/// Rows that are joined without a tree.
const ROWS: usize = 64;
/// Outputs that are accumulated at a time: at most 8 KiB, a quarter of the first-level cache.
const TILE: usize = 1024;
/// Up to this many, a smaller buffer is set up for the other half of the rows: filling it would cost more than the joining.
const SMALL_TILE: usize = 128;
/// Rows narrower than this are joined `GROUP` at a time as one long row, since they would leave most of a vector idle.
const NARROW: usize = 64;
const GROUP: usize = 16;

/// The outputs of a plan whose innermost kept axis has stride 1.
pub(super) fn fold_columns<F: Fold<T>, T: Element>(elements: &[T], plan: &Plan, outputs: &mut [T]) {
    let (last, outer) = plan.kept.split_last().expect("the innermost kept axis has stride 1");
    let columns = Columns::<F, T> {
        elements: &elements[plan.offset..],
        outer,
        width: last.size,
        rows: &plan.reduced,
        fold: PhantomData,
    };
    let (rows, count) = (plan.joined(), outputs.len());
    let work = rows * count / 4;
    if count <= TILE && rows * count > 2 * CHUNK {
        // Few outputs of many rows: the rows are cut.
        let chunk = (CHUNK / count).next_multiple_of(ROWS);
        let mut partials = parallel::collect(rows.div_ceil(chunk), work, |i| {
            let mut partial = Buffer::<T>::recycled(count);
            columns.fold_outputs(0, i * chunk, rows.min((i + 1) * chunk), &mut partial);
            partial
        });
        outputs.copy_from_slice(join_rows_tree::<F, T>(&mut partials));
        return;
    }
    let piece = (CHUNK / rows).max(1).next_multiple_of(TILE);
    parallel::chunks(outputs, piece, work, |i, dst| columns.fold_outputs(i * piece, 0, rows, dst));
}

/// As `join_tree`, of rows; the result lies in the first.
fn join_rows_tree<F: Fold<T>, T: Element>(partials: &mut [Buffer<T>]) -> &[T] {
    if partials.len() > 1 {
        let (left, right) = partials.split_at_mut(partials.len().div_ceil(2));
        join_rows_tree::<F, T>(left);
        join_row::<F, T>(&mut left[0], join_rows_tree::<F, T>(right));
    }
    &partials[0]
}

fn join_row<F: Fold<T>, T: Copy>(into: &mut [T], row: &[T]) {
    into.iter_mut().zip(row).for_each(|(y, &x)| *y = F::join(*y, x));
}

/// Outputs in rows of `width`, each joined from `rows` rows.
#[derive(Clone, Copy)]
struct Columns<'a, F, T> {
    elements: &'a [T],
    outer: &'a [Axis],
    width: usize,
    rows: &'a [Axis],
    fold: PhantomData<F>,
}

impl<F: Fold<T>, T: Element> Columns<'_, F, T> {
    /// Outputs `first..` that fit `dst`, from rows `low..high`.
    fn fold_outputs(self, first: usize, low: usize, high: usize, dst: &mut [T]) {
        let mut outer = Walk::from(self.outer, first / self.width);
        let mut column = first % self.width;
        let mut start = outer.next();
        let mut rest = dst;
        while !rest.is_empty() {
            let length = TILE.min(self.width - column).min(rest.len());
            let (tile, after) = rest.split_at_mut(length);
            self.fold_tile(start + column, low, high, tile);
            rest = after;
            column += length;
            if column == self.width {
                (start, column) = (outer.next(), 0);
            }
        }
    }

    /// The outputs whose first elements lie at `start`, of one row, from rows `low..high`.
    fn fold_tile(self, start: usize, low: usize, high: usize, tile: &mut [T]) {
        let width = tile.len();
        match *self.rows {
            // The rows lie one after another: `GROUP` of them are one row.
            [Axis { stride, .. }] if stride == width && width < NARROW && high - low >= 2 * GROUP => {
                let wide = [Axis { size: (high - low) / GROUP, stride: width * GROUP }];
                let mut sums = [F::START; NARROW * GROUP];
                let sums = &mut sums[..width * GROUP];
                Columns { rows: &wide, ..self }.fold_rows(start + low * width, 0, wide[0].size, sums);
                tile.fill(F::START);
                sums.chunks_exact(width).for_each(|row| join_row::<F, T>(tile, row));
                for row in low + wide[0].size * GROUP..high {
                    join_row::<F, T>(tile, &self.elements[start + row * width..][..width]);
                }
            }
            _ => self.fold_rows(start, low, high, tile),
        }
    }

    fn fold_rows(self, start: usize, low: usize, high: usize, tile: &mut [T]) {
        if high - low <= ROWS {
            let mut starts = [0; ROWS];
            let mut rows = Walk::from(self.rows, low);
            let starts = &mut starts[..high - low];
            starts.iter_mut().for_each(|position| *position = start + rows.next());
            return isa::dispatch(Rows::<F, T> { elements: self.elements, starts, tile, fold: PhantomData });
        }
        let middle = low + (high - low).div_ceil(2).next_multiple_of(ROWS);
        self.fold_rows(start, low, middle, tile);
        if tile.len() <= SMALL_TILE {
            self.join_rows::<SMALL_TILE>(start, middle, high, tile);
        } else {
            self.join_rows::<TILE>(start, middle, high, tile);
        }
    }

    /// Joins rows `low..high` to what the tile, of at most `N` outputs, holds.
    fn join_rows<const N: usize>(self, start: usize, low: usize, high: usize, tile: &mut [T]) {
        let mut rows = [F::START; N];
        let rows = &mut rows[..tile.len()];
        self.fold_rows(start, low, high, rows);
        join_row::<F, T>(tile, rows);
    }
}

/// Joins the rows that begin at `starts`.
struct Rows<'a, F, T> {
    elements: &'a [T],
    starts: &'a [usize],
    tile: &'a mut [T],
    fold: PhantomData<F>,
}

impl<F: Fold<T>, T: Copy> Kernel for Rows<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.tile.len();
        let row = |start: usize| &self.elements[start..start + width];
        // Four rows at once: a quarter of the loads and stores of the tile.
        let (fours, rest) = self.starts.as_chunks::<4>();
        self.tile.fill(F::START);
        for &[a, b, c, d] in fours {
            let (a, b, c, d) = (row(a), row(b), row(c), row(d));
            for (i, y) in self.tile.iter_mut().enumerate() {
                *y = F::join(*y, F::join(F::join(a[i], b[i]), F::join(c[i], d[i])));
            }
        }
        for &start in rest {
            for (y, &x) in self.tile.iter_mut().zip(row(start)) {
                *y = F::join(*y, x);
            }
        }
    }
}
