//! Which code multiplies a piece: on x86-64 with AVX2 or AVX-512 the crate `private-gemm-x86`, whose kernels are in assembly and
//! come within a few percent of the arithmetic limit; on aarch64 the crate `gemm`; elsewhere `portable`.
//!
//! `multiply` computes the product of a piece: `dst` (rows x cols) of `lhs` (rows x k) and `rhs` (k x cols), all of
//! whose elements exist; k > 0.

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) use super::portable::multiply;
#[cfg(target_arch = "aarch64")]
pub(super) use aarch64::multiply;
#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::{DType, multiply};

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::super::{GemmElement, Matrix, Tile, portable};
    use crate::kernels::isa::Isa;
    pub(in super::super) use private_gemm_x86::DType;
    use private_gemm_x86::{Accum, DstKind, IType, InstrSet};
    use std::ptr::null;

    pub(in super::super) fn multiply<T: GemmElement>(
        k: usize,
        dst: Tile<'_, T>,
        lhs: Matrix<'_, T>,
        rhs: Matrix<'_, T>,
        accumulate: bool,
    ) {
        let Some(instructions) = instructions() else {
            return portable::multiply(k, dst, lhs, rhs, accumulate);
        };
        let alpha = T::ONE;
        // SAFETY: the processor has these instructions. `products` checked that every element of lhs and rhs that the piece
        // addresses lies in their slices, so that their first elements do; a tile's elements exist and are ours alone to
        // write. `T::ENGINE` is the type of all of them and of alpha. The null pointers stand for no permutation and no diagonal.
        unsafe {
            private_gemm_x86::gemm(
                T::ENGINE,
                IType::U64,
                instructions,
                dst.rows,
                dst.cols,
                k,
                dst.first.cast(),
                dst.row_stride as isize,
                1,
                null(),
                null(),
                DstKind::Full,
                if accumulate { Accum::Add } else { Accum::Replace },
                lhs.data.as_ptr().add(lhs.offset).cast(),
                lhs.row_stride,
                lhs.col_stride,
                false,
                null(),
                0,
                rhs.data.as_ptr().add(rhs.offset).cast(),
                rhs.row_stride,
                rhs.col_stride,
                false,
                (&raw const alpha).cast(),
                1,
            );
        }
    }

    /// What the engine calls the chosen instructions; `None` where it has no kernels for them.
    fn instructions() -> Option<InstrSet> {
        match Isa::chosen() {
            Isa::Portable => None,
            Isa::Avx2 => Some(InstrSet::Avx256),
            // The engine's author asks for the x86-64-v4 level, as `Isa` does.
            Isa::Avx512 => Some(InstrSet::Avx512),
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use super::super::{GemmElement, Matrix, Tile};

    pub(in super::super) fn multiply<T: GemmElement>(
        k: usize,
        dst: Tile<'_, T>,
        lhs: Matrix<'_, T>,
        rhs: Matrix<'_, T>,
        accumulate: bool,
    ) {
        // SAFETY: `products` checked that every element of lhs and rhs that the piece addresses lies in their slices, so that
        // their first elements do; a tile's elements exist and are ours alone to write. `GemmElement` is f32 or f64, which the
        // engine knows.
        unsafe {
            ::gemm::gemm(
                dst.rows,
                dst.cols,
                k,
                dst.first,
                1,
                dst.row_stride as isize,
                accumulate,
                lhs.data.as_ptr().add(lhs.offset),
                lhs.col_stride,
                lhs.row_stride,
                rhs.data.as_ptr().add(rhs.offset),
                rhs.col_stride,
                rhs.row_stride,
                // dst = alpha * dst + beta * lhs * rhs, where alpha counts only when dst is read.
                T::ONE,
                T::ONE,
                false,
                false,
                false,
                ::gemm::Parallelism::None,
            );
        }
    }
}
