//! Losses: modes that must agree, batches in which nothing counts, fused kernels and what they stand for.

use crate::{forward, gradient, reverse};
use cotangent::{
    DType, Rng, Tensor, grad, hvp, jvp,
    nn::{
        Loss,
        loss::{BceWithLogits, CrossEntropy, Nll, PoissonNll, Reduction, TripletMargin},
    },
};

/// Row 6. The second derivative of the cross-entropy of logits in all four compositions of the modes, against differences.
#[test]
fn binary_cross_entropy_has_one_second_derivative() {
    for (x, t) in [(0.3, 0.8), (-2.0, 0.0), (4.0, 1.0)] {
        let (x, t) = (Tensor::from(x), Tensor::from(t));
        let losses: [&dyn Fn(&Tensor) -> Tensor; 3] = [
            &|x| x.binary_cross_entropy_with_logits(&t),
            &|x| BceWithLogits::new().pos_weight(Tensor::from(2.5)).weight(Tensor::from(0.5)).of(x, &t),
            // As a function of the target as well.
            &|x| x.binary_cross_entropy_with_logits(&(x * 0.1 + 0.4)),
        ];
        for loss in losses {
            let second = [
                forward(&x, |x| reverse(x, loss)),
                reverse(&x, |x| reverse(x, loss)),
                reverse(&x, |x| forward(x, loss)),
                forward(&x, |x| forward(x, loss)),
            ]
            .map(|second| second.item::<f64>());
            // The cube root of the spacing of f64 balances truncation against rounding; what is left is about its square.
            const H: f64 = 6e-6;
            let slope = |h: f64| reverse(&(&x + h), loss).item::<f64>();
            let difference = (slope(H) - slope(-H)) / (2.0 * H);
            // Rounding of a few operations of numbers near 1.
            assert!(second.iter().all(|other| (other - second[0]).abs() < 1e-15), "{second:?}");
            assert!((second[0] - difference).abs() < 1e-9, "{second:?} {difference}");
        }
    }
}

/// Row 20. When every target is ignored the sum is 0, and the mean is the NaN of nothing by nothing, as in PyTorch; but no logit
/// gets any of it, so that a step does not destroy the model.
#[test]
fn a_batch_in_which_every_target_is_ignored_has_no_gradient() {
    let logits = Tensor::from([[1.0, 0.0, 0.5], [1.0, 2.0, 3.0]]);
    let ignored = Tensor::from([-100i64, -100]);
    let weight = || Tensor::from([1.0, 2.0, 3.0]);
    type Named<'a> = (&'a str, &'a dyn Fn(&Tensor, Reduction) -> Tensor);
    let losses: [Named<'_>; 5] = [
        ("plain", &|x, r| CrossEntropy::new().reduction(r).of(x, &ignored)),
        ("weighted", &|x, r| CrossEntropy::new().weight(weight()).reduction(r).of(x, &ignored)),
        ("smoothed", &|x, r| CrossEntropy::new().label_smoothing(0.1).reduction(r).of(x, &ignored)),
        ("both", &|x, r| CrossEntropy::new().label_smoothing(0.1).weight(weight()).reduction(r).of(x, &ignored)),
        ("nll", &|x, r| Nll::new().weight(weight()).reduction(r).of(&x.log_softmax(1), &ignored)),
    ];
    for (name, loss) in losses {
        assert!(loss(&logits, Reduction::Mean).item::<f64>().is_nan(), "{name}");
        assert_eq!(loss(&logits, Reduction::Sum).item::<f64>(), 0.0, "{name}");
        assert_eq!(loss(&logits, Reduction::None).to_vec::<f64>(), [0.0, 0.0], "{name}");
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None, Reduction::BatchMean] {
            let x_bar = grad(&logits, |x| loss(x, reduction).sum(..));
            assert_eq!(x_bar.to_vec::<f64>(), [0.0; 6], "{name}, {reduction:?}");
        }
    }
    // The weights of classes get none either.
    let weight_bar = grad(&weight(), |w| CrossEntropy::new().weight(w.clone()).of(&logits, &ignored));
    assert_eq!(weight_bar.to_vec::<f64>(), [0.0; 3]);
    // One that is ignored beside one that is not has no part, even where its logits are not numbers.
    let mixed = Tensor::from([[f64::NAN, 0.0, 0.5], [1.0, 2.0, 3.0]]);
    let alone = logits.narrow(0, 1, 1).cross_entropy(&Tensor::from([2i64])).item::<f64>();
    let f = |x: &Tensor| x.cross_entropy(&Tensor::from([-100i64, 2]));
    assert_eq!(f(&mixed).item::<f64>(), alone);
    assert_eq!(grad(&mixed, f).to_vec::<f64>()[..3], [0.0; 3]);
}

