//! Lengths and angles of vectors along an axis: normalize, cosine_similarity, pairwise_distance.
//!
//! The length of a vector of zeros has gradient zero, the shortest of its subgradients, and so has each zero element where the
//! slope of |x|^p is infinite: no NaN comes out of a vector that vanishes.

use crate::ops::broadcast::{by_way_of_f32, common_shape, or_panic, widened};
use crate::{
    Axes, Error, Result, Tensor,
    array::check_size,
    error::{check_eps, check_option},
    shape::resolve_axis,
};

/// `(Σ |x|^p)^(1/p)` along an axis, which stays with size 1. For p = 0 the number of elements that are not zero; for p = ±∞ the
/// greatest or least magnitude.
fn length(x: &Tensor, p: f64, axis: isize) -> Tensor {
    if x.size(axis) == 0 { x.sum_keepdims(axis) } else { x.vector_norm_keepdims(p, axis) }
}

/// `x / max(|x|, eps)`
fn unit(x: &Tensor, p: f64, axis: isize, eps: f64) -> Tensor {
    x / length(x, p, axis).clamp(eps, f64::INFINITY)
}

/// Lengths and angles.
impl Tensor {
    /// `x / max(|x|, eps)` with the p-norm along an axis: vectors of length 1.
    ///
    /// `|x| = (Σ |x|^p)^(1/p)`; p = 0 counts the elements that are not zero, p = ∞ takes the greatest magnitude. PyTorch's `eps`
    /// is 1e-12. A vector of zeros stays one, with gradient `1 / eps`.
    ///
    /// # Panics
    /// When the axis is out of range, the dtype is not floating point, p is NaN, or eps is negative or not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[3.0f64, 4.0]]).normalize(2.0, 1, 1e-12).to_vec::<f64>(), [0.6, 0.8]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn normalize(&self, p: f64, axis: isize, eps: f64) -> Tensor {
        const OP: &str = "normalize";
        if !self.dtype().is_float() {
            panic!("{}", Error::needs_float(OP, &[self.spec()]));
        }
        let axis_checked = resolve_axis(OP, axis, self.rank());
        let checked = axis_checked.and_then(|_| check_power(OP, p)).and_then(|()| check_eps(OP, eps));
        or_panic(checked.map_err(|error| error.with_inputs(&[self.spec()])));
        by_way_of_f32(self, |x| unit(x, p, axis, eps))
    }

    /// `x · y / (max(|x|, eps) max(|y|, eps))` along an axis of both, broadcast; the axis goes.
    ///
    /// PyTorch's `eps` is 1e-8. Where x is zero so is the result, with gradient `y / (eps |y|)`.
    ///
    /// # Panics
    /// When the shapes do not broadcast, the axis is out of range, the dtypes differ or are not floating point, or eps is negative or
    /// not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (x, y) = (Tensor::from([[3.0f64, 0.0], [1.0, 0.0]]), Tensor::from([[2.0f64, 0.0], [0.0, 1.0]]));
    /// assert_eq!(x.cosine_similarity(&y, 1, 1e-8).to_vec::<f64>(), [1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cosine_similarity(&self, other: &Tensor, axis: isize, eps: f64) -> Tensor {
        const OP: &str = "cosine_similarity";
        let (x, y) = both(OP, self, other);
        let axis = check_eps(OP, eps).and_then(|()| resolve_axis(OP, axis, x.rank()));
        let axis = or_panic(axis.map_err(|error| error.with_inputs(&[self.spec(), other.spec()]))) as isize;
        // Unit vectors first: the product of two lengths can overflow or vanish where neither does.
        let [x_unit, y_unit] = [&x, &y].map(|x| unit(&widened(x), 2.0, axis, eps));
        (x_unit * y_unit).sum(axis).cast(x.dtype())
    }

    /// The p-norm of `x - y + eps` along the last axis, which goes.
    ///
    /// PyTorch's defaults are p = 2 and `eps` 1e-6, which keeps the distance of equal vectors from zero, where its
    /// slope jumps; at a difference of exactly zero the gradient is zero.
    ///
    /// # Panics
    /// When the shapes do not broadcast or have no axis, the dtypes differ or are not floating point, p is NaN, or eps is not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (x, y) = (Tensor::from([[4.0f64, 4.0]]), Tensor::from([[1.0f64, 0.0]]));
    /// assert_eq!(x.pairwise_distance(&y, 2.0, 0.0).to_vec::<f64>(), [5.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn pairwise_distance(&self, other: &Tensor, p: f64, eps: f64) -> Tensor {
        const OP: &str = "pairwise_distance";
        let (x, y) = both(OP, self, other);
        let axis = resolve_axis(OP, -1, x.rank());
        let checked = axis
            .and_then(|_| check_power(OP, p))
            .and_then(|()| check_option(OP, "eps", eps, eps.is_finite(), "finite"));
        or_panic(checked.map_err(|error| error.with_inputs(&[self.spec(), other.spec()])));
        let distance = length(&(widened(&x) - widened(&y) + eps), p, -1);
        distance.squeeze(Axes::from(-1)).cast(x.dtype())
    }
}

