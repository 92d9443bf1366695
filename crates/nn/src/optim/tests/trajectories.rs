//! Every optimizer follows its reference for a hundred steps; `scripts/optimizer_reference.py` says which.

use super::figures::{Figures, MATRICES, NUMBERS, VALLEY};
use crate::optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, AdjustLr, Lamb, Lbfgs, LineSearch, Lion, Muon, Nadam, Optimizer, RAdam,
    RmsProp, Sgd,
};
use cotangent_autograd::value_and_grad;
use cotangent_tensor::{DType, Tensor};

/// Twenty steps of a few roundings each, of numbers up to 2, which the curvature (at most 12) may enlarge.
const F64: f64 = 1e-12;
/// The same in f32, against the figures of f64.
const F32: f64 = 2e-5;
/// Up to a hundred steps in f64: near the minimum some divide a gradient that is rounding by its own size.
const LATER: f64 = 1e-9;

/// Calls `step` until each of the steps that figures are of, and compares.
fn follow<const N: usize>(
    figures: &Figures<N>,
    case: &str,
    mut x: Tensor,
    tolerance: f64,
    mut step: impl FnMut(&mut Tensor),
) {
    let (_, figures) = figures.iter().find(|(name, _)| *name == case).expect("a case of the reference");
    // Over more steps than twenty the rounding of f32 says nothing any more.
    let most = if x.dtype() == DType::F32 { 20 } else { usize::MAX };
    let mut steps = 0;
    for (until, wanted) in figures.iter().filter(|(until, _)| *until <= most) {
        while steps < *until {
            step(&mut x);
            steps += 1;
        }
        let tolerance = if steps > 20 { LATER } else { tolerance };
        let found = x.cast(DType::F64).to_vec::<f64>();
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() <= tolerance, "{case}: after {steps} steps {found} instead of {wanted}");
        }
    }
}

/// Follows the gradient x³ - target from a start, in f64 and in f32.
fn follow_cube<const N: usize>(
    figures: &Figures<N>,
    case: &str,
    start: &Tensor,
    target: &Tensor,
    optimizer: &(impl Optimizer + Clone),
) {
    for (dtype, tolerance) in [(DType::F64, F64), (DType::F32, F32)] {
        let mut optimizer = optimizer.clone();
        let target = target.cast(dtype);
        follow(figures, case, start.cast(dtype), tolerance, |x| {
            let gradient = x.powf(3) - &target;
            optimizer.step(x, &gradient);
        });
    }
}

fn follow_numbers(case: &str, optimizer: &(impl Optimizer + Clone)) {
    let (start, target) = (Tensor::from([0.5, -1.0, 2.0]), Tensor::from([1.0, -2.0, 0.5]));
    follow_cube(NUMBERS, case, &start, &target, optimizer);
}

#[test]
fn sgd_follows_pytorch() {
    follow_numbers("sgd", &Sgd::new(0.05));
    follow_numbers("sgd decay", &Sgd::new(0.05).weight_decay(0.1));
    follow_numbers("sgd momentum", &Sgd::new(0.05).momentum(0.9).dampening(0.5).weight_decay(0.1));
    follow_numbers("sgd nesterov", &Sgd::new(0.05).momentum(0.9).nesterov(true));
    follow_numbers("sgd maximize", &Sgd::new(1e-4).maximize(true));
}

#[test]
fn adam_and_adamw_follow_pytorch() {
    follow_numbers("adam", &Adam::new(0.1));
    follow_numbers("adam options", &Adam::new(0.1).betas(0.8, 0.99).eps(0.01).weight_decay(0.1));
    follow_numbers("adam amsgrad", &Adam::new(0.1).betas(0.9, 0.9).amsgrad(true));
    follow_numbers("adamw", &AdamW::new(0.1));
    follow_numbers("adamw options", &AdamW::new(0.1).weight_decay(0.2).amsgrad(true));
}

#[test]
fn nadam_and_radam_follow_pytorch() {
    follow_numbers("nadam", &Nadam::new(0.05));
    follow_numbers("nadam options", &Nadam::new(0.05).weight_decay(0.1).momentum_decay(0.05));
    follow_numbers("nadam decoupled", &Nadam::new(0.05).weight_decay(0.1).decoupled_weight_decay(true));
    follow_numbers("radam", &RAdam::new(0.05));
    follow_numbers("radam options", &RAdam::new(0.05).betas(0.8, 0.9).weight_decay(0.1));
    follow_numbers("radam decoupled", &RAdam::new(0.05).weight_decay(0.1).decoupled_weight_decay(true));
}

