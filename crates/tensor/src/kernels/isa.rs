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
        // SAFETY: `isa` found AVX2, FMA and F16C on this processor.
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
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            return Isa::Avx2;
        }
        Isa::Portable
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}
