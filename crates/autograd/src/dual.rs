//! Forward mode: a tensor with its tangent, carried along.

use crate::tape::transposed_vjp;
use cotangent_tensor::{Derivative, Few, Level, Primitive, Result, SpecRef, Tensor, Tracer, try_apply};
use std::{any::Any, sync::Arc};

/// A primal and its tangent.
struct Dual {
    level: Level,
    primal: Tensor,
    tangent: Tensor,
}

/// A tensor that moves along `tangent`, in the forward transform of this level.
pub(crate) fn dual(level: Level, primal: Tensor, tangent: Tensor) -> Tensor {
    Tensor::from_tracer(Arc::new(Dual { level, primal, tangent }))
}

/// Primal and tangent of a result of the forward transform of this level; `None` is a tangent of zero.
pub(crate) fn parts(level: Level, x: &Tensor) -> (&Tensor, Option<&Tensor>) {
    let tracer = x.tracer().filter(|tracer| tracer.level() == level);
    match tracer.and_then(|tracer| (tracer as &dyn Any).downcast_ref::<Dual>()) {
        Some(dual) => (&dual.primal, Some(&dual.tangent)),
        None => (x, None),
    }
}

impl Tracer for Dual {
    fn level(&self) -> Level {
        self.level
    }

    fn primal(&self) -> &Tensor {
        &self.primal
    }

    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let derivative = primitive.derivative();
        if let Derivative::Decomposition(decomposition) = &derivative {
            let specs: Few<SpecRef<'_>> = inputs.iter().map(|x| x.spec()).collect();
            primitive.infer(&specs)?;
            return Ok(decomposition.decompose(inputs));
        }
        let (mut primals, mut tangents) = (Few::new(), Few::new());
        for x in inputs {
            let (primal, tangent) = parts(self.level, x);
            primals.push(primal);
            tangents.push(tangent);
        }
        let outputs = try_apply(primitive, &primals)?;
        let Derivative::Vjp(rule) = derivative else { return Ok(outputs) };
        let moved = rule
            .jvp(&primals, &tangents, &outputs)
            .unwrap_or_else(|| transposed_vjp(primitive, &primals, &tangents, &outputs));
        let name = primitive.name();
        let (given, wanted) = (moved.len(), outputs.len());
        assert!(
            given == wanted,
            "{name}: the rule's jvp must give a tangent, or None for zero, for each of {wanted} outputs; it gave {given}"
        );
        let dual_of = |(i, (primal, tangent)): (usize, (Tensor, Option<Tensor>))| match tangent {
            Some(tangent) if primal.dtype().is_float() => {
                assert!(
                    tangent.spec() == primal.spec(),
                    "{name}: the rule's jvp gave a tangent {} for output {i}, which is {}",
                    tangent.spec(),
                    primal.spec(),
                );
                dual(self.level, primal, tangent)
            }
            _ => primal,
        };
        Ok(outputs.into_iter().zip(moved).enumerate().map(dual_of).collect())
    }
}
