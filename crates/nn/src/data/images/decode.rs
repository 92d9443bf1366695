//! From bytes to pixels: which decoder, how much it may unpack, and its pixels as planes.

use super::{Channels, FORMAT};
use crate::data::{Place, ReadError, ReadErrorKind, ReadResult};
use cotangent_tensor::Tensor;
use std::io::{Cursor, ErrorKind};
use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

/// Pixels as they are stored: rows of pixels of some samples each.
struct Pixels {
    samples: Vec<u8>,
    size: [usize; 2],
    /// 1 or 2 with grey first, 3 or 4 with red, green and blue first; the last of an even number is transparency.
    each: usize,
}

pub(super) fn image(bytes: &[u8], channels: Channels, most_pixels: usize) -> ReadResult<Tensor> {
    /// The first bytes of PNG and of JPEG.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    const JPEG: &[u8] = b"\xff\xd8\xff";
    let pixels = if bytes.starts_with(PNG) {
        png(bytes, most_pixels)?
    } else if bytes.starts_with(JPEG) {
        jpeg(bytes, most_pixels)?
    } else if !bytes.is_empty() && [PNG, JPEG].iter().any(|magic| magic.starts_with(bytes)) {
        return Err(truncated(bytes, "the data end within the first bytes"));
    } else {
        let rule = "the data begin neither as PNG nor as JPEG";
        return Err(ReadError::new(ReadErrorKind::Malformed, FORMAT, Place::Byte(0), rule));
    };
    Ok(pixels.planes(channels))
}

impl Pixels {
    /// `[channels, height, width]`.
    fn planes(&self, channels: Channels) -> Tensor {
        let [height, width] = self.size;
        let pixels = || self.samples.chunks_exact(self.each);
        let is_grey = self.each < 3;
        let count = if channels == Channels::Rgb { 3 } else { 1 };
        let mut planes = Vec::with_capacity(count * height * width);
        if channels == Channels::Grey && !is_grey {
            planes.extend(pixels().map(|pixel| brightness([pixel[0], pixel[1], pixel[2]])));
        } else {
            (0..count).for_each(|i| planes.extend(pixels().map(|pixel| pixel[if is_grey { 0 } else { i }])));
        }
        Tensor::from_vec(planes, [count, height, width]).expect("a sample for each pixel and channel")
    }
}

/// The weights of ITU-R BT.601 in 16 bits; they sum to one, so that grey stays what it is.
fn brightness([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + (1 << 15)) >> 16) as u8
}

/// Refuses an image with more pixels than are allowed, or one that needs more of something than its bytes can hold of it; `at` is where
/// its size stands.
fn check_size(size: [u32; 2], at: usize, most_pixels: usize, needed: u64, held: u64) -> ReadResult<[usize; 2]> {
    let [height, width] = size;
    let refuse = |kind, rule: String| Err(ReadError::new(kind, FORMAT, Place::Byte(at as u64), rule));
    if height == 0 || width == 0 {
        return refuse(ReadErrorKind::Malformed, format!("an image of {width} x {height} pixels"));
    }
    if u64::from(height) * u64::from(width) > most_pixels as u64 {
        let rule = format!("{width} x {height} pixels are declared, more than the limit of {most_pixels}");
        return refuse(ReadErrorKind::TooLarge, rule);
    }
    if needed > held {
        let rule = format!("the data are too short for the {width} x {height} pixels that are declared");
        return refuse(ReadErrorKind::Truncated, rule);
    }
    Ok([height as usize, width as usize])
}

/// Why there are no pixels: what was found here, or by the decoder.
enum PngFault {
    Refused(ReadError),
    Decoder(png::DecodingError),
}

impl From<ReadError> for PngFault {
    fn from(error: ReadError) -> Self {
        PngFault::Refused(error)
    }
}

impl From<png::DecodingError> for PngFault {
    fn from(error: png::DecodingError) -> Self {
        PngFault::Decoder(error)
    }
}

fn png(bytes: &[u8], most_pixels: usize) -> ReadResult<Pixels> {
    let mut cursor = Cursor::new(bytes);
    png_pixels(&mut cursor, most_pixels).map_err(|fault| {
        let (kind, rule) = match fault {
            PngFault::Refused(error) => return error,
            PngFault::Decoder(png::DecodingError::IoError(io)) if io.kind() == ErrorKind::UnexpectedEof => {
                return truncated(bytes, "the data end early");
            }
            PngFault::Decoder(png::DecodingError::LimitsExceeded) => {
                (ReadErrorKind::TooLarge, "png: a part besides the pixels is too large".to_owned())
            }
            PngFault::Decoder(error) => (ReadErrorKind::Malformed, format!("png: {error}")),
        };
        // As far as the decoder came.
        ReadError::new(kind, FORMAT, Place::Byte(cursor.position()), rule)
    })
}

