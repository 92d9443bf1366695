//! Samples of operations whose windows slide: convolutions and pools.

use crate::table::{Sample, sample, shapes};
use cotangent_tensor::{
    ConvPadding, Tensor, apply,
    ops::{AdaptiveAvgPool, AvgPool, AvgPoolGrad, Conv, ConvTranspose, ConvWeightGrad, Im2Col, MaxPool},
};

fn conv() -> Conv {
    Conv::new()
}

fn transpose() -> ConvTranspose {
    ConvTranspose::new()
}

fn weight_grad(x: &[Tensor], conv: Conv, kernel: usize) -> Tensor {
    apply(&ConvWeightGrad::new(conv, kernel), &[&x[0], &x[1]]).into_single()
}

fn avg_grad(y: &Tensor, grad: AvgPoolGrad) -> Tensor {
    apply(&grad, &[y]).into_single()
}

pub(crate) fn samples() -> Vec<Sample> {
    convolutions().into_iter().chain(pools()).collect()
}

fn convolutions() -> Vec<Sample> {
    // Input and weight; one element; no image; no channel.
    let lines = || {
        let empty = shapes![[[0, 2, 3], [3, 2, 2]], [[2, 0, 3], [2, 0, 2]], [[1, 2, 3], [0, 2, 2]]];
        [shapes![[[2, 2, 5], [3, 2, 2]], [[1, 1, 2], [1, 1, 2]], [[2, 4], [1, 2, 2]]], empty].concat()
    };
    let images = || shapes![[[1, 4, 3, 3], [2, 2, 2, 2]], [[1, 2, 2, 2], [2, 1, 1, 2]], [[0, 2, 2, 2], [2, 1, 1, 1]]];
    let transposed =
        || shapes![[[2, 2, 3], [2, 3, 2]], [[1, 1, 1], [1, 1, 2]], [[0, 2, 3], [2, 3, 2]], [[2, 3], [2, 1, 2]]];
    vec![
        sample!(
            "Conv",
            shapes![[[2, 2, 5], [3, 2, 2], [3]], [[1, 1, 2], [1, 1, 2], [1]], [[0, 1, 2], [0, 1, 2], [0]]],
            |x| { x[0].conv1d(&x[1], Some(&x[2]), &conv()) }
        ),
        sample!("Conv", shapes![[[2, 2, 5], [3, 2, 2]], [[1, 1, 2], [1, 1, 2]], [[0, 2, 3], [3, 2, 2]]], |x| {
            x[0].conv1d(&x[1], None, &conv().stride(2).padding([(2, 1)]).dilation(2))
        }),
        sample!("Conv", images(), |x| x[0].conv2d(&x[1], None, &conv().groups(2))),
        sample!("Conv", images(), |x| {
            x[0].conv2d(&x[1], None, &conv().groups(2).padding(ConvPadding::Same).dilation([1, 2]))
        }),
        sample!("Conv", shapes![[[2, 3, 2], [2, 3, 1]], [[1, 1, 1], [1, 1, 1]], [[3, 2], [1, 3, 1]]], |x| {
            x[0].conv1d(&x[1], None, &conv())
        }),
        sample!("Conv", shapes![[[1, 2, 3, 1, 2], [2, 1, 2, 1, 2]], [[2, 2, 2, 2, 1], [2, 1, 1, 2, 1]]], |x| {
            x[0].conv3d(&x[1], None, &conv().groups(2).stride([2, 1, 1]).padding([0, 0, 1]))
        }),
        sample!("ConvTranspose", transposed(), |x| x[0].conv_transpose1d(&x[1], None, &transpose())),
        sample!("ConvTranspose", transposed(), |x| {
            x[0].conv_transpose1d(&x[1], None, &transpose().stride(3).padding(1).output_padding(2))
        }),
        // An output padding beyond the stride leaves room for one more window, which is none of the convolution's.
        sample!("ConvTranspose", shapes![[[2, 2, 3], [2, 3, 2]], [[1, 1, 1], [1, 1, 2]]], |x| {
            x[0].conv_transpose1d(&x[1], None, &transpose().stride(2).padding(1).dilation(4).output_padding(3))
        }),
        sample!("ConvTranspose", shapes![[[2, 2, 2, 2], [2, 2, 2, 1], [4]], [[1, 4, 1, 2], [4, 1, 1, 1], [2]]], |x| {
            x[0].conv_transpose2d(&x[1], Some(&x[2]), &transpose().groups(2).stride([2, 1]))
        }),
        sample!("ConvTranspose", shapes![[[1, 2, 2, 1, 2], [2, 1, 2, 2, 1]]], |x| {
            x[0].conv_transpose3d(&x[1], None, &transpose().stride([1, 2, 1]))
        }),
        sample!(
            "ConvWeightGrad",
            shapes![[[2, 2, 4], [2, 3, 3]], [[1, 1, 2], [1, 1, 1]], [[0, 2, 3], [0, 1, 2]]],
            |x| { weight_grad(x, conv(), 2) }
        ),
        // Room for three windows, of which two are meant.
        sample!("ConvWeightGrad", shapes![[[2, 2, 6], [2, 4, 2]], [[1, 2, 5], [1, 2, 2]]], |x| {
            weight_grad(x, conv().groups(2).dilation(3).padding([(1, 0)]), 2)
        }),
        sample!("ConvWeightGrad", shapes![[[2, 2, 3, 4], [2, 1, 2, 3]], [[1, 1, 2, 2], [1, 1, 2, 1]]], |x| {
            weight_grad(x, conv().stride([2, 1]).padding([1, 0]), 2)
        }),
        sample!("Im2Col", shapes![[[2, 2, 3, 3]], [[1, 1, 2, 2]], [[0, 2, 2, 2]], [[1, 2, 3]]], |x| x[0].im2col(2)),
        sample!("Im2Col", shapes![[[1, 2, 3, 4]], [[2, 3, 2]]], |x| {
            x[0].im2col(Im2Col::new([1, 2]).stride([2, 1]).padding(1).dilation([1, 2]))
        }),
        sample!("Col2Im", shapes![[[2, 8, 4]], [[1, 4, 4]], [[0, 4, 4]], [[4, 4]]], |x| x[0].col2im(3, 2)),
        sample!("Col2Im", shapes![[[1, 4, 12]], [[2, 12]]], |x| {
            x[0].col2im([3, 4], Im2Col::new([1, 2]).stride([2, 1]).padding(1).dilation([1, 2]))
        }),
        sample!("Conv", lines(), |x| x[0].conv1d(&x[1], None, &conv())),
    ]
}

