//! The transformer: layers of attention and a small network, with what they add to added to their input, and stacks of them.
//!
//! (Vaswani et al., "Attention is all you need", NeurIPS 2017; with the norms first: Xiong et al., "On layer normalization in the
//! transformer architecture", ICML 2020.)

mod decoder;
mod encoder;
mod options;
#[cfg(test)]
mod tests;

pub use decoder::{TransformerDecoder, TransformerDecoderLayer};
pub use encoder::{TransformerEncoder, TransformerEncoderLayer};
pub use options::TransformerOptions;

use super::Attend;
use crate::{
    Mode,
    init::{self, gain},
};
use cotangent_autograd::module;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Tensor};

/// An encoder of a source, and a decoder that makes a target of it.
///
/// ```
/// use cotangent_nn::{Attend, Mode, Transformer, TransformerOptions};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let options = TransformerOptions::new(8, 2).feed_forward(16).batch_first();
/// let model = Transformer::new(options, 1, 1, &mut Rng::seed(7));
/// let (source, target) = (Tensor::ones([2, 5, 8], DType::F32), Tensor::ones([2, 3, 8], DType::F32));
/// let memory = model.encoder.forward(&source, &mut Mode::eval());
/// let causal = Attend::new().causal();
/// let y = model.decoder.forward_with(&target, causal, &memory, Attend::new(), &mut Mode::eval());
/// assert_eq!(y.shape()[..], [2, 3, 8]);
/// // The same in one call.
/// let again = model.forward(&source, &target, &mut Mode::eval());
/// assert_eq!(again.to_vec::<f32>(), y.to_vec::<f32>());
/// ```
#[derive(Clone, Debug, Module)]
pub struct Transformer {
    /// What reads the source.
    pub encoder: TransformerEncoder,
    /// What makes the target of it.
    pub decoder: TransformerDecoder,
}

impl Transformer {
    /// So many layers on each side, and a norm after each side, as in PyTorch; all matrices by Xavier's uniform law. PyTorch's defaults
    /// are a width of 512, 8 heads, and 6 layers on each side.
    ///
    /// # Panics
    /// When the heads do not divide the width, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(options: TransformerOptions, encoder_layers: usize, decoder_layers: usize, rng: &mut Rng) -> Self {
        let mut transformer = Transformer {
            encoder: TransformerEncoder::new(options.clone(), encoder_layers, rng).with_norm(options.norm()),
            decoder: TransformerDecoder::new(options.clone(), decoder_layers, rng).with_norm(options.norm()),
        };
        module::for_each_mut(&mut transformer, |leaf| {
            if leaf.tensor.rank() > 1 {
                *leaf.tensor = init::xavier_uniform(leaf.tensor.shape(), gain::LINEAR, DType::F32, rng);
            }
        });
        transformer
    }

    /// The target, each element of which sees those before it and the whole source. For other masks call the encoder and the
    /// decoder.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, source: &Tensor, target: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let memory = self.encoder.forward(source, mode);
        self.decoder.forward_with(target, Attend::new().causal(), &memory, Attend::new(), mode)
    }
}

/// x after dropout, for which a mode is asked only where there is any.
#[track_caller]
pub(super) fn dropped(x: Tensor, p: f64, mode: &mut Mode<'_>) -> Tensor {
    if p == 0.0 {
        return x;
    }
    match mode.rng() {
        Some(rng) => x.dropout(p, rng),
        None => x,
    }
}
