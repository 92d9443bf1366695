//! Random shapes and random expressions: broadcasting against loops over indices, and the checker on whatever comes.

use cotangent_autograd::{check, jvp, vjp};
use cotangent_tensor::{DType, Rng, Shape, Tensor};
use proptest::{prelude::*, test_runner::RngSeed};

/// An operation of two tensors, with its value and partial derivatives on numbers.
struct Binary {
    name: &'static str,
    on_tensors: fn(&Tensor, &Tensor) -> Tensor,
    value: fn(f64, f64) -> f64,
    partials: fn(f64, f64) -> [f64; 2],
}

const BINARY: [Binary; 6] = [
    Binary { name: "+", on_tensors: |a, b| a + b, value: |a, b| a + b, partials: |_, _| [1.0, 1.0] },
    Binary { name: "-", on_tensors: |a, b| a - b, value: |a, b| a - b, partials: |_, _| [1.0, -1.0] },
    Binary { name: "*", on_tensors: |a, b| a * b, value: |a, b| a * b, partials: |a, b| [b, a] },
    Binary { name: "/", on_tensors: |a, b| a / b, value: |a, b| a / b, partials: |a, b| [1.0 / b, -a / (b * b)] },
    Binary {
        name: "maximum",
        on_tensors: |a, b| a.maximum(b),
        value: f64::max,
        partials: |a, b| if a > b { [1.0, 0.0] } else { [0.0, 1.0] },
    },
    Binary {
        name: "minimum",
        on_tensors: |a, b| a.minimum(b),
        value: f64::min,
        partials: |a, b| if a < b { [1.0, 0.0] } else { [0.0, 1.0] },
    },
];

/// A shape, and one that broadcasts to it: leading axes dropped, others of size 1.
fn part_of(whole: &[usize]) -> impl Strategy<Value = Vec<usize>> + use<> {
    let whole = whole.to_vec();
    (0..=whole.len(), prop::collection::vec(any::<bool>(), whole.len())).prop_map(move |(dropped, ones)| {
        let kept = whole.iter().zip(&ones).skip(dropped);
        kept.map(|(&size, &one)| if one { 1 } else { size }).collect()
    })
}

fn two_that_broadcast() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    prop::collection::vec(0usize..4, 0..4).prop_flat_map(|whole| (part_of(&whole), part_of(&whole)))
}

/// Where the element of a result lies in an operand that was broadcast to it, in row-major order.
fn source_of(mut element: usize, result: &[usize], operand: &[usize]) -> usize {
    let (mut place, mut stride) = (0, 1);
    for axis in (0..result.len()).rev() {
        let i = element % result[axis];
        element /= result[axis];
        if let Some(own) = (axis + operand.len()).checked_sub(result.len()) {
            place += if operand[own] == 1 { 0 } else { i * stride };
            stride *= operand[own];
        }
    }
    place
}

#[track_caller]
fn assert_close(what: &str, found: &Tensor, expected: &[f64]) {
    let found = found.to_vec::<f64>();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        // Sums of at most 64 numbers of about one, in two orders.
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broadcasting_is_a_loop_over_indices((shape_a, shape_b) in two_that_broadcast(), which in 0..BINARY.len(), seed: u64) {
        let operation = &BINARY[which];
        let mut rng = Rng::seed(seed);
        let mut random = |shape: &[usize]| rng.uniform_range(0.5, 2.0, shape, DType::F64);
        let inputs = (random(&shape_a), random(&shape_b));
        let (y, pullback) = vjp(&inputs, |(a, b)| (operation.on_tensors)(a, b));
        let shape = Shape::broadcast(&shape_a, &shape_b).expect("made to broadcast");
        prop_assert_eq!(y.shape(), &shape);
        let y_bar = random(&shape[..]);
        let dots = (random(&shape_a), random(&shape_b));

        let numbers = |x: &Tensor| x.to_vec::<f64>();
        let (a, b, a_dot, b_dot, bars) = (numbers(&inputs.0), numbers(&inputs.1), numbers(&dots.0), numbers(&dots.1), numbers(&y_bar));
        let (mut value, mut y_dot) = (Vec::new(), Vec::new());
        let (mut a_bar, mut b_bar) = (vec![0.0; a.len()], vec![0.0; b.len()]);
        for (element, bar) in bars.iter().enumerate() {
            let (i, j) = (source_of(element, &shape, &shape_a), source_of(element, &shape, &shape_b));
            let [by_a, by_b] = (operation.partials)(a[i], b[j]);
            value.push((operation.value)(a[i], b[j]));
            y_dot.push(by_a * a_dot[i] + by_b * b_dot[j]);
            a_bar[i] += by_a * bar;
            b_bar[j] += by_b * bar;
        }
        let bars = pullback.pull(&y_bar);
        assert_close(operation.name, &y, &value);
        assert_close(operation.name, &bars.0, &a_bar);
        assert_close(operation.name, &bars.1, &b_bar);
        assert_close(operation.name, &jvp(&inputs, &dots, |(a, b)| (operation.on_tensors)(a, b)).1, &y_dot);

        // And what broadcasts by itself is what is expanded first.
        let (explicit, pullback) = vjp(&inputs, |(a, b)| (operation.on_tensors)(&a.expand(&shape), &b.expand(&shape)));
        prop_assert_eq!(numbers(&explicit), numbers(&y));
        let explicit = pullback.pull(&y_bar);
        prop_assert_eq!((numbers(&explicit.0), numbers(&explicit.1)), (numbers(&bars.0), numbers(&bars.1)));
    }
}

/// One step of a random expression; all keep values of moderate size, and the shape [2, 3].
fn step(which: usize, x: &Tensor, y: &Tensor) -> Tensor {
    match which {
        0 => x.sin() + y,
        1 => x * y.tanh(),
        2 => x / (y.square() + 1),
        3 => x.softmax(-1) - y,
        4 => x.matmul(&y.transpose(0, 1)).matmul(x).tanh(),
        5 => x.gelu() + y.logsumexp_keepdims(0),
        6 => (x - &y.mean_keepdims(1)) * 0.5,
        7 => Tensor::concat([&x.narrow(1, 1, 2), &y.narrow(1, 0, 1)], 1),
        8 => x.flip(0).sigmoid() * y.flip(1),
        9 => x.transpose(0, 1).reshape([2, 3]).cos() * y,
        10 => x.index_select(1, &Tensor::from([2i64, 0, 0])) - y.sum(0).erf(),
        _ => (x.var_keepdims(0, 1) + 0.5).sqrt() * y.softplus(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_of_all_kinds_of_rules_pass(steps in prop::collection::vec(0usize..12, 1..6), seed: u64) {
        let mut rng = Rng::seed(seed);
        let mut random = || rng.uniform_range(-1.5, 1.5, [2, 3], DType::F64);
        let inputs = (random(), random());
        let f = |(x, y): &(Tensor, Tensor)| {
            let (mut x, mut y) = (x.clone(), y.clone());
            for &which in &steps {
                (x, y) = (step(which, &x, &y), x);
            }
            x + y
        };
        check::gradients(f).seed(seed).at(&inputs).assert_pass();
    }
}
