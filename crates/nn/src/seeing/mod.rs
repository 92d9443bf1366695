//! Seeing what a model does: what it is made of, what was computed, how large the numbers are, and where they break.
//!
//! - [`summary`], [`summary_of`]: a table of parts, output shapes, parameters and arithmetic, without computing anything.
//! - [`Graph`]: the graph of a computation, for Graphviz or as a picture, with values and cotangents where they are short.
//! - [`Statistics`]: values and gradients part by part, to find layers that are dead or explode.
//! - [`find_nan`]: the operation in which the first NaN or infinity arose, forward or backward, and its place in the model.
//!
//! All of it is made of a [recording](cotangent_autograd::watch), which anything else can be made of too.

mod graph;
mod not_finite;
mod numbers;
mod rows;
mod statistics;
mod summary;
mod table;

pub use graph::Graph;
pub use not_finite::{NotFinite, Place, find_nan};
pub use numbers::Numbers;
pub use statistics::{Health, Seen, Statistics};
pub use summary::{Row, Summary, summary, summary_of};
