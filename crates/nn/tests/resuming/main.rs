//! A training that was stopped, saved to a file and taken up by new objects ends at the bits of one that was not: for every optimizer with
//! every schedule, stopped in the middle of an epoch with a gradient half accumulated.

mod training;

use cotangent_nn::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Lamb, Lbfgs, Lion, Muon, Nadam, Optimizer, RAdam, RmsProp, Sgd,
    files::{Checkpoint, NamedTensors, Rotation},
    optim::{Descent, LineSearch, Rule},
    schedule::{
        Constant, Cosine, Exponential, Linear, MultiStep, Noam, OneCycle, Plateau, Polynomial, Schedule, Step,
        WarmRestarts, from_fn,
    },
};
use training::{Minimizer, Net, Rates, Training};

type Make<T> = (&'static str, fn() -> T);

/// With groups: biases learn at half the rate, one layer's scale not at all.
fn grouped<R: Rule + 'static>(descent: Descent<R>) -> Minimizer {
    let grouped = descent
        .group(|path| path.ends_with("bias"), |descent| descent.lr_factor(0.5))
        .freeze(|path| path == "norm.weight");
    Minimizer::Descent(Box::new(grouped))
}

/// Every optimizer, and those settings that remember more.
const OPTIMIZERS: [Make<Minimizer>; 17] = [
    ("sgd", || grouped(Sgd::new(0.1))),
    ("sgd with momentum", || grouped(Sgd::new(0.1).momentum(0.9).nesterov(true).weight_decay(0.01))),
    ("adam", || grouped(Adam::new(0.1))),
    ("amsgrad", || grouped(Adam::new(0.1).amsgrad(true))),
    ("adamw", || grouped(AdamW::new(0.1))),
    ("nadam", || grouped(Nadam::new(0.1))),
    ("radam", || grouped(RAdam::new(0.1))),
    ("rmsprop", || grouped(RmsProp::new(0.1).centered(true).momentum(0.5))),
    ("adagrad", || grouped(Adagrad::new(0.1).lr_decay(0.1))),
    ("adadelta", || grouped(Adadelta::new(1.0))),
    ("adamax", || grouped(Adamax::new(0.1))),
    ("lion", || grouped(Lion::new(0.1))),
    ("lamb", || grouped(Lamb::new(0.1))),
    ("muon", || grouped(Muon::new(0.1))),
    ("lbfgs", || Minimizer::Lbfgs(Box::new(Lbfgs::new(0.1).max_iter(3).history_size(2)))),
    ("lbfgs with a line search", || {
        Minimizer::Lbfgs(Box::new(Lbfgs::new(1.0).max_iter(2).line_search(LineSearch::StrongWolfe)))
    }),
    ("adam without groups", || Minimizer::Descent(Box::new(Adam::new(0.1)))),
];

fn by_step(schedule: impl Schedule + 'static) -> Rates {
    Rates::ByStep(Box::new(schedule))
}

/// Every schedule.
const SCHEDULES: [Make<Rates>; 13] = [
    ("constant", || by_step(Constant::new(0.05))),
    ("step", || by_step(Step::new(0.1, 2).gamma(0.5))),
    ("multi-step", || by_step(MultiStep::new(0.1, [1, 4]).gamma(0.5))),
    ("exponential", || by_step(Exponential::new(0.1, 0.8))),
    ("polynomial", || by_step(Polynomial::new(0.1, 8).power(2.0))),
    ("cosine", || by_step(Cosine::new(0.1, 8))),
    ("warm restarts", || by_step(WarmRestarts::new(0.1, 3))),
    ("warm-up, then cosine", || by_step(Linear::warm_up(0.1, 3).then(3, Cosine::new(0.1, 5)))),
    ("one-cycle", || by_step(OneCycle::new(0.1, 8))),
    ("noam", || by_step(Noam::new(16, 4))),
    ("product", || by_step(Exponential::new(0.1, 0.9).times(Linear::new(1.0, 0.5, 1.0, 4)))),
    ("function", || by_step(from_fn(|step| 0.1 / (step + 1) as f64))),
    ("plateau", plateau),
];

fn plateau() -> Rates {
    Rates::Plateau(Plateau::new(0.1).factor(0.5).patience(0))
}

/// Batches of a training, and after how many it stops: in the second epoch, of four batches, and in the middle of the accumulation of two.
const BATCHES: u64 = 13;
const STOP: u64 = 7;

