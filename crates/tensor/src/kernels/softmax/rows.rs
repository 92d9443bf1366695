//! Running a [`Rule`] over contiguous rows.
//!
//! Rows of at most `LEAF` elements go in blocks that stay in the first-level cache, each pass over all rows of a block, so that the
//! processor does something else while it waits for the greatest element or the sum of one. Rows shorter than a step share vectors
//! where terms are computed. Longer rows go leaf by leaf, and the leaves' sums join in a balanced tree; very long ones are cut
//! into chunks, on several threads.

use super::{Float, LogSoftmax, Rule};
use crate::{
    Buffer,
    kernels::{
        isa::{self, Kernel},
        parallel,
        reduce::{CHUNK, LEAF},
        steps::{Lanes, WIDTH, greatest_number, read, steps, write},
    },
};
use std::marker::PhantomData;

/// `f(i, row, m, sum)` of row i, with m its greatest element and sum that of exp(a - m).
type OfRow<'a, T> = dyn Fn(usize, &[T], T, T) -> T + Sync + 'a;

/// The rule's result for each element; rows of `length > 0` elements lie one after another in `a` and in `b`.
pub(crate) fn map_rows<R: Rule<T>, T: Float>(a: &[T], b: &[T], length: usize) -> Buffer<T> {
    map_rows_then::<R, T>(a, b, length, &|_, _| {})
}

/// As [`map_rows`], with a last change of the results while they are in cache: `last(start, piece)` is given whole rows, or a
/// part of one, that begin at element `start`.
pub(crate) fn map_rows_then<R: Rule<T>, T: Float>(
    a: &[T],
    b: &[T],
    length: usize,
    last: &(dyn Fn(usize, &mut [T]) + Sync),
) -> Buffer<T> {
    let mut results = Buffer::recycled(a.len());
    let work = a.len() * R::WORK / 10;
    if length > CHUNK {
        let rows = results.chunks_exact_mut(length).zip(a.chunks_exact(length)).zip(b.chunks_exact(length));
        for (row, ((results, a), b)) in rows.enumerate() {
            map_huge_row::<R, T>(a, b, results, &|start, piece| last(row * length + start, piece));
        }
        return results;
    }
    let piece = (CHUNK / length) * length;
    parallel::chunks(&mut results, piece, work, |i, results| {
        let range = i * piece..i * piece + results.len();
        let (a, b) = (&a[range.clone()], &b[range]);
        if length <= LEAF {
            isa::dispatch(Block::<R, T> { a, b, length, results, rule: PhantomData });
        } else {
            let rows = results.chunks_exact_mut(length).zip(a.chunks_exact(length)).zip(b.chunks_exact(length));
            rows.for_each(|((results, a), b)| map_long_row::<R, T>(a, b, results));
        }
        last(i * piece, results);
    });
    results
}

/// ln(sum(exp(a))) of each row of `length > 0` elements.
pub(crate) fn log_sum_exp<T: Float>(a: &[T], length: usize) -> Buffer<T> {
    fold_rows(a, length, &|_, _, m, sum| T::log_sum(m, sum))
}

/// `of_row` of each row of `length > 0` elements.
pub(crate) fn fold_rows<T: Float>(a: &[T], length: usize, of_row: &OfRow<'_, T>) -> Buffer<T> {
    let mut results = Buffer::recycled(a.len() / length);
    let work = a.len() * <LogSoftmax as Rule<T>>::WORK / 10;
    if length > CHUNK {
        for (i, (y, row)) in results.iter_mut().zip(a.chunks_exact(length)).enumerate() {
            let m = greatest_of_huge_row(row);
            let sums = parallel::collect(length.div_ceil(CHUNK), length, |i| {
                let chunk = &row[i * CHUNK..length.min((i + 1) * CHUNK)];
                exp_sum(chunk, m)
            });
            *y = of_row(i, row, m, T::sum_of(&sums));
        }
        return results;
    }
    let piece = CHUNK / length;
    parallel::chunks(&mut results, piece, work, |i, results| {
        let first = i * piece;
        let a = &a[first * length..][..results.len() * length];
        if length <= LEAF {
            return isa::dispatch(ShortRows { a, length, first, of_row, results });
        }
        for (i, (y, row)) in results.iter_mut().zip(a.chunks_exact(length)).enumerate() {
            let m = isa::dispatch(Greatest(row));
            *y = of_row(first + i, row, m, exp_sum(row, m));
        }
    });
    results
}

