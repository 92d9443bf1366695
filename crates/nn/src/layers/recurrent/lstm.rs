//! The cell with a memory that gates guard.

use super::cell::{Cell, Init, State, Walk, Weights, step, zeros};
use cotangent_derive::Module;
use cotangent_tensor::{Rng, Tensor, apply, elementwise, ops::LstmSteps};

/// The state of an [`LstmCell`] or an [`Lstm`](super::Lstm).
#[derive(Clone, Debug, Module)]
pub struct LstmState {
    /// What is given out, and fed back.
    pub h: Tensor,
    /// The memory.
    pub c: Tensor,
}

impl State for LstmState {
    fn h(&self) -> &Tensor {
        &self.h
    }
    fn stack(states: &[Self]) -> Self {
        let stacked = |part: fn(&Self) -> &Tensor| Tensor::stack(states.iter().map(part).collect::<Vec<_>>(), 0);
        LstmState { h: stacked(|state| &state.h), c: stacked(|state| &state.c) }
    }
    fn unbind(&self) -> Vec<Self> {
        self.h.unbind(0).into_iter().zip(self.c.unbind(0)).map(|(h, c)| LstmState { h, c }).collect()
    }
    fn select(mask: &Tensor, new: &Self, old: &Self) -> Self {
        LstmState { h: mask.where_(&new.h, &old.h), c: mask.where_(&new.c, &old.c) }
    }
    fn beside<'a>(&'a self, other: &'a Self) -> Vec<(&'static str, &'a Tensor, &'a Tensor)> {
        vec![("h", &self.h, &other.h), ("c", &self.c, &other.c)]
    }
}

/// One step of a long short-term memory. With the gates i, f, g, o of
/// `[i, f, g, o] = W_ih x + b_ih + W_hh h + b_hh`:
///
/// ```text
/// c' = sigmoid(f) c + sigmoid(i) tanh(g)
/// h' = sigmoid(o) tanh(c')
/// ```
///
/// (Hochreiter, Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; Gers, Schmidhuber, Cummins, "Learning to
/// forget", 2000.)
///
/// ```
/// use cotangent_nn::LstmCell;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let cell = LstmCell::new(3, 5, &mut Rng::seed(7));
/// let x = Tensor::ones([2, 3], DType::F32);
/// let state = cell.forward(&x, None);
/// assert_eq!(cell.forward(&x, Some(&state)).h.shape()[..], [2, 5]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct LstmCell {
    /// W_ih, of shape `[4 hidden, inputs]`: the rows of i, of f, of g, of o.
    pub weight_ih: Tensor,
    /// W_hh, of shape `[4 hidden, hidden]`, or `[4 hidden, outputs]` with a projection.
    pub weight_hh: Tensor,
    /// b_ih, of shape `[4 hidden]`.
    pub bias_ih: Option<Tensor>,
    /// b_hh, of shape `[4 hidden]`.
    pub bias_hh: Option<Tensor>,
    /// W_hr, of shape `[outputs, hidden]`: with it, `h' = W_hr (sigmoid(o) tanh(c'))`. Networks can be made with one.
    pub weight_hr: Option<Tensor>,
}

impl LstmCell {
    /// A cell of f32, all uniform in ±1/√hidden, as in PyTorch.
    ///
    /// # Panics
    /// When the state has no numbers, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
        assert!(hidden > 0, "lstm_cell: the state must have at least one number");
        LstmCell::drawn(inputs, true, None, &mut Init { gates: 4, hidden, rng })
    }

    /// The cell with the same weights and no biases.
    #[must_use]
    pub fn without_bias(self) -> Self {
        LstmCell { bias_ih: None, bias_hh: None, ..self }
    }

    /// The state after x, `[batch, inputs]` or `[inputs]`; before it the state's tensors are `[batch, hidden]` or `[hidden]`, zero
    /// if none is given.
    ///
    /// # Panics
    /// When shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, state: Option<&LstmState>) -> LstmState {
        step(self, x, state)
    }

    #[track_caller]
    pub(super) fn drawn(inputs: usize, bias: bool, projection: Option<usize>, init: &mut Init<'_>) -> Self {
        let hidden = init.hidden;
        LstmCell {
            weight_ih: init.weight(inputs),
            weight_hh: init.weight(projection.unwrap_or(hidden)),
            bias_ih: bias.then(|| init.bias()),
            bias_hh: bias.then(|| init.bias()),
            weight_hr: projection.map(|outputs| init.tensor([outputs, hidden])),
        }
    }
}

