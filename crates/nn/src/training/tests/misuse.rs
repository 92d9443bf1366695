//! What is wrong is said, and nothing is broken by it.

use super::*;
use crate::{
    data::Weighted,
    panics::panic_message,
    schedule::{Constant, Plateau},
};

#[test]
fn a_loss_that_is_nan_names_its_step_and_leaves_the_model() {
    let run = |non_finite: NonFinite| {
        let mut begin = Begin::new();
        let mut number = 0;
        let mut steps = Vec::new();
        let result = Trainer::new(2)
            .on_non_finite(non_finite)
            .on(Event::Step, |now: &mut Moment<'_, Mlp>| steps.push(bits(now.model)))
            .fit(&mut begin.model, &mut begin.adam, &data(), &mut begin.rng, |model, batch, mode| {
                number += 1;
                let (value, measures) = loss(model, batch, mode);
                // In the second epoch, the third batch.
                (if number == 8 { value * f64::NAN } else { value }, measures)
            });
        (result, bits(&begin.model), steps)
    };
    let (result, model, steps) = run(NonFinite::Stop);
    assert_eq!(
        result.expect_err("an error").to_string(),
        "trainer: the loss is NaN at step 8 (epoch 2, batch 3 of 5); the model is as it was before that step; \
         a smaller learning rate or .clip_grad_norm(..) may help, and .on_non_finite(..) says to go on"
    );
    // Running statistics of the batch too were not taken.
    assert_eq!((steps.len(), &model), (7, &steps[6]));

    let (result, model, steps) = run(NonFinite::Skip);
    let history = result.expect("two epochs");
    assert_eq!((steps.len(), history.records()[1].skipped, history.records()[1].steps), (9, 1, 9));
    assert!(history.series("loss").iter().all(|(_, loss)| loss.is_finite()));
    assert!(model.concat().chunks(8).all(|x| f64::from_le_bytes(x.try_into().expect("eight bytes")).is_finite()));

    let (result, _, steps) = run(NonFinite::Ignore);
    let history = result.expect("two epochs");
    assert_eq!((steps.len(), history.records()[1].skipped), (10, 0));
    assert!(history.series("loss")[1].1.is_nan());
}

#[test]
fn a_gradient_that_is_not_finite_is_found_where_it_is_looked_at() {
    // The square root has an infinite slope at zero.
    let fit = |trainer: Trainer<'_, Tensor, Batch>| {
        let (mut model, mut sgd) = (Tensor::from(0.0f32), crate::Sgd::new(1.0));
        let result = trainer.fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| x.sqrt());
        (result, model.item::<f32>())
    };
    let (result, model) = fit(Trainer::new(1).clip_grad_norm(1.0));
    let message = result.expect_err("an error").to_string();
    assert!(message.starts_with("trainer: clip_grad_norm: the gradient of `` is not finite at step 1 "), "{message}");
    assert_eq!(model, 0.0);
    for clipped in [false, true] {
        let trainer = Trainer::new(1).on_non_finite(NonFinite::Skip);
        let (result, model) = fit(if clipped { trainer.clip_grad_norm(1.0) } else { trainer });
        let history = result.expect("an epoch");
        assert_eq!((history.records()[0].skipped, history.records()[0].steps, model), (5, 0, 0.0));
        // Of no batches there is no mean.
        assert_eq!(history.records()[0].measures.get("loss"), None);
    }
    // A hook of the user's made the gradient infinite after it was looked at.
    let spoil = |gradient: &mut Tensor| *gradient = Tensor::from(f32::INFINITY);
    let trainer = scripted(&[0.0]).change_gradient(spoil).clip_grad_norm(1.0).on_non_finite(NonFinite::Skip);
    assert_eq!(fit_scripted(trainer).expect("an epoch").records()[0].skipped, 5);
    let trainer = scripted(&[0.0]).change_gradient(spoil).clip_grad_norm(1.0).on_non_finite(NonFinite::Ignore);
    assert!(fit_scripted(trainer).expect("an epoch").records()[0].measures.get("loss").is_some_and(f64::is_nan));
}