/// The sum of exp(a - m) over at most a chunk.
fn exp_sum<T: Float>(a: &[T], m: T) -> T {
    let mut terms = [T::default(); LEAF];
    sum_of_leaves(a.len(), |leaf| {
        let a = &a[leaf];
        isa::dispatch(Terms::<LogSoftmax, T> { a, b: a, m, terms: &mut terms[..a.len()], rule: PhantomData })
    })
}

/// Joins in a tree what each leaf of at most a chunk sums to.
fn sum_of_leaves<T: Float>(length: usize, mut leaf: impl FnMut(std::ops::Range<usize>) -> T) -> T {
    let mut sums = [T::default(); CHUNK / LEAF];
    let count = length.div_ceil(LEAF);
    for (i, sum) in sums[..count].iter_mut().enumerate() {
        *sum = leaf(i * LEAF..length.min((i + 1) * LEAF));
    }
    T::sum_of(&sums[..count])
}

/// A row of at most a chunk.
fn map_long_row<R: Rule<T>, T: Float>(a: &[T], b: &[T], results: &mut [T]) {
    let m = if R::SHIFTS { isa::dispatch(Greatest(a)) } else { T::default() };
    let sum = sum_of_leaves(a.len(), |leaf| {
        let terms = &mut results[leaf.clone()];
        isa::dispatch(Terms::<R, T> { a: &a[leaf.clone()], b: &b[leaf], m, terms, rule: PhantomData })
    });
    isa::dispatch(Results::<R, T> { a, b, m, sum, results, rule: PhantomData });
}

/// A row of several chunks, each pass on several threads.
fn map_huge_row<R: Rule<T>, T: Float>(a: &[T], b: &[T], results: &mut [T], last: &(dyn Fn(usize, &mut [T]) + Sync)) {
    let work = a.len() * R::WORK / 20;
    let m = if R::SHIFTS { greatest_of_huge_row(a) } else { T::default() };
    let range = |i: usize| i * CHUNK..a.len().min((i + 1) * CHUNK);
    parallel::chunks(results, CHUNK, work, |i, terms| {
        isa::dispatch(Terms::<R, T> { a: &a[range(i)], b: &b[range(i)], m, terms, rule: PhantomData });
    });
    let summed = R::summed(b, results);
    let sums = parallel::collect(a.len().div_ceil(CHUNK), work, |i| {
        let chunk = &summed[range(i)];
        sum_of_leaves(chunk.len(), |leaf| isa::dispatch(Total(&chunk[leaf])))
    });
    let sum = T::sum_of(&sums);
    parallel::chunks(results, CHUNK, work, |i, results| {
        let (a, b) = (&a[range(i)], &b[range(i)]);
        isa::dispatch(Results::<R, T> { a, b, m, sum, results: &mut *results, rule: PhantomData });
        last(i * CHUNK, results);
    });
}

fn greatest_of_huge_row<T: Float>(row: &[T]) -> T {
    let greatest = |i: usize| isa::dispatch(Greatest(&row[i * CHUNK..row.len().min((i + 1) * CHUNK)]));
    T::greatest_of(&parallel::collect(row.len().div_ceil(CHUNK), row.len() / 4, greatest))
}

/// The greatest element of a slice of any length.
struct Greatest<'a, T>(&'a [T]);

impl<T: Float> Kernel for Greatest<'_, T> {
    type Output = T;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        T::greatest(self.0)
    }
}

/// The sum of a leaf.
struct Total<'a, T>(&'a [T]);

impl<T: Float> Kernel for Total<'_, T> {
    type Output = T;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        T::sum(self.0)
    }
}

