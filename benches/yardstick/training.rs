//! Training steps: forward, cross-entropy, backward, Adam.

use crate::{networks, timing};
use cotangent::{
    nn::files::{NamedTensors, Reading},
    prelude::*,
};
use std::path::Path;

/// The cases, in the order of the peers' tables.
pub(crate) const CASES: [&str; 9] =
    ["mlp", "mlp_small", "lenet", "cnn", "resnet", "gpt", "gpt_m", "lstm", "scalar_chain"];

pub(crate) fn run(case: &str) {
    let mut rng = Rng::seed(0);
    let rng = &mut rng;
    let image = |shape: &[usize], rng: &mut Rng| (rng.normal(shape, DType::F32), rng.randint(0, 10, [shape[0]]));
    let text = |shape: [usize; 2], rng: &mut Rng| (rng.randint(0, 65, shape), rng.randint(0, 65, shape));
    match case {
        "mlp" => step(case, networks::mlp(&[784, 512, 512, 10], rng), image(&[128, 784], rng)),
        "mlp_small" => step(case, networks::mlp(&[10, 45, 45, 10], rng), image(&[32, 10], rng)),
        "lenet" => step(case, networks::lenet(rng), image(&[64, 1, 28, 28], rng)),
        "cnn" => step(case, networks::cnn(rng), image(&[64, 1, 28, 28], rng)),
        "resnet" => step(case, networks::resnet(rng), image(&[32, 3, 32, 32], rng)),
        "gpt" => step(case, networks::Gpt::new(65, 64, 128, 4, 4, rng), text([12, 64], rng)),
        "gpt_m" => step(case, networks::Gpt::new(65, 256, 384, 6, 6, rng), text([4, 256], rng)),
        "lstm" => step(case, networks::CharLstm::new(65, 256, rng), text([32, 64], rng)),
        "scalar_chain" => scalar_chain(),
        other => unreachable!("{other} is not in the table above"),
    }
}

/// One step of training, measured; or many, beside PyTorch's.
fn step<L: Layer + Clone>(case: &str, mut model: L, (x, y): (Tensor, Tensor)) {
    if let Some(folder) = std::env::var_os("LOSSES") {
        return follow(case, model, &Path::new(&folder).join(format!("{case}.safetensors")));
    }
    let mut adam = Adam::new(1e-3);
    let times = timing::sorted(budget(), || train(&mut model, &mut adam, &x, &y));
    println!("cotangent {case} {}", median_and_least(&times));
}

fn train<L: Layer + Clone>(model: &mut L, adam: &mut Adam, x: &Tensor, y: &Tensor) -> Tensor {
    // None of the networks draws random numbers.
    let mut unused = Rng::seed(0);
    let mut mode = Mode::train(&mut unused);
    let (loss, gradient) = value_and_grad(&*model, |model| {
        let scores = model.call(x, &mut mode);
        scores.reshape([-1, scores.size(-1) as isize]).cross_entropy(&y.reshape([-1]))
    });
    mode.store(model);
    adam.step(model, &gradient);
    loss
}

/// The losses along PyTorch's training, from the same weights on the same data.
fn follow<L: Layer + Clone>(case: &str, mut model: L, file: &Path) {
    let read = |part: &str| {
        let inside = |name: &str| name.starts_with(part);
        let named = Reading::new().only(inside).read(file).unwrap_or_else(|error| panic!("{error}"));
        named.rename(|name| name.strip_prefix(part).map(str::to_owned)).expect("names stay different")
    };
    let given: NamedTensors = read("given.");
    let tensor =
        |name: &str| given.tensors.get(name).unwrap_or_else(|| panic!("{} has no given.{name}", file.display()));
    read("model.").load_into(&mut model).unwrap_or_else(|error| panic!("{error}"));
    let (x, y, expected) = (tensor("x"), tensor("y"), tensor("losses").to_vec::<f32>());

    let mut adam = Adam::new(1e-3);
    let losses: Vec<f32> = expected.iter().map(|_| train(&mut model, &mut adam, x, y).item()).collect();
    let apart = losses.iter().zip(&expected).map(|(ours, theirs)| (ours / theirs - 1.0).abs()).fold(0.0, f32::max);
    println!(
        "cotangent {case} steps={} first={:.6} last={:.6} torch_last={:.6} greatest_relative_difference={apart:.1e}",
        losses.len(),
        losses[0],
        losses[losses.len() - 1],
        expected[expected.len() - 1],
    );
}

/// y = y x + x, 10,000 times, and its gradient: the cost of recording an operation.
fn scalar_chain() {
    const STEPS: usize = 10_000;
    let x = Tensor::from(0.7f32);
    let chain = |x: &Tensor| {
        let mut y = x.clone();
        for _ in 0..STEPS {
            y = y * x + x;
        }
        y
    };
    let times = timing::sorted(budget(), || value_and_grad(&x, chain));
    let per_operation = times[times.len() / 2] * 1e9 / (2 * STEPS) as f64;
    println!("cotangent scalar_chain {} ns_per_op={per_operation:.1}", median_and_least(&times));
}

fn budget() -> f64 {
    match std::env::var("SECS") {
        Ok(seconds) => seconds.parse().expect("SECS is a number"),
        Err(_) => 3.0,
    }
}

fn median_and_least(times: &[f64]) -> String {
    format!("median_ms={:.4} min_ms={:.4} n={}", times[times.len() / 2] * 1e3, times[0] * 1e3, times.len())
}
