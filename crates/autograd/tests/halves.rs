//! Halves where numbers between a beginning and an end that a half holds are more, or less, than it holds, or more exact.

use cotangent_autograd::{grad, jvp, vjp};
use cotangent_tensor::{
    DType::{self, BF16, F16},
    Tensor,
    ops::{Attention, MatrixNorm, ScatterReduce},
};

fn half(dtype: DType, numbers: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_vec(numbers.to_vec(), shape).expect("as many as the shape has").cast(dtype)
}

/// Whether numbers are these to `units` of the dtype's last place.
#[track_caller]
fn assert_near(found: &Tensor, wanted: &[f64], units: f64) {
    let slack = units * found.dtype().epsilon().expect("a float");
    let found = found.cast(DType::F64).to_vec::<f64>();
    let near = |(x, y): (&f64, &f64)| (x - y).abs() <= slack * y.abs();
    assert!(found.len() == wanted.len() && found.iter().zip(wanted).all(near), "{found:?}, not {wanted:?}");
}

#[test]
fn the_only_key_has_all_the_weight_on_the_way_back_too() {
    // The score, 100.625, is none of bf16's numbers.
    let (q, k) = (half(BF16, &[10.0], &[1, 1]), half(BF16, &[10.0625], &[1, 1]));
    let v = half(BF16, &[1.0], &[1, 1]);
    let attended = |v: &Tensor| q.scaled_dot_product_attention(&k, v, Attention::new());
    assert_near(&grad(&v, |v| attended(v).sum(..)), &[1.0], 0.0);
    assert_near(&jvp(&v, &v, attended).1, &[1.0], 0.0);
}

#[test]
fn weights_are_those_of_scores_that_are_not_rounded() {
    // Scores 320.25 and 319.75, of which bf16 makes 320 twice.
    let q = half(BF16, &[16.0, 0.25], &[1, 2]);
    let k = half(BF16, &[20.0, 1.0, 20.0, -1.0], &[2, 2]);
    let v = half(BF16, &[1.0, 0.0], &[2, 1]);
    let first = 1.0 / (1.0 + (-0.5f64).exp());
    let options = || Attention::new().scale(1.0);
    let (y, pullback) = vjp(&v, |v| q.scaled_dot_product_attention(&k, v, options()));
    assert_near(&y, &[first], 1.0);
    assert_near(&pullback.pull_once(&y.ones_like()), &[first, 1.0 - first], 1.0);
    // Forwards, and backwards through the way back.
    assert_near(&jvp(&v, &v, |v| q.scaled_dot_product_attention(&k, v, options())).1, &[first], 1.0);
    let twice =
        grad(&q, |q| grad(&v, |v| q.scaled_dot_product_attention(&k, v, options()).sum(..)).narrow(0, 0, 1).sum(..));
    let slope = 2.0 * first * (1.0 - first);
    assert_near(&twice.narrow(1, 1, 1), &[slope], 2.0);
}

#[test]
fn a_group_whose_variance_is_beyond_f16_has_a_gradient() {
    let x = half(F16, &[300.0, 300.0], &[1, 2]);
    let w = Tensor::ones([2], F16);
    assert_near(&grad(&w, |w| x.rms_norm([2], Some(w), 0.0).sum(..)), &[1.0, 1.0], 1.0);
    let x = half(F16, &[-300.0, 300.0], &[2, 1]);
    let w = Tensor::ones([1], F16);
    let weighted = |y: &Tensor| y.narrow(0, 1, 1).sum(..);
    for normalised in [
        |x: &Tensor, w: &Tensor| x.transpose(0, 1).layer_norm([2], Some(&w.expand([2])), None, 0.0).transpose(0, 1),
        |x: &Tensor, w: &Tensor| x.batch_norm(Some(w), None, 0.0).0,
        |x: &Tensor, w: &Tensor| {
            x.transpose(0, 1).unsqueeze(0).instance_norm(Some(w), None, 0.0).squeeze(0).transpose(0, 1)
        },
    ] {
        assert_near(&grad(&w, |w| weighted(&normalised(&x, w))), &[1.0], 1.0);
        assert_near(&jvp(&w, &w, |w| weighted(&normalised(&x, w))).1, &[1.0], 1.0);
    }
    let (y, mean, var) = x.batch_norm(None, None, 0.0);
    assert_eq!((y.dtype(), mean.dtype(), var.dtype()), (F16, DType::F32, DType::F32));
    assert_eq!(var.to_vec::<f32>(), [90_000.0]);
    assert_near(&x.batch_norm_with(&mean, &var, None, None, 0.0), &[-1.0, 1.0], 0.0);
}

