//! A training with everything in it that has a state.

use cotangent_autograd::{module, value_and_grad};
use cotangent_derive::Module;
use cotangent_nn::{
    BatchNorm1d, Dropout, Lbfgs, Linear, Loss, Mode, Optimizer,
    data::{Loader, Position},
    files::{Checkpoint, FileError, NamedTensors},
    optim::{Accumulator, Ema, clip_grad_norm},
    schedule::{Plateau, Schedule},
};
use cotangent_tensor::{DType, Rng, Tensor};

/// A network with buffers and with dropout.
#[derive(Clone, Module)]
pub(crate) struct Net {
    hidden: Linear,
    norm: BatchNorm1d,
    dropout: Dropout,
    output: Linear,
}

impl Net {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = &mut Rng::seed(seed);
        let (hidden, output) = (Linear::new(3, 5, rng), Linear::new(5, 2, rng));
        Net { hidden, norm: BatchNorm1d::new(5), dropout: Dropout::new(0.3), output }
    }

    fn forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let hidden = self.norm.forward(&self.hidden.forward(x), mode).relu();
        self.output.forward(&self.dropout.forward(&hidden, mode))
    }
}

pub(crate) enum Minimizer {
    Descent(Box<dyn Optimizer>),
    Lbfgs(Box<Lbfgs>),
}

pub(crate) enum Rates {
    ByStep(Box<dyn Schedule>),
    Plateau(Plateau),
}

pub(crate) struct Training {
    model: Net,
    optimizer: Minimizer,
    rates: Rates,
    /// Steps of the optimizer so far: one for two batches.
    step: u64,
    average: Ema<Net>,
    accumulator: Accumulator<Net>,
    rng: Rng,
    loader: Loader,
    /// In the epoch that has begun.
    position: Position,
}

impl Training {
    /// All that is drawn here by the seed comes from the checkpoint when a training goes on.
    pub(crate) fn new(optimizer: Minimizer, rates: Rates, seed: u64) -> Self {
        let data = &mut Rng::seed(5);
        let (x, y) = (data.normal([11, 3], DType::F32), data.randint(0, 2, [11]));
        let loader = Loader::new(&x, &y, 3).expect("as many labels as examples");
        let (model, mut rng) = (Net::new(seed), Rng::seed(seed));
        let position = loader.epoch(&mut rng).position();
        let average = Ema::with_bias_correction(&model, 0.9);
        Training { model, optimizer, rates, step: 0, average, accumulator: Accumulator::new(), rng, loader, position }
    }

    /// Goes on for some batches, which threads make ahead.
    pub(crate) fn run(&mut self, batches: u64) {
        let rest = |position: &Position| self.loader.resume(position.clone()).expect("of this loader").prefetch(2);
        let mut epoch = rest(&self.position);
        for _ in 0..batches {
            let batch = match epoch.next() {
                Some(batch) => batch,
                None => {
                    epoch = rest(&self.loader.epoch(&mut self.rng).position());
                    epoch.next().expect("an epoch has batches")
                }
            };
            self.position = epoch.position();
            let mut mode = Mode::train(&mut self.rng);
            let (loss, gradient) =
                value_and_grad(&self.model, |m| m.forward(&batch.x, &mut mode).cross_entropy(&batch.y));
            mode.store(&mut self.model);
            self.accumulator.add(gradient);
            if self.accumulator.count() < 2 {
                continue;
            }
            let mut gradient = self.accumulator.take_mean().expect("two gradients");
            clip_grad_norm(&mut gradient, 1.0).expect("a finite gradient");
            let lr = match &mut self.rates {
                Rates::ByStep(schedule) => schedule.lr(self.step),
                Rates::Plateau(plateau) => plateau.step(loss.item::<f32>().into()),
            };
            match &mut self.optimizer {
                Minimizer::Descent(optimizer) => {
                    optimizer.set_lr(lr);
                    optimizer.step_dyn(&mut self.model, &gradient);
                }
                Minimizer::Lbfgs(lbfgs) => {
                    lbfgs.set_lr(lr);
                    // The same elements are left out whenever the function is evaluated.
                    let rng = self.rng.split();
                    lbfgs.step(&mut self.model, |model| {
                        let mut rng = rng.clone();
                        let mut mode = Mode::train(&mut rng);
                        value_and_grad(model, |m| m.forward(&batch.x, &mut mode).cross_entropy(&batch.y))
                    });
                }
            }
            self.average.update(&self.model);
            self.step += 1;
        }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let checkpoint = Checkpoint::new()
            .with_module("model", &self.model)
            .with_state("step", &self.step)
            .with_state("average", &self.average)
            .with_tensors("accumulator", self.accumulator.state())
            .with_state("rng", &self.rng)
            .with_state("position", &self.position);
        let checkpoint = match &self.optimizer {
            Minimizer::Descent(optimizer) => checkpoint.with_optimizer("optimizer", optimizer, &self.model),
            Minimizer::Lbfgs(lbfgs) => checkpoint.with_state("optimizer", &**lbfgs),
        };
        match &self.rates {
            Rates::ByStep(_) => checkpoint,
            Rates::Plateau(plateau) => checkpoint.with_state("rates", plateau),
        }
    }

    pub(crate) fn resume(&mut self, checkpoint: &Checkpoint) -> Result<(), FileError> {
        self.resume_without("", checkpoint)
    }

    /// Takes up all parts but one.
    pub(crate) fn resume_without(&mut self, left_out: &str, checkpoint: &Checkpoint) -> Result<(), FileError> {
        let model = self.model.clone();
        for part in checkpoint.parts().filter(|&part| part != left_out) {
            match (part, &mut self.optimizer, &mut self.rates) {
                ("model", ..) => checkpoint.load_module(part, &mut self.model)?,
                ("step", ..) => checkpoint.load_state(part, &mut self.step)?,
                ("average", ..) => checkpoint.load_state(part, &mut self.average)?,
                ("accumulator", ..) => {
                    checkpoint.load_with(part, |state| self.accumulator.load_state(&model, state))?;
                }
                ("rng", ..) => checkpoint.load_state(part, &mut self.rng)?,
                ("position", ..) => checkpoint.load_state(part, &mut self.position)?,
                ("optimizer", Minimizer::Descent(optimizer), _) => {
                    checkpoint.load_optimizer(part, optimizer, &model)?;
                }
                ("optimizer", Minimizer::Lbfgs(lbfgs), _) => checkpoint.load_state(part, &mut **lbfgs)?,
                ("rates", _, Rates::Plateau(plateau)) => checkpoint.load_state(part, plateau)?,
                _ => panic!("`{part}` is no part of a training"),
            }
        }
        Ok(())
    }

    /// What a training is for: the weights, and their average.
    pub(crate) fn weights(&self) -> Vec<u8> {
        NamedTensors::of(&(self.model.clone(), self.average.model())).to_bytes().expect("every dtype can be written")
    }

    pub(crate) fn is_finite(&self) -> bool {
        let tensors = module::tensors(&self.model);
        tensors.into_iter().all(|tensor| tensor.cast(DType::F64).to_vec::<f64>().iter().all(|x| x.is_finite()))
    }
}
