//! Layers one after another: a list that is put together at run time, or a tuple.

use crate::{Layer, Mode};
use cotangent_autograd::module::{Module, Visitor, VisitorMut};
use cotangent_derive::Module;
use cotangent_tensor::Tensor;

/// Layers of any types, each on what the one before it gave.
///
/// Tensors are named by their layer's place, counting layers without tensors, as in PyTorch: `0.weight`, `2.weight`.
///
/// ```
/// use cotangent_autograd::module;
/// use cotangent_nn::{Dropout, Layer, Linear, Mode, Sequential};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let mut rng = Rng::seed(7);
/// let model = Sequential::new()
///     .push(Linear::new(4, 8, &mut rng))
///     .push_fn(Tensor::relu)
///     .push(Linear::new(8, 2, &mut rng).without_bias());
/// let names: Vec<String> = module::named_tensors(&model).into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["0.weight", "0.bias", "2.weight"]);
///
/// // Nothing in it depends on the mode:
/// let x = Tensor::ones([3, 4], DType::F32);
/// assert_eq!(model.forward(&x).shape()[..], [3, 2]);
/// // Now something does:
/// let model = model.push(Dropout::new(0.5));
/// assert_eq!(model.call(&x, &mut Mode::train(&mut rng)).shape()[..], [3, 2]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    /// The layers, in the order in which they are called.
    pub layers: Vec<Box<dyn Layer>>,
}

impl Sequential {
    /// No layers: the identity.
    #[must_use]
    pub fn new() -> Self {
        Sequential::default()
    }

    /// With one more layer at the end.
    #[must_use]
    pub fn push(mut self, layer: impl Layer + 'static) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// With a function at the end, such as `Tensor::relu` or a closure. It must hold no tensors to be learned: they would be
    /// constants.
    #[must_use]
    pub fn push_fn(self, function: impl Fn(&Tensor) -> Tensor + Clone + Send + Sync + 'static) -> Self {
        self.push(Function(function))
    }

    /// The value at x of a sequence whose layers do the same in training and evaluation.
    ///
    /// # Panics
    /// When one of the layers does not, such as a dropout: use [`call`](Layer::call), with a [`Mode`].
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.call(x, &mut Mode::undecided())
    }
}

impl Module for Sequential {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self.layers.visit(visitor);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        self.layers.visit_mut(visitor);
    }
}

impl Layer for Sequential {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.layers.call(x, mode)
    }
}

/// A function as a layer.
#[derive(Clone, Module)]
#[module(bound = "")]
struct Function<F>(#[module(skip)] F);

impl<F: Fn(&Tensor) -> Tensor + Clone + Send + Sync + 'static> Layer for Function<F> {
    fn call(&self, x: &Tensor, _: &mut Mode<'_>) -> Tensor {
        (self.0)(x)
    }
}

/// The function's value.
impl Layer for fn(&Tensor) -> Tensor {
    fn call(&self, x: &Tensor, _: &mut Mode<'_>) -> Tensor {
        self(x)
    }
}

/// Each layer on what the one before it gave; an empty list is the identity.
impl<L: Layer + Clone + 'static> Layer for Vec<L> {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let mut x = x.clone();
        for layer in self {
            x = layer.call(&x, mode);
        }
        x
    }
}

/// Without a layer, the identity.
impl<L: Layer + Clone + 'static> Layer for Option<L> {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        match self {
            Some(layer) => layer.call(x, mode),
            None => x.clone(),
        }
    }
}

/// The layer in the box.
impl<L: Layer + ?Sized + 'static> Layer for Box<L>
where
    Box<L>: Clone,
{
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        (**self).call(x, mode)
    }
}

macro_rules! tuple {
    ($($L:ident $i:tt),+) => {
        /// Each layer on what the one before it gave.
        impl<$($L: Layer + Clone + 'static),+> Layer for ($($L,)+) {
            #[track_caller]
            fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
                let y = x.clone();
                $(let y = self.$i.call(&y, mode);)+
                y
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
