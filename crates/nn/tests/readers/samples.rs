//! The readers, with valid data of each format.

use crate::agreement;
use cotangent_nn::{
    data::{ReadError, ReadErrorKind, idx, npy, npz, text::Vocabulary},
    files::{Checkpoint, FileError, NamedTensors, Problem, Reading},
};
use cotangent_tensor::{DType, Rng, Tensor};
use std::ops::Range;

/// A reader and what it promises.
#[derive(Clone)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&[u8]) -> Result<(), Refusal>,
    pub(crate) samples: Vec<Vec<u8>>,
    /// How many times the input the reader may take in memory.
    pub(crate) multiple: usize,
    /// Whether what is cut off at the end is missed.
    pub(crate) knows_its_end: bool,
    /// Where a flipped bit is noticed in every sample.
    pub(crate) checksummed: Range<usize>,
    /// What else holds for any input, whose memory is not counted.
    pub(crate) besides: fn(&[u8]),
}

/// Why a reader refused its input.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) text: String,
    /// Whether it says where, or what is wrong with the whole.
    pub(crate) has_place: bool,
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        let has_place = error.place().is_some() && error.kind() != ReadErrorKind::Io;
        Refusal { text: error.to_string(), has_place }
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        let has_place = matches!(
            error.problem(),
            Problem::Format { .. }
                | Problem::Length { .. }
                | Problem::Checksum { .. }
                | Problem::Dtype { .. }
                | Problem::NotACheckpoint(_)
                | Problem::Version { .. }
        );
        Refusal { text: error.to_string(), has_place }
    }
}

impl From<cotangent_tensor::Error> for Refusal {
    fn from(error: cotangent_tensor::Error) -> Self {
        let text = error.to_string();
        Refusal { has_place: text.contains("at byte"), text }
    }
}

impl Format {
    /// Without checksums, and with the memory that numbers take.
    fn new(name: &'static str, read: fn(&[u8]) -> Result<(), Refusal>, samples: Vec<Vec<u8>>) -> Self {
        let (knows_its_end, checksummed) = (true, 0..0);
        Format { name, read, samples, multiple: WIDENED, knows_its_end, checksummed, besides: |_| {} }
    }
}

/// A number of one byte becomes one of eight in a list, and then in a tensor, whose block may be rounded up by half.
const WIDENED: usize = 8 + 12;
/// What DEFLATE packs at most, as a list that doubles as it grows, and what becomes of it.
#[cfg(feature = "gzip")]
const UNPACKED: usize = 1032 * (2 + WIDENED);
/// What the documentation of the readers of safetensors files says of headers; what of elements is less.
const HEADER: usize = 20;
/// What the documentation of `Vocabulary` says.
const SYMBOLS: usize = 64;

pub(crate) fn idx() -> Format {
    Format::new("idx", |bytes| Ok(idx::parse(bytes).map(drop)?), idx_files())
}

#[cfg(feature = "gzip")]
pub(crate) fn idx_gzip() -> Format {
    let samples = idx_files().iter().map(|file| compressed::gzip(file)).collect();
    Format { name: "idx in gzip", samples, multiple: UNPACKED, ..idx() }
}

/// What [`images::parse`](cotangent_nn::data::images::parse) says: of JPEG 512 pixels to a byte, of PNG eight times 1,032.
#[cfg(feature = "images")]
const PIXELS: [usize; 2] = [512 * 20, 8 * 1032 * 20];

#[cfg(feature = "images")]
fn image(name: &'static str, multiple: usize, samples: &[&[u8]]) -> Format {
    use cotangent_nn::data::images::{self, Channels};
    let read = |bytes: &[u8]| Ok(images::parse(bytes, Channels::Rgb).map(drop)?);
    Format { multiple, ..Format::new(name, read, samples.iter().map(|sample| sample.to_vec()).collect()) }
}

#[cfg(feature = "images")]
pub(crate) fn image_jpeg() -> Format {
    let samples: [&[u8]; 3] = [
        include_bytes!("../../src/data/images/tests/baseline.jpg"),
        include_bytes!("../../src/data/images/tests/progressive.jpg"),
        include_bytes!("../../src/data/images/tests/grey.jpg"),
    ];
    image("jpeg", PIXELS[0], &samples)
}

#[cfg(feature = "images")]
pub(crate) fn image_png() -> Format {
    let samples: [&[u8]; 2] = [
        include_bytes!("../../src/data/images/tests/baseline.png"),
        include_bytes!("../../src/data/images/tests/grey.png"),
    ];
    // Every chunk has a checksum; the last, which is empty, is left out.
    Format { checksummed: 8..229, ..image("png", PIXELS[1], &samples) }
}

pub(crate) fn npy() -> Format {
    Format::new("npy", |bytes| Ok(npy::parse(bytes).map(drop)?), npy_files())
}

pub(crate) fn npz() -> Format {
    let npz = Format::new("npz", |bytes| Ok(npz::parse(bytes).map(drop)?), npz_files());
    // In the first array, after its header of 30 bytes and its name of nine.
    Format { checksummed: 39..39 + 128, ..npz }
}

#[cfg(feature = "gzip")]
pub(crate) fn npz_compressed() -> Format {
    // The compressed bytes, but for the last, of which some bits have no meaning.
    Format {
        name: "npz, compressed",
        samples: vec![compressed::savez()],
        multiple: UNPACKED,
        checksummed: 55..120,
        ..npz()
    }
}