#[test]
fn a_model_that_is_ruined_is_neither_saved_nor_returned_as_good() {
    // The root has an infinite slope at zero, where the first step comes to: 1/4 less 1/4 of the slope, 1. Losses are 1/2 and 0.
    let one_batch = Loader::new(&Tensor::arange(0, 4, 1), &Tensor::arange(0, 4, 1), 4).expect("data");
    let four_batches = Loader::new(&Tensor::arange(0, 4, 1), &Tensor::arange(0, 4, 1), 1).expect("data");
    let fit = |trainer: Trainer<'_, Tensor, Batch>, data: &Loader| {
        let (mut model, mut sgd) = (Tensor::from(0.25), crate::Sgd::new(0.25));
        let result = trainer.fit(&mut model, &mut sgd, data, &mut Rng::seed(3), |x, _, _| x.sqrt());
        (result, model.item::<f64>())
    };
    let wanted = |epoch: u64| {
        format!(
            "trainer: the parameter `` is not finite after step 2 (epoch {epoch}), though the losses were; no checkpoint of this \
             model was written; .clip_grad_norm(..) finds a gradient that is not finite before its step, and .on_non_finite(..) \
             says to leave its batch out, or to go on"
        )
    };
    let (result, model) = fit(Trainer::new(2), &one_batch);
    assert_eq!((result.expect_err("an error").to_string(), model), (wanted(2), f64::NEG_INFINITY));
    for (data, epoch) in [(&one_batch, 2), (&four_batches, 1)] {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = || Checkpoints::new(folder.path()).every_steps(1).keep(1);
        // The good checkpoint stays, so that each run comes to the same error, or passes by it.
        for _ in 0..2 {
            let (result, _) = fit(Trainer::new(2).checkpoints(checkpoints()), data);
            assert_eq!(result.expect_err("an error").to_string(), wanted(epoch));
            let saved: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
            assert_eq!(saved.len(), 1);
            assert_eq!(saved[0].file_name(), "step-000000001.safetensors");
        }
        let (result, model) = fit(Trainer::new(2).checkpoints(checkpoints()).on_non_finite(NonFinite::Skip), data);
        assert!(result.is_ok() && model == 0.0, "{result:?}");
    }
    let (result, model) = fit(Trainer::new(2).on_non_finite(NonFinite::Ignore), &one_batch);
    assert!(result.is_ok() && model == f64::NEG_INFINITY, "{result:?}");

    // What no optimizer changes may be infinite.
    let mut begin = Begin::new();
    begin.model.norm.running_mean = Some(Tensor::full([8], f64::INFINITY, DType::F32));
    let result = Trainer::new(1).fit(&mut begin.model, &mut begin.adam, &even_data(), &mut begin.rng, loss);
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn a_step_that_is_not_made_leaves_no_running_statistics() {
    /// What is wrong with a batch.
    #[derive(Clone, Copy, PartialEq)]
    enum Fault {
        Loss,
        Gradient,
        Error,
    }
    // The fault is in the eighth batch: the second epoch's third, which is alone in its step, or the second of two.
    let fit = |trainer: Trainer<'_, Mlp, Batch>, fault: Fault, batches: usize| {
        let mut begin = Begin::new();
        let (mut number, mut last) = (0, Vec::new());
        let trainer = trainer.on(Event::Step, |now| last = bits(now.model));
        let result = trainer.fit(&mut begin.model, &mut begin.adam, &data(), &mut begin.rng, |model, batch, mode| {
            number += 1;
            let (value, measures) = loss(model, batch, mode);
            if number != batches {
                return Ok((value, measures));
            }
            match fault {
                // The root has an infinite slope at zero.
                Fault::Gradient => Ok((&value + (&value * 0.0).sqrt(), measures)),
                Fault::Loss => Ok((value * f64::NAN, measures)),
                Fault::Error => Err("image 17 is torn"),
            }
        });
        (result, bits(&begin.model), last)
    };
    let trainers: [fn() -> Trainer<'static, Mlp, Batch>; 2] =
        [|| Trainer::new(2).clip_grad_norm(1.0), || Trainer::new(2).clip_grad_norm(1.0).accumulate(2)];
    for trainer in trainers {
        for fault in [Fault::Loss, Fault::Gradient, Fault::Error] {
            for batches in [7, 8] {
                let (result, model, last) = fit(trainer(), fault, batches);
                let error = result.expect_err("an error");
                assert_eq!(matches!(error, TrainError::Loss { .. }), fault == Fault::Error, "{error}");
                assert_eq!(model, last, "{error}");
            }
        }
    }
    // A callback that refuses a gradient.
    struct Refuse(u64);
    impl<M> Callback<M> for Refuse {
        fn gradient(&mut self, _: &mut M) -> Result<(), BoxError> {
            self.0 += 1;
            if self.0 < 3 { Ok(()) } else { Err("enough".into()) }
        }
    }
    let (result, model, last) = fit(Trainer::new(2).with(Refuse(0)), Fault::Error, 0);
    assert_eq!((result.expect_err("an error").to_string(), model), ("trainer: enough".to_owned(), last));
}

