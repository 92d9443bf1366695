//! Choosing between two arrays by a third.

use super::{
    copy,
    isa::{self, Kernel},
    map::CHUNK,
    parallel,
    walk::{Reader, block_len, blocks},
};
use crate::{Array, Buffer, Element};

/// `x` where `condition` holds, else `y`; all have one shape.
pub(crate) fn select<T: Element>(condition: &Array, x: &Array, y: &Array) -> Buffer<T> {
    let mut dst = Buffer::recycled(condition.numel());
    let work = dst.len();
    let [condition, x, y] = [condition, x, y].map(copy::in_rows);
    let (condition, x, y) = (Reader::<bool>::new(&condition), Reader::<T>::new(&x), Reader::<T>::new(&y));
    let run_from = |start| condition.run_from(start).min(x.run_from(start)).min(y.run_from(start));
    parallel::chunks(&mut dst, CHUNK, work, |i, piece| {
        let len = piece.len().min(block_len::<T>());
        let mut conditions = Buffer::recycled(len);
        let (mut xs, mut ys) = (Buffer::recycled(len), Buffer::recycled(len));
        for (start, dst) in blocks::<T, T>(i * CHUNK, piece, run_from) {
            let len = dst.len();
            let holds = condition.block(start, len, &mut conditions);
            let (x, y) = (x.block(start, len, &mut xs), y.block(start, len, &mut ys));
            isa::dispatch(Select { holds, x, y, dst });
        }
    });
    dst
}

struct Select<'a, T> {
    holds: &'a [bool],
    x: &'a [T],
    y: &'a [T],
    dst: &'a mut [T],
}

impl<T: Element> Kernel for Select<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let len = self.dst.len();
        let (holds, x, y) = (&self.holds[..len], &self.x[..len], &self.y[..len]);
        for (i, slot) in self.dst.iter_mut().enumerate() {
            // Both are read, so that no branch is left to be foreseen.
            let (x, y) = (x[i], y[i]);
            *slot = if holds[i] { x } else { y };
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{DType, Tensor};

    #[test]
    fn any_layouts_of_many_elements_agree_with_a_choice_one_by_one() {
        // Rows of one block and a bit, and columns first.
        let (rows, columns) = (33, 1100);
        let numbers = Tensor::arange(0, (rows * columns) as i64, 1).cast(DType::F32);
        let views = |of: &Tensor| {
            [
                of.reshape([rows, columns]),
                of.reshape([columns, rows]).transpose(0, 1),
                of.narrow(0, 0, columns).expand([rows, columns]),
                of.narrow(0, 0, rows).reshape([rows, 1]).expand([rows, columns]),
            ]
        };
        let floats = views(&numbers);
        for condition in &views(&numbers.remainder(3.0).gt(0.5)) {
            let holds = condition.to_vec::<bool>();
            for (x, y) in floats.iter().flat_map(|x| floats.iter().map(move |y| (x, y))) {
                let (chosen, xs, ys) = (condition.where_(x, y).to_vec::<f32>(), x.to_vec::<f32>(), y.to_vec::<f32>());
                assert!((0..holds.len()).all(|i| chosen[i] == if holds[i] { xs[i] } else { ys[i] }));
                let sums = (x + y).to_vec::<f32>();
                assert!((0..sums.len()).all(|i| sums[i] == xs[i] + ys[i]));
            }
        }
    }
}
