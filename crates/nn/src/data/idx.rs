//! IDX, the format of MNIST and its relatives: a magic number, the size of each axis, and the elements, big-endian.
//!
//! Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"; the format stands at the end of that page. With the
//! feature `gzip` compressed files are read as they are published.
//!
//! ```no_run
//! use cotangent_nn::data::{Loader, idx};
//! use cotangent_tensor::DType;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let images = idx::read("fashion-mnist/train-images-idx3-ubyte.gz")?.cast(DType::F32) / 255.0;
//! let labels = idx::read("fashion-mnist/train-labels-idx1-ubyte.gz")?.cast(DType::I64);
//! let loader = Loader::new(&images, &labels, 64)?;
//! # Ok(())
//! # }
//! ```

use super::{
    Place, ReadError, ReadErrorKind, ReadResult,
    element_bytes::Stored,
    read_error::{Cursor, read_file},
};
use cotangent_tensor::{Shape, Tensor};
use std::path::Path;

const FORMAT: &str = "idx";

/// The tensor in an IDX file, plain or, with the feature `gzip`, compressed: u8 as it is, other integers as i64, f32, f64.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> ReadResult<Tensor> {
    read_file(FORMAT, path.as_ref(), parse)
}

/// As [`read`], of bytes in memory.
///
/// What is declared is compared with what is there before memory is asked for. A tensor takes at most eight times the bytes, where i8
/// becomes i64, and as much again while it is made; what gzip packs, at most 1,032 times the input, is unpacked only as far as the
/// sizes say.
///
/// # Errors
/// When the bytes are not IDX, end too early, or go on after the last element.
///
/// ```
/// use cotangent_nn::data::idx;
/// let two_by_three = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
/// let x = idx::parse(&two_by_three)?;
/// assert_eq!((x.shape().to_vec(), x.to_vec::<u8>()), (vec![2, 3], vec![1, 2, 3, 4, 5, 6]));
/// assert_eq!(
///     idx::parse(&two_by_three[..17]).unwrap_err().to_string(),
///     "idx: byte 17: the data end within the 6 elements of 1 byte that the sizes [2, 3] declare"
/// );
/// # Ok::<(), idx::Error>(())
/// ```
pub fn parse(bytes: &[u8]) -> ReadResult<Tensor> {
    /// The first bytes of a gzip member (RFC 1952).
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    if !bytes.starts_with(&GZIP) {
        return parse_plain(bytes);
    }
    #[cfg(feature = "gzip")]
    return parse_plain(&unpacked(bytes)?);
    #[cfg(not(feature = "gzip"))]
    Err(ReadError::new(
        ReadErrorKind::Unsupported,
        FORMAT,
        Place::Byte(0),
        "the data are compressed by gzip, which the feature `gzip` of cotangent reads",
    ))
}

/// The error of this reader.
pub type Error = ReadError;

/// Sizes and kind of the elements, from the start of the data.
struct Header {
    stored: Stored,
    shape: Shape,
    /// The bytes of the elements.
    len: usize,
}

/// The header at the cursor, which stands behind it afterwards.
fn header(cursor: &mut Cursor<'_>) -> ReadResult<Header> {
    let [zero, also_zero, kind, rank] = cursor.array("the magic number")?;
    if (zero, also_zero) != (0, 0) {
        return Err(cursor.malformed(0, "IDX starts with two zero bytes"));
    }
    let stored = match kind {
        0x08 => Stored::U8,
        0x09 => Stored::I8,
        0x0b => Stored::I16,
        0x0c => Stored::I32,
        0x0d => Stored::F32,
        0x0e => Stored::F64,
        _ => return Err(cursor.malformed(2, format!("0x{kind:02x} is not an element type of IDX"))),
    };
    let sizes =
        (0..rank).map(|_| cursor.array("the sizes of the axes").map(|bytes| u32::from_be_bytes(bytes) as usize));
    let shape: Shape = sizes.collect::<ReadResult<Vec<usize>>>()?.into();
    // The tensor's elements can be wider than the stored ones, and must be countable too.
    match shape.checked_numel(stored.dtype()) {
        Some(count) => Ok(Header { stored, len: count * stored.size(), shape }),
        None => Err(cursor.malformed(4, format!("the sizes {shape:?} are more than memory can hold"))),
    }
}

fn parse_plain(bytes: &[u8]) -> ReadResult<Tensor> {
    let mut cursor = Cursor::new(FORMAT, bytes);
    let Header { stored, shape, len } = header(&mut cursor)?;
    let elements = cursor.take(len, &declared(stored, &shape))?;
    if cursor.remaining() > 0 {
        let rule = format!("more follows after the last element that the sizes {shape:?} declare");
        return Err(cursor.malformed(cursor.at(), rule));
    }
    let at = cursor.at();
    stored.tensor(elements, shape, true).map_err(|error| cursor.malformed(at, error.to_string()))
}

fn declared(stored: Stored, shape: &Shape) -> String {
    let s = if stored.size() == 1 { "" } else { "s" };
    format!("the {} elements of {} byte{s} that the sizes {shape:?} declare", shape.numel(), stored.size())
}

/// The content of gzip data, as far as its header declares, and a byte more, so that too much of it is noticed.
#[cfg(feature = "gzip")]
fn unpacked(bytes: &[u8]) -> ReadResult<Vec<u8>> {
    use std::io::Read;

    let mut decoder = flate2::bufread::MultiGzDecoder::new(bytes);
    let mut plain = Vec::new();
    let mut read_to = |plain: &mut Vec<u8>, len: usize| {
        let result = decoder.by_ref().take((len - plain.len()) as u64).read_to_end(plain);
        result.map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => ReadErrorKind::Truncated,
                _ => ReadErrorKind::Malformed,
            };
            ReadError::new(kind, FORMAT, Place::Byte(plain.len() as u64), format!("gzip: {error}"))
        })
    };
    /// A magic number with all the axes that it can count.
    const LONGEST_HEADER: usize = 4 + 255 * 4;
    read_to(&mut plain, LONGEST_HEADER)?;
    let mut cursor = Cursor::new(FORMAT, &plain);
    let Header { stored, shape, len } = header(&mut cursor)?;
    let end = cursor.at().saturating_add(len);
    // DEFLATE packs at most 258 bytes into two bits: what declares more than that is refused before it is unpacked.
    let most = bytes.len().saturating_mul(1032);
    if end > most {
        let rule = format!("the data are too short for {}", declared(stored, &shape));
        return Err(ReadError::new(ReadErrorKind::Truncated, FORMAT, Place::Byte(most as u64), rule));
    }
    if plain.len() <= end {
        read_to(&mut plain, end + 1)?;
    }
    Ok(plain)
}

#[cfg(test)]
mod tests;
