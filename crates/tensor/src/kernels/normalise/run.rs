//! The runs that a group is made of, and sums over them.

use super::Form;
use crate::kernels::{reduce::LEAF, softmax::Float};
use std::ops::Range;

/// Which channels the elements of a run belong to.
#[derive(Clone, Copy)]
pub(super) enum Channel {
    /// All to this one.
    One(usize),
    /// Each to the next, from this one on.
    Each(usize),
}

/// The elements of a group in runs of at most `LEAF`; cut also where the channel changes, if asked for.
///
/// An iterator, not a function that takes what to do as a closure: the compiler may leave a large closure outside of the kernel,
/// without its instructions.
#[inline(always)]
pub(super) fn runs(form: &Form, group: usize, by_channel: bool) -> Runs {
    let inner = form.inner();
    let (stretch, by_channel) = if by_channel && form.spatial > 1 { (form.spatial, true) } else { (inner, false) };
    Runs {
        segments: form.outer,
        to_next_segment: form.groups() * inner,
        segment: group * inner,
        inner,
        stretch,
        by_channel,
        first_channel: group % form.period * form.channels,
        start: 0,
        end: stretch,
        channel: 0,
    }
}

pub(super) struct Runs {
    /// Segments that are left, this one included.
    segments: usize,
    to_next_segment: usize,
    /// Where this segment begins.
    segment: usize,
    /// The elements of a segment.
    inner: usize,
    /// The elements of a segment between cuts: those of a channel, or all.
    stretch: usize,
    by_channel: bool,
    first_channel: usize,
    /// Within the segment: where the next run begins, where its stretch ends, and the channel of the stretch.
    start: usize,
    end: usize,
    channel: usize,
}

impl Iterator for Runs {
    type Item = (Range<usize>, Channel);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.start == self.end {
            (self.end, self.channel) = (self.end + self.stretch, self.channel + 1);
        }
        if self.start == self.inner {
            self.segments -= 1;
            self.segment += self.to_next_segment;
            (self.start, self.end, self.channel) = (0, self.stretch, 0);
        }
        if self.segments == 0 {
            return None;
        }
        let start = self.start;
        self.start = self.end.min(start + LEAF);
        let channel = match self.by_channel {
            true => Channel::One(self.first_channel + self.channel),
            false => Channel::Each(self.first_channel + start),
        };
        Some((self.segment + start..self.segment + self.start, channel))
    }
}

/// Levels of a [`Tree`]: no memory holds 2^40 runs.
const LEVELS: usize = 40;

/// A sum of many sums as a balanced tree: `partials[i]` holds the sum of 2^i of them, if bit `i` of the count is set.
pub(super) struct Tree<T> {
    partials: [T; LEVELS],
    count: usize,
}

impl<T: Float> Tree<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Tree { partials: [T::default(); LEVELS], count: 0 }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, mut x: T) {
        let mut level = 0;
        while self.count >> level & 1 == 1 {
            x = self.partials[level] + x;
            level += 1;
        }
        self.partials[level] = x;
        self.count += 1;
    }

    #[inline(always)]
    pub(super) fn total(&self) -> T {
        let (mut total, mut left) = (T::default(), self.count);
        while left != 0 {
            total = self.partials[left.trailing_zeros() as usize] + total;
            left &= left - 1;
        }
        total
    }
}

/// Accumulators of each sum: two vectors of eight f32.
const LANES: usize = 16;

/// Several sums over one run of at most `LEAF` elements: of what `terms` gives for each place.
#[inline(always)]
pub(super) fn lane_sums<T: Float, const N: usize>(len: usize, terms: impl Fn(usize) -> [T; N]) -> [T; N] {
    let mut lanes = [[T::default(); LANES]; N];
    let whole = len / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            for (sums, term) in lanes.iter_mut().zip(terms(start + lane)) {
                sums[lane] = sums[lane] + term;
            }
        }
    }
    let mut tail = [T::default(); N];
    for i in whole..len {
        for (sum, term) in tail.iter_mut().zip(terms(i)) {
            *sum = *sum + term;
        }
    }
    // As in `reduce`: seen through, the order of joining would be pulled into the loop, with shuffles.
    let mut lanes = std::hint::black_box(lanes);
    let mut width = LANES / 2;
    while width > 0 {
        for lanes in &mut lanes {
            for i in 0..width {
                lanes[i] = lanes[i] + lanes[i + width];
            }
        }
        width /= 2;
    }
    std::array::from_fn(|n| lanes[n][0] + tail[n])
}
