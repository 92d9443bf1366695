//! Images in padded planes, where each element of a kernel reads a shifted copy of the same line.
//!
//! ```text
//! target[cell] = sum over terms of weight * planes[offset of the term + cell]
//! ```
//!
//! Lines of a plane are so long that a shift never leaves them wrongly: cells between the lines of the target are computed too,
//! and dropped. With a stride, every `stride`-th element of the image makes a plane of its own; in the transpose, every
//! `stride`-th element of the target is such a sum of its own, with the terms that reach it.

use super::tile::STEP;
use crate::{
    Element,
    kernels::{
        isa::{self, Kernel},
        windows::{self, Windows},
    },
};
use std::ops::Range;

/// One axis. The source's element at place `l` of a plane is `(cell + l) * split + phase - lead`, where the first cell is `cell`; what
/// cell `i` of a phase makes is the target's element `i * join + phase - trail`.
#[derive(Clone, Copy, Debug)]
struct Axis {
    transposed: bool,
    source: usize,
    target: usize,
    split: usize,
    join: usize,
    lead: usize,
    trail: usize,
    /// The first cell that makes an element of the target, and how many there are.
    first: usize,
    cells: usize,
    /// The greatest shift of an element of the kernel.
    reach: usize,
    kernel: usize,
    dilation: usize,
}

impl Axis {
    fn forward(axis: windows::Axis) -> Axis {
        let windows::Axis { input, kernel, output, stride, dilation, before } = axis;
        let reach = (kernel - 1) * dilation / stride;
        Axis {
            transposed: false,
            source: input,
            target: output,
            split: stride,
            join: 1,
            lead: before,
            trail: 0,
            first: 0,
            cells: output,
            reach,
            kernel,
            dilation,
        }
    }

    fn transposed(axis: windows::Axis) -> Axis {
        let windows::Axis { input, kernel, output, stride, dilation, before } = axis;
        let (reach, first) = ((kernel - 1) * dilation / stride, before / stride);
        let cells = (input - 1 + before) / stride + 1 - first;
        Axis {
            transposed: true,
            source: output,
            target: input,
            split: 1,
            join: stride,
            lead: reach,
            trail: before,
            first,
            cells,
            reach,
            kernel,
            dilation,
        }
    }

    /// The phase and the place that an element of the kernel reads, relative to the cell.
    fn tap(self, tap: usize) -> (usize, usize) {
        let (stride, at) = (self.split * self.join, tap * self.dilation);
        let shift = at / stride;
        (at % stride, if self.transposed { self.reach - shift } else { shift })
    }

    /// The places of a plane of `len` that lie in the source, when the first cell is `cell`.
    fn places(self, cell: usize, phase: usize, len: usize) -> Range<usize> {
        let place =
            |source: usize| (source + self.lead).saturating_sub(phase).div_ceil(self.split).saturating_sub(cell);
        let (start, end) = (place(0).min(len), place(self.source).min(len));
        start.min(end)..end
    }

    /// The least length of a line in whose planes of these phases what is read beyond its end is the beginning of the next: both are
    /// padding.
    fn len(self, phases: impl Iterator<Item = usize>) -> usize {
        let len = self.cells + self.reach;
        let places = phases.map(|phase| self.places(self.first, phase, len)).filter(|places| !places.is_empty());
        let (start, end) = places.fold((len, 0), |(start, end), places| (start.min(places.start), end.max(places.end)));
        self.cells.max(end).max(len - start)
    }

    fn source_at(self, cell: usize, phase: usize, place: usize) -> usize {
        (cell + place) * self.split + phase - self.lead
    }

    /// Those of some cells that make an element of the target.
    fn cells_inside(self, cells: Range<usize>, phase: usize) -> Range<usize> {
        let cell = |target: usize| (target + self.trail).saturating_sub(phase).div_ceil(self.join);
        let (start, end) = (cells.start.max(cell(0)), cells.end.min(cell(self.target)));
        start.min(end)..end
    }

