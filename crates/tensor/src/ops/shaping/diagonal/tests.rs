use super::*;
use crate::{
    DType,
    ops::{refused::message, shaping::shape::adjoint::assert_adjoint},
    try_apply,
};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

#[test]
fn a_diagonal_is_put_where_it_is_read() {
    for x in
        [counting(&[3, 4, 2, 5]), counting(&[5, 2, 4, 3]).permute([3, 2, 1, 0]), counting(&[3, 4, 2, 5]).flip([1, 3])]
    {
        for (rows, columns) in [(0, 1), (1, 0), (0, 3), (-1, 1), (2, -4)] {
            for offset in [-9, -2, -1, 0, 1, 3] {
                let y = x.diagonal(offset, rows, columns);
                let order: Vec<isize> = {
                    let [a, b] = [rows, columns].map(|axis| (axis + 4) % 4);
                    (0..4).filter(|&axis| axis != a && axis != b).chain([a, b]).collect()
                };
                let last_two = x.permute(order);
                let len = y.shape()[2];
                let elements: Vec<Tensor> = (0..len as isize)
                    .map(|k| last_two.index((.., .., k + (-offset).max(0), k + offset.max(0))))
                    .collect();
                if len > 0 {
                    assert_eq!(
                        y.to_vec::<f64>(),
                        Tensor::stack(elements, -1).to_vec::<f64>(),
                        "{offset} {rows} {columns}"
                    );
                }
                let src = counting(y.shape()).flip(..);
                let put = x.diagonal_scatter(&src, offset, rows, columns);
                assert_eq!(put.diagonal(offset, rows, columns).to_vec::<f64>(), src.to_vec::<f64>());
                assert_adjoint(&Diagonal::new(offset, rows, columns), &[&x]);
                assert_adjoint(&DiagonalScatter::new(offset, rows, columns), &[&x, &src]);
            }
        }
    }
}

#[test]
fn diagonals_beyond_the_matrix_are_empty() {
    let x = counting(&[2, 3]);
    for offset in [3, 7, -2, isize::MAX, isize::MIN] {
        assert_eq!(x.diagonal(offset, 0, 1).shape()[..], [0]);
    }
    assert_eq!(x.diag(0).to_vec::<f64>(), [0.0, 4.0]);
    assert_eq!(counting(&[0, 0]).trace().item::<f64>(), 0.0);
    assert_eq!(counting(&[2, 0]).diag_embed(1, 0, -1).shape()[..], [1, 2, 1]);
}

#[test]
fn what_does_not_fit_is_named() {
    let x = counting(&[2, 3]);
    let error = try_apply(&Diagonal::new(0, 1, -1), &[&x]).unwrap_err();
    assert_eq!(error.to_string(), "diagonal: needs two axes, not axis 1 twice; got f64[2, 3]");
    let scalar = || Tensor::from(1.0f32);
    assert_eq!(
        message(|| scalar().diag_embed(0, 0, 1)),
        "diag_embed: a scalar has no axis to put on a diagonal; got f32[]"
    );
    assert!(
        message(|| x.select(0, 0).diag_embed(isize::MIN, 0, 1)).contains("overflows the size that memory can have")
    );
    assert!(message(|| scalar().diag(0)).starts_with("diag: needs a list or a matrix; got f32[]"));
    assert!(
        message(|| Tensor::zeros([2, 2, 2], DType::F32).trace()).starts_with("trace: needs a matrix; got f32[2, 2, 2]")
    );
}
