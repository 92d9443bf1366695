//! What an optimizer remembers of each parameter: some tensors of its shape and dtype, in the order of the model's
//! parameters. Everything is checked before anything is changed.

use cotangent_autograd::module::{self, Kind, Module};
use cotangent_tensor::Tensor;

/// `N` tensors for each parameter; nothing before the first step.
#[derive(Clone, Debug)]
pub(super) struct Memory<const N: usize>(Vec<[Tensor; N]>);

impl<const N: usize> Memory<N> {
    pub(super) const fn new() -> Self {
        Memory(Vec::new())
    }

    /// Whether no step was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls `change` with each parameter of a model, its gradient and what is remembered of it: zeros at first.
    ///
    /// # Panics
    /// When the model and its gradient do not have the same tensors, or the memory is of another model.
    #[track_caller]
    pub(super) fn for_each<M: Module + ?Sized>(
        &mut self,
        op: &str,
        model: &mut M,
        gradient: &M,
        mut change: impl FnMut(&mut Tensor, &Tensor, &mut [Tensor; N]),
    ) {
        self.check(op, model, gradient);
        if self.is_empty() {
            // Refuses a gradient of another structure, so that a step that is refused does not count as the first.
            module::zip_mut(model, gradient, |_, _| {});
            module::for_each(model, |leaf| {
                if is_learned(leaf.kind, leaf.tensor) {
                    self.0.push(std::array::from_fn(|_| leaf.tensor.zeros_like()));
                }
            });
        }
        let mut memories = self.0.iter_mut();
        module::zip_mut(model, gradient, |leaf, x_bar| {
            if is_learned(leaf.kind, leaf.tensor) {
                let memory = memories.next().expect("`check` has counted the parameters");
                change(leaf.tensor, x_bar, memory);
            }
        });
    }

    /// Checks the parameters' shapes and dtypes against what is remembered of them and against their gradients; whether
    /// model and gradient have their tensors in the same places is for `zip_mut` to say.
    #[track_caller]
    fn check<M: Module + ?Sized>(&self, op: &str, model: &M, gradient: &M) {
        let (mut count, mut gradients) = (0, module::tensors(gradient).into_iter());
        module::for_each(model, |leaf| {
            let x_bar = gradients.next();
            if !is_learned(leaf.kind, leaf.tensor) {
                return;
            }
            let (spec, path) = (leaf.tensor.spec(), leaf.path);
            if let Some(x_bar) = x_bar {
                assert!(
                    x_bar.spec() == spec,
                    "{op}: the gradient of `{path}` is {}, but the tensor is {spec}",
                    x_bar.spec()
                );
            }
            for remembered in self.0.get(count).into_iter().flatten() {
                assert!(
                    remembered.spec() == spec,
                    "{op}: `{path}` is {spec}, but was {} in earlier steps; for another model make a new optimizer",
                    remembered.spec(),
                );
            }
            count += 1;
        });
        let remembered = self.0.len();
        assert!(
            count == remembered || self.is_empty(),
            "{op}: the model has {count} parameters, but had {remembered} in earlier steps; for another model make a new optimizer"
        );
    }
}

fn is_learned(kind: Kind, tensor: &Tensor) -> bool {
    kind == Kind::Parameter && tensor.dtype().is_float()
}
