//! What an optimizer remembers of each parameter, in the order of the model's parameters. Everything is checked before
//! anything is changed.

use super::is_learned;
use crate::refusal::or_panic;
use cotangent_autograd::module::{self, Module};
use cotangent_tensor::{Spec, Tensor};

/// What is remembered of all parameters; nothing before the first step.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) parameters: Vec<Remembered>,
    /// Whether each parameter was given its settings.
    is_grouped: bool,
}

/// What is remembered of one parameter.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    spec: Spec,
    pub(super) settings: Settings,
    pub(super) steps: u64,
    pub(super) names: &'static [&'static str],
    /// A tensor for each name.
    pub(super) slots: Vec<Tensor>,
}

/// By which of an optimizer's settings a parameter changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Settings {
    /// The optimizer's own.
    Own,
    /// Those of one of its combinations of groups.
    Combined(usize),
    /// It does not.
    Frozen,
}

impl Remembered {
    pub(super) fn new(x: &Tensor) -> Self {
        Remembered { spec: x.spec().to_owned(), settings: Settings::Own, steps: 0, names: &[], slots: Vec::new() }
    }

    /// Makes the slots those of `names`: what is there stays, what is missing becomes `initial`.
    pub(super) fn hold(&mut self, op: &str, names: &'static [&'static str], initial: impl Fn(&str) -> Tensor) {
        if self.names == names {
            return;
        }
        for name in names {
            let is_free = !name.contains('.') && !matches!(*name, "" | "step" | "lr");
            assert!(is_free, "{op}: `{name}` cannot name a slot; it must be without dots and neither `step` nor `lr`");
        }
        let kept = |name| self.names.iter().position(|&kept| kept == name).map(|i| self.slots[i].clone());
        self.slots = names.iter().map(|&name| kept(name).unwrap_or_else(|| initial(name))).collect();
        self.names = names;
    }
}

impl Memory {
    /// What is remembered of the parameters, in their order.
    pub(super) fn of(parameters: Vec<Remembered>) -> Self {
        Memory { parameters, is_grouped: false }
    }

    /// Forgets which parameter is in which group.
    pub(super) fn ungroup(&mut self) {
        self.is_grouped = false;
    }

    /// Whether each parameter was given its settings.
    pub(super) fn is_grouped(&self) -> bool {
        self.is_grouped
    }

    /// Calls `change` with each parameter of a model that was [checked](Self::check), its gradient and what is remembered of it;
    /// `settings` gives each parameter new ones.
    ///
    /// # Panics
    /// When the model and its gradient do not have tensors in the same places, before anything changes.
    #[track_caller]
    pub(super) fn for_each(
        &mut self,
        model: &mut dyn Module,
        gradient: &dyn Module,
        settings: Option<Vec<Settings>>,
        mut change: impl FnMut(&mut Tensor, &Tensor, &mut Remembered),
    ) {
        // A step that is refused does not count as the first: parameters are remembered when nothing can refuse them any more.
        if self.parameters.is_empty() {
            module::zip_mut(model, gradient, |_, _| {});
            self.parameters = remembered_of(model);
        }
        if let Some(settings) = settings {
            for (remembered, settings) in self.parameters.iter_mut().zip(settings) {
                remembered.settings = settings;
            }
            self.is_grouped = true;
        }
        let mut parameters = self.parameters.iter_mut();
        module::zip_mut(model, gradient, |leaf, x_bar| {
            if is_learned(leaf.kind, leaf.tensor) {
                let remembered = parameters.next().expect("`check` has counted the parameters");
                change(leaf.tensor, x_bar, remembered);
            }
        });
    }

    /// Checks the parameters' shapes and dtypes against what is remembered of them and against their gradients; whether
    /// model and gradient have their tensors in the same places is for `zip_mut` to say.
    #[track_caller]
    pub(super) fn check(&self, op: &str, model: &dyn Module, gradient: Option<&dyn Module>) {
        let mut gradients = gradient.map_or_else(Vec::new, module::tensors).into_iter();
        let mut count = 0;
        or_panic(module::try_for_each(model, |leaf| {
            let x_bar = gradients.next();
            if !is_learned(leaf.kind, leaf.tensor) {
                return Ok(());
            }
            let (spec, path) = (leaf.tensor.spec(), leaf.path);
            if let Some(x_bar) = x_bar {
                if leaf.tensor.tracer().is_some() {
                    return Err(format!(
                        "{op}: `{path}` is being differentiated and cannot change in place; step outside the transform"
                    ));
                }
                if x_bar.spec() != spec {
                    return Err(format!(
                        "{op}: the gradient of `{path}` is {}, but the tensor is {spec}",
                        x_bar.spec()
                    ));
                }
            }
            if let Some(remembered) = self.parameters.get(count) {
                let before = remembered.spec.as_ref();
                if before != spec {
                    return Err(format!(
                        "{op}: `{path}` is {spec}, but was {before} in earlier steps; for another model make a new optimizer"
                    ));
                }
            }
            count += 1;
            Ok(())
        }));
        let remembered = self.parameters.len();
        assert!(
            count == remembered || self.parameters.is_empty(),
            "{op}: the model has {count} parameters, but had {remembered} in earlier steps; for another model make a new optimizer"
        );
    }
}

/// An empty memory of each parameter.
fn remembered_of(model: &dyn Module) -> Vec<Remembered> {
    let mut parameters = Vec::new();
    for_each_learned(model, |_, x| parameters.push(Remembered::new(x)));
    parameters
}

/// Calls `see` with the path of each parameter that optimizers change, and the parameter.
pub(crate) fn for_each_learned(model: &dyn Module, mut see: impl FnMut(&str, &Tensor)) {
    module::for_each(model, |leaf| {
        if is_learned(leaf.kind, leaf.tensor) {
            see(&leaf.path.to_string(), leaf.tensor);
        }
    });
}
