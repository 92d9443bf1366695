//! Layers that a sequence attends to itself and to another in.

use super::{dropped, encoder::fed_forward, options::TransformerOptions};
use crate::{Attend, LayerNorm, Linear, Mode, MultiHeadAttention};
use cotangent_derive::Module;
use cotangent_tensor::{Rng, Tensor};

/// Self-attention, attention to a memory, then a feed-forward network, each added to its input and normed:
///
/// ```text
/// x = norm1(x + self_attn(x)), x = norm2(x + multihead_attn(x, memory)), y = norm3(x + feed_forward(x))
/// ```
///
/// or, with norms first, `x + f(norm(x))` for each part.
///
/// ```
/// use cotangent_nn::{Attend, Mode, TransformerDecoderLayer, TransformerOptions};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let options = TransformerOptions::new(8, 2).feed_forward(16).batch_first();
/// let layer = TransformerDecoderLayer::new(options, &mut Rng::seed(7));
/// let (x, memory) = (Tensor::ones([2, 3, 8], DType::F32), Tensor::ones([2, 5, 8], DType::F32));
/// let y = layer.forward_with(&x, Attend::new().causal(), &memory, Attend::new(), &mut Mode::eval());
/// assert_eq!(y.shape()[..], [2, 3, 8]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoderLayer {
    /// Attention of the sequence to itself.
    pub self_attn: MultiHeadAttention,
    /// Attention of the sequence to the memory.
    pub multihead_attn: MultiHeadAttention,
    /// The first product of the feed-forward network.
    pub linear1: Linear,
    /// Its second.
    pub linear2: Linear,
    /// The norm at the self-attention.
    pub norm1: LayerNorm,
    /// The norm at the attention to the memory.
    pub norm2: LayerNorm,
    /// The norm at the feed-forward network.
    pub norm3: LayerNorm,
    /// The probability of dropout inside the feed-forward network and of what is added; attentions have their own.
    pub dropout: f64,
    /// What is between the two products.
    pub activation: fn(&Tensor) -> Tensor,
    /// Whether the norms come before the parts and not after the sums.
    pub norm_first: bool,
}

impl TransformerDecoderLayer {
    /// A layer of f32, its parts initialised as by themselves.
    ///
    /// # Panics
    /// When the heads do not divide the width, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(options: TransformerOptions, rng: &mut Rng) -> Self {
        let (self_attn, multihead_attn) = (options.attention(rng), options.attention(rng));
        let [linear1, linear2] = options.linears(rng);
        TransformerDecoderLayer {
            self_attn,
            multihead_attn,
            linear1,
            linear2,
            norm1: options.norm(),
            norm2: options.norm(),
            norm3: options.norm(),
            dropout: options.dropout,
            activation: options.activation,
            norm_first: options.norm_first,
        }
    }

    /// The layer's value, without masks: every element sees all others, those after it too. A model that makes its output element
    /// by element wants [`forward_with`](Self::forward_with) and `Attend::new().causal()`.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, memory: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward_with(x, Attend::new(), memory, Attend::new(), mode)
    }

    /// The layer's value, under masks for the sequence itself and for the memory.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward_with(
        &self,
        x: &Tensor,
        masks: Attend<'_>,
        memory: &Tensor,
        memory_masks: Attend<'_>,
        mode: &mut Mode<'_>,
    ) -> Tensor {
        if self.norm_first {
            let x = x + self.attended(&self.norm1.forward(x), masks, mode);
            let x = &x + self.remembered(&self.norm2.forward(&x), memory, memory_masks, mode);
            &x + self.fed_forward(&self.norm3.forward(&x), mode)
        } else {
            let x = self.norm1.forward(&(x + self.attended(x, masks, mode)));
            let x = self.norm2.forward(&(&x + self.remembered(&x, memory, memory_masks, mode)));
            self.norm3.forward(&(&x + self.fed_forward(&x, mode)))
        }
    }

    #[track_caller]
    fn attended(&self, x: &Tensor, masks: Attend<'_>, mode: &mut Mode<'_>) -> Tensor {
        dropped(self.self_attn.forward_with(x, x, x, masks, mode), self.dropout, mode)
    }

    #[track_caller]
    fn remembered(&self, x: &Tensor, memory: &Tensor, masks: Attend<'_>, mode: &mut Mode<'_>) -> Tensor {
        dropped(self.multihead_attn.forward_with(x, memory, memory, masks, mode), self.dropout, mode)
    }

    #[track_caller]
    fn fed_forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        fed_forward(x, [&self.linear1, &self.linear2], self.activation, self.dropout, mode)
    }
}

/// A stack of [`TransformerDecoderLayer`]s, which all attend to one memory, and a norm at its end if there is one.
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoder {
    /// The layers, the first at the input.
    pub layers: Vec<TransformerDecoderLayer>,
    /// At the end.
    pub norm: Option<LayerNorm>,
}

impl TransformerDecoder {
    /// So many layers, each drawn by itself (PyTorch's are copies of one), and no norm.
    ///
    /// # Panics
    /// When the heads do not divide the width, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(options: TransformerOptions, layers: usize, rng: &mut Rng) -> Self {
        let layers = (0..layers).map(|_| TransformerDecoderLayer::new(options.clone(), rng)).collect();
        TransformerDecoder { layers, norm: None }
    }

    /// With a norm at the end, as norms that come first need.
    #[must_use]
    pub fn with_norm(self, norm: LayerNorm) -> Self {
        TransformerDecoder { norm: Some(norm), ..self }
    }

    /// The last layer's value, without masks; see [`TransformerDecoderLayer::forward`].
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, memory: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward_with(x, Attend::new(), memory, Attend::new(), mode)
    }

    /// The last layer's value, with the same masks for all layers.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward_with(
        &self,
        x: &Tensor,
        masks: Attend<'_>,
        memory: &Tensor,
        memory_masks: Attend<'_>,
        mode: &mut Mode<'_>,
    ) -> Tensor {
        let mut y = x.clone();
        for layer in &self.layers {
            y = layer.forward_with(&y, masks, memory, memory_masks, mode);
        }
        match &self.norm {
            Some(norm) => norm.forward(&y),
            None => y,
        }
    }
}
