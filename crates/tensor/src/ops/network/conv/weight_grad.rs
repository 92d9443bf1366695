//! The derivative of a convolution in its weight.

use super::{
    Conv, Names, flops,
    slide::{Slide, check_inputs, checked, shape_with, sizes, spatial},
    tangent,
};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, PerAxis, Primitive, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply,
    dtype::for_float,
    kernels::conv::{self, Sizes},
};

const NAMES: Names = ["conv_weight_grad"; 3];

/// `w[o, c, t] = Σ_n Σ_p y[n, o, p] x[n, c, p stride + t dilation - padding]` of `x` `[N, C, ..]` and `y` `[N, O, ..]`: what a
/// convolution's weight gets from the cotangent of its result.
///
/// ```
/// use cotangent_tensor::{Tensor, apply, ops::{Conv, ConvWeightGrad}};
/// let (x, y_bar) = (Tensor::from([[[1.0, 2.0, 4.0, 8.0]]]), Tensor::from([[[1.0, 10.0, 100.0]]]));
/// let w_bar = apply(&ConvWeightGrad::new(Conv::new(), 2), &[&x, &y_bar]).into_single();
/// assert_eq!(w_bar.to_vec::<f64>(), [421.0, 842.0]);
/// ```
#[derive(Clone, Debug)]
pub struct ConvWeightGrad {
    pub(super) slide: Slide,
    pub(super) kernel: PerAxis,
}

impl ConvWeightGrad {
    /// For the weight of this convolution, with a kernel of these sizes.
    #[must_use]
    pub fn new(conv: Conv, kernel: impl Into<PerAxis>) -> Self {
        ConvWeightGrad { slide: conv.slide, kernel: kernel.into() }
    }

    fn sizes(&self, inputs: &[SpecRef<'_>]) -> Result<(&'static str, Sizes)> {
        let op = check_inputs(&NAMES, inputs, false)?;
        let (x, y) = (inputs[0].shape(), inputs[1].shape());
        let axes = x.len() - 2;
        if x[0] != y[0] {
            let rule = format!("the input has a batch of {}, the output one of {}", x[0], y[0]);
            return Err(Error::new(ErrorKind::Shape, op, rule));
        }
        let channels = self.slide.channels(op, [x[1], y[1]], None)?;
        let kernel = self.kernel.resolve_positive(op, "kernel", axes)?;
        let numbers = self.slide.numbers(op, kernel, axes, false)?;
        let windows = numbers.windows_between(spatial(x), spatial(y))?;
        Ok((op, sizes(x[0], self.slide.groups, channels, windows)))
    }

    fn shape(&self, sizes: &Sizes, rank: usize) -> crate::Shape {
        shape_with(sizes.groups * sizes.outputs, sizes.inputs, sizes.windows.0.map(|axis| axis.kernel), rank - 2)
    }
}

impl Primitive for ConvWeightGrad {
    fn name(&self) -> &'static str {
        "conv_weight_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let (op, sizes) = self.sizes(inputs)?;
        Ok(Spec::new(checked(op, self.shape(&sizes, inputs[0].rank()), inputs[0])?, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (_, sizes) = self.sizes(&[inputs[0].spec(), inputs[1].spec()])?;
        let (x, y) = (inputs[0].contiguous(), inputs[1].contiguous());
        let shape = self.shape(&sizes, x.shape().len());
        let w = for_float!(x.dtype(), T => {
            let (x, y) = (x.as_slice().expect("contiguous"), y.as_slice().expect("contiguous"));
            Array::from_buffer(conv::weight_gradient::<T>(&sizes, x, y), shape)
        });
        Ok(w.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], outputs: &[SpecRef<'_>]) -> u64 {
        flops(inputs[1], outputs[0])
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for ConvWeightGrad {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.and(Keep::input(1).when(needs[0])).and(Keep::input(0).when(needs[1]))
    }
    // x_bar = ConvTranspose(y, w_bar), y_bar = Conv(x, w_bar)
    fn vjp(&self, saved: &Saved, w_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let w_bar = w_bar.single();
        let (x, y) = (saved.spec(0).shape(), saved.spec(1).shape());
        let x_bar = needs[0].then(|| {
            let back = self.slide.back_to(x, y, w_bar.shape());
            apply(&back, &[saved.input(1), &w_bar]).into_single()
        });
        let y_bar = needs[1].then(|| self.slide.forward_to(saved.input(0), &w_bar, y));
        [x_bar, y_bar].into()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangent(self, x, dot, y)))
    }
}
