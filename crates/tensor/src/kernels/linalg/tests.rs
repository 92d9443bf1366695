//! Each factorisation by what defines it, over sizes below, at and above a block, in both formats.

use super::*;
use crate::{DType, Rng, Tensor};

const SIZES: [usize; 8] = [0, 1, 2, 3, 8, 31, 33, 70];

/// Units in the last place, relative to the largest element, for each unit of size: rounding errors of these algorithms grow
/// about with the root of the size; a wrong one is off by far more.
const ULPS: f64 = 40.0;

fn random(shape: &[usize], seed: u64, dtype: DType) -> Tensor {
    Rng::seed(seed).normal(shape, dtype)
}

/// Of a matrix that is the product of others.
#[track_caller]
fn assert_equal<T: Scalar>(what: &str, found: &[T], expected: &[T], n: usize) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = largest(expected).to_f64().max(1.0);
    let tolerance = ULPS * T::EPSILON.to_f64() * (n as f64 + 1.0) * scale;
    for (i, (&x, &y)) in found.iter().zip(expected).enumerate() {
        let difference = (x - y).abs().to_f64();
        assert!(difference <= tolerance, "{what} of {n}: element {i} is {x:?}, not {y:?}");
    }
}

fn identity<T: Scalar>(n: usize) -> Vec<T> {
    (0..n * n).map(|i| if i / n.max(1) == i % n.max(1) { T::ONE } else { T::ZERO }).collect()
}

fn each_size<T: Scalar>() {
    for n in SIZES {
        let a = random(&[n, n], 5, T::DTYPE);
        let elements = a.to_vec::<T>();
        let inverted = inverse::<T>(a.array()).expect("a random matrix is regular");
        assert_equal("A⁻¹ A", &product(n, n, n, &inverted, &elements), &identity(n), n * n);

        assert_eigh(&(&a + &a.transpose(0, 1)).to_vec::<T>(), n);

        let positive: Vec<T> = product(n, n, n, &elements, &transposed(&elements, n, n))
            .iter()
            .zip(identity(n))
            .map(|(&x, y): (&T, T)| x + y)
            .collect();
        let factor = cholesky::<T>(&Array::from_slice(&positive, [n, n]).unwrap()).expect("it is positive definite");
        assert_equal("L Lᵀ", &product(n, n, n, &factor, &transposed(&factor, n, n)), &positive, n);
        for i in 0..n {
            assert!(factor[i * n + i] > T::ZERO && factor[i * n + i + 1..(i + 1) * n].iter().all(|&x| x == T::ZERO));
        }

        for columns in [0, 1, 5] {
            let x = random(&[n, columns], 6, T::DTYPE);
            for (is_upper, has_unit_diagonal) in [(false, false), (false, true), (true, false), (true, true)] {
                let triangle = Triangle { is_upper, has_unit_diagonal };
                let of_triangle = |k: usize, x: T| match (k / n, k % n) {
                    (i, j) if i == j => {
                        if has_unit_diagonal {
                            T::ONE
                        } else {
                            x
                        }
                    }
                    (i, j) if (i < j) == is_upper => x,
                    _ => T::ZERO,
                };
                // A dominant diagonal, so that the solution does not grow.
                let full: Vec<T> = elements
                    .iter()
                    .enumerate()
                    .map(|(k, &x)| {
                        let x = x * T::from_f64(1.0 / (n as f64 + 1.0));
                        if k / n == k % n { x + T::from_f64(2.0) } else { x }
                    })
                    .collect();
                let a: Vec<T> = full.iter().enumerate().map(|(k, &x)| of_triangle(k, x)).collect();
                let b = product(n, n, columns, &a, &x.to_vec::<T>());
                let b = Array::from_slice(&b, [n, columns]).unwrap();
                let full = Array::from_slice(&full, [n, n]).unwrap();
                assert_equal("x", &solve_triangular::<T>(&full, &b, triangle), &x.to_vec::<T>(), n);
                let a = Array::from_slice(&a, [n, n]).unwrap();
                assert_equal("x", &solve::<T>(&a, &b).unwrap(), &x.to_vec::<T>(), n);
            }
        }
    }
    for (m, n) in [(0, 0), (0, 3), (3, 0), (1, 1), (5, 2), (2, 5), (7, 7), (40, 33), (33, 40)] {
        let a = random(&[m, n], 7, T::DTYPE);
        let (k, elements) = (m.min(n), a.to_vec::<T>());
        for columns in [k, m] {
            let [q, r] = qr::<T>(a.array(), columns);
            assert_equal("Q R", &product(m, columns, n, &q, &r), &elements, m + n);
            assert_equal(
                "Qᵀ Q",
                &product(columns, m, columns, &transposed(&q, m, columns), &q),
                &identity(columns),
                m + n,
            );
            assert!(r.iter().enumerate().all(|(i, &x)| i / n <= i % n || x == T::ZERO), "R is upper triangular");
        }
        assert_svd(a.array(), &elements);
    }
}

