//! Logs for people: a line for each epoch, and a table.

use super::{BoxError, Callback, Moment};
use crate::files::write_whole;
use std::{
    io::{self, Stderr, Write},
    path::PathBuf,
};

/// A line for each epoch: `epoch 2 of 5: loss 0.5000, valid_loss 0.6000; lr 0.001, 1.5 s`. At the start one for each damaged checkpoint that
/// was passed over, at the end one for the reason if the training was stopped.
#[derive(Debug)]
pub struct Lines<W = Stderr> {
    out: W,
}

impl Lines {
    /// To the standard error, so that what the program itself prints stays apart.
    #[must_use]
    pub fn new() -> Self {
        Lines::to(io::stderr())
    }
}

impl Default for Lines {
    fn default() -> Self {
        Lines::new()
    }
}

impl<W: Write> Lines<W> {
    /// To a writer, such as `&mut Vec<u8>` or a file.
    #[must_use]
    pub fn to(out: W) -> Self {
        Lines { out }
    }
}

impl<M, W: Write> Callback<M> for Lines<W> {
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        for damaged in now.history.passed_over() {
            writeln!(self.out, "passed over: {damaged}")?;
        }
        Ok(())
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if let Some(record) = now.history.last() {
            let (measures, lr, seconds) = (&record.measures, record.lr, record.seconds);
            writeln!(self.out, "epoch {} of {}: {measures}; lr {lr}, {seconds:.1} s", now.epoch, now.epochs)?;
        }
        Ok(())
    }

    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if let Some(reason) = &*now.stop {
            writeln!(self.out, "stopped: {reason}")?;
        }
        Ok(self.out.flush()?)
    }
}

/// The [history](super::History::to_csv) as a file, written anew after each epoch: it is always whole, and a training that goes on
/// from a checkpoint leaves no row twice.
#[derive(Clone, Debug)]
pub struct CsvLog {
    path: PathBuf,
}

impl CsvLog {
    /// In this file, whose folder is made if need be. A file of this name is replaced when the training starts.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        CsvLog { path: path.into() }
    }

    fn write<M>(&self, now: &Moment<'_, M>) -> Result<(), BoxError> {
        Ok(write_whole(&self.path, now.history.to_csv().as_bytes())?)
    }
}

impl<M> Callback<M> for CsvLog {
    /// The table so far: a path that cannot be written is an error before the first epoch, not after it.
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.write(now)
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.write(now)
    }
}
