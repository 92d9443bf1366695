//! Which checkpoints of a run stay: the last few, and the best.

use super::{Checkpoint, FileError, Problem, atomic};
use std::{
    cmp::Ordering,
    fs, io,
    path::{Path, PathBuf},
};

/// The last few checkpoints of one run, in a folder of its own: `step-000000100.safetensors` and so on.
///
/// ```
/// use cotangent_nn::files::{Checkpoint, Rotation};
/// let folder = tempfile::tempdir()?;
/// let rotation = Rotation::new(folder.path(), 2);
/// for step in [100, 200, 300u64] {
///     rotation.write(step, &Checkpoint::new().with_state("step", &step))?;
/// }
/// assert_eq!(rotation.steps()?, [200, 300]);
///
/// // A file that was damaged is passed over.
/// let newest = folder.path().join("step-000000300.safetensors");
/// std::fs::write(&newest, &std::fs::read(&newest)?[..100])?;
/// let latest = rotation.latest()?.expect("one that is whole");
/// assert_eq!(latest.step, 200);
/// assert_eq!(latest.passed_over[0].path(), Some(newest.as_path()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rotation {
    folder: PathBuf,
    keep: usize,
}

/// The newest checkpoint that is whole.
#[derive(Debug)]
#[non_exhaustive]
pub struct Latest {
    /// The step that it was written at.
    pub step: u64,
    /// What it holds.
    pub checkpoint: Checkpoint,
    /// What is wrong with those that are newer: they are damaged.
    pub passed_over: Vec<FileError>,
}

impl Rotation {
    /// The last `keep` checkpoints in a folder, which is made when the first is written.
    ///
    /// # Panics
    /// When `keep` is zero.
    #[must_use]
    #[track_caller]
    pub fn new(folder: impl Into<PathBuf>, keep: usize) -> Self {
        assert!(keep > 0, "rotation: at least one checkpoint is kept; got keep 0");
        Rotation { folder: folder.into(), keep }
    }

    /// Writes the checkpoint of a step, and removes the oldest when there are too many. Those of later steps, which a run
    /// that was taken up again at an earlier one leaves, are not touched. What processes that were killed while they wrote left of a
    /// checkpoint is removed too.
    ///
    /// # Errors
    /// When the file cannot be written, or an old one not removed.
    pub fn write(&self, step: u64, checkpoint: &Checkpoint) -> Result<PathBuf, FileError> {
        fs::create_dir_all(&self.folder).map_err(|error| Problem::Io(error).in_file(&self.folder))?;
        let path = self.path(step);
        checkpoint.write(&path)?;
        atomic::remove_left_behind(&self.folder, |name| self.step_of(name).is_some());
        let mut earlier = self.steps()?;
        earlier.retain(|&other| other < step);
        let superfluous = (earlier.len() + 1).saturating_sub(self.keep);
        for &old in &earlier[..superfluous] {
            let old = self.path(old);
            fs::remove_file(&old).map_err(|error| Problem::Io(error).in_file(&old))?;
        }
        Ok(path)
    }

    /// The steps that have a file, the earliest first.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn steps(&self) -> Result<Vec<u64>, FileError> {
        let failed = |error| Problem::Io(error).in_file(&self.folder);
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut steps = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            steps.extend(name.to_str().and_then(|name| self.step_of(name)));
        }
        steps.sort_unstable();
        Ok(steps)
    }

    /// The newest checkpoint that is whole, or none if the folder holds no checkpoint at all.
    ///
    /// Only damage is passed over. A file that the system does not read, or one of a later format, may hold what a run has come to; going on
    /// without it would throw that away.
    ///
    /// # Errors
    /// When all checkpoints are damaged, with what is wrong with the newest; when one that is newer than all whole ones cannot be read or is
    /// of another format; when the folder cannot be read.
    pub fn latest(&self) -> Result<Option<Latest>, FileError> {
        let mut passed_over = Vec::new();
        for step in self.steps()?.into_iter().rev() {
            match Checkpoint::read(self.path(step)) {
                Ok(checkpoint) => return Ok(Some(Latest { step, checkpoint, passed_over })),
                Err(error) if error.problem().is_damage() => passed_over.push(error),
                Err(error) => return Err(error),
            }
        }
        passed_over.into_iter().next().map_or(Ok(None), Err)
    }

    /// The step of a file of ours; others are not, nor is one with a number as we would not write it.
    fn step_of(&self, name: &str) -> Option<u64> {
        let step = name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()?;
        self.path(step).ends_with(name).then_some(step)
    }

    /// Nine digits, so that a listing by name is one by step for longer than most trainings last.
    fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step:09}.safetensors"))
    }
}

const SCORE_KEY: &str = "cotangent.score";

/// The best checkpoint of a run, in one file that remembers its score.
///
/// ```
/// use cotangent_nn::files::{Best, Checkpoint};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("best.safetensors");
/// let mut best = Best::lowest(&path)?;
/// for (epoch, loss) in [(1u64, 0.5), (2, 0.25), (3, 0.75)] {
///     best.offer(loss, &Checkpoint::new().with_state("epoch", &epoch))?;
/// }
/// // Another day.
/// let best = Best::lowest(&path)?;
/// assert_eq!(best.score(), Some(0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Best {
    path: PathBuf,
    /// How a better score compares with a worse one.
    better: Ordering,
    score: Option<f64>,
}

impl Best {
    /// Keeps the checkpoint of the lowest score, such as a loss, beginning with the one that is in the file, if there is
    /// one.
    ///
    /// # Errors
    /// When the file is there but is not one that this wrote, or is damaged.
    pub fn lowest(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        Best::open(path.into(), Ordering::Less)
    }

    /// Keeps the checkpoint of the highest score, such as an accuracy.
    ///
    /// # Errors
    /// As [`lowest`](Self::lowest).
    pub fn highest(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        Best::open(path.into(), Ordering::Greater)
    }

    fn open(path: PathBuf, better: Ordering) -> Result<Self, FileError> {
        let score = match Checkpoint::read_with_metadata(&path) {
            Ok((_, metadata)) => match metadata.get(SCORE_KEY).and_then(|score| score.parse().ok()) {
                Some(score) => Some(score),
                None => return Err(Problem::NotACheckpoint(SCORE_KEY).in_file(&path)),
            },
            Err(error) if is_absent(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(Best { path, better, score })
    }

    /// Writes the checkpoint if its score is better than all before, and says whether it was. NaN never is. What processes that were
    /// killed while they wrote left of this file is then removed.
    ///
    /// # Errors
    /// When the file cannot be written; the best one before is then still there.
    pub fn offer(&mut self, score: f64, checkpoint: &Checkpoint) -> Result<bool, FileError> {
        let better = match self.score {
            Some(best) => score.partial_cmp(&best) == Some(self.better),
            None => !score.is_nan(),
        };
        if better {
            // Rust prints a float with as many digits as it takes to read the same one back.
            checkpoint.write_with(&self.path, [(SCORE_KEY, format!("{score:?}"))])?;
            let name = self.path.file_name().and_then(|name| name.to_str());
            atomic::remove_left_behind(atomic::folder_of(&self.path), |ours| Some(ours) == name);
            self.score = Some(score);
        }
        Ok(better)
    }

    /// The best score so far.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        self.score
    }

    /// Where the best checkpoint lies, once there is one.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn is_absent(error: &FileError) -> bool {
    matches!(error.problem(), Problem::Io(error) if error.kind() == io::ErrorKind::NotFound)
}
