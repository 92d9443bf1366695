use super::*;
use crate::{DType, ops::refused::message, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    Tensor::arange(0, shape.iter().product::<usize>() as i64, 1).reshape(shape)
}

fn sizes(parts: &[Tensor], axis: usize) -> Vec<usize> {
    parts.iter().map(|part| part.shape()[axis]).collect()
}

#[test]
fn parts_are_views_of_their_place() {
    for x in [counting(&[4, 5]), counting(&[5, 4]).transpose(0, 1), counting(&[4, 5]).flip(..)] {
        for axis in [1, -1] {
            let parts = x.split(2, axis);
            assert_eq!(sizes(&parts, 1), [2, 2, 1]);
            assert_eq!(Tensor::concat(&parts, 1).to_vec::<i64>(), x.to_vec::<i64>());
            let slices = x.unbind(axis);
            assert_eq!(Tensor::stack(&slices, 1).to_vec::<i64>(), x.to_vec::<i64>());
            let shared = |y: &Tensor| std::ptr::eq(y.array().storage_elements::<i64>(), x.array().storage_elements());
            assert!(parts.iter().chain(&slices).all(shared));
        }
    }
}

/// As PyTorch: fewer chunks than were asked for, but as many of an empty axis; one part of an empty axis.
#[test]
fn counts_are_those_of_pytorch() {
    assert_eq!(sizes(&counting(&[5]).chunk(4, 0), 0), [2, 2, 1]);
    assert_eq!(sizes(&counting(&[2]).chunk(9, 0), 0), [1, 1]);
    assert_eq!(sizes(&counting(&[0, 2]).chunk(3, 0), 0), [0, 0, 0]);
    assert_eq!(sizes(&counting(&[0, 2]).split(2, 0), 0), [0]);
    assert_eq!(sizes(&counting(&[0, 2]).split(0, 0), 0), [0]);
    assert_eq!(sizes(&counting(&[3]).split(usize::MAX, 0), 0), [3]);
    assert_eq!(sizes(&counting(&[3]).split_with_sizes([0, 3, 0], 0), 0), [0, 3, 0]);
    assert!(counting(&[0, 2]).unbind(0).is_empty());
    assert_eq!(counting(&[2, 0]).unbind(0)[1].shape()[..], [0]);
    assert!(counting(&[0]).split_with_sizes([], 0).is_empty());
}

#[test]
fn what_does_not_fit_is_named() {
    let x = counting(&[2, 5]);
    let refusal = |sizes: &[usize], axis| try_apply(&Split::new(axis, sizes), &[&x]).unwrap_err();
    assert_eq!(
        refusal(&[2, 2], 1).to_string(),
        "split: the sizes [2, 2] add up to 4, but axis 1 has size 5; got i64[2, 5]"
    );
    assert!(refusal(&[usize::MAX, 6], 1).to_string().contains("add up to more than fits"));
    assert_eq!(refusal(&[5], 2).kind(), ErrorKind::Axis);
    assert_eq!(message(|| x.split(0, 1)), "split: axis 1 of size 5 cannot be cut into parts of size 0; got i64[2, 5]");
    let scalar = Tensor::zeros([], DType::F32);
    assert!(message(|| scalar.unbind(0)).starts_with("unbind: axis 0 is out of range: a scalar has no axes"));
}
