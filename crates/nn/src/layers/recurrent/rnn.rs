//! The cell of Elman's network.

use super::cell::{Cell, Init, Weights, step, zeros};
use cotangent_derive::Module;
use cotangent_tensor::{Rng, Tensor};

/// What an [`RnnCell`] or an [`Rnn`](super::Rnn) does to the sum of its products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nonlinearity {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// max(0, x).
    Relu,
}

/// One step of a recurrent network: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`.
///
/// (Elman, "Finding structure in time", Cognitive Science 14, 1990.)
///
/// ```
/// use cotangent_nn::RnnCell;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let cell = RnnCell::new(3, 5, &mut Rng::seed(7));
/// let x = Tensor::ones([2, 3], DType::F32);
/// let h = cell.forward(&x, None);
/// assert_eq!(cell.forward(&x, Some(&h)).shape()[..], [2, 5]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct RnnCell {
    /// W_ih, of shape `[hidden, inputs]`.
    pub weight_ih: Tensor,
    /// W_hh, of shape `[hidden, hidden]`.
    pub weight_hh: Tensor,
    /// b_ih, of shape `[hidden]`.
    pub bias_ih: Option<Tensor>,
    /// b_hh, of shape `[hidden]`.
    pub bias_hh: Option<Tensor>,
    /// tanh unless set.
    #[module(skip)]
    pub nonlinearity: Nonlinearity,
}

impl RnnCell {
    /// A cell of f32, all uniform in ±1/√hidden, as in PyTorch.
    ///
    /// # Panics
    /// When the state has no numbers, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
        assert!(hidden > 0, "rnn_cell: the state must have at least one number");
        RnnCell::drawn(inputs, true, &mut Init { gates: 1, hidden, rng })
    }

    /// The cell with relu in the place of tanh.
    #[must_use]
    pub fn relu(self) -> Self {
        RnnCell { nonlinearity: Nonlinearity::Relu, ..self }
    }

    /// The cell with the same weights and no biases.
    #[must_use]
    pub fn without_bias(self) -> Self {
        RnnCell { bias_ih: None, bias_hh: None, ..self }
    }

    /// The state after x, `[batch, inputs]` or `[inputs]`; before it the state is `[batch, hidden]` or `[hidden]`, zero if none is
    /// given.
    ///
    /// # Panics
    /// When shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, state: Option<&Tensor>) -> Tensor {
        step(self, x, state)
    }

    #[track_caller]
    pub(super) fn drawn(inputs: usize, bias: bool, init: &mut Init<'_>) -> Self {
        RnnCell {
            weight_ih: init.weight(inputs),
            weight_hh: init.weight(init.hidden),
            bias_ih: bias.then(|| init.bias()),
            bias_hh: bias.then(|| init.bias()),
            nonlinearity: Nonlinearity::Tanh,
        }
    }
}

impl Cell for RnnCell {
    const NETWORK: &'static str = "rnn";
    const CELL: &'static str = "rnn_cell";
    const GATES: usize = 1;
    type State = Tensor;

    fn weights(&self) -> Weights<&Tensor> {
        let RnnCell { weight_ih, weight_hh, bias_ih, bias_hh, .. } = self;
        Weights { ih: weight_ih, hh: weight_hh, bias_ih: bias_ih.as_ref(), bias_hh: bias_hh.as_ref(), hr: None }
    }

    fn weights_mut(&mut self) -> Weights<&mut Tensor> {
        let RnnCell { weight_ih, weight_hh, bias_ih, bias_hh, .. } = self;
        Weights { ih: weight_ih, hh: weight_hh, bias_ih: bias_ih.as_mut(), bias_hh: bias_hh.as_mut(), hr: None }
    }

    fn zeros(&self, batch: &[usize]) -> Tensor {
        zeros(batch, self.weight_hh.shape()[1], self.weight_hh.dtype())
    }

    fn project(&self, x: &Tensor) -> Tensor {
        self.weights().project_with_both_biases(x)
    }

    #[track_caller]
    fn advance(&self, projected: &Tensor, h: &Tensor) -> Tensor {
        let sum = projected + h.linear(&self.weight_hh, None);
        match self.nonlinearity {
            Nonlinearity::Tanh => sum.tanh(),
            Nonlinearity::Relu => sum.relu(),
        }
    }
}
