//! Convolutions of 3 x 3 taps, one apart, with four times fewer multiplications: the algorithm F(4 x 4, 3 x 3) of Winograd, as in
//! Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
//!
//! A tile is 4 x 4 outputs and the 6 x 6 inputs that they see. With fixed matrices `A`, `B` and `G` (see `transform::lines`), a
//! tile `d` and taps `g`,
//!
//! ```text
//! y = A^T [U * V] A    where U = G g G^T, V = B^T d B, and * multiplies element by element
//! ```
//!
//! Summed over channels, each of the 36 elements of `U * V` is a product of matrices, `outputs x inputs` and
//! `inputs x tiles`, in which each element stands for four of those of the direct sum. The transposes are as cheap:
//! the gradient of the input is such a convolution with the taps turned round, and that of the weight is
//!
//! ```text
//! g_bar = G^T [sum over tiles of (A y_bar A^T) * V] G
//! ```
//!
//! Tiles are taken block by block, so that a block's `V` and products are used while they are in a near cache; where there are more channels than
//! tiles, the weight is taken piece by piece instead (`few`). An error is that of the greatest numbers of its tile: beside them it is
//! about twice that of a sum term by term (the tests compare), beside a small output more, and integers are not exact. What is not finite
//! makes NaN of its whole tile. Smaller tiles would round better and save 2.25 times only; larger ones round several times worse.

mod few;
mod tiles;
mod transform;
mod weights;

#[cfg(test)]
mod tests;

pub(super) use few::weight_gradient as weight_gradient_of_few;
pub(super) use tiles::Tiles;

use crate::{
    Buffer,
    kernels::{
        gemm::{self, GemmElement, Matrix, Shared, Tile},
        isa,
        math::Math,
        parallel,
    },
};
use std::ops::Range;
use tiles::{Cut, Segment};
use transform::{Inputs, Outputs, OutputsBack};

/// Outputs along a tile.
const SIDE: usize = 4;
/// Inputs that they see.
const SEEN: usize = SIDE + TAPS_ALONG - 1;
const TAPS_ALONG: usize = 3;
const TAPS: usize = TAPS_ALONG * TAPS_ALONG;
/// Elements of `V`: matrices of a block.
const PRODUCTS: usize = SEEN * SEEN;

/// Elements from one row of a block's matrices to the next: those of a vector may stand over.
const COLUMNS: usize = tiles::MOST_COLUMNS + transform::LANES;

/// Of one channel, a row of each of the matrices.
type Plane<T> = [[T; COLUMNS]; PRODUCTS];

/// The matrices of a block, a row for each channel and a column for each tile. The rows of a channel lie together, so
/// that the transforms, which write all of them, stay in the first cache.
struct Planes<T: crate::Element> {
    elements: Buffer<T>,
    channels: usize,
    /// How many of the columns are used.
    columns: usize,
}

impl<T: GemmElement> Planes<T> {
    fn new(channels: usize, columns: usize) -> Self {
        Planes { elements: Buffer::recycled(channels * PRODUCTS * COLUMNS), channels, columns }
    }

    fn each(&self) -> &[Plane<T>] {
        self.elements.as_chunks().0.as_chunks().0
    }

    fn each_mut(&mut self) -> &mut [Plane<T>] {
        self.elements.as_chunks_mut().0.as_chunks_mut().0
    }

    fn matrix(&self, product: usize) -> Matrix<'_, T> {
        self.matrix_from(product, 0)
    }

    /// The matrix without the rows before a channel.
    fn matrix_from(&self, product: usize, channel: usize) -> Matrix<'_, T> {
        let row = PRODUCTS * COLUMNS;
        Matrix {
            data: &self.elements,
            offset: channel * row + product * COLUMNS,
            row_stride: row as isize,
            col_stride: 1,
        }
    }

    fn tile(&mut self, product: usize) -> Tile<'_, T> {
        let size = [self.channels, self.columns];
        Tile::of_rows(&mut self.elements, product * COLUMNS, size, PRODUCTS * COLUMNS)
    }
}

