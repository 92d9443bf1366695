//! Elementwise loops: one output element from one element of each input, vectorised, in parallel.
//!
//! The inner loop only ever sees slices. An input that is not contiguous is brought into a block that stays in the first cache,
//! so that a function is compiled once for each instruction set and not once for each combination of layouts.

use super::{
    isa::{self, Kernel},
    parallel,
    walk::Reader,
};
use crate::{Array, Buffer, Element, Few};

/// A function of `ARITY` elements, one of each input; at most five.
pub(crate) trait Map<T, U>: Sync {
    const ARITY: usize;
    /// `x` holds `ARITY` elements. Must be `#[inline(always)]`.
    fn call<const FMA: bool>(&self, x: &[T]) -> U;
}

/// Elements that one thread takes at a time: a few microseconds of work, and a multiple of `BLOCK`.
pub(super) const CHUNK: usize = 16 * 1024;
/// Elements that a strided input brings into cache at a time: 2 KiB of f64, five of which fit the first cache with room to spare.
pub(super) const BLOCK: usize = 256;

/// `f` of each element of the inputs, which have one shape and dtype `T`, in row-major order.
pub(crate) fn map<T: Element, U: Element, F: Map<T, U>>(f: &F, inputs: &[&Array]) -> Buffer<U> {
    let mut dst = Buffer::recycled(inputs[0].numel());
    match F::ARITY {
        1 => fill::<T, U, 1>(&body::<T, U, F, 1>(f), inputs, &mut dst),
        2 => fill::<T, U, 2>(&body::<T, U, F, 2>(f), inputs, &mut dst),
        3 => fill::<T, U, 3>(&body::<T, U, F, 3>(f), inputs, &mut dst),
        4 => fill::<T, U, 4>(&body::<T, U, F, 4>(f), inputs, &mut dst),
        5 => fill::<T, U, 5>(&body::<T, U, F, 5>(f), inputs, &mut dst),
        arity => unreachable!("no elementwise function has {arity} inputs"),
    }
    dst
}

/// As `map`, with the inputs given away: the first that nobody else refers to becomes the output.
pub(crate) fn map_owned<T: Element, F: Map<T, T>>(f: &F, mut inputs: Few<Array>) -> Buffer<T> {
    for i in 0..inputs.len() {
        if !inputs[i].is_contiguous() {
            continue;
        }
        match std::mem::replace(&mut inputs[i], Array::scalar(T::default())).try_into_buffer::<T>() {
            Ok(mut dst) => {
                let others: Few<&Array> = inputs.iter().collect();
                match F::ARITY {
                    1 => update::<T, 1>(&body::<T, T, F, 1>(f), &others, i, &mut dst),
                    2 => update::<T, 2>(&body::<T, T, F, 2>(f), &others, i, &mut dst),
                    arity => unreachable!("no elementwise function of {arity} inputs takes them owned"),
                }
                return dst;
            }
            Err(array) => inputs[i] = array,
        }
    }
    map(f, &inputs.iter().collect::<Few<_>>())
}

/// The loop over a piece, as what splits the work calls it: the only part that is compiled once for each function.
type Body<'a, T, U, const N: usize> = dyn Fn([&[T]; N], &mut [U]) + Sync + 'a;

fn body<T: Element, U: Element, F: Map<T, U>, const N: usize>(f: &F) -> impl Fn([&[T]; N], &mut [U]) + Sync {
    |inputs, dst| isa::dispatch(Loop { f, inputs, dst })
}

fn fill<T: Element, U: Element, const N: usize>(body: &Body<'_, T, U, N>, inputs: &[&Array], dst: &mut [U]) {
    if inputs[..N].iter().all(|input| input.is_contiguous()) {
        let mut slices: [&[T]; N] = [&[]; N];
        for (slice, input) in slices.iter_mut().zip(inputs) {
            *slice = input.as_slice().expect("checked just now");
        }
        if dst.len() <= CHUNK {
            return body(slices, dst);
        }
        let work = dst.len();
        return parallel::chunks(dst, CHUNK, work, |i, piece| {
            body(std::array::from_fn(|j| &slices[j][i * CHUNK..][..piece.len()]), piece);
        });
    }
    let readers: [Reader<'_, T>; N] = std::array::from_fn(|i| Reader::new(inputs[i]));
    let work = dst.len();
    parallel::chunks(dst, CHUNK, work, |i, piece| {
        let mut blocks = Blocks::<T, N>::new(&readers, piece.len());
        for (j, part) in piece.chunks_mut(BLOCK).enumerate() {
            body(blocks.read(&readers, i * CHUNK + j * BLOCK, part.len()), part);
        }
    });
}

/// As `fill`, where input `own` is `dst` itself.
fn update<T: Element, const N: usize>(body: &Body<'_, T, T, N>, inputs: &[&Array], own: usize, dst: &mut [T]) {
    let readers: [Reader<'_, T>; N] =
        std::array::from_fn(|i| if i == own { Reader::Uniform(T::default()) } else { Reader::new(inputs[i]) });
    let work = dst.len();
    parallel::chunks(dst, CHUNK, work, |i, piece| {
        let mut blocks = Blocks::<T, N>::new(&readers, piece.len());
        for (j, part) in piece.chunks_mut(BLOCK).enumerate() {
            blocks.scratch[own].as_mut().expect("not contiguous")[..part.len()].copy_from_slice(part);
            body(blocks.read(&readers, i * CHUNK + j * BLOCK, part.len()), part);
        }
    });
}

/// Room for a block of each input that is not contiguous.
struct Blocks<T: Element, const N: usize> {
    scratch: [Option<Buffer<T>>; N],
}

impl<T: Element, const N: usize> Blocks<T, N> {
    fn new(readers: &[Reader<'_, T>; N], len: usize) -> Self {
        let scratch = std::array::from_fn(|i| match &readers[i] {
            Reader::Contiguous(_) => None,
            Reader::Uniform(value) => {
                let mut block = Buffer::recycled(len.min(BLOCK));
                block.fill(*value);
                Some(block)
            }
            Reader::Strided(_) => Some(Buffer::recycled(len.min(BLOCK))),
        });
        Blocks { scratch }
    }

    fn read<'a>(&'a mut self, readers: &[Reader<'a, T>; N], start: usize, len: usize) -> [&'a [T]; N] {
        for (reader, block) in readers.iter().zip(&mut self.scratch) {
            if let (Reader::Strided(strided), Some(block)) = (reader, block) {
                strided.read(start, &mut block[..len]);
            }
        }
        std::array::from_fn(|i| match (&readers[i], &self.scratch[i]) {
            (Reader::Contiguous(elements), _) => &elements[start..start + len],
            (_, Some(block)) => &block[..len],
            (_, None) => unreachable!("every other reader has a block"),
        })
    }
}

struct Loop<'a, T, U, F, const N: usize> {
    f: &'a F,
    inputs: [&'a [T]; N],
    dst: &'a mut [U],
}

impl<T: Copy, U, F: Map<T, U>, const N: usize> Kernel for Loop<'_, T, U, F, N> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        // One length for all lets the compiler drop the bounds checks, and vectorise.
        let inputs: [&[T]; N] = std::array::from_fn(|j| &self.inputs[j][..self.dst.len()]);
        for (i, y) in self.dst.iter_mut().enumerate() {
            let x: [T; N] = std::array::from_fn(|j| inputs[j][i]);
            *y = self.f.call::<FMA>(&x);
        }
    }
}
