//! All steps of a layer, from its projected inputs.

use super::{
    GATES, LANES, Number, Piece, Sequences, each, gate, gate_mut, lanes,
    packed::{Packed, row_stride},
    put, row_of,
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
            let [h, c, gates] = unsafe {
                [
                    piece.step(&all_h, sequences, step, hidden),
                    piece.step(&all_c, sequences, step, hidden),
                    piece.step(&all_gates, sequences, step, GATES * hidden),
                ]
            };
            let (state, memory) = (&mut *state, &mut *memory);
            isa::dispatch(Step { inputs, weight: &weight, piece, step, state, memory, h, c, gates });
        }
    });
    [h, c, gates]
}

/// One step of a piece.
struct Step<'a, 'i, T: Number> {
    inputs: &'a Inputs<'i, T>,
    weight: &'a Packed<T>,
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
        self.weight.multiply::<FMA>(self.piece.rows, self.state, &mut self.gates);
        for r in 0..self.piece.rows {
            let row = sequences.row(self.step, self.piece.first + r);
            let projected = row_of(projected, row, GATES * hidden);
            let state = &mut self.state[r * row_stride(hidden)..][..hidden];
            let memory = &mut self.memory[r * hidden..][..hidden];
            let (h, c, gates) = (self.h.row(r), self.c.row(r), self.gates.row(r));
            for first in (0..hidden).step_by(LANES) {
                let sum = |n: usize| {
                    let (product, x, b) =
                        (lanes(gate(gates, n), first), lanes(gate(projected, n), first), lanes(gate(bias, n), first));
                    each(|j| x[j] + product[j] + b[j])
                };
                let [i, f, g, o] = [sum(0), sum(1), sum(2), sum(3)];
                let [i, f, o] = [i, f, o].map(|z| each(|j| z[j].sigmoid::<FMA>()));
                let g = each(|j| g[j].tanh::<FMA>());
                let before = lanes(memory, first);
                let after = each(|j| f[j] * before[j] + i[j] * g[j]);
                let output = each(|j| o[j] * after[j].tanh::<FMA>());
                for (n, lanes) in [i, f, g, o].iter().enumerate() {
                    put(lanes, gate_mut(gates, n), first);
                }
                put(&after, memory, first);
                put(&after, c, first);
                put(&output, state, first);
                put(&output, h, first);
            }
        }
    }
}
