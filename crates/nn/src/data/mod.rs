//! Data: a small set of images to learn from without a download, and batches of any tensors.

mod digits;
mod loader;

pub use digits::{Digits, digits};
pub use loader::{Batch, Epoch, Loader};
