//! Adam: steps that are scaled by how large the gradient has been.

use super::{check_decay, check_not_negative, memory::Memory};
use cotangent_autograd::Module;
use cotangent_tensor::{DType, Element, Real, Tensor};

/// Adam (Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1), as PyTorch's `Adam`:
///
/// ```text
/// m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²
/// x = x - lr m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)  in step t
/// ```
///
/// ```
/// use cotangent_autograd::grad;
/// use cotangent_nn::Adam;
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from([3.0, -2.0]);
/// let mut adam = Adam::new(0.1);
/// for _ in 0..300 {
///     let gradient = grad(&x, |x| (x - 1).square().sum(..));
///     adam.step(&mut x, &gradient);
/// }
/// assert!(x.to_vec::<f64>().iter().all(|x| (x - 1.0).abs() < 1e-3));
/// ```
#[derive(Clone, Debug)]
pub struct Adam {
    /// The learning rate; it may change between steps.
    pub lr: f64,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    steps: u64,
    moments: Memory<2>,
}

impl Adam {
    /// With a learning rate, and PyTorch's other settings: β = (0.9, 0.999), ε = 1e-8, no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        check_not_negative("adam", "lr", lr);
        Adam { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, steps: 0, moments: Memory::new() }
    }

    /// How much of the means of g and of g² stays in a step.
    ///
    /// # Panics
    /// When one is not in [0, 1).
    #[must_use]
    #[track_caller]
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        check_decay("adam", "beta1", beta1);
        check_decay("adam", "beta2", beta2);
        Adam { betas: (beta1, beta2), ..self }
    }

    /// What is added to √v̂, so that a gradient of zero is not divided by zero.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        check_not_negative("adam", "eps", eps);
        Adam { eps, ..self }
    }

    /// Adds `weight_decay * x` to the gradient: the penalty `weight_decay / 2 * x²`, which is scaled as the rest.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        check_not_negative("adam", "weight_decay", weight_decay);
        Adam { weight_decay, ..self }
    }

    /// Changes the model's parameters by one step.
    ///
    /// # Panics
    /// When model and gradient do not have the same tensors, or the parameters are not those of earlier steps.
    #[track_caller]
    pub fn step<M: Module + ?Sized>(&mut self, model: &mut M, gradient: &M) {
        let Adam { lr, betas: (beta1, beta2), eps, weight_decay, .. } = *self;
        let t = (self.steps + 1) as f64;
        let rule = Rule {
            weight_decay,
            beta1,
            beta2,
            eps,
            rate: lr / (1.0 - beta1.powf(t)),
            root_correction: 1.0 / (1.0 - beta2.powf(t)).sqrt(),
        };
        self.moments.for_each("adam", model, gradient, |x, x_bar, moments| rule.update(x, x_bar, moments));
        self.steps += 1;
    }
}

/// The numbers of one step, which are the same for every parameter.
struct Rule {
    weight_decay: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    /// lr / (1 - β₁ᵗ)
    rate: f64,
    /// 1 / √(1 - β₂ᵗ)
    root_correction: f64,
}

impl Rule {
    /// Not generic, so that the loops are compiled with this crate.
    fn update(&self, x: &mut Tensor, x_bar: &Tensor, moments: &mut [Tensor; 2]) {
        match x.dtype() {
            DType::F32 => self.update_of::<f32>(x, x_bar, moments),
            DType::F64 => self.update_of::<f64>(x, x_bar, moments),
            other => unreachable!("{other} has no gradient"),
        }
    }

    fn update_of<T: Element + Real>(&self, x: &mut Tensor, x_bar: &Tensor, [m, v]: &mut [Tensor; 2]) {
        let constant = |value: f64| T::default().constant(value);
        let (decay, rate) = (constant(self.weight_decay), constant(self.rate));
        let (new1, keep2, new2) = (constant(1.0 - self.beta1), constant(self.beta2), constant(1.0 - self.beta2));
        let (root_correction, eps) = (constant(self.root_correction), constant(self.eps));
        let x_bar = x_bar.array().to_slice::<T>();
        x.with_mut::<T, _>(|x| {
            m.with_mut::<T, _>(|m| {
                v.with_mut::<T, _>(|v| {
                    for (((x, &g), m), v) in x.iter_mut().zip(&*x_bar).zip(m).zip(v) {
                        let g = g + decay * *x;
                        *m = *m + new1 * (g - *m);
                        *v = keep2 * *v + new2 * g * g;
                        *x = *x - rate * *m / (v.sqrt() * root_correction + eps);
                    }
                });
            });
        });
    }
}
