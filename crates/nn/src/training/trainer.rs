//! What a training is made of, set piece by piece.

use super::{
    Callback, Checkpoints, Event, History, Moment, Outcome, Source, TrainError,
    callback::{ChangeGradient, On},
    measures::check_name,
    on_plateau::OnPlateau,
    run::Run,
};
use crate::{
    Mode, Optimizer,
    data::{Sampler, Shuffled},
    refusal::or_panic,
    schedule::{Plateau, Schedule},
};
use cotangent_autograd::Module;
use cotangent_tensor::Rng;

/// The loop over epochs and batches, with what a training mostly wants beside; see [the module](super) for the loop itself.
///
/// It is put together by its methods, and [`fit`](Self::fit) runs it. `M` is the type of the model, `B` that of a batch; both
/// follow from the call of `fit`. Where a closure before it calls methods of the model, its argument needs the type:
/// `|model: &Mlp| ..`.
pub struct Trainer<'a, M, B> {
    pub(super) epochs: u64,
    pub(super) validation: Option<&'a dyn Source<Batch = B>>,
    pub(super) measures: Vec<Measure<'a, M>>,
    pub(super) sampler: Box<dyn Sampler + 'a>,
    pub(super) pace: Option<Pace<'a>>,
    pub(super) accumulate: u64,
    pub(super) clip_value: Option<f64>,
    pub(super) clip_norm: Option<f64>,
    pub(super) non_finite: NonFinite,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) callbacks: Vec<Box<dyn Callback<M> + 'a>>,
}

/// A number that a function measures, under its name.
pub(super) type Measure<'a, M> = (String, Box<dyn FnMut(&M) -> f64 + 'a>);

/// What sets the learning rate.
pub(super) enum Pace<'a> {
    Steps(Box<dyn Schedule + 'a>),
    Epochs(Box<dyn Schedule + 'a>),
    /// A callback does, after each epoch.
    Plateau,
}

/// What happens when a loss, a gradient, or a parameter is infinite or NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonFinite {
    /// The training ends with [`TrainError::NotFinite`], which names the step. Of gradients it is noticed where
    /// [`clip_grad_norm`](Trainer::clip_grad_norm) looks at them. Without it, a gradient that is not finite while its loss is makes
    /// parameters of that kind: they are looked at before each checkpoint and at the end of the training, which takes one pass over
    /// them, and [`TrainError::NotFiniteParameter`] names the first. What is meant to be infinite, such as a mask, is no parameter but
    /// a buffer.
    #[default]
    Stop,
    /// The batch is left out, with its running statistics and measures, and [counted](super::Record::skipped). Every gradient is
    /// looked at, which takes one more pass over it.
    Skip,
    /// The step is made as if nothing were wrong; a norm that is not finite is not clipped.
    Ignore,
}

