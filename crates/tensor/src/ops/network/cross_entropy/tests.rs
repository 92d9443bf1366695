//! Cross-entropy and its derivative against the composition in f64, for rows of every length that the kernels tell apart.

use super::{CrossEntropy, CrossEntropyGrad};
use crate::{DType, Decompose, Primitive, Tensor, apply, kernels::parallel::with_threads, try_apply};

fn numbers(shape: &[usize], scale: f64) -> Tensor {
    let count: usize = shape.iter().product();
    let number = |i: usize| scale * ((i.wrapping_mul(2654435761) % 10007) as f64 / 5003.0 - 1.0);
    Tensor::from_vec((0..count).map(number).collect(), shape).unwrap()
}

/// Labels of the shape without the axis; every fifth is the one to ignore.
fn labels(shape: &[usize], axis: usize) -> Tensor {
    let classes = shape[axis];
    let rows: Vec<usize> = shape.iter().enumerate().filter(|&(i, _)| i != axis).map(|(_, &size)| size).collect();
    let label = |i: usize| if i % 5 == 4 { -100 } else { (i * 7 % classes) as i64 };
    Tensor::from_vec((0..rows.iter().product()).map(label).collect(), &rows[..]).unwrap()
}

#[track_caller]
fn assert_close(y: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(y.shape(), expected.shape());
    let (y, expected) = (y.cast(DType::F64).to_vec::<f64>(), expected.cast(DType::F64).to_vec::<f64>());
    for (i, (y, expected)) in y.into_iter().zip(expected).enumerate() {
        assert!((y - expected).abs() <= tolerance * expected.abs().max(1.0), "{i}: {y} {expected}");
    }
}

/// Short rows, rows of several leaves, a row of several chunks; classes along the last axis, the first and one between.
const SHAPES: [(&[usize], usize); 7] =
    [(&[7, 3], 1), (&[5], 0), (&[3, 4, 5], 1), (&[10, 3], 0), (&[6, 700], 1), (&[6, 1], 1), (&[2, 40000], 1)];

