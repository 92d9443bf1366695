//! Reductions whose elements lie in runs: the reduced axis is innermost in memory, or nothing is.
//!
//! A run is folded in `LANES` independent accumulators, which the compiler keeps in vector registers.

use super::{
    CHUNK, Fold, join_tree,
    plan::{Axis, Plan, Walk},
};
use crate::{
    Element,
    kernels::{
        isa::{self, Kernel},
        parallel,
    },
};
use std::marker::PhantomData;

/// Accumulators of a run: four vectors of eight f32, so that the latency of an addition (4 cycles) is hidden.
const LANES: usize = 32;
/// Elements that are folded without a tree: each accumulator then joins 32 of them in turn.
pub(in crate::kernels) const LEAF: usize = 1024;
/// Runs from this length on are folded where they are; shorter or strided ones are gathered first. Copying costs
/// about as much as folding, starting on a run as much as 60 elements.
const WORTH_IN_PLACE: usize = 128;

/// Runs below this length have few whole vectors: setting up and joining all lanes would cost more than they save.
const SHORT: usize = 4 * LANES;
/// Accumulators of a short run, and of what is left of a long one: one vector of f32.
const NARROW: usize = 8;

/// A run of at most `LEAF` elements (more would be right, but less accurate) folded into one.
#[inline(always)]
pub(in crate::kernels) fn fold_slice<F: Fold<T>, T: Copy>(run: &[T]) -> T {
    if run.len() < SHORT { fold_short::<F, T>(run) } else { fold_long::<F, T>(run) }
}

#[inline(always)]
fn fold_short<F: Fold<T>, T: Copy>(run: &[T]) -> T {
    let mut narrow = [F::START; NARROW];
    let (eights, rest) = run.as_chunks::<NARROW>();
    for chunk in eights {
        for i in 0..NARROW {
            narrow[i] = F::join(narrow[i], chunk[i]);
        }
    }
    // The tail, of at most 7, goes in turn: spreading it over a variable number of lanes would push these out of their
    // registers, which makes runs of ten elements five times slower.
    let mut tail = F::START;
    for &x in rest {
        tail = F::join(tail, x);
    }
    F::join(join_lanes::<F, T>(narrow), tail)
}

#[inline(always)]
fn fold_long<F: Fold<T>, T: Copy>(run: &[T]) -> T {
    let (wide, rest) = run.as_chunks::<LANES>();
    let mut lanes = [F::START; LANES];
    for chunk in wide {
        for i in 0..LANES {
            lanes[i] = F::join(lanes[i], chunk[i]);
        }
    }
    // Seeing how the lanes are joined, the compiler would order them for that already in the loop above, with shuffles
    // that make it three times slower. Going through memory once hides it, at some nanoseconds for a run.
    let lanes = std::hint::black_box(lanes);
    let narrow: [T; NARROW] =
        std::array::from_fn(|i| F::join(F::join(lanes[i], lanes[i + 8]), F::join(lanes[i + 16], lanes[i + 24])));
    F::join(join_lanes::<F, T>(narrow), fold_short::<F, T>(rest))
}

#[inline(always)]
fn join_lanes<F: Fold<T>, T: Copy>(lanes: [T; NARROW]) -> T {
    let pairs: [T; 4] = std::array::from_fn(|i| F::join(lanes[i], lanes[i + 4]));
    F::join(F::join(pairs[0], pairs[2]), F::join(pairs[1], pairs[3]))
}

/// Each `LEAF` elements of a run folded into one of `partials`.
struct Leaves<'a, F, T> {
    run: &'a [T],
    partials: &'a mut [T],
    fold: PhantomData<F>,
}

impl<F: Fold<T>, T: Copy> Kernel for Leaves<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (leaf, partial) in self.run.chunks(LEAF).zip(self.partials) {
            *partial = fold_slice::<F, T>(leaf);
        }
    }
}

/// A run of at most `LEAF` elements folded into one.
fn fold_run<F: Fold<T>, T: Copy>(run: &[T]) -> T {
    let mut folded = [F::START];
    isa::dispatch(Leaves::<F, T> { run, partials: &mut folded, fold: PhantomData });
    folded[0]
}

/// Outputs `dst`, whose runs of `length` begin where `starts` goes.
struct ShortRuns<'a, F, T> {
    elements: &'a [T],
    starts: Walk<'a>,
    length: usize,
    dst: &'a mut [T],
    fold: PhantomData<F>,
}

