//! Scans at the edges. Their derivatives are checked in the table of rules, at zeros and infinities among the pitfalls.

use super::{CumProd, CumSum, LinearRecurrence, LogCumSumExp};
use crate::{DType, Primitive, Rng, Tensor, apply, try_apply};

const INF: f64 = f64::INFINITY;

fn numbers(x: &Tensor) -> Vec<f64> {
    x.to_vec::<f64>()
}

#[test]
fn scans_go_along_any_axis_of_any_layout_in_either_direction() {
    let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(numbers(&x.cumsum(0)), [1.0, 2.0, 3.0, 5.0, 7.0, 9.0]);
    assert_eq!(numbers(&x.cumprod(-1)), [1.0, 2.0, 6.0, 4.0, 20.0, 120.0]);
    assert_eq!(numbers(&x.transpose(0, 1).cumsum(0)), [1.0, 4.0, 3.0, 9.0, 6.0, 15.0]);
    assert_eq!(numbers(&x.flip(1).cumsum(1)), [3.0, 5.0, 6.0, 6.0, 11.0, 15.0]);
    assert_eq!(numbers(&x.narrow(0, 0, 1).expand([2, 3]).cumprod(0)), [1.0, 2.0, 3.0, 1.0, 4.0, 9.0]);
    let reversed = |primitive: &dyn Primitive| numbers(&apply(primitive, &[&x]).into_single());
    assert_eq!(reversed(&CumSum::new(1, true)), [6.0, 5.0, 3.0, 15.0, 11.0, 6.0]);
    assert_eq!(reversed(&CumProd::new(0, true)), [4.0, 10.0, 18.0, 4.0, 5.0, 6.0]);
}

#[test]
fn running_results_of_f32_are_carried_in_f64() {
    // In f32, 2^24 + 1 is 2^24 again.
    let x = Tensor::from([16_777_216.0f32, 1.0, 1.0, 1.0]);
    assert_eq!(x.cumsum(0).to_vec::<f32>(), [16_777_216.0, 16_777_216.0, 16_777_218.0, 16_777_220.0]);
    let x = Tensor::from([1e30f32, 1e30, 1e-30]);
    assert_eq!(x.cumprod(0).to_vec::<f32>(), [1e30, f32::INFINITY, 1e30]);
}

#[test]
fn integers_wrap() {
    assert_eq!(Tensor::from([i64::MAX, 1, 1]).cumsum(0).to_vec::<i64>(), [i64::MAX, i64::MIN, i64::MIN + 1]);
    assert_eq!(Tensor::from([1i64 << 62, 2, 2]).cumprod(0).to_vec::<i64>(), [1 << 62, i64::MIN, 0]);
}

