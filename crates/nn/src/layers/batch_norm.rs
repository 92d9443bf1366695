//! Batch normalisation over any number of spatial axes.

use super::{norm::checked_eps, sizes::name};
use crate::{Layer, Mode};
use cotangent_derive::Module;
use cotangent_tensor::{DType, Tensor};

/// Batch normalisation over N spatial axes: [`BatchNorm1d`], [`BatchNorm2d`], [`BatchNorm3d`].
///
/// In training each channel is normalised by its mean and variance over the batch, and the running statistics move towards these;
/// [`Mode::store`] writes them into the layer. In evaluation it is normalised by the running statistics.
///
/// Running statistics stay f32 where the layer is [cast to a half](cotangent_autograd::module::cast), for inputs in this half: they are taken
/// of a batch in f32, and evaluation normalises by them in f32.
///
/// ```
/// use cotangent_autograd::value_and_grad;
/// use cotangent_nn::{BatchNorm2d, Mode};
/// use cotangent_tensor::{DType, Rng};
/// let mut rng = Rng::seed(7);
/// let (mut layer, x) = (BatchNorm2d::new(3), rng.normal([8, 3, 4, 4], DType::F32) * 2 + 5);
/// for _ in 0..60 {
///     let mut mode = Mode::train(&mut rng);
///     let (_loss, _gradient) = value_and_grad(&layer, |layer| layer.forward(&x, &mut mode).square().mean(..));
///     mode.store(&mut layer);
/// }
/// let y = layer.forward(&x, &mut Mode::eval());
/// assert!(y.mean(..).item::<f32>().abs() < 0.02 && (y.var(.., 0).item::<f32>() - 1.0).abs() < 0.02);
/// ```
#[derive(Clone, Debug, Module)]
pub struct BatchNorm<const N: usize> {
    /// What the normalised channels are multiplied by, of shape `[channels]`.
    pub weight: Option<Tensor>,
    /// What is added then, of shape `[channels]`.
    pub bias: Option<Tensor>,
    /// The mean of each channel that training has seen, of shape `[channels]`; 0 before training.
    #[module(buffer)]
    pub running_mean: Option<Tensor>,
    /// The variance of each channel that training has seen, of shape `[channels]`; 1 before training.
    #[module(buffer)]
    pub running_var: Option<Tensor>,
    /// How many batches training has seen: an i64.
    #[module(buffer)]
    pub num_batches_tracked: Option<Tensor>,
    /// How many channels there are.
    pub num_features: usize,
    /// How far the running statistics move towards a batch's, 0.1 unless said otherwise; `None` makes them the means over all
    /// batches.
    pub momentum: Option<f64>,
    /// What is added to the variance; 1e-5 unless said otherwise.
    pub eps: f64,
}

/// [`BatchNorm`] of `[n, c]` or `[n, c, l]`.
pub type BatchNorm1d = BatchNorm<1>;
/// [`BatchNorm`] of images `[n, c, h, w]`.
pub type BatchNorm2d = BatchNorm<2>;
/// [`BatchNorm`] of volumes `[n, c, d, h, w]`.
pub type BatchNorm3d = BatchNorm<3>;

impl<const N: usize> BatchNorm<N> {
    const NAME: &'static str = name::<N>(["batch_norm1d", "batch_norm2d", "batch_norm3d"]);

    /// For so many channels; weight 1 and bias 0, running mean 0 and variance 1, of f32.
    #[must_use]
    #[track_caller]
    pub fn new(num_features: usize) -> Self {
        let ones = || Some(Tensor::ones([num_features], DType::F32));
        let zeros = || Some(Tensor::zeros([num_features], DType::F32));
        BatchNorm {
            weight: ones(),
            bias: zeros(),
            running_mean: zeros(),
            running_var: ones(),
            num_batches_tracked: Some(Tensor::from(0i64)),
            num_features,
            momentum: Some(0.1),
            eps: 1e-5,
        }
    }

