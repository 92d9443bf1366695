use super::*;
use crate::DType;
use crate::ops::refused::message;

fn counting(shape: &[usize]) -> Tensor {
    Tensor::arange(0, shape.iter().product::<usize>() as i64, 1).reshape(shape)
}

#[test]
fn places_count_from_both_ends() {
    let x = counting(&[2, 3]);
    assert_eq!(x.transpose(0, 1).take(&Tensor::from([[1i64], [-1]])).to_vec::<i64>(), [3, 5]);
    assert_eq!(x.take(&Tensor::from(-6i64)).item::<i64>(), 0);
    assert_eq!(counting(&[0]).take(&Tensor::zeros([2, 0], DType::I64)).shape()[..], [2, 0]);
    assert_eq!(x.take_along_dim(&Tensor::from([[-1i64, 0]]), 1).to_vec::<i64>(), [2, 0, 5, 3]);
    assert_eq!(x.narrow(0, 0, 1).take_along_dim(&Tensor::from([[2i64], [-3]]), -1).to_vec::<i64>(), [2, 0]);
    let (index, src) = (Tensor::from([-1i64, 0, -1]), counting(&[3, 3]));
    assert_eq!(x.index_copy(0, &index, &src).to_vec::<i64>(), [3, 4, 5, 6, 7, 8]);
    assert_eq!(x.index_fill(1, &index, 9).to_vec::<i64>(), [9, 1, 9, 9, 4, 9]);
    assert_eq!(x.index_fill(0, &Tensor::from(1i64), &Tensor::from(7i64)).to_vec::<i64>(), [0, 1, 2, 7, 7, 7]);
}

#[test]
fn what_does_not_fit_is_named() {
    let x = || counting(&[2, 3]);
    assert_eq!(
        message(move || x().take(&Tensor::from([0i64, 6]))),
        "take: index 6 at [1] is out of range for axis 0 of size 6; got i64[2, 3], i64[2]"
    );
    assert_eq!(
        message(move || x().take_along_dim(&Tensor::from([[0i64, -4]]), 1)),
        "take_along_dim: index -4 at [0, 1] is out of range for axis 1 of size 3; got i64[2, 3], i64[1, 2]"
    );
    assert!(message(move || x().take_along_dim(&Tensor::from([0i64]), 1)).contains("need one rank"));
    assert!(message(move || x().take_along_dim(&Tensor::zeros([3, 1], DType::I64), 1)).contains("need one rank"));
    assert_eq!(
        message(move || x().index_fill(0, &Tensor::from([i64::MIN]), 1)),
        "index_fill: index -9223372036854775808 at [0] is out of range for axis 0 of size 2; got i64[2, 3], i64[1], i64[1, 3]"
    );
    assert!(message(move || x().index_fill(0, &Tensor::from([0i64]), &x())).contains("must be a number or a scalar"));
    assert!(
        message(move || x().index_copy(0, &Tensor::from([[0i64]]), &x()))
            .starts_with("index_copy: the index must have rank 1 or 0, not 2")
    );
    assert!(
        message(move || x().index_copy(0, &Tensor::from([0i64]), &x()))
            .contains("the shape of what is at the places, [1, 3]")
    );
}
