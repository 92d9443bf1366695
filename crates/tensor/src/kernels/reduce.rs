//! Reductions: joining the elements along some axes into one, for any layout of the input.
//!
//! [`fold`] first brings the layout to a normal form ([`plan`]): strides positive, axes that lie one inside the other merged, axes of
//! stride zero taken out. Then either the reduced axis lies innermost in memory and each output has runs of elements of its
//! own ([`rows`]), or a kept axis does, and whole rows are joined into a row of outputs ([`columns`]).
//!
//! Elements are joined in blocks of a fixed size, and the blocks' results in a balanced tree. The rounding error of a sum of
//! n numbers then grows like log n (beyond the constant of a block), not like n; and since blocks and tree depend on the shape
//! and layout alone, so do the bits of the result, whatever the number of threads.

pub(crate) mod arg;
mod columns;
mod plan;
mod rows;

pub(super) use rows::{LEAF, fold_slice};

use super::arithmetic::Arithmetic;
use crate::{Array, Buffer, Element};
use plan::Plan;

/// How many elements are one piece of work for a thread: some 10 us, well above what it takes to hand it over.
pub(super) const CHUNK: usize = 64 * 1024;

/// A way of joining two elements into one: associative up to rounding.
pub(crate) trait Fold<T>: Copy + Send + Sync + 'static {
    /// What joins with anything without changing it.
    const START: T;
    /// Whether any order of joining gives the same bits, so that the compiler may choose it.
    const ANY_ORDER: bool;
    fn join(a: T, b: T) -> T;
    /// What `times` copies of `a` join to; `times > 0`.
    fn of_copies(a: T, times: usize) -> T;
}

/// Addition; integers wrap around.
#[derive(Clone, Copy)]
pub(crate) struct Sum;
/// Multiplication; integers wrap around.
#[derive(Clone, Copy)]
pub(crate) struct Product;
/// The greater of two; a NaN wins against everything.
#[derive(Clone, Copy)]
pub(crate) struct Max;
/// The smaller of two; a NaN wins against everything.
#[derive(Clone, Copy)]
pub(crate) struct Min;

macro_rules! fold_floats {
    ($($T:ty),*) => {$(
        impl Fold<$T> for Sum {
            const START: $T = 0.0;
            const ANY_ORDER: bool = false;
            #[inline(always)]
            fn join(a: $T, b: $T) -> $T {
                a + b
            }
            fn of_copies(a: $T, times: usize) -> $T {
                a * times as $T
            }
        }
    )*};
}
fold_floats!(f32, f64);

impl Fold<i64> for Sum {
    const START: i64 = 0;
    const ANY_ORDER: bool = true;
    #[inline(always)]
    fn join(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
    fn of_copies(a: i64, times: usize) -> i64 {
        a.wrapping_mul(times as i64)
    }
}

macro_rules! fold_products {
    ($($T:ty: $one:literal, $any_order:literal;)*) => {$(
        impl Fold<$T> for Product {
            const START: $T = $one;
            const ANY_ORDER: bool = $any_order;
            #[inline(always)]
            fn join(a: $T, b: $T) -> $T {
                Arithmetic::mul(a, b)
            }
            // By squaring.
            fn of_copies(a: $T, times: usize) -> $T {
                let (mut power, mut square, mut left) = ($one, a, times);
                while left > 0 {
                    if left & 1 == 1 {
                        power = Self::join(power, square);
                    }
                    square = Self::join(square, square);
                    left >>= 1;
                }
                power
            }
        }
    )*};
}
fold_products! {
    f32: 1.0, false;
    f64: 1.0, false;
    i64: 1, true;
}

macro_rules! extrema {
    ($($T:ty: $lowest:expr, $highest:expr, $any_order:literal;)*) => {$(
        impl Fold<$T> for Max {
            const START: $T = $lowest;
            const ANY_ORDER: bool = $any_order;
            #[inline(always)]
            fn join(a: $T, b: $T) -> $T {
                if Max::beats(a, b) { a } else { b }
            }
            fn of_copies(a: $T, _: usize) -> $T {
                a
            }
        }
        impl Fold<$T> for Min {
            const START: $T = $highest;
            const ANY_ORDER: bool = $any_order;
            #[inline(always)]
            fn join(a: $T, b: $T) -> $T {
                if Min::beats(a, b) { a } else { b }
            }
            fn of_copies(a: $T, _: usize) -> $T {
                a
            }
        }
        impl Extremum<$T> for Max {
            #[inline(always)]
            fn beats(a: $T, b: $T) -> bool {
                (a > b) | is_nan(a)
            }
        }
        impl Extremum<$T> for Min {
            #[inline(always)]
            fn beats(a: $T, b: $T) -> bool {
                (a < b) | is_nan(a)
            }
        }
    )*};
}
extrema! {
    f32: f32::NEG_INFINITY, f32::INFINITY, false;
    f64: f64::NEG_INFINITY, f64::INFINITY, false;
    i64: i64::MIN, i64::MAX, true;
    u8: u8::MIN, u8::MAX, true;
    bool: false, true, true;
}

/// A fold that picks one of the two elements.
pub(crate) trait Extremum<T>: Fold<T> {
    /// Whether `a` is picked over `b`; a NaN is picked over everything.
    fn beats(a: T, b: T) -> bool;
}

/// Only a NaN differs from itself; other dtypes have none.
#[inline(always)]
#[expect(clippy::eq_op, reason = "the definition of NaN, for element types that have none as well")]
pub(super) fn is_nan<T: PartialEq>(x: T) -> bool {
    x != x
}

/// `x` folded over `axes` (ascending); a folded axis stays with size 1 if `keepdims`, else it goes.
///
/// Where no elements are joined, the result is the fold's start.
pub(crate) fn fold<F: Fold<T>, T: Element>(x: &Array, axes: &[usize], keepdims: bool) -> Array {
    // Everything is joined and lies in one run: the common sum of a loss, for which a plan takes longer than 1,000 elements.
    if axes.len() == x.shape().len()
        && !keepdims
        && let Some(run) = x.as_slice()
    {
        return Array::scalar(rows::fold_one_run::<F, T>(run));
    }
    let plan = Plan::new(x, axes, keepdims);
    if x.numel() == 0 {
        return Array::full(F::START, &plan.output.shape);
    }
    let elements = x.storage_elements::<T>();
    let mut output = Buffer::recycled(plan.outputs);
    if plan.kept.last().is_some_and(|axis| axis.stride == 1) {
        columns::fold_columns::<F, T>(elements, &plan, &mut output);
    } else {
        rows::fold_rows::<F, T>(elements, &plan, &mut output);
    }
    if plan.copies > 1 {
        output.iter_mut().for_each(|y| *y = F::of_copies(*y, plan.copies));
    }
    plan.array_of(output)
}

/// Joins partial results as the leaves of a balanced tree.
pub(super) fn join_tree<F: Fold<T>, T: Copy>(partials: &[T]) -> T {
    match partials {
        [] => F::START,
        [only] => *only,
        _ => {
            let (left, right) = partials.split_at(partials.len().div_ceil(2));
            F::join(join_tree::<F, T>(left), join_tree::<F, T>(right))
        }
    }
}

#[cfg(test)]
mod tests;
