//! As much of ZIP as NPZ needs (PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 6.3.10): members that are stored or deflated,
//! found by the central directory at the end, which alone is trusted for their sizes.
//!
//! Our own, because the errors of the crates for it name no offset, and what they allocate for a hostile archive is not bounded by its
//! size.

use super::FORMAT;
use crate::data::{Place, ReadError, ReadErrorKind, ReadResult, read_error::Cursor};
use std::{borrow::Cow, io, ops::Range};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
/// Bytes of the record at the end, without its comment.
const END_BYTES: usize = 22;
const LONGEST_COMMENT: usize = u16::MAX as usize;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Flags: the member is encrypted; its name is UTF-8.
const ENCRYPTED: u16 = 1;
const UTF_8: u16 = 1 << 11;

/// A file in the archive.
pub(super) struct Member {
    pub(super) name: String,
    deflated: bool,
    checksum: u32,
    /// Where its bytes stand in the archive.
    range: Range<usize>,
    /// Its size when unpacked.
    size: usize,
}

/// The members, in the order of the central directory. Their ranges lie within the archive and do not overlap.
pub(super) fn members(bytes: &[u8]) -> ReadResult<Vec<Member>> {
    let (start, end, count) = directory(bytes)?;
    // Each entry was there to be read, so that no more are asked for than the input can hold.
    let mut members = Vec::new();
    let mut cursor = Cursor::starting_at(FORMAT, &bytes[..end], start);
    for _ in 0..count {
        members.push(member(bytes, &mut cursor, start)?);
    }
    if cursor.remaining() > 0 {
        return Err(cursor.malformed(cursor.at(), "the central directory is longer than its members"));
    }
    let mut ranges: Vec<&Range<usize>> = members.iter().map(|member| &member.range).collect();
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    if let Some(pair) = ranges.windows(2).find(|pair| pair[0].end > pair[1].start) {
        return Err(cursor.malformed(pair[1].start, "two members of the archive share their bytes"));
    }
    Ok(members)
}

/// Where the central directory starts and ends, and how many entries it has, by the record at the end of the archive.
fn directory(bytes: &[u8]) -> ReadResult<(usize, usize, usize)> {
    let whole = Cursor::new(FORMAT, bytes);
    if !bytes.starts_with(&LOCAL) && !bytes.starts_with(&END) {
        return Err(if bytes.len() < LOCAL.len() {
            whole.truncated("the first record of the ZIP archive")
        } else {
            whole.malformed(0, "a ZIP archive starts with the bytes PK\\x03\\x04")
        });
    }
    let first = bytes.len().saturating_sub(END_BYTES + LONGEST_COMMENT);
    let found = bytes[first..].windows(END_BYTES).rposition(|record| record.starts_with(&END));
    let Some(at) = found.map(|at| first + at) else {
        return Err(whole.truncated("the members, before the central directory of the ZIP archive"));
    };
    let mut cursor = Cursor::starting_at(FORMAT, bytes, at);
    let what = "the last record of the ZIP archive";
    cursor.take(4, what)?;
    let [disk, first_disk, here, count] = [(); 4].map(|()| cursor.array(what).map(u16::from_le_bytes));
    let (disk, first_disk, here, count) = (disk?, first_disk?, here?, count?);
    let [size, start] = [(); 2].map(|()| cursor.array(what).map(u32::from_le_bytes));
    let (size, start) = (size?, start?);
    let comment = u16::from_le_bytes(cursor.array(what)?);
    if cursor.remaining() != usize::from(comment) {
        return Err(cursor.malformed(at + 20, "the ZIP archive does not end where its last record says"));
    }
    if count == u16::MAX || start == u32::MAX || size == u32::MAX {
        return Err(cursor.unsupported(at, "ZIP64 archives are not read"));
    }
    if (disk, first_disk) != (0, 0) || here != count {
        return Err(cursor.unsupported(at, "archives in several parts are not read"));
    }
    let (start, size) = (start as usize, size as usize);
    match start.checked_add(size) {
        Some(end) if end == at => Ok((start, end, usize::from(count))),
        _ => Err(cursor.malformed(at + 12, "the central directory does not end where the last record starts")),
    }
}

