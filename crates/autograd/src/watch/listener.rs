//! The tracer that listens: it runs each operation one level down and writes down what it was.

use super::{
    constant,
    recording::{Operation, Origin, Place, Recording, Value, is_number},
};
use crate::module::{self, Kind, Module};
use cotangent_tensor::{Few, Level, Primitive, Result, SpecRef, Tensor, Tracer, try_apply};
use std::{
    any::Any,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// A computation that is being watched.
pub(super) struct Watch(Arc<Shared>);

struct Shared {
    level: Level,
    /// Whether the function still runs; written under the lock of the recording.
    open: AtomicBool,
    recording: Mutex<Recording>,
}

/// A tensor that is watched.
struct Watched {
    watch: Arc<Shared>,
    number: usize,
    primal: Tensor,
}

impl Watch {
    pub(super) fn new() -> Self {
        Watch(Arc::new(Shared { level: Level::fresh(), open: AtomicBool::new(true), recording: Mutex::default() }))
    }

    /// The model, with its tensors watched; they have the paths that operations are named by.
    pub(super) fn model<M: Module + Clone>(&self, model: &M) -> M {
        module::map(model, |leaf| {
            let path = leaf.path.to_string();
            let place = Place::owning(&path);
            let origin = match leaf.kind {
                Kind::Parameter => Origin::Parameter(path),
                Kind::Buffer => Origin::Buffer(path),
            };
            self.0.leaf(leaf.tensor, origin, place)
        })
    }

    /// What the model is run on, with its tensors watched.
    pub(super) fn inputs<I: Module + Clone>(&self, inputs: &I) -> I {
        module::map(inputs, |leaf| self.0.leaf(leaf.tensor, Origin::Input(leaf.path.to_string()), Place::Data))
    }

    /// The result one level down, and what was written down; values in it are one level down too.
    pub(super) fn close<N: Module + Clone>(self, y: &N) -> (N, Recording) {
        let mut results = Vec::new();
        let y = module::map(y, |leaf| match self.0.of(leaf.tensor) {
            Some(watched) => {
                results.push(watched.number);
                watched.primal.clone()
            }
            None => leaf.tensor.clone(),
        });
        let recording = Recording { results, ..self.0.close() };
        (y, recording)
    }
}

impl Drop for Watch {
    /// A panic ends it too.
    fn drop(&mut self) {
        drop(self.0.close());
    }
}

impl Shared {
    fn recording(&self) -> MutexGuard<'_, Recording> {
        // A panic while the lock is held leaves at worst values that no operation took.
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) -> Recording {
        let mut recording = self.recording();
        self.open.store(false, Relaxed);
        std::mem::take(&mut recording)
    }

    fn leaf(self: &Arc<Self>, x: &Tensor, origin: Origin, place: Place) -> Tensor {
        let x = x.without_ended_tracers();
        let number = self.recording().add(x.clone(), origin, place);
        self.watched(number, x.clone())
    }

    fn watched(self: &Arc<Self>, number: usize, primal: Tensor) -> Tensor {
        Tensor::traced_by(Watched { watch: self.clone(), number, primal })
    }

    fn of<'a>(&self, x: &'a Tensor) -> Option<&'a Watched> {
        let tracer = x.tracer().filter(|tracer| tracer.level() == self.level)?;
        (tracer as &dyn Any).downcast_ref()
    }
}

impl Recording {
    fn add(&mut self, tensor: Tensor, origin: Origin, place: Place) -> usize {
        self.values.push(Value { tensor, cotangent: None, origin, place });
        self.values.len() - 1
    }
}

impl Tracer for Watched {
    fn level(&self) -> Level {
        self.watch.level
    }

    fn primal(&self) -> &Tensor {
        &self.primal
    }

    fn is_open(&self) -> bool {
        self.watch.open.load(Relaxed)
    }

    fn differentiates(&self) -> bool {
        false
    }

    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let watched: Few<Option<&Watched>> = inputs.iter().map(|x| self.watch.of(x)).collect();
        let primals: Few<&Tensor> =
            inputs.iter().zip(&watched).map(|(x, watched)| watched.map_or(*x, |watched| &watched.primal)).collect();
        let outputs = try_apply(primitive, &primals)?;
        let given: Few<SpecRef<'_>> = primals.iter().map(|x| x.spec()).collect();
        let flops = primitive.flops(&given, &outputs.iter().map(Tensor::spec).collect::<Few<_>>());
        let mut recording = self.watch.recording();
        if !self.is_open() {
            // Another thread has ended it in the meantime.
            return Ok(outputs);
        }
        let mut inputs = Few::new();
        for (primal, watched) in primals.iter().zip(&watched) {
            inputs.push(match watched {
                Some(watched) => watched.number,
                None => {
                    let place = if is_number(primal) { Place::Neutral } else { Place::Data };
                    recording.add(constant(primal), Origin::Constant, place)
                }
            });
        }
        let (path, place) = Place::of_operation(inputs.iter().map(|&input| &recording.values[input].place));
        let operation = Origin::Operation(recording.operations.len());
        let numbers: Few<usize> =
            outputs.iter().map(|y| recording.add(y.clone(), operation.clone(), place.clone())).collect();
        recording.operations.push(Operation {
            name: primitive.name(),
            path,
            inputs,
            outputs: numbers.iter().copied().collect(),
            flops,
        });
        drop(recording);
        Ok(numbers.into_iter().zip(outputs).map(|(number, y)| self.watch.watched(number, y)).collect())
    }
}
