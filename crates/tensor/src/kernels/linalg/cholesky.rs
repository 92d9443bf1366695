//! Cholesky factorisation, by blocks of columns (Golub and Van Loan, section 4.2.9).

use super::{Matrix, Scalar, block, dot, gemm};

/// Columns that are factored one by one before the rest is updated by a product.
const BLOCK: usize = 32;

/// `a` (`n` x `n`) becomes the lower L with `L Lᵀ = a`, with zeros above the diagonal; or the pivot that is not positive.
///
/// A NaN is no reason to fail: it goes on.
pub(super) fn factor<T: Scalar>(a: &mut [T], n: usize) -> Result<(), usize> {
    let mut products = Vec::new();
    for start in (0..n).step_by(BLOCK) {
        let end = (start + BLOCK).min(n);
        for i in start..n {
            let (above, row) = a.split_at_mut(i * n);
            let row = &mut row[..n];
            for j in start..end.min(i) {
                let other = &above[j * n..][..n];
                row[j] = (row[j] - dot(&row[start..j], &other[start..j])) / other[j];
            }
            if i < end {
                let square = row[i] - dot(&row[start..i], &row[start..i]);
                if square <= T::ZERO {
                    return Err(i);
                }
                row[i] = square.sqrt();
                row[i + 1..].fill(T::ZERO);
            }
        }
        let rest = n - end;
        if rest == 0 {
            break;
        }
        products.resize(rest * rest, T::ZERO);
        let left = block(a, end * n + start, n);
        let right = Matrix { row_stride: 1, col_stride: n as isize, ..left };
        gemm(rest, rest, end - start, &mut products, left, right, false);
        for (row, products) in a[end * n..].chunks_exact_mut(n).zip(products.chunks_exact(rest)) {
            for (x, &product) in row[end..].iter_mut().zip(products) {
                *x -= product;
            }
        }
    }
    Ok(())
}
