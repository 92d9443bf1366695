//! Cells of numbers: those too small to be drawn become fewer, and those of one colour are joined to rectangles, so that a picture of
//! thousands of cells is a file of hundreds of shapes.

use super::canvas::UNITS;

/// Numbers row by row, as cells that are large enough to be drawn.
pub(super) struct Cells {
    pub(super) values: Vec<f64>,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// The side of a cell, in pixels.
    pub(super) size: f64,
}

impl Cells {
    /// Rows of `columns` numbers, as cells of this size. Where that is below a unit, in which nothing can be drawn, a cell is the mean of
    /// a square of them, or of what the border leaves of it, without those that are no number.
    pub(super) fn of(values: &[f64], columns: usize, size: f64) -> Cells {
        let each = (1.0 / (UNITS * size)).ceil().max(1.0) as usize;
        let mut means = Vec::with_capacity(values.len() / each);
        for lines in values.chunks(columns.max(1) * each) {
            for left in (0..columns).step_by(each) {
                let square = lines.chunks(columns).flat_map(|line| &line[left..columns.min(left + each)]);
                let (sum, count) = square.filter(|x| !x.is_nan()).fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
                means.push(sum / count);
            }
        }
        let columns = columns.div_ceil(each);
        Cells { rows: means.len() / columns.max(1), values: means, columns, size: size * each as f64 }
    }

    /// How far a rectangle reaches into the cells on its right and below, in pixels, so that no seams are seen: not so far that it
    /// hides them.
    pub(super) fn reach(&self) -> f64 {
        (self.size / 2.0).min(1.5)
    }
}

/// A rectangle of cells, from the first column and row.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    pub(super) columns: std::ops::Range<usize>,
    pub(super) rows: std::ops::Range<usize>,
    pub(super) level: u8,
}

/// Rectangles that cover each cell that has a level exactly once: each begins at the first free cell, is as wide as its row allows, and
/// then as high as its width allows. In the order of their levels, so that those of one colour follow each other.
pub(super) fn joined(columns: usize, rows: usize, level: impl Fn(usize, usize) -> Option<u8>) -> Vec<Block> {
    let mut free: Vec<Option<u8>> = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        free.extend((0..columns).map(|column| level(column, row)));
    }
    let mut blocks = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let Some(level) = free[row * columns + column] else { continue };
            let run = |row: usize| &free[row * columns..][..columns];
            let width = run(row)[column..].iter().take_while(|&&cell| cell == Some(level)).count();
            let same = |row: &usize| run(*row)[column..][..width].iter().all(|&cell| cell == Some(level));
            let height = (row..rows).take_while(same).count();
            for row in row..row + height {
                free[row * columns + column..][..width].fill(None);
            }
            blocks.push(Block { columns: column..column + width, rows: row..row + height, level });
        }
    }
    blocks.sort_by_key(|block: &Block| block.level);
    blocks
}
