//! The operations, one room per family. An operation is its method on [`Tensor`](crate::Tensor), its primitive and its derivative
//! rule, side by side.
//!
//! | room | operations |
//! |---|---|
//! | `arithmetic` | `+ - * /`, negation |
//! | `elementwise` | the trait [`Elementwise`]: one scalar formula and its derivative make a fused operation |
//! | `functions` | exp, ln, sqrt, powers, sin, cos, abs, .. |
//! | `activations` | sigmoid, tanh, relu, gelu, softplus |
//! | `select` | maximum, minimum, clamp, where |
//! | `compare` | eq, ne, lt, le, gt, ge |
//! | `cast`, `stop_gradient` | cast; stop_gradient |
//! | `reduce`, `extrema`, `softmax` | sum, mean, var; max, min, argmax, argmin; softmax, log_softmax, logsumexp |
//! | `matmul` | matmul |
//! | `conv` | conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, im2col, col2im |
//! | `pool` | max_pool, avg_pool, adaptive_max_pool, adaptive_avg_pool, each 1d, 2d and 3d |
//! | `shape`, `views` | reshape, flatten, permute, transpose, expand, squeeze, unsqueeze; narrow, flip |
//! | `join` | concat, stack, pad |
//! | `index` | index_select, gather, scatter_add |
//!
//! Each method panics with the error of its primitive; `try_apply(&primitive, &inputs)` returns it.
//!
#![doc = include_str!("operations.md")]

mod activations;
mod arithmetic;
mod broadcast;
mod cast;
mod compare;
mod conv;
mod elementwise;
mod extrema;
mod functions;
mod gather;
mod index;
mod join;
mod matmul;
mod pool;
mod reduce;
mod select;
mod shape;
mod softmax;
mod stop_gradient;
mod views;

pub use activations::{Gelu, GeluTanh, Relu, Sigmoid, Softplus, Tanh};
pub use arithmetic::{Add, Div, Mul, Neg, Sub};
pub use broadcast::{Operand, ToNumber};
pub use cast::Cast;
pub use compare::{Compare, Comparison};
pub use conv::{Col2Im, Conv, ConvTranspose, ConvWeightGrad, Im2Col};
pub use elementwise::{Elementwise, ElementwiseGrad, Kept};
pub use extrema::{ArgMax, ArgMin, Max, Min};
pub use functions::{Abs, Cos, Erf, Exp, Expm1, Ln, Log1p, Powf, Reciprocal, Sin, Sqrt, Square};
pub use gather::{Gather, ScatterAdd};
pub use index::{IndexAdd, IndexSelect};
pub use join::{Concat, Pad};
pub use matmul::MatMul;
pub use pool::{AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, AvgPoolGrad, MaxPool};
pub use reduce::Sum;
pub use select::{Clamp, Maximum, Minimum, Where};
pub use shape::{Expand, NewShape, Permute, Reshape};
pub use softmax::{LogSoftmax, LogSoftmaxGrad, LogSumExp, Softmax, SoftmaxGrad};
pub use stop_gradient::StopGradient;
pub use views::{Flip, Narrow};
