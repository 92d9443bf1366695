//! Powers and the exponential of matrices.

use super::{Inv, check_square, flops_of, with_sizes};
use crate::{
    Array, Cotangents, Derivative, Error, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    array::check_size,
    dtype::for_float,
    kernels::linalg,
    ops::broadcast::{by_way_of_f32, or_panic},
    try_apply,
};

/// `Y = e^X = Σ_k X^k / k!`. Its derivative in a direction E is the upper right block of the exponential of `[[X, E], [0, X]]`, and its
/// transpose that with `Xᵀ` (Van Loan, Computing integrals involving the matrix exponential, 1978).
#[derive(Clone, Copy, Debug)]
pub struct MatrixExp;

impl Primitive for MatrixExp {
    fn name(&self) -> &'static str {
        "matrix_exp"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_square("matrix_exp", inputs)?;
        let x = inputs[0];
        // Its rule needs a matrix of twice the size.
        let n = x.shape()[x.rank() - 1];
        check_size("matrix_exp", &with_sizes(x.shape(), n.saturating_mul(2), n.saturating_mul(2)), x.dtype())?;
        Ok(x.to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        Ok(for_float!(x.dtype(), T => Array::from_buffer(linalg::exp::<T>(x), x.shape())).into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        // Six products and a system of equations; how many squarings follow depends on the values.
        flops_of(inputs[0], |_, n| (12.0 + 8.0 / 3.0) * n.powi(3))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for MatrixExp {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0)
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(along(&saved.input(0).transpose(-2, -1), &y_bar.single())))
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(dot[0].map(|x_dot| along(x[0], x_dot))))
    }
}

/// The derivative of `e^x` in a direction.
fn along(x: &Tensor, direction: &Tensor) -> Tensor {
    let n = x.size(-1);
    if x.numel() == 0 {
        return direction.clone();
    }
    // It is linear in the direction: a large one, unless it is made small first, would cost squarings and digits.
    let size = Tensor::from(direction.array().clone()).abs().max([-2, -1]);
    let vanishes = size.eq(0);
    let scale = vanishes.where_(1, &size).unsqueeze(-1).unsqueeze(-1);
    let upper = Tensor::concat([x, &(direction / &scale)], -1);
    let under = Tensor::concat([&x.zeros_like(), x], -1);
    let whole = apply(&MatrixExp, &[&Tensor::concat([upper, under], -2)]).into_single();
    whole.narrow(-2, 0, n).narrow(-1, n, n) * scale
}

fn inverse_for_powers(x: &Tensor) -> Result<Tensor> {
    try_apply(&Inv, &[x]).map(Few::into_single).map_err(|error| {
        let rule = "a singular matrix has no negative powers";
        Error::new(error.kind(), "matrix_power", rule)
    })
}

/// Powers.
impl Tensor {
    /// The matrix multiplied by itself `exponent` times; for a negative exponent, the power of its inverse; for 0, the identity.
    ///
    /// It takes about `log2 |exponent|` products, and up to twice as many.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point, or the exponent is negative and one is exactly singular.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let a = Tensor::from([[1.0, 1.0], [0.0, 1.0]]);
    /// assert_eq!(a.matrix_power(5).to_vec::<f64>(), [1.0, 5.0, 0.0, 1.0]);
    /// assert_eq!(a.matrix_power(-2).to_vec::<f64>(), [1.0, -2.0, 0.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn matrix_power(&self, exponent: i64) -> Tensor {
        or_panic(check_square("matrix_power", &[self.spec()]));
        if exponent == 0 {
            // A constant, as the derivative of the identity is zero; NaN^0 is the identity too.
            return Tensor::eye(self.size(-1), self.dtype()).expand(self.shape());
        }
        by_way_of_f32(self, |x| {
            let inverse = || or_panic(inverse_for_powers(x).map_err(|error| error.with_inputs(&[self.spec()])));
            let mut square = if exponent < 0 { inverse() } else { x.clone() };
            let mut result: Option<Tensor> = None;
            let mut left = exponent.unsigned_abs();
            loop {
                if left & 1 == 1 {
                    result = Some(result.map_or_else(|| square.clone(), |result| result.matmul(&square)));
                }
                left >>= 1;
                match result {
                    Some(result) if left == 0 => return result,
                    _ => square = square.matmul(&square),
                }
            }
        })
    }

    /// The exponential of each matrix, `e^A = Σ_k A^k / k!`, by a Padé approximant with scaling and squaring.
    ///
    /// A matrix with NaN or infinities, or with a column whose sum of magnitudes is infinite, has NaN everywhere.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::from([[0.0, 2.0], [0.0, 0.0]]).matrix_exp();
    /// assert_eq!(y.to_vec::<f64>(), [1.0, 2.0, 0.0, 1.0]);
    /// ```
    #[doc(alias = "expm")]
    #[must_use]
    #[track_caller]
    pub fn matrix_exp(&self) -> Tensor {
        apply(&MatrixExp, &[self]).into_single()
    }
}
