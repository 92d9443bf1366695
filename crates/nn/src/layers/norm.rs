//! Normalisations that do the same in training and evaluation: layer, RMS and group norm, local response. Those that keep
//! statistics are in `batch_norm` and `instance_norm`.

use super::layer::layers;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Shape, Tensor};

/// `(x - mean) / √(var + eps) * weight + bias`, over the last axes: [`Tensor::layer_norm`].
///
/// ```
/// use cotangent_nn::LayerNorm;
/// use cotangent_tensor::Tensor;
/// let y = LayerNorm::new(2).eps(0.0).forward(&Tensor::from([[1.0f32, 3.0], [20.0, 10.0]]));
/// assert_eq!(y.to_vec::<f32>(), [-1.0, 1.0, 1.0, -1.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct LayerNorm {
    /// What the normalised elements are multiplied by, of the shape `normalized_shape`.
    pub weight: Option<Tensor>,
    /// What is added then, of the shape `normalized_shape`.
    pub bias: Option<Tensor>,
    /// The sizes of the last axes, over which is normalised.
    pub normalized_shape: Shape,
    /// What is added to the variance; 1e-5 unless said otherwise.
    pub eps: f64,
}

impl LayerNorm {
    /// Over the last axes, whose sizes are these; weight 1 and bias 0, of f32.
    #[must_use]
    #[track_caller]
    pub fn new(normalized_shape: impl Into<Shape>) -> Self {
        let shape = normalized_shape.into();
        LayerNorm {
            weight: Some(Tensor::ones(&shape, DType::F32)),
            bias: Some(Tensor::zeros(&shape, DType::F32)),
            normalized_shape: shape,
            eps: 1e-5,
        }
    }

    /// What is added to the variance.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        LayerNorm { eps: checked_eps("layer_norm", eps), ..self }
    }

    /// The layer with the same weight, and nothing added.
    #[must_use]
    pub fn without_bias(self) -> Self {
        LayerNorm { bias: None, ..self }
    }

    /// Without weight and bias.
    #[must_use]
    pub fn without_affine(self) -> Self {
        LayerNorm { weight: None, bias: None, ..self }
    }

    /// [`Tensor::layer_norm`] of x.
    ///
    /// # Panics
    /// When the last axes of x have other sizes, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm(&self.normalized_shape, self.weight.as_ref(), self.bias.as_ref(), self.eps)
    }
}

/// `x / √(mean(x²) + eps) * weight`, over the last axes: [`Tensor::rms_norm`].
///
/// ```
/// use cotangent_nn::RmsNorm;
/// use cotangent_tensor::Tensor;
/// assert_eq!(RmsNorm::new(4).forward(&Tensor::from([[3.0f32, 3.0, 3.0, 3.0]])).to_vec::<f32>(), [1.0; 4]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct RmsNorm {
    /// What the normalised elements are multiplied by, of the shape `normalized_shape`.
    pub weight: Option<Tensor>,
    /// The sizes of the last axes, over which is normalised.
    pub normalized_shape: Shape,
    /// What is added to the mean square; if not said, the spacing of floating-point numbers at 1, as in PyTorch.
    pub eps: Option<f64>,
}

impl RmsNorm {
    /// Over the last axes, whose sizes are these; weight 1, of f32.
    #[must_use]
    #[track_caller]
    pub fn new(normalized_shape: impl Into<Shape>) -> Self {
        let shape = normalized_shape.into();
        RmsNorm { weight: Some(Tensor::ones(&shape, DType::F32)), normalized_shape: shape, eps: None }
    }

    /// What is added to the mean square.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        RmsNorm { eps: Some(checked_eps("rms_norm", eps)), ..self }
    }

    /// Without a weight.
    #[must_use]
    pub fn without_affine(self) -> Self {
        RmsNorm { weight: None, ..self }
    }

    /// [`Tensor::rms_norm`] of x.
    ///
    /// # Panics
    /// When the last axes of x have other sizes, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        // Halves are computed with in f32, whose spacing PyTorch takes for them too.
        let spacing = if x.dtype() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
        x.rms_norm(&self.normalized_shape, self.weight.as_ref(), self.eps.unwrap_or(spacing))
    }
}

