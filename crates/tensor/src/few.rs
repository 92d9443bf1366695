//! A short owned list: two values inline, more on the heap.
//!
//! Operations take and return a handful of values; this keeps them off the heap without showing a third-party type in a
//! public signature.

use smallvec::SmallVec;
use std::ops::{Deref, DerefMut};

/// A list of a few values, stored inline up to two.
///
/// ```
/// use cotangent_tensor::Few;
/// let few: Few<i32> = [1, 2, 3].into_iter().collect();
/// assert_eq!(few[2], 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Few<T>(SmallVec<[T; 2]>);

impl<T> Few<T> {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Few(SmallVec::new())
    }

    /// A list of one value.
    #[must_use]
    #[inline]
    pub fn one(value: T) -> Self {
        let mut list = SmallVec::new();
        list.push(value);
        Few(list)
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// The only value of a list of one.
    ///
    /// # Panics
    /// When the list does not hold exactly one value.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn into_single(mut self) -> T {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(value), true) => value,
            (last, _) => panic!("expected one value, found {}", self.0.len() + usize::from(last.is_some())),
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few::new()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> From<T> for Few<T> {
    fn from(value: T) -> Self {
        Few::one(value)
    }
}

impl<T, const N: usize> From<[T; N]> for Few<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T> FromIterator<T> for Few<T> {
    #[inline]
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        // Pushing one by one inlines to a few moves; `SmallVec`'s own way is made for long iterators.
        let mut list = SmallVec::new();
        iter.into_iter().for_each(|value| list.push(value));
        Few(list)
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self.0.into_iter())
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The values of a [`Few`], in order.
#[derive(Debug)]
pub struct IntoIter<T>(smallvec::IntoIter<[T; 2]>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.next()
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> ExactSizeIterator for IntoIter<T> {}
