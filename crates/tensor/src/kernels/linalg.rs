//! Factorisations of dense matrices, and what is computed with them, for batches of row-major matrices.
//!
//! Matrices of a batch run in parallel, and the large products inside one go to the GEMM engine; each matrix is computed the same way
//! whoever computes it, so that results do not depend on the number of threads. A factorisation of one matrix works on slices:
//! `lu`, `cholesky`, `triangular`, `qr`, `eigh`, `svd`, `exp`, with what `vectors` does to their rows. Textbook: Golub and Van Loan, Matrix Computations, 4th edition.
//!
//! A matrix with NaN or infinite elements gives NaN, not an endless iteration.

mod cholesky;
mod eigh;
mod engine;
mod exp;
mod lu;
mod qr;
mod svd;
#[cfg(test)]
mod tests;
mod triangular;
mod vectors;

use super::{
    gemm::{GemmElement, Matrix, gemm},
    math::Math,
    parallel,
};
use crate::{Array, Buffer};
use std::{
    ops::{DivAssign, MulAssign, SubAssign},
    sync::atomic::{AtomicUsize, Ordering},
};

pub(crate) use triangular::Triangle;
use vectors::{add_multiple, dot};

/// A number that factorisations compute with: f32, f64.
pub(crate) trait Scalar: Math + GemmElement + engine::Factored + SubAssign + MulAssign + DivAssign {
    const ZERO: Self;
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The square of a number from `SMALLEST` to `LARGEST` is neither subnormal nor infinite, with room for a sum of many.
    const SMALLEST: Self;
    const LARGEST: Self;
    fn is_finite(self) -> bool;
    /// The absolute value with the sign of another number.
    fn with_sign_of(self, sign: Self) -> Self;
}

macro_rules! scalar {
    ($($ty:ident: $smallest:literal, $largest:literal;)*) => {$(
        impl Scalar for $ty {
            const ZERO: Self = 0.0;
            const EPSILON: Self = $ty::EPSILON;
            const SMALLEST: Self = $smallest;
            const LARGEST: Self = $largest;
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            fn with_sign_of(self, sign: Self) -> Self {
                self.copysign(sign)
            }
        }
    )*};
}
scalar! {
    f32: 1e-15, 1e15;
    f64: 1e-140, 1e140;
}

/// A matrix of the batch that has no result: the first one, and which of its pivots is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadPivot {
    pub(crate) matrix: usize,
    pub(crate) pivot: usize,
}

/// How many matrices an array holds in its last two axes, their rows and their columns.
fn batch_of(a: &Array) -> [usize; 3] {
    let [batch @ .., rows, columns] = &a.shape()[..] else { unreachable!("infer asks for matrices") };
    [batch.iter().product(), *rows, *columns]
}

/// `f(i, out)` for each matrix `i` of a batch, where `out` are its `size` numbers of the result, zeros at first; `work` estimates the nanoseconds of one.
fn each<T: Scalar>(count: usize, size: usize, work: usize, f: impl Fn(usize, &mut [T]) + Send + Sync) -> Buffer<T> {
    let mut out = Buffer::zeroed(count * size);
    if size > 0 {
        parallel::chunks(&mut out, size, work.saturating_mul(count), f);
    }
    out
}

/// As [`each`], where `f` says which pivot leaves a matrix without a result.
fn try_each<T: Scalar>(
    count: usize,
    size: usize,
    work: usize,
    f: impl Fn(usize, &mut [T]) -> Result<(), usize> + Send + Sync,
) -> Result<Buffer<T>, BadPivot> {
    let first = AtomicUsize::new(usize::MAX);
    let out = each(count, size, work, |i, out: &mut [T]| {
        if f(i, out).is_err() {
            // Which matrix is named must not depend on who came first.
            first.fetch_min(i, Ordering::Relaxed);
        }
    });
    match first.into_inner() {
        usize::MAX => Ok(out),
        matrix => {
            let mut again = vec![T::ZERO; size];
            let pivot = f(matrix, &mut again).expect_err("it failed just now");
            Err(BadPivot { matrix, pivot })
        }
    }
}

