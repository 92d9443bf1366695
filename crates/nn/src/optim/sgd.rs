//! Stochastic gradient descent.

use super::{check, check_decay, check_not_negative, memory::Memory};
use cotangent_autograd::Module;
use cotangent_tensor::{DType, Element, Real, Tensor};

/// Gradient descent with momentum, as PyTorch's `SGD`:
///
/// ```text
/// b = μ b + (1 - τ) g,  x = x - lr b          momentum μ, dampening τ; b = g in the first step
/// b = μ b + g,          x = x - lr (g + μ b)  Nesterov's
/// ```
///
/// Nesterov's form is that of Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep
/// learning", ICML 2013, written for the point that is looked ahead to.
///
/// ```
/// use cotangent_autograd::grad;
/// use cotangent_nn::Sgd;
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from([3.0, -2.0]);
/// let gradient = grad(&x, |x| x.square().sum(..));
/// Sgd::new(0.25).step(&mut x, &gradient);
/// assert_eq!(x.to_vec::<f64>(), [1.5, -1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Sgd {
    /// The learning rate; it may change between steps.
    pub lr: f64,
    momentum: f64,
    dampening: f64,
    nesterov: bool,
    weight_decay: f64,
    velocities: Memory<1>,
}

impl Sgd {
    /// With a learning rate, and neither momentum nor weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        check_not_negative("sgd", "lr", lr);
        Sgd { lr, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0, velocities: Memory::new() }
    }

    /// How much of the velocity stays in a step, often 0.9.
    ///
    /// # Panics
    /// When it is not in [0, 1).
    #[must_use]
    #[track_caller]
    pub fn momentum(self, momentum: f64) -> Self {
        check_decay("sgd", "momentum", momentum);
        Sgd { momentum, ..self }
    }

    /// How much of a new gradient is kept from the velocity, in all steps but the first.
    ///
    /// # Panics
    /// When it is not in [0, 1].
    #[must_use]
    #[track_caller]
    pub fn dampening(self, dampening: f64) -> Self {
        check("sgd", "dampening", dampening, (0.0..=1.0).contains(&dampening), "from 0 to 1");
        Sgd { dampening, ..self }
    }

    /// Whether to look ahead: the step is the new gradient and the velocity that it leads to.
    #[must_use]
    pub fn nesterov(self, nesterov: bool) -> Self {
        Sgd { nesterov, ..self }
    }

    /// Adds `weight_decay * x` to the gradient: the penalty `weight_decay / 2 * x²`.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        check_not_negative("sgd", "weight_decay", weight_decay);
        Sgd { weight_decay, ..self }
    }

    /// Changes the model's parameters by one step.
    ///
    /// # Panics
    /// When model and gradient do not have the same tensors, the parameters are not those of earlier steps, or Nesterov's
    /// form was asked for without momentum or with dampening, which it is not defined for.
    #[track_caller]
    pub fn step<M: Module + ?Sized>(&mut self, model: &mut M, gradient: &M) {
        let Sgd { lr, momentum, dampening, nesterov, weight_decay, .. } = *self;
        assert!(
            !nesterov || (momentum > 0.0 && dampening == 0.0),
            "sgd: Nesterov's form needs momentum and no dampening; got momentum {momentum}, dampening {dampening}"
        );
        // The first velocity is the gradient itself.
        let new = if self.velocities.is_empty() { 1.0 } else { 1.0 - dampening };
        let rule = Rule { lr, momentum, new, nesterov, weight_decay };
        if momentum == 0.0 {
            Memory::<0>::new().for_each("sgd", model, gradient, |x, x_bar, []| rule.update(x, x_bar, None));
        } else {
            let velocities = &mut self.velocities;
            velocities.for_each("sgd", model, gradient, |x, x_bar, [velocity]| rule.update(x, x_bar, Some(velocity)));
        }
    }
}

/// The numbers of one step, which are the same for every parameter.
struct Rule {
    lr: f64,
    momentum: f64,
    /// How much of the gradient goes into the velocity.
    new: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Rule {
    /// Not generic, so that the loops are compiled with this crate.
    fn update(&self, x: &mut Tensor, x_bar: &Tensor, velocity: Option<&mut Tensor>) {
        match x.dtype() {
            DType::F32 => self.update_of::<f32>(x, x_bar, velocity),
            DType::F64 => self.update_of::<f64>(x, x_bar, velocity),
            other => unreachable!("{other} has no gradient"),
        }
    }

    fn update_of<T: Element + Real>(&self, x: &mut Tensor, x_bar: &Tensor, velocity: Option<&mut Tensor>) {
        let constant = |value: f64| T::default().constant(value);
        let (lr, momentum, new, decay) =
            (constant(self.lr), constant(self.momentum), constant(self.new), constant(self.weight_decay));
        let x_bar = x_bar.array().to_slice::<T>();
        x.with_mut::<T, _>(|x| match velocity {
            None => {
                for (x, &g) in x.iter_mut().zip(&*x_bar) {
                    *x = *x - lr * (g + decay * *x);
                }
            }
            Some(velocity) => velocity.with_mut::<T, _>(|velocity| {
                for ((x, &g), b) in x.iter_mut().zip(&*x_bar).zip(velocity) {
                    let g = g + decay * *x;
                    *b = momentum * *b + new * g;
                    *x = *x - lr * if self.nesterov { g + momentum * *b } else { *b };
                }
            }),
        });
    }
}
