//! Elementwise loops that compute in f64, or in i64, whatever the dtype of their inputs is.
//!
//! For functions that do not vectorise: a logarithm of the gamma function gains nothing from being compiled for each dtype
//! and each instruction set, and f32 gains accuracy. Blocks are converted, and the function's own loop runs over a block.

use super::{map::CHUNK, parallel, walk::Reader};
use crate::{Array, Buffer, DType, Element, Few};

/// Converts to the type that is computed in, and back.
pub(crate) trait Widen<W>: Element {
    fn widen(self) -> W;
    fn narrow(wide: W) -> Self;
}

macro_rules! widen {
    ($($wide:ty: $($ty:ty)*);*) => {$($(
        impl Widen<$wide> for $ty {
            #[inline(always)]
            fn widen(self) -> $wide {
                self as $wide
            }
            /// Floats round to nearest; integers wrap as those of this width do.
            #[inline(always)]
            fn narrow(wide: $wide) -> $ty {
                wide as $ty
            }
        }
    )*)*};
}
widen!(f64: f32 f64; i64: i64 u8);

/// The loop of a function over a block: a slice for each input, and as many results.
pub(crate) type Body<'a, W> = dyn Fn(&[&[W]], &mut [W]) + Sync + 'a;

/// Elements that are converted at a time.
const BLOCK: usize = 256;

/// Nanoseconds for an element: that of `lgamma` or `pow`.
const COST: usize = 20;

/// `body` of the inputs, which have one shape and a floating-point dtype, in row-major order and in that shape.
pub(crate) fn map_floats(body: &Body<'_, f64>, inputs: &[&Array]) -> Array {
    match inputs[0].dtype() {
        DType::F32 => map::<f32, f64>(body, inputs),
        _ => map::<f64, f64>(body, inputs),
    }
}

/// As `map_floats`, for integers.
pub(crate) fn map_integers(body: &Body<'_, i64>, inputs: &[&Array]) -> Array {
    match inputs[0].dtype() {
        DType::I64 => map::<i64, i64>(body, inputs),
        _ => map::<u8, i64>(body, inputs),
    }
}

fn map<T: Widen<W>, W: Element>(body: &Body<'_, W>, inputs: &[&Array]) -> Array {
    let mut dst = Buffer::recycled(inputs[0].numel());
    let readers: Few<Reader<'_, T>> = inputs.iter().map(|input| Reader::new(input)).collect();
    let work = dst.len() * COST;
    parallel::chunks(&mut dst, CHUNK, work, |i, piece| {
        let len = piece.len().min(BLOCK);
        let mut own = Buffer::<T>::recycled(len);
        let mut blocks: Few<Buffer<W>> = readers.iter().map(|_| Buffer::recycled(len)).collect();
        let mut results = Buffer::<W>::recycled(len);
        for (j, part) in piece.chunks_mut(BLOCK).enumerate() {
            let len = part.len();
            for (reader, block) in readers.iter().zip(blocks.iter_mut()) {
                reader.read(i * CHUNK + j * BLOCK, &mut own[..len]);
                block.iter_mut().zip(&own[..len]).for_each(|(wide, &x)| *wide = x.widen());
            }
            let slices: Few<&[W]> = blocks.iter().map(|block| &block[..len]).collect();
            body(&slices, &mut results[..len]);
            part.iter_mut().zip(&results[..len]).for_each(|(y, &wide)| *y = T::narrow(wide));
        }
    });
    Array::from_buffer_like(dst, inputs[0])
}
