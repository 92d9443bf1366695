//! Steps along an orthogonal matrix.

use super::{
    AdamRule, Descent, Rule, Scalar, Slots, Step,
    settings::{decay, not_negative, settings},
};
use cotangent_tensor::Tensor;

/// Muon (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024), as PyTorch's `Muon`:
///
/// ```text
/// b = μ b + (1 - μ) g,  u = g + μ (b - g)     or u = b without Nesterov's form
/// x = x - lr λ x - lr r o(u)                  r: see AdjustLr
/// ```
///
/// where o(u) is near the orthogonal matrix next to u: u / |u| after five steps of X = a X + (b A + c A²) X, A = X Xᵀ (a Newton-Schulz
/// iteration). PyTorch iterates in bfloat16; here it is done in the parameter's own dtype.
///
/// Parameters that are not matrices take the steps of [`AdamW`](super::AdamW), with the same learning rate and weight decay; so do
/// those with [`orthogonal(false)`](Self::orthogonal), which embeddings and output layers should have. The rate suits both with
/// [`AdjustLr::MatchRmsAdamW`]; else give one of them an [`lr_factor`](Descent::lr_factor).
///
/// ```
/// use cotangent_nn::{Muon, Optimizer, optim::AdjustLr};
/// use cotangent_tensor::Tensor;
/// // The table of an embedding, and the weight of a layer.
/// let mut model = [[[1.0, 2.0], [3.0, 4.0]]; 2].map(Tensor::from);
/// let mut muon = Muon::new(1e-3)
///     .adjust_lr(AdjustLr::MatchRmsAdamW)
///     .group(|path| path == "0", |muon| muon.orthogonal(false));
/// muon.step(&mut model, &[[[1.0, 0.0], [0.0, 1.0]]; 2].map(Tensor::from));
/// assert!(model.iter().all(|x| x.to_vec::<f64>()[0] < 1.0));
/// ```
pub type Muon = Descent<MuonRule>;

/// The rule and settings of [`Muon`].
#[derive(Clone, Debug)]
pub struct MuonRule {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    ns_coefficients: [f64; 3],
    ns_steps: u32,
    eps: f64,
    adjust_lr: AdjustLr,
    is_orthogonal: bool,
    /// Decays and ε of other parameters, which never has weight decay of its own.
    other: AdamRule<true>,
}

/// What [`Muon`] multiplies the learning rate of a matrix of n rows and m columns with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdjustLr {
    /// √max(1, n / m)
    #[default]
    Original,
    /// 0.2 √max(n, m), which gives elements the size that AdamW's steps have (Liu et al., arXiv:2502.16982).
    MatchRmsAdamW,
    /// √(n / m)
    SpectralUnclamped,
}

impl AdjustLr {
    fn ratio(self, rows: usize, columns: usize) -> f64 {
        let (rows, columns) = (rows as f64, columns as f64);
        match self {
            AdjustLr::Original => (rows / columns).max(1.0).sqrt(),
            AdjustLr::MatchRmsAdamW => 0.2 * rows.max(columns).sqrt(),
            AdjustLr::SpectralUnclamped => (rows / columns).sqrt(),
        }
    }
}

