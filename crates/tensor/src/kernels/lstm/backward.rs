//! The way back through a layer's steps. With z the sums before the gates' functions, and bars for cotangents:
//!
//! h_bar += W^T z_bar of the step behind, c_bar += h_bar o (1 - tanh² c), o_bar = h_bar tanh c, i_bar = c_bar g, g_bar = c_bar i,
//! f_bar = c_bar c_before, z_bar = each of these times the derivative of its function; the c before gets c_bar f.

use super::{
    GATES, Number, Piece, Sequences, gate, gate_mut,
    lanes::{LANES, Lanes},
    packed::{Packed, row_stride},
    row_of,
};
use crate::{
    Buffer,
    kernels::{
        gemm::{Shared, Tile},
        isa::{self, Kernel},
        parallel,
    },
};

/// What the way back looks at, in row-major order.
pub(crate) struct Bars<'a, T> {
    pub(crate) sequences: Sequences,
    /// What came out.
    pub(crate) gates: &'a [T],
    pub(crate) c: &'a [T],
    /// The first c, `[batch, hidden]`.
    pub(crate) c_first: &'a [T],
    /// `[GATES * hidden, hidden]`
    pub(crate) weight: &'a [T],
    /// The cotangents of what came out.
    pub(crate) h_bar: &'a [T],
    pub(crate) c_bar: Option<&'a [T]>,
    pub(crate) gates_bar: Option<&'a [T]>,
}

/// The cotangents of the projected inputs, and of the first h and c.
pub(crate) fn backward<T: Number>(bars: &Bars<'_, T>) -> [Buffer<T>; 3] {
    let sequences = &bars.sequences;
    let &Sequences { steps, batch, hidden, .. } = sequences;
    let weight = Packed::of_rows(bars.weight, GATES * hidden, hidden);
    let mut z_bar = Buffer::recycled(steps * batch * GATES * hidden);
    let [mut h_first, mut c_first] = [(); 2].map(|()| Buffer::recycled(batch * hidden));
    let all = Shared::new(&mut z_bar);
    let firsts = [&mut h_first, &mut c_first].map(|all| Shared::new(all));
    parallel::tasks(batch.div_ceil(sequences.piece()), sequences.work(), |i| {
        let piece = Piece::of(sequences, i);
        // SAFETY: both have a row for each sequence, and each piece is run once.
        let [mut h_first, mut c_first] =
            [0, 1].map(|i| unsafe { firsts[i].tile(piece.first * hidden, [piece.rows, hidden], hidden) });
        let mut product = Buffer::zeroed(piece.rows * hidden);
        let mut memory = Buffer::zeroed(piece.rows * hidden);
        let mut sums = Buffer::zeroed(piece.rows * row_stride(GATES * hidden));
        for i in (0..steps).rev() {
            let (step, before) = (sequences.step(i), i.checked_sub(1).map(|i| sequences.step(i)));
            // SAFETY: z_bar has a row for each step of each sequence; each piece is run once.
            let z_bar = unsafe { piece.step(&all, sequences, step, GATES * hidden) };
            isa::dispatch(Step {
                bars,
                piece,
                step,
                before,
                product: &product,
                memory: &mut memory,
                sums: &mut sums,
                z_bar,
            });
            let mut product = Tile::of_matrix(&mut product, piece.rows, hidden);
            weight.multiply(piece.rows, &sums, &mut product, sequences.work());
        }
        for r in 0..piece.rows {
            h_first.row(r).copy_from_slice(&product[r * hidden..][..hidden]);
            c_first.row(r).copy_from_slice(&memory[r * hidden..][..hidden]);
        }
    });
    [z_bar, h_first, c_first]
}

/// One step of a piece.
struct Step<'a, 'b, T: Number> {
    bars: &'a Bars<'b, T>,
    piece: Piece,
    step: usize,
    /// The step before, if this is not the first.
    before: Option<usize>,
    /// The cotangent of the h after the step, through the steps behind it.
    product: &'a [T],
    /// The same of c, and then of the c before the step.
    memory: &'a mut [T],
    /// Room for z_bar, its rows `row_stride` apart.
    sums: &'a mut [T],
    z_bar: Tile<'a, T>,
}

impl<T: Number> Kernel for Step<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let bars = self.bars;
        let (sequences, hidden) = (&bars.sequences, bars.sequences.hidden);
        let one = Lanes::all(T::from_f64(1.0));
        for r in 0..self.piece.rows {
            let sequence = self.piece.first + r;
            let row = sequences.row(self.step, sequence);
            let gates = row_of(bars.gates, row, GATES * hidden);
            let (c, h_bar) = (row_of(bars.c, row, hidden), row_of(bars.h_bar, row, hidden));
            let c_bar = bars.c_bar.map(|all| row_of(all, row, hidden));
            let gates_bar = bars.gates_bar.map(|all| row_of(all, row, GATES * hidden));
            let c_before = match self.before {
                Some(step) => row_of(bars.c, sequences.row(step, sequence), hidden),
                None => row_of(bars.c_first, sequence, hidden),
            };
            let product = &self.product[r * hidden..][..hidden];
            let memory = &mut self.memory[r * hidden..][..hidden];
            let sums = &mut self.sums[r * row_stride(GATES * hidden)..][..GATES * hidden];
            let z_bar_row = self.z_bar.row(r);
            for first in (0..hidden).step_by(LANES) {
                let of_gate = |n: usize| Lanes::of(gate(gates, n), first);
                let (i, f, g, o) = (of_gate(0), of_gate(1), of_gate(2), of_gate(3));
                let tanh = Lanes::of(c, first).tanh::<FMA>();
                let h_bar = Lanes::of(h_bar, first) + Lanes::of(product, first);
                let mut c_bar_now = Lanes::of(memory, first) + h_bar * o * (one - tanh * tanh);
                if let Some(given) = c_bar {
                    c_bar_now = c_bar_now + Lanes::of(given, first);
                }
                let mut bars = [c_bar_now * g, c_bar_now * Lanes::of(c_before, first), c_bar_now * i, h_bar * tanh];
                if let Some(given) = gates_bar {
                    for (n, bar) in bars.iter_mut().enumerate() {
                        *bar = *bar + Lanes::of(gate(given, n), first);
                    }
                }
                let slopes = [i * (one - i), f * (one - f), one - g * g, o * (one - o)];
                for (n, (bar, slope)) in bars.into_iter().zip(slopes).enumerate() {
                    let z_bar = bar * slope;
                    z_bar.put(gate_mut(sums, n), first);
                    z_bar.put(gate_mut(z_bar_row, n), first);
                }
                (c_bar_now * f).put(memory, first);
            }
        }
    }
}