#[test]
fn value_and_derivative_are_those_of_the_composition() {
    for (shape, axis) in SHAPES {
        for smoothing in [0.0, 0.3] {
            let (x, labels) = (numbers(shape, 4.0), labels(shape, axis));
            let loss = CrossEntropy::new(axis as isize).label_smoothing(smoothing).ignore_index(-100);
            let log_p = x.log_softmax(axis as isize);
            let ignored = labels.eq(-100);
            let picked = log_p.gather(axis as isize, &ignored.where_(0, &labels).unsqueeze(axis as isize));
            let composed = -(picked.squeeze(axis as isize) * (1.0 - smoothing) + log_p.mean(axis as isize) * smoothing);
            let composed = ignored.where_(0, &composed);
            let y_bar = numbers(labels.shape(), 2.0) + 0.5;
            let gradient = CrossEntropyGrad { of: loss.clone() };
            let slopes = gradient.decompose(&[&x, &labels, &y_bar]).into_single();
            // Some roundings in each of exp, sum and logarithm; f32 as well.
            for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 4e-6)] {
                let (x, y_bar) = (x.cast(dtype), y_bar.cast(dtype));
                assert_close(&apply(&loss, &[&x, &labels]).into_single(), &composed, tolerance);
                assert_close(&apply(&gradient, &[&x, &labels, &y_bar]).into_single(), &slopes, tolerance);
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (x, labels) = (numbers(&[300, 97], 4.0).cast(DType::F32), labels(&[300, 97], 1));
    let loss = CrossEntropy::new(1).ignore_index(-100);
    let y_bar = Tensor::ones([300], DType::F32);
    let run = || {
        let slopes = apply(&CrossEntropyGrad { of: loss.clone() }, &[&x, &labels, &y_bar]).into_single();
        (apply(&loss, &[&x, &labels]).into_single().to_vec::<f32>(), slopes.to_vec::<f32>())
    };
    assert_eq!(with_threads(1, run), with_threads(3, run));
}

#[test]
fn large_logits_keep_their_probabilities() {
    // 1e4 + 1/2 has a spacing of 1/1024 in f32: a logarithm of a sum kept in f32 would lose three digits of the slopes.
    let x = Tensor::from([[1e4f32, 1e4 - 0.5]]);
    let one = Tensor::ones([1], DType::F32);
    let gradient = CrossEntropyGrad { of: CrossEntropy::new(1) };
    let slopes = apply(&gradient, &[&x, &Tensor::from([0i64]), &one]).into_single();
    let p = 1.0 / (1.0 + (-0.5f64).exp());
    assert_close(&slopes, &Tensor::from([[p - 1.0, 1.0 - p]]), 1e-6);
}

#[test]
fn rows_without_a_probability_are_nan_and_ignored_rows_are_zero() {
    let inf = f64::INFINITY;
    let x = Tensor::from([[f64::NAN, 0.0], [inf, 0.0], [-inf, -inf], [f64::NAN, 0.0], [-inf, 0.0], [-inf, 0.0]]);
    let loss = CrossEntropy::new(-1).ignore_index(9);
    let labels = Tensor::from([1i64, 0, 0, 9, 1, 0]);
    let y = apply(&loss, &[&x, &labels]).into_single().to_vec::<f64>();
    assert!(y[..3].iter().all(|y| y.is_nan()));
    assert_eq!(y[3..], [0.0, 0.0, inf]);
    let y_bar = Tensor::from([1.0, 1.0, 1.0, inf, 1.0, 1.0]);
    let slopes = apply(&CrossEntropyGrad { of: loss }, &[&x, &labels, &y_bar]).into_single().to_vec::<f64>();
    assert!(slopes[..6].iter().all(|slope| slope.is_nan()));
    assert_eq!(slopes[6..], [0.0, 0.0, 0.0, 0.0, -1.0, 1.0]);
}

#[test]
fn no_rows_and_no_classes() {
    let loss = CrossEntropy::new(1);
    let y = apply(&loss, &[&Tensor::zeros([0, 3], DType::F32), &Tensor::zeros([0], DType::I64)]).into_single();
    assert_eq!((&y.shape()[..], y.dtype()), (&[0][..], DType::F32));
    let no_classes = Tensor::zeros([1, 0], DType::F32);
    let y = apply(&loss.clone().ignore_index(-1), &[&no_classes, &Tensor::from([-1i64])]).into_single();
    assert_eq!(y.to_vec::<f32>(), [0.0]);
    let error = try_apply(&loss, &[&no_classes, &Tensor::from([0i64])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cross_entropy: the label at [0] is 0, and there are no classes; got f32[1, 0], i64[1]"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = Tensor::zeros([2, 3, 4], DType::F32);
    let refusal = |loss: &dyn Primitive, inputs: &[&Tensor]| try_apply(loss, inputs).unwrap_err().to_string();
    let loss = CrossEntropy::new(1);
    assert_eq!(
        refusal(&loss, &[&x, &Tensor::zeros([2, 3], DType::I64)]),
        "cross_entropy: logits with their classes along axis 1 need labels of shape [2, 4]; got f32[2, 3, 4], i64[2, 3]"
    );
    assert_eq!(
        refusal(&loss, &[&x, &Tensor::full([2, 4], 3, DType::I64)]),
        "cross_entropy: the label at [0, 0] is 3, which is not one of the 3 classes 0 to 2; got f32[2, 3, 4], i64[2, 4]"
    );
    assert_eq!(
        refusal(&loss, &[&x, &Tensor::zeros([2, 4], DType::U8)]),
        "cross_entropy: labels are class indices of dtype i64, not u8; got f32[2, 3, 4], u8[2, 4]; \
         cast them with .cast(DType::I64)"
    );
    assert_eq!(
        refusal(&loss, &[&x.cast(DType::I64), &Tensor::zeros([2, 4], DType::I64)]),
        "cross_entropy: needs a floating-point dtype; got i64[2, 3, 4], i64[2, 4]; \
         cast first, for example with .cast(DType::F32)"
    );
    assert_eq!(
        refusal(&CrossEntropyGrad { of: loss }, &[&x, &Tensor::zeros([2, 4], DType::I64), &x]),
        "cross_entropy_grad: the cotangent must have the labels' shape and the logits' dtype; \
         got f32[2, 3, 4], i64[2, 4], f32[2, 3, 4]"
    );
}
