//! Files: models under PyTorch's names, and whole trainings, in safetensors files.
//!
//! - [`save`] and [`load`]: a model to a file and back. [`NamedTensors`] is what lies between: it renames, casts, loads a
//!   part, reads files that others wrote, and does all of that with NPZ too.
//! - [`Checkpoint`]: everything that a training needs to go on as if it had never stopped, with a checksum over every byte.
//!   [`Rotation`] keeps the last few of them, [`Best`] the best. What has a [`State`] can be a part of one.
//!
//! A file appears under its name only when it is complete and on disk, so that whatever goes wrong, the file that was there
//! before survives. A process that is killed while it writes leaves a hidden file, `.NAME.PROCESS-COUNT.tmp`; `Rotation` and `Best` remove
//! what was left of theirs with the next that they write. Files are taken to be hostile: nothing in one makes a reader panic, and no size that it declares is
//! believed before it was held against the length of the file.
//!
//! ```
//! use cotangent_autograd::module;
//! use cotangent_nn::{Linear, files};
//! use cotangent_tensor::Rng;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("line.safetensors");
//! let model = Linear::new(3, 2, &mut Rng::seed(7));
//! files::save(&model, &path)?;
//!
//! let mut other = Linear::new(3, 2, &mut Rng::seed(8));
//! files::load(&mut other, &path)?;
//! assert_eq!(other.weight.to_vec::<f32>(), model.weight.to_vec::<f32>());
//!
//! // Into another model nothing is loaded, and the error lists all that does not fit.
//! let mut narrow = Linear::new(2, 2, &mut Rng::seed(9)).without_bias();
//! let error = files::load(&mut narrow, &path).unwrap_err().to_string();
//! assert!(error.contains("`bias` is not in the model; `weight` is f32[2, 3] in the file and f32[2, 2] in the model"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod atomic;
mod checkpoint;
mod codec;
mod element;
mod error;
mod fit;
mod header;
mod named;
mod npz;
mod rotation;
mod state;
#[cfg(test)]
mod tests;

pub use checkpoint::Checkpoint;
pub use error::{FileError, Problem};
pub use fit::{Misfit, Report};
pub use named::{NamedTensors, Reading};
pub use rotation::{Best, Latest, Rotation};
pub use state::State;

use codec::Decoded;
use cotangent_autograd::Module;
use std::path::Path;

/// Writes every tensor of a module, buffers too, to a safetensors file, each under its path; for files with strings beside
/// the tensors see [`NamedTensors`].
///
/// # Errors
/// When the file cannot be written; a file that was there is left as it was.
///
/// # Panics
/// When two tensors of the module have the same path.
#[track_caller]
pub fn save<M: Module + ?Sized>(module: &M, path: impl AsRef<Path>) -> Result<(), FileError> {
    NamedTensors::of(module).write(path)
}

/// Replaces every tensor of a module by that of its path in a safetensors file, which must have all of them and no others,
/// with the same shapes and dtypes; for files that fit less well see [`NamedTensors`].
///
/// # Errors
/// When the file cannot be read, is damaged, or does not fit the module, with [`Problem::Misfit`], which lists everything
/// that does not fit, or [`Problem::ACheckpoint`], for what [`Checkpoint`] and [`SaveBest`](crate::training::SaveBest) write. The module is then left as it was.
pub fn load<M: Module + ?Sized>(module: &mut M, path: impl AsRef<Path>) -> Result<(), FileError> {
    let path = path.as_ref();
    let mut load = || {
        let Decoded { tensors, metadata } = Reading::new().decode_file(path)?;
        fit::load(&tensors, module).map_err(|problem| match checkpoint::parts_of(&metadata) {
            Some(parts) => Problem::ACheckpoint { parts: checkpoint::in_words(parts) },
            None => problem,
        })
    };
    load().map_err(|problem| problem.in_file(path))
}

/// Puts bytes in the place of a file, all or none of them, in a folder that is made if need be.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        atomic::replace(path, |file| file.write_all(bytes))
    };
    write().map_err(|error| Problem::Io(error).in_file(path))
}
