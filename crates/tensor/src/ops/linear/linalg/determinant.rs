//! Determinants.
//!
//! The derivative of a determinant is the matrix of cofactors, a polynomial, and so are all further ones: they exist everywhere. The
//! usual formula `det(A) A⁻ᵀ` does not: it is 0 / 0 at a singular matrix, and near one its derivatives cancel. There, singular vectors
//! of A, held constant, turn A into a matrix B with `det(A) = ± det(B)`, whose well-conditioned part B₁₁ stands apart from the small
//! rest; then `det(B) = det(B₁₁) det(S)` with the Schur complement `S = B₂₂ - B₂₁ B₁₁⁻¹ B₁₂`, and only `det(S)`, of a matrix mostly of
//! one element, needs a formula without division.

use super::{Inv, check_square, epsilon, flops_of, on_diagonal, turned};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor,
    Vjp, apply, dtype::for_float, kernels::linalg, try_apply,
};

/// `y = det(X)`; `X_bar = y_bar cofactors(X)`.
#[derive(Clone, Copy, Debug)]
pub struct Det;

fn batch_spec(x: SpecRef<'_>) -> Spec {
    Spec::new(&x.shape()[..x.rank() - 2], x.dtype())
}

impl Primitive for Det {
    fn name(&self) -> &'static str {
        "det"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_square("det", inputs)?;
        Ok(batch_spec(inputs[0]).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, shape) = (inputs[0], batch_spec(inputs[0].spec()).shape().clone());
        Ok(for_float!(x.dtype(), T => Array::from_buffer(linalg::det::<T>(x), shape)).into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], |_, n| 2.0 / 3.0 * n.powi(3))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Det {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0)
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(of_matrices(&y_bar.single()) * cofactors(saved.input(0))))
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(dot[0].map(|x_dot| (cofactors(x[0]) * x_dot).sum([-2, -1]))))
    }
}

/// The sign of `det(X)`, and `y = ln |det(X)|`; `X_bar = y_bar X⁻ᵀ`. The sign has no derivative.
#[derive(Clone, Copy, Debug)]
pub struct SlogDet;

impl Primitive for SlogDet {
    fn name(&self) -> &'static str {
        "slogdet"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_square("slogdet", inputs)?;
        Ok([batch_spec(inputs[0]), batch_spec(inputs[0])].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, shape) = (inputs[0], batch_spec(inputs[0].spec()).shape().clone());
        Ok(for_float!(x.dtype(), T => linalg::slogdet::<T>(x).map(|y| Array::from_buffer(y, &shape))).into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], |_, n| 2.0 / 3.0 * n.powi(3))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for SlogDet {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0)
    }
    fn vjp(&self, saved: &Saved, cotangents: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.input(0);
        // The sign is constant.
        Few::one(Some(match cotangents.into_given().into_iter().nth(1).flatten() {
            Some(y_bar) => of_matrices(&y_bar) * turned(&inverse(x)),
            None => x.zeros_like(),
        }))
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some([None, dot[0].map(|x_dot| (turned(&inverse(x[0])) * x_dot).sum([-2, -1]))].into())
    }
}

/// The inverse, which a logarithm's derivative needs.
fn inverse(x: &Tensor) -> Tensor {
    try_apply(&Inv, &[x]).map(Few::into_single).unwrap_or_else(|_| {
        let rule = "the logarithm of a determinant that is zero has no derivative";
        panic!("{}", Error::new(ErrorKind::Derivative, "slogdet", rule).with_inputs(&[x.spec()]))
    })
}

/// A number for each matrix, to multiply it with.
fn of_matrices(x: &Tensor) -> Tensor {
    x.unsqueeze(-1).unsqueeze(-1)
}

/// The derivative of the determinant in each element, as a function that has derivatives at singular matrices too.
fn cofactors(x: &Tensor) -> Tensor {
    let n = x.size(-1);
    match n {
        0 => return x.clone(),
        1 => return x.ones_like(),
        2 => {
            let signs = Tensor::from([[1.0, -1.0], [-1.0, 1.0]]).cast(x.dtype());
            return x.flip([-2, -1]) * signs;
        }
        // Which formula is needed depends on the values; that the cofactors are like the matrix does not.
        _ if !x.has_values() => return x.clone(),
        _ => {}
    }
    // Up to this condition the usual formula loses at most half of the digits in a second derivative, whose terms are as much larger
    // than their sum as the square of the condition.
    let limit = epsilon(x.dtype()).powf(-0.25);
    let values = Tensor::from(x.array().clone());
    let values = if x.dtype().is_half() { values.cast(DType::F32) } else { values };
    let conditions = for_float!(values.dtype(), T => linalg::condition::<T>(values.array()));
    // What is NaN has only NaN to give.
    if conditions.iter().all(|&condition| condition <= limit || condition.is_nan()) {
        return of_matrices(&x.det()) * turned(&x.inv());
    }
    let matrices = x.reshape([conditions.len(), n, n]);
    let each = (0..conditions.len()).map(|i| {
        let matrix = matrices.narrow(0, i, 1).squeeze(0);
        if conditions[i] > limit { cofactors_apart(&matrix, limit) } else { cofactors(&matrix) }
    });
    Tensor::stack(each.collect::<Vec<_>>(), 0).reshape(x.shape())
}

