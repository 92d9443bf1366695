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
//! Tiles are transformed together, one in each lane of a vector: rows of an image are first parted into their even and odd
//! columns, and all else is addition of whole vectors. A vector may stand over the end of what it is for: what it
//! writes there is overwritten by what comes next, or lies in the slack at the end of a row.

mod pairs;
mod seen;

use super::{
    COLUMNS, Plane, Planes,
    tiles::{Segment, Tiles},
};
use crate::{
    Buffer,
    kernels::{
        arithmetic::Arithmetic,
        gemm::{GemmElement, Shared},
        isa::{self, Kernel},
    },
};
use pairs::{part, weave};
use seen::ROW;
pub(super) use seen::Seen;
use std::{hint::black_box, ops::Range};

/// Tiles in a vector; a vector of f64 is two.
pub(super) const LANES: usize = 8;

type Lanes<T> = [T; LANES];

/// `V` of some channels of a group, for the tiles of a block.
pub(super) struct Inputs<'a, T: crate::Element> {
    pub(super) tiles: &'a Tiles,
    pub(super) x: &'a [T],
    pub(super) group: usize,
    pub(super) channels: &'a Range<usize>,
    pub(super) segments: &'a [Segment],
    pub(super) seen: &'a Seen,
    pub(super) planes: &'a mut Planes<T>,
}

// No closures in what follows: they would be compiled by themselves, for the baseline.
impl<T: GemmElement + Arithmetic> Kernel for Inputs<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Inputs { tiles, x, group, channels, segments, seen, planes } = self;
        // Zero where the tiles see padding, which is in the same places for all channels.
        let (mut even, mut odd) = (Buffer::<T>::zeroed(seen.count * ROW), Buffer::<T>::zeroed(seen.count * ROW));
        for (channel, plane) in planes.each_mut().iter_mut().enumerate() {
            for row in &seen.rows {
                let start = tiles.input_at(row.image, group, channels.start + channel) + row.at;
                part(&x[start..start + row.len], row.margin, &mut even[row.to..], &mut odd[row.to..]);
            }
            // The same rows of the next channel, to be there when it is its turn.
            if channel + 1 < channels.len() {
                for row in &seen.rows {
                    let start = tiles.input_at(row.image, group, channels.start + channel + 1) + row.at;
                    isa::prefetch(&x[start..start + row.len]);
                }
            }
            let mut at = 0;
            for (segment, &row) in segments.iter().zip(&seen.first_rows) {
                let (even, odd) = (four_rows(&even, row), four_rows(&odd, row));
                // Seeing that they overlap, the compiler would load once and shuffle, which takes several times as long.
                let (next_even, next_odd) = black_box((even, odd));
                for first in (0..segment.len).step_by(LANES) {
                    inputs([even, odd, next_even, next_odd], first, plane, at + first);
                }
                at += segment.len;
            }
        }
    }
}

type FourRows<T> = [[T; ROW]; 4];

#[inline(always)]
fn four_rows<T>(rows: &[T], first: usize) -> &FourRows<T> {
    let Some(rows) = rows[first..].as_chunks().0.first_chunk() else { panic!("four rows from {first} on") };
    rows
}

/// `B^T d B` of the tiles from the `first` on, of the even and the odd columns of their rows; each twice.
#[inline(always)]
fn inputs<T: Arithmetic>(
    [even, odd, next_even, next_odd]: [&FourRows<T>; 4],
    first: usize,
    v: &mut Plane<T>,
    at: usize,
) {
    for (i, (a, b)) in [(0, 2), (1, 2), (2, 1), (1, 3)].into_iter().enumerate() {
        let is_sum = i == 1;
        let e = combined(lanes(&even[a], first), lanes(&even[b], first), is_sum);
        let o = combined(lanes(&odd[a], first), lanes(&odd[b], first), is_sum);
        let next_e = combined(lanes(&next_even[a], first + 1), lanes(&next_even[b], first + 1), is_sum);
        let next_o = combined(lanes(&next_odd[a], first + 1), lanes(&next_odd[b], first + 1), is_sum);
        write(&mut v[4 * i], at, combined(&e, &next_e, false));
        write(&mut v[4 * i + 1], at, combined(&o, &next_e, true));
        write(&mut v[4 * i + 2], at, combined(&next_e, &o, false));
        write(&mut v[4 * i + 3], at, combined(&o, &next_o, false));
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
        let mut parts = [[T::default(); COLUMNS]; 4];
        for (channel, plane) in planes.each().iter().enumerate() {
            for first in (0..planes.columns).step_by(LANES) {
                outputs(plane, first, &mut parts);
            }
            let [even, odd, lower_even, lower_odd] = &parts;
            let mut at = 0;
            for segment in segments {
                let (row, column) = (2 * segment.row, 2 * segment.start);
                let [rows, columns] = [2.min(height - row), (2 * segment.len).min(width - column)];
                let first = tiles.output_at(segment.image, group, channel) + row * width + column;
                // SAFETY: the rows and columns are within the channel of the image that `output_at` finds, all of which is in `y`.
                // Segments share no elements, and who made this promised that no other thread has one of them.
                let mut y = unsafe { y.tile(first, [rows, columns], width) };
                weave(&even[at..][..segment.len], &odd[at..][..segment.len], y.row(0));
                if rows == 2 {
                    weave(&lower_even[at..][..segment.len], &lower_odd[at..][..segment.len], y.row(1));
                }
                at += segment.len;
            }
        }
    }
}

