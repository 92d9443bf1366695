//! What can be wrong with a file, and with loading it into what is there.

use super::Report;
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// What is wrong, and with which file.
pub struct FileError {
    path: Option<PathBuf>,
    problem: Problem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The system did not read or write.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file was cut, or something was added to it.
    #[error("the file has {length} bytes, but its beginning says {expected}; it was cut or is not a safetensors file")]
    Length {
        /// The bytes that a whole file would have, as far as what can be read of it tells.
        expected: u64,
        /// The bytes that it has.
        length: u64,
    },
    /// The file does not follow the format.
    #[error("at byte {offset}: {rule}")]
    Format {
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        rule: String,
    },
    /// An NPZ file is not one.
    #[error(transparent)]
    Npz(#[from] crate::data::ReadError),
    /// An entry of a dtype that tensors do not have.
    #[error("`{name}` holds {dtype}, which no tensor holds; {way_out}")]
    Dtype {
        /// The entry.
        name: String,
        /// Its dtype, as the file names it.
        dtype: String,
        /// How to read the file all the same.
        way_out: &'static str,
    },
    /// Something that a file cannot hold.
    #[error("{0}")]
    Unwritable(String),
    /// Two tensors were renamed to one name.
    #[error("two tensors were both renamed to `{0}`")]
    Collision(String),
    /// What was loaded and what it was loaded into differ.
    #[error("{0}")]
    Misfit(Report),
    /// The bytes are not those that were written.
    #[error("the checksum is {found} and was {written} when the file was written: it is damaged")]
    Checksum {
        /// As the file says.
        written: String,
        /// Of the bytes as they are now.
        found: String,
    },
    /// A safetensors file, but not a checkpoint.
    #[error("not a checkpoint: it has no `{0}`; a file of tensors is read by NamedTensors::read")]
    NotACheckpoint(&'static str),
    /// A checkpoint, where the tensors of a module were looked for.
    #[error(
        "a checkpoint, which has {parts}, and not the tensors of one module; \
             a part is loaded by Checkpoint::read(..)?.load_module(\"PART\", ..)"
    )]
    ACheckpoint {
        /// Its parts, for a message.
        parts: String,
    },
    /// A checkpoint of a format that is not known yet.
    #[error("a checkpoint of format {found}; this version of cotangent reads format {known}")]
    Version {
        /// The format of the file.
        found: String,
        /// The format that is known.
        known: u32,
    },
    /// A checkpoint without a part.
    #[error("the checkpoint has no part `{part}`; it has {parts}")]
    NoPart {
        /// The part that was asked for.
        part: String,
        /// Those that are there, for a message.
        parts: String,
    },
    /// A part of a checkpoint that is not the state of what it was loaded into.
    #[error("part `{part}`: {source}")]
    State {
        /// The part.
        part: String,
        /// Why it was refused.
        source: cotangent_tensor::Error,
    },
}

impl FileError {
    /// The file, where one was named; bytes in memory have none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl From<Problem> for FileError {
    fn from(problem: Problem) -> Self {
        FileError { path: None, problem }
    }
}

impl Problem {
    pub(crate) fn in_file(self, path: &Path) -> FileError {
        FileError { path: Some(path.to_owned()), problem: self }
    }

    /// Whether the bytes are not those of a checkpoint that was written whole. What the system did not read, or what another version wrote,
    /// may be as good as ever.
    pub(super) fn is_damage(&self) -> bool {
        matches!(
            self,
            Problem::Length { .. } | Problem::Format { .. } | Problem::Checksum { .. } | Problem::NotACheckpoint(_)
        )
    }

    pub(super) fn format(offset: u64, rule: impl Into<String>) -> Self {
        Problem::Format { offset, rule: rule.into() }
    }
}

/// The message, for it is what a `main` that returns the error shows.
impl fmt::Debug for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.problem),
            None => write!(f, "{}", self.problem),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.problem)
    }
}
