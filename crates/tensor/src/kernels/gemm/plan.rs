//! How a product is cut into pieces, each computed by one thread: a grid of tiles of the output, and for few tiles with a
//! long sum also parts of the sum.
//!
//! The plan depends on the shapes, the strides and the element type, never on the number of threads.

use super::{
    Matrix, panels, parallel,
    vector::{Contiguous, Vector},
};
use std::ops::Range;

/// Multiplications and additions that make a piece of a matrix product worth a thread: about 20 us at 57 a nanosecond (f32, AVX2).
const WORTH_A_PIECE: usize = 1 << 20;
/// The same for a matrix-vector product, which waits for memory: about 15 us.
const WORTH_A_VECTOR_PIECE: usize = 1 << 17;
/// Pieces to aim for where the output alone does not give as many: enough for the threads of a desktop processor.
const PIECES: usize = 16;
/// Rows of a tile at most. The engine arranges its columns anew for each tile, so that taller is better (a transposed `rhs`:
/// 113 GFLOP/s with 256 rows, 105 with 128, 62 with 8), until `lhs` leaves the second cache.
const TILE_ROWS: usize = 256;
/// Columns of a tile at most: of a large product, and of one that has fewer than `PIECES` tiles of that width.
const TILE_COLS: usize = 128;
const NARROW_TILE_COLS: usize = 64;
/// The same where `lhs` is brought into panels, anew for each tile.
const PANEL_COLS: usize = 512;
const NARROW_PANEL_COLS: usize = 256;
/// The shortest part of a sum: two of the engine's own blocks.
const PART_DEPTH: usize = 1024;
/// Elements of a vector that stay in the first cache while the matrix streams by.
const VECTOR_TILE: usize = 4096;
/// Elements of `dst` to which one thread adds the parts of a sum at a time.
pub(super) const SUM_CHUNK: usize = 4096;

pub(super) struct Plan {
    vector: Option<Vector>,
    /// Whether `lhs` is brought into panels.
    by_panels: bool,
    products: usize,
    rows: Cut,
    cols: Cut,
    depth: Cut,
    /// Pieces that one thread takes at a time, so that small ones cost no more than a function call; `None` when it takes all of
    /// them, which are whole products.
    group: Option<usize>,
    /// An estimate of the nanoseconds of all pieces.
    work: usize,
}

/// Part of a product.
pub(super) struct Piece {
    pub(super) product: usize,
    /// Which part of the sum this is: the number of the `depth` range.
    pub(super) part: usize,
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
    pub(super) depth: Range<usize>,
}

/// A length, cut into pieces of one size, but for the last.
#[derive(Clone, Copy)]
struct Cut {
    len: usize,
    size: usize,
}

impl Cut {
    fn whole(len: usize) -> Cut {
        Cut { len, size: len }
    }

    /// Pieces of at most `most`, as equal as multiples of `align` allow; `most` is such a multiple.
    fn even(len: usize, most: usize, align: usize) -> Cut {
        let count = len.div_ceil(most);
        Cut { len, size: len.div_ceil(count).next_multiple_of(align).min(len) }
    }

    fn count(self) -> usize {
        self.len.div_ceil(self.size)
    }

    fn range(self, i: usize) -> Range<usize> {
        i * self.size..((i + 1) * self.size).min(self.len)
    }
}

impl Plan {
    pub(super) fn new<T>(products: usize, [m, n, k]: [usize; 3], lhs: Matrix<'_, T>, rhs: Matrix<'_, T>) -> Plan {
        let steps = m.saturating_mul(n).saturating_mul(k);
        let all_steps = steps.saturating_mul(products);
        let vector = Vector::of(m, n, &lhs, &rhs);
        let worth = if vector.is_some() { WORTH_A_VECTOR_PIECE } else { WORTH_A_PIECE };
        if all_steps < 2 * worth {
            let (rows, cols, depth) = (Cut::whole(m), Cut::whole(n), Cut::whole(k));
            return Plan { vector, by_panels: false, products, rows, cols, depth, group: None, work: 0 };
        }
        let wanted = (all_steps / worth).min(PIECES);

        let by_panels = vector.is_none() && panels::pay(n, k, &lhs);
        let (mut rows, mut cols) = (Cut::whole(m), Cut::whole(n));
        if steps >= 2 * worth {
            match vector {
                None => {
                    // Four rows and sixteen columns are the engine's step, in f32 with 512-bit vectors.
                    rows = Cut::even(m, TILE_ROWS, 4);
                    let (wide, narrow) =
                        if by_panels { (PANEL_COLS, NARROW_PANEL_COLS) } else { (TILE_COLS, NARROW_TILE_COLS) };
                    cols = Cut::even(n, wide, 16);
                    if products * rows.count() * cols.count() < wanted {
                        cols = Cut::even(n, narrow, 16);
                    }
                }
                Some(vector) => {
                    let tile = match vector.contiguous {
                        Contiguous::Rows => (worth / k).max(1),
                        Contiguous::Columns => VECTOR_TILE,
                    };
                    let outputs = if m == 1 { &mut cols } else { &mut rows };
                    *outputs = Cut::even(m * n, tile, 1);
                }
            }
        }
        let tiles = products * rows.count() * cols.count();
        let shortest = if vector.is_some() { (worth / (m * n)).max(1) } else { PART_DEPTH };
        let parts = (wanted / tiles).min(k / shortest).max(1);
        let depth = Cut::even(k, k.div_ceil(parts).next_multiple_of(16), 16);

        let elements = m.saturating_mul(k).saturating_add(k.saturating_mul(n)).saturating_add(m.saturating_mul(n));
        let bytes = elements.saturating_mul(products).saturating_mul(size_of::<T>());
        let pieces = rows.count() * cols.count() * depth.count();
        Plan {
            vector,
            by_panels,
            products,
            rows,
            cols,
            depth,
            group: Some((worth / 4).div_ceil((steps / pieces).max(1))),
            // 57 steps of four bytes a nanosecond (one core's limit with AVX2), 40 bytes a nanosecond (its second cache's).
            work: (all_steps / 228).saturating_mul(size_of::<T>()) + bytes / 40,
        }
    }

    /// How the product is a matrix-vector product, if it is.
    pub(super) fn vector(&self) -> Option<Vector> {
        self.vector
    }

    pub(super) fn by_panels(&self) -> bool {
        self.by_panels
    }

    /// Into how many parts each sum is cut.
    pub(super) fn parts(&self) -> usize {
        self.depth.count()
    }

    /// Runs `task` once for each piece; the pieces of one part do not overlap.
    pub(super) fn for_each_piece(&self, task: impl Fn(Piece) + Send + Sync) {
        let Some(group) = self.group else {
            // Small products notice even the divisions below.
            let (m, n, k) = (self.rows.len, self.cols.len, self.depth.len);
            return (0..self.products)
                .for_each(|product| task(Piece { product, part: 0, rows: 0..m, cols: 0..n, depth: 0..k }));
        };
        let (rows, cols, parts) = (self.rows.count(), self.cols.count(), self.parts());
        let count = self.products * cols * rows * parts;
        parallel::tasks(count.div_ceil(group), self.work, |job| {
            for i in job * group..((job + 1) * group).min(count) {
                // Neighbours share columns of `rhs`, which the engine has just brought into cache.
                let (i, part) = (i / parts, i % parts);
                let (i, row) = (i / rows, i % rows);
                let (product, col) = (i / cols, i % cols);
                let (rows, cols, depth) = (self.rows.range(row), self.cols.range(col), self.depth.range(part));
                task(Piece { product, part, rows, cols, depth });
            }
        });
    }
}