    /// How far the running statistics move towards a batch's; `None` makes them the means over all batches.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn momentum(self, momentum: impl Into<Option<f64>>) -> Self {
        let momentum = momentum.into();
        if let Some(momentum) = momentum {
            check_momentum(Self::NAME, momentum);
        }
        BatchNorm { momentum, ..self }
    }

    /// What is added to the variance.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        BatchNorm { eps: checked_eps(Self::NAME, eps), ..self }
    }

    /// Without weight and bias.
    #[must_use]
    pub fn without_affine(self) -> Self {
        BatchNorm { weight: None, bias: None, ..self }
    }

    /// Without running statistics: normalises by the batch in evaluation too.
    #[must_use]
    pub fn without_running_stats(self) -> Self {
        BatchNorm { running_mean: None, running_var: None, num_batches_tracked: None, ..self }
    }

    /// x normalised: by the batch in training, by the running statistics in evaluation.
    ///
    /// # Panics
    /// When x is not `[n, channels, ..]` with N axes more (none is possible where N is 1), normalises by a batch that holds one
    /// element of each channel, or the dtypes differ, but for statistics wider than halves.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let fits_rank = x.rank() == N + 2 || (N == 1 && x.rank() == 2);
        assert!(
            fits_rank && x.shape()[1] == self.num_features,
            "{}: x must be {} with the layer's {} channels; got {}",
            Self::NAME,
            ["[n, c] or [n, c, l]", "[n, c, h, w]", "[n, c, d, h, w]"][N - 1],
            self.num_features,
            x.spec(),
        );
        let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
        if let (Some(mean), Some(var)) = (&self.running_mean, &self.running_var)
            && !mode.is_training()
        {
            return x.batch_norm_with(&mode.buffer(mean), &mode.buffer(var), weight, bias, self.eps);
        }
        let count: usize = x.shape().without(1).iter().product();
        assert!(
            count > 1,
            "{}: a batch needs more than one element of each channel to normalise by; got {}",
            Self::NAME,
            x.spec()
        );
        let (y, mean, var) = x.batch_norm(weight, bias, self.eps);
        // The operation's variance is divided by n, the running one by n - 1.
        let unbiased = var.stop_gradient() * (count as f64 / (count - 1) as f64);
        self.track(&mean.stop_gradient(), &unbiased, mode);
        y
    }

    /// Moves the running statistics towards a batch's.
    #[track_caller]
    fn track(&self, mean: &Tensor, var: &Tensor, mode: &mut Mode<'_>) {
        let (Some(running_mean), Some(running_var)) = (&self.running_mean, &self.running_var) else { return };
        let mut batches = None;
        if let Some(tracked) = &self.num_batches_tracked {
            let count = mode.buffer(tracked) + 1;
            mode.update(tracked, &count);
            batches = Some(count);
        }
        let share = self.momentum.unwrap_or_else(|| {
            let batches =
                batches.unwrap_or_else(|| panic!("{}: a mean over all batches needs their count", Self::NAME));
            // Without values there is nothing to take a share of.
            if batches.has_values() { 1.0 / batches.item::<i64>() as f64 } else { 1.0 }
        });
        move_towards(running_mean, mean, share, mode);
        move_towards(running_var, var, share, mode);
    }
}

/// `running = (1 - share) running + share new`
#[track_caller]
pub(super) fn move_towards(running: &Tensor, new: &Tensor, share: f64, mode: &mut Mode<'_>) {
    let running_now = mode.buffer(running).stop_gradient();
    // A batch's statistics of halves are f32.
    let new = if running.dtype().is_half() { new.cast(running.dtype()) } else { new.clone() };
    let moved = running_now * (1.0 - share) + new * share;
    mode.update(running, &moved);
}

#[track_caller]
pub(super) fn check_momentum(layer: &str, momentum: f64) {
    assert!((0.0..=1.0).contains(&momentum), "{layer}: the momentum must be from 0 to 1; got {momentum}");
}

impl<const N: usize> Layer for BatchNorm<N> {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward(x, mode)
    }
}
