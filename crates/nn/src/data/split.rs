//! Parts of a dataset that share no example: to train on, to validate, to test; by chance, with the classes in proportion, or as
//! folds.
//!
//! All of them give places, which [`Dataset::subset`](super::Dataset::subset) or
//! [`Tensor::index_select`](cotangent_tensor::Tensor::index_select) turns into data. Every place is in exactly one part.

use cotangent_tensor::{DType, Error, ErrorKind, Rng, Tensor};
use std::collections::BTreeMap;

/// The places 0, .., n - 1 in random order, in parts that have these fractions of them, each rounded up or down.
///
/// # Panics
/// When a fraction is negative or NaN, or they do not add up to 1.
///
/// ```
/// use cotangent_nn::data::{Dataset, split};
/// use cotangent_tensor::{Rng, Tensor};
/// let x = Tensor::arange(0, 50, 1);
/// let [train, validation, test] = split::split(50, [0.8, 0.1, 0.1], &mut Rng::seed(7));
/// assert_eq!([train.len(), validation.len(), test.len()], [40, 5, 5]);
/// let train = (&x).subset(train);
/// assert_eq!(train.len(), 40);
/// ```
#[must_use]
#[track_caller]
#[doc(alias = "train_test_split")]
#[doc(alias = "random_split")]
pub fn split<const N: usize>(n: usize, fractions: [f64; N], rng: &mut Rng) -> [Vec<usize>; N] {
    check_fractions("split", &fractions);
    let mut places: Vec<usize> = (0..n).collect();
    rng.shuffle(&mut places);
    let bounds = bounds(n, &fractions);
    std::array::from_fn(|part| places[bounds[part]..bounds[part + 1]].to_vec())
}

/// As [`split`], with each class divided by itself, so that all parts have the classes in the same proportions, as far as whole
/// examples allow: of each class, a part has its fraction to within one example, up or down such that the parts as a whole have their
/// fractions too, also of many classes with few examples each. Each part is in random order.
///
/// # Panics
/// When a fraction is negative or NaN, they do not add up to 1, or the labels are not i64 of shape `[n]`.
///
/// ```
/// use cotangent_nn::data::split;
/// use cotangent_tensor::{Rng, Tensor};
/// let labels = Tensor::from([0i64, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
/// let [train, test] = split::stratified(&labels, [0.5, 0.5], &mut Rng::seed(7));
/// assert_eq!(train.iter().filter(|&&i| i < 4).count(), 2);
/// assert_eq!(test.len(), 5);
/// ```
#[must_use]
#[track_caller]
pub fn stratified<const N: usize>(labels: &Tensor, fractions: [f64; N], rng: &mut Rng) -> [Vec<usize>; N] {
    check_fractions("stratified", &fractions);
    let mut parts = [const { Vec::new() }; N];
    let mut examples = 0;
    for mut places in places_of_classes("stratified", labels).into_values() {
        rng.shuffle(&mut places);
        examples += places.len();
        let missing = std::array::from_fn(|i| examples as f64 * fractions[i] - parts[i].len() as f64);
        let mut places = places.as_slice();
        for (part, share) in parts.iter_mut().zip(shares(places.len(), &fractions, missing)) {
            part.extend(places.split_off(..share).expect("shares add up"));
        }
    }
    for part in &mut parts {
        rng.shuffle(part);
    }
    parts
}

/// One of the ways to hold a part out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// The places to train on, in ascending order.
    pub train: Vec<usize>,
    /// The places that are held out, in ascending order.
    pub validation: Vec<usize>,
}

/// `k` ways to hold out a part of the places 0, .., n - 1; each place is held out once. The sizes of the parts differ by at most one.
///
/// # Panics
/// When `k` is below 2 or above `n`.
///
/// ```
/// use cotangent_nn::data::split;
/// let folds = split::k_fold(10, 3, &mut cotangent_tensor::Rng::seed(7));
/// assert_eq!(folds.iter().map(|fold| fold.validation.len()).collect::<Vec<_>>(), [4, 3, 3]);
/// assert_eq!(folds[0].train.len(), 6);
/// ```
#[must_use]
#[track_caller]
#[doc(alias = "KFold")]
pub fn k_fold(n: usize, k: usize, rng: &mut Rng) -> Vec<Fold> {
    check_folds("k_fold", n, k);
    let mut places: Vec<usize> = (0..n).collect();
    rng.shuffle(&mut places);
    dealt(&places, k)
}

