//! Every example, run as its user runs it but with a reduced budget: it ends with its result line, the numbers there are what a
//! short run reaches, and its pictures are drawn. What full runs reach is in `examples/README.md`.

use std::{collections::BTreeSet, env, fs, ops::RangeInclusive, path::Path, process::Command};

/// A test for each row: the example, the arguments of a short run, what the result line must hold, the pictures. Bounds of a short run are
/// wide: they tell a program that learns from one that does not, for any seed.
macro_rules! examples {
    ($($name:ident: $args:literal, [$(($key:literal, $range:expr)),* $(,)?], [$($picture:literal),* $(,)?];)+) => {
        $(#[test] fn $name() { run(stringify!($name), $args, &[$(($key, $range)),*], &[$($picture),*]) })+

        /// All that have a row.
        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

examples! {
    admissions: "--steps 100", [("accuracy", 0.85..=1.0), ("rises", 0.0..=0.0), ("gradient_difference", 0.0..=1e-12)],
        ["admissions.svg", "pulls.svg"];
    adversarial: "--epochs 20", [
        ("confidence", 0.6..=1.0), ("real_confidence", 0.9..=1.0), ("coverage", 4.0..=10.0), ("nearest", 0.5..=2.5),
    ], ["stages.svg", "samples.svg", "copies.svg", "progress.svg"];
    backpropagation: "--epochs 30",
        [("nodes", 18.0..=18.0), ("difference", 0.0..=1e-12), ("loss_before", 0.4..=1.0), ("loss", 0.0..=0.39)],
        ["graph.svg", "learning.svg"];
    convolution: "--epochs 4", [
        ("test_accuracy", 0.8..=1.0), ("changed_by_gradient", 0.5..=1.0), ("changed_at_random", 0.0..=0.5),
    ], ["learning.svg", "features.svg", "saliency.svg"];
    custom_rule: "", [("slope", 1.5..=2.0), ("curvature", 0.5..=2.0)], [];
    derivatives: "--steps 40", [
        ("difference", 0.0..=1e-12), ("implicit", 0.0..=1e-8), ("newton_steps", 3.0..=12.0), ("misfit", 0.0..=0.01),
    ], ["valley.svg", "implicit.svg", "hares-and-lynxes.svg"];
    diagnosis: "--steps 100", [
        ("auc", 0.97..=1.0), ("sensitivity", 0.9..=1.0), ("specificity", 0.7..=1.0), ("calibration_error", 0.0..=0.06),
    ], ["judgement.svg", "inputs.svg"];
    digits: "--epochs 3", [("test_accuracy", 0.85..=1.0)], ["learning-curve.svg"];
    fashion: "--data examples/data/fashion --epochs 8", [("test_accuracy", 0.4..=1.0)], ["confusion.svg", "mistaken.svg"];
    forecast: "--steps 60", [
        ("error", 40.0..=85.0), ("coverage", 0.65..=0.92), ("pinball", 15.0..=25.0), ("pinball_naive", 25.0..=40.0),
        // The fit has no budget: what it must reach is its own.
        ("error_autoregression", 70.0..=100.0),
    ], ["forecast.svg"];
    language_model: "--steps 20", [("bits_before", 6.0..=8.0), ("bits", 3.0..=5.5)], ["bits.svg", "attention.svg", "heads.svg"];
    multiclass: "--steps 250", [("iris", 0.88..=1.0), ("wine", 0.85..=1.0), ("iris_folds", 0.9..=1.0), ("wine_folds", 0.93..=1.0)],
        ["flowers.svg", "wines.svg", "confusion.svg"];
    perceptron: "--epochs 40", [("misclassified", 0.0..=0.0), ("unseen", 0.9..=1.0), ("misclassified_4", 0.0..=5.0)],
        ["perceptron.svg", "node.svg", "learning-rate.svg"];
    regions: "--steps 300",
        [("combined", 0.85..=1.0), ("hidden", 0.7..=1.0), ("spirals", 0.9..=1.0), ("three_inputs", 0.85..=1.0)],
        ["combined.svg", "regions.svg", "spirals.svg", "three-inputs.svg"];
    recurrence: "--steps 300 --reading 40", [
        // No more than guessing without a memory, whatever the budget.
        ("window", 0.15..=0.35), ("gru", 0.9..=1.0), ("lstm", 0.9..=1.0), ("bits_before", 6.0..=8.0), ("bits", 2.5..=4.5),
    ], ["memory.svg", "bits.svg"];
    self_play: "--rounds 15", [("lost_to_random", 0.0..=0.1), ("drawn_with_perfect", 0.6..=1.0), ("lost_before", 200.0..=1500.0)],
        ["progress.svg", "opinions.svg"];
    spam: "--steps 60", [
        ("precision", 0.92..=1.0), ("recall", 0.65..=0.95), ("recall_new", 0.4..=0.9), ("precision_embedding", 0.92..=1.0),
        ("recall_embedding", 0.6..=0.95),
    ], ["precision-recall.svg", "words.svg", "map.svg"];
}

fn run(name: &str, args: &str, expected: &[(&str, RangeInclusive<f64>)], pictures: &[&str]) {
    // `cargo test` has built the examples beside this test.
    let test = env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps").join("examples");
    let example = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let path = example.display();
    assert!(example.exists(), "no {path}; `cargo test --test` does not build it: cargo build --examples");

    let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name);
    // The pictures of a run before must not pass for those of this one.
    if drawn.exists() {
        fs::remove_dir_all(&drawn).expect("the folder is ours");
    }
    let mut command = Command::new(&example);
    command.args(args.split_whitespace());
    if !pictures.is_empty() {
        command.arg("--pictures").arg(&drawn);
    }
    let output = command.output().expect("the example starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{name} {args}: {}\n{text}", String::from_utf8_lossy(&output.stderr));

    let last = text.trim_end().lines().last().unwrap_or_default();
    let result = last.strip_prefix("result: ").unwrap_or_else(|| panic!("{name} ends with a result line; got {last}"));
    for (key, range) in expected {
        let value = result.split_whitespace().find_map(|pair| pair.strip_prefix(&format!("{key}=")));
        let value: f64 = value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN);
        assert!(range.contains(&value), "{name}: {key} is in {range:?}; got {last}");
    }
    for picture in pictures {
        let svg = fs::read_to_string(drawn.join(picture)).unwrap_or_else(|error| panic!("{name}: {picture}: {error}"));
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{name}: {picture}");
    }
}

/// The game whose rule has a gradient inside a gradient.
#[test]
fn adversarial_by_the_distance() {
    let expected = [("confidence", 0.5..=1.0), ("coverage", 4.0..=10.0)];
    run("adversarial", "--wasserstein --epochs 20 --pictures target/tmp/wasserstein", &expected, &[]);
}

#[test]
fn every_example_has_its_row_here_and_in_the_gallery() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let gallery = fs::read_to_string(folder.join("README.md")).expect("the gallery");
    let mut examples = BTreeSet::new();
    for entry in fs::read_dir(&folder).expect("the folder of the examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists() {
            examples.insert(path.file_stem().expect("a name").to_string_lossy().into_owned());
        }
    }
    let rows: BTreeSet<String> = NAMES.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(examples, rows, "the examples, and the rows of this test");
    for name in NAMES {
        assert!(gallery.contains(&format!("| [`{name}`](")), "examples/README.md has no row for {name}");
    }
}
