//! Choosing between two arrays by a third.

use super::{
    isa::{self, Kernel},
    map::{BLOCK, CHUNK},
    parallel,
    walk::Reader,
};
use crate::{Array, Buffer, Element};
use std::hint::select_unpredictable;

/// `x` where `condition` holds, else `y`; all have one shape.
pub(crate) fn select<T: Element>(condition: &Array, x: &Array, y: &Array) -> Buffer<T> {
    let mut dst = Buffer::recycled(condition.numel());
    let work = dst.len();
    let (condition, x, y) = (Reader::<bool>::new(condition), Reader::<T>::new(x), Reader::<T>::new(y));
    parallel::chunks(&mut dst, CHUNK, work, |i, piece| {
        let block = piece.len().min(BLOCK);
        let (mut conditions, mut ys) = (Buffer::recycled(block), Buffer::recycled(block));
        for (j, part) in piece.chunks_mut(BLOCK).enumerate() {
            let start = i * CHUNK + j * BLOCK;
            let len = part.len();
            condition.read(start, &mut conditions[..len]);
            y.read(start, &mut ys[..len]);
            x.read(start, part);
            isa::dispatch(Choice { conditions: &conditions[..len], x: part, y: &ys[..len] });
        }
    });
    dst
}

/// Keeps of x what the conditions say, and takes the rest from y.
struct Choice<'a, T> {
    conditions: &'a [bool],
    x: &'a mut [T],
    y: &'a [T],
}

impl<T: Element> Kernel for Choice<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for ((x, &y), &chosen) in self.x.iter_mut().zip(self.y).zip(self.conditions) {
            // Not `if`: that is a store behind a branch, which random conditions make 40 times slower.
            *x = select_unpredictable(chosen, *x, y);
        }
    }
}
