//! Safetensors files as bytes: tensors and strings to bytes and back, a block at a time, with a checksum for those that
//! want one.
//!
//! The checksum is the CRC-32 of the whole file, header included, where its own eight digits count as zeros. It stands in
//! the metadata, so that a file with a checksum is a safetensors file like any other. CRC-32 finds every damage within 32
//! bits, and of others all but one in 2³².

use super::{
    Problem, Reading,
    element::{Read, read_as, stored_as},
    header::{Header, LENGTH_BYTES, LONGEST, METADATA, MOST_AXES},
};
use cotangent_tensor::{DType, Element, Shape, Tensor, bf16, f16};
use safetensors::{Dtype, tensor::TensorInfo};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::{self, Write},
};

/// Keys of the metadata that begin so are ours; those of users may not.
pub(super) const RESERVED: &str = "cotangent.";
/// The key of the checksum.
pub(super) const CHECKSUM: &str = "cotangent.crc32";
/// Where the checksum will be written: eight hexadecimal digits.
const NO_CHECKSUM: &str = "00000000";
/// Bytes that are converted at a time: they stay in a first or second cache, and a call to the system counts little.
const BLOCK: usize = 1 << 16;

/// What a file holds.
pub(super) struct Decoded {
    pub(super) tensors: BTreeMap<String, Tensor>,
    /// With the keys that are reserved.
    pub(super) metadata: BTreeMap<String, String>,
}

/// Reads a file of `length` bytes, and compares its checksum if it has one.
///
/// What it takes from memory is bounded by the length of the file, and not by what the file says: the elements once
/// (integers of a byte eight times where they are widened), and up to 20 times the header; `tests/readers` has the worst
/// that we know.
pub(super) fn decode(mut reader: impl io::Read, length: u64, reading: &Reading<'_>) -> Result<Decoded, Problem> {
    let text = header_bytes(&mut reader, length)?;
    let data = length - (LENGTH_BYTES + text.len()) as u64;
    let header = Header::parse(&text, data)?;
    let mut source = Source { reader, hash: crc32fast::Hasher::new(), block: vec![0; BLOCK] };
    source.hash_header(text);
    let mut tensors = BTreeMap::new();
    for (name, info) in header.tensors {
        let (start, end) = info.data_offsets;
        if reading.takes(&name) {
            let tensor = source.tensor(&name, info, length - data + start as u64, reading.widening)?;
            tensors.insert(name, tensor);
        } else {
            source.skip((end - start) as u64)?;
        }
    }
    let metadata = header.metadata;
    if let Some(written) = metadata.get(CHECKSUM) {
        let found = digits(source.hash.finalize());
        if *written != found {
            return Err(Problem::Checksum { written: written.clone(), found });
        }
    }
    Ok(Decoded { tensors, metadata })
}

fn header_bytes(reader: &mut impl io::Read, length: u64) -> Result<Vec<u8>, Problem> {
    let cut = |expected| Err(Problem::Length { expected, length });
    let mut bytes = [0; LENGTH_BYTES];
    if length < bytes.len() as u64 {
        return cut(bytes.len() as u64);
    }
    reader.read_exact(&mut bytes)?;
    let header = u64::from_le_bytes(bytes);
    if header > LONGEST {
        return Err(Problem::format(0, format!("not a safetensors file: {}", beginning(&bytes))));
    }
    if LENGTH_BYTES as u64 + header > length {
        return cut(LENGTH_BYTES as u64 + header);
    }
    let mut text = vec![0; header as usize];
    reader.read_exact(&mut text)?;
    Ok(text)
}

/// What a file is that begins with no length of a header.
fn beginning(bytes: &[u8; LENGTH_BYTES]) -> String {
    match bytes {
        [b'P', b'K', 3, 4, ..] => {
            "it is a ZIP archive, as torch.save and numpy.savez write; write PyTorch's tensors with \
             safetensors.torch.save_file, and read NPZ with NamedTensors::read_npz"
                .to_owned()
        }
        // The protocols of pickle, of which torch.save wrote the second before it wrote archives.
        [0x80, 2..=5, ..] => "it is a Python pickle, as older versions of torch.save write; write the tensors with \
             safetensors.torch.save_file"
            .to_owned(),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "it is an NPY file, which data::npy reads".to_owned(),
        _ => format!("its header would have {} bytes, and the longest has {LONGEST}", u64::from_le_bytes(*bytes)),
    }
}

fn digits(checksum: u32) -> String {
    format!("{checksum:08x}")
}

