//! The linear recurrence of first order: discounted sums, exponential moving averages, the states of a diagonal state space model,
//! and the derivatives of the other scans.

use super::{along_axis, before};
use crate::{
    Array, Cotangents, Derivative, Error, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    error::{same_specs, takes},
    kernels::scan::Recurrences,
    ops::broadcast::{common_shape, or_panic},
    shape::resolve_axis,
    try_apply,
};

/// `y[k] = a[k] y[k - 1] + b[k]` along an axis, where `y` is zero before the first element; inputs `a`, `b`. Reversed,
/// `y[k] = a[k] y[k + 1] + b[k]`.
#[derive(Clone, Debug)]
pub struct LinearRecurrence {
    axis: isize,
    reverse: bool,
}

impl LinearRecurrence {
    /// Along this axis, from its end if `reverse`.
    #[must_use]
    pub fn new(axis: isize, reverse: bool) -> Self {
        LinearRecurrence { axis, reverse }
    }
}

impl Primitive for LinearRecurrence {
    fn name(&self) -> &'static str {
        "linear_recurrence"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("linear_recurrence", 2, inputs)?;
        same_specs("linear_recurrence", inputs)?;
        if !inputs[0].dtype().is_float() {
            return Err(Error::needs_float("linear_recurrence", inputs));
        }
        resolve_axis("linear_recurrence", self.axis, inputs[0].rank())?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let axis = resolve_axis("linear_recurrence", self.axis, inputs[0].shape().len())?;
        let both = [inputs[0], inputs[1]];
        Ok(for_float!(both[0].dtype(), T => along_axis::<Recurrences, T, 2>(both, axis, self.reverse)).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for LinearRecurrence {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0).when(needs[0]))
    }
    // b_bar[k] = y_bar[k] + a[k + 1] b_bar[k + 1], a_bar[k] = b_bar[k] y[k - 1]
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let LinearRecurrence { axis, reverse } = *self;
        let after = before(saved.input(0), axis, !reverse, 0.0);
        let b_bar = apply(&LinearRecurrence::new(axis, !reverse), &[&after, &y_bar.single()]).into_single();
        let a_bar = needs[0].then(|| &b_bar * before(saved.output(0), axis, reverse, 0.0));
        [a_bar, Some(b_bar)].into()
    }
    // y_dot[k] = a[k] y_dot[k - 1] + a_dot[k] y[k - 1] + b_dot[k]
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let from_a = dot[0].map(|a_dot| a_dot * before(&y[0], self.axis, self.reverse, 0.0));
        let news = match (from_a, dot[1]) {
            (Some(from_a), Some(b_dot)) => Some(from_a + b_dot),
            (from_a, b_dot) => from_a.or_else(|| b_dot.cloned()),
        };
        Some(Few::one(news.map(|news| apply(self, &[x[0], &news]).into_single())))
    }
}

/// Linear recurrences.
impl Tensor {
    /// The linear recurrence `y[k] = decay[k] y[k - 1] + x[k]` along an axis, where `y` is zero before the first element; the decay
    /// broadcasts. One pass, for derivatives too.
    ///
    /// With a constant decay γ it is a discounted sum, and of `(1 - γ) x` an exponential moving average; with a decay for each
    /// element, the state of a diagonal linear state space model.
    ///
    /// # Panics
    /// When the axis is out of range, the shapes do not broadcast, the dtypes differ, or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::from([1.0f32, 1.0, 1.0]).linear_recurrence(&Tensor::from(0.5f32), 0);
    /// assert_eq!(y.to_vec::<f32>(), [1.0, 1.5, 1.75]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "associative_scan")]
    pub fn linear_recurrence(&self, decay: &Tensor, axis: isize) -> Tensor {
        let shape = or_panic(common_shape("linear_recurrence", &[decay, self]));
        let result = try_apply(&LinearRecurrence::new(axis, false), &[&decay.expand(&shape), &self.expand(&shape)]);
        // What the user passed says more than what it was expanded to.
        or_panic(result.map_err(|error| error.with_inputs(&[decay.spec(), self.spec()]))).into_single()
    }
}
