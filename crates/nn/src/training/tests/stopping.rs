//! Early stopping and the best model, on scripted measures.

use super::*;
use crate::files::Checkpoint;

#[test]
fn a_training_stops_when_nothing_was_better_for_the_patience() {
    let epochs = |script: &[f64], stopping: EarlyStopping| {
        let history = fit_scripted(scripted(script).with(stopping)).expect("a training");
        (history.records().len(), history.stopped().map(str::to_owned))
    };
    let lowest = |patience| EarlyStopping::new(Monitor::lowest("score"), patience);
    let highest = |patience| EarlyStopping::new(Monitor::highest("score"), patience);
    let because = |epochs: &str| Some(format!("score was not better for {epochs}"));
    assert_eq!(epochs(&[3.0, 2.0, 2.0, 2.5, 1.0], lowest(2)), (4, because("2 epochs")));
    assert_eq!(epochs(&[3.0, 2.0, 2.5, 1.0, 1.5], lowest(2)), (5, None));
    assert_eq!(epochs(&[3.0, 3.0, 9.0], lowest(1)), (2, because("1 epoch")));
    assert_eq!(epochs(&[0.5, 0.6, 0.6, 0.6], highest(2)), (4, because("2 epochs")));
    assert_eq!(epochs(&[0.5, 0.4, 0.6, 0.7], highest(2)), (4, None));
    // What is better by no more than the least improvement does not count; the best stays the one that did.
    assert_eq!(epochs(&[1.0, 0.75, 0.5, 0.25], lowest(2).min_delta(0.25)), (4, None));
    assert_eq!(epochs(&[1.0, 0.75, 0.75, 0.25], lowest(2).min_delta(0.25)), (3, because("2 epochs")));
    // NaN is never better, not even than nothing.
    assert_eq!(epochs(&[f64::NAN, f64::NAN, 1.0], highest(2)), (2, because("2 epochs")));
    assert_eq!(epochs(&[f64::NAN, 1.0, f64::NAN, 2.0], highest(2)), (4, None));
}

#[test]
fn the_best_model_comes_back_and_lies_in_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("best.safetensors");
    let script = [0.5, 0.25, 0.75, 0.25];
    let train = |monitor: Monitor| {
        std::fs::remove_file(&path).ok();
        let (mut model, mut sgd) = (Tensor::from(0.0f64), crate::Sgd::new(1.0));
        // Five steps of one each make the model the number of its steps.
        scripted_f64(&script)
            .with(KeepBest::new(monitor.clone()))
            .with(SaveBest::new(&path, monitor).expect("no file yet"))
            .fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| -x)
            .expect("four epochs");
        let mut saved = Tensor::from(0.0f64);
        Checkpoint::read(&path).expect("a file").load_module("model", &mut saved).expect("a model");
        (model.item::<f64>(), saved.item::<f64>())
    };
    assert_eq!(train(Monitor::lowest("score")), (10.0, 10.0));
    assert_eq!(train(Monitor::highest("score")), (15.0, 15.0));
    assert_eq!(train(Monitor::lowest("loss")), (20.0, 20.0));
}

fn scripted_f64<'a>(script: &'a [f64]) -> Trainer<'a, Tensor, Batch> {
    scripted(script)
}

#[test]
fn a_closure_stops_after_the_step_at_which_it_says_so() {
    let mut ends = 0;
    let trainer = Trainer::new(10).on(Event::Step, |now| {
        if now.steps == 7 {
            now.stop("seven are enough");
            now.stop("the first reason counts");
        }
    });
    let history = fit_scripted(trainer.on(Event::End, |now| {
        ends += 1;
        assert_eq!((now.steps, now.epoch, now.batch), (7, 2, 2));
    }));
    let history = history.expect("a training");
    // The epoch that was not finished has no record.
    assert_eq!((history.records().len(), history.stopped(), ends), (1, Some("seven are enough"), 1));
    // At the last step of an epoch, the epoch comes to its end.
    let history = fit_scripted(Trainer::new(10).on(Event::Step, |now| {
        if now.steps == 10 {
            now.stop("")
        }
    }));
    assert_eq!(history.expect("a training").records().len(), 2);
    let history = fit_scripted(Trainer::new(10).on(Event::Start, |now| now.stop("not today")));
    assert_eq!(history.expect("a training").records(), []);
}
