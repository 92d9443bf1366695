//! A tile of a product: a few rows times a panel, with all sums in registers.
//!
//! Written with the instructions themselves: from loops over arrays the compiler makes, with AVX2, sums that it spills, and with
//! AVX-512 shuffles (an LSTM's training step of 73 ms on one thread took 102 and 399 ms, compiled so).

use super::COLS;
use crate::kernels::{
    gemm::{GemmElement, fused},
    isa::Isa,
};

/// The operands of a tile; its sums are of `panel.len()` terms.
pub(crate) struct Operands<'a, T> {
    /// The first row's first element, and from there that of each row behind.
    pub(super) lhs: &'a [T],
    pub(super) stride: usize,
    pub(super) panel: &'a [[T; COLS]],
}

impl<T> Operands<'_, T> {
    /// Panics unless `rows` rows of the panel's length are there.
    fn check(&self, rows: usize) {
        assert!((rows - 1) * self.stride + self.panel.len() <= self.lhs.len(), "{rows} rows of the left-hand side");
    }
}

/// f32 or f64, whose tiles have instructions of their own.
pub(crate) trait TileElement: GemmElement {
    /// Rows of a tile at most: as many as leave registers for a row of the panel and a factor.
    fn most_rows() -> usize;

    /// The product of `R` rows and the panel. Each element is one sum in the order of the terms, so that it has the same bits in a
    /// tile of any number of rows.
    fn tile<const R: usize>(operands: &Operands<'_, Self>) -> [[Self; COLS]; R];

    /// The products of one row and several panels of its length, each as in a tile. The terms of one product wait for each other; those of
    /// another do not.
    fn row(lhs: &[Self], panels: &[&[[Self; COLS]]; ABREAST]) -> [[Self; COLS]; ABREAST];
}

/// Panels that a row is multiplied with at a time: as many sums as the latency of an instruction is cycles long.
pub(super) const ABREAST: usize = 4;

/// As `tile` for each panel.
fn panel_by_panel<T: TileElement>(lhs: &[T], panels: &[&[[T; COLS]]; ABREAST]) -> [[T; COLS]; ABREAST] {
    panels.map(|panel| T::tile::<1>(&Operands { lhs, stride: lhs.len(), panel })[0])
}

/// Without instructions of its own.
fn portable<T: GemmElement, const R: usize>(operands: &Operands<'_, T>) -> [[T; COLS]; R] {
    let mut sums = [[T::default(); COLS]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        for (row, &x) in operands.panel.iter().zip(&operands.lhs[r * operands.stride..]) {
            for (sum, &element) in sums.iter_mut().zip(row) {
                *sum = fused::<T, { cfg!(target_arch = "aarch64") }>(x, element, *sum);
            }
        }
    }
    sums
}

#[cfg(not(target_arch = "x86_64"))]
impl<T: GemmElement> TileElement for T {
    fn most_rows() -> usize {
        4
    }
    fn tile<const R: usize>(operands: &Operands<'_, T>) -> [[T; COLS]; R] {
        operands.check(R);
        portable(operands)
    }
    fn row(lhs: &[T], panels: &[&[[T; COLS]]; ABREAST]) -> [[T; COLS]; ABREAST] {
        panel_by_panel(lhs, panels)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::*;
    use std::arch::x86_64::*;

    macro_rules! tile {
        ($name:ident, $row:ident, $features:literal, $T:ty, $Vector:ty, $zero:ident, $all:ident, $load:ident, $fma:ident, $store:ident) => {
            /// # Safety
            /// The processor has these instructions, and the operands pass their check of `R` rows.
            #[target_feature(enable = $features)]
            unsafe fn $name<const R: usize>(operands: &Operands<'_, $T>) -> [[$T; COLS]; R] {
                const LANES: usize = size_of::<$Vector>() / size_of::<$T>();
                const VECTORS: usize = COLS / LANES;
                let (lhs, stride) = (operands.lhs.as_ptr(), operands.stride);
                let mut sums = [[$zero(); VECTORS]; R];
                for (k, row) in operands.panel.iter().enumerate() {
                    let mut vectors = [$zero(); VECTORS];
                    for (v, vector) in vectors.iter_mut().enumerate() {
                        // SAFETY: `VECTORS` vectors are a row of the panel.
                        *vector = unsafe { $load(row.as_ptr().add(v * LANES)) };
                    }
                    for (r, sums) in sums.iter_mut().enumerate() {
                        // SAFETY: r is below R and k below the panel's length: the check has found this element.
                        let x = $all(unsafe { *lhs.add(r * stride + k) });
                        for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                            *sum = $fma(x, vector, *sum);
                        }
                    }
                }
                let mut tile = [[<$T>::default(); COLS]; R];
                for (row, sums) in tile.iter_mut().zip(&sums) {
                    for (v, &sum) in sums.iter().enumerate() {
                        // SAFETY: `VECTORS` vectors are a row of the tile.
                        unsafe { $store(row.as_mut_ptr().add(v * LANES), sum) };
                    }
                }
                tile
            }

            /// # Safety
            /// The processor has these instructions, and each panel is as long as the row.
            #[target_feature(enable = $features)]
            unsafe fn $row(lhs: &[$T], panels: &[&[[$T; COLS]]; ABREAST]) -> [[$T; COLS]; ABREAST] {
                const LANES: usize = size_of::<$Vector>() / size_of::<$T>();
                const VECTORS: usize = COLS / LANES;
                let mut sums = [[$zero(); VECTORS]; ABREAST];
                for (k, &x) in lhs.iter().enumerate() {
                    let x = $all(x);
                    for (sums, panel) in sums.iter_mut().zip(panels) {
                        // SAFETY: k is below the panel's length.
                        let row = unsafe { panel.get_unchecked(k) };
                        for (v, sum) in sums.iter_mut().enumerate() {
                            // SAFETY: `VECTORS` vectors are a row of the panel.
                            *sum = $fma(x, unsafe { $load(row.as_ptr().add(v * LANES)) }, *sum);
                        }
                    }
                }
                let mut products = [[<$T>::default(); COLS]; ABREAST];
                for (product, sums) in products.iter_mut().zip(&sums) {
                    for (v, &sum) in sums.iter().enumerate() {
                        // SAFETY: `VECTORS` vectors are a row of the products.
                        unsafe { $store(product.as_mut_ptr().add(v * LANES), sum) };
                    }
                }
                products
            }
        };
    }

