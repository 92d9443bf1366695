//! A stack of cells over whole sequences.
//!
//! What a layer makes of its input is one product for all time steps; only the product with the state is made in each. A cell that
//! has an operation for all steps at once is left to it. Else the steps are cut and joined by one operation each, so that the
//! way back costs as much as the way there, for any length.

use super::{
    cell::{Cell, State, Walk, check_input, check_state},
    stack::Stack,
};
use crate::Mode;
use cotangent_tensor::Tensor;

/// What a network is run on, checked.
struct Sequence {
    /// The axis of time.
    time: usize,
    steps: usize,
    /// The shape of a step, without its numbers: `[batch]` or `[]`.
    batch: Vec<usize>,
}

/// The output for each step, and the state after the last.
#[track_caller]
pub(super) fn run<C: Cell>(
    stack: &Stack<C>,
    x: &Tensor,
    lengths: Option<&[usize]>,
    state: Option<&C::State>,
    mode: &mut Mode<'_>,
) -> (Tensor, C::State) {
    let sequence = Sequence::new(stack, x);
    let going = match lengths {
        Some(lengths) => sequence.going(C::NETWORK, x, lengths),
        None => None,
    };
    let zeros: Vec<C::State> = stack.cells.iter().map(|cell| cell.zeros(&sequence.batch)).collect();
    let states = match state {
        Some(state) => {
            check_state(C::NETWORK, x, state, &C::State::stack(&zeros));
            state.unbind()
        }
        None => zeros,
    };
    let directions = stack.options.directions();
    // What lies beyond a sequence's end may be NaN, which a cotangent of zero would not stop on the way to the weights.
    let mut y = going.as_ref().map_or_else(|| x.clone(), |going| going.where_(x, 0));
    let going = going.map(|going| going.unbind(sequence.time as isize));
    let mut last = Vec::with_capacity(states.len());
    for (layer, (cells, states)) in stack.cells.chunks(directions).zip(states.chunks(directions)).enumerate() {
        // A mode is asked only where it matters, so that a network without dropout can be run without one.
        if layer > 0
            && stack.options.dropout > 0.0
            && let Some(rng) = mode.rng()
        {
            y = y.dropout(stack.options.dropout, rng);
        }
        let mut outputs = Vec::with_capacity(directions);
        for (direction, (cell, state)) in cells.iter().zip(states).enumerate() {
            let (output, state) = sequence.run(cell, &y, going.as_deref(), state, direction == 1);
            outputs.push(output);
            last.push(state);
        }
        y = if directions == 1 { outputs.swap_remove(0) } else { Tensor::concat(outputs, -1) };
    }
    (y, C::State::stack(&last))
}

impl Sequence {
    #[track_caller]
    fn new<C: Cell>(stack: &Stack<C>, x: &Tensor) -> Self {
        let op = C::NETWORK;
        let batch_first = stack.options.batch_first;
        let (2 | 3, Some((&last, rest))) = (x.rank(), x.shape().split_last()) else {
            let axes = if batch_first { "[batch, time, inputs]" } else { "[time, batch, inputs]" };
            panic!("{op}: x must be {axes} or [time, inputs]; got {}", x.spec());
        };
        let dtype = stack.cells[0].weights().dtype();
        check_input(op, x, last, stack.options.inputs, dtype);
        let mut inputs = last;
        for cells in stack.cells.chunks(stack.options.directions()) {
            let mut outputs = 0;
            for cell in cells {
                let weights = cell.weights();
                let [cell_inputs, _, cell_outputs] = weights.sizes(op, C::GATES);
                assert!(
                    cell_inputs == inputs && weights.dtype() == dtype,
                    "{op}: a layer must take what the one below gives out, {inputs} numbers of {dtype}; got the weight {}",
                    weights.ih.spec()
                );
                outputs += cell_outputs;
            }
            inputs = outputs;
        }
        let time = usize::from(batch_first && rest.len() == 2);
        let steps = rest[time];
        assert!(steps > 0, "{op}: there must be at least one time step; got {}", x.spec());
        let mut batch = rest.to_vec();
        batch.remove(time);
        Sequence { time, steps, batch }
    }

    /// Which sequences are going on at which step, with an axis for numbers: `[time, batch, 1]` or `[batch, time, 1]`. None where all
    /// last to the end.
    #[track_caller]
    fn going(&self, op: &str, x: &Tensor, lengths: &[usize]) -> Option<Tensor> {
        assert!(
            self.batch[..] == [lengths.len()] && lengths.iter().all(|&length| length <= self.steps),
            "{op}: there must be a length of at most {} for each sequence of the batch; got {lengths:?} for x of {}",
            self.steps,
            x.spec()
        );
        lengths.iter().any(|&length| length < self.steps).then(|| {
            let lengths = lengths.iter().map(|&length| length as i64).collect::<Vec<_>>();
            let steps = Tensor::arange(0, self.steps as i64, 1);
            // Each along its own axis, and of size 1 along the other's.
            let batch = 1 - self.time as isize;
            steps.unsqueeze(batch).lt(&Tensor::from(lengths).unsqueeze(self.time as isize)).unsqueeze(-1)
        })
    }

    /// One layer in one direction.
    #[track_caller]
    fn run<C: Cell>(
        &self,
        cell: &C,
        x: &Tensor,
        going: Option<&[Tensor]>,
        state: &C::State,
        reverse: bool,
    ) -> (Tensor, C::State) {
        let walk = Walk { time: self.time, steps: self.steps, reverse };
        if going.is_none()
            && let Some(all) = cell.at_once(x, walk, state)
        {
            return all;
        }
        let time = self.time as isize;
        let steps = cell.project(x).unbind(time);
        let (mut state, mut outputs) = (state.clone(), Vec::with_capacity(self.steps));
        for i in 0..self.steps {
            let step = walk.step(i);
            let next = cell.advance(&steps[step], &state);
            // A sequence that has ended keeps its state and gives out zeros. Backwards, it begins where it ends.
            match going.map(|going| &going[step]) {
                Some(mask) => {
                    outputs.push(mask.where_(next.h(), 0));
                    state = C::State::select(mask, &next, &state);
                }
                None => {
                    outputs.push(next.h().clone());
                    state = next;
                }
            }
        }
        if reverse {
            outputs.reverse();
        }
        (Tensor::stack(outputs, time), state)
    }
}
