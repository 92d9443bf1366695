//! What is conspicuous in networks that were made sick.

use super::*;
use crate::{Linear, Loss, Sequential};
use cotangent_autograd::{module, watch};
use cotangent_tensor::{DType, Rng, Tensor};

/// Six layers with tanh or relu between, whose weights are `scale` times as large as usual.
fn deep(scale: f64, activation: fn(&Tensor) -> Tensor) -> Sequential {
    let mut rng = Rng::seed(3);
    let mut model = Sequential::new();
    for _ in 0..6 {
        let mut layer = Linear::new(32, 32, &mut rng);
        layer.weight *= scale;
        model = model.push(layer).push_fn(activation);
    }
    model.push(Linear::new(32, 4, &mut rng))
}

fn statistics(model: &Sequential) -> Statistics {
    let mut rng = Rng::seed(4);
    let (x, y) = (rng.normal([64, 32], DType::F32), rng.randint(0, 4, [64]));
    let (_, _, recording) = watch::gradient(model, &(x, y), |m, (x, y)| m.forward(x).cross_entropy(y));
    Statistics::new(&recording)
}

fn health_of(statistics: &Statistics, name: &str) -> Health {
    let mut all = statistics.activations().iter().chain(statistics.parameters());
    all.find(|seen| seen.name == name).unwrap_or_else(|| panic!("{name} is in\n{statistics}")).health
}

#[test]
fn a_sound_network_is_sound() {
    // Kaiming's scale for relu, √6 times PyTorch's.
    let statistics = statistics(&deep(6f64.sqrt(), Tensor::relu));
    assert_eq!(statistics.conspicuous().count(), 0, "\n{statistics}");
    assert_eq!(statistics.parameters().len(), 14);
    let relu = &statistics.activations()[1];
    assert!((40.0..60.0).contains(&relu.value.percent_zero()), "\n{statistics}");
}

#[test]
fn gradients_that_vanish_or_explode_are_found() {
    let vanishing = statistics(&deep(0.02, Tensor::tanh));
    assert_eq!(health_of(&vanishing, "0.weight"), Health::Vanishing, "\n{vanishing}");
    let exploding = statistics(&deep(60.0, Tensor::relu));
    assert!(exploding.conspicuous().any(|seen| seen.health == Health::Exploding), "\n{exploding}");
    assert_eq!(health_of(&exploding, "0"), Health::Exploding, "\n{exploding}");
}

#[test]
fn a_dead_layer_and_what_is_behind_it_are_found() {
    let mut model = deep(6f64.sqrt(), Tensor::relu);
    module::for_each_mut(&mut model, |leaf| {
        if leaf.path.to_string() == "4.bias" {
            *leaf.tensor = Tensor::full([32], -100, DType::F32);
        }
    });
    let statistics = statistics(&model);
    let dead: Vec<&str> =
        statistics.conspicuous().filter(|seen| seen.health == Health::Dead).map(|seen| &*seen.name).collect();
    assert_eq!(dead, ["relu"], "\n{statistics}");
    for name in ["0.weight", "2.bias", "4.weight", "6.weight"] {
        assert_eq!(health_of(&statistics, name), Health::NoGradient, "\n{statistics}");
    }
    assert_eq!(health_of(&statistics, "12.bias"), Health::Sound, "\n{statistics}");
}

#[test]
fn what_lies_within_a_part_is_seen_too() {
    // The tensors of both layers are fields of one part, so that the relu is within it.
    let block = vec![[Tensor::ones([3, 3], DType::F32), Tensor::ones([3, 3], DType::F32)]];
    let x = Tensor::full([2, 3], -1, DType::F32);
    let (_, _, recording) = watch::gradient(&block, &x, |m, x| x.matmul(&m[0][0]).relu().matmul(&m[0][1]).sum(..));
    let statistics = Statistics::new(&recording);
    assert_eq!(health_of(&statistics, "0: relu"), Health::Dead, "\n{statistics}");
    assert_eq!(health_of(&statistics, "0.0"), Health::NoGradient, "\n{statistics}");
}

#[test]
fn what_is_not_finite_is_found_and_the_table_shows_it() {
    let model = Sequential::new().push(Linear::new(32, 4, &mut Rng::seed(1))).push_fn(|x| (x - 100.0).ln());
    let statistics = statistics(&model);
    assert_eq!(health_of(&statistics, "ln"), Health::NotFinite, "\n{statistics}");
    let text = statistics.to_string();
    assert!(text.lines().any(|line| line.starts_with("ln ") && line.ends_with("NOT FINITE")), "{text}");
    assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
}

#[test]
fn without_derivatives_there_are_values_only() {
    let model = deep(1.0, Tensor::relu);
    let (_, recording) = watch::forward(&model, &Tensor::ones([2, 32], DType::F32), |m, x| m.forward(x));
    let statistics = Statistics::new(&recording);
    assert!(statistics.activations().iter().chain(statistics.parameters()).all(|seen| seen.gradient.is_none()));
    assert_eq!(statistics.conspicuous().count(), 0, "\n{statistics}");
    let shapes = Tensor::shape_only([2, 32], DType::F32);
    let (_, recording) = watch::forward(&model, &shapes, |m, x| m.forward(x));
    assert!(crate::panics::panic_message(|| Statistics::new(&recording)).contains("without values"));
}
