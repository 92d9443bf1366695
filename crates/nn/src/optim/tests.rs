//! What a step changes and what an optimizer refuses; its rooms hold every optimizer to a reference, to its state and to its groups.

mod figures;
mod gradients;
mod groups;
mod resuming;
mod trajectories;

use super::{Adam, AdamW, Descent, Lbfgs, Lion, Muon, Optimizer, Rule, Scalar, Sgd, Slots, Step};
use crate::{Linear, Loss, panics::panic_message};
use cotangent_autograd::{
    Module,
    module::{self, Visitor, VisitorMut},
    value_and_grad,
};
use cotangent_tensor::{DType, Rng, Tensor, with_threads};

#[test]
fn the_first_step_of_adam_is_as_long_as_the_learning_rate() {
    // m̂ / √v̂ = g / |g|, whatever the gradient's size; ε = 0 leaves nothing else.
    let mut x = Tensor::from([1.0, 1.0, 1.0]);
    let mut adam = Adam::new(0.25).eps(0.0);
    adam.step(&mut x, &Tensor::from([1e-3, -5.0, 1e6]));
    for (found, wanted) in x.to_vec::<f64>().iter().zip([0.75, 1.25, 0.75]) {
        assert!((found - wanted).abs() < 1e-15, "{found} instead of {wanted}");
    }
}

#[test]
fn the_learning_rate_may_change_between_steps() {
    let mut x = Tensor::from(1.0);
    let mut sgd = Sgd::new(0.5);
    sgd.step(&mut x, &Tensor::from(1.0));
    sgd.set_lr(0.25);
    assert_eq!(sgd.lr(), 0.25);
    sgd.step(&mut x, &Tensor::from(1.0));
    assert_eq!(x.item::<f64>(), 0.25);
}

/// A parameter of each dtype, an integer, a buffer.
#[derive(Clone)]
struct Mixed([Tensor; 4]);

impl Module for Mixed {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self.0[..3].iter().enumerate().for_each(|(i, x)| x.visit(&mut visitor.index(i)));
        self.0[3].visit(&mut visitor.index(3).as_buffer());
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        let (parameters, buffers) = self.0.split_at_mut(3);
        parameters.iter_mut().enumerate().for_each(|(i, x)| x.visit_mut(&mut visitor.index(i)));
        buffers[0].visit_mut(&mut visitor.index(3).as_buffer());
    }
}

#[test]
fn only_floating_point_parameters_change_and_other_handles_do_not_see_it() {
    let start = Mixed([Tensor::from(1.0f32), Tensor::from(7i64), Tensor::from(2.0f64), Tensor::from(3.0f32)]);
    let gradient = Mixed([Tensor::from(2.0f32), Tensor::from(5i64), Tensor::from(-2.0f64), Tensor::from(5.0f32)]);
    let check = |model: &Mixed| {
        // Adam's corrections are not exact in f32.
        assert!((model.0[0].item::<f32>() - 0.5).abs() < 1e-6 && (model.0[2].item::<f64>() - 2.5).abs() < 1e-15);
        assert_eq!((model.0[1].item::<i64>(), model.0[3].item::<f32>()), (7, 3.0));
    };
    let mut model = start.clone();
    Sgd::new(0.25).step(&mut model, &gradient);
    check(&model);
    let mut model = start.clone();
    Adam::new(0.5).eps(0.0).step(&mut model, &gradient);
    check(&model);
    assert_eq!(start.0[0].item::<f32>(), 1.0);
}

#[test]
fn a_gradient_that_is_a_view_is_read_in_its_own_order() {
    let mut x = Tensor::from([[0.0, 0.0], [0.0, 0.0]]);
    Sgd::new(1.0).step(&mut x, &Tensor::from([[-1.0, -2.0], [-3.0, -4.0]]).transpose(0, 1));
    assert_eq!(x.to_vec::<f64>(), [1.0, 3.0, 2.0, 4.0]);
}

