use super::*;
use crate::panics::panic_message;
use cotangent_autograd::{grad, jvp};
use cotangent_derive::Module;

/// Counts its calls, and adds up what it saw.
#[derive(Clone, Debug, Module)]
struct Counter {
    weight: Tensor,
    #[module(buffer)]
    calls: Tensor,
    #[module(buffer)]
    total: Tensor,
}

impl Counter {
    fn new() -> Self {
        Counter { weight: Tensor::from(2.0), calls: Tensor::from(0i64), total: Tensor::from(0.0) }
    }

    fn forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let y = x * &self.weight;
        if mode.is_training() {
            let (calls, total) = (mode.buffer(&self.calls) + 1, mode.buffer(&self.total) + y.sum(..));
            mode.update(&self.calls, &calls);
            mode.update(&self.total, &total);
        }
        y
    }

    fn state(&self) -> (i64, f64) {
        (self.calls.item(), self.total.item())
    }
}

#[test]
fn a_layer_that_runs_twice_sees_its_first_update_and_the_model_none_before_it_is_stored() {
    let (mut model, mut rng) = (Counter::new(), Rng::seed(1));
    let mut mode = Mode::train(&mut rng);
    let x = Tensor::from([1.0, 2.0]);
    let gradient = grad(&model, |m| m.forward(&m.forward(&x, &mut mode), &mut mode).sum(..));
    assert_eq!(gradient.weight.item::<f64>(), 12.0);
    assert_eq!(model.state(), (0, 0.0));
    mode.store(&mut model);
    assert_eq!(model.state(), (2, 6.0 + 12.0));
    assert!(model.total.tracer().is_none());

    let mut mode = Mode::eval();
    let _ = model.forward(&x, &mut mode);
    mode.store(&mut model);
    assert_eq!(model.state(), (2, 18.0));
}

#[test]
fn buffers_are_recognised_inside_every_transform() {
    let (mut model, mut rng) = (vec![Counter::new(), Counter::new()], Rng::seed(1));
    let x = Tensor::from(3.0);
    let mut mode = Mode::train(&mut rng);
    let _ = jvp(&model, &model.clone(), |m| {
        grad(m, |m| m[1].forward(&m[0].forward(&x, &mut mode), &mut mode))[0].weight.clone()
    });
    mode.store(&mut model);
    assert_eq!((model[0].state(), model[1].state()), ((1, 6.0), (1, 12.0)));
}

#[test]
fn an_update_is_a_constant() {
    let (mut model, mut rng) = (Counter::new(), Rng::seed(1));
    let mut mode = Mode::train(&mut rng);
    let gradient = grad(&model, |m| {
        let _ = m.forward(&Tensor::from(1.0), &mut mode);
        mode.buffer(&m.total) * &m.weight
    });
    // total * weight, where total is 2: not 2 weight.
    assert_eq!(gradient.weight.item::<f64>(), 2.0);
    mode.store(&mut model);
}

#[test]
fn cloned_layers_are_refused_by_name_and_nothing_is_written() {
    let mut model = vec![Counter::new(); 3];
    let mut rng = Rng::seed(1);
    let mut mode = Mode::train(&mut rng);
    let _ = model[1].forward(&Tensor::from(1.0), &mut mode);
    let message = panic_message(|| mode.store(&mut model));
    assert_eq!(
        message,
        "mode: `0.calls` and `1.calls` and `2.calls` are clones of one buffer, so that their new values cannot be told \
         apart; build each layer by itself, not by cloning another"
    );
    assert!(model.iter().all(|layer| layer.state() == (0, 0.0)));
}

/// What a run of the counter in training records.
fn run<'r>(counter: &Counter, rng: &'r mut Rng) -> Mode<'r> {
    let mut mode = Mode::train(rng);
    let _ = counter.forward(&Tensor::from(1.0), &mut mode);
    mode
}

#[test]
fn another_model_is_refused() {
    let (model, mut rng) = (Counter::new(), Rng::seed(1));
    let message = panic_message(|| run(&model, &mut rng).store(&mut ("a name", Counter::new())));
    assert_eq!(
        message,
        "mode: a buffer i64[] that this run has updated is not a buffer of the model; its are `1.calls`, `1.total`; \
         store into the model that was run, before its buffers are replaced"
    );
    let message = panic_message(|| run(&model, &mut rng).store(&mut Tensor::from(1.0)));
    assert!(message.contains("it has none"), "{message}");
    // The same array, but learned: not a buffer.
    let message = panic_message(|| run(&model, &mut rng).store(&mut (model.calls.clone(), model.total.clone())));
    assert!(message.contains("it has none"), "{message}");
}

#[test]
fn a_buffer_keeps_its_shape_and_dtype() {
    let message = panic_message(|| Mode::eval().update(&Tensor::from([1.0, 2.0]), &Tensor::from([1.0f32])));
    assert_eq!(message, "mode: a buffer keeps its shape and dtype; got f32[1] for one of f64[2]");
}

#[test]
fn an_undecided_mode_does_not_answer() {
    let message = panic_message(|| Mode::undecided().is_training());
    assert_eq!(
        message,
        "mode: this model has a layer that does not do the same in training as in evaluation, such as a dropout; call it \
         with Mode::train(&mut rng) or Mode::eval()"
    );
    assert_eq!(message, panic_message(|| Mode::undecided().rng().is_some()));
    assert!(Mode::eval().rng().is_none());
}
