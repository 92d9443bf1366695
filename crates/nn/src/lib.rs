//! Neural networks of [cotangent](https://docs.rs/cotangent): what is built on tensors and their derivatives.
//!
//! - [`Linear`]: a layer is a struct of tensors with a `forward`; [`init`] has the laws that its tensors are drawn from.
//! - [`Loss`]: what training makes small, as methods of a tensor; [`loss`] has them with options.
//! - [`Sgd`], [`Adam`], [`AdamW`] and others: optimizers, which change a model in place by its gradient; [`optim`] has groups of
//!   parameters, clipping, averages of weights, and how to write an optimizer of one's own.
//! - [`schedule`]: what the learning rate is in each step.
//! - [`accuracy`], [`confusion_matrix`]: how good a classifier is; [`metrics`] has them all.
//! - [`files`]: models in safetensors files under PyTorch's names, and checkpoints of whole trainings.
//! - [`data`]: datasets, batches of them, parts to train on and to test, readers of files, and a set of images inside the library.
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
pub mod optim;
#[cfg(test)]
mod panics;
pub mod schedule;
mod state;

pub use layers::Linear;
pub use loss::Loss;
pub use metrics::{accuracy, confusion_matrix};
pub use optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Lamb, Lbfgs, Lion, Muon, Nadam, Optimizer, RAdam, RmsProp, Sgd,
};
