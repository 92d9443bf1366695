//! Convolutions as products of matrices: for each image and group, with the weight as `outputs x (inputs * taps)`,
//!
//! ```text
//! y = weight * windows(x)      x_bar = windows^T(weight^T * y_bar)      weight_bar = y_bar * windows(x)^T
//! ```
//!
//! The matrix of windows is never whole in memory: it is laid out block by block, each for one thread and small enough for its
//! second cache. Convolutions of one element are products of the image itself. Most others read the
//! image, padded, in place (`direct`), but where windows do not overlap; those of 3 x 3 elements with many channels need fewer
//! multiplications (`winograd`).
//!
//! How the work is cut depends on the sizes alone, and sums are added in a fixed order.

mod direct;
mod input_gradient;
mod weight_gradient;
mod winograd;

pub(crate) use direct::DirectElement;
pub(crate) use input_gradient::input_gradient;
pub(crate) use weight_gradient::weight_gradient;

use crate::{
    Buffer,
    kernels::{
        arithmetic::Arithmetic,
        gemm::{self, GemmElement, Matrix, Shared, Tile},
        parallel,
        windows::Windows,
    },
};
use std::ops::Range;
use winograd::Tiles;

/// Bytes of the matrix of windows that are laid out at a time: with what the product makes of them they stay in a second
/// cache of 1 MiB.
const BLOCK_BYTES: usize = 256 << 10;
/// Columns of a block at least: fewer, and the product waits for the weight to stream by.
const LEAST_COLUMNS: usize = 64;
/// Columns that images with fewer positions than that are gathered to.
const GATHERED_COLUMNS: usize = 128;
/// The engine's step: columns of a block are a multiple of it.
const COLUMN_STEP: usize = 16;
/// Elements of a weight that are looked at together.
const FINITE_CHUNK: usize = 1 << 16;
/// Pieces of work to aim for: enough for the threads of a desktop processor.
const PIECES: usize = 16;

/// The sizes of a convolution; `x` is `[batch, groups, inputs, ..]`, `y` is `[batch, groups, outputs, ..]`, the weight is
/// `[groups, outputs, inputs, taps]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) groups: usize,
    /// Channels of `x` in a group.
    pub(crate) inputs: usize,
    /// Channels of `y` in a group.
    pub(crate) outputs: usize,
    pub(crate) windows: Windows,
}

/// Some columns of the matrix of windows: positions of one image, or all of several images.
struct Block {
    images: Range<usize>,
    positions: Range<usize>,
}

impl Block {
    fn columns(&self) -> usize {
        self.images.len() * self.positions.len()
    }
}

/// A cut of all images into blocks.
struct Blocks {
    batch: usize,
    positions: usize,
    images_each: usize,
    positions_each: usize,
}

impl Blocks {
    /// Blocks of a matrix of windows with this many rows.
    fn new<T>(sizes: &Sizes, rows: usize) -> Blocks {
        let positions = sizes.windows.output_len();
        let columns = (BLOCK_BYTES / (rows.max(1) * size_of::<T>())).max(LEAST_COLUMNS);
        let (images_each, positions_each) = if positions < LEAST_COLUMNS {
            (GATHERED_COLUMNS / positions, positions)
        } else {
            let pieces = positions.div_ceil(columns);
            (1, positions.div_ceil(pieces).next_multiple_of(COLUMN_STEP).min(positions))
        };
        Blocks { batch: sizes.batch, positions, images_each, positions_each }
    }

    fn in_an_image(&self) -> usize {
        self.positions.div_ceil(self.positions_each)
    }

    fn count(&self) -> usize {
        self.batch.div_ceil(self.images_each) * self.in_an_image()
    }

    fn block(&self, i: usize) -> Block {
        let (image, piece) = (i / self.in_an_image() * self.images_each, i % self.in_an_image());
        let start = piece * self.positions_each;
        Block {
            images: image..(image + self.images_each).min(self.batch),
            positions: start..(start + self.positions_each).min(self.positions),
        }
    }
}

