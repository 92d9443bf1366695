use super::*;
use crate::ops::refused::message;

#[test]
fn positions_are_in_row_major_order() {
    let x = Tensor::from([[0.0f32, f32::NAN], [-0.0, 2.0]]);
    assert_eq!(x.nonzero().to_vec::<i64>(), [0, 1, 1, 1]);
    assert_eq!(x.transpose(0, 1).nonzero().to_vec::<i64>(), [1, 0, 1, 1]);
    assert_eq!(Tensor::from([true, false, true]).nonzero().to_vec::<i64>(), [0, 2]);
    assert_eq!(Tensor::from(5i64).nonzero().shape()[..], [1, 0]);
    assert_eq!(Tensor::from(0u8).nonzero().shape()[..], [0, 0]);
    assert_eq!(Tensor::zeros([0, 2], DType::F32).nonzero().shape()[..], [0, 2]);
}

#[test]
fn masks_and_tensors_broadcast() {
    let (row, mask) = (Tensor::from([1.0f32, 2.0]), Tensor::from([[true], [false], [true]]));
    assert_eq!(row.masked_select(&mask).to_vec::<f32>(), [1.0, 2.0, 1.0, 2.0]);
    assert_eq!(row.masked_fill(&mask, 9).to_vec::<f32>(), [9.0, 9.0, 1.0, 2.0, 9.0, 9.0]);
    assert_eq!(
        row.masked_fill(&mask, &Tensor::from([[7.0f32], [8.0], [9.0]])).index((.., 0)).to_vec::<f32>(),
        [7.0, 1.0, 9.0]
    );
    let (yes, no) = (Tensor::from(true), Tensor::from(false));
    assert_eq!(Tensor::from(3i64).masked_select(&yes).to_vec::<i64>(), [3]);
    assert_eq!(row.masked_select(&no).shape()[..], [0]);
    assert_eq!(Tensor::zeros([0], DType::F32).masked_select(&yes).shape()[..], [0]);
}

#[test]
fn what_does_not_fit_is_named() {
    let x = || Tensor::from([1.0f32, 2.0]);
    assert_eq!(
        message(move || x().masked_select(&x())),
        "masked_select: the mask must be bool, not f32; got f32[2], f32[2]; compare to get one, for example with .gt(0)"
    );
    let mask = || Tensor::from([true, false]);
    assert!(
        message(move || x().masked_fill(&mask(), &Tensor::from(1.0f64)))
            .starts_with("masked_fill: all inputs must have one dtype")
    );
    assert!(
        message(move || x().masked_fill(&Tensor::from([true; 3]), 0))
            .starts_with("masked_fill: the shapes do not broadcast")
    );
    assert!(
        message(move || mask().masked_fill(&mask(), 2))
            .starts_with("masked_fill: a tensor of bool holds false and true, not 2")
    );
}

#[test]
fn positions_of_any_rank_are_those_of_row_major_order() {
    assert_eq!(Tensor::from(2.0).nonzero().shape()[..], [1, 0]);
    assert_eq!(Tensor::from(0.0).nonzero().shape()[..], [0, 0]);
    assert_eq!(Tensor::zeros([3, 0, 2], DType::F32).nonzero().shape()[..], [0, 3]);
    let sizes = [3i64, 4, 5];
    let x = Tensor::arange(0, 60, 1).remainder(7).reshape([3, 4, 5]);
    let numbers = x.to_vec::<i64>();
    let expected: Vec<i64> = (0..60i64)
        .filter(|&place| numbers[place as usize] != 0)
        .flat_map(|place| [place / 20, place / sizes[2] % sizes[1], place % sizes[2]])
        .collect();
    assert_eq!(x.nonzero().to_vec::<i64>(), expected);
}
