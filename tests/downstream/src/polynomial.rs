//! An operation with a rule of its own: polynomials whose coefficients are a tensor.
//!
//! Written with the operations that there are, Horner's scheme passes over memory twice for each coefficient, and a tape keeps a
//! tensor for each. As an operation it is one pass, and what is kept are the two inputs.

use cotangent::{
    Array, Buffer, Cotangents, DType, Derivative, Element, Error, ErrorKind, Few, Keep, Primitive, Real, Result, Saved,
    Spec, SpecRef, Tensor, Vjp, apply,
};

/// `y = c[0] + c[1] x + c[2] x² + ..`: coefficients of shape `[n]`, x of any shape and the same dtype.
///
/// # Panics
/// When there is no coefficient, or the dtypes are not one of f32 and f64.
///
/// ```
/// use cotangent::Tensor;
/// use downstream::polynomial;
/// let y = polynomial(&Tensor::from([1.0, 0.0, 2.0]), &Tensor::from([3.0, -1.0]));
/// assert_eq!(y.to_vec::<f64>(), [19.0, 3.0]);
/// ```
#[must_use]
#[track_caller]
pub fn polynomial(coefficients: &Tensor, x: &Tensor) -> Tensor {
    apply(&Polynomial, &[coefficients, x]).into_single()
}

#[derive(Clone)]
struct Polynomial;

impl Primitive for Polynomial {
    fn name(&self) -> &'static str {
        "polynomial"
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let refused = |kind, rule| Err(Error::new(kind, "polynomial", rule).with_inputs(inputs));
        let [coefficients, x] = inputs else {
            return refused(ErrorKind::Shape, "takes coefficients and x");
        };
        if !matches!(coefficients.shape(), &[count] if count > 0) {
            return refused(ErrorKind::Shape, "the coefficients must be a list of at least one");
        }
        if coefficients.dtype() != x.dtype() || !x.dtype().is_float() {
            return refused(ErrorKind::DType, "coefficients and x must be f32, or both f64");
        }
        Ok(Few::one(Spec::new(x.shape(), x.dtype())))
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let y = match inputs[1].dtype() {
            DType::F32 => by_horner::<f32>(inputs[0], inputs[1]),
            _ => by_horner::<f64>(inputs[0], inputs[1]),
        };
        Ok(Few::one(y))
    }

    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

fn by_horner<T: Element + Real>(coefficients: &Array, x: &Array) -> Array {
    let (descending, shape) = (coefficients.to_slice::<T>(), x.shape());
    let value = |&x: &T| descending.iter().rev().fold(T::default(), |y, &c| y * x + c);
    // Strides are read once here, so that the loop sees a slice.
    Array::from_buffer(Buffer::from_iter_exact(x.to_slice::<T>().iter().map(value)), shape)
}

impl Vjp for Polynomial {
    fn keep(&self, _needs: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }

    /// `c_bar[k] = Σ y_bar xᵏ`, `x_bar = y_bar p'(x)`.
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let (c, x, y_bar) = (saved.input(0), saved.input(1), y_bar.single());
        let c_bar = needs[0].then(|| {
            let powers = std::iter::successors(Some(y_bar.clone()), |power| Some(power * x));
            let sums: Vec<Tensor> = powers.take(c.numel()).map(|power| power.sum(..)).collect();
            Tensor::stack(sums, 0)
        });
        let x_bar = needs[1].then(|| y_bar * polynomial(&slope(c), x));
        [c_bar, x_bar].into()
    }

    /// `y_dot = Σ c_dot[k] xᵏ + p'(x) x_dot`: without it, forward mode would transpose the vjp.
    fn jvp(&self, inputs: &[&Tensor], dots: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let (c, x) = (inputs[0], inputs[1]);
        let by_c = dots[0].map(|c_dot| polynomial(c_dot, x));
        let by_x = dots[1].map(|x_dot| polynomial(&slope(c), x) * x_dot);
        let y_dot = match (by_c, by_x) {
            (Some(by_c), Some(by_x)) => Some(by_c + by_x),
            (by_c, by_x) => by_c.or(by_x),
        };
        Some(Few::one(y_dot))
    }
}

/// The coefficients of p', of which there is one at least: `c[1], 2 c[2], 3 c[3], ..`.
fn slope(c: &Tensor) -> Tensor {
    let count = c.numel();
    match count {
        1 => c.zeros_like(),
        _ => c.narrow(0, 1, count - 1) * Tensor::arange(1, count as i64, 1).cast(c.dtype()),
    }
}
