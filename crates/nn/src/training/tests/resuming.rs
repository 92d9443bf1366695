//! A training that was interrupted after any step ends with the bits of one that was not.

use super::*;
use crate::schedule::{Cosine, Plateau};
use std::{fs, path::PathBuf};

/// All that a checkpoint has to carry: statistics, dropout, accumulation, a plateau, a best model, a table, states of callbacks.
fn trainer<'a>(folder: &Path, valid: &'a Loader, checkpoints: Checkpoints) -> Trainer<'a, Mlp, Batch> {
    Trainer::new(4)
        .validate(valid)
        .accumulate(2)
        .plateau("valid_loss", Plateau::new(0.03).factor(0.5).patience(0))
        .with(EarlyStopping::new(Monitor::lowest("valid_loss"), 3))
        .with(KeepBest::new(Monitor::highest("valid_accuracy")))
        .with(CsvLog::new(folder.join("log.csv")))
        .checkpoints(checkpoints)
}

fn steps_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn an_interruption_after_any_step_changes_no_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let (valid, all) = (valid(), folder.path().join("all"));
    let mut straight = Begin::new();
    let begin = |to: &Path, begin: &mut Begin, checkpoints: Checkpoints| {
        let trainer = trainer(to, &valid, checkpoints);
        trainer.fit(&mut begin.model, &mut begin.adam, &data(), &mut begin.rng, loss).expect("a training")
    };
    let checkpoints = Checkpoints::new(&all).every_steps(1).keep(100);
    let history = begin(folder.path(), &mut straight, checkpoints);
    let log = read(folder.path().join("log.csv"));
    // Five batches make three steps.
    let steps = steps_in(&all);
    assert_eq!((steps.len(), history.records().len()), (12, 4));
    for step in steps {
        let one = folder.path().join(step.file_stem().expect("a name"));
        fs::create_dir(&one).expect("a folder");
        fs::copy(&step, one.join(step.file_name().expect("a name"))).expect("a copy");
        let mut resumed = Begin::new();
        // Everything comes from the file.
        resumed.model = Mlp::new(&mut Rng::seed(99));
        resumed.rng = Rng::seed(98);
        let other = begin(&one, &mut resumed, Checkpoints::new(&one).every_steps(1));
        assert_eq!(table(&other), table(&history), "after {}", step.display());
        assert_eq!(resumed.bits(), straight.bits(), "after {}", step.display());
        let of_log = |log: &str| table(&History::from_csv(log).expect("a table"));
        assert_eq!(of_log(&read(one.join("log.csv"))), of_log(&log));
    }
}

#[test]
fn a_training_that_was_stopped_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints::new(folder.path());
    let (mut straight, mut stopped) = (Begin::new(), Begin::new());
    let fit = |begin: &mut Begin, trainer: Trainer<'_, Mlp, Batch>| {
        let trainer = trainer.schedule(Cosine::new(0.02, 15)).clip_grad_norm(1.0);
        trainer.fit(&mut begin.model, &mut begin.adam, &data(), &mut begin.rng, loss).expect("a training")
    };
    let history = fit(&mut straight, Trainer::new(3));
    for stop in [3, 8, 10, 11] {
        // No checkpoint is due there, and one is written all the same.
        let at = |now: &mut Moment<'_, Mlp>| {
            if now.steps == stop {
                now.stop("enough for today")
            }
        };
        let part = fit(&mut stopped, Trainer::new(3).checkpoints(checkpoints.clone()).on(Event::Step, at));
        assert_eq!(part.stopped(), Some("enough for today"));
        stopped = Begin::new();
    }
    let idle = |_: &mut Moment<'_, Mlp>| {};
    let whole = fit(&mut stopped, Trainer::new(3).checkpoints(checkpoints.clone()).on(Event::Step, idle));
    assert_eq!((table(&whole), whole.stopped()), (table(&history), None));
    assert_eq!(stopped.bits(), straight.bits());
    // One that is done is done; with more epochs it goes on.
    let steps = std::cell::Cell::new(0);
    let count = |_: &mut Moment<'_, Mlp>| steps.set(steps.get() + 1);
    let done = Trainer::new(3).checkpoints(checkpoints.clone()).on(Event::Step, count);
    assert_eq!(fit(&mut Begin::new(), done).records().len(), 3);
    assert_eq!(steps.get(), 0);
    let more = Trainer::new(5).checkpoints(checkpoints).on(Event::Step, count);
    assert_eq!(fit(&mut Begin::new(), more).records().len(), 5);
    assert_eq!(steps.get(), 10);
}

