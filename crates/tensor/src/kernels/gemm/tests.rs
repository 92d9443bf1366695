//! Against a triple loop. Elements are small integers, so that every sum is exact and results must be equal, whatever their order;
//! where order matters (bits for any number of threads) they are fractions.

use super::*;
use crate::kernels::parallel::with_threads;

trait TestElement: GemmElement {
    const NAN: Self;
    fn of(value: f64) -> Self;
    fn bits(self) -> u64;
}
impl TestElement for f32 {
    const NAN: f32 = f32::NAN;
    fn of(value: f64) -> f32 {
        value as f32
    }
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}
impl TestElement for f64 {
    const NAN: f64 = f64::NAN;
    fn of(value: f64) -> f64 {
        value
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// Integers from -4 to 4 that repeat after no small number of elements.
fn integers<T: TestElement>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::of((state >> 40) as f64 % 9.0 - 4.0)
    };
    (0..len).map(|_| next()).collect()
}

/// Where the elements of a `rows x cols` matrix lie.
#[derive(Clone, Copy, Debug)]
enum Order {
    RowMajor,
    ColMajor,
    /// Rows are further apart than they are long.
    Gaps,
    /// Neither rows nor columns are contiguous.
    Sparse,
    RowsBackwards,
    ColsBackwards,
    AllBackwards,
    /// All rows are one.
    RowRepeated,
    ColRepeated,
    OneElement,
}
use Order::*;
const ORDERS: [Order; 10] = [
    RowMajor,
    ColMajor,
    Gaps,
    Sparse,
    RowsBackwards,
    ColsBackwards,
    AllBackwards,
    RowRepeated,
    ColRepeated,
    OneElement,
];

impl Order {
    fn strides(self, rows: usize, cols: usize) -> [isize; 2] {
        let (rows, cols) = (rows as isize, cols as isize);
        match self {
            RowMajor => [cols, 1],
            ColMajor => [1, rows],
            Gaps => [cols + 3, 1],
            Sparse => [2 * cols + 1, 2],
            RowsBackwards => [-cols, 1],
            ColsBackwards => [1, -rows],
            AllBackwards => [-1, -rows],
            RowRepeated => [0, 1],
            ColRepeated => [1, 0],
            OneElement => [0, 0],
        }
    }

    /// A matrix in this order, in a slice that holds its elements, three before them, and none after.
    fn matrix<T: TestElement>(self, data: &mut Vec<T>, rows: usize, cols: usize, seed: u64) -> [isize; 3] {
        let [row_stride, col_stride] = self.strides(rows, cols);
        let (down, right) =
            (rows.saturating_sub(1) as isize * row_stride, cols.saturating_sub(1) as isize * col_stride);
        let offset = 3 - down.min(0) - right.min(0);
        let len = offset + down.max(0) + right.max(0) + 1;
        *data = integers(len as usize, seed);
        [offset, row_stride, col_stride]
    }
}

fn in_order<T>(data: &[T], [offset, row_stride, col_stride]: [isize; 3]) -> Matrix<'_, T> {
    Matrix { data, offset: offset as usize, row_stride, col_stride }
}

fn product<T: TestElement>(m: usize, n: usize, k: usize, lhs: Matrix<'_, T>, rhs: Matrix<'_, T>) -> Vec<T> {
    let mut dst = Vec::with_capacity(m * n);
    for i in 0..m {
        for j in 0..n {
            dst.push((0..k).fold(T::of(0.0), |sum, p| sum + lhs.at(i, p) * rhs.at(p, j)));
        }
    }
    dst
}

fn check<T: TestElement>(m: usize, n: usize, k: usize, orders: [Order; 2]) {
    let (mut lhs, mut rhs) = (Vec::new(), Vec::new());
    let lhs_place = orders[0].matrix::<T>(&mut lhs, m, k, 1);
    let rhs_place = orders[1].matrix::<T>(&mut rhs, k, n, 2);
    let (lhs, rhs) = (in_order(&lhs, lhs_place), in_order(&rhs, rhs_place));
    let expected = product(m, n, k, lhs, rhs);

    let mut dst = vec![T::NAN; m * n];
    gemm(m, n, k, &mut dst, lhs, rhs, false);
    assert_eq!(dst, expected, "{m} x {n} x {k}, {orders:?}");

    let before = integers::<T>(m * n, 3);
    let mut dst = before.clone();
    gemm(m, n, k, &mut dst, lhs, rhs, true);
    let expected: Vec<T> = expected.iter().zip(before).map(|(&x, before)| x + before).collect();
    assert_eq!(dst, expected, "{m} x {n} x {k}, {orders:?}, accumulating");
}

