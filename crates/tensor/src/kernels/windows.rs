//! Windows that slide over up to three axes: which input a tap of the kernel reads at each output, and the two copies between an
//! image and the matrix of its windows, `columns` and its transpose `add_columns`.
//!
//! The matrix has a row for each channel and tap, and a column for each output position, both in row-major order:
//!
//! ```text
//! columns[(c, tap), position] = image[c, position * stride + tap * dilation - before], zero in the padding
//! ```
//!
//! So a convolution is one product of matrices. Only some positions at a time are laid out, so that the matrix stays in the cache.

use crate::{
    Buffer,
    kernels::{arithmetic::Arithmetic, parallel},
};
use std::ops::Range;

#[cfg(test)]
mod tests;

/// One axis: tap `t` of output `o` reads input `o * stride + t * dilation - before`, or padding where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    pub(crate) kernel: usize,
    pub(crate) output: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// How much padding comes before the first element. What comes after is in `output`.
    pub(crate) before: usize,
}

impl Axis {
    /// An axis that is not there: one element, one window.
    pub(crate) const ABSENT: Axis = Axis { input: 1, kernel: 1, output: 1, stride: 1, dilation: 1, before: 0 };

    /// The outputs at which a tap reads an element, not padding.
    #[inline(always)]
    fn outputs_inside(self, tap: usize) -> Range<usize> {
        let shift = tap * self.dilation;
        let end = (self.input + self.before).saturating_sub(shift).div_ceil(self.stride).min(self.output);
        let start = self.before.saturating_sub(shift).div_ceil(self.stride);
        start.min(end)..end
    }

    /// Where a tap reads, at an output where it reads an element.
    #[inline(always)]
    fn input_at(self, output: usize, tap: usize) -> usize {
        output * self.stride + tap * self.dilation - self.before
    }
}

/// Windows over three axes, of which the first may be [`ABSENT`](Axis::ABSENT).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows(pub(crate) [Axis; 3]);

impl Windows {
    /// Elements of an image.
    pub(crate) fn input_len(&self) -> usize {
        self.0.iter().map(|axis| axis.input).product()
    }

    /// Positions of a window.
    pub(crate) fn output_len(&self) -> usize {
        self.0.iter().map(|axis| axis.output).product()
    }

    /// Elements of a window.
    pub(crate) fn taps(&self) -> usize {
        self.0.iter().map(|axis| axis.kernel).product()
    }

    /// Whether the windows are the single elements, in order, so that an image is its own matrix of windows.
    pub(crate) fn are_elements(&self) -> bool {
        let is_element = |axis: &Axis| {
            axis.kernel == 1 && axis.before == 0 && axis.output == axis.input && (axis.stride == 1 || axis.output <= 1)
        };
        self.0.iter().all(is_element)
    }

    /// The elements from one output of a run to the next.
    #[inline(always)]
    pub(crate) fn step(&self) -> usize {
        self.0[2].stride
    }

    /// Where a tap reads elements.
    #[inline(always)]
    fn reach(&self, tap: usize) -> Reach {
        let axes @ [_, height, width] = self.0;
        let rest = tap / width.kernel;
        let taps = [rest / height.kernel, rest % height.kernel, tap % width.kernel];
        Reach { axes, taps, outputs: std::array::from_fn(|i| axes[i].outputs_inside(taps[i])) }
    }

    /// Lays out the windows at some positions of an image whose channels follow each other: row `(c, tap)` of the matrix goes to
    /// `matrix[(c * taps + tap) * row_len + offset..]`.
    pub(crate) fn columns<T: Arithmetic>(
        &self,
        image: &[T],
        positions: Range<usize>,
        matrix: &mut [T],
        row_len: usize,
        offset: usize,
    ) {
        let (len, taps, step) = (positions.len(), self.taps(), self.step());
        if len == 0 || taps == 0 {
            return;
        }
        for tap in 0..taps {
            let reach = self.reach(tap);
            let rows = matrix.chunks_mut(taps * row_len);
            for (channel, rows) in image.chunks_exact(self.input_len()).zip(rows) {
                let row = &mut rows[tap * row_len + offset..][..len];
                if reach.has_padding() {
                    row.fill(T::default());
                }
                for (first, at, len) in reach.runs(positions.clone()) {
                    let to = &mut row[first..first + len];
                    if step == 1 {
                        copy_run(to, &channel[at..at + len]);
                    } else {
                        to.iter_mut().zip(channel[at..].iter().step_by(step)).for_each(|(y, &x)| *y = x);
                    }
                }
            }
        }
    }

    /// The transpose of [`columns`](Self::columns): adds each element of the matrix to the element of the image that it was read
    /// from; those in the padding are dropped.
    pub(crate) fn add_columns<T: Arithmetic>(
        &self,
        matrix: &[T],
        row_len: usize,
        positions: Range<usize>,
        image: &mut [T],
    ) {
        let (taps, step) = (self.taps(), self.step());
        if positions.is_empty() || taps == 0 {
            return;
        }
        for tap in 0..taps {
            let reach = self.reach(tap);
            let rows = matrix.chunks(taps * row_len);
            for (channel, rows) in image.chunks_exact_mut(self.input_len()).zip(rows) {
                let row = &rows[tap * row_len..][..row_len];
                for (first, at, len) in reach.runs(positions.clone()) {
                    let from = &row[first..first + len];
                    if step == 1 {
                        add_run(&mut channel[at..at + len], from);
                    } else {
                        channel[at..].iter_mut().step_by(step).zip(from).for_each(|(x, &y)| *x = x.add(y));
                    }
                }
            }
        }
    }
}

