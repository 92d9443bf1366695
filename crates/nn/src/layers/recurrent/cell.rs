//! What cells and their states have in common: weights of two products, and what the loop over time asks for.

use cotangent_autograd::Module;
use cotangent_tensor::{DType, Rng, Shape, Tensor};

/// What runs in a [`sequence`](super::sequence).
pub(super) trait Cell: Module + Clone {
    /// The network of such cells, as messages name it.
    const NETWORK: &'static str;
    /// The cell itself, as messages name it.
    const CELL: &'static str;
    /// How many numbers a step computes for each number of the state.
    const GATES: usize;
    type State: State;

    /// The tensors of the cell.
    fn weights(&self) -> Weights<&Tensor>;

    /// The tensors of the cell, to be replaced.
    fn weights_mut(&mut self) -> Weights<&mut Tensor>;

    /// The state's numbers in front of a first step, for a batch of this shape.
    fn zeros(&self, batch: &[usize]) -> Self::State;

    /// The part of a step that knows the input only, for any number of steps at once: `[.., inputs] -> [.., GATES * hidden]`.
    #[track_caller]
    fn project(&self, x: &Tensor) -> Tensor;

    /// The state after a step, of the step's row of [`project`](Self::project).
    #[track_caller]
    fn advance(&self, projected: &Tensor, state: &Self::State) -> Self::State;

    /// The outputs of all steps of x, and the state after the last of them, of a cell that has an operation for all at once.
    fn at_once(&self, _x: &Tensor, _walk: Walk, _state: &Self::State) -> Option<(Tensor, Self::State)> {
        None
    }
}

/// Which way through sequences.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    /// The axis of time.
    pub(super) time: usize,
    pub(super) steps: usize,
    /// From the last step to the first.
    pub(super) reverse: bool,
}

impl Walk {
    /// Where the `i`-th step is.
    pub(super) fn step(self, i: usize) -> usize {
        if self.reverse { self.steps - 1 - i } else { i }
    }
}

/// The state of a cell, or of a whole network, whose tensors have an axis of cells in front.
pub(super) trait State: Clone {
    /// What is given out.
    fn h(&self) -> &Tensor;
    /// The states of the cells as that of the network.
    fn stack(states: &[Self]) -> Self;
    /// The states of the cells.
    fn unbind(&self) -> Vec<Self>;
    /// `new` in the rows where the mask holds, else `old`.
    fn select(mask: &Tensor, new: &Self, old: &Self) -> Self;
    /// Each tensor beside the one that lies in the same place of another state.
    fn beside<'a>(&'a self, other: &'a Self) -> Vec<(&'static str, &'a Tensor, &'a Tensor)>;
}

impl State for Tensor {
    fn h(&self) -> &Tensor {
        self
    }
    fn stack(states: &[Self]) -> Self {
        Tensor::stack(states, 0)
    }
    fn unbind(&self) -> Vec<Self> {
        Tensor::unbind(self, 0)
    }
    fn select(mask: &Tensor, new: &Self, old: &Self) -> Self {
        mask.where_(new, old)
    }
    fn beside<'a>(&'a self, other: &'a Self) -> Vec<(&'static str, &'a Tensor, &'a Tensor)> {
        vec![("h", self, other)]
    }
}

/// The tensors of a cell.
#[derive(Clone, Copy)]
pub(super) struct Weights<T> {
    pub(super) ih: T,
    pub(super) hh: T,
    pub(super) bias_ih: Option<T>,
    pub(super) bias_hh: Option<T>,
    /// Of a projection.
    pub(super) hr: Option<T>,
}

impl<T> Weights<T> {
    /// PyTorch's names of the tensors, in the order of [`in_order`](Self::in_order).
    pub(super) const NAMES: [&'static str; 5] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];

    /// The tensors, in PyTorch's order.
    pub(super) fn in_order(self) -> [Option<T>; 5] {
        [Some(self.ih), Some(self.hh), self.bias_ih, self.bias_hh, self.hr]
    }
}

impl Weights<&Tensor> {
    /// `x W_ihᵀ + bias`.
    #[track_caller]
    pub(super) fn project(&self, x: &Tensor, bias: Option<Tensor>) -> Tensor {
        x.linear(self.ih, bias.as_ref())
    }

    /// `x W_ihᵀ + b_ih + b_hh`, where a step only adds up.
    pub(super) fn project_with_both_biases(&self, x: &Tensor) -> Tensor {
        self.project(x, self.both_biases())
    }