#[test]
fn a_product_onto_a_row() {
    for (m, n, k) in [(1, 1, 1), (3, 5, 0), (7, 9, 5), (1, 19, 37), (19, 1, 37), (257, 129, 131), (16, 24, 8001)] {
        let (mut lhs, mut rhs) = (Vec::new(), Vec::new());
        let lhs_place = RowMajor.matrix::<f32>(&mut lhs, m, k, 1);
        let rhs_place = ColMajor.matrix::<f32>(&mut rhs, k, n, 2);
        let (lhs, rhs) = (in_order(&lhs, lhs_place), in_order(&rhs, rhs_place));
        let row = integers::<f32>(n, 3);
        let expected: Vec<f32> = product(m, n, k, lhs, rhs).iter().enumerate().map(|(i, &x)| x + row[i % n]).collect();
        let mut dst = vec![f32::NAN; m * n];
        gemm_onto_row([m, n, k], &mut dst, lhs, rhs, &row);
        assert_eq!(dst, expected, "{m} x {n} x {k}");
    }
}

#[test]
fn panels_of_a_transposed_operand() {
    for (m, n, k) in [(1, 1, 1), (5, 3, 257), (16, 16, 256), (20, 17, 600)] {
        for order in [ColMajor, ColsBackwards] {
            let (mut lhs, mut rhs) = (Vec::new(), Vec::new());
            let lhs_place = order.matrix::<f32>(&mut lhs, m, k, 1);
            let rhs_place = RowMajor.matrix::<f32>(&mut rhs, k, n, 2);
            let (lhs, rhs) = (in_order(&lhs, lhs_place), in_order(&rhs, rhs_place));
            let mut dst = vec![f32::NAN; m * n];
            panels::multiply(k, Tile::of_matrix(&mut dst, m, n), lhs, rhs, false);
            let expected = product(m, n, k, lhs, rhs);
            assert_eq!(dst, expected, "{m} x {n} x {k}, {order:?}");
            panels::multiply(k, Tile::of_matrix(&mut dst, m, n), lhs, rhs, true);
            assert!(dst.iter().zip(expected).all(|(&x, once)| x == 2.0 * once), "{m} x {n} x {k}, {order:?}");
        }
    }
}

fn check_both(m: usize, n: usize, k: usize, orders: [Order; 2]) {
    check::<f32>(m, n, k, orders);
    check::<f64>(m, n, k, orders);
}

#[test]
fn every_small_shape() {
    let sizes = [0, 1, 2, 3, 5, 8, 15, 16, 17, 33];
    for m in sizes {
        for n in sizes {
            for k in sizes {
                check_both(m, n, k, [RowMajor, RowMajor]);
            }
        }
    }
}

#[test]
fn every_pair_of_orders() {
    for lhs in ORDERS {
        for rhs in ORDERS {
            for (m, n, k) in [(7, 9, 5), (1, 19, 37), (19, 1, 37), (1, 1, 40), (4, 4, 1), (50, 100, 30)] {
                check_both(m, n, k, [lhs, rhs]);
            }
        }
    }
}

#[test]
fn shapes_around_the_edges_of_tiles() {
    for m in [255, 256, 257] {
        for n in [63, 65, 127, 129, 193] {
            check::<f32>(m, n, 131, [RowMajor, ColMajor]);
        }
    }
    for (m, n, k) in [(513, 385, 11), (5, 3000, 150), (3000, 5, 150), (261, 64, 130)] {
        check::<f64>(m, n, k, [ColMajor, RowMajor]);
        check::<f32>(m, n, k, [Gaps, AllBackwards]);
    }
}

#[test]
fn long_sums_in_parts() {
    for (m, n, k) in [(16, 24, 8001), (64, 64, 2049), (1, 1, 500_003), (3, 1, 300_001), (1, 3, 300_001)] {
        check::<f64>(m, n, k, [RowMajor, RowMajor]);
        // Integers up to 2^24 are exact in f32, and sums of products of these stay far below.
        check::<f32>(m, n, k, [ColMajor, ColMajor]);
    }
}

#[test]
fn vectors_that_are_cut() {
    for orders in [[RowMajor, RowMajor], [ColMajor, ColMajor]] {
        check_both(1, 9001, 50, orders);
        check_both(9001, 1, 50, orders);
    }
}