#[test]
fn rmsprop_follows_pytorch() {
    follow_numbers("rmsprop", &RmsProp::new(0.01));
    follow_numbers("rmsprop momentum", &RmsProp::new(2e-3).alpha(0.9).momentum(0.5).weight_decay(0.1));
    follow_numbers("rmsprop centered", &RmsProp::new(0.01).centered(true).eps(0.1));
    follow_numbers("rmsprop both", &RmsProp::new(0.01).centered(true).momentum(0.5).eps(0.1));
}

#[test]
fn adagrad_adadelta_and_adamax_follow_pytorch() {
    follow_numbers("adagrad", &Adagrad::new(0.1));
    let adagrad = Adagrad::new(0.1).lr_decay(0.01).weight_decay(0.1).initial_accumulator_value(0.5);
    follow_numbers("adagrad options", &adagrad);
    follow_numbers("adadelta", &Adadelta::new(1.0));
    follow_numbers("adadelta options", &Adadelta::new(2.0).rho(0.8).eps(1e-4).weight_decay(0.1));
    follow_numbers("adamax", &Adamax::new(0.05));
    follow_numbers("adamax options", &Adamax::new(0.05).betas(0.8, 0.9).weight_decay(0.1));
}

#[test]
fn lion_and_lamb_follow_their_papers() {
    follow_numbers("lion", &Lion::new(0.013));
    follow_numbers("lion options", &Lion::new(0.013).betas(0.8, 0.9).weight_decay(0.3));
    follow_numbers("lamb", &Lamb::new(0.01));
    follow_numbers("lamb options", &Lamb::new(0.01).betas(0.8, 0.99).eps(1e-3).weight_decay(0.1));
}

#[test]
fn muon_follows_its_definition_by_singular_values() {
    let start = Tensor::from([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]);
    let target = Tensor::from([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]]);
    follow_cube(MATRICES, "muon", &start, &target, &Muon::new(0.02));
    let muon = Muon::new(0.02).momentum(0.9).nesterov(false).weight_decay(0.2).adjust_lr(AdjustLr::MatchRmsAdamW);
    follow_cube(MATRICES, "muon options", &start, &target, &muon);
    let muon = Muon::new(0.02).adjust_lr(AdjustLr::SpectralUnclamped);
    follow_cube(MATRICES, "muon tall", &start.transpose(0, 1), &target.transpose(0, 1), &muon);
}

#[test]
fn muon_steps_what_is_not_a_matrix_as_adamw_does() {
    let muon = Muon::new(0.1).weight_decay(0.01);
    follow_numbers("adamw", &muon);
    let start = Tensor::from([[0.5, -1.0, 2.0]]);
    follow_cube(NUMBERS, "adamw", &start, &Tensor::from([[1.0, -2.0, 0.5]]), &muon.orthogonal(false));
}

/// Rosenbrock's function of four numbers.
fn valley(x: &Tensor) -> Tensor {
    let (before, after) = (x.narrow(0, 0, 3), x.narrow(0, 1, 3));
    ((after - before.square()).square() * 100 + (1 - before).square()).sum(..)
}

#[test]
fn lbfgs_follows_pytorch() {
    let follow_valley = |case, mut lbfgs: Lbfgs, tolerance| {
        follow(VALLEY, case, Tensor::from([-1.2, 1.0, 0.5, -0.5]), tolerance, |x| {
            lbfgs.step(x, |x| value_and_grad(x, valley));
        });
    };
    follow_valley("lbfgs", Lbfgs::new(1e-3).max_iter(4).history_size(3), 1e-12);
    // The curvature, about 1000, enlarges rounding within the first steps.
    let wolfe = Lbfgs::new(1.0).line_search(LineSearch::StrongWolfe);
    follow_valley("lbfgs strong wolfe", wolfe.clone().max_iter(3), 1e-10);
    follow_valley("lbfgs few evaluations", wolfe.max_iter(6).max_eval(5).history_size(2), 1e-10);
}

#[test]
fn lbfgs_goes_up_as_it_goes_down() {
    let (mut up, mut down) = (Tensor::from([-1.2, 1.0, 0.5, -0.5]), Tensor::from([-1.2, 1.0, 0.5, -0.5]));
    let lbfgs = Lbfgs::new(1.0).line_search(LineSearch::StrongWolfe);
    let loss = lbfgs.clone().step(&mut down, |x| value_and_grad(x, valley));
    let gain = lbfgs.maximize(true).step(&mut up, |x| value_and_grad(x, |x| -valley(x)));
    assert_eq!((up.to_vec::<f64>(), gain), (down.to_vec::<f64>(), -loss));
}
