//! The operations, a folder for each family, a room for each kind. An operation is its method on [`Tensor`](crate::Tensor), its
//! primitive and its derivative rule, side by side.
//!
//! | family | what |
//! |---|---|
//! | `pointwise` | Functions of each element: arithmetic, comparisons, functions of one and of several numbers, activations. |
//! | `reduction` | What becomes of an axis: sums, products, norms, extrema, quantiles; and the softmax family, which normalises by a sum. |
//! | `ordering` | Along an axis in order: running sums and products, differences, sorting, searching. |
//! | `shaping` | The same elements in other places: shapes, views, joining, splitting, tiling, padding, windows. |
//! | `indexing` | Elements by their index: gathering, scattering, masks, and NumPy's square brackets. |
//! | `linear` | Products of matrices and tensors, distances, and dense linear algebra. |
//! | `network` | What neural networks are made of: convolutions, pools, normalisation, attention, embeddings, resampling, fused losses. |
//!
//! Shared by the families: `broadcast` makes shapes equal, `rows` brings axes last for kernels of rows.
//!
//! Each method panics with the error of its primitive; `try_apply(&primitive, &inputs)` returns it.
//!
#![doc = include_str!("operations.md")]

mod broadcast;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod refused;
mod rows;

mod indexing;
mod linear;
mod network;
mod ordering;
mod pointwise;
mod reduction;
mod shaping;

pub use broadcast::{Operand, ToNumber};
pub use indexing::*;
pub use linear::*;
pub use network::*;
pub use ordering::*;
pub use pointwise::*;
pub use reduction::*;
pub use shaping::*;
