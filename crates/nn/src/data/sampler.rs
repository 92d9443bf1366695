//! In which order an epoch goes through the examples, and which of them it leaves out or repeats.

use super::split::places_of_classes;
use crate::refusal::or_panic;
use cotangent_tensor::{DType, Error, ErrorKind, Result, Rng, Tensor};

/// The places of one epoch.
///
/// ```
/// use cotangent_nn::data::{Loader, Sampler, Weighted};
/// use cotangent_tensor::{Rng, Tensor};
/// // Three of four examples have the label 0; of the examples drawn, about half have.
/// let labels = Tensor::from([0i64, 0, 1, 0]);
/// let loader = Loader::new(&labels, &labels, 100)?;
/// let even = Weighted::balanced(&labels).draws(1000);
/// let ones: i64 = loader.epoch_by(&even, &mut Rng::seed(7)).map(|batch| batch.y.sum(..).item::<i64>()).sum();
/// assert!((400..600).contains(&ones));
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
pub trait Sampler {
    /// Places below `examples`, in the order of the epoch.
    fn order(&self, examples: usize, rng: &mut Rng) -> Vec<usize>;
}

/// Every example once, in the order of the data.
#[derive(Clone, Copy, Debug)]
pub struct Sequential;

impl Sampler for Sequential {
    fn order(&self, examples: usize, _: &mut Rng) -> Vec<usize> {
        (0..examples).collect()
    }
}

/// Every example once, in random order; what [`Loader::epoch`](super::Loader::epoch) takes.
#[derive(Clone, Copy, Debug)]
pub struct Shuffled;

impl Sampler for Shuffled {
    fn order(&self, examples: usize, rng: &mut Rng) -> Vec<usize> {
        let mut order: Vec<usize> = (0..examples).collect();
        rng.shuffle(&mut order);
        order
    }
}

/// Examples drawn with probabilities in proportion to their weights.
///
/// With replacement, which is the default, each draw is independent of the others. Without, an example that was drawn does not come
/// again, and the others keep their weights.
#[derive(Clone, Debug)]
pub struct Weighted {
    weights: Vec<f64>,
    draws: usize,
    replacement: bool,
}

impl Weighted {
    /// As many draws as there are weights, with replacement.
    ///
    /// # Errors
    /// When a weight is negative or not finite, or none is above zero.
    pub fn new(weights: impl Into<Vec<f64>>) -> Result<Self> {
        let weights = weights.into();
        let refuse = |rule: String| Err(Error::new(ErrorKind::Value, "weighted", rule));
        if let Some(i) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            return refuse(format!("weights are finite and not negative; the weight at {i} is {}", weights[i]));
        }
        let sum = weights.iter().fold(0.0, |sum, weight| sum + weight);
        if !(sum.is_finite() && sum > 0.0) {
            return refuse(format!("the sum of the weights must be above zero and finite; it is {sum}"));
        }
        Ok(Weighted { draws: weights.len(), weights, replacement: true })
    }

    /// Weights with which all classes are drawn equally often: one over the number of examples of the class.
    ///
    /// # Panics
    /// When there are no labels, or they are not i64 of shape `[n]`.
    #[must_use]
    #[track_caller]
    pub fn balanced(labels: &Tensor) -> Self {
        let mut weights = vec![0.0; labels.numel()];
        for places in places_of_classes("weighted", labels).into_values() {
            for &place in &places {
                weights[place] = 1.0 / places.len() as f64;
            }
        }
        or_panic(Weighted::new(weights))
    }

    /// How many examples an epoch draws.
    #[must_use]
    pub fn draws(self, draws: usize) -> Self {
        Weighted { draws, ..self }
    }

    /// Whether an example may be drawn more than once.
    #[must_use]
    pub fn replacement(self, replacement: bool) -> Self {
        Weighted { replacement, ..self }
    }

    fn independent(&self, rng: &mut Rng) -> Vec<usize> {
        let sums: Vec<f64> = self
            .weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let total = sums[sums.len() - 1];
        // Rounding may carry a product up to the total, which no sum exceeds.
        let last = self.weights.iter().rposition(|&weight| weight > 0.0).expect("a weight above zero");
        let uniform = rng.uniform([self.draws], DType::F64).to_vec::<f64>();
        uniform.into_iter().map(|u| sums.partition_point(|&sum| sum <= u * total).min(last)).collect()
    }

    /// Each example gets an exponential time of its weight's rate, and the first count: Efraimidis and Spirakis, "Weighted random
    /// sampling with a reservoir", Information Processing Letters 97, 2006.
    #[track_caller]
    fn distinct(&self, rng: &mut Rng) -> Vec<usize> {
        let uniform = rng.uniform([self.weights.len()], DType::F64).to_vec::<f64>();
        let mut times: Vec<(f64, usize)> = (0..)
            .zip(self.weights.iter().zip(uniform))
            .filter(|(_, (weight, _))| **weight > 0.0)
            .map(|(i, (weight, u))| (-(-u).ln_1p() / weight, i))
            .collect();
        assert!(
            self.draws <= times.len(),
            "weighted: cannot draw {} examples without replacement from {} of a weight above zero",
            self.draws,
            times.len()
        );
        times.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        times.into_iter().take(self.draws).map(|(_, i)| i).collect()
    }
}