impl<'a, M: Module + Clone + 'a, B> Trainer<'a, M, B> {
    /// Goes through the data so many times, shuffled.
    #[must_use]
    pub fn new(epochs: u64) -> Self {
        Trainer {
            epochs,
            validation: None,
            measures: Vec::new(),
            sampler: Box::new(Shuffled),
            pace: None,
            accumulate: 1,
            clip_value: None,
            clip_norm: None,
            non_finite: NonFinite::Stop,
            checkpoints: None,
            callbacks: Vec::new(),
        }
    }

    /// After each epoch, the loss closure is also run over these data, in their own order, with
    /// [`Mode::eval`], and what it measures is called `valid_loss` and so on.
    #[must_use]
    pub fn validate(self, data: &'a impl Source<Batch = B>) -> Self {
        Trainer { validation: Some(data), ..self }
    }

    /// A number that is measured after each epoch, of what is no mean over batches: the area under a curve, the norm of the weights.
    ///
    /// ```
    /// # use cotangent_nn::{Linear, data::Batch, training::Trainer};
    /// # let _: Trainer<'_, Linear, Batch> =
    /// Trainer::new(20).measure("largest weight", |model: &Linear| model.weight.abs().max(..).item::<f32>().into())
    /// # ;
    /// ```
    ///
    /// # Panics
    /// When its name cannot be one, as [`Outcome`] says; it may begin with `valid_`.
    #[must_use]
    #[track_caller]
    pub fn measure(mut self, name: impl Into<String>, measure: impl FnMut(&M) -> f64 + 'a) -> Self {
        let name = name.into();
        or_panic(check_name(name.strip_prefix("valid_").unwrap_or(&name), false));
        self.measures.push((name, Box::new(measure)));
        self
    }

    /// Which examples an epoch has, and in which order; all of them in a fresh random order unless it is set.
    #[must_use]
    pub fn sampler(self, sampler: impl Sampler + 'a) -> Self {
        Trainer { sampler: Box::new(sampler), ..self }
    }

    /// The learning rate of each step, counted from 0 over all epochs.
    ///
    /// # Panics
    /// When the rate follows a schedule or a plateau already.
    #[must_use]
    #[track_caller]
    pub fn schedule(self, schedule: impl Schedule + 'a) -> Self {
        self.paced(Pace::Steps(Box::new(schedule)))
    }

    /// The learning rate of each epoch, counted from 0.
    ///
    /// # Panics
    /// When the rate follows a schedule or a plateau already.
    #[must_use]
    #[track_caller]
    pub fn schedule_by_epoch(self, schedule: impl Schedule + 'a) -> Self {
        self.paced(Pace::Epochs(Box::new(schedule)))
    }

    #[track_caller]
    fn paced(self, pace: Pace<'a>) -> Self {
        assert!(
            self.pace.is_none(),
            "trainer: the learning rate follows one schedule or one plateau; join two schedules by their .then(..)"
        );
        Trainer { pace: Some(pace), ..self }
    }

    /// The learning rate of a plateau, which is told this measure after each epoch: `valid_loss`.
    ///
    /// # Panics
    /// When the rate follows a schedule or a plateau already.
    #[must_use]
    #[track_caller]
    pub fn plateau(self, measure: impl Into<String>, plateau: Plateau) -> Self {
        self.paced(Pace::Plateau).with(OnPlateau { name: measure.into(), plateau })
    }

    /// Makes one step for so many batches, by the mean of their gradients; for what is left at the end of an epoch too.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn accumulate(self, batches: u64) -> Self {
        assert!(batches > 0, "trainer: a step needs at least one batch; got accumulate(0)");
        Trainer { accumulate: batches, ..self }
    }

    /// Shortens each gradient that is longer than this, as [`clip_grad_norm`](crate::optim::clip_grad_norm) does.
    ///
    /// # Panics
    /// When it is negative or NaN.
    #[must_use]
    #[track_caller]
    pub fn clip_grad_norm(self, max_norm: f64) -> Self {
        assert!(max_norm >= 0.0, "trainer: max_norm must be a number from 0 on; got {max_norm}");
        Trainer { clip_norm: Some(max_norm), ..self }
    }

    /// Brings each element of a gradient within bounds, as [`clip_grad_value`](crate::optim::clip_grad_value) does; before the norm, where both
    /// are set.
    ///
    /// # Panics
    /// When it is negative or NaN.
    #[must_use]
    #[track_caller]
    pub fn clip_grad_value(self, clip_value: f64) -> Self {
        assert!(clip_value >= 0.0, "trainer: clip_value must be a number from 0 on; got {clip_value}");
        Trainer { clip_value: Some(clip_value), ..self }
    }

    /// Changes each gradient before it is clipped: noise, a penalty, another kind of clipping.
    #[must_use]
    pub fn change_gradient(self, change: impl FnMut(&mut M) + 'a) -> Self {
        self.with(ChangeGradient(change))
    }

    /// What happens when a loss is not finite; the training ends unless it is set.
    #[must_use]
    pub fn on_non_finite(self, non_finite: NonFinite) -> Self {
        Trainer { non_finite, ..self }
    }

    /// Writes checkpoints, and goes on from the newest one that there is.
    #[must_use]
    pub fn checkpoints(self, checkpoints: Checkpoints) -> Self {
        Trainer { checkpoints: Some(checkpoints), ..self }
    }

    /// Adds a callback: [`EarlyStopping`](super::EarlyStopping), [`KeepBest`](super::KeepBest), [`CsvLog`](super::CsvLog), .., or one
    /// of your own.
    #[must_use]
    pub fn with(mut self, callback: impl Callback<M> + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Calls a closure at an event.
    ///
    /// ```
    /// # use cotangent_nn::{Linear, data::Batch, training::{Event, Trainer}};
    /// # let _: Trainer<'_, Linear, Batch> =
    /// Trainer::new(20).on(Event::Step, |now| {
    ///     if now.steps == 1000 {
    ///         now.stop("a thousand steps are enough");
    ///     }
    /// })
    /// # ;
    /// ```
    #[must_use]
    pub fn on(self, event: Event, f: impl FnMut(&mut Moment<'_, M>) + 'a) -> Self {
        self.with(On { event, f })
    }

    /// Trains the model by the loss that the closure returns for a batch; see [`Outcome`] for what else it may return.
    ///
    /// The order of the examples is drawn from `rng`, and so is what layers draw by their mode. What the closure draws itself, such as
    /// noise on its inputs, it draws from [`mode.rng()`](Mode::rng), which checkpoints know of.
    ///
    /// # Errors
    /// A [`TrainError`]; the model and the optimizer are then as after the last step that was made.
    ///
    /// # Panics
    /// When the loss is not one floating-point number, and where the optimizer or the sampler does.
    pub fn fit<S, L>(
        self,
        model: &mut M,
        optimizer: &mut dyn Optimizer,
        data: &S,
        rng: &mut Rng,
        loss: impl FnMut(&M, &B, &mut Mode<'_>) -> L,
    ) -> Result<History, TrainError>
    where
        S: Source<Batch = B>,
        L: Outcome,
    {
        Run { trainer: self, model, optimizer, rng, data, loss, before: None }.complete()
    }
}
