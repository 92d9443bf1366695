//! The sums over alignments against an enumeration of all of them, and the kernel of the derivative against its decomposition.

use super::{CtcLoss, CtcLossGrad};
use crate::{DType, Decompose, Primitive, Tensor, apply, kernels::parallel::with_threads, try_apply};

fn numbers(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let number = |i: usize| 3.0 * ((i.wrapping_mul(2654435761) % 10007) as f64 / 5003.0 - 1.0);
    Tensor::from_vec((0..count).map(number).collect(), shape).unwrap()
}

/// The labels that a path gives: repetitions are one, blanks are none.
fn collapsed(path: &[usize], blank: usize) -> Vec<i64> {
    let mut labels = Vec::new();
    let mut last = None;
    for &class in path {
        if class != blank && last != Some(class) {
            labels.push(class as i64);
        }
        last = Some(class);
    }
    labels
}

/// The logarithm of the sum over all paths of `steps` that give the labels.
fn by_enumeration(x: &Tensor, sequence: usize, steps: usize, labels: &[i64], blank: usize) -> f64 {
    let &[_, sequences, classes] = &x.shape()[..] else { panic!("three axes") };
    let x = x.to_vec::<f64>();
    let mut sum = 0.0;
    for code in 0..classes.pow(steps as u32) {
        let path: Vec<usize> = (0..steps as u32).map(|step| code / classes.pow(step) % classes).collect();
        if collapsed(&path, blank) == labels {
            let at = |(step, class): (usize, &usize)| x[(step * sequences + sequence) * classes + class];
            sum += path.iter().enumerate().map(at).sum::<f64>().exp();
        }
    }
    -f64::ln(sum)
}

/// Repeated labels, one label, none, no steps, as many steps as are needed, too few.
fn sequences() -> (CtcLoss, Tensor) {
    let labels = Tensor::from([[1i64, 1], [2, -7], [9, 9], [9, 9], [1, 2], [2, 2], [1, 0]]);
    (CtcLoss::new(0, [4, 5, 3, 0, 2, 2, 0], [2, 1, 0, 0, 2, 2, 1]), labels)
}

#[test]
fn the_loss_is_the_sum_over_all_alignments() {
    let (loss, labels) = sequences();
    let x = numbers(&[5, 7, 3]).log_softmax(2);
    let y = apply(&loss, &[&x, &labels]).into_single().to_vec::<f64>();
    for (i, y) in y.iter().enumerate() {
        let list = &labels.to_vec::<i64>()[2 * i..][..loss.label_lengths[i]];
        let expected = by_enumeration(&x, i, loss.input_lengths[i], list, 0);
        // Some hundred paths of five roundings each.
        assert!(*y == expected || (y - expected).abs() < 1e-13, "{i}: {y} {expected}");
    }
    assert_eq!((y[3], y[5], y[6]), (0.0, f64::INFINITY, f64::INFINITY));
    // The blank may be any class.
    let y = apply(&CtcLoss::new(2, [5], [2]), &[&x.narrow(1, 0, 1), &Tensor::from([[0i64, 1]])]).into_single();
    assert!((y.item::<f64>() - by_enumeration(&x, 0, 5, &[0, 1], 2)).abs() < 1e-13);
}

#[test]
fn the_derivative_is_that_of_its_decomposition_and_of_differences() {
    let (loss, labels) = sequences();
    let x = numbers(&[5, 7, 3]).log_softmax(2);
    let y_bar = numbers(&[7]) + 0.5;
    let gradient = CtcLossGrad { of: loss.clone() };
    let slopes = apply(&gradient, &[&x, &labels, &y_bar]).into_single();
    let composed = gradient.decompose(&[&x, &labels, &y_bar]).into_single();
    let flat = slopes.to_vec::<f64>();
    for (i, (slope, composed)) in flat.iter().zip(composed.to_vec::<f64>()).enumerate() {
        // Recursions of ten steps in two orders.
        assert!((slope - composed).abs() < 1e-13, "{i}: {slope} {composed}");
    }
    let value = |x: &Tensor| {
        let losses = apply(&loss, &[x, &labels]).into_single();
        (losses.eq(f64::INFINITY).where_(0, &losses) * &y_bar).sum(..).item::<f64>()
    };
    // The cube root of the spacing of f64 balances truncation against rounding.
    const H: f64 = 6e-6;
    for (i, slope) in flat.iter().enumerate() {
        let moved = |h: f64| {
            let mut values = x.to_vec::<f64>();
            values[i] += h;
            value(&Tensor::from_vec(values, x.shape()).unwrap())
        };
        let difference = (moved(H) - moved(-H)) / (2.0 * H);
        assert!((slope - difference).abs() < 1e-8, "{i}: {slope} {difference}");
    }
}

#[test]
fn f32_and_layouts_and_threads_make_no_difference() {
    let (loss, labels) = sequences();
    let x = numbers(&[5, 7, 3]).log_softmax(2);
    let one = Tensor::ones([7], DType::F64);
    let gradient = CtcLossGrad { of: loss.clone() };
    let run = |x: &Tensor| {
        let one = one.cast(x.dtype());
        let y = [apply(&loss, &[x, &labels]), apply(&gradient, &[x, &labels, &one])];
        y.map(|y| y.into_single().cast(DType::F64).to_vec::<f64>()).concat()
    };
    let expected = run(&x);
    let strided = Tensor::from(x.permute([2, 1, 0]).array().contiguous().into_owned()).permute([2, 1, 0]);
    assert_eq!(run(&strided), expected);
    assert_eq!(with_threads(3, || run(&x)), expected);
    for (y, expected) in run(&x.cast(DType::F32)).iter().zip(expected) {
        // Inputs near 3 rounded to f32.
        assert!(*y == expected || (y - expected).abs() < 3e-6, "{y} {expected}");
    }
}

