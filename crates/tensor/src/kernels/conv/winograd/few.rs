//! Where there are fewer tiles than channels, as in the last layers of a network. The transformed weight is then the largest of all matrices: it
//! is made piece by piece, each for some outputs, and used at once. The images are transformed once, whole.

use super::{
    PRODUCTS, Planes, TAPS,
    tiles::{Cut, Segment, Tiles},
    transform::{Inputs, Outputs, OutputsBack, rows},
    weights::{self, Kernels},
};
use crate::{
    Buffer,
    kernels::{
        gemm::{self, GemmElement, Shared, Tile},
        isa,
        math::Math,
        parallel,
    },
};
use std::ops::Range;

/// Outputs of a piece: two steps of the engine. With 512 inputs its weight has 2.4 MB; with 16 outputs, and half of that, eight images of 7 x 7
/// took 14.7 ms instead of 11.8 on one thread, and their gradient 10.7 instead of 12.6.
const PIECE: usize = 32;
/// Channels whose tiles are transformed by one thread at a time: of 512, sixteen pieces of work.
const CHANNELS: usize = 32;

/// `V` of some tiles, or `Z`.
struct Block<T: crate::Element> {
    segments: Vec<Segment>,
    planes: Planes<T>,
}

/// `V` of all inputs.
fn inputs<T: GemmElement + Math>(tiles: &Tiles, x: &[T], work: usize) -> Vec<Block<T>> {
    each_block::<T>(tiles, tiles.inputs, work, |segments, planes, columns, channels| {
        let rows = rows(tiles, segments);
        isa::dispatch_256(Inputs { tiles, x, group: 0, channels, rows: &rows, planes, columns });
    })
}

/// `Z` of all outputs.
fn outputs_back<T: GemmElement + Math>(tiles: &Tiles, y: &[T], work: usize) -> Vec<Block<T>> {
    each_block::<T>(tiles, tiles.outputs, work, |segments, planes, columns, channels| {
        isa::dispatch_256(OutputsBack { tiles, y, group: 0, channels, segments, planes, columns });
    })
}

fn each_block<T: GemmElement>(
    tiles: &Tiles,
    channels: usize,
    work: usize,
    fill: impl Fn(&[Segment], &mut [super::Plane<T>], usize, Range<usize>) + Sync,
) -> Vec<Block<T>> {
    let cut = Cut::new::<T>(tiles);
    let block = |i: usize| {
        let segments = cut.block(i);
        let mut planes = Planes::new(channels, super::columns(&segments));
        let columns = planes.columns;
        parallel::chunks(planes.each_mut(), CHANNELS, work, |i, planes| {
            let first = i * CHANNELS;
            fill(&segments, planes, columns, first..first + planes.len());
        });
        Block { segments, planes }
    };
    (0..cut.count()).map(block).collect()
}

/// As [`super::convolve`].
pub(super) fn convolve<T: GemmElement + Math>(
    tiles: &Tiles,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    turned_round: bool,
    work: usize,
    y: &mut [T],
) {
    let output = Shared::new(y);
    let blocks = inputs(tiles, x, work);
    parallel::tasks(tiles.outputs.div_ceil(PIECE), work, |i| {
        let outputs = i * PIECE..tiles.outputs.min((i + 1) * PIECE);
        let (kernels, strides) = if turned_round {
            let (run, runs) = (outputs.len(), tiles.inputs);
            (Kernels { first: outputs.start, run, runs, stride: tiles.outputs }, [1, run])
        } else {
            let run = outputs.len() * tiles.inputs;
            (Kernels { first: outputs.start * tiles.inputs, run, runs: 1, stride: run }, [tiles.inputs, 1])
        };
        let bias = bias.map(|bias| &bias[outputs.clone()]);
        let u = weights::transformed_part(w, kernels, turned_round);
        for Block { segments, planes: v } in &blocks {
            let mut products = Planes::new(outputs.len(), v.columns);
            for product in 0..PRODUCTS {
                let weight = u.matrix(product, 0, strides);
                gemm::gemm_tile(tiles.inputs, products.tile(product), weight, v.matrix(product), false);
            }
            // Tasks have outputs of their own, so that no other writes these.
            isa::dispatch_256(Outputs {
                tiles,
                group: 0,
                channels: &outputs,
                bias,
                segments,
                planes: &products,
                y: &output,
            });
        }
    });
}

/// The gradient of the weight.
pub(in crate::kernels::conv) fn weight_gradient<T: GemmElement + Math>(
    tiles: &Tiles,
    [x, y]: [&[T]; 2],
    work: usize,
    w: &mut [T],
) {
    let (v, z) = (inputs(tiles, x, work), outputs_back(tiles, y, work));
    parallel::chunks(w, PIECE * tiles.inputs * TAPS, work, |i, w| {
        let (first, pairs) = (i * PIECE, w.len() / TAPS);
        let mut u = Buffer::recycled(PRODUCTS * pairs);
        for (i, (v, z)) in v.iter().zip(&z).enumerate() {
            let count = v.segments.iter().map(|segment| segment.len).sum();
            for (product, u) in u.chunks_mut(pairs).enumerate() {
                let dst = Tile::of_matrix(u, pairs / tiles.inputs, tiles.inputs);
                let z = z.planes.matrix_from(product, first);
                gemm::gemm_tile(count, dst, z, v.planes.matrix(product).transposed(), i > 0);
            }
        }
        weights::back(&u, w);
    });
}
