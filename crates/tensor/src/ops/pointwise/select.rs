//! Choosing between values: maximum, minimum, clamp, where.

use super::elementwise::bounds::accuracy;
use crate::ops::{
    Elementwise,
    broadcast::{Operand, ToNumber, binary, common_shape, constant, or_panic},
};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Number, Primitive, Real, Result, Saved, Spec,
    SpecRef, Tensor, Vjp, apply,
    dtype::for_dtype,
    error::{cast_to_one, takes},
    kernels::select,
    try_apply,
};

/// z = max(x, y), NaN if either is; the cotangent goes to the greater one, half to each at a tie.
#[derive(Clone, Copy, Debug)]
pub struct Maximum;

/// z = min(x, y), NaN if either is; the cotangent goes to the lesser one, half to each at a tie.
#[derive(Clone, Copy, Debug)]
pub struct Minimum;

impl Elementwise for Maximum {
    const NAME: &'static str = "maximum";
    const ARITY: usize = 2;
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| n[0].max(n[1]));
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let [x, y] = [&x[0], &x[1]];
        x.if_nan(x.clone(), y.if_nan(y.clone(), x.if_greater(y, x.clone(), y.clone())))
    }
    #[inline(always)]
    fn pull<R: Real>(&self, i: usize, z_bar: &R, x: &[R]) -> R {
        if_greater_share(z_bar, &x[i], &x[1 - i])
    }
}

impl Elementwise for Minimum {
    const NAME: &'static str = "minimum";
    const ARITY: usize = 2;
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| n[0].min(n[1]));
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let [x, y] = [&x[0], &x[1]];
        x.if_nan(x.clone(), y.if_nan(y.clone(), x.if_greater(y, y.clone(), x.clone())))
    }
    #[inline(always)]
    fn pull<R: Real>(&self, i: usize, z_bar: &R, x: &[R]) -> R {
        if_greater_share(z_bar, &x[1 - i], &x[i])
    }
}

/// z_bar where x > y, 0 where x < y, half of it where neither.
#[inline(always)]
fn if_greater_share<R: Real>(z_bar: &R, x: &R, y: &R) -> R {
    let half = z_bar.clone() * x.constant(0.5);
    x.if_greater(y, z_bar.clone(), y.if_greater(x, x.constant(0.0), half))
}

/// y = min(max(x, low), high); dy/dx = 1 between the bounds, 0 at them and beyond, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Clamp {
    /// The least value of y.
    pub low: Number,
    /// The greatest value of y; where it is below `low`, it wins.
    pub high: Number,
}

impl Elementwise for Clamp {
    const NAME: &'static str = "clamp";
    const ARITY: usize = 1;
    const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|clamp, n| {
        // Bounds between integers are tightened to the integers within; a cast saturates at the ends of i64.
        let low = match clamp.low {
            Number::Int(low) => low,
            Number::Float(low) => low.ceil() as i64,
        };
        let high = match clamp.high {
            Number::Int(high) => high,
            Number::Float(high) => high.floor() as i64,
        };
        n[0].max(low).min(high)
    });
    fn check(&self, dtype: DType) -> Result<()> {
        for (bound, open) in [(self.low, f64::NEG_INFINITY), (self.high, f64::INFINITY)] {
            let fits = match (dtype, bound) {
                (DType::U8, Number::Int(n)) => u8::try_from(n).is_ok(),
                // An open end is no bound; the other infinity would be one of i64 that u8 cuts off.
                (DType::U8, Number::Float(x)) => (0.0..=255.0).contains(&x) || x == open,
                (_, Number::Float(x)) => !x.is_nan(),
                _ => true,
            };
            if !fits {
                let rule = format!("the bound {} does not fit a tensor of {dtype}", bound.as_f64());
                return Err(Error::new(ErrorKind::Value, "clamp", rule));
            }
        }
        Ok(())
    }
    #[inline(always)]
    fn value<R: Real>(&self, x: &[R]) -> R {
        let (low, high) = (x[0].constant(self.low.as_f64()), x[0].constant(self.high.as_f64()));
        let above = low.if_greater(&x[0], low.clone(), x[0].clone());
        above.if_greater(&high, high.clone(), above.clone())
    }
    #[inline(always)]
    fn pull<R: Real>(&self, _: usize, y_bar: &R, x: &[R]) -> R {
        let (low, high) = (self.low.as_f64(), self.high.as_f64());
        let (x, zero) = (&x[0], x[0].constant(0.0));
        // An infinity is no bound, also to an infinite x.
        let mut x_bar = x.if_nan(zero.clone(), y_bar.clone());
        if high != f64::INFINITY {
            x_bar = x.constant(high).if_greater(x, x_bar, zero.clone());
        }
        if low != f64::NEG_INFINITY {
            x_bar = x.if_greater(&x.constant(low), x_bar, zero);
        }
        x_bar
    }
}

/// z = x where the condition holds, else y; each gets the cotangent where it was chosen.
///
/// The values that were not chosen do not matter, but their own history does: `where(x > 0, sqrt(x), 0)` has a NaN gradient at
/// zero, because sqrt's slope there is infinite, and 0 * inf is NaN. Make the input safe first:
/// `where(x > 0, sqrt(where(x > 0, x, 1)), 0)`.
#[derive(Clone, Copy, Debug)]
pub struct Where;

