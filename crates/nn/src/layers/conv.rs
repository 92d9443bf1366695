//! Convolutions over one to three axes.

use super::{
    layer::layers,
    sizes::{Padding, Sizes, name},
};
use crate::init::{self, Fan, gain};
use cotangent_derive::Module;
use cotangent_tensor::{
    DType, Rng, Shape, Tensor,
    ops::{self, PadMode},
};

/// A convolution over N axes, [`Conv1d`], [`Conv2d`] or [`Conv3d`]: `[n, c, ..] -> [n, o, ..]`; an input without the batch axis
/// gives a result without it.
///
/// ```
/// use cotangent_nn::{Conv2d, Padding};
/// use cotangent_tensor::{DType, Rng, Tensor, ops::PadMode};
/// let mut rng = Rng::seed(7);
/// let images = Tensor::ones([8, 3, 32, 32], DType::F32);
/// let halving = Conv2d::new(3, 16, 3, &mut rng).stride(2).padding(1);
/// assert_eq!(halving.forward(&images).shape()[..], [8, 16, 16, 16]);
///
/// let reflecting = Conv2d::new(3, 3, [3, 5], &mut rng).padding(Padding::Same).padding_mode(PadMode::Reflect);
/// assert_eq!(reflecting.forward(&images).shape(), images.shape());
///
/// let depthwise = Conv2d::grouped(32, 32, 3, 32, &mut rng).without_bias();
/// assert_eq!(depthwise.weight.shape()[..], [32, 1, 3, 3]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Convolution<const N: usize> {
    /// The kernels, of shape `[outputs, inputs / groups, ..]`.
    pub weight: Tensor,
    /// What is added to each output channel, of shape `[outputs]`.
    pub bias: Option<Tensor>,
    /// How many elements apart windows are.
    pub stride: [usize; N],
    /// How much is put around the input.
    #[module(skip)]
    pub padding: Padding<N>,
    /// How many elements apart the taps of the kernel are.
    pub dilation: [usize; N],
    /// Into how many groups the channels are divided, each with kernels of its own.
    pub groups: usize,
    /// What stands in the padding: elements of the input, or else zeros.
    #[module(skip)]
    pub padding_mode: Option<PadMode>,
}

/// A [`Convolution`] of signals `[n, c, l]`.
pub type Conv1d = Convolution<1>;
/// A [`Convolution`] of images `[n, c, h, w]`.
pub type Conv2d = Convolution<2>;
/// A [`Convolution`] of volumes `[n, c, d, h, w]`.
pub type Conv3d = Convolution<3>;

impl<const N: usize> Convolution<N> {
    const NAME: &'static str = name::<N>(["conv1d", "conv2d", "conv3d"]);

