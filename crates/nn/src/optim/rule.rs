//! What an optimizer writes: how one parameter changes by its gradient.

use cotangent_tensor::{Element, Real, Tensor};

/// How an optimizer changes one parameter: all that an optimizer is, besides what [`Descent`](super::Descent) does for every rule.
///
/// A rule is a struct of settings. What it remembers of a parameter are tensors, its slots, which it names. This is a whole
/// optimizer, with groups, state and checks:
///
/// ```
/// use cotangent_nn::{Optimizer, optim::{Descent, Rule, Scalar, Slots, Step}};
/// use cotangent_tensor::Tensor;
///
/// /// Steps of one length in the direction of a running mean.
/// #[derive(Clone, Debug)]
/// struct SignMomentum { beta: f64 }
///
/// impl Rule for SignMomentum {
///     const NAME: &'static str = "sign_momentum";
///     fn slots(&self, _shape: &[usize]) -> &'static [&'static str] {
///         &["mean"]
///     }
///     fn is_elementwise(&self) -> bool {
///         true
///     }
///     fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>) {
///         let [mean] = slots.all();
///         let (lr, beta) = (T::of(step.lr), T::of(self.beta));
///         for ((x, &g), mean) in x.iter_mut().zip(x_bar).zip(mean) {
///             *mean = beta * *mean + (T::of(1.0) - beta) * g;
///             *x = *x - lr * mean.signum();
///         }
///     }
/// }
///
/// let mut optimizer = Descent::by_rule(SignMomentum { beta: 0.5 }, 0.25).freeze(|path| path == "1");
/// let mut model = [Tensor::from([1.0, 2.0]), Tensor::from([3.0, 4.0])];
/// optimizer.step(&mut model, &[Tensor::from([0.1, -5.0]), Tensor::from([1.0, 1.0])]);
/// assert_eq!(model[0].to_vec::<f64>(), [0.75, 2.25]);
/// assert_eq!(model[1].to_vec::<f64>(), [3.0, 4.0]);
/// assert_eq!(optimizer.state(&model)[2].0, "0.mean");
/// ```
pub trait Rule: Clone + Sync {
    /// The optimizer's name in messages.
    const NAME: &'static str;

    /// What is remembered of a parameter of a shape: names without dots, neither `step` nor `lr`.
    fn slots(&self, shape: &[usize]) -> &'static [&'static str];

    /// A slot before the first step, in the parameter's dtype; zeros like the parameter unless the rule says otherwise.
    #[must_use]
    fn initial(&self, slot: &str, x: &Tensor) -> Tensor {
        let _ = slot;
        x.zeros_like()
    }

    /// Refuses, by a panic, settings that contradict each other; called before anything changes.
    #[track_caller]
    fn check(&self) {}

    /// Whether each element changes by itself, whatever the others are. Then pieces of a large parameter are changed on several
    /// threads, each by a call of [`update`](Self::update).
    fn is_elementwise(&self) -> bool {
        false
    }

    /// Changes a parameter, given its gradient, and what is remembered of it; or a piece of these, where the rule
    /// [is elementwise](Self::is_elementwise). Elements are in row-major order.
    fn update<T: Scalar>(&self, step: &Step<'_>, x: &mut [T], x_bar: &[T], slots: Slots<'_, T>);
}

/// The step that a rule is asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The learning rate of this parameter.
    pub lr: f64,
    /// The number of this step among those of this parameter, from 1.
    pub count: u64,
    /// The parameter's shape.
    pub shape: &'a [usize],
}

impl Step<'_> {
    /// 1 - βᵗ in step t: the weight that a running mean which forgets by β has given so far, where zeros came first.
    #[must_use]
    pub fn seen(&self, beta: f64) -> f64 {
        1.0 - beta.powf(self.count as f64)
    }
}

/// What is remembered of a parameter, in the order of [`Rule::slots`].
#[derive(Debug)]
pub struct Slots<'a, T>(pub(super) Vec<&'a mut [T]>);

impl<'a, T> Slots<'a, T> {
    /// All slots, taken apart: `let [mean, square] = slots.all();`.
    ///
    /// # Panics
    /// When the rule named another number of slots.
    #[must_use]
    #[track_caller]
    pub fn all<const N: usize>(self) -> [&'a mut [T]; N] {
        let named = self.0.len();
        match self.0.try_into() {
            Ok(slots) => slots,
            Err(_) => panic!("the rule names {named} slots but takes {N}"),
        }
    }
}

/// The numbers of a parameter: f32 or f64.
pub trait Scalar: Element + Real {
    /// The nearest number of this type.
    fn of(value: f64) -> Self;
    /// The same number.
    fn as_f64(self) -> f64;
    /// The greater of two; NaN if one is.
    #[must_use]
    #[inline]
    fn greater(self, other: Self) -> Self {
        if self <= other {
            other
        } else if other <= self {
            self
        } else {
            self + other
        }
    }
    /// -1, 0 or 1; of NaN itself.
    #[must_use]
    #[inline]
    fn signum(self) -> Self {
        // Two selections, which a vector unit has, instead of a branch.
        let zero = Self::of(0.0);
        let negative = if self < zero { Self::of(-1.0) } else { self };
        if self > zero { Self::of(1.0) } else { negative }
    }
}

impl Scalar for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline]
    fn as_f64(self) -> f64 {
        self.into()
    }
}

impl Scalar for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }
    #[inline]
    fn as_f64(self) -> f64 {
        self
    }
}
