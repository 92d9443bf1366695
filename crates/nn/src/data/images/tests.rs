use super::*;
use crate::data::{Loader, Place};
use cotangent_tensor::Rng;
use png::{BitDepth, ColorType};
use std::fs;

/// Pictures of PIL (Pillow), each as JPEG and, decoded by it, as PNG; `scripts/image_reference.py` made them.
const PICTURES: [(&[u8], &[u8], Channels); 3] = [
    (include_bytes!("tests/baseline.jpg"), include_bytes!("tests/baseline.png"), Channels::Rgb),
    (include_bytes!("tests/progressive.jpg"), include_bytes!("tests/progressive.png"), Channels::Rgb),
    (include_bytes!("tests/grey.jpg"), include_bytes!("tests/grey.png"), Channels::Grey),
];

/// A PNG of these bytes; a palette of two colours where it needs one.
fn png_of(size: [u32; 2], color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size[1], size[0]);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ColorType::Indexed {
        encoder.set_palette(vec![1, 2, 3, 200, 100, 50]);
    }
    encoder.write_header().and_then(|mut writer| writer.write_image_data(data)).expect("a png in memory");
    bytes
}

fn rgb(size: [u32; 2], value: u8) -> Vec<u8> {
    png_of(size, ColorType::Rgb, BitDepth::Eight, &vec![value; (size[0] * size[1] * 3) as usize])
}

fn message(error: &ReadError) -> (ReadErrorKind, String) {
    (error.kind(), error.to_string())
}

#[test]
fn every_kind_of_png_gives_its_colours_in_eight_bits() {
    let cases = [
        (ColorType::Rgb, BitDepth::Eight, vec![1, 2, 3, 4, 5, 6], [[1, 4], [2, 5], [3, 6]]),
        (ColorType::Rgba, BitDepth::Eight, vec![1, 2, 3, 0, 4, 5, 6, 255], [[1, 4], [2, 5], [3, 6]]),
        (ColorType::Rgb, BitDepth::Sixteen, vec![1, 99, 2, 99, 3, 99, 4, 99, 5, 99, 6, 99], [[1, 4], [2, 5], [3, 6]]),
        (ColorType::Grayscale, BitDepth::Eight, vec![7, 9], [[7, 9]; 3]),
        (ColorType::Grayscale, BitDepth::One, vec![0b0100_0000], [[0u8, 255]; 3]),
        (ColorType::GrayscaleAlpha, BitDepth::Eight, vec![7, 0, 9, 1], [[7, 9]; 3]),
        (ColorType::Indexed, BitDepth::One, vec![0b1000_0000], [[200, 1], [100, 2], [50, 3]]),
    ];
    for (color, depth, data, expected) in cases {
        let bytes = png_of([1, 2], color, depth, &data);
        let image = parse(&bytes, Channels::Rgb).expect("an image");
        assert_eq!(image.shape()[..], [3, 1, 2]);
        assert_eq!(image.to_vec::<u8>(), expected.concat(), "{color:?} {depth:?}");
        let grey = parse(&bytes, Channels::Grey).expect("an image");
        let [red, green, blue] = expected;
        let weighed = |i: usize| 0.299 * f64::from(red[i]) + 0.587 * f64::from(green[i]) + 0.114 * f64::from(blue[i]);
        assert_eq!(grey.to_vec::<u8>(), [weighed(0).round() as u8, weighed(1).round() as u8]);
    }
}

#[test]
fn jpeg_gives_the_pixels_of_another_decoder() {
    for (jpeg, png, channels) in PICTURES {
        let [ours, theirs] = [jpeg, png].map(|bytes| parse(bytes, channels).expect("an image"));
        assert_eq!(ours.shape(), theirs.shape());
        assert_eq!(ours.shape()[1..], [13, 19]);
        let difference = (ours.cast(DType::I64) - theirs.cast(DType::I64)).abs();
        // The standard leaves the rounding of the cosine transform and how shrunk colours are enlarged to the decoder.
        let (mean, most) = (difference.cast(DType::F64).mean(..).item::<f64>(), difference.max(..).item::<i64>());
        assert!(mean < 1.0 && most <= 8, "mean difference {mean}, greatest {most}");
    }
}

