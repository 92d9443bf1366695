//! Larger products, in blocks that stay in the second cache.
//!
//! A piece is a tile of the output, whose sums are f32 in memory of the piece's own. Along the sums it goes in steps; for each, the
//! parts of both matrices are brought into cache, in the form that what multiplies them wants, and their product is added.

use super::for_each_piece;
#[cfg(target_arch = "x86_64")]
use super::pairs;
use crate::{
    Buffer,
    kernels::{
        gemm::{Matrix, Tile, engine},
        halves::{self, Half},
    },
};

/// Rows and columns of a tile, and steps along the sums, at most. As f32, `lhs` has 512 KiB of them, `rhs` 256 KiB, and the sums
/// 128 KiB: together the second cache of 1 MiB. The engine arranges `rhs` anew for each tile, so that taller is better.
const WIDENED: [usize; 3] = [256, 128, 512];
/// The same for pairs of bf16, which are half as large and multiplied twice as fast: more of each is used again.
const PAIRED: [usize; 3] = [512, 256, 512];

pub(super) struct Blocks {
    sizes: [usize; 3],
    tile: [usize; 3],
    paired: bool,
}

impl Blocks {
    pub(super) fn of<H: Half>([m, n, k]: [usize; 3]) -> Blocks {
        #[cfg(target_arch = "x86_64")]
        let paired = H::DTYPE == crate::DType::BF16 && pairs::are_multiplied();
        #[cfg(not(target_arch = "x86_64"))]
        let paired = false;
        let mut tile = if paired { PAIRED } else { WIDENED };
        // Sixteen pieces of a product that has enough steps for them, a million for each: see `plan`.
        let wanted = (m.saturating_mul(n).saturating_mul(k) >> 20).clamp(1, 16);
        while m.div_ceil(tile[0]) * n.div_ceil(tile[1]) < wanted && tile[0].max(tile[1]) > 64 {
            let longer = if tile[0] > tile[1] { 0 } else { 1 };
            tile[longer] /= 2;
        }
        Blocks { sizes: [m, n, k], tile, paired }
    }

    pub(super) fn multiply<H: Half>(
        self,
        dst: &mut [H],
        lhs: Matrix<'_, H>,
        rhs: Matrix<'_, H>,
        offsets: &[(usize, usize)],
        row: Option<&[f32]>,
    ) {
        let Blocks { sizes: [m, n, k], tile, paired } = self;
        // 57 steps a nanosecond, as for f32.
        let work = (m.saturating_mul(n).saturating_mul(k) / 57).saturating_mul(offsets.len());
        for_each_piece(dst, offsets.len(), [(m, tile[0]), (n, tile[1])], work, &|product, [rows, cols], output| {
            let (at_lhs, at_rhs) = offsets[product];
            let lhs = lhs.with_offset(at_lhs).moved(rows.start, 0);
            let rhs = rhs.with_offset(at_rhs).moved(0, cols.start);
            let sizes = [rows.len(), cols.len()];
            // SAFETY: `products` checked that `dst` holds so many matrices of this size; the piece's rows and columns lie within its
            // own, pieces are disjoint, and each is run once.
            let mut dst = unsafe { output.tile((product * m + rows.start) * n + cols.start, sizes, n) };
            let (mut sums, width) = match paired {
                #[cfg(target_arch = "x86_64")]
                true => pairs::sums(sizes, k, tile[2], lhs, rhs),
                _ => (widened_sums(sizes, k, tile[2], lhs, rhs), sizes[1]),
            };
            for (i, sums) in sums.chunks_exact_mut(width).take(sizes[0]).enumerate() {
                let sums = &mut sums[..sizes[1]];
                if let Some(row) = row {
                    sums.iter_mut().zip(&row[cols.clone()]).for_each(|(sum, &x)| *sum += x);
                }
                halves::narrow(sums, dst.row(i));
            }
        });
    }
}

/// The sums of a tile, by the engine of f32.
fn widened_sums<H: Half>(
    [rows, cols]: [usize; 2],
    k: usize,
    most: usize,
    lhs: Matrix<'_, H>,
    rhs: Matrix<'_, H>,
) -> Buffer<f32> {
    let mut sums = Buffer::<f32>::recycled(rows * cols);
    let mut blocks = [Buffer::<f32>::recycled(rows * most.min(k)), Buffer::<f32>::recycled(cols * most.min(k))];
    for depth in (0..k).step_by(most) {
        let steps = most.min(k - depth);
        let [a, b] = &mut blocks;
        let a = widened(lhs.moved(0, depth), [rows, steps], a);
        let b = widened(rhs.moved(depth, 0), [steps, cols], b);
        engine::multiply(steps, Tile::of_matrix(&mut sums, rows, cols), a, b, depth > 0);
    }
    sums
}

/// A part of a matrix as f32; contiguous in the direction in which the matrix is.
fn widened<'a, H: Half>(x: Matrix<'_, H>, [rows, cols]: [usize; 2], block: &'a mut [f32]) -> Matrix<'a, f32> {
    if x.col_stride != 1 && x.row_stride == 1 {
        return widened(x.transposed(), [cols, rows], block).transposed();
    }
    let block = &mut block[..rows * cols];
    let mut scratch = (x.col_stride != 1).then(|| Buffer::<H>::recycled(cols));
    for (i, wide) in block.chunks_exact_mut(cols).enumerate() {
        match &mut scratch {
            None => halves::widen(&x.data[x.moved(i, 0).offset..][..cols], wide),
            Some(scratch) => {
                scratch.iter_mut().enumerate().for_each(|(j, slot)| *slot = x.at(i, j));
                halves::widen(scratch, wide);
            }
        }
    }
    Matrix { data: block, offset: 0, row_stride: cols as isize, col_stride: 1 }
}