    tile!(
        f32_avx2,
        f32_avx2_row,
        "avx2,fma",
        f32,
        __m256,
        _mm256_setzero_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_fmadd_ps,
        _mm256_storeu_ps
    );
    tile!(
        f64_avx2,
        f64_avx2_row,
        "avx2,fma",
        f64,
        __m256d,
        _mm256_setzero_pd,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_fmadd_pd,
        _mm256_storeu_pd
    );
    tile!(
        f32_avx512,
        f32_avx512_row,
        "avx512f",
        f32,
        __m512,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_fmadd_ps,
        _mm512_storeu_ps
    );
    tile!(
        f64_avx512,
        f64_avx512_row,
        "avx512f",
        f64,
        __m512d,
        _mm512_setzero_pd,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_fmadd_pd,
        _mm512_storeu_pd
    );

    macro_rules! tile_element {
        ($($T:ty: $avx2_rows:literal, [$avx2:ident, $avx2_row:ident], [$avx512:ident, $avx512_row:ident];)*) => {$(
            impl TileElement for $T {
                fn most_rows() -> usize {
                    if Isa::chosen() == Isa::Avx512 { 8 } else { $avx2_rows }
                }
                fn tile<const R: usize>(operands: &Operands<'_, $T>) -> [[$T; COLS]; R] {
                    operands.check(R);
                    match Isa::chosen() {
                        Isa::Portable => portable(operands),
                        // SAFETY: the processor has what is chosen, and the operands were checked.
                        Isa::Avx2 => unsafe { $avx2(operands) },
                        // SAFETY: as above.
                        Isa::Avx512 => unsafe { $avx512(operands) },
                    }
                }
                fn row(lhs: &[$T], panels: &[&[[$T; COLS]]; ABREAST]) -> [[$T; COLS]; ABREAST] {
                    assert!(panels.iter().all(|panel| panel.len() == lhs.len()), "panels of the row's length");
                    match Isa::chosen() {
                        Isa::Portable => panel_by_panel(lhs, panels),
                        // SAFETY: the processor has what is chosen, and the lengths are equal.
                        Isa::Avx2 => unsafe { $avx2_row(lhs, panels) },
                        // SAFETY: as above.
                        Isa::Avx512 => unsafe { $avx512_row(lhs, panels) },
                    }
                }
            }
        )*};
    }
    tile_element! {
        f32: 6, [f32_avx2, f32_avx2_row], [f32_avx512, f32_avx512_row];
        f64: 2, [f64_avx2, f64_avx2_row], [f64_avx512, f64_avx512_row];
    }
}
