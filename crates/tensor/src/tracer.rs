//! The protocol of transforms: a tracer stands for a tensor inside a transform, and sees each operation that it takes part in.

use crate::{Few, Primitive, Result, Tensor};
use std::{
    any::Any,
    sync::atomic::{AtomicU64, Ordering},
};

/// The depth of a transform. Each takes a fresh level when it begins, so that an inner transform outranks an outer one, and
/// a level identifies its transform: perturbations of different transforms are never confused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u64);

impl Level {
    /// A level above all that were taken before.
    #[must_use]
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Level(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A tensor inside a transform.
///
/// [`apply`](crate::apply) hands an operation to the tracer of the highest level among its inputs. Inputs of other tracers, and plain
/// ones, are constants at that level; the tracer computes on its own inputs' primals with `apply` again, one level down.
pub trait Tracer: Any + Send + Sync {
    /// The transform that this tracer belongs to.
    fn level(&self) -> Level;

    /// The value, one level down.
    fn primal(&self) -> &Tensor;

    /// Whether the transform still runs. A tensor that outlives its transform is what its primal is: a constant, or a tensor of
    /// a transform further out. A tracer that never ends needs not say so.
    fn is_open(&self) -> bool {
        true
    }

    /// Whether what the tracer sees is differentiated, or only watched.
    fn differentiates(&self) -> bool {
        true
    }

    /// Runs an operation whose highest level is this tracer's.
    ///
    /// # Errors
    /// What the operation refuses.
    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>>;
}
