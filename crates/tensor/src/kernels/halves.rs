//! Halves, bf16 and f16, to f32 and back.
//!
//! To f32 every half has its equal. Back, a number goes to the nearest half, of two equally near ones to the even one; beyond the
//! greatest half it goes to infinity, below the least normal one to subnormal halves, and NaN stays NaN. So do PyTorch, NumPy and the
//! processors' own instructions, which are used for f16 where there are any.

use super::{
    isa::{self, Kernel},
    map::CHUNK,
    parallel,
};
use crate::{Array, Buffer, DType, Element, bf16, f16, layout::Layout};

#[cfg(test)]
mod tests;

/// Elements that are converted at a time: a 256-bit vector of f32.
pub(crate) const LANES: usize = 8;

/// An element of 16 bits.
pub(crate) trait Half: Element {
    const ZERO: Self;
    /// `FMA` says that the processor has AVX2, FMA and F16C, where it is x86-64.
    fn widen<const FMA: bool>(x: &[Self; LANES]) -> [f32; LANES];
    fn narrow<const FMA: bool>(x: &[f32; LANES]) -> [Self; LANES];
    /// As `widen`, into a register.
    ///
    /// # Safety
    /// The processor has AVX2, FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load(x: &[Self; LANES]) -> std::arch::x86_64::__m256;
}