fn check_power(op: &'static str, p: f64) -> Result<()> {
    check_option(op, "p", p, !p.is_nan(), "a number")
}

/// Both broadcast to one shape.
#[track_caller]
fn both(op: &'static str, x: &Tensor, y: &Tensor) -> (Tensor, Tensor) {
    let specs = [x.spec(), y.spec()];
    if !x.dtype().is_float() || !y.dtype().is_float() {
        panic!("{}", Error::needs_float(op, &specs));
    }
    or_panic(crate::error::same_dtypes(op, &specs));
    let shape = or_panic(common_shape(op, &[x, y]));
    or_panic(check_size(op, &shape, x.dtype()));
    (x.expand(&shape), y.expand(&shape))
}

#[cfg(test)]
mod tests {
    use crate::{DType, Tensor, ops::refused::message};

    #[test]
    fn every_power_has_its_length() {
        let x = Tensor::from([[3.0f64, 0.0, -4.0]]);
        let lengths = [(0.0, 2.0), (1.0, 7.0), (2.0, 5.0), (f64::INFINITY, 4.0), (0.5, 13.928_203_230_275_509)];
        for (p, expected) in lengths {
            let found = x.pairwise_distance(&x.zeros_like(), p, 0.0).item::<f64>();
            assert!((found - expected).abs() < 1e-14, "p = {p}: {found}");
            assert!((x.normalize(p, 1, 1e-12).to_vec::<f64>()[0] - 3.0 / expected).abs() < 1e-15);
        }
        assert_eq!(x.pairwise_distance(&x.zeros_like(), f64::NEG_INFINITY, 0.0).item::<f64>(), 0.0);
    }

    #[test]
    fn vectors_that_vanish_or_overflow_have_an_angle() {
        let tiny = Tensor::from([[1e-30f32, 0.0]]);
        let huge = Tensor::from([[1e18f32, 1e18]]);
        assert_eq!(tiny.cosine_similarity(&tiny.zeros_like(), 1, 1e-8).to_vec::<f32>(), [0.0]);
        let cosine = huge.cosine_similarity(&huge, 1, 1e-8).item::<f32>();
        assert!((cosine - 1.0).abs() < 1e-6, "{cosine}");
    }

    #[test]
    fn empty_vectors_have_length_zero() {
        let x = Tensor::zeros([2, 0], DType::F64);
        assert_eq!(x.pairwise_distance(&x, 2.0, 1e-6).to_vec::<f64>(), [0.0, 0.0]);
        assert_eq!(x.pairwise_distance(&x, f64::INFINITY, 1e-6).to_vec::<f64>(), [0.0, 0.0]);
        assert_eq!(x.cosine_similarity(&x, 1, 1e-8).to_vec::<f64>(), [0.0, 0.0]);
        assert_eq!(x.normalize(2.0, 0, 1e-12).shape()[..], [2, 0]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (x, y) = (Tensor::zeros([2, 3], DType::F32), Tensor::zeros([2, 2], DType::F32));
        assert_eq!(
            message(|| x.cosine_similarity(&y, 1, 1e-8)),
            "cosine_similarity: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; got f32[2, 3], \
             f32[2, 2]"
        );
        assert_eq!(
            message(|| x.normalize(2.0, 2, 1e-12)),
            "normalize: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]"
        );
        assert!(message(|| x.pairwise_distance(&y.cast(DType::F64), 2.0, 0.0)).starts_with("pairwise_distance: all"));
        let scalar = Tensor::from(1.0f32);
        assert!(message(|| scalar.pairwise_distance(&scalar, 2.0, 0.0)).contains("a scalar has no axes"));
        assert!(message(|| x.cast(DType::I64).normalize(2.0, 0, 0.1)).contains("floating-point"));
    }
}