fn png_pixels(cursor: &mut Cursor<&[u8]>, most_pixels: usize) -> Result<Pixels, PngFault> {
    /// Where the size stands: after the signature, a length and a name.
    const SIZE_AT: usize = 16;
    // DEFLATE packs at most 258 bytes into two bits.
    let held = (cursor.get_ref().len() as u64).saturating_mul(1032);
    let mut decoder = png::Decoder::new(cursor);
    // To 8 bits, palettes as the colours that they name.
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info()?;
    let bits = u64::from(header.bit_depth as u8) * header.color_type.samples() as u64;
    let row = 1 + (u64::from(header.width) * bits).div_ceil(8);
    let rows = row.saturating_mul(header.height.into());
    check_size([header.height, header.width], SIZE_AT, most_pixels, rows, held)?;

    let mut reader = decoder.read_info()?;
    let len = reader.output_buffer_size().ok_or(png::DecodingError::LimitsExceeded)?;
    let mut samples = vec![0; len];
    let frame = reader.next_frame(&mut samples)?;
    // Up to its end, so that no part of the file is missing.
    reader.finish()?;
    samples.truncate(frame.buffer_size());
    let size = [frame.height as usize, frame.width as usize];
    Ok(Pixels { samples, size, each: frame.color_type.samples() })
}

fn jpeg(bytes: &[u8], most_pixels: usize) -> ReadResult<Pixels> {
    // The decoder fills up what is missing. Every picture ends with this marker, which does not occur within coded pixels.
    const END: [u8; 2] = [0xff, 0xd9];
    let options = DecoderOptions::default()
        .set_max_width(u16::MAX.into())
        .set_max_height(u16::MAX.into())
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| jpeg_fault(bytes, 0, &error))?;
    let info = decoder.info().expect("the headers are decoded");
    let pixels = u64::from(info.width) * u64::from(info.height);
    // A block of 8x8 takes at least a bit, of the component that is not shrunk.
    let held = (bytes.len() as u64).saturating_mul(512);
    let size = check_size([info.height.into(), info.width.into()], 0, most_pixels, pixels, held)?;
    let scan = first_scan(bytes);
    if !bytes[scan..].windows(2).rev().any(|pair| pair == END) {
        return Err(truncated(bytes, "the data end before the end of the picture"));
    }
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    if is_grey {
        decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
    }
    let samples = decoder.decode().map_err(|error| jpeg_fault(bytes, scan, &error))?;
    let each = if is_grey { 1 } else { 3 };
    if samples.len() != size[0] * size[1] * each {
        let rule = "jpeg: the components are not those of grey or of a colour";
        return Err(ReadError::new(ReadErrorKind::Unsupported, FORMAT, Place::Byte(0), rule));
    }
    Ok(Pixels { samples, size, each })
}

/// Where the coded pixels begin. Before them are segments, each a marker and a length; a thumbnail in one of them has an end of its own.
fn first_scan(bytes: &[u8]) -> usize {
    const SCAN: u8 = 0xda;
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        match marker {
            SCAN => return at,
            // Any number of these may stand before a marker.
            0xff => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    bytes.len()
}

/// What the decoder found wrong; it does not say where, only the part that begins `at` a byte is known.
fn jpeg_fault(bytes: &[u8], at: usize, error: &DecodeErrors) -> ReadError {
    let kind = match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => return truncated(bytes, "the data end early"),
        DecodeErrors::Unsupported(_) => ReadErrorKind::Unsupported,
        _ => ReadErrorKind::Malformed,
    };
    let part = if at == 0 { "the headers" } else { "the pixels" };
    let rule = format!("jpeg: {part} from here on: {}", error.to_string().trim());
    ReadError::new(kind, FORMAT, Place::Byte(at as u64), rule)
}

fn truncated(bytes: &[u8], rule: &str) -> ReadError {
    ReadError::new(ReadErrorKind::Truncated, FORMAT, Place::Byte(bytes.len() as u64), rule)
}