fn pools() -> Vec<Sample> {
    let lines = || shapes![[[2, 2, 5]], [[1, 1, 3]], [[0, 2, 3]], [[2, 0, 3]], [[2, 4]]];
    let images = || shapes![[[1, 2, 4, 3]], [[1, 1, 2, 3]], [[0, 2, 2, 2]], [[1, 3, 3]]];
    vec![
        sample!("MaxPool", lines(), |x| x[0].max_pool1d(2)),
        sample!("MaxPool", lines(), |x| x[0].max_pool1d(MaxPool::new(3).stride(1).padding(1))),
        sample!("MaxPool", lines(), |x| x[0].max_pool1d(MaxPool::new(2).stride(2).ceil_mode(true).dilation(2)))
            .between(-3.0, -1.0),
        sample!("MaxPool", images(), |x| x[0].max_pool2d(MaxPool::new([2, 3]).stride([2, 1]).padding([0, 1]))),
        sample!("MaxPool", shapes![[[1, 1, 3, 2, 2]], [[2, 2, 2, 3]]], |x| {
            x[0].max_pool3d(MaxPool::new([2, 2, 1]).stride(1))
        }),
        sample!("AdaptiveMaxPool", lines(), |x| x[0].adaptive_max_pool1d(2)),
        sample!("AdaptiveMaxPool", images(), |x| x[0].adaptive_max_pool2d([None, Some(2)])),
        sample!("AdaptiveMaxPool", shapes![[[1, 1, 3, 2, 2]], [[2, 1, 2, 3]]], |x| x[0].adaptive_max_pool3d([2, 1, 2])),
        sample!("AdaptiveMaxPool", shapes![[[2, 1, 3]]], |x| x[0].adaptive_max_pool1d(0)),
        sample!("AvgPool", lines(), |x| x[0].avg_pool1d(2)),
        sample!("AvgPool", lines(), |x| x[0].avg_pool1d(AvgPool::new(3).stride(2).padding(1).ceil_mode(true))),
        sample!("AvgPool", images(), |x| {
            x[0].avg_pool2d(AvgPool::new([2, 3]).stride([2, 1]).padding([1, 1]).count_include_pad(false))
        }),
        sample!("AvgPool", images(), |x| x[0].avg_pool2d(AvgPool::new(2).stride(1).divisor(-3))),
        sample!("AvgPool", shapes![[[1, 1, 3, 2, 2]], [[2, 2, 2, 3]]], |x| x[0].avg_pool3d(AvgPool::new(2).stride(1))),
        sample!("AdaptiveAvgPool", lines(), |x| x[0].adaptive_avg_pool1d(4)),
        sample!("AdaptiveAvgPool", images(), |x| x[0].adaptive_avg_pool2d([Some(3), None])),
        sample!("AdaptiveAvgPool", shapes![[[1, 1, 3, 2, 2]], [[2, 1, 2, 3]]], |x| x[0].adaptive_avg_pool3d(1)),
        sample!("AvgPoolGrad", shapes![[[2, 2, 4]], [[1, 1, 4]], [[0, 2, 4]]], |x| {
            avg_grad(&x[0], AvgPoolGrad::new(AvgPool::new(2).stride(1), 5))
        }),
        sample!("AvgPoolGrad", shapes![[[2, 1, 2, 3]], [[0, 1, 2, 3]]], |x| {
            avg_grad(&x[0], AvgPoolGrad::adaptive(AdaptiveAvgPool::new([2, 3]), [3, 5]))
        }),
    ]
}
