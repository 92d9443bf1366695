//! Layer norm, there and back: a group is a row of at least a step and at most a leaf, and each element has a channel of its own.
//!
//! The sums are those of the general case. What differs is that whole vectors are all there is, and that the way back reads a row
//! twice, once for its sums and once for all three cotangents.

use super::{
    Form, Moments, Rule,
    backward::{Pass, Pull, Sums},
};
use crate::kernels::{
    isa::Kernel,
    reduce::LEAF,
    softmax::Float,
    steps::{Lanes, WIDTH, read, steps, write},
};

/// Whether groups are such rows.
pub(super) fn are_rows(form: &Form) -> bool {
    form.outer == 1 && form.period == 1 && form.spatial == 1 && (WIDTH..=LEAF).contains(&form.channels)
}

#[inline(always)]
fn moments<T: Float>(rule: Rule<T>, x: &[T]) -> Moments<T> {
    let count = T::from_f64(x.len() as f64);
    let mut mean = T::default();
    if rule.centred {
        let mut sum = Lanes::zero();
        for (start, seen) in steps(x.len()) {
            sum.add(&read(x, start), seen);
        }
        mean = sum.total() / count;
    }
    let (mut first, mut second) = (Lanes::zero(), Lanes::zero());
    for (start, seen) in steps(x.len()) {
        let mut d = read(x, start);
        let mut squares = d;
        for lane in 0..WIDTH {
            d[lane] = d[lane] - mean;
            squares[lane] = d[lane] * d[lane];
        }
        first.add(&d, seen);
        second.add(&squares, seen);
    }
    rule.moments_of(mean, first.total() / count, second.total() / count)
}

/// Rows, moments and results in one go.
pub(super) struct Rows<'a, T> {
    pub(super) rule: Rule<T>,
    pub(super) x: &'a [T],
    pub(super) affine: Option<(&'a [T], &'a [T])>,
    pub(super) moments: &'a mut [Moments<T>],
    pub(super) y: &'a mut [T],
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Rows { rule, x, affine, moments: all_moments, y } = self;
        let length = rule.form.channels;
        // A block that stays in the first-level cache, each pass over all of its rows: while one waits for a sum, another goes on.
        let rows = LEAF / length;
        let blocks = all_moments.chunks_mut(rows).zip(x.chunks(rows * length)).zip(y.chunks_mut(rows * length));
        for ((block, x), y) in blocks {
            for (of_row, x) in block.iter_mut().zip(x.chunks_exact(length)) {
                *of_row = moments(rule, x);
            }
            for ((of_row, x), y) in block.iter().zip(x.chunks_exact(length)).zip(y.chunks_exact_mut(length)) {
                write_row(x, *of_row, rule.scale(of_row.variance), affine, y);
            }
        }
    }
}

#[inline(always)]
fn write_row<T: Float>(
    x: &[T],
    Moments { mean, shift, .. }: Moments<T>,
    scale: T,
    affine: Option<(&[T], &[T])>,
    y: &mut [T],
) {
    for (start, _) in steps(x.len()) {
        let mut step = read(x, start);
        for x in &mut step {
            *x = ((*x - mean) - shift) * scale;
        }
        if let Some((weight, bias)) = affine {
            let (weight, bias) = (read(weight, start), read(bias, start));
            for lane in 0..WIDTH {
                step[lane] = step[lane] * weight[lane] + bias[lane];
            }
        }
        write(y, start, step);
    }
}

/// The way back through rows.
pub(super) struct RowsBack<'a, T: crate::Element> {
    pub(super) pass: Pass<'a, T>,
    pub(super) first: usize,
    pub(super) x_bar: &'a mut [T],
    pub(super) sums: &'a mut Sums<T>,
}

impl<T: Float> Kernel for RowsBack<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let RowsBack { pass, first, x_bar, sums } = self;
        let length = pass.rule.form.channels;
        for (group, x_bar) in (first..).zip(x_bar.chunks_exact_mut(length)) {
            let row = group * length..(group + 1) * length;
            let (x, y_bar) = (&pass.kept.x[row.clone()], &pass.bars.y[row]);
            let pull = pull(&pass, group, x, y_bar);
            write_back(&pass, pull, x, y_bar, x_bar, sums);
        }
    }
}

/// The weights of a step.
#[inline(always)]
fn weights<T: Float>(weight: Option<&[T]>, start: usize) -> [T; WIDTH] {
    weight.map_or([T::from_f64(1.0); WIDTH], |weight| read(weight, start))
}

#[inline(always)]
fn pull<T: Float>(pass: &Pass<'_, T>, group: usize, x: &[T], y_bar: &[T]) -> Pull<T> {
    let mean = pass.kept.mean[group];
    let (mut deviations, mut sum, mut products) = (Lanes::zero(), Lanes::zero(), Lanes::zero());
    for (start, seen) in steps(x.len()) {
        let (mut d, mut g, weight) = (read(x, start), read(y_bar, start), weights(pass.kept.weight, start));
        let mut gd = g;
        for lane in 0..WIDTH {
            d[lane] = d[lane] - mean;
            g[lane] = g[lane] * weight[lane];
            gd[lane] = g[lane] * d[lane];
        }
        deviations.add(&d, seen);
        sum.add(&g, seen);
        products.add(&gd, seen);
    }
    pass.pull_of(group, [deviations.total(), sum.total(), products.total()])
}

#[inline(always)]
fn write_back<T: Float>(pass: &Pass<'_, T>, pull: Pull<T>, x: &[T], y_bar: &[T], x_bar: &mut [T], sums: &mut Sums<T>) {
    let Pull { mean, shift, scale, a, b, .. } = pull;
    for (start, seen) in steps(x.len()) {
        let (mut d, y_bar, weight) = (read(x, start), read(y_bar, start), weights(pass.kept.weight, start));
        let mut step = y_bar;
        for lane in 0..WIDTH {
            d[lane] = (d[lane] - mean) - shift;
            step[lane] = scale * weight[lane] * y_bar[lane] + (a * d[lane] + b);
        }
        write(x_bar, start, step);
        if pass.affine {
            let (mut weight_bar, mut bias_bar) = (Lanes(read(&sums.weight, start)), Lanes(read(&sums.bias, start)));
            for lane in 0..WIDTH {
                d[lane] = y_bar[lane] * (d[lane] * scale);
            }
            weight_bar.add(&d, seen);
            bias_bar.add(&y_bar, seen);
            write(&mut sums.weight, start, weight_bar.0);
            write(&mut sums.bias, start, bias_bar.0);
        }
    }
}
