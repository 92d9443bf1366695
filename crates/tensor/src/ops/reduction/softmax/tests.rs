//! Softmax and its relatives against their formulas in f64, and their rules against closed forms.

use super::{LogSoftmax, LogSoftmaxGrad, LogSumExp, Softmax, SoftmaxGrad};
use crate::{
    Cotangent, Cotangents, DType, Decompose, Few, Primitive, Saved, Tensor, Vjp, apply,
    kernels::parallel::with_threads, try_apply,
};

/// Numbers between -scale and scale in no particular order.
fn numbers(shape: &[usize], scale: f64) -> Tensor {
    let count: usize = shape.iter().product();
    let number = |i: usize| scale * ((i.wrapping_mul(2654435761) % 10007) as f64 / 5003.0 - 1.0);
    Tensor::from_vec((0..count).map(number).collect(), shape).unwrap()
}

fn log_sum_exp_of(row: &[f64]) -> f64 {
    let m = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    m + row.iter().map(|x| (x - m).exp()).sum::<f64>().ln()
}

fn log_softmax_of(row: &[f64]) -> Vec<f64> {
    let log_sum = log_sum_exp_of(row);
    row.iter().map(|x| x - log_sum).collect()
}

/// A function of rows applied along an axis, the slow way.
fn along(x: &Tensor, axis: isize, f: impl Fn(&[f64]) -> Vec<f64>) -> Tensor {
    let moved = x.transpose(axis, -1);
    let rows: Vec<f64> = moved.to_vec::<f64>().chunks(x.size(axis)).flat_map(f).collect();
    Tensor::from_vec(rows, moved.shape()).unwrap().transpose(axis, -1)
}

#[track_caller]
fn assert_close(y: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(y.shape(), expected.shape());
    for (y, expected) in y.to_vec::<f64>().into_iter().zip(expected.to_vec::<f64>()) {
        let equal = y == expected || (y.is_nan() && expected.is_nan());
        assert!(equal || (y - expected).abs() <= tolerance * expected.abs().max(1e-3), "{y} {expected}");
    }
}

/// Some roundings in each of exp, sum and quotient.
const TOLERANCE: f64 = 1e-13;
/// As `TOLERANCE`, for f32.
const TOLERANCE_F32: f64 = 4e-6;

/// Short rows, rows with tails, rows of several leaves, rows of several chunks.
const SHAPES: &[&[usize]] = &[
    &[1],
    &[3],
    &[1, 1],
    &[200, 10],
    &[7, 33],
    &[33, 7],
    &[3, 1024],
    &[3, 1025],
    &[2, 5000],
    &[140_000],
    &[2, 3, 4],
    &[3, 70, 5],
];

#[test]
fn values_are_those_of_the_formulas() {
    for shape in SHAPES {
        let x = numbers(shape, 8.0);
        for axis in 0..shape.len() as isize {
            let log = along(&x, axis, log_softmax_of);
            assert_close(&x.softmax(axis), &log.exp(), TOLERANCE);
            // Of a logarithm near zero, the absolute error is small, not the relative one.
            assert_close(&(x.log_softmax(axis) - 1.0), &(&log - 1.0), TOLERANCE);
            let single = x.cast(DType::F32);
            assert_close(&single.softmax(axis).cast(DType::F64), &log.exp(), TOLERANCE_F32);
            assert_close(&(single.log_softmax(axis).cast(DType::F64) - 1.0), &(&log - 1.0), TOLERANCE_F32);
            let sums = along(&x, axis, |row| vec![log_sum_exp_of(row); row.len()]);
            assert_close(&x.logsumexp_keepdims(axis).expand(x.shape()), &sums, TOLERANCE);
            assert_eq!(x.logsumexp(axis).to_vec::<f64>(), x.logsumexp_keepdims(axis).to_vec::<f64>());
        }
        let all = Tensor::from(log_sum_exp_of(&x.to_vec::<f64>()));
        assert_close(&x.logsumexp(..), &all, TOLERANCE);
    }
}

#[test]
fn layouts_make_no_difference() {
    let x = numbers(&[4, 5, 6], 3.0);
    let y = x.permute([2, 0, 1]);
    let copy = Tensor::from_vec(y.to_vec::<f64>(), y.shape()).unwrap();
    for axis in [0, 1, 2] {
        assert_eq!(y.softmax(axis).to_vec::<f64>(), copy.softmax(axis).to_vec::<f64>());
        assert_eq!(y.logsumexp(axis).to_vec::<f64>(), copy.logsumexp(axis).to_vec::<f64>());
    }
    assert_eq!(y.logsumexp([0, 2]).to_vec::<f64>(), copy.logsumexp([0, 2]).to_vec::<f64>());
    assert_eq!(Tensor::full([2, 4], 7, DType::F32).softmax(-1).to_vec::<f32>(), [0.25; 8]);
}