#[test]
fn a_training_that_stopped_early_stays_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = [1.0, 2.0, 3.0, 0.0, 0.0];
    for _ in 0..2 {
        let trainer = scripted(&script).with(EarlyStopping::new(Monitor::lowest("score"), 2));
        let history = fit_scripted(trainer.checkpoints(Checkpoints::new(folder.path()))).expect("a training");
        assert_eq!(history.records().len(), 3);
        assert_eq!(history.stopped(), Some("score was not better for 2 epochs"));
    }
}

#[test]
fn the_last_checkpoints_stay_at_the_steps_that_were_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let steps = |name: &str, of: fn(Checkpoints) -> Checkpoints| {
        let folder = folder.path().join(name);
        fit_scripted(Trainer::new(4).checkpoints(of(Checkpoints::new(&folder)))).expect("four epochs of five steps");
        crate::files::Rotation::new(folder, 1).steps().expect("steps")
    };
    assert_eq!(steps("a", |c| c), [15, 20]);
    assert_eq!(steps("b", |c| c.keep(9)), [5, 10, 15, 20]);
    assert_eq!(steps("c", |c| c.keep(9).every_epochs(3)), [15, 20]);
    assert_eq!(steps("d", |c| c.keep(9).every_epochs(4).every_steps(3)), [3, 6, 9, 12, 15, 18, 20]);
}

#[test]
fn checkpoints_of_other_trainings_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = || Checkpoints::new(folder.path());
    let stop = |now: &mut Moment<'_, Mlp>| {
        if now.steps == 2 {
            now.stop("")
        }
    };
    let mut begin = Begin::new();
    let trainer = Trainer::new(1).checkpoints(checkpoints()).on(Event::Step, stop);
    trainer.fit(&mut begin.model, &mut begin.adam, &data(), &mut begin.rng, loss).expect("two steps");

    let before = Begin::new().bits();
    let refusal = |data: &Loader, trainer: Trainer<'_, Mlp, Batch>| {
        let mut begin = Begin::new();
        let result = trainer.fit(&mut begin.model, &mut begin.adam, data, &mut begin.rng, loss);
        let message = result.expect_err("a refusal").to_string();
        let start = format!("trainer: the checkpoint in {:?} is of another training: ", folder.path());
        let message = message.strip_prefix(&start).expect("the start").to_owned();
        let end = "; use another folder, or the settings that it was begun with";
        (message.strip_suffix(end).expect("the end").to_owned(), begin.bits())
    };
    let same = || Trainer::new(1).checkpoints(checkpoints()).on(Event::Step, stop);
    let (rule, bits) = refusal(&even_data(), same());
    assert_eq!((&*rule, &bits), ("it was begun with 23 examples, and now there are 24", &before));
    let (rule, bits) = refusal(&data(), Trainer::new(1).checkpoints(checkpoints()));
    assert_eq!((&*rule, &bits), ("it was begun with 1 callbacks, and now there are 0", &before));
    let other = EarlyStopping::new(Monitor::lowest("loss"), 1);
    let (rule, bits) = refusal(&data(), Trainer::new(1).checkpoints(checkpoints()).with(other));
    assert!(rule.starts_with("early stopping: the state has no `best`") && bits == before, "{rule}");
    let batches = {
        let x = Rng::seed(1).normal([23, 3], DType::F32);
        Loader::new(&x, &Tensor::zeros([23], DType::I64), 4).expect("data")
    };
    assert_eq!(refusal(&batches, same()).0, "an epoch of it has 5 batches, and of these data 6");
    let mut other = (Linear::new(3, 2, &mut Rng::seed(1)), Adam::new(0.1));
    let result = Trainer::new(1).checkpoints(checkpoints()).on(Event::Step, |_| {}).fit(
        &mut other.0,
        &mut other.1,
        &data(),
        &mut Rng::seed(1),
        |model, batch, _| model.forward(&batch.x).cross_entropy(&batch.y),
    );
    assert!(result.expect_err("a refusal").to_string().contains("`weight`"));
}

