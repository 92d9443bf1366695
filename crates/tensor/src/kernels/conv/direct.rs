//! Convolutions without a matrix of windows: sums over shifted lines of the image itself.
//!
//! A matrix of windows copies each element once for each element of the kernel, which only pays where many channels meet in a
//! product. Here a block of the image is copied once, with its padding (`planes`), and the terms of a sum are read from
//! there (`tile`). The transpose in `x` is such a sum too, that in the weight one over positions.

mod planes;
#[cfg(test)]
mod tests;
mod tile;

use super::{PIECES, Sizes};
use crate::{
    Buffer,
    kernels::{
        gemm::{Shared, Tile},
        parallel,
        windows::{Axis, copy_run},
    },
};
pub(super) use planes::Planes;
use planes::{Block, Line, Terms};
use std::ops::Range;
pub(crate) use tile::DirectElement;
use tile::{Offsets, ROWS, Rows, STEP, STRIP};

/// Bytes of a block to aim for: half of a second cache of 512 KiB.
const AIM_BYTES: usize = 256 << 10;
/// Bytes of a block at most, of lines that are so long or so many that fewer cannot be taken: some second caches.
const MOST_BYTES: usize = 2 << 20;
/// Pairs of an input and an output channel of a group whose planes stay in the second cache with any stride.
const FEW_PAIRS: usize = 256;

/// The planes for the sums over windows; none where a matrix of windows is better.
///
/// It is where each element is read once, where planes would be mostly padding, and where they would leave the caches.
pub(super) fn planes<T>(sizes: &Sizes) -> Option<Planes> {
    better::<T>(sizes, false, sizes.inputs, AIM_BYTES)
}

/// As [`planes`], for the transpose in `x`.
pub(super) fn planes_transposed<T>(sizes: &Sizes) -> Option<Planes> {
    better::<T>(sizes, true, sizes.outputs, AIM_BYTES)
}

/// As [`planes`], for the transpose in the weight: with a stride, the planes of many channels would leave the second cache, once for
/// each few outputs (3 x 3 of stride 2 from 64 to 128 channels took 11.1 ms instead of 5.9).
pub(super) fn planes_for_weights<T>(sizes: &Sizes) -> Option<Planes> {
    let few = sizes.inputs.saturating_mul(sizes.outputs) <= FEW_PAIRS;
    let fits = few || sizes.windows.0.iter().all(|axis| axis.stride == 1);
    // The outputs are laid out as well.
    let aim = AIM_BYTES / (sizes.inputs + sizes.outputs.min(4 * ROWS)).max(1) * sizes.inputs;
    fits.then(|| better::<T>(sizes, false, sizes.inputs, aim)).flatten()
}

fn better<T>(sizes: &Sizes, transposed: bool, channels: usize, aim: usize) -> Option<Planes> {
    let area = |side: fn(&Axis) -> usize| sizes.windows.0.iter().map(side).fold(1, usize::saturating_mul);
    if area(|axis| axis.kernel) <= area(|axis| axis.stride) {
        return None;
    }
    let planes = Planes::new(&sizes.windows, transposed, sizes.batch, channels, aim / size_of::<T>());
    // Positions computed in vain cost as much as others, so that with twice as many the products are better. Not so with one output for
    // each input: there a matrix of windows is laid out for a product of one row.
    let most_waste = if sizes.inputs * sizes.outputs == 1 { 16 } else { 2 };
    let (waste, block) = planes.costs();
    (waste <= most_waste && block.saturating_mul(size_of::<T>()) <= MOST_BYTES).then_some(planes)
}

/// A correlation of the channels of `source` with rows of weights for each phase of the target.
struct Correlation<'a, T> {
    planes: &'a Planes,
    /// What the sums of each target channel of all groups begin with, if it is not zero.
    bias: Option<&'a [T]>,
    sums: Vec<Sum<'a, T>>,
    groups: usize,
    /// Channels of a group.
    sources: usize,
    targets: usize,
    /// Elements of a channel.
    source_len: usize,
    target_len: usize,
}

/// What makes the target's elements of one phase.
struct Sum<'a, T> {
    terms: &'a Terms,
    /// Where the terms read, over all source channels of a group.
    offsets: Offsets,
    /// A row of weights for each target channel of all groups.
    weights: &'a [T],
}