    fn target_at(self, cell: usize, phase: usize) -> usize {
        cell * self.join + phase - self.trail
    }
}

/// The terms that make the target's elements of one phase.
pub(super) struct Terms {
    phase: [usize; 3],
    /// The elements of the kernel, and where each reads in a channel's planes.
    pub(super) taps: Vec<usize>,
    pub(super) offsets: Vec<usize>,
}

/// Some images, and some cells of the axis that is cut.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) images: Range<usize>,
    band: Range<usize>,
}

/// A line of the target: its cells from a position in the planes on, and where it begins in the block's part of an image.
pub(super) struct Line {
    pub(super) image: usize,
    pub(super) position: usize,
    pub(super) at: usize,
    pub(super) len: usize,
}

/// How the windows of a convolution, or their transpose, are cut into blocks, and how a block lies in memory.
pub(in crate::kernels::conv) struct Planes {
    transposed: bool,
    axes: [Axis; 3],
    /// The axis that is cut, the outermost along which the target has more than one element, and into how many cells.
    cut: usize,
    band: usize,
    channels: usize,
    batch: usize,
    images: usize,
    /// Lengths of one image's plane.
    lens: [usize; 3],
    /// The source's phases that some term reads, each a plane.
    phases: Vec<[usize; 3]>,
}

/// Each element of the kernel: its number, its phase, and its places.
fn taps(axes: &[Axis; 3]) -> impl Iterator<Item = (usize, [usize; 3], [usize; 3])> {
    let [depth, height, width] = *axes;
    (0..depth.kernel * height.kernel * width.kernel).map(move |tap| {
        let (d, h, w) = (tap / width.kernel / height.kernel, tap / width.kernel % height.kernel, tap % width.kernel);
        let [d, h, w] = [depth.tap(d), height.tap(h), width.tap(w)];
        (tap, [d.0, h.0, w.0], [d.1, h.1, w.1])
    })
}

/// Cells of a block to aim for, where images are smaller than that: some tiles.
const GATHERED: usize = 256;

impl Planes {
    /// For the windows' sums, or for their transpose, of `channels` channels, in blocks of some `aim` elements: not less than
    /// some lines of the axis that is cut.
    pub(super) fn new(windows: &Windows, transposed: bool, batch: usize, channels: usize, aim: usize) -> Planes {
        let mut axes = windows.0;
        // Where the last axis is not there, lines are those of the last that is.
        axes.sort_by_key(|axis| *axis != windows::Axis::ABSENT);
        let axes = axes.map(if transposed { Axis::transposed } else { Axis::forward });
        let phases = if transposed {
            vec![[0; 3]]
        } else {
            let mut phases: Vec<[usize; 3]> = taps(&axes).map(|(_, phase, _)| phase).collect();
            phases.sort_unstable();
            phases.dedup();
            phases
        };
        let mut lens: [usize; 3] = std::array::from_fn(|i| axes[i].len(phases.iter().map(|phase| phase[i])));
        let cut = axes.iter().position(|axis| axis.target > 1).unwrap_or(2);
        let Axis { reach, cells, .. } = axes[cut];
        let of_line = (0..3).filter(|&i| i != cut).fold(channels * phases.len(), |n, i| n.saturating_mul(lens[i]));
        let lines = aim / of_line.max(1);
        let (mut band, mut images) = (cells, 1);
        if lines >= lens[cut] {
            let of_image: usize = axes.iter().map(|axis| axis.cells).product();
            images = (lines / lens[cut]).min(GATHERED.div_ceil(of_image)).clamp(1, batch.max(1));
        } else {
            // Lines that two bands share are laid out twice: a band has at least as many of its own.
            band = lines.saturating_sub(reach).max(reach).clamp(1, cells);
            band = cells.div_ceil(cells.div_ceil(band));
            lens[cut] = band + reach;
        }
        Planes { transposed, axes, cut, band, channels, batch, images, lens, phases }
    }

