//! Where the first NaN or infinity arose.

use super::Numbers;
use cotangent_autograd::{
    module::Module,
    watch::{self, Origin, Pulled, Recording, Value},
};
use cotangent_tensor::{Spec, Tensor};
use std::fmt;

#[cfg(test)]
mod tests;

/// The first NaN or infinity of a scalar function or of its gradient in the model: the operation whose output is not finite although its inputs are, or the
/// rule that gives a cotangent that is not finite although those that it was given are. An operation that makes NaN of infinities, and finite
/// cotangents whose sum is not, are named too. `None` where all is finite.
///
/// What is not finite from the start, such as a mask of infinities that the function captures, is not a fault of the operations that take it;
/// a NaN that they make of it is.
///
/// # Panics
/// When `f` does not return one floating-point number.
///
/// ```
/// use cotangent_nn::seeing::find_nan;
/// use cotangent_tensor::Tensor;
/// let (w, x) = (vec![Tensor::from([0.5, 0.0])], Tensor::from([4.0, 9.0]));
/// // The square root is finite at 0, its derivative is not.
/// let found = find_nan(&w, &x, |w, x| (x * &w[0]).sqrt().sum(..)).expect("there is one");
/// assert_eq!(
///     found.to_string(),
///     "the rule of sqrt gives a cotangent of its input 0, f64[2], that is not finite: 1 infinite of 2, the first at [1]; \
///      the operation is number 1, on f64[2] from 0 to 2"
/// );
/// assert!(find_nan(&w, &x, |w, x| (x * &w[0]).sum(..)).is_none());
/// ```
#[must_use]
#[track_caller]
pub fn find_nan<M, I>(model: &M, inputs: &I, f: impl FnOnce(&M, &I) -> Tensor) -> Option<NotFinite>
where
    M: Module + Clone,
    I: Module + Clone,
{
    let (_, _, recording) = watch::gradient_in_model(model, inputs, f);
    NotFinite::first(&recording)
}

/// Where a NaN or an infinity arose; shown as one sentence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NotFinite {
    /// In what.
    pub place: Place,
    /// The part of the model that the operation belongs to, if it has one.
    pub path: Option<String>,
    /// The operation's number in the recording.
    pub operation: Option<usize>,
    /// The tensor that is not finite.
    pub spec: Spec,
    /// What it is like.
    pub numbers: Numbers,
    /// Where its first element that is not finite stands.
    pub position: Vec<usize>,
    /// Parameters that the operation takes, by their paths.
    pub parameters: Vec<String>,
    /// The operation's floating-point inputs and what they are like.
    pub inputs: Vec<(Spec, Numbers)>,
}

