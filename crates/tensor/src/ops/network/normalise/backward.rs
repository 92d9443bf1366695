//! The fused derivative of [`Normalise`].

use super::Normalise;
use crate::{
    Array, Decompose, Derivative, Few, Primitive, Result, Shape, Spec, SpecRef, Tensor,
    dtype::for_float,
    error::takes,
    kernels::normalise::{self as kernel, Bars, Form, Kept},
};

/// `x_bar`, or `x_bar`, `weight_bar`, `bias_bar`, from `x`, `mean`, `var`, `y_bar`, `mean_bar`, `var_bar` and, in the second case,
/// `weight`.
#[derive(Clone, Debug)]
pub(super) struct NormaliseGrad(pub(super) Normalise);

impl Primitive for NormaliseGrad {
    fn name(&self) -> &'static str {
        "normalise_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("normalise_grad", if self.0.affine { 7 } else { 6 }, inputs)?;
        let mut outputs = Few::one(inputs[0].to_owned());
        if let Some(weight) = inputs.get(6) {
            outputs.push(weight.to_owned());
            outputs.push(weight.to_owned());
        }
        Ok(outputs)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let weight_shape = inputs.get(6).map(|weight| weight.shape());
        Ok(for_float!(x.dtype(), T => {
            if x.numel() == 0 {
                let zeros = weight_shape.map(|shape| Array::full(T::default(), shape));
                return Ok([Some(x.clone()), zeros.clone(), zeros].into_iter().flatten().collect());
            }
            let (form, rows, transposed) = self.0.lay_out(x);
            let y_bar = self.0.lay_out(inputs[3]).1;
            let [mean, variance, mean_bar, variance_bar] = [1, 2, 4, 5].map(|i| inputs[i].to_slice::<T>());
            let weight = inputs.get(6).map(|weight| weight.to_slice::<T>());
            let kept = Kept {
                x: rows.as_slice().expect("contiguous"),
                weight: weight.as_deref(),
                mean: &mean,
                variance: &variance,
            };
            let bars = Bars { y: y_bar.as_slice().expect("contiguous"), mean: &mean_bar, variance: &variance_bar };
            let (x_bar, weight_bar, bias_bar) = kernel::backward(self.0.rule::<T>(form), kept, bars, weight.is_some());
            let flat = if transposed { Shape::from([x.numel()]) } else { x.shape().clone() };
            let x_bar = Normalise::laid_back(Array::from_buffer(x_bar, flat), transposed, x.shape());
            let Some(shape) = weight_shape else { return Ok(x_bar.into()) };
            [x_bar, Array::from_buffer(weight_bar, shape), Array::from_buffer(bias_bar, shape)].into()
        }))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for NormaliseGrad {
    // With d = x - mean, r = 1 / √(var + ε), g = weight y_bar and n elements in a group:
    // x_bar = r g + d (2 var_bar - r³ Σ g d) / n + (mean_bar - r Σ g) / n, the last term if the mean is taken off;
    // weight_bar = Σ y_bar d r; bias_bar = Σ y_bar.
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let x = inputs[0];
        let axes = FormAxes(self.0.form(x.shape()));
        let [mean, variance, mean_bar, variance_bar] = [1, 2, 4, 5].map(|i| axes.groups(inputs[i]));
        let (d, y_bar) = (axes.elements(x) - mean, axes.elements(inputs[3]));
        let r = (variance + self.0.eps).sqrt().reciprocal();
        let g = inputs.get(6).map_or_else(|| y_bar.clone(), |weight| &y_bar * axes.channels(weight));
        let along_d = (variance_bar * 2 - &r * &r * &r * axes.sums(&(&g * &d))) / axes.count();
        let mut x_bar = &r * &g + &d * along_d;
        if self.0.centred {
            x_bar += (mean_bar - &r * axes.sums(&g)) / axes.count();
        }
        let mut outputs = Few::one(x_bar.reshape(x.shape()));
        if let Some(weight) = inputs.get(6) {
            let per_channel = |x: Tensor| x.sum([0, 1, 4]).reshape(weight.shape());
            outputs.push(per_channel(&y_bar * &d * &r));
            outputs.push(per_channel(y_bar));
        }
        outputs
    }
}

/// Tensors under the five axes of a [`Form`], so that they broadcast against each other.
pub(super) struct FormAxes(pub(super) Form);

impl FormAxes {
    pub(super) fn elements(&self, x: &Tensor) -> Tensor {
        let Form { outer, samples, period, channels, spatial } = self.0;
        x.reshape([outer, samples, period, channels, spatial])
    }

    /// One number for each group.
    pub(super) fn groups(&self, x: &Tensor) -> Tensor {
        x.reshape([1, self.0.samples, self.0.period, 1, 1])
    }

    /// One number for each channel.
    pub(super) fn channels(&self, x: &Tensor) -> Tensor {
        x.reshape([1, 1, self.0.period, self.0.channels, 1])
    }

    /// The sum of each group.
    pub(super) fn sums(&self, elements: &Tensor) -> Tensor {
        elements.sum_keepdims([0, 3, 4])
    }

    /// The elements of a group.
    pub(super) fn count(&self) -> f64 {
        (self.0.outer * self.0.channels * self.0.spatial) as f64
    }
}
