//! Transposed convolutions over one to three axes.

use super::{
    conv::{check_channels, check_groups, in_groups, positive, weight_and_bias},
    layer::layers,
    sizes::{Padding, Sizes, name},
};
use cotangent_derive::Module;
use cotangent_tensor::{Rng, Tensor, ops};

/// A transposed convolution over N axes, [`ConvTranspose1d`], [`ConvTranspose2d`] or [`ConvTranspose3d`], which makes images larger:
/// what a [`Convolution`](crate::Convolution) with the same numbers does to a cotangent.
///
/// ```
/// use cotangent_nn::ConvTranspose2d;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let doubling = ConvTranspose2d::new(16, 8, 3, &mut Rng::seed(7)).stride(2).padding(1).output_padding(1);
/// assert_eq!(doubling.forward(&Tensor::ones([4, 16, 8, 8], DType::F32)).shape()[..], [4, 8, 16, 16]);
/// ```
#[doc(alias = "deconvolution")]
#[derive(Clone, Debug, Module)]
pub struct TransposedConvolution<const N: usize> {
    /// The kernels, of shape `[inputs, outputs / groups, ..]`.
    pub weight: Tensor,
    /// What is added to each output channel, of shape `[outputs]`.
    pub bias: Option<Tensor>,
    /// How many elements of the result apart the elements of the input lie.
    pub stride: [usize; N],
    /// How much is cut off before the first element of each axis, and after the last.
    pub padding: [(usize, usize); N],
    /// How many elements longer the result is at its end.
    pub output_padding: [usize; N],
    /// How many elements apart the taps of the kernel are.
    pub dilation: [usize; N],
    /// Into how many groups the channels are divided, each with kernels of its own.
    pub groups: usize,
}

/// A [`TransposedConvolution`] of signals `[n, c, l]`.
pub type ConvTranspose1d = TransposedConvolution<1>;
/// A [`TransposedConvolution`] of images `[n, c, h, w]`.
pub type ConvTranspose2d = TransposedConvolution<2>;
/// A [`TransposedConvolution`] of volumes `[n, c, d, h, w]`.
pub type ConvTranspose3d = TransposedConvolution<3>;

impl<const N: usize> TransposedConvolution<N> {
    const NAME: &'static str = name::<N>(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]);

    /// From so many channels to so many, with kernels of this size, stride 1 and no padding; f32, weight and bias uniform in
    /// ±1/√(outputs · kernel elements), as in PyTorch.
    ///
    /// # Panics
    /// When the weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, kernel_size: impl Into<Sizes<N>>, rng: &mut Rng) -> Self {
        TransposedConvolution::grouped(inputs, outputs, kernel_size, 1, rng)
    }

    /// As [`new`](Self::new), with the channels divided into groups, each with kernels of its own. Only the weight that groups have is drawn,
    /// uniform in ±1/√(outputs / groups · kernel elements).
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
        let (weight, bias) = weight_and_bias([inputs, outputs / groups], kernel_size.into().0, outputs, rng);
        TransposedConvolution {
            weight,
            bias: Some(bias),
            stride: [1; N],
            padding: [(0, 0); N],
            output_padding: [0; N],
            dilation: [1; N],
            groups,
        }
    }

    /// How many elements of the result apart the elements of the input lie; 1 unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
        TransposedConvolution { stride: positive(Self::NAME, "stride", stride), ..self }
    }

    /// How much is cut off at the ends of each axis, the padding of the convolution that this is the transpose of: a number, one
    /// for each axis, or a pair of before and after for each; nothing unless said otherwise.
    ///
    /// # Panics
    /// For [`Padding::Same`]: many sizes have the same result.
    #[must_use]
    #[track_caller]
    pub fn padding(self, padding: impl Into<Padding<N>>) -> Self {
        let Padding::Around(padding) = padding.into() else {
            panic!("{}: a transposed convolution has no padding \"same\"; give the numbers", Self::NAME);
        };
        TransposedConvolution { padding, ..self }
    }

    /// How many elements longer the result is at its end: which of the sizes is meant that a convolution of a stride makes one
    /// result of. Less than the stride or the dilation; 0 unless said otherwise.
    #[must_use]
    pub fn output_padding(self, output_padding: impl Into<Sizes<N>>) -> Self {
        TransposedConvolution { output_padding: output_padding.into().0, ..self }
    }

    /// How many elements apart the taps of the kernel are; 1 unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn dilation(self, dilation: impl Into<Sizes<N>>) -> Self {
        TransposedConvolution { dilation: positive(Self::NAME, "dilation", dilation), ..self }
    }

    /// Divides the channels of a new layer into groups, each with kernels of its own. It keeps as many of the weights that it has drawn as
    /// groups need, scaled to the range that layers of so few outputs have; [`grouped`](Self::grouped) draws no more than these.
    ///
    /// # Panics
    /// When the channels do not divide into the groups, or the layer has groups already.
    #[must_use]
    #[track_caller]
    pub fn groups(self, groups: usize) -> Self {
        let channels = [self.weight.size(0), self.weight.size(1)];
        let (weight, bias) = in_groups(Self::NAME, [self.groups, groups], channels, self.weight, self.bias);
        TransposedConvolution { weight, bias, groups, ..self }
    }

    /// The layer with the same weight, and nothing added.
    #[must_use]
    pub fn without_bias(self) -> Self {
        TransposedConvolution { bias: None, ..self }
    }

    /// The transposed convolution of x, [`Tensor::conv_transpose1d`] and its like.
    ///
    /// # Panics
    /// When x does not have the layer's channels, the padding cuts off everything, the output padding is not less than the stride
    /// or the dilation, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        check_channels(Self::NAME, N, x, &self.weight, self.weight.shape().first().copied());
        let conv = ops::ConvTranspose::new()
            .stride(self.stride)
            .padding(self.padding)
            .output_padding(self.output_padding)
            .dilation(self.dilation)
            .groups(self.groups);
        let (weight, bias) = (&self.weight, self.bias.as_ref());
        match N {
            1 => x.conv_transpose1d(weight, bias, &conv),
            2 => x.conv_transpose2d(weight, bias, &conv),
            _ => x.conv_transpose3d(weight, bias, &conv),
        }
    }
}

layers!(alike over N: TransposedConvolution);
