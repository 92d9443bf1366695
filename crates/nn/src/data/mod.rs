//! Data: where examples come from, in which order they come, and how they become batches.
//!
//! - [`Dataset`]: examples by their place; [`Loader`]: batches of them, shuffled by a generator of the caller's, made ahead on other
//!   threads where that pays, saved in the middle of an epoch and continued.
//! - [`Sampler`], [`split`]: which examples an epoch has; parts to train on and to test.
//! - [`idx`] (MNIST), [`npy`], [`npz`], `csv` and `images` (with the features of those names), [`text`]: data from outside. Whatever the bytes are, a
//!   reader returns data or an error that names the place, and asks for no more memory than a multiple of them that it states.
//! - [`augment`]: images that are changed a little, batch by batch.
//! - [`digits`]: images inside the library, to learn from without a download.

pub mod augment;
mod collate;
#[cfg(feature = "csv")]
pub mod csv;
mod dataset;
mod digits;
mod element_bytes;
pub mod idx;
#[cfg(feature = "images")]
pub mod images;
mod loader;
pub mod npy;
pub mod npz;
mod position;
mod prefetch;
mod read_error;
mod sampler;
pub mod split;
pub mod text;

pub use collate::{By, Collate, Example, Stack, Stacked};
pub use dataset::{Chained, Dataset, Examples, Mapped, Paired, Subset};
pub use digits::{Digits, digits};
pub use loader::{Batch, Epoch, Loader};
pub use position::Position;
pub use prefetch::{Ahead, Prefetched};
pub use read_error::{Place, ReadError, ReadErrorKind, ReadResult};
pub use sampler::{Sampler, Sequential, Shuffled, Weighted};