/// Puts digits in the place of the checksum in a header, if it has one. Within a string its quotes would be escaped, so that there is
/// no other place that looks like it; where another program has written it with spaces, the sum differs for that alone.
fn put_checksum(text: &mut [u8], digits: &str) {
    let key = format!("\"{CHECKSUM}\":\"");
    let found = text.windows(key.len() + digits.len()).position(|place| place.starts_with(key.as_bytes()));
    if let Some(at) = found {
        text[at + key.len()..][..digits.len()].copy_from_slice(digits.as_bytes());
    }
}

/// The part of a file that is still to be read.
struct Source<R> {
    reader: R,
    hash: crc32fast::Hasher,
    block: Vec<u8>,
}

impl<R: io::Read> Source<R> {
    /// Takes the header into the checksum, with zeros in the place of the checksum.
    fn hash_header(&mut self, mut text: Vec<u8>) {
        self.hash.update(&(text.len() as u64).to_le_bytes());
        put_checksum(&mut text, NO_CHECKSUM);
        self.hash.update(&text);
    }

    /// The next bytes, at most a block.
    fn bytes(&mut self, count: usize) -> io::Result<&[u8]> {
        let bytes = &mut self.block[..count];
        self.reader.read_exact(bytes)?;
        self.hash.update(bytes);
        Ok(bytes)
    }

    fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 {
            let count = bytes.min(BLOCK as u64);
            self.bytes(count as usize)?;
            bytes -= count;
        }
        Ok(())
    }

    /// The next tensor, which lies at `offset` in the file.
    fn tensor(&mut self, name: &str, info: TensorInfo, offset: u64, widening: bool) -> Result<Tensor, Problem> {
        let TensorInfo { dtype: stored, shape, .. } = info;
        let shape = Shape::from(shape);
        let wider = match read_as(stored) {
            Read::Half(_) if widening => Some(DType::F32),
            Read::Wider(dtype) if widening => Some(dtype),
            _ => None,
        };
        // The file's own dtype was checked, and this one is up to eight times as large.
        if let Some(dtype) = wider.filter(|&dtype| shape.checked_numel(dtype).is_none()) {
            return Err(Problem::format(offset, format!("`{name}` is too large as {dtype}")));
        }
        let way_out = match read_as(stored) {
            Read::Wider(_) if !widening => {
                Some("read it into a wider dtype with Reading::widening, or leave it out with Reading::only")
            }
            Read::Never => Some("leave it out with Reading::only"),
            Read::Same(_) | Read::Half(_) | Read::Wider(_) => None,
        };
        if let Some(way_out) = way_out {
            return Err(Problem::Dtype { name: name.to_owned(), dtype: stored.to_string(), way_out });
        }
        let shape = &shape;
        Ok(match stored {
            Dtype::F32 => self.elements(shape, f32::from_le_bytes)?,
            Dtype::F64 => self.elements(shape, f64::from_le_bytes)?,
            Dtype::I64 => self.elements(shape, i64::from_le_bytes)?,
            Dtype::U8 => self.elements(shape, |[byte]| byte)?,
            Dtype::F16 if widening => self.elements(shape, |bytes| f16::from_le_bytes(bytes).to_f32())?,
            Dtype::BF16 if widening => self.elements(shape, |bytes| bf16::from_le_bytes(bytes).to_f32())?,
            Dtype::F16 => self.elements(shape, f16::from_le_bytes)?,
            Dtype::BF16 => self.elements(shape, bf16::from_le_bytes)?,
            Dtype::I8 => self.elements(shape, |bytes| i64::from(i8::from_le_bytes(bytes)))?,
            Dtype::I16 => self.elements(shape, |bytes| i64::from(i16::from_le_bytes(bytes)))?,
            Dtype::U16 => self.elements(shape, |bytes| i64::from(u16::from_le_bytes(bytes)))?,
            Dtype::I32 => self.elements(shape, |bytes| i64::from(i32::from_le_bytes(bytes)))?,
            Dtype::U32 => self.elements(shape, |bytes| i64::from(u32::from_le_bytes(bytes)))?,
            Dtype::BOOL => {
                let bytes = self.elements(shape, |[byte]: [u8; 1]| byte)?;
                if let Some(place) = bytes.array().to_slice::<u8>().iter().position(|&byte| byte > 1) {
                    let rule = format!("`{name}` holds truth values, which are 0 and 1");
                    return Err(Problem::format(offset + place as u64, rule));
                }
                bytes.cast(DType::Bool)
            }
            other => unreachable!("{other} was refused above"),
        })
    }

    fn elements<T: Element, const N: usize>(
        &mut self,
        shape: &Shape,
        element: impl Fn([u8; N]) -> T,
    ) -> io::Result<Tensor> {
        let mut tensor = Tensor::zeros(shape, T::DTYPE);
        tensor.with_mut(|elements: &mut [T]| {
            for block in elements.chunks_mut(BLOCK / N) {
                let bytes = self.bytes(block.len() * N)?;
                for (slot, &bytes) in block.iter_mut().zip(bytes.as_chunks().0) {
                    *slot = element(bytes);
                }
            }
            Ok::<_, io::Error>(())
        })?;
        Ok(tensor)
    }
}