    /// From so many channels to so many, with kernels of this size, stride 1 and no padding; f32, weight and bias uniform in
    /// ±1/√(inputs · kernel elements), as in PyTorch.
    ///
    /// # Panics
    /// When the weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, kernel_size: impl Into<Sizes<N>>, rng: &mut Rng) -> Self {
        Convolution::grouped(inputs, outputs, kernel_size, 1, rng)
    }

    /// As [`new`](Self::new), with the channels divided into groups, each with kernels of its own: as many groups as there are inputs make a
    /// depthwise convolution. Only the weight that groups have is drawn, uniform in ±1/√(inputs / groups · kernel elements).
    ///
    /// # Panics
    /// When the channels do not divide into the groups, or the weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn grouped(
        inputs: usize,
        outputs: usize,
        kernel_size: impl Into<Sizes<N>>,
        groups: usize,
        rng: &mut Rng,
    ) -> Self {
        check_groups(Self::NAME, groups, [inputs, outputs]);
        let (weight, bias) = weight_and_bias([outputs, inputs / groups], kernel_size.into().0, outputs, rng);
        Convolution {
            weight,
            bias: Some(bias),
            stride: [1; N],
            padding: 0.into(),
            dilation: [1; N],
            groups,
            padding_mode: None,
        }
    }

    /// How many elements apart windows are; 1 unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
        Convolution { stride: positive(Self::NAME, "stride", stride), ..self }
    }

    /// How much is put around the input: a number, one for each axis, a pair of before and after for each, or
    /// [`Padding::Same`]; nothing unless said otherwise.
    #[must_use]
    pub fn padding(self, padding: impl Into<Padding<N>>) -> Self {
        Convolution { padding: padding.into(), ..self }
    }

    /// How many elements apart the taps of the kernel are; 1 unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn dilation(self, dilation: impl Into<Sizes<N>>) -> Self {
        Convolution { dilation: positive(Self::NAME, "dilation", dilation), ..self }
    }

    /// Divides the channels of a new layer into groups, each with kernels of its own. It keeps as many of the weights that it has drawn as
    /// groups need, scaled to the range that layers of so few inputs have; [`grouped`](Self::grouped) draws no more than these, which counts
    /// where there are many groups.
    ///
    /// # Panics
    /// When the channels do not divide into the groups, or the layer has groups already.
    #[must_use]
    #[track_caller]
    pub fn groups(self, groups: usize) -> Self {
        let channels = [self.weight.size(1), self.weight.size(0)];
        let (weight, bias) = in_groups(Self::NAME, [self.groups, groups], channels, self.weight, self.bias);
        Convolution { weight, bias, groups, ..self }
    }

    /// What stands in the padding: elements of the input. Zeros unless said otherwise.
    #[must_use]
    pub fn padding_mode(self, mode: PadMode) -> Self {
        Convolution { padding_mode: Some(mode), ..self }
    }

    /// The layer with the same weight, and nothing added.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Convolution { bias: None, ..self }
    }

    /// The convolution of x, [`Tensor::conv1d`] and its like.
    ///
    /// # Panics
    /// When x does not have the layer's channels or is smaller than the kernel, its padding mode has not as many elements as the
    /// padding asks for, the padding is [`Padding::Same`] with a stride, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        check_channels(
            Self::NAME,
            N,
            x,
            &self.weight,
            self.weight.shape().get(1).map(|n| n.saturating_mul(self.groups)),
        );
        assert!(
            self.padding != Padding::Same || self.stride == [1; N],
            "{}: the padding \"same\" is for stride 1; got the stride {:?}, for which conventions differ; give the numbers with .padding(..)",
            Self::NAME,
            self.stride,
        );
        let pairs = self.padding.pairs(&self.weight.shape()[2..], &self.dilation);
        let conv = ops::Conv::new().stride(self.stride).dilation(self.dilation).groups(self.groups);
        match self.padding_mode.filter(|_| pairs.iter().any(|&pair| pair != (0, 0))) {
            None => self.convolved(x, &conv.padding(pairs)),
            Some(mode) => self.convolved(&padded(Self::NAME, x, &pairs, mode), &conv),
        }
    }

    #[track_caller]
    fn convolved(&self, x: &Tensor, conv: &ops::Conv) -> Tensor {
        let (weight, bias) = (&self.weight, self.bias.as_ref());
        match N {
            1 => x.conv1d(weight, bias, conv),
            2 => x.conv2d(weight, bias, conv),
            _ => x.conv3d(weight, bias, conv),
        }
    }
}

/// x with elements of its own around its last axes.
#[track_caller]
fn padded(layer: &str, x: &Tensor, pairs: &[(usize, usize)], mode: PadMode) -> Tensor {
    let first = x.rank() - pairs.len();
    for (&(before, after), &size) in pairs.iter().zip(&x.shape()[first..]) {
        let reach = match mode {
            PadMode::Reflect => size.saturating_sub(1),
            PadMode::Circular => size,
            PadMode::Replicate if size > 0 => usize::MAX,
            PadMode::Replicate => 0,
        };
        assert!(
            before.max(after) <= reach,
            "{layer}: the padding mode {mode:?} has at most {reach} places beyond an axis of size {size}, not ({before}, {after}); got {}",
            x.spec(),
        );
    }
    let mut all = vec![(0, 0); first];
    // A padding beyond isize is refused by the mode's reach, or as too large by the operation.
    let signed = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
    all.extend(pairs.iter().map(|&(before, after)| (signed(before), signed(after))));
    x.pad_with(all, mode)
}

