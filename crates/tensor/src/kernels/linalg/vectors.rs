//! What factorisations do with rows: sums of products, multiples added, rotations. Long rows go to the processor's widest vectors; for
//! short ones, as of a batch of small matrices, asking which those are would take longer than the row.

use super::Scalar;
use crate::kernels::{
    gemm::fused,
    isa::{self, Kernel},
};

/// Sums that a long dot product keeps: four vectors of f32 with AVX2, as many as the latency of an instruction is cycles long.
const LANES: usize = 32;
/// Sums for what is left of a row, and for a short one.
const FEW_LANES: usize = 8;
/// Elements of a long row.
const LONG: usize = 32;

/// `Σ x_i y_i`
pub(super) fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    if x.len() < LONG { short_dot::<T, false>([T::ZERO; FEW_LANES], x, y) } else { isa::dispatch(Dot { x, y }) }
}

/// `y += factor x`
pub(super) fn add_multiple<T: Scalar>(y: &mut [T], factor: T, x: &[T]) {
    let sum = AddMultiple { y, factor, x };
    if sum.x.len() < LONG { sum.run::<false>() } else { isa::dispatch(sum) }
}

/// `(x, y)` becomes `(c x - s y, s x + c y)`.
pub(super) fn rotate<T: Scalar>(x: &mut [T], y: &mut [T], c: T, s: T) {
    let rotation = Rotation { x, y, c, s };
    if rotation.x.len() < LONG { rotation.run::<false>() } else { isa::dispatch(rotation) }
}

struct Dot<'a, T> {
    x: &'a [T],
    y: &'a [T],
}

impl<T: Scalar> Kernel for Dot<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        let ((x, x_rest), (y, y_rest)) = (self.x.as_chunks(), self.y.as_chunks());
        let mut sums = [T::ZERO; LANES];
        add_products::<T, LANES, FMA>(&mut sums, x, y);
        let mut few = [T::ZERO; FEW_LANES];
        for sums in sums.as_chunks::<FEW_LANES>().0 {
            for lane in 0..FEW_LANES {
                few[lane] += sums[lane];
            }
        }
        short_dot::<T, FMA>(few, x_rest, y_rest)
    }
}

/// The sum of these and of the products.
#[inline(always)]
fn short_dot<T: Scalar, const FMA: bool>(mut sums: [T; FEW_LANES], x: &[T], y: &[T]) -> T {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks(), y.as_chunks());
    add_products::<T, FEW_LANES, FMA>(&mut sums, x, y);
    let [a, b, c, d, e, f, g, h] = sums;
    let mut sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    for (&x, &y) in x_rest.iter().zip(y_rest) {
        sum = fused::<T, FMA>(x, y, sum);
    }
    sum
}

#[inline(always)]
fn add_products<T: Scalar, const N: usize, const FMA: bool>(sums: &mut [T; N], x: &[[T; N]], y: &[[T; N]]) {
    for (x, y) in x.iter().zip(y) {
        for lane in 0..N {
            sums[lane] = fused::<T, FMA>(x[lane], y[lane], sums[lane]);
        }
    }
}

struct AddMultiple<'a, T> {
    y: &'a mut [T],
    factor: T,
    x: &'a [T],
}

impl<T: Scalar> Kernel for AddMultiple<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = fused::<T, FMA>(self.factor, x, *y);
        }
    }
}

struct Rotation<'a, T> {
    x: &'a mut [T],
    y: &'a mut [T],
    c: T,
    s: T,
}

impl<T: Scalar> Kernel for Rotation<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Rotation { x, y, c, s } = self;
        for (x, y) in x.iter_mut().zip(y) {
            (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against plain loops, around the lengths where the way changes. Small integers, whose products and sums are exact.
    #[test]
    fn rows_of_all_lengths() {
        fn check<T: Scalar>() {
            let number = |i: usize| T::from_f64((i * 5 % 7) as f64 - 3.0);
            for len in 0..100 {
                let x: Vec<T> = (0..len).map(number).collect();
                let y: Vec<T> = (0..len).map(|i| number(i * 3 + 1)).collect();
                let two = T::from_f64(2.0);
                let sum = x.iter().zip(&y).fold(T::ZERO, |sum, (&x, &y)| sum + x * y);
                assert!(dot(&x, &y) == sum, "{len}");
                let mut added = y.clone();
                add_multiple(&mut added, two, &x);
                assert!((0..len).all(|i| added[i] == y[i] + two * x[i]), "{len}");
                let (mut turned_x, mut turned_y) = (x.clone(), y.clone());
                rotate(&mut turned_x, &mut turned_y, two, -T::ONE);
                assert!((0..len).all(|i| turned_x[i] == two * x[i] + y[i]), "{len}");
                assert!((0..len).all(|i| turned_y[i] == two * y[i] - x[i]), "{len}");
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
