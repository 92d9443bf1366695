//! Steps against PyTorch's, whose figures `scripts/optimizer_reference.py` prints, and what an optimizer refuses.

use super::{Adam, Sgd};
use crate::{Linear, Loss, panics::panic_message};
use cotangent_autograd::{
    Module,
    module::{self, Visitor, VisitorMut},
    value_and_grad,
};
use cotangent_tensor::{DType, Rng, Tensor, with_threads};

type Step<'a> = &'a mut dyn FnMut(&mut Tensor, &Tensor);

/// Three numbers that follow the gradient x³ - (1, -2, 0.5) are, after some steps, where PyTorch's are.
fn assert_follows(mut x: Tensor, step: Step<'_>, reference: &[(usize, [f64; 3])], tolerance: f64) {
    let target = Tensor::from([1.0, -2.0, 0.5]).cast(x.dtype());
    let mut steps = 0;
    for &(until, wanted) in reference {
        while steps < until {
            let gradient = x.powf(3) - &target;
            step(&mut x, &gradient);
            steps += 1;
        }
        let found = x.cast(DType::F64).to_vec::<f64>();
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < tolerance, "after {steps} steps {found} instead of {wanted}");
        }
    }
}

const START: [f64; 3] = [0.5, -1.0, 2.0];
/// Twenty steps of a few roundings each, of numbers up to 2, which the curvature (at most 12) may enlarge.
const F64: f64 = 1e-13;
/// The same in f32, against the figures of f64.
const F32: f64 = 1e-5;

fn sgd_follows(sgd: &Sgd, reference: &[(usize, [f64; 3])]) {
    let (mut in_f64, mut in_f32) = (sgd.clone(), sgd.clone());
    assert_follows(Tensor::from(START), &mut |x, x_bar| in_f64.step(x, x_bar), reference, F64);
    assert_follows(Tensor::from(START.map(|x| x as f32)), &mut |x, x_bar| in_f32.step(x, x_bar), reference, F32);
}

fn adam_follows(adam: &Adam, reference: &[(usize, [f64; 3])]) {
    let (mut in_f64, mut in_f32) = (adam.clone(), adam.clone());
    assert_follows(Tensor::from(START), &mut |x, x_bar| in_f64.step(x, x_bar), reference, F64);
    assert_follows(Tensor::from(START.map(|x| x as f32)), &mut |x, x_bar| in_f32.step(x, x_bar), reference, F32);
}

#[test]
fn sgd_follows_pytorch() {
    sgd_follows(
        &Sgd::new(0.05),
        &[
            (1, [0.54375, -1.05, 1.625]),
            (2, [0.5857116333007812, -1.09211875, 1.43544921875]),
            (5, [0.6988195877818765, -1.1782954257248555, 1.15769607223192]),
            (20, [0.9627791122689631, -1.2584173269349042, 0.8507637034243937]),
        ],
    );
    sgd_follows(
        &Sgd::new(0.05).weight_decay(0.1),
        &[
            (1, [0.54125, -1.045, 1.615]),
            (2, [0.5806157483398438, -1.08271669375, 1.42131083125]),
            (5, [0.6858491731753432, -1.1595649647898787, 1.136813476428994]),
            (20, [0.9300564945191229, -1.2319828627242395, 0.8163261220627612]),
        ],
    );
}

#[test]
fn sgd_with_momentum_follows_pytorch() {
    sgd_follows(
        &Sgd::new(0.05).momentum(0.9).dampening(0.5).weight_decay(0.1),
        &[
            (1, [0.54125, -1.045, 1.615]),
            (2, [0.5980578741699218, -1.104358346875, 1.1716554156249999]),
            (5, [0.828804996247474, -1.2984034672645444, 0.018609913096983646]),
            (20, [0.8714394817220502, -1.185620363366931, -0.16339978144781742]),
        ],
    );
    sgd_follows(
        &Sgd::new(0.05).momentum(0.9).nesterov(true),
        &[
            (1, [0.583125, -1.095, 1.2874999999999999]),
            (2, [0.6947256365930176, -1.200771424375, 0.8284979199218749]),
            (5, [1.0573578848815033, -1.3596976412496715, -0.004377259610552232]),
            (20, [0.9992918345341744, -1.2630229171846588, 0.5637601568308352]),
        ],
    );
}

#[test]
fn adam_follows_pytorch() {
    adam_follows(
        &Adam::new(0.1),
        &[
            (1, [0.5999999988571428, -1.099999999, 1.9000000001333333]),
            (2, [0.6995643582269424, -1.1970749899658526, 1.8007649824996108]),
            (5, [0.9835350673561718, -1.383696363594577, 1.5134088092824594]),
            (20, [0.8928489431702796, -1.283972814263459, 0.6206267965415884]),
        ],
    );
    adam_follows(
        &Adam::new(0.1).betas(0.8, 0.99).eps(0.01).weight_decay(0.1),
        &[
            (1, [0.5988023952095808, -1.098901098901099, 1.9001297016861218]),
            (2, [0.6966562452733142, -1.192711092445615, 1.8014452351806145]),
            (5, [0.9638854665312777, -1.3306841878265565, 1.5208273772404821]),
            (20, [0.9558925209720305, -1.2332118844530515, 0.7836420128596366]),
        ],
    );
}

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
    sgd.lr = 0.25;
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
    let message = panic_message(|| Sgd::new(0.1).nesterov(true).step(&mut Tensor::from(1.0), &Tensor::from(1.0)));
    assert_eq!(message, "sgd: Nesterov's form needs momentum and no dampening; got momentum 0, dampening 0");
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
