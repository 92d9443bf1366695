use super::*;
use crate::{DType, ops::shaping::shape::adjoint::assert_adjoint, try_apply};

#[test]
fn triangles_clear_the_other_side() {
    for (rows, columns) in [(3, 4), (4, 3), (1, 1), (0, 2), (2, 0)] {
        let x =
            Tensor::arange(1, 2 * rows * columns + 1, 1).cast(DType::F64).reshape([2, rows as usize, columns as usize]);
        for x in [x.clone(), x.flip(..)] {
            for diagonal in [-9, -1, 0, 2, 9] {
                let (below, above) = (x.tril(diagonal), x.triu(diagonal + 1));
                assert_eq!(
                    (below.clone() + &above).to_vec::<f64>(),
                    x.to_vec::<f64>(),
                    "each element is in one of both"
                );
                let kept = below.to_vec::<f64>().into_iter().enumerate().filter(|(_, y)| *y != 0.0);
                let columns = columns as usize;
                let place =
                    |i: usize| ((i / columns.max(1) % (rows as usize).max(1)) as isize, (i % columns.max(1)) as isize);
                assert!(kept.map(|(i, _)| place(i)).all(|(row, column)| column <= row + diagonal));
                assert!(above.to_vec::<f64>().iter().enumerate().all(|(i, &y)| {
                    let (row, column) = place(i);
                    (y != 0.0) == (column > row + diagonal)
                }));
                assert_adjoint(&Triangle::lower(diagonal), &[&x]);
                assert_adjoint(&Triangle::upper(diagonal), &[&x]);
            }
        }
    }
}

#[test]
fn what_is_cleared_does_not_matter() {
    let x = Tensor::from([[1.0f32, f32::NAN], [f32::INFINITY, 2.0]]);
    assert_eq!(x.tril(-5).to_vec::<f32>(), [0.0; 4]);
    assert_eq!(x.triu(1).triu(0).index((1, ..)).to_vec::<f32>(), [0.0; 2]);
    assert_eq!(Tensor::from([[true, true]]).tril(0).to_vec::<bool>(), [true, false]);
    for diagonal in [isize::MIN, isize::MAX] {
        let ones = Tensor::ones([2, 2], DType::U8);
        let all = u8::from(diagonal > 0);
        assert_eq!(ones.tril(diagonal).to_vec::<u8>(), [all; 4]);
        assert_eq!(ones.triu(diagonal).to_vec::<u8>(), [1 - all; 4]);
    }
}

#[test]
fn lists_are_refused() {
    let error = try_apply(&Triangle::upper(0), &[&Tensor::from([1.0])]).unwrap_err();
    assert_eq!(error.to_string(), "triu: needs matrices: at least two axes; got f64[1]");
}
