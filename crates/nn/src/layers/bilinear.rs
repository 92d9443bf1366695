//! The bilinear layer.

use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Tensor};

/// `y[.., o] = Σ_ij a[.., i] W[o, i, j] b[.., j] + bias[o]`: linear in each of two inputs.
///
/// ```
/// use cotangent_nn::Bilinear;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let layer = Bilinear::new(3, 4, 2, &mut Rng::seed(7));
/// let (a, b) = (Tensor::ones([5, 3], DType::F32), Tensor::ones([5, 4], DType::F32));
/// assert_eq!(layer.forward(&a, &b).shape()[..], [5, 2]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Bilinear {
    /// W, of shape `[outputs, inputs of a, inputs of b]`.
    pub weight: Tensor,
    /// Of shape `[outputs]`.
    pub bias: Option<Tensor>,
}

impl Bilinear {
    /// A layer of f32, all uniform in ±1/√(inputs of a), as in PyTorch.
    ///
    /// # Panics
    /// When the weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(inputs_a: usize, inputs_b: usize, outputs: usize, rng: &mut Rng) -> Self {
        // Without inputs there is nothing to draw but the bias, which has no law then.
        let bound = if inputs_a == 0 { 0.0 } else { 1.0 / (inputs_a as f64).sqrt() };
        let weight = rng.uniform_range(-bound, bound, [outputs, inputs_a, inputs_b], DType::F32);
        let bias = rng.uniform_range(-bound, bound, [outputs], DType::F32);
        Bilinear { weight, bias: Some(bias) }
    }

    /// The layer with the same weight, and nothing added.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Bilinear { bias: None, ..self }
    }

    /// The layer's value at `a` `[.., inputs of a]` and `b` `[.., inputs of b]`, whose other axes are the same.
    ///
    /// # Panics
    /// When the shapes are others, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, a: &Tensor, b: &Tensor) -> Tensor {
        let &[outputs, inputs_a, inputs_b] = &self.weight.shape()[..] else {
            let spec = self.weight.spec();
            panic!("bilinear: the weight must have three axes, [outputs, inputs of a, inputs of b]; got {spec}");
        };
        let parts = (a.shape().split_last(), b.shape().split_last());
        let fits = matches!(parts, (Some((&last_a, others_a)), Some((&last_b, others_b)))
            if [last_a, last_b] == [inputs_a, inputs_b] && others_a == others_b);
        assert!(
            fits,
            "bilinear: the inputs must be [.., {inputs_a}] and [.., {inputs_b}], alike but for the last axis; got {}, {} for a layer of {outputs} outputs",
            a.spec(),
            b.spec(),
        );
        let y = Tensor::einsum("...i,oij,...j->...o", [a, &self.weight, b]);
        match &self.bias {
            Some(bias) => y + bias,
            None => y,
        }
    }
}
