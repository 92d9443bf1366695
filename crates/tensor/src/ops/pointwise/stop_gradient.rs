//! The identity whose derivative is zero.

use crate::{Array, Derivative, Few, Primitive, Result, Spec, SpecRef, Tensor, apply, error::takes};

/// y = x, a constant to every transform.
#[derive(Clone, Copy, Debug)]
pub struct StopGradient;

impl Primitive for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("stop_gradient", 1, inputs)?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(inputs[0].clone().into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

impl Tensor {
    /// The same values as a constant: no derivative, of any order and mode, goes through it.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// // Outside of a transform there is nothing to stop.
    /// assert_eq!(Tensor::from(2.0).stop_gradient().item::<f64>(), 2.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn stop_gradient(&self) -> Tensor {
        apply(&StopGradient, &[self]).into_single()
    }
}
