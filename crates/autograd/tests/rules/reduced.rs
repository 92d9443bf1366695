//! Samples of reductions, the softmax family and matrix products.

use crate::table::{Sample, of_every_size, sample, shapes};
use cotangent_tensor::Axes;

/// Three axes; one element; none along the first, along the last.
fn three_axes() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 2, 3]], [[2, 3, 0]]]
}

/// As above, where each reduced axis must have elements.
fn with_elements() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 3, 2]], [[1, 1, 1]]]
}

fn no_axes() -> Axes {
    Axes::List(Vec::new())
}

pub(crate) fn samples() -> Vec<Sample> {
    let x3 = three_axes;
    let some = with_elements;
    vec![
        sample!("Sum", of_every_size(), |x| x[0].sum(..)),
        sample!("Sum", x3(), |x| x[0].sum(0)).large(&[&[200, 301]]),
        sample!("Sum", x3(), |x| x[0].sum(-1)).large(&[&[7, 9001]]),
        sample!("Sum", x3(), |x| x[0].sum([0, 2])),
        sample!("Sum", x3(), |x| x[0].sum([2, 1])),
        sample!("Sum", x3(), |x| x[0].sum(no_axes())),
        sample!("Sum", x3(), |x| x[0].sum_keepdims(1)),
        sample!("Sum", x3(), |x| x[0].sum_keepdims([0, 2])),
        sample!("Sum", x3(), |x| x[0].sum_keepdims(..)),
        sample!("Sum", x3(), |x| x[0].sum_to_shape(&x[0].sum_keepdims([0, 2]).shape()[..])),
        sample!("Sum", some(), |x| x[0].mean(..)),
        sample!("Sum", some(), |x| x[0].mean_keepdims([0, 1])),
        sample!("Sum", shapes![[[2, 3, 2]], [[2, 2, 0]]], |x| x[0].var(1, 1)),
        sample!("Sum", some(), |x| x[0].var_keepdims([0, -1], 0)),
        sample!("Max", some(), |x| x[0].max(..)).with_ties(),
        sample!("Max", some(), |x| x[0].max(0)).with_ties(),
        sample!("Max", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 3, 2]]], |x| x[0].max([1, 2])),
        sample!("Max", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 3, 2]]], |x| x[0].max_keepdims(-1)),
        sample!("Max", some(), |x| x[0].max_keepdims([0, 2])).with_ties(),
        sample!("Min", some(), |x| x[0].min(..)).with_ties(),
        sample!("Min", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 3, 2]]], |x| x[0].min(1)),
        sample!("Min", some(), |x| x[0].min_keepdims([0, 1])).with_ties(),
        sample!("Softmax", x3(), |x| x[0].softmax(-1)).large(&[&[200, 300]]),
        sample!("Softmax", x3(), |x| x[0].softmax(0)),
        sample!("Softmax", x3(), |x| x[0].softmax(1)),
        sample!("LogSoftmax", x3(), |x| x[0].log_softmax(-1)),
        sample!("LogSoftmax", x3(), |x| x[0].log_softmax(0)),
        sample!("LogSoftmax", x3(), |x| x[0].log_softmax(1)),
        sample!("LogSumExp", some(), |x| x[0].logsumexp(..)),
        sample!("LogSumExp", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 3, 2]]], |x| x[0].logsumexp(1)),
        sample!("LogSumExp", some(), |x| x[0].logsumexp([0, 2])),
        sample!("LogSumExp", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 3, 2]]], |x| x[0].logsumexp_keepdims(-1)),
        sample!("LogSumExp", some(), |x| x[0].logsumexp_keepdims([0, 1])),
        sample!("MatMul", products(), |x| x[0].matmul(&x[1])).large(&[&[150, 200], &[200, 130]]),
        sample!("MatMul", shapes![[[2, 3], [2, 3]], [[1, 1], [1, 1]]], |x| x[0].matmul(&x[1].transpose(0, 1))),
        sample!("MatMul", shapes![[[3, 2], [3, 2]], [[1, 1], [1, 1]]], |x| x[0].transpose(-2, -1).matmul(&x[1])),
        sample!("MatMul", shapes![[[2, 2]], [[1, 1]], [[0, 0]]], |x| x[0].matmul(&x[0])),
        sample!("MatMul", shapes![[[3, 2]], [[1, 1]]], |x| x[0].matmul(&x[0].transpose(0, 1)).matmul(&x[0])),
        sample!("Linear", affine(), |x| x[0].linear(&x[1], x.get(2))).large(&[&[150, 200], &[130, 200], &[130]]),
    ]
}

/// With a bias and without, one row and many, more axes; one element, none inside, none outside.
fn affine() -> Vec<Vec<Vec<usize>>> {
    shapes![
        [[2, 3], [4, 3], [4]],
        [[2, 3], [4, 3]],
        [[3], [2, 3], [2]],
        [[2, 2, 3], [2, 3], [2]],
        [[1, 1], [1, 1], [1]],
        [[2, 0], [3, 0], [3]],
        [[0, 2], [3, 2], [3]],
        [[2, 2], [0, 2], [0]],
    ]
}

/// Matrices, vectors on either side and on both, batches, broadcast batches; one element, none inside, none outside.
fn products() -> Vec<Vec<Vec<usize>>> {
    shapes![
        [[2, 3], [3, 2]],
        [[2, 3], [3]],
        [[3], [3, 2]],
        [[3], [3]],
        [[2, 2, 3], [3, 2]],
        [[2, 3], [2, 3, 1]],
        [[2, 1, 2], [2, 2, 1]],
        [[2, 1, 1, 2], [2, 2, 1]],
        [[3], [2, 3, 1]],
        [[2, 1, 3], [3]],
        [[1, 1], [1, 1]],
        [[1, 1, 1], [1]],
        [[2, 0], [0, 3]],
        [[0, 2], [2, 3]],
        [[0, 2, 2], [2, 1]],
    ]
}
