//! Eigenvalues and eigenvectors of symmetric matrices.

use super::{check_square, cholesky::symmetric_part, epsilon, flops_of, reciprocal_or_zero, turned};
use crate::ops::broadcast::{apply_for, or_panic};
use crate::{
    Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, dtype::for_float,
    kernels::linalg,
};

/// The eigenvalues w of a symmetric A, ascending, and the orthonormal eigenvectors as the columns of V: `A = V diag(w) Vᵀ`.
///
/// `A_bar = V (diag(w_bar) + F ∘ skew(Vᵀ V_bar)) Vᵀ` with `skew(X) = (X - Xᵀ) / 2` and `F_ij = 1 / (w_j - w_i)`, or 0 for equal
/// eigenvalues.
#[derive(Clone, Copy, Debug)]
pub struct Eigh;

impl Primitive for Eigh {
    fn name(&self) -> &'static str {
        "eigh"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_square("eigh", inputs)?;
        let x = inputs[0];
        Ok([Spec::new(&x.shape()[..x.rank() - 1], x.dtype()), x.to_owned()].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (a, shape) = (inputs[0], inputs[0].shape());
        Ok(for_float!(a.dtype(), T => {
            let [w, v] = linalg::eigh::<T>(a);
            [Array::from_buffer(w, &shape[..shape.len() - 1]), Array::from_buffer(v, shape)]
        })
        .into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], |_, n| 9.0 * n.powi(3))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Eigh {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0).and(Keep::output(1))
    }
    fn vjp(&self, saved: &Saved, cotangents: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (w, v) = (saved.output(0), saved.output(1));
        let [w_bar, v_bar] = &cotangents.into_given()[..] else { unreachable!("eigh has two outputs") };
        let of_values = w_bar.as_ref().map(|w_bar| (v * w_bar.unsqueeze(-2)).matmul(&turned(v)));
        let of_vectors = v_bar.as_ref().map(|v_bar| {
            let turning = turned(v).matmul(v_bar);
            let within = (&turning - turned(&turning)) * 0.5 * gaps(w);
            v.matmul(&within).matmul(&turned(v))
        });
        Few::one(of_values.into_iter().chain(of_vectors).reduce(|sum, term| sum + term))
    }
}

/// `1 / (w_j - w_i)`, or 0 for equal eigenvalues.
fn gaps(w: &Tensor) -> Tensor {
    let n = w.size(-1);
    if n == 0 {
        return w.unsqueeze(-1).matmul(&w.unsqueeze(-2));
    }
    // Equal eigenvalues come out apart by rounding: a few units in the last place of the largest for each row.
    let tolerance = w.abs().max_keepdims(-1).stop_gradient() * (8.0 * n as f64 * epsilon(w.dtype()));
    reciprocal_or_zero(&(w.unsqueeze(-2) - w.unsqueeze(-1)), &tolerance.unsqueeze(-1))
}

/// Eigenvalues.
impl Tensor {
    /// The eigenvalues of a symmetric matrix, ascending, and its orthonormal eigenvectors as columns: `[.., n, n] -> [.., n],
    /// [.., n, n]`, `A = V diag(w) Vᵀ`.
    ///
    /// What is decomposed is `(A + Aᵀ) / 2`: of a symmetric matrix, A itself; its gradient is symmetric. Each eigenvector may have either
    /// sign, and those of equal eigenvalues may be turned; a function that depends on this choice has no derivative. One that does
    /// not, such as one of the eigenvalues only, has its right first derivative at equal eigenvalues too. A matrix with NaN
    /// or infinities has NaN everywhere.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (w, v) = Tensor::from([[2.0, 0.0], [0.0, 1.0]]).eigh();
    /// assert_eq!(w.to_vec::<f64>(), [1.0, 2.0]);
    /// assert_eq!(v.abs().to_vec::<f64>(), [0.0, 1.0, 1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn eigh(&self) -> (Tensor, Tensor) {
        decomposed("eigh", self)
    }

    /// The eigenvalues of a symmetric matrix, ascending; see [`eigh`](Self::eigh).
    ///
    /// # Panics
    /// When the matrices are not square or of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[2.0, 0.0], [0.0, 1.0]]).eigvalsh().to_vec::<f64>(), [1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn eigvalsh(&self) -> Tensor {
        decomposed("eigvalsh", self).0
    }
}

#[track_caller]
fn decomposed(op: &'static str, x: &Tensor) -> (Tensor, Tensor) {
    or_panic(check_square(op, &[x.spec()]));
    let [w, v] = &apply_for(op, &Eigh, &[&symmetric_part(x)])[..] else { unreachable!("eigh has two outputs") };
    (w.clone(), v.clone())
}
