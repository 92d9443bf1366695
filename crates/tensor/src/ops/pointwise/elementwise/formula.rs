//! From a formula to a function of tensors: the macro for users, and the broadcasting that it does.

use crate::{
    Few, Primitive, SpecRef, Tensor, apply,
    ops::broadcast::{common_shape, or_panic},
    try_apply,
};

/// Runs an operation of one output on the shape that all inputs broadcast to.
///
/// # Panics
/// When the shapes do not broadcast, or the inputs do not fit the operation.
///
/// ```
/// use cotangent_tensor::{Tensor, ops::{Maximum, apply_broadcast}};
/// let (x, y) = (Tensor::from([1.0f32, 3.0]), Tensor::from(2.0f32));
/// assert_eq!(apply_broadcast(&Maximum, &[&x, &y]).to_vec::<f32>(), [2.0, 3.0]);
/// ```
#[must_use]
#[track_caller]
pub fn apply_broadcast(primitive: &dyn Primitive, inputs: &[&Tensor]) -> Tensor {
    if inputs.windows(2).all(|pair| pair[0].shape() == pair[1].shape()) {
        return apply(primitive, inputs).into_single();
    }
    let shape = or_panic(common_shape(primitive.name(), inputs));
    let expanded: Few<Tensor> = inputs.iter().map(|x| x.expand(&shape)).collect();
    let result = try_apply(primitive, &expanded.iter().collect::<Few<_>>());
    // What the user passed says more than what it was expanded to.
    let given = || inputs.iter().map(|x| x.spec()).collect::<Few<SpecRef<'_>>>();
    or_panic(result.map_err(|error| error.with_inputs(&given()))).into_single()
}

/// Makes functions of tensors from scalar formulas of one to four variables: fused, broadcasting, differentiable to any order.
///
/// `fn name(x, y; parameter: Type) = formula;` becomes `fn name(x: &Tensor, y: &Tensor, parameter: Type) -> Tensor`. In the
/// formula a variable is a reference to a [`Real`](crate::Real), to be cloned where an operator takes it; a parameter is a
/// value. Forward it is one pass over memory; backward it is one pass for each variable that needs a cotangent.
///
/// A formula may choose with [`if_greater`](crate::Real::if_greater); its derivative is chosen along. What must be right is
/// where its parts break down: both sides of a choice are evaluated.
///
/// ```
/// use cotangent_tensor::{Tensor, elementwise};
///
/// elementwise! {
///     /// z = x sigmoid(s g)
///     pub fn swish_gate(x, g; s: f64) = x.clone() * (g.constant(s) * g.clone()).sigmoid();
/// }
///
/// let z = swish_gate(&Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]), &Tensor::from(0.0f32), 2.0);
/// assert_eq!(z.to_vec::<f32>(), [0.5, 1.0, 1.5, 2.0]);
/// ```
#[macro_export]
macro_rules! elementwise {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($x:ident),+ $(,)? $(; $($parameter:ident: $Type:ty),+ $(,)?)?) = $formula:expr;)+) => {$(
        $(#[$attribute])*
        #[must_use]
        #[track_caller]
        $visibility fn $name($($x: &$crate::Tensor,)+ $($($parameter: $Type),+)?) -> $crate::Tensor {
            #[derive(Clone)]
            struct Formula {
                $($($parameter: $Type),+)?
            }
            impl $crate::ops::Elementwise for Formula {
                const NAME: &'static str = stringify!($name);
                const ARITY: usize = [$(stringify!($x)),+].len();
                #[inline(always)]
                fn value<R: $crate::Real>(&self, x: &[R]) -> R {
                    $(let Formula { $($parameter),+ } = ::std::clone::Clone::clone(self);)?
                    let [$($x),+] = x else { unreachable!("a formula is given as many numbers as it has variables") };
                    $formula
                }
            }
            $crate::ops::apply_broadcast(&Formula { $($($parameter),+)? }, &[$($x),+])
        }
    )+};
}