#[cfg(feature = "csv")]
pub(crate) fn csv() -> Format {
    use cotangent_nn::data::csv::Reader;
    let samples = vec![
        b"a,b,kind\n1,2,x\n-3.5,\"4e2\",y\n".to_vec(),
        [b"kind,a\n".as_slice(), &b"k,1\n".repeat(20)].concat(),
        b"kind".to_vec(),
    ];
    let csv = Format::new("csv", |bytes| Ok(Reader::new().label("kind").parse(bytes).map(drop)?), samples);
    Format { multiple: 128, knows_its_end: false, ..csv }
}

#[cfg(feature = "csv")]
pub(crate) fn csv_filled() -> Format {
    use cotangent_nn::data::csv::{Missing, Reader};
    let samples = vec![b"\n\n1,,?\n,,NA\r\n".to_vec(), b",".repeat(300), b",,,\n".repeat(50)];
    let read = |bytes: &[u8]| Ok(Reader::new().header(false).missing(Missing::Fill(0.0)).parse(bytes).map(drop)?);
    Format { name: "csv, filled", read, samples, ..csv() }
}

pub(crate) fn characters() -> Format {
    let read = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let known = text.get(..text.len() / 2).unwrap_or_default();
        let letters = Vocabulary::of_characters(known);
        assert!(letters.decode(&letters.encode(known)?)? == known);
        Ok(letters.encode(&text).map(drop)?)
    };
    let samples = vec![b"abcd efgabcd efg".to_vec(), "grüßgrüß".into(), "🙂 🙂 ".into()];
    let characters = Format::new("characters", read, samples);
    Format { multiple: SYMBOLS, knows_its_end: false, ..characters }
}

pub(crate) fn words() -> Format {
    let read = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let frequent = Vocabulary::of_words(&text, 2).with_unknown("?").encode(&text)?;
        assert_eq!(frequent.numel(), text.split_whitespace().count());
        drop(frequent);
        Ok(Vocabulary::of_words(&text, 1).encode(&text).map(drop)?)
    };
    let samples = vec![b"to be or not to be".to_vec(), "a\u{a0}b\u{2003}ü\t\n c".into(), b"a b c d e f g h".to_vec()];
    Format { name: "words", read, samples, ..characters() }
}

pub(crate) fn safetensors() -> Format {
    let read = |bytes: &[u8]| Ok(Reading::new().widening().from_bytes(bytes).map(drop)?);
    let safetensors = Format::new("safetensors", read, safetensors_files());
    Format { multiple: HEADER, besides: agreement::with_the_authors, ..safetensors }
}

pub(crate) fn checkpoint() -> Format {
    let whole = Checkpoint::new()
        .with_tensors("model", (0..).map(|i| i.to_string()).zip(tensors()))
        .with_state("rng", &Rng::seed(1))
        .with_text("note", "ü\n\"")
        .to_bytes()
        .expect("every dtype can be written");
    let read = |bytes: &[u8]| Ok(Checkpoint::from_bytes(bytes).map(drop)?);
    let checksummed = 0..whole.len();
    Format { multiple: HEADER, checksummed, ..Format::new("checkpoint", read, vec![whole]) }
}

fn safetensors_files() -> Vec<Vec<u8>> {
    let mut named = NamedTensors::default();
    named.tensors.extend((0..).map(|i| format!("layers.{i}.weight")).zip(tensors()));
    let plain = named.to_bytes().expect("every dtype can be written");
    named.metadata.insert("note".to_owned(), "\"quoted\" \\ \u{1} ü".to_owned());
    named.tensors.insert("empty".to_owned(), Tensor::zeros([0, 5], DType::F32));
    let header =
        "{ \"\\u00fc\\ud83d\\ude42\" :\t{\"shape\": [ 1 , 2 ],\r\n \"data_offsets\":[0 ,4], \"dtype\":\"F16\"} }\n ";
    let by_hand = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0, 60, 255, 255]].concat();
    vec![plain, named.to_bytes().expect("strings too"), by_hand]
}

pub(crate) fn idx_file(kind: u8, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend_from_slice(elements);
    bytes
}

fn idx_files() -> Vec<Vec<u8>> {
    vec![
        idx_file(8, &[2, 3, 4], &[7; 24]),
        idx_file(9, &[100], &[255; 100]),
        idx_file(13, &[3], &[63; 12]),
        idx_file(14, &[], &[64; 8]),
        idx_file(12, &[0, 5], &[]),
    ]
}

fn tensors() -> Vec<Tensor> {
    let mut rng = Rng::seed(1);
    vec![
        rng.normal([3, 4], DType::F32),
        Tensor::from([1i64, -2]),
        Tensor::from(1.5),
        Tensor::zeros([40], DType::Bool),
        rng.randint(0, 255, [2, 2, 2]).cast(DType::U8),
    ]
}

fn npy_files() -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> = tensors().iter().map(npy::to_bytes).collect();
    let columns = b"\x93NUMPY\x02\x00\x40\x00\x00\x00{'shape':(2,3,),\"descr\":'|i1', 'fortran_order': True}";
    let mut columns = columns.to_vec();
    columns.resize(12 + 64, b' ');
    columns.extend_from_slice(&[1, 2, 3, 4, 5, 6]);
    files.push(columns);
    files
}

fn npz_files() -> Vec<Vec<u8>> {
    let tensors = tensors();
    let names = ["first", "b", "c.d", "", "é"];
    let pairs = || names.iter().copied().zip(&tensors);
    vec![npz::to_bytes(pairs()).expect("small"), npz::to_bytes(pairs().take(1)).expect("small")]
}

#[cfg(feature = "gzip")]
pub(crate) mod compressed {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory")
    }

    /// numpy.savez_compressed(a=numpy.arange(3, dtype='<f4')).
    pub(super) fn savez() -> Vec<u8> {
        const HEX: &str = include_str!("savez_compressed.hex");
        let digits: Vec<u32> = HEX.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
    }
}
