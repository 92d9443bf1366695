//! What can be wrong with bytes from outside: where it is, what rule they break, and of which kind it is.

use std::{fmt, io, path::Path};

/// What kind of fault stopped a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The system could not read the file.
    Io,
    /// The data end before they should.
    Truncated,
    /// The data do not follow their format.
    Malformed,
    /// The data follow their format, but use a part of it that is not read here.
    Unsupported,
    /// The data declare more than the reader was allowed to make of them.
    TooLarge,
}

/// A place in what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// An offset from the start, in bytes. In what was compressed it counts the bytes after decompression.
    Byte(u64),
    /// A line, counted from 1.
    Line(u64),
}

/// Why a file or bytes could not be read: the format, the place, and the rule that was broken.
///
/// ```
/// use cotangent_nn::data::{Place, ReadErrorKind, npy};
/// let error = npy::parse(b"\x93NUMPY\x01\x00\x76").unwrap_err();
/// assert_eq!((error.kind(), error.place()), (ReadErrorKind::Truncated, Some(Place::Byte(9))));
/// assert_eq!(error.to_string(), "npy: byte 9: the data end within the length of the header");
/// ```
pub struct ReadError(Box<Report>);

#[derive(Debug)]
struct Report {
    kind: ReadErrorKind,
    format: &'static str,
    file: Option<String>,
    part: Option<String>,
    place: Option<Place>,
    rule: String,
    source: Option<io::Error>,
}

/// The result of a reader.
pub type ReadResult<T> = std::result::Result<T, ReadError>;

impl ReadError {
    pub(super) fn new(
        kind: ReadErrorKind,
        format: &'static str,
        place: impl Into<Option<Place>>,
        rule: impl Into<String>,
    ) -> Self {
        let place = place.into();
        ReadError(Box::new(Report { kind, format, file: None, part: None, place, rule: rule.into(), source: None }))
    }

    fn io(format: &'static str, path: &Path, source: io::Error) -> Self {
        let mut error = ReadError::new(ReadErrorKind::Io, format, None, format!("cannot be read: {source}"));
        error.0.source = Some(source);
        error.in_file(path)
    }

    /// Adds the file.
    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.0.file = Some(path.display().to_string());
        self
    }

    /// Adds the part of an archive to which the place belongs.
    pub(super) fn in_part(mut self, part: &str) -> Self {
        self.0.part = Some(part.to_owned());
        self
    }

    /// What kind of fault it is.
    #[must_use]
    pub fn kind(&self) -> ReadErrorKind {
        self.0.kind
    }

    /// Where the fault is; a system's refusal has no place.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }
}

/// The message, for it is what a `main` that returns the error shows.
impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { format, file, part, place, rule, .. } = &*self.0;
        write!(f, "{format}: ")?;
        if let Some(file) = file {
            write!(f, "{file}: ")?;
        }
        if let Some(part) = part {
            write!(f, "{part:?}: ")?;
        }
        match place {
            Some(Place::Byte(byte)) => write!(f, "byte {byte}: ")?,
            Some(Place::Line(line)) => write!(f, "line {line}: ")?,
            None => {}
        }
        f.write_str(rule)
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

/// Reads a file whole and hands it to a parser, whose errors then name the file.
pub(super) fn read_file<T>(
    format: &'static str,
    path: &Path,
    parse: impl FnOnce(&[u8]) -> ReadResult<T>,
) -> ReadResult<T> {
    let bytes = std::fs::read(path).map_err(|source| ReadError::io(format, path, source))?;
    parse(&bytes).map_err(|error| error.in_file(path))
}

/// The paths in a folder, in no order.
#[cfg(feature = "images")]
pub(super) fn folder_entries(format: &'static str, folder: &Path) -> ReadResult<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|source| ReadError::io(format, folder, source))
}

/// Bytes that are taken from the front, with an account of the place.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    format: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(format: &'static str, bytes: &'a [u8]) -> Self {
        Cursor { format, bytes, at: 0 }
    }

    /// The offset of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `n` bytes, which are `what`.
    pub(super) fn take(&mut self, n: usize, what: &str) -> ReadResult<&'a [u8]> {
        if n > self.remaining() {
            return Err(self.truncated(what));
        }
        let taken = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> ReadResult<[u8; N]> {
        Ok(self.take(N, what)?.try_into().expect("as many bytes as were taken"))
    }

    /// The refusal of data that end within `what`.
    pub(super) fn truncated(&self, what: &str) -> ReadError {
        let place = Place::Byte(self.bytes.len() as u64);
        ReadError::new(ReadErrorKind::Truncated, self.format, place, format!("the data end within {what}"))
    }

    /// The refusal of what stands at an offset.
    pub(super) fn malformed(&self, at: usize, rule: impl Into<String>) -> ReadError {
        ReadError::new(ReadErrorKind::Malformed, self.format, Place::Byte(at as u64), rule)
    }

    /// The refusal of what stands at an offset, though it follows the format.
    pub(super) fn unsupported(&self, at: usize, rule: impl Into<String>) -> ReadError {
        ReadError::new(ReadErrorKind::Unsupported, self.format, Place::Byte(at as u64), rule)
    }
}
