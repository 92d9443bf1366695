//! Planes whose source lies column by column, copied row by row.
//!
//! A plane goes in square tiles, each through a small buffer: the lines of either side are touched once, one after
//! another, however far apart they lie (at strides of a power of two, lines that are held at the same time evict each
//! other). The last tile of a row or column overlaps the one before it, so that all are whole.

use super::{Axis, moved};
use crate::Element;

/// The side of a large tile: 16 elements of 4 bytes fill a cache line.
pub(super) const TILE: usize = 16;

/// The side of a small tile: what one exchange of registers handles.
const SMALL: usize = 4;

/// Copies a plane whose source walks `outer` in smaller steps than `inner`.
pub(in crate::kernels) fn copy_plane<T: Element>(
    src: &[T],
    at: usize,
    outer: Axis,
    inner: Axis,
    dst: &mut [T],
    to: usize,
) {
    let side = if outer.from == 1 && inner.to == 1 { outer.size.min(inner.size) } else { 0 };
    // Tiles of 8-byte elements are half as wide, so that the buffer does not grow.
    match side {
        TILE.. if size_of::<T>() <= 4 => return copy_tiles::<T, TILE>(src, at, outer, inner, dst, to),
        8.. => return copy_tiles::<T, 8>(src, at, outer, inner, dst, to),
        SMALL.. => return copy_tiles::<T, SMALL>(src, at, outer, inner, dst, to),
        _ => {}
    }
    for columns in (0..inner.size).step_by(TILE).map(|j| j..inner.size.min(j + TILE)) {
        for i in 0..outer.size {
            let (at, to) = (moved(at, i, outer.from), to + i * outer.to);
            for j in columns.clone() {
                dst[to + j * inner.to] = src[moved(at, j, inner.from)];
            }
        }
    }
}

fn copy_tiles<T: Element, const N: usize>(src: &[T], at: usize, outer: Axis, inner: Axis, dst: &mut [T], to: usize) {
    for j in tile_starts::<N>(inner.size) {
        for i in tile_starts::<N>(outer.size) {
            let at = moved(at + i, j, inner.from);
            let columns: [[T; N]; N] = std::array::from_fn(|j| {
                let at = moved(at, j, inner.from);
                src[at..at + N].try_into().expect("a slice of N elements")
            });
            let to = to + i * outer.to + j;
            for i in (0..N).step_by(SMALL) {
                let mut rows = [[T::default(); N]; SMALL];
                for j in (0..N).step_by(SMALL) {
                    let part: [[T; SMALL]; SMALL] = std::array::from_fn(|k| {
                        columns[j + k][i..i + SMALL].try_into().expect("a slice of SMALL elements")
                    });
                    for (row, exchanged) in rows.iter_mut().zip(exchanged(part)) {
                        row[j..j + SMALL].copy_from_slice(&exchanged);
                    }
                }
                for (k, row) in rows.iter().enumerate() {
                    dst[to + (i + k) * outer.to..][..N].copy_from_slice(row);
                }
            }
        }
    }
}

/// Where tiles of side `N` begin that cover an axis of at least that size.
fn tile_starts<const N: usize>(size: usize) -> impl Iterator<Item = usize> {
    (0..size).step_by(N).map(move |start| start.min(size - N))
}

/// `rows[i][j] = columns[j][i]`.
#[inline(always)]
pub(in crate::kernels) fn exchanged<T: Element>(columns: [[T; SMALL]; SMALL]) -> [[T; SMALL]; SMALL] {
    // SAFETY: each arm reads and writes the bytes of four times four plain values and moves every value whole, so that
    // the result holds valid values of `T`. SSE2 belongs to every x86-64 processor.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::{arch::x86_64::*, mem::transmute_copy};
        match size_of::<T>() {
            1 => {
                let abcd: __m128i = transmute_copy(&columns);
                let ac_bd = _mm_unpacklo_epi8(abcd, _mm_srli_si128::<8>(abcd));
                return transmute_copy(&_mm_unpacklo_epi8(ac_bd, _mm_srli_si128::<8>(ac_bd)));
            }
            4 => {
                let [a, b, c, d]: [__m128i; 4] = transmute_copy(&columns);
                let [ab_low, cd_low] = [_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d)];
                let [ab_high, cd_high] = [_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d)];
                return transmute_copy(&[
                    _mm_unpacklo_epi64(ab_low, cd_low),
                    _mm_unpackhi_epi64(ab_low, cd_low),
                    _mm_unpacklo_epi64(ab_high, cd_high),
                    _mm_unpackhi_epi64(ab_high, cd_high),
                ]);
            }
            8 => {
                let [a, b, c, d]: [[__m128i; 2]; 4] = transmute_copy(&columns);
                return transmute_copy(&[
                    [_mm_unpacklo_epi64(a[0], b[0]), _mm_unpacklo_epi64(c[0], d[0])],
                    [_mm_unpackhi_epi64(a[0], b[0]), _mm_unpackhi_epi64(c[0], d[0])],
                    [_mm_unpacklo_epi64(a[1], b[1]), _mm_unpacklo_epi64(c[1], d[1])],
                    [_mm_unpackhi_epi64(a[1], b[1]), _mm_unpackhi_epi64(c[1], d[1])],
                ]);
            }
            _ => {}
        }
    }
    std::array::from_fn(|i| std::array::from_fn(|j| columns[j][i]))
}
