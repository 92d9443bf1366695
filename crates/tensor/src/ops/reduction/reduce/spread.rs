//! The spread of elements about their mean: variance and standard deviation.

use super::axes_of_floats;
use crate::{
    Axes, Tensor,
    error::check_option,
    ops::{
        ToNumber,
        broadcast::{all_by_way_of_f32, by_way_of_f32, or_panic},
    },
};

/// Variances and standard deviations.
impl Tensor {
    /// The variance `sum((x - mean)^2) / (n - correction)` of the n elements along some axes, which go.
    ///
    /// A correction of 1 gives the unbiased estimate from a sample (PyTorch's default), 0 the variance of the elements
    /// themselves (NumPy's). Where `n <= correction` the divisor is zero: the result is NaN, or infinite where elements differ,
    /// and so is the gradient. Elsewhere the gradient is `2 (x - mean) / (n - correction)`, zero where all elements are equal.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, the dtype is not floating point, or the correction is not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1.0f32, 2.0, 3.0]);
    /// assert_eq!(x.var(.., 1).item::<f32>(), 1.0);
    /// assert_eq!(x.var(.., 0).item::<f32>(), 2.0 / 3.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> Tensor {
        let (axes, count) = axes_of_floats(self, "var", axes.into());
        let freedom = freedom(self, "var", count, correction);
        by_way_of_f32(self, |x| var_and_mean(x, axes.clone(), freedom)[0].squeeze(axes))
    }

    /// As [`var`](Self::var); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`var`](Self::var).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 3.0], [2.0, 2.0]]).var_keepdims(1, 0).to_vec::<f32>(), [1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var_keepdims(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> Tensor {
        let (axes, count) = axes_of_floats(self, "var", axes.into());
        let freedom = freedom(self, "var", count, correction);
        let [var, _] = all_by_way_of_f32(self, |x| var_and_mean(x, axes, freedom));
        var
    }

    /// The standard deviation along some axes, which go: the square root of [`var`](Self::var).
    ///
    /// Its gradient is zero where all elements are equal, although the square root's is infinite there: the standard deviation has
    /// its minimum, and zero is the subgradient of least norm.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, the dtype is not floating point, or the correction is not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, 3.0, 5.0]).std(.., 1).item::<f32>(), 2.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn std(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> Tensor {
        let (axes, count) = axes_of_floats(self, "std", axes.into());
        let freedom = freedom(self, "std", count, correction);
        by_way_of_f32(self, |x| root(&var_and_mean(x, axes.clone(), freedom)[0].squeeze(axes)))
    }

    /// As [`std`](Self::std); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`std`](Self::std).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 3.0]]).std_keepdims(1, 0).shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn std_keepdims(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> Tensor {
        let (axes, count) = axes_of_floats(self, "std", axes.into());
        let freedom = freedom(self, "std", count, correction);
        by_way_of_f32(self, |x| root(&var_and_mean(x, axes, freedom)[0]))
    }

    /// [`var`](Self::var) and the mean that it is about, computed once: `(var, mean)`.
    ///
    /// # Panics
    /// As [`var`](Self::var).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (var, mean) = Tensor::from([1.0f32, 3.0, 5.0]).var_mean(.., 1);
    /// assert_eq!((var.item::<f32>(), mean.item::<f32>()), (4.0, 3.0));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var_mean(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> (Tensor, Tensor) {
        let (axes, count) = axes_of_floats(self, "var_mean", axes.into());
        let freedom = freedom(self, "var_mean", count, correction);
        all_by_way_of_f32(self, |x| var_and_mean(x, axes.clone(), freedom).map(|y| y.squeeze(axes.clone()))).into()
    }

    /// As [`var_mean`](Self::var_mean); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`var`](Self::var).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 3.0], [5.0, 9.0]]);
    /// let (var, mean) = x.var_mean_keepdims(1, 0);
    /// assert_eq!(((&x - &mean) / var.sqrt()).to_vec::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var_mean_keepdims(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> (Tensor, Tensor) {
        let (axes, count) = axes_of_floats(self, "var_mean", axes.into());
        let freedom = freedom(self, "var_mean", count, correction);
        all_by_way_of_f32(self, |x| var_and_mean(x, axes, freedom)).into()
    }

    /// [`std`](Self::std) and the mean that it is about, computed once: `(std, mean)`.
    ///
    /// # Panics
    /// As [`std`](Self::std).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (std, mean) = Tensor::from([1.0f32, 3.0, 5.0]).std_mean(.., 1);
    /// assert_eq!((std.item::<f32>(), mean.item::<f32>()), (2.0, 3.0));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn std_mean(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> (Tensor, Tensor) {
        let (axes, count) = axes_of_floats(self, "std_mean", axes.into());
        let freedom = freedom(self, "std_mean", count, correction);
        all_by_way_of_f32(self, |x| {
            let [var, mean] = var_and_mean(x, axes.clone(), freedom).map(|y| y.squeeze(axes.clone()));
            [root(&var), mean]
        })
        .into()
    }

    /// As [`std_mean`](Self::std_mean); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`std`](Self::std).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 3.0]]).std_mean_keepdims(1, 0).0.shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn std_mean_keepdims(&self, axes: impl Into<Axes>, correction: impl ToNumber) -> (Tensor, Tensor) {
        let (axes, count) = axes_of_floats(self, "std_mean", axes.into());
        let freedom = freedom(self, "std_mean", count, correction);
        all_by_way_of_f32(self, |x| {
            let [var, mean] = var_and_mean(x, axes, freedom);
            [root(&var), mean]
        })
        .into()
    }
}

/// Variance and mean with their axes.
fn var_and_mean(x: &Tensor, axes: Axes, freedom: f64) -> [Tensor; 2] {
    let mean = x.mean_keepdims(axes.clone());
    // Two passes: the textbook mean(x^2) - mean(x)^2 cancels where the mean is large beside the deviations.
    [(x - &mean).square().sum_keepdims(axes) / freedom, mean]
}

/// What sums of squared deviations are divided by: zero rather than negative.
#[track_caller]
fn freedom(x: &Tensor, op: &'static str, count: f64, correction: impl ToNumber) -> f64 {
    let correction = correction.to_number().as_f64();
    let checked = check_option(op, "the correction", correction, correction.is_finite(), "finite");
    or_panic(checked.map_err(|error| error.with_inputs(&[x.spec()])));
    (count - correction).max(0.0)
}

/// √x for x ≥ 0, constant to derivatives at zero.
fn root(x: &Tensor) -> Tensor {
    let zero = x.eq(0);
    zero.where_(0, &zero.where_(1, x).sqrt())
}
