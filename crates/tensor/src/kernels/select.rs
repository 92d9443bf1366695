//! Choosing between two arrays by a third.

use super::{
    map::{BLOCK, CHUNK},
    parallel,
    walk::Reader,
};
use crate::{Array, Buffer, Element};

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
            for ((slot, &y), &chosen) in part.iter_mut().zip(&ys[..]).zip(&conditions[..]) {
                *slot = if chosen { *slot } else { y };
            }
        }
    });
    dst
}
