//! Convolutions whose groups have a few channels, depthwise ones above all: a matrix of windows would copy each element once
//! for each tap, for a product of one row. Instead each tap adds its multiple of the image, run by run.

use super::{PIECES, Sizes};
use crate::kernels::{
    arithmetic::Arithmetic,
    gemm::{GemmElement, fused},
    isa::{self, Kernel},
    parallel,
};

/// Pairs of an input and an output channel in a group up to which the loops are taken: with more, each element of a window is
/// used often enough to be worth laying out.
const FEW_PAIRS: usize = 4;

pub(super) fn is_better(sizes: &Sizes) -> bool {
    sizes.inputs * sizes.outputs <= FEW_PAIRS && !sizes.windows.are_elements()
}

/// `y += w x` for each tap.
struct AddPlane<'a, T> {
    sizes: &'a Sizes,
    weights: &'a [T],
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: GemmElement + Arithmetic> Kernel for AddPlane<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let windows = &self.sizes.windows;
        let (step, positions) = (windows.step(), windows.output_len());
        for (tap, &w) in self.weights.iter().enumerate() {
            for (first, at, len) in windows.runs(tap, 0..positions) {
                let y = &mut self.y[first..first + len];
                if step == 1 {
                    let x = &self.x[at..at + len];
                    y.iter_mut().zip(x).for_each(|(y, &x)| *y = fused::<T, FMA>(w, x, *y));
                } else {
                    y.iter_mut()
                        .zip(self.x[at..].iter().step_by(step))
                        .for_each(|(y, &x)| *y = fused::<T, FMA>(w, x, *y));
                }
            }
        }
    }
}

/// `x += w y` for each tap.
struct AddTransposed<'a, T> {
    sizes: &'a Sizes,
    weights: &'a [T],
    y: &'a [T],
    x: &'a mut [T],
}

impl<T: GemmElement + Arithmetic> Kernel for AddTransposed<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let windows = &self.sizes.windows;
        let (step, positions) = (windows.step(), windows.output_len());
        for (tap, &w) in self.weights.iter().enumerate() {
            for (first, at, len) in windows.runs(tap, 0..positions) {
                let y = &self.y[first..first + len];
                if step == 1 {
                    let x = &mut self.x[at..at + len];
                    x.iter_mut().zip(y).for_each(|(x, &y)| *x = fused::<T, FMA>(w, y, *x));
                } else {
                    self.x[at..].iter_mut().step_by(step).zip(y).for_each(|(x, &y)| *x = fused::<T, FMA>(w, y, *x));
                }
            }
        }
    }
}

/// `w += <x, y>` for each tap.
struct AddProducts<'a, T> {
    sizes: &'a Sizes,
    x: &'a [T],
    y: &'a [T],
    weights: &'a mut [T],
}

/// Sums that run side by side, so that one addition need not wait for the other: two vectors of eight.
const SUMS: usize = 16;

impl<T: GemmElement + Arithmetic> Kernel for AddProducts<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let windows = &self.sizes.windows;
        let (step, positions) = (windows.step(), windows.output_len());
        for (tap, w) in self.weights.iter_mut().enumerate() {
            let mut sums = [T::default(); SUMS];
            for (first, at, len) in windows.runs(tap, 0..positions) {
                let y = &self.y[first..first + len];
                if step == 1 {
                    let x = &self.x[at..at + len];
                    let (x, x_rest) = x.as_chunks::<SUMS>();
                    let (y, y_rest) = y.as_chunks::<SUMS>();
                    for (x, y) in x.iter().zip(y) {
                        for i in 0..SUMS {
                            sums[i] = fused::<T, FMA>(x[i], y[i], sums[i]);
                        }
                    }
                    for (i, (&x, &y)) in x_rest.iter().zip(y_rest).enumerate() {
                        sums[i] = fused::<T, FMA>(x, y, sums[i]);
                    }
                } else {
                    for (i, (&x, &y)) in self.x[at..].iter().step_by(step).zip(y).enumerate() {
                        sums[i % SUMS] = fused::<T, FMA>(x, y, sums[i % SUMS]);
                    }
                }
            }
            *w = sums.iter().fold(*w, |w, &sum| w + sum);
        }
    }
}

