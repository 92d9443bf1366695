//! Sums in registers: those of a correlation, `y[r][p] = begin[r] + sum of w[r][k] x[offset[k] + p]`, and of its transpose in `w`.
//!
//! Written with the instructions themselves: the compiler keeps arrays of so many sums in memory (`packed::tile` has figures).

use crate::kernels::{
    gemm::{GemmElement, fused},
    isa::Isa,
    math::Math,
};

/// Positions whose sums are made before they are copied to their places.
pub(super) const STRIP: usize = 256;
/// Rows of a tile at most.
pub(super) const ROWS: usize = 4;
/// What numbers of positions are rounded up to: the widest vector of the smallest element.
pub(super) const STEP: usize = 16;

/// Where terms read, from each position on.
pub(crate) struct Offsets {
    offsets: Vec<usize>,
    greatest: usize,
}

impl Offsets {
    pub(super) fn new(offsets: Vec<usize>) -> Self {
        let greatest = offsets.iter().copied().max().unwrap_or(0);
        Offsets { offsets, greatest }
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Panics unless each term reads `len` elements of `x`.
    fn check<T>(&self, x: &[T], len: usize) {
        assert!(self.greatest + len <= x.len(), "{len} elements from {} on, of {}", self.greatest, x.len());
    }
}

/// Rows of weights, one for each term, `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    pub(super) elements: &'a [T],
    pub(super) stride: usize,
}

impl<T> Rows<'_, T> {
    /// Panics unless `rows` rows of `len` are there.
    fn check(&self, rows: usize, len: usize) {
        assert!((rows - 1) * self.stride + len <= self.elements.len(), "{rows} rows of {len}");
    }
}

/// Sums of some rows.
pub(crate) type Strip<T> = [[T; STRIP]; ROWS];

/// f32 or f64, which have instructions of their own.
pub(crate) trait DirectElement: GemmElement + Math {
    /// `y[r][p]` for `R` rows and `len` positions from the beginning of `x` on; some beyond, up to a multiple of `STEP`, may be written too.
    fn sums<const R: usize>(
        begin: &[Self; ROWS],
        w: Rows<'_, Self>,
        terms: &Offsets,
        x: &[Self],
        len: usize,
        y: &mut Strip<Self>,
    );

