//! What NPZ needs of ZIP: the members of an archive in memory, stored or deflated, and archives of stored members.
//!
//! The crate rawzip knows the format, ZIP64 too, and takes no memory for an archive that is in memory. Here is what it leaves to those
//! who use it: where a fault is, how much may be unpacked, that no two members share their bytes, and the comparison of checksums. The
//! central directory alone is trusted for sizes and names.

use super::FORMAT;
use crate::data::{Place, ReadError, ReadErrorKind, ReadResult, read_error::Cursor};
use rawzip::{
    CompressionMethod, Crc32Option, ErrorKind, ZipArchive, ZipArchiveWriter, ZipFileHeaderRecord, ZipSliceArchive,
    path::{EntryPath, ZipFilePath},
};
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// What an archive starts with: the header of its first member, or its end if there is none.
const STARTS: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];
/// Bytes of an entry of the central directory, without what varies in length.
const ENTRY_BYTES: u64 = 46;

/// A file in the archive.
pub(super) struct Member<'a> {
    pub(super) name: String,
    is_deflated: bool,
    checksum: u32,
    /// Where its bytes stand in the archive.
    start: u64,
    packed: &'a [u8],
    /// Its size when unpacked.
    size: u64,
}

/// The members, in the order of the central directory. No two share their bytes.
pub(super) fn members(bytes: &[u8]) -> ReadResult<Vec<Member<'_>>> {
    let whole = Cursor::new(FORMAT, bytes);
    if !STARTS.iter().any(|start| bytes.starts_with(start)) {
        return Err(match bytes.len() {
            0..4 => whole.truncated("the first record of the ZIP archive"),
            _ => whole.malformed(0, "a ZIP archive starts with the bytes PK\\x03\\x04"),
        });
    }
    let archive = ZipArchive::from_slice(bytes).map_err(|error| refused(&error, bytes.len() as u64))?;
    let malformed = |at: u64, rule: &str| Err(ReadError::new(ReadErrorKind::Malformed, FORMAT, Place::Byte(at), rule));
    if archive.end_offset() != bytes.len() as u64 {
        return malformed(archive.eocd_offset(), "the ZIP archive does not end where its last record says");
    }
    // Each entry was there to be read, so that no more are asked for than the input can hold.
    let (mut members, mut at) = (Vec::new(), archive.directory_offset());
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(|error| refused(&error, at))? {
        let varying =
            entry.file_path().len() + entry.extra_fields().remaining_bytes().len() + entry.comment().as_bytes().len();
        at = entry.central_directory_offset() + ENTRY_BYTES + varying as u64;
        members.push(member(&archive, &entry)?);
    }
    if members.len() as u64 != archive.entries_hint() {
        return malformed(
            archive.eocd_offset(),
            "the central directory has another number of members than the last record says",
        );
    }
    let mut ranges: Vec<(u64, u64)> =
        members.iter().map(|member| (member.start, member.start + member.packed.len() as u64)).collect();
    ranges.sort_unstable();
    match ranges.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        Some(pair) => malformed(pair[1].0, "two members of the archive share their bytes"),
        None => Ok(members),
    }
}

fn member<'a>(archive: &ZipSliceArchive<&'a [u8]>, entry: &ZipFileHeaderRecord<'_>) -> ReadResult<Member<'a>> {
    let at = entry.central_directory_offset();
    let refuse = |kind, at, rule: &str| ReadError::new(kind, FORMAT, Place::Byte(at), rule);
    let Ok(name) = str::from_utf8(entry.file_path().as_bytes()) else {
        return Err(refuse(ReadErrorKind::Malformed, at + ENTRY_BYTES, "the name of a member is not UTF-8"));
    };
    let unsupported = |at, rule: &str| Err(refuse(ReadErrorKind::Unsupported, at, rule).in_part(name));
    let malformed = |at, rule: &str| Err(refuse(ReadErrorKind::Malformed, at, rule).in_part(name));
    let method = entry.compression_method();
    // The places of the flags, the method and the sizes in the entry.
    if entry.flags().is_encrypted() {
        return unsupported(at + 8, "it is encrypted");
    }
    if ![CompressionMethod::STORE, CompressionMethod::DEFLATE].contains(&method) {
        return unsupported(at + 10, &format!("it is compressed by method {} of ZIP", method.as_u16()));
    }
    let (packed, size) = (entry.compressed_size_hint(), entry.uncompressed_size_hint());
    if method == CompressionMethod::STORE && packed != size {
        return malformed(at + 20, "it is not compressed, and has two sizes");
    }
    // DEFLATE packs at most 258 bytes into two bits.
    if method == CompressionMethod::DEFLATE && size > packed.saturating_mul(1032) {
        return malformed(at + 24, "no compressed data of its size unpack to so much");
    }
    let content = archive
        .get_entry(entry.wayfinder())
        .map_err(|error| refused(&error, entry.local_header_offset()).in_part(name))?;
    let (start, end) = content.compressed_data_range();
    if end > archive.directory_offset() {
        return malformed(start, "its bytes reach into the central directory");
    }
    let packed = &archive.get_ref()[start as usize..end as usize];
    let is_deflated = method == CompressionMethod::DEFLATE;
    Ok(Member { name: name.to_owned(), is_deflated, checksum: entry.crc32(), start, packed, size })
}

