//! Elements named by a table for each axis: copies by the tables, and the sums that transpose them.
//!
//! Most of a table counts up by one; that part of a row is copied, or added, as a run. No two pieces of work write one place, and a
//! place adds what it gets in the order of the tables: the bits do not depend on the number of threads.

use super::{arithmetic::Arithmetic, parallel};
use crate::{Array, Buffer, Element, Shape};
use std::ops::Range;

/// Bytes of one piece of work: starting it costs little next to it.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes that one core copies in a nanosecond when they are not in its cache; for the estimate of work only.
const BYTES_PER_NANOSECOND: usize = 4;

/// `y[i, .., l] = x[tables[0][i], .., tables[n][l]]`, of this shape; neither is empty or a scalar.
pub(crate) fn copy_by<T: Element>(x: &Array, tables: &[Vec<usize>], shape: Shape) -> Array {
    let mut y = Buffer::<T>::recycled(shape.numel());
    let (last, outer) = tables.split_last().expect("an axis");
    let (&stride, outer_strides) = x.strides().split_last().expect("an axis");
    let (src, row_len) = (x.storage_elements::<T>(), last.len());
    let run = longest_run(last);
    let rows = (PIECE_BYTES / (row_len * size_of::<T>())).max(1);
    let work = shape.numel() * size_of::<T>() / BYTES_PER_NANOSECOND;
    parallel::chunks(&mut y, rows * row_len, work, |piece, dst| {
        for (row, dst) in (piece * rows..).zip(dst.chunks_exact_mut(row_len)) {
            let at = x.offset() as isize + row_start(row, outer, outer_strides);
            let mut fill = |places: Range<usize>| {
                for (y, &j) in dst[places.clone()].iter_mut().zip(&last[places]) {
                    *y = src[(at + j as isize * stride) as usize];
                }
            };
            if stride == 1 {
                fill(0..run.start);
                fill(run.end..row_len);
                let from = at as usize + last[run.start];
                dst[run.clone()].copy_from_slice(&src[from..from + run.len()]);
            } else {
                fill(0..row_len);
            }
        }
    });
    Array::from_buffer(y, shape)
}

/// `y[tables[0][i], .., tables[n][l]] += x[i, .., l]`, from zeros of this shape; neither is empty or a scalar.
pub(crate) fn add_by<T: Arithmetic>(x: &Array, tables: &[Vec<usize>], shape: Shape) -> Array {
    let mut y = Buffer::<T>::zeroed(shape.numel());
    let (last, outer) = tables.split_last().expect("an axis");
    let (&row_len, outer_shape) = shape.split_last().expect("an axis");
    let (&stride, outer_strides) = x.strides().split_last().expect("an axis");
    let src = x.storage_elements::<T>();
    let run = longest_run(last);
    let places: Vec<Vec<Vec<usize>>> =
        outer.iter().zip(outer_shape).map(|(table, &size)| places_of(table, size)).collect();
    let rows = (PIECE_BYTES / (row_len * size_of::<T>())).max(1);
    let work = x.numel() * size_of::<T>() / BYTES_PER_NANOSECOND;
    parallel::chunks(&mut y, rows * row_len, work, |piece, dst| {
        let (mut starts, mut longer) = (Vec::new(), Vec::new());
        for (row, dst) in (piece * rows..).zip(dst.chunks_exact_mut(row_len)) {
            // Where the rows of x begin that go to this row of y.
            starts.clear();
            starts.push(x.offset() as isize);
            let mut block: usize = outer_shape.iter().product();
            for ((of_axis, &size), &stride) in places.iter().zip(outer_shape).zip(outer_strides) {
                block /= size;
                let from = &of_axis[row / block % size];
                longer.clear();
                longer.extend(starts.iter().flat_map(|&at| from.iter().map(move |&i| at + i as isize * stride)));
                std::mem::swap(&mut starts, &mut longer);
            }
            for &at in &starts {
                let mut add = |places: Range<usize>| {
                    for (i, &j) in places.clone().zip(&last[places]) {
                        dst[j] = dst[j].add(src[(at + i as isize * stride) as usize]);
                    }
                };
                if stride == 1 {
                    add(0..run.start);
                    add(run.end..last.len());
                    let from = &src[at as usize + run.start..][..run.len()];
                    let to = &mut dst[last[run.start]..][..run.len()];
                    to.iter_mut().zip(from).for_each(|(y, &x)| *y = y.add(x));
                } else {
                    add(0..last.len());
                }
            }
        }
    });
    Array::from_buffer(y, shape)
}

/// Where a row begins, relative to the first element of an array of these strides.
fn row_start(row: usize, tables: &[Vec<usize>], strides: &[isize]) -> isize {
    let (mut rest, mut start) = (row, 0);
    for (table, &stride) in tables.iter().zip(strides).rev() {
        start += table[rest % table.len()] as isize * stride;
        rest /= table.len();
    }
    start
}

/// The longest part of a table, which is not empty, that counts up by one.
fn longest_run(table: &[usize]) -> Range<usize> {
    let (mut longest, mut start) = (0..1, 0);
    for i in 1..=table.len() {
        if i == table.len() || table[i] != table[i - 1] + 1 {
            if i - start > longest.len() {
                longest = start..i;
            }
            start = i;
        }
    }
    longest
}

/// For each element of an axis of this size, where it stands in the table.
fn places_of(table: &[usize], size: usize) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); size];
    for (i, &j) in table.iter().enumerate() {
        places[j].push(i);
    }
    places
}