#[test]
fn every_optimizer_with_every_schedule_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("training.safetensors");
    for (optimizer, make_optimizer) in OPTIMIZERS {
        for (schedule, make_rates) in SCHEDULES {
            let new = |seed| Training::new(make_optimizer(), make_rates(), seed);
            let mut straight = new(1);
            straight.run(BATCHES);

            let mut before = new(1);
            before.run(STOP);
            before.checkpoint().write(&path).expect("written");
            let mut after = new(99);
            after.resume(&Checkpoint::read(&path).expect("whole")).expect("of the same training");
            after.run(BATCHES - STOP);
            assert_eq!(bytes(&after), bytes(&straight), "{optimizer}, {schedule}");
            assert_ne!(bytes(&before), bytes(&straight), "{optimizer}, {schedule}");
            assert!(after.is_finite(), "{optimizer}, {schedule}: NaN is equal to itself");
        }
    }
}

/// All that a training holds, to the bit.
fn bytes(training: &Training) -> Vec<u8> {
    training.checkpoint().to_bytes().expect("every dtype can be written")
}

#[test]
fn where_it_stops_does_not_matter() {
    let new = |seed| Training::new(grouped(AdamW::new(0.1)), plateau(), seed);
    let mut straight = new(1);
    straight.run(BATCHES);
    for stop in 0..=BATCHES {
        let mut before = new(1);
        before.run(stop);
        let mut after = new(99);
        after.resume(&Checkpoint::from_bytes(&bytes(&before)).expect("whole")).expect("of the same training");
        after.run(BATCHES - stop);
        assert_eq!(bytes(&after), bytes(&straight), "stopped after {stop} batches");
    }
}

#[test]
fn every_part_of_the_checkpoint_is_needed() {
    let by_step = ["model", "optimizer", "step", "average", "accumulator", "rng", "position"];
    let cosine: fn() -> Rates = || self::by_step(Cosine::new(0.1, 8));
    for (make_rates, parts) in [(cosine, &by_step[..]), (plateau, &["rates"])] {
        let new = |seed| Training::new(grouped(Adam::new(0.1)), make_rates(), seed);
        let mut straight = new(1);
        straight.run(BATCHES);
        let mut before = new(1);
        before.run(STOP);
        for left_out in parts {
            let mut after = new(99);
            after.resume_without(left_out, &before.checkpoint()).expect("of the same training");
            after.run(BATCHES - STOP);
            assert_ne!(after.weights(), straight.weights(), "without {left_out}");
        }
    }
}

#[test]
fn after_a_damaged_checkpoint_the_one_before_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let rotation = Rotation::new(folder.path(), 2);
    let new = |seed| Training::new(grouped(Muon::new(0.1)), plateau(), seed);
    let mut straight = new(1);
    for step in [4, 8] {
        straight.run(4);
        rotation.write(step, &straight.checkpoint()).expect("written");
    }
    let newest = folder.path().join("step-000000008.safetensors");
    let mut damaged = std::fs::read(&newest).expect("there");
    *damaged.last_mut().expect("not empty") ^= 1;
    std::fs::write(&newest, damaged).expect("written");

    let latest = rotation.latest().expect("a folder").expect("one that is whole");
    assert_eq!((latest.step, latest.passed_over.len()), (4, 1));
    let mut after = new(99);
    after.resume(&latest.checkpoint).expect("of the same training");
    after.run(4);
    assert_eq!(bytes(&after), bytes(&straight));
}

#[test]
fn model_and_optimizer_go_on_from_npz_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["model.npz", "adam.npz"].map(|name| folder.path().join(name));
    let (mut model, mut adam) = (Net::new(1), Adam::new(0.1));
    let gradient = Net::new(2);
    adam.step(&mut model, &gradient);
    NamedTensors::of(&model).write_npz(&paths[0]).expect("written");
    adam.state(&model).into_iter().collect::<NamedTensors>().write_npz(&paths[1]).expect("written");

    let (mut other_model, mut other_adam) = (Net::new(99), Adam::new(0.5));
    let [read_model, read_adam] = paths.map(|path| NamedTensors::read_npz(path).expect("as written"));
    read_model.load_into(&mut other_model).expect("the same names");
    other_adam.load_state(&other_model, read_adam.tensors.into_iter().collect()).expect("the same names");
    adam.step(&mut model, &gradient);
    other_adam.step(&mut other_model, &gradient);
    let bits = |model: &Net| NamedTensors::of(model).to_bytes().expect("every dtype can be written");
    assert_eq!(bits(&other_model), bits(&model));
}