impl Sampler for Weighted {
    /// # Panics
    /// When there is not one weight for each example, or fewer of them are above zero than are drawn without replacement.
    #[track_caller]
    fn order(&self, examples: usize, rng: &mut Rng) -> Vec<usize> {
        assert!(
            examples == self.weights.len(),
            "weighted: needs one weight for each example; got {} weights for {examples} examples",
            self.weights.len()
        );
        if self.replacement { self.independent(rng) } else { self.distinct(rng) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    fn shares(order: &[usize], n: usize) -> Vec<f64> {
        let mut counts = vec![0.0; n];
        for &i in order {
            counts[i] += 1.0 / order.len() as f64;
        }
        counts
    }

    #[test]
    fn every_example_once_in_order_or_shuffled() {
        let mut rng = Rng::seed(1);
        assert_eq!(Sequential.order(4, &mut rng), [0, 1, 2, 3]);
        let mut order = Shuffled.order(50, &mut rng);
        assert!(!order.is_sorted());
        order.sort_unstable();
        assert_eq!(order, Sequential.order(50, &mut rng));
    }

    #[test]
    fn with_replacement_examples_come_in_proportion_to_their_weights() {
        let weighted = Weighted::new([0.0, 1.0, 2.0, 0.0, 5.0, 0.0]).expect("weights").draws(40_000);
        let order = weighted.order(6, &mut Rng::seed(2));
        for (share, wanted) in shares(&order, 6).into_iter().zip([0.0, 0.125, 0.25, 0.0, 0.625, 0.0]) {
            // Four standard deviations of a share of 40,000 draws are below 0.01; a weight of zero is never drawn.
            assert!((share - wanted).abs() < 0.01 && (wanted > 0.0 || share == 0.0), "{share} {wanted}");
        }
        assert_eq!(order, weighted.order(6, &mut Rng::seed(2)));
    }

    #[test]
    fn without_replacement_no_example_comes_twice_and_the_heavy_come_first() {
        let weighted = Weighted::new([1.0, 0.0, 3.0]).expect("weights").replacement(false).draws(2);
        let mut rng = Rng::seed(3);
        let orders: Vec<Vec<usize>> = (0..4000).map(|_| weighted.order(3, &mut rng)).collect();
        assert!(orders.iter().all(|order| order == &[0, 2] || order == &[2, 0]));
        let first = orders.iter().filter(|order| order[0] == 2).count() as f64 / 4000.0;
        // Four standard deviations of the share of three in four.
        assert!((first - 0.75).abs() < 0.03, "{first}");
        let message = panic_message(|| weighted.clone().draws(3).order(3, &mut Rng::seed(3)));
        assert_eq!(message, "weighted: cannot draw 3 examples without replacement from 2 of a weight above zero");
    }

    #[test]
    fn weights_that_are_none_are_refused() {
        let refusal = |weights: &[f64]| Weighted::new(weights).unwrap_err().to_string();
        assert_eq!(refusal(&[1.0, -1.0]), "weighted: weights are finite and not negative; the weight at 1 is -1");
        assert!(refusal(&[f64::NAN]).ends_with("the weight at 0 is NaN"));
        assert_eq!(refusal(&[0.0]), "weighted: the sum of the weights must be above zero and finite; it is 0");
        assert!(refusal(&[f64::MAX, f64::MAX]).ends_with("it is inf"));
        assert!(refusal(&[]).ends_with("it is 0"));
        let two = Weighted::new([1.0, 1.0]).expect("weights");
        assert_eq!(
            panic_message(|| two.order(3, &mut Rng::seed(0))),
            "weighted: needs one weight for each example; got 2 weights for 3 examples"
        );
    }
}