/// Row 40. The fused cross-entropy has the derivatives of the composition, to third order.
#[test]
fn fused_cross_entropy_has_the_derivatives_of_its_composite() {
    let mut rng = Rng::seed(3);
    let (x, v) = (rng.normal([2, 3, 4], DType::F64), rng.normal([2, 3, 4], DType::F64));
    let labels = Tensor::from([[0i64, 2, 1, 1], [2, -100, 0, 2]]);
    let smoothing = 0.2;
    let fused = |x: &Tensor| CrossEntropy::new().label_smoothing(smoothing).of(x, &labels).sin();
    let composed = |x: &Tensor| {
        let log_p = x - x.exp().sum_keepdims(1).ln();
        let kept = labels.ne(-100);
        let picked = log_p.gather(1, &kept.where_(&labels, 0).unsqueeze(1)).squeeze(1);
        let losses = kept.where_(&-(picked * (1.0 - smoothing) + log_p.mean(1) * smoothing), 0);
        (losses.sum(..) / kept.cast(DType::F64).sum(..)).sin()
    };
    let close = |a: &Tensor, b: &Tensor| {
        let (a, b) = (a.to_vec::<f64>(), b.to_vec::<f64>());
        // Both round some dozen operations of numbers near 1.
        assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14), "{a:?} is not {b:?}");
    };
    close(&fused(&x), &composed(&x));
    close(&grad(&x, fused), &grad(&x, composed));
    close(&jvp(&x, &v, fused).1, &jvp(&x, &v, composed).1);
    close(&hvp(&x, &v, fused), &hvp(&x, &v, composed));
    close(&grad(&x, |x| jvp(x, &v, fused).1), &grad(&x, |x| jvp(x, &v, composed).1));
    let third = |f: &dyn Fn(&Tensor) -> Tensor| grad(&x, |x| (hvp(x, &v, f) * &v).sum(..));
    close(&third(&fused), &third(&composed));
    let third = |f: &dyn Fn(&Tensor) -> Tensor| grad(&x, |x| jvp(x, &v, |x| jvp(x, &v, f).1).1);
    close(&third(&fused), &third(&composed));
}

/// The kind of row 10 in losses: what is not chosen has no part in a slope, not even where its own is infinite.
#[test]
fn branches_of_losses_that_are_not_chosen_stay_out_of_the_gradient() {
    let zero = Tensor::from([0.0, 2.0]);
    // The logarithm of a target of 0, in the divergence and in Stirling's formula.
    let slopes = |f: &dyn Fn(&Tensor) -> Tensor| grad(&zero, f).to_vec::<f64>();
    assert!(slopes(&|t| Tensor::from([-1.0, -1.0]).kl_div(t)).iter().all(|slope| slope.is_finite()));
    let poisson = PoissonNll::new().full(true);
    assert!(slopes(&|t| poisson.of(&Tensor::from([0.5, 0.5]), t)).iter().all(|slope| slope.is_finite()));
    // Of probabilities 0 and 1.
    let certain = Tensor::from([0.0, 1.0]);
    assert!(gradient(&certain, |p| p.binary_cross_entropy(&certain)).iter().all(|&slope| slope == 0.0));
    // Distances of 0.
    let same = Tensor::from([[1.0, 2.0]]);
    let triplet = TripletMargin::new().eps(0.0);
    assert_eq!(gradient(&same, |x| triplet.of(x, &same, &same)), [0.0, 0.0]);
}
