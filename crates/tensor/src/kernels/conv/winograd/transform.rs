//! Between images and the matrices of a block, with `A` and `B` as in `lines`:
//!
//! ```text
//! Inputs: V = B^T d B        Outputs: y = A^T M A        OutputsBack: Z = A y A^T
//! ```
//!
//! Tiles are transformed together, one in each lane of a vector: rows of an image are first parted into columns that are as far apart
//! as tiles are, and all else is arithmetic of whole vectors. A vector may stand over the end of what it is for: what it
//! writes there is overwritten by what comes next, or lies in the slack at the end of a row.

mod lines;
mod phases;
mod seen;

use super::{
    COLUMNS, Plane, Planes, SEEN, SIDE,
    tiles::{MOST_TILES, Segment, Tiles},
};
use crate::kernels::{
    gemm::{GemmElement, Shared},
    isa::{self, Kernel},
    math::Math,
};
pub(super) use lines::{LANES, Lanes, of_taps, taps_to_products};
use lines::{of_inputs, of_outputs, to_outputs};
use phases::{part, weave};
pub(super) use seen::{Row, rows};
use std::{hint::black_box, ops::Range};

/// `V` of some channels of a group, for the tiles of a block.
pub(super) struct Inputs<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) x: &'a [T],
    pub(super) group: usize,
    pub(super) channels: Range<usize>,
    pub(super) rows: &'a [Row],
    /// Of these channels.
    pub(super) planes: &'a mut [Plane<T>],
    /// How many of their columns are used.
    pub(super) columns: usize,
}

/// Of a row, the columns of one phase: tiles go in vectors, and the last sees one more.
const PHASE: usize = MOST_TILES + LANES;
/// Rows that are parted before the first of them is read again: a vector cannot be had from two stores that are still on their way.
const AHEAD: usize = 8;

// No closures in what follows: they would be compiled by themselves, for the baseline.
impl<T: GemmElement + Math> Kernel for Inputs<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Inputs { tiles, x, group, channels, rows, planes, columns } = self;
        let mut phases = [[[T::default(); PHASE]; SIDE]; AHEAD];
        for (channel, plane) in planes.iter_mut().enumerate() {
            for rows in rows.chunks(AHEAD) {
                for (row, phases) in rows.iter().zip(&mut phases) {
                    let start = tiles.input_at(row.image, group, channels.start + channel) + row.at;
                    let [zero, one, two, three] = phases;
                    part(&x[start..start + row.len], row.margin, row.tiles + 1, [zero, one, two, three]);
                    // The same row of the next channel, to be there when it is its turn.
                    if channel + 1 < channels.len() {
                        let next = tiles.input_at(row.image, group, channels.start + channel + 1) + row.at;
                        isa::prefetch(&x[next..next + row.len]);
                    }
                }
                for (row, phases) in rows.iter().zip(&phases) {
                    along_row::<T, FMA>(row, phases, plane);
                }
            }
            for first in (0..columns).step_by(LANES) {
                down_inputs::<T, FMA>(plane, first);
            }
        }
    }
}

/// `d B` of a row, to where its tiles are.
#[inline(always)]
fn along_row<T: GemmElement + Math, const FMA: bool>(row: &Row, phases: &[[T; PHASE]; SIDE], plane: &mut Plane<T>) {
    // Seeing that they overlap, the compiler would load once and shuffle, which takes longer.
    let (phases, next) = black_box((phases, phases));
    for first in (0..row.tiles).step_by(LANES) {
        let products = along_inputs::<T, FMA>(phases, next, first);
        for k in 0..SEEN {
            write(&mut plane[SEEN * row.place.row + k], row.place.column + first, products[k]);
        }
        if let Some(below) = row.below {
            for k in 0..SEEN {
                write(&mut plane[SEEN * below.row + k], below.column + first, products[k]);
            }
        }
    }
}

/// `d B` of a row of the tiles from the `first` on; its phases twice.
#[inline(always)]
fn along_inputs<T: GemmElement + Math, const FMA: bool>(
    [zero, one, two, three]: &[[T; PHASE]; SIDE],
    [next_zero, next_one, ..]: &[[T; PHASE]; SIDE],
    first: usize,
) -> [Lanes<T>; SEEN] {
    of_inputs::<T, FMA>([
        lanes(zero, first),
        lanes(one, first),
        lanes(two, first),
        lanes(three, first),
        lanes(next_zero, first + 1),
        lanes(next_one, first + 1),
    ])
}

/// `B^T` times what is there, of the tiles from the `first` on.
#[inline(always)]
fn down_inputs<T: GemmElement + Math, const FMA: bool>(v: &mut Plane<T>, first: usize) {
    for k in 0..SEEN {
        let d = [
            lanes(&v[k], first),
            lanes(&v[SEEN + k], first),
            lanes(&v[2 * SEEN + k], first),
            lanes(&v[3 * SEEN + k], first),
            lanes(&v[4 * SEEN + k], first),
            lanes(&v[5 * SEEN + k], first),
        ];
        let products = of_inputs::<T, FMA>(d);
        for i in 0..SEEN {
            write(&mut v[SEEN * i + k], first, products[i]);
        }
    }
}

/// The outputs of some channels of a group in the tiles of a block, of which no other thread writes one.
pub(super) struct Outputs<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) group: usize,
    pub(super) channels: &'a Range<usize>,
    /// Of these channels.
    pub(super) bias: Option<&'a [T]>,
    pub(super) segments: &'a [Segment],
    pub(super) planes: &'a Planes<T>,
    pub(super) y: &'a Shared<'a, T>,
}

/// Of the tiles of a block, each of their outputs: four of each of four rows.
type Parts<T> = [[[T; COLUMNS]; SIDE]; SIDE];