/// Results of several sizes that lie one after another for each matrix, as a buffer for each.
fn unpacked<T: Scalar, const N: usize>(packed: &[T], count: usize, sizes: [usize; N]) -> [Buffer<T>; N] {
    let total: usize = sizes.iter().sum();
    let mut start = 0;
    sizes.map(|size| {
        let mut part = Buffer::recycled(count * size);
        for i in 0..count {
            let from = i * total + start;
            part[i * size..(i + 1) * size].copy_from_slice(&packed[from..from + size]);
        }
        start += size;
        part
    })
}

/// About a multiplication and an addition each nanosecond.
fn cubic(m: usize, n: usize, k: usize) -> usize {
    m.saturating_mul(n).saturating_mul(k)
}

/// The largest absolute value; NaN if there is one.
fn largest<T: Scalar>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |largest, x| if x.abs() > largest || x.is_nan() { x.abs() } else { largest })
}

/// The Euclidean length, without overflow or underflow of the squares.
fn length<T: Scalar>(x: &[T]) -> T {
    let plain = dot(x, x).sqrt();
    if plain > T::SMALLEST && plain < T::LARGEST {
        return plain;
    }
    let scale = largest(x);
    if scale == T::ZERO || !scale.is_finite() {
        return scale;
    }
    let sum = x.iter().fold(T::ZERO, |sum, &x| sum + (x / scale) * (x / scale));
    scale * sum.sqrt()
}

/// A row-major matrix, from an element of a slice on, as the engine of matrix products sees it.
fn block<T>(data: &[T], offset: usize, row_stride: usize) -> Matrix<'_, T> {
    Matrix { data, offset, row_stride: row_stride as isize, col_stride: 1 }
}

/// `a b` for row-major matrices of `m` x `k` and `k` x `n`.
fn product<T: Scalar>(m: usize, k: usize, n: usize, a: &[T], b: &[T]) -> Vec<T> {
    let mut c = vec![T::ZERO; m * n];
    gemm(m, n, k, &mut c, block(a, 0, k), block(b, 0, n), false);
    c
}

fn transposed<T: Scalar>(a: &[T], m: usize, n: usize) -> Vec<T> {
    let mut t = vec![T::ZERO; m * n];
    for (i, row) in a.chunks_exact(n.max(1)).enumerate() {
        for (j, &x) in row.iter().enumerate() {
            t[j * m + i] = x;
        }
    }
    t
}

/// `A⁻¹` for each matrix.
pub(crate) fn inverse<T: Scalar>(a: &Array) -> Result<Buffer<T>, BadPivot> {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    try_each(count, n * n, cubic(n, n, 2 * n), |i, out| {
        let lu = lu::Lu::new(elements[i * n * n..][..n * n].to_vec(), n);
        (0..n).for_each(|i| out[i * n + i] = T::ONE);
        lu.solve(out, n)
    })
}

/// `A⁻¹ B` for each pair.
pub(crate) fn solve<T: Scalar>(a: &Array, b: &Array) -> Result<Buffer<T>, BadPivot> {
    let [count, n, columns] = batch_of(b);
    let (a, b) = (a.to_slice::<T>(), b.to_slice::<T>());
    try_each(count, n * columns, cubic(n, n, n + 2 * columns), |i, out| {
        let lu = lu::Lu::new(a[i * n * n..][..n * n].to_vec(), n);
        out.copy_from_slice(&b[i * n * columns..][..n * columns]);
        lu.solve(out, columns)
    })
}

/// The condition number of each matrix in the 1-norm, `|A| |A⁻¹|`; infinite for a singular one.
pub(crate) fn condition<T: Scalar>(a: &Array) -> Vec<f64> {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    parallel::collect(count, cubic(n, n, 3 * n).saturating_mul(count), |i| {
        let a = &elements[i * n * n..][..n * n];
        let mut inverse = vec![T::ZERO; n * n];
        (0..n).for_each(|i| inverse[i * n + i] = T::ONE);
        match lu::Lu::new(a.to_vec(), n).solve(&mut inverse, n) {
            Ok(()) => norm_1(a, n) * norm_1(&inverse, n),
            Err(_) => f64::INFINITY,
        }
    })
}

/// The 1-norm: the largest sum of a column's absolute values.
fn norm_1<T: Scalar>(a: &[T], n: usize) -> f64 {
    let column = |j: usize| a.iter().skip(j).step_by(n).fold(0.0, |sum, x| sum + x.abs().to_f64());
    (0..n).map(column).fold(0.0, f64::max)
}

