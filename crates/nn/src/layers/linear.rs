//! The affine layer.

use super::layer::layers;
use crate::init::{self, Fan, gain};
use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Tensor};

/// `y = x Wᵀ + b`, over the last axis of x.
///
/// ```
/// use cotangent_nn::Linear;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let layer = Linear::new(3, 2, &mut Rng::seed(7));
/// assert_eq!(layer.forward(&Tensor::ones([5, 3], DType::F32)).shape()[..], [5, 2]);
///
/// let by_hand = Linear { weight: Tensor::from([[1.0, 2.0]]), bias: Some(Tensor::from([0.5])) };
/// assert_eq!(by_hand.forward(&Tensor::from([10.0, 1.0])).to_vec::<f64>(), [12.5]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Linear {
    /// W, of shape `[outputs, inputs]`.
    pub weight: Tensor,
    /// b, of shape `[outputs]`.
    pub bias: Option<Tensor>,
}

impl Linear {
    /// A layer of f32, W and b uniform in ±1/√inputs, as in PyTorch.
    ///
    /// For f64, cast it as any other module: `module::cast(&layer, DType::F64)`.
    ///
    /// # Panics
    /// When the weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        // Kaiming's law for a leaky relu of slope √5 is PyTorch's way to write ±1/√inputs.
        let weight = init::kaiming_uniform([outputs, inputs], Fan::In, gain::leaky_relu(5f64.sqrt()), DType::F32, rng);
        // A layer without inputs has no law of its own; PyTorch leaves its bias at 0.
        let bound = if inputs == 0 { 0.0 } else { 1.0 / (inputs as f64).sqrt() };
        let bias = rng.uniform_range(-bound, bound, [outputs], DType::F32);
        Linear { weight, bias: Some(bias) }
    }

    /// The layer with the same weight and no bias: `y = x Wᵀ`.
    ///
    /// ```
    /// use cotangent_nn::Linear;
    /// use cotangent_tensor::Rng;
    /// assert!(Linear::new(3, 2, &mut Rng::seed(7)).without_bias().bias.is_none());
    /// ```
    #[must_use]
    pub fn without_bias(self) -> Self {
        Linear { bias: None, ..self }
    }

    /// `x Wᵀ + b`: x of shape `[.., inputs]` gives `[.., outputs]`.
    ///
    /// # Panics
    /// When the last axis of x does not have the layer's inputs, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let &[outputs, inputs] = &self.weight.shape()[..] else {
            panic!("linear: the weight must have two axes, [outputs, inputs]; got {}", self.weight.spec());
        };
        assert!(
            x.shape().last() == Some(&inputs),
            "linear: the last axis of x must have the layer's {inputs} inputs; got {} for a layer of {inputs} inputs and {outputs} outputs",
            x.spec(),
        );
        x.linear(&self.weight, self.bias.as_ref())
    }
}

layers!(alike: Linear);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;
    use cotangent_autograd::{grad, module};

    #[test]
    fn a_new_layer_fills_pytorchs_range() {
        let layer = Linear::new(400, 300, &mut Rng::seed(1));
        let bias = layer.bias.expect("a new layer has a bias");
        assert_eq!((&layer.weight.shape()[..], &bias.shape()[..]), (&[300, 400][..], &[300][..]));
        for (values, what) in [(layer.weight.to_vec::<f32>(), "weight"), (bias.to_vec::<f32>(), "bias")] {
            let greatest = values.iter().fold(0f32, |max, x| max.max(x.abs()));
            // ±1/√400; of 300 uniform numbers the greatest falls below 97% of the bound once in 10,000 seeds.
            assert!((0.97 * 0.05..=0.05).contains(&greatest), "{what}: {greatest}");
        }
    }

    #[test]
    fn the_derivatives_are_those_of_a_matrix_product() {
        let layer = Linear { weight: Tensor::from([[1.0, 2.0], [3.0, -1.0]]), bias: Some(Tensor::from([0.5, -0.5])) };
        let x = Tensor::from([[1.0, 2.0], [-3.0, 4.0], [0.0, 1.0]]);
        assert_eq!(layer.forward(&x).to_vec::<f64>(), [5.5, 0.5, 5.5, -13.5, 2.5, -1.5]);
        let (layer_bar, x_bar) = grad(&(layer, x), |(layer, x)| layer.forward(x).sum(..));
        assert_eq!(layer_bar.weight.to_vec::<f64>(), [-2.0, 7.0, -2.0, 7.0]);
        assert_eq!(layer_bar.bias.expect("as in the layer").to_vec::<f64>(), [3.0, 3.0]);
        assert_eq!(x_bar.to_vec::<f64>(), [4.0, 1.0, 4.0, 1.0, 4.0, 1.0]);
    }

    #[test]
    fn axes_before_the_last_stay() {
        let layer = module::cast(&Linear::new(3, 2, &mut Rng::seed(2)).without_bias(), DType::F64);
        assert_eq!(layer.forward(&Tensor::ones([3], DType::F64)).shape()[..], [2]);
        assert_eq!(layer.forward(&Tensor::ones([5, 4, 3], DType::F64)).shape()[..], [5, 4, 2]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_named() {
        let layer = Linear::new(3, 2, &mut Rng::seed(3));
        let message = panic_message(|| layer.forward(&Tensor::ones([5, 4], DType::F32)));
        assert_eq!(
            message,
            "linear: the last axis of x must have the layer's 3 inputs; got f32[5, 4] for a layer of 3 inputs and 2 outputs"
        );
        let message = panic_message(|| layer.forward(&Tensor::from(1.0f32)));
        assert!(message.contains("got f32[]"), "{message}");
    }

    #[test]
    fn a_layer_without_inputs_is_its_bias() {
        let layer = Linear::new(0, 2, &mut Rng::seed(4));
        assert_eq!(layer.forward(&Tensor::zeros([3, 0], DType::F32)).to_vec::<f32>(), [0.0; 6]);
    }
}
