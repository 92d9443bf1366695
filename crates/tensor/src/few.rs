//! A short owned list: up to two values inline, more on the heap.
//!
//! Operations take and return a handful of values, mostly one or two. Each length is a variant of its own, so that making, reading
//! and dropping such a list compiles to a few moves, without counting or looping.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

/// A list of a few values, stored inline up to two.
///
/// ```
/// use cotangent_tensor::Few;
/// let few: Few<i32> = [1, 2, 3].into_iter().collect();
/// assert_eq!(few[2], 3);
/// ```
#[derive(Clone)]
pub struct Few<T>(pub(crate) Repr<T>);

/// What a list is, for code that takes the usual one apart where it lies, without moving it first.
#[derive(Clone)]
pub(crate) enum Repr<T> {
    None,
    One([T; 1]),
    Two([T; 2]),
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// An empty list.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Few(Repr::None)
    }

    /// A list of one value.
    #[must_use]
    #[inline]
    pub fn one(value: T) -> Self {
        Few(Repr::One([value]))
    }

    /// A list of two values, in fewer moves than from an array.
    #[must_use]
    #[inline]
    pub fn two(first: T, second: T) -> Self {
        Few(Repr::Two([first, second]))
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.0 = match std::mem::replace(&mut self.0, Repr::None) {
            Repr::None => Repr::One([value]),
            Repr::One([first]) => Repr::Two([first, value]),
            Repr::Two([first, second]) => Repr::Many(vec![first, second, value]),
            Repr::Many(mut values) => {
                values.push(value);
                Repr::Many(values)
            }
        };
    }

    /// What `f` makes of each value, in the memory of the list where it has some.
    #[inline]
    pub(crate) fn map<U>(self, mut f: impl FnMut(T) -> U) -> Few<U> {
        Few(match self.0 {
            Repr::None => Repr::None,
            Repr::One([value]) => Repr::One([f(value)]),
            Repr::Two(values) => Repr::Two(values.map(f)),
            Repr::Many(values) => Repr::Many(values.into_iter().map(f).collect()),
        })
    }

    /// The only value of a list of one, if it is one.
    #[inline]
    pub(crate) fn as_single(&self) -> Option<&T> {
        match &self.0 {
            Repr::One([value]) => Some(value),
            _ => None,
        }
    }

    /// The only value of a list of one, or the list back.
    ///
    /// # Errors
    /// When the list does not hold exactly one value.
    #[inline]
    pub fn try_into_single(self) -> Result<T, Self> {
        match self.0 {
            Repr::One([value]) => Ok(value),
            values => Err(Few(values)),
        }
    }

    /// The only value of a list of one.
    ///
    /// # Panics
    /// When the list does not hold exactly one value.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn into_single(self) -> T {
        match self.0 {
            Repr::One([value]) => value,
            _ => panic!("expected one value, found {}", self.len()),
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self[..], f)
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            Repr::None => &[],
            Repr::One(values) => values,
            Repr::Two(values) => values,
            Repr::Many(values) => values,
        }
    }
}

impl<T> DerefMut for Few<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Repr::None => &mut [],
            Repr::One(values) => values,
            Repr::Two(values) => values,
            Repr::Many(values) => values,
        }
    }
}

impl<T> From<T> for Few<T> {
    #[inline]
    fn from(value: T) -> Self {
        Few::one(value)
    }
}

impl<T, const N: usize> From<[T; N]> for Few<T> {
    #[inline]
    fn from(values: [T; N]) -> Self {
        if N > 2 { Few(Repr::Many(values.into())) } else { values.into_iter().collect() }
    }
}

impl<T> FromIterator<T> for Few<T> {
    #[inline]
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut values = iter.into_iter();
        let Some(first) = values.next() else { return Few(Repr::None) };
        let Some(second) = values.next() else { return Few(Repr::One([first])) };
        let Some(third) = values.next() else { return Few(Repr::Two([first, second])) };
        Few(Repr::Many([first, second, third].into_iter().chain(values).collect()))
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, iter: I) {
        iter.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    #[inline]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter(match self.0 {
            Repr::None => Values::UpToTwo(None, None),
            Repr::One([first]) => Values::UpToTwo(Some(first), None),
            Repr::Two([first, second]) => Values::UpToTwo(Some(first), Some(second)),
            Repr::Many(values) => Values::Many(values.into_iter()),
        })
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The values of a [`Few`], in order.
#[derive(Debug)]
pub struct IntoIter<T>(Values<T>);

#[derive(Debug)]
enum Values<T> {
    UpToTwo(Option<T>, Option<T>),
    Many(std::vec::IntoIter<T>),
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Values::UpToTwo(first, second) => first.take().or_else(|| second.take()),
            Values::Many(values) => values.next(),
        }
    }
    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match &self.0 {
            Values::UpToTwo(first, second) => usize::from(first.is_some()) + usize::from(second.is_some()),
            Values::Many(values) => values.len(),
        };
        (len, Some(len))
    }
}

impl<T> ExactSizeIterator for IntoIter<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_a_list() {
        for len in 0..5usize {
            let collected: Few<usize> = (0..len).collect();
            let mut pushed = Few::new();
            (0..len).for_each(|i| pushed.push(i));
            assert_eq!(collected, pushed);
            assert_eq!(collected[..], (0..len).collect::<Vec<_>>()[..]);
            assert_eq!(collected.clone().into_iter().len(), len);
            assert_eq!(collected.clone().map(|i| i + 1)[..], (1..=len).collect::<Vec<_>>()[..]);
            assert_eq!(collected.into_iter().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
            pushed.iter_mut().for_each(|value| *value += 1);
            assert_eq!(pushed.iter().sum::<usize>(), len * (len + 1) / 2);
        }
    }
}
