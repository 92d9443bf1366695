//! Derivatives of any order for [cotangent](https://docs.rs/cotangent)'s tensors, and the modules that hold tensors.
//!
//! - [`grad`], [`value_and_grad`], [`vjp`]: reverse mode, by a tape.
//! - [`jvp`]: forward mode, by dual numbers.
//! - [`jacobian`], [`hessian`], [`hvp`]: compositions of the two.
//! - [`stop_gradient`], [`checkpoint`]: what is kept and what is not.
//! - [`Module`]: any value that holds tensors can be differentiated with respect to.
//! - [`watch`]: what a computation did, on what, for which part of a model.
//! - [`check`]: derivatives held against differences, and rules of your own to the laws that all operations keep.
//!
//! Nothing here knows any particular operation: an operation brings its own rule, built-in or a user's.

#![forbid(unsafe_code)]

pub mod check;
mod checkpoint;
mod dual;
mod jacobian;
pub mod module;
mod tape;
mod transform;
pub mod watch;

pub use checkpoint::checkpoint;
pub use jacobian::{hessian, jacobian, jacobian_by_columns, jacobian_by_rows};
pub use module::Module;
pub use transform::{Pullback, grad, hvp, jvp, stop_gradient, value_and_grad, value_and_grad_with_aux, vjp};