/// As [`k_fold`], with the classes in the same proportions in all parts: the number of examples of a class differs by at most one
/// between two parts, and so does the number of all.
///
/// # Panics
/// When `k` is below 2 or above the number of labels, or the labels are not i64 of shape `[n]`.
///
/// ```
/// use cotangent_nn::data::split;
/// use cotangent_tensor::{Rng, Tensor};
/// let labels = Tensor::from([0i64, 0, 1, 1, 0, 0]);
/// let folds = split::stratified_k_fold(&labels, 2, &mut Rng::seed(7));
/// assert!(folds.iter().all(|fold| fold.validation.contains(&2) != fold.validation.contains(&3)));
/// ```
#[must_use]
#[track_caller]
#[doc(alias = "StratifiedKFold")]
pub fn stratified_k_fold(labels: &Tensor, k: usize, rng: &mut Rng) -> Vec<Fold> {
    let classes = places_of_classes("stratified_k_fold", labels);
    check_folds("stratified_k_fold", labels.numel(), k);
    let mut places = Vec::with_capacity(labels.numel());
    for mut of_class in classes.into_values() {
        rng.shuffle(&mut of_class);
        places.append(&mut of_class);
    }
    dealt(&places, k)
}

/// Deals the places out to `k` parts in turn; what stands together, as a class does, is spread evenly.
fn dealt(places: &[usize], k: usize) -> Vec<Fold> {
    let fold = |held_out: usize| {
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for (turn, &place) in places.iter().enumerate() {
            if turn % k == held_out { validation.push(place) } else { train.push(place) }
        }
        train.sort_unstable();
        validation.sort_unstable();
        Fold { train, validation }
    };
    (0..k).map(fold).collect()
}

/// The places of each label, by label.
#[track_caller]
pub(super) fn places_of_classes(op: &'static str, labels: &Tensor) -> BTreeMap<i64, Vec<usize>> {
    if labels.dtype() != DType::I64 || labels.rank() != 1 {
        let error = Error::new(ErrorKind::Shape, op, "labels are class indices, i64 of shape [n]");
        panic!("{}", error.with_inputs(&[labels.spec()]));
    }
    let mut classes = BTreeMap::<i64, Vec<usize>>::new();
    for (i, label) in labels.to_vec::<i64>().into_iter().enumerate() {
        classes.entry(label).or_default().push(i);
    }
    classes
}

/// Where each part starts, and where the last one ends: the sums of the fractions, rounded, so that no place is left over.
fn bounds(n: usize, fractions: &[f64]) -> Vec<usize> {
    let mut sum = 0.0;
    let mut bounds = vec![0];
    for fraction in fractions {
        sum += fraction;
        bounds.push(((n as f64 * sum).round() as usize).min(n));
    }
    if let [_, .., last] = bounds.as_mut_slice() {
        *last = n;
    }
    bounds
}

/// How many of `n` examples of a class each part gets: its fraction, rounded down, and one of those left over where most is then still
/// `missing` of its fraction of all classes so far.
fn shares<const N: usize>(n: usize, fractions: &[f64; N], missing: [f64; N]) -> [usize; N] {
    let mut left = n;
    let mut shares = fractions.map(|fraction| {
        let share = ((n as f64 * fraction) as usize).min(left);
        left -= share;
        share
    });
    let still_missing = |part: usize| missing[part] - shares[part] as f64;
    let mut order: Vec<usize> = (0..N).filter(|&part| fractions[part] > 0.0).collect();
    // Stable: of equals the first.
    order.sort_by(|&a, &b| still_missing(b).total_cmp(&still_missing(a)));
    order.into_iter().cycle().take(left).for_each(|part| shares[part] += 1);
    shares
}

#[track_caller]
fn check_fractions(op: &str, fractions: &[f64]) {
    // 0.8 + 0.1 + 0.1 is not 1 in binary; what is meant to be another sum differs by more than rounding.
    const ROUNDING: f64 = 1e-9;
    let sum: f64 = fractions.iter().sum();
    assert!(
        fractions.iter().all(|&fraction| fraction >= 0.0) && (sum - 1.0).abs() < ROUNDING,
        "{op}: the fractions must not be negative and must add up to 1; got {fractions:?}"
    );
}

