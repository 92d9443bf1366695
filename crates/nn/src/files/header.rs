//! The header of a safetensors file: where each tensor lies, and the strings beside them.
//!
//! A file is the length of its header as a 64-bit number, the header in JSON, and the elements:
//!
//! ```text
//! {"__metadata__": {"key": "text"}, "weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..}
//! ```
//!
//! The offsets count from the end of the header. The tensors fill the rest of the file without gaps or overlaps, so that
//! nothing can hide in it.

use super::{
    Problem,
    element::Stored,
    json::{Cursor, push_string},
};
use cotangent_tensor::Shape;
use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    fmt::Write,
    ops::Range,
};

/// Bytes before the header: its length.
pub(super) const LENGTH_BYTES: usize = 8;
/// The longest header that Hugging Face's implementation reads.
pub(super) const LONGEST: u64 = 100_000_000;
/// NumPy's limit. With it, a shape cannot take more memory than the text that declares it times ten.
pub(super) const MOST_AXES: usize = 64;
const METADATA: &str = "__metadata__";

/// A header as it was read.
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    /// In the order of their elements.
    pub(super) entries: Vec<Entry>,
    /// Where the string of the key that was asked for lies in the file, without its quotes.
    pub(super) place: Option<Range<usize>>,
}

pub(super) struct Entry {
    pub(super) name: String,
    pub(super) stored: Stored,
    pub(super) shape: Shape,
    /// Bytes of its elements.
    pub(super) bytes: u64,
}

/// An entry whose place among the others is not checked yet.
struct Placed {
    entry: Entry,
    start: u64,
    /// Where the file declares it.
    declared_at: usize,
}

impl Header {
    /// Reads a header, of a file with `data` bytes after it, and notes where the string of one key of the metadata lies.
    pub(super) fn parse(text: &[u8], data: u64, noted: &str) -> Result<Self, Problem> {
        let text = std::str::from_utf8(text).map_err(|error| {
            Problem::format((LENGTH_BYTES + error.valid_up_to()) as u64, "the header is not UTF-8 here")
        })?;
        let mut cursor = Cursor::new(text, LENGTH_BYTES);
        let (mut metadata, mut place, mut entries) = (BTreeMap::new(), None, Vec::new());
        let mut names = BTreeSet::new();
        cursor.object(|cursor, name, declared_at| {
            if !names.insert(name.clone()) {
                return Err(Problem::format(declared_at as u64, format!("`{name}` occurs twice")));
            }
            if name == METADATA {
                return cursor.object(|cursor, key, key_at| {
                    let (value, value_at) = cursor.string()?;
                    if key == noted {
                        place = Some(value_at);
                    }
                    match metadata.entry(key) {
                        btree_map::Entry::Vacant(entry) => entry.insert(value),
                        btree_map::Entry::Occupied(entry) => {
                            let rule = format!("`{}` occurs twice in the metadata", entry.key());
                            return Err(Problem::format(key_at as u64, rule));
                        }
                    };
                    Ok(())
                });
            }
            entries.push(Placed::parse(cursor, name, declared_at)?);
            Ok(())
        })?;
        cursor.end()?;
        Ok(Header { metadata, entries: in_order(entries, data, text.len())?, place })
    }
}

