//! The pseudo-inverse, least squares and rank, by singular values.

use super::{Svd, check_matrix, epsilon, flops_of, turned, with_sizes};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor,
    Vjp, apply,
    error::same_dtypes,
    ops::broadcast::{ToNumber, apply_for, by_way_of_f32, or_panic, widened},
};

/// `Y = X⁺`, the Moore-Penrose pseudo-inverse.
///
/// Where the rank is constant, `X_bar = -Yᵀ Y_bar Yᵀ + (I - X Y) Y_barᵀ Y Yᵀ + Yᵀ Y Y_barᵀ (I - Y X)` (Golub and Pereyra, The
/// differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate, 1973).
#[derive(Clone, Copy, Debug)]
pub struct Pinv {
    relative: Option<f64>,
}

impl Pinv {
    /// With singular values up to this part of the largest taken as 0; by default, the larger size times the dtype's epsilon.
    #[must_use]
    pub fn new(relative: Option<f64>) -> Self {
        Pinv { relative }
    }
}

/// The largest singular value times the tolerance, with the axis of singular values of size 1; there is at least one.
fn threshold(x: SpecRef<'_>, s: &Tensor, relative: Option<f64>) -> Tensor {
    let [.., m, n] = x.shape()[..] else { unreachable!("infer asks for matrices") };
    s.narrow(-1, 0, 1) * relative.unwrap_or(m.max(n) as f64 * epsilon(x.dtype()))
}

impl Primitive for Pinv {
    fn name(&self) -> &'static str {
        "pinv"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_matrix("pinv", inputs)?;
        if let Some(relative) = self.relative.filter(|relative| relative.is_nan() || *relative < 0.0) {
            let rule = format!("the tolerance must be a number from 0, not {relative:?}");
            return Err(Error::new(ErrorKind::Value, "pinv", rule).with_inputs(inputs));
        }
        let [.., m, n] = inputs[0].shape()[..] else { unreachable!("checked just now") };
        Ok(Spec::new(with_sizes(inputs[0].shape(), n, m), inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = Tensor::from(inputs[0].clone());
        let (u, s, vt) = x.svd();
        if s.size(-1) == 0 {
            return Ok(turned(&x.zeros_like()).into_array().into());
        }
        // A NaN is not below the threshold, and so goes on.
        let vanishes = s.le(&threshold(x.spec(), &s, self.relative));
        let inverse = vanishes.where_(0, &vanishes.where_(1, &s).reciprocal());
        Ok((turned(&vt) * inverse.unsqueeze(-2)).matmul(&turned(&u)).into_array().into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], |m, n| Svd::flops_of_one(m, n) + 2.0 * m * n * m.min(n))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Pinv {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0))
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (x, y, back) = (saved.input(0), saved.output(0), turned(&y_bar.single()));
        let yt = turned(y);
        // The products are ordered so that none is larger than the matrix.
        let within = yt.matmul(&turned(&back)).matmul(&yt);
        let left = back.matmul(y).matmul(&yt);
        let right = yt.matmul(&y.matmul(&back));
        let left = &left - x.matmul(&y.matmul(&left));
        let right = &right - right.matmul(y).matmul(x);
        Few::one(Some(left + right - within))
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let (x, y) = (x[0], &y[0]);
        Some(Few::one(dot[0].map(|x_dot| {
            let (yt, back) = (turned(y), turned(x_dot));
            let left = y.matmul(&yt).matmul(&back);
            let right = back.matmul(&yt).matmul(y);
            let left = &left - left.matmul(x).matmul(y);
            let right = &right - y.matmul(&x.matmul(&right));
            left + right - y.matmul(x_dot).matmul(y)
        })))
    }
}

/// For matrices of any shape and rank.
impl Tensor {
    /// The Moore-Penrose pseudo-inverse of each matrix: `[.., m, n] -> [.., n, m]`. Singular values up to max(m, n) times the dtype's epsilon
    /// times the largest are taken as 0.
    ///
    /// The derivative is that among matrices of the same rank; where the rank changes there is none.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[2.0, 0.0], [0.0, 0.0]]).pinv().to_vec::<f64>(), [0.5, 0.0, 0.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn pinv(&self) -> Tensor {
        apply(&Pinv::new(None), &[self]).into_single()
    }

    /// As [`pinv`](Self::pinv), with singular values up to this part of the largest taken as 0.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point, or the tolerance is negative or NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[2.0, 0.0], [0.0, 0.1]]);
    /// assert_eq!(x.pinv_within(0.2).to_vec::<f64>(), [0.5, 0.0, 0.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn pinv_within(&self, relative: impl ToNumber) -> Tensor {
        apply_for("pinv_within", &Pinv::new(Some(relative.to_number().as_f64())), &[self]).into_single()
    }

    /// The X of least norm among those that minimise `|A X - B|`, with A this tensor: `A⁺ B`, for A of any shape and rank.
    /// `[.., m, n] x [.., m, k] -> [.., n, k]`; one vector for B is a column, as in [`matmul`](Self::matmul).
    ///
    /// # Panics
    /// When the sizes do not fit, the batch axes do not broadcast, or the dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// // The line through (0, 1), (1, 3), (2, 5).
    /// let a = Tensor::from([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]);
    /// let line = a.lstsq(&Tensor::from([1.0, 3.0, 5.0])).to_vec::<f64>();
    /// assert!((line[0] - 2.0).abs() < 1e-14 && (line[1] - 1.0).abs() < 1e-14);
    /// ```
    #[doc(alias = "least_squares")]
    #[must_use]
    #[track_caller]
    pub fn lstsq(&self, b: &Tensor) -> Tensor {
        or_panic(check_least_squares(self, b).map_err(|error| error.with_inputs(&[self.spec(), b.spec()])));
        by_way_of_f32(self, |a| a.pinv().matmul(&widened(b)))
    }

    /// How many singular values of each matrix are above max(m, n) times the dtype's epsilon times the largest: `[.., m, n] -> [..]`,
    /// of i64.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0, 2.0], [2.0, 4.0]]).matrix_rank().item::<i64>(), 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn matrix_rank(&self) -> Tensor {
        or_panic(check_matrix("matrix_rank", &[self.spec()]));
        let s = self.stop_gradient().svdvals();
        if s.size(-1) == 0 {
            return Tensor::zeros(&self.shape()[..self.rank() - 2], DType::I64);
        }
        s.gt(&threshold(self.spec(), &s, None)).cast(DType::I64).sum(-1)
    }
}

fn check_least_squares(a: &Tensor, b: &Tensor) -> Result<()> {
    same_dtypes("lstsq", &[a.spec(), b.spec()])?;
    check_matrix("lstsq", &[a.spec()])?;
    let rows = match b.shape()[..] {
        [rows] | [.., rows, _] => rows,
        [] => return Err(Error::new(ErrorKind::Shape, "lstsq", "a scalar is no right-hand side")),
    };
    if rows != a.size(-2) {
        let rule = format!("the matrix has {} rows, the right-hand side {rows}", a.size(-2));
        return Err(Error::new(ErrorKind::Shape, "lstsq", rule));
    }
    if b.rank() > 1 {
        crate::ops::broadcast::common_batch("lstsq", a, b)?;
    }
    Ok(())
}
