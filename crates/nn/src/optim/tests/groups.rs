//! Parameters with settings of their own.

use crate::{
    optim::{Adam, AdamW, Ema, Lbfgs, Optimizer, Sgd},
    panics::panic_message,
};
use cotangent_tensor::{Tensor, bf16};

fn model() -> [Tensor; 3] {
    [1.0, 2.0, 4.0].map(Tensor::from)
}

fn values(model: &[Tensor; 3]) -> [f64; 3] {
    std::array::from_fn(|i| model[i].item())
}

#[test]
fn groups_that_overlap_change_one_after_another() {
    let mut sgd = Sgd::new(1.0)
        .group(|path| path != "0", |sgd| sgd.lr_factor(0.5))
        .group(|path| path == "2", |sgd| sgd.weight_decay(0.25).maximize(true));
    let mut x = model();
    sgd.step(&mut x, &model());
    // 1 - 1, 2 - 0.5 * 2, 4 + 0.5 * (4 - 0.25 * 4): decay is part of the gradient, as in PyTorch, and pulls towards zero.
    assert_eq!(values(&x), [0.0, 1.0, 5.5]);
    sgd.set_lr(0.5);
    sgd.step(&mut x, &model());
    assert_eq!(values(&x), [-0.5, 0.5, 5.5 + 0.25 * (4.0 - 0.25 * 5.5)]);
    // Of what both set, the later holds; of what the later does not set, the earlier.
    let mut sgd = Sgd::new(1.0)
        .group(|path| path != "0", |sgd| sgd.lr_factor(0.25).maximize(true))
        .group(|path| path != "2", |sgd| sgd.lr_factor(0.5));
    let mut x = model();
    sgd.step(&mut x, &model());
    assert_eq!(values(&x), [1.0 - 0.5, 2.0 + 0.5 * 2.0, 4.0 + 0.25 * 4.0]);
}

#[test]
fn what_is_frozen_stays_frozen_whatever_groups_are_formed() {
    let decay_of_some = |sgd: Sgd| sgd.group(|path| path == "1", |sgd| sgd.weight_decay(0.0));
    let freeze = |sgd: Sgd| sgd.freeze(|path| path != "0");
    for mut sgd in [decay_of_some(freeze(Sgd::new(0.5))), freeze(decay_of_some(Sgd::new(0.5)))] {
        let mut x = model();
        sgd.step(&mut x, &model());
        assert_eq!(values(&x), [0.5, 2.0, 4.0]);
        assert!(sgd.state(&x).iter().any(|(name, steps)| name == "1.step" && steps.item::<i64>() == 0));
        sgd.ungroup().step(&mut x, &model());
        assert_eq!(values(&x), [0.0, 1.0, 2.0]);
    }
}

#[test]
fn a_group_of_no_parameter_is_refused_before_anything_changes() {
    let mut x = model();
    let mut refusal = |mut sgd: Sgd| panic_message(|| sgd.step(&mut x, &model()));
    let line = line!() + 1;
    let message = refusal(Sgd::new(0.5).freeze(|path| path == "head"));
    let place = format!("{}:{line}", file!());
    assert!(message.starts_with(&format!("sgd: what is frozen at {place}:")), "{message}");
    assert!(message.ends_with(" has no parameter of the model, which has `0`, `1`, `2`"), "{message}");
    let message = refusal(Sgd::new(0.5).freeze(|path| path == "0").group(|path| path == "4", |sgd| sgd.lr_factor(2.0)));
    assert!(message.starts_with("sgd: the group formed at "), "{message}");
    assert_eq!(values(&x), values(&model()));

    // A parameter that is frozen is in its groups all the same.
    let mut sgd = Sgd::new(0.5).group(|path| path == "0", |sgd| sgd.lr_factor(2.0)).freeze(|path| path == "0");
    sgd.step(&mut x, &model());
    assert_eq!(values(&x), [1.0, 1.0, 2.0]);

    let (mut many, gradient) = (vec![Tensor::from(1.0); 9], vec![Tensor::from(1.0); 9]);
    let message = panic_message(|| Sgd::new(0.5).freeze(|path| path == "9").step(&mut many, &gradient));
    assert!(message.ends_with("which has `0`, `1`, `2`, `3`, `4`, `5` and 3 more"), "{message}");
}

#[test]
fn a_group_starts_from_the_settings_of_its_optimizer() {
    let zero = [0.0; 3].map(Tensor::from);
    let mut x = model();
    let adam = AdamW::new(0.5).weight_decay(0.5);
    let adam = adam.group(|path| path == "1", |adam| adam.lr_factor(0.5)).weight_decay(0.0);
    adam.clone().step(&mut x, &zero);
    assert_eq!(values(&x), [1.0, 2.0 - 0.25 * 0.5 * 2.0, 4.0]);
    assert!(format!("{adam:?}").contains("lr_factor: 0.5"));
}

