//! Watching a computation: what ran, on what, for which part of a model, and what cotangent each value got.
//!
//! [`forward`] runs a function of a model as it is and lists its operations; [`gradient`] and [`gradient_in_model`] differentiate it too and
//! say what the sweep did.
//! Both are transforms like any other, so that they nest, and nothing is watched outside them. What is made of the list
//! (tables, pictures, statistics) is up to others.
//!
//! There is no stack of scopes: parameters carry their paths, and an operation belongs to what the paths of the parameters that it
//! takes have in common.
//!
//! ```
//! use cotangent_autograd::watch;
//! use cotangent_tensor::Tensor;
//! let (w, x) = (Tensor::from(3.0), Tensor::from(2.0));
//! let (y, w_bar, recording) = watch::gradient(&w, &x, |w, x| (w * x).exp());
//! let names: Vec<&str> = recording.operations().iter().map(|operation| operation.name()).collect();
//! assert_eq!(names, ["mul", "exp"]);
//! let product = &recording.values()[recording.operations()[0].outputs()[0]];
//! assert_eq!(product.tensor().item::<f64>(), 6.0);
//! assert_eq!(product.cotangent().map(Tensor::item::<f64>), Some(6f64.exp()));
//! assert_eq!(w_bar.item::<f64>(), 2.0 * 6f64.exp());
//! ```

mod listener;
mod recording;

pub use recording::{Operation, Origin, Pulled, Recording, Value};

use crate::{
    module::Module,
    tape::{Listener, Step, Tape, ValueId},
    transform::{check_scalar, in_place_of, variables},
};
use cotangent_tensor::{Few, Tensor};
use listener::Watch;

/// Runs `f(model, inputs)` and lists the operations that took part of the model or of the inputs.
///
/// The model's tensors give operations their paths; the inputs, any [`Module`] (a tensor, a tuple, `()`), do not. What `f` captures
/// instead is a constant. The list keeps every value alive; to see a large model's operations without
/// computing, give it tensors that are [shapes only](Tensor::shape_only).
///
/// ```
/// use cotangent_autograd::watch;
/// use cotangent_tensor::Tensor;
/// let model = vec![Tensor::from([1.0, 2.0]), Tensor::from([0.5, 0.5])];
/// let (_, recording) = watch::forward(&model, &Tensor::from([3.0, 4.0]), |m, x| (x * &m[0]).relu() + &m[1]);
/// let seen: Vec<_> = recording.operations().iter().map(|operation| (operation.name(), operation.path())).collect();
/// assert_eq!(seen, [("mul", Some("0")), ("relu", None), ("add", Some("1"))]);
/// ```
#[must_use]
pub fn forward<M, I, N>(model: &M, inputs: &I, f: impl FnOnce(&M, &I) -> N) -> (N, Recording)
where
    M: Module + Clone,
    I: Module + Clone,
    N: Module + Clone,
{
    let watch = Watch::new();
    let y = f(&watch.model(model), &watch.inputs(inputs));
    watch.close(&y)
}

/// The value of a scalar function of a model and its inputs, its gradient in the model, and the list of its operations, with the
/// cotangents of all values: of parameters, of inputs, and of all between.
///
/// Inputs are differentiated too. [`gradient_in_model`] leaves them alone, as training does.
///
/// # Panics
/// When `f` does not return one floating-point number.
#[track_caller]
pub fn gradient<M, I>(model: &M, inputs: &I, f: impl FnOnce(&M, &I) -> Tensor) -> (Tensor, M, Recording)
where
    M: Module + Clone,
    I: Module + Clone,
{
    recorded(model, |tape| variables(tape, inputs), f)
}

/// As [`gradient`], with the inputs held constant: the list has their operations and their values, but no rule runs that only their
/// cotangents would need.
///
/// # Panics
/// As [`gradient`].
///
/// ```
/// use cotangent_autograd::watch;
/// use cotangent_tensor::Tensor;
/// let (w, x) = (Tensor::from(3.0), Tensor::from(2.0));
/// let (_, w_bar, recording) = watch::gradient_in_model(&w, &x, |w, x| w * x.exp());
/// assert_eq!(w_bar.item::<f64>(), 2f64.exp());
/// let names: Vec<&str> = recording.operations().iter().map(|operation| operation.name()).collect();
/// assert_eq!(names, ["exp", "mul"]);
/// let rules: Vec<&str> = recording.pulled().iter().map(|pulled| pulled.rule()).collect();
/// assert_eq!(rules, ["mul"]);
/// ```
#[track_caller]
pub fn gradient_in_model<M, I>(model: &M, inputs: &I, f: impl FnOnce(&M, &I) -> Tensor) -> (Tensor, M, Recording)
where
    M: Module + Clone,
    I: Module + Clone,
{
    recorded(model, |_| (inputs.clone(), Vec::new()), f)
}

