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
//! | `shape`, `views` | reshape, flatten, permute, transpose, expand, squeeze, unsqueeze; narrow, flip |
//! | `join` | concat, stack, pad |
//! | `split`, `arrange`, `tiling` | split, chunk, unbind; movedim, roll, rot90, unflatten, meshgrid, hstack, ..; tile, repeat, repeat_interleave |
//! | `slice`, `subscript` | NumPy's square brackets: index, select, index_put, index_add_at, with_index |
//! | `diagonal`, `triangle` | diagonal, diag, diag_embed, trace; tril, triu |
//! | `unfold`, `pad_mode` | windows of an axis; padding by reflection, repetition, turns |
//! | `index` | index_select, gather, scatter_add |
//! | `take`, `scatter` | take, take_along_dim, index_fill, index_copy; scatter, scatter_reduce |
//! | `mask`, `one_hot` | masked_fill, masked_select, nonzero; one_hot |
//!
//! Each method panics with the error of its primitive; `try_apply(&primitive, &inputs)` returns it.
//!
#![doc = include_str!("operations.md")]

mod activations;
mod arithmetic;
mod arrange;
mod broadcast;
mod cast;
mod compare;
mod diagonal;
mod elementwise;
mod extrema;
mod functions;
mod gather;
mod index;
mod join;
mod mask;
mod matmul;
mod one_hot;
mod pad_mode;
mod placing;
mod reduce;
#[cfg(test)]
mod refused;
mod scatter;
mod select;
mod shape;
mod slice;
mod softmax;
mod split;
mod stop_gradient;
mod subscript;
mod take;
mod tiling;
mod triangle;
mod unfold;
mod views;

pub use activations::{Gelu, GeluTanh, Relu, Sigmoid, Softplus, Tanh};
pub use arithmetic::{Add, Div, Mul, Neg, Sub};
pub use arrange::Grid;
pub use broadcast::{Operand, ToNumber};
pub use cast::Cast;
pub use compare::{Compare, Comparison};
pub use diagonal::{Diagonal, DiagonalScatter};
pub use elementwise::{Elementwise, ElementwiseGrad, Kept};
pub use extrema::{ArgMax, ArgMin, Max, Min};
pub use functions::{Abs, Cos, Erf, Exp, Expm1, Ln, Log1p, Powf, Reciprocal, Sin, Sqrt, Square};
pub use gather::{Gather, ScatterAdd};
pub use index::{IndexAdd, IndexSelect};
pub use join::{Concat, Pad};
pub use matmul::MatMul;
pub use one_hot::OneHot;
pub use pad_mode::{PadMode, PadWith, PadWithTranspose};
pub use reduce::Sum;
pub use scatter::{Scatter, ScatterExtremum, ScatterProd, ScatterReduce};
pub use select::{Clamp, Maximum, Minimum, Where};
pub use shape::{Expand, NewShape, Permute, Reshape};
pub use slice::{Cut, Slice, SliceScatter};
pub use softmax::{LogSoftmax, LogSoftmaxGrad, LogSumExp, Softmax, SoftmaxGrad};
pub use split::Split;
pub use stop_gradient::StopGradient;
pub use subscript::{Ellipsis, Index, IndexPut, Item, NewAxis, Span, Subscript, step};
pub use tiling::Repeats;
pub use triangle::Triangle;
pub use unfold::{OverlapAdd, Unfold};
pub use views::{Flip, Narrow};