/// Writes the terms of part of a row, and returns its part of the sum, which is accurate for at most a leaf.
struct Terms<'a, R, T> {
    a: &'a [T],
    b: &'a [T],
    m: T,
    terms: &'a mut [T],
    rule: PhantomData<R>,
}

impl<R: Rule<T>, T: Float> Kernel for Terms<'_, R, T> {
    type Output = T;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        for ((term, &a), &b) in self.terms.iter_mut().zip(self.a).zip(self.b) {
            *term = R::term::<FMA>(R::argument(a, b, self.m));
        }
        T::sum(R::summed(self.b, self.terms))
    }
}

/// Turns the terms of part of a row into results.
struct Results<'a, R, T> {
    a: &'a [T],
    b: &'a [T],
    m: T,
    sum: T,
    results: &'a mut [T],
    rule: PhantomData<R>,
}

impl<R: Rule<T>, T: Float> Kernel for Results<'_, R, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let of_sum = R::of_sum::<FMA>(self.sum);
        for ((y, &a), &b) in self.results.iter_mut().zip(self.a).zip(self.b) {
            *y = R::result(a, b, self.m, *y, of_sum);
        }
    }
}

/// Rows of at least a step that a block of at most a leaf has at most: what is kept for each is set up for every call.
const MOST_ROWS: usize = LEAF / WIDTH;

/// Whole rows of at most a leaf.
struct Block<'a, R, T> {
    a: &'a [T],
    b: &'a [T],
    length: usize,
    results: &'a mut [T],
    rule: PhantomData<R>,
}

impl<R: Rule<T>, T: Float> Kernel for Block<'_, R, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Block { a, b, length, results, .. } = self;
        let block = LEAF / length * length;
        let blocks = results.chunks_mut(block).zip(a.chunks(block)).zip(b.chunks(block));
        if length < WIDTH {
            let mut greatest = [T::default(); LEAF];
            for ((results, a), b) in blocks {
                terms_of_rows::<R, T, FMA>(a, b, length, &mut greatest, results);
                let rows = results.chunks_exact_mut(length).zip(a.chunks_exact(length)).zip(b.chunks_exact(length));
                for (((results, a), b), &m) in rows.zip(&greatest) {
                    let of_sum = R::of_sum::<FMA>(T::sum(R::summed(b, results)));
                    for ((y, &a), &b) in results.iter_mut().zip(a).zip(b) {
                        *y = R::result(a, b, m, *y, of_sum);
                    }
                }
            }
            return;
        }
        let (mut greatest, mut of_sums) = ([T::default(); MOST_ROWS], [T::default(); MOST_ROWS]);
        for ((results, a), b) in blocks {
            if R::SHIFTS {
                // Not `for_each`: the compiler leaves a closure around a loop outside of the kernel, without its instructions.
                for (m, a) in greatest.iter_mut().zip(a.chunks_exact(length)) {
                    *m = greatest_number(a);
                }
            }
            let rows = results.chunks_exact_mut(length).zip(a.chunks_exact(length)).zip(b.chunks_exact(length));
            for (((results, a), b), (&m, of_sum)) in rows.zip(greatest.iter().zip(&mut of_sums)) {
                *of_sum = R::of_sum::<FMA>(write_terms::<R, T, FMA>(a, b, m, results));
            }
            let rows = results.chunks_exact_mut(length).zip(a.chunks_exact(length)).zip(b.chunks_exact(length));
            for (((results, a), b), (&m, &of_sum)) in rows.zip(greatest.iter().zip(&of_sums)) {
                write_results::<R, T>(a, b, m, of_sum, results);
            }
        }
    }
}

/// Writes the terms of a row of at least a step, and returns what is summed.
#[inline(always)]
fn write_terms<R: Rule<T>, T: Float, const FMA: bool>(a: &[T], b: &[T], m: T, terms: &mut [T]) -> T {
    let mut sum = Lanes::zero();
    for (start, seen) in steps(terms.len()) {
        let (a, b) = (read(a, start), read(b, start));
        let mut step = [T::default(); WIDTH];
        for lane in 0..WIDTH {
            step[lane] = R::term::<FMA>(R::argument(a[lane], b[lane], m));
        }
        write(terms, start, step);
        sum.add(&read(R::summed(&b, &step), 0), seen);
    }
    sum.total()
}

