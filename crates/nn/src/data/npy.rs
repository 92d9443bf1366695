//! NPY, NumPy's format for one array: a magic string, a header that is a Python dictionary, and the elements.
//!
//! Versions 1 to 3 (NumPy Enhancement Proposal 1, and `numpy.lib.format`). Written is version 1, which every NumPy reads.
//!
//! | stored | tensor |
//! |---|---|
//! | `f2`, `f4`, `f8`, `i8`, `u1`, `b1`, of either byte order | f16, f32, f64, i64, u8, bool |
//! | `i1`, `i2`, `i4`, `u2`, `u4` | i64 |
//! | anything else, such as `u8`, strings and Python objects | refused |

mod header;

use super::{
    ReadError, ReadResult,
    element_bytes::append_little_endian,
    read_error::{Cursor, read_file},
};
use crate::files::atomic;
use cotangent_tensor::{DType, Shape, Tensor};
use header::Header;
use std::path::Path;

const FORMAT: &str = "npy";
const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// As many axes as an array of NumPy can have.
const MOST_AXES: usize = 64;

/// The error of this reader.
pub type Error = ReadError;

/// The array in an NPY file.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> ReadResult<Tensor> {
    read_file(FORMAT, path.as_ref(), parse)
}

/// As [`read`], of bytes in memory.
///
/// What the header declares is compared with what is there before memory is asked for: a tensor takes at most eight times the bytes,
/// where i1 becomes i64, and as much again while it is made. An array in Fortran's order becomes a view with its axes permuted.
///
/// # Errors
/// When the bytes are not NPY, hold elements that no dtype has, end too early, or go on after the last element.
///
/// ```
/// use cotangent_nn::data::npy;
/// use cotangent_tensor::Tensor;
/// let bytes = npy::to_bytes(&Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(npy::parse(&bytes)?.to_vec::<f32>(), [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), npy::Error>(())
/// ```
pub fn parse(bytes: &[u8]) -> ReadResult<Tensor> {
    let mut cursor = Cursor::new(FORMAT, bytes);
    let Header { stored, big_endian, fortran_order, shape } = Header::parse(&mut cursor)?;
    let declared = || format!("the {} elements of {:?} that the header declares", shape.numel(), stored);
    let elements = cursor.take(shape.numel() * stored.size(), &declared())?;
    let at = cursor.at();
    if cursor.remaining() > 0 {
        return Err(cursor.malformed(at, "more follows after the last element that the header declares"));
    }
    let refuse = |error: cotangent_tensor::Error| cursor.malformed(at, error.to_string());
    if !fortran_order || shape.len() < 2 {
        return stored.tensor(elements, shape, big_endian).map_err(refuse);
    }
    let rank = shape.len() as isize;
    let reversed: Shape = shape.iter().rev().copied().collect();
    let x = stored.tensor(elements, reversed, big_endian).map_err(refuse)?;
    Ok(x.permute((0..rank).rev().collect::<Vec<isize>>()))
}

/// Writes a tensor as an NPY file. It appears when it is complete and on disk; until then a file of this name stays as it was.
///
/// # Errors
/// When the file cannot be written.
///
/// # Panics
/// As [`to_bytes`].
#[track_caller]
pub fn write(path: impl AsRef<Path>, x: &Tensor) -> std::io::Result<()> {
    let bytes = to_bytes(x);
    atomic::replace(path.as_ref(), |writer| writer.write_all(&bytes))
}

/// As [`write()`], to memory: little-endian, in row-major order.
///
/// # Panics
/// When the tensor has more than 64 axes, as many as an array of NumPy can have, or is bf16, which NumPy does not have.
#[must_use]
#[track_caller]
pub fn to_bytes(x: &Tensor) -> Vec<u8> {
    /// The elements start at a multiple of this, so that they can be mapped into memory.
    const ALIGNMENT: usize = 64;
    /// Magic string, version, length of the header.
    const FIXED: usize = 6 + 2 + 2;
    assert!(x.rank() <= MOST_AXES, "npy: an array has at most {MOST_AXES} axes; got {:?}", x.spec());

    let descr = match x.dtype() {
        DType::F16 => "<f2",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
        DType::I64 => "<i8",
        DType::U8 => "|u1",
        DType::Bool => "|b1",
        other => panic!("npy: NumPy has no {other}; got {}; write it as f32, .cast(DType::F32)", x.spec()),
    };
    let sizes: String = x.shape().iter().map(|size| format!("{size}, ")).collect();
    // Python writes a tuple of one with a comma, and longer ones without a last one.
    let sizes = if x.rank() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let padded = (FIXED + header.len() + 1).next_multiple_of(ALIGNMENT) - FIXED;
    header.push_str(&" ".repeat(padded - 1 - header.len()));
    header.push('\n');

    let mut bytes = Vec::with_capacity(FIXED + padded + x.numel() * x.dtype().size());
    bytes.extend_from_slice(MAGIC);
    // 64 sizes of at most 20 digits each are far fewer bytes than version 1 can count.
    bytes.extend_from_slice(&[1, 0]);
    bytes.extend_from_slice(&(padded as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    append_little_endian(x, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
