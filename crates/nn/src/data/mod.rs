//! Data: where examples come from, in which order they come, and how they become batches.
//!
//! - [`Dataset`]: examples by their place; [`Loader`]: batches of them, shuffled by a generator of the caller's, made ahead on other
//!   threads where that pays, saved in the middle of an epoch and continued.
//! - [`Sampler`], [`split`]: which examples an epoch has; parts to train on and to test.
//! - [`digits`]: images inside the library, to learn from without a download.

mod collate;
mod dataset;
mod digits;
mod loader;
mod position;
mod prefetch;
mod sampler;
pub mod split;

pub use collate::{By, Collate, Example, Stack, Stacked};
pub use dataset::{Chained, Dataset, Mapped, Paired, Subset};
pub use digits::{Digits, digits};
pub use loader::{Batch, Epoch, Loader};
pub use position::Position;
pub use prefetch::Prefetched;
pub use sampler::{Sampler, Sequential, Shuffled, Weighted};
