//! Clearing one side of a diagonal of matrices.

use super::parallel;
use crate::Element;

/// Bytes of one piece of work: starting it costs little next to it.
const PIECE_BYTES: usize = 64 << 10;

/// Estimated nanoseconds for a row: finding its end costs more than clearing it.
const ROW_NANOSECONDS: usize = 8;

/// Zeros above a diagonal (`lower` stays) or below it, `diagonal` to the right of the main one, in matrices that lie one after another.
pub(crate) fn clear<T: Element>(elements: &mut [T], rows: usize, columns: usize, lower: bool, diagonal: isize) {
    if elements.is_empty() {
        return;
    }
    let piece_rows = (PIECE_BYTES / (columns * size_of::<T>())).max(1);
    let work = elements.len() / columns * ROW_NANOSECONDS;
    parallel::chunks(elements, piece_rows * columns, work, |piece, dst| {
        for (row, dst) in (piece * piece_rows..).zip(dst.chunks_exact_mut(columns)) {
            // The place of the diagonal in this row, which may lie on either side of it.
            let on = diagonal.saturating_add((row % rows) as isize);
            if lower {
                dst[on.saturating_add(1).clamp(0, columns as isize) as usize..].fill(T::default());
            } else {
                dst[..on.clamp(0, columns as isize) as usize].fill(T::default());
            }
        }
    });
}
