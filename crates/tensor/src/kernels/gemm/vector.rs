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

/// Sums that a dot product keeps: eight 256-bit vectors of f32, as many as two FMA units of four cycles need.
const LANES: usize = 64;
/// Sums for what is left of a row after whole blocks of `LANES`.
const FEW_LANES: usize = 8;
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
        for (i, y) in y.iter_mut().enumerate() {
            let sum = dot::<T, FMA>(row(i), x);
            *y = if accumulate { *y + sum } else { sum };
        }
    }
}

/// The sum of `a[p] * x[p]`; both are equally long.
#[inline(always)]
fn dot<T: GemmElement, const FMA: bool>(a: &[T], x: &[T]) -> T {
    let ((a, a_rest), (x, x_rest)) = (a.as_chunks::<LANES>(), x.as_chunks::<LANES>());
    let sums = lane_sums::<T, LANES, FMA>(a, x);
    let ((a, a_rest), (x, x_rest)) = (a_rest.as_chunks::<FEW_LANES>(), x_rest.as_chunks::<FEW_LANES>());
    let mut few = lane_sums::<T, FEW_LANES, FMA>(a, x);
    for sums in sums.as_chunks::<FEW_LANES>().0 {
        for lane in 0..FEW_LANES {
            few[lane] += sums[lane];
        }
    }
    let rest = a_rest.iter().zip(x_rest).fold(T::default(), |sum, (&a, &x)| fused::<T, FMA>(a, x, sum));
    few.iter().fold(rest, |total, &sum| total + sum)
}

/// Sum `i` is that of `a[i] * x[i]` in all blocks.
#[inline(always)]
fn lane_sums<T: GemmElement, const N: usize, const FMA: bool>(a: &[[T; N]], x: &[[T; N]]) -> [T; N] {
    let mut sums = [T::default(); N];
    for (a, x) in a.iter().zip(x) {
        for lane in 0..N {
            sums[lane] = fused::<T, FMA>(a[lane], x[lane], sums[lane]);
        }
    }
    sums
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
