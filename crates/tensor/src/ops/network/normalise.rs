//! Normalisation by mean and variance, or by the mean square: layer, group, instance and batch norm, RMS norm; and local
//! response normalisation.
//!
//! All but the last are one primitive, [`Normalise`]: one fused pass for value, scale and shift, and one for all
//! cotangents. They differ in which elements are normalised together and which share a weight.
//!
//! Elements that are all equal, a single one among them, normalise to zeros with gradient zero, as long as ε > 0: the
//! variance stands under the root together with ε.

mod backward;
mod primitive;
mod response;
#[cfg(test)]
mod tests;

pub use primitive::Normalise;

use crate::ops::broadcast::{or_panic, widened};
use crate::{
    Error, ErrorKind, Few, Shape, Tensor,
    error::{check_eps, same_dtypes},
    try_apply,
};

/// Normalisation by mean and variance.
impl Tensor {
    /// `(x - mean) / √(var + eps) * weight + bias`, with mean and variance over the last axes, whose sizes are
    /// `normalized_shape`; weight and bias have that shape. The variance is divided by n.
    ///
    /// Accurate also where the mean is large beside the deviations. (Ba, Kiros, Hinton, "Layer normalization", 2016.)
    ///
    /// # Panics
    /// When the last axes have other sizes, weight or bias another shape, the dtypes differ or are not floating
    /// point, or eps is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 3.0], [20.0, 10.0]]);
    /// assert_eq!(x.layer_norm([2], None, None, 0.0).to_vec::<f32>(), [-1.0, 1.0, 1.0, -1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn layer_norm(
        &self,
        normalized_shape: impl Into<Shape>,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        eps: f64,
    ) -> Tensor {
        let shape = normalized_shape.into();
        first(normalised(&Normalise::layer(&shape, eps), self, &shape, weight, bias))
    }

    /// `x / √(mean(x²) + eps) * weight`, with the mean over the last axes, whose sizes are `normalized_shape`.
    ///
    /// (Zhang, Sennrich, "Root mean square layer normalization", NeurIPS 2019.)
    ///
    /// # Panics
    /// When the last axes have other sizes, the weight another shape, the dtypes differ or are not floating point, or eps
    /// is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[3.0f64, 3.0, 3.0, 3.0]]);
    /// assert_eq!(x.rms_norm([4], None, 0.0).to_vec::<f64>(), [1.0; 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn rms_norm(&self, normalized_shape: impl Into<Shape>, weight: Option<&Tensor>, eps: f64) -> Tensor {
        let shape = normalized_shape.into();
        first(normalised(&Normalise::root_mean_square(&shape, eps), self, &shape, weight, None))
    }

    /// Normalises each of `groups` groups of neighbouring channels of each sample by its mean and variance; then each
    /// channel is scaled by its weight, and its bias added.
    ///
    /// `[n, c, ..] -> [n, c, ..]`, weight and bias `[c]`. (Wu, He, "Group normalization", ECCV 2018.)
    ///
    /// # Panics
    /// When there is no channel axis, the channels do not fall into `groups` groups, weight or bias has not one number for each
    /// channel, the dtypes differ or are not floating point, or eps is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f64, 3.0, 10.0, 20.0]]);
    /// assert_eq!(x.group_norm(2, None, None, 0.0).to_vec::<f64>(), [-1.0, 1.0, -1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn group_norm(&self, groups: usize, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f64) -> Tensor {
        let norm = Normalise::groups(groups, eps);
        first(normalised(&norm, self, &self.channels(norm.op()), weight, bias))
    }

    /// Normalises each channel of each sample by its own mean and variance: [`group_norm`](Self::group_norm) with a group
    /// for each channel.
    ///
    /// `[n, c, ..] -> [n, c, ..]`, weight and bias `[c]`. A channel of one element becomes its bias. (Ulyanov, Vedaldi,
    /// Lempitsky, "Instance normalization", 2016.)
    ///
    /// # Panics
    /// When there is no channel axis, weight or bias has not one number for each channel, the dtypes differ or are not floating
    /// point, or eps is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1.0f64, 3.0], [10.0, 20.0]]]);
    /// assert_eq!(x.instance_norm(None, None, 0.0).to_vec::<f64>(), [-1.0, 1.0, -1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn instance_norm(&self, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f64) -> Tensor {
        let norm = Normalise::instances(eps);
        first(normalised(&norm, self, &self.channels(norm.op()), weight, bias))
    }

    /// Normalises each channel by its mean and variance over the batch: the form for training. Returns `(y, mean, var)`; the
    /// last two, of shape `[c]`, in f32 for halves, are for running statistics, and have derivatives of their own.
    ///
    /// `[n, c, ..] -> [n, c, ..]`, weight and bias `[c]`. The variance is divided by the number m of elements of a channel;
    /// running statistics as PyTorch's take `var * m / (m - 1)`. A channel of one element becomes its bias, where PyTorch
    /// refuses. (Ioffe, Szegedy, "Batch normalization", ICML 2015.)
    ///
    /// # Panics
    /// When there is no channel axis, weight or bias has not one number for each channel, the dtypes differ or are not floating
    /// point, or eps is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f64, 10.0], [3.0, 20.0]]);
    /// let (y, mean, var) = x.batch_norm(None, None, 0.0);
    /// assert_eq!(y.to_vec::<f64>(), [-1.0, -1.0, 1.0, 1.0]);
    /// assert_eq!((mean.to_vec::<f64>(), var.to_vec::<f64>()), (vec![2.0, 15.0], vec![1.0, 25.0]));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn batch_norm(&self, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f64) -> (Tensor, Tensor, Tensor) {
        let norm = Normalise::batch(eps);
        let mut outputs = normalised(&norm, self, &self.channels(norm.op()), weight, bias).into_iter();
        let mut next = || outputs.next().expect("three outputs");
        (next(), next(), next())
    }

    /// Normalises each channel by a mean and a variance that are given: batch norm's form for inference,
    /// `(x - mean) * (weight / √(var + eps)) + bias`.
    ///
    /// `[n, c, ..] -> [n, c, ..]`, all others `[c]`. Beside halves, mean and variance may be f32, as batch norm gives them.
    ///
    /// # Panics
    /// When there is no channel axis, one of the others has not one number for each channel, the dtypes differ or are not
    /// floating point, or eps is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f64, 10.0], [3.0, 20.0]]);
    /// let (mean, var) = (Tensor::from([1.0, 10.0]), Tensor::from([4.0, 25.0]));
    /// assert_eq!(x.batch_norm_with(&mean, &var, None, None, 0.0).to_vec::<f64>(), [0.0, 0.0, 1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn batch_norm_with(
        &self,
        mean: &Tensor,
        var: &Tensor,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        eps: f64,
    ) -> Tensor {
        const OP: &str = "batch_norm_with";
        let channels = self.channels(OP);
        let named = [("mean", Some(mean)), ("variance", Some(var)), ("weight", weight), ("bias", bias)];
        for (what, tensor) in named {
            let Some(tensor) = tensor else { continue };
            let specs = [self.spec(), tensor.spec()];
            let is_statistic = matches!(what, "mean" | "variance");
            if !(is_statistic && tensor.dtype() == self.dtype().widened()) {
                or_panic(same_dtypes(OP, &specs));
            }
            or_panic(primitive::check_channelwise(OP, specs[0], what, specs[1], &channels));
        }
        if !self.dtype().is_float() {
            panic!("{}", Error::needs_float(OP, &[self.spec()]));
        }
        or_panic(check_eps(OP, eps).map_err(|error| error.with_inputs(&[self.spec()])));
        let per_channel =
            |x: &Tensor| x.reshape([channels[0]].into_iter().chain(vec![1; self.rank() - 2]).collect::<Shape>());
        let [x, mean, var] = [self, mean, var].map(widened);
        let scale = match weight {
            Some(weight) => widened(weight) / (var + eps).sqrt(),
            None => (var + eps).sqrt().reciprocal(),
        };
        let y = (x - per_channel(&mean)) * per_channel(&scale);
        let y = match bias {
            Some(bias) => y + per_channel(&widened(bias)),
            None => y,
        };
        y.cast(self.dtype())
    }

    /// `[c]`, the size of axis 1.
    #[track_caller]
    fn channels(&self, op: &'static str) -> Shape {
        let [_, channels, ..] = self.shape()[..] else {
            let rule = "needs a batch axis and a channel axis";
            panic!("{}", Error::new(ErrorKind::Shape, op, rule).with_inputs(&[self.spec()]));
        };
        [channels].into()
    }
}

/// All outputs; a missing weight is one, a missing bias zero, if the other is there.
#[track_caller]
fn normalised(
    norm: &Normalise,
    x: &Tensor,
    channelwise: &Shape,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Few<Tensor> {
    let result = match (weight, bias) {
        (None, None) => try_apply(norm, &[x]),
        (weight, bias) => {
            let ones = || if x.dtype().is_float() { Tensor::ones(channelwise, x.dtype()) } else { x.clone() };
            let weight = weight.cloned().unwrap_or_else(ones);
            let bias = bias.cloned().unwrap_or_else(|| weight.zeros_like());
            try_apply(&norm.clone().with_affine(), &[x, &weight, &bias])
        }
    };
    or_panic(result.map_err(|error| {
        // What the user passed says more than what was filled in.
        let given: Few<_> = [Some(x), weight, bias].into_iter().flatten().map(Tensor::spec).collect();
        error.with_inputs(&given)
    }))
}

/// The elements, without their means and variances.
fn first(outputs: Few<Tensor>) -> Tensor {
    outputs.into_iter().next().expect("three outputs")
}
