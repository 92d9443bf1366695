//! The transpose of a convolution in `x`: what the inputs get from the outputs. Forward, it is the transposed convolution.

use super::{
    BLOCK_BYTES, COLUMN_STEP, DirectElement, LEAST_COLUMNS, PIECES, Sizes, are_finite, direct, fill_channels,
    winograd::{self, Tiles},
};
use crate::{
    Buffer,
    kernels::{
        arithmetic::Arithmetic,
        gemm::{self, Matrix, Tile},
        parallel,
    },
};

/// `x_bar[n, c, window] += w[o, c, t] y_bar[n, o]` over all outputs o and taps t, from `bias[c]` or zero on.
///
/// Each piece of work owns some channels of an image, so that windows that overlap are added by one thread, in order.
pub(crate) fn input_gradient<T: DirectElement + Arithmetic>(
    sizes: &Sizes,
    y: &[T],
    w: &[T],
    bias: Option<&[T]>,
) -> Buffer<T> {
    assert_eq!([y.len(), w.len()], [sizes.y_len(), sizes.weight_len()], "conv: y and w have these sizes: {sizes:?}");
    assert!(bias.is_none_or(|bias| bias.len() == sizes.groups * sizes.inputs), "conv: a bias for each input");
    let mut x = Buffer::recycled(sizes.x_len());
    if x.is_empty() {
        return x;
    }
    if sizes.outputs == 0 {
        fill_channels(&mut x, sizes.windows.input_len(), bias);
        return x;
    }
    if let Some(tiles) = Tiles::transposed(sizes).filter(|_| are_finite(w)) {
        winograd::convolve(&tiles, y, w, bias, true, sizes.work::<T>(), &mut x);
        return x;
    }
    if let Some(planes) = direct::planes_transposed::<T>(sizes).filter(|_| are_finite(w)) {
        direct::input_gradient(sizes, &planes, y, w, bias, &mut x);
        return x;
    }
    let channels = channels_each(sizes);
    let pieces = sizes.inputs / channels;
    let (input_len, positions, taps) = (sizes.windows.input_len(), sizes.windows.output_len(), sizes.windows.taps());
    let rows = channels * taps;
    let columns = (BLOCK_BYTES / (rows * size_of::<T>())).max(LEAST_COLUMNS);
    let columns = positions.div_ceil(positions.div_ceil(columns)).next_multiple_of(COLUMN_STEP).min(positions);
    parallel::chunks(&mut x, channels * input_len, sizes.work::<T>(), |i, x| {
        let (image, group, channel) = (i / pieces / sizes.groups, i / pieces % sizes.groups, i % pieces * channels);
        let weight = transposed(sizes.weight(w, group, channel));
        let cotangents = |start: usize| Matrix {
            data: y,
            offset: sizes.y_at(image, group, 0) + start,
            row_stride: positions as isize,
            col_stride: 1,
        };
        let are_elements = sizes.windows.are_elements();
        if bias.is_some() || !are_elements {
            let bias = bias.map(|bias| &bias[group * sizes.inputs + channel..][..channels]);
            fill_channels(x, input_len, bias);
        }
        if are_elements {
            let dst = Tile::of_matrix(x, channels, input_len);
            return gemm::gemm_tile(sizes.outputs, dst, weight, cotangents(0), bias.is_some());
        }
        let mut matrix = Buffer::<T>::recycled(rows * columns);
        for start in (0..positions).step_by(columns) {
            let len = columns.min(positions - start);
            let matrix = &mut matrix[..rows * len];
            let dst = Tile::of_matrix(matrix, rows, len);
            gemm::gemm_tile(sizes.outputs, dst, weight, cotangents(start), false);
            sizes.windows.add_columns(matrix, len, start..start + len, x);
        }
    });
    x
}

/// Channels of a piece of work: as many as make enough pieces, and a divisor of those of a group, which no piece straddles.
fn channels_each(sizes: &Sizes) -> usize {
    let mut divisors = (1..=PIECES.min(sizes.inputs)).filter(|&pieces| sizes.inputs.is_multiple_of(pieces));
    let enough = divisors.clone().find(|pieces| sizes.batch * sizes.groups * pieces >= PIECES);
    sizes.inputs / enough.or_else(|| divisors.next_back()).unwrap_or(1)
}

fn transposed<T>(matrix: Matrix<'_, T>) -> Matrix<'_, T> {
    Matrix { row_stride: matrix.col_stride, col_stride: matrix.row_stride, ..matrix }
}
