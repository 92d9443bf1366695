//! Neural networks of [cotangent](https://docs.rs/cotangent): what is built on tensors and their derivatives.

#![forbid(unsafe_code)]

pub mod data;
