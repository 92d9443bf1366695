//! The transforms: functions that take a function and differentiate it. Each nests in every other.
//!
//! A transform replaces the tensors of its argument by traced ones, runs the function once, and reads the result. The argument is
//! any [`Module`]: a tensor, a tuple of tensors, a model; its gradient has the same type.

use crate::{
    dual::Forward,
    module::{self, Kind, Module},
    tape::{Recording, Tape, ValueId},
};
use cotangent_tensor::{Spec, Tensor};

/// The gradient of a scalar function: ∂f/∂x for each parameter of `x`.
///
/// Tensors that cannot have a gradient, integers and buffers, get zeros; so does what `f` does not depend on.
///
/// # Panics
/// When `f` does not return one floating-point number.
///
/// ```
/// use cotangent_autograd::grad;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([1.0, 2.0]);
/// assert_eq!(grad(&x, |x| (x * x).sum(..)).to_vec::<f64>(), [2.0, 4.0]);
///
/// // A transform inside a transform: the second derivative of x³ at 2.
/// let second = grad(&Tensor::from(2.0), |x| grad(x, |x| x.powf(3)));
/// assert_eq!(second.item::<f64>(), 12.0);
/// ```
#[track_caller]
pub fn grad<M: Module + Clone>(x: &M, f: impl FnOnce(&M) -> Tensor) -> M {
    value_and_grad(x, f).1
}

/// The value of a scalar function and its gradient.
///
/// # Panics
/// As [`grad`].
///
/// ```
/// use cotangent_autograd::value_and_grad;
/// use cotangent_tensor::Tensor;
/// let (loss, (w_bar, b_bar)) = value_and_grad(&(Tensor::from(3.0), Tensor::from(1.0)), |(w, b)| w * 2 + b);
/// assert_eq!(loss.item::<f64>(), 7.0);
/// assert_eq!((w_bar.item::<f64>(), b_bar.item::<f64>()), (2.0, 1.0));
/// ```
#[track_caller]
pub fn value_and_grad<M: Module + Clone>(x: &M, f: impl FnOnce(&M) -> Tensor) -> (Tensor, M) {
    let ((value, ()), gradient) = value_and_grad_with_aux(x, |x| (f(x), ()));
    (value, gradient)
}

/// As [`value_and_grad`], for a function that also returns something that is not differentiated: predictions, new
/// statistics, a generator. Tensors in it are constants.
///
/// # Panics
/// As [`grad`].
///
/// ```
/// use cotangent_autograd::value_and_grad_with_aux;
/// use cotangent_tensor::Tensor;
/// let ((loss, y), gradient) = value_and_grad_with_aux(&Tensor::from(3.0), |x| {
///     let y = x * 2;
///     (y.square(), y)
/// });
/// assert_eq!((loss.item::<f64>(), y.item::<f64>(), gradient.item::<f64>()), (36.0, 6.0, 24.0));
/// ```
#[track_caller]
pub fn value_and_grad_with_aux<M: Module + Clone, A>(x: &M, f: impl FnOnce(&M) -> (Tensor, A)) -> ((Tensor, A), M) {
    let tape = Tape::new();
    let (traced, ids) = variables(&tape, x);
    let (loss, aux) = f(&traced);
    check_scalar(&loss);
    let (value, id) = tape.lower(&loss);
    drop((loss, traced));
    let seeds = id.map(|id| (id, value.ones_like()));
    let cotangents = tape.close().sweep_once(seeds, &ids);
    ((value, aux), in_place_of(x, cotangents))
}

/// The value of a function and its pullback: the map from cotangents of the result to cotangents of the argument.
///
/// Integers and buffers of `x` are constants, and get zeros.
///
/// ```
/// use cotangent_autograd::vjp;
/// use cotangent_tensor::Tensor;
/// let (y, pullback) = vjp(&Tensor::from([1.0, 2.0]), |x| x * x);
/// assert_eq!(y.to_vec::<f64>(), [1.0, 4.0]);
/// assert_eq!(pullback.pull(&Tensor::from([1.0, 10.0])).to_vec::<f64>(), [2.0, 40.0]);
/// ```
pub fn vjp<M: Module + Clone, N: Module + Clone>(x: &M, f: impl FnOnce(&M) -> N) -> (N, Pullback<M>) {
    let tape = Tape::new();
    let (traced, inputs) = variables(&tape, x);
    let y = f(&traced);
    let mut outputs = Vec::new();
    let y = module::map(&y, |leaf| {
        let (value, id) = tape.lower(leaf.tensor);
        outputs.push((id, value.spec().to_owned()));
        value
    });
    drop(traced);
    (y, Pullback { x: x.clone(), recording: tape.close(), inputs, outputs })
}

