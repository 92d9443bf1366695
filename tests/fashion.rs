//! The example `fashion` as its user meets it: without the data set, and with one of a few images.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Runs the example, which `cargo test` has built beside this test.
fn fashion(args: &[&str]) -> Output {
    let test = env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps").join("examples");
    let example = folder.join(format!("fashion{}", env::consts::EXE_SUFFIX));
    assert!(
        example.exists(),
        "no {}; `cargo test --test` does not build it: cargo build --example fashion",
        example.display()
    );
    Command::new(example).args(args).output().expect("the example starts")
}

/// An IDX file of bytes.
fn write_idx(path: &Path, sizes: &[u32], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(bytes);
    fs::write(path, file).expect("written");
}

/// Ten kinds of images: a bright bar at one of five heights, further apart than images are moved, thin or thick.
fn write_bars(folder: &Path, part: &str, count: usize) {
    let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
    let bar = |label: u8| {
        let (height, thickness) = (usize::from(label % 5), if label < 5 { 1 } else { 4 });
        2 + 5 * height..2 + 5 * height + thickness
    };
    let row = |label: u8, row: usize| vec![if bar(label).contains(&row) { 250u8 } else { 10 }; 28];
    let pixels: Vec<u8> = labels.iter().flat_map(|&label| (0..28).flat_map(move |r| row(label, r))).collect();
    write_idx(&folder.join(format!("{part}-images-idx3-ubyte")), &[count as u32, 28, 28], &pixels);
    write_idx(&folder.join(format!("{part}-labels-idx1-ubyte")), &[count as u32], &labels);
}

#[test]
fn it_learns_from_a_folder_of_idx_files() {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bars");
    fs::create_dir_all(&folder).expect("a folder");
    write_bars(&folder, "train", 1000);
    write_bars(&folder, "t10k", 50);
    let output = fashion(&["--data", folder.to_str().expect("a path in UTF-8"), "--epochs", "4", "--images", "960"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.starts_with("960 images to learn from, 50 to test\nepoch 1: loss "), "{text}");
    let (_, result) = text.rsplit_once("\nresult: test_accuracy=").expect("the last line is the result");
    let (accuracy, rest) = result.split_once(" seconds=").expect("the seconds");
    assert!(rest.trim_end().ends_with(" epochs=4"), "{rest}");
    // A guess is right once in ten times.
    assert!(accuracy.parse::<f64>().expect("a number") >= 0.5, "{text}");
}

#[test]
fn it_says_how_to_get_the_data() {
    let output = fashion(&["--data", "no/such/folder"]);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    for part in ["no/such/folder", "apt install dataset-fashion-mnist", "github.com/zalandoresearch", "--data FOLDER"] {
        assert!(text.contains(part), "{text}");
    }
}
