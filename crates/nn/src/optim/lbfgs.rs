//! L-BFGS: steps by an approximate second derivative, for smooth functions that are evaluated without noise.

mod history;
mod line_search;
mod parameters;
mod state;

use super::settings::not_negative;
use cotangent_autograd::Module;
use cotangent_tensor::{DType, Tensor};
use history::History;
use line_search::{Evaluated, dot, strong_wolfe};
use parameters::{elements, move_along};

/// Limited-memory BFGS (Nocedal, Wright, "Numerical optimization", 2006, algorithms 7.4 and 7.5), as PyTorch's `LBFGS`.
///
/// A step is up to [`max_iter`](Self::max_iter) iterations, and evaluates the function for each, so it takes a closure instead
/// of a gradient. Vectors are f64 whatever the parameters' dtype. All parameters have the same settings;
/// one whose gradient is stopped stays as it is.
///
/// ```
/// use cotangent_autograd::value_and_grad;
/// use cotangent_nn::optim::{Lbfgs, LineSearch};
/// use cotangent_tensor::Tensor;
/// // Rosenbrock's valley.
/// let f = |x: &Tensor| {
///     let (a, b) = (x.narrow(0, 0, 1), x.narrow(0, 1, 1));
///     (1.0 - &a).square().sum(..) + 100.0 * (b - a.square()).square().sum(..)
/// };
/// let mut x = Tensor::from([-1.2, 1.0]);
/// let mut lbfgs = Lbfgs::new(1.0).max_iter(100).line_search(LineSearch::StrongWolfe);
/// let before = lbfgs.step(&mut x, |x| value_and_grad(x, f));
/// assert!(before > 20.0 && f(&x).item::<f64>() < 1e-8);
/// ```
#[doc(alias = "LBFGS")]
#[derive(Clone, Debug)]
pub struct Lbfgs {
    lr: f64,
    max_iter: u64,
    max_eval: Option<u64>,
    tolerance_grad: f64,
    tolerance_change: f64,
    history_size: usize,
    line_search: LineSearch,
    maximize: bool,
    iterations: u64,
    evaluations: u64,
    last: Option<Last>,
}

/// How far a step goes along its direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineSearch {
    /// By the learning rate.
    #[default]
    None,
    /// To a point that satisfies the strong Wolfe conditions with c₁ = 1e-4, c₂ = 0.9; the learning rate is tried first.
    StrongWolfe,
}

/// What the last iteration left.
#[derive(Clone, Debug)]
struct Last {
    /// The direction, and how far it was followed.
    direction: Vec<f64>,
    length: f64,
    gradient: Vec<f64>,
    loss: f64,
    history: History,
}

