//! The convolution.

use super::{
    ConvWeightGrad, Names, bias_bar, flops,
    slide::{Slide, check_bias, check_inputs, checked, shape_with, sizes, spatial},
    tangent,
};
use crate::{
    Array, ConvPadding, Cotangents, Derivative, Few, Keep, PerAxis, Primitive, Result, Saved, Spec, SpecRef, Tensor,
    Vjp, apply,
    dtype::for_float,
    kernels::conv::{self, Sizes},
};

const NAMES: Names = ["conv1d", "conv2d", "conv3d"];

/// How a convolution slides its kernel, and the operation itself: `y[n, o, p] = bias[o] + Σ_c Σ_t w[o, c, t] x[n, c, p stride +
/// t dilation - padding]` of `x` `[N, C, ..]`, `w` `[O, C / groups, ..]` and `bias` `[O]`, which may be left out, over as many spatial axes
/// as the inputs have, one to three.
///
/// ```
/// use cotangent_tensor::{ConvPadding, ops::Conv};
/// let halving = Conv::new().stride(2).padding(1);
/// let wide = Conv::new().dilation([1, 2]).padding(ConvPadding::Same).groups(4);
/// # let _ = (halving, wide);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Conv {
    pub(super) slide: Slide,
}

impl Conv {
    /// Stride 1, no padding, dilation 1, one group.
    #[must_use]
    pub fn new() -> Self {
        Conv::default()
    }

    /// How many elements apart windows are; 1 unless said otherwise.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<PerAxis>) -> Self {
        self.slide.stride = stride.into();
        self
    }

    /// How many zeros there are around the input: a number, one for each axis, pairs of before and after, or
    /// [`ConvPadding::Same`]; none unless said otherwise.
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

    fn sizes(&self, inputs: &[SpecRef<'_>]) -> Result<(&'static str, Sizes)> {
        let op = check_inputs(&NAMES, inputs, true)?;
        let (x, w) = (inputs[0].shape(), inputs[1].shape());
        let channels = self.slide.channels(op, [x[1], w[0]], Some(w[1]))?;
        check_bias(op, inputs, w[0])?;
        let numbers = self.slide.numbers(op, spatial(w), x.len() - 2, false)?;
        Ok((op, sizes(x[0], self.slide.groups, channels, numbers.windows(spatial(x))?)))
    }
}

impl Primitive for Conv {
    fn name(&self) -> &'static str {
        "conv"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let (op, sizes) = self.sizes(inputs)?;
        let outputs = sizes.windows.0.map(|axis| axis.output);
        let shape = shape_with(sizes.batch, inputs[1].shape()[0], outputs, inputs[0].rank() - 2);
        Ok(Spec::new(checked(op, shape, inputs[0])?, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (_, sizes) = self.sizes(&[inputs[0].spec(), inputs[1].spec()])?;
        let (x, w, bias) =
            (inputs[0].contiguous(), inputs[1].contiguous(), inputs.get(2).map(|bias| bias.contiguous()));
        let outputs = sizes.windows.0.map(|axis| axis.output);
        let shape = shape_with(sizes.batch, w.shape()[0], outputs, x.shape().len() - 2);
        let y = for_float!(x.dtype(), T => {
            let (x, w) = (x.as_slice().expect("contiguous"), w.as_slice().expect("contiguous"));
            let bias = bias.as_ref().map(|bias| bias.as_slice().expect("contiguous"));
            Array::from_buffer(conv::forward::<T>(&sizes, x, w, bias), shape)
        });
        Ok(y.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], outputs: &[SpecRef<'_>]) -> u64 {
        flops(outputs[0], inputs[1])
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Conv {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.and(Keep::input(1).when(needs[0])).and(Keep::input(0).when(needs[1]))
    }
    // x_bar = ConvTranspose(y_bar, w), w_bar = ConvWeightGrad(x, y_bar), bias_bar = the sum of each channel of y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let (x, w) = (saved.spec(0).shape(), saved.spec(1).shape());
        let x_bar = needs[0].then(|| {
            let back = self.slide.back_to(x, y_bar.shape(), w);
            apply(&back, &[&y_bar, saved.input(1)]).into_single()
        });
        let w_bar = needs[1].then(|| {
            let weight_grad = ConvWeightGrad { slide: self.slide.clone(), kernel: w[2..].into() };
            apply(&weight_grad, &[saved.input(0), &y_bar]).into_single()
        });
        [x_bar, w_bar].into_iter().chain(bias_bar(&y_bar, needs)).collect()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangent(self, x, dot, y)))
    }
}
