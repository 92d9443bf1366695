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
//!
//! Two laws beside these are given what they need in numbers: [`trunc_normal`], and [`orthogonal`], which keeps the size of a signal exactly.

use cotangent_tensor::{DType, Rng, Shape, Tensor};
use std::{f64::consts::SQRT_2, ops::RangeInclusive};

#[cfg(test)]
mod tests;

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

/// Normal with this mean and standard deviation, of which only what lies within bounds is drawn; `-2.0..=2.0` in PyTorch unless said
/// otherwise, whatever the deviation. The bounds are of the numbers themselves, not in deviations.
///
/// A uniform number is drawn in f64 and sent through the inverse of the distribution function.
///
/// # Panics
/// When the standard deviation is not a positive number, the mean is not finite, the bounds are not in order or lie more than six deviations
/// from the mean on one side, the shape overflows, or the dtype is not f32 or f64.
///
/// ```
/// use cotangent_nn::init;
/// use cotangent_tensor::{DType, Rng};
/// // As vision transformers are begun.
/// let weight = init::trunc_normal([64, 192], 0.0, 0.02, -0.04..=0.04, DType::F32, &mut Rng::seed(7));
/// assert!(weight.abs().max(..).item::<f32>() <= 0.04);
/// ```
#[must_use]
#[track_caller]
pub fn trunc_normal(
    shape: impl Into<Shape>,
    mean: f64,
    std: f64,
    bounds: RangeInclusive<f64>,
    dtype: DType,
    rng: &mut Rng,
) -> Tensor {
    const OP: &str = "trunc_normal";
    let (low, high) = bounds.into_inner();
    check_floats(OP, dtype);
    assert!(mean.is_finite(), "{OP}: the mean must be finite; got {mean}");
    assert!(std > 0.0 && std.is_finite(), "{OP}: the standard deviation must be a positive number; got {std}");
    assert!(low < high, "{OP}: the lower bound must be less than the upper; got {low:?}..={high:?}");
    // How far the bounds are from the mean, in deviations.
    let (a, b) = ((low - mean) / std, (high - mean) / std);
    // There, one number of f64 beside 1 is 2e-8 deviations beside the next. PyTorch warns from two deviations on.
    assert!(
        a <= 6.0 && b >= -6.0,
        "{OP}: bounds must come within six standard deviations of the mean; got {low:?}..={high:?} for a mean of {mean:?} and a deviation of {std:?}"
    );
    let erf = |x: f64| Tensor::from(x / SQRT_2).erf().item::<f64>();
    // A number of erf(x / √2), whose ends belong to infinity.
    let inside = 1.0 - f64::EPSILON;
    let (least, greatest) = (erf(a).max(-inside), erf(b).min(inside));
    let drawn = rng.uniform_range(least, greatest, shape, DType::F64).erfinv() * (SQRT_2 * std) + mean;
    // Rounding may have led beyond a bound.
    drawn.clamp(low, high).cast(dtype)
}

/// A matrix whose rows are orthogonal and of length `gain`, or whose columns are where it has more rows; any such matrix is as likely as
/// another. Of a weight with more than two axes, all but the first count as columns.
///
/// (Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR 2014; Mezzadri,
/// "How to generate random matrices from the classical compact groups", Notices of the AMS 54, 2007, for the signs.)
///
/// # Panics
/// When the shape has fewer than two axes or overflows, or the dtype is not f32 or f64.
///
/// ```
/// use cotangent_nn::init::{self, gain};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let weight = init::orthogonal([4, 6], gain::LINEAR, DType::F64, &mut Rng::seed(7));
/// let error = weight.matmul(&weight.transpose(0, 1)) - Tensor::eye(4, DType::F64);
/// assert!(error.abs().max(..).item::<f64>() < 1e-14);
/// ```
#[must_use]
#[track_caller]
pub fn orthogonal(shape: impl Into<Shape>, gain: f64, dtype: DType, rng: &mut Rng) -> Tensor {
    const OP: &str = "orthogonal";
    let shape = shape.into();
    check_floats(OP, dtype);
    assert!(shape.len() >= 2, "{OP}: a weight needs two axes, [outputs, inputs, ..]; got the shape {shape:?}");
    let weight = rng.normal(shape.clone(), dtype);
    if weight.numel() == 0 {
        return weight;
    }
    let (rows, columns) = (shape[0], weight.numel() / shape[0]);
    let matrix = weight.reshape([rows, columns]);
    let is_wide = rows < columns;
    let (q, r) = if is_wide { matrix.transpose(0, 1) } else { matrix }.qr();
    // The signs of R's diagonal are a convention; with all of them positive, Q does not prefer any direction.
    let signs = r.diagonal(0, 0, 1).ge(0).where_(&Tensor::full([], gain, dtype), -gain);
    let q = q * signs;
    if is_wide { q.transpose(0, 1) } else { q }.reshape(shape)
}

#[track_caller]
fn check_floats(op: &str, dtype: DType) {
    let is_drawn = matches!(dtype, DType::F32 | DType::F64);
    assert!(is_drawn, "{op}: draws f32 and f64, not {dtype}; draw f32 and .cast(DType::{dtype:?})");
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
