//! Cross-entropy of rows of logits against one class for each row, and its derivative, each in one pass over a row.
//!
//! With m the row's greatest logit, s the sum of exp(x - m), ε the smoothing and C the number of classes:
//!
//! ```text
//! loss  = ln s + (1 - ε) (m - x[label]) + ε/C sum(m - x)
//! slope = (exp(x - m) / s - ε/C - (1 - ε) [class = label]) y_bar
//! ```
//!
//! The slope computes m and s again: a logarithm of the sum, kept, would be rounded to the spacing of the logits, and logits of 1e4
//! in f32 would then give probabilities that are wrong in their fourth digit.

use super::{
    reduce::LEAF,
    softmax::{Float, Softmax, fold_rows, map_rows_then},
};
use crate::Buffer;

/// What the rows are held against.
pub(crate) struct Targets<'a> {
    /// The class of each row: within the classes, or ignored.
    pub(crate) labels: &'a [i64],
    /// The label whose rows have loss and slope zero.
    pub(crate) ignored: Option<i64>,
    /// The share ε of the target that all classes have in common.
    pub(crate) smoothing: f64,
}

/// The loss of each row; rows of `classes > 0` logits lie one after another.
pub(crate) fn losses<T: Float>(x: &[T], classes: usize, targets: &Targets<'_>) -> Buffer<T> {
    let (peak, smoothing) = (T::from_f64(1.0 - targets.smoothing), targets.smoothing);
    let base = T::from_f64(smoothing / classes as f64);
    fold_rows(x, classes, &|row, x, m, sum| {
        let label = targets.labels[row];
        if targets.ignored == Some(label) {
            return T::default();
        }
        let loss = sum.ln::<false>() + peak * (m - x[label as usize]);
        if smoothing == 0.0 { loss } else { loss + base * sum_below(m, x) }
    })
}

/// sum(m - x), each leaf by itself and then in a tree, as other sums.
fn sum_below<T: Float>(m: T, x: &[T]) -> T {
    let mut below = [T::default(); LEAF];
    let mut of_leaf = |x: &[T]| {
        below.iter_mut().zip(x).for_each(|(below, &x)| *below = m - x);
        T::sum(&below[..x.len()])
    };
    if x.len() <= LEAF {
        return of_leaf(x);
    }
    T::sum_of(&x.chunks(LEAF).map(of_leaf).collect::<Vec<_>>())
}

/// The cotangent of each logit, from that of each row.
pub(crate) fn slopes<T: Float>(x: &[T], classes: usize, targets: &Targets<'_>, y_bar: &[T]) -> Buffer<T> {
    let (peak, base) = (T::from_f64(1.0 - targets.smoothing), T::from_f64(targets.smoothing / classes as f64));
    map_rows_then::<Softmax, T>(x, x, classes, &|start, mut slopes| {
        let mut at = start;
        while !slopes.is_empty() {
            let (row, first_class) = (at / classes, at % classes);
            let (of_row, others) = slopes.split_at_mut(slopes.len().min(classes - first_class));
            at += of_row.len();
            slopes = others;
            let (label, y_bar) = (targets.labels[row], y_bar[row]);
            if targets.ignored == Some(label) {
                // Not a product with zero: where all rows are ignored, the cotangent of their mean is infinite.
                of_row.fill(T::default());
                continue;
            }
            let place = usize::try_from(label).ok().and_then(|label| label.checked_sub(first_class));
            if let Some(slope) = place.and_then(|place| of_row.get_mut(place)) {
                *slope = *slope - peak;
            }
            of_row.iter_mut().for_each(|slope| *slope = (*slope - base) * y_bar);
        }
    })
}
