use super::*;
use crate::data::ReadErrorKind;
use cotangent_tensor::{DType, Rng};

/// numpy.savez(a=numpy.arange(3, dtype='<f4'), b=numpy.array([[True, False]])) of NumPy 2.4.
const SAVEZ: &str = "\
    504b03042d000000000000002100b68c8653ffffffffffffffff05001400612e6e7079010010008c000000000000008c0000000000000093\
    4e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065\
    273a2028332c292c207d20202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020\
    20202020202020202020202020200a000000000000803f00000040504b03042d00000000000000210010193a19ffffffffffffffff050014\
    00622e6e70790100100082000000000000008200000000000000934e554d5059010076007b276465736372273a20277c6231272c2027666f\
    727472616e5f6f72646572273a2046616c73652c20277368617065273a2028312c2032292c207d2020202020202020202020202020202020\
    20202020202020202020202020202020202020202020202020202020202020202020202020202020200a0100504b01022d032d0000000000\
    00002100b68c86538c0000008c000000050000000000000000000000800100000000612e6e7079504b01022d032d00000000000000210010\
    193a1982000000820000000500000000000000000000008001c3000000622e6e7079504b05060000000002000200660000007c0100000000";

/// numpy.savez_compressed(a=numpy.arange(3, dtype='<f4')).
#[cfg(feature = "gzip")]
const SAVEZ_COMPRESSED: &str = "\
    504b03042d000000080000002100b68c8653ffffffffffffffff05001400612e6e7079010010008c000000000000004b000000000000009b\
    ec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a\
    c63a9a3a0ab50a14002e063068b007120e00504b01022d032d000000080000002100b68c86534b0000008c00000005000000000000000000\
    0000800100000000612e6e7079504b0506000000000100010033000000820000000000";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn refusal(bytes: &[u8]) -> (ReadErrorKind, String) {
    let error = parse(bytes).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn an_archive_of_numpys_is_read() {
    let arrays = parse(&bytes(SAVEZ)).expect("as NumPy wrote it");
    let names: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(arrays[0].1.to_vec::<f32>(), [0.0, 1.0, 2.0]);
    assert_eq!((arrays[1].1.shape().to_vec(), arrays[1].1.to_vec::<bool>()), (vec![1, 2], vec![true, false]));
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_archive_is_read_and_its_damage_noticed() {
    let good = bytes(SAVEZ_COMPRESSED);
    assert_eq!(parse(&good).expect("as NumPy wrote it")[0].1.to_vec::<f32>(), [0.0, 1.0, 2.0]);
    // The compressed bytes start at 55.
    for at in 55..130 {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        assert_eq!(refusal(&damaged).0, ReadErrorKind::Malformed, "{at}");
    }
    // The declared size, in the directory.
    let mut larger = good.clone();
    larger[154] += 1;
    assert_eq!(refusal(&larger).1, "npz: \"a.npy\": byte 55: its data unpack to another size than declared");
    larger[156] = 0xff;
    assert!(refusal(&larger).1.ends_with("no compressed data of its size unpack to so much"));
}

#[test]
fn what_is_written_comes_back_in_its_order() {
    let mut rng = Rng::seed(1);
    let tensors = [
        ("layers.0.weight", rng.normal([3, 4], DType::F32)),
        ("", Tensor::from(1i64)),
        ("Größe", Tensor::zeros([0, 2], DType::Bool)),
        // As TensorFlow names variables, and as no path is kept.
        ("dense/kernel:0", Tensor::from([1u8, 2])),
        ("../a//b\\", Tensor::from(2.5)),
    ];
    let written = to_bytes(tensors.iter().map(|(name, x)| (*name, x))).expect("small");
    let read = parse(&written).expect("as written");
    assert_eq!(read.len(), tensors.len());
    for ((name, x), (wanted, y)) in read.iter().zip(&tensors) {
        assert_eq!((name.as_str(), x.spec()), (*wanted, y.spec()));
        assert!(x.eq(y).all(..).item::<bool>());
    }
    assert!(parse(&to_bytes([]).expect("small")).expect("nothing").is_empty());
}

#[test]
fn an_archive_may_have_more_arrays_than_16_bits_count() {
    let (x, names) = (Tensor::from(1u8), (0..65_537).map(|i| i.to_string()).collect::<Vec<_>>());
    let read = parse(&to_bytes(names.iter().map(|name| (name.as_str(), &x))).expect("ZIP64")).expect("ZIP64");
    assert_eq!(read.len(), names.len());
    assert_eq!(read[65_536].0, "65536");
}

#[test]
fn names_that_an_archive_cannot_have_are_refused() {
    let x = Tensor::from(1u8);
    assert_eq!(to_bytes([("a", &x), ("a", &x)]).unwrap_err().to_string(), "npz: two arrays are named \"a\"");
    let long = "n".repeat(65_532);
    assert!(to_bytes([(long.as_str(), &x)]).unwrap_err().to_string().ends_with("file name too long"));
    assert!(to_bytes([(&long[1..], &x)]).is_ok());
    let both = to_bytes([("../größe", &x)]).unwrap_err().to_string();
    assert_eq!(
        both,
        "npz: \"../größe.npy\": ZIP keeps no name with both a path like .. in it and other characters than those of ASCII"
    );
}

#[test]
fn damage_is_refused_with_its_place_and_the_array() {
    use ReadErrorKind::{Malformed, Truncated, Unsupported};
    let good = bytes(SAVEZ);
    for end in 0..good.len() {
        assert_eq!(refusal(&good[..end]).0, Truncated, "{end}");
    }
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        refusal(&bytes)
    };
    assert_eq!(changed(0, b'X'), (Malformed, "npz: byte 0: a ZIP archive starts with the bytes PK\\x03\\x04".into()));
    // In the elements of `a`.
    assert_eq!(
        changed(185, 1),
        (Malformed, "npz: \"a.npy\": byte 55: its checksum differs: the archive was damaged".into())
    );
    // In its entry of the directory: flags, method, sizes, offset, name.
    assert_eq!(changed(388, 1), (Unsupported, "npz: \"a.npy\": byte 388: it is encrypted".into()));
    assert_eq!(
        changed(390, 12),
        (Unsupported, "npz: \"a.npy\": byte 390: it is compressed by method 12 of ZIP".into())
    );
    assert_eq!(
        changed(400, 0x8d),
        (Malformed, "npz: \"a.npy\": byte 400: it is not compressed, and has two sizes".into())
    );
    assert_eq!(
        changed(422, 1),
        (
            Malformed,
            "npz: \"a.npy\": byte 1: the ZIP archive: Invalid signature: expected 0x04034b50, got 0x2d04034b".into()
        )
    );
    assert_eq!(
        changed(430, b'x'),
        (Unsupported, "npz: \"a.npx\": byte 55: it is not an array; its name does not end in .npy".into())
    );
    // The name of `b` and the number of entries.
    assert_eq!(
        changed(477, b'a'),
        (Malformed, "npz: \"a.npy\": byte 250: the archive has two arrays of this name".into())
    );
    assert_eq!(changed(500, 1).0, Malformed);
}

#[test]
fn members_that_share_their_bytes_are_refused() {
    let mut shared = bytes(SAVEZ);
    // The entry of `b` gets sizes, checksum and offset of `a`'s.
    let (first, second) = (380 + 16, 431 + 16);
    shared.copy_within(first..first + 12, second);
    shared.copy_within(first + 26..first + 30, second + 26);
    assert_eq!(refusal(&shared).1, "npz: byte 55: two members of the archive share their bytes");
}
