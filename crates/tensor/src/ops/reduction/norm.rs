//! Norms of vectors: of the elements along axes, of any order. Norms of matrices are linear algebra.

use crate::ops::{
    Max, Min, ToNumber,
    broadcast::{unrounded, widened},
    reduction::extrema::infer_extremum,
    reduction::reduce::{checked_axes, reduced_shape, with_reduced_axes},
};
use crate::{
    Array, Axes, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply, error::takes,
};

#[cfg(test)]
mod tests;

/// `y = (sum of |x|^p)^(1/p)` over some axes, for a finite order p that is not 0.
#[derive(Clone, Debug)]
pub struct VectorNorm {
    order: f64,
    axes: Axes,
    keepdims: bool,
}

impl VectorNorm {
    /// Of this order over these axes, which stay with size 1 if `keepdims`.
    #[must_use]
    pub fn new(order: f64, axes: impl Into<Axes>, keepdims: bool) -> Self {
        VectorNorm { order, axes: axes.into(), keepdims }
    }

    /// `factor` dy/dx, of y and a factor with their axes: sign(x) |x / y|^(p - 1), and zero where x or y is.
    fn scaled_slopes(&self, x: &Tensor, y: &Tensor, factor: &Tensor) -> Tensor {
        let p = self.order;
        let zero = y.eq(0);
        let y = zero.where_(1, y);
        if p == 2.0 {
            return x * zero.where_(0, &(factor / &y));
        }
        let ratio = x / &y;
        if p > 0.0 && p % 2.0 == 0.0 {
            return ratio.powf(p - 1.0) * factor;
        }
        // For a negative order y may be zero where x is not.
        let ratio = if p < 0.0 { zero.where_(0, &ratio) } else { ratio };
        let at_zero = ratio.eq(0);
        let slopes = at_zero.where_(1, &ratio.abs()).powf(p - 1.0);
        at_zero.where_(0, &ratio.gt(0).where_(&slopes, &-&slopes)) * factor
    }

    /// The norm of a plain tensor, with its axes.
    fn norm(&self, x: &Tensor) -> Tensor {
        let power_of = |sizes: &Tensor| if self.order == 2.0 { sizes.square() } else { sizes.abs().powf(self.order) };
        let root_of = |sums: &Tensor| if self.order == 2.0 { sums.sqrt() } else { sums.powf(1.0 / self.order) };
        let sums = power_of(x).sum_keepdims(self.axes.clone());
        // Below the first bound the largest terms may have lost digits to underflow; above the second is infinity.
        let (least, greatest) = match x.dtype() {
            DType::F32 => (f64::from(f32::MIN_POSITIVE / f32::EPSILON), f64::from(f32::MAX)),
            _ => (f64::MIN_POSITIVE / f64::EPSILON, f64::MAX),
        };
        let all = |holds: Tensor| holds.all(..).item::<bool>();
        if x.numel() == 0 || (all(sums.ge(least)) && all(sums.le(greatest))) {
            return root_of(&sums);
        }
        // Again, with the largest element of each sum, or for negative orders the smallest, at one.
        let (sizes, axes) = (x.abs(), self.axes.clone());
        let scale = if self.order > 0.0 { sizes.max_keepdims(axes.clone()) } else { sizes.min_keepdims(axes.clone()) };
        let scale = scale.gt(0).where_(&scale.lt(f64::INFINITY).where_(&scale, 1), 1);
        root_of(&power_of(&(sizes / &scale)).sum_keepdims(axes)) * scale
    }
}

