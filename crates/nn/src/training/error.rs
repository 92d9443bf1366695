//! What can end a training before its time.

use crate::files::FileError;
use std::{error::Error, path::PathBuf};

/// Any error, as closures and callbacks return it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a training, or an evaluation, did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Data that makes no batch: a loader that drops the last one, of which it is the first, or a sampler that draws nothing.
    #[error(
        "trainer: the {which} data make no batch; got {examples} examples, of which the sampler draws {drawn}; \
         a loader with .drop_last(true) needs a whole batch of them"
    )]
    NoBatches {
        /// `training`, `validation`, or `test` in an evaluation.
        which: &'static str,
        /// The number of examples.
        examples: usize,
        /// How many of them the epoch was to have.
        drawn: usize,
    },
    /// A loss or a gradient that is infinite or NaN.
    #[error(
        "trainer: {what} at step {step} (epoch {epoch}, batch {batch} of {batches}); the model is as it was before that step; \
         a smaller learning rate or .clip_grad_norm(..) may help, and .on_non_finite(..) says to go on"
    )]
    NotFinite {
        /// What is not finite: `the loss is NaN`.
        what: String,
        /// The step, from 1, that was to be made.
        step: u64,
        /// The epoch, from 1.
        epoch: u64,
        /// The batch of the epoch, from 1.
        batch: usize,
        /// The number of batches of the epoch.
        batches: usize,
    },
    /// A step made a parameter infinite or NaN, though no loss was: seen where a checkpoint was to be written, or at the end.
    #[error(
        "trainer: the parameter `{path}` is not finite after step {step} (epoch {epoch}), though the losses were; no checkpoint of this \
         model was written; .clip_grad_norm(..) finds a gradient that is not finite before its step, and .on_non_finite(..) says to \
         leave its batch out, or to go on"
    )]
    NotFiniteParameter {
        /// Where it lies in the model.
        path: String,
        /// The last step that was made, from 1; it or one before did this.
        step: u64,
        /// The epoch of that step, from 1.
        epoch: u64,
    },
    /// The loss closure returned an error.
    #[error("trainer: the loss of batch {batch} of the {which} data{}: {source}", in_epoch(*.epoch))]
    Loss {
        /// `training`, `validation`, or `test` in an evaluation.
        which: &'static str,
        /// The epoch, from 1; 0 in an evaluation.
        epoch: u64,
        /// The batch, from 1.
        batch: usize,
        /// What it returned.
        source: BoxError,
    },
    /// A callback returned an error.
    #[error("trainer: {0}")]
    Callback(#[source] BoxError),
    /// Nothing that was measured has the name that something waits for.
    #[error("trainer: nothing measured is called `{name}`; what there is: {known}")]
    NoMeasure {
        /// The name that was asked for.
        name: String,
        /// Those that there are, for a message.
        known: String,
    },
    /// A name that a measure cannot have.
    #[error("trainer: a measure cannot be called {name:?}: {rule}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// Data that cannot be gone through from where the training stands.
    #[error("trainer: {0}")]
    Data(#[from] cotangent_tensor::Error),
    /// A file that cannot be read or written.
    #[error("trainer: {0}")]
    File(#[from] FileError),
    /// A checkpoint of another training.
    #[error(
        "trainer: the checkpoint in {folder:?} is of another training: {rule}; use another folder, or the settings that it was begun with"
    )]
    OtherTraining {
        /// Where the checkpoint lies.
        folder: PathBuf,
        /// What differs.
        rule: String,
    },
}

/// An evaluation is in none.
fn in_epoch(epoch: u64) -> String {
    if epoch == 0 { String::new() } else { format!(" in epoch {epoch}") }
}

impl TrainError {
    /// What a callback returned; the trainer's own callbacks return errors of this kind, which stay as they are.
    pub(super) fn of_callback(error: BoxError) -> Self {
        let error = match error.downcast::<TrainError>() {
            Ok(own) => return *own,
            Err(error) => error,
        };
        match error.downcast::<FileError>() {
            Ok(file) => TrainError::File(*file),
            Err(error) => TrainError::Callback(error),
        }
    }
}