/// The member of the directory's entry at the cursor; the directory starts at `directory`, before which all members end.
fn member(bytes: &[u8], cursor: &mut Cursor<'_>, directory: usize) -> ReadResult<Member> {
    let what = "an entry of the central directory";
    let at = cursor.at();
    let entry: [u8; 46] = cursor.array(what)?;
    let u16_at = |i: usize| u16::from_le_bytes([entry[i], entry[i + 1]]);
    let u32_at = |i: usize| u32::from_le_bytes([entry[i], entry[i + 1], entry[i + 2], entry[i + 3]]);
    if !entry.starts_with(&CENTRAL) {
        return Err(cursor.malformed(at, "an entry of the central directory starts with the bytes PK\\x01\\x02"));
    }
    let (flags, method, checksum) = (u16_at(8), u16_at(10), u32_at(16));
    let (packed, size, local) = (u32_at(20), u32_at(24), u32_at(42));
    let name = cursor.take(usize::from(u16_at(28)), what)?;
    cursor.take(usize::from(u16_at(30)) + usize::from(u16_at(32)), what)?;
    let Ok(name) = str::from_utf8(name) else {
        return Err(cursor.malformed(at + 46, "the name of a member is not UTF-8"));
    };
    let refuse = |error: ReadError| Err(error.in_part(name));
    if flags & ENCRYPTED != 0 {
        return refuse(cursor.unsupported(at + 8, "it is encrypted"));
    }
    if method != STORED && method != DEFLATED {
        return refuse(cursor.unsupported(at + 10, format!("it is compressed by method {method} of ZIP")));
    }
    if [packed, size, local].contains(&u32::MAX) {
        return refuse(cursor.unsupported(at + 20, "it is larger than 4 GiB (ZIP64)"));
    }
    if method == STORED && packed != size {
        return refuse(cursor.malformed(at + 20, "it is not compressed, and has two sizes"));
    }
    // DEFLATE packs at most 258 bytes into two bits.
    if method == DEFLATED && u64::from(size) > 1032 * u64::from(packed) {
        return refuse(cursor.malformed(at + 24, "no compressed data of its size unpack to so much"));
    }
    let start = start_of_content(&bytes[..directory], local as usize).map_err(|error| error.in_part(name))?;
    let mut content = Cursor::starting_at(FORMAT, &bytes[..directory], start);
    content.take(packed as usize, "a member of the archive").map_err(|error| error.in_part(name))?;
    Ok(Member {
        name: name.to_owned(),
        deflated: method == DEFLATED,
        checksum,
        range: start..start + packed as usize,
        size: size as usize,
    })
}

/// Where a member's bytes start: after its local header, of which only the lengths count.
fn start_of_content(bytes: &[u8], local: usize) -> ReadResult<usize> {
    let mut cursor = Cursor::starting_at(FORMAT, bytes, local);
    let what = "the header of a member";
    let header: [u8; 30] = cursor.array(what)?;
    if !header.starts_with(&LOCAL) {
        return Err(cursor.malformed(local, "the header of a member starts with the bytes PK\\x03\\x04"));
    }
    let len = |i: usize| usize::from(u16::from_le_bytes([header[i], header[i + 1]]));
    cursor.take(len(26) + len(28), what)?;
    Ok(cursor.at())
}