#[test]
fn a_step_that_is_left_out_leaves_no_measures_and_no_statistics() {
    // A change of each third gradient makes it infinite after the trainer has looked at it.
    let mut begin = Begin::new();
    let (mut number, mut seen, mut last) = (0, Vec::new(), Vec::new());
    let spoil = |gradient: &mut Mlp| {
        number += 1;
        if number % 3 == 0 {
            gradient.output.weight = Tensor::full([2, 8], f32::INFINITY, DType::F32);
        }
    };
    let losses = std::cell::RefCell::new(Vec::new());
    let trainer = Trainer::new(1).change_gradient(spoil).clip_grad_norm(1.0).on_non_finite(NonFinite::Skip);
    let history = trainer
        .on(Event::Step, |now| {
            seen.push(now.loss());
            last = bits(now.model);
        })
        .fit(&mut begin.model, &mut begin.adam, &even_data(), &mut begin.rng, |model, batch, mode| {
            let (value, measures) = loss(model, batch, mode);
            losses.borrow_mut().push(f64::from(value.item::<f32>()));
            (value, measures)
        })
        .expect("an epoch");
    let losses = losses.into_inner();
    let kept = [losses[0], losses[1], losses[3]];
    assert_eq!((history.records()[0].skipped, &seen[..]), (1, &kept[..]));
    let mean = kept.iter().sum::<f64>() / 3.0;
    assert!((history.series("loss")[0].1 - mean).abs() < 1e-12);
    assert_eq!(begin.model.norm.num_batches_tracked.map(|count| count.item::<i64>()), Some(3));
}

#[test]
fn data_without_a_batch_are_refused() {
    let few = Loader::new(&Tensor::arange(0, 3, 1), &Tensor::arange(0, 3, 1), 4).expect("data").drop_last(true);
    let (mut model, mut sgd) = (Tensor::from(0.0f32), crate::Sgd::new(1.0));
    let mut fit = |trainer: Trainer<'_, Tensor, Batch>, data: &Loader| {
        let result = trainer.fit(&mut model, &mut sgd, data, &mut Rng::seed(3), |x, _, _| x.square());
        result.expect_err("an error").to_string()
    };
    let message = |which, drawn| {
        format!(
            "trainer: the {which} data make no batch; got 3 examples, of which the sampler draws {drawn}; \
             a loader with .drop_last(true) needs a whole batch of them"
        )
    };
    assert_eq!(fit(Trainer::new(1), &few), message("training", 3));
    assert_eq!(fit(Trainer::new(1).validate(&few), &data()), message("validation", 3));
    let nothing = Weighted::new([1.0, 1.0, 1.0]).expect("weights").draws(0);
    assert_eq!(fit(Trainer::new(1).sampler(nothing), &few), message("training", 0));
    let error = evaluate(&model, &few, |x, _, _| x.square()).expect_err("an error");
    assert_eq!(error.to_string(), message("test", 3));
    // Without epochs nothing is looked at.
    assert_eq!(fit_scripted(Trainer::new(0)).expect("nothing"), History::default());
}

#[test]
fn an_error_of_the_loss_ends_the_training_where_it_arose() {
    let (mut model, mut sgd) = (Tensor::from(1.0f32), crate::Sgd::new(1.0));
    let mut number = 0;
    let result = Trainer::new(3).fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| {
        number += 1;
        if number < 7 { Ok(x.square()) } else { Err("image 17 is torn") }
    });
    let error = result.expect_err("an error");
    assert_eq!(error.to_string(), "trainer: the loss of batch 2 of the training data in epoch 2: image 17 is torn");
    assert!(matches!(error, TrainError::Loss { epoch: 2, batch: 2, .. }));

    // Of the five batches to train on in each of three epochs, and of those to validate on after each, the second epoch's third.
    let (data, mut number) = (data(), 0);
    let trainer = Trainer::new(3).validate(&data);
    let result = trainer.fit(&mut model, &mut sgd, &data, &mut Rng::seed(3), |x, _, _| {
        number += 1;
        if number < 18 { Ok(x.square()) } else { Err("image 17 is torn") }
    });
    let error = result.expect_err("an error");
    assert_eq!(error.to_string(), "trainer: the loss of batch 3 of the validation data in epoch 2: image 17 is torn");
    let error = evaluate(&model, &data, |_, _, _| Err::<Tensor, _>("image 1 is torn")).expect_err("an error");
    assert_eq!(error.to_string(), "trainer: the loss of batch 1 of the test data: image 1 is torn");
}

