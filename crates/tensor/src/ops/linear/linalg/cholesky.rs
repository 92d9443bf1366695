//! The Cholesky factorisation.

use super::{SolveTriangular, Triangular, check_square, flops_of, lower, on_diagonal, refused, turned};
use crate::{
    Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float, kernels::linalg,
};

/// The lower triangular L with positive diagonal and `L Lᵀ = A`, for a symmetric A.
///
/// `A_bar = sym(L⁻ᵀ Φ(Lᵀ L_bar) L⁻¹)`, where Φ takes the lower triangle with half of the diagonal (Murray, Differentiation of the
/// Cholesky decomposition, 2016).
#[derive(Clone, Copy, Debug)]
pub struct Cholesky;

impl Primitive for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_square("cholesky", inputs)?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let y = for_float!(x.dtype(), T => linalg::cholesky::<T>(x).map(|y| Array::from_buffer(y, x.shape())));
        Ok(y.map_err(|bad| refused("cholesky", x.spec(), bad, "not positive definite"))?.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], |_, n| n.powi(3) / 3.0)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Cholesky {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0)
    }
    fn vjp(&self, saved: &Saved, l_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let back = turned(saved.output(0));
        let solve = SolveTriangular::new(Triangular::upper());
        let half = solve.of(&back, &lower_with_half_diagonal(&back.matmul(&l_bar.single())));
        let whole = solve.of(&back, &turned(&half));
        Few::one(Some(symmetric_part(&whole)))
    }
    // L_dot = L Φ(L⁻¹ A_dot L⁻ᵀ)
    fn jvp(&self, _: &[&Tensor], dot: &[Option<&Tensor>], l: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let (l, solve) = (&l[0], SolveTriangular::new(Triangular::lower()));
        Some(Few::one(dot[0].map(|a_dot| {
            let half = solve.of(l, &symmetric_part(a_dot));
            l.matmul(&lower_with_half_diagonal(&solve.of(l, &turned(&half))))
        })))
    }
}

fn lower_with_half_diagonal(x: &Tensor) -> Tensor {
    on_diagonal(x.size(-1)).where_(&(x * 0.5), &lower(x))
}

/// `(A + Aᵀ) / 2`
pub(super) fn symmetric_part(x: &Tensor) -> Tensor {
    (x + turned(x)) * 0.5
}

/// The Cholesky factorisation.
impl Tensor {
    /// The lower triangular L with positive diagonal and `L Lᵀ = A`, for a symmetric positive definite A. The upper factor is its
    /// transpose.
    ///
    /// What is factored is `(A + Aᵀ) / 2`: of a symmetric matrix, A itself; its gradient is symmetric.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point, or one is not positive definite. A matrix with NaN has a factor with NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let a = Tensor::from([[4.0, 2.0], [2.0, 5.0]]);
    /// assert_eq!(a.cholesky().to_vec::<f64>(), [2.0, 0.0, 1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cholesky(&self) -> Tensor {
        if let Err(error) = check_square("cholesky", &[self.spec()]) {
            panic!("{error}");
        }
        apply(&Cholesky, &[&symmetric_part(self)]).into_single()
    }
}
