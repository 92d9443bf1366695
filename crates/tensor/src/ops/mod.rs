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
//! | `products`, `einsum`, `distance` | dot, inner, outer, kron, tensordot, cross; einsum; cdist |
//! | `linalg` | inv, solve, solve_triangular, det, slogdet, cholesky, qr, eigh, svd, pinv, lstsq, matrix_power, matrix_exp, .. |
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
mod distance;
mod einsum;
mod elementwise;
mod extrema;
mod functions;
mod gather;
mod index;
mod join;
mod linalg;
mod matmul;
mod products;
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
pub use distance::Cdist;
pub use elementwise::{Elementwise, ElementwiseGrad, Kept};
pub use extrema::{ArgMax, ArgMin, Max, Min};
pub use functions::{Abs, Cos, Erf, Exp, Expm1, Ln, Log1p, Powf, Reciprocal, Sin, Sqrt, Square};
pub use gather::{Gather, ScatterAdd};
pub use index::{IndexAdd, IndexSelect};
pub use join::{Concat, Pad};
pub use linalg::{
    Cholesky, Det, Eigh, Inv, MatrixExp, MatrixNorm, Pinv, Qr, SlogDet, Solve, SolveTriangular, Svd, Triangular,
};
pub use matmul::MatMul;
pub use products::SummedAxes;
pub use reduce::Sum;
pub use select::{Clamp, Maximum, Minimum, Where};
pub use shape::{Expand, NewShape, Permute, Reshape};
pub use softmax::{LogSoftmax, LogSoftmaxGrad, LogSumExp, Softmax, SoftmaxGrad};
pub use stop_gradient::StopGradient;
pub use views::{Flip, Narrow};