impl Placed {
    fn parse(cursor: &mut Cursor<'_>, name: String, declared_at: usize) -> Result<Self, Problem> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        cursor.object(|cursor, key, key_at| {
            let twice = match &*key {
                "dtype" => dtype.replace(cursor.string()?.0).is_some(),
                "shape" => shape.replace(cursor.integers(MOST_AXES)?).is_some(),
                "data_offsets" => offsets.replace(cursor.integers(2)?).is_some(),
                _ => return Err(Problem::format(key_at as u64, format!("tensors have no `{key}`"))),
            };
            if twice {
                return Err(Problem::format(key_at as u64, format!("`{key}` occurs twice")));
            }
            Ok(())
        })?;
        let refuse = |rule: String| Err(Problem::format(declared_at as u64, format!("`{name}`: {rule}")));
        let (Some(dtype), Some(shape), Some(offsets)) = (dtype, shape, offsets) else {
            return refuse("a tensor needs dtype, shape and data_offsets".to_owned());
        };
        let Some(stored) = Stored::named(&dtype) else {
            let way_out = "convert the file with the program that wrote it";
            return Err(Problem::Dtype { name, dtype, way_out });
        };
        let &[start, end] = &offsets[..] else {
            return refuse(format!("data_offsets has {} numbers instead of 2", offsets.len()));
        };
        // An empty tensor's other sizes count too: their product is a stride.
        let span = shape.iter().try_fold(stored.size() as u64, |bytes, &size| bytes.checked_mul(size.max(1)));
        let (Some(span), Some(extent)) = (span.filter(|&span| isize::try_from(span).is_ok()), end.checked_sub(start))
        else {
            return refuse(format!("shape {shape:?} of {dtype} at {start} to {end} is not one that memory can have"));
        };
        let bytes = if shape.contains(&0) { 0 } else { span };
        if extent != bytes {
            return refuse(format!("shape {shape:?} of {dtype} takes {bytes} bytes, not {extent}"));
        }
        let shape = shape.iter().map(|&size| size as usize).collect();
        Ok(Placed { entry: Entry { name, stored, shape, bytes }, start, declared_at })
    }
}

/// The entries in the order of their elements, which fill the data. The tensors are made after this, so that all of them
/// together are as large as the file says that it is.
fn in_order(mut entries: Vec<Placed>, data: u64, header: usize) -> Result<Vec<Entry>, Problem> {
    // Of several at one place all but one are empty, and come first.
    entries.sort_by_key(|placed| (placed.start, placed.entry.bytes));
    let mut end = 0;
    for Placed { entry, start, declared_at } in &entries {
        if *start != end {
            let rule = format!("`{}` starts at {start} where the elements before it end at {end}", entry.name);
            return Err(Problem::format(*declared_at as u64, rule));
        }
        let Some(next) = start.checked_add(entry.bytes) else {
            return Err(Problem::format(*declared_at as u64, format!("`{}` ends beyond 64 bits", entry.name)));
        };
        end = next;
    }
    if end != data {
        let length = |data: u64| data.saturating_add((LENGTH_BYTES + header) as u64);
        return Err(Problem::Length { expected: length(end), length: length(data) });
    }
    Ok(entries.into_iter().map(|placed| placed.entry).collect())
}

/// The text of a header, to be read by [`Header::parse`], and where the string of one key of the metadata lies in the file.
///
/// The elements of each tensor follow those of the one before it.
pub(super) fn text_of<'a>(
    metadata: &BTreeMap<String, String>,
    noted: &str,
    entries: impl Iterator<Item = (&'a str, Stored, &'a Shape)>,
) -> (String, Option<Range<usize>>) {
    let (mut text, mut place, mut start) = ("{".to_owned(), None, 0);
    if !metadata.is_empty() {
        text.push_str("\"__metadata__\":{");
        for (i, (key, value)) in metadata.iter().enumerate() {
            text.push_str(if i == 0 { "" } else { "," });
            push_string(&mut text, key);
            text.push(':');
            let quote = LENGTH_BYTES + text.len();
            push_string(&mut text, value);
            if key == noted {
                place = Some(quote + 1..LENGTH_BYTES + text.len() - 1);
            }
        }
        text.push('}');
    }
    for (name, stored, shape) in entries {
        text.push_str(if text.len() == 1 { "" } else { "," });
        push_string(&mut text, name);
        let end = start + shape.numel() * stored.size();
        write!(text, ":{{\"dtype\":\"{}\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}", stored.name())
            .expect("strings take everything");
        start = end;
    }
    text.push('}');
    // The elements of a mapped file are then aligned to any dtype.
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    (text, place)
}
