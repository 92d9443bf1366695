//! The singular value decomposition.

use super::{check_matrix, epsilon, flops_of, reciprocal_or_zero, turned, with_sizes};
use crate::ops::broadcast::apply_for;
use crate::{
    Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, dtype::for_float,
    kernels::linalg,
};

/// U, the singular values s, descending, and Vᵀ of `A = U diag(s) Vᵀ`, with as many of each as the smaller size of A.
///
/// With `G = Uᵀ U_bar - (Uᵀ U_bar)ᵀ`, `H = Vᵀ V_bar - (Vᵀ V_bar)ᵀ` and
/// `C_ij = (G + H)_ij / 2 (s_j - s_i) + (G - H)_ij / 2 (s_j + s_i)`,
/// `A_bar = U (diag(s_bar) + C) Vᵀ + (I - U Uᵀ) U_bar diag(1/s) Vᵀ + U diag(1/s) V_barᵀ (I - V Vᵀ)`.
///
/// The two fractions of C are the usual `(G_ij s_j + s_i H_ij) / (s_j² - s_i²)`; apart, the second is finite for equal singular
/// values, where a function that does not depend on the choice of vectors has `G + H = 0`.
#[derive(Clone, Copy, Debug)]
pub struct Svd;

impl Primitive for Svd {
    fn name(&self) -> &'static str {
        "svd"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_matrix("svd", inputs)?;
        Ok(Svd::shapes(inputs[0].shape()).map(|shape| Spec::new(shape, inputs[0].dtype())).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (a, [u, s, vt]) = (inputs[0], Svd::shapes(inputs[0].shape()));
        Ok(for_float!(a.dtype(), T => {
            let parts = linalg::svd::<T>(a);
            parts.into_iter().zip([u, s, vt]).map(|(part, shape)| Array::from_buffer(part, shape)).collect()
        }))
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], Svd::flops_of_one)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Svd {
    /// For one matrix; a wide one is factored as its transpose.
    pub(super) fn flops_of_one(m: f64, n: f64) -> f64 {
        let (long, short) = (m.max(n), m.min(n));
        14.0 * long * short.powi(2) + 8.0 * short.powi(3)
    }

    fn shapes(shape: &[usize]) -> [crate::Shape; 3] {
        let [batch @ .., m, n] = shape else { unreachable!("infer asks for matrices") };
        let k = *m.min(n);
        [with_sizes(shape, *m, k), batch.iter().copied().chain([k]).collect(), with_sizes(shape, k, *n)]
    }
}

impl Vjp for Svd {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0).and(Keep::output(1)).and(Keep::output(2))
    }
    fn vjp(&self, saved: &Saved, cotangents: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (u, s, vt) = (saved.output(0), saved.output(1), saved.output(2));
        let [u_bar, s_bar, vt_bar] = &cotangents.into_given()[..] else { unreachable!("svd has three outputs") };
        let (m, k, n) = (u.size(-2), s.size(-1), vt.size(-1));
        if k == 0 {
            return Few::one(Some(u.matmul(vt)));
        }
        let mut terms = Vec::new();
        terms.extend(s_bar.as_ref().map(|s_bar| (u * s_bar.unsqueeze(-2)).matmul(vt)));
        if u_bar.is_some() || vt_bar.is_some() {
            let skew = |x: Tensor| &x - turned(&x);
            let g = u_bar.as_ref().map(|u_bar| skew(turned(u).matmul(u_bar)));
            let h = vt_bar.as_ref().map(|vt_bar| skew(vt.matmul(&turned(vt_bar))));
            let (sum, difference) = match (g, h) {
                (Some(g), Some(h)) => (&g + &h, g - h),
                (Some(g), None) => (g.clone(), g),
                (None, Some(h)) => (h.clone(), -h),
                (None, None) => unreachable!("one of them is there"),
            };
            // Equal values come out apart, and zero ones above it, by rounding: a few units in the last place of the largest for each row.
            let tolerance =
                (s.narrow(-1, 0, 1).stop_gradient() * (8.0 * m.max(n) as f64 * epsilon(s.dtype()))).unsqueeze(-1);
            let (row, column) = (s.unsqueeze(-2), s.unsqueeze(-1));
            let within = sum * reciprocal_or_zero(&(&row - &column), &tolerance)
                + difference * reciprocal_or_zero(&(&row + &column), &tolerance);
            terms.push(u.matmul(&(within * 0.5)).matmul(vt));
            let inverse = reciprocal_or_zero(&row, &tolerance);
            if let Some(u_bar) = u_bar.as_ref().filter(|_| m > k) {
                let outside = u_bar - u.matmul(&turned(u).matmul(u_bar));
                terms.push((outside * &inverse).matmul(vt));
            }
            if let Some(vt_bar) = vt_bar.as_ref().filter(|_| n > k) {
                let outside = vt_bar - vt_bar.matmul(&turned(vt)).matmul(vt);
                terms.push((u * &inverse).matmul(&outside));
            }
        }
        Few::one(terms.into_iter().reduce(|sum, term| sum + term))
    }
}

/// The singular value decomposition.
impl Tensor {
    /// U, the singular values s, descending, and Vᵀ of `A = U diag(s) Vᵀ`: `[.., m, n] -> [.., m, k], [.., k], [.., k, n]` with
    /// `k = min(m, n)`. U and V have orthonormal columns.
    ///
    /// Each pair of singular vectors may have either sign, and those of equal values may be turned; a function that depends on this
    /// choice has no derivative. One that does not, such as one of the singular values only, or `U Vᵀ`, has its right first derivative
    /// at equal singular values too. A matrix with NaN or infinities has NaN everywhere.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (u, s, vt) = Tensor::from([[0.0, 2.0], [1.0, 0.0]]).svd();
    /// assert_eq!(s.to_vec::<f64>(), [2.0, 1.0]);
    /// assert_eq!((u * s.unsqueeze(-2)).matmul(&vt).to_vec::<f64>(), [0.0, 2.0, 1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn svd(&self) -> (Tensor, Tensor, Tensor) {
        factors("svd", self)
    }

    /// The singular values, descending; see [`svd`](Self::svd).
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]).svdvals().to_vec::<f64>(), [2.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn svdvals(&self) -> Tensor {
        factors("svdvals", self).1
    }
}

#[track_caller]
fn factors(op: &'static str, x: &Tensor) -> (Tensor, Tensor, Tensor) {
    let [u, s, vt] = &apply_for(op, &Svd, &[x])[..] else { unreachable!("svd has three outputs") };
    (u.clone(), s.clone(), vt.clone())
}
