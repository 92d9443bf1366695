//! Places in sorted lists and bins, at their edges.

use super::SearchSorted;
use crate::{DType, Primitive, Tensor, try_apply};

#[test]
fn values_belong_before_or_after_equal_elements() {
    let inf = f64::INFINITY;
    let sorted = Tensor::from([-inf, 1.0, 2.0, 2.0, f64::NAN]);
    let values = Tensor::from([[f64::NAN, 2.0], [0.0, inf]]);
    // As in NumPy, NaN is at the end of the order; PyTorch counts every element as less.
    assert_eq!(sorted.searchsorted(&values).to_vec::<i64>(), [4, 2, 1, 4]);
    assert_eq!(sorted.searchsorted_right(&values).to_vec::<i64>(), [5, 4, 1, 4]);
    assert_eq!(sorted.searchsorted(&Tensor::from(1.5)).item::<i64>(), 2);
}

#[test]
fn each_row_is_searched_for_its_values() {
    let sorted = Tensor::from([[1i64, 3, 5], [2, 4, 6]]);
    let values = Tensor::from([[5i64, 0], [5, 7]]);
    assert_eq!(sorted.searchsorted(&values).to_vec::<i64>(), [2, 0, 2, 3]);
    assert_eq!(sorted.searchsorted(&values.flip(1)).to_vec::<i64>(), [0, 2, 3, 2]);
    let many = Tensor::arange(0, 40_000, 1);
    assert_eq!(many.searchsorted(&many).to_vec::<i64>(), many.to_vec::<i64>());
}

#[test]
fn nothing_is_found_in_nothing() {
    let nothing = Tensor::zeros([0], DType::F64);
    assert_eq!(nothing.searchsorted(&Tensor::from([1.0, 2.0])).to_vec::<i64>(), [0, 0]);
    assert_eq!(Tensor::from([1.0]).searchsorted(&nothing).shape()[..], [0]);
    assert_eq!(Tensor::zeros([2, 0], DType::F32).searchsorted(&Tensor::zeros([2, 1], DType::F32)).numel(), 2);
    assert_eq!(Tensor::zeros([0, 3], DType::F32).searchsorted(&Tensor::zeros([0, 0], DType::F32)).numel(), 0);
}

#[test]
fn misuse_is_refused_with_a_reason() {
    let search = SearchSorted::new(false);
    let message = |a: &Tensor, b: &Tensor| try_apply(&search as &dyn Primitive, &[a, b]).unwrap_err().to_string();
    let (x, rows) = (Tensor::from([1.0]), Tensor::from([[1.0], [2.0]]));
    let rule = "searchsorted: needs one sorted list, or one for each row of values, with the same axes before the last";
    assert_eq!(message(&rows, &x), format!("{rule}; got f64[2, 1], f64[1]"));
    assert_eq!(message(&Tensor::from(1.0), &x), format!("{rule}; got f64[], f64[1]"));
    assert_eq!(
        message(&x, &Tensor::from([1.0f32])),
        "searchsorted: all inputs must have one dtype, not f64 and f32; got f64[1], f32[1]; cast one of them, for example with \
         .cast(DType::F64)"
    );
}

#[test]
fn counts_go_up_to_the_greatest_number() {
    assert_eq!(Tensor::from([[3i64, 1], [3, 0]]).bincount(0).to_vec::<i64>(), [1, 1, 0, 2]);
    assert_eq!(Tensor::zeros([0], DType::I64).bincount(2).to_vec::<i64>(), [0, 0]);
    assert_eq!(Tensor::zeros([0], DType::I64).bincount(0).shape()[..], [0]);
    assert_eq!(Tensor::from(2i64).bincount(0).to_vec::<i64>(), [0, 0, 1]);
}

#[test]
#[should_panic(expected = "bincount: counts numbers from 0, not -1; got i64[2]")]
fn negative_numbers_are_not_counted() {
    let _ = Tensor::from([3i64, -1]).bincount(0);
}

#[test]
#[should_panic(
    expected = "bincount: shape [9223372036854775807] of i64 overflows the size that memory can have; got i64[1]"
)]
fn more_counts_than_memory_holds_are_refused() {
    let _ = Tensor::from([i64::MAX - 1]).bincount(0);
}

#[test]
#[should_panic(expected = "bincount: counts numbers of i64, not f32; got f32[1]; cast them with .cast(DType::I64)")]
fn floats_are_not_counted() {
    let _ = Tensor::from([1.0f32]).bincount(0);
}

#[test]
fn bins_include_their_lower_ends_and_the_last_both() {
    let x = Tensor::from([-0.1, 0.0, 0.5, 0.99, 1.0, 2.0, 2.0, 2.1, f64::NAN, f64::INFINITY]);
    assert_eq!(x.histc(2, 0.0, 2.0).to_vec::<f64>(), [3.0, 3.0]);
    assert_eq!(x.histc(1, -1.0, 3.0).to_vec::<f64>(), [8.0]);
    assert_eq!(Tensor::zeros([0], DType::F32).histc(3, 0.0, 1.0).to_vec::<f32>(), [0.0; 3]);
}

#[test]
#[should_panic(
    expected = "histc: the bins must go from a finite number to a greater one, not from 1.0 to 1.0; got f32[1]"
)]
fn bins_without_width_are_refused() {
    let _ = Tensor::from([1.0f32]).histc(3, 1.0, 1.0);
}

#[test]
#[should_panic(expected = "histc: needs at least one bin; got f32[1]")]
fn no_bins_are_refused() {
    let _ = Tensor::from([1.0f32]).histc(0, 0.0, 1.0);
}

#[test]
fn bins_hold_more_than_f32_can_count() {
    let many = (1usize << 24) + 2;
    assert_eq!(Tensor::zeros([many], DType::F32).histc(1, -1.0, 1.0).to_vec::<f32>(), [many as f32]);
}
