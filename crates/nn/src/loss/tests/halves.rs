//! Losses of halves beside those in f32: rounded, and not lost to what f16 does not hold.

use crate::{Loss, loss::*};
use cotangent_autograd::value_and_grad;
use cotangent_tensor::{DType, Rng, Tensor};

/// A loss of halves and its gradient, beside those in f32 of the same numbers.
#[track_caller]
fn as_in_f32(x: &Tensor, loss: impl Fn(&Tensor) -> Tensor) {
    let (wanted, slope) = value_and_grad(&x.cast(DType::F32), |x| loss(x));
    let (found, gradient) = value_and_grad(x, |x| loss(x));
    let epsilon = x.dtype().epsilon().expect("a half") as f32;
    let (found, wanted) = (found.cast(DType::F32).item::<f32>(), wanted.item::<f32>());
    assert!((found - wanted).abs() <= 2.0 * epsilon * wanted.abs(), "{found}, in f32 {wanted}");
    let error = (gradient.cast(DType::F32) - &slope).abs().max(..).item::<f32>();
    // Cotangents of 65,536 rows are f16's least numbers, 6e-8 apart; two of them are rounded.
    assert!(error <= 4.0 * epsilon * slope.abs().max(..).item::<f32>() + 1.2e-7, "{error}");
}

#[test]
fn means_of_halves_do_not_overflow() {
    // 65,536 rows are beyond f16's greatest number, 65,504, and so is the sum of their losses.
    let rows = 1 << 16;
    let labels = Tensor::zeros([rows], DType::I64);
    let weight = |x: &Tensor| Tensor::from([0.5f32, 2.0, 1.0]).cast(x.dtype());
    for dtype in [DType::F16, DType::BF16] {
        let x = Rng::seed(5).normal([rows, 3], DType::F32).cast(dtype);
        as_in_f32(&x, |x| x.cross_entropy(&labels));
        as_in_f32(&x, |x| CrossEntropy::new().weight(weight(x)).of(x, &labels));
        as_in_f32(&x, |x| Nll::new().weight(weight(x)).of(x, &labels));
        let halves = |x: &Tensor| Tensor::full([rows, 3], 0.5, x.dtype());
        as_in_f32(&x, |x| KlDiv::new().reduction(Reduction::BatchMean).of(x, &halves(x)));
        // The sum over 30,000 classes of 8 each.
        let scores = Tensor::full([2, 30_000], 7, DType::F32).cast(dtype);
        as_in_f32(&scores, |x| {
            MultiMargin::new().of(&(x * Tensor::ones([2, 30_000], x.dtype())), &labels.narrow(0, 0, 2))
        });
    }
}

#[test]
fn lengths_of_halves_do_not_overflow() {
    // The squares of 300 are beyond f16, and 1e-12, which keeps a zero embedding from dividing by 0, is below it.
    for dtype in [DType::F16, DType::BF16] {
        let x = (Rng::seed(6).normal([4, 64], DType::F32) * 300).cast(dtype);
        let y = |x: &Tensor| Tensor::full([4, 64], 200, x.dtype());
        let labels = Tensor::from([1i64, -1, 1, 1]);
        as_in_f32(&x, |x| CosineEmbedding::new().of(x, &y(x), &labels));
        as_in_f32(&x, |x| TripletMargin::new().of(x, &y(x), &x.zeros_like()));
        as_in_f32(&x, |x| CosineEmbedding::new().of(&x.zeros_like(), x, &labels));
    }
}
