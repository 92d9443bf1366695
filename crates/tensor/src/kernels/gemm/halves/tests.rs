//! Against sums in f64, for every way of multiplying, both types and all layouts.

use super::*;
use crate::{
    Buffer, Rng, bf16, f16,
    kernels::{halves::nearest, parallel},
};

/// Random halves of a matrix, and how they lie: by rows, by columns, or by rows with gaps.
fn matrix<H: Half>(rng: &mut Rng, rows: usize, cols: usize, order: usize) -> (Buffer<H>, isize, isize) {
    let (len, row_stride, col_stride) = match order {
        0 => (rows * cols, cols, 1),
        1 => (rows * cols, 1, rows),
        _ => (rows * cols * 2, cols * 2, 2),
    };
    let numbers = rng.normal([len], crate::DType::F64).to_vec::<f64>();
    (Buffer::from_iter_exact(numbers.into_iter().map(nearest::<H>)), row_stride as isize, col_stride as isize)
}

fn value<H: Half>(x: H) -> f64 {
    f64::from(H::widen::<false>(&[x; 8])[0])
}

/// Checks every element against f64: off by half a unit of the last place for the rounding, and for the sums by what k additions in f32
/// can be off, k * 2^-24 of the sum of magnitudes.
fn check<H: Half>([m, n, k]: [usize; 3], orders: [usize; 2], epsilon: f64) {
    let mut rng = Rng::seed((m * 1000 + n * 10 + k) as u64);
    let (a, a_row, a_col) = matrix::<H>(&mut rng, m, k, orders[0]);
    let (b, b_row, b_col) = matrix::<H>(&mut rng, k, n, orders[1]);
    let lhs = Matrix { data: &a[..], offset: 0, row_stride: a_row, col_stride: a_col };
    let rhs = Matrix { data: &b[..], offset: 0, row_stride: b_row, col_stride: b_col };
    let (row, ..) = matrix::<H>(&mut rng, 1, n, 0);
    check_beside::<H>([m, n, k], lhs, rhs, None, epsilon);
    check_beside::<H>([m, n, k], lhs, rhs, Some(&row[..n]), epsilon);
}

fn check_beside<H: Half>(
    [m, n, k]: [usize; 3],
    lhs: Matrix<'_, H>,
    rhs: Matrix<'_, H>,
    row: Option<&[H]>,
    epsilon: f64,
) {
    let product = || {
        let mut c = Buffer::<H>::zeroed(m * n);
        products([m, n, k], &mut c, lhs, rhs, &[(0, 0)], row);
        c
    };
    let strides = [lhs.row_stride, lhs.col_stride, rhs.row_stride, rhs.col_stride];
    let c = product();
    for i in 0..m {
        for j in 0..n {
            let terms = (0..k).map(|p| value(lhs.at(i, p)) * value(rhs.at(p, j)));
            let terms = terms.chain(row.map(|row| value(row[j])));
            let (sum, magnitude) = terms.fold((0.0, 0.0), |(sum, magnitude), x| (sum + x, magnitude + x.abs()));
            let bound = sum.abs() * epsilon / 2.0 + magnitude * (k + 1) as f64 * 2f64.powi(-24);
            let found = value(c[i * n + j]);
            assert!(
                (found - sum).abs() <= bound,
                "{} {m}x{k}x{n} {strides:?} at {i}, {j}: {found}, not {sum}",
                H::DTYPE
            );
        }
    }
    let bits = |c: &[H]| c.iter().map(|&x| value(x).to_bits()).collect::<Vec<_>>();
    assert!(bits(&parallel::with_threads(1, product)) == bits(&parallel::with_threads(3, product)), "{m}x{k}x{n}");
}

#[test]
fn sums_are_those_of_f64_up_to_one_rounding() {
    let sizes =
        [[1, 1, 1], [1, 70, 33], [70, 1, 9], [2, 37, 16], [3, 130, 65], [7, 66, 31], [90, 13, 40], [16, 600, 17]];
    let larger = [[17, 33, 65], [70, 80, 33], [24, 32, 2], [61, 97, 129], [40, 70, 1027], [130, 40, 520]];
    for size in sizes.into_iter().chain(larger) {
        for orders in [[0, 0], [0, 1], [1, 0], [1, 1], [2, 2], [0, 2]] {
            check::<bf16>(size, orders, bf16::EPSILON.to_f64());
            check::<f16>(size, orders, f16::EPSILON.to_f64());
        }
    }
}