impl<T: GemmElement + Math> Kernel for Outputs<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Outputs { tiles, group, channels, bias, segments, planes, y } = self;
        let [height, width] = tiles.output;
        let mut parts: Parts<T> = [[[T::default(); COLUMNS]; SIDE]; SIDE];
        for (channel, plane) in planes.each().iter().enumerate() {
            let bias = match bias {
                Some(bias) => bias[channel],
                None => T::default(),
            };
            for first in (0..planes.columns).step_by(LANES) {
                outputs::<T, FMA>(plane, first, bias, &mut parts);
            }
            let mut at = 0;
            for segment in segments {
                let (row, column) = (SIDE * segment.row, SIDE * segment.start);
                let [rows, columns] = [SIDE.min(height - row), (SIDE * segment.len).min(width - column)];
                let first = tiles.output_at(segment.image, group, channels.start + channel) + row * width + column;
                // SAFETY: the rows and columns are within the channel of the image that `output_at` finds, all of which is in `y`.
                // Segments share no elements, and who made this promised that no other thread has one of them.
                let mut y = unsafe { y.tile(first, [rows, columns], width) };
                for (i, [zero, one, two, three]) in parts.iter().enumerate().take(rows) {
                    weave([&zero[at..], &one[at..], &two[at..], &three[at..]], y.row(i));
                }
                at += segment.len;
            }
        }
    }
}

/// `A^T M A`, and the bias, of the tiles from the `first` on.
#[inline(always)]
fn outputs<T: GemmElement + Math, const FMA: bool>(m: &Plane<T>, first: usize, bias: T, y: &mut Parts<T>) {
    let mut down = [[[T::default(); LANES]; SEEN]; SIDE];
    for k in 0..SEEN {
        let column = [
            lanes(&m[k], first),
            lanes(&m[SEEN + k], first),
            lanes(&m[2 * SEEN + k], first),
            lanes(&m[3 * SEEN + k], first),
            lanes(&m[4 * SEEN + k], first),
            lanes(&m[5 * SEEN + k], first),
        ];
        let outputs = to_outputs::<T, FMA>(column);
        for i in 0..SIDE {
            down[i][k] = outputs[i];
        }
    }
    for i in 0..SIDE {
        let [zero, one, two, three, four, five] = &down[i];
        let outputs = to_outputs::<T, FMA>([zero, one, two, three, four, five]);
        for k in 0..SIDE {
            let mut output = outputs[k];
            for lane in &mut output {
                *lane += bias;
            }
            write(&mut y[i][k], first, output);
        }
    }
}

/// `Z` of some channels of a group, for the tiles of a block.
pub(super) struct OutputsBack<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) y: &'a [T],
    pub(super) group: usize,
    pub(super) channels: Range<usize>,
    pub(super) segments: &'a [Segment],
    /// Of these channels.
    pub(super) planes: &'a mut [Plane<T>],
    /// How many of their columns are used.
    pub(super) columns: usize,
}

impl<T: GemmElement + Math> Kernel for OutputsBack<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let OutputsBack { tiles, y, group, channels, segments, planes, columns: used } = self;
        let [height, width] = tiles.output;
        // Zero where a tile reaches over the edge, which is in the same places for all channels.
        let mut parts: Parts<T> = [[[T::default(); COLUMNS]; SIDE]; SIDE];
        for (channel, plane) in planes.iter_mut().enumerate() {
            let mut at = 0;
            for segment in segments {
                let (row, column) = (SIDE * segment.row, SIDE * segment.start);
                let first = tiles.output_at(segment.image, group, channels.start + channel) + row * width + column;
                let columns = (SIDE * segment.len).min(width - column);
                for (i, [zero, one, two, three]) in parts.iter_mut().enumerate().take(height - row) {
                    let to = [&mut zero[at..], &mut one[at..], &mut two[at..], &mut three[at..]];
                    part(&y[first + i * width..][..columns], 0, segment.len, to);
                }
                at += segment.len;
            }
            // As for the inputs.
            if channel + 1 < channels.len() {
                for segment in segments {
                    let row = SIDE * segment.row;
                    let next = tiles.output_at(segment.image, group, channels.start + channel + 1) + row * width;
                    isa::prefetch(&y[next..next + width * SIDE.min(height - row)]);
                }
            }
            for first in (0..used).step_by(LANES) {
                outputs_back::<T, FMA>(&parts, first, plane);
            }
        }
    }
}

/// `A y A^T` of the tiles from the `first` on.
#[inline(always)]
fn outputs_back<T: GemmElement + Math, const FMA: bool>(y: &Parts<T>, first: usize, z: &mut Plane<T>) {
    let mut down = [[[T::default(); LANES]; SIDE]; SEEN];
    for k in 0..SIDE {
        let column = [lanes(&y[0][k], first), lanes(&y[1][k], first), lanes(&y[2][k], first), lanes(&y[3][k], first)];
        let products = of_outputs::<T, FMA>(column);
        for i in 0..SEEN {
            down[i][k] = products[i];
        }
    }
    for i in 0..SEEN {
        let [zero, one, two, three] = &down[i];
        let products = of_outputs::<T, FMA>([zero, one, two, three]);
        for k in 0..SEEN {
            write(&mut z[SEEN * i + k], first, products[k]);
        }
    }
}

#[inline(always)]
fn lanes<T>(x: &[T], at: usize) -> &Lanes<T> {
    let Some(lanes) = x[at..].first_chunk() else { panic!("{LANES} elements from {at} on") };
    lanes
}

#[inline(always)]
fn write<T: Copy>(to: &mut [T], at: usize, lanes: Lanes<T>) {
    to[at..at + LANES].copy_from_slice(&lanes);
}
