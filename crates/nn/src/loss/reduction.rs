//! From the losses of a batch to the number that training makes small.

use cotangent_tensor::{DType, Tensor};

/// What becomes of the losses of the elements or rows of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// They stay as they are.
    None,
    /// Their mean; weighted where a loss says so. Of none it is NaN.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Their sum, divided by the size of the first axis: the loss of an example, where each has several losses.
    BatchMean,
}

impl Reduction {
    pub(super) fn of(self, losses: &Tensor) -> Tensor {
        match self {
            Reduction::None => losses.clone(),
            Reduction::Mean => losses.mean(..),
            Reduction::Sum => losses.sum(..),
            Reduction::BatchMean => {
                let rows = losses.shape().first().map_or(1.0, |&size| size as f64);
                rounded_once([losses], |[losses]| losses.sum(..) / rows)
            }
        }
    }

    /// As [`of`](Self::of), of losses that have been multiplied by weights, by which the mean divides.
    pub(super) fn of_weighted(self, losses: &Tensor, weights: &Tensor) -> Tensor {
        match self {
            Reduction::Mean => rounded_once([losses, weights], |[losses, weights]| losses.sum(..) / weights.sum(..)),
            other => other.of(losses),
        }
    }
}

/// `f` of halves as f32, in their dtype: f16 holds neither a sum of many rows, whose mean it holds, nor the square of a length.
pub(super) fn rounded_once<const N: usize>(tensors: [&Tensor; N], f: impl FnOnce([&Tensor; N]) -> Tensor) -> Tensor {
    match tensors.first().map(|x| x.dtype()) {
        Some(dtype) if dtype.is_half() => f(tensors.map(|x| x.cast(DType::F32)).each_ref()).cast(dtype),
        _ => f(tensors),
    }
}

/// Declares a loss's options: each field with its default, and how losses are reduced.
macro_rules! options {
    ($(#[$doc:meta])* $Name:ident { $($field:ident: $Type:ty = $default:expr),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "it computes nothing until its method `of` is called"]
        pub struct $Name {
            $($field: $Type,)*
            reduction: Reduction,
        }

        impl $Name {
            /// With PyTorch's defaults.
            pub fn new() -> Self {
                $Name { $($field: $default,)* reduction: Reduction::Mean }
            }

            /// What becomes of the single losses: by default their mean is taken.
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }
        }

        impl Default for $Name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}
pub(super) use options;