#[test]
fn the_state_of_a_callback_of_ones_own_is_kept() {
    struct Count(i64);
    impl<M> Callback<M> for Count {
        fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
            self.0 += 1;
            if self.0 == now.steps as i64 { Ok(()) } else { Err("a step was counted twice, or not at all".into()) }
        }
        fn state(&self) -> Vec<(String, Tensor)> {
            vec![(String::new(), Tensor::from(self.0))]
        }
        fn load_state(&mut self, _: &M, state: Vec<(String, Tensor)>) -> cotangent_tensor::Result<()> {
            self.0 = state[0].1.try_item()?;
            Ok(())
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (epochs, steps) in [(1, 5), (3, 15)] {
        let trainer = Trainer::new(epochs).checkpoints(Checkpoints::new(folder.path())).with(Count(0));
        assert_eq!(fit_scripted(trainer).expect("a training").last().map(|record| record.steps), Some(steps));
    }
}

/// Two checkpoints of a training, of the steps 5 and 10.
fn two_checkpoints(folder: &Path) -> [PathBuf; 2] {
    fit_scripted(Trainer::new(2).checkpoints(Checkpoints::new(folder))).expect("two epochs of five steps");
    steps_in(folder).try_into().expect("two files")
}

fn damage(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(path, bytes).expect("written");
}

#[test]
fn a_damaged_checkpoint_is_passed_over_where_everybody_sees_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let epochs = std::cell::Cell::new(0);
    let fit = || {
        let mut out = Vec::new();
        let trainer = Trainer::new(2).checkpoints(Checkpoints::new(folder.path())).with(Lines::to(&mut out));
        let trainer = trainer.measure("epochs", |_| {
            epochs.set(epochs.get() + 1);
            0.0
        });
        let history = fit_scripted(trainer).expect("two epochs");
        (history, String::from_utf8(out).expect("text"))
    };
    let (history, text) = fit();
    assert!(history.passed_over().is_empty() && !text.contains("passed over"));
    let newest = steps_in(folder.path()).pop().expect("two files");
    damage(&newest);
    let (again, text) = fit();
    // The first epoch comes from the file, the second is made again, to the same bits.
    assert_eq!((table(&again), epochs.get()), (table(&history), 3));
    let first = text.lines().next().expect("a line");
    assert!(first.starts_with(&format!("passed over: {}: the checksum is ", newest.display())), "{text}");
    assert_eq!(again.passed_over(), [first.strip_prefix("passed over: ").expect("as above")]);
}

#[test]
fn a_training_does_not_begin_anew_where_no_checkpoint_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = two_checkpoints(folder.path());
    let whole = files.each_ref().map(|file| fs::read(file).expect("a file"));
    let refusal = || {
        let trainer = Trainer::new(2).checkpoints(Checkpoints::new(folder.path()));
        let error = fit_scripted(trainer).expect_err("no training");
        let TrainError::File(file) = &error else { panic!("{error}") };
        assert_eq!(file.path(), Some(&*files[1]));
        error.to_string()
    };
    // All are damaged: the newest is named.
    files.iter().for_each(|file| damage(file));
    assert!(refusal().contains("the checksum is "));
    fs::remove_file(&files[0]).expect("removed");
    assert!(refusal().contains("the checksum is "));

    // The system does not read it, although the one before it is whole.
    fs::write(&files[0], &whole[0]).expect("written");
    fs::remove_file(&files[1]).expect("removed");
    fs::create_dir(&files[1]).expect("a folder in the place of a file");
    refusal();
    fs::remove_dir(&files[1]).expect("removed");

    // Another version wrote it.
    let later = crate::files::Checkpoint::new().with_state("step", &10u64);
    later.write_with(&files[1], [("cotangent.format", "2".to_owned())]).expect("written");
    assert!(refusal().contains("a checkpoint of format 2; this version of cotangent reads format 1"));
}
