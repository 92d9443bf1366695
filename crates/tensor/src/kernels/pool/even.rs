//! The maxima, and where they are, when all windows are alike: of one size and a stride apart, none cut short by padding or an end. Several
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

    /// The search in images from the start of `x`, as many as there are elements of `y` and `positions` for.
    pub(super) fn over<'b, T: Element>(
        &'b self,
        x: &'b [T],
        y: &'b mut [T],
        positions: &'b mut [i64],
    ) -> Search<'b, T> {
        Search { maxima: self, x, y, positions }
    }
}

pub(super) struct Search<'a, T> {
    maxima: &'a EvenMaxima<'a>,
    x: &'a [T],
    y: &'a mut [T],
    positions: &'a mut [i64],
}

impl<T: Element> Kernel for Search<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Search { maxima, x, y, positions } = self;
        // A constant stride lets the compiler see what lies side by side.
        match maxima.even[2].stride {
            1 => maxima.search(x, y, positions, 1),
            2 => maxima.search(x, y, positions, 2),
            stride => maxima.search(x, y, positions, stride),
        }
    }
}

// No closures here: they would be compiled by themselves, for the baseline.
impl EvenMaxima<'_> {
    #[inline(always)]
    fn search<T: Element>(&self, x: &[T], y: &mut [T], positions: &mut [i64], stride: usize) {
        let [depth, height, width] = &self.boxes.0;
        let output_len = self.boxes.output_len();
        let outputs = y.chunks_mut(output_len).zip(positions.chunks_mut(output_len));
        for (image, (y, positions)) in x.chunks_exact(self.boxes.input_len()).zip(outputs) {
            let lines = y.chunks_mut(width.spans.len()).zip(positions.chunks_mut(width.spans.len()));
            for (i, (y, line)) in lines.enumerate() {
                let (d, h) = (depth.spans[i / height.spans.len()].start, height.spans[i % height.spans.len()].start);
                let start = (d * height.input + h) * width.input + self.even[2].first;
                match line.len() {
                    8.. => self.line::<T, 8>(image, start, stride, y, line),
                    4..8 => self.line::<T, 4>(image, start, stride, y, line),
                    _ => self.line::<T, 1>(image, start, stride, y, line),
                }
            }
        }
    }

    /// The maxima of a line of at least N windows, of which the first begins at `start`.
    #[inline(always)]
    fn line<T: Element, const N: usize>(
        &self,
        image: &[T],
        start: usize,
        stride: usize,
        y: &mut [T],
        line: &mut [i64],
    ) {
        let mut first = 0;
        loop {
            self.block::<T, N>(image, start + first * stride, stride, &mut y[first..], &mut line[first..]);
            if first + N == line.len() {
                return;
            }
            // The last block may overlap with the one before, and find the same.
            first = (first + N).min(line.len() - N);
        }
    }

    /// The maxima of N windows side by side.
    #[inline(always)]
    fn block<T: Element, const N: usize>(
        &self,
        image: &[T],
        start: usize,
        stride: usize,
        y: &mut [T],
        positions: &mut [i64],
    ) {
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
        y[..N].copy_from_slice(&best);
        for (i, position) in positions[..N].iter_mut().enumerate() {
            *position = (start + i * stride) as i64 + i64::from(best_at[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{isa, pool::Span};

    fn axis(outputs: usize, stride: usize, taps: usize, step: usize) -> Axis {
        let reach = (taps - 1) * step + 1;
        let span = |i: usize| Span { start: i * stride, end: i * stride + reach, count: taps };
        Axis { input: (outputs - 1) * stride + reach, step, spans: (0..outputs).map(span).collect() }
    }

    /// The definition: the first of the greatest, but the last NaN.
    fn place(boxes: &Boxes, image: &[f32], spans: [Span; 3]) -> i64 {
        let [depth, height, width] = &boxes.0;
        let mut best: Option<usize> = None;
        for d in (spans[0].start..spans[0].end).step_by(depth.step) {
            for h in (spans[1].start..spans[1].end).step_by(height.step) {
                for w in (spans[2].start..spans[2].end).step_by(width.step) {
                    let at = (d * height.input + h) * width.input + w;
                    if best.is_none_or(|best| image[at].is_nan() || image[at] > image[best]) {
                        best = Some(at);
                    }
                }
            }
        }
        best.expect("a window has elements") as i64
    }

    #[test]
    fn blocks_of_every_length_find_what_the_definition_says() {
        // Outputs around one, four and eight in a block, and all strides that are compiled apart.
        for outputs in (1..=18).chain([31]) {
            for (stride, taps, step) in [(1, 1, 1), (1, 3, 1), (2, 2, 1), (2, 3, 2), (3, 2, 1), (4, 2, 3)] {
                let boxes = Boxes([axis(2, 1, 2, 1), axis(3, 2, 2, 2), axis(outputs, stride, taps, step)]);
                let images = 2;
                // Few values, so that many tie, and some NaN.
                let value = |i: usize| match (i * i * 7 + i * 3) % 23 {
                    0 => f32::NAN,
                    n => (n / 3) as f32 - 4.0,
                };
                let x: Vec<f32> = (0..images * boxes.input_len()).map(value).collect();
                let (mut y, mut found) =
                    (vec![0.0; images * boxes.output_len()], vec![-1; images * boxes.output_len()]);
                let even = EvenMaxima::of(&boxes).expect("windows that are alike");
                isa::dispatch(even.over(&x, &mut y, &mut found));
                let mut expected = Vec::new();
                for image in x.chunks(boxes.input_len()) {
                    boxes.for_each(|_, spans| expected.push(place(&boxes, image, spans)));
                }
                assert_eq!(found, expected, "{outputs} outputs, stride {stride}, {taps} taps {step} apart");
                let images = y.chunks(boxes.output_len()).zip(found.chunks(boxes.output_len()));
                for (image, (y, found)) in x.chunks(boxes.input_len()).zip(images) {
                    let at_places = |(y, &at): (&f32, &i64)| y.to_bits() == image[at as usize].to_bits();
                    assert!(y.iter().zip(found).all(at_places), "{outputs} outputs, stride {stride}");
                }
            }
        }
    }

    #[test]
    fn windows_that_differ_are_left_to_the_general_loop() {
        let [full, cut, before] = [(0, 2), (3, 4), (2, 4)].map(|(start, end)| Span { start, end, count: 2 });
        let boxes = |spans: Vec<Span>| Boxes([axis(1, 1, 1, 1), axis(1, 1, 1, 1), Axis { input: 4, step: 1, spans }]);
        assert!(EvenMaxima::of(&boxes(vec![full, cut])).is_none());
        assert!(EvenMaxima::of(&boxes(vec![before, full])).is_none());
        assert!(EvenMaxima::of(&boxes(vec![full, full])).is_none());
        assert!(EvenMaxima::of(&boxes(vec![full, before])).is_some());
    }
}
