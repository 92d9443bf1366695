//! The training cases: a network each, a batch for it, and what a step does with them.

use crate::networks::{self, CharLstm, Gpt};
use cotangent::prelude::*;

/// The cases, in the order of the peers' tables.
pub(crate) const NAMES: [&str; 8] = ["mlp", "mlp_small", "lenet", "cnn", "resnet", "gpt", "gpt_m", "lstm"];

pub(crate) struct Case {
    pub(crate) model: Box<dyn Layer>,
    pub(crate) x: Tensor,
    pub(crate) y: Tensor,
    adam: Adam,
}

impl Case {
    pub(crate) fn new(model: impl Layer + 'static, x: Tensor, y: Tensor) -> Self {
        Case { model: Box::new(model), x, y, adam: Adam::new(1e-3) }
    }

    /// A case of the table; of another batch than the peers' if one is given.
    pub(crate) fn named(name: &str, batch: Option<usize>) -> Self {
        let mut rng = Rng::seed(0);
        let rng = &mut rng;
        let images = |model: Sequential, of_peers: usize, shape: &[usize], rng: &mut Rng| {
            let batch = batch.unwrap_or(of_peers);
            Case::new(model, rng.normal([&[batch], shape].concat(), DType::F32), rng.randint(0, 10, [batch]))
        };
        match name {
            "mlp" => images(networks::mlp(&[784, 512, 512, 10], rng), 128, &[784], rng),
            "mlp_small" => images(networks::mlp(&[10, 45, 45, 10], rng), 32, &[10], rng),
            "lenet" => images(networks::lenet(rng), 64, &[1, 28, 28], rng),
            "cnn" => images(networks::cnn(rng), 64, &[1, 28, 28], rng),
            "resnet" => images(networks::resnet(rng), 32, &[3, 32, 32], rng),
            "gpt" => text(Gpt::new(65, 64, 128, 4, 4, rng), batch.unwrap_or(12), 64, rng),
            "gpt_m" => text(Gpt::new(65, 256, 384, 6, 6, rng), batch.unwrap_or(4), 256, rng),
            "lstm" => text(CharLstm::new(65, 256, rng), batch.unwrap_or(32), 64, rng),
            other => unreachable!("{other} is not in the table above"),
        }
    }

    /// A step of training: forward, cross-entropy, backward, Adam. Returns the loss.
    pub(crate) fn step(&mut self) -> Tensor {
        // None of the networks draws random numbers.
        let mut unused = Rng::seed(0);
        let mut mode = Mode::train(&mut unused);
        let (loss, gradient) = value_and_grad(&self.model, |model| {
            let scores = model.call(&self.x, &mut mode);
            scores.reshape([-1, scores.size(-1) as isize]).cross_entropy(&self.y.reshape([-1]))
        });
        mode.store(&mut self.model);
        self.adam.step(&mut self.model, &gradient);
        loss
    }
}

fn text(model: impl Layer + 'static, batch: usize, time: usize, rng: &mut Rng) -> Case {
    Case::new(model, rng.randint(0, 65, [batch, time]), rng.randint(0, 65, [batch, time]))
}
