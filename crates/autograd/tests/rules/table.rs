//! The table of operations, and what a sample of one is.

use crate::{
    elementwise, functions,
    layouts::{Layout, laid_out},
    moved, reduced,
};
use cotangent_tensor::{DType, Few, Level, Primitive, Result, Rng, Tensor, Tracer, try_apply};
use std::{
    any::Any,
    sync::{Arc, Mutex},
};

type Call = dyn Fn(&[Tensor]) -> Tensor;

/// One way of calling an operation.
pub(crate) struct Sample {
    /// The name under which `ops` exports it.
    pub(crate) operation: &'static str,
    /// The call, as a failure shows it.
    pub(crate) form: &'static str,
    /// Lists of input shapes; all have the same number of inputs.
    pub(crate) shapes: Vec<Vec<Vec<usize>>>,
    /// Where elements come from.
    pub(crate) range: (f64, f64),
    /// Whether equal slices along the first axis make ties, where there is no derivative.
    pub(crate) has_ties: bool,
    pub(crate) f: Box<Call>,
}

/// The shapes of one input: a matrix, a number, one element, none.
pub(crate) fn of_every_size() -> Vec<Vec<Vec<usize>>> {
    vec![vec![vec![2, 3]], vec![vec![]], vec![vec![1, 1]], vec![vec![0, 2]]]
}

/// Lists of shapes, from literals.
macro_rules! shapes {
    ($([$([$($size:expr),*]),*]),* $(,)?) => { vec![$(vec![$(vec![$($size),*]),*]),*] };
}
/// A sample whose form is its code.
macro_rules! sample {
    ($operation:literal, $shapes:expr, |$x:ident| $form:expr) => {
        $crate::table::Sample {
            operation: $operation,
            form: stringify!($form),
            shapes: $shapes,
            range: (-2.0, 2.0),
            has_ties: false,
            f: Box::new(|$x: &[cotangent_tensor::Tensor]| $form),
        }
    };
}
pub(crate) use {sample, shapes};

impl Sample {
    pub(crate) fn between(self, low: f64, high: f64) -> Self {
        Sample { range: (low, high), ..self }
    }

    pub(crate) fn with_ties(self) -> Self {
        Sample { has_ties: true, ..self }
    }

    /// Inputs of these shapes; `None` if no input has this layout.
    pub(crate) fn inputs(&self, shapes: &[Vec<usize>], layout: Layout) -> Option<Vec<Tensor>> {
        if self.has_ties && layout == Layout::Expanded {
            return None;
        }
        let mut rng = Rng::seed(11);
        let contiguous =
            shapes.iter().map(|shape| rng.uniform_range(self.range.0, self.range.1, &shape[..], DType::F64));
        let contiguous: Vec<Tensor> = contiguous.collect();
        let different = contiguous.iter().any(|x| laid_out(x, layout).is_some());
        different.then(|| contiguous.iter().map(|x| laid_out(x, layout).unwrap_or_else(|| x.clone())).collect())
    }
}

/// All samples.
pub(crate) fn table() -> Vec<Sample> {
    elementwise::samples()
        .into_iter()
        .chain(functions::samples())
        .chain(reduced::samples())
        .chain(moved::samples())
        .collect()
}

/// A tensor that writes down what is done with it.
struct Spy {
    level: Level,
    primal: Tensor,
    seen: Arc<Mutex<Vec<&'static str>>>,
}

impl Tracer for Spy {
    fn level(&self) -> Level {
        self.level
    }
    fn primal(&self) -> &Tensor {
        &self.primal
    }
    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        self.seen.lock().unwrap().push(primitive.name());
        let below: Vec<&Tensor> = inputs.iter().map(|x| spied(x, self.level).map_or(*x, |spy| &spy.primal)).collect();
        let outputs = try_apply(primitive, &below)?;
        Ok(outputs.into_iter().map(|primal| watched(primal, self.level, self.seen.clone())).collect())
    }
}

fn spied(x: &Tensor, level: Level) -> Option<&Spy> {
    (x.tracer().filter(|tracer| tracer.level() == level)? as &dyn Any).downcast_ref()
}

fn watched(primal: Tensor, level: Level, seen: Arc<Mutex<Vec<&'static str>>>) -> Tensor {
    Tensor::from_tracer(Arc::new(Spy { level, primal, seen }))
}

/// The names of the operations that a sample runs.
pub(crate) fn names_of_operations_in(sample: &Sample) -> Vec<&'static str> {
    let (level, seen) = (Level::fresh(), Arc::default());
    let inputs = sample.inputs(&sample.shapes[0], Layout::Contiguous).expect("always possible");
    let inputs: Vec<Tensor> = inputs.into_iter().map(|x| watched(x, level, Arc::clone(&seen))).collect();
    let _ = (sample.f)(&inputs);
    seen.lock().unwrap().clone()
}
