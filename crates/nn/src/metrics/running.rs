//! A mean of values that come one after another, each with its weight.

/// The weighted mean of what has been added: of the losses of batches, by their number of examples.
///
/// ```
/// use cotangent_nn::metrics::Mean;
/// let mut loss = Mean::default();
/// loss.add(0.5, 32);
/// loss.add(0.8, 16);
/// assert!((loss.value() - 0.6).abs() < 1e-15);
/// assert!(Mean::default().value().is_nan());
/// ```
///
/// Rounding does not add up: the sum keeps what each addition loses (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
/// endlicher Summen", ZAMM 54, 1974). A value that is NaN makes the mean NaN, unless its weight is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    lost: f64,
    weight: u64,
}

impl Mean {
    /// Adds a value that stands for `weight` examples.
    pub fn add(&mut self, value: f64, weight: usize) {
        if weight == 0 {
            return;
        }
        self.weight += weight as u64;
        self.add_to_sum(value * weight as f64);
    }

    /// Adds what another has taken up.
    pub fn merge(&mut self, other: &Mean) {
        self.weight += other.weight;
        self.add_to_sum(other.sum);
        self.lost += other.lost;
    }

    /// The mean; of nothing NaN.
    #[must_use]
    pub fn value(&self) -> f64 {
        // An infinite sum has lost NaN: infinity less infinity.
        let sum = if self.sum.is_finite() { self.sum + self.lost } else { self.sum };
        sum / self.weight as f64
    }

    /// The sum of the weights.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// What [`from_parts`](Self::from_parts) makes it of again; the weight, a count of examples, is exact.
    pub(crate) fn to_parts(self) -> [f64; 3] {
        [self.sum, self.lost, self.weight as f64]
    }

    pub(crate) fn from_parts([sum, lost, weight]: [f64; 3]) -> Self {
        Mean { sum, lost, weight: weight as u64 }
    }

    fn add_to_sum(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        self.sum = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[(f64, usize)]) -> Mean {
        let mut mean = Mean::default();
        values.iter().for_each(|&(value, weight)| mean.add(value, weight));
        mean
    }

    #[test]
    fn values_count_by_their_weight_and_rounding_does_not_add_up() {
        assert_eq!(mean(&[(1.0, 3), (5.0, 1)]).value(), 2.0);
        assert_eq!(mean(&[(1e16, 1), (1.0, 1), (-1e16, 1), (1.0, 1)]).value(), 0.5);
        assert_eq!(mean(&[(0.1, 1); 1000]).value(), 0.1);
        assert_eq!(mean(&[(1.0, 2), (f64::NAN, 0)]), mean(&[(1.0, 2)]));
    }

    #[test]
    fn parts_merge_into_the_whole() {
        let mut merged = mean(&[(1e16, 1), (1.0, 1)]);
        merged.merge(&mean(&[(-1e16, 1), (1.0, 1)]));
        assert_eq!((merged.value(), merged.weight()), (0.5, 4));
    }

    #[test]
    fn nothing_and_what_is_no_number() {
        assert!(Mean::default().value().is_nan());
        assert!(mean(&[(f64::NAN, 1), (1.0, 1)]).value().is_nan());
        assert_eq!(mean(&[(f64::INFINITY, 1), (1.0, 1)]).value(), f64::INFINITY);
        assert!(mean(&[(f64::INFINITY, 1), (f64::NEG_INFINITY, 1)]).value().is_nan());
    }
}
