//! Checkpoints that were cut or changed: at every byte, by every bit.

use super::*;
use crate::files::{Best, Checkpoint, Rotation};
use std::fs;

fn checkpoint(step: u64) -> Checkpoint {
    Checkpoint::new()
        .with_module("model", &Mlp::new(step))
        .with_state("rng", &Rng::seed(step))
        .with_state("step", &step)
        .with_text("note", "ü\n")
}

#[test]
fn a_file_cut_at_any_byte_is_refused_and_the_one_before_it_loads() {
    let folder = tempfile::tempdir().unwrap();
    let rotation = Rotation::new(folder.path(), 3);
    rotation.write(1, &checkpoint(1)).unwrap();
    let newest = rotation.write(2, &checkpoint(2)).unwrap();
    let whole = fs::read(&newest).unwrap();
    assert_eq!(rotation.latest().unwrap().unwrap().step, 2);
    for length in 0..whole.len() {
        let error = Checkpoint::from_bytes(&whole[..length]).expect_err("a part of a file");
        assert!(is_length(&error), "cut at {length}: {error}");
        fs::write(&newest, &whole[..length]).unwrap();
        let latest = rotation.latest().unwrap().expect("the one before");
        assert_eq!((latest.step, latest.passed_over.len()), (1, 1));
        assert!(is_length(&latest.passed_over[0]));
    }
    let mut longer = whole.clone();
    longer.push(b' ');
    assert!(is_length(&Checkpoint::from_bytes(&longer).unwrap_err()));
    let text = Checkpoint::read(&newest).unwrap_err().to_string();
    assert!(text.ends_with(&format!(
        "step-000000002.safetensors: the file has {} bytes, but its beginning says {}; it was cut or is not a safetensors file",
        whole.len() - 1,
        whole.len()
    )));
}

#[test]
fn a_change_of_any_byte_is_found() {
    let whole = checkpoint(1).to_bytes().unwrap();
    Checkpoint::from_bytes(&whole).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            changed[at] = whole[at] ^ change;
            assert!(Checkpoint::from_bytes(&changed).is_err(), "byte {at} changed by {change}");
        }
    }
    // In a folder the one before takes its place.
    let folder = tempfile::tempdir().unwrap();
    let rotation = Rotation::new(folder.path(), 2);
    rotation.write(1, &checkpoint(1)).unwrap();
    let newest = rotation.write(2, &checkpoint(2)).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut changed = fs::read(folder.path().join("step-000000001.safetensors")).unwrap();
        changed[at] ^= 1 << (at % 8);
        fs::write(&newest, &changed).unwrap();
        let latest = rotation.latest().unwrap().expect("the one before");
        assert_eq!((latest.step, latest.passed_over.len()), (1, 1), "byte {at}");
    }
    let last = whole.len() - 1;
    let mut changed = whole.clone();
    changed[last] ^= 1;
    let error = Checkpoint::from_bytes(&changed).unwrap_err();
    assert!(matches!(error.problem(), Problem::Checksum { .. }), "{error}");
    // Whoever reads it as plain tensors is told too.
    assert!(matches!(NamedTensors::from_bytes(&changed).unwrap_err().problem(), Problem::Checksum { .. }));
}

#[test]
fn parts_keep_apart() {
    let mut rng = Rng::seed(0);
    let saved = Checkpoint::from_bytes(&checkpoint(5).to_bytes().unwrap()).unwrap();
    assert_eq!(saved.parts().collect::<Vec<_>>(), ["model", "rng", "step"]);
    assert_eq!(saved.text("note"), Some("ü\n"));
    assert_eq!(saved.texts().len(), 1);
    let mut model = Mlp::new(0);
    saved.load_module("model", &mut model).unwrap();
    assert_eq!(bits(&model), bits(&Mlp::new(5)));
    saved.load_state("rng", &mut rng).unwrap();
    assert_eq!(rng.to_bytes(), Rng::seed(5).to_bytes());

    let refused = saved.load_state("rng", &mut 3u64).unwrap_err().to_string();
    assert_eq!(refused, "part `rng`: load_state: the state of a counter has one tensor, named \"\"; got [\"stream\"]");
    let refused = saved.load_module("ema", &mut model).unwrap_err().to_string();
    assert_eq!(refused, "the checkpoint has no part `ema`; it has `model`, `rng`, `step`");
    let mut number = 2.0;
    assert!(saved.load_state("step", &mut number).is_err());
    assert_eq!(number, 2.0);
}