#[test]
fn another_model_or_gradient_is_refused_before_anything_changes() {
    let mut rng = Rng::seed(1);
    let mut layer = Linear::new(2, 3, &mut rng);
    let before = layer.weight.to_vec::<f32>();
    let ones = |layer: &Linear| module::map(layer, |leaf| leaf.tensor.ones_like());
    let mut adam = Adam::new(0.1);

    let gradient = Linear { bias: Some(Tensor::ones([2], DType::F32)), ..ones(&layer) };
    let message = panic_message(|| adam.step(&mut layer, &gradient));
    assert_eq!(message, "adam: the gradient of `bias` is f32[2], but the tensor is f32[3]");
    let message = panic_message(|| adam.step(&mut layer, &ones(&gradient).without_bias()));
    assert!(message.contains("the first has `bias`"), "{message}");
    assert_eq!(layer.weight.to_vec::<f32>(), before);

    let gradient = ones(&layer);
    adam.step(&mut layer, &gradient);
    let mut other = Linear::new(2, 4, &mut rng);
    let gradient = ones(&other);
    let message = panic_message(|| adam.step(&mut other, &gradient));
    assert_eq!(
        message,
        "adam: `weight` is f32[4, 2], but was f32[3, 2] in earlier steps; for another model make a new optimizer"
    );
    let mut other = layer.clone().without_bias();
    let gradient = ones(&other);
    let message = panic_message(|| adam.step(&mut other, &gradient));
    assert_eq!(
        message,
        "adam: the model has 1 parameters, but had 2 in earlier steps; for another model make a new optimizer"
    );
}

#[test]
fn settings_outside_their_domain_are_refused() {
    assert_eq!(panic_message(|| Adam::new(-1.0)), "adam: lr must be a finite number from 0 on; got -1");
    assert_eq!(panic_message(|| Adam::new(0.1).betas(0.9, 1.0)), "adam: beta2 must be at least 0 and below 1; got 1");
    assert!(panic_message(|| Adam::new(0.1).eps(f64::NAN)).starts_with("adam: eps"));
    assert!(panic_message(|| Sgd::new(f64::INFINITY)).starts_with("sgd: lr"));
    assert!(panic_message(|| Sgd::new(0.1).dampening(1.5)).starts_with("sgd: dampening must be from 0 to 1"));
    assert!(
        panic_message(|| AdamW::new(0.1).weight_decay(-0.5)).starts_with("adamw: weight_decay must be a finite number")
    );
    assert!(
        panic_message(|| Lion::new(0.1).betas(-0.1, 0.9))
            .starts_with("lion: beta1 must be at least 0 and below 1; got -0.1")
    );
    assert!(panic_message(|| Muon::new(0.1).adamw_betas(0.9, 2.0)).starts_with("muon: beta2"));
    assert!(panic_message(|| Lbfgs::new(f64::NAN)).starts_with("lbfgs: lr"));
    assert!(panic_message(|| Adam::new(0.1).set_lr(-1.0)).starts_with("adam: lr"));
    let message = panic_message(|| Sgd::new(0.1).nesterov(true).step(&mut Tensor::from(1.0), &Tensor::from(1.0)));
    assert_eq!(message, "sgd: Nesterov's form needs momentum and no dampening; got momentum 0, dampening 0");
}

#[test]
fn a_step_inside_a_transform_is_refused_before_anything_changes() {
    let mut adam = Adam::new(0.1);
    let message = panic_message(|| {
        cotangent_autograd::grad(&[Tensor::from(1.0), Tensor::from(2.0)], |model| {
            let mut model = model.clone();
            adam.step(&mut model, &[Tensor::from(1.0), Tensor::from(1.0)]);
            model[0].square()
        })
    });
    assert_eq!(message, "adam: `0` is being differentiated and cannot change in place; step outside the transform");
}

/// A rule whose slots do not fit what it takes.
#[derive(Clone, Debug)]
struct Wrong;

impl Rule for Wrong {
    const NAME: &'static str = "wrong";
    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["a", "b"]
    }
    fn update<T: Scalar>(&self, _step: &Step<'_>, _x: &mut [T], _x_bar: &[T], slots: Slots<'_, T>) {
        let [_a] = slots.all();
    }
}