/// Both types: the vector forms are in `x86`, if there are any, and the portable ones are given.
macro_rules! half {
    ($H:ident, $load:ident, $narrow:ident, |$wide:ident| $widened:expr, |$single:ident| $narrowed:expr) => {
        impl Half for $H {
            const ZERO: Self = $H::ZERO;
            #[inline(always)]
            fn widen<const FMA: bool>(x: &[Self; LANES]) -> [f32; LANES] {
                let mut y = [0.0; LANES];
                #[cfg(target_arch = "x86_64")]
                if FMA {
                    // SAFETY: `FMA` says that the processor has the instructions.
                    unsafe { x86::store(x86::$load(x), &mut y) };
                    return y;
                }
                for lane in 0..LANES {
                    let $wide = x[lane].to_bits();
                    y[lane] = $widened;
                }
                y
            }
            #[inline(always)]
            fn narrow<const FMA: bool>(x: &[f32; LANES]) -> [Self; LANES] {
                #[cfg(target_arch = "x86_64")]
                if FMA {
                    // SAFETY: as in `widen`.
                    return unsafe { x86::$narrow(x) };
                }
                let mut y = [$H::ZERO; LANES];
                for lane in 0..LANES {
                    let $single = x[lane];
                    y[lane] = $narrowed;
                }
                y
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn load(x: &[Self; LANES]) -> std::arch::x86_64::__m256 {
                // SAFETY: the caller promises that the processor has the instructions.
                unsafe { x86::$load(x) }
            }
        }
    };
}
half!(bf16, load_bf16, narrow_bf16, |bits| f32::from_bits(u32::from(bits) << 16), |x| {
    let bits = x.to_bits();
    // Half of the last place that stays, less one where that place is even; a carry into the exponent is right.
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    // NaN keeps its upper bits, of which one is set so that it does not become infinity.
    let nan = bits >> 16 | 0x40;
    bf16::from_bits(if x.is_nan() { nan } else { rounded } as u16)
});
half!(
    f16,
    load_f16,
    narrow_f16,
    |bits| {
        let (sign, magnitude) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
        // With its fields in their places the number is too small by a factor of 2^(127 - 15). Multiplying is exact: f32 has
        // subnormal numbers to spare, and takes those of f16 to normal ones.
        let scaled = f32::from_bits(magnitude << 13) * f32::from_bits((127 + 127 - 15) << 23);
        // Infinity and NaN, which is made quiet, as by the instruction.
        let quiet = if magnitude > 0x7c00 { 0x0040_0000 } else { 0 };
        let special = 0x7f80_0000 | (magnitude & 0x3ff) << 13 | quiet;
        f32::from_bits(sign | if magnitude >= 0x7c00 { special } else { scaled.to_bits() })
    },
    |x| f16::from_f32(x)
);

/// The vector forms. What they read and write are arrays of eight elements, at any address; f16 and bf16 are transparent u16.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, bf16, f16};
    use std::arch::x86_64::*;

    /// # Safety
    /// The processor has AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn load_bf16(x: &[bf16; LANES]) -> __m256 {
        // SAFETY: see the module.
        let x = unsafe { _mm_loadu_si128(x.as_ptr().cast()) };
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(x)))
    }

    /// # Safety
    /// The processor has AVX and F16C.
    #[inline]
    #[target_feature(enable = "avx,f16c")]
    pub(super) unsafe fn load_f16(x: &[f16; LANES]) -> __m256 {
        // SAFETY: see the module.
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(x.as_ptr().cast()) })
    }

    /// # Safety
    /// The processor has AVX.
    #[inline]
    #[target_feature(enable = "avx")]
    pub(super) unsafe fn store(x: __m256, y: &mut [f32; LANES]) {
        // SAFETY: see the module.
        unsafe { _mm256_storeu_ps(y.as_mut_ptr(), x) };
    }

    /// As the portable form, where it is explained.
    ///
    /// # Safety
    /// The processor has AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn narrow_bf16(x: &[f32; LANES]) -> [bf16; LANES] {
        // SAFETY: see the module.
        let x = unsafe { _mm256_loadu_ps(x.as_ptr()) };
        let bits = _mm256_castps_si256(x);
        let upper = _mm256_srli_epi32::<16>(bits);
        let last = _mm256_and_si256(upper, _mm256_set1_epi32(1));
        let rounded = _mm256_add_epi32(bits, _mm256_add_epi32(last, _mm256_set1_epi32(0x7fff)));
        let nan = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
        let is_nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(x, x));
        let halves = _mm256_blendv_epi8(_mm256_srli_epi32::<16>(rounded), nan, is_nan);
        let halves = _mm_packus_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
        let mut y = [bf16::ZERO; LANES];
        // SAFETY: see the module.
        unsafe { _mm_storeu_si128(y.as_mut_ptr().cast(), halves) };
        y
    }

    /// # Safety
    /// The processor has AVX and F16C.
    #[inline]
    #[target_feature(enable = "avx,f16c")]
    pub(super) unsafe fn narrow_f16(x: &[f32; LANES]) -> [f16; LANES] {
        let mut y = [f16::ZERO; LANES];
        // SAFETY: see the module.
        unsafe {
            let rounded = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(_mm256_loadu_ps(x.as_ptr()));
            _mm_storeu_si128(y.as_mut_ptr().cast(), rounded);
        }
        y
    }
}

/// Runs an expression with `$H` standing for a type of halves.
macro_rules! for_half {
    ($dtype:expr, $H:ident => $body:expr) => {
        match $dtype {
            $crate::DType::BF16 => {
                type $H = $crate::bf16;
                $body
            }
            $crate::DType::F16 => {
                type $H = $crate::f16;
                $body
            }
            other => unreachable!("{other} is no half"),
        }
    };
}
pub(crate) use for_half;

struct Widened<'a, H> {
    from: &'a [H],
    to: &'a mut [f32],
}

impl<H: Half> Kernel for Widened<'_, H> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let ((from, from_rest), (to, to_rest)) = (self.from.as_chunks::<LANES>(), self.to.as_chunks_mut::<LANES>());
        for (from, to) in from.iter().zip(to) {
            *to = H::widen::<FMA>(from);
        }
        let mut rest = [H::ZERO; LANES];
        rest[..from_rest.len()].copy_from_slice(from_rest);
        to_rest.copy_from_slice(&H::widen::<FMA>(&rest)[..to_rest.len()]);
    }
}

struct Narrowed<'a, H> {
    from: &'a [f32],
    to: &'a mut [H],
}

