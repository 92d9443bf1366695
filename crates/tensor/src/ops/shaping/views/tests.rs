use super::*;
use crate::{ops::shaping::shape::adjoint::assert_adjoint, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

#[test]
fn narrow_takes_a_part() {
    let x = counting(&[2, 3, 4]);
    for x in [x.clone(), x.permute([2, 1, 0]), x.flip([0, 1]), x.narrow(1, 0, 1).expand([2, 3, 4])] {
        for axis in 0..3 {
            let size = x.shape()[axis];
            let parts: Vec<Tensor> = (0..size).map(|i| x.narrow(axis as isize, i, 1)).collect();
            assert_eq!(Tensor::concat(&parts, axis as isize).to_vec::<f64>(), x.to_vec::<f64>());
            assert_eq!(x.narrow(axis as isize - 3, size, 0).numel(), 0);
        }
    }
    assert_eq!(x.narrow(-1, 1, 2).narrow(0, 1, 1).to_vec::<f64>(), [13., 14., 17., 18., 21., 22.]);
    assert_eq!(x.flip(2).narrow(2, 1, 2).narrow(0, 1, 1).to_vec::<f64>(), [14., 13., 18., 17., 22., 21.]);
}

#[test]
fn narrow_says_what_lies_outside() {
    let x = counting(&[2, 3]);
    let refusal = |narrow: Narrow| try_apply(&narrow, &[&x]).unwrap_err().to_string();
    assert_eq!(
        refusal(Narrow::new(-1, 2, 2)),
        "narrow: 2 elements from 2 do not lie within axis 1 of size 3; got f64[2, 3]"
    );
    assert!(
        refusal(Narrow::new(0, usize::MAX, 2)).starts_with(&format!("narrow: 2 elements from {} do not", usize::MAX))
    );
    assert_eq!(
        refusal(Narrow::new(2, 0, 1)),
        "narrow: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f64[2, 3]"
    );
}

#[test]
fn flip_reverses_the_named_axes() {
    let x = counting(&[2, 3]);
    assert_eq!(x.flip(0).to_vec::<f64>(), [3., 4., 5., 0., 1., 2.]);
    assert_eq!(x.flip([0, -1]).to_vec::<f64>(), [5., 4., 3., 2., 1., 0.]);
    assert_eq!(x.flip(..).flip(..).to_vec::<f64>(), x.to_vec::<f64>());
    assert_eq!(x.transpose(0, 1).flip(0).to_vec::<f64>(), [2., 5., 1., 4., 0., 3.]);
    assert_eq!(counting(&[0, 2]).flip(..).shape()[..], [0, 2]);
    assert_eq!(counting(&[]).flip(..).to_vec::<f64>(), [0.0]);
    assert_eq!(Tensor::from([true, false, false]).flip(0).to_vec::<bool>(), [false, false, true]);
    let error = try_apply(&Flip::new([0, -2]), &[&x]).unwrap_err();
    assert_eq!(error.to_string(), "flip: axis 0 is named twice in [0, -2]; got f64[2, 3]");
}

#[test]
fn rules_are_adjoint() {
    let x = counting(&[2, 3, 4]);
    for x in [x.clone(), x.permute([1, 2, 0]), x.flip(1)] {
        for axis in -3..3 {
            assert_adjoint(&Narrow::new(axis, 1, 1), &[&x]);
            assert_adjoint(&Narrow::new(axis, 0, 2), &[&x]);
            assert_adjoint(&Narrow::new(axis, 2, 0), &[&x]);
            assert_adjoint(&Flip::new(axis), &[&x]);
        }
        assert_adjoint(&Flip::new(..), &[&x]);
    }
}