impl<F: Fold<T>, T: Copy> Kernel for ShortRuns<'_, F, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        for y in self.dst {
            let start = self.starts.next();
            *y = fold_slice::<F, T>(&self.elements[start..start + self.length]);
        }
    }
}

/// So few outputs of long runs that cutting the runs keeps threads busier than dealing out the outputs.
const FEW: usize = 4;

/// The outputs of a plan whose innermost reduced axis has the smallest stride, or where no axis has stride 1.
pub(super) fn fold_rows<F: Fold<T>, T: Element>(elements: &[T], plan: &Plan, outputs: &mut [T]) {
    let elements = &elements[plan.offset..];
    let joined = plan.joined();
    let runs = Runs::<T> { elements, axes: &plan.reduced };
    let fold_chunk = |start, i| runs.fold_range::<F>(start, i * CHUNK, joined.min((i + 1) * CHUNK));
    let chunks = joined.div_ceil(CHUNK);
    if joined > CHUNK && outputs.len() < FEW {
        let mut starts = Walk::from(&plan.kept, 0);
        for y in outputs {
            let start = starts.next();
            *y = join_tree::<F, T>(&parallel::collect(chunks, joined / 4, |i| fold_chunk(start, i)));
        }
        return;
    }
    let work = joined * outputs.len() / 4;
    let piece = (CHUNK / joined).max(1);
    parallel::chunks(outputs, piece, work, |i, dst| {
        let mut starts = Walk::from(&plan.kept, i * piece);
        match plan.reduced[..] {
            [Axis { size: length, stride: 1 }] if length <= LEAF => {
                isa::dispatch(ShortRuns::<F, T> { elements, starts, length, dst, fold: PhantomData });
            }
            _ if joined <= CHUNK => dst.iter_mut().for_each(|y| *y = fold_chunk(starts.next(), 0)),
            _ => {
                for y in dst {
                    let start = starts.next();
                    let partials: Vec<T> = (0..chunks).map(|i| fold_chunk(start, i)).collect();
                    *y = join_tree::<F, T>(&partials);
                }
            }
        }
    });
}

/// The elements of one output, numbered through the reduced axes.
#[derive(Clone, Copy)]
struct Runs<'a, T> {
    elements: &'a [T],
    axes: &'a [Axis],
}

impl<T: Element> Runs<'_, T> {
    /// Elements `low..high` of the output whose first element lies at `start`; at most `CHUNK`.
    fn fold_range<F: Fold<T>>(self, start: usize, low: usize, high: usize) -> T {
        let mut partials = [F::START; CHUNK / LEAF];
        let partials = &mut partials[..(high - low).div_ceil(LEAF)];
        if let [Axis { stride: 1, .. }] = self.axes {
            let run = &self.elements[start + low..start + high];
            isa::dispatch(Leaves::<F, T> { run, partials, fold: PhantomData });
        } else {
            for (i, partial) in partials.iter_mut().enumerate() {
                let from = low + i * LEAF;
                *partial = self.fold_leaf::<F>(start, from, high.min(from + LEAF));
            }
        }
        join_tree::<F, T>(partials)
    }

    fn fold_leaf<F: Fold<T>>(self, start: usize, low: usize, high: usize) -> T {
        let inner = self.axes.last().expect("a plan has a reduced axis");
        if inner.stride == 1 && inner.size >= WORTH_IN_PLACE {
            let mut result = F::START;
            self.for_each_run(start, low, high, |_, from, length| {
                result = F::join(result, fold_run::<F, T>(&self.elements[from..from + length]));
            });
            return result;
        }
        let mut gathered = [F::START; LEAF];
        self.for_each_run(start, low, high, |done, from, length| {
            let slots = &mut gathered[done..done + length];
            if inner.stride == 1 {
                slots.copy_from_slice(&self.elements[from..from + length]);
            } else {
                slots.iter_mut().enumerate().for_each(|(i, slot)| *slot = self.elements[from + i * inner.stride]);
            }
        });
        fold_run::<F, T>(&gathered[..high - low])
    }

    /// Visits the runs along the innermost axis that elements `low..high` are made of: how many elements came before, where
    /// the run begins, and its length.
    fn for_each_run(self, start: usize, low: usize, high: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let (inner, outer) = self.axes.split_last().expect("a plan has a reduced axis");
        let mut outers = Walk::from(outer, low / inner.size);
        let (mut position, mut column) = (low, low % inner.size);
        while position < high {
            let length = (inner.size - column).min(high - position);
            visit(position - low, start + outers.next() + column * inner.stride, length);
            position += length;
            column = 0;
        }
    }
}
