//! Writing that fails, at every byte and in every other way that a test can bring about: the old file stays, and nothing
//! beside it.

use super::*;
use crate::files::{Best, Checkpoint, Rotation, atomic, save};
use std::{
    fs,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// A disk that is full after so many bytes.
struct Full<'a> {
    writer: &'a mut dyn Write,
    left: usize,
}

impl Write for Full<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let count = self.writer.write(&bytes[..bytes.len().min(self.left)])?;
        self.left -= count;
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_disk_that_fills_up_at_any_byte_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&Mlp::new(1), &path).unwrap();
    let (old, new) = (fs::read(&path).unwrap(), bits(&Mlp::new(2)));
    assert_ne!(old, new);
    for left in 0..new.len() {
        let error = atomic::replace(&path, |writer| Full { writer, left }.write_all(&new)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), old, "full after {left} bytes");
        assert_eq!(names(folder.path()), ["model.safetensors"]);
    }
    atomic::replace(&path, |writer| Full { writer, left: new.len() }.write_all(&new)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), new);
    assert_eq!(names(folder.path()), ["model.safetensors"]);
}

#[test]
fn a_panic_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, "old").unwrap();
    let panicking = catch_unwind(AssertUnwindSafe(|| {
        atomic::replace(&path, |writer| {
            writer.write_all(b"new")?;
            panic!("in the middle")
        })
    }));
    assert!(panicking.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["model.safetensors"]);
}

#[test]
fn a_name_that_cannot_be_taken_over_is_an_error_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    let error = save(&Mlp::new(1), &taken).unwrap_err();
    assert_eq!(error.path(), Some(&*taken));
    assert!(matches!(error.problem(), Problem::Io(_)));
    assert!(error.to_string().starts_with(&format!("{}: ", taken.display())), "{error}");
    assert_eq!(names(folder.path()), ["taken"]);
    assert!(save(&Mlp::new(1), folder.path().join("absent/model")).is_err());
    assert!(save(&Mlp::new(1), "/").is_err());
}

#[test]
fn tensors_that_cannot_be_written_leave_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&Mlp::new(1), &path).unwrap();
    let deep = Tensor::from(1.0).reshape(vec![1; 65]);
    assert!(matches!(save(&deep, &path).unwrap_err().problem(), Problem::Unwritable(_)));
    assert_eq!(fs::read(&path).unwrap(), bits(&Mlp::new(1)));
}

#[test]
fn threads_that_write_one_file_leave_one_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let path = &path;
            scope.spawn(move || save(&Mlp::new(seed), path).unwrap());
        }
    });
    let found = fs::read(&path).unwrap();
    assert!((0..4).any(|seed| bits(&Mlp::new(seed)) == found));
    assert_eq!(names(folder.path()), ["model.safetensors"]);
}

#[test]
fn what_killed_processes_left_of_checkpoints_goes_with_the_next_and_what_is_being_written_stays() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| fs::write(folder.path().join(name), "half of a checkpoint").unwrap();
    let left = [".step-000000100.safetensors.1-0.tmp", ".step-000000900.safetensors.4194304-17.tmp"];
    let others = [
        ".step-000000100.safetensors.1-0.tmp.bak",
        ".step-000000100.safetensors.tmp",
        ".step-000000100.safetensors.x-0.tmp",
        ".step-100.safetensors.1-0.tmp",
        ".best.safetensors.1-0.tmp",
        "step-000000100.safetensors.1-0.tmp",
    ];
    left.iter().chain(&others).for_each(|name| write(name));
    let rotation = Rotation::new(folder.path(), 3);
    // Another writer in this folder, who has begun: this one does not disturb it.
    let other = folder.path().join("step-000000200.safetensors");
    let result = atomic::replace(&other, |writer| {
        rotation.write(300, &Checkpoint::new()).unwrap();
        assert_eq!(names(folder.path()).iter().filter(|name| name.starts_with(".step-000000200")).count(), 1);
        writer.write_all(b"whole")
    });
    result.unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"whole");
    let mut wanted = others.map(str::to_owned).to_vec();
    wanted.extend(["step-000000200.safetensors", "step-000000300.safetensors"].map(str::to_owned));
    let mut found = names(folder.path());
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);

    let best = folder.path().join("best.safetensors");
    Best::lowest(&best).unwrap().offer(1.0, &Checkpoint::new()).unwrap();
    assert!(best.exists() && !names(folder.path()).contains(&others[4].to_owned()));
    assert_eq!(names(folder.path()).len(), wanted.len());
}