    /// Adds to `sums[r][k]`, a row for each of `R`, the products of row `r` of `y`, which has `len` elements, and `x[offset[k]..]`.
    fn products<const R: usize>(y: Rows<'_, Self>, len: usize, terms: &Offsets, x: &[Self], sums: &mut [Self]);
}

/// Without instructions of its own.
fn portable_sums<T: GemmElement, const R: usize>(
    begin: &[T; ROWS],
    w: Rows<'_, T>,
    terms: &Offsets,
    x: &[T],
    len: usize,
    y: &mut Strip<T>,
) {
    for (r, y) in y.iter_mut().enumerate().take(R) {
        for (i, y) in y[..len.next_multiple_of(STEP)].as_chunks_mut::<STEP>().0.iter_mut().enumerate() {
            *y = [begin[r]; STEP];
            for (k, &offset) in terms.offsets.iter().enumerate() {
                let w = w.elements[r * w.stride + k];
                for (y, &x) in y.iter_mut().zip(&x[offset + i * STEP..]) {
                    *y = fused::<T, { cfg!(target_arch = "aarch64") }>(w, x, *y);
                }
            }
        }
    }
}

fn portable_products<T: GemmElement, const R: usize>(
    y: Rows<'_, T>,
    len: usize,
    terms: &Offsets,
    x: &[T],
    sums: &mut [T],
) {
    for (r, sums) in sums.chunks_mut(terms.len()).take(R).enumerate() {
        let y = &y.elements[r * y.stride..][..len];
        for (sum, &offset) in sums.iter_mut().zip(&terms.offsets) {
            let mut lanes = [T::default(); STEP];
            for (y, x) in y.as_chunks::<STEP>().0.iter().zip(x[offset..].as_chunks::<STEP>().0) {
                for i in 0..STEP {
                    lanes[i] = fused::<T, { cfg!(target_arch = "aarch64") }>(y[i], x[i], lanes[i]);
                }
            }
            *sum += lanes.iter().fold(T::default(), |sum, &lane| sum + lane);
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<T: GemmElement> DirectElement for T {
    fn sums<const R: usize>(begin: &[T; ROWS], w: Rows<'_, T>, terms: &Offsets, x: &[T], len: usize, y: &mut Strip<T>) {
        portable_sums::<T, R>(begin, w, terms, x, len, y);
    }
    fn products<const R: usize>(y: Rows<'_, T>, len: usize, terms: &Offsets, x: &[T], sums: &mut [T]) {
        portable_products::<T, R>(y, len, terms, x, sums);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::*;
    use std::arch::x86_64::*;

    macro_rules! kernels {
        ($sums:ident, $vectors:ident, $products:ident, $features:literal, $T:ty, $Vector:ty, $zero:ident, $all:ident, $load:ident, $fma:ident, $store:ident) => {
            /// With `V` vectors of positions at a time, and one at a time where fewer are left.
            ///
            /// # Safety
            /// The processor has these instructions; `w` has `R` rows of the terms' number, and each term reads `len` elements of `x`,
            /// rounded up to a multiple of `STEP`.
            #[target_feature(enable = $features)]
            unsafe fn $sums<const R: usize, const V: usize>(
                begin: &[$T; ROWS],
                w: Rows<'_, $T>,
                terms: &Offsets,
                x: &[$T],
                len: usize,
                y: &mut Strip<$T>,
            ) {
                const LANES: usize = size_of::<$Vector>() / size_of::<$T>();
                const { assert!(STEP.is_multiple_of(LANES) && R <= ROWS) };
                assert!(len <= STRIP);
                let vectors = len.div_ceil(LANES);
                let whole = vectors / V * V;
                for first in (0..whole).step_by(V) {
                    // SAFETY: these vectors are the strip's, and the terms read them.
                    unsafe { $vectors::<R, V>(begin, w, terms, x, first * LANES, y) };
                }
                for first in whole..vectors {
                    // SAFETY: as above.
                    unsafe { $vectors::<R, 1>(begin, w, terms, x, first * LANES, y) };
                }
            }

            /// # Safety
            /// The processor has these instructions; `w` has `R` rows of the terms' number, and each term reads `V` vectors of `x` from
            /// `first` on, which `y` has.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn $vectors<const R: usize, const V: usize>(
                begin: &[$T; ROWS],
                w: Rows<'_, $T>,
                terms: &Offsets,
                x: &[$T],
                first: usize,
                y: &mut Strip<$T>,
            ) {
                const LANES: usize = size_of::<$Vector>() / size_of::<$T>();
                let (w, stride, x) = (w.elements.as_ptr(), w.stride, x.as_ptr());
                let mut sums: [[$Vector; V]; R] = std::array::from_fn(|r| [$all(begin[r]); V]);
                for (k, &offset) in terms.offsets.iter().enumerate() {
                    let mut vectors = [$zero(); V];
                    for (v, vector) in vectors.iter_mut().enumerate() {
                        // SAFETY: the term reads this vector.
                        *vector = unsafe { $load(x.add(offset + first + v * LANES)) };
                    }
                    for (r, sums) in sums.iter_mut().enumerate() {
                        // SAFETY: r is below R, and k is a term.
                        let w = $all(unsafe { *w.add(r * stride + k) });
                        for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                            *sum = $fma(w, vector, *sum);
                        }
                    }
                }
                for (y, sums) in y.iter_mut().zip(&sums) {
                    for (v, &sum) in sums.iter().enumerate() {
                        // SAFETY: `y` has this vector.
                        unsafe { $store(y.as_mut_ptr().add(first + v * LANES), sum) };
                    }
                }
            }

            /// With `K` terms at a time; the last are taken twice where they do not divide.
            ///
            /// # Safety
            /// The processor has these instructions; `y` has `R` rows of `len`, a multiple of `STEP`, each term reads `len` elements of
            /// `x`, and there are `R` rows of sums.
            #[target_feature(enable = $features)]
            unsafe fn $products<const R: usize, const K: usize>(
                y: Rows<'_, $T>,
                len: usize,
                terms: &Offsets,
                x: &[$T],
                sums: &mut [$T],
            ) {
                const LANES: usize = size_of::<$Vector>() / size_of::<$T>();
                const { assert!(STEP.is_multiple_of(LANES)) };
                let (y, stride, x) = (y.elements.as_ptr(), y.stride, x.as_ptr());
                for (i, group) in terms.offsets.chunks(K).enumerate() {
                    let offsets: [usize; K] = std::array::from_fn(|k| group[k.min(group.len() - 1)]);
                    let mut lanes = [[$zero(); K]; R];
                    for p in (0..len).step_by(LANES) {
                        let mut vectors = [$zero(); K];
                        for (vector, &offset) in vectors.iter_mut().zip(&offsets) {
                            // SAFETY: the term reads `len` elements of `x`, and p is below `len`, both multiples of `LANES`.
                            *vector = unsafe { $load(x.add(offset + p)) };
                        }
                        for (r, lanes) in lanes.iter_mut().enumerate() {
                            // SAFETY: r is below R, and the row has `len` elements.
                            let y = unsafe { $load(y.add(r * stride + p)) };
                            for (lane, &vector) in lanes.iter_mut().zip(&vectors) {
                                *lane = $fma(y, vector, *lane);
                            }
                        }
                    }
                    for (r, lanes) in lanes.iter().enumerate() {
                        for (k, &lanes) in lanes.iter().enumerate().take(group.len()) {
                            let mut each = [<$T>::default(); LANES];
                            // SAFETY: one vector.
                            unsafe { $store(each.as_mut_ptr(), lanes) };
                            let mut width = LANES;
                            while width > 1 {
                                width /= 2;
                                for lane in 0..width {
                                    each[lane] += each[lane + width];
                                }
                            }
                            sums[r * terms.len() + i * K + k] += each[0];
                        }
                    }
                }
            }
        };
    }

    kernels!(
        f32_avx2_sums,
        f32_avx2_vectors,
        f32_avx2_products,
        "avx2,fma",
        f32,
        __m256,
        _mm256_setzero_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_fmadd_ps,
        _mm256_storeu_ps
    );
    kernels!(
        f64_avx2_sums,
        f64_avx2_vectors,
        f64_avx2_products,
        "avx2,fma",
        f64,
        __m256d,
        _mm256_setzero_pd,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_fmadd_pd,
        _mm256_storeu_pd
    );
    kernels!(
        f32_avx512_sums,
        f32_avx512_vectors,
        f32_avx512_products,
        "avx512f",
        f32,
        __m512,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_fmadd_ps,
        _mm512_storeu_ps
    );
    kernels!(
        f64_avx512_sums,
        f64_avx512_vectors,
        f64_avx512_products,
        "avx512f",
        f64,
        __m512d,
        _mm512_setzero_pd,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_fmadd_pd,
        _mm512_storeu_pd
    );

    macro_rules! direct_element {
        ($($T:ty: $avx2_sums:ident, $avx2_products:ident, $avx512_sums:ident, $avx512_products:ident;)*) => {$(
            impl DirectElement for $T {
                fn sums<const R: usize>(
                    begin: &[$T; ROWS],
                    w: Rows<'_, $T>,
                    terms: &Offsets,
                    x: &[$T],
                    len: usize,
                    y: &mut Strip<$T>,
                ) {
                    w.check(R, terms.len());
                    terms.check(x, len.next_multiple_of(STEP));
                    match (Isa::chosen(), R) {
                        (Isa::Portable, _) => portable_sums::<$T, R>(begin, w, terms, x, len, y),
                        // A vector for each sum, and a few for the operands, are within the registers: 16 of AVX2, 32 of AVX-512.
                        // SAFETY: the processor has what is chosen, and the checks have passed.
                        (Isa::Avx2, 1) => unsafe { $avx2_sums::<R, 8>(begin, w, terms, x, len, y) },
                        // SAFETY: as above.
                        (Isa::Avx2, 2) => unsafe { $avx2_sums::<R, 4>(begin, w, terms, x, len, y) },
                        // SAFETY: as above.
                        (Isa::Avx2, _) => unsafe { $avx2_sums::<R, 2>(begin, w, terms, x, len, y) },
                        // SAFETY: as above.
                        (Isa::Avx512, _) => unsafe { $avx512_sums::<R, 4>(begin, w, terms, x, len, y) },
                    }
                }
                fn products<const R: usize>(y: Rows<'_, $T>, len: usize, terms: &Offsets, x: &[$T], sums: &mut [$T]) {
                    assert!(len.is_multiple_of(STEP) && sums.len() == R * terms.len());
                    y.check(R, len);
                    terms.check(x, len);
                    match (Isa::chosen(), R) {
                        (Isa::Portable, _) => portable_products::<$T, R>(y, len, terms, x, sums),
                        // SAFETY: as above.
                        (Isa::Avx2, 1) => unsafe { $avx2_products::<R, 5>(y, len, terms, x, sums) },
                        // SAFETY: as above.
                        (Isa::Avx2, 2) => unsafe { $avx2_products::<R, 4>(y, len, terms, x, sums) },
                        // SAFETY: as above.
                        (Isa::Avx2, _) => unsafe { $avx2_products::<R, 2>(y, len, terms, x, sums) },
                        // SAFETY: as above.
                        (Isa::Avx512, 1) => unsafe { $avx512_products::<R, 5>(y, len, terms, x, sums) },
                        // SAFETY: as above.
                        (Isa::Avx512, _) => unsafe { $avx512_products::<R, 4>(y, len, terms, x, sums) },
                    }
                }
            }
        )*};
    }
    direct_element! {
        f32: f32_avx2_sums, f32_avx2_products, f32_avx512_sums, f32_avx512_products;
        f64: f64_avx2_sums, f64_avx2_products, f64_avx512_sums, f64_avx512_products;
    }
}
