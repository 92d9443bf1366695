use super::*;
use crate::ops::refused::message;

fn counting(shape: &[usize]) -> Tensor {
    Tensor::arange(0, shape.iter().product::<usize>() as i64, 1).reshape(shape)
}

#[test]
fn tiles_follow_each_other() {
    let x = counting(&[2, 2]);
    assert_eq!(x.tile([2]).to_vec::<i64>(), [0, 1, 0, 1, 2, 3, 2, 3]);
    assert_eq!(x.transpose(0, 1).tile([2, 1]).to_vec::<i64>(), [0, 2, 1, 3, 0, 2, 1, 3]);
    assert_eq!(x.tile([0]).shape()[..], [2, 0]);
    assert_eq!(x.tile([]).to_vec::<i64>(), [0, 1, 2, 3]);
    assert_eq!(Tensor::from(3i64).repeat([2, 2]).to_vec::<i64>(), [3; 4]);
    assert_eq!(counting(&[0]).repeat([3, 2]).shape()[..], [3, 0]);
    assert_eq!(
        message(|| counting(&[2, 2]).repeat([2])),
        "repeat: needs at least one number for each axis, not [2]; got i64[2, 2]; tile puts ones in front"
    );
    assert!(message(|| counting(&[2]).tile([usize::MAX])).starts_with("tile: shape ["));
    assert!(message(|| counting(&[0]).tile([usize::MAX])).starts_with("tile: shape ["), "also of nothing");
}

#[test]
fn elements_are_repeated_in_place() {
    let x = counting(&[2, 2]);
    assert_eq!(x.repeat_interleave(2, -1).to_vec::<i64>(), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(x.flip(0).repeat_interleave(2, 0).to_vec::<i64>(), [2, 3, 2, 3, 0, 1, 0, 1]);
    assert_eq!(x.repeat_interleave(0, 1).shape()[..], [2, 0]);
    assert_eq!(x.repeat_interleave(&Tensor::from([0i64, 3]), 1).to_vec::<i64>(), [1, 1, 1, 3, 3, 3]);
    let refusal = |counts: Tensor| message(move || counting(&[2, 2]).repeat_interleave(&counts, 1));
    assert_eq!(
        refusal(Tensor::from([1i64, -1])),
        "repeat_interleave: the count -1 at [1] is negative; got i64[2, 2], i64[2]"
    );
    assert!(refusal(Tensor::from([1i64])).contains("needs one count for each of the 2 elements of axis 1"));
    assert!(refusal(Tensor::from([1.0f32, 1.0])).contains("the counts must be i64, not f32"));
    assert!(refusal(Tensor::from([i64::MAX, i64::MAX])).contains("overflows the size that memory can have"));
    assert!(message(|| counting(&[2, 2]).repeat_interleave(usize::MAX, 0)).starts_with("repeat_interleave: shape ["));
}
