//! Normalising groups of elements: to mean 0 and variance 1, or to a mean square of 1, with a scale and a shift for each
//! channel in the same pass; and the way back.
//!
//! What a group is, and which channel an element belongs to, says a [`Form`]; all normalisations of networks are one.
//!
//! The mean is taken in two steps: `m` from the elements, and `s`, the mean of what is left, `x - m`, which is mostly the
//! rounding of `m`. In f32 a mean of 10,000 is known to 0.0005 only; beside a deviation of 1 that would be lost digits,
//! while `(x - m) - s` has them all. The variance is `mean((x - m)^2) - s^2`, where nothing cancels.

mod backward;
mod rows;
mod run;

pub(crate) use backward::{Bars, Kept, backward};

use super::{
    isa::{self, Kernel},
    parallel,
    softmax::Float,
};
use crate::Buffer;
use rows::{Rows, are_rows};
use run::{Channel, Tree, lane_sums, runs};

/// Elements of one piece of work: some ten microseconds, and in the second-level cache from the first pass to the last.
const CHUNK: usize = 16 * 1024;

/// How elements in row-major order fall into groups and channels: the order is that of axes
/// `[outer, samples, period, channels, spatial]`. A group is one `(sample, period)`; a channel, which has a scale and a
/// shift, one `(period, channel)`.
///
/// | | outer | samples | period | channels | spatial |
/// |---|---|---|---|---|---|
/// | layer norm | 1 | rows | 1 | row length | 1 |
/// | group norm | 1 | batch | groups | channels of a group | the rest |
/// | batch norm | batch | 1 | channels | 1 | the rest |
///
/// There is one sample, or `outer` is 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) outer: usize,
    pub(crate) samples: usize,
    pub(crate) period: usize,
    pub(crate) channels: usize,
    pub(crate) spatial: usize,
}

impl Form {
    pub(crate) fn groups(&self) -> usize {
        self.samples * self.period
    }

    /// The elements of a group that lie together.
    fn inner(&self) -> usize {
        self.channels * self.spatial
    }

    /// The elements of a group.
    fn count(&self) -> usize {
        self.outer * self.inner()
    }
}

/// What is done to the groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<T> {
    pub(crate) form: Form,
    /// Added to the variance.
    pub(crate) eps: T,
    /// Whether the mean is taken off; else the variance is the mean square.
    pub(crate) centred: bool,
}

/// Mean and variance of a group.
#[derive(Clone, Copy, Default)]
struct Moments<T> {
    mean: T,
    /// The mean of x - mean.
    shift: T,
    variance: T,
}

impl<T: Float> Rule<T> {
    /// 1 / √(variance + eps)
    #[inline(always)]
    fn scale(&self, variance: T) -> T {
        T::from_f64(1.0) / (variance + self.eps).sqrt()
    }

    #[inline(always)]
    fn moments(&self, x: &[T], group: usize) -> Moments<T> {
        let count = T::from_f64(self.form.count() as f64);
        let mut mean = T::default();
        if self.centred {
            let mut sum = Tree::new();
            for (run, _) in runs(&self.form, group, false) {
                sum.add(T::sum(&x[run]));
            }
            mean = sum.total() / count;
        }
        let (mut first, mut second) = (Tree::new(), Tree::new());
        for (run, _) in runs(&self.form, group, false) {
            let [sum, squares] = lane_sums(run.len(), |i| {
                let d = x[run.start + i] - mean;
                [d, d * d]
            });
            first.add(sum);
            second.add(squares);
        }
        self.moments_of(mean, first.total() / count, second.total() / count)
    }

    /// From the means of x - mean and of its square.
    #[inline(always)]
    fn moments_of(&self, mean: T, first: T, second: T) -> Moments<T> {
        if !self.centred {
            return Moments { mean, shift: T::default(), variance: second };
        }
        let variance = second - first * first;
        // Of equal elements the difference is zero but for rounding; a NaN stays.
        Moments { mean, shift: first, variance: if variance < T::default() { T::default() } else { variance } }
    }
}

