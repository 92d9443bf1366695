//! Gradients that are too large, made smaller: functions over any module.

use super::{Scalar, is_learned, settings::check};
use cotangent_autograd::module::{self, Module};
use cotangent_tensor::{DType, Error, ErrorKind, Result, Tensor};

/// Scales a gradient so that its length, over all parameters as one vector, is at most `max_norm`; gives its length before.
///
/// As PyTorch's `clip_grad_norm_`, it multiplies with min(1, `max_norm` / (norm + 1e-6)). The length is summed in f64.
///
/// # Errors
/// When the gradient has an infinite element or NaN, of which no multiple is of use. The error names the first such
/// parameter; the gradient is unchanged.
///
/// # Panics
/// When `max_norm` is negative or NaN.
///
/// ```
/// use cotangent_nn::optim::clip_grad_norm;
/// use cotangent_tensor::Tensor;
/// let mut gradient = (Tensor::from([3.0, 0.0]), Tensor::from([4.0]));
/// assert_eq!(clip_grad_norm(&mut gradient, 1.0)?, 5.0);
/// assert!((gradient.1.to_vec::<f64>()[0] - 0.8).abs() < 1e-6);
/// gradient.1 = Tensor::from([f64::NAN]);
/// assert_eq!(clip_grad_norm(&mut gradient, 1.0).unwrap_err().to_string(), "clip_grad_norm: the gradient of `1` is not finite");
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
#[track_caller]
pub fn clip_grad_norm<M: Module + ?Sized>(gradient: &mut M, max_norm: f64) -> Result<f64> {
    check("clip_grad_norm", "max_norm", max_norm, max_norm >= 0.0, "a number from 0 on");
    let mut largest = 0.0f64;
    module::try_for_each(gradient, |leaf| {
        if is_learned(leaf.kind, leaf.tensor) {
            let of_tensor = largest_of(leaf.tensor);
            if !of_tensor.is_finite() {
                let rule = format!("the gradient of `{}` is not finite", leaf.path);
                return Err(Error::new(ErrorKind::Value, "clip_grad_norm", rule));
            }
            largest = largest.max(of_tensor);
        }
        Ok(())
    })?;
    // Squares leave the range of f64 beyond about 1e±154; a power of two, which scales exactly, brings them back.
    let is_in_range = largest == 0.0 || (1e-140..1e140).contains(&largest);
    let scale = if is_in_range { 1.0 } else { largest.log2().floor().clamp(-1000.0, 1000.0).exp2() };
    let mut squares = 0.0;
    module::for_each(gradient, |leaf| {
        if is_learned(leaf.kind, leaf.tensor) {
            squares += squares_of(leaf.tensor, scale);
        }
    });
    let norm = squares.sqrt() * scale;
    // 1e-6 is PyTorch's guard for a gradient of zero.
    let factor = max_norm / (norm + 1e-6);
    if factor < 1.0 {
        change(gradient, |x| x * factor);
    }
    Ok(norm)
}

/// Brings every element of a gradient into [-`clip_value`, `clip_value`], as PyTorch's `clip_grad_value_`; NaN stays.
///
/// # Panics
/// When `clip_value` is negative or NaN.
///
/// ```
/// use cotangent_nn::optim::clip_grad_value;
/// use cotangent_tensor::Tensor;
/// let mut gradient = [Tensor::from([3.0, -0.25]), Tensor::from([-4.0, 1.0])];
/// clip_grad_value(&mut gradient, 0.5);
/// assert_eq!(gradient[0].to_vec::<f64>(), [0.5, -0.25]);
/// assert_eq!(gradient[1].to_vec::<f64>(), [-0.5, 0.5]);
/// ```
#[track_caller]
pub fn clip_grad_value<M: Module + ?Sized>(gradient: &mut M, clip_value: f64) {
    check("clip_grad_value", "clip_value", clip_value, clip_value >= 0.0, "a number from 0 on");
    change(gradient, |x| x.clamp(-clip_value, clip_value));
}

/// Replaces the gradient of every parameter.
fn change<M: Module + ?Sized>(gradient: &mut M, f: impl Fn(&Tensor) -> Tensor) {
    module::for_each_mut(gradient, |leaf| {
        if is_learned(leaf.kind, leaf.tensor) {
            *leaf.tensor = f(leaf.tensor);
        }
    });
}

/// The largest absolute value; NaN if there is one.
fn largest_of(tensor: &Tensor) -> f64 {
    fn of<T: Scalar>(tensor: &Tensor) -> f64 {
        let largest = |largest: T, x: &T| largest.greater(x.abs());
        tensor.array().to_slice::<T>().iter().fold(T::of(0.0), largest).as_f64()
    }
    if tensor.dtype() == DType::F64 { of::<f64>(tensor) } else { of::<f32>(&tensor.cast(DType::F32)) }
}

/// The sum of the squares of the elements, each divided by `scale`.
fn squares_of(tensor: &Tensor, scale: f64) -> f64 {
    fn of<T: Scalar>(tensor: &Tensor, scale: f64) -> f64 {
        tensor.array().to_slice::<T>().iter().map(|x| (x.as_f64() / scale).powi(2)).sum()
    }
    if tensor.dtype() == DType::F64 { of::<f64>(tensor, scale) } else { of::<f32>(&tensor.cast(DType::F32), scale) }
}
