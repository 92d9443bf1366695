//! A layer of a long short-term memory over whole sequences, and the way back.
//!
//! A sequence of a batch does not know of the others. So a thread takes some of them through all steps, and never waits for
//! another within a sequence, unless there are so few that threads share the products of each step. In each step it multiplies their states with the packed weights, and makes gates and states of
//! the products while they are in cache.

mod backward;
mod forward;
mod lanes;

use super::{
    gemm::{Shared, Tile},
    math::Math,
    packed::{self, TileElement},
};
pub(crate) use backward::{Bars, backward};
pub(crate) use forward::{Inputs, forward};

/// f32 or f64.
pub(crate) trait Number: TileElement + Math {}
impl<T: TileElement + Math> Number for T {}

/// The gates i, f, g, o.
pub(crate) const GATES: usize = 4;
/// Sequences that a thread takes at most: two tiles of eight. It reads all weights in each step, 4 bytes for 16 multiplications, a cycle's
/// work; where they fill more than the second cache, the third keeps up with that.
const MOST_ROWS: usize = 16;
/// Sequences that a thread takes at least: fewer would wait for the weights, and for each other's sums.
const LEAST_ROWS: usize = 4;

/// Sizes and order of sequences; none of the sizes is zero.
#[derive(Clone, Copy)]
pub(crate) struct Sequences {
    pub(crate) steps: usize,
    pub(crate) batch: usize,
    pub(crate) hidden: usize,
    /// `[batch, steps, ..]` in place of `[steps, batch, ..]`.
    pub(crate) batch_first: bool,
    /// The last step is the first.
    pub(crate) reverse: bool,
}

impl Sequences {
    /// Sequences that a thread takes: an even number of pieces, because most processors have an even number of cores.
    fn piece(&self) -> usize {
        let pieces = self.batch.div_ceil(MOST_ROWS).next_multiple_of(2);
        self.batch.div_ceil(pieces).max(LEAST_ROWS)
    }

    /// Nanoseconds of a pass: 50 multiplications with additions in one, or one state's gates.
    fn work(&self) -> usize {
        let states = self.steps.saturating_mul(self.batch).saturating_mul(self.hidden);
        states.saturating_mul(2 + GATES * self.hidden / 50)
    }

    /// Where step `i` is, in the order of the walk.
    fn step(&self, i: usize) -> usize {
        if self.reverse { self.steps - 1 - i } else { i }
    }

    /// The row of a step of a sequence in a tensor of all.
    fn row(&self, step: usize, sequence: usize) -> usize {
        if self.batch_first { sequence * self.steps + step } else { step * self.batch + sequence }
    }

    /// From the row of one sequence to that of the next, in the same step.
    fn row_stride(&self) -> usize {
        if self.batch_first { self.steps } else { 1 }
    }
}

/// Sequences `first..first + rows`.
#[derive(Clone, Copy)]
struct Piece {
    first: usize,
    rows: usize,
}

impl Piece {
    fn of(sequences: &Sequences, i: usize) -> Piece {
        let first = i * sequences.piece();
        Piece { first, rows: sequences.piece().min(sequences.batch - first) }
    }

    /// The rows of a step in a tensor of all, `width` numbers each.
    ///
    /// # Safety
    /// The tensor has a row for each step of each sequence, and no other thread has this piece.
    unsafe fn step<'a, T>(self, all: &Shared<'a, T>, sequences: &Sequences, step: usize, width: usize) -> Tile<'a, T> {
        let (first, stride) = (sequences.row(step, self.first), sequences.row_stride());
        // SAFETY: rows `first + r * stride` are those of this step of the piece's sequences, which the caller says exist and
        // are nobody else's; the caller drops a tile before it asks for that of another step.
        unsafe { all.tile(first * width, [self.rows, width], stride * width) }
    }

    /// The piece's rows of a tensor that has one for each sequence.
    fn of_states<T>(self, states: &[T], width: usize) -> &[T] {
        &states[self.first * width..][..self.rows * width]
    }
}

/// A row of a tensor of rows of `width` numbers.
#[inline(always)]
fn row_of<T>(all: &[T], row: usize, width: usize) -> &[T] {
    &all[row * width..][..width]
}

/// The part of a row of gates that is one gate's.
#[inline(always)]
fn gate<T>(row: &[T], gate: usize) -> &[T] {
    let hidden = row.len() / GATES;
    &row[gate * hidden..][..hidden]
}

#[inline(always)]
fn gate_mut<T>(row: &mut [T], gate: usize) -> &mut [T] {
    let hidden = row.len() / GATES;
    &mut row[gate * hidden..][..hidden]
}