#[test]
fn names_that_would_be_taken_for_others_are_refused() {
    let refusal = |names: &[&str]| {
        let (mut model, mut sgd) = (Tensor::from(1.0f32), crate::Sgd::new(1.0));
        let result = Trainer::new(1).fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| {
            (x.square(), names.iter().map(|&name| (name, 0.0)).collect::<Vec<_>>())
        });
        result.expect_err("a refusal").to_string()
    };
    assert_eq!(refusal(&["loss"]), "trainer: a measure cannot be called \"loss\": the loss closure returned it twice");
    assert!(refusal(&["a", "a"]).ends_with("the loss closure returned it twice"));
    assert!(refusal(&["lr"]).ends_with("that is a column of the history"));
    assert!(refusal(&["valid_a"]).ends_with("so begin the measures of the validation data"));
    assert!(refusal(&["a,b"]).ends_with("commas, quotes and line breaks end a cell of the history"));
    assert!(refusal(&[""]).ends_with("it is empty"));
    let measure = |name: &str| panic_message(|| Trainer::<Tensor, Batch>::new(1).measure(name, |_| 0.0).epochs);
    assert!(measure("valid_loss").ends_with("that is the loss itself"));
    assert!(measure("a\nb").ends_with("end a cell of the history"));
    let error = fit_scripted(scripted(&[1.0]).measure("score", |_| 0.0)).expect_err("a refusal");
    assert!(error.to_string().ends_with("something else that is measured is called so"), "{error}");
}

#[test]
fn a_measure_that_there_is_not_is_named_with_those_there_are() {
    let message = "trainer: nothing measured is called `acuracy`; what there is: `loss`, `score`";
    let monitor = || Monitor::highest("acuracy");
    let folder = tempfile::tempdir().expect("a folder");
    let refusal = |trainer| fit_scripted(trainer).expect_err("a refusal").to_string();
    assert_eq!(refusal(scripted(&[1.0]).with(EarlyStopping::new(monitor(), 1))), message);
    assert_eq!(refusal(scripted(&[1.0]).with(KeepBest::new(monitor()))), message);
    let save = SaveBest::new(folder.path().join("best"), monitor()).expect("no file yet");
    assert_eq!(refusal(scripted(&[1.0]).with(save)), message);
    assert_eq!(refusal(scripted(&[1.0]).plateau("acuracy", Plateau::new(0.1))), message);
}

#[test]
fn settings_that_make_no_sense_panic_where_they_are_made() {
    type T<'a> = Trainer<'a, Tensor, Batch>;
    assert_eq!(
        panic_message(|| T::new(1).accumulate(0).epochs),
        "trainer: a step needs at least one batch; got accumulate(0)"
    );
    let set: [fn(T<'static>) -> T<'static>; 3] = [
        |trainer| trainer.schedule(Constant::new(0.1)),
        |trainer| trainer.schedule_by_epoch(Constant::new(0.1)),
        |trainer| trainer.plateau("loss", Plateau::new(0.1)),
    ];
    for (first, second) in set.iter().flat_map(|first| set.iter().map(move |second| (first, second))) {
        let message = panic_message(|| second(first(T::new(1))).epochs);
        assert!(message.starts_with("trainer: the learning rate follows one schedule or one plateau"), "{message}");
    }
    assert!(panic_message(|| T::new(1).clip_grad_norm(f64::NAN).epochs).ends_with("got NaN"));
    assert!(panic_message(|| T::new(1).clip_grad_value(-1.0).epochs).ends_with("got -1"));
    let monitor = || Monitor::lowest("loss");
    assert!(panic_message(|| EarlyStopping::new(monitor(), 0)).starts_with("early stopping: patience"));
    assert!(panic_message(|| EarlyStopping::new(monitor(), 1).min_delta(f64::NAN)).ends_with("got NaN"));
    assert!(panic_message(|| Checkpoints::new("").keep(0)).starts_with("checkpoints: "));
    assert!(panic_message(|| Checkpoints::new("").every_steps(0)).starts_with("checkpoints: "));
    assert!(panic_message(|| Checkpoints::new("").every_epochs(0)).starts_with("checkpoints: "));
    let several = || {
        let model = Tensor::from([1.0f32, 2.0]);
        evaluate(&model, &data(), |x, _, _| x.clone())
    };
    assert_eq!(
        panic_message(several),
        "trainer: a loss is one floating-point number; got f32[2]; reduce it with .sum(..) or .mean(..)"
    );
}