/// One tap: along each axis its place in the kernel, and the outputs at which it reads an element, not padding. To find them takes
/// divisions, which cost as much as a row of a small image; so it is done once for all channels.
struct Reach {
    axes: [Axis; 3],
    taps: [usize; 3],
    outputs: [Range<usize>; 3],
}

impl Reach {
    /// Whether some output reads padding.
    fn has_padding(&self) -> bool {
        self.axes.iter().zip(&self.outputs).any(|(axis, outputs)| *outputs != (0..axis.output))
    }

    /// The runs of `positions` where the tap reads elements, as `(first, at, len)`: `len` positions from the `first`-th of the range
    /// on, which read from `at`, [`step`](Windows::step) apart.
    #[inline(always)]
    fn runs(&self, positions: Range<usize>) -> Runs {
        let ([depth, height, width], [inward, down, across]) = (self.axes, self.taps);
        let [planes, rows, columns] = self.outputs.clone();
        // Without positions there may be no outputs to divide by.
        let (lines, planes) = if positions.is_empty() {
            (0..0, 0..0)
        } else {
            let lines = positions.start / width.output..positions.end.div_ceil(width.output);
            let first = planes.start.max(lines.start / height.output);
            let end = planes.end.min(lines.end.div_ceil(height.output));
            (lines, first..end)
        };
        // Where no column is inside, there is no place that one reads.
        let first_at = if columns.is_empty() { 0 } else { width.input_at(columns.start, across) };
        Runs {
            depth,
            height,
            width,
            inward,
            down,
            rows,
            columns,
            lines,
            positions,
            planes,
            first_at,
            left: 0,
            start: 0,
            at: 0,
        }
    }
}

/// An iterator, not a function that takes what to do as a closure: the compiler may leave a large closure outside of the kernel that
/// calls it, without its instructions.
pub(crate) struct Runs {
    depth: Axis,
    height: Axis,
    width: Axis,
    inward: usize,
    down: usize,
    /// Lines of a plane, and positions of a line, at which the tap reads elements.
    rows: Range<usize>,
    columns: Range<usize>,
    lines: Range<usize>,
    positions: Range<usize>,
    /// Planes that are left.
    planes: Range<usize>,
    /// Where in a line of the input the first of `columns` reads.
    first_at: usize,
    /// Lines of this plane that are left; the position at which the next begins, and the line of the input that it reads.
    left: usize,
    start: usize,
    at: usize,
}

impl Iterator for Runs {
    type Item = (usize, usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize, usize)> {
        let Runs { depth, height, width, .. } = *self;
        loop {
            while self.left == 0 {
                let plane = self.planes.next()?;
                let first_line = plane * height.output;
                let first = self.rows.start.max(self.lines.start.saturating_sub(first_line));
                let end = self.rows.end.min(self.lines.end - first_line);
                if first < end {
                    let line = depth.input_at(plane, self.inward) * height.input + height.input_at(first, self.down);
                    self.left = end - first;
                    (self.start, self.at) = ((first_line + first) * width.output, line * width.input);
                }
            }
            let start = self.columns.start.max(self.positions.start.saturating_sub(self.start));
            let end = self.columns.end.min(self.positions.end - self.start);
            let (line_start, line_at) = (self.start, self.at);
            self.left -= 1;
            self.start += width.output;
            self.at += height.stride * width.input;
            if start < end {
                let at = line_at + self.first_at + (start - self.columns.start) * width.stride;
                return Some((line_start + start - self.positions.start, at, end - start));
            }
        }
    }
}

/// Copies a run. Most are rows of small images, for which calling `memcpy` costs more than copying.
#[inline(always)]
pub(super) fn copy_run<T: Copy>(to: &mut [T], from: &[T]) {
    match to.len() {
        4..8 => copy_ends::<T, 4>(to, from),
        8..16 => copy_ends::<T, 8>(to, from),
        16..=32 => copy_ends::<T, 16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies N to 2N elements: the first N and the last N, of which some may be the same.
#[inline(always)]
fn copy_ends<T: Copy, const N: usize>(to: &mut [T], from: &[T]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk()) {
        *to = *from;
    }
}

/// `x += y`, by four: a run of fourteen, left to the compiler's vectors of thirty-two, would be added one by one.
#[inline(always)]
fn add_run<T: Arithmetic>(x: &mut [T], y: &[T]) {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks_mut::<4>(), y.as_chunks::<4>());
    for (x, y) in x.iter_mut().zip(y) {
        *x = std::array::from_fn(|i| x[i].add(y[i]));
    }
    x_rest.iter_mut().zip(y_rest).for_each(|(x, &y)| *x = x.add(y));
}

/// The windows of images, whose channels follow each other: for each channel and tap, the elements at all positions.
pub(crate) fn columns_of<T: Arithmetic>(windows: &Windows, images: &[T]) -> Buffer<T> {
    let (input_len, positions, taps) = (windows.input_len(), windows.output_len(), windows.taps());
    let mut matrix = Buffer::recycled(images.len() / input_len * taps * positions);
    let work = matrix.len();
    parallel::chunks(&mut matrix, taps * positions, work, |channel, matrix| {
        let image = &images[channel * input_len..][..input_len];
        windows.columns(image, 0..positions, matrix, positions, 0);
    });
    matrix
}

/// The transpose of [`columns_of`], to this many channels.
pub(crate) fn images_of<T: Arithmetic>(windows: &Windows, matrix: &[T], channels: usize) -> Buffer<T> {
    let (input_len, positions, taps) = (windows.input_len(), windows.output_len(), windows.taps());
    let mut images = Buffer::zeroed(channels * input_len);
    parallel::chunks(&mut images, input_len, matrix.len(), |channel, image| {
        let rows = &matrix[channel * taps * positions..][..taps * positions];
        windows.add_columns(rows, positions, 0..positions, image);
    });
    images
}
