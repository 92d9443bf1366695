//! Stopping and going on from what was saved gives the bits of never having stopped.

use super::Mixed;
use crate::{
    Linear,
    optim::{
        Adadelta, Adagrad, Adam, AdamW, Adamax, Ema, Lamb, Lbfgs, LineSearch, Lion, Muon, Nadam, Optimizer, RAdam,
        RmsProp, Sgd,
    },
};
use cotangent_autograd::{grad, module, value_and_grad};
use cotangent_tensor::{DType, Rng, Tensor};

fn bits<M: module::Module>(model: &M) -> Vec<u64> {
    let elements = module::tensors(model).into_iter().flat_map(|tensor| tensor.cast(DType::F64).to_vec::<f64>());
    elements.map(f64::to_bits).collect()
}

/// A layer of f32 and numbers of f64, with the loss that they are to lower.
type Model = (Linear, Tensor);

fn start() -> (Model, Tensor) {
    let mut rng = Rng::seed(5);
    ((Linear::new(3, 4, &mut rng), rng.normal([3], DType::F64)), rng.normal([6, 3], DType::F32))
}

fn gradient(model: &Model, x: &Tensor) -> Model {
    grad(model, |(layer, numbers)| {
        layer.forward(x).tanh().square().mean(..) + numbers.square().sum(..).cast(DType::F32)
    })
}

/// Seven steps, the state into a new optimizer, five steps of both.
fn resumes(name: &str, fresh: &(impl Optimizer + Clone), slots: &[&str]) {
    let (mut model, x) = start();
    let mut optimizer = fresh.clone();
    for step in 0..7 {
        optimizer.set_lr(0.01 / (step + 1) as f64);
        let gradient = gradient(&model, &x);
        optimizer.step(&mut model, &gradient);
    }
    let state = optimizer.state(&model);
    let names: Vec<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
    let of_weight: Vec<String> = ["step"].iter().chain(slots).map(|slot| format!("0.weight.{slot}")).collect();
    assert_eq!(names[0], "lr", "{name}");
    assert_eq!(names[1..=of_weight.len()], of_weight, "{name}");
    let steps = state.iter().filter(|(name, _)| name.ends_with("step"));
    assert!(steps.map(|(_, steps)| steps.item::<i64>()).eq([7; 3]), "{name}");

    let (mut resumed, mut other) = (fresh.clone(), model.clone());
    resumed.load_state(&other, state).unwrap();
    assert_eq!(resumed.lr(), optimizer.lr());
    for _ in 0..5 {
        let gradient = gradient(&model, &x);
        optimizer.step(&mut model, &gradient);
        resumed.step(&mut other, &gradient);
        assert_eq!(bits(&model), bits(&other), "{name}");
    }
}

