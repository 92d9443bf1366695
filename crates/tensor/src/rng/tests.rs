use super::{
    draws::{unit_f32, unit_f64},
    *,
};
use crate::{DType, Tensor, kernels::parallel};
use rand::{RngExt, seq::SliceRandom};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Numbers to a sample: tolerances below are about five standard errors at this size, so that an honest generator fails
/// one check in two million; but seeds are fixed, and what passes once passes always.
const SAMPLE: usize = 1 << 20;

fn bits32(x: &Tensor) -> Vec<u32> {
    x.to_vec::<f32>().into_iter().map(f32::to_bits).collect()
}

fn bits64(x: &Tensor) -> Vec<u64> {
    x.to_vec::<f64>().into_iter().map(f64::to_bits).collect()
}

fn as_f64(x: &Tensor) -> Vec<f64> {
    match x.dtype() {
        DType::F32 => x.to_vec::<f32>().into_iter().map(f64::from).collect(),
        _ => x.to_vec(),
    }
}

/// Mean, variance, and the fourth moment about the mean over the variance squared.
fn moments(x: &[f64]) -> [f64; 3] {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let about = |power: i32| x.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    [mean, about(2), about(4) / about(2).powi(2)]
}

#[track_caller]
fn assert_close(found: [f64; 3], wanted: [f64; 3], standard_errors: [f64; 3]) {
    for i in 0..3 {
        let tolerance = 5.0 * standard_errors[i] / (SAMPLE as f64).sqrt();
        assert!(
            (found[i] - wanted[i]).abs() < tolerance,
            "moment {i}: {} is not {} ± {tolerance}",
            found[i],
            wanted[i]
        );
    }
}

fn message(f: impl FnOnce() -> Tensor) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("a panic");
    payload.downcast_ref::<String>().expect("a formatted message").clone()
}

// The golden values were confirmed by an independent implementation of SplitMix64, ChaCha8 and the formulas in Python,
// normals to within rounding with erfinv at 40 digits. They must never change: users' results rest on them.

#[test]
fn uniform_has_its_golden_bits() {
    assert_eq!(bits32(&Rng::seed(0).uniform([4], DType::F32)), [0x3e363b94, 0x3f3f94d1, 0x3f26da5a, 0x3e69ce1c]);
    assert_eq!(
        bits64(&Rng::seed(7).uniform([4], DType::F64)),
        [0x3fd9a1b5e8142094, 0x3fe8c74bf253b683, 0x3fe03cefba1ca959, 0x3fb12b2c0d2451b0]
    );
}

#[test]
fn normal_has_its_golden_bits() {
    assert_eq!(
        bits32(&Rng::seed(0).normal([8], DType::F32)),
        [0x3eec8c21, 0xbf2b5aa7, 0xbec7bb64, 0x3f1b95e6, 0xbf30ac27, 0x3f2431fc, 0xbfaec0bf, 0x3e709606]
    );
    assert_eq!(
        bits64(&Rng::seed(7).normal([8], DType::F64)),
        [
            0x3ff48ccf4e941599,
            0xbfe81a068d29969b,
            0xbf93181f73006397,
            0x3fc59ebc7b50659d,
            0xbfb5f71194fee754,
            0x3fe4d60c95a82368,
            0xbfd948e2ed3b0754,
            0xbfe4b0b0a993fb1a
        ]
    );
}

#[test]
fn discrete_draws_have_their_golden_values() {
    assert_eq!(Rng::seed(7).permutation(10).to_vec::<i64>(), [7, 8, 5, 2, 1, 3, 0, 9, 6, 4]);
    assert_eq!(Rng::seed(7).randint(-3, 4, [10]).to_vec::<i64>(), [-1, 2, 0, -3, 0, -2, 1, 2, -2, 0]);
    let trues: Vec<usize> = (0..10).filter(|&i| Rng::seed(7).bernoulli(0.3, [10]).to_vec::<bool>()[i]).collect();
    assert_eq!(trues, [3, 5, 8]);
    assert_eq!(bits32(&Rng::seed(7).split().uniform([2], DType::F32)), [1057292697, 1063971594]);
    assert_eq!(Rng::seed(7).to_bytes()[..8], 0x63cb_e1e4_5932_0dd7_u64.to_le_bytes());
}

