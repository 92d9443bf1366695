//! Where the first NaN or infinity arose.

use super::Numbers;
use cotangent_autograd::{
    module::Module,
    watch::{self, Origin, Recording},
};
use cotangent_tensor::{Spec, Tensor};
use std::fmt;

#[cfg(test)]
mod tests;

/// The first NaN or infinity of a scalar function or of its gradient: the operation whose output is not finite although its inputs are, or the
/// rule that gives a cotangent that is not finite although those that it was given are. `None` where all is finite.
///
/// What is not finite from the start, such as a mask of infinities that the function captures, is not a fault of the operations that take it.
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
    let (_, _, recording) = watch::gradient(model, inputs, f);
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
    let finite: Vec<bool> = recording.values().iter().map(|value| is_finite(value.tensor())).collect();
    recording.operations().iter().enumerate().find_map(|(number, operation)| {
        let spoiled = operation.outputs().iter().position(|&output| !finite[output])?;
        operation.inputs().iter().all(|&input| finite[input]).then(|| {
            let x = recording.values()[operation.outputs()[spoiled]].tensor();
            NotFinite::of(Place::Output(operation.name(), spoiled), x).at(recording, Some(number))
        })
    })
}

fn cotangent(recording: &Recording) -> Option<NotFinite> {
    recording.pulled().iter().find_map(|pulled| {
        if !pulled.outputs().iter().flatten().all(is_finite) {
            return None;
        }
        let spoiled = |x_bar: &Option<Tensor>| x_bar.as_ref().is_some_and(|x_bar| !is_finite(x_bar));
        let input = pulled.inputs().iter().position(spoiled)?;
        let x_bar = pulled.inputs()[input].as_ref()?;
        Some(NotFinite::of(Place::Cotangent(pulled.rule(), input), x_bar).at(recording, pulled.operation()))
    })
}

fn is_finite(x: &Tensor) -> bool {
    Numbers::of(x).is_none_or(|numbers| numbers.is_finite())
}

/// The index along each axis of the first element that is not finite.
fn first_position(x: &Tensor) -> Vec<usize> {
    let elements = x.cast(cotangent_tensor::DType::F64).to_vec::<f64>();
    let flat = elements.iter().position(|x| !x.is_finite()).unwrap_or(0);
    crate::labels::position(x.shape(), flat)
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = &self.spec;
        match &self.place {
            Place::Parameter(path) => write!(f, "the parameter `{path}`, {spec}, is not finite before anything ran")?,
            Place::Input(path) if path.is_empty() => write!(f, "the input, {spec}, is not finite before anything ran")?,
            Place::Input(path) => write!(f, "the input `{path}`, {spec}, is not finite before anything ran")?,
            Place::Output(name, 0) => write!(f, "{name} gives {spec} that is not finite, of finite inputs")?,
            Place::Output(name, i) => write!(f, "output {i} of {name}, {spec}, is not finite, of finite inputs")?,
            Place::Cotangent(name, i) => {
                write!(f, "the rule of {name} gives a cotangent of its input {i}, {spec}, that is not finite")?;
            }
        }
        let Numbers { nans, infinities, count, .. } = self.numbers;
        let counts = [(nans, "NaN"), (infinities, "infinite")].into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        write!(f, ": {} of {count}, the first at {:?}", counts.join(" and "), self.position)?;
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
