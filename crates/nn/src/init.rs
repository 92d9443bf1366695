//! The laws that weights are drawn from before training, as in PyTorch's `torch.nn.init`.
//!
//! A weight's standard deviation is chosen so that signals keep their size from layer to layer. With
//! `fan_in = n * k` and `fan_out = m * k` for a weight of shape `[m, n, ..]`, where k is the number of elements behind
//! the first two axes:
//!
//! | law | standard deviation | source |
//! |---|---|---|
//! | kaiming | gain / √fan | He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10 and 14 |
//! | xavier | gain √(2 / (fan_in + fan_out)) | Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, eq. 12 and 16 |
//!
//! A uniform law with standard deviation s has the bounds ±√3 s.

use cotangent_tensor::{DType, Rng, Shape, Tensor};

/// Which side of a weight the Kaiming laws keep the signals' size for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fan {
    /// Inputs: values keep their size on the way forward.
    In,
    /// Outputs: cotangents keep theirs on the way back.
    Out,
}

/// What makes up for the size that a nonlinearity takes from a signal, with PyTorch's values.
pub mod gain {
    /// Of layers without a nonlinearity, and of a sigmoid: 1.
    pub const LINEAR: f64 = 1.0;
    /// Of tanh: 5/3.
    pub const TANH: f64 = 5.0 / 3.0;
    /// Of relu: √2, because half of the signal is lost.
    pub const RELU: f64 = std::f64::consts::SQRT_2;
    /// Of a relu with this slope below zero: √(2 / (1 + slope²)).
    #[must_use]
    pub fn leaky_relu(slope: f64) -> f64 {
        (2.0 / (1.0 + slope * slope)).sqrt()
    }
}

/// Uniform with standard deviation gain / √fan, in ±gain √(3 / fan).
///
/// # Panics
/// When the shape has fewer than two axes or overflows, or the dtype is not floating point.
///
/// ```
/// use cotangent_nn::init::{self, Fan, gain};
/// use cotangent_tensor::{DType, Rng};
/// let weight = init::kaiming_uniform([10, 6], Fan::In, gain::RELU, DType::F64, &mut Rng::seed(7));
/// assert!(weight.to_vec::<f64>().iter().all(|w| w.abs() <= 1.0));
/// ```
#[must_use]
#[track_caller]
pub fn kaiming_uniform(shape: impl Into<Shape>, fan: Fan, gain: f64, dtype: DType, rng: &mut Rng) -> Tensor {
    let shape = shape.into();
    let deviation = kaiming("kaiming_uniform", &shape, fan, gain);
    uniform(shape, deviation, dtype, rng)
}

/// Normal with standard deviation gain / √fan.
///
/// # Panics
/// As [`kaiming_uniform`].
///
/// ```
/// use cotangent_nn::init::{self, Fan, gain};
/// use cotangent_tensor::{DType, Rng};
/// let weight = init::kaiming_normal([10, 50], Fan::In, gain::RELU, DType::F64, &mut Rng::seed(7));
/// assert!((weight.var(.., 1).item::<f64>().sqrt() - 0.2).abs() < 0.02);
/// ```
#[must_use]
#[track_caller]
pub fn kaiming_normal(shape: impl Into<Shape>, fan: Fan, gain: f64, dtype: DType, rng: &mut Rng) -> Tensor {
    let shape = shape.into();
    let deviation = kaiming("kaiming_normal", &shape, fan, gain);
    rng.normal(shape, dtype) * deviation
}

/// Uniform with standard deviation gain √(2 / (fan_in + fan_out)), in ±gain √(6 / (fan_in + fan_out)).
///
/// # Panics
/// As [`kaiming_uniform`].
///
/// ```
/// use cotangent_nn::init::{self, gain};
/// use cotangent_tensor::{DType, Rng};
/// let weight = init::xavier_uniform([4, 2], gain::LINEAR, DType::F64, &mut Rng::seed(7));
/// assert!(weight.to_vec::<f64>().iter().all(|w| w.abs() <= 1.0));
/// ```
#[must_use]
#[track_caller]
pub fn xavier_uniform(shape: impl Into<Shape>, gain: f64, dtype: DType, rng: &mut Rng) -> Tensor {
    let shape = shape.into();
    let deviation = xavier("xavier_uniform", &shape, gain);
    uniform(shape, deviation, dtype, rng)
}