impl<H: Half> Kernel for Narrowed<'_, H> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let ((from, from_rest), (to, to_rest)) = (self.from.as_chunks::<LANES>(), self.to.as_chunks_mut::<LANES>());
        for (from, to) in from.iter().zip(to) {
            *to = H::narrow::<FMA>(from);
        }
        let mut rest = [0.0; LANES];
        rest[..from_rest.len()].copy_from_slice(from_rest);
        to_rest.copy_from_slice(&H::narrow::<FMA>(&rest)[..to_rest.len()]);
    }
}

/// Equally long slices.
pub(crate) fn widen<H: Half>(from: &[H], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    isa::dispatch(Widened { from, to });
}

/// Equally long slices.
pub(crate) fn narrow<H: Half>(from: &[f32], to: &mut [H]) {
    assert_eq!(from.len(), to.len());
    isa::dispatch(Narrowed { from, to });
}

/// Halves as f32, in memory of their own; what is broadcast or transposed stays so.
pub(crate) fn widened(x: &Array) -> Array {
    for_half!(x.dtype(), H => converted::<H, f32>(x, &widen))
}

/// f32 rounded to a dtype of halves.
pub(crate) fn narrowed(x: &Array, dtype: DType) -> Array {
    for_half!(dtype, H => converted::<f32, H>(x, &narrow))
}

/// f64 or i64 rounded to a dtype of halves, once: by way of f32 it would be twice.
pub(crate) fn rounded(x: &Array, dtype: DType) -> Array {
    let elements = match x.dtype() {
        DType::I64 => Buffer::from_iter_exact(x.to_slice::<i64>().iter().map(|&n| to_odd(sticky(n)))),
        _ => Buffer::from_iter_exact(x.to_slice::<f64>().iter().map(|&x| to_odd(x))),
    };
    narrowed(&Array::from_buffer(elements, x.shape()), dtype)
}

/// The nearest half; `half`'s own conversion of f64 does not look at its last 32 bits.
pub(crate) fn nearest<H: Half>(x: f64) -> H {
    H::narrow::<false>(&[to_odd(x); LANES])[0]
}

/// f64 as f32, where a number between two goes to the one that is odd. What is rounded to fewer bits later then still knows on which
/// side of a middle it was (Boldo and Melquiond, "When double rounding is odd", 2005).
fn to_odd(x: f64) -> f32 {
    let y = x as f32;
    if f64::from(y) == x || x.is_nan() || y.to_bits() & 1 == 1 {
        y
    } else if f64::from(y) < x {
        y.next_up()
    } else {
        y.next_down()
    }
}

/// An integer as f64. Where that has no room for its last 11 bits, one that is set stands for all, for the same reason.
fn sticky(n: i64) -> f64 {
    let rest = n & 0x7ff;
    if n.unsigned_abs() >> 53 == 0 || rest == 0 { n as f64 } else { (n - rest) as f64 + 1024.0 }
}

fn converted<T: Element, U: Element>(x: &Array, convert: &(dyn Fn(&[T], &mut [U]) + Sync)) -> Array {
    let Some((low, high)) = x.layout().span() else {
        return Array::from_buffer(Buffer::<U>::recycled(0), x.shape());
    };
    // Every element of the storage once, unless the view leaves out most of them.
    let span = high - low + 1;
    if span > x.numel() {
        return converted(&super::copy::contiguous(x), convert);
    }
    let from = &x.storage_elements::<T>()[low..=high];
    let mut to = Buffer::<U>::recycled(span);
    // A tenth of a nanosecond an element: six bytes, which a core moves so fast from its second cache.
    parallel::chunks(&mut to, CHUNK, span / 10, |i, to| convert(&from[i * CHUNK..][..to.len()], to));
    let layout = Layout { offset: x.offset() - low, ..x.layout().clone() };
    Array::from_buffer(to, [span]).with_layout(layout)
}
