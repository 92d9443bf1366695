//! The transpose of a convolution in the weight: a sum over all images and positions.

use super::{
    Block, Blocks, DirectElement, PIECES, Sizes, are_finite, direct,
    winograd::{self, Tiles},
};
use crate::{
    Buffer,
    kernels::{
        arithmetic::Arithmetic,
        gemm::{self, GemmElement, Matrix, Tile},
        parallel,
    },
};
use std::ops::Range;

/// Rows of the matrix of windows that make a product worth calling: four of the engine's steps.
const LEAST_ROWS: usize = 64;
/// Input channels of a piece of work at least where tiles are transformed: each piece transforms those of all outputs.
const LEAST_CHANNELS: usize = 64;

/// `w_bar[o, c, t] = sum over images n and positions of y_bar[n, o] x[n, c, window]`.
///
/// A piece of work has some input channels; where there are few, also a part of the images, and the parts are added in order.
pub(crate) fn weight_gradient<T: DirectElement + Arithmetic>(sizes: &Sizes, x: &[T], y: &[T]) -> Buffer<T> {
    assert_eq!([x.len(), y.len()], [sizes.x_len(), sizes.y_len()], "conv: x and y have these sizes: {sizes:?}");
    let mut w = Buffer::recycled(sizes.weight_len());
    if w.is_empty() {
        return w;
    }
    if y.is_empty() {
        w.fill(T::default());
        return w;
    }
    let (taps, tiles) = (sizes.windows.taps(), Tiles::forward(sizes));
    if let Some(tiles) = tiles.filter(Tiles::are_few) {
        winograd::weight_gradient_of_few(&tiles, [x, y], sizes.work::<T>(), &mut w);
        return w;
    }
    let planes = if tiles.is_none() { direct::planes_for_weights::<T>(sizes) } else { None };
    if let Some(planes) = planes {
        direct::weight_gradient(sizes, &planes, x, y, &mut w);
        if are_finite(&w) {
            return w;
        }
    }
    let channels = match tiles {
        Some(_) => sizes.inputs.div_ceil(PIECES).max(LEAST_CHANNELS),
        None => sizes.inputs.div_ceil(PIECES.div_ceil(sizes.groups)).max(LEAST_ROWS.div_ceil(taps)),
    };
    let channels = channels.min(sizes.inputs);
    let pieces = sizes.inputs.div_ceil(channels);
    let channels_of = |piece: usize| piece * channels..((piece + 1) * channels).min(sizes.inputs);
    let blocks = Blocks::new::<T>(sizes, channels * taps);
    let count = tiles.as_ref().map_or_else(|| blocks.count(), winograd::blocks::<T>);
    let parts = (PIECES / (sizes.groups * pieces)).clamp(1, count);
    let sums = parallel::collect(parts * sizes.groups * pieces, sizes.work::<T>(), |i| {
        let (part, i) = (i / (sizes.groups * pieces), i % (sizes.groups * pieces));
        let part = part * count / parts..(part + 1) * count / parts;
        let (group, channels) = (i / pieces, channels_of(i % pieces));
        match &tiles {
            Some(tiles) => winograd::weight_gradient_over(tiles, [x, y], group, &channels, part),
            None => sum_over(sizes, x, y, group, &channels, part.map(|i| blocks.block(i))),
        }
    });
    for (i, sum) in sums.iter().enumerate() {
        let (part, i) = (i / (sizes.groups * pieces), i % (sizes.groups * pieces));
        let (group, channels) = (i / pieces, channels_of(i % pieces));
        let cols = channels.len() * taps;
        for (o, sum) in sum.chunks(cols).enumerate() {
            let at = (group * sizes.outputs + o) * sizes.depth() + channels.start * taps;
            let dst = &mut w[at..at + cols];
            match part {
                0 => dst.copy_from_slice(sum),
                _ => dst.iter_mut().zip(sum).for_each(|(w, &x)| *w += x),
            }
        }
    }
    w
}

/// The gradient of the weight between all outputs of a group and some of its inputs, from some blocks.
fn sum_over<T: GemmElement + Arithmetic>(
    sizes: &Sizes,
    x: &[T],
    y: &[T],
    group: usize,
    channels: &Range<usize>,
    blocks: impl Iterator<Item = Block>,
) -> Buffer<T> {
    let cols = channels.len() * sizes.windows.taps();
    let mut sum = Buffer::recycled(sizes.outputs * cols);
    for (i, block) in blocks.enumerate() {
        let laid_out = sizes.laid_out(x, group, channels, &block);
        let windows = sizes.matrix(x, laid_out.as_deref(), group, channels, &block);
        let windows = Matrix { row_stride: windows.col_stride, col_stride: windows.row_stride, ..windows };
        let gathered = (block.images.len() > 1).then(|| gathered(sizes, y, group, &block));
        let cotangents = match &gathered {
            Some(data) => Matrix { data, offset: 0, row_stride: block.columns() as isize, col_stride: 1 },
            None => Matrix {
                data: y,
                offset: sizes.y_at(block.images.start, group, 0) + block.positions.start,
                row_stride: sizes.windows.output_len() as isize,
                col_stride: 1,
            },
        };
        let dst = Tile::of_matrix(&mut sum, sizes.outputs, cols);
        gemm::gemm_tile(block.columns(), dst, cotangents, windows, i > 0);
    }
    sum
}

/// The outputs of several images side by side.
fn gathered<T: GemmElement>(sizes: &Sizes, y: &[T], group: usize, block: &Block) -> Buffer<T> {
    let positions = sizes.windows.output_len();
    let mut matrix = Buffer::recycled(sizes.outputs * block.columns());
    for (o, row) in matrix.chunks_mut(block.columns()).enumerate() {
        for (image, row) in block.images.clone().zip(row.chunks_mut(positions)) {
            row.copy_from_slice(&y[sizes.y_at(image, group, o)..][..positions]);
        }
    }
    matrix
}