#[track_caller]
fn assert_eigh<T: Scalar>(symmetric: &[T], n: usize) {
    let array = Array::from_slice(symmetric, [n, n]).unwrap();
    let [values, vectors] = eigh::<T>(&array);
    assert!(values.is_sorted(), "{:?}", &values[..]);
    let scaled: Vec<T> = vectors.iter().enumerate().map(|(i, &v)| v * values[i % n]).collect();
    let back = transposed(&vectors, n, n);
    assert_equal("V Λ Vᵀ", &product(n, n, n, &scaled, &back), symmetric, n);
    assert_equal("Vᵀ V", &product(n, n, n, &back, &vectors), &identity(n), n);
}

#[track_caller]
fn assert_svd<T: Scalar>(a: &Array, elements: &[T]) {
    let [_, m, n] = batch_of(a);
    let k = m.min(n);
    let [u, s, vt] = svd::<T>(a);
    assert!(s.iter().rev().is_sorted() && s.iter().all(|&s| s >= T::ZERO), "{:?}", &s[..]);
    let scaled: Vec<T> = u.iter().enumerate().map(|(i, &u)| u * s[i % k]).collect();
    assert_equal("U S Vᵀ", &product(m, k, n, &scaled, &vt), elements, m + n);
    assert_equal("Uᵀ U", &product(k, m, k, &transposed(&u, m, k), &u), &identity(k), m + n);
    assert_equal("Vᵀ V", &product(k, n, k, &vt, &transposed(&vt, k, n)), &identity(k), m + n);
}

#[test]
fn factorisations_give_back_what_was_factored() {
    each_size::<f64>();
    each_size::<f32>();
}

/// Large enough that an engine divides and conquers, where equal, zero and very different values are what can go wrong.
#[test]
fn large_matrices_of_a_known_structure_are_factored() {
    let n = 150;
    let in_both = |name: &str, element: &dyn Fn(usize, usize) -> f64| {
        fn check<T: Scalar>(name: &str, elements: &[f64], n: usize) {
            println!("{name} of {:?}", T::DTYPE);
            let a: Vec<T> = elements.iter().map(|&x| T::from_f64(x)).collect();
            assert_eigh(&a, n);
            // Square, tall and wide.
            for (m, n) in [(n, n), (n, n - 20), (n - 20, n)] {
                let part: Vec<T> =
                    a.chunks(elements.len().isqrt()).take(m).flat_map(|row| &row[..n]).copied().collect();
                assert_svd(&Array::from_slice(&part, [m, n]).unwrap(), &part);
            }
        }
        let elements: Vec<f64> = (0..n * n).map(|k| element(k / n, k % n)).collect();
        check::<f64>(name, &elements, n);
        check::<f32>(name, &elements, n);
    };
    let on_diagonal = |i: usize, j: usize, x: f64| if i == j { x } else { 0.0 };
    in_both("the identity", &|i, j| on_diagonal(i, j, 1.0));
    in_both("zeros", &|_, _| 0.0);
    in_both("ones", &|_, _| 1.0);
    in_both("rank 3", &|i, j| (0..3).map(|k| ((i * (k + 1)) as f64).cos() * ((j * (k + 1)) as f64).cos()).sum());
    in_both("two values", &|i, j| on_diagonal(i, j, if i % 3 == 0 { -2.0 } else { 1.0 }));
    in_both("graded", &|i, j| 10f64.powf(-((i + j) as f64) / 8.0));
    // Wilkinson's: pairs of eigenvalues that agree to the last digits.
    in_both("Wilkinson", &|i, j| match i.abs_diff(j) {
        0 => (i as f64 - 74.5).abs(),
        1 => 1.0,
        _ => 0.0,
    });
}

