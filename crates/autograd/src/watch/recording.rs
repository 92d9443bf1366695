//! The list of what was done: values, numbered in the order in which they came to be, and the operations between them.

use cotangent_tensor::{Few, SpecRef, Tensor};
use std::sync::Arc;

/// What a watched function did; made by [`forward`](super::forward) and [`gradient`](super::gradient).
#[derive(Default)]
pub struct Recording {
    pub(super) values: Vec<Value>,
    pub(super) operations: Vec<Operation>,
    pub(super) results: Vec<usize>,
    pub(super) pulled: Vec<Pulled>,
}

impl Recording {
    /// The values: the model's tensors in the order of its visit, then those of the inputs, then what was computed and the
    /// constants that it took. Their place in the list is their number.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The operations, in the order in which they ran.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The numbers of what the function returned; what did not depend on the model or the inputs is left out.
    #[must_use]
    pub fn results(&self) -> &[usize] {
        &self.results
    }

    /// The rules that the sweep ran, in its order, the last operation's first; none after [`forward`](super::forward).
    #[must_use]
    pub fn pulled(&self) -> &[Pulled] {
        &self.pulled
    }
}

/// A value of a computation.
pub struct Value {
    pub(super) tensor: Tensor,
    pub(super) cotangent: Option<Tensor>,
    pub(super) origin: Origin,
    pub(super) place: Place,
}

impl Value {
    /// The value.
    #[must_use]
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// Shape and dtype.
    #[must_use]
    pub fn spec(&self) -> SpecRef<'_> {
        self.tensor.spec()
    }

    /// The derivative of the result with respect to this value; none if the result does not depend on it through what is differentiated,
    /// or nothing was differentiated.
    #[must_use]
    pub fn cotangent(&self) -> Option<&Tensor> {
        self.cotangent.as_ref()
    }

    /// The part of the model that it belongs to, if it is a parameter or a buffer, or computed of those and single numbers only.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        match &self.place {
            Place::Part(part) => Some(part),
            Place::Data | Place::Neutral => None,
        }
    }

    /// Whether it is one number, in one place or in all: a scale rather than data.
    #[must_use]
    pub fn is_number(&self) -> bool {
        is_number(&self.tensor)
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Whether a tensor is one number, in one place or in all.
pub(super) fn is_number(x: &Tensor) -> bool {
    x.has_values() && x.numel() > 0 && (x.numel() == 1 || x.array().strides().iter().all(|&stride| stride == 0))
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It is the model's parameter of this path.
    Parameter(String),
    /// It is the model's buffer of this path.
    Buffer(String),
    /// It is the tensor of this path in the inputs; the path is empty if the inputs are one tensor.
    Input(String),
    /// An operation took it from outside of the model and the inputs.
    Constant,
    /// It is an output of the operation of this number.
    Operation(usize),
}

/// One operation that ran.
pub struct Operation {
    pub(super) name: &'static str,
    pub(super) path: Option<Arc<str>>,
    pub(super) inputs: Few<usize>,
    pub(super) outputs: Few<usize>,
    pub(super) flops: u64,
}

impl Operation {
    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The part of the model that it belongs to: what the owners of the parameters that it takes have in common. The owner of
    /// `encoder.0.weight` is `encoder.0`; a tensor that is a field of the model itself is its own. None if it takes no parameters.
    ///
    /// What is computed from parameters and single numbers only, such as a transpose, counts as the parameters.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The numbers of the values that it took.
    #[must_use]
    pub fn inputs(&self) -> &[usize] {
        &self.inputs
    }

    /// The numbers of the values that it gave.
    #[must_use]
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }

    /// Its floating-point operations, as [`Primitive::flops`](cotangent_tensor::Primitive::flops) counts them.
    #[must_use]
    pub fn flops(&self) -> u64 {
        self.flops
    }
}

/// One rule that the sweep ran.
pub struct Pulled {
    pub(super) rule: &'static str,
    pub(super) operation: Option<usize>,
    pub(super) outputs: Few<Option<Tensor>>,
    pub(super) inputs: Few<Option<Tensor>>,
}

impl Pulled {
    /// The name of the operation whose rule it is: of one of the simpler ones, where a fused operation is differentiated through them.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// The number of the operation in [`Recording::operations`] that it is the rule of, or of a part of.
    #[must_use]
    pub fn operation(&self) -> Option<usize> {
        self.operation
    }

    /// The cotangents that it was given, of the operation's outputs; none of those that nothing depended on.
    #[must_use]
    pub fn outputs(&self) -> &[Option<Tensor>] {
        &self.outputs
    }

    /// The cotangents that it gave, of the operation's inputs, before they are added to those from other consumers; none of constants.
    #[must_use]
    pub fn inputs(&self) -> &[Option<Tensor>] {
        &self.inputs
    }
}

/// What part of a model a value is.
#[derive(Clone)]
pub(super) enum Place {
    /// None, and what is computed from it and parameters may still be called parameters: a single number.
    Neutral,
    /// None: an input, a constant, or what was computed from one.
    Data,
    /// A parameter of this part, or computed from parameters only.
    Part(Arc<str>),
}

impl Place {
    /// The part that owns the tensor of a path.
    pub(super) fn owning(path: &str) -> Place {
        Place::Part(path.rsplit_once('.').map_or(path, |(owner, _)| owner).into())
    }

    /// The path of an operation on values of these places, and the place of what it gives.
    pub(super) fn of_operation<'a>(inputs: impl Iterator<Item = &'a Place>) -> (Option<Arc<str>>, Place) {
        let (mut path, mut of_data): (Option<Arc<str>>, bool) = (None, false);
        for place in inputs {
            match (place, &path) {
                (Place::Neutral, _) => {}
                (Place::Data, _) => of_data = true,
                (Place::Part(part), None) => path = Some(part.clone()),
                (Place::Part(part), Some(before)) if part == before => {}
                (Place::Part(part), Some(before)) => path = Some(common_path(part, before).into()),
            }
        }
        let place = match &path {
            _ if of_data => Place::Data,
            Some(part) => Place::Part(part.clone()),
            None => Place::Neutral,
        };
        (path, place)
    }
}

/// The segments at the beginning that two paths share.
fn common_path<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.split('.').zip(b.split('.')).take_while(|(a, b)| a == b);
    let length = same.map(|(segment, _)| segment.len() + 1).sum::<usize>();
    &a[..length.saturating_sub(1)]
}

#[cfg(test)]
mod tests {
    use super::common_path;

    #[test]
    fn paths_have_whole_segments_in_common() {
        for (a, b, common) in [
            ("layers.0", "layers.1", "layers"),
            ("layers.0.attention", "layers.0", "layers.0"),
            ("layers.1", "layers.10", "layers"),
            ("hidden", "output", ""),
            ("", "output", ""),
            ("a.b", "a.b", "a.b"),
        ] {
            assert_eq!((common_path(a, b), common_path(b, a)), (common, common));
        }
    }
}