impl Cell for LstmCell {
    const NETWORK: &'static str = "lstm";
    const CELL: &'static str = "lstm_cell";
    const GATES: usize = 4;
    type State = LstmState;

    fn weights(&self) -> Weights<&Tensor> {
        let LstmCell { weight_ih, weight_hh, bias_ih, bias_hh, weight_hr } = self;
        let (bias_ih, bias_hh) = (bias_ih.as_ref(), bias_hh.as_ref());
        Weights { ih: weight_ih, hh: weight_hh, bias_ih, bias_hh, hr: weight_hr.as_ref() }
    }

    fn weights_mut(&mut self) -> Weights<&mut Tensor> {
        let LstmCell { weight_ih, weight_hh, bias_ih, bias_hh, weight_hr } = self;
        let (bias_ih, bias_hh) = (bias_ih.as_mut(), bias_hh.as_mut());
        Weights { ih: weight_ih, hh: weight_hh, bias_ih, bias_hh, hr: weight_hr.as_mut() }
    }

    fn zeros(&self, batch: &[usize]) -> LstmState {
        let dtype = self.weight_hh.dtype();
        LstmState {
            h: zeros(batch, self.weight_hh.shape()[1], dtype),
            c: zeros(batch, self.weight_hh.shape()[0] / Self::GATES, dtype),
        }
    }

    fn project(&self, x: &Tensor) -> Tensor {
        self.weights().project_with_both_biases(x)
    }

    #[track_caller]
    fn advance(&self, projected: &Tensor, state: &LstmState) -> LstmState {
        let gates = (projected + state.h.linear(&self.weight_hh, None)).chunk(Self::GATES, -1);
        let [i, f, g, o] = &gates[..] else { unreachable!("four gates were cut into four") };
        let c = lstm_memory(i, f, g, &state.c);
        let h = lstm_output(o, &c);
        let h = match &self.weight_hr {
            Some(weight) => h.linear(weight, None),
            None => h,
        };
        LstmState { h, c }
    }

    // Unless there is a projection in each step.
    fn at_once(&self, x: &Tensor, walk: Walk, state: &LstmState) -> Option<(Tensor, LstmState)> {
        /// Packing the weights takes as long as some steps: of 256 numbers and one sequence, 4 steps take 222 us at once and 194 one by
        /// one, 32 take 774 and 1557.
        const LEAST_STEPS: usize = 4;
        if self.weight_hr.is_some() || walk.steps < LEAST_STEPS {
            return None;
        }
        // A sequence alone is a batch of one.
        let batched = |x: &Tensor, axis: isize| if state.h.rank() == 1 { x.unsqueeze(axis) } else { x.clone() };
        let alone = |x: Tensor, axis: isize| if state.h.rank() == 1 { x.squeeze(axis) } else { x };
        let weights = self.weights();
        let projected = batched(&weights.project(x, None), 1);
        let bias = weights.both_biases().unwrap_or_else(|| zeros(&[], weights.hh.shape()[0], weights.dtype()));
        let mut steps = LstmSteps::new();
        if walk.time == 1 {
            steps = steps.batch_first();
        }
        if walk.reverse {
            steps = steps.reverse();
        }
        let inputs = [&projected, weights.hh, &bias, &batched(&state.h, 0), &batched(&state.c, 0)];
        let outputs = apply(&steps, &inputs);
        let time = walk.time as isize;
        let last = |i: usize| alone(outputs[i].narrow(time, walk.step(walk.steps - 1), 1).squeeze(time), 0);
        Some((alone(outputs[0].clone(), 1), LstmState { h: last(0), c: last(1) }))
    }
}

// Fused, because a state is small: what a step costs is the number of its operations more than their arithmetic.
elementwise! {
    fn lstm_memory(i, f, g, c) = f.sigmoid() * c.clone() + i.sigmoid() * g.tanh();
    fn lstm_output(o, c) = o.sigmoid() * c.tanh();
}
