//! Adam's direction with a length in proportion to each parameter's.

use super::{
    Descent, Rule, Scalar, Slots, Step,
    settings::{betas, settings},
};

/// LAMB (You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020, algorithm 2), for
/// large batches:
///
/// ```text
/// m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²,  u = m̂ / (√v̂ + ε) + λ x
/// x = x - lr (|x| / |u|) u    over each parameter as a whole; the ratio is 1 where |x| or |u| is 0
/// ```
///
/// ```
/// use cotangent_nn::{Lamb, Optimizer};
/// use cotangent_tensor::Tensor;
/// let mut x = Tensor::from([3.0, 4.0]);
/// Lamb::new(0.1).step(&mut x, &Tensor::from([1.0, 0.0])); // 0.1 of |x| = 5
/// assert!((x.to_vec::<f64>()[0] - 2.5).abs() < 1e-5);
/// ```
#[doc(alias = "LAMB")]
pub type Lamb = Descent<LambRule>;

/// The rule and settings of [`Lamb`].
#[derive(Clone, Debug)]
pub struct LambRule {
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
}

impl Lamb {
    /// With a learning rate, β = (0.9, 0.999) and ε = 1e-6 as the authors', and no weight decay.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        Descent::by_rule(LambRule { betas: (0.9, 0.999), eps: 1e-6, weight_decay: 0.0 }, lr)
    }

    betas! { LambRule;
        /// How much of the means of g and of g² stays in a step.
    }

    settings! { LambRule;
        /// What is added to √v̂, so that a gradient of zero is not divided by zero.
        eps: not_negative;
        /// λ, which is part of the direction u and of its length.
        weight_decay: not_negative;
    }
}

impl Rule for LambRule {
    const NAME: &'static str = "lamb";

    fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let [m, v] = slots.all();
        let (beta1, beta2) = self.betas;
        let (new1, keep2, new2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        let (correction, root_correction) = (T::of(1.0 / step.seen(beta1)), T::of(1.0 / step.seen(beta2).sqrt()));
        let (eps, decay) = (T::of(self.eps), T::of(self.weight_decay));
        // Two passes: the lengths are known after the first, and the second finds the direction again.
        let direction = |x: T, m: T, v: T| m * correction / (v.sqrt() * root_correction + eps) + decay * x;
        let (mut length_of_x, mut length_of_direction) = (0.0, 0.0);
        for (((x, &g), m), v) in x.iter().zip(x_bar).zip(&mut *m).zip(&mut *v) {
            *m = *m + new1 * (g - *m);
            *v = keep2 * *v + new2 * g * g;
            length_of_x += x.as_f64() * x.as_f64();
            let u = direction(*x, *m, *v).as_f64();
            length_of_direction += u * u;
        }
        let is_defined = length_of_x > 0.0 && length_of_direction > 0.0;
        let ratio = if is_defined { (length_of_x / length_of_direction).sqrt() } else { 1.0 };
        let rate = T::of(step.lr * ratio);
        for ((x, &mut m), &mut v) in x.iter_mut().zip(m).zip(v) {
            *x = *x - rate * direction(*x, m, v);
        }
    }
}