#[test]
fn the_signs_of_a_qr_factorisation_are_those_of_lapack() {
    for (elements, expected) in [([2.0, 0.0, 0.0, -3.0], [2.0, -3.0]), ([-3.0, 1.0, 4.0, 1.0], [5.0, 1.4])] {
        let [_, r] = qr::<f64>(&Array::from_slice(&elements, [2, 2]).unwrap(), 2);
        assert!((r[0] - expected[0]).abs() < 1e-14 && (r[3] - expected[1]).abs() < 1e-14, "{:?}", &r[..]);
    }
}

#[test]
fn the_singular_vectors_of_a_deficient_matrix_are_orthonormal() {
    let low = random(&[9, 2], 1, DType::F64).matmul(&random(&[2, 6], 2, DType::F64));
    for x in [low.clone(), low.transpose(0, 1), Tensor::zeros([4, 3], DType::F64), Tensor::ones([3, 3], DType::F64)] {
        let x = Tensor::from_vec(x.to_vec::<f64>(), x.shape()).unwrap();
        assert_svd(x.array(), &x.to_vec::<f64>());
    }
    let [_, s, _] = svd::<f64>(low.array());
    assert!(s[1] > 0.1 && s[2] < 1e-14 * s[0], "{:?}", &s[..]);
}

#[test]
fn rows_that_shrink_to_nothing_are_no_trouble() {
    // After a column of zeros three rows of the triangular factor lie in a plane.
    fn each<T: Scalar>(tiny: f64) {
        let (a, b) = (random(&[5, 4], 4, T::DTYPE), random(&[5, 4], 5, T::DTYPE) * tiny);
        let zero = Tensor::zeros([5, 1], T::DTYPE);
        let part = |x: &Tensor, len| x.narrow(1, 0, len);
        let matrices = [
            Tensor::concat([&zero, &part(&a, 3)], 1),
            Tensor::concat([&zero, &zero, &part(&a, 2)], 1),
            Tensor::concat([&part(&a, 1), &zero, &part(&a, 1), &part(&a, 2)], 1),
            Tensor::concat([&zero, &part(&b, 1), &part(&a, 2)], 1),
            Tensor::concat([&part(&b, 2), &zero, &part(&a, 2)], 1),
            // Rows whose squares vanish, beside one whose square does not.
            Tensor::block_diag([&part(&a, 1), &b]),
            Tensor::concat([&a.narrow(0, 0, 1), &b], 0),
        ];
        for x in matrices {
            for x in [x.transpose(0, 1), x] {
                let x = Tensor::from_vec(x.to_vec::<T>(), x.shape()).unwrap();
                assert_svd(x.array(), &x.to_vec::<T>());
            }
        }
    }
    for tiny in [1e-8, 1e-140, 1e-200, 1e-300] {
        each::<f64>(tiny);
    }
    for tiny in [1e-4, 1e-20, 1e-30] {
        each::<f32>(tiny);
    }
}

