//! Forward mode: a tensor with its tangent, carried along.

use crate::tape::transposed_vjp;
use cotangent_tensor::{Derivative, Few, Level, Primitive, Result, Tensor, Tracer, try_apply, try_decompose};
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// A forward transform that runs; a tensor that outlives it is what its primal is.
pub(crate) struct Forward {
    motion: Arc<Motion>,
}

/// What all tensors of one forward transform share.
struct Motion {
    level: Level,
    open: AtomicBool,
}

impl Forward {
    pub(crate) fn new() -> Self {
        Forward { motion: Arc::new(Motion { level: Level::fresh(), open: AtomicBool::new(true) }) }
    }

    /// A tensor that moves along `tangent`.
    pub(crate) fn dual(&self, primal: &Tensor, tangent: &Tensor) -> Tensor {
        Dual::tensor(&self.motion, primal.without_ended_tracers().clone(), tangent.without_ended_tracers().clone())
    }

    /// Primal and tangent of a result; `None` is a tangent of zero.
    pub(crate) fn parts<'a>(&self, x: &'a Tensor) -> (&'a Tensor, Option<&'a Tensor>) {
        self.motion.parts(x)
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.motion.open.store(false, Relaxed);
    }
}

/// A primal and its tangent.
struct Dual {
    motion: Arc<Motion>,
    primal: Tensor,
    tangent: Tensor,
}

impl Dual {
    fn tensor(motion: &Arc<Motion>, primal: Tensor, tangent: Tensor) -> Tensor {
        Tensor::traced_by(Dual { motion: motion.clone(), primal, tangent })
    }
}

impl Motion {
    fn parts<'a>(&self, x: &'a Tensor) -> (&'a Tensor, Option<&'a Tensor>) {
        let tracer = x.tracer().filter(|tracer| tracer.level() == self.level);
        match tracer.and_then(|tracer| (tracer as &dyn Any).downcast_ref::<Dual>()) {
            Some(dual) => (&dual.primal, Some(&dual.tangent)),
            None => (x, None),
        }
    }
}

impl Tracer for Dual {
    fn level(&self) -> Level {
        self.motion.level
    }

    fn is_open(&self) -> bool {
        self.motion.open.load(Relaxed)
    }

    fn primal(&self) -> &Tensor {
        &self.primal
    }

    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let derivative = primitive.derivative();
        if let Derivative::Decomposition(parts) = derivative {
            return try_decompose(primitive, parts, inputs);
        }
        let (mut primals, mut tangents) = (Few::new(), Few::new());
        for x in inputs {
            let (primal, tangent) = self.motion.parts(x);
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
                Dual::tensor(&self.motion, primal, tangent)
            }
            _ => primal,
        };
        Ok(outputs.into_iter().zip(moved).enumerate().map(dual_of).collect())
    }
}