#[test]
fn a_picture_that_ends_early_is_not_filled_up() {
    let error = parse(&PICTURES[0].0[..700], Channels::Rgb).expect_err("a part of an image");
    assert_eq!(error.place(), Some(Place::Byte(700)));
    assert_eq!(message(&error).1, "image: byte 700: the data end before the end of the picture");
}

#[test]
fn a_declared_size_is_compared_with_the_bytes_and_with_the_limit() {
    // Where the header says how wide and high the image is; the sum over the header is repaired.
    let mut huge = rgb([2, 2], 9);
    huge[16..24].copy_from_slice(&[0, 0, 0x20, 0, 0, 0, 0x20, 0]);
    let sum = crc32fast::hash(&huge[12..29]).to_be_bytes();
    huge[29..33].copy_from_slice(&sum);
    let error = parse(&huge, Channels::Rgb).expect_err("too few bytes");
    let expected = "image: byte 16: the data are too short for the 8192 x 8192 pixels that are declared";
    assert_eq!(message(&error), (ReadErrorKind::Truncated, expected.to_owned()));
    huge[16] = 0x7f;
    let sum = crc32fast::hash(&huge[12..29]).to_be_bytes();
    huge[29..33].copy_from_slice(&sum);
    let error = parse(&huge, Channels::Rgb).expect_err("too many pixels");
    let expected = "image: byte 16: 2130714624 x 8192 pixels are declared, more than the limit of 67108864";
    assert_eq!(message(&error), (ReadErrorKind::TooLarge, expected.to_owned()));

    // A frame of JPEG has its height and width after the marker, a length and the precision.
    let mut huge = PICTURES[0].0.to_vec();
    let frame = huge.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a baseline frame");
    huge[frame + 5..frame + 9].copy_from_slice(&[0x20, 0, 0x20, 0]);
    let error = parse(&huge, Channels::Rgb).expect_err("too few bytes");
    assert_eq!(error.kind(), ReadErrorKind::Truncated);
    huge[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let error = parse(&huge, Channels::Rgb).expect_err("too many pixels");
    assert_eq!(error.kind(), ReadErrorKind::TooLarge);

    let error = decode::image(&rgb([4, 4], 0), Channels::Rgb, 15).expect_err("a limit of one's own");
    assert_eq!(message(&error).1, "image: byte 16: 4 x 4 pixels are declared, more than the limit of 15");
}

/// Two classes; names out of order, a subfolder, what is no image, and endings in capitals.
fn animals() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| fs::write(path, bytes)).expect("written");
    };
    write("dog/b.png", &rgb([2, 3], 4));
    write("dog/a.PNG", &rgb([2, 3], 3));
    write("dog/young/0.png", &rgb([2, 3], 5));
    write("dog/notes.txt", b"not an image");
    write("cat/z.png", &rgb([2, 3], 1));
    // PNG by what is in it.
    write("cat/~.jpg", &rgb([2, 3], 2));
    write("readme.png", &rgb([9, 9], 9));
    root
}

#[test]
fn a_folder_has_its_classes_and_files_in_order() {
    let root = animals();
    let folder = ImageFolder::open(root.path()).expect("a folder of images");
    assert_eq!((folder.classes().to_vec(), folder.len()), (vec!["cat".to_owned(), "dog".to_owned()], 5));
    assert_eq!(folder.labels().to_vec::<i64>(), [0, 0, 1, 1, 1]);
    let example = |i: usize| folder.get(i).expect("an example");
    let values: Vec<u8> = (0..5).map(|i| example(i).x.to_vec::<u8>()[0]).collect();
    assert_eq!((values, example(4).y.item::<i64>()), (vec![1, 2, 3, 4, 5], 1));
    assert!(folder.path(4).ends_with("dog/young/0.png"));
    assert_eq!(example(0).x.shape()[..], [3, 2, 3]);
    let grey = folder.channels(Channels::Grey).get(3).expect("an example");
    assert_eq!((grey.x.shape().to_vec(), grey.x.to_vec::<u8>()), (vec![1, 2, 3], vec![4; 6]));
}

