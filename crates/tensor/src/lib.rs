//! Tensors, kernels and differentiable operations: the ground of [cotangent](https://docs.rs/cotangent).
//!
//! This crate knows what a tensor is, how to compute with it, and the derivative *rule* of each operation. It does not know how
//! derivatives are computed: that is `cotangent-autograd`, which implements [`Tracer`] for the transforms.
//!
//! - [`Tensor`] is the user's handle; [`Array`] the concrete data under it.
//! - [`Primitive`] is an operation: [`apply`] runs it, plain or traced.
//! - [`ops`] holds the operations, one room per family; each is a method on [`Tensor`] and a primitive with its rule.

mod array;
mod display;
mod dtype;
mod error;
mod few;
mod kernels;
mod layout;
pub mod ops;
mod per_axis;
mod primitive;
mod real;
mod rng;
mod shape;
mod storage;
mod tensor;
mod tracer;

pub use array::Array;
pub use dtype::{DType, Element, Number};
pub use error::{Error, ErrorKind, Result};
pub use few::{Few, IntoIter};
pub use half::{bf16, f16};
pub use kernels::{
    parallel::with_threads,
    pieces::{PieceChange, change_in_pieces},
};
pub use per_axis::{ConvPadding, PerAxis, PooledSize};
pub use primitive::{
    Accumulate, ClonePrimitive, Cotangent, Cotangents, Decompose, Derivative, Keep, Primitive, Promise, Saved, Vjp,
    apply, apply_owned, try_apply, try_decompose,
};
pub use real::{Dual, Real};
pub use rng::Rng;
pub use shape::{Axes, Shape, Spec, SpecRef};
pub use storage::Buffer;
pub use tensor::Tensor;
pub use tracer::{Level, Tracer};

/// How much memory tensors hold, and giving back what is kept for reuse.
pub mod memory {
    pub use crate::storage::{cached_bytes, live_bytes, trim};
}
