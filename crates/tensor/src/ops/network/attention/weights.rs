//! The matrix of weights, composed from other operations: what derivatives of higher order go through, and softmax under a
//! mask.

use crate::{
    DType, Error, ErrorKind, Tensor,
    ops::broadcast::{common_shape, or_panic},
    shape::resolve_axis,
};

/// How products become scores.
#[derive(Clone, Copy)]
pub(super) struct Scores {
    pub(super) causal: bool,
    pub(super) scale: f64,
}

/// `scale q kᵀ + mask`, with -inf where nothing is seen.
pub(super) fn masked_scores(q: &Tensor, k: &Tensor, mask: Option<&Tensor>, scores: Scores) -> Tensor {
    let mut s = q.matmul(&k.transpose(-2, -1)) * scores.scale;
    match mask {
        Some(mask) if mask.dtype() == DType::Bool => s = mask.where_(&s, f64::NEG_INFINITY),
        Some(mask) => s += mask,
        None => {}
    }
    if scores.causal {
        let places = |n: usize| Tensor::arange(0, n as i64, 1);
        let (rows, columns) = (s.shape()[s.rank() - 2], s.shape()[s.rank() - 1]);
        s = places(rows).unsqueeze(1).ge(&places(columns)).where_(&s, f64::NEG_INFINITY);
    }
    s
}

/// `softmax(scale q kᵀ + mask)`, with rows of zeros where nothing is seen.
pub(super) fn weights(q: &Tensor, k: &Tensor, mask: Option<&Tensor>, scores: Scores) -> Tensor {
    softmax_or_zeros(&masked_scores(q, k, mask, scores), -1)
}

/// Softmax, with zeros (of gradient zero) where all elements are -inf.
pub(super) fn softmax_or_zeros(s: &Tensor, axis: isize) -> Tensor {
    if s.numel() == 0 {
        return s.clone();
    }
    let nothing = s.stop_gradient().max_keepdims(axis).eq(f64::NEG_INFINITY);
    nothing.where_(0, &nothing.where_(0, s).softmax(axis))
}

/// Softmax under a mask.
impl Tensor {
    /// Softmax along an axis of the elements where a bool mask holds; the others are zero. The mask broadcasts.
    ///
    /// Where a row's mask holds nowhere, or only at elements of -inf, the row is zero and so is its gradient; softmax itself gives NaN
    /// there.
    ///
    /// # Panics
    /// When the mask is not bool or does not broadcast, the axis is out of range, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 1.0, 5.0], [1.0, 2.0, 3.0]]);
    /// let mask = Tensor::from([[true, true, false], [false, false, false]]);
    /// assert_eq!(x.masked_softmax(&mask, -1).to_vec::<f32>(), [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn masked_softmax(&self, mask: &Tensor, axis: isize) -> Tensor {
        const OP: &str = "masked_softmax";
        let specs = [self.spec(), mask.spec()];
        if !self.dtype().is_float() {
            panic!("{}", Error::needs_float(OP, &specs));
        }
        if mask.dtype() != DType::Bool {
            let rule = "the mask must be bool";
            panic!("{}", Error::new(ErrorKind::DType, OP, rule).with_inputs(&specs));
        }
        let shape = or_panic(common_shape(OP, &[self, mask]));
        or_panic(resolve_axis(OP, axis, shape.len()).map_err(|error| error.with_inputs(&specs)));
        softmax_or_zeros(&mask.where_(self, f64::NEG_INFINITY), axis)
    }
}
