//! Differences of neighbours.

use crate::ops::{broadcast::by_way_of_f32, reduction::reduce::checked_axes};
use crate::{Axes, DType, Error, Tensor, shape::resolve_axis};

/// Differences of neighbours.
impl Tensor {
    /// Differences of neighbours along an axis, taken `n` times: once, `y[k] = x[k + 1] - x[k]`. Each time the axis loses one element,
    /// until it has none; for `n = 0` it is the tensor itself.
    ///
    /// PyTorch's `prepend` and `append` are a [`concat`](Self::concat) before.
    ///
    /// # Panics
    /// When the axis is out of range, or the dtype is bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1i64, 4, 9, 16]);
    /// assert_eq!(x.diff(1, 0).to_vec::<i64>(), [3, 5, 7]);
    /// assert_eq!(x.diff(2, 0).to_vec::<i64>(), [2, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn diff(&self, n: usize, axis: isize) -> Tensor {
        let refused = (self.dtype() == DType::Bool).then(|| Error::needs_numbers("diff", &[]));
        checked_axes(self, "diff", Axes::List(vec![axis]), refused);
        let size = self.shape()[resolve_axis("diff", axis, self.rank()).expect("checked just now")];
        let difference = |x: Tensor, taken| {
            let left = size - taken;
            x.narrow(axis, 1, left) - x.narrow(axis, 0, left)
        };
        by_way_of_f32(self, |x| (1..=n.min(size)).fold(x.clone(), difference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_run_out() {
        let x = Tensor::from([[1.0, 4.0, 9.0]]);
        assert_eq!(x.diff(0, 1).to_vec::<f64>(), [1.0, 4.0, 9.0]);
        assert_eq!(x.diff(2, -1).to_vec::<f64>(), [2.0]);
        assert_eq!(x.diff(usize::MAX, 1).shape()[..], [1, 0]);
        assert_eq!(x.diff(1, 0).shape()[..], [0, 3]);
        assert_eq!(Tensor::zeros([2, 0], DType::I64).diff(1, 1).shape()[..], [2, 0]);
    }

    #[test]
    #[should_panic(expected = "diff: axis 0 is out of range: a scalar has no axes; got f64[]")]
    fn a_scalar_has_no_neighbours() {
        let _ = Tensor::from(1.0).diff(1, 0);
    }

    #[test]
    #[should_panic(expected = "diff: truth values have no arithmetic; got bool[1]; cast first")]
    fn truth_values_have_no_differences() {
        let _ = Tensor::from([true]).diff(1, 0);
    }
}