/// What a value that is not finite is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A parameter of this path, before anything ran.
    Parameter(String),
    /// An input of this path, before anything ran.
    Input(String),
    /// An output of the operation of this name.
    Output(&'static str, usize),
    /// The cotangent that the rule of this operation gives of one of its inputs.
    Cotangent(&'static str, usize),
    /// The sum of the cotangents, each of them finite, of an output of the operation of this name, or of the parameter or input of this path.
    Sum(String),
}

impl NotFinite {
    /// The first in a recording: among what went in, then what was computed in the order in which it ran, then what the sweep
    /// computed.
    ///
    /// # Panics
    /// When the values are [shapes only](Tensor::shape_only).
    #[must_use]
    #[track_caller]
    pub fn first(recording: &Recording) -> Option<Self> {
        leaf(recording).or_else(|| output(recording)).or_else(|| cotangent(recording))
    }

    fn of(place: Place, x: &Tensor) -> Self {
        let numbers = Numbers::of(x).unwrap_or_default();
        NotFinite {
            place,
            path: None,
            operation: None,
            spec: x.spec().to_owned(),
            numbers,
            position: first_position(x),
            parameters: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// What an operation's inputs are like.
    fn given(&self) -> &'static str {
        let is_finite = self.inputs.iter().all(|(_, numbers)| numbers.is_finite());
        if is_finite { "finite inputs" } else { "infinite inputs without NaN" }
    }

    /// With what is known of the operation.
    fn at(mut self, recording: &Recording, number: Option<usize>) -> Self {
        let Some(operation) = number.and_then(|number| recording.operations().get(number)) else { return self };
        self.operation = number;
        self.path = operation.path().map(str::to_owned);
        for value in operation.inputs().iter().map(|&input| &recording.values()[input]) {
            if let Origin::Parameter(path) = value.origin() {
                self.parameters.push(path.clone());
            }
            self.inputs.extend(Numbers::of(value.tensor()).map(|numbers| (value.spec().to_owned(), numbers)));
        }
        self
    }
}

fn leaf(recording: &Recording) -> Option<NotFinite> {
    recording.values().iter().find_map(|value| {
        let place = match value.origin() {
            Origin::Parameter(path) => Place::Parameter(path.clone()),
            Origin::Input(path) => Place::Input(path.clone()),
            _ => return None,
        };
        (!is_finite(value.tensor())).then(|| NotFinite::of(place, value.tensor()))
    })
}

fn output(recording: &Recording) -> Option<NotFinite> {
    let health: Vec<Health> = recording.values().iter().map(|value| Health::of(value.tensor())).collect();
    recording.operations().iter().enumerate().find_map(|(number, operation)| {
        let given = operation.inputs().iter().map(|&input| health[input]).max().unwrap_or(Health::Finite);
        let spoiled = operation.outputs().iter().position(|&output| health[output].is_new(given))?;
        let x = recording.values()[operation.outputs()[spoiled]].tensor();
        Some(NotFinite::of(Place::Output(operation.name(), spoiled), x).at(recording, Some(number)))
    })
}

/// The first that is not finite of what rules gave, or of the sums of that which rules, or in the end the leaves, were given.
fn cotangent(recording: &Recording) -> Option<NotFinite> {
    let spoiled = |x_bar: &Option<Tensor>| x_bar.as_ref().is_some_and(|x_bar| !is_finite(x_bar));
    let of_rule = |pulled: &Pulled| {
        let (place, x_bar) = if let Some(output) = pulled.outputs().iter().position(spoiled) {
            (Place::Sum(pulled.rule().to_owned()), pulled.outputs()[output].as_ref()?)
        } else {
            let input = pulled.inputs().iter().position(spoiled)?;
            (Place::Cotangent(pulled.rule(), input), pulled.inputs()[input].as_ref()?)
        };
        Some(NotFinite::of(place, x_bar).at(recording, pulled.operation()))
    };
    let of_leaf = |value: &Value| {
        let (Origin::Parameter(path) | Origin::Input(path)) = value.origin() else { return None };
        let x_bar = value.cotangent().filter(|x_bar| !is_finite(x_bar))?;
        Some(NotFinite::of(Place::Sum(path.clone()), x_bar))
    };
    recording.pulled().iter().find_map(of_rule).or_else(|| recording.values().iter().find_map(of_leaf))
}

/// What the worst elements of a tensor are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Finite,
    Infinite,
    Nan,
}

impl Health {
    fn of(x: &Tensor) -> Self {
        match Numbers::of(x) {
            Some(numbers) if numbers.nans > 0 => Health::Nan,
            Some(numbers) if !numbers.is_finite() => Health::Infinite,
            _ => Health::Finite,
        }
    }

    /// Whether what gives this of what is at worst `given` is where it arises. An infinity of infinities is only passed on; infinities whose
    /// difference is NaN were not NaN before.
    fn is_new(self, given: Health) -> bool {
        self > given
    }
}

fn is_finite(x: &Tensor) -> bool {
    Health::of(x) == Health::Finite
}

/// The index along each axis of the first element that is NaN, or else not finite.
fn first_position(x: &Tensor) -> Vec<usize> {
    let elements = x.cast(cotangent_tensor::DType::F64).to_vec::<f64>();
    let first = |is_it: fn(&f64) -> bool| elements.iter().position(is_it);
    let flat = first(|x| x.is_nan()).or_else(|| first(|x| !x.is_finite())).unwrap_or(0);
    crate::labels::position(x.shape(), flat)
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = &self.spec;
        match &self.place {
            Place::Parameter(path) => write!(f, "the parameter `{path}`, {spec}, is not finite before anything ran")?,
            Place::Input(path) if path.is_empty() => write!(f, "the input, {spec}, is not finite before anything ran")?,
            Place::Input(path) => write!(f, "the input `{path}`, {spec}, is not finite before anything ran")?,
            Place::Output(name, 0) => write!(f, "{name} gives {spec} that is not finite, of {}", self.given())?,
            Place::Output(name, i) => write!(f, "output {i} of {name}, {spec}, is not finite, of {}", self.given())?,
            Place::Cotangent(name, i) => {
                write!(f, "the rule of {name} gives a cotangent of its input {i}, {spec}, that is not finite")?;
            }
            Place::Sum(name) => write!(f, "the cotangents of `{name}` are finite, but their sum, {spec}, is not")?,
        }
        let Numbers { nans, infinities, count, .. } = self.numbers;
        let counts = [(nans, "NaN"), (infinities, "infinite")].into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        let first = if nans > 0 && infinities > 0 { "the first NaN" } else { "the first" };
        write!(f, ": {} of {count}, {first} at {:?}", counts.join(" and "), self.position)?;
        let Some(operation) = self.operation else { return Ok(()) };
        write!(f, "; the operation is number {operation}")?;
        match self.path.as_deref() {
            Some("") => write!(f, " in the model itself")?,
            Some(path) => write!(f, " in `{path}`")?,
            None => {}
        }
        let inputs = self.inputs.iter().map(|(spec, numbers)| match numbers.count {
            0 => format!("{spec}"),
            _ => format!("{spec} from {} to {}", numbers.least, numbers.greatest),
        });
        write!(f, ", on {}", inputs.collect::<Vec<_>>().join(" and "))
    }
}