#[test]
fn frozen_parameters_stay_and_thaw_with_a_memory_of_their_own() {
    let mut x = model();
    let mut adam = Adam::new(0.25).eps(0.0).freeze(|path| path == "1");
    for _ in 0..3 {
        adam.step(&mut x, &model());
    }
    assert_eq!(x[1].item::<f64>(), 2.0);
    let state = adam.state(&x);
    let names: Vec<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = ["lr", "0.step", "0.exp_avg", "0.exp_avg_sq", "1.step", "2.step", "2.exp_avg", "2.exp_avg_sq"];
    assert_eq!(names, wanted);
    assert_eq!(state[4].1.item::<i64>(), 0);
    let mut resumed = Adam::new(0.25).eps(0.0);
    resumed.load_state(&x, state).unwrap();

    let mut adam = adam.ungroup();
    let mut other = x.clone();
    adam.step(&mut x, &model());
    resumed.step(&mut other, &model());
    // Its first step, as long as the rate: corrections are those of one step.
    assert!((x[1].item::<f64>() - 1.75).abs() < 1e-15);
    assert_eq!(values(&x), values(&other));
}

#[test]
fn a_group_cannot_have_a_rate_apart() {
    let message = panic_message(|| {
        Sgd::new(0.5).group(
            |_| true,
            |mut sgd| {
                sgd.set_lr(0.25);
                sgd
            },
        )
    });
    assert_eq!(message, "sgd: a group shares the optimizer's learning rate; give it a multiple with .lr_factor(..)");
    // Settings that contradict each other in a group are refused too, before anything changes.
    let mut x = model();
    let mut sgd = Sgd::new(0.5).group(|path| path == "2", |sgd| sgd.nesterov(true));
    assert!(panic_message(|| sgd.step(&mut x, &model())).starts_with("sgd: Nesterov's form"));
    assert_eq!(values(&x), values(&model()));
}

#[test]
fn a_group_within_a_group_is_refused() {
    let wanted = "sgd: a group has settings alone, and no groups of its own; call .group(..) and .freeze(..) on the optimizer \
                  itself, where a parameter may be in several";
    let frozen = panic_message(|| Sgd::new(0.5).group(|path| path == "0", |sgd| sgd.freeze(|_| true)));
    assert_eq!(frozen, wanted);
    let grouped = panic_message(|| {
        Sgd::new(0.5).group(|path| path != "2", |sgd| sgd.group(|path| path == "0", |sgd| sgd.lr_factor(0.5)))
    });
    assert_eq!(grouped, wanted);
    // The way that the message names.
    let mut x = model();
    let mut sgd = Sgd::new(0.5).group(|path| path != "2", |sgd| sgd.lr_factor(0.5)).freeze(|path| path == "0");
    sgd.step(&mut x, &model());
    assert_eq!(values(&x), [1.0, 1.5, 2.0]);
}

#[test]
fn a_half_is_refused_before_anything_changes_unless_it_is_frozen() {
    let begin = || (Tensor::from(1f32), Tensor::from(bf16::ONE));
    let gradient = (Tensor::from(2f32), Tensor::from(bf16::ONE));
    let is_frozen = |path: &str| path == "1";
    let (mut x, mut adam) = (begin(), Adam::new(0.125));
    let refusal = panic_message(|| adam.step(&mut x, &gradient));
    assert!(refusal.starts_with("adam: halves are too coarse for small steps; got bf16[]"), "{refusal}");
    assert_eq!(x.0.item::<f32>(), 1.0);
    // The refused step is none: the same optimizer begins with another model.
    adam.step(&mut Tensor::from(1.0), &Tensor::from(1.0));

    let mut adam = Adam::new(0.125).freeze(is_frozen);
    adam.step(&mut x, &gradient);
    assert!((x.0.item::<f32>() - 0.875).abs() < 1e-6 && x.1.item::<bf16>() == bf16::ONE);
    let (before, state) = (x.0.item::<f32>(), format!("{:?}", adam.state(&x)));
    let mut thawed = adam.ungroup();
    assert_eq!(panic_message(|| thawed.step(&mut x, &gradient)), refusal);
    assert_eq!((x.0.item::<f32>(), format!("{:?}", thawed.state(&x))), (before, state));

    let mut lbfgs = Lbfgs::new(0.5);
    let message = panic_message(|| lbfgs.step(&mut x, |x| (x.0.square(), x.clone())));
    assert!(message.starts_with("lbfgs: halves are too coarse"), "{message}");
    assert_eq!(x.0.item::<f32>(), before);
}

#[test]
fn an_average_of_weights_leaves_halves_that_do_not_change() {
    let model = |x: f32, half: f32| (Tensor::from(x), Tensor::from(bf16::from_f32(half)));
    let values = |model: &(Tensor, Tensor)| (model.0.item::<f32>(), model.1.item::<bf16>().to_f32());
    for corrected in [false, true] {
        let first = model(2.0, 3.0);
        let mut ema = if corrected { Ema::with_bias_correction(&first, 0.5) } else { Ema::new(&first, 0.5) };
        // The same number in another array, as from a file.
        ema.update(&model(4.0, 3.0));
        assert_eq!(values(&ema.model()), (if corrected { 4.0 } else { 3.0 }, 3.0));
        let before = values(&ema.model());
        let message = panic_message(|| ema.update(&model(100.0, 4.0)));
        assert!(message.starts_with("ema: halves are too coarse for small steps; got bf16[]"), "{message}");
        assert_eq!(values(&ema.model()), before);
    }
}