impl Lbfgs {
    /// With a learning rate (PyTorch's is 1), and PyTorch's other settings: 20 iterations and 25 evaluations in a step,
    /// tolerances 1e-7 and 1e-9, a history of 100, no line search.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn new(lr: f64) -> Self {
        not_negative("lbfgs", "lr", lr);
        Lbfgs {
            lr,
            max_iter: 20,
            max_eval: None,
            tolerance_grad: 1e-7,
            tolerance_change: 1e-9,
            history_size: 100,
            line_search: LineSearch::None,
            maximize: false,
            iterations: 0,
            evaluations: 0,
            last: None,
        }
    }

    /// The most iterations in a step.
    #[must_use]
    pub fn max_iter(self, max_iter: u64) -> Self {
        Lbfgs { max_iter, ..self }
    }

    /// The most evaluations in a step; 5/4 of the iterations unless it is set.
    #[must_use]
    pub fn max_eval(self, max_eval: u64) -> Self {
        Lbfgs { max_eval: Some(max_eval), ..self }
    }

    /// A step ends where no element of the gradient is larger.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn tolerance_grad(self, tolerance_grad: f64) -> Self {
        not_negative("lbfgs", "tolerance_grad", tolerance_grad);
        Lbfgs { tolerance_grad, ..self }
    }

    /// A step ends where neither the value nor any parameter changes by more.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn tolerance_change(self, tolerance_change: f64) -> Self {
        not_negative("lbfgs", "tolerance_change", tolerance_change);
        Lbfgs { tolerance_change, ..self }
    }

    /// How many iterations are remembered, each as two vectors as long as all parameters together.
    #[must_use]
    pub fn history_size(self, history_size: usize) -> Self {
        Lbfgs { history_size, ..self }
    }

    /// How far a step goes along its direction.
    #[must_use]
    #[doc(alias = "line_search_fn")]
    pub fn line_search(self, line_search: LineSearch) -> Self {
        Lbfgs { line_search, ..self }
    }

    /// Whether to go up.
    #[must_use]
    pub fn maximize(self, maximize: bool) -> Self {
        Lbfgs { maximize, ..self }
    }

    /// The learning rate.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.lr
    }

    /// Changes the learning rate of the steps that follow.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[track_caller]
    pub fn set_lr(&mut self, lr: f64) {
        not_negative("lbfgs", "lr", lr);
        self.lr = lr;
    }

    /// How often the function was evaluated, in all steps.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Changes the model's parameters by one step, given the function's value and gradient at any model:
    /// `|model| value_and_grad(model, f)`. Gives the value before the step.
    ///
    /// # Panics
    /// When the gradient does not have the model's tensors, or the parameters are not as many as in earlier steps. Where the
    /// closure panics, the parameters stay where it was asked.
    #[track_caller]
    pub fn step<M: Module>(&mut self, model: &mut M, mut value_and_grad: impl FnMut(&M) -> (Tensor, M)) -> f64 {
        let sign = if self.maximize { -1.0 } else { 1.0 };
        let mut now = evaluated(model, value_and_grad(model), sign);
        if let Some(last) = &self.last {
            let (before, count) = (last.gradient.len(), now.gradient.len());
            assert!(
                before == count,
                "lbfgs: the parameters have {count} elements, but had {before} in earlier steps; for another model make a new optimizer"
            );
        }
        let first_loss = now.loss;
        let mut evaluations = 1;
        let max_eval = self.max_eval.unwrap_or(self.max_iter.saturating_mul(5) / 4);
        let mut iterations = 0;
        while iterations < self.max_iter && !self.is_flat(&now.gradient) {
            iterations += 1;
            let (history, direction) = self.direction(&now.gradient);
            // The first direction is the gradient itself, whose length says nothing of how far to go.
            let is_first = self.last.is_none();
            let sum: f64 = now.gradient.iter().map(|g| g.abs()).sum();
            let length = if is_first { (1.0 / sum).min(1.0) * self.lr } else { self.lr };
            self.iterations += 1;
            let slope = dot(&now.gradient, &direction);
            let mut last = Last { direction, length, gradient: now.gradient.clone(), loss: now.loss, history };
            if slope > -self.tolerance_change {
                self.last = Some(last);
                break;
            }
            let x = elements(model);
            match self.line_search {
                LineSearch::None => {
                    move_along(model, &x, length, &last.direction);
                    // The point of the last iteration is evaluated by the next step.
                    if iterations < self.max_iter {
                        now = evaluated(model, value_and_grad(model), sign);
                        evaluations += 1;
                    }
                }
                LineSearch::StrongWolfe => {
                    let mut at = |t: f64| {
                        move_along(model, &x, t, &last.direction);
                        evaluated(model, value_and_grad(model), sign)
                    };
                    let left = max_eval.saturating_sub(evaluations);
                    let found =
                        strong_wolfe(&mut at, length, &last.direction, &now, slope, left, self.tolerance_change);
                    evaluations += found.evaluations;
                    (last.length, now) = (found.length, found.at);
                    move_along(model, &x, last.length, &last.direction);
                }
            }
            let furthest = last.direction.iter().fold(0.0f64, |most, d| most.max((d * last.length).abs()));
            let gain = (now.loss - last.loss).abs();
            self.last = Some(last);
            let is_still = furthest <= self.tolerance_change || gain < self.tolerance_change;
            if evaluations >= max_eval || is_still {
                break;
            }
        }
        self.evaluations += evaluations;
        sign * first_loss
    }

    /// Whether no element of a gradient is above the tolerance; a gradient with NaN is not.
    fn is_flat(&self, gradient: &[f64]) -> bool {
        gradient.iter().all(|g| g.abs() <= self.tolerance_grad)
    }

    /// The direction of the next iteration, by a history that has learned from the last.
    fn direction(&self, gradient: &[f64]) -> (History, Vec<f64>) {
        let Some(last) = &self.last else {
            return (History::new(), gradient.iter().map(|g| -g).collect());
        };
        let mut history = last.history.clone();
        let change_of_x = last.direction.iter().map(|d| d * last.length).collect();
        let change_of_gradient = gradient.iter().zip(&last.gradient).map(|(new, old)| new - old).collect();
        history.learn(change_of_x, change_of_gradient, self.history_size);
        let direction = history.direction(gradient);
        (history, direction)
    }
}

/// What a function gave at a model, with the sign by which it goes down.
#[track_caller]
fn evaluated<M: Module>(model: &M, (value, gradient): (Tensor, M), sign: f64) -> Evaluated {
    parameters::check(model, &gradient);
    let mut gradient = elements(&gradient);
    gradient.iter_mut().for_each(|g| *g *= sign);
    Evaluated { loss: sign * value.cast(DType::F64).item::<f64>(), gradient }
}