/// A file that is ready to be written. The same tensors and strings always give the same bytes.
pub(super) struct Encoded<'a> {
    text: Vec<u8>,
    /// In the order in which they are written.
    tensors: Vec<&'a Tensor>,
}

impl<'a> Encoded<'a> {
    /// The tensors of largest elements come first, so that all are aligned.
    pub(super) fn of(
        tensors: &'a BTreeMap<String, Tensor>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Self, Problem> {
        let mut stored = Vec::with_capacity(tensors.len());
        for (name, tensor) in tensors {
            let refuse = |rule: &str| Err(Problem::Unwritable(format!("`{name}` cannot be written: {rule}")));
            let Some(dtype) = stored_as(tensor.dtype()) else {
                return refuse(&format!("the format has no {}", tensor.dtype()));
            };
            if tensor.rank() > MOST_AXES {
                return refuse(&format!("it has {} axes; the most are {MOST_AXES}", tensor.rank()));
            }
            if name == METADATA {
                return refuse("the name is that of the strings beside the tensors");
            }
            stored.push((name, dtype, tensor));
        }
        stored.sort_by_key(|&(_, dtype, _)| Reverse(dtype));
        let mut header = Header { metadata: metadata.clone(), tensors: Vec::with_capacity(stored.len()) };
        let mut start = 0;
        for &(name, dtype, tensor) in &stored {
            let end = start + tensor.numel() * tensor.dtype().size();
            let info = TensorInfo { dtype, shape: tensor.shape().to_vec(), data_offsets: (start, end) };
            header.tensors.push((name.clone(), info));
            start = end;
        }
        let text = header.text().into_bytes();
        if text.len() as u64 > LONGEST {
            let rule = format!("the header has {} bytes; the longest that is read has {LONGEST}", text.len());
            return Err(Problem::Unwritable(rule));
        }
        let mut encoded = Encoded { text, tensors: stored.into_iter().map(|(_, _, tensor)| tensor).collect() };
        if metadata.contains_key(CHECKSUM) {
            let mut sum = Sum(crc32fast::Hasher::new());
            encoded.write_to(&mut sum).expect("sums take everything");
            put_checksum(&mut encoded.text, &digits(sum.0.finalize()));
        }
        Ok(encoded)
    }

    pub(super) fn write_to(&self, writer: &mut dyn Write) -> io::Result<()> {
        writer.write_all(&(self.text.len() as u64).to_le_bytes())?;
        writer.write_all(&self.text)?;
        let mut block = Vec::with_capacity(BLOCK);
        for tensor in &self.tensors {
            match tensor.dtype() {
                DType::F32 => write_elements(tensor, f32::to_le_bytes, &mut block, writer)?,
                DType::F64 => write_elements(tensor, f64::to_le_bytes, &mut block, writer)?,
                DType::BF16 => write_elements(tensor, bf16::to_le_bytes, &mut block, writer)?,
                DType::F16 => write_elements(tensor, f16::to_le_bytes, &mut block, writer)?,
                DType::I64 => write_elements(tensor, i64::to_le_bytes, &mut block, writer)?,
                DType::U8 => write_elements(tensor, |byte: u8| [byte], &mut block, writer)?,
                DType::Bool => write_elements(tensor, |truth: bool| [u8::from(truth)], &mut block, writer)?,
                other => unreachable!("`of` has refused {other}"),
            }
        }
        Ok(())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes).expect("vectors take everything");
        bytes
    }
}

/// The metadata of a file with a checksum.
pub(super) fn with_checksum(mut metadata: BTreeMap<String, String>) -> BTreeMap<String, String> {
    metadata.insert(CHECKSUM.to_owned(), NO_CHECKSUM.to_owned());
    metadata
}

fn write_elements<T: Element, const N: usize>(
    tensor: &Tensor,
    bytes: impl Fn(T) -> [u8; N],
    block: &mut Vec<u8>,
    writer: &mut dyn Write,
) -> io::Result<()> {
    for elements in tensor.array().to_slice::<T>().chunks(BLOCK / N) {
        block.clear();
        block.extend(elements.iter().flat_map(|&element| bytes(element)));
        writer.write_all(block)?;
    }
    Ok(())
}

/// Writes nothing and adds up what it would have written.
struct Sum(crc32fast::Hasher);

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
