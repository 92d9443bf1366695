//! What a transformer's layers are made with.

use crate::{LayerNorm, Linear, MultiHeadAttention};
use cotangent_tensor::{Rng, Tensor};

/// Sizes and options of the layers of a transformer, with PyTorch's defaults: a feed-forward network of 2048 hidden numbers, relu,
/// dropout of 0.1, norms after the sums, length as the first axis.
#[derive(Clone, Debug)]
pub struct TransformerOptions {
    width: usize,
    num_heads: usize,
    feed_forward: usize,
    pub(super) dropout: f64,
    pub(super) activation: fn(&Tensor) -> Tensor,
    pub(super) norm_first: bool,
    eps: f64,
    batch_first: bool,
    bias: bool,
}

impl TransformerOptions {
    /// Of this width, which so many heads share.
    #[must_use]
    pub fn new(width: usize, num_heads: usize) -> Self {
        TransformerOptions {
            width,
            num_heads,
            feed_forward: 2048,
            dropout: 0.1,
            activation: Tensor::relu,
            norm_first: false,
            eps: 1e-5,
            batch_first: false,
            bias: true,
        }
    }

    /// The hidden numbers of the feed-forward network.
    #[must_use]
    pub fn feed_forward(self, hidden: usize) -> Self {
        TransformerOptions { feed_forward: hidden, ..self }
    }

    /// The probability of dropout: of attention's weights, inside the feed-forward network, and of what is added to the input.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn dropout(self, p: f64) -> Self {
        assert!((0.0..=1.0).contains(&p), "transformer: the dropout's probability must be from 0 to 1; got {p}");
        TransformerOptions { dropout: p, ..self }
    }

    /// What the feed-forward network does between its two products: `Tensor::gelu`, for example.
    #[must_use]
    pub fn activation(self, activation: fn(&Tensor) -> Tensor) -> Self {
        TransformerOptions { activation, ..self }
    }

    /// `x + f(norm(x))` in the place of `norm(x + f(x))`.
    #[must_use]
    pub fn norm_first(self) -> Self {
        TransformerOptions { norm_first: true, ..self }
    }

    /// What norms add to the variance.
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        TransformerOptions { eps, ..self }
    }

    /// Inputs are `[batch, length, width]` and not `[length, batch, width]`.
    #[must_use]
    pub fn batch_first(self) -> Self {
        TransformerOptions { batch_first: true, ..self }
    }

    /// Without biases, in norms too.
    #[must_use]
    pub fn without_bias(self) -> Self {
        TransformerOptions { bias: false, ..self }
    }

    /// A norm as the layers have.
    #[must_use]
    #[track_caller]
    pub fn norm(&self) -> LayerNorm {
        let norm = LayerNorm::new([self.width]).eps(self.eps);
        if self.bias { norm } else { norm.without_bias() }
    }

    #[track_caller]
    pub(super) fn attention(&self, rng: &mut Rng) -> MultiHeadAttention {
        let attention = MultiHeadAttention::new(self.width, self.num_heads, rng).dropout(self.dropout);
        let attention = if self.batch_first { attention.batch_first() } else { attention };
        if self.bias { attention } else { attention.without_bias() }
    }

    /// The two products of the feed-forward network.
    #[track_caller]
    pub(super) fn linears(&self, rng: &mut Rng) -> [Linear; 2] {
        let sizes = [(self.width, self.feed_forward), (self.feed_forward, self.width)];
        sizes.map(|(inputs, outputs)| {
            let linear = Linear::new(inputs, outputs, rng);
            if self.bias { linear } else { linear.without_bias() }
        })
    }
}
