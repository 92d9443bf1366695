//! Orders: where the elements of a row lie when the row is sorted, as a whole, its first few, or one of them.
//!
//! Each element becomes a number whose order is that of the elements, with the element's place in the row below it, so that
//! any method of sorting is stable and compares integers only. A NaN is greater than everything and equal to any other NaN;
//! -0 equals 0.

use super::parallel;
use crate::{Buffer, Element};

/// An element as a number of `BITS` bits in the same order.
pub(crate) trait Key: Element {
    const BITS: u32;
    fn key(self) -> u64;
    fn is_nan(self) -> bool {
        super::reduce::is_nan(self)
    }
}

macro_rules! float_key {
    ($($ty:ty, $bits:literal, $Int:ty;)*) => {$(
        impl Key for $ty {
            const BITS: u32 = $bits;
            #[inline(always)]
            fn key(self) -> u64 {
                const SIGN: $Int = 1 << ($bits - 1);
                if self != self {
                    return <$Int>::MAX.into();
                }
                // Adding zero turns -0 into 0. Negative numbers order the other way round, and before the others.
                let bits = (self + 0.0).to_bits();
                (if bits & SIGN == 0 { bits | SIGN } else { !bits }).into()
            }
        }
    )*};
}
float_key! {
    f32, 32, u32;
    f64, 64, u64;
}

impl Key for i64 {
    const BITS: u32 = 64;
    #[inline(always)]
    fn key(self) -> u64 {
        self as u64 ^ (1 << 63)
    }
}
impl Key for u8 {
    const BITS: u32 = 8;
    #[inline(always)]
    fn key(self) -> u64 {
        self.into()
    }
}
impl Key for bool {
    const BITS: u32 = 1;
    #[inline(always)]
    fn key(self) -> u64 {
        self.into()
    }
}

/// A key above a place.
trait Entry: Copy + Ord + Send {
    fn new(key: u64, place: usize) -> Self;
    fn place(self) -> i64;
}

/// For keys and places of 32 bits.
impl Entry for u64 {
    #[inline(always)]
    fn new(key: u64, place: usize) -> Self {
        key << 32 | place as u64
    }
    #[inline(always)]
    fn place(self) -> i64 {
        i64::from(self as u32)
    }
}

impl Entry for u128 {
    #[inline(always)]
    fn new(key: u64, place: usize) -> Self {
        u128::from(key) << 64 | place as u128
    }
    #[inline(always)]
    fn place(self) -> i64 {
        self as u64 as i64
    }
}

/// Which elements of a sorted row are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// The first `count`.
    First { count: usize, descending: bool },
    /// That of this rank, from 0.
    Rank(usize),
    /// The lower of the two in the middle; the first NaN if there is one.
    Median,
    /// The lower of the two in the middle of those that are not NaN; the first element if all are.
    NanMedian,
}

impl Wanted {
    /// How many there are in each row.
    pub(crate) fn count(self) -> usize {
        match self {
            Wanted::First { count, .. } => count,
            _ => 1,
        }
    }
}

/// Elements of one piece of work: some 100 us of sorting.
const CHUNK: usize = 8 * 1024;
/// Estimated nanoseconds for an element in one level of a sort.
const LEVEL_NANOSECONDS: usize = 2;

/// The places of the wanted elements in each row of `length` elements, of which there are at least as many as are wanted.
pub(crate) fn places<T: Key>(x: &[T], length: usize, wanted: Wanted) -> Buffer<i64> {
    if x.is_empty() || wanted.count() == 0 {
        return Buffer::recycled(0);
    }
    if T::BITS <= 32 && u32::try_from(length).is_ok() {
        places_by::<T, u64>(x, length, wanted)
    } else {
        places_by::<T, u128>(x, length, wanted)
    }
}

fn places_by<T: Key, E: Entry>(x: &[T], length: usize, wanted: Wanted) -> Buffer<i64> {
    let count = wanted.count();
    let mut dst = Buffer::recycled(x.len() / length * count);
    // Selecting takes about as long as two levels of a sort.
    let levels = if matches!(wanted, Wanted::First { .. }) { count.ilog2() as usize + 2 } else { 2 };
    let rows = (CHUNK / length).max(1);
    parallel::chunks(&mut dst, rows * count, x.len() * levels * LEVEL_NANOSECONDS, |i, dst| {
        let rows = x[i * rows * length..].chunks_exact(length);
        let mut entries: Vec<E> = Vec::with_capacity(length);
        for (dst, row) in dst.chunks_exact_mut(count).zip(rows) {
            entries.clear();
            let flip =
                if matches!(wanted, Wanted::First { descending: true, .. }) { u64::MAX >> (64 - T::BITS) } else { 0 };
            entries.extend(row.iter().enumerate().map(|(place, x)| E::new(x.key() ^ flip, place)));
            write_places(row, &mut entries, wanted, dst);
        }
    });
    dst
}

fn write_places<T: Key, E: Entry>(row: &[T], entries: &mut [E], wanted: Wanted, dst: &mut [i64]) {
    let numbers = || row.iter().filter(|x| !x.is_nan()).count();
    let rank = match wanted {
        Wanted::First { count, .. } => {
            if count < entries.len() {
                entries.select_nth_unstable(count);
            }
            let first = &mut entries[..count];
            parallel::sort(first, count * (count.ilog2() as usize + 1) * LEVEL_NANOSECONDS);
            dst.iter_mut().zip(first).for_each(|(place, entry)| *place = entry.place());
            return;
        }
        Wanted::Rank(rank) => rank,
        Wanted::Median if numbers() < row.len() => numbers(),
        Wanted::Median => (row.len() - 1) / 2,
        Wanted::NanMedian => numbers().saturating_sub(1) / 2,
    };
    dst[0] = entries.select_nth_unstable(rank).1.place();
}

/// For each value how many elements of its sorted list of `length` are less, or with `right` at most it; `per_list` values in turn
/// belong to each list.
pub(crate) fn places_among<T: Key>(
    sorted: &[T],
    length: usize,
    values: &[T],
    per_list: usize,
    right: bool,
) -> Buffer<i64> {
    let mut dst = Buffer::recycled(values.len());
    let work = values.len() * (length.max(1).ilog2() as usize + 1) * LEVEL_NANOSECONDS;
    parallel::chunks(&mut dst, CHUNK, work, |i, dst| {
        for (at, place) in (i * CHUNK..).zip(dst) {
            let (list, key) = (at / per_list, values[at].key());
            let list = &sorted[list * length..(list + 1) * length];
            *place = list.partition_point(|x| if right { x.key() <= key } else { x.key() < key }) as i64;
        }
    });
    dst
}

#[cfg(test)]
mod tests;
