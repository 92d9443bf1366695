//! Systems of linear equations and inverses, by LU factorisation.

use super::{check_square, check_system, flops_of, refused, turned};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply,
    array::check_size,
    dtype::for_float,
    error::same_dtypes,
    kernels::linalg,
    ops::broadcast::{common_batch, or_panic},
    try_apply,
};

const SINGULAR: &str = "singular: its LU factorisation has a zero";
const WAY_OUT: &str = "pinv and lstsq take any matrix";

/// `Y = X⁻¹`; `X_bar = -Yᵀ Y_bar Yᵀ`.
#[derive(Clone, Copy, Debug)]
pub struct Inv;

impl Primitive for Inv {
    fn name(&self) -> &'static str {
        "inv"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_square("inv", inputs)?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let y = for_float!(x.dtype(), T => linalg::inverse::<T>(x).map(|y| Array::from_buffer(y, x.shape())));
        Ok(y.map_err(|bad| refused("inv", x.spec(), bad, SINGULAR).with_hint(WAY_OUT))?.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        flops_of(inputs[0], |_, n| 2.0 * n.powi(3))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Inv {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0)
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let back = turned(saved.output(0));
        Few::one(Some(-back.matmul(&y_bar.single()).matmul(&back)))
    }
    fn jvp(&self, _: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(dot[0].map(|x_dot| -y[0].matmul(x_dot).matmul(&y[0]))))
    }
}

/// `X = A⁻¹ B` for matrices with the same batch axes; inputs `A`, `B`. `B_bar = A⁻ᵀ X_bar`, `A_bar = -B_bar Xᵀ`.
#[derive(Clone, Copy, Debug)]
pub struct Solve;

impl Primitive for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_system("solve", inputs)?;
        Ok(inputs[1].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [a, b] = [inputs[0], inputs[1]];
        let x = for_float!(a.dtype(), T => linalg::solve::<T>(a, b).map(|x| Array::from_buffer(x, b.shape())));
        Ok(x.map_err(|bad| refused("solve", a.spec(), bad, SINGULAR).with_hint(WAY_OUT))?.into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        let columns = *inputs[1].shape().last().expect("a matrix") as f64;
        flops_of(inputs[0], |_, n| 2.0 / 3.0 * n.powi(3) + 2.0 * n.powi(2) * columns)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Solve {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0).when(needs[0]))
    }
    fn vjp(&self, saved: &Saved, x_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let b_bar = apply(&Solve, &[&turned(saved.input(0)), &x_bar.single()]).into_single();
        let a_bar = needs[0].then(|| -b_bar.matmul(&turned(saved.output(0))));
        [a_bar, Some(b_bar)].into()
    }
    fn jvp(&self, inputs: &[&Tensor], dot: &[Option<&Tensor>], x: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let moved = dot[0].map(|a_dot| -a_dot.matmul(&x[0]));
        let b_dot = moved.into_iter().chain(dot[1].cloned()).reduce(|sum, term| sum + term);
        Some(Few::one(b_dot.map(|b_dot| apply(&Solve, &[inputs[0], &b_dot]).into_single())))
    }
}

/// Inverses and systems of linear equations.
impl Tensor {
    /// The inverse of each matrix. To compute `A⁻¹ B` use [`solve`](Self::solve), which is faster and more accurate.
    ///
    /// # Panics
    /// When the matrices are not square or of floating point, or one is exactly singular: an LU factorisation meets a pivot of zero. A
    /// matrix with NaN has an inverse of NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[2.0, 0.0], [1.0, 4.0]]).inv().to_vec::<f64>(), [0.5, 0.0, -0.125, 0.25]);
    /// ```
    #[doc(alias = "inverse")]
    #[must_use]
    #[track_caller]
    pub fn inv(&self) -> Tensor {
        apply(&Inv, &[self]).into_single()
    }

    /// The solution X of `A X = B`, with A this tensor: `[.., n, n] x [.., n, k] -> [.., n, k]`, or for vectors
    /// `[.., n, n] x [.., n] -> [.., n]`. The batch axes broadcast.
    ///
    /// As in PyTorch, `b` holds vectors when it has one axis, or the shape of this tensor without its last axis.
    ///
    /// # Panics
    /// When this is not a square matrix or a batch of them, the sizes do not fit, the dtypes differ or are not floating point,
    /// or a matrix is exactly singular.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let a = Tensor::from([[2.0, 1.0], [0.0, 4.0]]);
    /// assert_eq!(a.solve(&Tensor::from([4.0, 8.0])).to_vec::<f64>(), [1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn solve(&self, b: &Tensor) -> Tensor {
        let is_vectors = b.rank() == 1 || (self.rank() == b.rank() + 1 && self.shape()[..b.rank()] == b.shape()[..]);
        let solved = if is_vectors {
            broadcast_system(&Solve, self, &b.unsqueeze(-1)).map(|x| x.squeeze(-1))
        } else {
            broadcast_system(&Solve, self, b)
        };
        or_panic(solved.map_err(|error| error.with_inputs(&[self.spec(), b.spec()])))
    }
}

/// Solves systems whose batch axes broadcast.
pub(super) fn broadcast_system(primitive: &dyn Primitive, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let op = primitive.name();
    same_dtypes(op, &[a.spec(), b.spec()])?;
    if a.rank() < 2 || b.rank() < 2 {
        return Err(Error::new(ErrorKind::Shape, op, "takes a matrix, and a vector or matrices on the right"));
    }
    let solved = |a: &Tensor, b: &Tensor| try_apply(primitive, &[a, b]).map(Few::into_single);
    if a.shape()[..a.rank() - 2] == b.shape()[..b.rank() - 2] {
        return solved(a, b);
    }
    if a.rank() == 2 && b.numel() > 0 {
        // One matrix for all of a batch is factored once: its right-hand sides stand side by side.
        let rank = b.rank() as isize;
        let to_front: Vec<isize> = [rank - 2].into_iter().chain(0..rank - 2).chain([rank - 1]).collect();
        let back: Vec<isize> = (1..rank - 1).chain([0, rank - 1]).collect();
        let aside = b.permute(to_front);
        return Ok(solved(a, &aside.flatten(1, -1))?.reshape(aside.shape()).permute(back));
    }
    let batch = common_batch(op, a, b)?;
    let expanded = |x: &Tensor| {
        let shape: Shape = batch.iter().chain(&x.shape()[x.rank() - 2..]).copied().collect();
        check_size(op, &shape, x.dtype()).map(|_| x.expand(&shape))
    };
    solved(&expanded(a)?, &expanded(b)?)
}
