//! The greatest element and the mean of windows, and the transpose of the mean.
//!
//! A window is a box: along each of up to three axes it is a span of elements that are in the input, padding left out. Sliding
//! windows and those that adapt to a number of outputs differ in their spans only.

mod even;

use crate::{
    Buffer, Element,
    kernels::{gemm::Shared, isa, math::Math, parallel},
};
use even::EvenMaxima;

/// What one window covers along one axis: elements `start`, `start + step`, .. below `end`; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What the mean divides by along this axis: how many elements, or how many with those in the padding.
    pub(crate) count: usize,
}

/// The windows of one axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    pub(crate) step: usize,
    pub(crate) spans: Vec<Span>,
}

/// The windows of one image; the first axes may be absent.
#[derive(Clone, Debug)]
pub(crate) struct Boxes(pub(crate) [Axis; 3]);

/// Elements of one piece of work: large enough that starting it costs nothing next to it.
const PIECE: usize = 1 << 14;

impl Boxes {
    pub(crate) fn input_len(&self) -> usize {
        self.0.iter().map(|axis| axis.input).product()
    }

    pub(crate) fn output_len(&self) -> usize {
        self.0.iter().map(|axis| axis.spans.len()).product()
    }

    /// Elements of all windows together.
    fn steps(&self) -> usize {
        let along = |axis: &Axis| axis.spans.iter().map(|span| (span.end - span.start).div_ceil(axis.step)).sum();
        self.0.iter().map(along).fold(1usize, usize::saturating_mul)
    }

    /// Images of one piece of work.
    fn images_each(&self) -> usize {
        (PIECE / self.steps().max(1)).max(1)
    }

    /// Estimated nanoseconds for all images: a step is one, for loops as short as these.
    fn work(&self, images: usize) -> usize {
        images.saturating_mul(self.steps())
    }

    /// Calls `f(output, spans)` for each window, in order.
    #[inline(always)]
    fn for_each(&self, mut f: impl FnMut(usize, [Span; 3])) {
        let [depth, height, width] = &self.0;
        let mut output = 0;
        for &d in &depth.spans {
            for &h in &height.spans {
                for &w in &width.spans {
                    f(output, [d, h, w]);
                    output += 1;
                }
            }
        }
    }

    /// Calls `f(at)` for the start of each line of a window: where its first element of the last axis would have index 0.
    #[inline(always)]
    fn for_each_line(&self, [d, h, _]: [Span; 3], mut f: impl FnMut(usize)) {
        let [depth, height, width] = &self.0;
        let mut i = d.start;
        while i < d.end {
            let mut j = h.start;
            while j < h.end {
                f((i * height.input + j) * width.input);
                j += height.step;
            }
            i += depth.step;
        }
    }
}

/// The greatest element of each window, and where in its image it is: the first of several, but the last NaN.
pub(crate) fn maxima<T: Element>(boxes: &Boxes, x: &[T], images: usize) -> (Buffer<T>, Buffer<i64>) {
    let (input_len, output_len) = (boxes.input_len(), boxes.output_len());
    let (mut y, mut positions) = (Buffer::recycled(images * output_len), Buffer::recycled(images * output_len));
    if positions.is_empty() {
        return (y, positions);
    }
    let (each, step) = (boxes.images_each() * output_len, boxes.0[2].step);
    let even = EvenMaxima::of(boxes);
    let elements = Shared::new(&mut y);
    parallel::chunks(&mut positions, each, boxes.work(images), |i, positions| {
        // SAFETY: `y` has as many elements as there are positions, and these are those of this piece of them.
        let mut y = unsafe { elements.tile(i * each, [1, positions.len()], positions.len()) };
        let (y, x) = (y.row(0), &x[i * each / output_len * input_len..]);
        if let Some(even) = &even {
            return isa::dispatch(even.over(x, y, positions));
        }
        let outputs = y.chunks_mut(output_len).zip(positions.chunks_mut(output_len));
        for (image, (y, positions)) in x.chunks_exact(input_len).zip(outputs) {
            boxes.for_each(|output, spans| {
                let [d, h, w] = spans;
                let mut best_at = (d.start * boxes.0[1].input + h.start) * boxes.0[2].input + w.start;
                let mut best = image[best_at];
                boxes.for_each_line(spans, |line| {
                    let mut at = line + w.start;
                    for &x in image[at..line + w.end].iter().step_by(step) {
                        // Only NaN is not to be compared with itself.
                        if x > best || x.partial_cmp(&x).is_none() {
                            (best, best_at) = (x, at);
                        }
                        at += step;
                    }
                });
                (y[output], positions[output]) = (best, best_at as i64);
            });
        }
    });
    (y, positions)
}

/// What a mean divides by.
fn divisor<T: Math>([d, h, w]: [Span; 3], instead: Option<f64>) -> T {
    // Padding may be as large as numbers are: the product need not be one that a size can be.
    T::from_f64(instead.unwrap_or(d.count as f64 * h.count as f64 * w.count as f64))
}

/// The sum of each window, divided by its count, or by one number instead. Steps are 1.
pub(crate) fn mean<T: Math>(boxes: &Boxes, x: &[T], images: usize, instead: Option<f64>) -> Buffer<T> {
    let (input_len, output_len) = (boxes.input_len(), boxes.output_len());
    let mut y = Buffer::recycled(images * output_len);
    if y.is_empty() {
        return y;
    }
    let each = boxes.images_each();
    parallel::chunks(&mut y, each * output_len, boxes.work(images), |i, y| {
        for (image, y) in x[i * each * input_len..].chunks_exact(input_len).zip(y.chunks_mut(output_len)) {
            boxes.for_each(|output, spans| {
                let mut sum = T::default();
                boxes.for_each_line(spans, |line| {
                    sum = sum + sum_of(&image[line + spans[2].start..line + spans[2].end])
                });
                y[output] = sum / divisor(spans, instead);
            });
        }
    });
    y
}

/// The transpose of [`mean`]: each element gets the quotients of the windows that it is in.
pub(crate) fn spread<T: Math>(boxes: &Boxes, y: &[T], images: usize, instead: Option<f64>) -> Buffer<T> {
    let (input_len, output_len) = (boxes.input_len(), boxes.output_len());
    let mut x = Buffer::zeroed(images * input_len);
    if x.is_empty() || y.is_empty() {
        return x;
    }
    let each = boxes.images_each();
    parallel::chunks(&mut x, each * input_len, boxes.work(images), |i, x| {
        for (image, y) in x.chunks_mut(input_len).zip(y[i * each * output_len..].chunks_exact(output_len)) {
            boxes.for_each(|output, spans| {
                let share = y[output] / divisor(spans, instead);
                boxes.for_each_line(spans, |line| {
                    image[line + spans[2].start..line + spans[2].end].iter_mut().for_each(|x| *x = *x + share);
                });
            });
        }
    });
    x
}

/// The sum of a line, by eight sums side by side where it is long: the mean of a whole image is one window.
fn sum_of<T: Math>(line: &[T]) -> T {
    let (eights, rest) = line.as_chunks::<8>();
    let mut sum = rest.iter().fold(T::default(), |sum, &x| sum + x);
    if !eights.is_empty() {
        let mut sums = [T::default(); 8];
        for eight in eights {
            sums.iter_mut().zip(eight).for_each(|(sum, &x)| *sum = *sum + x);
        }
        sum = sums.iter().fold(sum, |sum, &x| sum + x);
    }
    sum
}
