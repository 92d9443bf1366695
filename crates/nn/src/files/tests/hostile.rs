//! Files that are none: errors that say where, and never a panic. Random bytes and mutations of good files are tried too.
//!
//! A few hundred of each are tried by default; for longer, `PROPTEST_CASES=1000000 cargo test -p cotangent-nn hostile`.

use super::*;
use crate::files::{Checkpoint, Reading};
use proptest::{collection::vec, prelude::*, sample::Index};
use safetensors::SafeTensors;

#[test]
fn what_is_wrong_with_a_header_is_said_with_its_place() {
    let tensor = |fields: &str| file_of(&format!(r#"{{"w":{{{fields}}}}}"#), 8);
    let cases = [
        (file_of("", 0), "at byte 8: the header needs `{` here"),
        (file_of("[]", 0), "at byte 8: the header needs `{` here"),
        (file_of("{} x", 0), "at byte 11: the header goes on after its end"),
        (file_of(r#"{"w""#, 0), "at byte 12: the header needs `:` here"),
        (file_of(r#"{"w":3}"#, 0), "at byte 13: the header needs `{` here"),
        (file_of(r#"{"w"#, 0), "at byte 11: a string without an end"),
        (file_of("{\"w\n\"", 0), "at byte 11: a control character in a string"),
        (file_of(r#"{"\x"#, 0), "at byte 10: an escape that JSON does not have"),
        (file_of(r#"{"\"#, 0), "at byte 10: a string without an end"),
        (file_of(r#"{"\ud800\u0041"#, 0), "at byte 10: an escape that is no character"),
        (file_of(r#"{"\udc00"#, 0), "at byte 10: an escape that is no character"),
        (file_of(r#"{"\u00"#, 0), "at byte 10: an escape that is no character"),
        (file_of(r#"{"__metadata__":{"a":1}}"#, 0), "at byte 29: the header needs `\"` here"),
        (file_of(r#"{"__metadata__":{"a":"","a":""}}"#, 0), "at byte 32: `a` occurs twice in the metadata"),
        (file_of(r#"{"__metadata__":{},"__metadata__":{}}"#, 0), "at byte 27: `__metadata__` occurs twice"),
        (tensor(r#""dtype":"F64""#), "at byte 9: `w`: a tensor needs dtype, shape and data_offsets"),
        (tensor(r#""dtype":"F64","dtype":"F64""#), "at byte 28: `dtype` occurs twice"),
        (tensor(r#""offset":[]"#), "at byte 14: tensors have no `offset`"),
        (tensor(r#""shape":[1.0]"#), "at byte 24: the header needs `,` here"),
        (tensor(r#""shape":[-1]"#), "at byte 23: the header needs a whole number here"),
        (tensor(r#""shape":[01]"#), "at byte 23: the header needs a whole number here"),
        (tensor(r#""shape":[18446744073709551616]"#), "at byte 23: a number beyond 64 bits"),
        (tensor(r#""data_offsets":[0,1,2]"#), "at byte 34: a list of more than 2 numbers"),
        (
            tensor(r#""dtype":"F64","shape":[1],"data_offsets":[0]"#),
            "at byte 9: `w`: data_offsets has 1 numbers instead of 2",
        ),
        (
            tensor(r#""dtype":"F64","shape":[2],"data_offsets":[0,8]"#),
            "at byte 9: `w`: shape [2] of F64 takes 16 bytes, not 8",
        ),
        (
            tensor(r#""dtype":"F64","shape":[1],"data_offsets":[8,0]"#),
            "at byte 9: `w`: shape [1] of F64 at 8 to 0 is not one that memory can have",
        ),
        (
            tensor(r#""dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,8]"#),
            "at byte 9: `w`: shape [4294967296, 4294967296] of F64 at 0 to 8 is not one that memory can have",
        ),
        (
            tensor(r#""dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]"#),
            "at byte 9: `w`: shape [0, 18446744073709551615] of U8 at 0 to 0 is not one that memory can have",
        ),
        (
            tensor(r#""dtype":"U8","shape":[7],"data_offsets":[1,8]"#),
            "at byte 9: `w` starts at 1 where the elements before it end at 0",
        ),
        (
            tensor(r#""dtype":"U8","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]"#),
            "at byte 9: `w` starts at 18446744073709551615 where the elements before it end at 0",
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
        "at byte 0: a header of 18446744073709551615 bytes; the longest that is read has 100000000"
    );
    header[..8].copy_from_slice(&99_999_999u64.to_le_bytes());
    assert_eq!(
        refusal(&header),
        "the file has 10 bytes, but its beginning says 100000007; it was cut or is not a safetensors file"
    );
    let axes = format!(r#"{{"w":{{"shape":[{}1]}}}}"#, "1,".repeat(1000));
    assert!(refusal(&file_of(&axes, 0)).ends_with("a list of more than 64 numbers"));
    let nested = "{\"a\":".repeat(100_000);
    assert!(refusal(&file_of(&nested, 0)).contains("tensors have no `a`"));
}

#[test]
fn white_space_and_escapes_are_those_of_json() {
    let header =
        "{ \"\\u00fc\\ud83d\\ude42\\/\" :\t{\"shape\": [ 1 , 2 ],\r\n \"data_offsets\":[0 ,2], \"dtype\":\"U8\"} }\n ";
    let read = NamedTensors::from_bytes(&file_of(header, 2)).unwrap();
    assert_eq!(read.tensors["ü🙂/"].shape()[..], [1, 2]);
    assert!(NamedTensors::from_bytes(&file_of("{}", 0)).unwrap().tensors.is_empty());
}

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Mutation {
    Set(Index, u8),
    Flip(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    /// Copies a part of the file to another place of it.
    Splice(Index, Index, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
        match self {
            Mutation::Set(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Mutation::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << (bit % 8);
            }
            Mutation::Remove(at, count) => {
                let start = place(at, bytes);
                bytes.drain(start..(start + count).min(bytes.len()));
            }
            Mutation::Insert(at, inserted) => {
                let at = place(at, bytes);
                bytes.splice(at..at, inserted.iter().copied());
            }
            Mutation::Splice(from, to, count) => {
                let (start, to) = (place(from, bytes), place(to, bytes));
                let part = bytes[start..(start + count).min(bytes.len())].to_vec();
                bytes.splice(to..to, part);
            }
            Mutation::Set(..) | Mutation::Flip(..) => {}
        }
    }
}

/// What a header is made of, and numbers at the ends of their ranges.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "0",
    "1",
    "-",
    "9223372036854775807",
    "18446744073709551615",
    "F32",
    "BOOL",
    "F64",
    "\"shape\":",
    "\"dtype\":\"U8\"",
    "\"data_offsets\":[0,0]",
    "null",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let inserted =
        prop_oneof![proptest::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()), vec(any::<u8>(), 1..9)];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (any::<Index>(), 1usize..40).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (any::<Index>(), inserted).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<Index>(), any::<Index>(), 1usize..40).prop_map(|(from, to, count)| Mutation::Splice(from, to, count)),
    ]
}

/// Reads bytes in every way. What we take, the reader of the format's authors takes too, as the same tensors; and it can
/// be written and read again.
fn read_in_every_way(bytes: &[u8]) {
    let _ = Checkpoint::from_bytes(bytes);
    let _ = Reading::new().only(|name| name.len() % 2 == 0).from_bytes(bytes);
    let theirs = SafeTensors::deserialize(bytes);
    let ours = match Reading::new().widening().from_bytes(bytes) {
        Ok(ours) => ours,
        Err(error) => {
            // We are stricter: dtypes, names that occur twice, truth values. In what is whole we agree.
            let stricter = matches!(error.problem(), Problem::Dtype { .. } | Problem::Format { .. });
            assert!(theirs.is_err() || stricter, "{error}");
            return;
        }
    };
    let theirs = theirs.expect("what we take");
    assert_eq!(theirs.len(), ours.tensors.len());
    for (name, tensor) in &ours.tensors {
        let view = theirs.tensor(name).expect("the same names");
        assert_eq!(view.shape(), &tensor.shape()[..]);
        if tensor.dtype() == DType::U8 {
            assert_eq!(view.data(), tensor.to_vec::<u8>());
        }
    }
    let again = ours.to_bytes().expect("what was read can be written");
    assert_eq!(NamedTensors::from_bytes(&again).expect("what we wrote").to_bytes().expect("as before"), again);
}

/// With the length of the header put right, so that not all mutations end there.
fn with_header_length(mut bytes: Vec<u8>, data: usize) -> Vec<u8> {
    if let Some(header) = bytes.len().checked_sub(8 + data) {
        bytes[..8].copy_from_slice(&(header as u64).to_le_bytes());
    }
    bytes
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..200), header in "[{}\\[\\]\":,0-9a-zA-Z_\\\\ ]{0,80}") {
        read_in_every_way(&bytes);
        read_in_every_way(&file_of(&header, bytes.len()));
    }

    #[test]
    fn mutations_of_a_file_do_no_harm(mutations in vec(mutation(), 1..6), repair in any::<bool>()) {
        let mut bytes = assorted().to_bytes().unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let data = bytes.len() - 8 - header;
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        read_in_every_way(&if repair { with_header_length(bytes, data) } else { bytes });
    }

    #[test]
    fn mutations_of_a_checkpoint_are_found(mutations in vec(mutation(), 1..4)) {
        let whole = Checkpoint::new().with_state("x", &1.5).with_text("note", "text").to_bytes().unwrap();
        let mut bytes = whole.clone();
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        prop_assert!(Checkpoint::from_bytes(&bytes).is_err() || bytes == whole);
    }

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