impl Muon {
    /// With a learning rate, and PyTorch's other settings: μ = 0.95 in Nesterov's form, weight decay 0.1, five steps with
    /// (a, b, c) = (3.4445, -4.775, 2.0315), ε = 1e-7; AdamW's β = (0.9, 0.999) and ε = 1e-8.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        let rule = MuonRule {
            momentum: 0.95,
            nesterov: true,
            weight_decay: 0.1,
            ns_coefficients: [3.4445, -4.775, 2.0315],
            ns_steps: 5,
            eps: 1e-7,
            adjust_lr: AdjustLr::Original,
            is_orthogonal: true,
            other: AdamRule::DEFAULT,
        };
        Descent::by_rule(rule, lr)
    }

    /// Whether to look ahead.
    #[must_use]
    pub fn nesterov(self, nesterov: bool) -> Self {
        self.change_rule(|rule| rule.nesterov = nesterov)
    }

    /// The coefficients a, b, c of a Newton-Schulz step.
    #[must_use]
    pub fn ns_coefficients(self, ns_coefficients: [f64; 3]) -> Self {
        self.change_rule(|rule| rule.ns_coefficients = ns_coefficients)
    }

    /// The number of Newton-Schulz steps.
    #[must_use]
    pub fn ns_steps(self, ns_steps: u32) -> Self {
        self.change_rule(|rule| rule.ns_steps = ns_steps)
    }

    /// How the learning rate depends on a matrix's shape.
    #[must_use]
    #[doc(alias = "adjust_lr_fn")]
    pub fn adjust_lr(self, adjust_lr: AdjustLr) -> Self {
        self.change_rule(|rule| rule.adjust_lr = adjust_lr)
    }

    /// Whether matrices take orthogonal steps; else they take AdamW's, as all other parameters do.
    #[must_use]
    pub fn orthogonal(self, orthogonal: bool) -> Self {
        self.change_rule(|rule| rule.is_orthogonal = orthogonal)
    }

    /// The decays of AdamW, for parameters that are not matrices.
    ///
    /// # Panics
    /// When one is not in [0, 1).
    #[must_use]
    #[track_caller]
    pub fn adamw_betas(self, beta1: f64, beta2: f64) -> Self {
        decay("muon", "beta1", beta1);
        decay("muon", "beta2", beta2);
        self.change_rule(|rule| rule.other.betas = (beta1, beta2))
    }

    /// The ε of AdamW, for parameters that are not matrices.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn adamw_eps(self, eps: f64) -> Self {
        not_negative("muon", "adamw_eps", eps);
        self.change_rule(|rule| rule.other.eps = eps)
    }

    settings! { MuonRule;
        /// How much of the mean of g stays in a step; at least 0 and below 1.
        momentum: decay;
        /// λ, which shrinks x by lr λ x.
        weight_decay: not_negative;
        /// The least length that u is divided by.
        eps: not_negative;
    }
}

impl MuonRule {
    /// Near the orthogonal matrix next to `u`.
    fn orthogonalized(&self, u: &Tensor) -> Tensor {
        let [a, b, c] = self.ns_coefficients;
        // The product X Xᵀ is the smaller one for a wide matrix.
        let is_tall = u.size(0) > u.size(1);
        let wide = if is_tall { u.transpose(0, 1) } else { u.clone() };
        let length = wide.square().sum(..).sqrt().clamp(self.eps, f64::INFINITY);
        let mut x = wide / length;
        for _ in 0..self.ns_steps {
            let gram = x.matmul(&x.transpose(0, 1));
            let polynomial = &gram * b + gram.matmul(&gram) * c;
            x = &x * a + polynomial.matmul(&x);
        }
        if is_tall { x.transpose(0, 1) } else { x }
    }
}

impl Rule for MuonRule {
    const NAME: &'static str = "muon";

    fn slots(&self, shape: &[usize]) -> &'static [&'static str] {
        if self.is_orthogonal && shape.len() == 2 { &["momentum_buffer"] } else { self.other.slots(shape) }
    }

    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
        let (true, &[rows, columns]) = (self.is_orthogonal, step.shape) else {
            let adamw = AdamRule { weight_decay: self.weight_decay, ..self.other.clone() };
            return adamw.update(step, x, x_bar, slots);
        };
        let [b] = slots.all();
        let (new, momentum) = (T::of(1.0 - self.momentum), T::of(self.momentum));
        let ahead = x_bar.iter().zip(b).map(|(&g, b)| {
            *b = *b + new * (g - *b);
            if self.nesterov { g + momentum * (*b - g) } else { *b }
        });
        let u = Tensor::from_vec(ahead.collect(), [rows, columns]).expect("as many elements as the parameter has");
        let direction = self.orthogonalized(&u);
        let keep = T::of(1.0 - step.lr * self.weight_decay);
        let rate = T::of(step.lr * self.adjust_lr.ratio(rows, columns));
        for (x, &o) in x.iter_mut().zip(&*direction.array().to_slice::<T>()) {
            *x = keep * *x - rate * o;
        }
    }
}
