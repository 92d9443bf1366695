use super::*;
use crate::{data::ReadErrorKind, panics::panic_message};
use cotangent_tensor::Rng;

/// An NPY file of version 1 with this header, not padded.
fn file(header: &str, elements: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(elements);
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    parse(bytes).unwrap_err().to_string()
}

/// A header of these elements, of shape (1,).
fn one(descr: &str, element: &[u8]) -> Vec<u8> {
    file(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}"), element)
}

#[test]
fn what_numpy_writes_is_what_is_written() {
    // numpy.save of numpy.arange(3, dtype='<f4'), to the last byte.
    let mut wanted = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".to_vec();
    wanted.resize(127, b' ');
    wanted.push(b'\n');
    wanted.extend([0.0f32, 1.0, 2.0].iter().flat_map(|x| x.to_le_bytes()));
    assert_eq!(to_bytes(&Tensor::from([0.0f32, 1.0, 2.0])), wanted);
    let header = |x: &Tensor| String::from_utf8_lossy(&to_bytes(x)[10..128]).trim_end().to_owned();
    let (scalar, matrix) = (Tensor::from(1i64), Tensor::zeros([2, 0], DType::Bool));
    assert_eq!(header(&scalar), "{'descr': '<i8', 'fortran_order': False, 'shape': (), }");
    assert_eq!(header(&matrix), "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 0), }");
}

#[test]
fn every_dtype_layout_and_rank_comes_back() {
    let x = Rng::seed(1).normal([2, 3, 4], DType::F64);
    let many = Tensor::zeros(vec![1; 64], DType::U8);
    for x in [
        x.cast(DType::F32),
        x.cast(DType::F16),
        x.permute([2, 0, 1]),
        x.flip(1).cast(DType::I64),
        x.gt(0.0),
        Tensor::from([0u8, 255]),
        Tensor::from(1.5f32),
        Tensor::zeros([0, 3], DType::I64),
        Tensor::full([3, 2], 7, DType::F64),
        many,
    ] {
        let back = parse(&to_bytes(&x)).expect("as written");
        assert_eq!(back.spec(), x.spec());
        assert!(back.eq(&x).all(..).item::<bool>());
    }
}

#[test]
fn byte_orders_and_the_integers_without_a_dtype_are_converted() {
    let integers = |descr, bytes: &[u8]| parse(&one(descr, bytes)).expect("an integer").to_vec::<i64>();
    assert_eq!(integers("<i8", &(-2i64).to_le_bytes()), [-2]);
    assert_eq!(integers(">i8", &(-2i64).to_be_bytes()), [-2]);
    assert_eq!(integers("<i4", &(-3i32).to_le_bytes()), [-3]);
    assert_eq!(integers(">u4", &u32::MAX.to_be_bytes()), [i64::from(u32::MAX)]);
    assert_eq!(integers("<i2", &(-5i16).to_le_bytes()), [-5]);
    assert_eq!(integers(">u2", &u16::MAX.to_be_bytes()), [65535]);
    assert_eq!(integers("|i1", &[255]), [-1]);
    assert_eq!(parse(&one(">f4", &1.5f32.to_be_bytes())).expect("f32").to_vec::<f32>(), [1.5]);
    assert_eq!(parse(&one(">f8", &1.5f64.to_be_bytes())).expect("f64").to_vec::<f64>(), [1.5]);
    assert_eq!(parse(&one("|b1", &[2])).expect("bool").to_vec::<bool>(), [true]);
}

#[test]
fn an_array_in_fortrans_order_is_the_same_array() {
    let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
    let x = parse(&file(header, &[1, 4, 2, 5, 3, 6])).expect("columns");
    assert_eq!((x.shape().to_vec(), x.to_vec::<u8>()), (vec![2, 3], vec![1, 2, 3, 4, 5, 6]));
}