impl Sizes {
    pub(crate) fn x_len(&self) -> usize {
        self.batch * self.groups * self.inputs * self.windows.input_len()
    }

    pub(crate) fn y_len(&self) -> usize {
        self.batch * self.groups * self.outputs * self.windows.output_len()
    }

    pub(crate) fn weight_len(&self) -> usize {
        self.groups * self.outputs * self.depth()
    }

    /// The elements that one output sums over: the rows of the matrix of windows.
    fn depth(&self) -> usize {
        self.inputs * self.windows.taps()
    }

    /// Where a channel of a group of an image begins in `x`.
    fn x_at(&self, image: usize, group: usize, channel: usize) -> usize {
        ((image * self.groups + group) * self.inputs + channel) * self.windows.input_len()
    }

    /// Where a channel of a group of an image begins in `y`.
    fn y_at(&self, image: usize, group: usize, channel: usize) -> usize {
        ((image * self.groups + group) * self.outputs + channel) * self.windows.output_len()
    }

    /// Estimated nanoseconds: 57 steps of four bytes a nanosecond for the product, as in `gemm`, and a quarter of the
    /// speed of copying memory for the windows.
    fn work<T>(&self) -> usize {
        let windows = self.batch.saturating_mul(self.groups * self.depth()).saturating_mul(self.windows.output_len());
        (windows.saturating_mul(self.outputs) / 228).saturating_mul(size_of::<T>()).saturating_add(windows)
    }

    /// The windows of some channels of a group in a block, in storage of their own; `None` where the image itself is the matrix.
    fn laid_out<T: GemmElement + Arithmetic>(
        &self,
        x: &[T],
        group: usize,
        channels: &Range<usize>,
        block: &Block,
    ) -> Option<Buffer<T>> {
        if self.windows.are_elements() && block.images.len() == 1 {
            return None;
        }
        let columns = block.columns();
        let mut matrix = Buffer::recycled(channels.len() * self.windows.taps() * columns);
        for (i, image) in block.images.clone().enumerate() {
            let channels = self.x_at(image, group, channels.start)..self.x_at(image, group, channels.end);
            let offset = i * block.positions.len();
            self.windows.columns(&x[channels], block.positions.clone(), &mut matrix, columns, offset);
        }
        Some(matrix)
    }

    /// The matrix of windows of `channels` in a block: as laid out, or the image itself.
    fn matrix<'a, T>(
        &self,
        x: &'a [T],
        laid_out: Option<&'a [T]>,
        group: usize,
        channels: &Range<usize>,
        block: &Block,
    ) -> Matrix<'a, T> {
        match laid_out {
            Some(data) => Matrix { data, offset: 0, row_stride: block.columns() as isize, col_stride: 1 },
            None => Matrix {
                data: x,
                offset: self.x_at(block.images.start, group, channels.start) + block.positions.start,
                row_stride: self.windows.input_len() as isize,
                col_stride: 1,
            },
        }
    }

    /// The weight of a group, from one input channel on, as `outputs x (inputs * taps)`.
    fn weight<'a, T>(&self, w: &'a [T], group: usize, channel: usize) -> Matrix<'a, T> {
        let offset = group * self.outputs * self.depth() + channel * self.windows.taps();
        Matrix { data: w, offset, row_stride: self.depth() as isize, col_stride: 1 }
    }
}

/// Fills channels of `len` elements each with its bias, which go round again for the next image, or with zeros.
fn fill_channels<T: GemmElement>(channels: &mut [T], len: usize, bias: Option<&[T]>) {
    match bias {
        None => channels.fill(T::default()),
        Some(bias) => channels.chunks_mut(len).zip(bias.iter().cycle()).for_each(|(channel, &bias)| channel.fill(bias)),
    }
}

