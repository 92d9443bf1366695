//! Products of a few rows with a matrix that is used again and again, as the weights of a recurrent network are in each step.
//!
//! The matrix is copied once into panels of 16 columns, in the order in which a product reads them. A panel stays in the first
//! cache while all rows are multiplied with it, so that a product reads the matrix once from wherever it lies. Each element of a
//! product is summed in an order of its own: which rows are multiplied together changes no bit.

mod tile;

use super::{
    copy::{Axis, transpose::copy_plane},
    gemm::Tile,
    parallel,
};
use crate::{Buffer, Element};
use std::ops::Range;
pub(super) use tile::TileElement;
use tile::{ABREAST, Operands};

/// Columns of a panel: one 512-bit vector of f32, or two of 256 bits.
const COLS: usize = 16;
/// Rows of a panel: one of f32 then has 16 KiB, half of the first cache.
const DEPTH: usize = 256;
/// Panels that one thread takes at a time, where there are few rows to share out instead.
const SHARE: usize = 8;
/// What lies between the rows of a left-hand side, beyond their elements: a cache line, without which rows of a power of two of
/// elements would compete for the same places of the first cache.
const GAP: usize = 16;

/// From one row of a left-hand side with `depth` columns to the next.
pub(super) fn row_stride(depth: usize) -> usize {
    depth + GAP
}

/// A `depth x cols` matrix in panels: for each `DEPTH` of its rows, and in them for each `COLS` of its columns, the elements row by
/// row, with zeros beyond the last column.
pub(super) struct Packed<T: Element> {
    panels: Buffer<T>,
    depth: usize,
    cols: usize,
}

impl<T: TileElement> Packed<T> {
    /// Of a matrix in row-major order.
    pub(super) fn of_rows(matrix: &[T], depth: usize, cols: usize) -> Self {
        assert!(matrix.len() == depth * cols, "a {depth} x {cols} matrix");
        Packed::new(depth, cols, |rows, first, panel| {
            let count = COLS.min(cols - first);
            for (row, to) in rows.zip(panel.chunks_exact_mut(COLS)) {
                to[..count].copy_from_slice(&matrix[row * cols + first..][..count]);
            }
        })
    }

    /// Of a matrix in column-major order.
    pub(super) fn of_columns(matrix: &[T], depth: usize, cols: usize) -> Self {
        assert!(matrix.len() == depth * cols, "a {depth} x {cols} matrix");
        Packed::new(depth, cols, |rows, first, panel| {
            let down = Axis { size: rows.len(), from: 1, to: COLS };
            let across = Axis { size: COLS.min(cols - first), from: depth as isize, to: 1 };
            copy_plane(matrix, first * depth + rows.start, down, across, panel, 0);
        })
    }

    /// `copy` writes some rows of a panel, given its first column: as many columns as there are.
    fn new(depth: usize, cols: usize, copy: impl Fn(Range<usize>, usize, &mut [T]) + Sync) -> Self {
        let width = cols.next_multiple_of(COLS);
        let mut panels = Buffer::zeroed(depth * width);
        for (i, block) in panels.chunks_mut(DEPTH * width).enumerate() {
            let rows = i * DEPTH..i * DEPTH + block.len() / width;
            // Half a nanosecond an element.
            let work = block.len() / 2;
            parallel::chunks(block, rows.len() * COLS, work, |n, panel| copy(rows.clone(), n * COLS, panel));
        }
        Packed { panels, depth, cols }
    }

    /// `dst`, of `rows` rows, becomes `lhs` times the matrix; the rows of `lhs` are [`row_stride`] apart. `work` estimates the
    /// nanoseconds of this product and those that follow it closely.
    pub(super) fn multiply(&self, rows: usize, lhs: &[T], dst: &mut Tile<'_, T>, work: usize) {
        let width = self.cols.next_multiple_of(COLS);
        let (count, dst) = (width / COLS, &*dst);
        parallel::tasks(count.div_ceil(SHARE), work, |share| {
            let panels = share * SHARE..count.min((share + 1) * SHARE);
            let columns = panels.start * COLS..self.cols.min(panels.end * COLS);
            // SAFETY: shares have panels of their own, and each is called once.
            let mut dst = unsafe { dst.columns(columns.clone()) };
            for (i, block) in self.panels.chunks(DEPTH * width).enumerate() {
                let (lhs, depth) = (&lhs[i * DEPTH..], block.len() / width);
                let elements = block[panels.start * depth * COLS..panels.end * depth * COLS].as_chunks().0;
                let panel = |n: usize| Panel {
                    elements: &elements[n * depth..][..depth],
                    first: n * COLS,
                    cols: columns.len(),
                    sum: i > 0,
                };
                let abreast = if rows == 1 { panels.len() / ABREAST * ABREAST } else { 0 };
                for first in (0..abreast).step_by(ABREAST) {
                    let panels: [Panel<'_, T>; ABREAST] = std::array::from_fn(|n| panel(first + n));
                    let products = T::row(&lhs[..depth], &panels.each_ref().map(|panel| panel.elements));
                    panels.iter().zip(products).for_each(|(panel, product)| panel.put(&[product], 0, &mut dst));
                }
                (abreast..panels.len()).for_each(|n| panel(n).multiply(rows, lhs, row_stride(self.depth), &mut dst));
            }
        });
    }
}

/// A panel, and where its products go.
struct Panel<'a, T> {
    elements: &'a [[T; COLS]],
    /// Its first column, of how many.
    first: usize,
    cols: usize,
    /// Whether they are added to what is there.
    sum: bool,
}

