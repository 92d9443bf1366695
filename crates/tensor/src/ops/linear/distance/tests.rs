use super::Cdist;
use crate::{DType, Decompose, Rng, Tensor};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn each_norm_takes_its_own_distance() {
    let (x, y) = (Tensor::from([[1.0, -2.0, 2.0]]), Tensor::from([[0.0, 0.0, 0.0], [1.0, 0.0, 2.0]]));
    assert_eq!(x.cdist(&y, 0).to_vec::<f64>(), [3.0, 1.0]);
    assert_eq!(x.cdist(&y, 1).to_vec::<f64>(), [5.0, 2.0]);
    assert_eq!(x.cdist(&y, 2).to_vec::<f64>(), [3.0, 2.0]);
    assert_eq!(x.cdist(&y, f64::INFINITY).to_vec::<f64>(), [2.0, 2.0]);
    // 17^(1/3) and 2, by torch.cdist.
    let cubic = x.cdist(&y, 3).to_vec::<f64>();
    assert!((cubic[0] - 2.571281590658235).abs() < 1e-14 && (cubic[1] - 2.0).abs() < 1e-14, "{cubic:?}");
}

#[test]
fn small_distances_of_far_points_keep_their_digits() {
    let (x, y) = (Tensor::from([[1e6, 1e6]]), Tensor::from([[1e6 + 3e-3, 1e6 + 4e-3]]));
    // Only the rounding of the points themselves, 1e-10, is lost; |x|² - 2xy + |y|² would lose all digits.
    assert!((x.cdist(&y, 2).item::<f64>() - 5e-3).abs() < 1e-9);
}

#[test]
fn batches_broadcast_and_empty_ones_are_empty() {
    let (x, y) = (Tensor::zeros([2, 1, 4, 3], DType::F32), Tensor::zeros([5, 6, 3], DType::F32));
    assert_eq!(x.cdist(&y, 2).shape()[..], [2, 5, 4, 6]);
    assert_eq!(Tensor::zeros([0, 3], DType::F32).cdist(&y, 1).shape()[..], [5, 0, 6]);
    let without_coordinates = Tensor::zeros([2, 0], DType::F32);
    for p in [0.0, 1.0, 2.0, 2.5, f64::INFINITY] {
        assert_eq!(without_coordinates.cdist(&without_coordinates, p).to_vec::<f32>(), [0.0; 4], "p = {p}");
    }
}

#[test]
fn nan_is_at_no_known_distance() {
    let x = Tensor::from([[f64::NAN, 1.0]]);
    for p in [1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
        for n in [1, 40] {
            let y = Tensor::from([[0.0, 1.0]]).expand([n, 2]);
            assert!(x.cdist(&y, p).to_vec::<f64>().iter().all(|z| z.is_nan()), "p = {p}, n = {n}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let refusal = |x: &Tensor, y: &Tensor, p: f64| {
        let panic = catch_unwind(AssertUnwindSafe(|| x.cdist(y, p))).expect_err("a refusal");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let (x, y) = (Tensor::zeros([2, 3], DType::F32), Tensor::zeros([2, 2], DType::F32));
    assert_eq!(
        refusal(&x, &y, 2.0),
        "cdist: points on the left have 3 coordinates, on the right 2; got f32[2, 3], f32[2, 2]"
    );
    assert_eq!(refusal(&x, &x, -1.0), "cdist: p must be a number from 0, not -1.0; got f32[2, 3], f32[2, 3]");
    assert_eq!(
        refusal(&x, &Tensor::zeros([3], DType::F32), 2.0),
        "cdist: takes matrices of points: [.., points, coordinates]; got f32[2, 3], f32[3]"
    );
}

#[test]
fn the_kernel_agrees_with_the_composition() {
    let mut rng = Rng::seed(6);
    // Few points, a part of a block, several blocks; coordinates beyond a part.
    for (n, d) in [(3, 1), (3, 7), (3, 8), (3, 19), (4, 1), (31, 8), (32, 19), (70, 128), (33, 300)] {
        let (x, y) = (rng.normal([2, 5, d], DType::F64), rng.normal([1, n, d], DType::F64).expand([2, n, d]));
        for p in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
            let composed = Cdist::new(p).decompose(&[&x, &y]).into_single();
            let error = (x.cdist(&y, p) - &composed).abs().max(..).item::<f64>();
            // Sums of at most 300 terms in two orders, and for p = 0.5 their square.
            assert!(error <= 1e-14 * composed.max(..).item::<f64>(), "n = {n}, d = {d}, p = {p}: {error:e}");
        }
    }
}
