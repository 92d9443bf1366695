//! Running logarithms of sums of exponentials.

use super::{LinearRecurrence, along_axis, before};
use crate::{
    Array, Cotangents, Derivative, Error, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    error::takes,
    kernels::scan::LogSums,
    ops::broadcast::{unrounded, widened},
    shape::resolve_axis,
};

/// `y[k] = ln(exp(x[0]) + .. + exp(x[k]))` along an axis; reversed, from `x[k]` to the end.
#[derive(Clone, Debug)]
pub struct LogCumSumExp {
    axis: isize,
    reverse: bool,
}

impl LogCumSumExp {
    /// Along this axis, from its end if `reverse`.
    #[must_use]
    pub fn new(axis: isize, reverse: bool) -> Self {
        LogCumSumExp { axis, reverse }
    }

    /// What of each result is new, `exp(x[k] - y[k])`: at most 1.
    fn share_of_element(x: &Tensor, y: &Tensor) -> Tensor {
        // -inf - -inf would be NaN; such an element adds nothing.
        x.eq(f64::NEG_INFINITY).where_(f64::NEG_INFINITY, &(x - y)).exp()
    }

    /// What of a result was there before, `exp(y[k - 1] - y[k])`: at most 1.
    fn share_of_past(past: &Tensor, y: &Tensor) -> Tensor {
        // Behind an infinity nothing changes any more, and before the first element it makes no difference.
        past.abs().eq(f64::INFINITY).where_(0, &(past - y)).exp()
    }
}

impl Primitive for LogCumSumExp {
    fn name(&self) -> &'static str {
        "logcumsumexp"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("logcumsumexp", 1, inputs)?;
        if !inputs[0].dtype().is_float() {
            return Err(Error::needs_float("logcumsumexp", inputs));
        }
        resolve_axis("logcumsumexp", self.axis, inputs[0].rank())?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let axis = resolve_axis("logcumsumexp", self.axis, inputs[0].shape().len())?;
        let y = for_float!(inputs[0].dtype(), T => along_axis::<LogSums, T, 1>([inputs[0]], axis, self.reverse));
        Ok(y.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for LogCumSumExp {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0))
    }
    // x_bar[k] = sum of exp(x[k] - y[i]) y_bar[i] over i from k on = exp(x[k] - y[k]) r[k], where
    // r[k] = y_bar[k] + exp(y[k] - y[k + 1]) r[k + 1]: no exponent is positive.
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let (x, y) = unrounded(self, saved.input(0), saved.output(0));
        let shares = Self::share_of_past(&y, &before(&y, self.axis, !self.reverse, f64::INFINITY));
        let backwards = LinearRecurrence::new(self.axis, !self.reverse);
        let r = apply(&backwards, &[&shares, &widened(&y_bar)]).into_single();
        Few::one(Some((Self::share_of_element(&x, &y) * r).cast(y_bar.dtype())))
    }
    // y_dot[k] = exp(y[k - 1] - y[k]) y_dot[k - 1] + exp(x[k] - y[k]) x_dot[k]
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let y_dot = |x_dot: &Tensor| {
            let (x, y) = unrounded(self, x[0], &y[0]);
            let shares = Self::share_of_past(&before(&y, self.axis, self.reverse, f64::NEG_INFINITY), &y);
            let news = Self::share_of_element(&x, &y) * widened(x_dot);
            let y_dot = apply(&LinearRecurrence::new(self.axis, self.reverse), &[&shares, &news]).into_single();
            y_dot.cast(x_dot.dtype())
        };
        Some(Few::one(x_dot[0].map(y_dot)))
    }
}
