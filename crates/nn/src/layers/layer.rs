//! What a layer is to those that hold layers of many types.

use crate::Mode;
use cotangent_autograd::Module;
use cotangent_tensor::Tensor;

/// A layer: a module that makes one tensor of another. What [`Sequential`](crate::Sequential) and tuples of layers are made of.
///
/// Layers are called by their own `forward`; this is for code that does not know their type. A layer of your own needs one
/// method:
///
/// ```
/// use cotangent_derive::Module;
/// use cotangent_nn::{Layer, Linear, Mode, Sequential};
/// use cotangent_tensor::{DType, Rng, Tensor};
///
/// /// x + f(x).
/// #[derive(Clone, Module)]
/// struct Residual<L>(L);
///
/// impl<L: Layer + Clone + 'static> Layer for Residual<L> {
///     fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
///         x + self.0.call(x, mode)
///     }
/// }
///
/// let model = Sequential::new().push(Residual(Linear::new(4, 4, &mut Rng::seed(7)))).push_fn(Tensor::relu);
/// assert_eq!(model.forward(&Tensor::ones([2, 4], DType::F32)).shape()[..], [2, 4]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Layer`",
    note = "a layer implements `Layer`, and `Clone` and `Module`, which can be derived",
    note = "a function goes into a sequence with `push_fn`"
)]
pub trait Layer: Module + CloneLayer + Send + Sync {
    /// The layer's value at x.
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor;
}

/// What every layer that can be cloned has, so that boxes of layers can be cloned: nothing to implement.
pub trait CloneLayer {
    /// A clone in a box.
    fn boxed_clone(&self) -> Box<dyn Layer>;

    /// The name of the layer's type, for printing.
    fn type_name(&self) -> &'static str;
}

impl<L: Layer + Clone + 'static> CloneLayer for L {
    fn boxed_clone(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<L>()
    }
}

impl Clone for Box<dyn Layer> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

/// The type's name without the modules that it is in.
impl std::fmt::Debug for dyn Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.type_name();
        let bare = name.split('<').next().and_then(|path| path.rsplit("::").next());
        f.write_str(bare.unwrap_or(name))
    }
}

/// Implements [`Layer`] by an inherent `forward`: `alike` for layers that do the same in training and evaluation, `by_mode` for
/// others; `over N` for those that are generic over their number of axes.
macro_rules! layers {
    (alike: $($Alike:ty),* $(,)?) => {$(
        impl $crate::Layer for $Alike {
            #[track_caller]
            fn call(&self, x: &cotangent_tensor::Tensor, _: &mut $crate::Mode<'_>) -> cotangent_tensor::Tensor {
                self.forward(x)
            }
        }
    )*};
    (alike over N: $($Alike:ident),* $(,)?) => {$(
        impl<const N: usize> $crate::Layer for $Alike<N> {
            #[track_caller]
            fn call(&self, x: &cotangent_tensor::Tensor, _: &mut $crate::Mode<'_>) -> cotangent_tensor::Tensor {
                self.forward(x)
            }
        }
    )*};
    (by_mode: $($ByMode:ty),* $(,)?) => {$(
        impl $crate::Layer for $ByMode {
            #[track_caller]
            fn call(&self, x: &cotangent_tensor::Tensor, mode: &mut $crate::Mode<'_>) -> cotangent_tensor::Tensor {
                self.forward(x, mode)
            }
        }
    )*};
}
pub(super) use layers;