#[test]
fn improbable_sequences_stay_finite_and_nan_stays() {
    let mut elements = vec![-1e4f32; 60];
    let labels = Tensor::from([[1i64, 2]]);
    let loss = CtcLoss::new(0, [20], [2]);
    let gradient = CtcLossGrad { of: loss.clone() };
    let run = |elements: &[f32]| {
        let x = Tensor::from_slice(elements, [20, 1, 3]).unwrap();
        let slopes = apply(&gradient, &[&x, &labels, &Tensor::ones([1], DType::F32)]).into_single();
        (apply(&loss, &[&x, &labels]).into_single().item::<f32>(), slopes.to_vec::<f32>())
    };
    let (y, slopes) = run(&elements);
    assert!((1.9e5..2e5).contains(&y) && slopes.iter().all(|slope| (-1.0..=0.0).contains(slope)), "{y} {slopes:?}");
    // Each step is in some state.
    assert!(slopes.chunks(3).all(|step| (step.iter().sum::<f32>() + 1.0).abs() < 1e-6));
    elements[30] = f32::NAN;
    assert!(run(&elements).0.is_nan());
    // A step at which nothing is possible.
    elements[30..33].fill(f32::NEG_INFINITY);
    let (y, slopes) = run(&elements);
    assert_eq!((y, slopes), (f32::INFINITY, vec![0.0; 60]));
}

#[test]
fn empty_batches_and_lists() {
    let none = CtcLoss::new(0, [], []);
    let x = Tensor::zeros([4, 0, 3], DType::F64);
    assert_eq!(apply(&none, &[&x, &Tensor::zeros([0, 2], DType::I64)]).into_single().shape()[..], [0]);
    let x = numbers(&[2, 1, 3]);
    let y = apply(&CtcLoss::new(0, [2], [0]), &[&x, &Tensor::zeros([1, 0], DType::I64)]).into_single();
    let blanks = x.narrow(2, 0, 1).sum(..);
    assert_eq!(y.item::<f64>(), -blanks.item::<f64>());
    let no_steps = Tensor::zeros([0, 1, 3], DType::F64);
    let y = apply(&CtcLoss::new(0, [0], [1]), &[&no_steps, &Tensor::from([[1i64]])]).into_single();
    assert_eq!(y.item::<f64>(), f64::INFINITY);
}

#[test]
fn what_does_not_fit_is_refused() {
    let (x, labels) = (Tensor::zeros([4, 2, 3], DType::F32), Tensor::from([[1i64, 2], [2, 0]]));
    let refusal = |loss: CtcLoss, x: &Tensor, labels: &Tensor| {
        try_apply(&loss as &dyn Primitive, &[x, labels]).unwrap_err().to_string()
    };
    let fitting = || CtcLoss::new(0, [4, 4], [2, 1]);
    let cases = [
        (
            refusal(fitting(), &x.cast(DType::I64), &labels),
            "needs a floating-point dtype; got i64[4, 2, 3], i64[2, 2]; cast first, for example with .cast(DType::F32)",
        ),
        (
            refusal(fitting(), &x, &labels.cast(DType::U8)),
            "labels are class indices of dtype i64, not u8; got f32[4, 2, 3], u8[2, 2]; cast them with .cast(DType::I64)",
        ),
        (
            refusal(fitting(), &x.narrow(1, 0, 1).squeeze(1), &labels),
            "needs log-probabilities [steps, sequences, classes] and labels [sequences, longest list]; got f32[4, 3], i64[2, 2]",
        ),
        (
            refusal(fitting(), &x, &labels.narrow(0, 0, 1)),
            "there must be a list of labels for each of 2 sequences; got f32[4, 2, 3], i64[1, 2]",
        ),
        (
            refusal(CtcLoss::new(3, [4, 4], [2, 1]), &x, &labels),
            "the blank, 3, is not one of the 3 classes; got f32[4, 2, 3], i64[2, 2]",
        ),
        (
            refusal(CtcLoss::new(0, [4], [2, 1]), &x, &labels),
            "there must be a number of steps for each of 2 sequences, not 1; got f32[4, 2, 3], i64[2, 2]",
        ),
        (
            refusal(CtcLoss::new(0, [4, 5], [2, 1]), &x, &labels),
            "sequence 1 is said to have 5 steps, of 4; got f32[4, 2, 3], i64[2, 2]",
        ),
        (
            refusal(CtcLoss::new(0, [4, 4], [3, 1]), &x, &labels),
            "sequence 0 is said to have 3 labels, of 2; got f32[4, 2, 3], i64[2, 2]",
        ),
        (
            refusal(CtcLoss::new(0, [4, 4], [2, 2]), &x, &labels),
            "the label at [1, 1] is 0, which is the blank; got f32[4, 2, 3], i64[2, 2]",
        ),
        (
            refusal(fitting(), &x, &(labels + 1)),
            "the label at [0, 1] is 3, which is not one of the 3 classes 0 to 2; got f32[4, 2, 3], i64[2, 2]",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, format!("ctc_loss: {expected}"));
    }
}
