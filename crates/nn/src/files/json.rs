//! The JSON of a header: a cursor over it that reads what a header consists of, and says where it does not.
//!
//! Objects of strings, objects and lists of whole numbers are all there is. Nothing recurses, so that no nesting is too
//! deep; and what is read is at most as long as the text.

use super::Problem;
use std::{fmt::Write, ops::Range};

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Where the text lies in the file.
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, offset: usize) -> Self {
        Cursor { text, at: 0, offset }
    }

    /// Where the next byte lies in the file.
    pub(super) fn place(&self) -> usize {
        self.offset + self.at
    }

    pub(super) fn refuse<T>(&self, rule: impl Into<String>) -> Result<T, Problem> {
        Err(Problem::format(self.place() as u64, rule))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Moves past a character, if it is the next one after white space.
    fn take(&mut self, wanted: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Problem> {
        if self.take(wanted) { Ok(()) } else { self.refuse(format!("the header needs `{}` here", wanted as char)) }
    }

    /// Nothing may follow but white space.
    pub(super) fn end(&mut self) -> Result<(), Problem> {
        self.skip_space();
        if self.peek().is_none() { Ok(()) } else { self.refuse("the header goes on after its end") }
    }

    /// An object: `entry` reads the value of each key, and is told where the key lies.
    pub(super) fn object(
        &mut self,
        mut entry: impl FnMut(&mut Self, String, usize) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.skip_space();
            let place = self.place();
            let (key, _) = self.string()?;
            self.expect(b':')?;
            entry(self, key, place)?;
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// A list of at most `limit` whole numbers.
    pub(super) fn integers(&mut self, limit: usize) -> Result<Vec<u64>, Problem> {
        self.expect(b'[')?;
        let mut integers = Vec::new();
        if self.take(b']') {
            return Ok(integers);
        }
        loop {
            if integers.len() == limit {
                return self.refuse(format!("a list of more than {limit} numbers"));
            }
            integers.push(self.integer()?);
            if self.take(b']') {
                return Ok(integers);
            }
            self.expect(b',')?;
        }
    }

    fn integer(&mut self) -> Result<u64, Problem> {
        self.skip_space();
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &self.text[self.at..self.at + digits];
        // JSON has no leading zeros.
        if number.is_empty() || (number.starts_with('0') && digits > 1) {
            return self.refuse("the header needs a whole number here");
        }
        let Ok(value) = number.parse() else {
            return self.refuse("a number beyond 64 bits");
        };
        self.at += digits;
        Ok(value)
    }

    /// A string, and where it lies in the file, without its quotes.
    pub(super) fn string(&mut self) -> Result<(String, Range<usize>), Problem> {
        self.expect(b'"')?;
        let (start, mut string) = (self.place(), String::new());
        loop {
            // Quotes, backslashes and control characters are ASCII, and so lie on the borders of characters.
            let special = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let plain = self.text[self.at..].bytes().take_while(|&byte| !special(byte)).count();
            string.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    let end = self.place();
                    self.at += 1;
                    return Ok((string, start..end));
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return self.refuse("a control character in a string"),
                None => return self.refuse("a string without an end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let Some(&code) = self.text.as_bytes().get(self.at + 1) else {
            return self.refuse("a string without an end");
        };
        let plain = match code {
            b'"' | b'\\' | b'/' => code as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return self.refuse("an escape that JSON does not have"),
        };
        self.at += 2;
        Ok(plain)
    }

    /// One `\uXXXX`, or the two of a character beyond the first 2¹⁶.
    fn unicode_escape(&mut self) -> Result<char, Problem> {
        let unit_at = |at: usize| {
            let digits = self.text.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
            digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)?))
        };
        let decoded = match unit_at(self.at) {
            Some(high @ 0xd800..0xdc00) => match unit_at(self.at + 6) {
                Some(low @ 0xdc00..0xe000) => char::from_u32(0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00))),
                _ => None,
            },
            Some(unit) => char::from_u32(unit),
            None => None,
        };
        let Some(decoded) = decoded else {
            return self.refuse("an escape that is no character");
        };
        self.at += if u32::from(decoded) < 0x10000 { 6 } else { 12 };
        Ok(decoded)
    }
}

/// Appends a string with its quotes.
pub(super) fn push_string(text: &mut String, string: &str) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\0'..='\u{1f}' => write!(text, "\\u{:04x}", u32::from(c)).expect("strings take everything"),
            _ => text.push(c),
        }
    }
    text.push('"');
}
