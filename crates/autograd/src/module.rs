//! Modules: plain Rust values that hold tensors. [`Module`] shows the tensors of a value one by one, each with its
//! path; everything that transforms, optimizers and checkpoints do to a whole model is built on that.
//!
//! A module knows nothing of training: it has no registry and no variable handles. Its gradient is a value of its own
//! type, made by [`map`]: a clone with every tensor replaced.

mod containers;
mod leaves;
mod path;
#[cfg(test)]
mod tests;

pub(crate) use leaves::zip_mut_for;
pub use leaves::{cast, for_each, for_each_mut, map, named_tensors, num_parameters, tensors, tensors_mut, zip_mut};
pub use path::Path;

use cotangent_tensor::Tensor;
use path::Segment;
use std::fmt;

/// A value that holds tensors: a layer, a model, a model's gradient, an optimizer's state.
///
/// A [`Tensor`] is the simplest module. Tuples, arrays, `Vec`, `Option`, `Box` and `BTreeMap` of modules are modules;
/// numbers, `bool`, `char`, strings and `PhantomData` are modules without tensors, so that a struct may hold them.
/// For your own types write `#[derive(Module)]`; what the derive writes is no more than this:
///
/// ```
/// use cotangent_autograd::module::{self, Module, Visitor, VisitorMut};
/// use cotangent_tensor::Tensor;
///
/// struct Scale { weight: Tensor, count: Tensor }
///
/// impl Module for Scale {
///     fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
///         self.weight.visit(&mut visitor.field("weight"));
///         self.count.visit(&mut visitor.field("count").as_buffer());
///     }
///     fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
///         self.weight.visit_mut(&mut visitor.field("weight"));
///         self.count.visit_mut(&mut visitor.field("count").as_buffer());
///     }
/// }
///
/// let model = vec![Scale { weight: Tensor::from([1.0, 2.0]), count: Tensor::from(0.0) }];
/// let named = module::named_tensors(&model);
/// assert_eq!(named[0].0, "0.weight");
/// assert_eq!(named[1].0, "0.count");
/// assert_eq!(module::num_parameters(&model), 2);
/// ```
///
/// Both methods must show the same tensors, under the same paths and in the same order, each time they are called on an
/// unchanged value. The trait is object safe: `Box<dyn Module>` is a module.
///
/// # Tied weights
///
/// A tensor that is held in two places is two parameters, also where one is a clone of the other, which costs no memory: each is counted,
/// differentiated and changed by itself, so that they come apart in the first step. Weights that are tied are held once and used twice:
///
/// ```
/// use cotangent_autograd::{grad, module};
/// use cotangent_tensor::Tensor;
/// let table = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// let scores = |words: &Tensor, head: &Tensor| words.select(0, 1).matmul(&head.transpose(0, 1)).sum(..);
/// let tied = grad(&table, |table| scores(table, table));
/// // Held twice, each place has the gradient of its own use only.
/// let twice = (table.clone(), table.clone());
/// assert_eq!((module::num_parameters(&table), module::num_parameters(&twice)), (4, 8));
/// let (words, head) = grad(&twice, |(words, head)| scores(words, head));
/// assert_eq!(tied.to_vec::<f64>(), (words + head).to_vec::<f64>());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Module`",
    label = "neither holds tensors that can be shown nor is known to hold none",
    note = "a struct or enum of your own becomes a module with `#[derive(Module)]`",
    note = "a field that holds no tensors is left out with `#[module(skip)]`",
    note = "a `HashMap` has no fixed order; use a `BTreeMap` or a `Vec`"
)]
pub trait Module {
    /// Shows every tensor under its path, in a fixed order.
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>);

    /// As [`visit`](Self::visit), with tensors that can be replaced.
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>);
}

/// What a tensor is to its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Learned: optimizers change it.
    Parameter,
    /// Kept with the model but not learned, such as running statistics.
    Buffer,
}

/// A tensor of a module, as a callback sees it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Leaf<'p, 'a, T = &'a Tensor> {
    /// Where the tensor lies; `path.to_string()` is its name in a checkpoint, such as `layers.0.weight`.
    pub path: &'p Path<'p, 'a>,
    /// Parameter or buffer.
    pub kind: Kind,
    /// The tensor.
    pub tensor: T,
}

/// A tensor that can be replaced.
pub type LeafMut<'p, 'a> = Leaf<'p, 'a, &'a mut Tensor>;

/// Carries a callback through a module, with the path to where it is.
///
/// The path is a chain of visitors on the call stack: a visit allocates nothing, and a path becomes a string only
/// when the callback asks for it.
pub struct Visitor<'v, 'a, T = &'a Tensor> {
    path: Path<'v, 'a>,
    kind: Kind,
    see: &'v mut (dyn FnMut(Leaf<'_, 'a, T>) + 'v),
}

/// A visitor whose tensors can be replaced.
pub type VisitorMut<'v, 'a> = Visitor<'v, 'a, &'a mut Tensor>;

impl<'v, 'a, T> Visitor<'v, 'a, T> {
    /// A visitor at the root, where the path is empty.
    pub fn new(see: &'v mut (dyn FnMut(Leaf<'_, 'a, T>) + 'v)) -> Self {
        Visitor { path: Path::ROOT, kind: Kind::Parameter, see }
    }

    /// The visitor for a named field.
    #[must_use]
    pub fn field(&mut self, name: &'a str) -> Visitor<'_, 'a, T> {
        self.below(Segment::Name(name))
    }

    /// The visitor for an element of a list or tuple.
    #[must_use]
    pub fn index(&mut self, index: usize) -> Visitor<'_, 'a, T> {
        self.below(Segment::Index(index))
    }

    /// The visitor for an entry of a map.
    #[must_use]
    pub fn key(&mut self, key: &'a dyn fmt::Display) -> Visitor<'_, 'a, T> {
        self.below(Segment::Key(key))
    }

    /// The visitor for an enum's variant. Paths do not show the variant; [`zip_mut`] refuses to pair two that differ.
    #[must_use]
    pub fn variant(&mut self, name: &'a str) -> Visitor<'_, 'a, T> {
        self.below(Segment::Variant(name))
    }

    /// The same visitor, calling all tensors buffers.
    #[must_use]
    pub fn as_buffer(mut self) -> Self {
        self.kind = Kind::Buffer;
        self
    }

    /// Shows a tensor.
    pub fn leaf(&mut self, tensor: T) {
        (self.see)(Leaf { path: &self.path, kind: self.kind, tensor });
    }

    fn below(&mut self, segment: Segment<'a>) -> Visitor<'_, 'a, T> {
        Visitor { path: self.path.join(segment), kind: self.kind, see: &mut *self.see }
    }
}

impl<T: fmt::Debug> fmt::Debug for Leaf<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf").field("path", self.path).field("kind", &self.kind).field("tensor", &self.tensor).finish()
    }
}

impl<T> fmt::Debug for Visitor<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor").field("path", &self.path).field("kind", &self.kind).finish_non_exhaustive()
    }
}
