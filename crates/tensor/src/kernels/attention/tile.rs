//! From a tile of products to a tile of weights.

use super::{Inputs, Mask, Number};
use crate::kernels::{gemm::Matrix, isa::Kernel, reduce::LEAF};

/// Each product with its element of the first row of a mask.
#[inline(always)]
fn with_mask<T: Copy, M: Copy>(mask: &Matrix<'_, M>, scores: &mut [T], score: impl Fn(T, M) -> T) {
    match mask.col_stride {
        1 => scores.iter_mut().zip(&mask.data[mask.offset..]).for_each(|(s, &m)| *s = score(*s, m)),
        0 => scores.iter_mut().for_each(|s| *s = score(*s, mask.data[mask.offset])),
        step => {
            let place = |j: usize| mask.offset.wrapping_add_signed(j as isize * step);
            scores.iter_mut().enumerate().for_each(|(j, s)| *s = score(*s, mask.data[place(j)]));
        }
    }
}

/// Brings a row of products to scores: scaled, masked, and -inf where a row does not see a column.
#[inline(always)]
fn mask_row<T: Number>(inputs: &Inputs<'_, T>, i: usize, row: usize, scores: &mut [T]) {
    let never = T::from_f64(f64::NEG_INFINITY);
    match &inputs.mask {
        Mask::None => scores.iter_mut().for_each(|s| *s = *s * inputs.scale),
        Mask::Bool(mask) => {
            with_mask(&mask.rows_from(i, row), scores, |s, seen| if seen { s * inputs.scale } else { never })
        }
        Mask::Added(mask) => with_mask(&mask.rows_from(i, row), scores, |s, added| s * inputs.scale + added),
    }
    if inputs.causal && row + 1 < scores.len() {
        scores[row + 1..].fill(never);
    }
}

/// The exponentials of scores, less the row's greatest; sums, and logarithms of sums of unshifted exponentials.
pub(super) struct Weights<'a, 'b, T> {
    pub(super) inputs: &'a Inputs<'b, T>,
    /// Which matrix of the batch.
    pub(super) i: usize,
    /// The first row of the tile.
    pub(super) first: usize,
    pub(super) scores: &'a mut [T],
    pub(super) sums: &'a mut [T],
    pub(super) log_sums: &'a mut Vec<T>,
}

impl<T: Number> Kernel for Weights<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.scores.len() / self.sums.len();
        for ((row, scores), sum) in (self.first..).zip(self.scores.chunks_exact_mut(width)).zip(self.sums) {
            mask_row(self.inputs, self.i, row, scores);
            let greatest = T::greatest(scores);
            if greatest == T::from_f64(f64::NEG_INFINITY) {
                scores.fill(T::default());
                *sum = T::default();
                self.log_sums.push(greatest);
                continue;
            }
            scores.iter_mut().for_each(|s| *s = (*s - greatest).exp::<FMA>());
            *sum = scores.chunks(LEAF).map(T::sum).fold(T::default(), |sum, leaf| sum + leaf);
            self.log_sums.push(greatest + sum.ln::<FMA>());
        }
    }
}

/// Weights from scores and the logarithms of their rows' sums.
pub(super) struct WeightsAgain<'a, 'b, T> {
    pub(super) inputs: &'a Inputs<'b, T>,
    pub(super) i: usize,
    pub(super) first: usize,
    pub(super) scores: &'a mut [T],
    pub(super) log_sums: &'a [T],
}

impl<T: Number> Kernel for WeightsAgain<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.scores.len() / self.log_sums.len();
        for ((row, scores), &log_sum) in (self.first..).zip(self.scores.chunks_exact_mut(width)).zip(self.log_sums) {
            if log_sum == T::from_f64(f64::NEG_INFINITY) {
                scores.fill(T::default());
                continue;
            }
            mask_row(self.inputs, self.i, row, scores);
            scores.iter_mut().for_each(|s| *s = (*s - log_sum).exp::<FMA>());
        }
    }
}

/// Cotangents of scores, in the place of those of weights: `p (p_bar - pull)`, with one `pull` for each row.
pub(super) struct ScoreBars<'a, T> {
    pub(super) weights: &'a [T],
    pub(super) bars: &'a mut [T],
    pub(super) pulls: &'a [T],
}

impl<T: Number> Kernel for ScoreBars<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.bars.len() / self.pulls.len();
        let rows = self.bars.chunks_exact_mut(width).zip(self.weights.chunks_exact(width)).zip(self.pulls);
        for ((bars, weights), &pull) in rows {
            for (bar, &weight) in bars.iter_mut().zip(weights) {
                // A weight of zero passes nothing, whatever the value behind it.
                *bar = if weight == T::default() { T::default() } else { weight * (*bar - pull) };
            }
        }
    }
}
