//! Cells of one colour joined to rectangles, so that a picture of thousands of cells is a file of hundreds of shapes.

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
