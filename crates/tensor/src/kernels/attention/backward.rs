//! The way back through attention. With p the weights, s the scores and l the logarithm of the sum of a row's exponentials:
//!
//! v_bar = pᵀ y_bar, p_bar = y_bar vᵀ, s_bar = p (p_bar - Σ y_bar y + l_bar), q_bar = scale s_bar k, k_bar = scale s_barᵀ q,
//! and what was added to the scores gets s_bar.

use super::{
    Inputs, Number, Sizes, contiguous,
    tile::{ScoreBars, WeightsAgain},
};
use crate::{
    Buffer, Element,
    kernels::{
        gemm::{self, Matrix},
        isa::{self, Kernel},
        parallel,
    },
};

/// What came out, in row-major order.
pub(crate) struct Outputs<'a, T> {
    pub(crate) y: &'a [T],
    pub(crate) log_sums: &'a [T],
}

/// The cotangents of what came out, in row-major order.
pub(crate) struct Bars<'a, T> {
    pub(crate) y: &'a [T],
    pub(crate) log_sums: &'a [T],
}

/// Cotangents of one matrix of the batch.
struct Part<T: Element> {
    k: Buffer<T>,
    v: Buffer<T>,
    scores: Option<Buffer<T>>,
}

/// The cotangents of q, k, v, and, if `scores` says so, of the mask that was added.
pub(crate) fn backward<T: Number>(
    inputs: &Inputs<'_, T>,
    outputs: &Outputs<'_, T>,
    bars: &Bars<'_, T>,
    scores: bool,
) -> (Buffer<T>, Buffer<T>, Buffer<T>, Option<Buffer<T>>) {
    let Sizes { batch, rows, columns, width, value_width } = inputs.sizes;
    let mut q_bar = Buffer::<T>::recycled(batch * rows * width);
    // Five products in place of two.
    let work = inputs.sizes.work().saturating_mul(5) / 2;
    let parts = parallel::collect_chunks(&mut q_bar, rows * width, work, |i, q_bar| {
        let outputs = Outputs {
            y: &outputs.y[i * rows * value_width..][..rows * value_width],
            log_sums: &outputs.log_sums[i * rows..][..rows],
        };
        let bars = Bars {
            y: &bars.y[i * rows * value_width..][..rows * value_width],
            log_sums: &bars.log_sums[i * rows..][..rows],
        };
        of_one(inputs, i, &outputs, &bars, scores, q_bar)
    });
    let (mut k_bar, mut v_bar) =
        (Buffer::recycled(batch * columns * width), Buffer::recycled(batch * columns * value_width));
    let mut score_bars = scores.then(|| Buffer::recycled(batch * rows * columns));
    for (i, part) in parts.into_iter().enumerate() {
        k_bar[i * columns * width..][..columns * width].copy_from_slice(&part.k);
        v_bar[i * columns * value_width..][..columns * value_width].copy_from_slice(&part.v);
        if let (Some(all), Some(part)) = (&mut score_bars, part.scores) {
            all[i * rows * columns..][..rows * columns].copy_from_slice(&part);
        }
    }
    (q_bar, k_bar, v_bar, score_bars)
}

fn of_one<T: Number>(
    inputs: &Inputs<'_, T>,
    i: usize,
    outputs: &Outputs<'_, T>,
    bars: &Bars<'_, T>,
    wants_scores: bool,
    q_bar: &mut [T],
) -> Part<T> {
    let Sizes { rows, columns, width, value_width, .. } = inputs.sizes;
    let (mut k, mut v) = (Buffer::<T>::zeroed(columns * width), Buffer::<T>::zeroed(columns * value_width));
    let mut all_scores = wants_scores.then(|| Buffer::<T>::zeroed(rows * columns));
    let tile = inputs.sizes.tile_rows().min(rows);
    let (mut weights, mut score_bars) = (Buffer::recycled(tile * columns), Buffer::recycled(tile * columns));
    let mut pulls = vec![T::default(); tile];
    for first in (0..rows).step_by(tile) {
        let end = rows.min(first + tile);
        let (count, seen) = (end - first, inputs.columns_seen(end));
        let weights = inputs.multiply(i, first, end, &mut weights);
        let log_sums = &outputs.log_sums[first..end];
        isa::dispatch(WeightsAgain { inputs, i, first, scores: &mut *weights, log_sums });
        let weights = &*weights;
        let y_bar = &bars.y[first * value_width..end * value_width];
        let to = &mut v[..seen * value_width];
        gemm::gemm(
            seen,
            value_width,
            count,
            to,
            contiguous_transposed(weights, seen),
            contiguous(y_bar, value_width),
            true,
        );

        let score_bars = &mut score_bars[..count * seen];
        gemm::gemm(count, seen, value_width, score_bars, contiguous(y_bar, value_width), inputs.v.transposed(i), false);
        let pulls = &mut pulls[..count];
        let y = &outputs.y[first * value_width..end * value_width];
        isa::dispatch(Pulls { y, y_bar, log_sum_bars: &bars.log_sums[first..end], pulls: &mut *pulls });
        isa::dispatch(ScoreBars { weights, bars: &mut *score_bars, pulls });
        if let Some(all) = &mut all_scores {
            for (row, bars) in score_bars.chunks_exact(seen).enumerate() {
                all[(first + row) * columns..][..seen].copy_from_slice(bars);
            }
        }
        score_bars.iter_mut().for_each(|bar| *bar = *bar * inputs.scale);
        let to = &mut q_bar[first * width..end * width];
        gemm::gemm(count, width, seen, to, contiguous(score_bars, seen), inputs.k.rows_from(i, 0), false);
        let to = &mut k[..seen * width];
        gemm::gemm(seen, width, count, to, contiguous_transposed(score_bars, seen), inputs.q.rows_from(i, first), true);
    }
    Part { k, v, scores: all_scores }
}

/// The transpose of a contiguous matrix whose rows are `width` long.
fn contiguous_transposed<T>(data: &[T], width: usize) -> Matrix<'_, T> {
    Matrix { row_stride: 1, col_stride: width as isize, ..contiguous(data, width) }
}

/// `Σ y_bar y - l_bar` of each row.
struct Pulls<'a, T> {
    y: &'a [T],
    y_bar: &'a [T],
    log_sum_bars: &'a [T],
    pulls: &'a mut [T],
}

impl<T: Number> Kernel for Pulls<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.y.len() / self.pulls.len();
        let rows = self.y.chunks_exact(width).zip(self.y_bar.chunks_exact(width)).zip(self.log_sum_bars);
        for (pull, ((y, y_bar), &log_sum_bar)) in self.pulls.iter_mut().zip(rows) {
            let product = y.iter().zip(y_bar).fold(T::default(), |sum, (&y, &y_bar)| sum + y * y_bar);
            *pull = product - log_sum_bar;
        }
    }
}
