//! A few numbers that are computed with together.
//!
//! The loops over them have a constant length and nothing that might alias, so that each becomes vector instructions, however many
//! slices the loop around them reads and writes. Nothing here is a closure: one that is not inlined is compiled for the
//! baseline's instructions.

use super::Number;
use std::ops::{Add, Mul, Sub};

/// Two 256-bit vectors of f32.
pub(super) const LANES: usize = 16;

#[derive(Clone, Copy)]
pub(super) struct Lanes<T>([T; LANES]);

impl<T: Number> Lanes<T> {
    /// One number in all.
    #[inline(always)]
    pub(super) fn all(x: T) -> Self {
        Lanes([x; LANES])
    }

    /// The elements from `first` on, with zeros where there are no more.
    #[inline(always)]
    pub(super) fn of(from: &[T], first: usize) -> Self {
        let from = &from[first..];
        if let Some(whole) = from.first_chunk() {
            return Lanes(*whole);
        }
        let mut lanes = [T::default(); LANES];
        lanes[..from.len()].copy_from_slice(from);
        Lanes(lanes)
    }

    /// To the elements from `first` on, as many as there are.
    #[inline(always)]
    pub(super) fn put(self, to: &mut [T], first: usize) {
        let to = &mut to[first..];
        if let Some(whole) = to.first_chunk_mut() {
            *whole = self.0;
            return;
        }
        let count = to.len();
        to.copy_from_slice(&self.0[..count]);
    }

    #[inline(always)]
    pub(super) fn sigmoid<const FMA: bool>(mut self) -> Self {
        for x in &mut self.0 {
            *x = x.sigmoid::<FMA>();
        }
        self
    }

    #[inline(always)]
    pub(super) fn tanh<const FMA: bool>(mut self) -> Self {
        for x in &mut self.0 {
            *x = x.tanh::<FMA>();
        }
        self
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<T: Number> $trait for Lanes<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for (x, y) in self.0.iter_mut().zip(other.0) {
                    *x = $trait::$method(*x, y);
                }
                self
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul);