/// A rule whose slot cannot be told from a count.
#[derive(Clone, Debug)]
struct Misnamed;

impl Rule for Misnamed {
    const NAME: &'static str = "misnamed";
    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["step"]
    }
    fn update<T: Scalar>(&self, _step: &Step<'_>, _x: &mut [T], _x_bar: &[T], _slots: Slots<'_, T>) {}
}

#[test]
fn a_slot_has_a_name_of_its_own() {
    let message = panic_message(|| Descent::by_rule(Misnamed, 0.1).step(&mut Tensor::from(1.0), &Tensor::from(1.0)));
    assert_eq!(message, "misnamed: `step` cannot name a slot; it must be without dots and neither `step` nor `lr`");
}

#[test]
fn optimizers_cross_threads_and_can_be_chosen_at_run_time() {
    fn crosses(optimizer: impl Optimizer + Send + Sync + 'static) -> Box<dyn Optimizer> {
        Box::new(optimizer)
    }
    let mut optimizers = [crosses(Adam::new(0.5).group(|_| true, |adam| adam.eps(1e-8))), crosses(Lion::new(0.5))];
    for optimizer in &mut optimizers {
        let (mut model, gradient) = (vec![Tensor::from(1.0)], vec![Tensor::from(3.0)]);
        optimizer.set_lr(0.25);
        optimizer.step(&mut model, &gradient);
        assert!((model[0].item::<f64>() - 0.75).abs() < 1e-8);
        let state = optimizer.state(&model);
        optimizer.load_state(&model, state.into_iter().rev().collect()).unwrap();
        assert_eq!(optimizer.lr(), 0.25);
        let message = panic_message(|| optimizer.step_dyn(&mut model, &[gradient[0].clone(), gradient[0].clone()]));
        assert!(message.contains("must have tensors in the same places"), "{message}");
    }
}

#[test]
fn a_rule_that_takes_other_slots_than_it_names_is_told() {
    let message = panic_message(|| Descent::by_rule(Wrong, 0.1).step(&mut Tensor::from(1.0), &Tensor::from(1.0)));
    assert_eq!(message, "the rule names 2 slots but takes 1");
}

#[test]
fn scalars_and_empty_parameters_are_stepped() {
    let start = (Tensor::from(1.0f32), Tensor::zeros([0], DType::F64), Tensor::zeros([2, 0], DType::F32));
    let gradient = module::map(&start, |leaf| leaf.tensor.ones_like());
    let (mut by_adam, mut by_muon) = (start.clone(), start);
    Adam::new(0.5).step(&mut by_adam, &gradient);
    Muon::new(0.5).weight_decay(0.0).step(&mut by_muon, &gradient);
    for stepped in [by_adam, by_muon] {
        assert!((stepped.0.item::<f32>() - 0.5).abs() < 1e-6);
        assert_eq!((&stepped.1.shape()[..], &stepped.2.shape()[..]), (&[0][..], &[2, 0][..]));
    }
}

#[test]
fn training_has_the_same_bits_on_any_number_of_threads() {
    // Large enough for the kernels to use a second thread: 256 x 300 by 300 x 200.
    let train = || {
        let mut rng = Rng::seed(3);
        let mut model = (Linear::new(300, 200, &mut rng), Linear::new(200, 10, &mut rng));
        let (x, labels) = (rng.normal([256, 300], DType::F32), rng.randint(0, 10, [256]));
        let mut adam = Adam::new(1e-2);
        let mut losses = Vec::new();
        for _ in 0..3 {
            let (loss, gradient) = value_and_grad(&model, |(hidden, output)| {
                output.forward(&hidden.forward(&x).relu()).cross_entropy(&labels)
            });
            adam.step(&mut model, &gradient);
            losses.push(loss.item::<f32>());
        }
        assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
        let weights = module::tensors(&model).into_iter().flat_map(Tensor::to_vec::<f32>).map(f32::to_bits);
        weights.collect::<Vec<u32>>()
    };
    assert_eq!(with_threads(1, train), with_threads(2, train));
}
