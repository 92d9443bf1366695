//! Derivatives of any order for [cotangent](https://docs.rs/cotangent)'s tensors, and the modules that hold tensors.

#![forbid(unsafe_code)]

pub mod module;

pub use module::Module;