/// Planes of a piece of work, so that each is some thousand steps.
fn planes_each(sizes: &Sizes, planes: usize) -> usize {
    // A piece that takes longer than it takes to start it: a step is a quarter of a nanosecond.
    const STEPS: usize = 1 << 14;
    let steps = sizes.windows.output_len().saturating_mul(sizes.windows.taps());
    (STEPS / steps.max(1)).clamp(1, planes.div_ceil(PIECES).max(1))
}

pub(super) fn forward<T: GemmElement + Arithmetic>(sizes: &Sizes, x: &[T], w: &[T], y: &mut [T]) {
    let (input_len, output_len) = (sizes.windows.input_len(), sizes.windows.output_len());
    let each = planes_each(sizes, y.len() / output_len);
    parallel::chunks(y, each * output_len, sizes.work::<T>(), |i, y| {
        for (plane, y) in (i * each..).zip(y.chunks_mut(output_len)) {
            y.fill(T::default());
            let (image, output) = (plane / (sizes.groups * sizes.outputs), plane % (sizes.groups * sizes.outputs));
            for channel in 0..sizes.inputs {
                let x = &x[sizes.x_at(image, output / sizes.outputs, channel)..][..input_len];
                let weights = taps_of(sizes, w, output, channel);
                isa::dispatch(AddPlane { sizes, weights, x, y: &mut *y });
            }
        }
    });
}

pub(super) fn input_gradient<T: GemmElement + Arithmetic>(sizes: &Sizes, y: &[T], w: &[T], x: &mut [T]) {
    let (input_len, output_len) = (sizes.windows.input_len(), sizes.windows.output_len());
    let each = planes_each(sizes, x.len() / input_len);
    parallel::chunks(x, each * input_len, sizes.work::<T>(), |i, x| {
        for (plane, x) in (i * each..).zip(x.chunks_mut(input_len)) {
            x.fill(T::default());
            let (image, input) = (plane / (sizes.groups * sizes.inputs), plane % (sizes.groups * sizes.inputs));
            let (group, channel) = (input / sizes.inputs, input % sizes.inputs);
            for o in 0..sizes.outputs {
                let y = &y[sizes.y_at(image, group, o)..][..output_len];
                let weights = taps_of(sizes, w, group * sizes.outputs + o, channel);
                isa::dispatch(AddTransposed { sizes, weights, y, x: &mut *x });
            }
        }
    });
}

pub(super) fn weight_gradient<T: GemmElement + Arithmetic>(sizes: &Sizes, x: &[T], y: &[T], w: &mut [T]) {
    let (input_len, output_len) = (sizes.windows.input_len(), sizes.windows.output_len());
    let taps = sizes.windows.taps();
    parallel::chunks(w, taps, sizes.work::<T>(), |i, weights| {
        weights.fill(T::default());
        let (output, channel) = (i / sizes.inputs, i % sizes.inputs);
        let (group, o) = (output / sizes.outputs, output % sizes.outputs);
        for image in 0..sizes.batch {
            let x = &x[sizes.x_at(image, group, channel)..][..input_len];
            let y = &y[sizes.y_at(image, group, o)..][..output_len];
            isa::dispatch(AddProducts { sizes, x, y, weights: &mut *weights });
        }
    });
}

/// The weights between an output, counted over all groups, and an input of its group.
fn taps_of<'a, T>(sizes: &Sizes, w: &'a [T], output: usize, channel: usize) -> &'a [T] {
    let taps = sizes.windows.taps();
    &w[(output * sizes.inputs + channel) * taps..][..taps]
}
