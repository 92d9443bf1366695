//! The bytes of an event file: protocol buffers, each in a frame of TensorFlow's record format.
//!
//! ```text
//! frame   u64 length, u32 masked crc of the length, bytes, u32 masked crc of the bytes          all little endian
//! Event   1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary, 7: SessionLog
//! Summary 1: repeated Value { 1: string tag, 2: float simple_value };    SessionLog 1: status, START = 1
//! ```
//!
//! From `tensorflow/core/lib/io/record_writer.h`, `core/util/event.proto` and `core/framework/summary.proto`. These few fields are
//! all that scalars need; the crates that write such files bring a whole implementation of protocol buffers.

/// The first event of a file: the version by which readers know that a [restart](restart) counts.
pub(super) fn version(wall_time: f64) -> Vec<u8> {
    event(wall_time, 0, 3, b"brain.Event:2")
}

/// Says that what was logged from this step on, by a run that was interrupted, does not count.
pub(super) fn restart(wall_time: f64, step: u64) -> Vec<u8> {
    event(wall_time, step, 7, &[key(1, VARINT), 1])
}

/// Named numbers at a step.
pub(super) fn scalars<'a>(wall_time: f64, step: u64, scalars: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, scalar) in scalars {
        let mut value = Vec::new();
        bytes(&mut value, 1, tag.as_bytes());
        value.push(key(2, FIXED_32));
        value.extend((scalar as f32).to_le_bytes());
        bytes(&mut summary, 1, &value);
    }
    event(wall_time, step, 5, &summary)
}

/// A framed event with one field of bytes, which says what it is.
fn event(wall_time: f64, step: u64, field: u8, what: &[u8]) -> Vec<u8> {
    let mut event = vec![key(1, FIXED_64)];
    event.extend(wall_time.to_le_bytes());
    // What is zero is left out, as its default.
    if step > 0 {
        event.push(key(2, VARINT));
        varint(&mut event, step);
    }
    bytes(&mut event, field, what);
    framed(&event)
}

fn framed(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    [&length[..], &masked(&length).to_le_bytes(), event, &masked(event).to_le_bytes()].concat()
}

/// How a field is encoded, the low bits of its key.
const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const BYTES: u8 = 2;
const FIXED_32: u8 = 5;

const fn key(field: u8, encoding: u8) -> u8 {
    field << 3 | encoding
}

fn bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(key(field, BYTES));
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

/// Seven bits a byte, the lowest first; the highest bit says that there are more.
fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// The checksum of the record format: turned and shifted, so that the checksum of bytes that hold checksums is no weaker.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli, RFC 3720, appendix B.4), which crc32fast does not have. Bit by bit: a record has some hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    /// The polynomial, its bits reversed.
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn long_lengths_and_steps_take_more_bytes() {
        for (n, wanted) in [(0, vec![0]), (127, vec![127]), (128, vec![0x80, 1]), (300, vec![0xac, 2])] {
            let mut out = Vec::new();
            varint(&mut out, n);
            assert_eq!(out, wanted);
        }
        let mut out = Vec::new();
        varint(&mut out, u64::MAX);
        assert_eq!((out.len(), out[9]), (10, 1));
    }
}
