//! Running products. Their derivative is a product of what stands before an element, and a recurrence over what comes after.

use super::{LinearRecurrence, along_axis, before, infer_scan};
use crate::{
    Array, Cotangents, DType, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    kernels::scan::Products, shape::resolve_axis,
};

/// `y[k] = x[0] * .. * x[k]` along an axis; reversed, `y[k] = x[k] * .. * x[n - 1]`.
#[derive(Clone, Debug)]
pub struct CumProd {
    axis: isize,
    reverse: bool,
}

impl CumProd {
    /// Along this axis, from its end if `reverse`.
    #[must_use]
    pub fn new(axis: isize, reverse: bool) -> Self {
        CumProd { axis, reverse }
    }
}

/// The products of all elements before each one, in the direction of the scan.
pub(in crate::ops) fn products_before(x: &Tensor, axis: isize, reverse: bool) -> Tensor {
    before(&apply(&CumProd { axis, reverse }, &[x]).into_single(), axis, reverse, 1.0)
}

impl Primitive for CumProd {
    fn name(&self) -> &'static str {
        "cumprod"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        infer_scan("cumprod", self.axis, inputs)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let axis = resolve_axis("cumprod", self.axis, inputs[0].shape().len())?;
        Ok(match inputs[0].dtype() {
            DType::F32 => along_axis::<Products, f32, 1>([inputs[0]], axis, self.reverse),
            DType::F64 => along_axis::<Products, f64, 1>([inputs[0]], axis, self.reverse),
            DType::I64 => along_axis::<Products, i64, 1>([inputs[0]], axis, self.reverse),
            other => unreachable!("infer refuses {other}"),
        }
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for CumProd {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0))
    }
    // x_bar[k] = y[k - 1] r[k], where r[k] = y_bar[k] + x[k + 1] r[k + 1] sums what comes after without x[k]
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let CumProd { axis, reverse } = *self;
        let after = before(saved.input(0), axis, !reverse, 0.0);
        let backwards = LinearRecurrence::new(axis, !reverse);
        let r = apply(&backwards, &[&after, &y_bar.single()]).into_single();
        Few::one(Some(before(saved.output(0), axis, reverse, 1.0) * r))
    }
    // y_dot[k] = x[k] y_dot[k - 1] + y[k - 1] x_dot[k]
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let CumProd { axis, reverse } = *self;
        let forwards = LinearRecurrence::new(axis, reverse);
        let y_dot = |x_dot: &Tensor| {
            let news = before(&y[0], axis, reverse, 1.0) * x_dot;
            apply(&forwards, &[x[0], &news]).into_single()
        };
        Some(Few::one(x_dot[0].map(y_dot)))
    }
}
