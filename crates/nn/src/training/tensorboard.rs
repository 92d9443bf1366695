//! Event files that TensorBoard shows.

mod record;
#[cfg(test)]
mod tests;

use super::{BoxError, Callback, Moment};
use crate::files::{FileError, Problem};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

/// Logs scalars for TensorBoard, in a file of its own in a folder: `tensorboard --logdir runs`.
///
/// | tags | when |
/// |---|---|
/// | `step/loss` and what was measured with it, `step/lr` | after each step, or each [few](Self::every) |
/// | `train/loss`, ..: the means over the epoch | after each epoch |
/// | `valid/loss`, ..: what is called `valid_loss` in the history | after each epoch |
/// | `epoch/epoch`, `epoch/seconds` | after each epoch |
///
/// The axis is that of steps. A training that goes on from a checkpoint opens another file, which says that what was logged from
/// there on before does not count. Numbers are f32, as TensorBoard's are.
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    every: u64,
    file: Option<BufWriter<File>>,
}

impl TensorBoard {
    /// In this folder, which is made if need be: one for each run, `runs/1`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        TensorBoard { folder: folder.into(), every: 1, file: None }
    }

    /// How many steps there are from one that is logged to the next.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn every(self, steps: u64) -> Self {
        assert!(steps > 0, "tensorboard: the steps from one that is logged to the next must be at least 1; got 0");
        TensorBoard { every: steps, ..self }
    }

    fn write(&mut self, event: &[u8]) -> Result<(), BoxError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        Ok(file.write_all(event).map_err(|error| in_folder(error, &self.folder))?)
    }

    fn flush(&mut self) -> Result<(), BoxError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        Ok(file.flush().map_err(|error| in_folder(error, &self.folder))?)
    }
}

fn in_folder(error: io::Error, folder: &Path) -> FileError {
    Problem::Io(error).in_file(folder)
}

/// A new file, by a name that readers know as that of an event file, and of which the later one sorts later.
fn create(folder: &Path, seconds: u64) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let mut count = 0u32;
    loop {
        let name = format!("events.out.tfevents.{seconds:010}.cotangent.{}.{count}", process::id());
        match OpenOptions::new().write(true).create_new(true).open(folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && count < u32::MAX => count += 1,
            opened => return opened,
        }
    }
}

/// Seconds since 1970; a clock before that counts as 1970.
fn wall_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

impl<M> Callback<M> for TensorBoard {
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let time = wall_time();
        let file = create(&self.folder, time as u64).map_err(|error| in_folder(error, &self.folder))?;
        self.file = Some(BufWriter::new(file));
        self.write(&record::version(time))?;
        if now.steps > 0 {
            // What follows begins with the next step; an epoch's end was logged at the step that was its last.
            self.write(&record::restart(time, now.steps + 1))?;
        }
        self.flush()
    }

    fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if !now.steps.is_multiple_of(self.every) {
            return Ok(());
        }
        let mut scalars: Vec<_> = now.measures.iter().map(|(name, value)| (format!("step/{name}"), value)).collect();
        scalars.push(("step/lr".to_owned(), now.optimizer.lr()));
        self.write(&record::scalars(wall_time(), now.steps, scalars.iter().map(|(tag, value)| (&**tag, *value))))
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if let Some(record) = now.history.last() {
            let tag = |name: &str| match name.strip_prefix("valid_") {
                Some(name) => format!("valid/{name}"),
                None => format!("train/{name}"),
            };
            let mut scalars: Vec<_> = record.measures.iter().map(|(name, value)| (tag(name), value)).collect();
            scalars.push(("epoch/epoch".to_owned(), record.epoch as f64));
            scalars.push(("epoch/seconds".to_owned(), record.seconds));
            let scalars = scalars.iter().map(|(tag, value)| (&**tag, *value));
            self.write(&record::scalars(wall_time(), now.steps, scalars))?;
        }
        self.flush()
    }

    fn end(&mut self, _: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.flush()
    }
}