/// Turns the terms of a row of at least a step into results.
#[inline(always)]
fn write_results<R: Rule<T>, T: Float>(a: &[T], b: &[T], m: T, of_sum: T, results: &mut [T]) {
    // The terms of the last step are read before the one that it overlaps turns some of them into results.
    let last = read(results, results.len() - WIDTH);
    for (start, seen) in steps(results.len()) {
        let (a, b, terms) = (read(a, start), read(b, start), if seen == 0 { read(results, start) } else { last });
        let mut step = [T::default(); WIDTH];
        for lane in 0..WIDTH {
            step[lane] = R::result(a[lane], b[lane], m, terms[lane], of_sum);
        }
        write(results, start, step);
    }
}

/// Writes the terms of whole rows and each row's greatest element.
#[inline(always)]
fn terms_of_rows<R: Rule<T>, T: Float, const FMA: bool>(
    a: &[T],
    b: &[T],
    length: usize,
    greatest: &mut [T; LEAF],
    terms: &mut [T],
) {
    let rows = terms.chunks_exact_mut(length).zip(a.chunks_exact(length)).zip(b.chunks_exact(length));
    for (((terms, a), b), greatest) in rows.zip(greatest) {
        let m = if R::SHIFTS { T::greatest(a) } else { T::default() };
        *greatest = m;
        for ((term, &a), &b) in terms.iter_mut().zip(a).zip(b) {
            *term = R::argument(a, b, m);
        }
    }
    for term in terms {
        *term = R::term::<FMA>(*term);
    }
}

/// Whole rows of at most a leaf, each folded to one result; `first` is the number of the first.
struct ShortRows<'a, T> {
    a: &'a [T],
    length: usize,
    first: usize,
    of_row: &'a OfRow<'a, T>,
    results: &'a mut [T],
}

impl<T: Float> Kernel for ShortRows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let rows = LEAF / self.length;
        let blocks = self.results.chunks_mut(rows).zip(self.a.chunks(rows * self.length)).enumerate();
        if self.length >= WIDTH {
            let mut greatest = [T::default(); MOST_ROWS];
            for (i, (results, a)) in blocks {
                for (m, a) in greatest.iter_mut().zip(a.chunks_exact(self.length)) {
                    *m = greatest_number(a);
                    // Beside an infinity a NaN must not be lost, since the sum is NaN either way.
                    if m.abs() == T::from_f64(f64::INFINITY) {
                        *m = T::greatest(a);
                    }
                }
                for (j, (y, (a, &m))) in results.iter_mut().zip(a.chunks_exact(self.length).zip(&greatest)).enumerate()
                {
                    *y = (self.of_row)(self.first + i * rows + j, a, m, sum_of_terms::<T, FMA>(a, m));
                }
            }
            return;
        }
        let (mut greatest, mut terms) = ([T::default(); LEAF], [T::default(); LEAF]);
        for (i, (results, a)) in blocks {
            let terms = &mut terms[..a.len()];
            terms_of_rows::<LogSoftmax, T, FMA>(a, a, self.length, &mut greatest, terms);
            let row = a.chunks_exact(self.length).zip(terms.chunks_exact(self.length)).zip(&greatest);
            for (j, (y, ((a, terms), &m))) in results.iter_mut().zip(row).enumerate() {
                *y = (self.of_row)(self.first + i * rows + j, a, m, T::sum(terms));
            }
        }
    }
}

/// The sum of exp(a - m) over a row of at least a step.
#[inline(always)]
fn sum_of_terms<T: Float, const FMA: bool>(a: &[T], m: T) -> T {
    let mut sum = Lanes::zero();
    for (start, seen) in steps(a.len()) {
        let a = read(a, start);
        let mut terms = [T::default(); WIDTH];
        for lane in 0..WIDTH {
            terms[lane] = (a[lane] - m).exp::<FMA>();
        }
        sum.add(&terms, seen);
    }
    sum.total()
}