/// The convolution, or with the weight turned round its transpose in `x`, from `x` to `y`; the weight has `outputs` in its
/// first axis, which are the channels of `y`, or of `x` when it is turned round. To each channel of `y` its bias is added.
pub(super) fn convolve<T: GemmElement + Math>(
    tiles: &Tiles,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    turned_round: bool,
    work: usize,
    y: &mut [T],
) {
    if tiles.are_few() {
        return few::convolve(tiles, x, w, bias, turned_round, work, y);
    }
    let u = weights::transformed(w, turned_round);
    let groups = tiles.groups;
    let weight = |product: usize, group: usize| {
        let strides = if turned_round { [1, tiles.outputs] } else { [tiles.inputs, 1] };
        u.matrix(product, group * tiles.outputs * tiles.inputs, strides)
    };
    let cut = Cut::new::<T>(tiles);
    let output = Shared::new(y);
    parallel::tasks(cut.count() * groups, work, |i| {
        let (segments, group) = (cut.block(i / groups), i % groups);
        let v = planes_of_inputs(tiles, x, group, &(0..tiles.inputs), &segments);
        let mut products = Planes::new(tiles.outputs, v.columns);
        for product in 0..PRODUCTS {
            gemm::gemm_tile(tiles.inputs, products.tile(product), weight(product, group), v.matrix(product), false);
        }
        // Tasks have different groups or segments, so that no other writes these outputs.
        isa::dispatch_256(Outputs {
            tiles,
            group,
            channels: &(0..tiles.outputs),
            bias: bias.map(|bias| &bias[group * tiles.outputs..][..tiles.outputs]),
            segments: &segments,
            planes: &products,
            y: &output,
        });
    });
}

/// The gradient of the weight between all outputs of a group and some of its inputs, from some blocks, as
/// `outputs x (inputs * taps)`.
pub(super) fn weight_gradient_over<T: GemmElement + Math>(
    tiles: &Tiles,
    [x, y]: [&[T]; 2],
    group: usize,
    channels: &Range<usize>,
    blocks: Range<usize>,
) -> Buffer<T> {
    let cut = Cut::new::<T>(tiles);
    let pairs = tiles.outputs * channels.len();
    let mut u = Buffer::recycled(PRODUCTS * pairs);
    for (i, block) in blocks.enumerate() {
        let segments = cut.block(block);
        let v = planes_of_inputs(tiles, x, group, channels, &segments);
        let mut z = Planes::new(tiles.outputs, v.columns);
        let columns = z.columns;
        let planes = z.each_mut();
        isa::dispatch_256(OutputsBack {
            tiles,
            y,
            group,
            channels: 0..tiles.outputs,
            segments: &segments,
            planes,
            columns,
        });
        let count = segments.iter().map(|segment| segment.len).sum();
        for (product, u) in u.chunks_mut(pairs).enumerate() {
            let dst = Tile::of_matrix(u, tiles.outputs, channels.len());
            gemm::gemm_tile(count, dst, z.matrix(product), v.matrix(product).transposed(), i > 0);
        }
    }
    let mut w = Buffer::recycled(pairs * TAPS);
    weights::back(&u, &mut w);
    w
}

/// How many blocks there are.
pub(super) fn blocks<T>(tiles: &Tiles) -> usize {
    Cut::new::<T>(tiles).count()
}

/// `V` of some channels of a block.
fn planes_of_inputs<T: GemmElement + Math>(
    tiles: &Tiles,
    x: &[T],
    group: usize,
    channels: &Range<usize>,
    segments: &[Segment],
) -> Planes<T> {
    let mut planes = Planes::new(channels.len(), columns(segments));
    let (rows, columns) = (transform::rows(tiles, segments), planes.columns);
    let channels = channels.clone();
    isa::dispatch_256(Inputs { tiles, x, group, channels, rows: &rows, planes: planes.each_mut(), columns });
    planes
}

/// Columns of the matrices of these tiles.
fn columns(segments: &[Segment]) -> usize {
    segments.iter().map(|segment| segment.len).sum::<usize>().next_multiple_of(tiles::COLUMN_STEP)
}