/// The map from cotangents of a function's result to cotangents of its argument; made by [`vjp`].
pub struct Pullback<M> {
    x: M,
    recording: Recording,
    inputs: Vec<ValueId>,
    /// Number and spec of each tensor of the result; one that does not depend on `x` has no number.
    outputs: Vec<(Option<ValueId>, Spec)>,
}

impl<M: Module + Clone> Pullback<M> {
    /// Jᵀ y_bar. It can be asked any number of times.
    ///
    /// # Panics
    /// When `y_bar` does not have the tensors of the function's result, with their shapes and dtypes.
    #[track_caller]
    pub fn pull<N: Module>(&self, y_bar: &N) -> M {
        in_place_of(&self.x, self.recording.sweep(self.seeds(y_bar), &self.inputs))
    }

    /// As [`pull`](Self::pull), once: memory is freed as the sweep goes.
    ///
    /// # Panics
    /// As [`pull`](Self::pull).
    #[track_caller]
    pub fn pull_once<N: Module>(self, y_bar: &N) -> M {
        let seeds = self.seeds(y_bar);
        in_place_of(&self.x, self.recording.sweep_once(seeds, &self.inputs))
    }

    /// As [`pull_once`](Self::pull_once), of the cotangent of each tensor of the result; of those without one it is zero.
    pub(crate) fn pull_given(self, y_bars: impl IntoIterator<Item = Option<Tensor>>) -> M {
        let given = self.outputs.iter().zip(y_bars).filter_map(|((id, _), y_bar)| Some(((*id)?, y_bar?)));
        let seeds: Vec<(ValueId, Tensor)> = given.collect();
        in_place_of(&self.x, self.recording.sweep_once(seeds, &self.inputs))
    }

    #[track_caller]
    fn seeds<N: Module>(&self, y_bar: &N) -> Vec<(ValueId, Tensor)> {
        let (given, wanted) = (module::tensors(y_bar).len(), self.outputs.len());
        assert!(
            given == wanted,
            "pull: the function returned {wanted} tensor{}, but {given} cotangent{} given",
            if wanted == 1 { "" } else { "s" },
            if given == 1 { " was" } else { "s were" },
        );
        let (mut outputs, mut seeds) = (self.outputs.iter(), Vec::new());
        module::for_each(y_bar, |leaf| {
            // They have been counted.
            let Some((id, wanted)) = outputs.next() else { return };
            let found = leaf.tensor.spec();
            // The cotangent of an integer says nothing, and may be anything.
            assert!(
                found == wanted.as_ref() || !wanted.dtype().is_float(),
                "pull: the cotangent{} is {found}, but the function returned {wanted}",
                of_path(leaf.path),
            );
            seeds.extend(id.map(|id| (id, leaf.tensor.clone())));
        });
        seeds
    }
}

/// The value of a function and its directional derivative J v, in one forward pass.
///
/// Integers and buffers are constants, as for [`grad`] and [`vjp`]: what `v` has in their places does not matter.
///
/// # Panics
/// When `v` does not have the tensors of `x`, with their shapes and dtypes.
///
/// ```
/// use cotangent_autograd::jvp;
/// use cotangent_tensor::Tensor;
/// let (y, y_dot) = jvp(&Tensor::from(3.0), &Tensor::from(1.0), |x| x * x);
/// assert_eq!((y.item::<f64>(), y_dot.item::<f64>()), (9.0, 6.0));
/// ```
#[track_caller]
pub fn jvp<M: Module + Clone, N: Module + Clone>(x: &M, v: &M, f: impl FnOnce(&M) -> N) -> (N, N) {
    let forward = Forward::new();
    let mut moving = x.clone();
    module::zip_mut_for("jvp", &mut moving, v, &mut |leaf, v| {
        let x = &*leaf.tensor;
        let (found, wanted) = (v.spec(), x.spec());
        assert!(found == wanted, "jvp: the tangent{} is {found}, but the tensor is {wanted}", of_path(leaf.path));
        if is_variable(leaf.kind, x) {
            *leaf.tensor = forward.dual(x, v);
        }
    });
    let y = f(&moving);
    let primal = module::map(&y, |leaf| forward.parts(leaf.tensor).0.clone());
    let tangent = module::map(&y, |leaf| {
        let (primal, tangent) = forward.parts(leaf.tensor);
        tangent.cloned().unwrap_or_else(|| primal.zeros_like())
    });
    (primal, tangent)
}