/// Large enough for several pieces on several threads.
#[test]
fn large_products_have_the_same_bits_on_any_number_of_threads() {
    for size in [[1, 3000, 300], [5, 900, 500], [150, 200, 300]] {
        for orders in [[0, 0], [0, 1]] {
            check::<bf16>(size, orders, bf16::EPSILON.to_f64());
        }
    }
    check::<f16>([150, 200, 300], [0, 1], f16::EPSILON.to_f64());
}

/// Rows that are longer than a piece of work have a piece for themselves.
#[test]
fn a_row_may_be_longer_than_a_piece() {
    for size in [[1, 3, 140_000], [3, 1, 140_000], [1, 1, 200_000]] {
        check::<bf16>(size, [0, 1], bf16::EPSILON.to_f64());
        check::<f16>(size, [0, 1], f16::EPSILON.to_f64());
    }
}

/// Windows in reverse overlap backwards: what lies after the last column lies before the first element.
#[test]
fn columns_may_overlap_backwards() {
    const WINDOWS: usize = 45;
    let mut rng = Rng::seed(3);
    let (x, ..) = matrix::<bf16>(&mut rng, 1, WINDOWS + 7, 0);
    let (v, ..) = matrix::<bf16>(&mut rng, 8, 1, 0);
    let windows = Matrix { data: &x[..], offset: 7, row_stride: 1, col_stride: -1 };
    let mut sums = Buffer::<bf16>::zeroed(WINDOWS);
    products(
        [WINDOWS, 1, 8],
        &mut sums,
        windows,
        Matrix { data: &v[..], offset: 0, row_stride: 1, col_stride: 1 },
        &[(7, 0)],
        None,
    );
    for (i, &sum) in sums.iter().enumerate() {
        let wanted: f64 = (0..8).map(|p| value(x[i + 7 - p]) * value(v[p])).sum();
        // Eight terms of a few units, rounded to eight bits.
        assert!((value(sum) - wanted).abs() < 0.1, "window {i}: {sum}, not {wanted}");
    }
}

#[test]
fn nan_and_infinity_reach_their_sums_and_no_other() {
    for [m, n] in [[3, 40], [40, 50]] {
        let k = 5;
        let ones = |len| Buffer::from_iter_exact((0..len).map(|_| bf16::ONE));
        let (mut a, b) = (ones(m * k), ones(k * n));
        (a[k + 2], a[2 * k + 1]) = (bf16::NAN, bf16::INFINITY);
        let whole = |data, row_stride| Matrix { data, offset: 0, row_stride, col_stride: 1 };
        let mut c = Buffer::<bf16>::zeroed(m * n);
        products([m, n, k], &mut c, whole(&a[..], k as isize), whole(&b[..], n as isize), &[(0, 0)], None);
        for (i, row) in c.chunks(n).enumerate() {
            let wanted = |x: &bf16| match i {
                1 => x.is_nan(),
                2 => *x == bf16::INFINITY,
                _ => x.to_f32() == 5.0,
            };
            assert!(row.iter().all(wanted), "row {i} of {m} x {n}");
        }
    }
}

#[test]
fn batches_and_empty_sums() {
    let mut rng = Rng::seed(1);
    let (a, ..) = matrix::<f16>(&mut rng, 20, 30, 0);
    let (b, ..) = matrix::<f16>(&mut rng, 30, 20, 0);
    let whole = |data, row_stride| Matrix { data, offset: 0, row_stride, col_stride: 1 };
    // The upper half of `a` times itself as 10 x 30, then the lower; `b` as one matrix for both.
    let mut both = Buffer::<f16>::zeroed(2 * 10 * 20);
    products([10, 20, 30], &mut both, whole(&a[..], 30), whole(&b[..], 20), &[(0, 0), (300, 0)], None);
    let mut at_once = Buffer::<f16>::zeroed(20 * 20);
    products([20, 20, 30], &mut at_once, whole(&a[..], 30), whole(&b[..], 20), &[(0, 0)], None);
    let off = both.iter().zip(&at_once[..]).map(|(x, y)| (x.to_f32() - y.to_f32()).abs());
    assert!(off.fold(0.0, f32::max) <= 8.0 * f16::EPSILON.to_f32(), "one unit of the last place, of sums below 16");
    products([20, 20, 0], &mut at_once, whole(&a[..], 30), whole(&b[..], 20), &[(0, 0)], None);
    assert!(at_once.iter().all(|x| x.to_f32() == 0.0));
    products([20, 20, 0], &mut at_once, whole(&a[..], 30), whole(&b[..], 20), &[(0, 0)], Some(&b[..20]));
    assert!(at_once.chunks(20).all(|row| row.iter().zip(&b[..]).all(|(x, y)| x.to_bits() == y.to_bits())));
}
