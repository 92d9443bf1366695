//! Matrix products of halves: elements are read where they lie, multiplied and added up as f32, and each sum is rounded once.
//!
//! Three ways, by what limits a product. One with few rows or few columns waits for the large matrix to come from memory, in half of the
//! bytes of f32: `skinny`. A larger one is made of blocks that stay in the second cache: of bf16 for the processors' own dot products
//! of pairs, `pairs`; else they are widened there for the engine of f32, so that there is never a large matrix of f32.
//!
//! As for f32, the cut depends on shapes and strides alone: results have the same bits for any number of threads. They differ from one
//! instruction set to another by the rounding of f32, which is 2^-16 of that of a bf16 and 2^-13 of that of an f16.

mod blocks;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod pairs;
mod skinny;
#[cfg(test)]
mod tests;

use super::{Matrix, Shared};
use crate::{
    Buffer,
    kernels::{
        halves::{self, Half},
        parallel,
    },
};
use blocks::Blocks;
use skinny::Skinny;
use std::ops::Range;

/// Rows or columns of a product that `skinny` takes at most: where it multiplies pairs, where the columns of the large matrix are contiguous,
/// and elsewhere. From there on blocks are faster.
const FEW_BY_PAIRS: usize = 64;
const FEW_BY_COLUMNS: usize = 8;
const FEW_BY_ROWS: usize = 4;

/// `dst` becomes `offsets.len()` products of m x k and k x n, one after another; product `i` takes `lhs` and `rhs` with the offsets
/// `offsets[i]` in place of their own. To each row of a product `row`, of n elements, is added before it is rounded.
pub(crate) fn products<H: Half>(
    [m, n, k]: [usize; 3],
    dst: &mut [H],
    lhs: Matrix<'_, H>,
    rhs: Matrix<'_, H>,
    offsets: &[(usize, usize)],
    row: Option<&[H]>,
) {
    let size = m.checked_mul(n).expect("gemm: the size of the product fits memory");
    assert!(
        offsets.len().checked_mul(size) == Some(dst.len()),
        "gemm: dst holds {} products of {m} x {n}",
        offsets.len()
    );
    assert!(row.is_none_or(|row| row.len() == n), "gemm: a row of {n} elements");
    if dst.is_empty() {
        return;
    }
    if k == 0 {
        return match row {
            Some(row) => dst.chunks_exact_mut(n).for_each(|dst| dst.copy_from_slice(row)),
            None => dst.fill(H::ZERO),
        };
    }
    let row = row.map(|row| {
        let mut wide = Buffer::<f32>::recycled(n);
        halves::widen(row, &mut wide);
        wide
    });
    let row = row.as_deref();
    lhs.check(m, k, offsets.iter().map(|&(lhs, _)| lhs));
    rhs.check(k, n, offsets.iter().map(|&(_, rhs)| rhs));
    match Skinny::of::<H>([m, n, k], &lhs, &rhs) {
        Some(skinny) => skinny.multiply(dst, lhs, rhs, offsets, row),
        None => Blocks::of::<H>([m, n, k]).multiply(dst, lhs, rhs, offsets, row),
    }
}

/// What computes a piece: of which product, which rows and columns, and the whole of the output to take its part of.
type Task<'a, H> = dyn Fn(usize, [Range<usize>; 2], &Shared<'_, H>) + Sync + 'a;

/// Runs `task` once for each piece of all products; rows, and columns, are given as how many there are and how many a piece has.
fn for_each_piece<H: Half>(
    dst: &mut [H],
    products: usize,
    tiles: [(usize, usize); 2],
    work: usize,
    task: &Task<'_, H>,
) {
    let counts = tiles.map(|(len, tile)| len.div_ceil(tile));
    let output = Shared::new(dst);
    let count = products * counts[0] * counts[1];
    // Pieces of a small product are run in groups of 10 us, so that handing them out costs little.
    let group = (10_000 * count).div_ceil(work.max(1)).clamp(1, count);
    parallel::tasks(count.div_ceil(group), work, |job| {
        for i in job * group..((job + 1) * group).min(count) {
            // Neighbours share columns of the second matrix.
            let (i, row) = (i / counts[0], i % counts[0]);
            let (product, col) = (i / counts[1], i % counts[1]);
            let range = |(len, tile): (usize, usize), at: usize| at * tile..((at + 1) * tile).min(len);
            task(product, [range(tiles[0], row), range(tiles[1], col)], &output);
        }
    });
}
