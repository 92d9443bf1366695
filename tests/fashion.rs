//! What the example `fashion` says to a user who does not have the data set; `tests/examples.rs` runs it.

use std::{env, process::Command};

#[test]
fn it_says_how_to_get_the_data() {
    // `cargo test` has built the examples beside this test.
    let test = env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps").join("examples");
    let example = folder.join(format!("fashion{}", env::consts::EXE_SUFFIX));
    let path = example.display();
    assert!(example.exists(), "no {path}; `cargo test --test` does not build it: cargo build --example fashion");
    let output = Command::new(&example).args(["--data", "no/such/folder"]).output().expect("the example starts");
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    for part in ["no/such/folder", "apt install dataset-fashion-mnist", "github.com/zalandoresearch", "--data FOLDER"] {
        assert!(text.contains(part), "{text}");
    }
}
