//! Convolutions, pools and windows, for the sweep: on the operands as they are, and with axes of batch and channels.

use super::{Case, networks::image};
use cotangent::{
    Tensor,
    ops::{AvgPool, Conv, ConvTranspose, Im2Col, MaxPool, PadMode},
};

/// With one axis more.
fn line(x: &Tensor) -> Tensor {
    x.unsqueeze(0)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        ("conv1d", |x, y| x.conv1d(y, None, &Conv::new())),
        ("conv1d", |x, y| line(x).conv1d(&line(y), Some(y), &Conv::new())),
        ("conv1d", |x, y| line(x).conv1d(&line(y), None, &Conv::new().groups(0))),
        ("conv2d", |x, y| image(x).conv2d(&image(y), None, &Conv::new().padding(1))),
        ("conv2d", |x, y| image(x).conv2d(&image(y), None, &Conv::new().stride(0))),
        ("conv2d", |x, y| image(x).conv2d(&image(y), None, &Conv::new().dilation([usize::MAX, 1]))),
        ("conv3d", |x, y| image(x).conv3d(&image(y), None, &Conv::new().padding(usize::MAX))),
        ("conv_transpose1d", |x, y| line(x).conv_transpose1d(&line(y), None, &ConvTranspose::new())),
        ("conv_transpose2d", |x, y| image(x).conv_transpose2d(&image(y), Some(y), &ConvTranspose::new().stride(2))),
        ("conv_transpose2d", |x, y| x.conv_transpose2d(y, None, &ConvTranspose::new().output_padding(7))),
        ("conv_transpose3d", |x, y| image(x).conv_transpose3d(&image(y), None, &ConvTranspose::new().groups(3))),
        ("im2col", |x, _| image(x).im2col(Im2Col::new(2))),
        ("im2col", |x, _| x.im2col(Im2Col::new([1, usize::MAX]).padding(1))),
        ("col2im", |x, y| line(x).col2im(&y.shape()[..], Im2Col::new(1))),
        ("col2im", |x, _| x.col2im([2, 2], Im2Col::new(2).stride(0))),
        ("max_pool1d", |x, _| line(x).max_pool1d(2)),
        ("max_pool2d", |x, _| image(x).max_pool2d(MaxPool::new(2).padding(1))),
        ("max_pool2d", |x, _| image(x).max_pool2d_with_indices(MaxPool::new(0)).0),
        ("max_pool3d", |x, _| image(x).max_pool3d(MaxPool::new(1).padding(9))),
        ("avg_pool1d", |x, _| line(x).avg_pool1d(AvgPool::new(2).ceil_mode(true).padding(1))),
        ("avg_pool2d", |x, _| image(x).avg_pool2d(AvgPool::new(2).stride(0))),
        ("avg_pool2d", |x, _| x.avg_pool2d(AvgPool::new(1).divisor(0))),
        ("avg_pool3d", |x, _| image(x).avg_pool3d(1)),
        ("adaptive_max_pool1d", |x, _| line(x).adaptive_max_pool1d(2)),
        ("adaptive_max_pool2d", |x, y| image(x).adaptive_max_pool2d(y.numel())),
        ("adaptive_max_pool3d", |x, _| image(x).adaptive_max_pool3d_with_indices(usize::MAX).1),
        ("adaptive_avg_pool1d", |x, _| x.adaptive_avg_pool1d(0)),
        ("adaptive_avg_pool2d", |x, _| image(x).adaptive_avg_pool2d([1, 3])),
        ("adaptive_avg_pool3d", |x, _| image(x).adaptive_avg_pool3d(1)),
        ("unfold", |x, _| x.unfold(-1, 2, 1)),
        ("unfold", |x, _| x.unfold(0, 0, 0)),
        ("pad_with", |x, _| x.pad_with([(1, 1)], PadMode::Reflect)),
        ("pad_with", |x, _| x.pad_with([(2, 1), (0, 3)], PadMode::Replicate)),
        ("pad_with", |x, _| x.pad_with([(isize::MAX, 1)], PadMode::Circular)),
    ]
}
