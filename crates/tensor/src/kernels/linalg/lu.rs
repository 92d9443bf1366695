//! LU factorisation with partial pivoting, by blocks of columns (Golub and Van Loan, algorithm 3.4.1 and section 3.2.11).

use super::{Scalar, Triangle, add_multiple, block, gemm, triangular};

/// Columns that are eliminated one by one before the rest is updated by a product.
const BLOCK: usize = 32;

const UNIT_LOWER: Triangle = Triangle { is_upper: false, has_unit_diagonal: true };
const UPPER: Triangle = Triangle { is_upper: true, has_unit_diagonal: false };

/// `P A = L U`: L below the diagonal, with ones on it, and U on and above it.
pub(super) struct Lu<T> {
    factors: Vec<T>,
    n: usize,
    /// Row `i` of `P A` is row `rows[i]` of A.
    rows: Vec<usize>,
    is_odd: bool,
    /// The first pivot that is exactly zero.
    zero_pivot: Option<usize>,
}

impl<T: Scalar> Lu<T> {
    pub(super) fn new(a: Vec<T>, n: usize) -> Self {
        let mut lu = Lu { factors: a, n, rows: (0..n).collect(), is_odd: false, zero_pivot: None };
        let mut products = Vec::new();
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            (start..end).for_each(|column| lu.eliminate(column, end));
            lu.update(start, end, &mut products);
        }
        lu
    }

    /// Eliminates a column below the diagonal, in the columns up to `end`.
    fn eliminate(&mut self, column: usize, end: usize) {
        let n = self.n;
        let a = &mut self.factors;
        let mut pivot = column;
        for i in column + 1..n {
            if a[i * n + column].abs() > a[pivot * n + column].abs() {
                pivot = i;
            }
        }
        if pivot != column {
            let (above, below) = a.split_at_mut(pivot * n);
            above[column * n..][..n].swap_with_slice(&mut below[..n]);
            self.rows.swap(column, pivot);
            self.is_odd = !self.is_odd;
        }
        let (above, below) = a.split_at_mut((column + 1) * n);
        let row = &above[column * n..];
        if row[column] == T::ZERO {
            // The pivot is the largest: there is nothing to eliminate.
            self.zero_pivot.get_or_insert(column);
            return;
        }
        for other in below.chunks_exact_mut(n) {
            let factor = other[column] / row[column];
            other[column] = factor;
            add_multiple(&mut other[column + 1..end], -factor, &row[column + 1..end]);
        }
    }

    /// Brings the columns from `end` on up to date with the elimination of columns `start..end`.
    fn update(&mut self, start: usize, end: usize, products: &mut Vec<T>) {
        let (n, a) = (self.n, &mut self.factors);
        let rest = n - end;
        if rest == 0 {
            return;
        }
        for i in start + 1..end {
            for j in start..i {
                let (above, below) = a.split_at_mut(i * n);
                let factor = below[j];
                add_multiple(&mut below[end..n], -factor, &above[j * n + end..][..rest]);
            }
        }
        products.resize(rest * rest, T::ZERO);
        gemm(rest, rest, end - start, products, block(a, end * n + start, n), block(a, start * n + end, n), false);
        for (row, products) in a[end * n..].chunks_exact_mut(n).zip(products.chunks_exact(rest)) {
            for (x, &product) in row[end..].iter_mut().zip(products) {
                *x -= product;
            }
        }
    }

    /// `x` (`n` x `columns`) becomes `A⁻¹ x`, unless a pivot is zero.
    pub(super) fn solve(&self, x: &mut [T], columns: usize) -> Result<(), usize> {
        if let Some(pivot) = self.zero_pivot {
            return Err(pivot);
        }
        let b = x.to_vec();
        for (to, &from) in x.chunks_exact_mut(columns.max(1)).zip(&self.rows) {
            to.copy_from_slice(&b[from * columns..][..columns]);
        }
        triangular::solve(&self.factors, self.n, x, columns, UNIT_LOWER);
        triangular::solve(&self.factors, self.n, x, columns, UPPER);
        Ok(())
    }

    fn pivots(&self) -> impl Iterator<Item = T> {
        self.factors.iter().copied().step_by(self.n + 1)
    }

    pub(super) fn det(&self) -> T {
        let sign = if self.is_odd { -T::ONE } else { T::ONE };
        self.pivots().fold(sign, |det, pivot| det * pivot)
    }

    /// The sign of the determinant (0 of a singular matrix) and the logarithm of its absolute value.
    pub(super) fn slogdet(&self) -> [T; 2] {
        let sign = |x: T| match x {
            x if x > T::ZERO => T::ONE,
            x if x < T::ZERO => -T::ONE,
            zero_or_nan => zero_or_nan,
        };
        let first = if self.is_odd { -T::ONE } else { T::ONE };
        let signs = self.pivots().fold(first, |product, pivot| product * sign(pivot));
        [signs, self.pivots().fold(T::ZERO, |sum, pivot| sum + pivot.abs().ln::<false>())]
    }
}
