//! Scans: each element from those before it in its row. One pass, O(n), rows in parallel.
//!
//! A row is walked in order by one thread, so that the bits do not depend on the number of threads. Running sums and products
//! are carried in f64 also for f32: the error of a running sum in f32 would grow with the length of the row.

use super::{arithmetic::Arithmetic, math::Math, parallel, reduce::Extremum, reduce::is_nan};
use crate::{Buffer, Element};

/// Elements of one piece of work: some 20 us at the latency of an addition.
const CHUNK: usize = 16 * 1024;
/// Estimated nanoseconds for an element: each waits for the one before it.
const ELEMENT_NANOSECONDS: usize = 2;
/// The same where an exponential and a logarithm are taken.
const LOG_NANOSECONDS: usize = 20;

/// A number with a type to carry running results in.
pub(crate) trait Running: Element {
    type Wide: Arithmetic;
    const ONE: Self::Wide;
    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
}

macro_rules! running {
    ($($ty:ty => $wide:ty, $one:literal;)*) => {$(
        impl Running for $ty {
            type Wide = $wide;
            const ONE: $wide = $one;
            #[inline(always)]
            fn widen(self) -> $wide {
                self as $wide
            }
            #[inline(always)]
            fn narrow(wide: $wide) -> $ty {
                wide as $ty
            }
        }
    )*};
}
running! {
    f32 => f64, 1.0;
    f64 => f64, 1.0;
    i64 => i64, 1;
}

/// `y[k] = x[0] + .. + x[k]` in each row of `length` elements; from the other end if `reverse`. Integers wrap.
pub(crate) fn sums<T: Running>(x: &[T], length: usize, reverse: bool) -> Buffer<T> {
    rows(x, length, reverse, ELEMENT_NANOSECONDS, T::Wide::default(), |sum, x| {
        let sum = sum.add(x.widen());
        (sum, T::narrow(sum))
    })
}

/// `y[k] = x[0] * .. * x[k]`, as `sums`.
pub(crate) fn products<T: Running>(x: &[T], length: usize, reverse: bool) -> Buffer<T> {
    rows(x, length, reverse, ELEMENT_NANOSECONDS, T::ONE, |product, x| {
        let product = product.mul(x.widen());
        (product, T::narrow(product))
    })
}

/// `y[k] = ln(exp(x[0]) + .. + exp(x[k]))`, as `sums`.
///
/// Carries the greatest element m so far, and the sum of exp(x - m).
pub(crate) fn log_sums<T: Running<Wide = f64>>(x: &[T], length: usize, reverse: bool) -> Buffer<T> {
    rows(x, length, reverse, LOG_NANOSECONDS, (f64::NEG_INFINITY, 0.0), |(m, sum), x| {
        let x = x.widen();
        // Infinite elements never meet their like in a difference, which would be NaN.
        let (m, sum) = if x > m {
            (x, sum * Math::exp::<false>(m - x) + 1.0)
        } else if x == m {
            (m, if x == f64::NEG_INFINITY { sum } else { sum + 1.0 })
        } else {
            (m, sum + Math::exp::<false>(x - m))
        };
        ((m, sum), T::narrow(m + Math::ln::<false>(sum)))
    })
}

/// `y[k] = a[k] y[k - 1] + b[k]`, where `y` is zero before the row; as `sums`.
pub(crate) fn recurrences<T: Running>(a: &[T], b: &[T], length: usize, reverse: bool) -> Buffer<T> {
    let mut dst = Buffer::recycled(b.len());
    let piece = piece_of(length);
    parallel::chunks(&mut dst, piece, b.len() * ELEMENT_NANOSECONDS, |i, dst| {
        let range = i * piece..i * piece + dst.len();
        let inputs = a[range.clone()].chunks_exact(length).zip(b[range].chunks_exact(length));
        for (dst, (a, b)) in dst.chunks_exact_mut(length).zip(inputs) {
            let mut before: Option<T::Wide> = None;
            let mut step = |y: &mut T, a: T, b: T| {
                // Before the row there is nothing: an infinite a[0] must not make it NaN.
                let next = before.map_or(b.widen(), |before| a.widen().mul(before).add(b.widen()));
                before = Some(next);
                *y = T::narrow(next);
            };
            let places = dst.iter_mut().zip(a.iter().zip(b));
            if reverse {
                places.rev().for_each(|(y, (&a, &b))| step(y, a, b));
            } else {
                places.for_each(|(y, (&a, &b))| step(y, a, b));
            }
        }
    });
    dst
}

/// The place of the extremum of `x[0]`, .., `x[k]` in each row of `length` elements: the last of equal ones, and the last NaN once
/// there is one.
pub(crate) fn places_of_extrema<F: Extremum<T>, T: Element>(x: &[T], length: usize) -> Buffer<i64> {
    let mut dst = Buffer::recycled(x.len());
    let piece = piece_of(length);
    parallel::chunks(&mut dst, piece, x.len() * ELEMENT_NANOSECONDS, |i, dst| {
        let rows = x[i * piece..][..dst.len()].chunks_exact(length);
        for (dst, row) in dst.chunks_exact_mut(length).zip(rows) {
            let mut at = 0;
            for (k, (place, &x)) in dst.iter_mut().zip(row).enumerate() {
                // A NaN beats everything, another NaN too; nothing else beats a NaN.
                if is_nan(x) || !(is_nan(row[at]) || F::beats(row[at], x)) {
                    at = k;
                }
                *place = at as i64;
            }
        }
    });
    dst
}

/// Walks each row of `length` elements with a state, which `step` takes to the next state and a result.
fn rows<T: Element, S: Copy + Sync>(
    x: &[T],
    length: usize,
    reverse: bool,
    nanoseconds: usize,
    start: S,
    step: impl Fn(S, T) -> (S, T) + Sync + Send,
) -> Buffer<T> {
    let mut dst = Buffer::recycled(x.len());
    let piece = piece_of(length);
    parallel::chunks(&mut dst, piece, x.len() * nanoseconds, |i, dst| {
        let rows = x[i * piece..][..dst.len()].chunks_exact(length);
        for (dst, row) in dst.chunks_exact_mut(length).zip(rows) {
            let mut state = start;
            let mut next = |y: &mut T, x: T| (state, *y) = step(state, x);
            let places = dst.iter_mut().zip(row);
            if reverse {
                places.rev().for_each(|(y, &x)| next(y, x));
            } else {
                places.for_each(|(y, &x)| next(y, x));
            }
        }
    });
    dst
}

/// Whole rows of one piece of work, in elements; rows without elements are never walked.
fn piece_of(length: usize) -> usize {
    (CHUNK / length.max(1)).max(1) * length.max(1)
}
