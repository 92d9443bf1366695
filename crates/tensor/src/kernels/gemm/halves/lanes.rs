//! Eight numbers of f32, in a register where there is one: the loops of `skinny` are written once over them.
//!
//! The compiler makes vectors of loops over arrays, but not of these, where sums must stay in registers from one round to the next.

use crate::kernels::halves::{Half, LANES};

/// Eight numbers; everything must be inlined into a function of the instruction set.
pub(super) trait Lanes: Copy {
    fn load(x: &[f32; LANES]) -> Self;
    fn widened<H: Half>(x: &[H; LANES]) -> Self;
    fn splat(x: f32) -> Self;
    /// `self + x * y`
    fn plus(self, x: Self, y: Self) -> Self;
    fn numbers(self) -> [f32; LANES];
    /// Asks for the cache line of an element that may not exist.
    fn prefetch<T>(data: &[T], at: usize);
}

/// `FMA` says whether a multiplication and an addition are one instruction.
#[derive(Clone, Copy)]
pub(super) struct Portable<const FMA: bool>([f32; LANES]);

impl<const FMA: bool> Lanes for Portable<FMA> {
    #[inline(always)]
    fn load(x: &[f32; LANES]) -> Self {
        Portable(*x)
    }
    #[inline(always)]
    fn widened<H: Half>(x: &[H; LANES]) -> Self {
        Portable(H::widen::<FMA>(x))
    }
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Portable([x; LANES])
    }
    #[inline(always)]
    fn plus(mut self, x: Self, y: Self) -> Self {
        for lane in 0..LANES {
            self.0[lane] = crate::kernels::gemm::fused::<f32, FMA>(x.0[lane], y.0[lane], self.0[lane]);
        }
        self
    }
    #[inline(always)]
    fn numbers(self) -> [f32; LANES] {
        self.0
    }
    #[inline(always)]
    fn prefetch<T>(_: &[T], _: usize) {}
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::Avx2;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Half, LANES, Lanes};
    use std::arch::x86_64::*;

    /// Only where `isa` has found AVX2, FMA and F16C.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(__m256);

    impl Lanes for Avx2 {
        #[inline(always)]
        fn load(x: &[f32; LANES]) -> Self {
            // SAFETY: the processor has AVX, as the type says; eight numbers are read, at any address.
            Avx2(unsafe { _mm256_loadu_ps(x.as_ptr()) })
        }
        #[inline(always)]
        fn widened<H: Half>(x: &[H; LANES]) -> Self {
            // SAFETY: the processor has the instructions, as the type says.
            Avx2(unsafe { H::load(x) })
        }
        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: as above.
            Avx2(unsafe { _mm256_set1_ps(x) })
        }
        #[inline(always)]
        fn plus(self, x: Self, y: Self) -> Self {
            // SAFETY: as above.
            Avx2(unsafe { _mm256_fmadd_ps(x.0, y.0, self.0) })
        }
        #[inline(always)]
        fn numbers(self) -> [f32; LANES] {
            let mut numbers = [0.0; LANES];
            // SAFETY: as above; eight numbers are written, at any address.
            unsafe { _mm256_storeu_ps(numbers.as_mut_ptr(), self.0) };
            numbers
        }
        #[inline(always)]
        fn prefetch<T>(data: &[T], at: usize) {
            // SAFETY: every x86-64 processor has the instruction, which reads nothing, whatever the address is.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(data.as_ptr().wrapping_add(at).cast()) };
        }
    }
}
