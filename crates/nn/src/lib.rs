//! Neural networks of [cotangent](https://docs.rs/cotangent): what is built on tensors and their derivatives.
//!
//! - A layer is a struct of tensors with a `forward`; names, layouts, defaults and [the laws that weights are drawn from](init) are
//!   PyTorch's:
//!   - [`Linear`], [`Bilinear`], [`Embedding`]; [`Conv1d`], [`Conv2d`], [`Conv3d`] and their transposes, such as
//!     [`ConvTranspose2d`];
//!   - [`MaxPool2d`], [`AvgPool2d`], [`AdaptiveAvgPool2d`] and their like over one and three axes;
//!   - [`BatchNorm2d`] and [`InstanceNorm2d`] over one to three axes, [`LayerNorm`], [`RmsNorm`], [`GroupNorm`],
//!     [`LocalResponseNorm`];
//!   - [`Dropout`] of elements, [`Dropout2d`] of channels, [`AlphaDropout`];
//!   - [`Rnn`], [`Lstm`], [`Gru`] over whole sequences, and their cells, such as [`LstmCell`], for one step;
//!   - [`MultiHeadAttention`], [`TransformerEncoder`] and [`TransformerDecoder`] with their layers, [`Transformer`];
//!     [`SinusoidalPositions`], [`LearnedPositions`], [`RotaryPositions`];
//!   - [`Sequential`] and tuples of layers, [`Flatten`], [`Upsample`], [`PixelShuffle`], and activations such as [`Gelu`];
//!     [`Layer`] is what goes into them.
//! - [`Mode`]: training against evaluation, an argument of those models that have dropout or running statistics.
//! - [`Loss`]: what training makes small, as methods of a tensor; [`loss`] has them with options.
//! - [`Sgd`], [`Adam`], [`AdamW`] and others: optimizers, which change a model in place by its gradient; [`optim`] has groups of
//!   parameters, clipping, averages of weights, and how to write an optimizer of one's own.
//! - [`schedule`]: what the learning rate is in each step.
//! - [`accuracy`], [`confusion_matrix`]: how good a classifier is; [`metrics`] has them all.
//! - [`files`]: models in safetensors files under PyTorch's names, and checkpoints of whole trainings.
//! - [`seeing`]: what a model is made of, as a table; its graph as a picture; where numbers vanish, explode or become NaN.
//! - [`training`]: the loop by hand, and a [`Trainer`](training::Trainer) for the common case: validation, early stopping, logs, checkpoints.
//! - [`data`]: datasets, batches of them, parts to train on and to test, readers of files, and a set of images inside the library.
//! - `pictures`, with the feature of that name: charts, heat maps, images and matrices as SVG.
//!
//! Nothing here knows how gradients come about: a model is a [`Module`](cotangent_autograd::Module), and so is its gradient.

#![forbid(unsafe_code)]

pub mod data;
pub mod files;
pub mod init;
mod labels;
mod layers;
pub mod loss;
pub mod metrics;
mod mode;
pub mod optim;
#[cfg(test)]
mod panics;
#[cfg(feature = "pictures")]
pub mod pictures;
mod refusal;
pub mod schedule;
pub mod seeing;
mod state;
pub mod training;

pub use layers::*;
pub use loss::Loss;
pub use metrics::{accuracy, confusion_matrix};
pub use mode::Mode;
pub use optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Lamb, Lbfgs, Lion, Muon, Nadam, Optimizer, RAdam, RmsProp, Sgd,
};