#[test]
fn uniform_has_the_moments_of_the_uniform_distribution() {
    for dtype in [DType::F32, DType::F64] {
        let x = as_f64(&Rng::seed(1).uniform([SAMPLE], dtype));
        assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
        // Standard errors at n = 1: sd; sqrt(mu4 - var²) = sqrt(1/80 - 1/144); of the kurtosis, at most 3.
        assert_close(moments(&x), [0.5, 1.0 / 12.0, 1.8], [0.2887, 0.0745, 3.0]);
        let tenths = (0..10).map(|i| x.iter().filter(|x| (**x * 10.0) as usize == i).count());
        let wanted = SAMPLE as f64 / 10.0;
        let chi_squared: f64 = tenths.map(|count| (count as f64 - wanted).powi(2) / wanted).sum();
        assert!(chi_squared < 40.0, "9 degrees of freedom exceed 40 once in 100,000 samples: {chi_squared}");
    }
}

#[test]
fn normal_has_the_moments_and_tails_of_the_normal_distribution() {
    for dtype in [DType::F32, DType::F64] {
        let x = as_f64(&Rng::seed(2).normal([SAMPLE], dtype));
        // Standard errors at n = 1: 1; √2; √24.
        assert_close(moments(&x), [0.0, 1.0, 3.0], [1.0, 2f64.sqrt(), 24f64.sqrt()]);
        for (beyond, wanted) in [(1.0, 0.317_310_508), (2.0, 0.045_500_264), (3.0, 0.002_699_796)] {
            let share = x.iter().filter(|x| x.abs() > beyond).count() as f64 / SAMPLE as f64;
            let tolerance = 5.0 * (wanted / SAMPLE as f64).sqrt();
            assert!((share - wanted).abs() < tolerance, "{share} beyond {beyond}, not {wanted} ± {tolerance}");
        }
    }
}

#[test]
fn neighbouring_numbers_do_not_correlate() {
    let x = as_f64(&Rng::seed(3).normal([SAMPLE], DType::F64));
    for lag in [1, 2, 16, 64] {
        let product = x.iter().zip(&x[lag..]).map(|(a, b)| a * b).sum::<f64>() / SAMPLE as f64;
        assert!(product.abs() < 5.0 / (SAMPLE as f64).sqrt(), "lag {lag}: {product}");
    }
}

#[test]
fn uniform_range_keeps_its_bounds_where_rounding_would_reach_the_upper() {
    // Between 1 and 1 + 2⁻²³ there is no f32, so that half of the sums round to the upper bound.
    let high = 1.0 + f64::from(f32::EPSILON);
    assert_eq!(Rng::seed(0).uniform_range(1.0, high, [64], DType::F32).to_vec::<f32>(), [1.0; 64]);
    assert_eq!(Rng::seed(0).uniform_range(2.5, 2.5, [3], DType::F64).to_vec::<f64>(), [2.5; 3]);
    let x = as_f64(&Rng::seed(4).uniform_range(-3.0, 1.0, [SAMPLE], DType::F64));
    assert_close(moments(&x), [-1.0, 16.0 / 12.0, 1.8], [4.0 * 0.2887, 16.0 * 0.0745, 3.0]);
}

#[test]
fn bernoulli_is_exact_at_the_ends_and_has_its_mean() {
    assert!(Rng::seed(0).bernoulli(0.0, [SAMPLE]).to_vec::<bool>().iter().all(|hit| !hit));
    assert!(Rng::seed(0).bernoulli(1.0, [SAMPLE]).to_vec::<bool>().iter().all(|hit| *hit));
    for p in [0.001_f64, 0.3, 0.5, 0.9] {
        let hits = Rng::seed(5).bernoulli(p, [SAMPLE]).to_vec::<bool>().iter().filter(|hit| **hit).count() as f64;
        let tolerance = 5.0 * (p * (1.0 - p) / SAMPLE as f64).sqrt();
        assert!((hits / SAMPLE as f64 - p).abs() < tolerance, "{hits} hits for {p}");
    }
}

