//! Attention: `softmax(scale q kᵀ + mask) v` without the whole matrix of weights, and the way back.
//!
//! A tile of rows at a time is multiplied, turned into weights, and multiplied again; what is kept for the way back is one
//! number a row, the logarithm of the sum of its exponentials, from which a tile of weights is computed anew there. (Rabe,
//! Staats, "Self-attention does not need O(n²) memory", 2021; Dao et al., "FlashAttention", NeurIPS 2022, whose formulas for
//! the way back these are. A row of scores fits the cache of a processor, so that no running maximum is needed.)
//!
//! A row whose scores are all -inf has weights of zero, and passes nothing back.

mod backward;
mod tile;

pub(crate) use backward::{Bars, Outputs, backward};

use super::{
    gemm::{self, GemmElement, Matrix},
    isa, parallel,
    softmax::Float,
};
use crate::{Array, Buffer, Element};
use tile::Weights;

/// An element that has both matrix products and exponentials: f32 and f64.
pub(crate) trait Number: Float + GemmElement {}
impl<T: Float + GemmElement> Number for T {}

/// A matrix for each index of the batch.
pub(crate) struct Matrices<'a, T> {
    matrix: Matrix<'a, T>,
    offsets: Vec<usize>,
}

impl<'a, T: Element> Matrices<'a, T> {
    /// The last two axes of a non-empty array, for each index of the others in row-major order.
    pub(crate) fn of(array: &'a Array) -> Self {
        let [ref batch @ .., row_stride, col_stride] = *array.strides() else {
            unreachable!("infer asks for matrices")
        };
        let mut offsets = vec![array.offset()];
        for (&stride, &size) in batch.iter().zip(&array.shape()[..]) {
            let along = |at: usize| (0..size as isize).map(move |i| at.wrapping_add_signed(i * stride));
            offsets = offsets.into_iter().flat_map(along).collect();
        }
        let matrix = Matrix { data: array.storage_elements(), offset: 0, row_stride, col_stride };
        Matrices { matrix, offsets }
    }

    /// Matrix `i` from row `row` on.
    fn rows_from(&self, i: usize, row: usize) -> Matrix<'a, T> {
        let offset = self.offsets[i].wrapping_add_signed(row as isize * self.matrix.row_stride);
        Matrix { offset, ..self.matrix }
    }

    /// Matrix `i`, transposed.
    fn transposed(&self, i: usize) -> Matrix<'a, T> {
        let Matrix { data, row_stride, col_stride, .. } = self.matrix;
        Matrix { data, offset: self.offsets[i], row_stride: col_stride, col_stride: row_stride }
    }
}

/// A contiguous matrix whose rows are `width` long.
fn contiguous<T>(data: &[T], width: usize) -> Matrix<'_, T> {
    Matrix { data, offset: 0, row_stride: width as isize, col_stride: 1 }
}

/// What changes the scores.
pub(crate) enum Mask<'a, T> {
    None,
    /// Those where it is false become -inf.
    Bool(Matrices<'a, bool>),
    /// It is added.
    Added(Matrices<'a, T>),
}

/// Sizes: none is zero.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    /// Queries.
    pub(crate) rows: usize,
    /// Keys.
    pub(crate) columns: usize,
    pub(crate) width: usize,
    pub(crate) value_width: usize,
}

impl Sizes {
    /// Rows of one tile: as many as keep its scores (of f32, half a mebibyte) in the second-level cache; more than 128 make
    /// no product faster, fewer than 16 make all slower.
    fn tile_rows(&self) -> usize {
        ((128 << 10) / self.columns).clamp(16, 128)
    }

    /// Nanoseconds, from 30 multiplications and one exponential in one and a half.
    fn work(&self) -> usize {
        let scores = self.batch.saturating_mul(self.rows).saturating_mul(self.columns);
        scores.saturating_mul(1 + (self.width + self.value_width) / 30)
    }
}

pub(crate) struct Inputs<'a, T> {
    pub(crate) sizes: Sizes,
    pub(crate) q: Matrices<'a, T>,
    pub(crate) k: Matrices<'a, T>,
    pub(crate) v: Matrices<'a, T>,
    pub(crate) mask: Mask<'a, T>,
    pub(crate) causal: bool,
    pub(crate) scale: T,
}

impl<T: Number> Inputs<'_, T> {
    /// How many of the first columns the rows below `end` see.
    fn columns_seen(&self, end: usize) -> usize {
        if self.causal { self.sizes.columns.min(end) } else { self.sizes.columns }
    }

    /// `q kᵀ` for rows `first..end` of one matrix, and the columns that they see; to the beginning of `scores`.
    fn multiply<'b>(&self, i: usize, first: usize, end: usize, scores: &'b mut [T]) -> &'b mut [T] {
        let (rows, columns) = (end - first, self.columns_seen(end));
        let scores = &mut scores[..rows * columns];
        let (q, k) = (self.q.rows_from(i, first), self.k.transposed(i));
        gemm::gemm(rows, columns, self.sizes.width, scores, q, k, false);
        scores
    }
}

/// The results, and for each row the logarithm of the sum of the exponentials of its scores.
pub(crate) fn forward<T: Number>(inputs: &Inputs<'_, T>) -> (Buffer<T>, Buffer<T>) {
    let Sizes { batch, rows, columns, value_width, .. } = inputs.sizes;
    let mut y = Buffer::<T>::recycled(batch * rows * value_width);
    let piece = inputs.sizes.tile_rows();
    let parts = parallel::collect_chunks(&mut y, piece * value_width, inputs.sizes.work(), |n, mut y| {
        let (mut at, end) = (n * piece, n * piece + y.len() / value_width);
        let mut log_sums = Vec::with_capacity(end - at);
        let mut scores = Buffer::<T>::recycled((end - at) * columns);
        let mut sums = vec![T::default(); end - at];
        // A piece may hold the end of one matrix and the beginning of others.
        while at < end {
            let (i, first) = (at / rows, at % rows);
            let count = (rows - first).min(end - at);
            let scores = inputs.multiply(i, first, first + count, &mut scores);
            let sums = &mut sums[..count];
            isa::dispatch(Weights { inputs, i, first, scores, sums, log_sums: &mut log_sums });
            let (part, rest) = y.split_at_mut(count * value_width);
            let seen = inputs.columns_seen(first + count);
            gemm::gemm(count, value_width, seen, part, contiguous(scores, seen), inputs.v.rows_from(i, 0), false);
            for (row, &sum) in part.chunks_exact_mut(value_width).zip(&*sums) {
                // A sum of zero is that of a row that sees nothing: its elements are zeros already.
                if sum != T::default() {
                    row.iter_mut().for_each(|y| *y = *y / sum);
                }
            }
            (at, y) = (at + count, rest);
        }
        log_sums
    });
    let mut log_sums = Buffer::recycled(batch * rows);
    for (to, from) in log_sums.chunks_mut(piece).zip(parts) {
        to.copy_from_slice(&from);
    }
    (y, log_sums)
}