pub(super) fn forward<T: DirectElement>(
    sizes: &Sizes,
    planes: &Planes,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    y: &mut [T],
) {
    let terms = planes.terms();
    let sum = |terms| Sum { terms, offsets: over_channels(planes, terms, sizes.inputs), weights: w };
    let correlation = Correlation {
        planes,
        bias,
        sums: terms.iter().map(sum).collect(),
        groups: sizes.groups,
        sources: sizes.inputs,
        targets: sizes.outputs,
        source_len: sizes.windows.input_len(),
        target_len: sizes.windows.output_len(),
    };
    correlation.run(x, y, sizes.work::<T>());
}

pub(super) fn input_gradient<T: DirectElement>(
    sizes: &Sizes,
    planes: &Planes,
    y: &[T],
    w: &[T],
    bias: Option<&[T]>,
    x: &mut [T],
) {
    let terms = planes.terms();
    let weights: Vec<Buffer<T>> = terms.iter().map(|terms| transposed(sizes, w, &terms.taps)).collect();
    let sum = |(terms, weights)| Sum { terms, offsets: over_channels(planes, terms, sizes.outputs), weights };
    let correlation = Correlation {
        planes,
        bias,
        sums: terms.iter().zip(weights.iter().map(|weights| &weights[..])).map(sum).collect(),
        groups: sizes.groups,
        sources: sizes.outputs,
        targets: sizes.inputs,
        source_len: sizes.windows.output_len(),
        target_len: sizes.windows.input_len(),
    };
    correlation.run(y, x, sizes.work::<T>());
}

/// Of some elements of the kernel, a row for each input channel, which goes over outputs and elements.
fn transposed<T: DirectElement>(sizes: &Sizes, w: &[T], taps: &[usize]) -> Buffer<T> {
    let mut rows = Buffer::recycled(sizes.groups * sizes.inputs * sizes.outputs * taps.len());
    if taps.is_empty() {
        return rows;
    }
    for (i, to) in rows.chunks_mut(taps.len()).enumerate() {
        let (input, output) = (i / sizes.outputs, i % sizes.outputs);
        let (group, channel) = (input / sizes.inputs, input % sizes.inputs);
        let kernel = &w[(group * sizes.outputs + output) * sizes.depth() + channel * sizes.windows.taps()..];
        to.iter_mut().zip(taps).for_each(|(to, &tap)| *to = kernel[tap]);
    }
    rows
}

/// Where the terms of all channels of a group read.
fn over_channels(planes: &Planes, terms: &Terms, channels: usize) -> Offsets {
    let of_channel = |channel: usize| terms.offsets.iter().map(move |offset| channel * planes.channel_len() + offset);
    Offsets::new((0..channels).flat_map(of_channel).collect())
}

