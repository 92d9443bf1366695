//! What is done to all tensors of a module at once.

use super::{
    Kind, Leaf, LeafMut, Module, Visitor,
    path::{Path, Segment, in_words},
};
use cotangent_tensor::{DType, Tensor};

/// Calls `see` with every tensor.
pub fn for_each<'a, M: Module + ?Sized>(module: &'a M, mut see: impl FnMut(Leaf<'_, 'a>)) {
    module.visit(&mut Visitor::new(&mut see));
}

/// Calls `change` with every tensor, which it may replace.
///
/// ```
/// # use cotangent_autograd::module;
/// # use cotangent_tensor::Tensor;
/// let mut model = (Tensor::from(1.0), Tensor::from(2.0));
/// module::for_each_mut(&mut model, |leaf| {
///     if leaf.path.to_string() == "1" {
///         *leaf.tensor = Tensor::from(5.0);
///     }
/// });
/// assert_eq!(model.1.item::<f64>(), 5.0);
/// ```
pub fn for_each_mut<'a, M: Module + ?Sized>(module: &'a mut M, mut change: impl FnMut(LeafMut<'_, 'a>)) {
    module.visit_mut(&mut Visitor::new(&mut change));
}

/// Every tensor, in the module's order.
#[must_use]
pub fn tensors<M: Module + ?Sized>(module: &M) -> Vec<&Tensor> {
    let mut tensors = Vec::new();
    for_each(module, |leaf| tensors.push(leaf.tensor));
    tensors
}

/// Every tensor, in the module's order, to be replaced.
#[must_use]
pub fn tensors_mut<M: Module + ?Sized>(module: &mut M) -> Vec<&mut Tensor> {
    let mut tensors = Vec::new();
    for_each_mut(module, |leaf| tensors.push(leaf.tensor));
    tensors
}

/// Every tensor under its path, in the module's order; a state dict.
#[must_use]
pub fn named_tensors<M: Module + ?Sized>(module: &M) -> Vec<(String, &Tensor)> {
    let mut tensors = Vec::new();
    for_each(module, |leaf| tensors.push((leaf.path.to_string(), leaf.tensor)));
    tensors
}

/// The number of elements of all parameters; buffers do not count, and a tensor that is held in two places
/// [counts twice](Module#tied-weights).
#[must_use]
pub fn num_parameters<M: Module + ?Sized>(module: &M) -> usize {
    let mut count = 0;
    for_each(module, |leaf| {
        if leaf.kind == Kind::Parameter {
            count += leaf.tensor.numel();
        }
    });
    count
}

/// A clone of the module with every tensor replaced by `f` of it.
///
/// ```
/// # use cotangent_autograd::module;
/// # use cotangent_tensor::Tensor;
/// let model = vec![Some(Tensor::from(1.0)), None];
/// let counted = module::map(&model, |leaf| Tensor::from(leaf.tensor.item::<f64>() + 1.0));
/// assert_eq!(counted[0].as_ref().unwrap().item::<f64>(), 2.0);
/// ```
#[must_use]
pub fn map<M: Module + Clone>(module: &M, mut f: impl FnMut(Leaf<'_, '_>) -> Tensor) -> M {
    let mut mapped = module.clone();
    for_each_mut(&mut mapped, |Leaf { path, kind, tensor }| {
        let replacement = f(Leaf { path, kind, tensor: &*tensor });
        *tensor = replacement;
    });
    mapped
}

/// A clone of the module with every floating-point tensor cast to a dtype; of halves, the parameters alone.
///
/// Buffers do not become halves, as in mixed precision they do not in PyTorch: running statistics move by steps of which a half keeps
/// nothing, and a model that is trained in f32 through its clone in bf16 has to find its own buffers again. They are few; a layer that
/// uses one casts it to the dtype of its input.
///
/// ```
/// # use cotangent_autograd::module;
/// # use cotangent_tensor::{DType, Tensor};
/// let (weight, count) = module::cast(&(Tensor::from(0.5f32), Tensor::from(3i64)), DType::F64);
/// assert_eq!((weight.dtype(), count.dtype()), (DType::F64, DType::I64));
/// ```
#[must_use]
pub fn cast<M: Module + Clone>(module: &M, dtype: DType) -> M {
    map(module, |leaf| {
        let stays = leaf.kind == Kind::Buffer && dtype.is_half();
        if leaf.tensor.dtype().is_float() && !stays { leaf.tensor.cast(dtype) } else { leaf.tensor.clone() }
    })
}

