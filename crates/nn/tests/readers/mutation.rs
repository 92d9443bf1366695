//! Strategies for bytes that are not quite a file, or not at all.

use crate::samples::Format;
use proptest::{collection::vec, prelude::*, sample::Index};

/// Numbers at the edges of what 16 and 32 bits hold.
pub(crate) const NUMBERS: [u32; 8] = [0, 1, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

#[derive(Clone, Debug)]
enum Edit {
    Byte(Index, u8),
    Number(Index, u32, bool),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Some bytes from one place again in another.
    Copy(Index, Index, usize),
    Cut(Index),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Edit::Byte(at, byte) => *at.get_mut(bytes) = *byte,
            Edit::Number(at, number, big_endian) => {
                let number = if *big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
                let at = at.index(bytes.len());
                for (slot, byte) in bytes[at..].iter_mut().zip(number) {
                    *slot = byte;
                }
            }
            Edit::Insert(at, inserted) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, inserted.iter().copied());
            }
            Edit::Remove(at, len) => {
                let at = at.index(bytes.len());
                bytes.drain(at..(at + len).min(bytes.len()));
            }
            Edit::Copy(from, to, len) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let copied = bytes[from..(from + len).min(bytes.len())].to_vec();
                bytes.splice(to..to, copied);
            }
            Edit::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        (index(), proptest::sample::select(&NUMBERS[..]), any::<bool>())
            .prop_map(|(at, number, big_endian)| Edit::Number(at, number, big_endian)),
        (index(), vec(any::<u8>(), 0..20)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (index(), 0..20usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        (index(), index(), 0..200usize).prop_map(|(from, to, len)| Edit::Copy(from, to, len)),
        index().prop_map(Edit::Cut),
    ]
}

/// Mostly samples with a few edits; also what starts like the format and goes on at random; also bytes of the format's alphabet.
pub(crate) fn bytes(format: &Format) -> impl Strategy<Value = Vec<u8>> + use<> {
    let (samples, starts) = (format.samples.clone(), format.samples.clone());
    let alphabet: Vec<u8> = format.samples.concat();
    let edited = (proptest::sample::select(samples), vec(edit(), 1..6)).prop_map(|(mut bytes, edits)| {
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        bytes
    });
    let started = (proptest::sample::select(starts), any::<Index>(), vec(any::<u8>(), 0..300)).prop_map(
        |(mut bytes, end, rest)| {
            bytes.truncate(end.index(bytes.len()));
            bytes.extend(rest);
            bytes
        },
    );
    prop_oneof![
        6 => edited,
        2 => started,
        1 => vec(proptest::sample::select(alphabet), 0..300),
        1 => vec(any::<u8>(), 0..300),
    ]
}
