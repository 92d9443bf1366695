//! Optimizers: they change the parameters of a model in place, by its gradient and what they remember of earlier steps.
//!
//! An optimizer is its [`Rule`], which says how one parameter changes, inside a [`Descent`], which does all the rest for every
//! rule: it walks through the model, checks everything before anything changes, remembers, forms groups, gives its state
//! and takes it back. [`Adam`] is `Descent<AdamRule>`, and an optimizer of your own is as short: see [`Rule`].
//! [`Lbfgs`] alone stands apart, since it evaluates the function many times in a step.
//!
//! ```
//! use cotangent_autograd::grad;
//! use cotangent_nn::{AdamW, Linear, Optimizer, optim::clip_grad_norm};
//! use cotangent_tensor::{DType, Rng};
//! let mut rng = Rng::seed(1);
//! let mut layer = Linear::new(3, 2, &mut rng);
//! let mut adam = AdamW::new(1e-3).group(|path| path.ends_with("bias"), |adam| adam.weight_decay(0.0).lr_factor(2.0));
//! let x = rng.normal([5, 3], DType::F32);
//! for _ in 0..3 {
//!     let mut gradient = grad(&layer, |layer| layer.forward(&x).square().mean(..));
//!     let _norm = clip_grad_norm(&mut gradient, 1.0)?;
//!     adam.step(&mut layer, &gradient);
//! }
//! // A checkpoint: the same layer and a new optimizer go on as if nothing had happened.
//! let state = adam.state(&layer);
//! let mut other = AdamW::new(1e-3).group(|path| path.ends_with("bias"), |adam| adam.weight_decay(0.0).lr_factor(2.0));
//! other.load_state(&layer, state)?;
//! # Ok::<(), cotangent_tensor::Error>(())
//! ```
//!
//! An optimizer belongs to one model: what it remembers lies in the order of the model's parameters. Buffers and tensors
//! without a gradient, such as integers, stay as they are. Each step is one pass over each parameter. Settings have PyTorch's
//! names and defaults; rounding is PyTorch's up to the order of a few operations.

mod accumulate;
mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod clip;
mod descent;
mod ema;
mod lamb;
mod lbfgs;
mod lion;
mod memory;
mod muon;
mod nadam;
mod radam;
mod rmsprop;
mod rule;
mod settings;
mod sgd;
#[cfg(test)]
mod tests;

pub use accumulate::Accumulator;
pub use adadelta::{Adadelta, AdadeltaRule};
pub use adagrad::{Adagrad, AdagradRule};
pub use adam::{Adam, AdamRule, AdamW};
pub use adamax::{Adamax, AdamaxRule};
pub use clip::{clip_grad_norm, clip_grad_value};
pub use descent::Descent;
pub use ema::Ema;
pub use lamb::{Lamb, LambRule};
pub use lbfgs::{Lbfgs, LineSearch};
pub use lion::{Lion, LionRule};
pub use muon::{AdjustLr, Muon, MuonRule};
pub use nadam::{Nadam, NadamRule};
pub use radam::{RAdam, RAdamRule};
pub use rmsprop::{RmsProp, RmsPropRule};
pub use rule::{Rule, Scalar, Slots, Step};
pub use sgd::{Sgd, SgdRule};

pub(crate) use memory::for_each_learned;

use cotangent_autograd::{Module, module::Kind};
use cotangent_tensor::{Result, Tensor};

/// What changes a model by its gradient.
///
/// Every [`Descent`] is one, so that a training loop can be written for all of them. A `Box<dyn Optimizer>` is one too, for a
/// choice at run time:
///
/// ```
/// use cotangent_nn::{Adam, Optimizer, Sgd};
/// use cotangent_tensor::Tensor;
/// let name = "sgd";
/// let mut optimizer: Box<dyn Optimizer> = match name {
///     "adam" => Box::new(Adam::new(1e-3)),
///     _ => Box::new(Sgd::new(0.25).momentum(0.9)),
/// };
/// let mut x = Tensor::from(1.0);
/// optimizer.step(&mut x, &Tensor::from(2.0));
/// assert_eq!(x.item::<f64>(), 0.5);
/// ```
pub trait Optimizer {
    /// Changes the model's parameters by one step.
    ///
    /// # Panics
    /// When model and gradient do not have the same tensors, the parameters are not those of earlier steps, one that is not frozen is a half,
    /// or settings contradict each other. Nothing has changed then.
    #[track_caller]
    fn step<M: Module>(&mut self, model: &mut M, gradient: &M)
    where
        Self: Sized,
    {
        self.step_dyn(model, gradient);
    }

    /// As [`step`](Self::step), for any two modules with tensors in the same places.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    #[track_caller]
    fn step_dyn(&mut self, model: &mut dyn Module, gradient: &dyn Module);

    /// The learning rate.
    #[must_use]
    fn lr(&self) -> f64;

    /// Changes the learning rate of the steps that follow; a [`Schedule`](crate::schedule::Schedule) says to which.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[track_caller]
    fn set_lr(&mut self, lr: f64);

    /// Everything that further steps depend on and that is not a setting: the learning rate, and for each parameter the
    /// number of its steps and what is remembered of it, named by its path and PyTorch's name: `layers.0.weight.exp_avg`.
    ///
    /// # Panics
    /// When the model is not that of earlier steps.
    #[must_use]
    #[track_caller]
    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)>;

    /// Goes on from a [`state`](Self::state): further steps have the bits that they would have had without the stop. The
    /// settings and groups must be those of the optimizer that gave it; the order of names does not matter.
    ///
    /// # Errors
    /// When a name is missing, unknown, or of another shape or dtype than its parameter; nothing has changed then.
    fn load_state(&mut self, model: &dyn Module, state: Vec<(String, Tensor)>) -> Result<()>;
}

impl<O: Optimizer + ?Sized> Optimizer for Box<O> {
    fn step_dyn(&mut self, model: &mut dyn Module, gradient: &dyn Module) {
        (**self).step_dyn(model, gradient);
    }
    fn lr(&self) -> f64 {
        (**self).lr()
    }
    fn set_lr(&mut self, lr: f64) {
        (**self).set_lr(lr);
    }
    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        (**self).state(model)
    }
    fn load_state(&mut self, model: &dyn Module, state: Vec<(String, Tensor)>) -> Result<()> {
        (**self).load_state(model, state)
    }
}

/// Refuses parameters that would lose most of what they are to learn: of a step below half of their spacing, nothing is left.
fn check_not_half(op: &str, x: &Tensor) -> Result<(), String> {
    if !x.dtype().is_half() {
        return Ok(());
    }
    Err(format!(
        "{op}: halves are too coarse for small steps; got {}; keep the parameters in f32, and cast the model in the loss, with \
         module::cast(model, DType::{:?})",
        x.spec(),
        x.dtype()
    ))
}

/// Whether optimizers change a tensor.
fn is_learned(kind: Kind, tensor: &Tensor) -> bool {
    kind == Kind::Parameter && tensor.dtype().is_float()
}