/// The determinant of each matrix.
pub(crate) fn det<T: Scalar>(a: &Array) -> Buffer<T> {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    each(count, 1, cubic(n, n, n), |i, out| {
        out[0] = lu::Lu::new(elements[i * n * n..][..n * n].to_vec(), n).det();
    })
}

/// The sign of each determinant and the logarithm of its absolute value.
pub(crate) fn slogdet<T: Scalar>(a: &Array) -> [Buffer<T>; 2] {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    let packed = each(count, 2, cubic(n, n, n), |i, out| {
        [out[0], out[1]] = lu::Lu::new(elements[i * n * n..][..n * n].to_vec(), n).slogdet();
    });
    unpacked(&packed, count, [1, 1])
}

/// `A⁻¹ B` for each pair, of which A is triangular; what lies outside the triangle is not looked at.
pub(crate) fn solve_triangular<T: Scalar>(a: &Array, b: &Array, triangle: Triangle) -> Buffer<T> {
    let [count, n, columns] = batch_of(b);
    let (a, b) = (a.to_slice::<T>(), b.to_slice::<T>());
    each(count, n * columns, cubic(n, n, columns), |i, out| {
        out.copy_from_slice(&b[i * n * columns..][..n * columns]);
        triangular::solve(&a[i * n * n..][..n * n], n, out, columns, triangle);
    })
}

/// The lower triangular L with positive diagonal and `L Lᵀ = A`, for each A; what lies above the diagonal is not looked at.
pub(crate) fn cholesky<T: Scalar>(a: &Array) -> Result<Buffer<T>, BadPivot> {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    try_each(count, n * n, cubic(n, n, n), |i, out| {
        out.copy_from_slice(&elements[i * n * n..][..n * n]);
        cholesky::factor(out, n)
    })
}

/// Q, with orthonormal columns, and the upper triangular R of each `A = Q R`: `m` x `k` and `k` x `n`.
pub(crate) fn qr<T: Scalar>(a: &Array, k: usize) -> [Buffer<T>; 2] {
    let [count, m, n] = batch_of(a);
    let elements = a.to_slice::<T>();
    let packed = each(count, m * k + k * n, cubic(m, n, k).saturating_mul(4), |i, out| {
        let (q, r) = out.split_at_mut(m * k);
        qr::factor(&elements[i * m * n..][..m * n], m, n, k, q, r);
    });
    unpacked(&packed, count, [m * k, k * n])
}

/// The eigenvalues of each symmetric A, ascending, and the orthonormal eigenvectors as columns.
pub(crate) fn eigh<T: Scalar>(a: &Array) -> [Buffer<T>; 2] {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    let packed = each(count, n + n * n, cubic(n, n, n).saturating_mul(8), |i, out| {
        let (values, vectors) = out.split_at_mut(n);
        eigh::factor(&elements[i * n * n..][..n * n], n, values, vectors);
    });
    unpacked(&packed, count, [n, n * n])
}

/// U, the singular values, descending, and Vᵀ of each `A = U diag(s) Vᵀ`: `m` x `k`, `k` and `k` x `n` with `k = min(m, n)`.
pub(crate) fn svd<T: Scalar>(a: &Array) -> [Buffer<T>; 3] {
    let [count, m, n] = batch_of(a);
    let k = m.min(n);
    let elements = a.to_slice::<T>();
    let packed = each(count, m * k + k + k * n, cubic(m, n, k).saturating_mul(40), |i, out| {
        let (u, rest) = out.split_at_mut(m * k);
        let (s, vt) = rest.split_at_mut(k);
        svd::factor(&elements[i * m * n..][..m * n], m, n, u, s, vt);
    });
    unpacked(&packed, count, [m * k, k, k * n])
}

/// `e^A` for each matrix.
pub(crate) fn exp<T: Scalar>(a: &Array) -> Buffer<T> {
    let [count, n, _] = batch_of(a);
    let elements = a.to_slice::<T>();
    each(count, n * n, cubic(n, n, n).saturating_mul(20), |i, out| {
        exp::exp(&elements[i * n * n..][..n * n], n, out);
    })
}
