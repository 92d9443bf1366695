use super::*;
use crate::{DType, ops::shaping::shape::adjoint::assert_adjoint, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

#[test]
fn windows_are_a_view_and_add_up_again() {
    for x in [counting(&[2, 7, 3]), counting(&[3, 7, 2]).permute([2, 1, 0]), counting(&[7, 1]).expand([2, 7, 3])] {
        for (size, step) in [(1, 1), (3, 1), (3, 2), (2, 5), (7, 9), (0, 2)] {
            let y = x.unfold(1, size, step);
            let count = (7 - size) / step + 1;
            assert_eq!(y.shape()[..], [2, count, 3, size]);
            let window = |i: usize| x.narrow(1, i * step, size).permute([0, 2, 1]);
            let windows: Vec<Tensor> = (0..count).map(window).collect();
            assert_eq!(y.to_vec::<f64>(), Tensor::stack(windows, 1).to_vec::<f64>(), "size {size}, step {step}");
            assert!(std::ptr::eq(y.array().storage_elements::<f64>(), x.array().storage_elements()));
            assert_adjoint(&Unfold::new(1, size, step), &[&x]);
            assert_adjoint(&OverlapAdd::new(-2, 7, step), &[&y]);
        }
    }
}

#[test]
fn each_element_is_added_once_for_each_window() {
    let ones = Tensor::ones([6, 3, 4], DType::F32);
    let sum = apply(&OverlapAdd::new(0, 9, 1), &[&ones]).into_single();
    let first: Vec<f32> = sum.index((.., 0)).to_vec();
    assert_eq!(first, [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 3.0, 2.0, 1.0]);
    let none = apply(&OverlapAdd::new(0, 5, 2), &[&Tensor::zeros([3, 0, 1], DType::I64)]).into_single();
    assert_eq!(none.shape()[..], [5, 0]);
}

#[test]
fn large_sums_have_the_same_bits_on_any_number_of_threads() {
    let values: Vec<f32> = (0..60_000).map(|i| 1.0 / (1 + i % 977) as f32).collect();
    let windows = Tensor::from_vec(values, [3, 500, 40]).unwrap().unfold(1, 16, 3);
    let run = || apply(&OverlapAdd::new(1, 500, 3), &[&windows]).into_single().to_vec::<f32>();
    assert_eq!(crate::with_threads(1, run), crate::with_threads(4, run));
}

#[test]
fn what_does_not_fit_is_named() {
    let x = counting(&[2, 5]);
    let refusal = |size, step| try_apply(&Unfold::new(-1, size, step), &[&x]).unwrap_err().to_string();
    assert_eq!(refusal(6, 1), "unfold: a window of 6 does not fit axis 1 of size 5; got f64[2, 5]");
    assert_eq!(refusal(2, 0), "unfold: the step must be at least 1; got f64[2, 5]");
    assert_eq!(x.unfold(1, 5, usize::MAX).shape()[..], [2, 1, 5]);
    let huge = Tensor::zeros([1 << 40], DType::U8);
    let error = try_apply(&Unfold::new(0, 1 << 39, 1), &[&huge]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Size);
    let error = try_apply(&OverlapAdd::new(0, 9, 1), &[&x]).unwrap_err();
    assert_eq!(error.to_string(), "overlap_add: an axis of size 9 has 5 windows of 5, 1 apart, not 2; got f64[2, 5]");
}