#[test]
fn large_numbers_do_not_overflow() {
    let x = Tensor::from([[1e30f32, 1e30, -1e30]]);
    assert_eq!(x.softmax(1).to_vec::<f32>(), [0.5, 0.5, 0.0]);
    assert_eq!(x.log_softmax(1).to_vec::<f32>()[2], -2e30);
    assert_eq!(x.logsumexp(..).item::<f32>(), 1e30);
}

#[test]
fn infinities_and_nan_follow_the_documentation() {
    let low = f64::NEG_INFINITY;
    let masked = Tensor::from([[low, 0.0], [low, low], [f64::INFINITY, 0.0], [f64::NAN, 0.0]]);
    let y = masked.softmax(1).to_vec::<f64>();
    assert_eq!(y[..2], [0.0, 1.0]);
    assert!(y[2..4].iter().all(|y| y.is_nan()) && y[4].is_nan() && y[6].is_nan());
    let y = masked.logsumexp(1).to_vec::<f64>();
    assert_eq!(y[..3], [0.0, low, f64::INFINITY]);
    assert!(y[3].is_nan());
    assert_eq!(masked.log_softmax(1).to_vec::<f64>()[..2], [low, 0.0]);
}

/// In rows of several vectors, of which the last overlaps the one before it.
#[test]
fn infinities_and_nan_anywhere_in_a_row() {
    for (length, place) in [(16, 0), (17, 0), (17, 1), (17, 16), (40, 25), (100, 83), (100, 84), (100, 99)] {
        let row = |value: f64| {
            let mut row = vec![0.0; length];
            row[place] = value;
            Tensor::from_vec(row, [1, length]).unwrap()
        };
        let low = row(f64::NEG_INFINITY);
        let others = 1.0 / (length - 1) as f64;
        let expected: Vec<f64> = (0..length).map(|i| if i == place { 0.0 } else { others }).collect();
        assert_close(&low.softmax(1), &Tensor::from_vec(expected, [1, length]).unwrap(), TOLERANCE);
        assert_eq!(low.log_softmax(1).to_vec::<f64>()[place], f64::NEG_INFINITY);
        assert_eq!(row(f64::INFINITY).logsumexp(1).item::<f64>(), f64::INFINITY);
        let mut both = row(f64::NAN).to_vec::<f64>();
        both[(place + 1) % length] = f64::INFINITY;
        let both = Tensor::from_vec(both, [1, length]).unwrap();
        assert!(both.logsumexp(1).item::<f64>().is_nan() && both.softmax(1).to_vec::<f64>().iter().all(|y| y.is_nan()));
        let never = Tensor::full([1, length], f64::NEG_INFINITY, DType::F64);
        assert_eq!(never.logsumexp(1).item::<f64>(), f64::NEG_INFINITY);
    }
}

#[test]
fn empty_shapes_have_empty_results() {
    for shape in [[0, 3], [3, 0]] {
        let x = Tensor::zeros(shape, DType::F64);
        assert_eq!(x.softmax(1).shape()[..], shape);
        assert_eq!(x.log_softmax(0).shape()[..], shape);
    }
    assert_eq!(Tensor::zeros([2, 0], DType::F64).logsumexp(1).to_vec::<f64>(), [f64::NEG_INFINITY; 2]);
    assert_eq!(Tensor::zeros([2, 0], DType::F64).logsumexp(0).numel(), 0);
    assert_eq!(Tensor::from(2.5).logsumexp(..).item::<f64>(), 2.5);
}

#[test]
fn bits_do_not_depend_on_threads() {
    for shape in [&[200_000][..], &[3, 70_000], &[40, 5000], &[3000, 100]] {
        let x = numbers(shape, 5.0).cast(DType::F32);
        let bits = |threads| {
            with_threads(threads, || {
                let all = [x.softmax(-1), x.log_softmax(-1), x.logsumexp(-1)];
                all.iter().flat_map(|y| y.to_vec::<f32>()).map(f32::to_bits).collect::<Vec<_>>()
            })
        };
        assert_eq!(bits(1), bits(2), "{shape:?}");
    }
}

