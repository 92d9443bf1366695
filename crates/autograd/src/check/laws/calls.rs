//! One sample of an operation: its inputs, and the derivatives of the operation there, by the passes that users run.
//!
//! What panics in a call is a message, not a panic: every law that needs the call is broken by it.

use super::operation::Operation;
use crate::{
    check::{
        modes::{Composition, vector_along},
        point::general,
        results::bent,
        unwound,
    },
    transform::{jvp, vjp},
};
use cotangent_tensor::{DType, Rng, Tensor};

/// An operation and inputs for it.
pub(super) struct Case<'o> {
    pub(super) operation: &'o Operation,
    pub(super) inputs: Vec<Tensor>,
    /// The number of the sample among those of the operation, and whether it is a large one.
    pub(super) number: usize,
    pub(super) is_large: bool,
    /// Whether the elements were drawn at random from the operation's ranges.
    pub(super) is_drawn: bool,
    pub(super) seed: u64,
}

/// Values and what was derived with them: cotangents of the inputs, or tangents of the outputs.
pub(super) struct Derived {
    pub(super) outputs: Vec<Tensor>,
    pub(super) derived: Vec<Tensor>,
}

impl Case<'_> {
    /// Random numbers for a law: the same each time it is tried.
    pub(super) fn rng(&self, purpose: u64) -> Rng {
        Rng::seed(self.seed.rotate_left(32) ^ (self.number as u64) << 8 ^ purpose)
    }

    /// Which inputs have a derivative; the others are held constant.
    pub(super) fn variables(&self) -> Vec<usize> {
        (0..self.inputs.len()).filter(|&i| self.inputs[i].dtype().is_float()).collect()
    }

    pub(super) fn outputs(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
        unwound(|| self.operation.call(inputs)).map_err(|text| format!("the call panicked: {text}"))
    }

    /// A cotangent for each output, or `None` for those that are not floating point.
    pub(super) fn cotangents(&self, outputs: &[Tensor], rng: &mut Rng) -> Vec<Option<Tensor>> {
        outputs.iter().map(|y| y.dtype().is_float().then(|| random_like(y, rng))).collect()
    }

    /// A tangent for each input, zero for those that are not floating point.
    pub(super) fn tangents(&self, inputs: &[Tensor], rng: &mut Rng) -> Vec<Tensor> {
        inputs.iter().map(|x| if x.dtype().is_float() { random_like(x, rng) } else { x.zeros_like() }).collect()
    }

    /// Jᵀ y_bar; outputs without a cotangent are left out of the result that is pulled from.
    pub(super) fn pull(&self, inputs: &[Tensor], y_bars: &[Option<Tensor>]) -> Result<Derived, String> {
        let (found, pullback) =
            unwound(|| vjp(&inputs.to_vec(), |x: &Vec<Tensor>| chosen(&self.operation.call(x), y_bars)))
                .map_err(|text| format!("recording for reverse mode panicked: {text}"))?;
        let y_bars: Vec<Tensor> = y_bars.iter().flatten().cloned().collect();
        if y_bars.len() != found.len() {
            return Err(format!(
                "inside of reverse mode there are {} outputs with a derivative, not {}",
                found.len(),
                y_bars.len()
            ));
        }
        let derived = unwound(|| pullback.pull_once(&y_bars)).map_err(|text| format!("the vjp panicked: {text}"))?;
        Ok(Derived { outputs: found, derived })
    }

    /// Jᵀ y_bar added to a cotangent that each input has already.
    pub(super) fn pull_onto(
        &self,
        inputs: &[Tensor],
        y_bars: &[Option<Tensor>],
        others: &[Tensor],
    ) -> Result<Vec<Tensor>, String> {
        let run = || {
            let results = |x: &Vec<Tensor>| (x.clone(), chosen(&self.operation.call(x), y_bars));
            let (_, pullback) = vjp(&inputs.to_vec(), results);
            pullback.pull_once(&(others.to_vec(), y_bars.iter().flatten().cloned().collect::<Vec<_>>()))
        };
        unwound(run).map_err(|text| format!("the vjp added to another cotangent panicked: {text}"))
    }

    /// J x_dot, of all outputs; zero for those that are not floating point.
    pub(super) fn push(&self, inputs: &[Tensor], x_dots: &[Tensor]) -> Result<Derived, String> {
        let run = || jvp(&inputs.to_vec(), &x_dots.to_vec(), |x: &Vec<Tensor>| self.operation.call(x));
        let (outputs, derived) = unwound(run).map_err(|text| format!("the jvp panicked: {text}"))?;
        Ok(Derived { outputs, derived })
    }

    /// The Hessian of ⟨w, g(y)⟩ times v, in these modes.
    pub(super) fn hessian_product(
        &self,
        inputs: &[Tensor],
        y_bars: &[Option<Tensor>],
        x_dots: &[Tensor],
        modes: Composition,
    ) -> Result<Vec<Tensor>, String> {
        let run = || {
            vector_along(&|x: &Vec<Tensor>| self.number(x, y_bars), modes.modes(), &[x_dots.to_vec()], &inputs.to_vec())
        };
        unwound(run).map_err(|text| format!("{modes} panicked: {text}"))
    }

    /// ⟨w, g(y)⟩ over the outputs that have a cotangent.
    pub(super) fn number(&self, x: &[Tensor], y_bars: &[Option<Tensor>]) -> Tensor {
        let products = chosen(&self.operation.call(x), y_bars);
        let y_bars = y_bars.iter().flatten();
        let products = products.iter().zip(y_bars).map(|(y, y_bar)| (bent(y, 1.0) * y_bar).sum(..));
        products.reduce(|sum, product| sum + product).unwrap_or_else(|| Tensor::from(0.0))
    }

    /// The inputs as messages show them.
    pub(super) fn specs(&self) -> String {
        let specs: Vec<String> = self.inputs.iter().map(|x| x.spec().to_owned().to_string()).collect();
        specs.join(", ")
    }
}

/// The outputs that have a cotangent.
fn chosen(outputs: &[Tensor], y_bars: &[Option<Tensor>]) -> Vec<Tensor> {
    outputs.iter().zip(y_bars).filter(|(_, y_bar)| y_bar.is_some()).map(|(y, _)| y.clone()).collect()
}

/// Numbers of either sign, none near zero.
fn random_like(x: &Tensor, rng: &mut Rng) -> Tensor {
    let numbers = Tensor::from_vec(general(x.numel(), rng), x.shape()).expect("as many as the shape holds");
    if x.dtype() == DType::F64 { numbers } else { numbers.cast(x.dtype()) }
}
