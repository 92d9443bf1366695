//! A model's parameters as one vector of f64, and back.

use crate::optim::{Scalar, is_learned};
use cotangent_autograd::module::{self, Module};
use cotangent_tensor::{DType, Tensor};

/// The elements of all parameters of a model or of a gradient.
pub(super) fn elements<M: Module>(module: &M) -> Vec<f64> {
    fn append<T: Scalar>(tensor: &Tensor, elements: &mut Vec<f64>) {
        elements.extend(tensor.array().to_slice::<T>().iter().map(|x| x.as_f64()));
    }
    let mut elements = Vec::new();
    module::for_each(module, |leaf| match leaf.tensor.dtype() {
        _ if !is_learned(leaf.kind, leaf.tensor) => {}
        DType::F32 => append::<f32>(leaf.tensor, &mut elements),
        _ => append::<f64>(leaf.tensor, &mut elements),
    });
    elements
}

/// Makes the parameters x + t d.
pub(super) fn move_along<M: Module>(model: &mut M, x: &[f64], t: f64, d: &[f64]) {
    fn set<T: Scalar>(tensor: &mut Tensor, values: &mut dyn Iterator<Item = f64>) {
        tensor.with_mut::<T, _>(|elements| {
            for (element, value) in elements.iter_mut().zip(values) {
                *element = T::of(value);
            }
        });
    }
    let mut values = x.iter().zip(d).map(|(x, d)| x + t * d);
    module::for_each_mut(model, |leaf| {
        if !is_learned(leaf.kind, leaf.tensor) {
            return;
        }
        let values = &mut values.by_ref().take(leaf.tensor.numel());
        match leaf.tensor.dtype() {
            DType::F32 => set::<f32>(leaf.tensor, values),
            _ => set::<f64>(leaf.tensor, values),
        }
    });
}

/// Refuses a gradient that does not have the model's tensors.
#[track_caller]
pub(super) fn check<M: Module>(model: &M, gradient: &M) {
    let mut gradients = module::tensors(gradient).into_iter();
    module::for_each(model, |leaf| {
        let (path, spec) = (leaf.path, leaf.tensor.spec());
        let Some(x_bar) = gradients.next() else { panic!("lbfgs: the gradient has nothing for `{path}`") };
        assert!(x_bar.spec() == spec, "lbfgs: the gradient of `{path}` is {}, but the tensor is {spec}", x_bar.spec());
    });
    assert!(gradients.next().is_none(), "lbfgs: the gradient has more tensors than the model");
}