    /// How many positions are computed for each element of the target, rounded down, and how many elements a block has.
    pub(super) fn costs(&self) -> (usize, usize) {
        let product = |f: &dyn Fn(usize) -> usize| (0..3).fold(1usize, |product, i| product.saturating_mul(f(i)));
        let computed = product(&|i| self.lens[i].saturating_mul(self.axes[i].join)).saturating_mul(self.bands());
        let block = product(&|i| self.lens[i]).saturating_mul(self.images * self.phases.len() * self.channels);
        (computed / product(&|i| self.axes[i].target), block)
    }

    /// The sums to make: one for each phase of the target, of which the forward one has one.
    pub(super) fn terms(&self) -> Vec<Terms> {
        let [depth, height, width] = self.axes.map(|axis| axis.join);
        let mut terms: Vec<Terms> = (0..depth * height * width)
            .map(|phase| [phase / width / height, phase / width % height, phase % width])
            .map(|phase| Terms { phase, taps: Vec::new(), offsets: Vec::new() })
            .collect();
        for (tap, phase, [d, h, w]) in taps(&self.axes) {
            let offset = (d * self.lens[1] + h) * self.lens[2] + w;
            let (sum, plane) = if self.transposed {
                ((phase[0] * height + phase[1]) * width + phase[2], 0)
            } else {
                (0, self.phases.binary_search(&phase).expect("a phase for each element of the kernel"))
            };
            terms[sum].taps.push(tap);
            terms[sum].offsets.push(plane * self.plane_len() + offset);
        }
        terms
    }

    /// The elements of one phase of a channel, of all images of a block: its positions at most.
    pub(super) fn plane_len(&self) -> usize {
        self.images * self.image_len()
    }

    fn image_len(&self) -> usize {
        self.lens.iter().product()
    }

    /// The elements of a channel of the source's image.
    fn source_len(&self) -> usize {
        self.axes.iter().map(|axis| axis.source).product()
    }

    /// The elements of all channels, and those beyond the last that are read for up to `STEP` positions beyond a block's.
    pub(super) fn elements(&self) -> usize {
        let [d, h, w]: [usize; 3] = std::array::from_fn(|i| self.axes[i].reach);
        self.channels * self.channel_len() + (d * self.lens[1] + h) * self.lens[2] + w + STEP
    }

    /// The elements of a channel.
    pub(super) fn channel_len(&self) -> usize {
        self.phases.len() * self.plane_len()
    }

    fn bands(&self) -> usize {
        self.axes[self.cut].cells.div_ceil(self.band)
    }

    pub(super) fn blocks(&self) -> usize {
        self.batch.div_ceil(self.images) * self.bands()
    }

    pub(super) fn block(&self, i: usize) -> Block {
        let (images, band) = (i / self.bands() * self.images, i % self.bands() * self.band);
        let axis = self.axes[self.cut];
        let first = axis.first + band;
        Block {
            images: images..self.batch.min(images + self.images),
            band: first..(first + self.band).min(axis.first + axis.cells),
        }
    }

    /// The cells of a block along each axis.
    fn cells(&self, block: &Block) -> [Range<usize>; 3] {
        std::array::from_fn(|i| match i == self.cut {
            true => block.band.clone(),
            false => self.axes[i].first..self.axes[i].first + self.axes[i].cells,
        })
    }

    /// The elements of the target's channel that a block makes: they follow each other.
    pub(super) fn targets(&self, block: &Block) -> Range<usize> {
        let axis = self.axes[self.cut];
        let at = |cell: usize| (cell * axis.join).saturating_sub(axis.trail).min(axis.target);
        let inner: usize = self.axes[self.cut + 1..].iter().map(|axis| axis.target).product();
        at(block.band.start) * inner..at(block.band.end) * inner
    }

