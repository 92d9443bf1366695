//! Dropout: in training, elements or whole channels are left out at random; in evaluation, nothing is done.

use super::layer::layers;
use crate::Mode;
use cotangent_derive::Module;
use cotangent_tensor::Tensor;

#[track_caller]
fn check_probability(layer: &str, p: f64) {
    assert!((0.0..=1.0).contains(&p), "{layer}: the probability must be from 0 to 1; got {p}");
}

/// The channels of a batch, or of a single signal or volume, left out.
#[track_caller]
fn of_channels(layer: &str, axes: usize, x: &Tensor, p: f64, mode: &mut Mode<'_>) -> Tensor {
    // PyTorch takes three axes where images are expected for a batch of signals, others for one image: neither is guessed.
    let single = axes != 2 && x.rank() == axes + 1;
    assert!(
        single || x.rank() == axes + 2,
        "{layer}: x must be {}; got {}",
        ["[n, c, l] or [c, l]", "[n, c, h, w]", "[n, c, d, h, w] or [c, d, h, w]"][axes - 1],
        x.spec(),
    );
    match mode.rng() {
        Some(rng) if single => x.unsqueeze(0).feature_dropout(p, rng).squeeze(0),
        Some(rng) => x.feature_dropout(p, rng),
        None => x.clone(),
    }
}

macro_rules! dropouts {
    ($($(#[$doc:meta])* $Layer:ident($name:literal) = |$x:ident, $p:ident, $mode:ident| $value:expr, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Module)]
        pub struct $Layer {
            /// With which probability something is left out; PyTorch's default is 0.5.
            pub p: f64,
        }

        impl $Layer {
            /// With the probability of leaving out.
            ///
            /// # Panics
            /// When it is not from 0 to 1.
            #[must_use]
            #[track_caller]
            pub fn new(p: f64) -> Self {
                check_probability($name, p);
                $Layer { p }
            }

            #[doc = $rule]
            ///
            /// # Panics
            /// When the probability is not from 0 to 1, x does not have the layer's axes, or x is not
            /// floating point.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
                check_probability($name, self.p);
                let ($x, $p, $mode) = (x, self.p, mode);
                $value
            }
        }
    )*};
}

dropouts! {
    /// Leaves out each element with probability p, in training: [`Tensor::dropout`].
    ///
    /// ```
    /// use cotangent_nn::{Dropout, Mode};
    /// use cotangent_tensor::{DType, Rng, Tensor};
    /// let (dropout, x) = (Dropout::new(0.5), Tensor::ones([100], DType::F32));
    /// assert_eq!(dropout.forward(&x, &mut Mode::eval()).to_vec::<f32>(), [1.0; 100]);
    /// let y = dropout.forward(&x, &mut Mode::train(&mut Rng::seed(7)));
    /// assert!(y.to_vec::<f32>().iter().all(|&y| y == 0.0 || y == 2.0));
    /// ```
    Dropout("dropout") = |x, p, mode| match mode.rng() {
        Some(rng) => x.dropout(p, rng),
        None => x.clone(),
    }, "In training zero or `x / (1 - p)`, in evaluation x.";
    /// Leaves out whole channels of signals `[n, c, l]` or `[c, l]`, in training: [`Tensor::feature_dropout`].
    Dropout1d("dropout1d") = |x, p, mode| of_channels("dropout1d", 1, x, p, mode), "In training zero or `x / (1 - p)` for each channel, in evaluation x.";
    /// Leaves out whole channels of images `[n, c, h, w]`, in training: [`Tensor::feature_dropout`].
    Dropout2d("dropout2d") = |x, p, mode| of_channels("dropout2d", 2, x, p, mode), "In training zero or `x / (1 - p)` for each channel, in evaluation x.";
    /// Leaves out whole channels of volumes `[n, c, d, h, w]` or `[c, d, h, w]`, in training: [`Tensor::feature_dropout`].
    Dropout3d("dropout3d") = |x, p, mode| of_channels("dropout3d", 3, x, p, mode), "In training zero or `x / (1 - p)` for each channel, in evaluation x.";
    /// Leaves out elements in a network of the activation SELU, keeping mean and variance, in training:
    /// [`Tensor::alpha_dropout`].
    AlphaDropout("alpha_dropout") = |x, p, mode| match mode.rng() {
        Some(rng) => x.alpha_dropout(p, rng),
        None => x.clone(),
    }, "In training with mean and variance kept, in evaluation x.";
}

layers!(by_mode: Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout);
