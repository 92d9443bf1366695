//! The rows of an image's channel that the tiles of a block see. Rows of tiles that follow each other share two of their four.

use super::{
    super::tiles::{MOST_TILES, Segment, Tiles},
    LANES,
};

/// Columns of one parity in a row: the last vector of tiles sees one more.
pub(super) const ROW: usize = MOST_TILES + LANES;

/// Which elements are read and where they go; the same for all channels.
pub(in super::super) struct Seen {
    /// Rows that are in the image; where there is none, zeros stay.
    pub(super) rows: Vec<Row>,
    /// For each segment, where the first of its four rows begins.
    pub(super) first_rows: Vec<usize>,
    /// How many rows there are, with those of zeros.
    pub(super) count: usize,
}

/// A part of a row.
pub(super) struct Row {
    pub(super) image: usize,
    /// Where it begins in its channel.
    pub(super) at: usize,
    pub(super) len: usize,
    /// Columns of padding before it.
    pub(super) margin: usize,
    /// Where it goes, parted into even and odd columns.
    pub(super) to: usize,
}

impl Seen {
    pub(in super::super) fn new(tiles: &Tiles, segments: &[Segment]) -> Seen {
        let mut seen = Seen { rows: Vec::new(), first_rows: Vec::new(), count: 0 };
        for (i, segment) in segments.iter().enumerate() {
            let before = i.checked_sub(1).map(|before| segments[before]);
            let is_next = before.is_some_and(|before| *segment == Segment { row: before.row + 1, ..before });
            let shared = if is_next { 2 } else { 0 };
            seen.first_rows.push((seen.count - shared) * ROW);
            for row in shared..4 {
                seen.add(tiles, segment, row);
            }
        }
        seen
    }

    /// Adds one of the four rows of a segment.
    fn add(&mut self, tiles: &Tiles, segment: &Segment, row: usize) {
        let to = self.count * ROW;
        self.count += 1;
        let ([height, width], [above, left]) = (tiles.input, tiles.before);
        let first = 2 * segment.start;
        let (margin, column) = (left.saturating_sub(first), first.saturating_sub(left));
        let len = width.saturating_sub(column).min(2 * segment.len + 2 - margin);
        let row = (2 * segment.row + row).checked_sub(above).filter(|&row| row < height && len > 0);
        if let Some(row) = row {
            self.rows.push(Row { image: segment.image, at: row * width + column, len, margin, to });
        }
    }
}
