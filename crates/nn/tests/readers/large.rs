//! Input that takes as much memory for its size as we know how: large, because what is taken besides the multiple hides it in small one.

use crate::samples;
use cotangent_nn::data::npz;
use cotangent_tensor::{DType, Tensor};

/// Input for the reader of a name; none where we know of nothing worse than its samples.
pub(crate) fn inputs(name: &str) -> Vec<Vec<u8>> {
    match name {
        // Numbers of a byte that become eight.
        "idx" => vec![samples::idx_file(9, &[1 << 20], &[1; 1 << 20])],
        #[cfg(feature = "gzip")]
        "idx in gzip" => vec![samples::compressed::gzip(&samples::idx_file(9, &[1 << 22], &[0; 1 << 22]))],
        // Pixels of a bit that become three bytes.
        #[cfg(feature = "images")]
        "png" => vec![black_png(1 << 11)],
        "npy" => vec![of_bytes_in_npy()],
        // One large array, and many that are all name.
        "npz" => {
            let (large, empty) = (Tensor::zeros([1 << 20], DType::U8), Tensor::zeros([0], DType::U8));
            let names: Vec<String> = (0..5000).map(|i| i.to_string()).collect();
            let many = names.iter().map(|name| (name.as_str(), &empty));
            vec![npz::to_bytes([("", &large)]).expect("short names"), npz::to_bytes(many).expect("short names")]
        }
        // Nothing but columns, nothing but rows.
        "csv, filled" => vec![b",".repeat(1 << 18), b"1\n".repeat(1 << 18)],
        "csv" => vec![labels()],
        // Every character and every word another one.
        "characters" => {
            let all: String = ('\u{800}'..='\u{ffff}').collect();
            vec![all.repeat(2).into_bytes()]
        }
        "words" => vec![words(" ").into_bytes(), b"a ".repeat(1 << 18)],
        // Entries, strings and sizes that are as short as they can be, and bytes that become words.
        "safetensors" => {
            let entry = |name: &String| format!(r#""{name}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#);
            let string = |name: &String| format!(r#""{name}":"""#);
            let list = |write: &dyn Fn(&String) -> String| {
                let all: Vec<String> = names(20_000).iter().map(write).collect();
                all.join(",")
            };
            let sizes = format!(r#"{{"":{{"dtype":"U8","shape":[{}0],"data_offsets":[0,0]}}}}"#, "0,".repeat(1 << 18));
            let bytes = format!(r#"{{"":{{"dtype":"I8","shape":[{0}],"data_offsets":[0,{0}]}}}}"#, 1 << 20);
            vec![
                file(&format!("{{{}}}", list(&entry)), 0),
                file(&format!(r#"{{"__metadata__":{{{}}}}}"#, list(&string)), 0),
                file(&sizes, 0),
                file(&bytes, 1 << 20),
            ]
        }
        _ => Vec::new(),
    }
}

fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// Names of few letters.
fn names(count: usize) -> Vec<String> {
    let letters: Vec<char> = ('0'..='9').chain('a'..='z').chain('A'..='Z').collect();
    let place = |i: usize| letters[i % letters.len()];
    (0..count).map(|i| [place(i), place(i / 62), place(i / 62 / 62)].iter().collect()).collect()
}

fn words(space: &str) -> String {
    names(62 * 62 * 62).join(space)
}

fn labels() -> Vec<u8> {
    let mut rows = String::from("kind\n");
    rows.push_str(&words("\n"));
    rows.into_bytes()
}

fn of_bytes_in_npy() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend_from_slice(b"{'descr': '|i1', 'fortran_order': False, 'shape': (1048576,), }");
    bytes.resize(128, b' ');
    bytes.resize(128 + (1 << 20), 1);
    bytes
}

/// A black square, of one bit to a pixel.
#[cfg(feature = "images")]
fn black_png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::High);
    let rows = vec![0; (side * side / 8) as usize];
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&rows)).expect("a png in memory");
    bytes
}
