//! Rows parted into their even and odd columns, and woven together again.
//!
//! The loops run over slices whose lengths the compiler does not know: so it makes vector shuffles of them, where for
//! fixed lengths it would pick element by element.

use crate::kernels::arithmetic::Arithmetic;

/// Writes the columns of a row that has `margin` others before it.
#[inline(always)]
pub(super) fn part<T: Arithmetic>(row: &[T], margin: usize, even: &mut [T], odd: &mut [T]) {
    let (mut row, first) = (row, margin.div_ceil(2));
    if let (true, Some((&x, rest))) = (margin % 2 == 1, row.split_first()) {
        odd[margin / 2] = x;
        row = rest;
    }
    let (pairs, last) = row.as_chunks::<2>();
    part_pairs(pairs, &mut even[first..][..pairs.len()], &mut odd[first..][..pairs.len()]);
    if let [x] = last {
        even[first + pairs.len()] = *x;
    }
}

#[inline(always)]
fn part_pairs<T: Arithmetic>(pairs: &[[T; 2]], even: &mut [T], odd: &mut [T]) {
    for ((pair, even), odd) in pairs.iter().zip(even).zip(odd) {
        (*even, *odd) = (pair[0], pair[1]);
    }
}

/// The row of these columns, as far as it goes.
#[inline(always)]
pub(super) fn weave<T: Arithmetic>(even: &[T], odd: &[T], row: &mut [T]) {
    let (pairs, last) = row.as_chunks_mut::<2>();
    weave_pairs(&even[..pairs.len()], &odd[..pairs.len()], pairs);
    if let [x] = last {
        *x = even[pairs.len()];
    }
}

#[inline(always)]
fn weave_pairs<T: Arithmetic>(even: &[T], odd: &[T], pairs: &mut [[T; 2]]) {
    for ((pair, &even), &odd) in pairs.iter_mut().zip(even).zip(odd) {
        *pair = [even, odd];
    }
}
