//! Elementwise loops: one output element from one element of each input, vectorised, in parallel.
//!
//! The inner loop only ever sees slices. An input that is not contiguous is brought into a block that stays in the first cache,
//! so that a function is compiled once for each instruction set and not once for each combination of layouts.

use super::{
    copy,
    isa::{self, Kernel},
    parallel,
    walk::{Reader, block_len, blocks},
};
use crate::{Array, Buffer, Element, Few};

/// A function of `ARITY` elements, one of each input; at most five.
pub(crate) trait Map<T, U>: Clone + Sync {
    const ARITY: usize;
    /// Whether [`near`](Map::near) is another function than `call`.
    const HAS_NEAR: bool = false;
    /// `x` holds `ARITY` elements. Must be `#[inline(always)]`.
    fn call<const FMA: bool>(&self, x: &[T]) -> U;
    /// As `call`, without the branches for elements far out, so that a loop vectorises; and whether that was right, when it has the
    /// same bits. Must be `#[inline(always)]`.
    #[inline(always)]
    fn near<const FMA: bool>(&self, x: &[T]) -> (U, bool) {
        (self.call::<FMA>(x), true)
    }
}

/// Elements that one thread takes at a time: a few microseconds of work.
pub(super) const CHUNK: usize = 16 * 1024;

/// `f` of each element of the inputs, which have one shape and dtype `T`, in row-major order and in that shape.
pub(crate) fn map<T: Element, U: Element, F: Map<T, U>>(f: &F, inputs: &[&Array]) -> Array {
    const { assert!(F::ARITY >= 1 && F::ARITY <= MOST, "an elementwise function has one to five inputs") };
    fill(&|inputs, dst| isa::dispatch(Loop { f, inputs, dst }), &inputs[..F::ARITY])
}

/// As `map`, with the inputs given away: the first that nobody else refers to becomes the output.
pub(crate) fn map_owned<T: Element, F: Map<T, T>>(f: &F, inputs: Few<Array>) -> Array {
    update(&|inputs, dst| isa::dispatch(Loop { f, inputs, dst }), inputs)
}

/// The most inputs of a loop: the four that an elementwise function has at most, and a cotangent.
const MOST: usize = 5;

/// The loop over a piece, as what splits the work calls it: the only part that is compiled once for each function.
type Body<'a, T, U> = dyn Fn(&[&[T]], &mut [U]) + Sync + 'a;

fn fill<T: Element, U: Element>(body: &Body<'_, T, U>, inputs: &[&Array]) -> Array {
    let mut slices: [&[T]; MOST] = [&[]; MOST];
    let as_slices = slices.iter_mut().zip(inputs).all(|(slice, input)| {
        let elements = input.as_slice();
        *slice = elements.unwrap_or_default();
        elements.is_some()
    });
    let slices = &slices[..inputs.len()];
    Array::filled_like(inputs[0], |dst| match as_slices {
        true if dst.len() <= CHUNK => body(slices, dst),
        true => fill_from_slices(body, slices, dst),
        false => fill_from_strided(body, inputs, dst),
    })
}

#[inline(never)]
fn fill_from_slices<T: Element, U: Element>(body: &Body<'_, T, U>, slices: &[&[T]], dst: &mut [U]) {
    let work = dst.len();
    parallel::chunks(dst, CHUNK, work, |i, piece| {
        let mut parts: [&[T]; MOST] = [&[]; MOST];
        for (part, slice) in parts.iter_mut().zip(slices) {
            *part = &slice[i * CHUNK..][..piece.len()];
        }
        body(&parts[..slices.len()], piece);
    });
}

#[inline(never)]
fn fill_from_strided<T: Element, U: Element>(body: &Body<'_, T, U>, inputs: &[&Array], dst: &mut [U]) {
    let work = dst.len();
    let inputs: Few<Array> = inputs.iter().map(|input| copy::in_rows(input)).collect();
    let readers: Few<Reader<'_, T>> = inputs.iter().map(Reader::new).collect();
    parallel::chunks(dst, CHUNK, work, |i, piece| {
        let mut scratch = Scratch::new(&readers, piece.len());
        for (start, part) in blocks::<T, U>(i * CHUNK, piece, |start| shortest_run(&readers, start)) {
            scratch.read(&readers, start, part.len(), |slices| body(slices, part));
        }
    });
}

/// As `fill`; the first input that is contiguous and nobody else's is written over.
fn update<T: Element>(body: &Body<'_, T, T>, mut inputs: Few<Array>) -> Array {
    let shape = inputs[0].shape().clone();
    for own in 0..inputs.len() {
        if !inputs[own].is_contiguous() {
            continue;
        }
        let mut dst = match std::mem::replace(&mut inputs[own], Array::scalar(T::default())).try_into_buffer::<T>() {
            Ok(dst) => dst,
            Err(array) => {
                inputs[own] = array;
                continue;
            }
        };
        let inputs: Few<Array> = inputs.iter().map(copy::in_rows).collect();
        let reader = |(i, input)| if i == own { Reader::Uniform(T::default()) } else { Reader::new(input) };
        let readers: Few<Reader<'_, T>> = inputs.iter().enumerate().map(reader).collect();
        let work = dst.len();
        parallel::chunks(&mut dst, CHUNK, work, |i, piece| {
            let mut scratch = Scratch::new(&readers, piece.len());
            for (start, part) in blocks::<T, T>(i * CHUNK, piece, |start| shortest_run(&readers, start)) {
                scratch.blocks[own].as_mut().expect("not contiguous")[..part.len()].copy_from_slice(part);
                scratch.read(&readers, start, part.len(), |slices| body(slices, part));
            }
        });
        return Array::from_buffer(dst, shape);
    }
    fill(body, &inputs.iter().collect::<Few<_>>())
}