/// Groups of neighbouring channels normalised, each sample by itself: [`Tensor::group_norm`].
///
/// ```
/// use cotangent_nn::GroupNorm;
/// use cotangent_tensor::Tensor;
/// let y = GroupNorm::new(2, 4).eps(0.0).forward(&Tensor::from([[1.0f32, 3.0, 10.0, 20.0]]));
/// assert_eq!(y.to_vec::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct GroupNorm {
    /// What the normalised channels are multiplied by, of shape `[channels]`.
    pub weight: Option<Tensor>,
    /// What is added then, of shape `[channels]`.
    pub bias: Option<Tensor>,
    /// How many groups there are.
    pub num_groups: usize,
    /// What is added to the variance; 1e-5 unless said otherwise.
    pub eps: f64,
}

impl GroupNorm {
    /// Divides so many channels into groups; weight 1 and bias 0, of f32.
    ///
    /// # Panics
    /// When the channels do not divide into the groups.
    #[must_use]
    #[track_caller]
    pub fn new(num_groups: usize, channels: usize) -> Self {
        assert!(
            num_groups > 0 && channels.is_multiple_of(num_groups),
            "group_norm: {channels} channels do not divide into {num_groups} groups"
        );
        let (weight, bias) = (Tensor::ones([channels], DType::F32), Tensor::zeros([channels], DType::F32));
        GroupNorm { weight: Some(weight), bias: Some(bias), num_groups, eps: 1e-5 }
    }

    /// What is added to the variance.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        GroupNorm { eps: checked_eps("group_norm", eps), ..self }
    }

    /// Without weight and bias.
    #[must_use]
    pub fn without_affine(self) -> Self {
        GroupNorm { weight: None, bias: None, ..self }
    }

    /// [`Tensor::group_norm`] of x `[n, c, ..]`.
    ///
    /// # Panics
    /// When x does not have the layer's channels, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.group_norm(self.num_groups, self.weight.as_ref(), self.bias.as_ref(), self.eps)
    }
}

/// Each element divided by what the channels around it amount to: [`Tensor::local_response_norm`].
#[derive(Clone, Copy, Debug, Module)]
pub struct LocalResponseNorm {
    /// Over how many channels the mean goes.
    pub size: usize,
    /// The factor of the mean square; 1e-4 unless said otherwise.
    pub alpha: f64,
    /// The exponent; 0.75 unless said otherwise.
    pub beta: f64,
    /// What is added to the mean; 1 unless said otherwise.
    pub k: f64,
}

impl LocalResponseNorm {
    /// Over so many channels, with PyTorch's other numbers.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    #[track_caller]
    pub fn new(size: usize) -> Self {
        assert!(size > 0, "local_response_norm: the window must hold a channel at least");
        LocalResponseNorm { size, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }

    /// The factor of the mean square.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        LocalResponseNorm { alpha, ..self }
    }

    /// The exponent.
    #[must_use]
    pub fn beta(self, beta: f64) -> Self {
        LocalResponseNorm { beta, ..self }
    }

    /// What is added to the mean.
    #[must_use]
    pub fn k(self, k: f64) -> Self {
        LocalResponseNorm { k, ..self }
    }

    /// [`Tensor::local_response_norm`] of x `[n, c, ..]`.
    ///
    /// # Panics
    /// When there is no channel axis, or the dtype is not floating point.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.local_response_norm(self.size, self.alpha, self.beta, self.k)
    }
}

#[track_caller]
pub(super) fn checked_eps(layer: &str, eps: f64) -> f64 {
    assert!(eps >= 0.0 && eps.is_finite(), "{layer}: eps must not be negative; got {eps}");
    eps
}

layers!(alike: LayerNorm, RmsNorm, GroupNorm, LocalResponseNorm);
