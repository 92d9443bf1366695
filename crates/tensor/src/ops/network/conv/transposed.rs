//! The transposed convolution: the derivative of a convolution in its input, used forward.

use super::{
    ConvWeightGrad, Names, bias_bar, flops,
    slide::{Slide, check_bias, check_inputs, checked, shape_with, sizes, spatial},
    tangent,
};
use crate::{
    Array, ConvPadding, Cotangents, Derivative, Error, ErrorKind, Few, Keep, PerAxis, Primitive, Result, Saved, Spec,
    SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    kernels::conv::{self, Sizes},
};

const NAMES: Names = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"];

/// How a transposed convolution slides its kernel, and the operation itself: `y[n, c, p stride + t dilation - padding] += Σ_o w[o, c,
/// t] x[n, o, p]`, from `bias[c]` on, of `x` `[N, O, ..]`, `w` `[O, C / groups, ..]` and `bias` `[C]`, which may be left out.
///
/// ```
/// use cotangent_tensor::ops::ConvTranspose;
/// let doubling = ConvTranspose::new().stride(2).padding(1).output_padding(1);
/// # let _ = doubling;
/// ```
#[derive(Clone, Debug)]
pub struct ConvTranspose {
    pub(super) slide: Slide,
    pub(super) output_padding: PerAxis,
}

impl Default for ConvTranspose {
    fn default() -> Self {
        ConvTranspose { slide: Slide::default(), output_padding: 0.into() }
    }
}

impl ConvTranspose {
    /// Stride 1, no padding, dilation 1, one group.
    #[must_use]
    pub fn new() -> Self {
        ConvTranspose::default()
    }

    /// How many elements of the result apart the elements of the input lie; 1 unless said otherwise.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<PerAxis>) -> Self {
        self.slide.stride = stride.into();
        self
    }

    /// How much is cut off at the ends of each axis: the padding of the convolution that this is the transpose of. Nothing unless said
    /// otherwise.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<ConvPadding>) -> Self {
        self.slide.padding = padding.into();
        self
    }

    /// How many elements apart the taps of the kernel are; 1 unless said otherwise.
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<PerAxis>) -> Self {
        self.slide.dilation = dilation.into();
        self
    }

    /// Into how many groups the channels are divided, each with kernels of its own; 1 unless said otherwise. As many groups as input
    /// channels make a depthwise convolution.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Self {
        self.slide.groups = groups;
        self
    }

    /// How many elements longer the result is at its end. Convolutions of a stride round down, so that several sizes have one result:
    /// this says which of them is meant. Less than the stride or the dilation; 0 unless said otherwise.
    #[must_use]
    pub fn output_padding(mut self, output_padding: impl Into<PerAxis>) -> Self {
        self.output_padding = output_padding.into();
        self
    }

    /// The sizes of the convolution that this is the transpose of: its output is our input.
    fn sizes(&self, inputs: &[SpecRef<'_>]) -> Result<(&'static str, Sizes)> {
        let op = check_inputs(&NAMES, inputs, true)?;
        let (x, w) = (inputs[0].shape(), inputs[1].shape());
        let axes = x.len() - 2;
        if x[1] != w[0] {
            let rule = format!("the weight takes {} input channels, the input has {}", w[0], x[1]);
            return Err(Error::new(ErrorKind::Shape, op, rule));
        }
        let channels = w[1].checked_mul(self.slide.groups).ok_or_else(|| {
            Error::new(ErrorKind::Size, op, "the output channels of all groups are more than memory can hold")
        })?;
        check_bias(op, inputs, channels)?;
        // Ours are the other way round.
        let [outputs, inputs] = self.slide.channels(op, [x[1], channels], None)?;
        let numbers = self.slide.numbers(op, spatial(w), axes, true)?;
        let output_padding = self.output_padding.resolve(op, "output padding", axes, 0)?;
        let windows = numbers.windows_back(spatial(x), output_padding)?;
        Ok((op, sizes(x[0], self.slide.groups, [inputs, outputs], windows)))
    }
}

impl Primitive for ConvTranspose {
    fn name(&self) -> &'static str {
        "conv_transpose"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let (op, sizes) = self.sizes(inputs)?;
        let shape = sizes_before(&sizes, inputs[0].rank());
        Ok(Spec::new(checked(op, shape, inputs[0])?, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (_, sizes) = self.sizes(&[inputs[0].spec(), inputs[1].spec()])?;
        let (x, w, bias) =
            (inputs[0].contiguous(), inputs[1].contiguous(), inputs.get(2).map(|bias| bias.contiguous()));
        let shape = sizes_before(&sizes, x.shape().len());
        let y = for_float!(x.dtype(), T => {
            let (x, w) = (x.as_slice().expect("contiguous"), w.as_slice().expect("contiguous"));
            let bias = bias.as_ref().map(|bias| bias.as_slice().expect("contiguous"));
            Array::from_buffer(conv::input_gradient::<T>(&sizes, x, w, bias), shape)
        });
        Ok(y.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops(inputs[0], inputs[1])
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

/// The shape of what was convolved.
fn sizes_before(sizes: &Sizes, rank: usize) -> crate::Shape {
    shape_with(sizes.batch, sizes.groups * sizes.inputs, sizes.windows.0.map(|axis| axis.input), rank - 2)
}

impl Vjp for ConvTranspose {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.and(Keep::input(1).when(needs[0])).and(Keep::input(0).when(needs[1]))
    }
    // x_bar = Conv(y_bar, w), w_bar = ConvWeightGrad(y_bar, x), bias_bar = the sum of each channel of y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let (x, w) = (saved.spec(0).shape(), saved.spec(1).shape());
        let x_bar = needs[0].then(|| self.slide.forward_to(&y_bar, saved.input(1), x));
        let w_bar = needs[1].then(|| {
            let weight_grad = ConvWeightGrad { slide: self.slide.clone(), kernel: w[2..].into() };
            apply(&weight_grad, &[&y_bar, saved.input(0)]).into_single()
        });
        [x_bar, w_bar].into_iter().chain(bias_bar(&y_bar, needs)).collect()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangent(self, x, dot, y)))
    }
}
