//! Orders against the standard library's stable sort with a comparison that says what is meant.

use super::*;
use crate::Rng;
use std::cmp::Ordering;

fn compare<T: PartialOrd>(a: &T, b: &T) -> Ordering {
    // Only a NaN is not comparable to itself.
    let nan = |x: &T| x.partial_cmp(x).is_none();
    a.partial_cmp(b).unwrap_or_else(|| nan(a).cmp(&nan(b)))
}

fn expected<T: PartialOrd>(row: &[T], descending: bool) -> Vec<i64> {
    let mut places: Vec<usize> = (0..row.len()).collect();
    places.sort_by(|&i, &j| if descending { compare(&row[j], &row[i]) } else { compare(&row[i], &row[j]) });
    places.into_iter().map(|place| place as i64).collect()
}

fn check<T: Key>(rows: &[T], length: usize) {
    for descending in [false, true] {
        let all = places(rows, length, Wanted::First { count: length, descending });
        for (row, found) in rows.chunks_exact(length).zip(all.chunks_exact(length)) {
            assert_eq!(found, expected(row, descending), "{row:?}");
        }
        for count in [1, length / 2, length] {
            let first = places(rows, length, Wanted::First { count, descending });
            for (row, found) in rows.chunks_exact(length).zip(first.chunks_exact(count.max(1))) {
                assert_eq!(found, &expected(row, descending)[..count]);
            }
        }
    }
    for rank in [0, length / 3, length - 1] {
        let found = places(rows, length, Wanted::Rank(rank));
        for (row, &found) in rows.chunks_exact(length).zip(&found[..]) {
            assert_eq!(found, expected(row, false)[rank]);
        }
    }
}

#[test]
fn orders_are_those_of_a_stable_sort() {
    let mut rng = Rng::seed(3);
    for length in [1, 2, 3, 17, 200] {
        let numbers = rng.uniform_range(-4.0, 4.0, [5 * length], crate::DType::F64).to_vec::<f64>();
        // Few values, so that many are equal, with every special one.
        let special = |x: f64| match x.round() as i64 {
            3 => f64::NAN,
            -3 => -f64::NAN,
            2 => f64::INFINITY,
            -2 => f64::NEG_INFINITY,
            0 => 0.0f64.copysign(x),
            _ => x.round(),
        };
        let coarse: Vec<f64> = numbers.iter().map(|&x| special(x)).collect();
        check(&numbers, length);
        check(&coarse, length);
        check(&coarse.iter().map(|&x| x as f32).collect::<Vec<_>>(), length);
        check(&numbers.iter().map(|&x| x as f32).collect::<Vec<_>>(), length);
        check(&numbers.iter().map(|&x| x as i64).collect::<Vec<_>>(), length);
        check(&numbers.iter().map(|&x| (x + 5.0) as u8).collect::<Vec<_>>(), length);
        check(&numbers.iter().map(|&x| x > 0.0).collect::<Vec<_>>(), length);
    }
    check(&[i64::MIN, i64::MAX, 0, -1, 1], 5);
    check(&[f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1e-45, -1e-45, 0.0], 6);
}

#[test]
fn medians_know_nan() {
    let nan = f64::NAN;
    let median = |row: &[f64]| places(row, row.len(), Wanted::Median)[0];
    let nan_median = |row: &[f64]| places(row, row.len(), Wanted::NanMedian)[0];
    assert_eq!((median(&[4.0, 1.0, 3.0, 2.0]), nan_median(&[4.0, 1.0, 3.0, 2.0])), (3, 3));
    assert_eq!((median(&[1.0, nan, 3.0, nan]), nan_median(&[1.0, nan, 3.0, nan])), (1, 0));
    assert_eq!((median(&[nan, nan]), nan_median(&[nan, nan])), (0, 0));
}
