//! The way back through a normalisation: cotangents of the elements, and of each channel's scale and shift.
//!
//! With d = x - mean, r = 1 / √(variance + eps), g = weight y_bar, and n elements in the group:
//!
//! x_bar = r g + a d + b,  a = -r³ Σ g d / n + 2 variance_bar / n,  b = -r Σ g / n + mean_bar / n
//!
//! (b is 0 where no mean was taken off), weight_bar = Σ y_bar d r, bias_bar = Σ y_bar. The kept mean is rounded; what it lacks, the
//! mean of d, comes out of the same pass as the other sums, and is taken off.

use super::{
    CHUNK, Rule,
    rows::{RowsBack, are_rows},
    run::{Channel, Tree, lane_sums, runs},
};
use crate::{
    Buffer,
    kernels::{
        isa::{self, Kernel},
        parallel,
        softmax::Float,
    },
};

/// What the way back looks at.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a, T> {
    pub(crate) x: &'a [T],
    pub(crate) weight: Option<&'a [T]>,
    pub(crate) mean: &'a [T],
    pub(crate) variance: &'a [T],
}

/// The cotangents of the results.
#[derive(Clone, Copy)]
pub(crate) struct Bars<'a, T> {
    pub(crate) y: &'a [T],
    pub(crate) mean: &'a [T],
    pub(crate) variance: &'a [T],
}

/// `(x_bar, weight_bar, bias_bar)`; the last two of zeros unless `affine`. Groups have elements.
pub(crate) fn backward<T: Float>(
    rule: Rule<T>,
    kept: Kept<'_, T>,
    bars: Bars<'_, T>,
    affine: bool,
) -> (Buffer<T>, Buffer<T>, Buffer<T>) {
    let form = rule.form;
    let all_channels = form.period * form.channels;
    let mut x_bar = Buffer::recycled(kept.x.len());
    let (inner, work) = (form.inner(), 2 * kept.x.len());
    let piece = (CHUNK / inner).max(1);
    let pass = Pass { rule, kept, bars, affine };
    if form.outer == 1 {
        let parts = parallel::collect_chunks(&mut x_bar, piece * inner, work, |i, x_bar| {
            let mut sums = Sums::new(if affine { all_channels } else { 0 });
            if are_rows(&form) {
                isa::dispatch(RowsBack { pass, first: i * piece, x_bar, sums: &mut sums });
            } else {
                isa::dispatch(Groups { pass, first: i * piece, x_bar, sums: &mut sums });
            }
            sums
        });
        let sums = Sums::joined(parts, all_channels);
        return (x_bar, sums.weight, sums.bias);
    }
    // A group of several segments is one channel.
    let pulls = parallel::collect(form.groups(), work, |group| isa::dispatch(One { pass, group }));
    parallel::chunks(&mut x_bar, piece * inner, work, |i, x_bar| {
        isa::dispatch(Segments { pass, first: i * piece, pulls: &pulls, x_bar });
    });
    let mut sums = Sums::new(all_channels);
    if affine {
        for (i, pull) in pulls.iter().enumerate() {
            (sums.weight[i], sums.bias[i]) = (pull.weight_bar, pull.bias_bar);
        }
    }
    (x_bar, sums.weight, sums.bias)
}

#[derive(Clone, Copy)]
pub(super) struct Pass<'a, T> {
    pub(super) rule: Rule<T>,
    pub(super) kept: Kept<'a, T>,
    pub(super) bars: Bars<'a, T>,
    pub(super) affine: bool,
}

/// What the elements of a group get: `scale weight y_bar + a (x - mean - shift) + b`.
#[derive(Clone, Copy)]
pub(super) struct Pull<T> {
    pub(super) mean: T,
    pub(super) shift: T,
    pub(super) scale: T,
    pub(super) a: T,
    pub(super) b: T,
    /// Of a group that is one channel.
    weight_bar: T,
    bias_bar: T,
}