#[test]
fn randint_covers_its_range_evenly_up_to_all_of_i64() {
    let n = 70_000;
    let mut counts = [0.0; 7];
    Rng::seed(6).randint(-3, 4, [n]).to_vec::<i64>().iter().for_each(|&i| counts[(i + 3) as usize] += 1.0);
    let chi_squared: f64 = counts.iter().map(|count| (count - n as f64 / 7.0).powi(2) / (n as f64 / 7.0)).sum();
    assert!(chi_squared < 33.0, "6 degrees of freedom exceed 33 once in 100,000 samples: {chi_squared}");
    let wide = Rng::seed(6).randint(i64::MIN, i64::MAX, [1000]).to_vec::<i64>();
    assert!(wide.iter().any(|&i| i < i64::MIN / 2) && wide.iter().any(|&i| i > i64::MAX / 2));
    assert_eq!(Rng::seed(6).randint(5, 6, [4]).to_vec::<i64>(), [5; 4]);
}

#[test]
fn each_order_of_four_is_equally_likely() {
    let (mut rng, n) = (Rng::seed(8), 48_000);
    let mut counts = std::collections::HashMap::<Vec<i64>, f64>::new();
    for _ in 0..n {
        *counts.entry(rng.permutation(4).to_vec()).or_default() += 1.0;
    }
    assert_eq!(counts.len(), 24);
    let wanted = n as f64 / 24.0;
    let chi_squared: f64 = counts.values().map(|count| (count - wanted).powi(2) / wanted).sum();
    assert!(chi_squared < 62.0, "23 degrees of freedom exceed 62 once in 50,000 samples: {chi_squared}");
}

#[test]
fn split_streams_are_independent_of_each_other_and_of_their_parent() {
    let mut parent = Rng::seed(9);
    let mut streams = vec![parent.split(), parent.split()];
    let grandchild = streams[0].split();
    streams.extend([grandchild, parent, Rng::seed(10)]);
    let drawn: Vec<Vec<f64>> = streams.iter_mut().map(|rng| as_f64(&rng.normal([SAMPLE], DType::F64))).collect();
    for (i, a) in drawn.iter().enumerate() {
        for b in &drawn[..i] {
            let product = a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / SAMPLE as f64;
            assert!(product.abs() < 5.0 / (SAMPLE as f64).sqrt(), "correlation {product}");
        }
    }
}

#[test]
fn a_stream_continues_where_it_was_saved() {
    let mut rng = Rng::seed(11);
    for step in 0..200 {
        let mut again = Rng::from_bytes(&rng.to_bytes()).expect("bytes that were saved");
        assert_eq!(bits32(&rng.normal([step], DType::F32)), bits32(&again.normal([step], DType::F32)));
        assert_eq!(rng.try_next_u32(), again.try_next_u32());
        assert_eq!(rng.to_bytes(), again.to_bytes());
    }
}

#[test]
fn bytes_that_are_no_stream_are_refused() {
    let refusal = |bytes: &[u8]| Rng::from_bytes(bytes).unwrap_err().to_string();
    assert_eq!(refusal(&[0; 47]), "rng: a saved stream has 48 bytes, not 47");
    let beyond = [&[0; 40], &16u64.to_le_bytes()[..]].concat();
    let wanted = "rng: the saved place, word 295147905179352825856, lies beyond the end of the stream, 2^68";
    assert_eq!(refusal(&beyond), wanted);
}

#[test]
fn a_tensor_is_the_same_as_its_elements_one_by_one() {
    // More than one piece of parallel work, a last one that is not full, and a beginning that is not at a block of the
    // stream.
    let n = 40_001;
    let (mut whole, mut single) = (Rng::seed(12), Rng::seed(12));
    for rng in [&mut whole, &mut single] {
        let _ = rng.try_next_u32();
    }
    let wanted: Vec<f32> = (0..n).map(|_| unit_f32(single.0.next_u32())).collect();
    assert_eq!(whole.uniform([n], DType::F32).to_vec::<f32>(), wanted);
    let wanted: Vec<f64> = (0..n).map(|_| unit_f64(single.0.next_u64())).collect();
    assert_eq!(whole.uniform([n], DType::F64).to_vec::<f64>(), wanted);
    assert_eq!(whole.to_bytes(), single.to_bytes());
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let drawn = |threads| parallel::with_threads(threads, || bits64(&Rng::seed(13).normal([200_000], DType::F64)));
    assert_eq!(drawn(1), drawn(3));
}

