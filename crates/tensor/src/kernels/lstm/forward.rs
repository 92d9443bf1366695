//! All steps of a layer, from its projected inputs.

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

/// What a layer is run on, in row-major order.
pub(crate) struct Inputs<'a, T> {
    pub(crate) sequences: Sequences,
    /// A row of `GATES * hidden` for each step of each sequence.
    pub(crate) projected: &'a [T],
    /// `[GATES * hidden, hidden]`
    pub(crate) weight: &'a [T],
    /// `[GATES * hidden]`
    pub(crate) bias: &'a [T],
    /// The first state, `[batch, hidden]`.
    pub(crate) h: &'a [T],
    pub(crate) c: &'a [T],
}

/// h, c and the gates of each step.
pub(crate) fn forward<T: Number>(inputs: &Inputs<'_, T>) -> [Buffer<T>; 3] {
    let sequences = &inputs.sequences;
    let &Sequences { steps, batch, hidden, .. } = sequences;
    let weight = Packed::of_columns(inputs.weight, hidden, GATES * hidden);
    let [mut h, mut c] = [(); 2].map(|()| Buffer::recycled(steps * batch * hidden));
    let mut gates = Buffer::recycled(steps * batch * GATES * hidden);
    let [all_h, all_c, all_gates] = [&mut h, &mut c, &mut gates].map(|all| Shared::new(all));
    parallel::tasks(batch.div_ceil(sequences.piece()), sequences.work(), |i| {
        let piece = Piece::of(sequences, i);
        let mut state = Buffer::zeroed(piece.rows * row_stride(hidden));
        for (state, h) in state.chunks_mut(row_stride(hidden)).zip(piece.of_states(inputs.h, hidden).chunks(hidden)) {
            state[..hidden].copy_from_slice(h);
        }
        let mut memory = Buffer::from_slice(piece.of_states(inputs.c, hidden));
        for step in (0..steps).map(|i| sequences.step(i)) {
            // SAFETY: the three have a row for each step of each sequence; each piece is run once.
            let [h, c, mut gates] = unsafe {
                [
                    piece.step(&all_h, sequences, step, hidden),
                    piece.step(&all_c, sequences, step, hidden),
                    piece.step(&all_gates, sequences, step, GATES * hidden),
                ]
            };
            let (state, memory) = (&mut *state, &mut *memory);
            weight.multiply(piece.rows, state, &mut gates, sequences.work());
            isa::dispatch(Step { inputs, piece, step, state, memory, h, c, gates });
        }
    });
    [h, c, gates]
}

/// One step of a piece, whose products are where its gates go.
struct Step<'a, 'i, T: Number> {
    inputs: &'a Inputs<'i, T>,
    piece: Piece,
    step: usize,
    /// The h before and then after the step, its rows `row_stride` apart; and the c.
    state: &'a mut [T],
    memory: &'a mut [T],
    h: Tile<'a, T>,
    c: Tile<'a, T>,
    gates: Tile<'a, T>,
}

impl<T: Number> Kernel for Step<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let Inputs { sequences, projected, bias, .. } = *self.inputs;
        let hidden = sequences.hidden;
        for r in 0..self.piece.rows {
            let row = sequences.row(self.step, self.piece.first + r);
            let projected = row_of(projected, row, GATES * hidden);
            let state = &mut self.state[r * row_stride(hidden)..][..hidden];
            let memory = &mut self.memory[r * hidden..][..hidden];
            let (h, c, gates) = (self.h.row(r), self.c.row(r), self.gates.row(r));
            for first in (0..hidden).step_by(LANES) {
                let mut z = [Lanes::all(T::default()); GATES];
                for (n, z) in z.iter_mut().enumerate() {
                    let x = Lanes::of(gate(projected, n), first) + Lanes::of(gate(gates, n), first);
                    *z = x + Lanes::of(gate(bias, n), first);
                }
                let [i, f, g, o] = z;
                let (i, f, o) = (i.sigmoid::<FMA>(), f.sigmoid::<FMA>(), o.sigmoid::<FMA>());
                let g = g.tanh::<FMA>();
                let after = f * Lanes::of(memory, first) + i * g;
                let output = o * after.tanh::<FMA>();
                for (n, lanes) in [i, f, g, o].into_iter().enumerate() {
                    lanes.put(gate_mut(gates, n), first);
                }
                after.put(memory, first);
                after.put(c, first);
                output.put(state, first);
                output.put(h, first);
            }
        }
    }
}
