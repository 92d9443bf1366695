//! Matrix-vector products, `y = A x`, which read each element of `A` once and should do so at the memory's speed.
//!
//! A product with one column is `dst = lhs * column`; one with one row is its transpose, `dst^T = rhs^T * row^T`.
//! Rows of `A` that are contiguous are multiplied with `x` and summed; contiguous columns are added to `y`, each times an
//! element of `x`.

use super::{GemmElement, Matrix, Tile, fused};
use crate::{
    Buffer,
    kernels::isa::{self, Kernel},
};

/// How an `m x n` product is a matrix-vector product.
#[derive(Clone, Copy)]
pub(super) struct Vector {
    /// Whether `rhs` is the matrix, and `lhs` the vector.
    transposed: bool,
    pub(super) contiguous: Contiguous,
}

/// Which way the matrix is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contiguous {
    Rows,
    Columns,
}

/// Rows that are multiplied with `x` at a time, so that there are as many sums as FMA units need: two units of four cycles.
pub(super) const ROWS: usize = 4;
/// Columns that are added to `y` at a time, so that `y` is loaded and stored once for so many loads of `A`.
const COLUMNS: usize = 8;

impl Vector {
    /// `None` for a product of larger matrices, or with a matrix that is contiguous in no direction, which the engine copies.
    pub(super) fn of<T>(m: usize, n: usize, lhs: &Matrix<'_, T>, rhs: &Matrix<'_, T>) -> Option<Vector> {
        let (transposed, down, right) = match (m, n) {
            (_, 1) => (false, lhs.row_stride, lhs.col_stride),
            (1, _) => (true, rhs.col_stride, rhs.row_stride),
            _ => return None,
        };
        let contiguous = match (down, right) {
            (_, 1) => Contiguous::Rows,
            (1, _) => Contiguous::Columns,
            _ => return None,
        };
        Some(Vector { transposed, contiguous })
    }

    /// The product of a piece: `dst`, one row or one column, of `lhs` and `rhs`, whose elements all exist.
    pub(super) fn multiply<T: GemmElement>(
        self,
        k: usize,
        mut dst: Tile<'_, T>,
        lhs: Matrix<'_, T>,
        rhs: Matrix<'_, T>,
        accumulate: bool,
    ) {
        let (matrix, x) = if self.transposed { (rhs.transposed(), lhs.transposed()) } else { (lhs, rhs) };
        let y = dst.line();
        match self.contiguous {
            Contiguous::Rows if x.row_stride == 1 => {
                isa::dispatch(Rows { matrix, x: &x.data[x.offset..][..k], y, accumulate });
            }
            Contiguous::Rows => {
                let x = Buffer::from_iter_exact((0..k).map(|p| x.at(p, 0)));
                isa::dispatch(Rows { matrix, x: &x, y, accumulate });
            }
            Contiguous::Columns => isa::dispatch(Columns { k, matrix, x, y, accumulate }),
        }
    }
}

struct Rows<'a, T> {
    matrix: Matrix<'a, T>,
    x: &'a [T],
    y: &'a mut [T],
    accumulate: bool,
}

impl<T: GemmElement> Kernel for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Rows { matrix, x, y, accumulate } = self;
        let row = |i: usize| &matrix.data[matrix.moved(i, 0).offset..][..x.len()];
        let store = |y: &mut T, sum: T| if accumulate { *y += sum } else { *y = sum };
        let whole = y.len() / ROWS * ROWS;
        for i in (0..whole).step_by(ROWS) {
            let sums = dots::<T, ROWS, FMA>(std::array::from_fn(|r| row(i + r)), x);
            y[i..][..ROWS].iter_mut().zip(sums).for_each(|(y, sum)| store(y, sum));
        }
        for i in whole..y.len() {
            let [sum] = dots::<T, 1, FMA>([row(i)], x);
            store(&mut y[i], sum);
        }
    }
}

/// The dot products of these rows with `x`. A row's sum does not depend on which rows stand beside it.
#[inline(always)]
fn dots<T: GemmElement, const R: usize, const FMA: bool>(rows: [&[T]; R], x: &[T]) -> [T; R] {
    // Two 256-bit vectors of sums for each row.
    if size_of::<T>() == 4 { dots_in_lanes::<T, R, 16, FMA>(rows, x) } else { dots_in_lanes::<T, R, 8, FMA>(rows, x) }
}

#[inline(always)]
fn dots_in_lanes<T: GemmElement, const R: usize, const LANES: usize, const FMA: bool>(
    rows: [&[T]; R],
    x: &[T],
) -> [T; R] {
    let (blocks, rest) = x.as_chunks::<LANES>();
    let split = rows.map(|row| row[..x.len()].as_chunks::<LANES>());
    let row_blocks = split.map(|(blocks, _)| blocks);
    let mut sums = [[T::default(); LANES]; R];
    for (b, x) in blocks.iter().enumerate() {
        for r in 0..R {
            let row = &row_blocks[r][b];
            for lane in 0..LANES {
                sums[r][lane] = fused::<T, FMA>(row[lane], x[lane], sums[r][lane]);
            }
        }
    }
    std::array::from_fn(|r| {
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                sums[r][lane] = sums[r][lane] + sums[r][lane + width];
            }
            width /= 2;
        }
        split[r].1.iter().zip(rest).fold(sums[r][0], |sum, (&a, &x)| fused::<T, FMA>(a, x, sum))
    })
}

struct Columns<'a, T> {
    k: usize,
    matrix: Matrix<'a, T>,
    x: Matrix<'a, T>,
    y: &'a mut [T],
    accumulate: bool,
}

impl<T: GemmElement> Kernel for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Columns { k, matrix, x, y, accumulate } = self;
        if !accumulate {
            y.fill(T::default());
        }
        let whole = k / COLUMNS * COLUMNS;
        for p in (0..whole).step_by(COLUMNS) {
            add_columns::<T, COLUMNS, FMA>(p, &matrix, &x, y);
        }
        for p in whole..k {
            add_columns::<T, 1, FMA>(p, &matrix, &x, y);
        }
    }
}

/// Adds the `C` columns from `first`, each times its element of `x`, to `y`, in their order.
#[inline(always)]
fn add_columns<T: GemmElement, const C: usize, const FMA: bool>(
    first: usize,
    matrix: &Matrix<'_, T>,
    x: &Matrix<'_, T>,
    y: &mut [T],
) {
    let len = y.len();
    let columns: [&[T]; C] = std::array::from_fn(|c| &matrix.data[matrix.moved(0, first + c).offset..][..len]);
    let factors: [T; C] = std::array::from_fn(|c| x.at(first + c, 0));
    for (i, y) in y.iter_mut().enumerate() {
        *y = (0..C).fold(*y, |sum, c| fused::<T, FMA>(columns[c][i], factors[c], sum));
    }
}
