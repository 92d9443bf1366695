//! Systems of linear equations with a triangular matrix.

use super::{check_system, flops_of, lower, solve::broadcast_system, strictly_lower, turned};
use crate::{
    Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    kernels::linalg::{self, Triangle},
    ops::broadcast::or_panic,
};

/// Which triangle of a matrix [`Tensor::solve_triangular`] looks at, and on which side of X it stands.
///
/// ```
/// use cotangent_tensor::{Tensor, ops::Triangular};
/// let a = Tensor::from([[1.0, 2.0], [9.0, 4.0]]);
/// // What lies outside the triangle does not count: X [[1, 2], [0, 4]] = [[2, 8]].
/// let x = a.solve_triangular(&Tensor::from([[2.0, 8.0]]), Triangular::upper().on_the_right());
/// assert_eq!(x.to_vec::<f64>(), [2.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triangular {
    triangle: Triangle,
    is_right: bool,
}

impl Triangular {
    /// What stands on and above the diagonal: `A X = B`.
    #[must_use]
    pub fn upper() -> Self {
        Triangular { triangle: Triangle { is_upper: true, has_unit_diagonal: false }, is_right: false }
    }

    /// What stands on and below the diagonal: `A X = B`.
    #[must_use]
    pub fn lower() -> Self {
        Triangular { triangle: Triangle { is_upper: false, has_unit_diagonal: false }, is_right: false }
    }

    /// With ones on the diagonal, whatever the matrix holds there.
    #[must_use]
    pub fn unit_diagonal(self) -> Self {
        Triangular { triangle: Triangle { has_unit_diagonal: true, ..self.triangle }, ..self }
    }

    /// `X A = B` instead.
    #[must_use]
    pub fn on_the_right(self) -> Self {
        Triangular { is_right: true, ..self }
    }

    /// Of the transposed equation `Aᵀ Xᵀ = Bᵀ`.
    fn turned(self) -> Self {
        let triangle = Triangle { is_upper: !self.triangle.is_upper, ..self.triangle };
        Triangular { triangle, is_right: !self.is_right }
    }
}

/// `X = A⁻¹ B` with a triangular A; inputs `A`, `B`, with the same batch axes. `B_bar = A⁻ᵀ X_bar`; A_bar is the triangle of
/// `-B_bar Xᵀ`.
#[derive(Clone, Copy, Debug)]
pub struct SolveTriangular {
    triangle: Triangle,
}

impl SolveTriangular {
    /// With this triangle of A, which stands on the left: `on_the_right` is the method's.
    #[must_use]
    pub fn new(triangular: Triangular) -> Self {
        SolveTriangular { triangle: triangular.triangle }
    }

    fn turned(self) -> Self {
        SolveTriangular { triangle: Triangle { is_upper: !self.triangle.is_upper, ..self.triangle } }
    }

    /// What counts of a matrix, but for a diagonal of ones.
    fn part_of(self, x: &Tensor) -> Tensor {
        let part = if self.triangle.has_unit_diagonal { strictly_lower } else { lower };
        if self.triangle.is_upper { turned(&part(&turned(x))) } else { part(x) }
    }

    /// The solution for matrices with the same batch axes.
    pub(super) fn of(self, a: &Tensor, b: &Tensor) -> Tensor {
        apply(&self, &[a, b]).into_single()
    }
}

impl Primitive for SolveTriangular {
    fn name(&self) -> &'static str {
        "solve_triangular"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_system("solve_triangular", inputs)?;
        Ok(inputs[1].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [a, b] = [inputs[0], inputs[1]];
        let x = for_float!(a.dtype(), T => {
            Array::from_buffer(linalg::solve_triangular::<T>(a, b, self.triangle), b.shape())
        });
        Ok(x.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        let columns = *inputs[1].shape().last().expect("a matrix") as f64;
        flops_of(inputs[0], |_, n| n.powi(2) * columns)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for SolveTriangular {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0).when(needs[0]))
    }
    fn vjp(&self, saved: &Saved, x_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let b_bar = self.turned().of(&turned(saved.input(0)), &x_bar.single());
        let a_bar = needs[0].then(|| -self.part_of(&b_bar.matmul(&turned(saved.output(0)))));
        [a_bar, Some(b_bar)].into()
    }
    fn jvp(&self, inputs: &[&Tensor], dot: &[Option<&Tensor>], x: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let moved = dot[0].map(|a_dot| -self.part_of(a_dot).matmul(&x[0]));
        let b_dot = moved.into_iter().chain(dot[1].cloned()).reduce(|sum, term| sum + term);
        Some(Few::one(b_dot.map(|b_dot| self.of(inputs[0], &b_dot))))
    }
}

/// Triangular systems.
impl Tensor {
    /// The solution X of `A X = B`, or of `X A = B`, with A a triangle of this tensor; what lies outside it is not looked at. The batch
    /// axes broadcast.
    ///
    /// A zero on the diagonal divides, as in PyTorch: the result has infinities or NaN.
    ///
    /// # Panics
    /// When the matrices are not square or the sizes do not fit, or the dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::Triangular};
    /// let a = Tensor::from([[2.0, 0.0], [1.0, 4.0]]);
    /// let x = a.solve_triangular(&Tensor::from([[2.0], [9.0]]), Triangular::lower());
    /// assert_eq!(x.to_vec::<f64>(), [1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn solve_triangular(&self, b: &Tensor, triangular: Triangular) -> Tensor {
        let solved = if triangular.is_right {
            let primitive = SolveTriangular::new(triangular.turned());
            // A scalar or vector has nothing to turn; it is refused.
            let both_turn = self.rank() >= 2 && b.rank() >= 2;
            let of = |x: &Tensor| if both_turn { turned(x) } else { x.clone() };
            broadcast_system(&primitive, &of(self), &of(b)).map(|x| turned(&x))
        } else {
            broadcast_system(&SolveTriangular::new(triangular), self, b)
        };
        or_panic(solved.map_err(|error| error.with_inputs(&[self.spec(), b.spec()])))
    }
}
