//! A model: layers of cotangent's and one of this crate's.

use crate::{Bend, Forecast, Windows};
use cotangent::prelude::*;

/// Two affine layers with a learned activation between them; it knows the scale of the series that it is for.
#[derive(Clone, Debug, Module)]
pub struct Perceptron {
    /// Mean and standard deviation of the series: kept and saved with the model, but not learned.
    #[module(buffer)]
    pub scale: (Tensor, Tensor),
    /// From the window.
    pub hidden: Linear,
    /// Between the layers.
    pub bend: Bend,
    /// To the forecast.
    pub output: Linear,
}

impl Perceptron {
    /// For windows of `width` values, whose mean is 0 and whose standard deviation is 1.
    #[must_use]
    pub fn new(width: usize, units: usize, rng: &mut Rng) -> Self {
        Perceptron {
            scale: (Tensor::from(0.0f32), Tensor::from(1.0f32)),
            hidden: Linear::new(width, units, rng),
            bend: Bend::new(3),
            output: Linear::new(units, 1, rng),
        }
    }

    /// As [`new`](Self::new), with the scale of these data.
    #[must_use]
    pub fn suited_to(windows: &Windows, units: usize, rng: &mut Rng) -> Self {
        let series = windows.series();
        let scale = (series.mean(..), series.var(.., 0).sqrt());
        Perceptron { scale, ..Perceptron::new(windows.width(), units, rng) }
    }
}

impl Forecast for Perceptron {
    fn forecast(&self, past: &Tensor) -> Tensor {
        let (mean, deviation) = &self.scale;
        let hidden = self.bend.forward(&self.hidden.forward(&((past - mean) / deviation)));
        self.output.forward(&hidden).squeeze(-1) * deviation + mean
    }
}
