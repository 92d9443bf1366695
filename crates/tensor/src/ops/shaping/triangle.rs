//! The lower and upper triangles of matrices.

use crate::{
    Array, Buffer, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply, dtype::for_dtype, error::takes, kernels,
};

#[cfg(test)]
mod tests;

/// `y` is `x` with zeros on one side of a diagonal of the last two axes. Linear, and its own transpose.
#[derive(Clone, Debug)]
pub struct Triangle {
    lower: bool,
    diagonal: isize,
}

impl Triangle {
    /// What lies on and below a diagonal, `diagonal` to the right of the main one.
    #[must_use]
    pub fn lower(diagonal: isize) -> Self {
        Triangle { lower: true, diagonal }
    }

    /// What lies on and above a diagonal, `diagonal` to the right of the main one.
    #[must_use]
    pub fn upper(diagonal: isize) -> Self {
        Triangle { lower: false, diagonal }
    }
}

impl Primitive for Triangle {
    fn name(&self) -> &'static str {
        "triangle"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("triangle", 1, inputs)?;
        if inputs[0].rank() < 2 {
            let op = if self.lower { "tril" } else { "triu" };
            return Err(Error::new(ErrorKind::Shape, op, "needs matrices: at least two axes").with_inputs(inputs));
        }
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(Few::one(inputs[0].clone()))
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        let x = inputs.into_single();
        let shape = x.shape().clone();
        let y = for_dtype!(x.dtype(), T => {
            let mut elements: Buffer<T> = x.into_buffer();
            let (rows, columns) = (shape[shape.len() - 2], shape[shape.len() - 1]);
            kernels::triangle::clear(&mut elements, rows, columns, self.lower, self.diagonal);
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Triangle {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = the triangle of y_bar
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(crate::apply_owned(self, Few::one(y_bar.single())).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// Triangles.
impl Tensor {
    /// The lower triangle of the last two axes, zero elsewhere: what lies on and below the diagonal that is `diagonal` to the right of
    /// the main one. NaN outside the triangle is zero too.
    ///
    /// # Panics
    /// When this has less than two axes.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.tril(0).to_vec::<i64>(), [1, 0, 3, 4]);
    /// assert_eq!(x.tril(-1).to_vec::<i64>(), [0, 0, 3, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn tril(&self, diagonal: isize) -> Tensor {
        apply(&Triangle::lower(diagonal), &[self]).into_single()
    }

    /// The upper triangle of the last two axes, zero elsewhere: what lies on and above the diagonal that is `diagonal` to the right of
    /// the main one. NaN outside the triangle is zero too.
    ///
    /// # Panics
    /// When this has less than two axes.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.triu(0).to_vec::<i64>(), [1, 2, 0, 4]);
    /// assert_eq!(x.triu(1).to_vec::<i64>(), [0, 2, 0, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn triu(&self, diagonal: isize) -> Tensor {
        apply(&Triangle::upper(diagonal), &[self]).into_single()
    }
}