/// How many elements from position `start` on lie in one run of every input.
fn shortest_run<T: Element>(readers: &[Reader<'_, T>], start: usize) -> usize {
    readers.iter().map(|reader| reader.run_from(start)).min().unwrap_or(usize::MAX)
}

/// Room for a block of each input that is not contiguous.
struct Scratch<T: Element> {
    blocks: Few<Option<Buffer<T>>>,
}

impl<T: Element> Scratch<T> {
    fn new(readers: &[Reader<'_, T>], len: usize) -> Self {
        let len = len.min(block_len::<T>());
        let block = |reader: &Reader<'_, T>| match reader {
            Reader::Contiguous(_) => None,
            Reader::Uniform(value) => {
                let mut block = Buffer::recycled(len);
                block.fill(*value);
                Some(block)
            }
            Reader::Strided(_) => Some(Buffer::recycled(len)),
        };
        Scratch { blocks: readers.iter().map(block).collect() }
    }

    /// Calls `see` with the elements of each input from `start` on.
    fn read(&mut self, readers: &[Reader<'_, T>], start: usize, len: usize, see: impl FnOnce(&[&[T]])) {
        let mut slices: [&[T]; MOST] = [&[]; MOST];
        for ((slice, reader), block) in slices.iter_mut().zip(readers).zip(self.blocks.iter_mut()) {
            *slice = match (reader, block) {
                (Reader::Contiguous(elements), _) => &elements[start..start + len],
                (Reader::Uniform(_), Some(block)) => &block[..len],
                (Reader::Strided(_), Some(block)) => reader.block(start, len, block),
                (_, None) => unreachable!("every other reader has a block"),
            };
        }
        see(&slices[..readers.len()]);
    }
}

/// Sets each element of `$dst` to a value of the elements of the inputs there. A macro, because a closure would not be inlined where the
/// instructions are.
macro_rules! for_each_element {
    ($F:ident, $inputs:ident, $dst:ident, |$x:ident| $value:expr) => {{
        let len = $dst.len();
        // Only the arm of this function is compiled. That all slices have one length lets the compiler drop the bounds checks, and
        // vectorise.
        match $F::ARITY {
            1 => {
                let a = &$inputs[0][..len];
                for (i, y) in $dst.iter_mut().enumerate() {
                    let $x = &[a[i]];
                    *y = $value;
                }
            }
            2 => {
                let (a, b) = (&$inputs[0][..len], &$inputs[1][..len]);
                for (i, y) in $dst.iter_mut().enumerate() {
                    let $x = &[a[i], b[i]];
                    *y = $value;
                }
            }
            3 => {
                let (a, b, c) = (&$inputs[0][..len], &$inputs[1][..len], &$inputs[2][..len]);
                for (i, y) in $dst.iter_mut().enumerate() {
                    let $x = &[a[i], b[i], c[i]];
                    *y = $value;
                }
            }
            4 => {
                let (a, b, c, d) = (&$inputs[0][..len], &$inputs[1][..len], &$inputs[2][..len], &$inputs[3][..len]);
                for (i, y) in $dst.iter_mut().enumerate() {
                    let $x = &[a[i], b[i], c[i], d[i]];
                    *y = $value;
                }
            }
            _ => {
                let (a, b, c) = (&$inputs[0][..len], &$inputs[1][..len], &$inputs[2][..len]);
                let (d, e) = (&$inputs[3][..len], &$inputs[4][..len]);
                for (i, y) in $dst.iter_mut().enumerate() {
                    let $x = &[a[i], b[i], c[i], d[i], e[i]];
                    *y = $value;
                }
            }
        }
    }};
}

/// Elements that are computed again together if one of them is far out.
const BLOCK: usize = 256;

struct Loop<'a, T, U, F> {
    f: &'a F,
    inputs: &'a [&'a [T]],
    dst: &'a mut [U],
}

impl<T: Element, U, F: Map<T, U>> Kernel for Loop<'_, T, U, F> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Loop { f, inputs, dst } = self;
        // A copy of its parameters, which no store can change: else the loop would load them, and choose by them, for each element.
        let f = f.clone();
        if const { !F::HAS_NEAR } {
            return for_each_element!(F, inputs, dst, |x| f.call::<FMA>(x));
        }
        // A number far out costs its block, not the whole piece.
        for (i, dst) in dst.chunks_mut(BLOCK).enumerate() {
            let mut parts: [&[T]; MOST] = [&[]; MOST];
            for (part, input) in parts.iter_mut().zip(inputs) {
                *part = &input[i * BLOCK..][..dst.len()];
            }
            let mut all_right = true;
            for_each_element!(F, parts, dst, |x| {
                let (y, is_right) = f.near::<FMA>(x);
                all_right &= is_right;
                y
            });
            if !all_right {
                for_each_element!(F, parts, dst, |x| f.call::<FMA>(x));
            }
        }
    }
}
