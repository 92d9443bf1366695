//! A model's parameters as one vector of f64, and back.

use crate::{
    optim::{Scalar, check_not_half, is_learned},
    refusal::or_panic,
};
use cotangent_autograd::module::{self, Module};
use cotangent_tensor::{DType, Tensor};

/// The elements of all parameters of a model or of a gradient.
pub(super) fn elements<M: Module>(module: &M) -> Vec<f64> {
    let mut elements = Vec::new();
    module::for_each(module, |leaf| {
        if is_learned(leaf.kind, leaf.tensor) {
            append(leaf.tensor, &mut elements);
        }
    });
    elements
}

/// Makes the parameters x + t d.
pub(super) fn move_along<M: Module>(model: &mut M, x: &[f64], t: f64, d: &[f64]) {
    let mut start = 0;
    module::for_each_mut(model, |leaf| {
        if is_learned(leaf.kind, leaf.tensor) {
            let own = start..start + leaf.tensor.numel();
            start = own.end;
            set(leaf.tensor, &x[own.clone()], t, &d[own]);
        }
    });
}

fn append(tensor: &Tensor, elements: &mut Vec<f64>) {
    fn of<T: Scalar>(tensor: &Tensor, elements: &mut Vec<f64>) {
        elements.extend(tensor.array().to_slice::<T>().iter().map(|x| x.as_f64()));
    }
    if tensor.dtype() == DType::F32 { of::<f32>(tensor, elements) } else { of::<f64>(tensor, elements) }
}

fn set(tensor: &mut Tensor, x: &[f64], t: f64, d: &[f64]) {
    fn of<T: Scalar>(tensor: &mut Tensor, x: &[f64], t: f64, d: &[f64]) {
        tensor.with_mut::<T, _>(|elements| {
            for ((element, x), d) in elements.iter_mut().zip(x).zip(d) {
                *element = T::of(x + t * d);
            }
        });
    }
    if tensor.dtype() == DType::F32 { of::<f32>(tensor, x, t, d) } else { of::<f64>(tensor, x, t, d) }
}

/// Refuses a gradient that does not have the model's tensors, and halves.
#[track_caller]
pub(super) fn check<M: Module>(model: &M, gradient: &M) {
    let mut gradients = module::tensors(gradient).into_iter();
    or_panic(module::try_for_each(model, |leaf| {
        let (path, spec) = (leaf.path, leaf.tensor.spec());
        match gradients.next().map(Tensor::spec) {
            Some(x_bar) if x_bar == spec && is_learned(leaf.kind, leaf.tensor) => check_not_half("lbfgs", leaf.tensor),
            Some(x_bar) if x_bar == spec => Ok(()),
            Some(x_bar) => Err(format!("lbfgs: the gradient of `{path}` is {x_bar}, but the tensor is {spec}")),
            None => Err(format!("lbfgs: the gradient has nothing for `{path}`")),
        }
    }));
    assert!(gradients.next().is_none(), "lbfgs: the gradient has more tensors than the model");
}
