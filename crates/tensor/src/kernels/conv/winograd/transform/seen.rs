//! The rows of an image's channel that the tiles of a block see. Rows of tiles that follow each other share two of their six.

use super::super::{
    SEEN, SIDE,
    tiles::{Segment, Tiles},
};

/// A part of a row of a channel, and the tiles that see it.
pub(in super::super) struct Row {
    pub(super) image: usize,
    /// Where it begins in its channel.
    pub(super) at: usize,
    /// How many elements it has; none where the tiles see padding alone.
    pub(super) len: usize,
    /// Columns of padding before it.
    pub(super) margin: usize,
    /// How many tiles see it, side by side.
    pub(super) tiles: usize,
    pub(super) place: Place,
    /// Where the row of tiles below sees it.
    pub(super) below: Option<Place>,
}

/// Tiles that see a row as one of their six.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Which of the six.
    pub(super) row: usize,
    /// The column of the first tile in the block's matrices.
    pub(super) column: usize,
}

/// All of them, segment by segment, from above to below.
pub(in super::super) fn rows(tiles: &Tiles, segments: &[Segment]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(segments.len() * SEEN);
    let mut column = 0;
    for (i, segment) in segments.iter().enumerate() {
        let before = i.checked_sub(1).map(|before| segments[before]);
        let is_below = before.is_some_and(|before| *segment == Segment { row: before.row + 1, ..before });
        let shared = if is_below { SEEN - SIDE } else { 0 };
        let last = rows.len();
        for row in 0..shared {
            rows[last - shared + row].below = Some(Place { row, column });
        }
        rows.extend((shared..SEEN).map(|row| Row::of(tiles, segment, Place { row, column })));
        column += segment.len;
    }
    rows
}

impl Row {
    fn of(tiles: &Tiles, segment: &Segment, place: Place) -> Row {
        let ([height, width], [above, left]) = (tiles.input, tiles.before);
        let first = SIDE * segment.start;
        let (margin, column) = (left.saturating_sub(first), first.saturating_sub(left));
        let row = (SIDE * segment.row + place.row).checked_sub(above).filter(|&row| row < height);
        let (at, len) = match row {
            Some(row) if column < width => {
                (row * width + column, (width - column).min(SIDE * segment.len + SEEN - SIDE - margin))
            }
            _ => (0, 0),
        };
        Row { image: segment.image, at, len, margin, tiles: segment.len, place, below: None }
    }
}
