//! What is drawn is of its kind, also while it shrinks; and what a failure shrinks to.

use super::*;
use cotangent_tensor::Shape;
use proptest::test_runner::{Config, TestError};

fn runner() -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::with_cases(300) };
    TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    )
}

/// The smallest counterexample that is found.
fn smallest<S: Strategy>(strategy: S, holds: impl Fn(&S::Value) -> bool) -> S::Value {
    let test = |value: S::Value| if holds(&value) { Ok(()) } else { Err(TestCaseError::fail("it does not hold")) };
    match runner().run(&strategy, test) {
        Err(TestError::Fail(_, value)) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn shapes_broadcast_together() {
    let together = |shapes: Vec<Vec<usize>>| {
        let whole = shapes.iter().try_fold(Shape::from([]), |whole, shape| Shape::broadcast(&whole, shape));
        prop_assert!(shapes.len() == 3 && whole.is_some(), "{:?}", shapes);
        Ok(())
    };
    runner().run(&shapes_that_broadcast(3, 0..=4, 0..=3), together).unwrap();
    // All of them equal is the simplest group, and a wrong size is cut down to the least that fails.
    let shapes = smallest(shapes_that_broadcast(2, 0..=4, 0..=5), |shapes| shapes[0].iter().all(|&size| size < 3));
    assert_eq!(shapes, [[3], [3]]);
}

#[test]
fn elements_are_of_their_kind_however_simple() {
    type Kind = (Elements, fn(&[f64]) -> bool);
    let kinds: [Kind; 6] = [
        (Elements::Between(3.5, 4.0), |x| x.iter().all(|x| (3.5..4.0).contains(x))),
        (Elements::Positive, |x| x.iter().all(|x| (0.1..=10.0).contains(x))),
        (Elements::AwayFrom(vec![1.0, 0.0, 1.15]), |x| {
            x.iter().all(|x| [0.0, 1.0, 1.15].iter().all(|place| (x - place).abs() >= 0.1 - 1e-15))
        }),
        (Elements::Distinct, |x| {
            let apart = 3.0 / x.len() as f64 - 1e-12;
            (0..x.len()).all(|i| x[i].abs() <= 3.0 && x[..i].iter().all(|y| (x[i] - y).abs() >= apart))
        }),
        (Elements::Ties, |x| x.iter().all(|x| x.fract() == 0.0 || *x == 0.5)),
        (Elements::Extreme, |_| true),
    ];
    for (elements, is_of_kind) in kinds {
        for simplicity in [Simplicity::One, Simplicity::Few, Simplicity::Drawn] {
            for seed in 0..50 {
                let drawn = Drawn { elements: elements.clone(), seed, simplicity };
                for count in [1, 2, 3, 24, 60] {
                    let numbers = drawn.take(count);
                    assert!(numbers.len() == count && is_of_kind(&numbers), "{drawn:?}: {numbers:?}");
                }
            }
        }
    }
    let all: Vec<f64> = (0..20)
        .flat_map(|seed| Drawn { elements: Elements::Extreme, seed, simplicity: Simplicity::Drawn }.take(20))
        .collect();
    assert!(EXTREMES.iter().all(|x| all.iter().any(|y| x.to_bits() == y.to_bits())), "each extreme is met");
}

#[test]
fn every_layout_is_drawn() {
    let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let strategy = tensor(2..=2, 2..=3, Elements::Positive);
    let note = |x: Tensor| {
        let strides = x.array().strides();
        seen.borrow_mut().insert((
            strides.contains(&0),
            strides[0] < 0,
            strides[0] < strides[1],
            x.array().is_contiguous(),
        ));
        Ok(())
    };
    runner().run(&strategy, note).unwrap();
    assert!(seen.borrow().len() >= 5, "{seen:?}");
}

#[test]
fn a_failure_shrinks_to_a_small_contiguous_tensor_of_ones() {
    // Whatever has two elements fails.
    let x = smallest(tensor(0..=3, 0..=4, Elements::Between(-2.0, 2.0)), |x| x.numel() < 2);
    assert_eq!(x.shape()[..], [2]);
    assert!(x.array().is_contiguous());
    assert_eq!(x.to_vec::<f64>(), [1.0, 1.0]);
}

#[test]
fn what_needs_a_layout_or_odd_elements_keeps_them() {
    let flipped = smallest(tensor(0..=3, 0..=4, Elements::Between(-2.0, 2.0)), |x| {
        x.array().strides().iter().all(|&stride| stride >= 0)
    });
    assert!(
        flipped.array().strides().contains(&-1) && flipped.to_vec::<f64>().iter().all(|x| *x == 1.0),
        "{flipped:?}"
    );
    // Only drawn numbers have fractions.
    let odd = smallest(tensor(1..=2, 1..=3, Elements::Between(-2.0, 2.0)), |x| {
        x.to_vec::<f64>().iter().all(|x| (x * 2.0).fract() == 0.0)
    });
    assert_eq!(odd.numel(), 1);
    // A few simple numbers are simpler than drawn ones.
    let different = smallest(tensor(1..=2, 1..=4, Elements::Between(-2.0, 2.0)), |x| {
        let x = x.to_vec::<f64>();
        x.iter().all(|y| *y == x[0])
    });
    assert!(different.to_vec::<f64>().iter().all(|x| (x * 2.0).fract() == 0.0), "{different:?}");
}

#[test]
fn groups_have_layouts_of_their_own() {
    let seen = std::cell::Cell::new(0);
    let differ = |x: Vec<Tensor>| {
        prop_assert!(x.len() == 2 && x[0].shape() == x[1].shape());
        seen.set(seen.get() + usize::from(x[0].array().strides() != x[1].array().strides()));
        Ok(())
    };
    runner().run(&tensors_of_one_shape(2, 2..=2, 2..=3, Elements::Distinct), differ).unwrap();
    assert!(seen.get() > 100, "{seen:?}");
}
