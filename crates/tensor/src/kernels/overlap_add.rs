//! Windows of an axis added up where they came from.

use super::{arithmetic::Arithmetic, parallel};
use crate::{Array, Buffer, Shape};

/// Bytes of one piece of work: starting it costs little next to it.
const PIECE_BYTES: usize = 64 << 10;

/// Estimated nanoseconds for an element that is read in steps and added.
const ELEMENT_NANOSECONDS: usize = 2;

/// `y[o, p, k] = Σ x[o, i, k, j]` over all `i * step + j = p`, where `p` runs along `axis` of the result's shape.
///
/// Each output adds its windows in their order, so that sums have the same bits on any number of threads.
pub(crate) fn overlap_add<T: Arithmetic>(x: &Array, axis: usize, step: usize, shape: Shape) -> Array {
    let mut y = Buffer::<T>::zeroed(shape.numel());
    let (len, inner): (usize, usize) = (shape[axis], shape[axis + 1..].iter().product());
    let (count, size) = (x.shape()[axis], x.shape()[x.shape().len() - 1]);
    if y.is_empty() || x.numel() == 0 {
        return Array::from_buffer(y, shape);
    }
    let x = x.contiguous();
    let src = x.as_slice::<T>().expect("contiguous");
    let rows = (PIECE_BYTES / (inner * size_of::<T>())).max(1);
    parallel::chunks(&mut y, rows * inner, src.len() * ELEMENT_NANOSECONDS, |piece, dst| {
        for (row, dst) in (piece * rows..).zip(dst.chunks_exact_mut(inner)) {
            let (o, p) = (row / len, row % len);
            // Windows i with i * step <= p < i * step + size.
            let first = if p < size { 0 } else { (p - size) / step + 1 };
            for i in first..(p / step + 1).min(count) {
                let from = &src[(o * count + i) * inner * size + (p - i * step)..];
                dst.iter_mut().zip(from.iter().step_by(size)).for_each(|(y, &x)| *y = y.add(x));
            }
        }
    });
    Array::from_buffer(y, shape)
}
