//! The header of a safetensors file: where each tensor lies, and the strings beside them.
//!
//! A file is the length of its header as a 64-bit number, the header in JSON, and the elements:
//!
//! ```text
//! {"__metadata__": {"key": "text"}, "weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..}
//! ```
//!
//! The offsets count from the end of the header. The format's own crate knows the entries and the rule that they fill the rest of
//! the file without gaps or overlaps. Ours is what it leaves open: names and keys that occur twice are refused, the place of a fault is
//! told, and the same content gives the same bytes.

use super::Problem;
use safetensors::{
    SafeTensorError,
    tensor::{Metadata, TensorInfo},
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap,
};
use std::{collections::BTreeMap, fmt};

/// Bytes before the header: its length.
pub(super) const LENGTH_BYTES: usize = 8;
/// The longest header that Hugging Face's implementation reads.
pub(super) const LONGEST: u64 = 100_000_000;
/// NumPy's limit; there is none in the format.
pub(super) const MOST_AXES: usize = 64;
/// The name of the strings among those of the tensors.
pub(super) const METADATA: &str = "__metadata__";

/// What a header says.
#[derive(Default)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    /// In the order of their elements.
    pub(super) tensors: Vec<(String, TensorInfo)>,
}

impl Header {
    /// Reads the header of a file with `data` bytes after it.
    pub(super) fn parse(text: &[u8], data: u64) -> Result<Self, Problem> {
        let text = str::from_utf8(text).map_err(|error| {
            Problem::format((LENGTH_BYTES + error.valid_up_to()) as u64, "the header is not UTF-8 here")
        })?;
        let mut header: Header = serde_json::from_str(text).map_err(|error| in_json(text, &error))?;
        // Of several at one place all but one are empty, and come first.
        header.tensors.sort_by_key(|(_, info)| info.data_offsets);
        for (name, info) in &header.tensors {
            if let Some(rule) = beyond_memory(info) {
                return Err(Problem::format(place_of(name, text), format!("`{name}`: {rule}")));
            }
        }
        if let Err(error) = Metadata::new(None, header.tensors.clone()) {
            return Err(broken_rule(&header.tensors, error, text));
        }
        let end = header.tensors.last().map_or(0, |(_, info)| info.data_offsets.1 as u64);
        if end != data {
            let length = |data: u64| data.saturating_add((LENGTH_BYTES + text.len()) as u64);
            return Err(Problem::Length { expected: length(end), length: length(data) });
        }
        Ok(header)
    }

    /// The text of a header, to be read by [`parse`](Self::parse).
    pub(super) fn text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("names, numbers and strings are JSON");
        // The elements of a mapped file are then aligned to any dtype.
        while !text.len().is_multiple_of(8) {
            text.push(' ');
        }
        text
    }
}

/// A fault of the JSON, with its place in the file instead of its line and column.
fn in_json(text: &str, error: &serde_json::Error) -> Problem {
    let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    // Columns count from 1; before the first byte it is 0.
    let offset = LENGTH_BYTES + line + error.column().saturating_sub(1);
    let rule = error.to_string();
    let line_and_column = format!(" at line {} column {}", error.line(), error.column());
    Problem::format(offset as u64, rule.strip_suffix(&line_and_column).unwrap_or(&rule))
}

/// Where the header names a tensor; its start, where the name is written with other escapes than ours.
fn place_of(name: &str, text: &str) -> u64 {
    let key = serde_json::to_string(name).expect("a string is JSON");
    (LENGTH_BYTES + text.find(&key).unwrap_or(0)) as u64
}

/// Why memory could not have a tensor; the format itself has no such limits.
fn beyond_memory(info: &TensorInfo) -> Option<String> {
    let TensorInfo { dtype, shape, .. } = info;
    if shape.len() > MOST_AXES {
        return Some(format!("it has {} axes; the most are {MOST_AXES}", shape.len()));
    }
    // An empty tensor's other sizes count too: their product is a stride.
    let span = shape.iter().try_fold(dtype.bitsize().div_ceil(8), |bytes, &size| bytes.checked_mul(size.max(1)));
    let fits = span.is_some_and(|span| isize::try_from(span).is_ok());
    (!fits).then(|| format!("shape {shape:?} of {dtype} is not one that memory can have"))
}

/// A broken rule of the format. The crate names a tensor that does not lie where it should; one that breaks a rule wherever it lies is
/// found here.
fn broken_rule(tensors: &[(String, TensorInfo)], error: SafeTensorError, text: &str) -> Problem {
    if let SafeTensorError::InvalidOffset(name) = error {
        let rule = format!("the elements of `{name}` do not start where those before them end");
        return Problem::format(place_of(&name, text), rule);
    }
    let is_broken = |(name, info): &&(String, TensorInfo)| {
        let (start, end) = info.data_offsets;
        let alone = TensorInfo { data_offsets: (0, end.saturating_sub(start)), ..info.clone() };
        Metadata::new(None, vec![(name.clone(), alone)]).is_err()
    };
    match tensors.iter().find(is_broken) {
        Some((name, TensorInfo { dtype, shape, data_offsets: (start, end) })) => {
            let rule = format!("`{name}`, {dtype} of shape {shape:?} in the bytes {start} to {end}: {error}");
            Problem::format(place_of(name, text), rule)
        }
        None => Problem::format(LENGTH_BYTES as u64, error.to_string()),
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA, &self.metadata)?;
        }
        for (name, info) in &self.tensors {
            map.serialize_entry(name, info)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Entries { metadata, tensors } = deserializer.deserialize_map(Entries::default())?;
        Ok(Header { metadata: metadata.unwrap_or_default(), tensors: tensors.into_iter().collect() })
    }
}

/// The entries of a header that were read so far.
#[derive(Default)]
struct Entries {
    metadata: Option<BTreeMap<String, String>>,
    tensors: BTreeMap<String, TensorInfo>,
}

impl<'de> Visitor<'de> for Entries {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if self.tensors.contains_key(&name) || (name == METADATA && self.metadata.is_some()) {
                return Err(A::Error::custom(format!("`{name}` occurs twice")));
            }
            if name == METADATA {
                self.metadata = Some(map.next_value::<Strings>()?.0);
            } else {
                // Keeps its place, which serde_json finds again in the text.
                let info = map.next_value().map_err(|error| A::Error::custom(format!("`{name}`: {error}")))?;
                self.tensors.insert(name, info);
            }
        }
        Ok(self)
    }
}

/// The strings beside the tensors.
#[derive(Default)]
struct Strings(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Strings::default())
    }
}

impl<'de> Visitor<'de> for Strings {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.0.contains_key(&key) {
                return Err(A::Error::custom(format!("`{key}` occurs twice in the metadata")));
            }
            self.0.insert(key, map.next_value()?);
        }
        Ok(self)
    }
}