/// Of the tiles of a block, the even and the odd columns of the upper row, and of the lower.
type Parts<T> = [[T; COLUMNS]; 4];

/// `A^T M A` of the tiles from the `first` on.
#[inline(always)]
fn outputs<T: Arithmetic>(m: &Plane<T>, first: usize, y: &mut Parts<T>) {
    let (mut upper, mut lower) = ([[T::default(); LANES]; 4], [[T::default(); LANES]; 4]);
    for k in 0..4 {
        let (a, b) = (lanes(&m[k], first), lanes(&m[4 + k], first));
        let (c, d) = (lanes(&m[8 + k], first), lanes(&m[12 + k], first));
        upper[k] = combined(&combined(a, b, true), c, true);
        lower[k] = combined(&combined(b, c, false), d, false);
    }
    for (i, [a, b, c, d]) in [upper, lower].iter().enumerate() {
        write(&mut y[2 * i], first, combined(&combined(a, b, true), c, true));
        write(&mut y[2 * i + 1], first, combined(&combined(b, c, false), d, false));
    }
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
        let [height, width] = tiles.output;
        let used = planes.columns;
        // Zero where a tile reaches over the edge, which is in the same places for all channels.
        let mut parts = [[T::default(); COLUMNS]; 4];
        for (channel, plane) in planes.each_mut().iter_mut().enumerate() {
            let [even, odd, lower_even, lower_odd] = &mut parts;
            let mut at = 0;
            for segment in segments {
                let (row, column) = (2 * segment.row, 2 * segment.start);
                let first = tiles.output_at(segment.image, group, channel) + row * width + column;
                let columns = (2 * segment.len).min(width - column);
                part(&y[first..first + columns], 0, &mut even[at..], &mut odd[at..]);
                if row + 1 < height {
                    part(&y[first + width..][..columns], 0, &mut lower_even[at..], &mut lower_odd[at..]);
                }
                at += segment.len;
            }
            // As for the inputs.
            if channel + 1 < tiles.outputs {
                for segment in segments {
                    let next = tiles.output_at(segment.image, group, channel + 1) + 2 * segment.row * width;
                    isa::prefetch(&y[next..next + width * 2.min(height - 2 * segment.row)]);
                }
            }
            for first in (0..used).step_by(LANES) {
                outputs_back(&parts, first, plane);
            }
        }
    }
}

/// `A y A^T` of the tiles from the `first` on.
#[inline(always)]
fn outputs_back<T: Arithmetic>(y: &Parts<T>, first: usize, z: &mut Plane<T>) {
    let zero = [T::default(); LANES];
    for i in 0..4 {
        let mut columns = [[T::default(); LANES]; 2];
        for (k, column) in columns.iter_mut().enumerate() {
            let (upper, lower) = (lanes(&y[k], first), lanes(&y[2 + k], first));
            *column = match i {
                0 => *upper,
                1 => combined(upper, lower, true),
                2 => combined(upper, lower, false),
                _ => combined(&zero, lower, false),
            };
        }
        let [e, o] = columns;
        write(&mut z[4 * i], first, e);
        write(&mut z[4 * i + 1], first, combined(&e, &o, true));
        write(&mut z[4 * i + 2], first, combined(&e, &o, false));
        write(&mut z[4 * i + 3], first, combined(&zero, &o, false));
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

/// `a + b` or `a - b`
#[inline(always)]
fn combined<T: Arithmetic>(a: &Lanes<T>, b: &Lanes<T>, is_sum: bool) -> Lanes<T> {
    let mut result = [T::default(); LANES];
    for j in 0..LANES {
        result[j] = if is_sum { a[j].add(b[j]) } else { a[j].sub(b[j]) };
    }
    result
}