impl<T: DirectElement> Correlation<'_, T> {
    fn run(&self, source: &[T], target: &mut [T], work: usize) {
        let (blocks, shared) = (self.planes.blocks(), Shared::new(target));
        let Cut { groups, pieces } = Cut::new(self.groups, self.targets, work, blocks);
        parallel::tasks(blocks * self.groups.div_ceil(groups) * pieces, work, |i| {
            let (i, piece) = (i / pieces, i % pieces);
            let block = self.planes.block(i % blocks);
            let first = i / blocks * groups;
            let rows = piece * self.targets / pieces..(piece + 1) * self.targets / pieces;
            let lines: Vec<Vec<Line>> = self.sums.iter().map(|sum| self.planes.lines(&block, sum.terms)).collect();
            let part = self.planes.targets(&block);
            let mut planes = Buffer::zeroed(self.planes.elements());
            for group in first..self.groups.min(first + groups) {
                let source_at =
                    |image, channel| ((image * self.groups + group) * self.sources + channel) * self.source_len;
                self.planes.lay_out(&block, source, source_at, &mut planes);
                let mut tiles: Vec<Tile<'_, T>> = block
                    .images
                    .clone()
                    .map(|image| {
                        let channel = (image * self.groups + group) * self.targets + rows.start;
                        let first = channel * self.target_len + part.start;
                        // SAFETY: the tile holds, of some channels of one group of one image, the elements that a block makes: all
                        // are in `target`. Tasks have different channels or blocks, and blocks no element of a channel in common.
                        unsafe { shared.tile(first, [rows.len(), part.len()], self.target_len) }
                    })
                    .collect();
                let channels = group * self.targets + rows.start..group * self.targets + rows.end;
                for (sum, lines) in self.sums.iter().zip(&lines) {
                    self.make(&channels, sum, &planes, lines, &mut tiles);
                }
            }
        });
    }

    /// A phase of some target channels, at the positions of the lines.
    fn make(&self, channels: &Range<usize>, sum: &Sum<'_, T>, planes: &[T], lines: &[Line], tiles: &mut [Tile<'_, T>]) {
        let (terms, w) = (&sum.offsets, &sum.weights[channels.start * sum.offsets.len()..]);
        let bias = self.bias.map(|bias| &bias[channels.clone()]);
        let Some(end) = lines.last().map(Line::end) else { return };
        let (mut rest, mut strip) = (lines, [[T::default(); STRIP]; ROWS]);
        for start in (lines[0].position..end).step_by(STRIP) {
            let positions = start..end.min(start + STRIP);
            rest = &rest[rest.partition_point(|line| line.end() <= start)..];
            let lines = &rest[..rest.partition_point(|line| line.position < positions.end)];
            if lines.is_empty() {
                continue;
            }
            for first in (0..channels.len()).step_by(ROWS) {
                let (w, count) =
                    (Rows { elements: &w[first * terms.len()..], stride: terms.len() }, channels.len() - first);
                let mut begin = [T::default(); ROWS];
                if let Some(bias) = bias {
                    begin.iter_mut().zip(&bias[first..]).for_each(|(begin, &bias)| *begin = bias);
                }
                let (x, len) = (&planes[start..], positions.len());
                match count {
                    1 => T::sums::<1>(&begin, w, terms, x, len, &mut strip),
                    2 => T::sums::<2>(&begin, w, terms, x, len, &mut strip),
                    3 => T::sums::<3>(&begin, w, terms, x, len, &mut strip),
                    _ => T::sums::<ROWS>(&begin, w, terms, x, len, &mut strip),
                }
                for (r, sums) in strip.iter().enumerate().take(count) {
                    for line in lines {
                        line.copy(sums, &positions, self.planes.step(), tiles[line.image].row(first + r));
                    }
                }
            }
        }
    }
}

impl Line {
    fn end(&self) -> usize {
        self.position + self.len
    }

    /// Copies what `sums`, at some positions, have of the line.
    #[inline]
    fn copy<T: DirectElement>(&self, sums: &[T], positions: &Range<usize>, step: usize, target: &mut [T]) {
        let (start, end) = (self.position.max(positions.start), self.end().min(positions.end));
        let sums = &sums[start - positions.start..end - positions.start];
        let target = &mut target[self.at + (start - self.position) * step..];
        if step == 1 {
            copy_run(&mut target[..sums.len()], sums);
        } else {
            target.iter_mut().step_by(step).zip(sums).for_each(|(y, &sum)| *y = sum);
        }
    }
}

/// `w_bar[o, c, t] = sum over images n and positions of y_bar[n, o] x[n, c, window]`.
///
/// A task has some groups, or some outputs of a group, and all blocks or, where that makes too few tasks, a part of them.
pub(super) fn weight_gradient<T: DirectElement>(sizes: &Sizes, planes: &Planes, x: &[T], y: &[T], w: &mut [T]) {
    let terms = planes.terms().swap_remove(0);
    let offsets = over_channels(planes, &terms, sizes.inputs);
    let blocks: Vec<(Block, Vec<Line>)> = (0..planes.blocks())
        .map(|i| planes.block(i))
        .map(|block| (block.clone(), planes.lines(&block, &terms)))
        .collect();
    let Cut { groups, pieces } = Cut::new(sizes.groups, sizes.outputs, sizes.work::<T>(), 1);
    let parts = (PIECES / (sizes.groups.div_ceil(groups) * pieces)).clamp(1, blocks.len());
    let gradient = WeightGradient { sizes, planes, offsets, x, y };
    let mut others = Buffer::recycled((parts - 1) * w.len());
    let mut sums = vec![Shared::new(w)];
    sums.extend(others.chunks_mut(sizes.weight_len()).map(Shared::new));
    parallel::tasks(parts * sizes.groups.div_ceil(groups) * pieces, sizes.work::<T>(), |i| {
        let (i, part) = (i / parts, i % parts);
        let blocks = &blocks[part * blocks.len() / parts..(part + 1) * blocks.len() / parts];
        let (first, piece) = (i / pieces * groups, i % pieces);
        let outputs = piece * sizes.outputs / pieces..(piece + 1) * sizes.outputs / pieces;
        let groups = first..sizes.groups.min(first + groups);
        let (at, count) = (first * sizes.outputs + outputs.start, groups.len() * outputs.len());
        // SAFETY: these rows are in `w`, and follow each other: they are those of whole groups, or some of one group. Tasks of one part
        // have different groups, or different outputs of one.
        let mut rows = unsafe { sums[part].tile(at * sizes.depth(), [1, count * sizes.depth()], sizes.weight_len()) };
        gradient.over(groups, outputs, blocks, rows.row(0));
    });
    for other in others.chunks(sizes.weight_len()) {
        w.iter_mut().zip(other).for_each(|(w, &x)| *w += x);
    }
}

