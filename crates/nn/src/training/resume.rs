//! Checkpoints of a training, and how it goes on from one.

use super::{
    History, Outcome, Source, TrainError,
    measures::Means,
    run::{Run, Standing},
};
use crate::{
    Mode,
    data::Position,
    files::{Checkpoint, Rotation},
    state::{self, Given},
};
use cotangent_autograd::Module;
use cotangent_tensor::{Rng, Tensor};
use std::path::PathBuf;

/// Where and how often a trainer writes [checkpoints](Checkpoint): after each epoch, and the last two of them stay, unless it is set
/// otherwise; after the last step in any case.
///
/// A trainer with checkpoints goes on from the newest whole one in the folder, so that a program that was interrupted is just run
/// again, and one that had come to its end ends at once. Damaged ones that are newer are [named in the history](History::passed_over),
/// and by [`Lines`](super::Lines) and `Bar` at the start; where none is whole, or one cannot be read, that is an error and not a training
/// from the beginning. The bits are those that a run without the interruption would have come
/// to: model, optimizer, generator, the place in the data, the history, and the states of callbacks are restored. The data, the settings
/// and the callbacks must be the same; only the number of epochs may be another. A new training needs a folder of its own.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    steps: Option<u64>,
    epochs: u64,
    keep: usize,
}

impl Checkpoints {
    /// In this folder, which is made if need be.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Checkpoints { folder: folder.into(), steps: None, epochs: 1, keep: 2 }
    }

    /// How many steps there are from one checkpoint to the next within an epoch; none is written there unless it is set.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn every_steps(self, steps: u64) -> Self {
        assert!(steps > 0, "checkpoints: the steps between two must be at least 1; got 0");
        Checkpoints { steps: Some(steps), ..self }
    }

    /// How many epochs there are from one checkpoint to the next.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn every_epochs(self, epochs: u64) -> Self {
        assert!(epochs > 0, "checkpoints: the epochs between two must be at least 1; got 0");
        Checkpoints { epochs, ..self }
    }

    /// How many checkpoints stay.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn keep(self, keep: usize) -> Self {
        assert!(keep > 0, "checkpoints: at least one is kept; got keep 0");
        Checkpoints { keep, ..self }
    }

    pub(super) fn is_step_due(&self, steps: u64) -> bool {
        self.steps.is_some_and(|every| steps.is_multiple_of(every))
    }

    pub(super) fn is_epoch_due(&self, at: &Standing) -> bool {
        at.epochs.is_multiple_of(self.epochs) || self.is_step_due(at.steps)
    }

    fn rotation(&self) -> Rotation {
        Rotation::new(&self.folder, self.keep)
    }
}

