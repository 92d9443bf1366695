//! How far predicted numbers are from the true ones. Computed in f64, whatever the dtype.

use cotangent_tensor::{DType, Error, ErrorKind, Tensor};

/// The mean of `(prediction - target)²` over all elements; of none NaN.
///
/// # Panics
/// When the shapes differ, or a dtype is not floating point.
///
/// ```
/// use cotangent_nn::metrics::mean_squared_error;
/// use cotangent_tensor::Tensor;
/// assert_eq!(mean_squared_error(&Tensor::from([1.0f32, 2.0]), &Tensor::from([1.0f32, 4.0])), 2.0);
/// ```
#[must_use]
#[track_caller]
pub fn mean_squared_error(predictions: &Tensor, targets: &Tensor) -> f64 {
    let (x, y) = checked("mean_squared_error", predictions, targets);
    (x - y).square().mean(..).item()
}

/// The mean of `|prediction - target|` over all elements; of none NaN.
///
/// # Panics
/// When the shapes differ, or a dtype is not floating point.
///
/// ```
/// use cotangent_nn::metrics::mean_absolute_error;
/// use cotangent_tensor::Tensor;
/// assert_eq!(mean_absolute_error(&Tensor::from([1.0f32, 2.0]), &Tensor::from([1.0f32, 4.0])), 1.0);
/// ```
#[must_use]
#[track_caller]
pub fn mean_absolute_error(predictions: &Tensor, targets: &Tensor) -> f64 {
    let (x, y) = checked("mean_absolute_error", predictions, targets);
    (x - y).abs().mean(..).item()
}

/// The share of the targets' variance that predictions explain, `1 - Σ (y - x)² / Σ (y - mean y)²`; for shape `[n, ..]` the mean of that
/// share over the outputs.
///
/// Where targets do not vary it is 1 for predictions without an error, and 0 otherwise. Of fewer than two examples, or no outputs, NaN.
///
/// # Panics
/// When the shapes differ, there is no first axis, or a dtype is not floating point.
///
/// ```
/// use cotangent_nn::metrics::r2_score;
/// use cotangent_tensor::Tensor;
/// let targets = Tensor::from([1.0, 2.0, 3.0]);
/// assert_eq!(r2_score(&targets, &targets), 1.0);
/// assert_eq!(r2_score(&Tensor::from([2.0, 2.0, 2.0]), &targets), 0.0);
/// ```
#[must_use]
#[track_caller]
pub fn r2_score(predictions: &Tensor, targets: &Tensor) -> f64 {
    let (x, y) = checked("r2_score", predictions, targets);
    let Some(&examples) = x.shape().first() else {
        let rule = "needs a first axis, along which the examples lie";
        let error = Error::new(ErrorKind::Shape, "r2_score", rule);
        panic!("{}", error.with_inputs(&[predictions.spec(), targets.spec()]));
    };
    if examples < 2 || x.numel() == 0 {
        return f64::NAN;
    }
    let outputs = |x: Tensor| x.reshape([examples, x.numel() / examples]);
    let (x, y) = (outputs(x), outputs(y));
    let unexplained = (&x - &y).square().sum(0).to_vec::<f64>();
    let variation = (&y - y.mean_keepdims(0)).square().sum(0).to_vec::<f64>();
    let share = |(unexplained, variation): (&f64, &f64)| match (*unexplained, *variation) {
        (0.0, 0.0) => 1.0,
        (unexplained, 0.0) if !unexplained.is_nan() => 0.0,
        (unexplained, variation) => 1.0 - unexplained / variation,
    };
    unexplained.iter().zip(&variation).map(share).sum::<f64>() / variation.len() as f64
}

/// Both in f64, after a check that they can be compared element by element.
#[track_caller]
fn checked(op: &'static str, predictions: &Tensor, targets: &Tensor) -> (Tensor, Tensor) {
    let specs = [predictions.spec(), targets.spec()];
    if specs.iter().any(|spec| !spec.dtype().is_float()) {
        panic!("{}", Error::needs_float(op, &specs));
    }
    if predictions.shape() != targets.shape() {
        let error = Error::new(ErrorKind::Shape, op, "predictions and targets need one shape").with_inputs(&specs);
        panic!("{}", error.with_hint("broadcasting would compare each with all others"));
    }
    (predictions.stop_gradient().cast(DType::F64), targets.stop_gradient().cast(DType::F64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    #[test]
    fn figures_are_those_of_scikit_learn() {
        // The data of scripts/metrics_reference.py.
        let predictions = Tensor::from([[2.5, 0.0], [0.1, 2.0], [2.0, -1.0], [8.0, 0.5]]);
        let targets = Tensor::from([[3.0, 0.5], [-0.5, 2.0], [2.0, 1.0], [7.0, 0.5]]);
        let close = |x: f64, wanted: f64| assert!((x - wanted).abs() < 1e-15, "{x} {wanted}");
        close(mean_squared_error(&predictions, &targets), 0.7324999999999999);
        close(mean_absolute_error(&predictions, &targets), 0.575);
        close(r2_score(&predictions, &targets), -0.444246966452534);
        let (x, y) = (predictions.select(1, 0), targets.select(1, 0));
        close(mean_squared_error(&x, &y), 0.40249999999999997);
        close(mean_absolute_error(&x, &y), 0.525);
        close(r2_score(&x, &y), 0.9448394004282655);
    }

    #[test]
    fn targets_that_do_not_vary_nan_and_nothing_are_as_documented() {
        let ones = Tensor::from([1.0, 1.0]);
        assert_eq!((r2_score(&ones, &ones), r2_score(&Tensor::from([1.0, 2.0]), &ones)), (1.0, 0.0));
        assert!(r2_score(&Tensor::from([1.0]), &Tensor::from([1.0])).is_nan());
        assert!(r2_score(&Tensor::zeros([3, 0], DType::F32), &Tensor::zeros([3, 0], DType::F32)).is_nan());
        let unknown = Tensor::from([f64::NAN, 1.0]);
        assert!(r2_score(&unknown, &ones).is_nan() && r2_score(&ones, &unknown).is_nan());
        assert!(mean_squared_error(&unknown, &ones).is_nan() && mean_absolute_error(&unknown, &ones).is_nan());
        let none = Tensor::zeros([0], DType::F32);
        assert!(mean_squared_error(&none, &none).is_nan() && mean_absolute_error(&none, &none).is_nan());
    }

    #[test]
    fn misuse_is_refused() {
        let (row, column) = (Tensor::zeros([2], DType::F32), Tensor::zeros([2, 1], DType::F32));
        assert_eq!(
            panic_message(|| mean_squared_error(&row, &column)),
            "mean_squared_error: predictions and targets need one shape; got f32[2], f32[2, 1]; broadcasting would compare \
             each with all others"
        );
        let integers = Tensor::from([1i64]);
        let message = panic_message(|| mean_absolute_error(&integers, &integers));
        assert!(message.starts_with("mean_absolute_error: needs a floating-point dtype"), "{message}");
        let scalar = Tensor::from(1.0f32);
        assert!(panic_message(|| r2_score(&scalar, &scalar)).starts_with("r2_score: needs a first axis"));
    }
}
