//! What else happens while a model is trained: callbacks, and what they see.

use super::{BoxError, History, Measures};
use crate::Optimizer;
use cotangent_tensor::{Result, Tensor};

/// Something that happens at events of a training. All methods do nothing unless they are written.
///
/// Callbacks are called in the order in which they were given to the trainer. An error ends the training.
///
/// ```
/// use cotangent_nn::training::{BoxError, Callback, Moment};
/// use cotangent_tensor::{Result, Tensor};
///
/// /// Counts the steps in which the loss rose, also over an interruption.
/// #[derive(Default)]
/// struct Rises { last: f64, count: i64 }
///
/// impl<M> Callback<M> for Rises {
///     fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
///         self.count += i64::from(now.loss() > self.last);
///         self.last = now.loss();
///         Ok(())
///     }
///     fn state(&self) -> Vec<(String, Tensor)> {
///         vec![("last".into(), self.last.into()), ("count".into(), self.count.into())]
///     }
///     fn load_state(&mut self, _model: &M, state: Vec<(String, Tensor)>) -> Result<()> {
///         for (name, tensor) in state {
///             match &*name {
///                 "last" => self.last = tensor.try_item()?,
///                 _ => self.count = tensor.try_item()?,
///             }
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Callback<M> {
    /// Before the first step, and, when a training is taken up again, before the first that is new.
    ///
    /// # Errors
    /// Its own.
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let _ = now;
        Ok(())
    }

    /// Before each step, with its gradient, which is not clipped yet.
    ///
    /// # Errors
    /// Its own.
    fn gradient(&mut self, gradient: &mut M) -> Result<(), BoxError> {
        let _ = gradient;
        Ok(())
    }

    /// After each step.
    ///
    /// # Errors
    /// Its own.
    fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let _ = now;
        Ok(())
    }

    /// After each epoch and its validation; the history ends with its record.
    ///
    /// # Errors
    /// Its own.
    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let _ = now;
        Ok(())
    }

    /// After the last epoch, or when the training was stopped; not after an error.
    ///
    /// # Errors
    /// Its own.
    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let _ = now;
        Ok(())
    }

    /// Everything that later events depend on and that is not a setting, for a checkpoint; each under a name of its own.
    fn state(&self) -> Vec<(String, Tensor)> {
        Vec::new()
    }

    /// Goes on from a [`state`](Self::state), before [`start`](Self::start). The model has been loaded already.
    ///
    /// # Errors
    /// When it is not such a state.
    fn load_state(&mut self, model: &M, state: Vec<(String, Tensor)>) -> Result<()> {
        let _ = (model, state);
        Ok(())
    }
}

/// Where a training stands, as a callback sees it.
#[non_exhaustive]
pub struct Moment<'a, M> {
    /// The model. What is changed here is what training goes on with.
    pub model: &'a mut M,
    /// The optimizer, of which a callback may change the learning rate; a [schedule](super::Trainer::schedule) sets it anew
    /// before each step.
    pub optimizer: &'a mut dyn Optimizer,
    /// The epoch that runs, from 1; at the start the one that will, at the end the last that ran.
    pub epoch: u64,
    /// The number of epochs that were asked for.
    pub epochs: u64,
    /// The batches of this epoch that are done.
    pub batch: usize,
    /// The batches of an epoch.
    pub batches: usize,
    /// The steps that were made, since the first epoch.
    pub steps: u64,
    /// The loss of the last step and what was measured with it; nothing before the first. Of a step over
    /// [several batches](super::Trainer::accumulate) it is the mean.
    pub measures: &'a Measures,
    /// The records of the epochs that came to their end.
    pub history: &'a History,
    pub(super) stop: &'a mut Option<String>,
}

impl<M> Moment<'_, M> {
    /// The loss of the last step; NaN before the first.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.measures.get("loss").unwrap_or(f64::NAN)
    }

    /// Ends the training after this event, for a reason that the [history](History::stopped) will tell. Of several, the first counts.
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.stop.get_or_insert_with(|| reason.into());
    }
}

/// The events of a training, for closures; they are the methods of [`Callback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Before the first step.
    Start,
    /// After each step.
    Step,
    /// After each epoch and its validation.
    Epoch,
    /// After the last epoch.
    End,
}

/// A closure at an event.
pub(super) struct On<F> {
    pub(super) event: Event,
    pub(super) f: F,
}

impl<F> On<F> {
    fn at<M>(&mut self, event: Event, now: &mut Moment<'_, M>) -> Result<(), BoxError>
    where
        F: FnMut(&mut Moment<'_, M>),
    {
        if self.event == event {
            (self.f)(now);
        }
        Ok(())
    }
}

impl<M, F: FnMut(&mut Moment<'_, M>)> Callback<M> for On<F> {
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.at(Event::Start, now)
    }
    fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.at(Event::Step, now)
    }
    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.at(Event::Epoch, now)
    }
    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.at(Event::End, now)
    }
}

/// A closure that changes each gradient.
pub(super) struct ChangeGradient<F>(pub(super) F);

impl<M, F: FnMut(&mut M)> Callback<M> for ChangeGradient<F> {
    fn gradient(&mut self, gradient: &mut M) -> Result<(), BoxError> {
        (self.0)(gradient);
        Ok(())
    }
}
