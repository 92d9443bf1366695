//! A transposed `lhs`, of which the engine would read a few elements from each of many lines that lie far apart: as long as a page, or
//! a power of two, where they displace each other from the caches. Here it gets panels of a few hundred columns, brought to row-major
//! order, and adds up their products.

use super::{GemmElement, Matrix, Tile, engine};
use crate::{
    Buffer,
    kernels::copy::{Axis, transpose::copy_plane},
};

/// Columns of a panel: with the rows of a tile it fits the second cache, beside as many rows of `rhs`.
const DEPTH: usize = 256;
/// How far apart columns lie at least, in bytes. At 2 KiB, two on a page, the engine reads as quickly as from a panel.
const FAR: usize = 3 * 1024;
/// Columns of `rhs` that pay for a panel: making it takes as long as 30 of them.
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
    let mut panel = Buffer::<T>::recycled(dst.rows * k.min(DEPTH));
    for first in (0..k).step_by(DEPTH) {
        let len = DEPTH.min(k - first);
        let (rows, columns) =
            (Axis { size: dst.rows, from: lhs.row_stride, to: len }, Axis { size: len, from: lhs.col_stride, to: 1 });
        copy_plane(lhs.data, lhs.moved(0, first).offset, rows, columns, &mut panel, 0);
        let lhs = Matrix { data: &panel, offset: 0, row_stride: len as isize, col_stride: 1 };
        engine::multiply(len, dst.reborrow(), lhs, rhs.moved(first, 0), accumulate || first > 0);
    }
}
