//! The QR factorisation.

use super::{SolveTriangular, Triangular, check_matrix, flops_of, lower, strictly_lower, turned, with_sizes};
use crate::ops::broadcast::apply_for;
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    array::check_size, dtype::for_float, kernels::linalg,
};

/// Q, with orthonormal columns, and the upper triangular R of `A = Q R`.
///
/// For a matrix that is not wide, `A_bar = (Q_bar + Q copy(M)) R⁻ᵀ` with `M = R R_barᵀ - Q_barᵀ Q`, where copy mirrors the lower
/// triangle; for a wide one, its first columns determine Q, and the others are Q times the rest of R
/// (Walter and Lehmann, Algorithmic differentiation of linear algebra functions with application in optimum experimental design, 2010).
#[derive(Clone, Copy, Debug)]
pub struct Qr {
    is_complete: bool,
}

impl Qr {
    /// With as many columns of Q as the matrix has rows if `is_complete`, else as many as the smaller of its sizes.
    #[must_use]
    pub fn new(is_complete: bool) -> Self {
        Qr { is_complete }
    }

    fn columns(self, m: usize, n: usize) -> usize {
        if self.is_complete { m } else { m.min(n) }
    }
}

impl Primitive for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_matrix("qr", inputs)?;
        let (x, shape) = (inputs[0], inputs[0].shape());
        let [.., m, n] = shape[..] else { unreachable!("checked just now") };
        let k = self.columns(m, n);
        let shapes = [with_sizes(shape, m, k), with_sizes(shape, k, n)];
        // The square Q of a tall matrix is larger than it is.
        check_size("qr", &shapes[0], x.dtype()).map_err(|error| error.with_inputs(inputs))?;
        Ok(shapes.map(|shape| Spec::new(shape, x.dtype())).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (a, shape) = (inputs[0], inputs[0].shape());
        let [.., m, n] = shape[..] else { unreachable!("infer asks for matrices") };
        let k = self.columns(m, n);
        Ok(for_float!(a.dtype(), T => {
            let [q, r] = linalg::qr::<T>(a, k);
            [Array::from_buffer(q, with_sizes(shape, m, k)), Array::from_buffer(r, with_sizes(shape, k, n))]
        })
        .into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        // The reflections, and as many for the columns of Q.
        flops_of(inputs[0], |m, n| {
            let (long, short) = (m.max(n), m.min(n));
            let columns = if self.is_complete { m } else { short };
            2.0 * short.powi(2) * (long - short / 3.0) + 4.0 * m * columns * short - 2.0 * (m + columns) * short.powi(2)
                + 4.0 / 3.0 * short.powi(3)
        })
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Qr {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0).and(Keep::output(1)).and(Keep::SPECS)
    }
    fn vjp(&self, saved: &Saved, cotangents: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (q, r) = (saved.output(0), saved.output(1));
        let [q_bar, r_bar] = &cotangents.into_tensors()[..] else { unreachable!("qr has two outputs") };
        let (m, n) = (r.size(-2), r.size(-1));
        if m > n {
            let error = Error::new(
                ErrorKind::Derivative,
                "qr_complete",
                "the last columns of a complete Q are any that fit: they have no derivative",
            );
            panic!("{}", error.with_inputs(&[saved.spec(0)]).with_hint("differentiate qr(), not qr_complete()"));
        }
        if m == n {
            return Few::one(Some(of_first_columns(q, r, q_bar, r_bar)));
        }
        let (first, others) = (r.narrow(-1, 0, m), r.narrow(-1, m, n - m));
        let (first_bar, others_bar) = (r_bar.narrow(-1, 0, m), r_bar.narrow(-1, m, n - m));
        // The other columns are Q times the rest of R.
        let q_bar = q_bar + q.matmul(&others).matmul(&turned(&others_bar));
        let a_bar = of_first_columns(q, &first, &q_bar, &first_bar);
        Few::one(Some(Tensor::concat([a_bar, q.matmul(&others_bar)], -1)))
    }
}

/// The cotangent of a matrix with as many columns as R, which is square.
fn of_first_columns(q: &Tensor, r: &Tensor, q_bar: &Tensor, r_bar: &Tensor) -> Tensor {
    let m = r.matmul(&turned(r_bar)) - turned(q_bar).matmul(q);
    let mirrored = lower(&m) + turned(&strictly_lower(&m));
    let inner = q_bar + q.matmul(&mirrored);
    turned(&SolveTriangular::new(Triangular::upper()).of(r, &turned(&inner)))
}

/// The QR factorisation.
impl Tensor {
    /// Q, with orthonormal columns, and the upper triangular R of `A = Q R`: `[.., m, n] -> [.., m, k], [.., k, n]` with
    /// `k = min(m, n)`. Signs are those of LAPACK, and so of NumPy and PyTorch.
    ///
    /// The derivative exists where the first k columns are independent.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let a = Tensor::from([[3.0], [4.0]]);
    /// let (q, r) = a.qr();
    /// assert_eq!(r.to_vec::<f64>(), [-5.0]);
    /// assert!((q.matmul(&r) - a).abs().max(..).item::<f64>() < 1e-14);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn qr(&self) -> (Tensor, Tensor) {
        factors("qr", self, Qr::new(false))
    }

    /// As [`qr`](Self::qr) with a square Q: `[.., m, n] -> [.., m, m], [.., m, n]`. For more rows than columns there is no derivative,
    /// as the last columns of Q are any that fit; asking for it is refused.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point, or memory cannot hold Q.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (q, r) = Tensor::from([[3.0], [4.0]]).qr_complete();
    /// assert_eq!((&q.shape()[..], r.to_vec::<f64>()), (&[2, 2][..], vec![-5.0, 0.0]));
    /// assert!((q.transpose(0, 1).matmul(&q) - Tensor::eye(2, q.dtype())).abs().max(..).item::<f64>() < 1e-14);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn qr_complete(&self) -> (Tensor, Tensor) {
        factors("qr_complete", self, Qr::new(true))
    }
}

#[track_caller]
fn factors(op: &'static str, x: &Tensor, qr: Qr) -> (Tensor, Tensor) {
    let [q, r] = &apply_for(op, &qr, &[x])[..] else { unreachable!("qr has two outputs") };
    (q.clone(), r.clone())
}
