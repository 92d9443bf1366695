//! Adam and AdamW: steps that are scaled by how large the gradient has been.

use super::{
    Descent, Rule, Scalar, Slots, Step,
    settings::{self, betas, settings},
};

/// Adam (Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1), as PyTorch's `Adam`:
///
/// ```text
/// m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²
/// x = x - lr m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)  in step t
/// ```
///
/// ```
/// use cotangent_autograd::grad;
/// use cotangent_nn::{Adam, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from([3.0, -2.0]);
/// let mut adam = Adam::new(0.1);
/// for _ in 0..300 {
///     let gradient = grad(&x, |x| (x - 1).square().sum(..));
///     adam.step(&mut x, &gradient);
/// }
/// assert!(x.to_vec::<f64>().iter().all(|x| (x - 1.0).abs() < 1e-3));
/// ```
pub type Adam = Descent<AdamRule<false>>;

/// Adam with decoupled weight decay (Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019), as PyTorch's
/// `AdamW`: before [`Adam`]'s step, x = x - lr λ x, which the scaling does not touch. λ is 0.01.
///
/// ```
/// use cotangent_nn::{AdamW, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from(2.0);
/// AdamW::new(0.5).weight_decay(0.1).step(&mut x, &Tensor::from(0.0));
/// assert_eq!(x.item::<f64>(), 1.9);
/// ```
pub type AdamW = Descent<AdamRule<true>>;

/// The rule and settings of [`Adam`] and, with weight decay decoupled, of [`AdamW`].
#[derive(Clone, Debug)]
pub struct AdamRule<const DECOUPLED: bool> {
    pub(super) betas: (f64, f64),
    pub(super) eps: f64,
    pub(super) weight_decay: f64,
    pub(super) amsgrad: bool,
}

impl<const DECOUPLED: bool> AdamRule<DECOUPLED> {
    pub(super) const DEFAULT: Self =
        AdamRule { betas: (0.9, 0.999), eps: 1e-8, weight_decay: if DECOUPLED { 0.01 } else { 0.0 }, amsgrad: false };
}

// Two impls: what makes an optimizer must not be generic, so that its loops are compiled with this crate.
impl Adam {
    /// With a learning rate, and PyTorch's other settings: β = (0.9, 0.999), ε = 1e-8, no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(AdamRule::DEFAULT, lr)
    }
}

impl AdamW {
    /// With a learning rate, and PyTorch's other settings: β = (0.9, 0.999), ε = 1e-8, weight decay 0.01.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(AdamRule::DEFAULT, lr)
    }
}

impl<const DECOUPLED: bool> Descent<AdamRule<DECOUPLED>> {
    /// Whether to divide by the largest v so far instead of v (Reddi, Kale, Kumar, "On the convergence of Adam and beyond",
    /// ICLR 2018).
    #[must_use]
    pub fn amsgrad(self, amsgrad: bool) -> Self {
        self.change_rule(|rule| rule.amsgrad = amsgrad)
    }

    betas! { AdamRule<DECOUPLED>;
        /// How much of the means of g and of g² stays in a step.
    }

    settings! { AdamRule<DECOUPLED>;
        /// What is added to √v̂, so that a gradient of zero is not divided by zero.
        eps: not_negative;
        /// λ. [`Adam`] adds λ x to the gradient, the penalty λ / 2 x², which is scaled as the rest; [`AdamW`] shrinks x by
        /// lr λ x.
        weight_decay: not_negative;
    }
}

impl<const DECOUPLED: bool> Rule for AdamRule<DECOUPLED> {
    const NAME: &'static str = if DECOUPLED { "adamw" } else { "adam" };

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        const NAMES: [&str; 3] = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];
        if self.amsgrad { &NAMES } else { &["exp_avg", "exp_avg_sq"] }
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    #[inline(always)]
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let (beta1, beta2) = self.betas;
        let (new1, keep2, new2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        let (keep, decay) = settings::decay_of(step.lr, self.weight_decay, DECOUPLED);
        let (keep, decay, eps) = (T::of(keep), T::of(decay), T::of(self.eps));
        let (rate, root_correction) = (T::of(step.lr / step.seen(beta1)), T::of(1.0 / step.seen(beta2).sqrt()));
        let moments = |x: T, g: T, m: &mut T, v: &mut T| {
            let g = g + decay * x;
            *m = *m + new1 * (g - *m);
            *v = keep2 * *v + new2 * g * g;
        };
        if self.amsgrad {
            let [m, v, max] = slots.all();
            for ((((x, &g), m), v), max) in x.iter_mut().zip(x_bar).zip(m).zip(v).zip(max) {
                moments(*x, g, m, v);
                *max = max.greater(*v);
                *x = keep * *x - rate * *m / (max.sqrt() * root_correction + eps);
            }
        } else {
            let [m, v] = slots.all();
            for (((x, &g), m), v) in x.iter_mut().zip(x_bar).zip(m).zip(v) {
                moments(*x, g, m, v);
                *x = keep * *x - rate * *m / (v.sqrt() * root_correction + eps);
            }
        }
    }
}
