//! A rate that falls when training stops getting better.

use super::{check, not_negative};
use crate::state::{self, Given};
use cotangent_tensor::{Result, Tensor};

/// Multiplies the rate by a factor when a measure was not better than its best for more than `patience` epochs, as PyTorch's
/// `ReduceLROnPlateau`.
///
/// ```
/// use cotangent_nn::schedule::Plateau;
/// let mut plateau = Plateau::new(0.5).factor(0.5).patience(1);
/// let rates = [1.0, 0.8, 0.9, 0.85, 0.7].map(|loss| plateau.step(loss));
/// assert_eq!(rates, [0.5, 0.5, 0.5, 0.25, 0.25]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "ReduceLROnPlateau")]
pub struct Plateau {
    lr: f64,
    mode: Mode,
    factor: f64,
    patience: u64,
    threshold: f64,
    threshold_mode: Threshold,
    cooldown: u64,
    min_lr: f64,
    eps: f64,
    best: f64,
    bad_epochs: u64,
    cooling: u64,
}

/// Which measure is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// The smaller one: a loss.
    #[default]
    Min,
    /// The greater one: an accuracy.
    Max,
}

/// How much better a measure must be than the best to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Threshold {
    /// By the threshold times the best.
    #[default]
    Relative,
    /// By the threshold.
    Absolute,
}

impl Plateau {
    /// From a rate, with PyTorch's other settings: the smaller the better, factor 0.1, patience 10, threshold 1e-4 relative to the
    /// best, no cooldown, no least rate, ε = 1e-8.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        not_negative("plateau", "lr", lr);
        Plateau {
            lr,
            mode: Mode::Min,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            threshold_mode: Threshold::Relative,
            cooldown: 0,
            min_lr: 0.0,
            eps: 1e-8,
            best: f64::INFINITY,
            bad_epochs: 0,
            cooling: 0,
        }
    }

    /// Which measure is better; starts anew.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        let best = if mode == Mode::Min { f64::INFINITY } else { f64::NEG_INFINITY };
        Plateau { mode, best, bad_epochs: 0, cooling: 0, ..self }
    }

    /// What the rate is multiplied by.
    ///
    /// # Panics
    /// When it is not at least 0 and below 1.
    #[must_use]
    #[track_caller]
    pub fn factor(self, factor: f64) -> Self {
        check("plateau", "factor", factor, (0.0..1.0).contains(&factor), "at least 0 and below 1");
        Plateau { factor, ..self }
    }

    /// How many epochs that are not better are borne.
    #[must_use]
    pub fn patience(self, patience: u64) -> Self {
        Plateau { patience, ..self }
    }

    /// How much better a measure must be to count.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn threshold(self, threshold: f64, threshold_mode: Threshold) -> Self {
        not_negative("plateau", "threshold", threshold);
        Plateau { threshold, threshold_mode, ..self }
    }

    /// How many epochs are not counted after the rate has fallen.
    #[must_use]
    pub fn cooldown(self, cooldown: u64) -> Self {
        Plateau { cooldown, ..self }
    }

    /// The least rate.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn min_lr(self, min_lr: f64) -> Self {
        not_negative("plateau", "min_lr", min_lr);
        Plateau { min_lr, ..self }
    }

    /// The rate stays where it would fall by no more than this.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        not_negative("plateau", "eps", eps);
        Plateau { eps, ..self }
    }

    /// Takes in the measure of an epoch, and gives the rate of the next. NaN is never better.
    pub fn step(&mut self, measure: f64) -> f64 {
        if self.is_better(measure) {
            self.best = measure;
            self.bad_epochs = 0;
        } else {
            self.bad_epochs += 1;
        }
        if self.cooling > 0 {
            self.cooling -= 1;
            self.bad_epochs = 0;
        }
        if self.bad_epochs > self.patience {
            let lr = (self.lr * self.factor).max(self.min_lr);
            if self.lr - lr > self.eps {
                self.lr = lr;
            }
            self.cooling = self.cooldown;
            self.bad_epochs = 0;
        }
        self.lr
    }

    /// The rate.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.lr
    }

    /// The best measure so far; infinite, on the bad side, before the first.
    #[must_use]
    pub fn best(&self) -> f64 {
        self.best
    }

    /// Everything that further steps depend on and that is not a setting, with PyTorch's names.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        vec![
            ("lr".to_owned(), Tensor::from(self.lr)),
            ("best".to_owned(), Tensor::from(self.best)),
            ("num_bad_epochs".to_owned(), state::count(self.bad_epochs)),
            ("cooldown_counter".to_owned(), state::count(self.cooling)),
        ]
    }

    /// Goes on from a [`state`](Self::state).
    ///
    /// # Errors
    /// When a name is missing, unknown or not a number of its kind; nothing has changed then.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = (String, Tensor)>) -> Result<()> {
        let mut given = Given::new("plateau", state);
        let (lr, best) = (given.rate("lr")?, given.number("best")?);
        let (bad_epochs, cooling) = (given.count("num_bad_epochs")?, given.count("cooldown_counter")?);
        given.finish()?;
        (self.lr, self.best, self.bad_epochs, self.cooling) = (lr, best, bad_epochs, cooling);
        Ok(())
    }

    fn is_better(&self, measure: f64) -> bool {
        match (self.mode, self.threshold_mode) {
            (Mode::Min, Threshold::Relative) => measure < self.best * (1.0 - self.threshold),
            (Mode::Min, Threshold::Absolute) => measure < self.best - self.threshold,
            (Mode::Max, Threshold::Relative) => measure > self.best * (1.0 + self.threshold),
            (Mode::Max, Threshold::Absolute) => measure > self.best + self.threshold,
        }
    }
}