/// The normalised elements, `(x - mean) / √(variance + eps) * scale + shift` with scale and shift of the channel if there
/// are some, and mean and variance of each group. Groups have elements.
pub(crate) fn forward<T: Float>(
    rule: Rule<T>,
    x: &[T],
    affine: Option<(&[T], &[T])>,
) -> (Buffer<T>, Buffer<T>, Buffer<T>) {
    let (form, groups) = (rule.form, rule.form.groups());
    let mut y = Buffer::recycled(x.len());
    let (mut means, mut variances) = (Buffer::recycled(groups), Buffer::recycled(groups));
    // Three passes, of which the second and third are in cache.
    let work = x.len();
    let inner = form.inner();
    let moments: Vec<Vec<Moments<T>>> = if form.outer == 1 {
        let piece = (CHUNK / inner).max(1);
        parallel::collect_chunks(&mut y, piece * inner, work, |i, y| {
            let mut moments = vec![Moments::default(); y.len() / inner];
            if are_rows(&form) {
                let x = &x[i * piece * inner..][..y.len()];
                isa::dispatch(Rows { rule, x, affine, moments: &mut moments, y });
            } else {
                isa::dispatch(Groups { rule, x, affine, first: i * piece, moments: &mut moments, y });
            }
            moments
        })
    } else {
        let moments = parallel::collect(groups, work, |group| isa::dispatch(Statistics { rule, x, group }));
        let piece = (CHUNK / inner).max(1);
        parallel::chunks(&mut y, piece * inner, work, |i, y| {
            isa::dispatch(Segments { rule, x, affine, first: i * piece, moments: &moments, y });
        });
        vec![moments]
    };
    for ((m, mean), variance) in moments.iter().flatten().zip(means.iter_mut()).zip(variances.iter_mut()) {
        (*mean, *variance) = (m.mean + m.shift, m.variance);
    }
    (y, means, variances)
}

/// One group's moments.
struct Statistics<'a, T> {
    rule: Rule<T>,
    x: &'a [T],
    group: usize,
}

impl<T: Float> Kernel for Statistics<'_, T> {
    type Output = Moments<T>;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> Moments<T> {
        self.rule.moments(self.x, self.group)
    }
}

/// Whole groups that lie one after another, moments and results in one go.
struct Groups<'a, T> {
    rule: Rule<T>,
    x: &'a [T],
    affine: Option<(&'a [T], &'a [T])>,
    first: usize,
    moments: &'a mut [Moments<T>],
    y: &'a mut [T],
}

impl<T: Float> Kernel for Groups<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let offset = self.first * self.rule.form.inner();
        for (i, moments) in self.moments.iter_mut().enumerate() {
            let group = self.first + i;
            *moments = self.rule.moments(self.x, group);
            let scale = self.rule.scale(moments.variance);
            for (run, channel) in runs(&self.rule.form, group, self.affine.is_some()) {
                let y = &mut self.y[run.start - offset..run.end - offset];
                write(&self.x[run], *moments, scale, self.affine, channel, y);
            }
        }
    }
}

/// Segments of groups that come again and again, from their moments.
struct Segments<'a, T> {
    rule: Rule<T>,
    x: &'a [T],
    affine: Option<(&'a [T], &'a [T])>,
    first: usize,
    moments: &'a [Moments<T>],
    y: &'a mut [T],
}

impl<T: Float> Kernel for Segments<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let inner = self.rule.form.inner();
        for (segment, y) in (self.first..).zip(self.y.chunks_exact_mut(inner)) {
            // A group of several segments is one channel.
            let group = segment % self.moments.len();
            let moments = self.moments[group];
            let x = &self.x[segment * inner..][..inner];
            write(x, moments, self.rule.scale(moments.variance), self.affine, Channel::One(group), y);
        }
    }
}

#[inline(always)]
fn write<T: Float>(
    x: &[T],
    Moments { mean, shift, .. }: Moments<T>,
    scale: T,
    affine: Option<(&[T], &[T])>,
    channel: Channel,
    y: &mut [T],
) {
    match (affine, channel) {
        (None, _) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = ((x - mean) - shift) * scale),
        (Some((weight, bias)), Channel::One(c)) => {
            let (scale, bias) = (scale * weight[c], bias[c]);
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = ((x - mean) - shift) * scale + bias);
        }
        (Some((weight, bias)), Channel::Each(first)) => {
            let affine = weight[first..].iter().zip(&bias[first..]);
            for ((y, &x), (&w, &b)) in y.iter_mut().zip(x).zip(affine) {
                *y = ((x - mean) - shift) * scale * w + b;
            }
        }
    }
}
