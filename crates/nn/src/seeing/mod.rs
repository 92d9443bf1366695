//! Seeing what a model does.
//!
//! - [`Graph`]: the graph of a computation, for Graphviz or as a picture, with values and cotangents where they are short.
//!
//! It is made of a [recording](cotangent_autograd::watch), which anything else can be made of too.

mod graph;

pub use graph::Graph;
