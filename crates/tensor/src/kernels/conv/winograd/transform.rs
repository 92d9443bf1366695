//! Between images and the sixteen matrices of a block:
//!
//! ```text
//! Inputs: V = B^T d B        Outputs: y = A^T M A        OutputsBack: Z = A y A^T
//!
//! B^T = | 1  0 -1  0 |    A^T = | 1  1  1  0 |
//!       | 0  1  1  0 |          | 0  1 -1 -1 |
//!       | 0 -1  1  0 |
//!       | 0  1  0 -1 |
//! ```
//!
//! Tiles that lie side by side are transformed together, one in each lane of a vector: the even and the odd columns of the
//! rows that they see are set apart, and all else is addition of whole vectors.

use super::{
    Planes,
    tiles::{MOST_TILES, Segment, Tiles},
};
use crate::kernels::{
    arithmetic::Arithmetic,
    gemm::{GemmElement, Shared},
    isa::Kernel,
    windows::copy_run,
};
use std::ops::Range;

/// Elements of a row that a segment sees, with the two beyond its last tile.
const LINE: usize = 2 * MOST_TILES + 2;
/// Tiles transformed together; the elements beyond them that they see are one more in either half.
const LANES: usize = 16;

/// `V` of some channels of a group, for the tiles of a block.
pub(super) struct Inputs<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) x: &'a [T],
    pub(super) group: usize,
    pub(super) channels: &'a Range<usize>,
    pub(super) segments: &'a [Segment],
    pub(super) planes: &'a mut Planes<T>,
}

// No closures in what follows: they would be compiled by themselves, for the baseline.
impl<T: GemmElement + Arithmetic> Kernel for Inputs<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Inputs { tiles, x, group, channels, segments, planes } = self;
        let (columns, stride) = (planes.columns, planes.stride());
        let [height, width] = tiles.input;
        let mut lines = Lines::<T, 4>::new();
        for channel in 0..channels.len() {
            let mut at = channel * columns;
            for segment in segments {
                let start = tiles.input_at(segment.image, group, channels.start + channel);
                let image = &x[start..start + height * width];
                lines.read(image, tiles.input, tiles.before, segment);
                // What a vector writes beyond a segment the next segment or channel overwrites, or is in the slack at the end.
                for first in (0..segment.len).step_by(LANES) {
                    let v = &mut planes.elements[at + first..];
                    if segment.len - first <= LANES / 2 {
                        inputs::<T, { LANES / 2 }>(&lines.lines, first, v, stride);
                    } else {
                        inputs::<T, LANES>(&lines.lines, first, v, stride);
                    }
                }
                at += segment.len;
            }
        }
    }
}

/// The rows that a segment sees, with zeros outside of the image.
struct Lines<T, const ROWS: usize> {
    lines: [[T; LINE]; ROWS],
    /// Where the segments begin that the zeros beside the image are right for.
    column: usize,
}

impl<T: Arithmetic, const ROWS: usize> Lines<T, ROWS> {
    #[inline(always)]
    fn new() -> Self {
        Lines { lines: [[T::default(); LINE]; ROWS], column: 0 }
    }

    /// Reads what a segment sees of an image with this much padding before it.
    #[inline(always)]
    fn read(&mut self, image: &[T], [height, width]: [usize; 2], before: [usize; 2], segment: &Segment) {
        let column = 2 * segment.start;
        if column != self.column {
            self.lines = [[T::default(); LINE]; ROWS];
            self.column = column;
        }
        let (margin, column) = (before[1].saturating_sub(column), column.saturating_sub(before[1]));
        let len = width.saturating_sub(column).min(LINE - margin);
        for (i, line) in self.lines.iter_mut().enumerate() {
            let line = &mut line[margin..margin + len];
            match (2 * segment.row + i).checked_sub(before[0]) {
                Some(row) if row < height && len > 0 => copy_run(line, &image[row * width + column..][..len]),
                _ => line.fill(T::default()),
            }
        }
    }
}

/// `B^T d B` of N tiles from the `first` on.
#[inline(always)]
fn inputs<T: Arithmetic, const N: usize>(lines: &[[T; LINE]; 4], first: usize, v: &mut [T], stride: usize) {
    let (mut even, mut odd) = ([[T::default(); LANES + 1]; 4], [[T::default(); LANES + 1]; 4]);
    for i in 0..4 {
        let line = &lines[i][2 * first..][..2 * N + 2];
        for j in 0..N {
            even[i][j] = line[2 * j];
            odd[i][j] = line[2 * j + 1];
        }
        even[i][N] = line[2 * N];
        odd[i][N] = line[2 * N + 1];
    }
    for i in 0..4 {
        let (mut e, mut o) = ([T::default(); LANES + 1], [T::default(); LANES + 1]);
        for j in 0..N + 1 {
            e[j] = from_rows(i, [even[0][j], even[1][j], even[2][j], even[3][j]]);
            o[j] = from_rows(i, [odd[0][j], odd[1][j], odd[2][j], odd[3][j]]);
        }
        let mut row = [[T::default(); N]; 4];
        for j in 0..N {
            row[0][j] = e[j].sub(e[j + 1]);
            row[1][j] = o[j].add(e[j + 1]);
            row[2][j] = e[j + 1].sub(o[j]);
            row[3][j] = o[j].sub(o[j + 1]);
        }
        for (k, row) in row.iter().enumerate() {
            v[(4 * i + k) * stride..][..N].copy_from_slice(row);
        }
    }
}

