//! An operation whose rule can be broken in each way that a rule is.

use cotangent_tensor::{
    Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
};

/// What is wrong with the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Factor,
    Sign,
    ForgottenTerm,
    ForgottenInput,
    /// Values, not tensors: right at first order only.
    Detached,
    /// Tensors to the first power only: right up to the second order.
    DetachedTwice,
    /// As `Detached`, for forward mode alone: its second derivative in forward over forward mode is wrong.
    DetachedJvp,
    Jvp,
    /// Both modes are wrong alike, so that they agree.
    VjpAndJvp,
    Shape,
    NotANumber,
    DeclaredZero,
}

/// y = x² z + x
#[derive(Clone, Copy)]
struct Curve(Fault);

impl Primitive for Curve {
    fn name(&self) -> &'static str {
        "curve"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, z) = (inputs[0].to_slice::<f64>(), inputs[1].to_slice::<f64>());
        let y = Buffer::from_iter_exact(x.iter().zip(z.iter()).map(|(x, z)| x * x * z + x));
        Ok(Array::from_buffer(y, inputs[0].shape()).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        if self.0 == Fault::DeclaredZero { Derivative::Zero } else { Derivative::Vjp(self) }
    }
}

fn detached(x: &Tensor) -> Tensor {
    x.array().clone().into()
}

impl Vjp for Curve {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }
    // x_bar = (2 x z + 1) y_bar, z_bar = x² y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (x, z, y_bar) = (saved.input(0), saved.input(1), y_bar.single());
        let slope = x * z * 2 + 1;
        let x_bar = match self.0 {
            Fault::Factor => slope * 0.5 * &y_bar,
            Fault::Sign => -(slope * &y_bar),
            Fault::ForgottenTerm | Fault::VjpAndJvp => x * z * 2 * &y_bar,
            Fault::Detached => detached(&slope) * &y_bar,
            Fault::DetachedTwice => {
                let (x0, z0) = (detached(x), detached(z));
                (detached(&slope) + &z0 * 2 * (x - &x0) + x0 * 2 * (z - z0)) * &y_bar
            }
            Fault::Shape => (slope * &y_bar).unsqueeze(0),
            Fault::NotANumber => slope / z.zeros_like() * &y_bar * 0.0,
            _ => slope * &y_bar,
        };
        let z_bar = (self.0 != Fault::ForgottenInput).then(|| x * x * &y_bar);
        [Some(x_bar), z_bar].into()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let slope = x[0] * x[1] * 2 + 1;
        let slope = match self.0 {
            Fault::Jvp => slope * 2,
            Fault::VjpAndJvp => slope - 1,
            Fault::DetachedJvp => detached(&slope),
            Fault::None => slope,
            // The other faults are of the vjp, which forward mode transposes.
            _ => return None,
        };
        let terms = [dot[0].map(|x_dot| slope * x_dot), dot[1].map(|z_dot| x[0] * x[0] * z_dot)];
        Some(Few::one(terms.into_iter().flatten().reduce(|sum, term| sum + term)))
    }
}

/// y = x² z + x, by a rule with this fault.
pub(crate) fn curve(x: &Tensor, z: &Tensor, fault: Fault) -> Tensor {
    apply(&Curve(fault), &[x, z]).into_single()
}
