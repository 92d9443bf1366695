//! Training, generic over models.

use crate::Windows;
use cotangent::{nn::data::Loader, prelude::*};

/// What this crate asks of a model: that it is a module, may go to another thread, and forecasts.
pub trait Forecast: Module + Clone + Send + Sync {
    /// The value that follows each window: `[n]` for windows of shape `[n, width]`.
    fn forecast(&self, past: &Tensor) -> Tensor;
}

/// What became of a training.
#[derive(Clone, Debug)]
pub struct Fit<M> {
    /// The mean squared error of each epoch, before its steps had effect: f64 of shape `[epochs]`.
    pub losses: Tensor,
    /// The model of the epoch with the lowest loss. What it shares with the last one was not copied.
    pub best: M,
}

/// Trains a model, and leaves it as the last step made it.
///
/// The optimizer is any: one of cotangent's, one of this crate's, chosen at run time.
///
/// # Panics
/// When the model does not take the windows.
pub fn fit<M: Forecast>(
    model: &mut M,
    windows: &Loader<Windows>,
    optimizer: &mut dyn Optimizer,
    epochs: usize,
    rng: &mut Rng,
) -> Fit<M> {
    let mut losses = Vec::with_capacity(epochs);
    let (mut best, mut lowest) = (model.clone(), f64::INFINITY);
    for _ in 0..epochs {
        // A clone is as cheap as the number of tensors; a step copies what is still in use.
        let before = model.clone();
        let (mut total, mut count) = (0.0, 0);
        for batch in windows.epoch(rng) {
            let (loss, gradient) = value_and_grad(&*model, |model| model.forecast(&batch.x).mse_loss(&batch.y));
            optimizer.step_dyn(model, &gradient);
            total += f64::from(loss.item::<f32>()) * batch.len() as f64;
            count += batch.len();
        }
        let loss = total / count as f64;
        if loss < lowest {
            (best, lowest) = (before, loss);
        }
        losses.push(loss);
    }
    Fit { losses: Tensor::from(losses), best }
}
