//! Every operation of the table run for its shapes: values, gradients, tangents and second derivatives of shapes without values are shapes,
//! whether the indices, masks and labels that an operation takes beside them have values or not.

use crate::table::{Sample, table};
use cotangent_autograd::{hvp, jvp, value_and_grad};
use cotangent_tensor::{DType, Few, Level, Primitive, Result, Spec, Tensor, Tracer, try_apply};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

fn without_values(x: &Tensor) -> Tensor {
    Tensor::shape_only(x.shape(), x.dtype())
}

/// A tensor beside which every constant loses its values.
struct Blind {
    level: Level,
    primal: Tensor,
}

impl Blind {
    fn of(x: &Tensor, level: Level) -> Option<&Blind> {
        (x.tracer().filter(|tracer| tracer.level() == level)? as &dyn Any).downcast_ref()
    }
}

impl Tracer for Blind {
    fn level(&self) -> Level {
        self.level
    }
    fn primal(&self) -> &Tensor {
        &self.primal
    }
    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let below = |x: &&Tensor| Blind::of(x, self.level).map_or_else(|| without_values(x), |x| x.primal.clone());
        let below: Vec<Tensor> = inputs.iter().map(below).collect();
        let outputs = try_apply(primitive, &below.iter().collect::<Vec<_>>())?;
        Ok(outputs.into_iter().map(|primal| Tensor::traced_by(Blind { level: self.level, primal })).collect())
    }
}

/// The sum of what the sample's operation returns, for its shape.
fn loss(sample: &Sample, x: &[Tensor], blind: bool) -> Tensor {
    let level = Level::fresh();
    let inputs =
        x.iter().map(|x| if blind { Tensor::traced_by(Blind { level, primal: x.clone() }) } else { x.clone() });
    let outputs = sample.laws.call(&inputs.collect::<Vec<_>>()).into_iter().filter(|y| y.dtype().is_float());
    let below = |y: Tensor| Blind::of(&y, level).map_or_else(|| y.clone(), |y| y.primal.clone());
    outputs.map(|y| below(y.cast(DType::F64).sum(..))).fold(Tensor::from(0.0), |sum, y| sum + y)
}

fn specs(x: &[Tensor]) -> Vec<Spec> {
    x.iter().map(|x| x.spec().to_owned()).collect()
}

#[test]
fn derivatives_of_shapes_are_shapes() {
    let mut broken = Vec::new();
    for sample in table() {
        for (inputs, blind) in
            sample.laws.inputs().into_iter().flat_map(|inputs| [(inputs.clone(), false), (inputs, true)])
        {
            let blinded = |x: &Tensor| if blind || x.dtype().is_float() { without_values(x) } else { x.clone() };
            let x: Vec<Tensor> = inputs.iter().map(blinded).collect();
            let f = |x: &Vec<Tensor>| loss(&sample, x, blind);
            let run = || {
                let (y, gradient) = value_and_grad(&x, f);
                assert_eq!((y.spec().to_owned(), specs(&gradient)), (Spec::new([], DType::F64), specs(&x)));
                assert_eq!(jvp(&x, &gradient, f).1.spec(), y.spec());
                assert_eq!(specs(&hvp(&x, &gradient, f)), specs(&x));
                // What depends on no value has none.
                let depends = x.iter().any(|x| x.dtype().is_float() && x.numel() > 0);
                assert!(!depends || !y.has_values(), "values from nowhere");
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                broken.push(format!("{}: {}, {x:?}: {text}", sample.operation, sample.form));
            }
        }
    }
    assert!(broken.is_empty(), "{} forms:\n{}", broken.len(), broken.join("\n"));
}