/// A gradient in a model with the list of its operations. `traced` gives the inputs as the tape is to see them, and the numbers of those
/// that are variables of it.
#[track_caller]
fn recorded<M, I>(
    model: &M,
    traced: impl FnOnce(&Tape) -> (I, Vec<ValueId>),
    f: impl FnOnce(&M, &I) -> Tensor,
) -> (Tensor, M, Recording)
where
    M: Module + Clone,
    I: Module + Clone,
{
    let tape = Tape::new();
    let (traced_model, model_ids) = variables(&tape, model);
    let (traced_inputs, input_ids) = traced(&tape);
    let watch = Watch::new();
    let loss = f(&watch.model(&traced_model), &watch.inputs(&traced_inputs));
    check_scalar(&loss);
    let (loss, mut recording) = watch.close(&loss);
    drop((traced_model, traced_inputs));
    let (value, id) = tape.lower(&loss);
    drop(loss);
    let mut sweep = Sweep::new(&tape, &mut recording);
    let leaves: Vec<ValueId> = model_ids.iter().chain(&input_ids).copied().collect();
    let seeds = id.map(|id| (id, value.ones_like()));
    let mut cotangents = tape.close().sweep_heard(seeds, &leaves, &mut sweep);
    leaves.iter().zip(&cotangents).for_each(|(&leaf, cotangent)| sweep.note(leaf, cotangent.as_ref()));
    cotangents.truncate(model_ids.len());
    (value, in_place_of(model, cotangents), recording)
}

/// What is written down of a tensor: its values, below every transform.
fn constant(x: &Tensor) -> Tensor {
    x.array().clone().into()
}

/// Writes down what the sweep does. A fused operation is one for the watch and several for the tape, whose numbers rise in the order
/// of execution: so what the tape numbered after one operation's outputs, up to those of the next, belongs to the next.
struct Sweep<'a> {
    recording: &'a mut Recording,
    /// Values by their number on the tape, in ascending order.
    values: Vec<(ValueId, usize)>,
    /// Operations by the numbers of their outputs on the tape, in ascending order.
    operations: Vec<(ValueId, usize)>,
}

impl<'a> Sweep<'a> {
    /// Takes the values of the recording down from the tape.
    fn new(tape: &Tape, recording: &'a mut Recording) -> Self {
        let (mut values, mut operations) = (Vec::new(), Vec::new());
        for (number, value) in recording.values.iter_mut().enumerate() {
            let (below, id) = tape.lower(&value.tensor);
            value.tensor = constant(&below);
            let Some(id) = id else { continue };
            values.push((id, number));
            if let Origin::Operation(operation) = value.origin {
                operations.push((id, operation));
            }
        }
        values.sort_unstable();
        operations.sort_unstable();
        Sweep { recording, values, operations }
    }

    /// Notes the cotangent of what the tape numbers so.
    fn note(&mut self, id: ValueId, cotangent: Option<&Tensor>) {
        let first = self.values.partition_point(|&(other, _)| other < id);
        for &(_, value) in self.values[first..].iter().take_while(|(other, _)| *other == id) {
            self.recording.values[value].cotangent = cotangent.map(constant);
        }
    }
}

impl Listener for Sweep<'_> {
    fn before(&mut self, rule: Step<'_>) {
        rule.ids.iter().zip(rule.cotangents).for_each(|(&id, cotangent)| self.note(id, cotangent.as_ref()));
        let operation = rule.ids.iter().find_map(|id| {
            let first = self.operations.partition_point(|(other, _)| other < id);
            self.operations.get(first).map(|&(_, operation)| operation)
        });
        let outputs = rule.cotangents.iter().map(|y_bar| y_bar.as_ref().map(constant)).collect();
        self.recording.pulled.push(Pulled { rule: rule.name, operation, outputs, inputs: Few::new() });
    }

    fn after(&mut self, rule: Step<'_>) {
        let inputs = rule.cotangents.iter().map(|x_bar| x_bar.as_ref().map(constant)).collect();
        self.recording.pulled.last_mut().expect("`before` has come first").inputs = inputs;
    }
}
