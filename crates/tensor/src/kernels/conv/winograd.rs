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
//! Tiles are taken block by block, so that a block's `V` and products stay in the second cache. Rounding grows to about that of
//! a sum term by term (the tests compare them). Smaller tiles would round better and save 2.25 times only; larger ones round
//! several times worse.

mod tiles;
mod transform;

#[cfg(test)]
mod tests;

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
        let row_stride = (PRODUCTS * COLUMNS) as isize;
        Matrix { data: &self.elements, offset: product * COLUMNS, row_stride, col_stride: 1 }
    }

    fn tile(&mut self, product: usize) -> Tile<'_, T> {
        let size = [self.channels, self.columns];
        Tile::of_rows(&mut self.elements, product * COLUMNS, size, PRODUCTS * COLUMNS)
    }
}

/// `G x G`, the matrix from the taps of a kernel to the elements of `U`.
fn taps_to_products<T: Math>() -> [T; PRODUCTS * TAPS] {
    let g = transform::taps_to_products::<T>();
    std::array::from_fn(|i| {
        let (product, tap) = (i / TAPS, i % TAPS);
        g[product / SEEN][tap / TAPS_ALONG] * g[product % SEEN][tap % TAPS_ALONG]
    })
}

/// `U` of all kernels: a matrix for each of its elements, in the order of the weight's first two axes.
fn transformed<T: GemmElement + Math>(w: &[T], turned_round: bool) -> Buffer<T> {
    let kernels = w.len() / TAPS;
    let mut to_products = taps_to_products::<T>();
    if turned_round {
        to_products.chunks_mut(TAPS).for_each(<[T]>::reverse);
    }
    let mut u = Buffer::recycled(PRODUCTS * kernels);
    let lhs = Matrix { data: &to_products, offset: 0, row_stride: TAPS as isize, col_stride: 1 };
    let rhs = Matrix { data: w, offset: 0, row_stride: 1, col_stride: TAPS as isize };
    gemm::gemm(PRODUCTS, kernels, TAPS, &mut u, lhs, rhs, false);
    u
}

/// The convolution, or with the weight turned round its transpose in `x`, from `x` to `y`; the weight has `outputs` in its
/// first axis, which are the channels of `y`, or of `x` when it is turned round.
pub(super) fn convolve<T: GemmElement + Math>(
    tiles: &Tiles,
    x: &[T],
    w: &[T],
    turned_round: bool,
    work: usize,
    y: &mut [T],
) {
    let u = transformed(w, turned_round);
    let (groups, pairs) = (tiles.groups, tiles.inputs * tiles.outputs);
    let weight = |product: usize, group: usize| {
        let offset = (product * groups + group) * pairs;
        let [row_stride, col_stride] = if turned_round { [1, tiles.outputs] } else { [tiles.inputs, 1] };
        Matrix { data: &u, offset, row_stride: row_stride as isize, col_stride: col_stride as isize }
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
        isa::dispatch_256(OutputsBack { tiles, y, group, segments: &segments, planes: &mut z });
        let count = segments.iter().map(|segment| segment.len).sum();
        for (product, u) in u.chunks_mut(pairs).enumerate() {
            let dst = Tile::of_matrix(u, tiles.outputs, channels.len());
            let v = v.matrix(product);
            let v = Matrix { row_stride: v.col_stride, col_stride: v.row_stride, ..v };
            gemm::gemm_tile(count, dst, z.matrix(product), v, i > 0);
        }
    }
    let mut w = Buffer::recycled(pairs * TAPS);
    let to_products = taps_to_products::<T>();
    let lhs = Matrix { data: &u, offset: 0, row_stride: 1, col_stride: pairs as isize };
    let rhs = Matrix { data: &to_products, offset: 0, row_stride: TAPS as isize, col_stride: 1 };
    gemm::gemm_tile(PRODUCTS, Tile::of_matrix(&mut w, pairs, TAPS), lhs, rhs, false);
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
    let count: usize = segments.iter().map(|segment| segment.len).sum();
    let mut planes = Planes::new(channels.len(), count.next_multiple_of(tiles::COLUMN_STEP));
    let rows = transform::rows(tiles, segments);
    isa::dispatch_256(Inputs { tiles, x, group, channels, rows: &rows, planes: &mut planes });
    planes
}
