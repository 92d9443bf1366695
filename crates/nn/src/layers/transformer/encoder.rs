//! Layers that a sequence attends to itself in.

use super::{dropped, options::TransformerOptions};
use crate::{Attend, Layer, LayerNorm, Linear, Mode, MultiHeadAttention};
use cotangent_derive::Module;
use cotangent_tensor::{Rng, Tensor};

/// Self-attention, then a feed-forward network `linear2(activation(linear1(x)))`, each added to its input and normed:
///
/// ```text
/// x = norm1(x + self_attn(x)), y = norm2(x + feed_forward(x))          norms after the sums, unless asked otherwise
/// x = x + self_attn(norm1(x)), y = x + feed_forward(norm2(x))          norms first
/// ```
///
/// ```
/// use cotangent_nn::{Attend, Mode, TransformerEncoderLayer, TransformerOptions};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let options = TransformerOptions::new(8, 2).feed_forward(16).activation(Tensor::gelu).norm_first().batch_first();
/// let layer = TransformerEncoderLayer::new(options, &mut Rng::seed(7));
/// let x = Tensor::ones([3, 5, 8], DType::F32);
/// let y = layer.forward_with(&x, Attend::new().causal(), &mut Mode::eval());
/// assert_eq!(y.shape()[..], [3, 5, 8]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoderLayer {
    /// Attention.
    pub self_attn: MultiHeadAttention,
    /// The first product of the feed-forward network.
    pub linear1: Linear,
    /// Its second.
    pub linear2: Linear,
    /// The norm at the attention.
    pub norm1: LayerNorm,
    /// The norm at the feed-forward network.
    pub norm2: LayerNorm,
    /// The probability of dropout inside the feed-forward network and of what is added; attention has its own.
    pub dropout: f64,
    /// What is between the two products.
    pub activation: fn(&Tensor) -> Tensor,
    /// Whether the norms come before the parts and not after the sums.
    pub norm_first: bool,
}

impl TransformerEncoderLayer {
    /// A layer of f32, its parts initialised as by themselves.
    ///
    /// # Panics
    /// When the heads do not divide the width, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(options: TransformerOptions, rng: &mut Rng) -> Self {
        let self_attn = options.attention(rng);
        let [linear1, linear2] = options.linears(rng);
        TransformerEncoderLayer {
            self_attn,
            linear1,
            linear2,
            norm1: options.norm(),
            norm2: options.norm(),
            dropout: options.dropout,
            activation: options.activation,
            norm_first: options.norm_first,
        }
    }

    /// The layer's value, without masks.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward_with(x, Attend::new(), mode)
    }

    /// The layer's value, where elements see those that the masks leave.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward_with(&self, x: &Tensor, masks: Attend<'_>, mode: &mut Mode<'_>) -> Tensor {
        if self.norm_first {
            let x = x + self.attended(&self.norm1.forward(x), masks, mode);
            &x + self.fed_forward(&self.norm2.forward(&x), mode)
        } else {
            let x = self.norm1.forward(&(x + self.attended(x, masks, mode)));
            self.norm2.forward(&(&x + self.fed_forward(&x, mode)))
        }
    }

    #[track_caller]
    fn attended(&self, x: &Tensor, masks: Attend<'_>, mode: &mut Mode<'_>) -> Tensor {
        dropped(self.self_attn.forward_with(x, x, x, masks, mode), self.dropout, mode)
    }

    #[track_caller]
    fn fed_forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        fed_forward(x, [&self.linear1, &self.linear2], self.activation, self.dropout, mode)
    }
}

/// `linear2(activation(linear1(x)))`, with dropout in between and at the end.
#[track_caller]
pub(super) fn fed_forward(
    x: &Tensor,
    [linear1, linear2]: [&Linear; 2],
    activation: fn(&Tensor) -> Tensor,
    dropout: f64,
    mode: &mut Mode<'_>,
) -> Tensor {
    let hidden = dropped(activation(&linear1.forward(x)), dropout, mode);
    dropped(linear2.forward(&hidden), dropout, mode)
}

/// A stack of [`TransformerEncoderLayer`]s, and a norm at its end if there is one.
///
/// ```
/// use cotangent_autograd::module;
/// use cotangent_nn::{Mode, TransformerEncoder, TransformerOptions};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let options = TransformerOptions::new(8, 2).feed_forward(16).dropout(0.0);
/// let encoder = TransformerEncoder::new(options.clone(), 2, &mut Rng::seed(7)).with_norm(options.norm());
/// let y = encoder.forward(&Tensor::ones([5, 3, 8], DType::F32), &mut Mode::eval());
/// assert_eq!(y.shape()[..], [5, 3, 8]);
/// assert_eq!(module::named_tensors(&encoder)[0].0, "layers.0.self_attn.in_proj_weight");
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoder {
    /// The layers, the first at the input.
    pub layers: Vec<TransformerEncoderLayer>,
    /// At the end.
    pub norm: Option<LayerNorm>,
}

impl TransformerEncoder {
    /// So many layers, each drawn by itself (PyTorch's are copies of one), and no norm.
    ///
    /// # Panics
    /// When the heads do not divide the width, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(options: TransformerOptions, layers: usize, rng: &mut Rng) -> Self {
        let layers = (0..layers).map(|_| TransformerEncoderLayer::new(options.clone(), rng)).collect();
        TransformerEncoder { layers, norm: None }
    }

    /// With a norm at the end, as norms that come first need.
    #[must_use]
    pub fn with_norm(self, norm: LayerNorm) -> Self {
        TransformerEncoder { norm: Some(norm), ..self }
    }

    /// The last layer's value, without masks.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward_with(x, Attend::new(), mode)
    }

    /// The last layer's value, with the same masks for all layers.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward_with(&self, x: &Tensor, masks: Attend<'_>, mode: &mut Mode<'_>) -> Tensor {
        let mut y = x.clone();
        for layer in &self.layers {
            y = layer.forward_with(&y, masks, mode);
        }
        match &self.norm {
            Some(norm) => norm.forward(&y),
            None => y,
        }
    }
}

/// Without masks.
impl Layer for TransformerEncoderLayer {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward(x, mode)
    }
}

/// Without masks.
impl Layer for TransformerEncoder {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward(x, mode)
    }
}
