//! What is behind a feature says so where the feature is off, as it is here.

use cotangent::nn::data::{ReadErrorKind, idx, npz};

/// `numpy.savez_compressed(a=numpy.arange(3, dtype='<f4'))`.
const COMPRESSED: &str = include_str!("../../../crates/nn/tests/readers/savez_compressed.hex");

#[test]
fn compressed_files_name_the_feature_that_reads_them() {
    let refused = idx::parse(&[0x1f, 0x8b, 8, 0]).expect_err("gzip");
    assert_eq!(refused.kind(), ReadErrorKind::Unsupported);
    let message = "idx: byte 0: the data are compressed by gzip, which the feature `gzip` of cotangent reads";
    assert_eq!(refused.to_string(), message);

    let digits: Vec<u8> = COMPRESSED.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal");
    let refused = npz::parse(&digits.chunks(2).map(byte).collect::<Vec<_>>()).expect_err("compressed");
    assert_eq!(refused.kind(), ReadErrorKind::Unsupported);
    let message = "npz: \"a.npy\": byte 55: its 140 bytes are compressed, which the feature `gzip` of cotangent reads";
    assert_eq!(refused.to_string(), message);
}