impl Primitive for Where {
    fn name(&self) -> &'static str {
        "where"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("where", 3, inputs)?;
        if inputs[0].dtype() != DType::Bool {
            return Err(Error::new(ErrorKind::DType, "where", "the condition must be bool")
                .with_inputs(inputs)
                .with_hint("compare to get one, for example with .gt(0)"));
        }
        let (x, y) = (inputs[1].dtype(), inputs[2].dtype());
        if x != y {
            return Err(Error::new(
                ErrorKind::DType,
                "where",
                format!("what is chosen must have one dtype, not {x} and {y}"),
            )
            .with_inputs(inputs)
            .with_hint(cast_to_one(&inputs[1..])));
        }
        if inputs[1..].iter().any(|value| value.shape() != inputs[0].shape()) {
            return Err(Error::new(ErrorKind::Shape, "where", "the primitive takes inputs of one shape")
                .with_inputs(inputs)
                .with_hint("its method broadcasts; for try_apply, expand the inputs first"));
        }
        Ok(inputs[1].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let y = for_dtype!(inputs[1].dtype(), T => {
            Array::from_buffer(select::select::<T>(inputs[0], inputs[1], inputs[2]), inputs[1].shape())
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

impl Vjp for Where {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0)
    }
    fn vjp(&self, saved: &Saved, z_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let (condition, z_bar) = (saved.input(0), z_bar.single());
        let x_bar = needs[1].then(|| condition.where_(&z_bar, 0));
        let y_bar = needs[2].then(|| condition.where_(0, &z_bar));
        [None, x_bar, y_bar].into()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(match (dot[1], dot[2]) {
            (Some(x_dot), Some(y_dot)) => Some(x[0].where_(x_dot, y_dot)),
            (Some(x_dot), None) => Some(x[0].where_(x_dot, 0)),
            (None, y_dot) => y_dot.map(|y_dot| x[0].where_(0, y_dot)),
        }))
    }
}

impl Tensor {
    /// The greater of both in each place, under broadcasting; NaN if either is.
    ///
    /// At a tie each gets half of the cotangent.
    ///
    #[doc = accuracy!(maximum)]
    ///
    /// # Panics
    /// When the shapes do not broadcast, or the dtypes differ.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.0f32, 2.0]).maximum(0).to_vec::<f32>(), [0.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn maximum<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
        binary(&Maximum, self, other.into())
    }

    /// The lesser of both in each place, under broadcasting; NaN if either is.
    ///
    /// At a tie each gets half of the cotangent.
    ///
    #[doc = accuracy!(minimum)]
    ///
    /// # Panics
    /// When the shapes do not broadcast, or the dtypes differ.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, 4.0]).minimum(2).to_vec::<f32>(), [1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn minimum<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
        binary(&Minimum, self, other.into())
    }

    /// y = min(max(x, low), high); NaN stays NaN. Pass an infinity for an open end. The slope is 1 between the bounds, and 0 at them.
    ///
    #[doc = accuracy!(clamp)]
    ///
    /// # Panics
    /// When the dtype is bool, a bound is NaN, or does not fit an integer dtype.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([-1.0f32, 0.5, 2.0]).clamp(0, 1).to_vec::<f32>(), [0.0, 0.5, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clamp(&self, low: impl ToNumber, high: impl ToNumber) -> Tensor {
        let clamp = Clamp { low: low.to_number(), high: high.to_number() };
        apply(&clamp, &[self]).into_single()
    }

    /// `x` where this bool tensor holds, else `y`, under broadcasting of all three; see [`Where`] for NaN in what is not chosen.
    ///
    /// # Panics
    /// When this is not bool, the shapes do not broadcast, the dtypes of `x` and `y` differ, or both are plain numbers.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([-2.0f32, 3.0]);
    /// assert_eq!(x.gt(0).where_(&x, 0).to_vec::<f32>(), [0.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn where_<'a>(&self, x: impl Into<Operand<'a>>, y: impl Into<Operand<'a>>) -> Tensor {
        let (x, y) = match (x.into(), y.into()) {
            (Operand::Tensor(x), Operand::Tensor(y)) => (x.clone(), y.clone()),
            (Operand::Tensor(x), Operand::Number(y)) => (x.clone(), or_panic(constant(&Where, y, x))),
            (Operand::Number(x), Operand::Tensor(y)) => (or_panic(constant(&Where, x, y)), y.clone()),
            (Operand::Number(_), Operand::Number(_)) => {
                panic!(
                    "where: two plain numbers have no dtype; make one a tensor, for example with Tensor::from(1.0f32)"
                )
            }
        };
        let shape = or_panic(common_shape("where", &[self, &x, &y]));
        let result = try_apply(&Where, &[&self.expand(&shape), &x.expand(&shape), &y.expand(&shape)]);
        or_panic(result.map_err(|error| error.with_inputs(&[self.spec(), x.spec(), y.spec()]))).into_single()
    }
}
