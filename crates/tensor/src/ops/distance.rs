//! Distances between all pairs of two sets of points.

use super::broadcast::{ToNumber, common_batch, or_panic};
use crate::{Error, ErrorKind, Result, Shape, Tensor, array::check_size, error::same_dtypes};

#[cfg(test)]
mod tests;

/// Distances.
impl Tensor {
    /// The distance of each of `m` points to each of `n` others in the p-norm:
    /// `[.., m, d] x [.., n, d] -> [.., m, n]`, `z_ij = (Σ_k |x_ik - y_jk|^p)^(1/p)`; the axes before broadcast.
    ///
    /// `p` is any number from 0: 0 counts the coordinates that differ, infinity takes the largest difference. The Euclidean distance
    /// is computed from differences, not as `|x|² - 2xy + |y|²`, which loses the digits of small distances. At coincident
    /// points the gradient is 0, the subgradient of least norm; where coordinates agree and 1 < p < 2, so is their part of the second
    /// derivative.
    ///
    /// # Panics
    /// When an operand is not a matrix or a batch of them, the numbers of coordinates differ, the batch axes do not broadcast, the
    /// dtypes differ or are not floating point, or `p` is negative or NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[0.0f32, 0.0], [3.0, 0.0]]);
    /// let y = Tensor::from([[3.0f32, 4.0]]);
    /// assert_eq!(x.cdist(&y, 2).to_vec::<f32>(), [5.0, 4.0]);
    /// assert_eq!(x.cdist(&y, 1).to_vec::<f32>(), [7.0, 4.0]);
    /// ```
    #[doc(alias = "pairwise_distance")]
    #[must_use]
    #[track_caller]
    pub fn cdist(&self, other: &Tensor, p: impl ToNumber) -> Tensor {
        let p = p.to_number().as_f64();
        or_panic(
            differences(self, other, p)
                .map_err(|error| error.or_inputs(&[self.spec(), other.spec()]))
                .map(|d| norm(&d, p)),
        )
    }
}

/// `x_i - y_j`, in `[.., m, n, d]`.
fn differences(x: &Tensor, y: &Tensor, p: f64) -> Result<Tensor> {
    same_dtypes("cdist", &[x.spec(), y.spec()])?;
    if !x.dtype().is_float() {
        return Err(Error::needs_float("cdist", &[x.spec()]));
    }
    if p.is_nan() || p < 0.0 {
        return Err(Error::new(ErrorKind::Value, "cdist", format!("p must be a number from 0, not {p:?}")));
    }
    let (Some([m, d]), Some([n, other])) = (x.shape().last_chunk(), y.shape().last_chunk()) else {
        return Err(Error::new(ErrorKind::Shape, "cdist", "takes matrices of points: [.., points, coordinates]"));
    };
    if d != other {
        let rule = format!("points on the left have {d} coordinates, on the right {other}");
        return Err(Error::new(ErrorKind::Shape, "cdist", rule));
    }
    let batch = common_batch("cdist", x, y)?;
    check_size("cdist", &batch.iter().chain(&[*m, *n, *d]).copied().collect::<Shape>(), x.dtype())?;
    Ok(x.unsqueeze(-2) - y.unsqueeze(-3))
}

/// The p-norm over the last axis.
fn norm(d: &Tensor, p: f64) -> Tensor {
    if d.shape().last() == Some(&0) {
        return d.sum(-1);
    }
    if p == 0.0 {
        return d.ne(0).cast(d.dtype()).sum(-1);
    }
    if p == 1.0 {
        return d.abs().sum(-1);
    }
    if p == f64::INFINITY {
        return d.abs().max(-1);
    }
    if p == 2.0 {
        return root(&d.square().sum(-1), Tensor::sqrt);
    }
    // The slope of x^p at 0 is infinite for p < 1, and its second derivative for p < 2: both are taken as 0.
    let (size, zero) = (d.abs(), d.eq(0));
    let powers = zero.where_(0, &zero.where_(1, &size).powf(p));
    root(&powers.sum(-1), |x| x.powf(1.0 / p))
}

/// A root of sums that may be 0, where it is 0 with all its derivatives.
fn root(x: &Tensor, root: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let zero = x.eq(0);
    zero.where_(0, &root(&zero.where_(1, x)))
}