/// A refusal by rawzip, which knows the place of the last record of an archive; for other records `at` is it.
fn refused(error: &rawzip::Error, at: u64) -> ReadError {
    let kind = match error.kind() {
        ErrorKind::Eof | ErrorKind::MissingEndOfCentralDirectory => ReadErrorKind::Truncated,
        _ => ReadErrorKind::Malformed,
    };
    ReadError::new(kind, FORMAT, Place::Byte(error.eocd_offset().unwrap_or(at)), format!("the ZIP archive: {error}"))
}

impl<'a> Member<'a> {
    /// The member's content, unpacked; its size and checksum are those of the directory.
    pub(super) fn content(&self) -> ReadResult<Cow<'a, [u8]>> {
        let content = if self.is_deflated { Cow::Owned(self.inflated()?) } else { Cow::Borrowed(self.packed) };
        if crc32fast::hash(&content) != self.checksum {
            return Err(self.malformed("its checksum differs: the archive was damaged"));
        }
        Ok(content)
    }

    #[cfg(feature = "gzip")]
    fn inflated(&self) -> ReadResult<Vec<u8>> {
        use std::io::Read;

        let mut content = Vec::new();
        // A byte more than declared, so that too much is noticed.
        let decoder = flate2::bufread::DeflateDecoder::new(self.packed);
        match decoder.take(self.size.saturating_add(1)).read_to_end(&mut content) {
            Err(error) => Err(self.malformed(&format!("its compressed data are damaged: {error}"))),
            Ok(len) if len as u64 != self.size => Err(self.malformed("its data unpack to another size than declared")),
            Ok(_) => Ok(content),
        }
    }

    #[cfg(not(feature = "gzip"))]
    fn inflated(&self) -> ReadResult<Vec<u8>> {
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
        ReadError::new(kind, FORMAT, Place::Byte(self.start), rule).in_part(&self.name)
    }
}

/// Adds a stored member to an archive.
pub(super) fn add<W: Write>(archive: &mut ZipArchiveWriter<W>, name: &str, content: &[u8]) -> io::Result<()> {
    // Names are keys here, not paths: one that a path would not keep is written as it is. Without the mark of UTF-8, which rawzip then
    // does not set, that is right for ASCII alone.
    let is_kept = ZipFilePath::from_str(name).as_str() == name;
    if !is_kept && !name.is_ascii() {
        let rule = "ZIP keeps no name with both a path like .. in it and other characters than those of ASCII";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("npz: {name:?}: {rule}")));
    }
    let path = if is_kept { EntryPath::conformant(name) } else { EntryPath::verbatim(name.as_bytes()) };
    let checksum = Crc32Option::Custom(crc32fast::hash(content));
    let write = || {
        let (mut entry, config) = archive.new_file(path).crc32(checksum).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content)?;
        let (_, sizes) = writer.finish()?;
        entry.finish(sizes)
    };
    write().map(drop).map_err(|error| not_written(error, name))
}

/// Why rawzip did not write a member, or the end of the archive.
pub(super) fn not_written(error: rawzip::Error, what: &str) -> io::Error {
    match error.into_kind() {
        ErrorKind::IO(error) => error,
        rule => io::Error::new(io::ErrorKind::InvalidInput, format!("npz: {what:?}: {rule}")),
    }
}
