//! NPZ, NumPy's format for several arrays: a ZIP archive of NPY files, named by the arrays.
//!
//! Archives of `numpy.savez` are read, and with the feature `gzip` those of `numpy.savez_compressed`; written are uncompressed ones, of any
//! size. Not read are encrypted archives, and files in them that are not arrays. For the tensors of a model see
//! [`NamedTensors`](crate::files::NamedTensors).

mod zip;

use super::{ReadError, ReadResult, npy, read_error::read_file};
use crate::files::atomic;
use cotangent_tensor::Tensor;
use rawzip::ZipArchiveWriter;
use std::{
    collections::HashSet,
    io::{self, Write},
    path::Path,
};

const FORMAT: &str = "npz";

/// The error of this reader; its place counts from the start of the archive, or, where it names an array, of that.
pub type Error = ReadError;

/// The arrays of an NPZ file with their names, in the order of the archive.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> ReadResult<Vec<(String, Tensor)>> {
    read_file(FORMAT, path.as_ref(), parse)
}

/// As [`read`], of bytes in memory. Each array's checksum is compared.
///
/// No two members can share their bytes, so that the arrays together take no more than those of [`npy::parse`]; a compressed one, at
/// most 1,032 times its input, is unpacked only as far as its declared size, which must be one that its input can unpack to.
///
/// # Errors
/// When the bytes are no ZIP archive of NPY files, something in it is not read here, or a checksum differs.
///
/// ```
/// use cotangent_nn::data::npz;
/// use cotangent_tensor::Tensor;
/// let bytes = npz::to_bytes([("weight", &Tensor::from([1.0f32, 2.0])), ("bias", &Tensor::from(0.5f32))])?;
/// let arrays = npz::parse(&bytes)?;
/// assert_eq!((arrays[1].0.as_str(), arrays[1].1.item::<f32>()), ("bias", 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parse(bytes: &[u8]) -> ReadResult<Vec<(String, Tensor)>> {
    let mut names = HashSet::new();
    let mut arrays = Vec::new();
    for member in zip::members(bytes)? {
        let Some(name) = member.name.strip_suffix(".npy") else {
            return Err(member.unsupported("it is not an array; its name does not end in .npy"));
        };
        if !names.insert(name.to_owned()) {
            return Err(member.malformed("the archive has two arrays of this name"));
        }
        let array = npy::parse(&member.content()?).map_err(|error| error.in_part(&member.name))?;
        arrays.push((name.to_owned(), array));
    }
    Ok(arrays)
}

/// Writes named tensors as an NPZ file, uncompressed. It appears when it is complete and on disk; until then a file of this name stays as
/// it was.
///
/// # Errors
/// As [`to_bytes`], and when the file cannot be written.
///
/// # Panics
/// As [`npy::to_bytes`].
pub fn write<'a>(path: impl AsRef<Path>, arrays: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> io::Result<()> {
    atomic::replace(path.as_ref(), |writer| write_to(writer, arrays))
}

/// As [`write()`], to memory. The same tensors always give the same bytes.
///
/// # Errors
/// When two names are equal, or one is longer than 65,531 bytes.
///
/// # Panics
/// As [`npy::to_bytes`].
pub fn to_bytes<'a>(arrays: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, arrays)?;
    Ok(bytes)
}

/// Writes an archive, an array at a time.
fn write_to<'a>(writer: impl Write, arrays: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> io::Result<()> {
    let mut names = HashSet::new();
    let mut archive = ZipArchiveWriter::new(writer);
    for (name, array) in arrays {
        if !names.insert(name) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("npz: two arrays are named {name:?}")));
        }
        zip::add(&mut archive, &format!("{name}.npy"), &npy::to_bytes(array))?;
    }
    archive.finish().map(drop).map_err(|error| zip::not_written(error, "the central directory"))
}

#[cfg(test)]
mod tests;