/// Row i of `B^T`, times a column.
#[inline(always)]
fn from_rows<T: Arithmetic>(i: usize, d: [T; 4]) -> T {
    match i {
        0 => d[0].sub(d[2]),
        1 => d[1].add(d[2]),
        2 => d[2].sub(d[1]),
        _ => d[1].sub(d[3]),
    }
}

/// The outputs of all channels of a group in the tiles of a block, of which no other thread writes one.
pub(super) struct Outputs<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) group: usize,
    pub(super) segments: &'a [Segment],
    pub(super) planes: &'a Planes<T>,
    pub(super) y: &'a Shared<'a, T>,
}

impl<T: GemmElement + Arithmetic> Kernel for Outputs<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Outputs { tiles, group, segments, planes, y } = self;
        let [height, width] = tiles.output;
        for channel in 0..tiles.outputs {
            let mut at = channel * planes.columns;
            for segment in segments {
                let (row, column) = (2 * segment.row, 2 * segment.start);
                let [rows, columns] = [2.min(height - row), (2 * segment.len).min(width - column)];
                let first = tiles.output_at(segment.image, group, channel) + row * width + column;
                // SAFETY: the rows and columns are within the channel of the image that `output_at` finds, all of which is in `y`.
                // Segments share no elements, and who made this promised that no other thread has one of them.
                let mut y = unsafe { y.tile(first, [rows, columns], width) };
                for first in (0..segment.len).step_by(LANES) {
                    let pair = outputs::<T>(&planes.elements[at + first..], planes.stride());
                    let columns = 2 * first..columns.min(2 * (first + LANES));
                    for (i, line) in pair.iter().enumerate().take(rows) {
                        copy_run(&mut y.row(i)[columns.clone()], &line[..columns.len()]);
                    }
                }
                at += segment.len;
            }
        }
    }
}

/// `A^T M A` of neighbouring tiles: two rows.
#[inline(always)]
fn outputs<T: Arithmetic>(m: &[T], stride: usize) -> [[T; 2 * LANES]; 2] {
    let mut lines = [[T::default(); 2 * LANES]; 2];
    let (mut upper, mut lower) = ([[T::default(); LANES]; 4], [[T::default(); LANES]; 4]);
    for k in 0..4 {
        let [a, b, c, d] = [0, 4, 8, 12].map(|row| &m[(row + k) * stride..][..LANES]);
        for j in 0..LANES {
            upper[k][j] = a[j].add(b[j]).add(c[j]);
            lower[k][j] = b[j].sub(c[j]).sub(d[j]);
        }
    }
    for (line, [a, b, c, d]) in lines.iter_mut().zip([upper, lower]) {
        for j in 0..LANES {
            line[2 * j] = a[j].add(b[j]).add(c[j]);
            line[2 * j + 1] = b[j].sub(c[j]).sub(d[j]);
        }
    }
    lines
}

/// `Z` of all channels of a group, for the tiles of a block.
pub(super) struct OutputsBack<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) y: &'a [T],
    pub(super) group: usize,
    pub(super) segments: &'a [Segment],
    pub(super) planes: &'a mut Planes<T>,
}

impl<T: GemmElement + Arithmetic> Kernel for OutputsBack<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let OutputsBack { tiles, y, group, segments, planes } = self;
        let (columns, stride) = (planes.columns, planes.stride());
        let [height, width] = tiles.output;
        let mut lines = Lines::<T, 2>::new();
        for channel in 0..tiles.outputs {
            let mut at = channel * columns;
            for segment in segments {
                let start = tiles.output_at(segment.image, group, channel);
                let image = &y[start..start + height * width];
                lines.read(image, tiles.output, [0, 0], segment);
                // As for the inputs, what stands over is overwritten.
                for first in (0..segment.len).step_by(LANES) {
                    outputs_back(&lines.lines, first, &mut planes.elements[at + first..], stride);
                }
                at += segment.len;
            }
        }
    }
}

/// `A y A^T` of neighbouring tiles from the `first` on.
#[inline(always)]
fn outputs_back<T: Arithmetic>(lines: &[[T; LINE]; 2], first: usize, z: &mut [T], stride: usize) {
    let (mut even, mut odd) = ([[T::default(); LANES]; 2], [[T::default(); LANES]; 2]);
    for i in 0..2 {
        let line = &lines[i][2 * first..][..2 * LANES];
        for j in 0..LANES {
            even[i][j] = line[2 * j];
            odd[i][j] = line[2 * j + 1];
        }
    }
    for i in 0..4 {
        let mut row = [[T::default(); LANES]; 4];
        for j in 0..LANES {
            let e = to_row(i, [even[0][j], even[1][j]]);
            let o = to_row(i, [odd[0][j], odd[1][j]]);
            row[0][j] = e;
            row[1][j] = e.add(o);
            row[2][j] = e.sub(o);
            row[3][j] = o.neg();
        }
        for (k, row) in row.iter().enumerate() {
            z[(4 * i + k) * stride..][..LANES].copy_from_slice(row);
        }
    }
}

/// Row i of `A`, times a column.
#[inline(always)]
fn to_row<T: Arithmetic>(i: usize, y: [T; 2]) -> T {
    match i {
        0 => y[0],
        1 => y[0].add(y[1]),
        2 => y[0].sub(y[1]),
        _ => y[1].neg(),
    }
}
