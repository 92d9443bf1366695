//! Properties of all operations together, on tensors of every shape and layout that the strategies draw: feature `proptest`.

use cotangent_autograd::{
    check::{
        self,
        strategies::{Elements, tensor, tensors_of_one_shape, tensors_that_broadcast},
    },
    jvp, vjp,
};
use cotangent_tensor::Tensor;
use proptest::{prelude::*, test_runner::RngSeed};

type Function = (&'static str, fn(&Tensor) -> Tensor);

/// Functions that read elements one by one, where they lie and in another order.
const OF_ELEMENTS: [Function; 4] = [
    ("sin", |x| x.sin()),
    ("relu", |x| x.relu()),
    ("backwards", |x| x.flip(..).reshape([x.numel()])),
    ("gelu of the transpose", |x| x.transpose(0, -1).gelu()),
];

/// Functions that sum along an axis, across all axes, and in products.
const OF_SUMS: [Function; 4] = [
    ("sum of the first axis", |x| x.sum(0)),
    ("sum", |x| x.sum(..)),
    ("softmax", |x| x.softmax(-1)),
    ("product with itself", |x| x.transpose(0, -1).matmul(&x.transpose(0, -1).transpose(-1, -2))),
];

/// The same tensor in row-major order.
fn contiguous(x: &Tensor) -> Tensor {
    Tensor::from_vec(x.to_vec::<f64>(), x.shape()).expect("as many elements as before")
}

fn bits(x: &Tensor) -> Vec<u64> {
    // All NaN are one.
    x.to_vec::<f64>().into_iter().map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).collect()
}

fn inner(a: &Tensor, b: &Tensor) -> f64 {
    (a * b).sum(..).item::<f64>()
}

proptest! {
    // The same draws each time; `PROPTEST_CASES=10000` makes more of them.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_view_is_its_copy_also_where_arithmetic_stops(x in tensor(1..=4, 0..=3, Elements::Extreme)) {
        for (name, f) in OF_ELEMENTS {
            let (seen, copied) = (f(&x), f(&contiguous(&x)));
            prop_assert_eq!(seen.shape(), copied.shape(), "{}", name);
            prop_assert_eq!(bits(&seen), bits(&copied), "{}", name);
        }
    }

    #[test]
    fn a_view_is_summed_as_its_copy(x in tensor(2..=4, 0..=3, Elements::Between(-3.0, 3.0))) {
        for (name, f) in OF_SUMS {
            let (seen, copied) = (f(&x), f(&contiguous(&x)));
            prop_assert_eq!(seen.shape(), copied.shape(), "{}", name);
            // Perhaps in another order: at most 81 terms below ten.
            let close = |(a, b): (f64, f64)| (a - b).abs() < 1e-12;
            prop_assert!(seen.to_vec::<f64>().into_iter().zip(copied.to_vec()).all(close), "{}", name);
        }
    }

    #[test]
    fn the_modes_transpose_each_other_also_among_ties(x in tensors_of_one_shape(2, 1..=3, 1..=3, Elements::Ties)) {
        let f = |x: &Vec<Tensor>| (x[0].maximum(&x[1]) + x[1].max_keepdims(-1)) * x[0].minimum(0) + x[1].abs();
        let (y, pullback) = vjp(&x, f);
        let y_bar = y.sin() + 2;
        let x_bar = pullback.pull(&y_bar);
        let x_dot: Vec<Tensor> = x.iter().map(|x| x.cos() - 0.5).collect();
        let (_, y_dot) = jvp(&x, &x_dot, f);
        let (forward, reverse) = (inner(&y_dot, &y_bar), inner(&x_dot[0], &x_bar[0]) + inner(&x_dot[1], &x_bar[1]));
        // At most 27 elements of terms below ten.
        prop_assert!((forward - reverse).abs() < 1e-11, "{} and {}", forward, reverse);
    }

    #[test]
    fn products_and_quotients_of_what_broadcasts(x in tensors_that_broadcast(3, 0..=3, 0..=3, Elements::Positive)) {
        let f = |x: &Vec<Tensor>| &x[0] * x[1].ln() / (&x[2] + &x[0]);
        check::gradients(f).may_be_empty().at(&x).assert_pass();
    }

    #[test]
    fn kinks_are_no_matter_away_from_them(x in tensor(0..=2, 0..=4, Elements::AwayFrom(vec![-1.0, 0.0, 0.5]))) {
        let f = |x: &Tensor| x.relu() * x.clamp(-1, 0.5) + x.abs();
        check::gradients(f).may_be_empty().at(&x).assert_pass();
    }

    #[test]
    fn choices_are_no_matter_among_distinct_elements(x in tensor(1..=2, 1..=4, Elements::Distinct)) {
        let f = |x: &Tensor| x.max(-1) - x.min(-1).square() + x.logsumexp(-1);
        check::gradients(f).at(&x).assert_pass();
    }
}
