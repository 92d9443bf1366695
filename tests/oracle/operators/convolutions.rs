//! Convolutions, their transposes, and the matrix of windows.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{
    ConvPadding, Tensor,
    ops::{Conv, ConvTranspose, Im2Col},
};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.conv1d", One(|c| c.x(0).conv1d(c.x(1), c.tensor(2, "bias"), &conv(c)))),
    ("nn.functional.conv2d", One(|c| c.x(0).conv2d(c.x(1), c.tensor(2, "bias"), &conv(c)))),
    ("nn.functional.conv3d", One(|c| c.x(0).conv3d(c.x(1), c.tensor(2, "bias"), &conv(c)))),
    (
        "nn.functional.conv_transpose1d",
        One(|c| c.x(0).conv_transpose1d(c.x(1), c.tensor(2, "bias"), &conv_transpose(c))),
    ),
    (
        "nn.functional.conv_transpose2d",
        One(|c| c.x(0).conv_transpose2d(c.x(1), c.tensor(2, "bias"), &conv_transpose(c))),
    ),
    (
        "nn.functional.conv_transpose3d",
        One(|c| c.x(0).conv_transpose3d(c.x(1), c.tensor(2, "bias"), &conv_transpose(c))),
    ),
    ("nn.functional.unfold", One(im2col)),
];

/// Sizes or counts; torch's default where there are none.
pub(super) fn counts(c: &Call<'_>, i: usize, name: &str, default: usize) -> Vec<usize> {
    c.ints(i, name).map_or_else(|| vec![default], unsigned)
}

pub(super) fn unsigned(list: Vec<isize>) -> Vec<usize> {
    list.into_iter().map(|n| usize::try_from(n).expect("a count")).collect()
}

fn conv(c: &Call<'_>) -> Conv {
    let padding = match c.word_or_ints(4, "padding") {
        Some(Ok("same")) => ConvPadding::Same,
        Some(Ok(word)) => {
            assert_eq!(word, "valid");
            ConvPadding::Valid
        }
        Some(Err(list)) => unsigned(list).into(),
        None => 0.into(),
    };
    let groups = counts(c, 6, "groups", 1)[0];
    Conv::new().stride(counts(c, 3, "stride", 1)).padding(padding).dilation(counts(c, 5, "dilation", 1)).groups(groups)
}

fn conv_transpose(c: &Call<'_>) -> ConvTranspose {
    ConvTranspose::new()
        .stride(counts(c, 3, "stride", 1))
        .padding(counts(c, 4, "padding", 0))
        .output_padding(counts(c, 5, "output_padding", 0))
        .groups(counts(c, 6, "groups", 1)[0])
        .dilation(counts(c, 7, "dilation", 1))
}

fn im2col(c: &Call<'_>) -> Tensor {
    let windows = Im2Col::new(counts(c, 1, "kernel_size", 1))
        .dilation(counts(c, 2, "dilation", 1))
        .padding(counts(c, 3, "padding", 0))
        .stride(counts(c, 4, "stride", 1));
    c.x(0).im2col(windows)
}