#[test]
fn batches_come_in_order_made_ahead_or_not() {
    let root = animals();
    let folder = ImageFolder::open(root.path()).expect("a folder of images");
    let loader = Loader::over(folder, 2).expect("images");
    let of = |batch: ReadResult<Batch>| {
        let batch = batch.expect("a batch");
        (batch.x.shape().to_vec(), batch.x.to_vec::<u8>(), batch.y.to_vec::<i64>())
    };
    let plain: Vec<_> = loader.epoch(&mut Rng::seed(1)).map(of).collect();
    assert_eq!(plain.len(), 3);
    assert_eq!(plain[0].0, [2, 3, 2, 3]);
    assert_eq!(loader.epoch(&mut Rng::seed(1)).prefetch(2).map(of).collect::<Vec<_>>(), plain);
}

#[test]
fn resized_images_are_means_where_they_shrink_and_between_pixels_where_they_grow() {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir(root.path().join("only")).expect("a folder");
    let write = |name: &str, size, data: &[u8]| {
        let bytes = png_of(size, ColorType::Grayscale, BitDepth::Eight, data);
        fs::write(root.path().join("only").join(name), bytes).expect("written");
    };
    write("0.png", [2, 4], &[10, 20, 100, 101, 30, 40, 200, 202]);
    write("1.png", [1, 2], &[7, 8]);
    write("2.png", [1, 1], &[9]);
    let folder = ImageFolder::open(root.path()).expect("a folder of images").channels(Channels::Grey);
    let loader = Loader::over(folder.clone().resized([1, 2]), 3).expect("images");
    let batch = loader.into_iter().next().expect("a batch").expect("images");
    // (100 + 101 + 200 + 202) / 4 is 150.75.
    assert_eq!(batch.x.to_vec::<u8>(), [25, 151, 7, 8, 9, 9]);

    let loader = Loader::over(folder, 2).expect("images");
    let error = loader.into_iter().next().expect("a batch").expect_err("two sizes");
    let path = root.path().join("only").join("1.png");
    let expected = format!(
        "image: {}: the image is of size [1, 2], and others of its batch of [2, 4]; bring all to one size by .resized(..)",
        path.display()
    );
    assert_eq!(message(&error), (ReadErrorKind::Malformed, expected));
}

#[test]
fn what_is_wrong_with_a_folder_or_a_file_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    let open = || ImageFolder::open(root.path());
    let shown = root.path().display();
    assert_eq!(
        message(&open().expect_err("nothing there")).1,
        format!("image: {shown}: there are no subfolders; the images of each class are expected in one")
    );
    let cat = root.path().join("cat");
    fs::create_dir(&cat).expect("a folder");
    assert_eq!(
        message(&open().expect_err("no image")).1,
        format!("image: {}: there is no .png, .jpg or .jpeg in this folder, which is a class", cat.display())
    );
    let missing = ImageFolder::open(root.path().join("none")).expect_err("no folder");
    assert_eq!(missing.kind(), ReadErrorKind::Io);
    assert!(missing.to_string().starts_with(&format!("image: {shown}/none: cannot be read: ")), "{missing}");

    fs::write(cat.join("text.png"), "a cat").expect("written");
    fs::write(cat.join("cut.jpg"), &PICTURES[0].0[..700]).expect("written");
    let folder = open().expect("two files");
    let errors: Vec<_> = (0..2).map(|i| message(&folder.get(i).expect_err("no image"))).collect();
    let at = |name: &str, rule: &str| format!("image: {}: {rule}", cat.join(name).display());
    assert_eq!(
        errors,
        [
            (ReadErrorKind::Truncated, at("cut.jpg", "byte 700: the data end before the end of the picture")),
            (ReadErrorKind::Malformed, at("text.png", "byte 0: the data begin neither as PNG nor as JPEG")),
        ]
    );
    let batch = Loader::over(folder, 2).expect("files").into_iter().next().expect("a batch");
    assert!(batch.is_err());
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_comes_to_an_end() {
    let root = animals();
    std::os::unix::fs::symlink(root.path(), root.path().join("cat/again")).expect("a link");
    let error = ImageFolder::open(root.path()).expect_err("a circle");
    assert!(error.to_string().contains("more than 32 folders within each other"), "{error}");
}