/// Whether all are finite. What is infinite or NaN must not meet padding, what lies between two lines, or the other outputs of a tile:
/// the way of a matrix of windows is taken then.
fn are_finite<T: DirectElement>(elements: &[T]) -> bool {
    let zero = T::default();
    let chunks = elements.len().div_ceil(FINITE_CHUNK);
    // 0.2 ns an element, as of memory.
    let chunks = parallel::collect(chunks, elements.len() / 5, |i| {
        let chunk = &elements[i * FINITE_CHUNK..elements.len().min((i + 1) * FINITE_CHUNK)];
        chunk.iter().fold(true, |finite, &x| finite & (x * zero == zero))
    });
    chunks.into_iter().all(|finite| finite)
}

/// `y[n, o] = bias[o] + sum over inputs c and taps t of w[o, c, t] x[n, c, window]`; without a bias, the sums alone.
pub(crate) fn forward<T: DirectElement + Arithmetic>(sizes: &Sizes, x: &[T], w: &[T], bias: Option<&[T]>) -> Buffer<T> {
    assert_eq!([x.len(), w.len()], [sizes.x_len(), sizes.weight_len()], "conv: x and w have these sizes: {sizes:?}");
    assert!(bias.is_none_or(|bias| bias.len() == sizes.groups * sizes.outputs), "conv: a bias for each output");
    let mut y = Buffer::recycled(sizes.y_len());
    if y.is_empty() {
        return y;
    }
    if sizes.depth() == 0 {
        fill_channels(&mut y, sizes.windows.output_len(), bias);
        return y;
    }
    if let Some(tiles) = Tiles::forward(sizes).filter(|_| are_finite(w)) {
        winograd::convolve(&tiles, x, w, bias, false, sizes.work::<T>(), &mut y);
        return y;
    }
    if let Some(planes) = direct::planes::<T>(sizes).filter(|_| are_finite(w)) {
        direct::forward(sizes, &planes, x, w, bias, &mut y);
        return y;
    }
    let (channels, positions) = (0..sizes.inputs, sizes.windows.output_len());
    let blocks = Blocks::new::<T>(sizes, sizes.depth());
    let output = Shared::new(&mut y);
    parallel::tasks(blocks.count() * sizes.groups, sizes.work::<T>(), |i| {
        let (block, group) = (blocks.block(i / sizes.groups), i % sizes.groups);
        let laid_out = sizes.laid_out(x, group, &channels, &block);
        let columns = sizes.matrix(x, laid_out.as_deref(), group, &channels, &block);
        let weight = sizes.weight(w, group, 0);
        let bias = bias.map(|bias| &bias[group * sizes.outputs..][..sizes.outputs]);
        // SAFETY: the tile holds `outputs` rows, `positions` apart, of one group of one image, and of each row the positions of a
        // block: all are in `y`. Tasks have different groups or blocks, and blocks no position of an image in
        // common, so that no other tile holds one of these elements.
        let tile = |image: usize, columns: Range<usize>| unsafe {
            let first = sizes.y_at(image, group, 0) + columns.start;
            output.tile(first, [sizes.outputs, columns.len()], positions)
        };
        if block.images.len() == 1 {
            let mut dst = tile(block.images.start, block.positions.clone());
            if let Some(bias) = bias {
                bias.iter().enumerate().for_each(|(o, &bias)| dst.row(o).fill(bias));
            }
            return gemm::gemm_tile(sizes.depth(), dst, weight, columns, bias.is_some());
        }
        let mut product = Buffer::recycled(sizes.outputs * block.columns());
        if bias.is_some() {
            fill_channels(&mut product, block.columns(), bias);
        }
        let dst = Tile::of_matrix(&mut product, sizes.outputs, block.columns());
        gemm::gemm_tile(sizes.depth(), dst, weight, columns, bias.is_some());
        for (i, image) in block.images.clone().enumerate() {
            let mut dst = tile(image, 0..positions);
            for (o, row) in product.chunks(block.columns()).enumerate() {
                dst.row(o).copy_from_slice(&row[i * positions..(i + 1) * positions]);
            }
        }
    });
    y
}
