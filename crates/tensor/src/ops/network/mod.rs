//! What neural networks are made of: convolutions, pools, normalisation, attention, embeddings, resampling, fused losses.
//!
//! | room | operations |
//! |---|---|
//! | `cross_entropy`, `ctc` | the fused losses of logits against class indices, and of alignments |
//! | `conv` | conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, im2col, col2im |
//! | `pool` | max_pool, avg_pool, adaptive_max_pool, adaptive_avg_pool, each 1d, 2d and 3d |
//! | `normalise` | layer_norm, rms_norm, group_norm, instance_norm, batch_norm, local_response_norm |
//! | `attention` | scaled_dot_product_attention, masked_softmax |
//! | `lstm` | the steps of a long short-term memory, for its layer |
//! | `embedding`, `rotary`, `dropout` | embedding; rotary_embedding; dropout, feature_dropout, alpha_dropout |
//! | `resample`, `grid` | interpolate, pixel_shuffle, pixel_unshuffle; grid_sample, affine_grid |
//! | `similarity` | normalize, cosine_similarity, pairwise_distance |

pub(super) mod attention;
pub(super) mod conv;
pub(super) mod cross_entropy;
pub(super) mod ctc;
pub(super) mod dropout;
pub(super) mod embedding;
pub(super) mod grid;
pub(super) mod lstm;
pub(super) mod normalise;
pub(super) mod pool;
pub(super) mod resample;
pub(super) mod rotary;
pub(super) mod similarity;

pub use attention::{Attention, ScaledDotProductAttention};
pub use conv::{Col2Im, Conv, ConvTranspose, ConvWeightGrad, Im2Col};
pub use cross_entropy::{CrossEntropy, CrossEntropyGrad};
pub use ctc::{CtcLoss, CtcLossGrad};
pub use grid::{GridPadding, GridSample};
pub use lstm::LstmSteps;
pub use normalise::Normalise;
pub use pool::{AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, AvgPoolGrad, MaxPool};
pub use resample::{Interpolate, Interpolation, Resample};
pub use rotary::{Rotary, RotaryEmbedding};
