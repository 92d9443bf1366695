//! One axis through a sparse matrix: each place of the result is a weighted sum of a few places of the input.

use super::parallel;
use crate::{Buffer, kernels::softmax::Float, storage::make_room};

/// Elements of one piece of work.
const CHUNK: usize = 16 * 1024;

/// A sparse matrix by rows, as resampling an axis has it: row `o` holds `places[starts[o]..starts[o + 1]]` and as many
/// weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taps {
    pub(crate) starts: Vec<usize>,
    pub(crate) places: Vec<usize>,
    pub(crate) weights: Vec<f64>,
    /// The number of columns.
    pub(crate) columns: usize,
}

impl Taps {
    /// From the places and weights of each row; places of weight zero are left out.
    pub(crate) fn new<R: IntoIterator<Item = (usize, f64)>>(
        columns: usize,
        rows: impl ExactSizeIterator<Item = R>,
    ) -> Taps {
        let mut taps = Taps { columns, starts: vec![0], ..Taps::default() };
        make_room(&mut taps.starts, rows.len());
        for row in rows {
            let row = row.into_iter();
            make_room(&mut taps.places, row.size_hint().0);
            make_room(&mut taps.weights, row.size_hint().0);
            for (place, weight) in row.filter(|&(_, weight)| weight != 0.0) {
                taps.places.push(place);
                taps.weights.push(weight);
            }
            taps.starts.push(taps.places.len());
        }
        taps
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The places and weights of a row.
    fn row(&self, row: usize) -> (&[usize], &[f64]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.places[range.clone()], &self.weights[range])
    }

    /// The transposed matrix; within a row, places ascend.
    pub(crate) fn transposed(&self) -> Taps {
        let mut starts = vec![0; self.columns + 1];
        self.places.iter().for_each(|&place| starts[place + 1] += 1);
        for column in 0..self.columns {
            starts[column + 1] += starts[column];
        }
        let (mut next, count) = (starts.clone(), self.places.len());
        let (mut places, mut weights) = (vec![0; count], vec![0.0; count]);
        for row in 0..self.rows() {
            let (columns, row_weights) = self.row(row);
            for (&column, &weight) in columns.iter().zip(row_weights) {
                (places[next[column]], weights[next[column]]) = (row, weight);
                next[column] += 1;
            }
        }
        Taps { starts, places, weights, columns: self.rows() }
    }

    /// Whether each row is the same row of the input.
    pub(crate) fn is_identity(&self) -> bool {
        let all = self.places.len() == self.columns && self.rows() == self.columns;
        all && (0..self.columns).all(|row| self.row(row) == (&[row], &[1.0]))
    }
}

/// `dst[o, row, ..] = Σ weight src[o, place, ..]`, where rows of both are `inner` long.
pub(crate) fn resample<T: Float>(src: &[T], taps: &Taps, inner: usize, outer: usize) -> Buffer<T> {
    let rows = taps.rows();
    let mut dst = Buffer::<T>::recycled(outer * rows * inner);
    if dst.is_empty() {
        return dst;
    }
    let weights: Vec<T> = taps.weights.iter().map(|&weight| T::from_f64(weight)).collect();
    // Half a nanosecond for each product, and one for each element.
    let work = dst.len() + outer * inner * taps.places.len() / 2;
    let piece = (CHUNK / inner).max(1);
    parallel::chunks(&mut dst, piece * inner, work, |i, dst| {
        for (at, dst) in (i * piece..).zip(dst.chunks_exact_mut(inner)) {
            let (block, row) = (at / rows * taps.columns, at % rows);
            let range = taps.starts[row]..taps.starts[row + 1];
            let terms = taps.places[range.clone()].iter().zip(&weights[range]);
            if let [y] = dst {
                *y = terms.fold(T::default(), |sum, (&place, &weight)| sum + weight * src[block + place]);
                continue;
            }
            let mut terms = terms.map(|(&place, &weight)| (&src[(block + place) * inner..][..inner], weight));
            match terms.next() {
                None => dst.fill(T::default()),
                Some((src, weight)) => dst.iter_mut().zip(src).for_each(|(y, &x)| *y = weight * x),
            }
            for (src, weight) in terms {
                dst.iter_mut().zip(src).for_each(|(y, &x)| *y = *y + weight * x);
            }
        }
    });
    dst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_gives_the_matrix_back() {
        let rows = [vec![(0, 0.5), (2, 2.0)], vec![], vec![(2, 1.0)], vec![(1, -1.0), (2, 0.0)]];
        let taps = Taps::new(3, rows.into_iter());
        assert_eq!((taps.rows(), taps.columns, taps.places.len()), (4, 3, 4));
        let transposed = taps.transposed();
        assert_eq!((transposed.rows(), transposed.columns), (3, 4));
        assert_eq!(transposed.row(2), (&[0, 2][..], &[2.0, 1.0][..]));
        assert_eq!(transposed.transposed(), taps);
        assert!(!taps.is_identity() && Taps::new(2, (0..2).map(|i| [(i, 1.0)])).is_identity());
    }

    #[test]
    fn rows_are_weighted_sums() {
        let taps = Taps::new(2, [vec![(0, 1.0), (1, 10.0)], vec![], vec![(1, 2.0)]].into_iter());
        assert_eq!(resample(&[1.0, 2.0, 3.0, 4.0], &taps, 1, 2)[..], [21.0, 0.0, 4.0, 43.0, 0.0, 8.0]);
        assert_eq!(resample(&[1.0, 2.0, 3.0, 4.0], &taps, 2, 1)[..], [31.0, 42.0, 0.0, 0.0, 6.0, 8.0]);
    }
}
