//! Which tiles a convolution has, and how they are cut into blocks.

use super::{PRODUCTS, SIDE, TAPS};
use crate::kernels::{
    conv::{PIECES, Sizes},
    windows::{Axis, Windows},
};

/// Channels of a group, of the input and of the output, from which on the transforms are worth it: with 16 and 16, for 32 images of
/// 32 x 32 on one thread, 1.16 ms against 1.60 ms of the direct sum; with 8 it is a draw.
const LEAST_CHANNELS: usize = 16;
/// Tiles of a segment at most.
pub(super) const MOST_TILES: usize = 32;
/// The engine's step: columns of a block's matrices are a multiple of it.
pub(super) const COLUMN_STEP: usize = 16;
/// Bytes of a block's matrices, where few channels let them stay in a second cache of 1 MiB with the transformed weight.
const BLOCK_BYTES: usize = 512 << 10;
/// Tiles of a block at least: fewer, and each product waits for its weight to stream by. With 32, 48 and 96 a training step of the
/// yardstick's `resnet` took 4 to 5 % longer, though with 64 the matrices of 64 and 64 channels have 1.2 MB.
const LEAST_COLUMNS: usize = 64;
/// The same where there would be fewer pieces of work than `PIECES`: two steps of the engine.
const FEWEST_COLUMNS: usize = 32;
pub(super) const MOST_COLUMNS: usize = 128;

/// A convolution of 3 x 3 taps, one apart: `outputs` channels in each group of `output` elements, from `inputs` channels of `input`
/// elements; output `(i, j)` sees the inputs from `(i, j) - before` on, zero outside.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernels::conv) struct Tiles {
    pub(super) batch: usize,
    pub(super) groups: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) input: [usize; 2],
    pub(super) output: [usize; 2],
    pub(super) before: [usize; 2],
}

impl Tiles {
    /// A convolution as tiles, where they are the fastest way.
    pub(in crate::kernels::conv) fn forward(sizes: &Sizes) -> Option<Tiles> {
        let axes = axes(&sizes.windows)?;
        let Sizes { batch, groups, inputs, outputs, .. } = *sizes;
        let tiles = Tiles {
            batch,
            groups,
            inputs,
            outputs,
            input: axes.map(|axis| axis.input),
            output: axes.map(|axis| axis.output),
            before: axes.map(|axis| axis.before),
        };
        tiles.are_worth_it().then_some(tiles)
    }

    /// Its transpose in the input, which is a convolution with the taps turned round.
    pub(in crate::kernels::conv) fn transposed(sizes: &Sizes) -> Option<Tiles> {
        let axes = axes(&sizes.windows)?;
        let Sizes { batch, groups, inputs, outputs, .. } = *sizes;
        let tiles = Tiles {
            batch,
            groups,
            inputs: outputs,
            outputs: inputs,
            input: axes.map(|axis| axis.output),
            output: axes.map(|axis| axis.input),
            before: axes.map(|axis| 2 - axis.before),
        };
        tiles.are_worth_it().then_some(tiles)
    }

    /// Whether tiles save a third of the multiplications or more, which at the edges of small images may be wasted, and are enough to
    /// make up for the transform of the weight, and to fill a step of the engine.
    fn are_worth_it(&self) -> bool {
        let [rows, columns] = self.along();
        let outputs = self.output[0] * self.output[1];
        self.inputs.min(self.outputs) >= LEAST_CHANNELS
            && self.count() >= COLUMN_STEP
            && TAPS * outputs * 2 >= PRODUCTS * rows * columns * 3
    }

    /// Whether the transformed weight is larger than the transformed images, so that it is better made piece by piece than they.
    pub(in crate::kernels::conv) fn are_few(&self) -> bool {
        self.groups == 1 && self.count() <= self.outputs
    }

    /// Tiles of a channel, in all images.
    fn count(&self) -> usize {
        let [rows, columns] = self.along();
        self.batch * rows * columns
    }

    /// Tiles along each axis.
    pub(super) fn along(&self) -> [usize; 2] {
        self.output.map(|len| len.div_ceil(SIDE))
    }

    /// Where a channel of a group of an image begins in the input.
    pub(super) fn input_at(&self, image: usize, group: usize, channel: usize) -> usize {
        ((image * self.groups + group) * self.inputs + channel) * self.input[0] * self.input[1]
    }

    /// Where a channel of a group of an image begins in the output.
    pub(super) fn output_at(&self, image: usize, group: usize, channel: usize) -> usize {
        ((image * self.groups + group) * self.outputs + channel) * self.output[0] * self.output[1]
    }
}

/// The two axes, if there are no more, and each has three taps, one apart, at neighbouring windows.
fn axes(windows: &Windows) -> Option<[Axis; 2]> {
    let [depth, height, width] = windows.0;
    let fits = |axis: Axis| axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1 && axis.before <= 2;
    (depth == Axis::ABSENT && fits(height) && fits(width)).then_some([height, width])
}

/// Tiles that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) image: usize,
    /// Which row of tiles.
    pub(super) row: usize,
    /// The first tile in that row.
    pub(super) start: usize,
    pub(super) len: usize,
}

/// All tiles as segments, some of which are a block.
pub(super) struct Cut {
    segments: usize,
    each: usize,
    /// Rows of tiles in an image.
    rows: usize,
    /// Tiles in a row.
    columns: usize,
    segment_len: usize,
}

impl Cut {
    pub(super) fn new<T>(tiles: &Tiles) -> Cut {
        let [rows, columns] = tiles.along();
        let segment_len = columns.div_ceil(columns.div_ceil(MOST_TILES));
        let segments = tiles.batch * rows * columns.div_ceil(segment_len);
        let most = if tiles.are_few() {
            MOST_COLUMNS
        } else {
            let bytes_each = PRODUCTS * (tiles.inputs + tiles.outputs) * size_of::<T>();
            let columns_each = segments * segment_len * tiles.groups / PIECES;
            (BLOCK_BYTES / bytes_each).max(LEAST_COLUMNS).min(columns_each.max(FEWEST_COLUMNS)).min(MOST_COLUMNS)
        };
        let most = most / segment_len;
        // As many segments as fill whole steps of the engine best.
        let unused = |each: usize| (each * segment_len).next_multiple_of(COLUMN_STEP) * 1000 / (each * segment_len);
        let each = (most.div_ceil(2).max(1)..=most.max(1)).rev().min_by_key(|&each| unused(each)).unwrap_or(1);
        Cut { segments, each, rows, columns, segment_len }
    }

    pub(super) fn count(&self) -> usize {
        self.segments.div_ceil(self.each)
    }

    pub(super) fn block(&self, i: usize) -> Vec<Segment> {
        let in_a_row = self.columns.div_ceil(self.segment_len);
        let segment = |i: usize| {
            let (line, start) = (i / in_a_row, i % in_a_row * self.segment_len);
            let len = self.segment_len.min(self.columns - start);
            Segment { image: line / self.rows, row: line % self.rows, start, len }
        };
        (i * self.each..((i + 1) * self.each).min(self.segments)).map(segment).collect()
    }
}