impl<T: Float> Pass<'_, T> {
    #[inline(always)]
    fn pull(&self, group: usize) -> Pull<T> {
        self.pull_of(group, self.sums(group))
    }

    /// Σ d, Σ g and Σ g d of a group.
    #[inline(always)]
    fn sums(&self, group: usize) -> [T; 3] {
        let Kept { x, weight, mean, .. } = self.kept;
        let (mean, y_bar) = (mean[group], self.bars.y);
        let (mut deviations, mut sum, mut products) = (Tree::new(), Tree::new(), Tree::new());
        for (run, channel) in runs(&self.rule.form, group, weight.is_some()) {
            let start = run.start;
            let [d, g, gd] = match (weight, channel) {
                (Some(weight), Channel::Each(first)) => lane_sums(run.len(), |i| {
                    let (d, g) = (x[start + i] - mean, y_bar[start + i] * weight[first + i]);
                    [d, g, g * d]
                }),
                (weight, channel) => {
                    let sums = lane_sums(run.len(), |i| {
                        let (d, g) = (x[start + i] - mean, y_bar[start + i]);
                        [d, g, g * d]
                    });
                    match (weight, channel) {
                        (Some(weight), Channel::One(c)) => [sums[0], sums[1] * weight[c], sums[2] * weight[c]],
                        _ => sums,
                    }
                }
            };
            deviations.add(d);
            sum.add(g);
            products.add(gd);
        }
        [deviations.total(), sum.total(), products.total()]
    }

    /// From the sums of d, g and g d over the group.
    #[inline(always)]
    pub(super) fn pull_of(&self, group: usize, [deviations, sum, products]: [T; 3]) -> Pull<T> {
        let per_element = T::from_f64(1.0 / self.rule.form.count() as f64);
        let mean = self.kept.mean[group];
        let shift = if self.rule.centred { deviations * per_element } else { T::default() };
        let scale = self.rule.scale(self.kept.variance[group]);
        let products = products - shift * sum;
        let of_variance = self.bars.variance[group] * T::from_f64(2.0);
        let a = (of_variance - scale * scale * scale * products) * per_element;
        let b = if self.rule.centred { (self.bars.mean[group] - scale * sum) * per_element } else { T::default() };
        Pull { mean, shift, scale, a, b, weight_bar: T::default(), bias_bar: T::default() }
    }

    #[inline(always)]
    fn write(&self, run: std::ops::Range<usize>, channel: Channel, pull: Pull<T>, x_bar: &mut [T]) {
        let Pull { mean, shift, scale, a, b, .. } = pull;
        let elements = self.kept.x[run.clone()].iter().zip(&self.bars.y[run]);
        match (self.kept.weight, channel) {
            (Some(weight), Channel::Each(first)) => {
                for ((x_bar, (&x, &y_bar)), &weight) in x_bar.iter_mut().zip(elements).zip(&weight[first..]) {
                    *x_bar = scale * weight * y_bar + (a * ((x - mean) - shift) + b);
                }
            }
            (weight, channel) => {
                let scale = match (weight, channel) {
                    (Some(weight), Channel::One(c)) => scale * weight[c],
                    _ => scale,
                };
                for (x_bar, (&x, &y_bar)) in x_bar.iter_mut().zip(elements) {
                    *x_bar = scale * y_bar + (a * ((x - mean) - shift) + b);
                }
            }
        }
    }
}

/// Cotangents of all channels' scales and shifts.
pub(super) struct Sums<T: crate::Element> {
    pub(super) weight: Buffer<T>,
    pub(super) bias: Buffer<T>,
}

impl<T: Float> Sums<T> {
    fn new(channels: usize) -> Self {
        Sums { weight: Buffer::zeroed(channels), bias: Buffer::zeroed(channels) }
    }