/// What the rule of an operation gives for a cotangent.
fn pulled_back(primitive: &(impl Primitive + Vjp), x: &Tensor, y_bar: &Tensor) -> Tensor {
    let y = apply(primitive, &[x]);
    let saved = Saved::new(primitive.keep(&[true]), &[x], &y);
    let y_bar = Cotangents::new(Few::one(Cotangent::Given(y_bar.clone())));
    primitive.vjp(&saved, y_bar, &[true]).into_single().unwrap()
}

#[test]
fn rules_are_the_closed_forms() {
    for shape in [&[4][..], &[3, 5], &[2, 3, 4], &[2, 1500], &[2, 70_000]] {
        let (x, y_bar) = (numbers(shape, 2.0), numbers(shape, 1.0) + 0.3);
        for axis in 0..shape.len() as isize {
            let y = x.softmax(axis);
            let expected = &y * (&y_bar - (&y * &y_bar).sum_keepdims(axis));
            assert_close(&pulled_back(&Softmax::new(axis), &x, &y_bar), &expected, 1e-10);
            let expected = &y_bar - &y * y_bar.sum_keepdims(axis);
            assert_close(&pulled_back(&LogSoftmax::new(axis), &x, &y_bar), &expected, 1e-10);
            let narrow = y_bar.sum(axis);
            let expected = &y * narrow.unsqueeze(axis);
            assert_close(&pulled_back(&LogSumExp::new([axis], false), &x, &narrow), &expected, 1e-10);
        }
    }
}

#[test]
fn decompositions_equal_the_fused_kernels() {
    let (y, y_bar) = (numbers(&[3, 40, 5], 2.0), numbers(&[3, 40, 5], 1.0) + 0.3);
    for axis in [0, 1, -1] {
        let softmax = SoftmaxGrad { axis };
        assert_close(&softmax.decompose(&[&y, &y_bar])[0], &apply(&softmax, &[&y, &y_bar])[0], 1e-10);
        let log = LogSoftmaxGrad { axis };
        assert_close(&log.decompose(&[&y, &y_bar])[0], &apply(&log, &[&y, &y_bar])[0], 1e-10);
    }
}

#[test]
fn tangents_are_the_transpose_of_the_rules() {
    fn check(primitive: &(impl Primitive + Vjp), x: &Tensor, x_dot: &Tensor, y_bar: &Tensor) {
        let y = apply(primitive, &[x]);
        let y_dot = primitive.jvp(&[x], &[Some(x_dot)], &y).unwrap().into_single().unwrap();
        assert_eq!(y_dot.shape(), y[0].shape());
        let forward = (y_dot * y_bar).sum(..);
        assert_close(&forward, &(pulled_back(primitive, x, y_bar) * x_dot).sum(..), 1e-12);
    }
    let (x, x_dot, y_bar) = (numbers(&[3, 5], 2.0), numbers(&[3, 5], 1.0) + 0.2, numbers(&[3, 5], 1.0) + 0.3);
    check(&Softmax::new(1), &x, &x_dot, &y_bar);
    check(&LogSoftmax::new(0), &x, &x_dot, &y_bar);
    check(&LogSumExp::new(1, false), &x, &x_dot, &y_bar.sum(1));
    check(&LogSumExp::new(.., true), &x, &x_dot, &Tensor::from([[0.7]]));
}

#[test]
fn a_row_of_minus_infinity_has_no_gradient_through_logsumexp() {
    let low = f64::NEG_INFINITY;
    let x = Tensor::from([[low, low], [low, 1.0]]);
    let x_bar = pulled_back(&LogSumExp::new(1, false), &x, &Tensor::from([2.0, 3.0]));
    assert_eq!(x_bar.to_vec::<f64>(), [0.0, 0.0, 0.0, 3.0]);
}

#[test]
fn misuse_is_refused_with_a_reason() {
    let message = |primitive: &dyn Primitive, x: &Tensor| try_apply(primitive, &[x]).unwrap_err().to_string();
    assert_eq!(
        message(&Softmax::new(0), &Tensor::from([1i64])),
        "softmax: needs a floating-point dtype; got i64[1]; cast first, for example with .cast(DType::F32)"
    );
    assert_eq!(
        message(&LogSoftmax::new(2), &Tensor::from([1.0])),
        "log_softmax: axis 2 is out of range: axes of a tensor of rank 1 are -1 to 0; got f64[1]"
    );
    assert_eq!(
        message(&LogSumExp::new([0, -1], false), &Tensor::from([1.0])),
        "logsumexp: axis 0 is named twice in [0, -1]; got f64[1]"
    );
}
