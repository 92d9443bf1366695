//! Rotating pairs of elements by angles that depend on the row.

use super::parallel;
use crate::{Buffer, kernels::softmax::Float};

/// Elements of one piece of work.
const CHUNK: usize = 16 * 1024;

/// Cosines and sines: row after row, `pairs` of them each.
pub(crate) struct Angles<'a, T> {
    pub(crate) cos: &'a [T],
    pub(crate) sin: &'a [T],
    pub(crate) pairs: usize,
    /// Which row of the table each row of the tensor takes.
    pub(crate) rows: &'a [usize],
}

/// Cosines and sines of `position * frequency`, a row for each position.
pub(crate) fn table(positions: &[f64], frequencies: &[f64]) -> (Vec<f64>, Vec<f64>) {
    /// Positions of one piece of work: some ten microseconds for 64 frequencies.
    const ROWS: usize = 8;
    let (pairs, count) = (frequencies.len(), positions.len() * frequencies.len());
    let mut table = vec![(0.0, 0.0); count];
    // 20 ns for a sine with its cosine.
    parallel::chunks(&mut table, ROWS * pairs.max(1), 20 * count, |i, piece| {
        for (row, &position) in piece.chunks_exact_mut(pairs).zip(&positions[i * ROWS..]) {
            for (entry, frequency) in row.iter_mut().zip(frequencies) {
                let (sin, cos) = (position * frequency).sin_cos();
                *entry = (cos, sin);
            }
        }
    });
    table.into_iter().unzip()
}

/// `(a, b)` becomes `(a cos - b sin, b cos + a sin)` for each pair of each row. Pairs are neighbours, or half a row apart.
pub(crate) fn rotate<T: Float>(x: &[T], angles: &Angles<'_, T>, interleaved: bool) -> Buffer<T> {
    let (mut y, width) = (Buffer::<T>::recycled(x.len()), 2 * angles.pairs);
    if y.is_empty() {
        return y;
    }
    let piece = (CHUNK / width).max(1);
    parallel::chunks(&mut y, piece * width, x.len(), |i, y| {
        for (row, y) in (i * piece..).zip(y.chunks_exact_mut(width)) {
            let x = &x[row * width..][..width];
            let table = angles.rows[row] * angles.pairs;
            let angles = angles.cos[table..].iter().zip(&angles.sin[table..][..width / 2]);
            if interleaved {
                for ((y, x), (&cos, &sin)) in y.chunks_exact_mut(2).zip(x.chunks_exact(2)).zip(angles) {
                    (y[0], y[1]) = (x[0] * cos - x[1] * sin, x[1] * cos + x[0] * sin);
                }
            } else {
                let ((a, b), (y_a, y_b)) = (x.split_at(width / 2), y.split_at_mut(width / 2));
                for (((y_a, y_b), (&a, &b)), (&cos, &sin)) in y_a.iter_mut().zip(y_b).zip(a.iter().zip(b)).zip(angles) {
                    (*y_a, *y_b) = (a * cos - b * sin, b * cos + a * sin);
                }
            }
        }
    });
    y
}
