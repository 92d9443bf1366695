//! The sums over alignments of connectionist temporal classification, and their derivative, by the forward-backward algorithm.
//!
//! A list of labels l stands for the states `blank, l[0], blank, l[1], .., blank`. An alignment begins in one of the first two
//! states, ends in one of the last two, and at each step stays, goes on to the next state, or passes over a blank between different
//! labels. With e the logarithm of the probability that a step gives a state:
//!
//! ```text
//! α[t, s] = e[t, s] + ln Σ exp α[t-1, s']        over the states s' that lead to s
//! β[t, s] = ln Σ exp(β[t+1, s'] + e[t+1, s'])    over the states s' that s leads to
//! ```
//!
//! (Graves, Fernández, Gomez, Schmidhuber, "Connectionist temporal classification", 2006.) All in f64: hundreds of steps would
//! add up the roundings of f32. The sequences of a batch are computed in parallel.

use super::{parallel, softmax::Float};
use crate::Buffer;

/// A batch of sequences: what is spoken, and the labels that it was spoken from.
pub(crate) struct Batch<'a, T> {
    /// Logarithms of probabilities, `[steps, sequences, classes]`.
    pub(crate) x: &'a [T],
    pub(crate) classes: usize,
    /// `[sequences, longest list]`: within the classes as far as each list is long.
    pub(crate) labels: &'a [i64],
    pub(crate) input_lengths: &'a [usize],
    pub(crate) label_lengths: &'a [usize],
    pub(crate) blank: usize,
}

/// Estimated nanoseconds for one state at one step: two exponentials and a logarithm, one at a time.
const STATE_NANOSECONDS: usize = 30;

impl<'a, T: Float + Into<f64>> Batch<'a, T> {
    fn sequence(&self, i: usize) -> Sequence<'a, T> {
        let longest = self.labels.len() / self.label_lengths.len();
        Sequence {
            x: self.x,
            stride: self.label_lengths.len() * self.classes,
            offset: i * self.classes,
            labels: &self.labels[i * longest..][..self.label_lengths[i]],
            steps: self.input_lengths[i],
            blank: self.blank,
        }
    }

    fn work(&self) -> usize {
        let states = self
            .input_lengths
            .iter()
            .zip(self.label_lengths)
            .map(|(steps, labels)| steps.saturating_mul(2 * labels + 1));
        states.fold(0, usize::saturating_add).saturating_mul(STATE_NANOSECONDS)
    }

    /// The negative logarithm of the sum over all alignments, for each sequence; infinite where there is none.
    pub(crate) fn losses(&self) -> Buffer<T> {
        let count = self.label_lengths.len();
        let losses = parallel::collect(count, self.work(), |i| -self.sequence(i).forward(|_, _| ()));
        Buffer::from_iter_exact(losses.into_iter().map(T::from_f64))
    }

    /// The cotangent of `x` from those of the losses, in the order `[sequences, steps, classes]` with all `steps > 0`; zero where
    /// there is no alignment.
    pub(crate) fn slopes(&self, steps: usize, y_bar: &[T]) -> Buffer<T> {
        let mut slopes = Buffer::recycled(self.label_lengths.len() * steps * self.classes);
        parallel::chunks(&mut slopes, steps * self.classes, self.work().saturating_mul(2), |i, slopes| {
            self.sequence(i).backward(self.classes, y_bar[i].into(), slopes);
        });
        slopes
    }
}

struct Sequence<'a, T> {
    x: &'a [T],
    /// From one step to the next in `x`.
    stride: usize,
    offset: usize,
    labels: &'a [i64],
    steps: usize,
    blank: usize,
}

impl<T: Float + Into<f64>> Sequence<'_, T> {
    fn states(&self) -> usize {
        2 * self.labels.len() + 1
    }

    fn class(&self, state: usize) -> usize {
        if state % 2 == 1 { self.labels[state / 2] as usize } else { self.blank }
    }

    /// Whether a state can be reached from the one before the last: over a blank, from another label.
    fn skips_to(&self, state: usize) -> bool {
        state % 2 == 1 && state >= 3 && self.labels[state / 2] != self.labels[state / 2 - 1]
    }

    fn emission(&self, step: usize, state: usize) -> f64 {
        self.x[step * self.stride + self.offset + self.class(state)].into()
    }

    /// The logarithm of the sum over all alignments; `seen(t, α)` is given each step's row.
    fn forward(&self, mut seen: impl FnMut(usize, &[f64])) -> f64 {
        let states = self.states();
        // Before the first step, as if the first blank had been there: so it leads to the first two states.
        let mut alpha = vec![f64::NEG_INFINITY; states];
        alpha[0] = 0.0;
        for step in 0..self.steps {
            // From the last state down, so that each reads what the states before it were.
            for state in (0..states).rev() {
                let next = if state >= 1 { alpha[state - 1] } else { f64::NEG_INFINITY };
                let skip = if self.skips_to(state) { alpha[state - 2] } else { f64::NEG_INFINITY };
                alpha[state] = self.emission(step, state) + log_sum([alpha[state], next, skip]);
            }
            seen(step, &alpha);
        }
        let before_last = if states >= 2 { alpha[states - 2] } else { f64::NEG_INFINITY };
        log_sum([alpha[states - 1], before_last, f64::NEG_INFINITY])
    }

    /// `-y_bar exp(α + β - ln p)`, added up for each class.
    fn backward(&self, classes: usize, y_bar: f64, slopes: &mut [T]) {
        slopes.fill(T::default());
        let states = self.states();
        let mut alphas = vec![0.0; self.steps * states];
        let total = self.forward(|step, alpha| alphas[step * states..][..states].copy_from_slice(alpha));
        if total == f64::NEG_INFINITY {
            return;
        }
        let mut beta = vec![f64::NEG_INFINITY; states];
        beta[states.saturating_sub(2)..].fill(0.0);
        let mut of_class = vec![0.0; classes];
        for step in (0..self.steps).rev() {
            of_class.fill(0.0);
            for (state, (alpha, beta)) in alphas[step * states..][..states].iter().zip(&beta).enumerate() {
                of_class[self.class(state)] -= (alpha + beta - total).exp();
            }
            for (slope, of_class) in slopes[step * classes..][..classes].iter_mut().zip(&of_class) {
                *slope = T::from_f64(of_class * y_bar);
            }
            // β of the step before; from the first state up, so that each reads what the states after it were.
            for state in 0..states {
                let after = |next: usize| beta[next] + self.emission(step, next);
                let next = if state + 1 < states { after(state + 1) } else { f64::NEG_INFINITY };
                let skip = match state + 2 {
                    skip if skip < states && self.skips_to(skip) => after(skip),
                    _ => f64::NEG_INFINITY,
                };
                beta[state] = log_sum([after(state), next, skip]);
            }
        }
    }
}

/// ln Σ exp; of -inf alone it is -inf, and NaN if there is one.
fn log_sum(terms: [f64; 3]) -> f64 {
    if terms == [f64::NEG_INFINITY; 3] {
        return f64::NEG_INFINITY;
    }
    // `max` passes over NaN, which the sum then finds.
    let m = terms[0].max(terms[1]).max(terms[2]);
    m + terms.iter().map(|term| (term - m).exp()).sum::<f64>().ln()
}
