//! Automatic differentiation and neural networks for the CPU.
pub use cotangent_tensor::*;
