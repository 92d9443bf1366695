//! Files that are none: errors that say where. Random bytes and mutations of good files are tried in `tests/readers`.

use super::*;
use proptest::prelude::*;
use safetensors::SafeTensors;

#[test]
fn what_is_wrong_with_a_header_is_said_with_its_place() {
    let tensor = |fields: &str| file_of(&format!(r#"{{"w":{{{fields}}}}}"#), 8);
    let cases = [
        (file_of("", 0), "at byte 8: EOF while parsing a value"),
        (file_of("[]", 0), "at byte 8: invalid type: sequence, expected an object of tensors"),
        (file_of("{} x", 0), "at byte 11: trailing characters"),
        (file_of("{\n \n}x", 0), "at byte 13: trailing characters"),
        (file_of(r#"{"w""#, 0), "at byte 11: `w`: EOF while parsing an object"),
        (file_of(r#"{"w":3}"#, 0), "at byte 13: `w`: invalid type: integer `3`, expected struct TensorInfo"),
        (file_of(r#"{"w"#, 0), "at byte 10: EOF while parsing a string"),
        (file_of("{\"w\n\"", 0), "at byte 12: control character (\\u0000-\\u001F) found while parsing a string"),
        (file_of(r#"{"\x"#, 0), "at byte 11: invalid escape"),
        (file_of(r#"{"\udc00"#, 0), "at byte 15: lone leading surrogate in hex escape"),
        (file_of(r#"{"__metadata__":{"a":1}}"#, 0), "at byte 29: invalid type: integer `1`, expected a string"),
        (file_of(r#"{"__metadata__":{"a":"","a":""}}"#, 0), "at byte 34: `a` occurs twice in the metadata"),
        (file_of(r#"{"__metadata__":{},"__metadata__":{}}"#, 0), "at byte 40: `__metadata__` occurs twice"),
        (tensor(r#""dtype":"F64""#), "at byte 27: `w`: missing field `shape`"),
        (tensor(r#""dtype":"F64","dtype":"F64""#), "at byte 34: `w`: duplicate field `dtype`"),
        (tensor(r#""shape":[1.0]"#), "at byte 25: `w`: invalid type: floating point `1.0`, expected usize"),
        (tensor(r#""shape":[-1]"#), "at byte 24: `w`: invalid value: integer `-1`, expected usize"),
        (tensor(r#""shape":[01]"#), "at byte 24: `w`: invalid number"),
        (
            tensor(r#""shape":[18446744073709551616]"#),
            "at byte 42: `w`: invalid type: floating point `1.8446744073709552e+19`, expected usize",
        ),
        (tensor(r#""data_offsets":[0,1,2]"#), "at byte 34: `w`: trailing characters"),
        (
            tensor(r#""dtype":"F64","shape":[1],"data_offsets":[0]"#),
            "at byte 57: `w`: invalid length 1, expected a tuple of size 2",
        ),
        (
            tensor(r#""dtype":"F64","shape":[2],"data_offsets":[0,8]"#),
            "at byte 9: `w`, F64 of shape [2] in the bytes 0 to 8: invalid shape, data type, or offset for tensor",
        ),
        (
            tensor(r#""dtype":"F4","shape":[3],"data_offsets":[0,8]"#),
            "at byte 9: `w`, F4 of shape [3] in the bytes 0 to 8: The slice is slicing for subbytes dtypes, and the slice \
             does not end up at a byte boundary, this is invalid.",
        ),
        (
            tensor(r#""dtype":"F64","shape":[1],"data_offsets":[8,0]"#),
            "at byte 9: the elements of `w` do not start where those before them end",
        ),
        (
            tensor(r#""dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,8]"#),
            "at byte 9: `w`: shape [4294967296, 4294967296] of F64 is not one that memory can have",
        ),
        (
            tensor(r#""dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]"#),
            "at byte 9: `w`: shape [0, 18446744073709551615] of U8 is not one that memory can have",
        ),
        (
            tensor(r#""dtype":"U8","shape":[7],"data_offsets":[1,8]"#),
            "at byte 9: the elements of `w` do not start where those before them end",
        ),
        (
            tensor(r#""dtype":"U8","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]"#),
            "at byte 9: the elements of `w` do not start where those before them end",
        ),
    ];
    for (file, rule) in cases {
        assert_eq!(refusal(&file), rule);
        assert!(SafeTensors::deserialize(&file).is_err() || rule.contains("occurs twice") || rule.contains("memory"));
    }
    let bad_utf8 = [&8u64.to_le_bytes()[..], b"{\"\xff\":{}}"].concat();
    assert_eq!(refusal(&bad_utf8), "at byte 10: the header is not UTF-8 here");
    let truths = [&file_of(r#"{"w":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}"#, 0)[..], &[1, 0, 2]].concat();
    assert_eq!(refusal(&truths), format!("at byte {}: `w` holds truth values, which are 0 and 1", truths.len() - 1));
}

#[test]
fn declared_sizes_are_held_against_the_length_first() {
    let huge = file_of(r#"{"w":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}"#, 3);
    assert_eq!(
        refusal(&huge),
        "the file has 88 bytes, but its beginning says 1099511627861; it was cut or is not a safetensors file"
    );
    let mut header = file_of("{}", 0);
    header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(
        refusal(&header),
        "at byte 0: not a safetensors file: its header would have 18446744073709551615 bytes, and the longest has 100000000"
    );
    let begins = |bytes: &[u8]| refusal(&[bytes, &[8; 100]].concat());
    assert!(
        begins(b"PK\x03\x04\0\0\x08\x08")
            .starts_with("at byte 0: not a safetensors file: it is a ZIP archive, as torch.save")
    );
    assert!(begins(&[0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46]).contains("it is a Python pickle"));
    assert!(begins(b"\x93NUMPY\x01\0").contains("it is an NPY file, which data::npy reads"));
    header[..8].copy_from_slice(&99_999_999u64.to_le_bytes());
    assert_eq!(
        refusal(&header),
        "the file has 10 bytes, but its beginning says 100000007; it was cut or is not a safetensors file"
    );
    let axes = format!(r#"{{"w":{{"dtype":"U8","shape":[{}1],"data_offsets":[0,1]}}}}"#, "1,".repeat(1000));
    assert_eq!(refusal(&file_of(&axes, 1)), "at byte 9: `w`: it has 1001 axes; the most are 64");
    let nested = "{\"a\":".repeat(100_000);
    assert!(refusal(&file_of(&nested, 0)).ends_with("`a`: EOF while parsing a value"));
}

#[test]
fn white_space_and_escapes_are_those_of_json() {
    let header =
        "{ \"\\u00fc\\ud83d\\ude42\\/\" :\t{\"shape\": [ 1 , 2 ],\r\n \"data_offsets\":[0 ,2], \"dtype\":\"U8\"} }\n ";
    let read = NamedTensors::from_bytes(&file_of(header, 2)).unwrap();
    assert_eq!(read.tensors["ü🙂/"].shape()[..], [1, 2]);
    assert!(NamedTensors::from_bytes(&file_of("{}", 0)).unwrap().tensors.is_empty());
}

proptest! {
    #[test]
    fn any_names_and_strings_come_back(names in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..6)) {
        let mut file = NamedTensors::default();
        for (i, (key, value)) in names.iter().enumerate() {
            file.tensors.insert(value.clone(), Tensor::from(i as i64));
            file.metadata.insert(key.clone(), value.clone());
        }
        let bytes = file.to_bytes().unwrap();
        let read = NamedTensors::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read.metadata, &names);
        prop_assert!(read.tensors.keys().eq(file.tensors.keys()));
        let theirs = SafeTensors::deserialize(&bytes).unwrap();
        prop_assert_eq!(theirs.len(), file.tensors.len());
    }
}