#[test]
fn what_is_not_finite_goes_on() {
    let same = |x: &Tensor, expected: &[f64]| {
        let x = numbers(x);
        let equal = x.iter().zip(expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(equal && x.len() == expected.len(), "{x:?} is not {expected:?}");
    };
    let nan = f64::NAN;
    same(&Tensor::from([1.0, nan, 2.0]).cumsum(0), &[1.0, nan, nan]);
    same(&Tensor::from([1.0, INF, -INF, 2.0]).cumsum(0), &[1.0, INF, nan, nan]);
    same(&Tensor::from([INF, 0.0, 2.0]).cumprod(0), &[INF, nan, nan]);
    same(&Tensor::from([-INF, -INF, 1.0]).logcumsumexp(0), &[-INF, -INF, 1.0]);
    same(&Tensor::from([0.0, INF, INF, -INF, 1.0]).logcumsumexp(0), &[0.0, INF, INF, INF, INF]);
    same(&Tensor::from([nan, 1.0, INF, -INF]).logcumsumexp(0), &[nan; 4]);
    same(&Tensor::from([-INF, nan, 1.0]).logcumsumexp(0), &[-INF, nan, nan]);
}

#[test]
fn running_log_sums_neither_overflow_nor_lose_digits() {
    let x = Tensor::from([-1000.0, -1000.0, 1000.0, 999.0]);
    let expected = [-1000.0, -1000.0 + 2.0f64.ln(), 1000.0, 1000.0 + (-1.0f64).exp().ln_1p()];
    // Two units in the last place of the kernels' exponential and logarithm, below a thousand.
    assert!(numbers(&x.logcumsumexp(0)).iter().zip(expected).all(|(a, b)| (a - b).abs() <= 2.3e-13));
    // A million equal terms: ln k, where adding in f32 would be off by a part in a hundred.
    let y = Tensor::full([1_000_000], 0.0, DType::F32).logcumsumexp(0);
    let last = y.narrow(0, 999_999, 1).item::<f32>();
    assert_eq!(last, 1e6f32.ln());
    let reversed = apply(&LogCumSumExp::new(0, true), &[&Tensor::from([0.0, 0.0])]).into_single();
    assert_eq!(numbers(&reversed), [2.0f64.ln(), 0.0]);
}

#[test]
fn a_recurrence_begins_with_what_it_is_given() {
    let x = Tensor::from([[1.0, 1.0, 1.0]]);
    // The first decay decays nothing, were it infinite.
    let decay = Tensor::from([INF, 2.0, 3.0]);
    assert_eq!(numbers(&x.linear_recurrence(&decay, 1)), [1.0, 3.0, 10.0]);
    let decay = decay.flip(0).expand([1, 3]);
    let reversed = apply(&LinearRecurrence::new(-1, true), &[&decay, &x]).into_single();
    assert_eq!(numbers(&reversed), [10.0, 3.0, 1.0]);
    assert_eq!(x.linear_recurrence(&Tensor::from(0.5), 0).shape()[..], [1, 3]);
}

#[test]
fn many_rows_are_each_scanned_alone() {
    // More than one piece of work, of an odd length.
    let (rows, length) = (700, 37);
    let x = Tensor::arange(0, rows * length, 1).reshape([rows as isize, length as isize]);
    let sums = x.cumsum(1).to_vec::<i64>();
    for (row, sums) in x.to_vec::<i64>().chunks(length as usize).zip(sums.chunks(length as usize)) {
        assert!(
            row.iter()
                .scan(0, |sum, x| {
                    *sum += x;
                    Some(*sum)
                })
                .eq(sums.iter().copied())
        );
    }
    assert_eq!(x.cummax(1).0.to_vec::<i64>(), x.to_vec::<i64>());
    assert_eq!(x.flip(1).cummin(1).0.to_vec::<i64>(), x.flip(1).to_vec::<i64>());
}

#[test]
fn columns_are_scanned_as_rows_are() {
    // More columns than are walked side by side, and not a multiple.
    let x = Rng::seed(5).uniform_range(-1.0, 1.0, [3, 7, 600], DType::F32);
    let decay = x.sigmoid();
    let along_rows = x.transpose(1, 2);
    for reverse in [false, true] {
        let scans: [(&dyn Primitive, &dyn Primitive, &[&Tensor]); 4] = [
            (&CumSum::new(1, reverse), &CumSum::new(2, reverse), &[&x]),
            (&CumProd::new(1, reverse), &CumProd::new(2, reverse), &[&x]),
            (&LogCumSumExp::new(1, reverse), &LogCumSumExp::new(2, reverse), &[&x]),
            (&LinearRecurrence::new(1, reverse), &LinearRecurrence::new(2, reverse), &[&decay, &x]),
        ];
        for (by_columns, by_rows, inputs) in scans {
            let turned: Vec<Tensor> = inputs.iter().map(|x| x.transpose(1, 2)).collect();
            let rows = apply(by_rows, &turned.iter().collect::<Vec<_>>()).into_single();
            let columns = apply(by_columns, inputs).into_single();
            assert_eq!(columns.to_vec::<f32>(), rows.transpose(1, 2).to_vec::<f32>(), "{}", by_rows.name());
        }
    }
    assert_eq!(x.cummax(1).1.to_vec::<i64>(), along_rows.cummax(2).1.transpose(1, 2).to_vec::<i64>());
}

#[test]
fn nothing_is_scanned_to_nothing() {
    for shape in [[2, 0], [0, 2]] {
        let x = Tensor::zeros(shape, DType::F32);
        for y in [x.cumsum(1), x.cumprod(1), x.logcumsumexp(1), x.linear_recurrence(&x, 1), x.cummax(1).0] {
            assert_eq!(y.shape()[..], shape);
        }
    }
}

#[test]
fn misuse_is_refused_with_a_reason() {
    let message = |primitive: &dyn Primitive, x: &[&Tensor]| try_apply(primitive, x).unwrap_err().to_string();
    let (x, bools) = (Tensor::from([1.0, 2.0]), Tensor::from([true]));
    assert_eq!(
        message(&CumSum::new(1, false), &[&x]),
        "cumsum: axis 1 is out of range: axes of a tensor of rank 1 are -1 to 0; got f64[2]"
    );
    assert_eq!(
        message(&CumProd::new(0, false), &[&bools]),
        "cumprod: results would soon overflow bool; got bool[1]; cast first, for example with .cast(DType::I64)"
    );
    assert_eq!(
        message(&LogCumSumExp::new(0, false), &[&Tensor::from([1i64])]),
        "logcumsumexp: needs a floating-point dtype; got i64[1]; cast first, for example with .cast(DType::F32)"
    );
    assert_eq!(
        message(&LogCumSumExp::new(0, false), &[&Tensor::from(1.0)]),
        "logcumsumexp: axis 0 is out of range: a scalar has no axes; got f64[]"
    );
    assert_eq!(
        message(&LinearRecurrence::new(0, false), &[&x, &Tensor::from([1.0])]),
        "linear_recurrence: the primitive takes inputs of one shape; got f64[2], f64[1]; its method broadcasts; for try_apply, \
         expand the inputs first"
    );
}

#[test]
#[should_panic(
    expected = "linear_recurrence: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; \
                           got f64[3], f64[2]"
)]
fn a_decay_that_does_not_broadcast_is_refused() {
    let _ = Tensor::from([1.0, 2.0]).linear_recurrence(&Tensor::from([1.0, 2.0, 3.0]), 0);
}
