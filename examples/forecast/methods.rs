//! Three ways to look ahead. A forecast is three numbers for each day, `[n, AHEAD, 3]`: one that the truth falls below with probability
//! 0.1, one with 0.5, and one with 0.9. Between the first and the third it lies with 0.8.

use crate::{
    Result,
    series::{AHEAD, CALENDAR, SEEN, Series, TRAINED, Windows},
};
use cotangent::{nn::optim::clip_grad_norm, prelude::*};
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];

/// The error of quantiles, by which they are learned and compared: below the truth y an error counts q, above it 1 - q. Its mean is
/// least for the number that y falls below with probability q (R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46, 1978).
pub(crate) fn pinball(forecast: &Tensor, truth: &Tensor) -> Tensor {
    let error = truth.unsqueeze(-1) - forecast;
    let q = Tensor::from(QUANTILES).cast(error.dtype());
    (&q * &error).maximum(&((&q - 1) * &error)).mean(..)
}

/// As on the same day of the week before.
pub(crate) fn naive(windows: &Windows) -> Tensor {
    let last_week = windows.seen.narrow(1, SEEN - 7, 7);
    Tensor::concat([&last_week, &last_week], 1)
}

/// Tomorrow is a weighted sum of the last 28 days, by least squares; the day after is the same sum with tomorrow in it.
pub(crate) struct Autoregression {
    /// A weight for each day, the oldest first, and a constant.
    weights: Tensor,
    constant: Tensor,
}

impl Autoregression {
    pub(crate) fn fitted(series: &Series) -> Self {
        let days = series.log.narrow(0, 0, TRAINED).cast(DType::F64).unfold(0, SEEN + 1, 1);
        let ones = Tensor::ones([days.size(0), 1], DType::F64);
        let known = Tensor::concat([&days.narrow(1, 0, SEEN), &ones], 1);
        let found = known.lstsq(&days.select(1, -1)).cast(DType::F32);
        Autoregression { weights: found.narrow(0, 0, SEEN), constant: found.select(0, -1) }
    }

    pub(crate) fn forecast(&self, windows: &Windows) -> Tensor {
        let mut known = windows.seen.clone();
        for _ in 0..AHEAD {
            let last = known.narrow(1, known.size(1) - SEEN, SEEN);
            let next = last.matmul(&self.weights) + &self.constant;
            known = Tensor::concat([&known, &next.unsqueeze(1)], 1);
        }
        known.narrow(1, SEEN, AHEAD)
    }
}

/// A forecast with quantiles, of a method that only gives one number: it is moved by the quantiles of its own errors in the years before
/// the test.
pub(crate) fn with_errors(method: impl Fn(&Windows) -> Tensor, series: &Series, windows: &Windows) -> Tensor {
    let training = series.training();
    let errors = (&training.ahead - method(&training)).quantile(QUANTILES, 0).transpose(0, 1);
    method(windows).unsqueeze(-1) + errors
}

/// A recurrent network. It reads 28 days with their visitors, and then goes on over the 14 days to come, of which it knows only the
/// calendar; there it gives its forecasts.
#[derive(Module, Clone)]
pub(crate) struct Recurrent {
    memory: Gru,
    output: Linear,
}

impl Recurrent {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        const HIDDEN: usize = 32;
        // Besides the calendar: the visitors, and whether they are known.
        Recurrent { memory: Gru::new(CALENDAR + 2, HIDDEN, rng), output: Linear::new(HIDDEN, 3, rng) }
    }

    pub(crate) fn forecast(&self, windows: &Windows) -> Tensor {
        // All numbers are relative to the mean of what was seen, so that a trend which goes on does not lead to where nothing was learned.
        let level = windows.seen.mean_keepdims(1);
        let visitors = (&windows.seen - &level).pad([(0, 0), (0, AHEAD as isize)], 0);
        let is_known = Tensor::ones(&windows.seen.shape()[..], DType::F32).pad([(0, 0), (0, AHEAD as isize)], 0);
        let days_first = |x: &Tensor| x.transpose(0, 1).unsqueeze(-1);
        let inputs = Tensor::concat([&days_first(&visitors), &days_first(&is_known), &windows.calendar], 2);
        let (states, _) = self.memory.forward(&inputs);
        let out = self.output.forward(&states.narrow(0, SEEN, AHEAD)).transpose(0, 1);
        // The outer quantiles are at a positive distance from the middle, so that they cannot change places.
        let part = |i: usize| out.narrow(2, i, 1);
        let middle = part(1) + level.unsqueeze(-1);
        Tensor::concat([&(&middle - part(0).softplus()), &middle, &(&middle + part(2).softplus())], 2)
    }

    pub(crate) fn learn(&mut self, series: &Series, steps: usize, rng: &mut Rng) -> Result<()> {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {msg}")?;
        // The bar is not drawn where the output is no terminal.
        let bar = ProgressBar::new(steps as u64).with_style(style);
        // Ten times the usual rate of Adam, for few steps; in the end it falls to nothing.
        const RATE: f64 = 1e-2;
        let (mut adam, rate) = (Adam::new(RATE), schedule::Cosine::new(RATE, steps as u64));
        let starts = (TRAINED - SEEN - AHEAD) as i64 + 1;
        for step in 0..steps {
            let windows = series.windows(&rng.randint(0, starts, [64]));
            let (loss, mut gradient) =
                value_and_grad(&*self, |network| pinball(&network.forecast(&windows), &windows.ahead));
            clip_grad_norm(&mut gradient, 1.0)?;
            adam.set_lr(rate.lr(step as u64));
            adam.step(self, &gradient);
            bar.set_message(format!("loss {:.4}", loss.item::<f32>()));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }
}
