//! Scans: each element from those before it along an axis. One pass, O(n).
//!
//! What lies outside the axis goes in parallel; the axis itself is walked in order by one thread, so that the bits do not depend on the
//! number of threads. Where the axis lies innermost, rows are walked one after another; else a tile of neighbouring columns is
//! walked side by side, which reads whole cache lines and fills vectors.
//!
//! Running sums and products are carried in f64 also for f32: the error of a running sum in f32 would grow with the length.

use super::{
    arithmetic::Arithmetic,
    math::Math,
    parallel,
    reduce::{Extremum, is_nan},
};
use crate::{Buffer, Element};

/// Elements of one piece of work: some 20 us at the latency of an addition.
const CHUNK: usize = 16 * 1024;
/// Columns that are walked side by side: their states stay in the first cache.
const TILE: usize = 256;
/// Estimated nanoseconds for an element that waits for the one before it.
const ELEMENT_NANOSECONDS: usize = 2;

/// A number with a type to carry running results in.
pub(crate) trait Running: Element {
    type Wide: Arithmetic;
    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
}

macro_rules! running {
    ($($ty:ty => $wide:ty;)*) => {$(
        impl Running for $ty {
            type Wide = $wide;
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
    f32 => f64;
    f64 => f64;
    i64 => i64;
}

/// A scan of `N` inputs: a state that the elements of each place carry on to the next.
pub(crate) trait Scan<T, const N: usize> {
    type State: Copy;
    /// Estimated nanoseconds for an element.
    const NANOSECONDS: usize = ELEMENT_NANOSECONDS;
    fn first(x: [T; N]) -> Self::State;
    fn next(state: Self::State, x: [T; N]) -> Self::State;
    fn value(state: Self::State) -> T;
}

/// `y[k] = x[0] + .. + x[k]`; integers wrap.
pub(crate) struct Sums;

impl<T: Running> Scan<T, 1> for Sums {
    type State = T::Wide;
    #[inline(always)]
    fn first([x]: [T; 1]) -> T::Wide {
        x.widen()
    }
    #[inline(always)]
    fn next(sum: T::Wide, [x]: [T; 1]) -> T::Wide {
        sum.add(x.widen())
    }
    #[inline(always)]
    fn value(sum: T::Wide) -> T {
        T::narrow(sum)
    }
}

/// `y[k] = x[0] * .. * x[k]`; integers wrap.
pub(crate) struct Products;

impl<T: Running> Scan<T, 1> for Products {
    type State = T::Wide;
    #[inline(always)]
    fn first([x]: [T; 1]) -> T::Wide {
        x.widen()
    }
    #[inline(always)]
    fn next(product: T::Wide, [x]: [T; 1]) -> T::Wide {
        product.mul(x.widen())
    }
    #[inline(always)]
    fn value(product: T::Wide) -> T {
        T::narrow(product)
    }
}

/// `y[k] = a[k] y[k - 1] + b[k]`, where `y` is zero before the first: an infinite a[0] does not make it NaN.
pub(crate) struct Recurrences;

impl<T: Running> Scan<T, 2> for Recurrences {
    type State = T::Wide;
    #[inline(always)]
    fn first([_, b]: [T; 2]) -> T::Wide {
        b.widen()
    }
    #[inline(always)]
    fn next(y: T::Wide, [a, b]: [T; 2]) -> T::Wide {
        a.widen().mul(y).add(b.widen())
    }
    #[inline(always)]
    fn value(y: T::Wide) -> T {
        T::narrow(y)
    }
}

/// `y[k] = ln(exp(x[0]) + .. + exp(x[k]))`; carries the greatest element m so far, and the sum of exp(x - m).
pub(crate) struct LogSums;

impl<T: Running<Wide = f64>> Scan<T, 1> for LogSums {
    type State = (f64, f64);
    /// An exponential and a logarithm.
    const NANOSECONDS: usize = 20;
    #[inline(always)]
    fn first(x: [T; 1]) -> (f64, f64) {
        Self::next((f64::NEG_INFINITY, 0.0), x)
    }
    #[inline(always)]
    fn next((m, sum): (f64, f64), [x]: [T; 1]) -> (f64, f64) {
        let x = x.widen();
        // Infinite elements never meet their like in a difference, which would be NaN.
        if x > m {
            (x, sum * Math::exp::<false>(m - x) + 1.0)
        } else if x == m {
            (m, if x == f64::NEG_INFINITY { sum } else { sum + 1.0 })
        } else {
            (m, sum + Math::exp::<false>(x - m))
        }
    }
    #[inline(always)]
    fn value((m, sum): (f64, f64)) -> T {
        T::narrow(m + Math::ln::<false>(sum))
    }
}

/// Scans the middle axis of inputs of shape `[_, length, inner]` in row-major order; from its end if `reverse`.
pub(crate) fn scan<S: Scan<T, N>, T: Element, const N: usize>(
    inputs: [&[T]; N],
    length: usize,
    inner: usize,
    reverse: bool,
) -> Buffer<T> {
    let mut dst = Buffer::recycled(inputs[0].len());
    if dst.is_empty() {
        return dst;
    }
    let (block, work) = (length * inner, dst.len() * S::NANOSECONDS);
    let piece = (CHUNK / block).max(1) * block;
    parallel::chunks(&mut dst, piece, work, |i, dst| {
        for (j, dst) in dst.chunks_exact_mut(block).enumerate() {
            let inputs = inputs.map(|x| &x[i * piece + j * block..][..block]);
            if inner == 1 {
                walk_row::<S, T, N>(inputs, reverse, dst);
            } else {
                (0..inner).step_by(TILE).for_each(|from| walk_columns::<S, T, N>(inputs, inner, from, reverse, dst));
            }
        }
    });
    dst
}

fn walk_row<S: Scan<T, N>, T: Element, const N: usize>(inputs: [&[T]; N], reverse: bool, dst: &mut [T]) {
    // One length for all lets the compiler drop the bounds checks.
    let inputs = inputs.map(|x| &x[..dst.len()]);
    let mut state: Option<S::State> = None;
    let mut step = |(k, y): (usize, &mut T)| {
        let x = inputs.map(|x| x[k]);
        let next = state.map_or_else(|| S::first(x), |state| S::next(state, x));
        state = Some(next);
        *y = S::value(next);
    };
    if reverse {
        dst.iter_mut().enumerate().rev().for_each(&mut step);
    } else {
        dst.iter_mut().enumerate().for_each(&mut step);
    }
}

/// The columns of one tile, `from` on.
fn walk_columns<S: Scan<T, N>, T: Element, const N: usize>(
    inputs: [&[T]; N],
    inner: usize,
    from: usize,
    reverse: bool,
    dst: &mut [T],
) {
    let (width, length) = (TILE.min(inner - from), dst.len() / inner);
    let row = |k: usize| if reverse { length - 1 - k } else { k };
    let range = |k: usize| row(k) * inner + from..row(k) * inner + from + width;
    let at = |k: usize, column: usize| inputs.map(|x| x[range(k).start + column]);
    let mut states: [S::State; TILE] = [S::first(at(0, 0)); TILE];
    let states = &mut states[..width];
    states.iter_mut().enumerate().for_each(|(column, state)| *state = S::first(at(0, column)));
    for k in 0..length {
        if k > 0 {
            let rows = inputs.map(|x| &x[range(k)]);
            for (column, state) in states.iter_mut().enumerate() {
                *state = S::next(*state, rows.map(|x| x[column]));
            }
        }
        dst[range(k)].iter_mut().zip(&*states).for_each(|(y, &state)| *y = S::value(state));
    }
}

/// The place of the extremum of `x[0]`, .., `x[k]` in each row of `length` elements: the last of equal ones, and the last NaN once
/// there is one.
pub(crate) fn places_of_extrema<F: Extremum<T>, T: Element>(x: &[T], length: usize) -> Buffer<i64> {
    let mut dst = Buffer::recycled(x.len());
    if dst.is_empty() {
        return dst;
    }
    let piece = (CHUNK / length).max(1) * length;
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
