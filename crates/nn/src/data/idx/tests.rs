use super::*;
use crate::data::{Place, ReadErrorKind};
use cotangent_tensor::DType;

fn file(kind: u8, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend_from_slice(elements);
    bytes
}

fn refusal(bytes: &[u8]) -> (ReadErrorKind, Option<Place>, String) {
    let error = parse(bytes).unwrap_err();
    (error.kind(), error.place(), error.to_string())
}

#[test]
fn elements_of_every_kind_are_read_big_endian() {
    assert_eq!(parse(&file(8, &[3], &[0, 127, 255])).expect("u8").to_vec::<u8>(), [0, 127, 255]);
    assert_eq!(parse(&file(9, &[2], &[1, 255])).expect("i8").to_vec::<i64>(), [1, -1]);
    assert_eq!(parse(&file(11, &[2], &[1, 2, 255, 254])).expect("i16").to_vec::<i64>(), [258, -2]);
    assert_eq!(parse(&file(12, &[1], &[0, 1, 0, 0])).expect("i32").to_vec::<i64>(), [65536]);
    assert_eq!(parse(&file(13, &[1], &1.5f32.to_be_bytes())).expect("f32").to_vec::<f32>(), [1.5]);
    assert_eq!(parse(&file(14, &[1], &(-2.5f64).to_be_bytes())).expect("f64").to_vec::<f64>(), [-2.5]);
}

#[test]
fn scalars_and_empty_tensors_are_read() {
    let scalar = parse(&file(8, &[], &[7])).expect("a scalar");
    assert_eq!((scalar.rank(), scalar.to_vec::<u8>()), (0, vec![7]));
    let empty = parse(&file(13, &[0, 28, 28], &[])).expect("no images");
    assert_eq!((empty.shape().to_vec(), empty.dtype()), (vec![0, 28, 28], DType::F32));
}

#[test]
fn what_is_not_idx_is_refused_with_its_place() {
    use ReadErrorKind::{Malformed, Truncated};
    let at = |byte| Some(Place::Byte(byte));
    assert_eq!(refusal(&[]), (Truncated, at(0), "idx: byte 0: the data end within the magic number".into()));
    assert_eq!(refusal(b"PNG!"), (Malformed, at(0), "idx: byte 0: IDX starts with two zero bytes".into()));
    assert_eq!(
        refusal(&file(10, &[1], &[0])),
        (Malformed, at(2), "idx: byte 2: 0x0a is not an element type of IDX".into())
    );
    assert_eq!(
        refusal(&[0, 0, 8, 2, 0, 0, 0]),
        (Truncated, at(7), "idx: byte 7: the data end within the sizes of the axes".into())
    );
    assert_eq!(
        refusal(&file(8, &[2], &[1, 2, 3])),
        (Malformed, at(10), "idx: byte 10: more follows after the last element that the sizes [2] declare".into())
    );
    let (kind, place, _) = refusal(&file(8, &[u32::MAX; 3], &[0]));
    assert_eq!((kind, place), (Malformed, at(4)));
    let (kind, place, _) = refusal(&file(8, &[u32::MAX], &[0]));
    assert_eq!((kind, place), (Truncated, at(9)));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read("no/such/file").unwrap_err();
    assert!(error.to_string().starts_with("idx: no/such/file: cannot be read: "), "{error}");
    assert_eq!((error.kind(), error.place()), (ReadErrorKind::Io, None));
    assert!(std::error::Error::source(&error).is_some());
}

#[cfg(feature = "gzip")]
mod gzip {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory")
    }

    #[test]
    fn compressed_data_are_read_like_plain_ones() {
        let elements: Vec<u8> = (0..60 * 784u32).map(|i| (i % 251) as u8).collect();
        let plain = file(8, &[60, 28, 28], &elements);
        assert_eq!(parse(&packed(&plain)).expect("gzip").to_vec::<u8>(), elements);
        assert_eq!(parse(&packed(&file(8, &[2], &[5, 6]))).expect("less than a header").to_vec::<u8>(), [5, 6]);
        let (kind, place, _) = refusal(&packed(&[plain.clone(), vec![0]].concat()));
        assert_eq!((kind, place), (ReadErrorKind::Malformed, Some(Place::Byte(plain.len() as u64))));
    }

    #[test]
    fn a_packed_file_that_is_cut_or_changed_is_refused() {
        let bytes = packed(&file(8, &[100], &[1; 100]));
        for end in 2..bytes.len() {
            assert_eq!(refusal(&bytes[..end]).0, ReadErrorKind::Truncated, "{end}");
        }
        let mut changed = bytes.clone();
        let checksum = changed.len() - 8;
        changed[checksum] ^= 1;
        assert_eq!(refusal(&changed).0, ReadErrorKind::Malformed);
    }

    #[test]
    fn what_unpacks_to_more_than_its_sizes_say_is_not_unpacked() {
        let (kind, _, message) = refusal(&packed(&file(8, &[4], &vec![0; 1 << 20])));
        assert_eq!(kind, ReadErrorKind::Malformed);
        assert!(message.ends_with("more follows after the last element that the sizes [4] declare"), "{message}");
        let (kind, _, message) = refusal(&packed(&file(8, &[u32::MAX], &[0; 100])));
        assert_eq!(kind, ReadErrorKind::Truncated);
        assert!(message.contains("the data are too short for the 4294967295 elements"), "{message}");
    }
}
