//! Ending a training that does not get better.

use super::{BoxError, Callback, Moment, Monitor};
use crate::state::{self, Given};
use cotangent_tensor::{Result, Tensor};

/// Stops a training when a measure was not better than its best for `patience` epochs in a row.
///
/// ```
/// use cotangent_nn::training::{EarlyStopping, Monitor};
/// let stopping = EarlyStopping::new(Monitor::highest("valid_accuracy"), 5).min_delta(0.001);
/// ```
///
/// The model is then that of the last epoch; with [`KeepBest`](super::KeepBest) beside it that of the best. NaN is never better.
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: u64,
    min_delta: f64,
    best: Option<f64>,
    bad_epochs: u64,
}

impl EarlyStopping {
    /// Stops after `patience` epochs that were not better; any improvement counts.
    ///
    /// # Panics
    /// When the patience is zero.
    #[must_use]
    #[track_caller]
    pub fn new(monitor: Monitor, patience: u64) -> Self {
        assert!(patience > 0, "early stopping: patience must be at least 1; got 0");
        EarlyStopping { monitor, patience, min_delta: 0.0, best: None, bad_epochs: 0 }
    }

    /// By how much a value must be better than the best to count.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn min_delta(self, min_delta: f64) -> Self {
        assert!(
            min_delta >= 0.0 && min_delta.is_finite(),
            "early stopping: min_delta must be a finite number from 0 on; got {min_delta}"
        );
        EarlyStopping { min_delta, ..self }
    }

    fn stop_if_due<M>(&self, now: &mut Moment<'_, M>) {
        if self.bad_epochs >= self.patience {
            let (name, epochs) = (self.monitor.name(), self.bad_epochs);
            now.stop(format!("{name} was not better for {epochs} epoch{}", if epochs == 1 { "" } else { "s" }));
        }
    }
}

impl<M> Callback<M> for EarlyStopping {
    /// A training that was stopped stays so when its checkpoint is taken up again.
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.stop_if_due(now);
        Ok(())
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let Some(record) = now.history.last() else { return Ok(()) };
        let value = self.monitor.value(record)?;
        if self.monitor.is_better(value, self.best, self.min_delta) {
            (self.best, self.bad_epochs) = (Some(value), 0);
        } else {
            self.bad_epochs += 1;
        }
        self.stop_if_due(now);
        Ok(())
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let best = Tensor::from(self.best.unwrap_or(f64::NAN));
        vec![("best".to_owned(), best), ("bad_epochs".to_owned(), state::count(self.bad_epochs))]
    }

    fn load_state(&mut self, _: &M, state: Vec<(String, Tensor)>) -> Result<()> {
        let mut given = Given::new("early stopping", state);
        let (best, bad_epochs) = (given.number("best")?, given.count("bad_epochs")?);
        given.finish()?;
        (self.best, self.bad_epochs) = (Some(best).filter(|best| !best.is_nan()), bad_epochs);
        Ok(())
    }
}
