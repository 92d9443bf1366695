//! One kernel source, compiled once for each instruction set, and chosen at run time.
//!
//! A kernel is a type with a `run` that is inlined into a function of each instruction set, where the compiler
//! vectorises its loops. `FMA` tells the kernel whether `mul_add` is one instruction; without it, `mul_add` would be a slow call.
//!
//! The choice is the widest set that the processor has, or the one that `COTANGENT_ISA` in the environment names; the GEMM engine
//! keeps to it too.

use std::sync::OnceLock;

/// A loop to be compiled for each instruction set. `run`, and what it calls, must be `#[inline(always)]`.
pub(crate) trait Kernel {
    type Output;
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// Instruction sets that kernels are compiled for; each has all that those before it have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Isa {
    /// The target's baseline: SSE2 on x86-64, NEON on aarch64.
    Portable,
    /// AVX2, FMA and F16C: 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ and VL, as x86-64-v4 has: 512 bits, twice as many registers, and masks.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    #[cfg(target_arch = "x86_64")]
    const ALL: &'static [(&'static str, Isa)] =
        &[("portable", Isa::Portable), ("avx2", Isa::Avx2), ("avx512", Isa::Avx512)];
    #[cfg(not(target_arch = "x86_64"))]
    const ALL: &'static [(&'static str, Isa)] = &[("portable", Isa::Portable)];

    /// The one that kernels run with.
    ///
    /// # Panics
    /// When the environment names one that there is not.
    #[inline]
    pub(crate) fn chosen() -> Isa {
        static CHOSEN: OnceLock<Isa> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let asked = std::env::var_os("COTANGENT_ISA").map(|asked| asked.to_string_lossy().into_owned());
            Isa::choose(asked.as_deref(), Isa::widest()).unwrap_or_else(|error| panic!("{error}"))
        })
    }

    /// The widest that this processor has.
    fn widest() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 {
                return if avx512 { Isa::Avx512 } else { Isa::Avx2 };
            }
        }
        Isa::Portable
    }

    fn choose(asked: Option<&str>, widest: Isa) -> Result<Isa, String> {
        let Some(asked) = asked else { return Ok(widest) };
        let there: Vec<&str> = Isa::ALL.iter().filter(|(_, isa)| *isa <= widest).map(|(name, _)| *name).collect();
        let named = Isa::ALL.iter().find(|(name, isa)| *name == asked && *isa <= widest);
        named.map(|(_, isa)| *isa).ok_or_else(|| {
            format!(
                "COTANGENT_ISA: must name an instruction set that this processor has, of {}; got {asked:?}; \
                 unset, it is the widest of them",
                there.join(", ")
            )
        })
    }
}

/// Runs a kernel with the chosen instructions.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match Isa::chosen() {
        Isa::Portable => kernel.run::<{ cfg!(target_arch = "aarch64") }>(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `choose` takes none that this processor lacks: it has AVX2, FMA and F16C.
        Isa::Avx2 => unsafe { avx2(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above; it has these parts of AVX-512, and AVX2, FMA and F16C.
        Isa::Avx512 => unsafe { avx512(kernel) },
    }
}

/// As [`dispatch`], with vectors of 256 bits at most: for kernels that work on eight numbers of four bytes, whose loops the compiler
/// makes worse with wider ones (a training step of the yardstick's `resnet` took 132 to 145 ms with Winograd's transforms in 512 bits,
/// 121 to 128 ms in 256).
#[inline]
pub(crate) fn dispatch_256<K: Kernel>(kernel: K) -> K::Output {
    match Isa::chosen() {
        Isa::Portable => kernel.run::<{ cfg!(target_arch = "aarch64") }>(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `dispatch`; each set has what those before it have.
        Isa::Avx2 | Isa::Avx512 => unsafe { avx2(kernel) },
    }
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
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_among_what_there_is() {
        for &(name, isa) in Isa::ALL {
            for &(_, widest) in Isa::ALL {
                assert_eq!(Isa::choose(None, widest), Ok(widest));
                let chosen = Isa::choose(Some(name), widest);
                assert_eq!(chosen.is_ok(), isa <= widest, "{name} where {widest:?} is the widest");
                assert!(chosen.is_err() || chosen == Ok(isa));
            }
        }
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for asked in ["", "AVX2", "avx-512", "sse"] {
            let error = Isa::choose(Some(asked), Isa::Portable).expect_err("no instruction set has this name");
            assert!(error.contains("of portable; got") && error.contains(asked), "{error}");
        }
    }
}