#[test]
fn shares_of_sums_of_exponentials_are_those_of_sums_that_are_not_rounded() {
    // ln(e^100 + e^99.5) is 100.474, bf16's nearest is 100.5, and its next is 101.
    let x = half(BF16, &[100.0, 99.5], &[2]);
    let first = 1.0 / (1.0 + (-0.5f64).exp());
    assert_near(&grad(&x, |x| x.logsumexp(..)), &[first, 1.0 - first], 1.0);
    assert_near(&jvp(&x, &half(BF16, &[1.0, 0.0], &[2]), |x| x.logsumexp(..)).1, &[first], 1.0);
    let last = |x: &Tensor| x.logcumsumexp(0).narrow(0, 1, 1).sum(..);
    assert_near(&grad(&x, last), &[first, 1.0 - first], 1.0);
    assert_near(&jvp(&x, &half(BF16, &[1.0, 0.0], &[2]), last).1, &[first], 1.0);
    for dtype in [BF16, F16, DType::F32, DType::F64] {
        let nothing = Tensor::from([f64::NEG_INFINITY; 2]).cast(dtype);
        assert_near(&grad(&nothing, |x| x.logsumexp(..)), &[0.0, 0.0], 0.0);
    }
}

#[test]
fn squares_that_f16_does_not_hold_have_roots_that_it_holds() {
    let f16 = |numbers: &[f64]| half(F16, numbers, &[1, numbers.len()]);
    for size in [100.0, 1e-4] {
        let (x, zeros) = (f16(&[3.0 * size, 4.0 * size]), f16(&[0.0, 0.0]));
        let of_size = |y: &Tensor, wanted: f64| assert_near(y, &[wanted * size], 1.5);
        of_size(&x.matrix_norm(MatrixNorm::Frobenius), 5.0);
        of_size(&x.vector_norm(2, ..), 5.0);
        of_size(&x.pairwise_distance(&zeros, 2.0, 0.0), 5.0);
        of_size(&x.cdist(&zeros, 2), 5.0);
        of_size(&vjp(&x, |x| x.cdist(&zeros, 2)).0, 5.0);
        of_size(&f16(&[-size, size]).std(.., 0), 1.0);
        of_size(&f16(&[-size, size]).std_mean_keepdims(1, 0).0, 1.0);
        assert_near(&x.normalize(2.0, 1, 1e-12), &[0.6, 0.8], 1.5);
        assert_near(&x.cosine_similarity(&x, 1, 1e-8), &[1.0], 1.0);
        for norm in [
            |x: &Tensor| x.matrix_norm(MatrixNorm::Frobenius).sum(..),
            |x: &Tensor| x.vector_norm(2, ..),
            |x: &Tensor| x.pairwise_distance(&x.zeros_like().stop_gradient(), 2.0, 0.0).sum(..),
            |x: &Tensor| x.cdist(&x.zeros_like().stop_gradient(), 2).sum(..),
        ] {
            assert_near(&grad(&x, norm), &[0.6, 0.8], 1.5);
        }
        assert_near(&grad(&f16(&[-size, size]), |x| x.std(.., 0)), &[-0.5, 0.5], 1.5);
    }
    assert_near(&f16(&[0.0, 0.0]).normalize(2.0, 1, 1e-12), &[0.0, 0.0], 0.0);
    assert_near(&f16(&[300.0]).local_response_norm(1, 1.0, 0.5, 0.0), &[1.0], 1.0);
    let huge = Tensor::from([[3e30f32, 4e30]]);
    assert_near(&huge.matrix_norm(MatrixNorm::Frobenius), &[5e30], 2.0);
    assert_near(&huge.normalize(2.0, 1, 1e-12), &[0.6, 0.8], 2.0);
}

#[test]
fn sums_counts_and_differences_that_f16_does_not_hold_have_results_that_it_holds() {
    let many = Tensor::ones([70_000], F16);
    // Where f16 has some seven bits.
    let slope = |x_bar: &Tensor| assert_near(&x_bar.narrow(0, 0, 1), &[1.0 / 70_000.0], 8.0);
    slope(&grad(&many, |x| x.max(..)));
    slope(&grad(&many, |x| x.median(..)));
    let (place, index) = (Tensor::zeros([1], F16), Tensor::zeros([70_000], DType::I64));
    slope(&grad(&many, |x| place.scatter_reduce(0, &index, x, ScatterReduce::Amax, false).sum(..)));
    assert_near(&place.scatter_reduce(0, &index, &many, ScatterReduce::Mean, false), &[1.0], 0.0);
    let apart = half(F16, &[-60_000.0, 60_000.0], &[2]);
    assert_near(&apart.quantile(0.75, ..), &[30_000.0], 1.0);
    assert_near(&half(F16, &[0.0, 60_000.0, 60_000.0, 0.0], &[4]).diff(3, 0), &[0.0], 0.0);
    let (x, y) = (half(F16, &[300.0, 400.0, 0.0], &[3]), half(F16, &[300.0, 400.0, 1.0], &[3]));
    assert_near(&x.cross(&y, 0), &[400.0, -300.0, 0.0], 0.0);
    let factors = half(F16, &[256.0, 256.0, 256.0, 1.0 / 4096.0, 1.0 / 4096.0], &[5]);
    assert_near(&grad(&factors, |x| x.prod(..)).narrow(0, 0, 1), &[1.0 / 256.0], 0.0);
    let more_than_one = 1.0 + 1.0 / 512.0;
    assert_near(&half(F16, &[more_than_one], &[1, 1]).matrix_power(64), &[more_than_one.powi(64)], 0.5);
}
