//! Which events there are, in which order, and what they see.

use super::*;
use std::cell::RefCell;

/// Writes down each event under its name.
struct Diary<'a> {
    name: &'static str,
    events: &'a RefCell<Vec<String>>,
}

impl Diary<'_> {
    fn note<M>(&self, event: &str, now: &Moment<'_, M>) -> Result<(), BoxError> {
        let (epoch, batch, batches, steps) = (now.epoch, now.batch, now.batches, now.steps);
        let records = now.history.records().len();
        self.events.borrow_mut().push(format!("{} {event} {epoch} {batch}/{batches} {steps} {records}", self.name));
        Ok(())
    }
}

impl<M> Callback<M> for Diary<'_> {
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.note("start", now)
    }
    fn gradient(&mut self, _: &mut M) -> Result<(), BoxError> {
        self.events.borrow_mut().push(format!("{} gradient", self.name));
        Ok(())
    }
    fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.note("step", now)
    }
    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.note("epoch", now)
    }
    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.note("end", now)
    }
}

#[test]
fn events_come_in_order_and_callbacks_in_theirs() {
    let events = RefCell::new(Vec::new());
    let (mut model, mut sgd) = (Tensor::from(1.0f32), crate::Sgd::new(0.1));
    let x = Tensor::arange(0, 4, 1);
    Trainer::new(2)
        .with(Diary { name: "a", events: &events })
        .with(Diary { name: "b", events: &events })
        .fit(&mut model, &mut sgd, &Loader::new(&x, &x, 2).expect("data"), &mut Rng::seed(3), |x, _, _| x.square())
        .expect("two epochs");
    let wanted = "\
        a start 1 0/0 0 0, b start 1 0/0 0 0, \
        a gradient, b gradient, a step 1 1/2 1 0, b step 1 1/2 1 0, \
        a gradient, b gradient, a step 1 2/2 2 0, b step 1 2/2 2 0, a epoch 1 2/2 2 1, b epoch 1 2/2 2 1, \
        a gradient, b gradient, a step 2 1/2 3 1, b step 2 1/2 3 1, \
        a gradient, b gradient, a step 2 2/2 4 1, b step 2 2/2 4 1, a epoch 2 2/2 4 2, b epoch 2 2/2 4 2, \
        a end 2 2/2 4 2, b end 2 2/2 4 2";
    assert_eq!(events.into_inner().join(", "), wanted);
}

#[test]
fn what_a_callback_changes_is_what_training_goes_on_with() {
    let (mut model, mut sgd) = (Tensor::from(8.0f64), crate::Sgd::new(1.0));
    let mut seen = Vec::new();
    Trainer::new(1)
        .on(Event::Step, |now: &mut Moment<'_, Tensor>| *now.model /= 2.0)
        .on(Event::Step, |now| now.optimizer.set_lr(now.optimizer.lr() / 2.0))
        .on(Event::Step, |now| seen.push((now.model.item::<f64>(), now.optimizer.lr(), now.loss())))
        .fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| x.clone())
        .expect("an epoch");
    assert_eq!(seen[..3], [(3.5, 0.5, 8.0), (1.5, 0.25, 3.5), (0.625, 0.125, 1.5)]);
    assert!(seen.len() == 5 && model.item::<f64>() == seen[4].0);
}

#[test]
fn an_error_of_a_callback_ends_the_training_with_its_text() {
    struct Broken;
    impl<M> Callback<M> for Broken {
        fn epoch(&mut self, _: &mut Moment<'_, M>) -> Result<(), BoxError> {
            Err("the disk is full".into())
        }
    }
    let mut ended = false;
    let error = fit_scripted(Trainer::new(2).with(Broken).on(Event::End, |_| ended = true)).unwrap_err();
    assert!(matches!(error, TrainError::Callback(_)) && !ended);
    assert_eq!(error.to_string(), "trainer: the disk is full");
}