    /// Copies channels of a block's images, each of which begins where `source_at(image, channel)` tells, to planes that are zero
    /// where they have padding.
    pub(super) fn lay_out<T: Element>(
        &self,
        block: &Block,
        source: &[T],
        source_at: impl Fn(usize, usize) -> usize,
        planes: &mut [T],
    ) {
        isa::dispatch(LayOut { planes: self, block, source, source_at, to: planes });
    }

    /// The lines of the target that a block makes with some terms, in the order of their positions.
    pub(super) fn lines(&self, block: &Block, terms: &Terms) -> Vec<Line> {
        let cells = self.cells(block);
        let inside: [Range<usize>; 3] =
            std::array::from_fn(|i| self.axes[i].cells_inside(cells[i].clone(), terms.phase[i]));
        let first = self.targets(block).start;
        let mut lines = Vec::new();
        if inside.iter().any(Range::is_empty) {
            return lines;
        }
        let [depth, height, width] = self.axes;
        for image in 0..block.images.len() {
            for d in inside[0].clone() {
                for h in inside[1].clone() {
                    let line = (image * self.lens[0] + d - cells[0].start) * self.lens[1] + h - cells[1].start;
                    let at = depth.target_at(d, terms.phase[0]) * height.target + height.target_at(h, terms.phase[1]);
                    lines.push(Line {
                        image,
                        position: line * self.lens[2] + inside[2].start - cells[2].start,
                        at: at * width.target + width.target_at(inside[2].start, terms.phase[2]) - first,
                        len: inside[2].len(),
                    });
                }
            }
        }
        lines
    }

    /// From one element of a line to the next.
    pub(super) fn step(&self) -> usize {
        self.axes[2].join
    }
}

struct LayOut<'a, T, F> {
    planes: &'a Planes,
    block: &'a Block,
    source: &'a [T],
    source_at: F,
    to: &'a mut [T],
}

impl<T: Element, F: Fn(usize, usize) -> usize> Kernel for LayOut<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let LayOut { planes, block, source, source_at, to } = self;
        let [depth, height, width] = planes.axes;
        let [d_first, h_first, w_first] = planes.cells(block).map(|cells| cells.start);
        let [d_len, h_len, w_len] = planes.lens;
        for (p, &[d_phase, h_phase, w_phase]) in planes.phases.iter().enumerate() {
            let d_places = depth.places(d_first, d_phase, d_len);
            let h_places = height.places(h_first, h_phase, h_len);
            let w_places = width.places(w_first, w_phase, w_len);
            if w_places.is_empty() {
                continue;
            }
            let from = width.source_at(w_first, w_phase, w_places.start);
            for (channel, to) in to.chunks_exact_mut(planes.channel_len()).take(planes.channels).enumerate() {
                let images = to[p * planes.plane_len()..].chunks_exact_mut(planes.image_len());
                for (image, plane) in block.images.clone().zip(images) {
                    let source = &source[source_at(image, channel)..][..planes.source_len()];
                    for d in d_places.clone() {
                        let source_d = depth.source_at(d_first, d_phase, d) * height.source;
                        for h in h_places.clone() {
                            let at = (source_d + height.source_at(h_first, h_phase, h)) * width.source + from;
                            let to = &mut plane[(d * h_len + h) * w_len..][w_places.clone()];
                            match width.split {
                                1 => windows::copy_run(to, &source[at..at + to.len()]),
                                2 => copy_every::<T, 2>(to, &source[at..]),
                                step => {
                                    to.iter_mut().zip(source[at..].iter().step_by(step)).for_each(|(to, &x)| *to = x);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every `N`-th element, which the compiler takes from whole vectors.
#[inline(always)]
fn copy_every<T: Copy, const N: usize>(to: &mut [T], from: &[T]) {
    let whole = to.len() - 1;
    to[..whole].iter_mut().zip(from.as_chunks::<N>().0).for_each(|(to, from)| *to = from[0]);
    to[whole] = from[whole * N];
}
