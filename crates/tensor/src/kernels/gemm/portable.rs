//! A matrix product in plain Rust, for processors that no engine knows, and as a second opinion in tests.
//!
//! A strip of sixteen columns of `rhs` is copied so that its rows follow each other; four rows of `lhs` at a time then meet it in
//! sums that stay in registers.

use super::{GemmElement, Matrix, Tile, fused};
use crate::{
    Buffer,
    kernels::isa::{self, Kernel},
};

const ROWS: usize = 4;
const COLS: usize = 16;
/// Rows of a strip, which makes it 16 KiB of f32: half of the first cache.
const DEPTH: usize = 256;

pub(super) fn multiply<T: GemmElement>(
    k: usize,
    dst: Tile<'_, T>,
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    accumulate: bool,
) {
    isa::dispatch(Strips { k, dst, lhs, rhs, accumulate });
}

struct Strips<'a, T> {
    k: usize,
    dst: Tile<'a, T>,
    lhs: Matrix<'a, T>,
    rhs: Matrix<'a, T>,
    accumulate: bool,
}

impl<T: GemmElement> Kernel for Strips<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let (rows, cols) = (self.dst.rows, self.dst.cols);
        let mut strip = Buffer::<T>::recycled(DEPTH.min(self.k) * COLS);
        for depth in (0..self.k).step_by(DEPTH) {
            let accumulate = self.accumulate || depth > 0;
            let steps = DEPTH.min(self.k - depth);
            for col in (0..cols).step_by(COLS) {
                let width = COLS.min(cols - col);
                for (p, line) in strip.as_chunks_mut::<COLS>().0.iter_mut().take(steps).enumerate() {
                    for (j, x) in line.iter_mut().enumerate() {
                        *x = if j < width { self.rhs.at(depth + p, col + j) } else { T::default() };
                    }
                }
                for row in (0..rows).step_by(ROWS) {
                    let height = ROWS.min(rows - row);
                    let mut sums = [[T::default(); COLS]; ROWS];
                    for (p, line) in strip.as_chunks::<COLS>().0.iter().take(steps).enumerate() {
                        for (i, sums) in sums.iter_mut().enumerate() {
                            // Past the last row, the last row again, for a sum that nobody reads.
                            let x = self.lhs.at(row + i.min(height - 1), depth + p);
                            for j in 0..COLS {
                                sums[j] = fused::<T, FMA>(x, line[j], sums[j]);
                            }
                        }
                    }
                    for (i, sums) in sums.iter().enumerate().take(height) {
                        let dst = &mut self.dst.row(row + i)[col..][..width];
                        if accumulate {
                            dst.iter_mut().zip(sums).for_each(|(dst, &sum)| *dst += sum);
                        } else {
                            dst.copy_from_slice(&sums[..width]);
                        }
                    }
                }
            }
        }
    }
}
