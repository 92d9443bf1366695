//! NumPy's square brackets: a tuple of integers, ranges, tensors and markers that says which elements of a tensor are read, or written.
//!
//! | item | meaning | axes of the result |
//! |---|---|---|
//! | an integer | one element, from the end where negative | none |
//! | a range, `..`, [`step`] | some elements; ends from the end where negative, and cut off at the tensor's | one |
//! | [`Ellipsis`] | all axes that nothing else names | those |
//! | [`NewAxis`] | a new axis of size 1 | one |
//! | an `i64` tensor | the elements that it names, from the end where negative | its own, broadcast with those of other tensors |
//! | a `bool` tensor | the elements of as many axes as it has where it holds | one |
//!
//! Integers, ranges and markers alone make a view. Where there are tensors, the axes of their common shape stand in the place of
//! the items if those are neighbours (an integer counts as one of them), and else come first, as in NumPy.

use crate::Tensor;
use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

mod elements;
mod methods;
mod plan;
#[cfg(test)]
mod tests;

pub use elements::{Index, IndexPut};

/// All axes that no other item of a subscript names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ellipsis;

/// A new axis of size 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAxis;

/// One item of a subscript.
#[derive(Clone, Debug)]
pub struct Item(Kind);

#[derive(Clone, Debug)]
enum Kind {
    At(isize),
    Along(Span),
    Ellipsis,
    NewAxis,
    Tensor(Tensor),
}

/// A range of an axis, with a step; see [`step`].
#[derive(Clone, Copy, Debug)]
pub struct Span {
    start: Bound<isize>,
    end: Bound<isize>,
    step: isize,
}

impl Span {
    fn new<T: Copy + TryInto<isize>>(range: impl RangeBounds<T>) -> Self {
        let bound = |bound: Bound<&T>| bound.map(|&i| saturated(i));
        Span { start: bound(range.start_bound()), end: bound(range.end_bound()), step: 1 }
    }

    /// First element, count and step along an axis of this size, as Python's slices: ends beyond the axis are cut off. The step is not
    /// zero.
    fn resolve(self, size: usize) -> (usize, usize, isize) {
        // i128 holds sums and differences of any three isize.
        let (n, step) = (size as i128, self.step as i128);
        let from_start = |i: isize| if i < 0 { i as i128 + n } else { i as i128 };
        // The first place of the walk, and the one that it must not reach.
        let forward = step.signum();
        let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
        let first = match self.start {
            Bound::Included(i) => from_start(i),
            Bound::Excluded(i) => from_start(i) + forward,
            Bound::Unbounded if step > 0 => 0,
            Bound::Unbounded => n - 1,
        };
        let stop = match self.end {
            Bound::Included(i) => from_start(i) + forward,
            Bound::Excluded(i) => from_start(i),
            Bound::Unbounded if step > 0 => n,
            Bound::Unbounded => -1,
        };
        let (first, stop) = (first.clamp(low, high), stop.clamp(low, high));
        let distance = (stop - first) * forward;
        let count = if distance > 0 { (distance - 1) / step.abs() + 1 } else { 0 };
        // With no element the walk may begin before the axis.
        if count == 0 { (0, 0, 1) } else { (first as usize, count as usize, self.step) }
    }
}

/// A range of every `by`-th element; a negative step goes backwards, from the start of the range to its end.
///
/// As in Python, the end is excluded, an open range goes from one end of the axis to the other in the direction of the step, and
/// ends beyond the axis are cut off. (Clippy takes a literal range that goes backwards for a mistake; `4..=2` is one too, and
/// `x.index(2..5).flip(0)` none.)
///
/// ```
/// use cotangent_tensor::{Tensor, ops::step};
/// let x = Tensor::arange(0, 6, 1);
/// assert_eq!(x.index(step(1.., 2)).to_vec::<i64>(), [1, 3, 5]);
/// assert_eq!(x.index(step(.., -1)).to_vec::<i64>(), [5, 4, 3, 2, 1, 0]);
/// assert_eq!(x.index(step(4..1, -1)).to_vec::<i64>(), [4, 3, 2]);
/// ```
#[must_use]
pub fn step(range: impl Into<Span>, by: isize) -> Span {
    Span { step: by, ..range.into() }
}

/// Any integer; one beyond `isize` is beyond every axis too.
fn saturated(i: impl TryInto<isize>) -> isize {
    i.try_into().unwrap_or(isize::MAX)
}

/// What stands between NumPy's brackets: an item, a tuple of items, or a list of them; see the table of
/// [`Tensor::index`](crate::Tensor::index).
#[derive(Clone, Debug)]
pub struct Subscript(Vec<Item>);

impl<I: Into<Item>> FromIterator<I> for Subscript {
    fn from_iter<L: IntoIterator<Item = I>>(items: L) -> Self {
        Subscript(items.into_iter().map(Into::into).collect())
    }
}
impl From<Vec<Item>> for Subscript {
    fn from(items: Vec<Item>) -> Self {
        Subscript(items)
    }
}

macro_rules! items {
    ($($Type:ty, |$item:pat_param| $kind:expr;)*) => {$(
        impl From<$Type> for Item {
            fn from($item: $Type) -> Self {
                Item($kind)
            }
        }
        impl From<$Type> for Subscript {
            fn from(item: $Type) -> Self {
                Subscript(vec![item.into()])
            }
        }
    )*};
}
items! {
    Span, |span| Kind::Along(span);
    RangeFull, |range| Kind::Along(range.into());
    Ellipsis, |_| Kind::Ellipsis;
    NewAxis, |_| Kind::NewAxis;
    Tensor, |tensor| Kind::Tensor(tensor);
    &Tensor, |tensor| Kind::Tensor(tensor.clone());
}
impl From<RangeFull> for Span {
    fn from(_: RangeFull) -> Self {
        Span::new::<isize>(..)
    }
}
macro_rules! spans {
    ($int:ty: $($Range:ident)*) => {$(
        impl From<$Range<$int>> for Span {
            fn from(range: $Range<$int>) -> Self {
                Span::new(range)
            }
        }
    )*};
}
macro_rules! integer_items {
    ($($int:ty),*) => {$(
        items! {
            $int, |i| Kind::At(saturated(i));
            Range<$int>, |range| Kind::Along(range.into());
            RangeFrom<$int>, |range| Kind::Along(range.into());
            RangeTo<$int>, |range| Kind::Along(range.into());
            RangeInclusive<$int>, |range| Kind::Along(range.into());
            RangeToInclusive<$int>, |range| Kind::Along(range.into());
        }
        spans! { $int: Range RangeFrom RangeTo RangeInclusive RangeToInclusive }
    )*};
}
integer_items!(i32, i64, isize, usize);

impl From<Item> for Subscript {
    fn from(item: Item) -> Self {
        Subscript(vec![item])
    }
}
/// A scalar has one element, and no axis to name.
impl From<()> for Subscript {
    fn from((): ()) -> Self {
        Subscript(Vec::new())
    }
}

macro_rules! tuples {
    ($(($($T:ident $i:tt),*))*) => {$(
        impl<$($T: Into<Item>),*> From<($($T,)*)> for Subscript {
            fn from(items: ($($T,)*)) -> Self {
                Subscript(vec![$(items.$i.into()),*])
            }
        }
    )*};
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
