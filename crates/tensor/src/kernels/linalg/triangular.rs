//! Triangular systems: by blocks of rows, so that most of the work is a matrix product.

use super::{Scalar, add_multiple, block, gemm};

/// Rows that are solved one by one before the rest is updated by a product: enough to keep the engine busy.
const BLOCK: usize = 32;

/// Which half of a matrix counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Triangle {
    pub(crate) is_upper: bool,
    /// Whether the diagonal is one, whatever the matrix holds there.
    pub(crate) has_unit_diagonal: bool,
}

/// `x` (`n` x `columns`) becomes `A⁻¹ x`. A zero on the diagonal divides: infinity or NaN.
pub(super) fn solve<T: Scalar>(a: &[T], n: usize, x: &mut [T], columns: usize, triangle: Triangle) {
    if columns == 0 {
        return;
    }
    let starts = (0..n).step_by(BLOCK);
    let mut products = Vec::new();
    let mut one_block = |start: usize| {
        let end = (start + BLOCK).min(n);
        solve_block(a, n, x, columns, triangle, start, end);
        // What this block contributes to the rows that are still to be solved.
        let rows = if triangle.is_upper { 0..start } else { end..n };
        if rows.is_empty() {
            return;
        }
        products.resize(rows.len() * columns, T::ZERO);
        let known = block(x, start * columns, columns);
        gemm(rows.len(), columns, end - start, &mut products, block(a, rows.start * n + start, n), known, false);
        for (x, &product) in x[rows.start * columns..].iter_mut().zip(&products) {
            *x -= product;
        }
    };
    if triangle.is_upper { starts.rev().for_each(&mut one_block) } else { starts.for_each(&mut one_block) }
}

/// Rows `start..end`, from which the contributions of rows outside have been subtracted.
fn solve_block<T: Scalar>(
    a: &[T],
    n: usize,
    x: &mut [T],
    columns: usize,
    triangle: Triangle,
    start: usize,
    end: usize,
) {
    let mut row = |i: usize| {
        let known = if triangle.is_upper { i + 1..end } else { start..i };
        for j in known {
            let (before, from_later) = x.split_at_mut(i.max(j) * columns);
            let (to, from) = if i < j {
                (&mut before[i * columns..][..columns], &from_later[..columns])
            } else {
                (&mut from_later[..columns], &before[j * columns..][..columns])
            };
            add_multiple(to, -a[i * n + j], from);
        }
        if !triangle.has_unit_diagonal {
            let pivot = a[i * n + i];
            x[i * columns..][..columns].iter_mut().for_each(|x| *x /= pivot);
        }
    };
    if triangle.is_upper { (start..end).rev().for_each(&mut row) } else { (start..end).for_each(&mut row) }
}
