//! Softmax and its relatives, and their derivatives: maps of rows that need one sum over the row.
//!
//! All of them have one form. With `m` the row's greatest element, each element has a term, one of the rule's slices is summed over
//! the row, and each result follows from its term and the sum:
//!
//! | rule | term | summed | result |
//! |---|---|---|---|
//! | softmax | exp(a - m) | terms | term (1 / sum) |
//! | log softmax | exp(a - m) | terms | (a - m) - ln(sum) |
//! | softmax, derivative (a = y, b = y_bar) | a b | terms | a (b - sum) |
//! | log softmax, derivative (a = y, b = y_bar) | exp(a) | b | b - term sum |
//! | logsumexp | exp(a - m) | terms | one for the row: m + ln(sum) |
//!
//! [`rows`] runs such a rule.

mod rows;

pub(crate) use rows::{fold_rows, log_sum_exp, map_rows, map_rows_then};

use super::{
    math::Math,
    reduce::{Fold, Max, Sum, fold_slice, join_tree},
    steps::WIDTH,
};
use crate::Element;
use std::ops::{Div, Mul, Sub};

/// The elements that these kernels take: `f32` and `f64`.
pub(crate) trait Float: Element + Math + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// The greatest of a slice; a NaN if there is one.
    fn greatest(run: &[Self]) -> Self;
    /// The greatest of a few.
    fn greatest_of(partials: &[Self]) -> Self;
    /// The sum of a slice, accurate up to `LEAF` elements.
    fn sum(run: &[Self]) -> Self;
    /// The sum of partial sums.
    fn sum_of(partials: &[Self]) -> Self;
    /// As many times no bits as a step has elements, and as many times all bits.
    const MASKS: [Self; 2 * WIDTH];
    /// The bits that a mask has too.
    fn masked(self, mask: Self) -> Self;
    /// m + ln(sum), but m where m is infinite: a row of -inf has sum NaN.
    fn log_sum(m: Self, sum: Self) -> Self;
}

macro_rules! float {
    ($($T:ty),*) => {$(
        impl Float for $T {
            #[inline(always)]
            fn greatest(run: &[$T]) -> $T {
                fold_slice::<Max, $T>(run)
            }
            fn greatest_of(partials: &[$T]) -> $T {
                join_tree::<Max, $T>(partials)
            }
            #[inline(always)]
            fn sum(run: &[$T]) -> $T {
                fold_slice::<Sum, $T>(run)
            }
            fn sum_of(partials: &[$T]) -> $T {
                join_tree::<Sum, $T>(partials)
            }
            const MASKS: [$T; 2 * WIDTH] = {
                let mut masks = [0.0; 2 * WIDTH];
                let (_, all) = masks.split_at_mut(WIDTH);
                let mut lane = 0;
                while lane < WIDTH {
                    all[lane] = <$T>::from_bits(!0);
                    lane += 1;
                }
                masks
            };
            #[inline(always)]
            fn masked(self, mask: $T) -> $T {
                <$T>::from_bits(self.to_bits() & mask.to_bits())
            }
            #[inline(always)]
            fn log_sum(m: $T, sum: $T) -> $T {
                if m.is_infinite() { m } else { <Sum as Fold<$T>>::join(m, sum.ln()) }
            }
        }
    )*};
}
float!(f32, f64);

/// One line of the module's table.
pub(crate) trait Rule<T: Float>: Copy + Send + Sync + 'static {
    /// Estimated nanoseconds for ten elements on one thread, all passes together.
    const WORK: usize;
    /// Whether the row's greatest element is used.
    const SHIFTS: bool;
    /// What the term is computed from.
    fn argument(a: T, b: T, m: T) -> T;
    fn term<const FMA: bool>(argument: T) -> T;
    /// The slice that is summed.
    #[inline(always)]
    fn summed<'a>(_b: &'a [T], terms: &'a [T]) -> &'a [T] {
        terms
    }
    /// What `result` needs of the sum.
    #[inline(always)]
    fn of_sum<const FMA: bool>(sum: T) -> T {
        sum
    }
    fn result(a: T, b: T, m: T, term: T, of_sum: T) -> T;
}

#[derive(Clone, Copy)]
pub(crate) struct Softmax;

impl<T: Float> Rule<T> for Softmax {
    const WORK: usize = 15;
    const SHIFTS: bool = true;
    #[inline(always)]
    fn argument(a: T, _: T, m: T) -> T {
        a - m
    }
    #[inline(always)]
    fn term<const FMA: bool>(argument: T) -> T {
        argument.exp::<FMA>()
    }
    // A product with 1/sum is off by half a unit more than a quotient, and takes a fifth of the time.
    #[inline(always)]
    fn of_sum<const FMA: bool>(sum: T) -> T {
        T::from_f64(1.0) / sum
    }
    #[inline(always)]
    fn result(_: T, _: T, _: T, term: T, of_sum: T) -> T {
        term * of_sum
    }
}

#[derive(Clone, Copy)]
pub(crate) struct LogSoftmax;

impl<T: Float> Rule<T> for LogSoftmax {
    const WORK: usize = 15;
    const SHIFTS: bool = true;
    #[inline(always)]
    fn argument(a: T, _: T, m: T) -> T {
        a - m
    }
    #[inline(always)]
    fn term<const FMA: bool>(argument: T) -> T {
        argument.exp::<FMA>()
    }
    #[inline(always)]
    fn of_sum<const FMA: bool>(sum: T) -> T {
        sum.ln::<FMA>()
    }
    // Not a - (m + ln sum): the difference a - m is exact near m, where the result is small and m may be large.
    #[inline(always)]
    fn result(a: T, _: T, m: T, _: T, log_sum: T) -> T {
        a - m - log_sum
    }
}

#[derive(Clone, Copy)]
pub(crate) struct SoftmaxGrad;

impl<T: Float> Rule<T> for SoftmaxGrad {
    const WORK: usize = 5;
    const SHIFTS: bool = false;
    #[inline(always)]
    fn argument(y: T, y_bar: T, _: T) -> T {
        y * y_bar
    }
    #[inline(always)]
    fn term<const FMA: bool>(argument: T) -> T {
        argument
    }
    #[inline(always)]
    fn result(y: T, y_bar: T, _: T, _: T, sum: T) -> T {
        y * (y_bar - sum)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct LogSoftmaxGrad;

impl<T: Float> Rule<T> for LogSoftmaxGrad {
    const WORK: usize = 12;
    const SHIFTS: bool = false;
    #[inline(always)]
    fn argument(y: T, _: T, _: T) -> T {
        y
    }
    #[inline(always)]
    fn term<const FMA: bool>(argument: T) -> T {
        argument.exp::<FMA>()
    }
    #[inline(always)]
    fn summed<'a>(y_bar: &'a [T], _: &'a [T]) -> &'a [T] {
        y_bar
    }
    #[inline(always)]
    fn result(_: T, y_bar: T, _: T, term: T, sum: T) -> T {
        y_bar - term * sum
    }
}
