//! The table of operations, and what a sample of one is.

use crate::{elementwise, functions, indexed, linalg, losses, moved, networks, ordered, reduced, windows};
use cotangent_autograd::{
    check::{self, Law},
    module::Module,
};
use cotangent_tensor::{Few, Level, Primitive, Result, Tensor, Tracer, try_apply};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

/// One way of calling an operation.
pub(crate) struct Sample {
    /// The name under which `ops` exports it.
    pub(crate) operation: &'static str,
    /// The call, as a failure shows it.
    pub(crate) form: &'static str,
    /// The battery for it.
    pub(crate) laws: check::Operation,
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
        $crate::table::Sample::new($operation, stringify!($form), $shapes, |$x: &[cotangent_tensor::Tensor]| $form)
    };
}
pub(crate) use {sample, shapes};

impl Sample {
    /// The samples of a call at inputs of these shapes: lists of as many shapes as there are inputs.
    pub(crate) fn new<N: Module>(
        operation: &'static str,
        form: &'static str,
        shapes: Vec<Vec<Vec<usize>>>,
        f: impl Fn(&[Tensor]) -> N + Send + Sync + 'static,
    ) -> Self {
        let laws = shapes.iter().fold(check::operation(format!("{operation}: {form}"), f), |laws, shapes| {
            laws.shapes(&shapes.iter().map(|shape| &shape[..]).collect::<Vec<_>>())
        });
        Sample { operation, form, laws }
    }

    /// Where elements come from; -2 to 2 unless set.
    pub(crate) fn between(self, low: f64, high: f64) -> Self {
        self.with(|laws| laws.between(low, high))
    }

    /// Equal elements are ties, where there is no derivative.
    pub(crate) fn with_ties(self) -> Self {
        self.with(check::Operation::with_ties)
    }

    /// A sample that is too large for differences, for kernels that do something else when there is much to do.
    pub(crate) fn large(self, shapes: &[&[usize]]) -> Self {
        self.with(|laws| laws.large(shapes))
    }

    /// Any other setting of the battery.
    pub(crate) fn with(self, change: impl FnOnce(check::Operation) -> check::Operation) -> Self {
        Sample { laws: change(self.laws), ..self }
    }

    /// The battery as it is to run: what the samples themselves show to be out of reach is said.
    pub(crate) fn battery(self) -> check::Operation {
        let inputs = self.laws.inputs();
        let call = |inputs: &[Tensor]| catch_unwind(AssertUnwindSafe(|| self.laws.call(inputs)));
        let is_empty = |inputs: &Vec<Tensor>| call(inputs).is_ok_and(|y| y.iter().all(|y| y.numel() == 0));
        // A form may be there for its empty result.
        let only_empty = inputs.iter().all(is_empty);
        // A form may hold constants, which are f64.
        let single: Vec<Tensor> = inputs[0].iter().map(|x| x.cast(cotangent_tensor::DType::F32)).collect();
        let mixed = call(&single).err().and_then(|panic| panic.downcast_ref::<String>().cloned());
        let mixed = mixed.is_some_and(|text| text.contains("all inputs must have one dtype"));
        let laws = if only_empty { self.laws.may_be_empty() } else { self.laws };
        if mixed { laws.without(Law::SinglePrecision, "the form holds constants of f64") } else { laws }
    }
}

/// All samples; one line for each family, so that two that are added do not meet.
#[rustfmt::skip]
pub(crate) fn table() -> Vec<Sample> {
    let families = [
        elementwise::samples(),
        functions::samples(),
        indexed::samples(),
        linalg::samples(),
        losses::samples(),
        moved::samples(),
        networks::samples(),
        ordered::samples(),
        reduced::samples(),
        windows::samples(),
    ];
    families.into_iter().flatten().collect()
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
    let inputs = sample.laws.inputs().swap_remove(0);
    let inputs: Vec<Tensor> = inputs.into_iter().map(|x| watched(x, level, Arc::clone(&seen))).collect();
    let _ = sample.laws.call(&inputs);
    seen.lock().unwrap().clone()
}
