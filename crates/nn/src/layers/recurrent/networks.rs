//! The networks: stacks of one kind of cell.

use super::{
    cell::{Cell, Init},
    gru::GruCell,
    lstm::{LstmCell, LstmState},
    options::RecurrentOptions,
    rnn::{Nonlinearity, RnnCell},
    sequence::run,
    stack::Stack,
};
use crate::{Layer, Mode};
use cotangent_autograd::module::{Module, Visitor, VisitorMut};
use cotangent_tensor::{Rng, Tensor};

/// Declares a network: how it is made, run and taken apart.
macro_rules! networks {
    ($($(#[$doc:meta])* $Network:ident of $Cell:ident, state $State:ty: $drawn:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// Sequences are `[time, batch, inputs]`, or `[batch, time, inputs]` if the options say so, or `[time, inputs]` for one
        /// alone. The output has the last layer's h of each step, `directions * hidden` numbers; the state that of each layer
        /// and direction after its last step, `[layers * directions, batch, hidden]` (without the batch for one alone), each
        /// layer's direction forwards before that backwards.
        ///
        /// Its tensors have PyTorch's names: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l0_reverse`,
        /// `weight_ih_l1` and so on.
        #[derive(Clone, Debug)]
        pub struct $Network(Stack<$Cell>);

        impl $Network {
            /// One layer in one direction, of f32, all uniform in ±1/√hidden, as in PyTorch.
            ///
            /// # Panics
            /// When the state has no numbers, or a weight's size overflows.
            #[must_use]
            #[track_caller]
            pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
                $Network::with(RecurrentOptions::new(inputs, hidden), rng)
            }

            /// With options; initialised as by [`new`](Self::new).
            ///
            /// # Panics
            /// When the state has no numbers, there is no layer, the dropout's probability is not from 0 to 1, the projection
            /// does not fit or the cell has none, or a weight's size overflows.
            #[must_use]
            #[track_caller]
            pub fn with(options: RecurrentOptions, rng: &mut Rng) -> Self {
                let mut init = Init { gates: $Cell::GATES, hidden: options.hidden, rng };
                let (bias, projection) = (options.bias, options.projection);
                let draw: fn(usize, bool, Option<usize>, &mut Init<'_>) -> $Cell = $drawn;
                $Network(Stack::new(options, |inputs| draw(inputs, bias, projection, &mut init)))
            }

            /// Takes x as `[batch, time, inputs]`, and gives the output so; else time comes first.
            #[must_use]
            pub fn batch_first(mut self) -> Self {
                self.0.options.batch_first = true;
                self
            }

            /// The output and the last state, from a state of zeros; for networks without dropout.
            ///
            /// # Panics
            /// When x has no time step or does not fit, or there is dropout between layers, for which
            /// [`forward_from`](Self::forward_from) takes a mode.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor) -> (Tensor, $State) {
                run(&self.0, x, None, None, &mut Mode::undecided())
            }

            /// The output and the last state, from a given state, or from zeros if it is `None`.
            ///
            /// # Panics
            /// When x has no time step, or x or the state do not fit.
            #[must_use]
            #[track_caller]
            pub fn forward_from(&self, x: &Tensor, state: Option<&$State>, mode: &mut Mode<'_>) -> (Tensor, $State) {
                run(&self.0, x, None, state, mode)
            }

            /// As [`forward_from`](Self::forward_from), for sequences that end before the batch does: beyond its length a
            /// sequence gives out zeros and keeps its state, and backwards it begins at its last step. What x holds there does
            /// not matter. PyTorch's `pack_padded_sequence`, in any order of lengths.
            ///
            /// # Panics
            /// When x has no batch or no time step, x or the state do not fit, or there is not a length for each sequence, at
            /// most the number of steps.
            #[must_use]
            #[track_caller]
            pub fn forward_padded(
                &self,
                x: &Tensor,
                lengths: &[usize],
                state: Option<&$State>,
                mode: &mut Mode<'_>,
            ) -> (Tensor, $State) {
                run(&self.0, x, Some(lengths), state, mode)
            }

            /// The cells, layer by layer; of each layer the one that runs forwards, then, if there is one, that backwards.
            #[must_use]
            pub fn cells(&self) -> &[$Cell] {
                &self.0.cells
            }

            /// The cells, to be changed.
            #[must_use]
            pub fn cells_mut(&mut self) -> &mut [$Cell] {
                &mut self.0.cells
            }
        }

        impl Module for $Network {
            fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
                self.0.visit(visitor);
            }
            fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
                self.0.visit_mut(visitor);
            }
        }

        /// The output, from a state of zeros.
        impl Layer for $Network {
            #[track_caller]
            fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
                self.forward_from(x, None, mode).0
            }
        }
    )*};
}

networks! {
    /// A recurrent network of [`RnnCell`]s: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu of it.
    ///
    /// ```
    /// use cotangent_nn::Rnn;
    /// use cotangent_tensor::{DType, Rng, Tensor};
    /// let rnn = Rnn::new(3, 5, &mut Rng::seed(7)).relu();
    /// let (y, h) = rnn.forward(&Tensor::ones([6, 2, 3], DType::F32));
    /// assert_eq!((&y.shape()[..], &h.shape()[..]), (&[6, 2, 5][..], &[1, 2, 5][..]));
    /// ```
    Rnn of RnnCell, state Tensor: |inputs, bias, _, init| RnnCell::drawn(inputs, bias, init);

    /// A long short-term memory of [`LstmCell`]s.
    ///
    /// ```
    /// use cotangent_autograd::module;
    /// use cotangent_nn::{Lstm, Mode};
    /// use cotangent_tensor::{DType, Rng, Tensor};
    /// let lstm = Lstm::new(3, 5, &mut Rng::seed(7));
    /// let (y, state) = lstm.forward(&Tensor::ones([6, 2, 3], DType::F32));
    /// assert_eq!((&y.shape()[..], &state.c.shape()[..]), (&[6, 2, 5][..], &[1, 2, 5][..]));
    /// // On it goes.
    /// let (_more, _state) = lstm.forward_from(&Tensor::ones([4, 2, 3], DType::F32), Some(&state), &mut Mode::eval());
    ///
    /// let names: Vec<String> = module::named_tensors(&lstm).into_iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]);
    /// ```
    Lstm of LstmCell, state LstmState: LstmCell::drawn;

    /// A network of gated recurrent units: [`GruCell`]s.
    ///
    /// ```
    /// use cotangent_nn::{Gru, Mode};
    /// use cotangent_tensor::{DType, Rng, Tensor};
    /// let gru = Gru::new(3, 5, &mut Rng::seed(7));
    /// // The second of two sequences has ended after four steps.
    /// let x = Tensor::ones([6, 2, 3], DType::F32);
    /// let (y, h) = gru.forward_padded(&x, &[6, 4], None, &mut Mode::eval());
    /// let steps = y.unbind(0);
    /// assert_eq!(steps[4].unbind(0)[1].to_vec::<f32>(), [0.0; 5]);
    /// assert_eq!(steps[3].unbind(0)[1].to_vec::<f32>(), h.unbind(1)[1].to_vec::<f32>());
    /// ```
    Gru of GruCell, state Tensor: |inputs, bias, _, init| GruCell::drawn(inputs, bias, init);
}

impl Rnn {
    /// The network with relu in the place of tanh.
    #[must_use]
    pub fn relu(mut self) -> Self {
        for cell in self.cells_mut() {
            cell.nonlinearity = Nonlinearity::Relu;
        }
        self
    }
}