struct WeightGradient<'a, T> {
    sizes: &'a Sizes,
    planes: &'a Planes,
    offsets: Offsets,
    x: &'a [T],
    y: &'a [T],
}

impl<T: DirectElement> WeightGradient<'_, T> {
    /// The sums over some blocks, for some outputs of each of some groups.
    fn over(&self, groups: Range<usize>, outputs: Range<usize>, blocks: &[(Block, Vec<Line>)], w: &mut [T]) {
        let WeightGradient { sizes, planes, offsets, .. } = self;
        let terms = offsets.len();
        let len = planes.plane_len().next_multiple_of(STEP);
        let mut windows = Buffer::recycled(planes.elements());
        let mut cotangents = Buffer::recycled(outputs.len() * len);
        w.fill(T::default());
        for (block, lines) in blocks {
            // Between the lines, where the windows may have elements of other lines, the cotangents are zero.
            windows.fill(T::default());
            cotangents.fill(T::default());
            let used = lines.last().map_or(0, Line::end).next_multiple_of(STEP);
            for (group, w) in groups.clone().zip(w.chunks_mut(outputs.len() * terms)) {
                planes.lay_out(block, self.x, |image, channel| sizes.x_at(image, group, channel), &mut windows);
                let first = planes.targets(block).start;
                for (output, to) in outputs.clone().zip(cotangents.chunks_mut(len)) {
                    for line in lines {
                        let at = sizes.y_at(block.images.start + line.image, group, output) + first + line.at;
                        copy_run(&mut to[line.position..][..line.len], &self.y[at..at + line.len]);
                    }
                }
                for (i, sums) in w.chunks_mut(ROWS * terms).enumerate() {
                    let rows = Rows { elements: &cotangents[i * ROWS * len..], stride: len };
                    match sums.len() / terms {
                        1 => T::products::<1>(rows, used, offsets, &windows, sums),
                        2 => T::products::<2>(rows, used, offsets, &windows, sums),
                        3 => T::products::<3>(rows, used, offsets, &windows, sums),
                        _ => T::products::<ROWS>(rows, used, offsets, &windows, sums),
                    }
                }
            }
        }
    }
}

/// How groups and their target channels are dealt out to tasks: several groups to one, or one's channels to several.
struct Cut {
    /// Groups of a task.
    groups: usize,
    /// Tasks of a group.
    pieces: usize,
}

impl Cut {
    /// For each of some blocks; `work` estimates the nanoseconds of it all.
    fn new(groups: usize, targets: usize, work: usize, blocks: usize) -> Cut {
        // Tasks lay out planes of their own, and look for lines, which takes some microseconds; where groups are small, the estimate is
        // several times too high. With a tenth of this, depthwise 3 x 3 of stride 2 took 1.0 ms instead of 0.8, of 7 x 7 0.25 instead of 0.20.
        const LEAST_WORK: usize = 100_000;
        let tasks = blocks * groups;
        let pieces = PIECES.div_ceil(tasks).min(targets.div_ceil(4 * ROWS));
        let each = (LEAST_WORK * tasks / work.max(1)).clamp(1, groups.div_ceil(PIECES.div_ceil(blocks)));
        debug_assert!(each == 1 || pieces == 1, "a task has whole groups, or a part of one");
        Cut { groups: each, pieces }
    }
}