#[test]
fn distributions_of_rand_draw_from_it() {
    let mut rng = Rng::seed(14);
    let x: f64 = rng.random();
    assert!((0.0..1.0).contains(&x));
    assert!((3..9).contains(&rng.random_range(3..9)));
    let mut items = [1, 2, 3, 4, 5, 6, 7, 8];
    SliceRandom::shuffle(&mut items[..], &mut rng);
    assert_ne!(items, [1, 2, 3, 4, 5, 6, 7, 8]);
    let mut bytes = [0; 5];
    rand::Rng::fill_bytes(&mut rng, &mut bytes);
    assert_ne!(bytes, [0; 5]);
}

#[test]
fn empty_tensors_and_scalars_are_drawn_too() {
    let mut rng = Rng::seed(15);
    let before = rng.to_bytes();
    assert_eq!(rng.normal([3, 0], DType::F32).shape()[..], [3, 0]);
    assert_eq!(rng.permutation(0).shape()[..], [0]);
    assert_eq!(rng.permutation(1).to_vec::<i64>(), [0]);
    assert_eq!(rng.to_bytes(), before, "nothing was drawn");
    assert_eq!(rng.uniform([], DType::F64).rank(), 0);
}

#[test]
fn misuse_says_what_was_wrong() {
    assert_eq!(
        message(|| Rng::seed(0).uniform([2], DType::I64)),
        "uniform: needs a floating-point dtype; got i64; draw floats and .cast them, or use randint or bernoulli"
    );
    assert_eq!(
        message(|| Rng::seed(0).uniform_range(2.0, 1.0, [2], DType::F32)),
        "uniform_range: low must not exceed high; got low 2.0, high 1.0"
    );
    assert_eq!(
        message(|| Rng::seed(0).uniform_range(-3e38, 3e38, [2], DType::F32)),
        "uniform_range: the bounds and their distance must be finite in f32; got low -3e38, high 3e38"
    );
    assert_eq!(
        message(|| Rng::seed(0).bernoulli(1.5, [2])),
        "bernoulli: the probability must lie within 0 and 1; got 1.5"
    );
    assert!(message(|| Rng::seed(0).bernoulli(f64::NAN, [2])).ends_with("got NaN"));
    assert!(message(|| Rng::seed(0).uniform_range(f64::NAN, 1.0, [2], DType::F64)).contains("low NaN"));
    assert_eq!(message(|| Rng::seed(0).randint(4, 4, [2])), "randint: low must be below high; got low 4, high 4");
    assert!(message(|| Rng::seed(0).normal([usize::MAX, 2], DType::F32)).starts_with("normal: shape"));
}

#[test]
fn classes_are_drawn_as_often_as_the_softmax_says() {
    let scores = Tensor::from([0.5, -1.0, 2.0, f64::NEG_INFINITY]);
    let drawn = Rng::seed(5).categorical(&scores.expand([SAMPLE, 4]));
    let expected = scores.softmax(-1).to_vec::<f64>();
    for (class, p) in expected.into_iter().enumerate() {
        let share = drawn.eq(class).cast(DType::F64).mean(..).item::<f64>();
        // Five standard errors of a share.
        assert!((share - p).abs() <= 5.0 * (p * (1.0 - p) / SAMPLE as f64).sqrt(), "{class}: {share}, {p}");
    }
    assert_eq!(Rng::seed(5).categorical(&Tensor::zeros([0, 3], DType::F32)).shape()[..], [0]);
    for (scores, said) in [
        (Tensor::from([1i64, 2]), "needs floating-point scores"),
        (Tensor::from(1.0), "needs floating-point scores"),
        (Tensor::zeros([2, 0], DType::F32), "needs floating-point scores"),
        (Tensor::from([1.0, f64::NAN]), "must be finite"),
        (Tensor::from([f64::NEG_INFINITY; 2]), "must be finite"),
    ] {
        let message = message(|| Rng::seed(0).categorical(&scores));
        assert!(message.starts_with("categorical: ") && message.contains(said), "{message}");
    }
}