impl<M, B, S, L, F> Run<'_, '_, M, B, S, F>
where
    M: Module + Clone,
    S: Source<Batch = B>,
    L: Outcome,
    F: FnMut(&M, &B, &mut Mode<'_>) -> L,
{
    /// Writes a checkpoint of this moment, if there is none yet. A model that is not finite is refused, also where none is to be written.
    pub(super) fn save(&mut self, at: &mut Standing) -> Result<(), TrainError> {
        if at.is_saved {
            return Ok(());
        }
        self.refuse_ruined(at)?;
        let Some(checkpoints) = &self.trainer.checkpoints else { return Ok(()) };
        let callbacks = (0..).zip(&self.trainer.callbacks);
        let states = callbacks.flat_map(|(i, callback)| {
            callback.state().into_iter().map(move |(name, tensor)| (state::name_below(&i.to_string(), &name), tensor))
        });
        let counts = [
            ("epochs", at.epochs),
            ("steps", at.steps),
            ("skipped", at.skipped),
            ("batch", at.batch as u64),
            ("batches", at.batches as u64),
            ("examples", self.data.examples() as u64),
            ("callbacks", self.trainer.callbacks.len() as u64),
        ];
        let counts = counts.map(|(name, count)| (name.to_owned(), state::count(count)));
        let last = at.last.iter().enumerate().map(|(i, (name, value))| (format!("{i}.{name}"), Tensor::from(value)));
        let mut checkpoint = Checkpoint::new()
            .with_module("model", &*self.model)
            .with_tensors("optimizer", self.optimizer.state(&*self.model))
            .with_state("rng", &*self.rng)
            .with_tensors("progress", counts)
            .with_state("seconds", &at.seconds)
            .with_tensors("means", at.means.to_tensors())
            .with_tensors("last", last)
            .with_tensors("callbacks", states)
            .with_text("history", at.history.to_csv());
        if let Some(position) = &at.position {
            let named = position.to_tensors().map(|(name, tensor)| (name.to_owned(), tensor));
            checkpoint = checkpoint.with_tensors("position", named);
        }
        checkpoints.rotation().write(at.steps, &checkpoint)?;
        at.is_saved = true;
        Ok(())
    }

    /// Goes back to the newest checkpoint, if there is one.
    pub(super) fn resumed(&mut self) -> Result<Standing, TrainError> {
        let Some(checkpoints) = &self.trainer.checkpoints else { return Ok(Standing::default()) };
        let Some(latest) = checkpoints.rotation().latest()? else { return Ok(Standing::default()) };
        let mut at = self.load(&latest.checkpoint).map_err(|Refusal(rule)| self.is_other(rule))?;
        at.history.passed_over = latest.passed_over.iter().map(ToString::to_string).collect();
        Ok(at)
    }

    /// The checkpoint does not fit.
    pub(super) fn is_other(&self, rule: String) -> TrainError {
        let folder = self.trainer.checkpoints.as_ref().map_or(PathBuf::new(), |checkpoints| checkpoints.folder.clone());
        TrainError::OtherTraining { folder, rule }
    }

    /// Puts everything in its place; where something does not fit, model, optimizer and generator stay as they were.
    fn load(&mut self, checkpoint: &Checkpoint) -> Result<Standing, Refusal> {
        let part = |name: &str| Ok::<_, Refusal>(checkpoint.part(name)?.tensors);
        let mut counts = Given::new("trainer", part("progress")?);
        let mut at = Standing {
            epochs: counts.count("epochs")?,
            steps: counts.count("steps")?,
            skipped: counts.count("skipped")?,
            batch: counts.count("batch")? as usize,
            batches: counts.count("batches")? as usize,
            means: Means::from_tensors(part("means")?)?,
            history: History::from_csv(checkpoint.text("history").unwrap_or(""))?,
            is_saved: true,
            ..Standing::default()
        };
        let same = [("examples", self.data.examples()), ("callbacks", self.trainer.callbacks.len())];
        for (name, now) in same {
            let then = counts.count(name)?;
            if then != now as u64 {
                return Err(Refusal(format!("it was begun with {then} {name}, and now there are {now}")));
            }
        }
        counts.finish()?;
        checkpoint.load_state("seconds", &mut at.seconds)?;
        let mut last: Vec<(usize, String, f64)> = Vec::new();
        for (key, value) in part("last")? {
            let (place, name) = key.split_once('.').unwrap_or(("", &key));
            last.push((place.parse().unwrap_or(usize::MAX), name.to_owned(), value.try_item()?));
        }
        last.sort_by_key(|&(place, ..)| place);
        at.last = last.into_iter().map(|(_, name, value)| (name, value)).collect();
        if checkpoint.parts().any(|part| part == "position") {
            let position = part("position")?;
            let position = Position::from_tensors(position.iter().map(|(name, tensor)| (name.as_str(), tensor)))?;
            at.position = Some(position);
        }

        let (mut model, mut rng) = (self.model.clone(), Rng::seed(0));
        checkpoint.load_module("model", &mut model)?;
        checkpoint.load_state("rng", &mut rng)?;
        let mut states = vec![Vec::new(); self.trainer.callbacks.len()];
        for (key, tensor) in part("callbacks")? {
            let (place, name) = key.split_once('.').unwrap_or((&key, ""));
            if let Some(state) = place.parse().ok().and_then(|place: usize| states.get_mut(place)) {
                state.push((name.to_owned(), tensor));
            }
        }
        for (callback, state) in self.trainer.callbacks.iter_mut().zip(states) {
            callback.load_state(&model, state)?;
        }
        self.optimizer.load_state(&model, part("optimizer")?.into_iter().collect())?;
        (*self.model, *self.rng) = (model, rng);
        Ok(at)
    }
}

/// Why a checkpoint does not fit.
struct Refusal(String);

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal(error.to_string())
    }
}
