//! Distances between all pairs of rows of two matrices, without their differences in memory.

use super::{math::Math, parallel};
use crate::{Array, Buffer};

/// How the differences of coordinates become a distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Norm {
    /// How many are not zero.
    Count,
    /// The sum of their absolute values.
    Sum,
    /// The root of the sum of their squares.
    Euclidean,
    /// The largest absolute value.
    Largest,
    /// The p-th root of the sum of their p-th powers.
    Power(f64),
}

/// `[.., m, d] x [.., n, d] -> [.., m, n]`, row-major; the axes before the last two are the same in both.
pub(crate) fn distances<T: Math>(x: &Array, y: &Array, norm: Norm) -> Buffer<T> {
    let ([batch @ .., m, d], [.., n, _]) = (&x.shape()[..], &y.shape()[..]) else {
        unreachable!("infer asks for matrices")
    };
    let (m, n, d) = (*m, *n, *d);
    let rows = batch.iter().product::<usize>() * m;
    let mut out = Buffer::zeroed(rows * n);
    if out.is_empty() || d == 0 {
        return out;
    }
    let (x, y) = (x.to_slice::<T>(), y.to_slice::<T>());
    // About two elements each nanosecond; a power takes some thirty times as long.
    let each = if matches!(norm, Norm::Power(_)) { 15 } else { 1 };
    parallel::chunks(&mut out, n, (rows * n).saturating_mul(d * each), |row, out| {
        let point = &x[row * d..][..d];
        let others = &y[row / m * n * d..][..n * d];
        for (out, other) in out.iter_mut().zip(others.chunks_exact(d)) {
            *out = distance(point, other, norm);
        }
    });
    out
}

fn distance<T: Math>(x: &[T], y: &[T], norm: Norm) -> T {
    let (zero, one) = (T::default(), T::from_f64(1.0));
    match norm {
        Norm::Count => sum(x, y, |d| if d == zero { zero } else { one }),
        Norm::Sum => sum(x, y, T::abs),
        Norm::Euclidean => sum(x, y, |d| d * d).sqrt(),
        Norm::Largest => x.iter().zip(y).fold(zero, |largest, (&x, &y)| {
            let d = (x - y).abs();
            if d > largest || d.is_nan() { d } else { largest }
        }),
        Norm::Power(p) => {
            let powers = sum(x, y, |d| d.abs().powf::<false>(T::from_f64(p)));
            powers.powf::<false>(T::from_f64(1.0 / p))
        }
    }
}

/// `Σ f(x_i - y_i)`, in eight sums so that it vectorises.
#[inline(always)]
fn sum<T: Math>(x: &[T], y: &[T], f: impl Fn(T) -> T) -> T {
    let mut sums = [T::default(); 8];
    let (x8, x_rest) = x.as_chunks::<8>();
    let (y8, y_rest) = y.as_chunks::<8>();
    for (x, y) in x8.iter().zip(y8) {
        for lane in 0..8 {
            sums[lane] = sums[lane] + f(x[lane] - y[lane]);
        }
    }
    let rest = x_rest.iter().zip(y_rest).fold(T::default(), |sum, (&x, &y)| sum + f(x - y));
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + rest
}
