//! Products of a few rows with a matrix that is used again and again, as the weights of a recurrent network are in each step.
//!
//! The matrix is copied once into panels of 16 columns, in the order in which a product reads them. A panel stays in the first
//! cache while all rows are multiplied with it, so that a product reads the matrix once from wherever it lies. Each element of a
//! product is summed in an order of its own: which rows are multiplied together changes no bit.

use super::{
    gemm::{GemmElement, Tile, fused},
    parallel,
};
use crate::Buffer;

/// Columns of a panel: two 256-bit vectors of f32, or one of 512 bits.
const COLS: usize = 16;
/// Rows of a panel: one of f32 then has 16 KiB, half of the first cache.
const DEPTH: usize = 256;
/// Rows of the left-hand side that are multiplied at a time, of f32: six rows of two vectors are twelve sums, as many as hide the
/// latency of two units and still leave of AVX2's sixteen registers what a panel's row and a factor take.
const ROWS: usize = 6;

/// What lies between the rows of a left-hand side, beyond their elements: a cache line, without which rows of a power of two of
/// elements would compete for the same places of the first cache.
const GAP: usize = 16;

/// From one row of a left-hand side with `depth` columns to the next.
pub(super) fn row_stride(depth: usize) -> usize {
    depth + GAP
}

/// A `depth x cols` matrix in panels: for each `DEPTH` of its rows, and in them for each `COLS` of its columns, the elements row by
/// row, with zeros beyond the last column.
pub(super) struct Packed<T: GemmElement> {
    panels: Buffer<T>,
    depth: usize,
    cols: usize,
}

impl<T: GemmElement> Packed<T> {
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
    #[inline(always)]
    pub(super) fn multiply<const FMA: bool>(&self, rows: usize, lhs: &[T], dst: &mut Tile<'_, T>) {
        // Sums of f64 take twice the registers.
        let most = const { ROWS * size_of::<f32>() / size_of::<T>() };
        let groups = rows.div_ceil(most);
        let width = self.cols.next_multiple_of(COLS);
        for (i, block) in self.panels.chunks(DEPTH * width).enumerate() {
            let len = block.len() / width;
            for (panel, elements) in block.chunks_exact(len * COLS).enumerate() {
                let panel = Panel {
                    elements: elements.as_chunks().0,
                    lhs: &lhs[i * DEPTH..],
                    stride: row_stride(self.depth),
                    col: panel * COLS,
                    cols: COLS.min(self.cols - panel * COLS),
                    accumulate: i > 0,
                };
                for group in 0..groups {
                    // As equal as can be: sixteen rows are 6, 5 and 5.
                    let (first, end) = (group * rows / groups, (group + 1) * rows / groups);
                    match end - first {
                        1 => panel.multiply::<1, FMA>(first, dst),
                        2 => panel.multiply::<2, FMA>(first, dst),
                        3 => panel.multiply::<3, FMA>(first, dst),
                        4 => panel.multiply::<4, FMA>(first, dst),
                        5 => panel.multiply::<5, FMA>(first, dst),
                        _ => panel.multiply::<6, FMA>(first, dst),
                    }
                }
            }
        }
    }
}

/// A panel, and what it is multiplied with.
struct Panel<'a, T> {
    elements: &'a [[T; COLS]],
    /// From the panel's first row on.
    lhs: &'a [T],
    stride: usize,
    /// Its first column in the product, and how many are not beyond the last.
    col: usize,
    cols: usize,
    accumulate: bool,
}

impl<T: GemmElement> Panel<'_, T> {
    /// `R` rows, from `first` on.
    #[inline(always)]
    fn multiply<const R: usize, const FMA: bool>(&self, first: usize, dst: &mut Tile<'_, T>) {
        let len = self.elements.len();
        // Filled by a loop, because what a closure does is compiled for the baseline where it is not inlined.
        let mut lhs: [&[T]; R] = [&[]; R];
        for (r, row) in lhs.iter_mut().enumerate() {
            *row = &self.lhs[(first + r) * self.stride..][..len];
        }
        let mut sums = [[T::default(); COLS]; R];
        for k in 0..len {
            let row = &self.elements[k];
            for r in 0..R {
                let x = lhs[r][k];
                for j in 0..COLS {
                    sums[r][j] = fused::<T, FMA>(x, row[j], sums[r][j]);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            let dst = &mut dst.row(first + r)[self.col..][..self.cols];
            if self.accumulate {
                dst.iter_mut().zip(sums).for_each(|(dst, &sum)| *dst += sum);
            } else {
                dst.copy_from_slice(&sums[..self.cols]);
            }
        }
    }
}