/// A weight of this many channels, behind which the kernel's axes stand, and a bias; both by the law of PyTorch.
#[track_caller]
pub(super) fn weight_and_bias<const N: usize>(
    channels: [usize; 2],
    kernel: [usize; N],
    outputs: usize,
    rng: &mut Rng,
) -> (Tensor, Tensor) {
    let shape: Shape = channels.into_iter().chain(kernel).collect();
    // In floating point, because the shape's size is only checked when it is drawn.
    let fan_in = shape[1..].iter().map(|&size| size as f64).product::<f64>();
    // Kaiming's law for a leaky relu of slope √5 is PyTorch's way to write ±1/√fan_in.
    let weight = init::kaiming_uniform(shape, Fan::In, gain::leaky_relu(5f64.sqrt()), DType::F32, rng);
    let bound = if fan_in == 0.0 { 0.0 } else { fan_in.sqrt().recip() };
    (weight, rng.uniform_range(-bound, bound, [outputs], DType::F32))
}

#[track_caller]
pub(super) fn check_groups(layer: &str, groups: usize, [inputs, outputs]: [usize; 2]) {
    assert!(
        groups > 0 && inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups),
        "{layer}: {inputs} input channels and {outputs} output channels do not divide into {groups} groups"
    );
}

/// What is left of a new layer's weight when its channels are divided: the second axis is shorter, and the bound of a uniform law
/// is larger by √groups.
#[track_caller]
pub(super) fn in_groups(
    layer: &str,
    [old, groups]: [usize; 2],
    channels: [usize; 2],
    weight: Tensor,
    bias: Option<Tensor>,
) -> (Tensor, Option<Tensor>) {
    assert!(old == 1, "{layer}: the layer has {old} groups already; say once how many, on a new layer");
    check_groups(layer, groups, channels);
    if groups == 1 {
        return (weight, bias);
    }
    let kept = weight.size(1) / groups;
    let scale = (groups as f64).sqrt();
    (weight.narrow(1, 0, kept) * scale, bias.map(|bias| bias * scale))
}

#[track_caller]
pub(super) fn positive<const N: usize>(layer: &str, what: &str, sizes: impl Into<Sizes<N>>) -> [usize; N] {
    let sizes = sizes.into().0;
    assert!(!sizes.contains(&0), "{layer}: the {what} must be at least 1 along every axis; got {sizes:?}");
    sizes
}

/// Refuses what is not a batch of images, or one, with the layer's channels; and a weight put together by hand that is no kernel.
#[track_caller]
pub(super) fn check_channels(layer: &str, axes: usize, x: &Tensor, weight: &Tensor, channels: Option<usize>) {
    assert!(
        weight.rank() == axes + 2,
        "{layer}: the weight must have {} axes, two of channels and {axes} of the kernel; got {}",
        axes + 2,
        weight.spec()
    );
    let axis = x.rank().checked_sub(axes + 1).filter(|&axis| axis <= 1);
    let (Some(axis), Some(channels)) = (axis, channels) else {
        let (names, spec) = (["l", "h, w", "d, h, w"][axes - 1], x.spec());
        panic!("{layer}: x must be a batch [n, c, {names}] or a single [c, {names}]; got {spec}");
    };
    if x.shape()[axis] != channels {
        // What a batch of images without an axis of channels looks like.
        let hint =
            if axis == 0 && channels == 1 { "; a batch of one channel is [n, 1, ..], .unsqueeze(1)" } else { "" };
        panic!(
            "{layer}: axis {axis} of x must have the layer's {channels} channels; got {} for a layer with the weight {}{hint}",
            x.spec(),
            weight.spec(),
        );
    }
}

layers!(alike over N: Convolution);
