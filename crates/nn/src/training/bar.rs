//! A progress bar on the terminal.

use super::{BoxError, Callback, Moment};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over all batches of a training, with their rate and the time that is left; with the feature `progress`.
///
/// It is drawn on the standard error, and not where that is no terminal. What the program prints between goes through
/// the line of the bar; [`Lines`](super::Lines) are for a log instead.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    validation: String,
}

impl Bar {
    /// On the standard error.
    #[must_use]
    pub fn new() -> Self {
        Bar::on(ProgressDrawTarget::stderr())
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        Bar { bar, validation: String::new() }
    }

    fn show<M>(&self, now: &Moment<'_, M>) {
        let done = now.epoch.saturating_sub(1) * now.batches as u64 + now.batch as u64;
        self.bar.set_position(done);
        let loss = now.loss();
        self.bar.set_message(format!("epoch {} of {}, loss {loss:.4}{}", now.epoch, now.epochs, self.validation));
    }
}

impl Default for Bar {
    fn default() -> Self {
        Bar::new()
    }
}

/// The rate is that of the last fifteen seconds or so, as indicatif estimates it; the batches are those of training, so that
/// the time of validation is in it.
const TEMPLATE: &str = "{bar:30} {pos}/{len} batches, {per_sec}, {eta} left; {msg}";

impl<M> Callback<M> for Bar {
    fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if self.bar.length().is_none() {
            self.bar.set_length(now.epochs * now.batches as u64);
            self.bar.set_style(ProgressStyle::with_template(TEMPLATE)?);
            // What a training that goes on from a checkpoint has behind it says nothing of its rate.
            self.show(now);
            self.bar.reset_eta();
        }
        self.show(now);
        Ok(())
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let valid_loss = now.history.last().and_then(|record| record.measures.get("valid_loss"));
        self.validation = valid_loss.map_or(String::new(), |loss| format!(", valid_loss {loss:.4}"));
        self.show(now);
        Ok(())
    }

    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.show(now);
        self.bar.abandon();
        Ok(())
    }
}