impl<T: TileElement> Panel<'_, T> {
    /// The products of all rows, in tiles as equal as can be: ten rows are five and five.
    fn multiply(&self, rows: usize, lhs: &[T], stride: usize, dst: &mut Tile<'_, T>) {
        let groups = rows.div_ceil(T::most_rows());
        for group in 0..groups {
            let (first, end) = (group * rows / groups, (group + 1) * rows / groups);
            let operands = Operands { lhs: &lhs[first * stride..], stride, panel: self.elements };
            match end - first {
                1 => self.put(&T::tile::<1>(&operands), first, dst),
                2 => self.put(&T::tile::<2>(&operands), first, dst),
                3 => self.put(&T::tile::<3>(&operands), first, dst),
                4 => self.put(&T::tile::<4>(&operands), first, dst),
                5 => self.put(&T::tile::<5>(&operands), first, dst),
                6 => self.put(&T::tile::<6>(&operands), first, dst),
                7 => self.put(&T::tile::<7>(&operands), first, dst),
                8 => self.put(&T::tile::<8>(&operands), first, dst),
                more => unreachable!("a tile of {more} rows"),
            }
        }
    }

    fn put(&self, tile: &[[T; COLS]], row: usize, dst: &mut Tile<'_, T>) {
        let cols = COLS.min(self.cols - self.first);
        for (r, products) in tile.iter().enumerate() {
            let dst = &mut dst.row(row + r)[self.first..][..cols];
            // A whole row, which most are, is moved without a loop or a call.
            match <&mut [T; COLS]>::try_from(&mut *dst) {
                Ok(dst) if self.sum => dst.iter_mut().zip(products).for_each(|(dst, &product)| *dst += product),
                Ok(dst) => *dst = *products,
                Err(_) if self.sum => dst.iter_mut().zip(products).for_each(|(dst, &product)| *dst += product),
                Err(_) => dst.copy_from_slice(&products[..cols]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a double loop, and that a row has the same bits alone and among others.
    #[test]
    fn products_of_one_row_and_of_several() {
        fn check<T: TileElement>(of: fn(f64) -> T) {
            for (depth, cols) in [(1, 1), (5, 15), (16, 64), (30, 70), (300, 200)] {
                let element = |i: usize| of((i * 7 % 11) as f64 / 8.0 - 0.5);
                let matrix: Vec<T> = (0..depth * cols).map(element).collect();
                let packed = Packed::of_rows(&matrix, depth, cols);
                let columns: Vec<T> = (0..depth * cols).map(|i| matrix[i % depth * cols + i / depth]).collect();
                assert!(*packed.panels == *Packed::of_columns(&columns, depth, cols).panels, "{depth} x {cols}");
                let (rows, stride) = (3, row_stride(depth));
                let lhs: Vec<T> = (0..rows * stride).map(|i| element(3 * i + 1)).collect();
                let mut all = vec![T::default(); rows * cols];
                packed.multiply(rows, &lhs, &mut Tile::of_matrix(&mut all, rows, cols), 1_000_000);
                for (r, row) in all.chunks(cols).enumerate() {
                    let lhs = &lhs[r * stride..][..depth];
                    let mut alone = vec![T::default(); cols];
                    packed.multiply(1, lhs, &mut Tile::of_matrix(&mut alone, 1, cols), 0);
                    assert!(alone == row, "row {r} of {depth} x {cols}, {}", T::DTYPE);
                    // Eighths, whose products and sums are exact.
                    let expected = |j: usize| {
                        lhs.iter().enumerate().fold(T::default(), |sum, (k, &x)| sum + x * matrix[k * cols + j])
                    };
                    assert!((0..cols).all(|j| row[j] == expected(j)), "row {r} of {depth} x {cols}, {}", T::DTYPE);
                }
            }
        }
        check::<f32>(|x| x as f32);
        check::<f64>(|x| x);
    }
}