#[test]
fn every_optimizer_resumes_bit_for_bit() {
    resumes("sgd", &Sgd::new(0.1), &[]);
    resumes("sgd momentum", &Sgd::new(0.1).momentum(0.9).dampening(0.1), &["momentum_buffer"]);
    resumes("adam", &Adam::new(0.1), &["exp_avg", "exp_avg_sq"]);
    resumes("amsgrad", &Adam::new(0.1).amsgrad(true), &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
    resumes("adamw", &AdamW::new(0.1), &["exp_avg", "exp_avg_sq"]);
    resumes("nadam", &Nadam::new(0.1), &["exp_avg", "exp_avg_sq", "mu_product"]);
    resumes("radam", &RAdam::new(0.1), &["exp_avg", "exp_avg_sq"]);
    resumes("rmsprop", &RmsProp::new(0.1), &["square_avg"]);
    let rmsprop = RmsProp::new(0.1).centered(true).momentum(0.5);
    resumes("rmsprop both", &rmsprop, &["square_avg", "momentum_buffer", "grad_avg"]);
    resumes("adagrad", &Adagrad::new(0.1).lr_decay(0.1).initial_accumulator_value(0.1), &["sum"]);
    resumes("adadelta", &Adadelta::new(1.0), &["square_avg", "acc_delta"]);
    resumes("adamax", &Adamax::new(0.1), &["exp_avg", "exp_inf"]);
    resumes("lion", &Lion::new(0.1), &["exp_avg"]);
    resumes("lamb", &Lamb::new(0.1), &["exp_avg", "exp_avg_sq"]);
    resumes("muon", &Muon::new(0.1), &["momentum_buffer"]);
}

#[test]
fn lbfgs_resumes_bit_for_bit() {
    let (start, x) = start();
    let loss = |(layer, numbers): &Model| {
        layer.forward(&x).cast(DType::F64).tanh().sum(..) + numbers.square().square().sum(..) - numbers.sum(..)
    };
    for search in [LineSearch::None, LineSearch::StrongWolfe] {
        let fresh = Lbfgs::new(0.1).max_iter(3).history_size(4).line_search(search);
        for stop in [0, 1, 4] {
            let (mut model, mut lbfgs) = (start.clone(), fresh.clone());
            for _ in 0..stop {
                lbfgs.step(&mut model, |model| value_and_grad(model, loss));
            }
            let (mut resumed, mut other) = (fresh.clone(), model.clone());
            resumed.load_state(lbfgs.state()).unwrap();
            for _ in 0..3 {
                lbfgs.step(&mut model, |model| value_and_grad(model, loss));
                resumed.step(&mut other, |model| value_and_grad(model, loss));
                assert_eq!(bits(&model), bits(&other), "{search:?}");
            }
            assert_eq!(lbfgs.evaluations(), resumed.evaluations());
        }
    }
}

#[test]
fn a_state_of_something_else_is_refused_and_changes_nothing() {
    let (mut model, x) = start();
    let mut adam = Adam::new(0.1);
    let unstepped = adam.state(&model);
    assert_eq!(unstepped.len(), 4);
    let slope = gradient(&model, &x);
    adam.step(&mut model, &slope);
    let state = adam.state(&model);
    type Change<'a> = &'a dyn Fn(&mut Vec<(String, Tensor)>);
    let refusal = |change: Change<'_>| {
        let (mut state, mut other) = (state.clone(), Adam::new(0.5));
        change(&mut state);
        let error = other.load_state(&model, state).unwrap_err().to_string();
        assert_eq!((other.lr(), other.state(&model).len()), (0.5, 4));
        error
    };
    let hint = "is it the state of another model or of other options?";
    assert_eq!(refusal(&|state| drop(state.remove(2))), format!("adam: the state has no `0.weight.exp_avg`; {hint}"));
    assert_eq!(
        refusal(&|state| state.push(("2.step".to_owned(), Tensor::from(1i64)))),
        format!("adam: the state has `2.step`, which nothing here is called; {hint}")
    );
    assert_eq!(
        refusal(&|state| state[2].1 = Tensor::zeros([3, 4], DType::F32)),
        "adam: `0.weight.exp_avg` in the state must be f32[4, 3]; got f32[3, 4]"
    );
    assert_eq!(
        refusal(&|state| state[1].1 = Tensor::from(-1i64)),
        "adam: `0.weight.step` in the state must be a count; got -1"
    );
    assert_eq!(
        refusal(&|state| state[1].1 = Tensor::from([1i64, 2])),
        "adam: `0.weight.step` in the state must be a number; got i64[2]"
    );
    assert_eq!(
        refusal(&|state| state[0].1 = Tensor::from(f64::NAN)),
        "adam: `lr` in the state must be a finite number from 0 on; got NaN"
    );
    // Without a step there is nothing that a slot could be.
    assert!(refusal(&|state| state[1].1 = Tensor::from(0i64)).contains("`0.weight.exp_avg` and 1 more"));
    // Other options remember other things.
    let error = Adam::new(0.1).amsgrad(true).load_state(&model, state.clone()).unwrap_err();
    assert!(error.to_string().contains("`0.weight.max_exp_avg_sq`"), "{error}");
    // As PyTorch writes it: counts in f32.
    let of_pytorch = state.iter().map(|(name, tensor)| match name.ends_with("step") {
        true => (name.clone(), tensor.cast(DType::F32)),
        false => (name.clone(), tensor.clone()),
    });
    assert!(adam.load_state(&model, of_pytorch.collect()).is_ok());
    assert!(adam.load_state(&model, unstepped).is_ok());
}

#[test]
fn a_state_of_lbfgs_that_contradicts_itself_is_refused() {
    let mut x = Tensor::from([1.0, 2.0]);
    let mut lbfgs = Lbfgs::new(0.5).max_iter(3);
    lbfgs.step(&mut x, |x| value_and_grad(x, |x| x.square().sum(..)));
    let state = lbfgs.state();
    let refusal = |name: &str, tensor: Tensor| {
        let state = state.iter().map(|(n, t)| (n.clone(), if n == name { tensor.clone() } else { t.clone() }));
        Lbfgs::new(0.5).load_state(state).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("prev_flat_grad", Tensor::from([1.0])),
        "lbfgs: `prev_flat_grad` in the state must be f64[2]; got f64[1]"
    );
    assert!(refusal("ro", Tensor::zeros([9], DType::F64)).contains("`old_dirs` in the state must be f64[9, 2]"));
    assert!(
        refusal("d", Tensor::zeros([2], DType::F32)).contains("`d` in the state must be a vector of f64; got f32[2]")
    );
    assert!(refusal("n_iter", Tensor::from(0i64)).contains("the state has 0 iterations"));
    let message = crate::panics::panic_message(|| {
        lbfgs.step(&mut Tensor::from([1.0]), |x| value_and_grad(x, |x| x.square().sum(..)))
    });
    assert_eq!(
        message,
        "lbfgs: the parameters have 1 elements, but had 2 in earlier steps; for another model make a new optimizer"
    );
}

#[test]
fn averages_of_weights_resume_bit_for_bit() {
    let model = |x: f64| {
        Mixed([Tensor::from(x as f32), Tensor::from(x as i64), Tensor::from(2.0 * x), Tensor::from(-x as f32)])
    };
    for fresh in [Ema::new(&model(0.0), 0.9), Ema::with_bias_correction(&model(0.0), 0.9)] {
        let mut ema = fresh.clone();
        (1..5).for_each(|i| ema.update(&model(f64::from(i) / 3.0)));
        let mut resumed = fresh;
        resumed.load_state(ema.state()).unwrap();
        (5..9).for_each(|i| ema.update(&model(f64::from(i) / 3.0)));
        (5..9).for_each(|i| resumed.update(&model(f64::from(i) / 3.0)));
        assert_eq!(bits(&ema.model()), bits(&resumed.model()));
    }
}