/// Calls `change` with every tensor of `a` and the one that lies in the same place of `b`: a model and its gradient.
///
/// # Panics
/// When the two do not have tensors in the same places, before anything is changed: lists of different lengths,
/// `Some` against `None`, different variants of an enum, different keys. The message names the first place where they
/// differ.
///
/// ```
/// # use cotangent_autograd::module;
/// # use cotangent_tensor::Tensor;
/// let (mut model, gradient) = ([Tensor::from(1.0)], [Tensor::from(2.0)]);
/// module::zip_mut(&mut model, &gradient, |x, g| {
///     *x.tensor = Tensor::from(x.tensor.item::<f64>() - 0.5 * g.item::<f64>());
/// });
/// assert_eq!(model[0].item::<f64>(), 0.0);
/// ```
#[track_caller]
pub fn zip_mut<A, B>(a: &mut A, b: &B, mut change: impl FnMut(LeafMut<'_, '_>, &Tensor))
where
    A: Module + ?Sized,
    B: Module + ?Sized,
{
    zip_mut_for("zip_mut", a, b, &mut change);
}

/// As [`zip_mut`], with messages in the name of `op`.
#[track_caller]
pub(crate) fn zip_mut_for<A, B>(op: &str, a: &mut A, b: &B, change: &mut dyn FnMut(LeafMut<'_, '_>, &Tensor))
where
    A: Module + ?Sized,
    B: Module + ?Sized,
{
    let places = Places::of(b);
    if let Some(difference) = places.difference(a) {
        panic!("{op}: the two modules must have tensors in the same places; {difference}");
    }
    let mut others = places.tensors.iter();
    for_each_mut(a, |leaf| {
        // `difference` has counted them.
        if let Some((other, _)) = others.next() {
            change(leaf, other);
        }
    });
}

/// Every tensor of a module, and where it lies.
struct Places<'a> {
    /// Each tensor, and where in `segments` its path ends.
    tensors: Vec<(&'a Tensor, usize)>,
    /// The segments of all paths, each innermost first.
    segments: Vec<Segment<'a>>,
}

impl<'a> Places<'a> {
    fn of<M: Module + ?Sized>(module: &'a M) -> Self {
        let mut places = Places { tensors: Vec::new(), segments: Vec::new() };
        for_each(module, |leaf| {
            for segment in leaf.path.segments() {
                places.segments.push(*segment);
            }
            places.tensors.push((leaf.tensor, places.segments.len()));
        });
        places
    }

    /// The path of tensor `i`, innermost segment first.
    fn path(&self, i: usize) -> Option<&[Segment<'a>]> {
        let (_, end) = *self.tensors.get(i)?;
        let start = i.checked_sub(1).map_or(0, |before| self.tensors[before].1);
        Some(&self.segments[start..end])
    }

    /// The first place where another module differs, in words.
    ///
    /// It is visited as mutable, like the visit that follows, so that a module whose two visits disagree is caught too.
    fn difference<M: Module + ?Sized>(&self, module: &mut M) -> Option<String> {
        let (mut count, mut difference) = (0, None);
        for_each_mut(module, |leaf| {
            if difference.is_none() {
                difference = differ(leaf.path, self.path(count));
            }
            count += 1;
        });
        difference.or_else(|| {
            let missing = self.path(count)?;
            Some(format!("the second has {}, the first does not", in_words(missing)))
        })
    }
}

/// How the path of a tensor in the first module differs from the path of its partner in the second.
fn differ(first: &Path<'_, '_>, second: Option<&[Segment<'_>]>) -> Option<String> {
    if second.is_some_and(|second| first.segments().eq(second)) {
        return None;
    }
    let first = in_words(&first.segments().copied().collect::<Vec<_>>());
    Some(match second {
        Some(second) => format!("the first has {first} where the second has {}", in_words(second)),
        None => format!("the first has {first}, the second does not"),
    })
}
