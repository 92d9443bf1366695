//! A training that was interrupted, in the middle of an epoch, goes on to the same bits as one that was not.

use super::*;
use crate::{
    Loss, Sgd,
    data::Loader,
    files::{Checkpoint, State},
    optim::Optimizer,
};
use cotangent_autograd::value_and_grad;
use cotangent_tensor::{Error, ErrorKind, Result};

/// SGD with momentum, as small as it can be.
#[derive(Default)]
struct Momentum {
    velocities: Vec<Tensor>,
    steps: u64,
}

impl Momentum {
    fn step(&mut self, model: &mut Mlp, gradient: &Mlp) {
        if self.velocities.is_empty() {
            self.velocities = module::tensors(gradient).into_iter().map(Tensor::zeros_like).collect();
        }
        self.steps += 1;
        // Bias correction, so that the counter counts.
        let lr = 0.1 / (1.0 - 0.9f64.powi(self.steps as i32));
        let mut velocities = self.velocities.iter_mut();
        module::zip_mut(model, gradient, |leaf, x_bar| {
            let velocity = velocities.next().expect("one for each tensor");
            if leaf.kind == module::Kind::Parameter {
                *velocity = &*velocity * 0.9 + x_bar * 0.1;
                *leaf.tensor = &*leaf.tensor - &*velocity * lr;
            }
        });
    }
}

impl State for Momentum {
    fn state(&self) -> Vec<(String, Tensor)> {
        let velocities = self.velocities.iter().enumerate();
        let mut state: Vec<_> = velocities.map(|(i, velocity)| (format!("{i}.velocity"), velocity.clone())).collect();
        state.push(("steps".to_owned(), Tensor::from(self.steps as i64)));
        state
    }

    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        let get = |wanted: &str| {
            let found = state.iter().find(|(name, _)| name == wanted).map(|(_, tensor)| tensor);
            found.ok_or_else(|| Error::new(ErrorKind::Data, "momentum", format!("the state has no `{wanted}`")))
        };
        let steps = get("steps")?.try_item::<i64>()? as u64;
        let velocities =
            (0..state.len() - 1).map(|i| get(&format!("{i}.velocity")).cloned()).collect::<Result<Vec<_>>>()?;
        *self = Momentum { velocities, steps };
        Ok(())
    }
}

struct Training {
    model: Mlp,
    momentum: Momentum,
    sgd: Sgd,
    /// For the order of the examples and for noise.
    rng: Rng,
    /// The generator as it was when the epoch began, and the batches of it that are done: the place in the data.
    epoch: Rng,
    batches: u64,
}

impl Training {
    fn new(seed: u64) -> Self {
        let rng = Rng::seed(seed);
        Training {
            model: Mlp::new(seed),
            momentum: Momentum::default(),
            sgd: Sgd::new(0.01),
            epoch: rng.clone(),
            rng,
            batches: 0,
        }
    }

    /// Goes on until so many batches of an epoch are done; an epoch has five.
    fn run(&mut self, loader: &Loader, batches: u64) {
        let order = &mut self.epoch.clone();
        let epoch = loader.epoch(order);
        if self.batches == 0 {
            self.rng = order.clone();
        }
        for batch in epoch.skip(self.batches as usize).take((batches - self.batches) as usize) {
            let x = &batch.x + self.rng.normal(batch.x.shape(), DType::F32) * 0.1;
            let (_, gradient) = value_and_grad(&self.model, |model| model.forward(&x).cross_entropy(&batch.y));
            self.momentum.step(&mut self.model, &gradient);
            self.sgd.step(&mut self.model, &gradient);
            self.model.seen = &self.model.seen + batch.len() as i64;
        }
        self.batches = batches;
        if batches == loader.batches() as u64 {
            (self.epoch, self.batches) = (self.rng.clone(), 0);
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new()
            .with_module("model", &self.model)
            .with_state("optimizer", &self.momentum)
            .with_state("rng", &self.rng)
            .with_state("epoch", &self.epoch)
            .with_state("batches", &self.batches)
    }

    fn resume(&mut self, checkpoint: &Checkpoint) -> Result<(), FileError> {
        checkpoint.load_module("model", &mut self.model)?;
        checkpoint.load_state("optimizer", &mut self.momentum)?;
        checkpoint.load_state("rng", &mut self.rng)?;
        checkpoint.load_state("epoch", &mut self.epoch)?;
        checkpoint.load_state("batches", &mut self.batches)
    }
}

#[test]
fn an_interrupted_training_ends_at_the_same_bits() {
    let rng = &mut Rng::seed(1);
    let x = rng.normal([18, 3], DType::F32);
    let loader = Loader::new(&x, &x.sum(1).gt(0).cast(DType::I64), 4).unwrap();
    let mut straight = Training::new(7);
    for _ in 0..4 {
        straight.run(&loader, 5);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training.safetensors");
    for interruption in 0..5 {
        let mut before = Training::new(7);
        before.run(&loader, 5);
        before.run(&loader, interruption);
        before.checkpoint().write(&path).unwrap();
        // What goes on after the file was written does not matter.
        before.run(&loader, 5);

        let mut after = Training::new(99);
        after.resume(&Checkpoint::read(&path).unwrap()).unwrap();
        for _ in 0..3 {
            after.run(&loader, 5);
        }
        assert_eq!(bits(&after.model), bits(&straight.model), "interrupted after {interruption} batches");
        assert_eq!(bits(&after.momentum.velocities), bits(&straight.momentum.velocities));
        assert_eq!(after.rng.to_bytes(), straight.rng.to_bytes());
    }
    assert_eq!(straight.model.seen.item::<i64>(), 4 * 18);
}

#[test]
fn a_checkpoint_is_of_the_moment_at_which_it_was_made() {
    let mut training = Training::new(7);
    let x = Rng::seed(1).normal([20, 3], DType::F32);
    let loader = Loader::new(&x, &Tensor::zeros([20], DType::I64), 4).unwrap();
    training.run(&loader, 2);
    let checkpoint = training.checkpoint();
    let bytes = checkpoint.to_bytes().unwrap();
    training.run(&loader, 5);
    assert_eq!(checkpoint.to_bytes().unwrap(), bytes);
    assert_ne!(training.checkpoint().to_bytes().unwrap(), bytes);
}

#[test]
fn a_state_of_another_kind_is_refused() {
    let checkpoint = Checkpoint::new().with_state("optimizer", &Rng::seed(1));
    let mut momentum = Momentum { steps: 3, ..Momentum::default() };
    let error = checkpoint.load_state("optimizer", &mut momentum).unwrap_err();
    assert_eq!(error.to_string(), "part `optimizer`: momentum: the state has no `steps`");
    assert_eq!(momentum.steps, 3);
    let mut rng = Rng::seed(5);
    let short = vec![("stream".to_owned(), Tensor::from([1u8, 2]))];
    assert_eq!(rng.load_state(short).unwrap_err().to_string(), "rng: a saved stream has 48 bytes, not 2");
    let typed = vec![("stream".to_owned(), Tensor::from([1i64]))];
    assert!(rng.load_state(typed).unwrap_err().to_string().contains("the elements are i64, not u8"));
    assert_eq!(rng.to_bytes(), Rng::seed(5).to_bytes());
}
