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
use std::{hint::black_box, marker::PhantomData};

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
    if F::ANY_ORDER {
        // With lanes of its own the loop would be vectorised across its steps, with gathers that make it five times slower.
        return run.iter().fold(F::START, |folded, &x| F::join(folded, x));
    }
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
    // As below: seen through, the lanes are kept in pairs, in four registers. A run of 100 takes 5 ns instead of 9; one of ten, for which
    // the way through memory would be the longer one, takes 2.
    if eights.len() > 3 {
        narrow = black_box(narrow);
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
    F::join(join_all_lanes::<F, T>(black_box(lanes)), fold_short::<F, T>(rest))
}

/// Two leaves, each folded as `fold_long` does. One alone is two vectors of 512 bits, which wait for their additions; four keep the adder
/// busy. With the lanes joined as vectors, 10,000 numbers take 310 ns instead of 400, which is what it takes to read them from the second
/// cache.
#[inline(always)]
fn fold_two_leaves<F: Fold<T>, T: Copy>(leaves: &[[T; LEAF]; 2]) -> [T; 2] {
    let mut lanes = [[F::START; LANES]; 2];
    for start in (0..LEAF).step_by(LANES) {
        for n in 0..2 {
            for i in 0..LANES {
                lanes[n][i] = F::join(lanes[n][i], leaves[n][start + i]);
            }
        }
    }
    // Not `map`, which the compiler leaves outside of the kernel, without its instructions.
    let [first, second] = black_box(lanes);
    [join_all_lanes::<F, T>(first), join_all_lanes::<F, T>(second)]
}

/// Lanes that come through memory: seeing how they are joined, the compiler would order them for that already in the loop before, with
/// shuffles that make it three times slower. Going through memory hides it, at some nanoseconds for a run; and once more between the two
/// parts, which then are additions of whole vectors.
#[inline(always)]
fn join_all_lanes<F: Fold<T>, T: Copy>(lanes: [T; LANES]) -> T {
    let narrow: [T; NARROW] =
        std::array::from_fn(|i| F::join(F::join(lanes[i], lanes[i + 8]), F::join(lanes[i + 16], lanes[i + 24])));
    join_lanes::<F, T>(black_box(narrow))
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
        let (pairs, _) = self.run.as_chunks::<LEAF>().0.as_chunks::<2>();
        let pairs = if F::ANY_ORDER { &[] } else { pairs };
        let (of_pairs, of_rest) = self.partials.split_at_mut(2 * pairs.len());
        for (pair, partials) in pairs.iter().zip(of_pairs.as_chunks_mut::<2>().0) {
            *partials = fold_two_leaves::<F, T>(pair);
        }
        for (leaf, partial) in self.run[2 * LEAF * pairs.len()..].chunks(LEAF).zip(of_rest) {
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

/// All elements of a run folded into one.
pub(super) fn fold_one_run<F: Fold<T>, T: Element>(run: &[T]) -> T {
    match run.len() {
        0..=LEAF => fold_run::<F, T>(run),
        length => Runs { elements: run, axes: &[Axis { size: length, stride: 1 }] }.fold_all::<F>(0, length),
    }
}

/// The outputs of a plan whose innermost reduced axis has the smallest stride, or where no axis has stride 1.
pub(super) fn fold_rows<F: Fold<T>, T: Element>(elements: &[T], plan: &Plan, outputs: &mut [T]) {
    let elements = &elements[plan.offset..];
    let joined = plan.joined();
    let runs = Runs::<T> { elements, axes: &plan.reduced };
    if joined > CHUNK && outputs.len() < FEW {
        let mut starts = Walk::from(&plan.kept, 0);
        outputs.iter_mut().for_each(|y| *y = runs.fold_all::<F>(starts.next(), joined));
        return;
    }
    let fold_chunk = |start, i| runs.fold_range::<F>(start, i * CHUNK, joined.min((i + 1) * CHUNK));
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
                    let partials: Vec<T> = (0..joined.div_ceil(CHUNK)).map(|i| fold_chunk(start, i)).collect();
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
    /// The output whose first element lies at `start`, of `joined` elements; on several threads if these are many.
    fn fold_all<F: Fold<T>>(self, start: usize, joined: usize) -> T {
        if joined <= CHUNK {
            return self.fold_range::<F>(start, 0, joined);
        }
        let fold_chunk = |i| self.fold_range::<F>(start, i * CHUNK, joined.min((i + 1) * CHUNK));
        join_tree::<F, T>(&parallel::collect(joined.div_ceil(CHUNK), joined / 4, fold_chunk))
    }

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
