//! Rows parted into columns that are four apart, and woven together again: four tiles at a time, whose four columns each are a
//! square that is exchanged in registers.

use super::super::SIDE;
use crate::{Element, kernels::copy::transpose::exchanged};

/// Writes the columns of the first `count` tiles of a row that has `margin` columns of padding before it. Tiles go in fours: some more
/// may be written. What is beyond the row is zero.
#[inline(always)]
pub(super) fn part<T: Element>(row: &[T], margin: usize, count: usize, [zero, one, two, three]: [&mut [T]; SIDE]) {
    for first in (0..count).step_by(SIDE) {
        let mut tiles = [[T::default(); SIDE]; SIDE];
        for (i, tile) in tiles.iter_mut().enumerate() {
            *tile = columns(row, margin, SIDE * (first + i));
        }
        let phases = exchanged(tiles);
        write(&mut *zero, first, phases[0]);
        write(&mut *one, first, phases[1]);
        write(&mut *two, first, phases[2]);
        write(&mut *three, first, phases[3]);
    }
}

/// Four columns, from the `first` on.
#[inline(always)]
fn columns<T: Element>(row: &[T], margin: usize, first: usize) -> [T; SIDE] {
    if first >= margin && first - margin + SIDE <= row.len() {
        return four(row, first - margin);
    }
    let mut columns = [T::default(); SIDE];
    for (i, column) in columns.iter_mut().enumerate() {
        if first + i >= margin && first + i - margin < row.len() {
            *column = row[first + i - margin];
        }
    }
    columns
}

/// The row of these columns, as far as it goes.
#[inline(always)]
pub(super) fn weave<T: Element>([zero, one, two, three]: [&[T]; SIDE], row: &mut [T]) {
    for first in (0..row.len().div_ceil(SIDE)).step_by(SIDE) {
        let tiles = exchanged([four(zero, first), four(one, first), four(two, first), four(three, first)]);
        for (i, tile) in tiles.into_iter().enumerate() {
            let at = SIDE * (first + i);
            if at + SIDE <= row.len() {
                write(row, at, tile);
            } else if at < row.len() {
                for (x, column) in row[at..].iter_mut().zip(tile) {
                    *x = column;
                }
            }
        }
    }
}

#[inline(always)]
fn four<T: Element>(x: &[T], at: usize) -> [T; SIDE] {
    let Some(four) = x[at..].first_chunk() else { panic!("{SIDE} elements from {at} on") };
    *four
}

#[inline(always)]
fn write<T: Element>(to: &mut [T], at: usize, four: [T; SIDE]) {
    to[at..at + SIDE].copy_from_slice(&four);
}