impl Primitive for VectorNorm {
    fn name(&self) -> &'static str {
        "vector_norm"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("vector_norm", 1, inputs)?;
        let x = inputs[0];
        if !x.dtype().is_float() {
            return Err(Error::needs_float("vector_norm", inputs));
        }
        if !self.order.is_finite() || self.order == 0.0 {
            let rule = format!("the primitive takes a finite order that is not 0, not {}", self.order);
            return Err(Error::new(ErrorKind::Value, "vector_norm", rule)
                .with_inputs(inputs)
                .with_hint("its method takes 0 and the infinities"));
        }
        let axes = self.axes.resolve("vector_norm", x.rank())?;
        if self.order < 0.0 {
            return infer_extremum("vector_norm", x, &axes, self.keepdims, x.dtype());
        }
        Ok(Spec::new(reduced_shape(x.shape(), &axes, self.keepdims), x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let axes = self.axes.resolve("vector_norm", x.shape().len())?;
        let y = self.norm(&x.clone().into());
        Ok(y.reshape(reduced_shape(x.shape(), &axes, self.keepdims)).into_array().into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for VectorNorm {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0))
    }
    // x_bar = dy/dx y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (x, y) = unrounded(self, saved.input(0), saved.output(0));
        let [y, y_bar] = [&y, &widened(&y_bar.single())].map(|y| with_reduced_axes(y, &self.axes, x.spec()));
        Few::one(Some(self.scaled_slopes(&x, &y, &y_bar).cast(saved.input(0).dtype())))
    }
    // y_dot = sum(dy/dx x_dot)
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let y_dot = |x_dot: &Tensor| {
            let (x, y) = unrounded(self, x[0], &y[0]);
            let with_axes = with_reduced_axes(&y, &self.axes, x.spec());
            let slopes = self.scaled_slopes(&x, &with_axes, &with_axes.ones_like());
            (slopes * widened(x_dot)).sum_keepdims(self.axes.clone()).reshape(y.shape()).cast(x_dot.dtype())
        };
        Some(Few::one(x_dot[0].map(y_dot)))
    }
}

/// Norms of vectors.
impl Tensor {
    /// The norm of order p of the elements along some axes, which go:
    ///
    /// | order | norm | gradient where it has no derivative |
    /// |---|---|---|
    /// | 0 | how many elements are not zero | 0 |
    /// | 1 | sum of \|x\| | 0 at elements that are zero |
    /// | 2 | √(sum of x²) | 0 at the zero vector |
    /// | inf, -inf | max, min of \|x\| | equal shares at ties, 0 at elements that are zero |
    /// | other | (sum of \|x\|^p)^(1/p) | 0 at elements that are zero, and where the norm is |
    ///
    /// These are PyTorch's choices; at the zero vector, the subgradient of least norm. Higher derivatives are zero there. No power
    /// overflows or underflows where the norm itself does not: the norm of [3e30, 4e30] in f32 is 5e30.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, the dtype is not floating point, the order is NaN, or it is negative or infinite and
    /// an axis has no elements while the result has.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[3.0f32, -4.0], [0.0, 2.0]]);
    /// assert_eq!(x.vector_norm(2, 1).to_vec::<f32>(), [5.0, 2.0]);
    /// assert_eq!(x.vector_norm(f64::INFINITY, ..).item::<f32>(), 4.0);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "norm")]
    pub fn vector_norm(&self, order: impl ToNumber, axes: impl Into<Axes>) -> Tensor {
        self.norm_of(order.to_number().as_f64(), axes.into(), false)
    }

    /// As [`vector_norm`](Self::vector_norm); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`vector_norm`](Self::vector_norm).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[3.0f32, -4.0]]);
    /// assert_eq!((&x / &x.vector_norm_keepdims(2, 1)).to_vec::<f32>(), [0.6, -0.8]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn vector_norm_keepdims(&self, order: impl ToNumber, axes: impl Into<Axes>) -> Tensor {
        self.norm_of(order.to_number().as_f64(), axes.into(), true)
    }

    #[track_caller]
    fn norm_of(&self, order: f64, axes: Axes, keepdims: bool) -> Tensor {
        let refused = if order.is_nan() {
            Some(Error::new(ErrorKind::Value, "vector_norm", "the order must not be NaN"))
        } else if !self.dtype().is_float() {
            Some(Error::needs_float("vector_norm", &[]))
        } else if order.is_infinite() {
            let resolved = axes.resolve("vector_norm", self.rank());
            resolved.and_then(|axes| infer_extremum("vector_norm", self.spec(), &axes, keepdims, self.dtype())).err()
        } else {
            None
        };
        let axes = checked_axes(self, "vector_norm", axes, refused);
        let sum = |x: Tensor, axes| if keepdims { x.sum_keepdims(axes) } else { x.sum(axes) };
        if order == 0.0 {
            sum(self.ne(0).cast(self.dtype()), axes)
        } else if order == 1.0 {
            sum(self.abs(), axes)
        } else if order == f64::INFINITY {
            apply(&Max::new(axes, keepdims), &[&self.abs()]).into_single()
        } else if order == f64::NEG_INFINITY {
            apply(&Min::new(axes, keepdims), &[&self.abs()]).into_single()
        } else {
            apply(&VectorNorm { order, axes, keepdims }, &[self]).into_single()
        }
    }
}