/// Normal with standard deviation gain √(2 / (fan_in + fan_out)).
///
/// # Panics
/// As [`kaiming_uniform`].
///
/// ```
/// use cotangent_nn::init::{self, gain};
/// use cotangent_tensor::{DType, Rng};
/// let weight = init::xavier_normal([30, 20], gain::LINEAR, DType::F64, &mut Rng::seed(7));
/// assert!((weight.var(.., 1).item::<f64>().sqrt() - 0.2).abs() < 0.02);
/// ```
#[must_use]
#[track_caller]
pub fn xavier_normal(shape: impl Into<Shape>, gain: f64, dtype: DType, rng: &mut Rng) -> Tensor {
    let shape = shape.into();
    let deviation = xavier("xavier_normal", &shape, gain);
    rng.normal(shape, dtype) * deviation
}

fn uniform(shape: Shape, deviation: f64, dtype: DType, rng: &mut Rng) -> Tensor {
    let bound = 3f64.sqrt() * deviation;
    rng.uniform_range(-bound, bound, shape, dtype)
}

#[track_caller]
fn kaiming(op: &str, shape: &Shape, fan: Fan, gain: f64) -> f64 {
    let (fan_in, fan_out) = fans(op, shape);
    gain / if fan == Fan::In { fan_in } else { fan_out }.sqrt()
}

#[track_caller]
fn xavier(op: &str, shape: &Shape, gain: f64) -> f64 {
    let (fan_in, fan_out) = fans(op, shape);
    gain * (2.0 / (fan_in + fan_out)).sqrt()
}

/// Inputs of each output and outputs of each input, at least 1 of either: a weight without elements has no law, and must
/// not ask for an infinite one.
#[track_caller]
fn fans(op: &str, shape: &Shape) -> (f64, f64) {
    let [outputs, inputs, others @ ..] = &shape[..] else {
        panic!("{op}: a weight needs two axes, [outputs, inputs, ..]; got the shape {shape:?}");
    };
    // In floating point, because the shape's size is only checked when it is drawn.
    let others: f64 = others.iter().map(|&size| size as f64).product();
    ((*inputs as f64 * others).max(1.0), (*outputs as f64 * others).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    /// Standard deviation about zero, and greatest magnitude.
    fn spread(weight: &Tensor) -> (f64, f64) {
        (weight.square().mean(..).item::<f64>().sqrt(), weight.abs().max(..).item::<f64>())
    }

    fn close(found: f64, wanted: f64) {
        // A deviation estimated from n = 24,000 numbers is off by wanted / √(2n), 0.5%, at one sigma.
        assert!((found / wanted - 1.0).abs() < 0.02, "{found} instead of {wanted}");
    }

    #[test]
    fn every_law_has_its_deviation_and_bounds() {
        let mut rng = Rng::seed(5);
        // A convolution's weight: fan_in = 20 * 12 = 240, fan_out = 100 * 12 = 1200.
        let shape = [100, 20, 3, 4];
        for (fan, size) in [(Fan::In, 240.0), (Fan::Out, 1200.0)] {
            let wanted = gain::RELU / f64::sqrt(size);
            let (deviation, greatest) = spread(&kaiming_uniform(shape, fan, gain::RELU, DType::F64, &mut rng));
            close(deviation, wanted);
            assert!(greatest <= 3f64.sqrt() * wanted && greatest > 1.7 * wanted);
            close(spread(&kaiming_normal(shape, fan, gain::RELU, DType::F64, &mut rng)).0, wanted);
        }
        let wanted = gain::TANH * (2.0f64 / 1440.0).sqrt();
        let (deviation, greatest) = spread(&xavier_uniform(shape, gain::TANH, DType::F64, &mut rng));
        close(deviation, wanted);
        assert!(greatest <= 3f64.sqrt() * wanted && greatest > 1.7 * wanted);
        close(spread(&xavier_normal(shape, gain::TANH, DType::F64, &mut rng)).0, wanted);
    }

    #[test]
    fn gains_are_those_of_pytorch() {
        // torch.nn.init.calculate_gain("leaky_relu", 0.01) and ("leaky_relu", 5 ** 0.5)
        assert_eq!(gain::leaky_relu(0.01), 1.4141428569978354);
        assert_eq!(gain::leaky_relu(5f64.sqrt()), 0.5773502691896257);
        assert_eq!(gain::leaky_relu(0.0), gain::RELU);
    }

    #[test]
    fn a_vector_has_no_fan_and_an_empty_weight_no_elements() {
        let mut rng = Rng::seed(6);
        let message = panic_message(|| xavier_normal([3], 1.0, DType::F32, &mut rng.clone()));
        assert_eq!(message, "xavier_normal: a weight needs two axes, [outputs, inputs, ..]; got the shape [3]");
        assert_eq!(kaiming_uniform([3, 0], Fan::In, 1.0, DType::F32, &mut rng).numel(), 0);
    }
}
