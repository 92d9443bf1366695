//! Which code factors a large matrix: with the feature `linalg` the crate `faer`, whose blocked reductions and divide and conquer are
//! faster from some size on; without it, and below that size, the rooms beside this one.
//!
//! The engine is given finite numbers of moderate size, as each room makes them, and runs on the calling thread, so that results do
//! not depend on the number of threads; the matrices of a batch still run in parallel. Its conventions are those of our own:
//! eigenvalues ascending, singular values descending, the signs of QR those of LAPACK.

/// A number whose large matrices an engine may factor. Each function says whether it did; if not, the caller's own code does, and
/// writes all results again.
pub(crate) trait Factored: Sized {
    /// As `eigh::factor`.
    fn eigh(_a: &[Self], _n: usize, _values: &mut [Self], _vectors: &mut [Self]) -> bool {
        false
    }
    /// As `qr::factor`, with results that are zeros at first.
    fn qr(_a: &[Self], _m: usize, _n: usize, _k: usize, _q: &mut [Self], _r: &mut [Self]) -> bool {
        false
    }
    /// As `svd::factor`, of a matrix with at least as many rows as columns.
    fn svd(_a: &[Self], _m: usize, _n: usize, _u: &mut [Self], _s: &mut [Self], _vt: &mut [Self]) -> bool {
        false
    }
}

#[cfg(not(feature = "linalg"))]
impl Factored for f32 {}
#[cfg(not(feature = "linalg"))]
impl Factored for f64 {}

#[cfg(feature = "linalg")]
mod faer {
    use super::{
        super::{Scalar, transposed},
        Factored,
    };
    use ::faer::{
        Conj, MatMut, MatRef, Par,
        diag::DiagMut,
        dyn_stack::{MemBuffer, MemStack},
        linalg::{evd, householder, qr, svd},
        prelude::default,
        traits::RealField,
    };

    /// Columns from which on the engine is faster than our own code, on one thread of an x86-64 with AVX-512: at 100 columns eigh takes
    /// 1.0 ms in both, qr 0.3 for 1.0 ms, svd 1.9 for 41 ms.
    const EIGH: usize = 96;
    const QR: usize = 48;
    const SVD: usize = 16;

    /// Unit tests give the engine matrices of any size, so that with the feature it meets each test that our own code meets without.
    fn is_large(columns: usize, least: usize) -> bool {
        columns > 0 && (columns >= least || cfg!(test))
    }

    macro_rules! factored {
        ($($ty:ty),*) => {$(
            impl Factored for $ty {
                fn eigh(a: &[Self], n: usize, values: &mut [Self], vectors: &mut [Self]) -> bool {
                    is_large(n, EIGH) && factor_eigh(a, n, values, vectors)
                }
                fn qr(a: &[Self], m: usize, n: usize, k: usize, q: &mut [Self], r: &mut [Self]) -> bool {
                    let takes = is_large(m.min(n), QR);
                    if takes {
                        factor_qr(a, m, n, k, q, r);
                    }
                    takes
                }
                fn svd(a: &[Self], m: usize, n: usize, u: &mut [Self], s: &mut [Self], vt: &mut [Self]) -> bool {
                    is_large(n, SVD) && factor_svd(a, m, n, u, s, vt)
                }
            }
        )*};
    }
    factored!(f32, f64);

    /// Whether the iteration came to an end. The engine works on columns, which are the rows of a symmetric matrix.
    fn factor_eigh<T: Scalar + RealField>(a: &[T], n: usize, values: &mut [T], vectors: &mut [T]) -> bool {
        let mut columns = vec![T::ZERO; n * n];
        let scratch = evd::self_adjoint_evd_scratch::<T>(n, evd::ComputeEigenvectors::Yes, Par::Seq, default());
        let result = evd::self_adjoint_evd(
            MatRef::from_column_major_slice(a, n, n),
            DiagMut::from_slice_mut(values),
            Some(MatMut::from_column_major_slice_mut(&mut columns, n, n)),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            default(),
        );
        vectors.copy_from_slice(&transposed(&columns, n, n));
        result.is_ok()
    }

    /// Whether the iteration came to an end.
    fn factor_svd<T: Scalar + RealField>(a: &[T], m: usize, n: usize, u: &mut [T], s: &mut [T], vt: &mut [T]) -> bool {
        let (a, mut columns) = (transposed(a, m, n), vec![T::ZERO; m * n]);
        let thin = svd::ComputeSvdVectors::Thin;
        let scratch = svd::svd_scratch::<T>(m, n, thin, thin, Par::Seq, default());
        let result = svd::svd(
            MatRef::from_column_major_slice(&a, m, n),
            DiagMut::from_slice_mut(s),
            Some(MatMut::from_column_major_slice_mut(&mut columns, m, n)),
            // The rows of Vᵀ are the columns of V.
            Some(MatMut::from_column_major_slice_mut(vt, n, n)),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            default(),
        );
        u.copy_from_slice(&transposed(&columns, n, m));
        result.is_ok()
    }

    fn factor_qr<T: Scalar + RealField>(a: &[T], m: usize, n: usize, k: usize, q: &mut [T], r: &mut [T]) {
        let steps = m.min(n);
        let block = qr::no_pivoting::factor::recommended_block_size::<T>(m, n);
        // R on and above the diagonal, the reflections' vectors below it; their other factors.
        let (mut a, mut factors) = (transposed(a, m, n), vec![T::ZERO; block * steps]);
        let scratch = qr::no_pivoting::factor::qr_in_place_scratch::<T>(m, n, block, Par::Seq, default());
        qr::no_pivoting::factor::qr_in_place(
            MatMut::from_column_major_slice_mut(&mut a, m, n),
            MatMut::from_column_major_slice_mut(&mut factors, block, steps),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            default(),
        );
        for (j, column) in a.chunks_exact(m).enumerate() {
            for (i, &x) in column.iter().enumerate().take(steps.min(j + 1)) {
                r[i * n + j] = x;
            }
        }
        let mut columns = vec![T::ZERO; m * k];
        (0..k).for_each(|j| columns[j * m + j] = T::ONE);
        let scratch = householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(m, block, k);
        householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
            MatRef::from_column_major_slice(&a, m, n),
            MatRef::from_column_major_slice(&factors, block, steps),
            Conj::No,
            MatMut::from_column_major_slice_mut(&mut columns, m, k),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
        q.copy_from_slice(&transposed(&columns, k, m));
    }
}
