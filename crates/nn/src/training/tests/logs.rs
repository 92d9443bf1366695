//! What the logs hold.

use super::*;

fn fit(trainer: Trainer<'_, Tensor, Batch>) -> Result<History, TrainError> {
    // The loss is 1 in each step.
    let (mut model, mut sgd) = (Tensor::from(1.0f32), crate::Sgd::new(0.125));
    trainer.fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, mode| {
        (x * 0.0 + 1.0, [(if mode.is_training() { "a" } else { "b" }, 1e-9)])
    })
}

#[test]
fn a_line_for_each_epoch_and_the_reason_of_the_end() {
    let (mut out, valid) = (Vec::new(), valid());
    let trainer = Trainer::new(3).validate(&valid).with(Lines::to(&mut out));
    let history = fit(trainer.on(Event::Epoch, |now| {
        if now.epoch == 2 {
            now.stop("that is all")
        }
    }))
    .expect("epochs");
    let seconds = |epoch: usize| history.records()[epoch].seconds;
    let line = |epoch: usize| {
        let measures = "loss 1.0000, a 1.000e-9, valid_loss 1.0000, valid_b 1.000e-9; lr 0.125";
        format!("epoch {} of 3: {measures}, {:.1} s\n", epoch + 1, seconds(epoch))
    };
    let text = String::from_utf8(out).expect("text");
    assert_eq!(text, format!("{}{}stopped: that is all\n", line(0), line(1)));
}

#[test]
fn a_table_that_is_whole_after_each_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/log.csv");
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    std::fs::write(&path, "of an earlier training").expect("a file");
    let mut tables = Vec::new();
    let history = fit(Trainer::new(2)
        .with(CsvLog::new(&path))
        .on(Event::Start, |_| {
            assert_eq!(read(&path), "epoch,steps,skipped,lr,seconds\n");
        })
        .on(Event::Epoch, |now| tables.push((read(&path), now.history.to_csv()))));
    assert_eq!(tables.len(), 2);
    assert!(tables.iter().all(|(file, history)| file == history));
    assert_eq!(read(&path), history.expect("two epochs").to_csv());
    // A file cannot be made where there is one instead of a folder, which is said before the first epoch.
    let error = fit(Trainer::new(2).with(CsvLog::new(path.join("log.csv")))).expect_err("an error");
    assert!(matches!(&error, TrainError::File(error) if error.path() == Some(&path.join("log.csv"))), "{error}");
}

#[cfg(feature = "pictures")]
#[test]
fn curves_are_drawn_from_the_start_on_and_have_all_measures() {
    let (folder, valid) = (tempfile::tempdir().expect("a folder"), valid());
    let path = folder.path().join("pictures/curves.svg");
    let mut pictures = Vec::new();
    let trainer = Trainer::new(3).validate(&valid).measure("auc", |_| 0.5).with(Curves::new(&path));
    let trainer = trainer.on(Event::Start, |_| assert!(read(&path).contains("epoch")));
    let history = fit(trainer.on(Event::Epoch, |_| pictures.push(read(&path)))).expect("three epochs");
    assert!(pictures.iter().all(|svg| ["loss", "auc", "training", "validation"].iter().all(|name| svg.contains(name))));
    assert!(pictures[0] != pictures[1] && pictures[1] != pictures[2]);
    assert_eq!(pictures[2], history.curves().svg().expect("a picture"));
}