impl Member {
    /// The member's content, unpacked; its size and checksum are those of the directory.
    pub(super) fn content<'a>(&self, bytes: &'a [u8]) -> ReadResult<Cow<'a, [u8]>> {
        let packed = &bytes[self.range.clone()];
        let content = if self.deflated { Cow::Owned(self.inflated(packed)?) } else { Cow::Borrowed(packed) };
        if crc32fast::hash(&content) != self.checksum {
            return Err(self.malformed("its checksum differs: the archive was damaged"));
        }
        Ok(content)
    }

    #[cfg(feature = "gzip")]
    fn inflated(&self, packed: &[u8]) -> ReadResult<Vec<u8>> {
        use std::io::Read;

        let mut content = Vec::new();
        // A byte more than declared, so that too much is noticed.
        let decoder = flate2::bufread::DeflateDecoder::new(packed);
        match decoder.take(self.size as u64 + 1).read_to_end(&mut content) {
            Err(error) => Err(self.malformed(&format!("its compressed data are damaged: {error}"))),
            Ok(len) if len != self.size => Err(self.malformed("its data unpack to another size than declared")),
            Ok(_) => Ok(content),
        }
    }

    #[cfg(not(feature = "gzip"))]
    fn inflated(&self, _: &[u8]) -> ReadResult<Vec<u8>> {
        Err(self.unsupported(&format!(
            "its {} bytes are compressed, which the feature `gzip` of cotangent reads",
            self.size
        )))
    }

    pub(super) fn malformed(&self, rule: &str) -> ReadError {
        self.refused(ReadErrorKind::Malformed, rule)
    }

    pub(super) fn unsupported(&self, rule: &str) -> ReadError {
        self.refused(ReadErrorKind::Unsupported, rule)
    }

    fn refused(&self, kind: ReadErrorKind, rule: &str) -> ReadError {
        ReadError::new(kind, FORMAT, Place::Byte(self.range.start as u64), rule).in_part(&self.name)
    }
}

/// An archive of stored members.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Writer {
    /// Adds a member.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        /// 1980-01-01, the first day that ZIP knows, so that the same content gives the same archive.
        const DATE: u16 = 1 << 5 | 1;
        /// The version of ZIP that is needed to read it, times ten.
        const VERSION: u16 = 20;

        let refuse = |rule: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, format!("npz: {name:?}: {rule}")));
        let Some(name_len) = u16::try_from(name.len()).ok().filter(|&len| len <= 65_004) else {
            return refuse("the name is longer than 65,000 bytes");
        };
        let (Ok(offset), Ok(size)) = (u32::try_from(self.bytes.len()), u32::try_from(content.len())) else {
            return refuse("the archive would be larger than 4 GiB");
        };
        // One less than the number that stands for ZIP64.
        if self.count == u16::MAX - 1 {
            return refuse("the archive would have more than 65,534 arrays");
        }
        // What the local header and the entry of the directory share, from the version to the length of the extra field.
        let mut shared = Vec::new();
        for field in [VERSION, UTF_8, STORED, 0, DATE] {
            shared.extend_from_slice(&field.to_le_bytes());
        }
        for field in [crc32fast::hash(content), size, size] {
            shared.extend_from_slice(&field.to_le_bytes());
        }
        shared.extend_from_slice(&name_len.to_le_bytes());
        shared.extend_from_slice(&0u16.to_le_bytes());

        for part in [&LOCAL, shared.as_slice(), name.as_bytes(), content] {
            self.bytes.extend_from_slice(part);
        }
        self.directory.extend_from_slice(&CENTRAL);
        self.directory.extend_from_slice(&VERSION.to_le_bytes());
        self.directory.extend_from_slice(&shared);
        // No comment, on the first disk, without attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.count += 1;
        Ok(())
    }

    /// The archive, with its directory.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        let too_large = || io::Error::new(io::ErrorKind::InvalidInput, "npz: the archive would be larger than 4 GiB");
        let start = u32::try_from(self.bytes.len()).ok().filter(|&start| start < u32::MAX).ok_or_else(too_large)?;
        let size = u32::try_from(self.directory.len()).map_err(|_| too_large())?;
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(&END);
        for field in [0, 0, self.count, self.count] {
            self.bytes.extend_from_slice(&field.to_le_bytes());
        }
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes.extend_from_slice(&start.to_le_bytes());
        self.bytes.extend_from_slice(&0u16.to_le_bytes());
        Ok(self.bytes)
    }
}
