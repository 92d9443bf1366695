//! The cell that mixes its state with a candidate.

use super::cell::{Cell, Init, Weights, step, zeros};
use cotangent_derive::Module;
use cotangent_tensor::{Rng, Tensor, elementwise};

/// One step of a gated recurrent unit. With `[r, z, n] = W_ih x + b_ih` and `[r', z', n'] = W_hh h + b_hh`:
///
/// ```text
/// candidate = tanh(n + sigmoid(r + r') n')
/// h' = (1 - sigmoid(z + z')) candidate + sigmoid(z + z') h
/// ```
///
/// As in PyTorch, the reset gate acts on the product and not on h before it, which is what the paper has.
/// (Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014.)
///
/// ```
/// use cotangent_nn::GruCell;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let cell = GruCell::new(3, 5, &mut Rng::seed(7));
/// let x = Tensor::ones([2, 3], DType::F32);
/// let h = cell.forward(&x, None);
/// assert_eq!(cell.forward(&x, Some(&h)).shape()[..], [2, 5]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct GruCell {
    /// W_ih, of shape `[3 hidden, inputs]`: the rows of r, of z, of n.
    pub weight_ih: Tensor,
    /// W_hh, of shape `[3 hidden, hidden]`.
    pub weight_hh: Tensor,
    /// b_ih, of shape `[3 hidden]`.
    pub bias_ih: Option<Tensor>,
    /// b_hh, of shape `[3 hidden]`.
    pub bias_hh: Option<Tensor>,
}

impl GruCell {
    /// A cell of f32, all uniform in ±1/√hidden, as in PyTorch.
    ///
    /// # Panics
    /// When the state has no numbers, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: usize, hidden: usize, rng: &mut Rng) -> Self {
        assert!(hidden > 0, "gru_cell: the state must have at least one number");
        GruCell::drawn(inputs, true, &mut Init { gates: 3, hidden, rng })
    }

    /// The cell with the same weights and no biases.
    #[must_use]
    pub fn without_bias(self) -> Self {
        GruCell { bias_ih: None, bias_hh: None, ..self }
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
        GruCell {
            weight_ih: init.weight(inputs),
            weight_hh: init.weight(init.hidden),
            bias_ih: bias.then(|| init.bias()),
            bias_hh: bias.then(|| init.bias()),
        }
    }
}

impl Cell for GruCell {
    const NETWORK: &'static str = "gru";
    const CELL: &'static str = "gru_cell";
    const GATES: usize = 3;
    type State = Tensor;

    fn weights(&self) -> Weights<&Tensor> {
        let GruCell { weight_ih, weight_hh, bias_ih, bias_hh } = self;
        Weights { ih: weight_ih, hh: weight_hh, bias_ih: bias_ih.as_ref(), bias_hh: bias_hh.as_ref(), hr: None }
    }

    fn weights_mut(&mut self) -> Weights<&mut Tensor> {
        let GruCell { weight_ih, weight_hh, bias_ih, bias_hh } = self;
        Weights { ih: weight_ih, hh: weight_hh, bias_ih: bias_ih.as_mut(), bias_hh: bias_hh.as_mut(), hr: None }
    }

    fn zeros(&self, batch: &[usize]) -> Tensor {
        zeros(batch, self.weight_hh.shape()[1], self.weight_hh.dtype())
    }

    fn project(&self, x: &Tensor) -> Tensor {
        self.weights().project(x, self.bias_ih.clone())
    }

    #[track_caller]
    fn advance(&self, projected: &Tensor, h: &Tensor) -> Tensor {
        // The bias in each step, because the reset gate acts on the candidate's part of it.
        let product = h.linear(&self.weight_hh, self.bias_hh.as_ref());
        let (x, h_part) = (projected.chunk(Self::GATES, -1), product.chunk(Self::GATES, -1));
        let ([r, z, n], [r_h, z_h, n_h]) = (&x[..], &h_part[..]) else {
            unreachable!("three gates were cut into three");
        };
        let candidate = gru_candidate(r, r_h, n, n_h);
        gru_mixture(z, z_h, &candidate, h)
    }
}

// Fused, because a state is small: what a step costs is the number of its operations more than their arithmetic.
elementwise! {
    fn gru_candidate(r, r_h, n, n_h) = (n.clone() + (r.clone() + r_h.clone()).sigmoid() * n_h.clone()).tanh();
    fn gru_mixture(z, z_h, n, h) = n.clone() + (z.clone() + z_h.clone()).sigmoid() * (h.clone() - n.clone());
}