/// The product of a scalar function's Hessian with `v`, without the Hessian: forward mode over reverse mode.
///
/// It is that of the parameters of `x`: integers and buffers are constants, and get zeros.
///
/// # Panics
/// As [`grad`] and [`jvp`].
///
/// ```
/// use cotangent_autograd::hvp;
/// use cotangent_tensor::Tensor;
/// let (x, v) = (Tensor::from([1.0, 2.0]), Tensor::from([1.0, 0.0]));
/// // f = x0² x1 has the Hessian [[2 x1, 2 x0], [2 x0, 0]].
/// let product = hvp(&x, &v, |x| x.narrow(0, 0, 1).square().sum(..) * x.narrow(0, 1, 1).sum(..));
/// assert_eq!(product.to_vec::<f64>(), [4.0, 2.0]);
/// ```
#[track_caller]
pub fn hvp<M: Module + Clone>(x: &M, v: &M, f: impl Fn(&M) -> Tensor) -> M {
    jvp(x, v, |x| grad(x, &f)).1
}

/// `x` with every tensor a constant: no derivative goes through it.
///
/// ```
/// use cotangent_autograd::{grad, stop_gradient};
/// use cotangent_tensor::Tensor;
/// let gradient = grad(&Tensor::from(3.0), |x| x * stop_gradient(x));
/// assert_eq!(gradient.item::<f64>(), 3.0);
/// ```
pub fn stop_gradient<M: Module + Clone>(x: &M) -> M {
    module::map(x, |leaf| leaf.tensor.stop_gradient())
}

/// Refuses the result of a function that has no gradient.
#[track_caller]
pub(crate) fn check_scalar(loss: &Tensor) {
    let (spec, one) = (loss.spec(), loss.numel() == 1);
    assert!(
        one,
        "grad: the function returned {spec}, but a gradient needs one number; reduce it with .sum(..) or .mean(..), or use vjp with a cotangent"
    );
    assert!(
        spec.dtype().is_float(),
        "grad: the function returned {spec}, which has no gradient; it must be floating point"
    );
}

/// Where a tensor lies, for a message; nothing for a tensor that is the whole module.
fn of_path(path: &module::Path<'_, '_>) -> String {
    let path = path.to_string();
    if path.is_empty() { path } else { format!(" of `{path}`") }
}

/// Whether the transforms differentiate a tensor of a module.
fn is_variable(kind: Kind, x: &Tensor) -> bool {
    kind == Kind::Parameter && x.dtype().is_float()
}

/// The module with its floating-point parameters watched, and the number of each tensor.
pub(crate) fn variables<M: Module + Clone>(tape: &Tape, x: &M) -> (M, Vec<ValueId>) {
    let mut ids = Vec::new();
    let traced = module::map(x, |leaf| {
        let (traced, id) = if is_variable(leaf.kind, leaf.tensor) {
            tape.watch(leaf.tensor)
        } else {
            (leaf.tensor.clone(), ValueId::CONSTANT)
        };
        ids.push(id);
        traced
    });
    (traced, ids)
}

/// The module with its tensors replaced by cotangents, zeros where there is none.
pub(crate) fn in_place_of<M: Module + Clone>(x: &M, cotangents: Vec<Option<Tensor>>) -> M {
    let mut cotangents = cotangents.into_iter();
    module::map(x, |leaf| cotangents.next().flatten().unwrap_or_else(|| leaf.tensor.zeros_like()))
}