/// That the shapes of these tests are cut as their names say.
#[test]
fn what_is_cut() {
    let data = [0.0f32];
    let pieces = |products: usize, m: usize, n: usize, k: usize, order: Order| {
        let place = |rows: usize, cols: usize| {
            let [row_stride, col_stride] = order.strides(rows, cols);
            in_order(&data, [0, row_stride, col_stride])
        };
        let plan = Plan::new(products, [m, n, k], place(m, k), place(k, n));
        let count = std::sync::atomic::AtomicUsize::new(0);
        plan.for_each_piece(|piece| {
            assert!(!piece.rows.is_empty() && !piece.cols.is_empty() && !piece.depth.is_empty());
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        [count.into_inner() / products / plan.parts(), plan.parts()]
    };
    assert_eq!(pieces(1, 64, 64, 64, RowMajor), [1, 1]);
    assert_eq!(pieces(33, 64, 64, 64, RowMajor), [1, 1]);
    assert_eq!(pieces(1, 128, 128, 128, RowMajor), [2, 1]);
    assert_eq!(pieces(1, 256, 256, 256, RowMajor), [4, 1]);
    assert_eq!(pieces(1, 257, 256, 256, RowMajor), [8, 1]);
    assert_eq!(pieces(1, 1024, 1024, 1024, RowMajor), [32, 1]);
    // A transposed operand in panels, and one whose columns are not far apart.
    assert_eq!(pieces(1, 1024, 512, 2048, ColMajor), [8, 2]);
    assert_eq!(pieces(1, 512, 512, 2048, ColMajor), [16, 1]);
    assert_eq!(pieces(1, 64, 64, 2049, RowMajor), [1, 2]);
    assert_eq!(pieces(1, 64, 64, 20_000, RowMajor), [1, 16]);
    assert_eq!(pieces(1, 1, 9001, 50, RowMajor), [3, 1]);
    assert_eq!(pieces(1, 9001, 1, 50, RowMajor), [4, 1]);
    assert_eq!(pieces(1, 700, 1, 700, ColMajor), [1, 3]);
    assert_eq!(pieces(1, 3, 1, 300_001, RowMajor), [3, 2]);
    assert_eq!(pieces(1, 1, 1, 500_003, RowMajor), [1, 3]);
    assert_eq!(pieces(5, 1, 1, 500_003, RowMajor), [1, 3]);
}

#[test]
fn batches_with_repeated_offsets() {
    for (m, n, k, count) in [(3, 4, 5, 7), (16, 16, 16, 300), (1, 40, 50, 9), (150, 150, 150, 3), (64, 64, 64, 33)] {
        let data = integers::<f32>(4 * m.max(n) * k, 5);
        let (lhs, rhs) = (in_order(&data, [99, k as isize, 1]), in_order(&data, [77, 1, k as isize]));
        let offsets: Vec<_> = (0..count).map(|i| (i % 3 * m * k, i % 2 * n * k)).collect();
        let expected: Vec<f32> = offsets
            .iter()
            .flat_map(|&(left, right)| product(m, n, k, lhs.with_offset(left), rhs.with_offset(right)))
            .collect();
        let mut dst = vec![f32::NAN; expected.len()];
        gemm_batched(m, n, k, &mut dst, lhs, rhs, &offsets);
        assert_eq!(dst, expected, "{count} times {m} x {n} x {k}");
    }
    gemm_batched(2, 2, 2, &mut [], in_order(&[1.0f32; 4], [0, 2, 1]), in_order(&[1.0; 4], [0, 2, 1]), &[]);
}

#[test]
fn an_empty_sum_is_zero() {
    let nothing = in_order::<f32>(&[], [0, 0, 1]);
    let mut dst = [f32::NAN; 6];
    gemm(2, 3, 0, &mut dst, nothing, nothing, false);
    assert_eq!(dst, [0.0; 6]);
    dst.fill(7.0);
    gemm(2, 3, 0, &mut dst, nothing, nothing, true);
    assert_eq!(dst, [7.0; 6]);
    gemm(0, 3, 5, &mut [], nothing, nothing, false);
}

#[test]
fn nan_and_infinity_spread_as_in_arithmetic() {
    for (m, n) in [(5, 6), (1, 6), (5, 1)] {
        let (mut lhs, mut rhs) = (vec![1.0f32; m * 20], vec![0.0f32; 20 * n]);
        lhs[2] = f32::INFINITY;
        rhs[19 * n] = f32::NAN;
        let mut dst = vec![0.0f32; m * n];
        gemm(m, n, 20, &mut dst, in_order(&lhs, [0, 20, 1]), in_order(&rhs, [0, n as isize, 1]), false);
        for (i, x) in dst.iter().enumerate() {
            // Row 0 has infinity times zero, column 0 the NaN.
            assert_eq!(x.is_nan(), i / n == 0 || i % n == 0, "{m} x {n}, element {i}: {x}");
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    fn check<T: TestElement>(m: usize, n: usize, k: usize, count: usize, orders: [Order; 2]) {
        let (mut lhs, mut rhs) = (Vec::new(), Vec::new());
        let lhs_place = orders[0].matrix::<T>(&mut lhs, m, k, 1);
        let rhs_place = orders[1].matrix::<T>(&mut rhs, k, n, 2);
        // Not exact in binary, so that another order of adding would show.
        lhs.iter_mut().for_each(|x| *x = *x * T::of(0.3));
        let (lhs, rhs) = (in_order(&lhs, lhs_place), in_order(&rhs, rhs_place));
        let offsets = vec![(lhs.offset, rhs.offset); count];
        let [one, two, three] = [1, 2, 3].map(|threads| {
            let mut dst = vec![T::NAN; count * m * n];
            with_threads(threads, || gemm_batched(m, n, k, &mut dst, lhs, rhs, &offsets));
            dst.into_iter().map(T::bits).collect::<Vec<_>>()
        });
        assert!(one == two && one == three, "{count} times {m} x {n} x {k}, {orders:?}");
    }
    for orders in [[RowMajor, RowMajor], [RowMajor, ColMajor], [ColMajor, RowMajor]] {
        for (m, n, k, count) in [
            (200, 201, 202, 1),
            (64, 64, 4100, 1),
            (1, 700, 700, 1),
            (700, 1, 700, 1),
            (1, 1, 900_000, 1),
            (48, 48, 48, 40),
            (800, 256, 1100, 1),
        ] {
            check::<f32>(m, n, k, count, orders);
            check::<f64>(m, n, k, count, orders);
        }
    }
}

#[test]
fn the_portable_product() {
    for (m, n, k) in [(1, 1, 1), (4, 16, 256), (5, 17, 257), (9, 40, 600), (3, 5, 2)] {
        for orders in [[RowMajor, RowMajor], [ColMajor, AllBackwards], [Sparse, RowRepeated]] {
            let (mut lhs, mut rhs) = (Vec::new(), Vec::new());
            let lhs_place = orders[0].matrix::<f32>(&mut lhs, m, k, 1);
            let rhs_place = orders[1].matrix::<f32>(&mut rhs, k, n, 2);
            let (lhs, rhs) = (in_order(&lhs, lhs_place), in_order(&rhs, rhs_place));
            let mut expected = product(m, n, k, lhs, rhs);
            let mut dst = vec![f32::NAN; m * n];
            for _ in 0..2 {
                let accumulate = !dst[0].is_nan();
                let output = Shared::new(&mut dst);
                // SAFETY: the tile is the whole of dst and the only one.
                let tile = unsafe { output.tile(0, [m, n], n) };
                portable::multiply(k, tile, lhs, rhs, accumulate);
                assert_eq!(dst, expected, "{m} x {n} x {k}, {orders:?}");
                expected.iter_mut().for_each(|x| *x *= 2.0);
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let ones = [1.0f32; 12];
    // A 3 x 4 matrix times a 4 x 3 one; `place` is the left one's offset and strides.
    let run = |dst: usize, place: [isize; 3]| {
        let mut dst = vec![0.0; dst];
        gemm(3, 3, 4, &mut dst, in_order(&ones, place), in_order(&ones, [0, 3, 1]), false);
    };
    run(9, [0, 4, 1]);
    run(9, [11, -4, -1]);
    for (dst, place) in [
        (8, [0, 4, 1]),
        (10, [0, 4, 1]),
        (9, [1, 4, 1]),
        (9, [0, 5, 1]),
        (9, [0, -4, 1]),
        (9, [10, -4, -1]),
        (9, [0, isize::MAX, 1]),
        (9, [0, isize::MIN, isize::MIN]),
        (9, [-1, 4, 1]),
        (9, [-1, isize::MIN, isize::MAX]),
    ] {
        let result = std::panic::catch_unwind(|| run(dst, place));
        assert!(result.is_err(), "{dst} elements, {place:?}");
    }
    let batch = std::panic::catch_unwind(|| {
        let matrix = in_order(&ones, [0, 2, 1]);
        gemm_batched(2, 2, 2, &mut [0.0; 8], matrix, matrix, &[(0, 0), (9, 0)]);
    });
    assert!(batch.is_err());
    let huge = std::panic::catch_unwind(|| {
        let one = in_order(&ones, [0, 0, 0]);
        gemm(usize::MAX, usize::MAX, 1, &mut [0.0], one, one, false);
    });
    assert!(huge.is_err());
}