#[test]
fn headers_of_other_writers_are_read() {
    for header in [
        "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"|u1\"}",
        "{'shape': (2L,), 'descr': '<u1', 'fortran_order': False}\n",
        " { 'shape' : ( 2 , ) , 'descr' : '>u1' , 'fortran_order' : True , } ",
    ] {
        assert_eq!(parse(&file(header, &[1, 2])).expect(header).to_vec::<u8>(), [1, 2]);
    }
    for version in [2, 3] {
        let header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (), }";
        let mut bytes = [b"\x93NUMPY".as_slice(), &[version, 0], &(header.len() as u32).to_le_bytes()].concat();
        bytes.extend_from_slice(header);
        bytes.push(9);
        assert_eq!(parse(&bytes).expect("a scalar").item::<u8>(), 9);
    }
}

#[test]
fn an_array_of_more_axes_than_numpys_have_is_not_written() {
    let message = panic_message(|| to_bytes(&Tensor::zeros(vec![1; 65], DType::U8)));
    assert!(message.starts_with("npy: an array has at most 64 axes; got u8["), "{message}");
}

#[test]
fn what_no_tensor_holds_is_refused_as_unsupported() {
    for descr in ["|O", "<u8", "<c8", "<U5", "<M8[s]"] {
        let error = parse(&one(descr, &[0; 8])).unwrap_err();
        assert_eq!(error.kind(), ReadErrorKind::Unsupported);
        assert_eq!(
            error.to_string(),
            format!("npy: byte 20: elements of type {descr:?} are not read; convert them, for example .astype('<f4')")
        );
    }
    let records = file("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (), }", &[0; 4]);
    assert_eq!(refusal(&records), "npy: byte 20: arrays of records are not read");
    assert_eq!(refusal(b"\x93NUMPY\x04\x00\x00\x00"), "npy: byte 6: version 4.0 of NPY is not known");
}

#[test]
fn what_is_not_npy_is_refused_with_its_place() {
    assert_eq!(refusal(b"PK\x03\x04abcd"), "npy: byte 0: NPY starts with the bytes \\x93NUMPY");
    assert_eq!(
        refusal(&one("<f4", &[0; 3])),
        "npy: byte 70: the data end within the 1 elements of F32 that the header declares"
    );
    assert_eq!(
        refusal(&one("<f4", &[0; 5])),
        "npy: byte 71: more follows after the last element that the header declares"
    );
    let header = |header: &str| refusal(&file(header, &[]));
    assert_eq!(header("{}"), "npy: byte 10: the header needs descr, fortran_order and shape");
    assert_eq!(
        header("{'shape': (-1,)}"),
        "npy: byte 21: the shape needs a size here, a whole number that memory can hold"
    );
    assert_eq!(header("{'shape': (1 2)}"), "npy: byte 23: the header needs ')' here");
    assert_eq!(header("{'shape': (), 'shape': ()}"), "npy: byte 24: the header has a key twice");
    assert_eq!(header("{'fortran_order': 1}"), "npy: byte 28: fortran_order is True or False");
    assert_eq!(header("{'size': 1}"), "npy: byte 11: the header has a key that is not descr, fortran_order or shape");
    assert_eq!(header("{'descr"), "npy: byte 11: the header has a string without an end, or with an escape");
    assert_eq!(
        header("{'descr': 'f4'}"),
        "npy: byte 20: elements of type \"f4\" are not read; convert them, for example .astype('<f4')"
    );
    assert_eq!(header("{'descr': '=f4'}"), "npy: byte 20: the type of the elements needs a byte order, < or >");
    let sized = |sizes: &str| header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes})}}"));
    assert_eq!(
        sized("4294967296, 4294967296"),
        "npy: byte 60: the shape [4294967296, 4294967296] is more than memory can hold"
    );
    assert!(sized("99999999999999999999").starts_with("npy: byte 61: the shape needs a size here"));
    assert!(sized("0, 4294967296, 4294967296").contains("is more than memory can hold"));
    assert_eq!(sized(&"1, ".repeat(65)), "npy: byte 253: the shape has more than 64 axes");
    assert!(
        sized("1000000000").ends_with("the data end within the 1000000000 elements of F32 that the header declares")
    );
}