/// The cofactors of one ill-conditioned matrix.
fn cofactors_apart(x: &Tensor, limit: f64) -> Tensor {
    let constant = Tensor::from(x.array().clone());
    let (u, s, vt) = constant.svd();
    let lengths = s.cast(DType::F64).to_vec::<f64>();
    let rank = lengths.iter().filter(|&&length| length * limit > lengths[0]).count();
    let sign = u.det() * vt.det();
    let b = turned(&u).matmul(x).matmul(&turned(&vt));
    let rest = lengths.len() - rank;
    let part =
        |rows: (usize, usize), columns: (usize, usize)| b.narrow(0, rows.0, rows.1).narrow(1, columns.0, columns.1);
    let (large, small) = ((0, rank), (rank, rest));
    let (b12, b21) = (part(large, small), part(small, large));
    let inverse = part(large, large).inv();
    let (right, left) = (inverse.matmul(&b12), b21.matmul(&inverse));
    let (det_large, (det_small, cofactors_small)) =
        (part(large, large).det(), without_division(&(part(small, small) - left.matmul(&b12))));
    let of_small = &det_large * cofactors_small;
    let across = turned(&left).matmul(&of_small);
    let of_large = det_small * det_large * turned(&inverse) + across.matmul(&turned(&right));
    let below = -of_small.matmul(&turned(&right));
    let rows = [Tensor::concat([of_large, -across], 1), Tensor::concat([below, of_small], 1)];
    sign * u.matmul(&Tensor::concat(rows, 0)).matmul(&vt)
}

/// Determinant and cofactors by powers of the matrix (Faddeev and Le Verrier), which divides by integers only.
fn without_division(x: &Tensor) -> (Tensor, Tensor) {
    let n = x.size(-1);
    let is_diagonal = on_diagonal(n);
    let trace = |x: &Tensor| is_diagonal.where_(x, 0).sum(..);
    let identity = Tensor::eye(n, x.dtype());
    let (mut adjugate, mut det) = (identity.clone(), Tensor::ones([], x.dtype()));
    for k in 1..=n {
        let power = x.matmul(&adjugate);
        let coefficient = trace(&power) / k;
        if k < n {
            adjugate = &coefficient * &identity - power;
        }
        det = coefficient;
    }
    (det, turned(&adjugate))
}

/// Determinants.
impl Tensor {
    /// The determinant of each matrix: `[.., n, n] -> [..]`; that of a matrix without rows is 1.
    ///
    /// Its derivatives of every order exist at singular matrices too, and are computed there.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[3.0, 1.0], [4.0, 2.0]]).det().item::<f64>(), 2.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn det(&self) -> Tensor {
        apply(&Det, &[self]).into_single()
    }

    /// The sign of each determinant, and the logarithm of its absolute value, which neither overflows nor underflows: 0 and
    /// -infinity of a singular matrix, where there is no derivative and asking for it is refused.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (sign, log) = Tensor::from([[0.0, 1.0], [1.0, 0.0]]).slogdet();
    /// assert_eq!((sign.item::<f64>(), log.item::<f64>()), (-1.0, 0.0));
    /// ```
    #[doc(alias = "logdet")]
    #[must_use]
    #[track_caller]
    pub fn slogdet(&self) -> (Tensor, Tensor) {
        let [sign, log] = &apply(&SlogDet, &[self])[..] else { unreachable!("slogdet has two outputs") };
        (sign.clone(), log.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn the_cofactors_of_every_path_agree() {
        let x = Rng::seed(2).normal([5, 5], DType::F64);
        let usual = x.det() * turned(&x.inv());
        // A limit of 1 leaves every singular value to the formula without division; an infinite one leaves it none.
        for limit in [1.0, 2.0, 5.0, f64::INFINITY] {
            let difference = (cofactors_apart(&x, limit) - &usual).abs().max(..).item::<f64>();
            assert!(difference < 1e-12 * usual.abs().max(..).item::<f64>(), "limit {limit}: {difference}");
        }
    }

    #[test]
    fn powers_give_determinant_and_cofactors() {
        let x = Tensor::from([[2.0, 0.0, 1.0], [1.0, 3.0, 0.0], [0.0, 1.0, 1.0]]);
        let (det, cofactors) = without_division(&x);
        assert_eq!(det.item::<f64>(), 7.0);
        assert_eq!(cofactors.to_vec::<f64>(), [3.0, -1.0, 1.0, 1.0, 2.0, -2.0, -3.0, 1.0, 6.0]);
        let (det, cofactors) = without_division(&Tensor::zeros([0, 0], DType::F64));
        assert_eq!((det.item::<f64>(), cofactors.numel()), (1.0, 0));
    }
}