#[test]
fn elements_whose_squares_overflow_or_vanish_are_no_trouble() {
    for scale in [1e300, 1e-300] {
        let a = random(&[6, 6], 3, DType::F64) * scale;
        let rows = a.to_vec::<f64>();
        let [u, s, vt] = svd::<f64>(a.array());
        let scaled: Vec<f64> = u.iter().enumerate().map(|(i, &u)| u * (s[i % 6] / scale)).collect();
        let expected: Vec<f64> = rows.iter().map(|x| x / scale).collect();
        assert_equal("U S Vᵀ", &product(6, 6, 6, &scaled, &vt), &expected, 6);
        let symmetric = &a + &a.transpose(0, 1);
        let [values, vectors] = eigh::<f64>(symmetric.array());
        let scaled: Vec<f64> = vectors.iter().enumerate().map(|(i, &v)| v * (values[i % 6] / scale)).collect();
        let expected: Vec<f64> = symmetric.to_vec::<f64>().iter().map(|x| x / scale).collect();
        assert_equal("V Λ Vᵀ", &product(6, 6, 6, &scaled, &transposed(&vectors, 6, 6)), &expected, 6);
        let [q, r] = qr::<f64>(a.array(), 6);
        let unscaled: Vec<f64> = r.iter().map(|x| x / scale).collect();
        assert_equal("Q R", &product(6, 6, 6, &q, &unscaled), &rows.iter().map(|x| x / scale).collect::<Vec<_>>(), 6);
    }
}

#[test]
fn nan_and_infinity_come_to_an_end() {
    for bad in [f64::NAN, f64::INFINITY] {
        let a = Tensor::from([[1.0, bad], [bad, 2.0]]);
        assert!(eigh::<f64>(a.array()).iter().all(|part| part.iter().all(|x| x.is_nan())));
        assert!(svd::<f64>(a.array()).iter().all(|part| part.iter().all(|x| x.is_nan())));
        assert!(exp::<f64>(a.array()).iter().all(|x| x.is_nan()));
    }
    // Finite, with sums of columns that are not.
    let large = Tensor::from([[1e308, 0.0], [1e308, 0.0]]);
    assert!(exp::<f64>(large.array()).iter().all(|x| x.is_nan()));
    let a = Tensor::from([[f64::NAN, 0.0], [0.0, 1.0]]);
    assert!(det::<f64>(a.array())[0].is_nan());
    assert!(inverse::<f64>(a.array()).is_ok_and(|x| x[0].is_nan()));
    assert!(cholesky::<f64>(a.array()).is_ok_and(|x| x[0].is_nan()));
}

#[test]
fn the_first_matrix_without_a_result_is_named() {
    let a = Tensor::concat([Tensor::eye(3, DType::F64).unsqueeze(0), Tensor::ones([2, 3, 3], DType::F64)], 0);
    assert_eq!(inverse::<f64>(a.array()).err(), Some(BadPivot { matrix: 1, pivot: 1 }));
    assert_eq!(cholesky::<f64>(a.array()).err(), Some(BadPivot { matrix: 1, pivot: 1 }));
    assert_eq!(det::<f64>(a.array())[..], [1.0, 0.0, 0.0]);
    let [signs, logs] = slogdet::<f64>(a.array());
    assert_eq!(
        (signs[..].to_vec(), logs[..].to_vec()),
        (vec![1.0, 0.0, 0.0], vec![0.0, f64::NEG_INFINITY, f64::NEG_INFINITY])
    );
}

#[test]
fn results_have_the_same_bits_for_any_number_of_threads() {
    let (many, large) = (random(&[50, 9, 9], 1, DType::F64), random(&[150, 150], 2, DType::F64));
    let all = || -> Vec<Vec<f64>> {
        [&many, &large]
            .into_iter()
            .flat_map(|a| {
                let [q, r] = qr(a.array(), a.size(-1));
                let [u, s, vt] = svd(a.array());
                [inverse(a.array()).unwrap(), det(a.array()), exp(a.array()), q, r, u, s, vt]
                    .map(|part: Buffer<f64>| part.to_vec())
            })
            .collect()
    };
    assert_eq!(crate::with_threads(1, all), crate::with_threads(3, all));
}
