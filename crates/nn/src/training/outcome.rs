//! What a loss closure returns: a loss, and what else it measured on the way.

use super::error::BoxError;
use cotangent_tensor::Tensor;

/// The result of a loss closure.
///
/// | what it returns | means |
/// |---|---|
/// | `Tensor` | the loss |
/// | `(Tensor, [(name, f64); N])`, `(Tensor, Vec<(name, f64)>)` | the loss, and measures under their names |
/// | `Result<_, E>` of one of these | an error ends the training |
///
/// The loss is one floating-point number. A measure is a mean over the batch, such as an accuracy; means over an epoch weigh
/// each batch by its examples. Its name may not be `loss`, begin with `valid_`, or be a column of
/// [`History::to_csv`](super::History::to_csv).
pub trait Outcome {
    /// Takes it apart.
    ///
    /// # Errors
    /// With what the closure returned.
    fn into_parts(self) -> Result<(Tensor, Vec<(String, f64)>), BoxError>;
}

impl Outcome for Tensor {
    fn into_parts(self) -> Result<(Tensor, Vec<(String, f64)>), BoxError> {
        Ok((self, Vec::new()))
    }
}

impl<N: Into<String>, const K: usize> Outcome for (Tensor, [(N, f64); K]) {
    fn into_parts(self) -> Result<(Tensor, Vec<(String, f64)>), BoxError> {
        (self.0, Vec::from(self.1)).into_parts()
    }
}

impl<N: Into<String>> Outcome for (Tensor, Vec<(N, f64)>) {
    fn into_parts(self) -> Result<(Tensor, Vec<(String, f64)>), BoxError> {
        Ok((self.0, self.1.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }
}

impl<T: Outcome, E: Into<BoxError>> Outcome for Result<T, E> {
    fn into_parts(self) -> Result<(Tensor, Vec<(String, f64)>), BoxError> {
        self.map_err(Into::into)?.into_parts()
    }
}
