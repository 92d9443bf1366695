//! The trainer is held to the loop by hand, bit by bit; what it adds, to scripts.

mod by_hand;
mod callbacks;
mod logs;
mod misuse;
mod resuming;
mod stopping;

use super::*;
use crate::{
    Adam, BatchNorm1d, Dropout, Linear, Loss, Mode, Optimizer, accuracy,
    data::{Batch, Loader},
};
use cotangent_autograd::{Module, module};
use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Tensor};
use std::path::Path;

/// A model with everything that a step can change: parameters, running statistics, and draws from the generator.
#[derive(Clone, Module)]
struct Mlp {
    hidden: Linear,
    norm: BatchNorm1d,
    dropout: Dropout,
    output: Linear,
}

impl Mlp {
    fn new(rng: &mut Rng) -> Self {
        Mlp {
            hidden: Linear::new(3, 8, rng),
            norm: BatchNorm1d::new(8),
            dropout: Dropout::new(0.25),
            output: Linear::new(8, 2, rng),
        }
    }

    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        let hidden = self.norm.forward(&self.hidden.forward(x), mode).relu();
        self.output.forward(&self.dropout.forward(&hidden, mode))
    }
}

/// What every training of these tests begins with.
struct Begin {
    model: Mlp,
    adam: Adam,
    rng: Rng,
}

impl Begin {
    fn new() -> Self {
        let mut rng = Rng::seed(7);
        Begin { model: Mlp::new(&mut rng), adam: Adam::new(0.01), rng }
    }

    /// The bits of model, optimizer and generator.
    fn bits(&self) -> Vec<Vec<u8>> {
        let mut bits = bits(&self.model);
        bits.extend(self.adam.state(&self.model).iter().map(|(_, tensor)| format!("{tensor:?}").into_bytes()));
        bits.push(self.rng.to_bytes().to_vec());
        bits
    }
}

fn bits<M: Module>(model: &M) -> Vec<Vec<u8>> {
    let bits = |x: &Tensor| x.cast(DType::F64).to_vec::<f64>().iter().flat_map(|x| x.to_le_bytes()).collect();
    module::tensors(model).into_iter().map(bits).collect()
}

/// Twenty-three examples in batches of five, so that the last is smaller.
fn data() -> Loader {
    let x = Rng::seed(1).normal([23, 3], DType::F32);
    Loader::new(&x, &x.sum(1).gt(0).cast(DType::I64), 5).expect("data")
}

fn valid() -> Loader {
    let x = Rng::seed(2).normal([9, 3], DType::F32);
    Loader::new(&x, &x.sum(1).gt(0).cast(DType::I64), 4).expect("data")
}

/// Twenty-four in batches of six, where a mean of means is the mean.
fn even_data() -> Loader {
    let x = Rng::seed(1).normal([24, 3], DType::F32);
    Loader::new(&x, &x.sum(1).gt(0).cast(DType::I64), 6).expect("data")
}

fn loss(model: &Mlp, batch: &Batch, mode: &mut Mode<'_>) -> (Tensor, [(&'static str, f64); 1]) {
    let scores = model.forward(&batch.x, mode);
    (scores.cross_entropy(&batch.y), [("accuracy", accuracy(&scores, &batch.y))])
}

/// A trainer of a model that stays as it is, whose measure `score` is that of a script, epoch by epoch.
fn scripted<'a>(script: &'a [f64]) -> Trainer<'a, Tensor, Batch> {
    let mut script = script.iter();
    Trainer::new(script.len() as u64).measure("score", move |_| *script.next().expect("no more epochs than values"))
}

fn fit_scripted(trainer: Trainer<'_, Tensor, Batch>) -> Result<History, TrainError> {
    let (mut model, mut sgd) = (Tensor::from(0.0f32), crate::Sgd::new(1.0));
    trainer.fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| x.square())
}

/// A table of the history without the seconds, which differ from run to run.
fn table(history: &History) -> Vec<String> {
    let without_seconds = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[..4], &cells[5..]].concat().join(",")
    };
    history.to_csv().lines().map(without_seconds).collect()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).expect("a text")
}
