//! The loop.

use super::{
    Callback, History, Measures, Moment, NonFinite, Outcome, Record, Source, TrainError, Trainer,
    measures::{Means, of_batch},
    trainer::Pace,
};
use crate::{
    Mode, Optimizer,
    data::Position,
    optim::{Accumulator, clip_grad_norm, clip_grad_value, for_each_learned},
};
use cotangent_autograd::{
    Module,
    module::{self, Kind},
    value_and_grad_with_aux,
};
use cotangent_tensor::{DType, Rng, Tensor};
use std::time::Instant;

/// A training with all that it works on.
pub(super) struct Run<'r, 'a, M, B, S, F> {
    pub(super) trainer: Trainer<'a, M, B>,
    pub(super) model: &'r mut M,
    pub(super) optimizer: &'r mut dyn Optimizer,
    pub(super) rng: &'r mut Rng,
    pub(super) data: &'r S,
    pub(super) loss: F,
    /// The model's buffers as they were after the last step, while batches of the next one have changed them.
    pub(super) before: Option<Vec<Tensor>>,
}

/// Where a training stands: what a checkpoint holds beside model, optimizer, generator and the states of callbacks.
#[derive(Default)]
pub(super) struct Standing {
    /// Epochs and steps that are done, and batches that were left out in the epoch that runs.
    pub(super) epochs: u64,
    pub(super) steps: u64,
    pub(super) skipped: u64,
    /// The place in the data, within an epoch.
    pub(super) position: Option<Position>,
    /// Batches of an epoch that are done, and that there are.
    pub(super) batch: usize,
    pub(super) batches: usize,
    /// What was measured in the epoch that runs, how long it has run, and what was measured in the last step.
    pub(super) means: Means,
    pub(super) seconds: f64,
    pub(super) last: Measures,
    pub(super) history: History,
    /// Whether the newest checkpoint is of this moment.
    pub(super) is_saved: bool,
}

