//! The model of the best epoch: put back at the end, or kept in a file.

use super::{BoxError, Callback, Moment, Monitor};
use crate::{
    files::{Best, Checkpoint, FileError, NamedTensors},
    state::{self, Given},
};
use cotangent_autograd::{Module, module};
use cotangent_tensor::{Result, Tensor};
use std::path::PathBuf;

/// Makes the model at the end that of its best epoch.
///
/// It holds a second model in memory. A training that goes on from a checkpoint goes on with the model of its last step.
#[derive(Clone, Debug)]
pub struct KeepBest<M> {
    monitor: Monitor,
    best: Option<(f64, M)>,
}

impl<M> KeepBest<M> {
    /// The best by this measure.
    #[must_use]
    pub fn new(monitor: Monitor) -> Self {
        KeepBest { monitor, best: None }
    }
}

impl<M: Module + Clone> Callback<M> for KeepBest<M> {
    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let Some(record) = now.history.last() else { return Ok(()) };
        let value = self.monitor.value(record)?;
        if self.monitor.is_better(value, self.best.as_ref().map(|(best, _)| *best), 0.0) {
            self.best = Some((value, now.model.clone()));
        }
        Ok(())
    }

    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if let Some((_, best)) = &self.best {
            now.model.clone_from(best);
        }
        Ok(())
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let Some((value, model)) = &self.best else { return Vec::new() };
        let mut state = vec![("value".to_owned(), Tensor::from(*value))];
        for (path, tensor) in NamedTensors::of(model).tensors {
            state.push((state::name_below("model", &path), tensor));
        }
        state
    }

    fn load_state(&mut self, model: &M, state: Vec<(String, Tensor)>) -> Result<()> {
        if state.is_empty() {
            self.best = None;
            return Ok(());
        }
        let mut given = Given::new("keep best", state);
        let (value, mut best) = (given.number("value")?, model.clone());
        let mut tensors = Vec::new();
        for (path, tensor) in module::named_tensors(model) {
            tensors.push(given.tensor(&state::name_below("model", &path), tensor.spec())?);
        }
        given.finish()?;
        for (place, tensor) in module::tensors_mut(&mut best).into_iter().zip(tensors) {
            *place = tensor;
        }
        self.best = Some((value, best));
        Ok(())
    }
}

/// Writes the model to a file after each epoch that was the best so far, as the part `model` of a [`Checkpoint`].
///
/// ```no_run
/// # let mut model = cotangent_nn::Linear::new(3, 2, &mut cotangent_tensor::Rng::seed(7));
/// use cotangent_nn::files::Checkpoint;
/// Checkpoint::read("best.safetensors")?.load_module("model", &mut model)?;
/// # Ok::<(), cotangent_nn::files::FileError>(())
/// ```
///
/// The file remembers its score: one that is there from an earlier training stays until it is beaten, as [`Best`] says.
#[derive(Clone, Debug)]
pub struct SaveBest {
    monitor: Monitor,
    best: Best,
}

impl SaveBest {
    /// The best by this measure, in this file.
    ///
    /// # Errors
    /// When the file is there but is not one that this wrote, or is damaged.
    pub fn new(path: impl Into<PathBuf>, monitor: Monitor) -> Result<Self, FileError> {
        let best = if monitor.is_highest() { Best::highest(path) } else { Best::lowest(path) }?;
        Ok(SaveBest { monitor, best })
    }
}

impl<M: Module> Callback<M> for SaveBest {
    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let Some(record) = now.history.last() else { return Ok(()) };
        let value = self.monitor.value(record)?;
        // Making the checkpoint copies nothing; the file is only written where the score is better.
        let checkpoint = Checkpoint::new().with_module("model", &*now.model).with_text("history", now.history.to_csv());
        self.best.offer(value, &checkpoint)?;
        Ok(())
    }
}
