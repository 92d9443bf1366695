//! A transposed `lhs`, of which the engine would read a few elements from each of many lines that lie far apart: as long as a page, or
//! a power of two, where they displace each other from the caches. Here it gets panels of a few hundred columns, whose lines lie
//! close together, and adds up their products.

use super::{GemmElement, Matrix, Tile, engine};
use crate::Buffer;

/// Columns of a panel: with the rows of a tile it fits the second cache, beside as many rows of `rhs`.
const DEPTH: usize = 256;
/// What lies between the columns of a panel, beyond their elements: a cache line, without which columns of 256 elements would
/// compete for the same places of the first cache.
const GAP: usize = 16;
/// How far apart columns lie at least, in bytes. At 2 KiB, two on a page, the engine reads as quickly as from a panel.
const FAR: usize = 3 * 1024;
/// Columns of `rhs` that pay for a panel, from when making one was a transposition and took as long as 30 of them; a copy takes less.
const COLUMNS: usize = 256;

/// Whether panels pay for being made.
pub(super) fn pay<T>(n: usize, k: usize, lhs: &Matrix<'_, T>) -> bool {
    let is_transposed = lhs.row_stride == 1 && lhs.col_stride.unsigned_abs().saturating_mul(size_of::<T>()) >= FAR;
    is_transposed && k >= 2 * DEPTH && n >= COLUMNS
}

/// As `engine::multiply`.
pub(super) fn multiply<T: GemmElement>(
    k: usize,
    mut dst: Tile<'_, T>,
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    accumulate: bool,
) {
    let stride = dst.rows + GAP;
    let mut panel = Buffer::<T>::recycled(stride * k.min(DEPTH));
    for first in (0..k).step_by(DEPTH) {
        let len = DEPTH.min(k - first);
        for (i, column) in panel.chunks_exact_mut(stride).take(len).enumerate() {
            let from = lhs.moved(0, first + i).offset;
            column[..dst.rows].copy_from_slice(&lhs.data[from..][..dst.rows]);
        }
        let lhs = Matrix { data: &panel, offset: 0, row_stride: 1, col_stride: stride as isize };
        engine::multiply(len, dst.reborrow(), lhs, rhs.moved(first, 0), accumulate || first > 0);
    }
}
