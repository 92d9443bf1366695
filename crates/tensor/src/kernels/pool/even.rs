//! Where the maxima are when all windows are alike: of one size and a stride apart, none cut short by padding or an end. Several
//! neighbouring outputs are then compared tap by tap, without a branch, in vectors.

use super::{Axis, Boxes};
use crate::{Element, kernels::isa::Kernel};

/// Windows along one axis: the first begins at `first`, the others `stride` apart, each of `taps` elements.
#[derive(Clone, Copy)]
struct Even {
    first: usize,
    stride: usize,
    taps: usize,
}

impl Even {
    fn of(axis: &Axis) -> Option<Even> {
        let taps = |i: usize| (axis.spans[i].end - axis.spans[i].start).div_ceil(axis.step);
        let first = axis.spans.first()?.start;
        let stride = match axis.spans.get(1) {
            // In the padding a window of elements apart can begin after the next.
            Some(second) => second.start.checked_sub(first)?,
            None => 1,
        };
        let even = Even { first, stride, taps: taps(0) };
        let alike = |i: usize| axis.spans[i].start == first + i * stride && taps(i) == even.taps;
        (stride > 0 && (0..axis.spans.len()).all(alike)).then_some(even)
    }
}

/// A search for the maxima of such windows.
pub(super) struct EvenMaxima<'a> {
    boxes: &'a Boxes,
    even: [Even; 3],
    /// How far after a window's first element each of its elements is, in order.
    shifts: Vec<u32>,
}

impl<'a> EvenMaxima<'a> {
    /// The search, if the windows allow it.
    pub(super) fn of(boxes: &'a Boxes) -> Option<Self> {
        let [depth, height, width] = &boxes.0;
        // So that the shifts are small numbers, of which a vector holds as many as of f32.
        u32::try_from(boxes.input_len()).ok()?;
        let even = [Even::of(depth)?, Even::of(height)?, Even::of(width)?];
        let mut shifts = Vec::new();
        for d in 0..even[0].taps {
            for h in 0..even[1].taps {
                let line = (d * depth.step * height.input + h * height.step) * width.input;
                shifts.extend((0..even[2].taps).map(|w| (line + w * width.step) as u32));
            }
        }
        Some(EvenMaxima { boxes, even, shifts })
    }

    /// The search in images from the start of `x`, as many as there are `positions` for.
    pub(super) fn over<'b, T: Element>(&'b self, x: &'b [T], positions: &'b mut [i64]) -> Search<'b, T> {
        Search { maxima: self, x, positions }
    }
}

pub(super) struct Search<'a, T> {
    maxima: &'a EvenMaxima<'a>,
    x: &'a [T],
    positions: &'a mut [i64],
}

impl<T: Element> Kernel for Search<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Search { maxima, x, positions } = self;
        // A constant stride lets the compiler see what lies side by side.
        match maxima.even[2].stride {
            1 => maxima.search(x, positions, 1),
            2 => maxima.search(x, positions, 2),
            stride => maxima.search(x, positions, stride),
        }
    }
}

// No closures here: they would be compiled by themselves, for the baseline.
impl EvenMaxima<'_> {
    #[inline(always)]
    fn search<T: Element>(&self, x: &[T], positions: &mut [i64], stride: usize) {
        let [depth, height, width] = &self.boxes.0;
        let images = x.chunks_exact(self.boxes.input_len()).zip(positions.chunks_mut(self.boxes.output_len()));
        for (image, positions) in images {
            for (i, line) in positions.chunks_mut(width.spans.len()).enumerate() {
                let (d, h) = (depth.spans[i / height.spans.len()].start, height.spans[i % height.spans.len()].start);
                let start = (d * height.input + h) * width.input + self.even[2].first;
                match line.len() {
                    8.. => self.line::<T, 8>(image, start, stride, line),
                    4..8 => self.line::<T, 4>(image, start, stride, line),
                    _ => self.line::<T, 1>(image, start, stride, line),
                }
            }
        }
    }

    /// The places of the maxima of a line of at least N windows, of which the first begins at `start`.
    #[inline(always)]
    fn line<T: Element, const N: usize>(&self, image: &[T], start: usize, stride: usize, line: &mut [i64]) {
        let mut first = 0;
        loop {
            self.block::<T, N>(image, start + first * stride, stride, &mut line[first..]);
            if first + N == line.len() {
                return;
            }
            // The last block may overlap with the one before, and find the same.
            first = (first + N).min(line.len() - N);
        }
    }

    /// The places of the maxima of N windows side by side.
    #[inline(always)]
    fn block<T: Element, const N: usize>(&self, image: &[T], start: usize, stride: usize, positions: &mut [i64]) {
        let x = &image[start..][..self.shifts[self.shifts.len() - 1] as usize + (N - 1) * stride + 1];
        let (mut best, mut best_at) = ([x[0]; N], [0; N]);
        for i in 0..N {
            best[i] = x[i * stride];
        }
        for &shift in &self.shifts[1..] {
            let x = &x[shift as usize..][..(N - 1) * stride + 1];
            for i in 0..N {
                let x = x[i * stride];
                // Only NaN is not to be compared with itself.
                let is_better = (x > best[i]) | x.partial_cmp(&x).is_none();
                best[i] = if is_better { x } else { best[i] };
                best_at[i] = if is_better { shift } else { best_at[i] };
            }
        }
        for (i, position) in positions[..N].iter_mut().enumerate() {
            *position = (start + i * stride) as i64 + i64::from(best_at[i]);
        }
    }
}
