//! Losses: one number that says how wrong a prediction is. They are methods of a tensor, compositions of operations that
//! have derivatives of any order.

use crate::labels::checked_classes;
use cotangent_tensor::{Error, ErrorKind, Tensor};

/// Losses as methods of the prediction: `model.forward(&x).cross_entropy(&labels)`.
///
/// The prelude brings them into scope.
pub trait Loss {
    /// The mean of `-ln softmax(x)[label]` over all rows, for logits x of shape `[.., classes]` and class indices `[..]` of
    /// dtype i64. Computed from the logarithm of the softmax, so that no confidence is too high or too low for it. Of no
    /// rows it is NaN, as any mean.
    ///
    /// # Panics
    /// When a label is not a class, the shapes do not fit, or the dtypes are not floating point and i64.
    ///
    /// ```
    /// use cotangent_nn::Loss;
    /// use cotangent_tensor::Tensor;
    /// let logits = Tensor::from([[0.0, 0.0], [0.0, 2000.0]]);
    /// let loss = logits.cross_entropy(&Tensor::from([1i64, 0]));
    /// assert_eq!(loss.item::<f64>(), (2f64.ln() + 2000.0) / 2.0);
    /// ```
    #[must_use]
    fn cross_entropy(&self, labels: &Tensor) -> Tensor;

    /// The mean of `(x - target)²` over all elements.
    ///
    /// # Panics
    /// When shapes or dtypes differ, or are not floating point. Shapes are not broadcast: `[n, 1]` against `[n]` would
    /// compare every prediction with every target.
    ///
    /// ```
    /// use cotangent_nn::Loss;
    /// use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, 2.0]).mse_loss(&Tensor::from([1.0, 4.0])).item::<f64>(), 2.0);
    /// ```
    #[must_use]
    fn mse_loss(&self, target: &Tensor) -> Tensor;
}

impl Loss for Tensor {
    #[track_caller]
    fn cross_entropy(&self, labels: &Tensor) -> Tensor {
        checked_classes("cross_entropy", self, labels);
        -self.log_softmax(-1).gather(-1, &labels.unsqueeze(-1)).mean(..)
    }

    #[track_caller]
    fn mse_loss(&self, target: &Tensor) -> Tensor {
        if self.shape() != target.shape() {
            let error = Error::new(ErrorKind::Shape, "mse_loss", "prediction and target must have one shape")
                .with_inputs(&[self.spec(), target.spec()])
                .with_hint("reshape one of them");
            panic!("{error}");
        }
        (self - target).square().mean(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;
    use cotangent_autograd::{grad, hessian, hvp};
    use cotangent_tensor::{DType, Rng};

    fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64) {
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() <= tolerance * (1.0 + wanted.abs()), "{found} instead of {wanted}");
        }
    }

    /// The gradient by central differences.
    fn differences(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Vec<f64> {
        // The cube root of the spacing of f64 balances truncation (h²) against rounding (eps / h).
        const H: f64 = 6e-6;
        let values = x.to_vec::<f64>();
        let at = |i: usize, h: f64| {
            let mut moved = values.clone();
            moved[i] += h;
            f(&Tensor::from_vec(moved, x.shape()).expect("as many as before")).item::<f64>()
        };
        (0..values.len()).map(|i| (at(i, H) - at(i, -H)) / (2.0 * H)).collect()
    }

    #[test]
    fn cross_entropy_and_its_gradient_are_those_of_pytorch() {
        let logits = Tensor::from([[1.0, 2.0, 0.5], [0.1, -3.0, 4.0]]);
        let labels = Tensor::from([1i64, 0]);
        let gradient = grad(&logits, |logits| logits.cross_entropy(&labels));
        // torch 2.15: x = torch.tensor([[1., 2, .5], [.1, -3, 4]], dtype=torch.float64, requires_grad=True)
        // loss = torch.nn.functional.cross_entropy(x, torch.tensor([1, 0])); loss.backward()
        // Up to a few roundings.
        assert_close(&[logits.cross_entropy(&labels).item()], &[2.1926509710622577], 1e-15);
        let wanted = [
            0.11561194881107452,
            -0.18573414039411879,
            0.07012219158304424,
            -0.49008870574814084,
            0.0004464959007341103,
            0.48964220984740675,
        ];
        assert_close(&gradient.to_vec(), &wanted, 1e-15);
    }

    #[test]
    fn gradients_agree_with_differences_and_so_do_second_derivatives() {
        let mut rng = Rng::seed(11);
        let labels = rng.randint(0, 4, [2, 3]);
        let (logits, direction) = (rng.normal([2, 3, 4], DType::F64), rng.normal([2, 3, 4], DType::F64));
        let target = rng.normal([2, 3, 4], DType::F64);
        let losses: [&dyn Fn(&Tensor) -> Tensor; 2] = [&|x| x.cross_entropy(&labels), &|x| x.mse_loss(&target)];
        for loss in losses {
            // Differences with h = 6e-6 are good to about h², 4e-11; a wrong rule is off by far more.
            assert_close(&grad(&logits, loss).to_vec(), &differences(&logits, loss), 1e-9);
            let along = |x: &Tensor| (grad(x, loss) * &direction).sum(..);
            assert_close(&hvp(&logits, &direction, loss).to_vec(), &differences(&logits, along), 1e-9);
        }
    }

    #[test]
    fn the_hessian_of_cross_entropy_is_diag_p_minus_p_p() {
        let logits = Tensor::from([0.3, -1.0, 2.0]);
        let p = logits.softmax(0).to_vec::<f64>();
        let found = hessian(&logits, |x| x.cross_entropy(&Tensor::from(2i64)));
        let wanted: Vec<f64> = (0..9)
            .map(|i| (i / 3, i % 3))
            .map(|(i, j)| if i == j { p[i] - p[i] * p[i] } else { -p[i] * p[j] })
            .collect();
        assert_close(&found.to_vec(), &wanted, 1e-15);
    }

    #[test]
    fn extreme_logits_stay_finite() {
        let logits = Tensor::from([[1e4f32, -1e4], [-1e4, 1e4]]);
        assert_eq!(logits.cross_entropy(&Tensor::from([0i64, 1])).item::<f32>(), 0.0);
        assert_eq!(logits.cross_entropy(&Tensor::from([1i64, 0])).item::<f32>(), 2e4);
        let gradient = grad(&logits, |x| x.cross_entropy(&Tensor::from([1i64, 0])));
        assert_eq!(gradient.to_vec::<f32>(), [0.5, -0.5, -0.5, 0.5]);
    }

    #[test]
    fn shapes_are_not_broadcast() {
        let (x, target) = (Tensor::zeros([3, 1], DType::F32), Tensor::zeros([3], DType::F32));
        assert_eq!(
            panic_message(|| x.mse_loss(&target)),
            "mse_loss: prediction and target must have one shape; got f32[3, 1], f32[3]; reshape one of them"
        );
        let message = panic_message(|| x.cross_entropy(&Tensor::from([0i64, 0, 1])));
        assert!(
            message.starts_with("cross_entropy: the label at [2] is 1, which is not one of the 1 classes"),
            "{message}"
        );
    }
}
