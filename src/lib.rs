//! Automatic differentiation and neural networks for the CPU: plain structs, any order of derivative, no graph to manage.
//!
//! ```
//! use cotangent::prelude::*;
//!
//! // A function of a tensor, its gradient, and the gradient of the gradient: the same code, run with traced tensors.
//! let f = |x: &Tensor| (x.sin() * x).sum(..);
//! let x = Tensor::from([0.0, 1.0]);
//! assert_eq!(grad(&x, f).to_vec::<f64>()[0], 0.0);
//! assert_eq!(grad(&x, |x| grad(x, f).sum(..)).to_vec::<f64>()[0], 2.0);
//! ```
//!
//! A model is a struct of your own. Its gradient has the same type:
//!
//! ```
//! use cotangent::prelude::*;
//!
//! #[derive(Module, Clone)]
//! struct Line { slope: Tensor, offset: Tensor }
//!
//! impl Line {
//!     fn forward(&self, x: &Tensor) -> Tensor { x * &self.slope + &self.offset }
//! }
//!
//! let (x, y) = (Tensor::from([0.0, 1.0, 2.0]), Tensor::from([1.0, 3.0, 5.0]));
//! let mut line = Line { slope: Tensor::from(0.0), offset: Tensor::from(0.0) };
//! for _ in 0..200 {
//!     let gradient = grad(&line, |line| (line.forward(&x) - &y).square().mean(..));
//!     line.slope -= gradient.slope * 0.2;
//!     line.offset -= gradient.offset * 0.2;
//! }
//! assert!((line.slope.item::<f64>() - 2.0).abs() < 1e-3 && (line.offset.item::<f64>() - 1.0).abs() < 1e-3);
//! ```
//!
//! A network is made of layers, and an optimizer does the steps:
//!
//! ```
//! use cotangent::prelude::*;
//!
//! #[derive(Module, Clone)]
//! struct Mlp { hidden: Linear, output: Linear }
//!
//! impl Mlp {
//!     fn forward(&self, x: &Tensor) -> Tensor { self.output.forward(&self.hidden.forward(x).relu()) }
//! }
//!
//! // Is the sum of two numbers positive?
//! let mut rng = Rng::seed(7);
//! let x = rng.normal([200, 2], DType::F32);
//! let y = x.sum(1).gt(0).cast(DType::I64);
//! let loader = Loader::new(&x, &y, 20)?;
//!
//! let mut model = Mlp { hidden: Linear::new(2, 8, &mut rng), output: Linear::new(8, 2, &mut rng) };
//! let mut adam = Adam::new(1e-2);
//! for _ in 0..10 {
//!     for batch in loader.epoch(&mut rng) {
//!         let (_loss, gradient) = value_and_grad(&model, |m| m.forward(&batch.x).cross_entropy(&batch.y));
//!         adam.step(&mut model, &gradient);
//!     }
//! }
//! assert!(cotangent::nn::accuracy(&model.forward(&x), &y) > 0.95);
//! # Ok::<(), cotangent::Error>(())
//! ```
//!
//! # Where things are
//!
//! | crate | what it holds | re-exported here |
//! |---|---|---|
//! | `cotangent-tensor` | tensors, operations and their rules, [`Primitive`], [`Rng`] | at the root, operations in [`ops`] |
//! | `cotangent-autograd` | [`grad`], [`vjp`], [`jvp`] and their like, [`Module`], the checker of functions and rules [`check`] | at the root |
//! | `cotangent-nn` | layers, losses, optimizers, schedules, data, training, files | [`nn`] |
//!
//! # Threads and instructions
//!
//! The environment says what kernels run with; without it, with all that the machine has.
//!
//! | variable | values |
//! |---|---|
//! | `RAYON_NUM_THREADS` | how many threads; results have the same bits for any number |
//! | `COTANGENT_ISA` | the instruction set of all kernels, matrix products too: `portable`, and on x86-64 `avx2` or `avx512`. Unset, the widest that the processor has; one that it lacks, or another name, is refused with a panic. Last bits may differ between them |
//!
//! # Where a function has no derivative
//!
//! | place | derivative |
//! |---|---|
//! | relu at 0 | 0 |
//! | abs at 0 | 0 |
//! | maximum, minimum at a tie | half to each |
//! | max, min over axes at ties | equal shares |
//! | clamp, relu6, hardtanh at their bounds | 0 |
//! | sqrt at 0 | infinite; see [`ops::Where`] for how to keep it out of a composition |
//! | hypot, atan2 at the origin | 0 |
//! | var of one element, or of a constant | as the formula says: of a constant 0 |
//! | hinge losses at their corner | 0 |
//! | integers, bool, comparisons, argmax | none: constants |

#![forbid(unsafe_code)]

pub use cotangent_autograd::*;
pub use cotangent_derive::FacadeModule as Module;
pub use cotangent_nn as nn;
pub use cotangent_tensor::*;

/// What most programs need: `use cotangent::prelude::*;`.
pub mod prelude {
    pub use crate::nn::{
        Adam, AdamW, BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, Dropout, Embedding, Flatten, Gru, Layer, LayerNorm,
        Linear, Loss as _, Lstm, MaxPool2d, Mode, MultiHeadAttention, Optimizer, Sequential, Sgd,
        data::Loader,
        schedule::{self, Schedule as _},
        training::Trainer,
    };
    pub use crate::ops::{Ellipsis, NewAxis, step};
    pub use crate::{
        DType, Module, Rng, Tensor, checkpoint, grad, hessian, hvp, jacobian, jvp, stop_gradient, value_and_grad,
        value_and_grad_with_aux, vjp,
    };
}

/// What the README and the guide show is compiled and run by `cargo test`.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/inside-the-network.md")]
    struct InsideTheNetwork;
}