    /// `b_ih + b_hh`
    pub(super) fn both_biases(&self) -> Option<Tensor> {
        match (self.bias_ih, self.bias_hh) {
            (Some(input), Some(hidden)) => Some(input + hidden),
            (one, other) => one.or(other).cloned(),
        }
    }

    /// `[inputs, hidden, outputs]`, or a refusal of weights that do not belong together.
    #[track_caller]
    pub(super) fn sizes(&self, op: &str, gates: usize) -> [usize; 3] {
        let (&[rows, inputs], &[rows_hh, outputs]) = (&self.ih.shape()[..], &self.hh.shape()[..]) else {
            panic!("{op}: weights must have two axes; got {} and {}", self.ih.spec(), self.hh.spec());
        };
        let fits = |bias: Option<&Tensor>| bias.is_none_or(|bias| bias.shape()[..] == [rows]);
        let hidden = rows / gates;
        let projected = match self.hr {
            Some(weight) => weight.shape()[..] == [outputs, hidden],
            None => outputs == hidden,
        };
        assert!(
            rows == rows_hh && rows == gates * hidden && projected && fits(self.bias_ih) && fits(self.bias_hh),
            "{op}: the weights must be [{gates} * hidden, inputs] and [{gates} * hidden, hidden], the biases [{gates} * hidden]; \
             got {} and {}, biases {:?} and {:?}, projection {:?}",
            self.ih.spec(),
            self.hh.spec(),
            self.bias_ih.map(Tensor::shape),
            self.bias_hh.map(Tensor::shape),
            self.hr.map(Tensor::shape),
        );
        [inputs, hidden, outputs]
    }

    pub(super) fn dtype(&self) -> DType {
        self.ih.dtype()
    }
}

/// One step of a cell by itself, from a state or from zeros.
#[track_caller]
pub(super) fn step<C: Cell>(cell: &C, x: &Tensor, state: Option<&C::State>) -> C::State {
    let weights = cell.weights();
    let [inputs, ..] = weights.sizes(C::CELL, C::GATES);
    let (1 | 2, Some((&last, batch))) = (x.rank(), x.shape().split_last()) else {
        panic!("{}: x must be [inputs] or [batch, inputs]; got {}", C::CELL, x.spec());
    };
    check_input(C::CELL, x, last, inputs, weights.dtype());
    let zeros = cell.zeros(batch);
    if let Some(state) = state {
        check_state(C::CELL, x, state, &zeros);
    }
    cell.advance(&cell.project(x), state.unwrap_or(&zeros))
}

#[track_caller]
pub(super) fn check_input(op: &str, x: &Tensor, last: usize, inputs: usize, dtype: DType) {
    assert!(
        last == inputs,
        "{op}: the last axis of x must have the {inputs} inputs that the weights are for; got {}",
        x.spec()
    );
    assert!(x.dtype() == dtype, "{op}: x must have the weights' dtype, {dtype}; got {}; cast one of them", x.spec());
}

/// Refuses a state that does not look like that of zeros.
#[track_caller]
pub(super) fn check_state<S: State>(op: &str, x: &Tensor, state: &S, zeros: &S) {
    for (name, given, zeros) in state.beside(zeros) {
        assert!(
            given.spec() == zeros.spec(),
            "{op}: for x of {}, the state {name} must be {}; got {}",
            x.spec(),
            zeros.spec(),
            given.spec()
        );
    }
}

/// Zeros as a state's tensor.
pub(super) fn zeros(batch: &[usize], size: usize, dtype: DType) -> Tensor {
    Tensor::zeros(batch.iter().copied().chain([size]).collect::<Shape>(), dtype)
}

/// Weights uniform in ±1/√hidden, as in PyTorch.
pub(super) struct Init<'r> {
    pub(super) gates: usize,
    pub(super) hidden: usize,
    pub(super) rng: &'r mut Rng,
}

impl Init<'_> {
    pub(super) fn tensor(&mut self, shape: impl Into<Shape>) -> Tensor {
        let bound = 1.0 / (self.hidden as f64).sqrt();
        self.rng.uniform_range(-bound, bound, shape, DType::F32)
    }

    /// `[gates * hidden, columns]`.
    #[track_caller]
    pub(super) fn weight(&mut self, columns: usize) -> Tensor {
        let rows = self.rows();
        self.tensor([rows, columns])
    }

    #[track_caller]
    pub(super) fn bias(&mut self) -> Tensor {
        let rows = self.rows();
        self.tensor([rows])
    }

    #[track_caller]
    fn rows(&self) -> usize {
        self.gates.checked_mul(self.hidden).expect("the weight's size overflows")
    }
}
