//! The example `digits` as its user meets it: what it prints, where it draws, what it refuses.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

/// Runs the example, which `cargo test` has built beside this test.
fn digits(args: &[&str]) -> Output {
    let test = env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps").join("examples");
    let example = folder.join(format!("digits{}", env::consts::EXE_SUFFIX));
    assert!(
        example.exists(),
        "no {}; `cargo test --test` does not build it: cargo build --example digits",
        example.display()
    );
    Command::new(example).args(args).output().expect("the example starts")
}

/// What a run printed, without the seconds at its end.
fn printed(threads: &str, pictures: &Path) -> String {
    let output = digits(&["--threads", threads, "--pictures", pictures.to_str().expect("a path in UTF-8")]);
    assert!(output.status.success(), "{output:?}");
    // The progress bar goes to a terminal or nowhere.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (text, seconds) = text.trim_end().rsplit_once(" seconds=").expect("the last line ends with the seconds");
    assert!(seconds.parse::<f64>().is_ok(), "{seconds}");
    text.to_owned()
}

#[test]
fn digits_are_learned_with_the_same_bits_on_one_thread_and_on_two() {
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("digits");
    let text = printed("1", &pictures);
    let (_, accuracy) = text.rsplit_once("\nresult: test_accuracy=").expect("the last line is the result");
    // What the example promises; it reads 0.978 to 0.989 of 359 digits with seeds 0 to 3.
    assert!(accuracy.parse::<f64>().expect("a number") >= 0.97, "{accuracy}");
    let drawn = fs::read_to_string(pictures.join("learning-curve.svg")).expect("the picture was drawn");
    assert!(drawn.starts_with("<svg") && drawn.contains("validation"), "{drawn}");
    // The losses are printed with all their digits.
    assert!(text.contains("\nfinal loss: training "), "{text}");
    assert_eq!(text, printed("2", &pictures));
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let refused = [(["--epoch", "3"], "--epoch"), (["--epochs", "0"], "'0'"), (["--threads", "many"], "many")];
    for (args, named) in refused {
        let output = digits(&args);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(named), "{args:?}: {message}");
    }
}
