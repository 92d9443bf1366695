//! Products of a few rows with a matrix that is used again and again, as the weights of a recurrent network are in each step.
//!
//! The matrix is copied once into panels of 16 columns, in the order in which a product reads them. A panel stays in the first
//! cache while all rows are multiplied with it, so that a product reads the matrix once from wherever it lies. Each element of a
//! product is summed in an order of its own: which rows are multiplied together changes no bit.

mod tile;

use super::{gemm::Tile, parallel};
use crate::{Buffer, Element};
use tile::Operands;
pub(super) use tile::TileElement;

/// Columns of a panel: one 512-bit vector of f32, or two of 256 bits.
const COLS: usize = 16;
/// Rows of a panel: one of f32 then has 16 KiB, half of the first cache.
const DEPTH: usize = 256;
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
        Packed::new(depth, cols, |row, first, to| {
            let count = to.len().min(cols - first);
            to[..count].copy_from_slice(&matrix[row * cols + first..][..count]);
        })
    }

    /// Of a matrix in column-major order.
    pub(super) fn of_columns(matrix: &[T], depth: usize, cols: usize) -> Self {
        assert!(matrix.len() == depth * cols, "a {depth} x {cols} matrix");
        Packed::new(depth, cols, |row, first, to| {
            for (to, column) in to.iter_mut().zip(matrix[first * depth..].chunks_exact(depth)) {
                *to = column[row];
            }
        })
    }

    /// `copy` writes a row's elements from a column on, as many as there are.
    fn new(depth: usize, cols: usize, copy: impl Fn(usize, usize, &mut [T]) + Sync) -> Self {
        let width = cols.next_multiple_of(COLS);
        let mut panels = Buffer::zeroed(depth * width);
        for (i, block) in panels.chunks_mut(DEPTH * width).enumerate() {
            let len = block.len() / width;
            // A nanosecond an element.
            let work = block.len();
            parallel::chunks(block, len * COLS, work, |panel, elements| {
                for (k, row) in elements.chunks_exact_mut(COLS).enumerate() {
                    copy(i * DEPTH + k, panel * COLS, row);
                }
            });
        }
        Packed { panels, depth, cols }
    }

    /// `dst`, of `rows` rows, becomes `lhs` times the matrix; the rows of `lhs` are [`row_stride`] apart.
    pub(super) fn multiply(&self, rows: usize, lhs: &[T], dst: &mut Tile<'_, T>) {
        let groups = rows.div_ceil(T::most_rows());
        let width = self.cols.next_multiple_of(COLS);
        let stride = row_stride(self.depth);
        for (i, block) in self.panels.chunks(DEPTH * width).enumerate() {
            for (panel, elements) in block.chunks_exact(block.len() / width * COLS).enumerate() {
                let panel =
                    Panel { elements: elements.as_chunks().0, first: panel * COLS, cols: self.cols, sum: i > 0 };
                for group in 0..groups {
                    // As equal as can be: ten rows are five and five.
                    let (first, end) = (group * rows / groups, (group + 1) * rows / groups);
                    let operands = Operands { lhs: &lhs[first * stride + i * DEPTH..], stride, panel: panel.elements };
                    match end - first {
                        1 => panel.put(&T::tile::<1>(&operands), first, dst),
                        2 => panel.put(&T::tile::<2>(&operands), first, dst),
                        3 => panel.put(&T::tile::<3>(&operands), first, dst),
                        4 => panel.put(&T::tile::<4>(&operands), first, dst),
                        5 => panel.put(&T::tile::<5>(&operands), first, dst),
                        6 => panel.put(&T::tile::<6>(&operands), first, dst),
                        7 => panel.put(&T::tile::<7>(&operands), first, dst),
                        8 => panel.put(&T::tile::<8>(&operands), first, dst),
                        more => unreachable!("a tile of {more} rows"),
                    }
                }
            }
        }
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
