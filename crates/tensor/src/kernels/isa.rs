//! One kernel source, compiled once for each instruction set, and chosen at run time.
//!
//! A kernel is a type with a `run` that is inlined into a function of each instruction set, where the compiler
//! vectorises its loops. `FMA` tells the kernel whether `mul_add` is one instruction; without it, `mul_add` would be a slow call.

use std::sync::OnceLock;

/// A loop to be compiled for each instruction set. `run`, and what it calls, must be `#[inline(always)]`.
pub(crate) trait Kernel {
    type Output;
    fn run<const FMA: bool>(self) -> Self::Output;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isa {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

/// Runs a kernel with the widest instructions that this processor has.
///
/// `COTANGENT_ISA=portable` in the environment keeps to the baseline, for comparing.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match isa() {
        Isa::Portable => kernel.run::<{ cfg!(target_arch = "aarch64") }>(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` found AVX2 and FMA on this processor.
        Isa::Avx2 => unsafe { avx2(kernel) },
    }
}

/// Whether kernels keep to the baseline, for an engine that chooses its instructions itself.
#[cfg(target_arch = "x86_64")]
pub(crate) fn is_portable() -> bool {
    isa() == Isa::Portable
}

#[inline]
fn isa() -> Isa {
    static FOUND: OnceLock<Isa> = OnceLock::new();
    *FOUND.get_or_init(|| {
        if std::env::var_os("COTANGENT_ISA").is_some_and(|isa| isa == "portable") {
            return Isa::Portable;
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Isa::Avx2;
        }
        Isa::Portable
    })
}

/// Asks for elements that are soon read, where the processor does not see by itself what comes next: short runs far apart.
#[inline(always)]
pub(crate) fn prefetch<T>(elements: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE_BYTES: usize = 64;
        for line in elements.chunks((LINE_BYTES / size_of::<T>()).max(1)) {
            // SAFETY: the instruction is part of the baseline, and is a hint: it reads nothing and never faults.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = elements;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}
