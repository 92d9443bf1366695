//! Instance normalisation over any number of spatial axes.

use super::{
    batch_norm::{by_running, check_momentum, is_narrower, move_towards},
    norm::checked_eps,
    sizes::name,
};
use crate::{Layer, Mode};
use cotangent_derive::Module;
use cotangent_tensor::{DType, Tensor};

/// Instance normalisation over N spatial axes: [`InstanceNorm1d`], [`InstanceNorm2d`], [`InstanceNorm3d`].
///
/// Each channel of each sample is normalised by its own mean and variance. As in PyTorch there is neither a weight nor a running
/// statistic unless asked for; with running statistics, these are what evaluation normalises by. They stay f32 where the layer is
/// [cast to a half](cotangent_autograd::module::cast), as those of [`BatchNorm`](crate::BatchNorm) do.
///
/// ```
/// use cotangent_nn::InstanceNorm1d;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([[[1.0f32, 3.0], [10.0, 20.0]]]);
/// assert_eq!(InstanceNorm1d::new(2).eps(0.0).forward(&x).to_vec::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct InstanceNorm<const N: usize> {
    /// What the normalised channels are multiplied by, of shape `[channels]`.
    pub weight: Option<Tensor>,
    /// What is added then, of shape `[channels]`.
    pub bias: Option<Tensor>,
    /// The mean of each channel that training has seen, of shape `[channels]`.
    #[module(buffer)]
    pub running_mean: Option<Tensor>,
    /// The variance of each channel that training has seen, of shape `[channels]`.
    #[module(buffer)]
    pub running_var: Option<Tensor>,
    /// PyTorch keeps such a number here too, and leaves it at 0: an i64.
    #[module(buffer)]
    pub num_batches_tracked: Option<Tensor>,
    /// How many channels there are.
    pub num_features: usize,
    /// How far the running statistics move towards a batch's; 0.1 unless said otherwise.
    pub momentum: f64,
    /// What is added to the variance; 1e-5 unless said otherwise.
    pub eps: f64,
}

/// [`InstanceNorm`] of signals `[n, c, l]`.
pub type InstanceNorm1d = InstanceNorm<1>;
/// [`InstanceNorm`] of images `[n, c, h, w]`.
pub type InstanceNorm2d = InstanceNorm<2>;
/// [`InstanceNorm`] of volumes `[n, c, d, h, w]`.
pub type InstanceNorm3d = InstanceNorm<3>;

impl<const N: usize> InstanceNorm<N> {
    const NAME: &'static str = name::<N>(["instance_norm1d", "instance_norm2d", "instance_norm3d"]);

    /// For so many channels, without weight, bias and running statistics.
    #[must_use]
    pub fn new(num_features: usize) -> Self {
        InstanceNorm {
            weight: None,
            bias: None,
            running_mean: None,
            running_var: None,
            num_batches_tracked: None,
            num_features,
            momentum: 0.1,
            eps: 1e-5,
        }
    }

    /// With weight 1 and bias 0, of f32, to be learned.
    #[must_use]
    #[track_caller]
    pub fn with_affine(self) -> Self {
        let shape = [self.num_features];
        let (weight, bias) = (Tensor::ones(shape, DType::F32), Tensor::zeros(shape, DType::F32));
        InstanceNorm { weight: Some(weight), bias: Some(bias), ..self }
    }

    /// With running mean 0 and variance 1, of f32, which evaluation normalises by.
    #[must_use]
    #[track_caller]
    pub fn with_running_stats(self) -> Self {
        let shape = [self.num_features];
        InstanceNorm {
            running_mean: Some(Tensor::zeros(shape, DType::F32)),
            running_var: Some(Tensor::ones(shape, DType::F32)),
            num_batches_tracked: Some(Tensor::from(0i64)),
            ..self
        }
    }

    /// How far the running statistics move towards a batch's.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn momentum(self, momentum: f64) -> Self {
        check_momentum(Self::NAME, momentum);
        InstanceNorm { momentum, ..self }
    }

    /// What is added to the variance.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        InstanceNorm { eps: checked_eps(Self::NAME, eps), ..self }
    }

    /// x normalised, by a layer without running statistics.
    ///
    /// # Panics
    /// When the layer has running statistics: use [`call`](Layer::call), with a [`Mode`]. When x is not `[n, channels, ..]` or
    /// `[channels, ..]` with N axes more, channels have one element, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.call(x, &mut Mode::undecided())
    }

    /// x normalised, where x has a batch axis.
    #[track_caller]
    fn of_batch(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
        let running = self.running_mean.as_ref().zip(self.running_var.as_ref());
        if let Some((mean, var)) = running
            && !mode.is_training()
        {
            return by_running([&mode.buffer(mean), &mode.buffer(var)], x, weight, bias, self.eps);
        }
        let count: usize = x.shape()[2..].iter().product();
        assert!(count > 1, "{}: a channel needs more than one element to normalise by; got {}", Self::NAME, x.spec());
        if let Some((running_mean, running_var)) = running {
            let axes: Vec<isize> = (2..x.rank() as isize).collect();
            let x = x.stop_gradient();
            let x = if is_narrower(&x, running_mean) { x.cast(running_mean.dtype()) } else { x };
            let (var, mean) = x.var_mean(&axes[..], 1);
            move_towards(running_mean, &mean.mean(0), self.momentum, mode);
            move_towards(running_var, &var.mean(0), self.momentum, mode);
        }
        x.instance_norm(weight, bias, self.eps)
    }
}

impl<const N: usize> Layer for InstanceNorm<N> {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let axis = x.rank().checked_sub(N + 1).filter(|&axis| axis <= 1);
        let names = ["l", "h, w", "d, h, w"][N - 1];
        assert!(
            axis.is_some_and(|axis| x.shape()[axis] == self.num_features),
            "{}: x must be [n, c, {names}] or [c, {names}] with the layer's {} channels; got {}",
            Self::NAME,
            self.num_features,
            x.spec(),
        );
        if axis == Some(0) { self.of_batch(&x.unsqueeze(0), mode).squeeze(0) } else { self.of_batch(x, mode) }
    }
}
