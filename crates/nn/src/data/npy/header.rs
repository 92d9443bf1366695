//! The header of an NPY file: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, of which Python would make a dictionary.
//!
//! Only what NumPy writes is read: these three keys, in any order, each once; nothing is evaluated.

use super::{MAGIC, MOST_AXES};
use crate::data::{ReadError, ReadResult, element_bytes::Stored, read_error::Cursor};
use cotangent_tensor::Shape;

/// What the header says of the elements. The shape was checked: its number of elements and of bytes can be counted.
pub(super) struct Header {
    pub(super) stored: Stored,
    pub(super) big_endian: bool,
    pub(super) fortran_order: bool,
    pub(super) shape: Shape,
}

impl Header {
    /// The header at the cursor, which stands at the first element afterwards.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> ReadResult<Header> {
        let magic: [u8; 6] = cursor.array("the magic string")?;
        if magic != *MAGIC {
            return Err(cursor.malformed(0, "NPY starts with the bytes \\x93NUMPY"));
        }
        let [major, minor] = cursor.array("the version")?;
        let len = match (major, minor) {
            (1, 0) => u32::from(u16::from_le_bytes(cursor.array("the length of the header")?)),
            (2 | 3, 0) => u32::from_le_bytes(cursor.array("the length of the header")?),
            _ => return Err(cursor.unsupported(6, format!("version {major}.{minor} of NPY is not known"))),
        };
        let start = cursor.at();
        let text = cursor.take(len as usize, "the header")?;
        Dictionary { cursor, text, start, at: 0 }.header()
    }
}

/// The text of the header, taken from the front.
struct Dictionary<'a, 'b> {
    cursor: &'a Cursor<'b>,
    text: &'b [u8],
    /// Where the text starts in the file.
    start: usize,
    at: usize,
}

impl<'b> Dictionary<'_, 'b> {
    fn header(mut self) -> ReadResult<Header> {
        let (mut descr, mut order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.next_is(b'}') {
            let at = self.at;
            let key = self.string()?;
            self.expect(b':')?;
            let again = match key {
                b"descr" => {
                    self.skip_spaces();
                    let at = self.at;
                    // A list describes records, and a number or a name is nothing that NumPy writes.
                    if self.peek() == Some(b'[') {
                        return Err(self.unsupported(at, "arrays of records are not read"));
                    }
                    let value = self.string()?;
                    descr.replace(self.stored(at, value)?).is_some()
                }
                b"fortran_order" => order.replace(self.truth()?).is_some(),
                b"shape" => {
                    self.skip_spaces();
                    shape.replace((self.at, self.sizes()?)).is_some()
                }
                _ => return Err(self.malformed(at, "the header has a key that is not descr, fortran_order or shape")),
            };
            if again {
                return Err(self.malformed(at, "the header has a key twice"));
            }
            if !self.next_is(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        self.skip_spaces();
        if self.at < self.text.len() {
            return Err(self.malformed(self.at, "more than spaces follows the dictionary of the header"));
        }
        let (Some((stored, big_endian)), Some(fortran_order), Some((at, shape))) = (descr, order, shape) else {
            return Err(self.malformed(0, "the header needs descr, fortran_order and shape"));
        };
        if shape.checked_numel(stored.dtype()).is_none() {
            return Err(self.malformed(at, format!("the shape {shape:?} is more than memory can hold")));
        }
        Ok(Header { stored, big_endian, fortran_order, shape })
    }

    fn stored(&self, at: usize, descr: &[u8]) -> ReadResult<(Stored, bool)> {
        let (order, kind) = descr.split_at(descr.len().min(1));
        let stored = match kind {
            b"f2" => Stored::F16,
            b"f4" => Stored::F32,
            b"f8" => Stored::F64,
            b"i8" => Stored::I64,
            b"i4" => Stored::I32,
            b"i2" => Stored::I16,
            b"i1" => Stored::I8,
            b"u4" => Stored::U32,
            b"u2" => Stored::U16,
            b"u1" => Stored::U8,
            b"b1" => Stored::Bool,
            _ => {
                let descr = String::from_utf8_lossy(descr);
                let rule = format!("elements of type {descr:?} are not read; convert them, for example .astype('<f4')");
                return Err(self.unsupported(at, rule));
            }
        };
        match order {
            b"<" => Ok((stored, false)),
            b">" => Ok((stored, true)),
            b"|" if stored.size() == 1 => Ok((stored, false)),
            _ => Err(self.malformed(at, "the type of the elements needs a byte order, < or >")),
        }
    }

    /// `'text'` or `"text"`, without escapes, which no key or type needs.
    fn string(&mut self) -> ReadResult<&'b [u8]> {
        self.skip_spaces();
        let quote = self.peek().filter(|byte| matches!(byte, b'\'' | b'"'));
        let Some(quote) = quote else { return Err(self.malformed(self.at, "the header needs a string here")) };
        let rest = &self.text[self.at + 1..];
        let end = rest.iter().position(|&byte| byte == quote || byte == b'\\');
        let Some(end) = end.filter(|&end| rest[end] == quote) else {
            return Err(self.malformed(self.at, "the header has a string without an end, or with an escape"));
        };
        self.at += end + 2;
        Ok(&rest[..end])
    }

    fn truth(&mut self) -> ReadResult<bool> {
        self.skip_spaces();
        for (name, truth) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(name.as_bytes()) {
                self.at += name.len();
                return Ok(truth);
            }
        }
        Err(self.malformed(self.at, "fortran_order is True or False"))
    }

    /// `(2, 3)`, `(2,)` or `()`; Python 2 wrote long numbers as `2L`.
    fn sizes(&mut self) -> ReadResult<Shape> {
        self.expect(b'(')?;
        let mut sizes = Vec::new();
        while !self.next_is(b')') {
            if sizes.len() == MOST_AXES {
                return Err(self.malformed(self.at, format!("the shape has more than {MOST_AXES} axes")));
            }
            sizes.push(self.size()?);
            self.next_is(b'L');
            if !self.next_is(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(sizes.into())
    }

    fn size(&mut self) -> ReadResult<usize> {
        self.skip_spaces();
        let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = str::from_utf8(&self.text[self.at..self.at + digits]).expect("digits");
        match text.parse() {
            Ok(size) => {
                self.at += digits;
                Ok(size)
            }
            Err(_) => Err(self.malformed(self.at, "the shape needs a size here, a whole number that memory can hold")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Whether this byte is next, after spaces; it is taken then.
    fn next_is(&mut self, wanted: u8) -> bool {
        self.skip_spaces();
        let is = self.peek() == Some(wanted);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, wanted: u8) -> ReadResult<()> {
        if self.next_is(wanted) {
            return Ok(());
        }
        Err(self.malformed(self.at, format!("the header needs {:?} here", char::from(wanted))))
    }

    fn malformed(&self, at: usize, rule: impl Into<String>) -> ReadError {
        self.cursor.malformed(self.start + at, rule)
    }

    fn unsupported(&self, at: usize, rule: impl Into<String>) -> ReadError {
        self.cursor.unsupported(self.start + at, rule)
    }
}
