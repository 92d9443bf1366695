//! Which measure decides, and in which direction it gets better.

use super::{Record, TrainError};

/// The name of a measure, and whether less or more of it is better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    name: String,
    highest: bool,
}

impl Monitor {
    /// The lower the better: `valid_loss`.
    #[must_use]
    pub fn lowest(name: impl Into<String>) -> Self {
        Monitor { name: name.into(), highest: false }
    }

    /// The higher the better: `valid_accuracy`.
    #[must_use]
    pub fn highest(name: impl Into<String>) -> Self {
        Monitor { name: name.into(), highest: true }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether more is better.
    #[must_use]
    pub fn is_highest(&self) -> bool {
        self.highest
    }

    /// Whether a value is better than the best so far by more than `min_delta`; NaN never is, and of none any other value is.
    pub(super) fn is_better(&self, value: f64, best: Option<f64>, min_delta: f64) -> bool {
        match best {
            None => !value.is_nan(),
            Some(best) if self.highest => value > best + min_delta,
            Some(best) => value < best - min_delta,
        }
    }

    /// The value in a record.
    pub(super) fn value(&self, record: &Record) -> Result<f64, TrainError> {
        record.measures.require(&self.name)
    }
}