#[test]
fn a_part_may_be_empty_and_a_counter_of_any_size() {
    let made = Checkpoint::new().with_module("nothing\r", &()).with_state("n", &u64::MAX).with_state("x", &-0.5);
    let saved = Checkpoint::from_bytes(&made.to_bytes().unwrap()).unwrap();
    saved.load_module("nothing\r", &mut ()).unwrap();
    let (mut n, mut x) = (0, 0.0);
    saved.load_state("n", &mut n).unwrap();
    saved.load_state("x", &mut x).unwrap();
    assert_eq!((n, x), (u64::MAX, -0.5));
    let none = Checkpoint::from_bytes(&Checkpoint::new().to_bytes().unwrap()).unwrap();
    assert_eq!(none.parts().count(), 0);
}

#[test]
fn parts_have_names_that_can_be_told_apart() {
    let message = |part: &'static str| {
        crate::panics::panic_message(|| Checkpoint::new().with_state("model", &1u64).with_state(part, &1u64))
    };
    assert_eq!(message("model"), "checkpoint: there is a part `model` already");
    for part in ["", "model.ema", "a\nb"] {
        assert_eq!(
            message(part),
            format!(
                "checkpoint: the name of a part has at least one character, and neither a dot nor a line break; got {part:?}"
            )
        );
    }
}

#[test]
fn tensors_of_a_part_have_names_of_their_own() {
    let twice = vec![("a".to_owned(), Tensor::from(1.0)), ("a".to_owned(), Tensor::from(2.0))];
    let message = crate::panics::panic_message(|| Checkpoint::new().with_tensors("optimizer", twice));
    assert_eq!(message, "checkpoint: `optimizer` has two tensors named `a`");
    // A part whose name another begins with.
    let both = Checkpoint::new().with_state("step", &1u64).with_tensors("steps", vec![("x".into(), Tensor::from(2.0))]);
    assert_eq!(both.part("step").unwrap().tensors.into_keys().collect::<Vec<_>>(), [""]);
    assert_eq!(both.part("steps").unwrap().tensors.into_keys().collect::<Vec<_>>(), ["x"]);
}

#[test]
fn other_files_are_not_checkpoints_and_later_formats_not_read() {
    let tensors = NamedTensors::of(&Mlp::new(1)).to_bytes().unwrap();
    let error = Checkpoint::from_bytes(&tensors).unwrap_err().to_string();
    assert_eq!(error, "not a checkpoint: it has no `cotangent.crc32`; a file of tensors is read by NamedTensors::read");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.safetensors");
    Checkpoint::new().write_with(&path, [("cotangent.format", "2".to_owned())]).unwrap();
    let error = Checkpoint::read(&path).unwrap_err();
    assert_eq!(error.problem().to_string(), "a checkpoint of format 2; this version of cotangent reads format 1");
    // Read as tensors it loses what only a checkpoint has, and can be written again.
    checkpoint(1).write(&path).unwrap();
    let plain = NamedTensors::read(&path).unwrap();
    assert_eq!(plain.metadata.len(), 1);
    assert!(plain.tensors.contains_key("model.hidden.weight"));
    plain.to_bytes().unwrap();
}

#[test]
fn the_last_few_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let rotation = Rotation::new(folder.path().join("runs/first"), 2);
    assert!(rotation.steps().unwrap().is_empty());
    assert!(rotation.latest().unwrap().is_none());
    for step in [10, 20, 1_000_000_000, 30] {
        rotation.write(step, &checkpoint(step)).unwrap();
    }
    // The later one is of a run that went further before this one was taken up again.
    assert_eq!(rotation.steps().unwrap(), [20, 30, 1_000_000_000]);
    for name in ["step-40.safetensors", "step-000000040.tmp", "other", ".step-000000050.safetensors.1-2.tmp"] {
        fs::write(folder.path().join("runs/first").join(name), "").unwrap();
    }
    assert_eq!(rotation.steps().unwrap(), [20, 30, 1_000_000_000]);
    let message = crate::panics::panic_message(|| Rotation::new("runs", 0));
    assert_eq!(message, "rotation: at least one checkpoint is kept; got keep 0");
}

#[test]
fn the_best_is_kept_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    let mut best = Best::highest(&path).unwrap();
    assert_eq!(best.score(), None);
    assert!(!best.offer(f64::NAN, &checkpoint(1)).unwrap() && !best.path().exists());
    let kept = [0.1, 0.3, 0.3, f64::NAN, 0.2].map(|score| best.offer(score, &checkpoint(2)).unwrap());
    assert_eq!(kept, [true, true, false, false, false]);
    let mut again = Best::highest(&path).unwrap();
    assert_eq!(again.score(), Some(0.3));
    assert!(!again.offer(0.25, &checkpoint(3)).unwrap() && again.offer(0.1 + 0.2, &checkpoint(4)).unwrap());
    assert_eq!(Best::highest(&path).unwrap().score(), Some(0.1 + 0.2));

    checkpoint(1).write(&path).unwrap();
    let error = Best::lowest(&path).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotACheckpoint("cotangent.score")), "{error}");
    fs::write(&path, "").unwrap();
    assert!(is_length(&Best::lowest(&path).unwrap_err()));
}
