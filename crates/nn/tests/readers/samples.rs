//! The readers, with valid data of each format.

use cotangent_nn::data::{ReadError, idx, npy, npz};
use cotangent_tensor::{DType, Rng, Tensor};
use std::ops::Range;

/// A reader and what it promises.
#[derive(Clone)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&[u8]) -> Result<(), ReadError>,
    pub(crate) samples: Vec<Vec<u8>>,
    /// How many times the input the reader may take in memory.
    pub(crate) multiple: usize,
    /// Whether what is cut off at the end is missed.
    pub(crate) knows_its_end: bool,
    /// Where a flipped bit is noticed in every sample.
    pub(crate) checksummed: Range<usize>,
}

/// A number of one byte becomes one of eight in a list, and then in a tensor, whose block may be rounded up by half.
const WIDENED: usize = 8 + 12;
/// What DEFLATE packs at most, as a list that doubles as it grows, and what becomes of it.
#[cfg(feature = "gzip")]
const UNPACKED: usize = 1032 * (2 + WIDENED);

pub(crate) fn formats() -> Vec<Format> {
    let plain = Format {
        name: "",
        read: |_| Ok(()),
        samples: Vec::new(),
        multiple: WIDENED,
        knows_its_end: true,
        checksummed: 0..0,
    };
    vec![
        Format { name: "idx", read: |bytes| idx::parse(bytes).map(drop), samples: idx_files(), ..plain.clone() },
        Format { name: "npy", read: |bytes| npy::parse(bytes).map(drop), samples: npy_files(), ..plain.clone() },
        Format {
            name: "npz",
            read: |bytes| npz::parse(bytes).map(drop),
            samples: npz_files(),
            // In the first array, after its header of 30 bytes and its name of nine.
            checksummed: 39..39 + 128,
            ..plain.clone()
        },
        #[cfg(feature = "gzip")]
        Format {
            name: "idx in gzip",
            read: |bytes| idx::parse(bytes).map(drop),
            samples: idx_files().iter().map(|file| compressed::gzip(file)).collect(),
            multiple: UNPACKED,
            ..plain.clone()
        },
        #[cfg(feature = "gzip")]
        Format {
            name: "npz, compressed",
            read: |bytes| npz::parse(bytes).map(drop),
            samples: vec![compressed::savez()],
            multiple: UNPACKED,
            // The compressed bytes, but for the last, of which some bits have no meaning.
            checksummed: 55..120,
            ..plain.clone()
        },
        #[cfg(feature = "csv")]
        Format {
            name: "csv",
            read: |bytes| cotangent_nn::data::csv::Reader::new().label("kind").parse(bytes).map(drop),
            samples: vec![
                b"a,b,kind\n1,2,x\n-3.5,\"4e2\",y\n".to_vec(),
                [b"kind,a\n".as_slice(), &b"k,1\n".repeat(20)].concat(),
                b"kind".to_vec(),
            ],
            multiple: 128,
            knows_its_end: false,
            ..plain.clone()
        },
        #[cfg(feature = "csv")]
        Format {
            name: "csv, filled",
            read: |bytes| {
                use cotangent_nn::data::csv::{Missing, Reader};
                Reader::new().header(false).missing(Missing::Fill(0.0)).parse(bytes).map(drop)
            },
            samples: vec![b"\n\n1,,?\n,,NA\r\n".to_vec(), b",".repeat(300), b",,,\n".repeat(50)],
            multiple: 128,
            knows_its_end: false,
            ..plain
        },
    ]
}

fn idx_files() -> Vec<Vec<u8>> {
    let file = |kind: u8, sizes: &[u32], elements: &[u8]| {
        let mut bytes = vec![0, 0, kind, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend_from_slice(elements);
        bytes
    };
    vec![
        file(8, &[2, 3, 4], &[7; 24]),
        file(9, &[100], &[255; 100]),
        file(13, &[3], &[63; 12]),
        file(14, &[], &[64; 8]),
        file(12, &[0, 5], &[]),
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
mod compressed {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
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
