//! Samples of operations that move elements: shapes, views, joins, indices.

use crate::table::{Sample, of_every_size, sample, shapes};
use cotangent_tensor::{Number, Tensor};

fn index<const N: usize>(places: [i64; N]) -> Tensor {
    Tensor::from(places)
}

/// Two equal shapes of two axes.
fn pairs() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 3], [2, 3]], [[1, 1], [1, 1]], [[0, 2], [0, 2]]]
}

pub(crate) fn samples() -> Vec<Sample> {
    let one = of_every_size;
    let two = || shapes![[[2, 3]], [[1, 1]], [[0, 2]]];
    vec![
        sample!("Reshape", shapes![[[2, 3]], [[6]], [[1, 6, 1]]], |x| x[0].reshape([3, 2])),
        sample!("Reshape", one(), |x| x[0].reshape([x[0].numel()])),
        sample!("Reshape", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 2, 3]]], |x| x[0].flatten(1, -1)),
        sample!("Reshape", two(), |x| x[0].unsqueeze(1).squeeze(..)),
        sample!("Permute", shapes![[[2, 3, 1]], [[1, 1, 1]], [[2, 0, 3]]], |x| x[0].permute([2, 0, 1])),
        sample!("Permute", two(), |x| x[0].transpose(0, -1)),
        sample!("Expand", shapes![[[3]], [[2, 1]], [[1, 1]], [[]]], |x| x[0].expand([2, 2, 3])),
        sample!("Expand", shapes![[[1, 2]], [[1, 1]]], |x| x[0].expand([0, 2])),
        sample!("Narrow", shapes![[[3, 4]], [[1, 3]], [[0, 3]]], |x| x[0].narrow(1, 1, 2)),
        sample!("Narrow", shapes![[[3, 2]]], |x| x[0].narrow(-2, 1, 0)),
        sample!("Flip", shapes![[[2, 3]], [[1, 1]], [[0, 2]]], |x| x[0].flip(1)),
        sample!("Flip", one(), |x| x[0].flip(..)),
        sample!("Concat", pairs(), |x| Tensor::concat([&x[0], &x[1], &x[0]], 0)),
        sample!("Concat", shapes![[[2, 1], [2, 3]], [[1, 1], [1, 0]], [[2, 0], [2, 2]]], |x| Tensor::concat(x, -1)),
        sample!("Concat", pairs(), |x| Tensor::stack(x, 1)),
        sample!("Concat", pairs(), |x| Tensor::stack([&x[1], &x[0].zeros_like(), &x[0]], -1)),
        sample!("Pad", two(), |x| x[0].pad([(1, 0), (2, 1)], 0.5)),
        sample!("Pad", shapes![[[3, 3]], [[2, 3]]], |x| x[0].pad([(-1, 2), (1, -2)], Number::Int(0))),
        sample!("IndexSelect", shapes![[[3, 2]], [[3, 1]], [[3, 0]]], |x| x[0].index_select(0, &index([2, 0, 2]))),
        sample!("IndexSelect", shapes![[[2, 3]], [[1, 2]], [[0, 2]]], |x| x[0].index_select(-1, &index([1]))),
        sample!("IndexSelect", shapes![[[2, 3]]], |x| x[0].index_select(0, &index([]))),
        sample!("IndexAdd", shapes![[[3, 2], [2, 2]], [[3, 1], [2, 1]], [[3, 0], [2, 0]]], |x| {
            x[0].index_add(0, &index([2, 2]), &x[1])
        }),
        sample!("IndexAdd", shapes![[[2, 2], [2, 3]]], |x| x[0].index_add(1, &index([1, 0, 1]), &x[1])),
        sample!("Gather", shapes![[[2, 3]], [[2, 2]]], |x| x[0].gather(1, &Tensor::from([[1i64, 1, 0], [0, 1, 1]]))),
        sample!("Gather", shapes![[[3, 2]], [[3, 1]]], |x| x[0].gather(0, &Tensor::from([[2i64], [0], [2], [1]]))),
        sample!("Gather", shapes![[[2, 0]]], |x| x[0].gather(1, &Tensor::zeros([2, 0], cotangent_tensor::DType::I64))),
        sample!("ScatterAdd", shapes![[[2, 3], [2, 2]], [[2, 2], [3, 2]]], |x| {
            x[0].scatter_add(1, &Tensor::from([[1i64, 1], [0, 1]]), &x[1])
        }),
        sample!("ScatterAdd", shapes![[[3], [2]], [[1], [4]]], |x| x[0].scatter_add(0, &index([0, 0]), &x[1])),
    ]
}