#[track_caller]
fn check_folds(op: &str, n: usize, k: usize) {
    assert!(
        (2..=n).contains(&k),
        "{op}: needs at least 2 folds and an example for each; got {k} folds of {n} examples"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;

    fn is_partition<'a>(n: usize, parts: impl IntoIterator<Item = &'a Vec<usize>>) -> bool {
        let mut all: Vec<usize> = parts.into_iter().flatten().copied().collect();
        all.sort_unstable();
        all == (0..n).collect::<Vec<_>>()
    }

    #[test]
    fn every_place_is_in_one_part_whatever_the_rounding() {
        for n in [0, 1, 2, 3, 10, 101] {
            for fractions in [[0.8, 0.1, 0.1], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0 / 3.0; 3]] {
                let parts = split(n, fractions, &mut Rng::seed(1));
                assert!(is_partition(n, &parts));
                for (part, fraction) in parts.iter().zip(fractions) {
                    assert!((part.len() as f64 - n as f64 * fraction).abs() <= 1.0, "{n} {fractions:?}");
                }
            }
        }
        let [order] = split(50, [1.0], &mut Rng::seed(2));
        assert!(!order.is_sorted());
        assert_eq!(split(50, [1.0], &mut Rng::seed(2)), [order]);
    }

    #[test]
    fn stratified_parts_have_the_classes_in_proportion() {
        let labels: Vec<i64> = (0..103).map(|i| if i % 10 == 0 { -7 } else { i % 2 }).collect();
        let count = |part: &[usize], class: i64| part.iter().filter(|&&i| labels[i] == class).count() as f64;
        let all: Vec<usize> = (0..103).collect();
        let parts = stratified(&Tensor::from(&labels[..]), [0.6, 0.3, 0.1], &mut Rng::seed(3));
        assert!(is_partition(103, &parts) && !parts[0].is_sorted());
        for class in [-7, 0, 1] {
            for (part, fraction) in parts.iter().zip([0.6, 0.3, 0.1]) {
                assert!((count(part, class) - fraction * count(&all, class)).abs() <= 1.0);
            }
        }
        assert_eq!(parts.map(|part| part.len()), [62, 31, 10]);
        let folds = stratified_k_fold(&Tensor::from(&labels[..]), 5, &mut Rng::seed(3));
        assert!(is_partition(103, folds.iter().map(|fold| &fold.validation)));
        for class in [-7, 0, 1] {
            let counts: Vec<f64> = folds.iter().map(|fold| count(&fold.validation, class)).collect();
            let (least, most) = counts.iter().fold((f64::MAX, 0f64), |(a, b), &n| (a.min(n), b.max(n)));
            assert!(most - least <= 1.0, "{counts:?}");
        }
    }

    #[test]
    fn rounding_does_not_add_up_over_classes() {
        let sizes = |classes: usize, of_each: usize, fractions: [f64; 2]| {
            let labels: Vec<i64> = (0..classes * of_each).map(|i| (i % classes) as i64).collect();
            stratified(&Tensor::from(labels), fractions, &mut Rng::seed(3)).map(|part| part.len())
        };
        assert_eq!(sizes(100, 3, [0.5, 0.5]), [150, 150]);
        assert_eq!(sizes(10, 4, [0.9, 0.1]), [36, 4]);
        assert_eq!(sizes(1000, 1, [0.8, 0.2]), [800, 200]);
        assert_eq!(sizes(7, 5, [0.0, 1.0]), [0, 35]);
        // Classes of all sizes, by chance: each is rounded up or down, and so are all together.
        let mut rng = Rng::seed(5);
        for fractions in [[0.8, 0.1, 0.1], [0.34, 0.33, 0.33], [0.5, 0.5, 0.0], [0.02, 0.49, 0.49]] {
            let counts = rng.randint(1, 12, [40]).to_vec::<i64>();
            let labels: Vec<i64> = (0i64..).zip(&counts).flat_map(|(class, &n)| vec![class; n as usize]).collect();
            let parts = stratified(&Tensor::from(&labels[..]), fractions, &mut rng);
            assert!(is_partition(labels.len(), &parts));
            for (part, fraction) in parts.iter().zip(fractions) {
                assert!(
                    (part.len() as f64 - fraction * labels.len() as f64).abs() < 1.0,
                    "{fractions:?} {}",
                    part.len()
                );
                for (class, &n) in (0i64..).zip(&counts) {
                    let found = part.iter().filter(|&&i| labels[i] == class).count() as f64;
                    assert!((found - fraction * n as f64).abs() <= 1.0 && (fraction > 0.0 || found == 0.0));
                }
            }
        }
    }

    #[test]
    fn folds_hold_every_place_out_once_and_train_on_the_others() {
        for (n, k) in [(10, 3), (9, 3), (4, 4), (2, 2)] {
            let folds = k_fold(n, k, &mut Rng::seed(4));
            assert!(is_partition(n, folds.iter().map(|fold| &fold.validation)));
            for fold in &folds {
                assert!(is_partition(n, [&fold.train, &fold.validation]));
                assert!(fold.validation.len().abs_diff(n / k) <= 1);
            }
        }
    }

    #[test]
    fn misuse_is_refused() {
        assert_eq!(
            panic_message(|| split(4, [0.5, 0.6], &mut Rng::seed(0))),
            "split: the fractions must not be negative and must add up to 1; got [0.5, 0.6]"
        );
        assert!(panic_message(|| split(4, [1.5, -0.5], &mut Rng::seed(0))).starts_with("split: "));
        assert!(panic_message(|| split(4, [f64::NAN, 1.0], &mut Rng::seed(0))).starts_with("split: "));
        assert_eq!(
            panic_message(|| k_fold(4, 5, &mut Rng::seed(0))),
            "k_fold: needs at least 2 folds and an example for each; got 5 folds of 4 examples"
        );
        assert!(panic_message(|| k_fold(4, 1, &mut Rng::seed(0))).contains("got 1 folds of 4"));
        assert_eq!(
            panic_message(|| stratified(&Tensor::from([1.0f32]), [1.0], &mut Rng::seed(0))),
            "stratified: labels are class indices, i64 of shape [n]; got f32[1]"
        );
    }
}