    /// The sums of all pieces, as a balanced tree.
    fn joined(mut parts: Vec<Sums<T>>, channels: usize) -> Sums<T> {
        while parts.len() > 1 {
            let mut pairs = parts.into_iter();
            let mut halves = Vec::new();
            while let Some(mut left) = pairs.next() {
                if let Some(right) = pairs.next() {
                    left.weight.iter_mut().zip(&right.weight[..]).for_each(|(x, &y)| *x = *x + y);
                    left.bias.iter_mut().zip(&right.bias[..]).for_each(|(x, &y)| *x = *x + y);
                }
                halves.push(left);
            }
            parts = halves;
        }
        parts.pop().filter(|sums| sums.weight.len() == channels).unwrap_or_else(|| Sums::new(channels))
    }

    /// Adds one group.
    #[inline(always)]
    fn add(&mut self, pass: &Pass<'_, T>, group: usize, pull: Pull<T>) {
        let (x, y_bar) = (pass.kept.x, pass.bars.y);
        for (run, channel) in runs(&pass.rule.form, group, true) {
            match channel {
                Channel::One(c) => {
                    let [weight, bias] = lane_sums(run.len(), |i| {
                        let y_bar = y_bar[run.start + i];
                        [y_bar * ((x[run.start + i] - pull.mean) - pull.shift), y_bar]
                    });
                    self.weight[c] = self.weight[c] + weight * pull.scale;
                    self.bias[c] = self.bias[c] + bias;
                }
                Channel::Each(first) => {
                    let sums = self.weight[first..].iter_mut().zip(&mut self.bias[first..]);
                    let elements = x[run.clone()].iter().zip(&y_bar[run]);
                    for ((weight, bias), (&x, &y_bar)) in sums.zip(elements) {
                        *weight = *weight + y_bar * (((x - pull.mean) - pull.shift) * pull.scale);
                        *bias = *bias + y_bar;
                    }
                }
            }
        }
    }
}

/// Whole groups that lie one after another.
struct Groups<'a, T: crate::Element> {
    pass: Pass<'a, T>,
    first: usize,
    x_bar: &'a mut [T],
    sums: &'a mut Sums<T>,
}

impl<T: Float> Kernel for Groups<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Groups { pass, first, x_bar, sums } = self;
        let (inner, has_weight) = (pass.rule.form.inner(), pass.kept.weight.is_some());
        let offset = first * inner;
        for group in first..first + x_bar.len() / inner {
            let pull = pass.pull(group);
            for (run, channel) in runs(&pass.rule.form, group, has_weight) {
                let x_bar = &mut x_bar[run.start - offset..run.end - offset];
                pass.write(run, channel, pull, x_bar);
            }
            if pass.affine {
                sums.add(&pass, group, pull);
            }
        }
    }
}

/// The sums of one group of several segments.
struct One<'a, T> {
    pass: Pass<'a, T>,
    group: usize,
}

impl<T: Float> Kernel for One<'_, T> {
    type Output = Pull<T>;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> Pull<T> {
        let One { pass, group } = self;
        // The group is one channel, whose weight is left out of the sums, so that they are also those of the weight's cotangent.
        let Some(weight) = pass.kept.weight else { return pass.pull(group) };
        let unweighted = Pass { kept: Kept { weight: None, ..pass.kept }, ..pass };
        let [deviations, sum, products] = unweighted.sums(group);
        let pull = pass.pull_of(group, [deviations, sum * weight[group], products * weight[group]]);
        Pull { weight_bar: (products - pull.shift * sum) * pull.scale, bias_bar: sum, ..pull }
    }
}

/// Segments of groups that come again and again.
struct Segments<'a, T> {
    pass: Pass<'a, T>,
    first: usize,
    pulls: &'a [Pull<T>],
    x_bar: &'a mut [T],
}

impl<T: Float> Kernel for Segments<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let inner = self.pass.rule.form.inner();
        for (segment, x_bar) in (self.first..).zip(self.x_bar.chunks_exact_mut(inner)) {
            let group = segment % self.pulls.len();
            let run = segment * inner..(segment + 1) * inner;
            self.pass.write(run, Channel::One(group), self.pulls[group], x_bar);
        }
    }
}