/// The event of a callback.
type Tell<M> = fn(&mut (dyn Callback<M> + '_), &mut Moment<'_, M>) -> Result<(), super::BoxError>;

impl<M, B, S, L, F> Run<'_, '_, M, B, S, F>
where
    M: Module + Clone,
    S: Source<Batch = B>,
    L: Outcome,
    F: FnMut(&M, &B, &mut Mode<'_>) -> L,
{
    pub(super) fn complete(mut self) -> Result<History, TrainError> {
        let mut at = self.resumed()?;
        let first = (at.epochs + 1).min(self.trainer.epochs);
        self.tell(&mut at, first, |callback, now| callback.start(now))?;
        while at.epochs < self.trainer.epochs && at.history.stopped.is_none() {
            let result = self.epoch(&mut at);
            // Also of a step that an error has cut short.
            self.put_back();
            result?;
        }
        self.save(&mut at)?;
        let last = at.epochs + u64::from(at.position.is_some());
        self.tell(&mut at, last, |callback, now| callback.end(now))?;
        Ok(at.history)
    }

    /// An epoch, or what is left of it.
    fn epoch(&mut self, at: &mut Standing) -> Result<(), TrainError> {
        let (clock, earlier) = (Instant::now(), at.seconds);
        let position = match at.position.take() {
            Some(position) => position,
            None => Position::new(self.trainer.sampler.order(self.data.examples(), self.rng)),
        };
        let (drawn, is_fresh) = (position.total(), position.examples() == 0);
        let mut pass = self.data.pass(position)?;
        if is_fresh {
            (at.batch, at.batches) = (0, pass.len());
        } else if at.batch + pass.len() != at.batches {
            let (then, now) = (at.batches, at.batch + pass.len());
            return Err(self.is_other(format!("an epoch of it has {then} batches, and of these data {now}")));
        }
        if at.batches == 0 {
            return Err(TrainError::NoBatches { which: "training", examples: self.data.examples(), drawn });
        }

        let mut gradients = Accumulator::new();
        let mut of_step = Vec::new();
        let mut given = pass.reached().examples();
        while let Some(batch) = pass.next() {
            let examples = pass.reached().examples() - given;
            given += examples;
            at.batch += 1;
            if let Some((gradient, measures)) = self.gradient(&batch, at)? {
                of_step.push((measures, examples));
                gradients.add(gradient);
            }
            let count = gradients.count();
            if count < self.trainer.accumulate && pass.len() > 0 {
                continue;
            }
            let measured = std::mem::take(&mut of_step);
            // What there is one of is its own mean, without any rounding.
            let gradient = if count == 1 { gradients.take_sum() } else { gradients.take_mean() };
            let Some(gradient) = gradient else { continue };
            let mut means = at.means.clone();
            measured.iter().try_for_each(|(measures, examples)| means.add(measures, *examples))?;
            if !self.step(gradient, count, at)? {
                continue;
            }
            at.means = means;
            at.last = last(measured)?;
            at.position = Some(pass.reached());
            at.seconds = earlier + clock.elapsed().as_secs_f64();
            self.tell(at, at.epochs + 1, |callback, now| callback.step(now))?;
            if pass.len() == 0 {
                break;
            }
            let is_due = self.trainer.checkpoints.as_ref().is_some_and(|checkpoints| checkpoints.is_step_due(at.steps));
            if is_due {
                self.save(at)?;
            }
            if at.history.stopped.is_some() {
                return Ok(());
            }
        }
        drop(pass);
        self.finish_epoch(at, clock, earlier)
    }

    /// The gradient of a batch and what was measured; none if the batch is to be left out.
    fn gradient(&mut self, batch: &B, at: &mut Standing) -> Result<Option<(M, Measures)>, TrainError> {
        let Run { model, rng, loss, trainer, .. } = self;
        let mut mode = Mode::train(rng);
        let ((value, beside), gradient) =
            value_and_grad_with_aux(&**model, |model| match loss(model, batch, &mut mode).into_parts() {
                Ok((value, beside)) => (value, Ok(beside)),
                Err(error) => (Tensor::from(0.0), Err(error)),
            });
        let beside = beside.map_err(|source| {
            let (epoch, batch) = (at.epochs + 1, at.batch);
            TrainError::Loss { which: "training", epoch, batch, source }
        })?;
        let measures = of_batch(&value, beside);
        let value = measures.get("loss").unwrap_or(f64::NAN);
        let is_good = match trainer.non_finite {
            NonFinite::Ignore => true,
            NonFinite::Stop if !value.is_finite() => return Err(not_finite(format!("the loss is {value}"), at)),
            NonFinite::Stop => true,
            NonFinite::Skip => value.is_finite() && is_finite(&gradient),
        };
        if !is_good {
            at.skipped += 1;
            return Ok(None);
        }
        if mode.has_updates() {
            self.before.get_or_insert_with(|| buffers(&**model).into_iter().cloned().collect());
        }
        mode.store(*model);
        Ok(Some((gradient, measures)))
    }

    /// Gives the model the buffers that it had before the batches of a step that is not made.
    fn put_back(&mut self) {
        let Some(before) = self.before.take() else { return };
        let mut before = before.into_iter();
        module::for_each_mut(self.model, |leaf| {
            if leaf.kind == Kind::Buffer
                && let Some(old) = before.next()
            {
                *leaf.tensor = old;
            }
        });
    }

    /// Changes the model, unless the gradient is to be left out.
    fn step(&mut self, mut gradient: M, batches: u64, at: &mut Standing) -> Result<bool, TrainError> {
        let Run { model, optimizer, trainer, before, .. } = self;
        for callback in &mut trainer.callbacks {
            callback.gradient(&mut gradient).map_err(TrainError::of_callback)?;
        }
        if let Some(clip_value) = trainer.clip_value {
            clip_grad_value(&mut gradient, clip_value);
        }
        if let Some(max_norm) = trainer.clip_norm
            && let Err(error) = clip_grad_norm(&mut gradient, max_norm)
        {
            match trainer.non_finite {
                NonFinite::Stop => return Err(not_finite(error.to_string(), at)),
                NonFinite::Skip => {
                    at.skipped += batches;
                    self.put_back();
                    return Ok(false);
                }
                NonFinite::Ignore => {}
            }
        }
        match &trainer.pace {
            Some(Pace::Steps(schedule)) => optimizer.set_lr(schedule.lr(at.steps)),
            Some(Pace::Epochs(schedule)) => optimizer.set_lr(schedule.lr(at.epochs)),
            Some(Pace::Plateau) | None => {}
        }
        optimizer.step_dyn(*model, &gradient);
        *before = None;
        at.steps += 1;
        at.is_saved = false;
        Ok(true)
    }

    /// Validation, the record, and a checkpoint if one is due.
    fn finish_epoch(&mut self, at: &mut Standing, clock: Instant, earlier: f64) -> Result<(), TrainError> {
        let mut measures: Measures = std::mem::take(&mut at.means).named("").collect();
        if let Some(validation) = self.trainer.validation {
            let means = means_over(&*self.model, validation, &mut self.loss, "validation", at.epochs + 1)?;
            means.named("valid_").try_for_each(|(name, value)| measures.add(&name, value))?;
        }
        for (name, measure) in &mut self.trainer.measures {
            measures.add(name, measure(self.model))?;
        }
        at.epochs += 1;
        at.history.records.push(Record {
            epoch: at.epochs,
            steps: at.steps,
            skipped: std::mem::take(&mut at.skipped),
            lr: self.optimizer.lr(),
            seconds: earlier + clock.elapsed().as_secs_f64(),
            measures,
        });
        (at.position, at.seconds, at.is_saved) = (None, 0.0, false);
        self.tell(at, at.epochs, |callback, now| callback.epoch(now))?;
        let is_due = self.trainer.checkpoints.as_ref().is_some_and(|checkpoints| checkpoints.is_epoch_due(at));
        if is_due { self.save(at) } else { Ok(()) }
    }

    /// Refuses a model that a gradient has ruined whose loss was finite. Losses are looked at in each step, gradients not unless they are
    /// clipped: a pass over the parameters here is one for many steps.
    pub(super) fn refuse_ruined(&self, at: &Standing) -> Result<(), TrainError> {
        if self.trainer.non_finite != NonFinite::Stop || at.steps == 0 {
            return Ok(());
        }
        let epoch = at.epochs + u64::from(at.position.is_some());
        let ruined = |path| Err(TrainError::NotFiniteParameter { path, step: at.steps, epoch });
        not_finite_parameter(&*self.model).map_or(Ok(()), ruined)
    }

    /// Tells all callbacks of an event in the epoch of this number.
    fn tell(&mut self, at: &mut Standing, epoch: u64, event: Tell<M>) -> Result<(), TrainError> {
        let history = std::mem::take(&mut at.history);
        let mut stop = history.stopped.clone();
        let mut result = Ok(());
        for callback in &mut self.trainer.callbacks {
            let mut now = Moment {
                model: self.model,
                optimizer: self.optimizer,
                epoch,
                epochs: self.trainer.epochs,
                batch: at.batch,
                batches: at.batches,
                steps: at.steps,
                measures: &at.last,
                history: &history,
                stop: &mut stop,
            };
            result = event(&mut **callback, &mut now).map_err(TrainError::of_callback);
            if result.is_err() {
                break;
            }
        }
        at.history = History { stopped: stop, ..history };
        result
    }
}

/// The measures of a model over data, such as those to test on: the means of what the closure returns for each batch with
/// [`Mode::eval`], each weighed by its examples.
///
/// ```
/// use cotangent_nn::{Linear, Loss, accuracy, data::Loader, training::evaluate};
/// use cotangent_tensor::{DType, Rng};
/// let mut rng = Rng::seed(7);
/// let (model, x) = (Linear::new(3, 2, &mut rng), rng.normal([50, 3], DType::F32));
/// let test = Loader::new(&x, &model.forward(&x).argmax(-1), 20)?;
/// let measures = evaluate(&model, &test, |model, batch, _| {
///     let scores = model.forward(&batch.x);
///     (scores.cross_entropy(&batch.y), [("accuracy", accuracy(&scores, &batch.y))])
/// })?;
/// assert_eq!(measures.get("accuracy"), Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is no batch, the closure returns an error, or a measure has a name that it cannot have.
///
/// # Panics
/// When the loss is not one floating-point number.
pub fn evaluate<M, S: Source, L: Outcome>(
    model: &M,
    data: &S,
    mut loss: impl FnMut(&M, &S::Batch, &mut Mode<'_>) -> L,
) -> Result<Measures, TrainError> {
    Ok(means_over(model, data, &mut loss, "test", 0)?.named("").collect())
}

fn means_over<M, B, L: Outcome>(
    model: &M,
    data: &dyn Source<Batch = B>,
    loss: &mut impl FnMut(&M, &B, &mut Mode<'_>) -> L,
    which: &'static str,
    epoch: u64,
) -> Result<Means, TrainError> {
    let examples = data.examples();
    let mut pass = data.pass(Position::new((0..examples).collect::<Vec<_>>()))?;
    if pass.len() == 0 {
        return Err(TrainError::NoBatches { which, examples, drawn: examples });
    }
    let (mut means, mut given, mut number) = (Means::default(), 0, 0);
    while let Some(batch) = pass.next() {
        let now = pass.reached().examples();
        number += 1;
        let (value, beside) = loss(model, &batch, &mut Mode::eval())
            .into_parts()
            .map_err(|source| TrainError::Loss { which, epoch, batch: number, source })?;
        means.add(&of_batch(&value, beside), now - given)?;
        given = now;
    }
    Ok(means)
}

/// What was measured in a step: the means, where it has several batches.
fn last(batches: Vec<(Measures, usize)>) -> Result<Measures, TrainError> {
    // What there is one of is its own mean, without any rounding.
    if batches.len() == 1 {
        return Ok(batches.into_iter().map(|(measures, _)| measures).next().unwrap_or_default());
    }
    let mut means = Means::default();
    batches.iter().try_for_each(|(measures, examples)| means.add(measures, *examples))?;
    Ok(means.named("").collect())
}

fn buffers<M: Module>(model: &M) -> Vec<&Tensor> {
    let mut buffers = Vec::new();
    module::for_each(model, |leaf| {
        if leaf.kind == Kind::Buffer {
            buffers.push(leaf.tensor);
        }
    });
    buffers
}

fn not_finite(what: String, at: &Standing) -> TrainError {
    let Standing { epochs, steps, batch, batches, .. } = *at;
    TrainError::NotFinite { what, step: steps + 1, epoch: epochs + 1, batch, batches }
}

fn is_finite<M: Module>(gradient: &M) -> bool {
    module::tensors(gradient).into_iter().all(|x| !x.dtype().is_float() || all_finite(x))
}

/// Whether every element is; the largest magnitude is NaN if one is.
fn all_finite(x: &Tensor) -> bool {
    x.numel() == 0 || x.abs().max(..).cast(DType::F64).item::<f64>().is_finite()
}

/// The path of a parameter that is not finite.
fn not_finite_parameter<M: Module>(model: &M) -> Option<String> {
    let mut path = None;
    for_each_learned(model, |leaf_path, x| {
        if path.is_none() && !all_finite(x) {
            path = Some(leaf_path.to_owned());
        }
    });
    path
}
