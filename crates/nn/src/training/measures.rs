//! Named numbers, and the means of them over an epoch.

use super::{TrainError, history::COLUMNS};
use crate::metrics::Mean;
use cotangent_tensor::{DType, Error, ErrorKind, Result, Tensor};
use std::fmt;

/// What was measured, under names, in the order in which it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures(Vec<(String, f64)>);

impl Measures {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(own, _)| own == name).map(|&(_, value)| value)
    }

    /// The value of a name, or an error that lists the names there are.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn require(&self, name: &str) -> Result<f64, TrainError> {
        self.get(name).ok_or_else(|| {
            let known: Vec<String> = self.iter().map(|(name, _)| format!("`{name}`")).collect();
            TrainError::NoMeasure { name: name.to_owned(), known: known.join(", ") }
        })
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    pub(super) fn push(&mut self, name: impl Into<String>, value: f64) {
        self.0.push((name.into(), value));
    }

    /// Adds one under a name of the caller's choice.
    pub(super) fn add(&mut self, name: &str, value: f64) -> Result<(), TrainError> {
        if self.get(name).is_some() {
            return Err(refused(name, "something else that is measured is called so"));
        }
        self.push(name, value);
        Ok(())
    }
}

impl<N: Into<String>> FromIterator<(N, f64)> for Measures {
    fn from_iter<I: IntoIterator<Item = (N, f64)>>(measures: I) -> Self {
        Measures(measures.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// `loss 0.5, accuracy 0.75`, with four decimals where that shows something.
impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            // Below a thousandth four decimals would show one digit or none.
            let is_readable = value == 0.0 || !value.is_finite() || (1e-3..1e6).contains(&value.abs());
            if is_readable {
                write!(f, "{comma}{name} {value:.4}")?;
            } else {
                write!(f, "{comma}{name} {value:.3e}")?;
            }
        }
        Ok(())
    }
}

/// Means over the batches of an epoch, the loss first.
#[derive(Clone, Debug, Default)]
pub(super) struct Means(Vec<(String, Mean)>);

impl Means {
    /// Takes in the measures of a batch of `examples`.
    pub(super) fn add(&mut self, batch: &Measures, examples: usize) -> Result<(), TrainError> {
        for (i, (name, value)) in batch.iter().enumerate() {
            if batch.0[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(refused(name, "the loss closure returned it twice"));
            }
            match self.0.iter_mut().find(|(own, _)| own == name) {
                Some((_, mean)) => mean.add(value, examples),
                None => {
                    check_name(name, i == 0)?;
                    let mut mean = Mean::default();
                    mean.add(value, examples);
                    self.0.push((name.to_owned(), mean));
                }
            }
        }
        Ok(())
    }

    /// The means, their names behind a prefix.
    pub(super) fn named(&self, prefix: &str) -> impl Iterator<Item = (String, f64)> {
        self.0.iter().map(move |(name, mean)| (format!("{prefix}{name}"), mean.value()))
    }

    /// As tensors, named by place and name: a file sorts them.
    pub(super) fn to_tensors(&self) -> Vec<(String, Tensor)> {
        let numbered = self.0.iter().enumerate();
        numbered.map(|(i, (name, mean))| (format!("{i}.{name}"), Tensor::from(mean.to_parts()))).collect()
    }

    pub(super) fn from_tensors(tensors: impl IntoIterator<Item = (String, Tensor)>) -> Result<Self> {
        let mut means = Vec::new();
        for (key, tensor) in tensors {
            let refuse = || Error::new(ErrorKind::Data, "trainer", format!("`{key}` is not the state of a mean"));
            let (place, name) = key.split_once('.').ok_or_else(refuse)?;
            let place: usize = place.parse().map_err(|_| refuse())?;
            if tensor.dtype() != DType::F64 {
                return Err(refuse());
            }
            let parts = <[f64; 3]>::try_from(tensor.to_vec::<f64>()).map_err(|_| refuse())?;
            means.push((place, name.to_owned(), Mean::from_parts(parts)));
        }
        means.sort_by_key(|&(place, ..)| place);
        Ok(Means(means.into_iter().map(|(_, name, mean)| (name, mean)).collect()))
    }
}

/// The measures of one batch: its loss and what the closure measured beside.
#[track_caller]
pub(super) fn of_batch(loss: &Tensor, beside: Vec<(String, f64)>) -> Measures {
    let spec = loss.spec();
    assert!(
        loss.numel() == 1 && spec.dtype().is_float(),
        "trainer: a loss is one floating-point number; got {spec}; reduce it with .sum(..) or .mean(..)"
    );
    let mut measures = Measures(Vec::with_capacity(beside.len() + 1));
    measures.push("loss", loss.cast(DType::F64).sum(..).item());
    measures.0.extend(beside);
    measures
}

/// Refuses a name that would be taken for something else in a table or a log.
pub(super) fn check_name(name: &str, is_loss: bool) -> Result<(), TrainError> {
    let rule = match name {
        "" => "it is empty",
        "loss" if !is_loss => "that is the loss itself",
        _ if COLUMNS.contains(&name) => "that is a column of the history",
        _ if name.starts_with("valid_") => "so begin the measures of the validation data",
        _ if name.contains([',', '"', '\n', '\r']) => "commas, quotes and line breaks end a cell of the history",
        _ => return Ok(()),
    };
    Err(refused(name, rule))
}

fn refused(name: &str, rule: &'static str) -> TrainError {
    TrainError::Name { name: name.to_owned(), rule }
}
