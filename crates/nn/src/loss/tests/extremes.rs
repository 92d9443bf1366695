//! Kinks, corners, extreme scores, empty batches, NaN, and what is refused.

use crate::{Loss, loss::*, panics::panic_message};
use cotangent_autograd::{grad, jvp};
use cotangent_tensor::{DType, Tensor};

fn slopes(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Vec<f64> {
    grad(x, |x| f(x).sum(..)).cast(DType::F64).to_vec()
}

/// torch 2.15 at these points.
#[test]
fn slopes_at_kinks_are_those_of_pytorch() {
    let zeros = Tensor::from([0.0, 0.0, 0.0]);
    assert_eq!(
        slopes(&Tensor::from([0.0, -0.0, 3.0]), |x| L1::new().reduction(Reduction::Sum).of(x, &zeros)),
        [0.0, 0.0, 1.0]
    );
    let at = Tensor::from([2.0, 0.0, -2.0]);
    assert_eq!(slopes(&at, |x| SmoothL1::new().beta(2.0).reduction(Reduction::Sum).of(x, &zeros)), [1.0, 0.0, -1.0]);
    assert_eq!(slopes(&at, |x| SmoothL1::new().beta(0.0).reduction(Reduction::Sum).of(x, &zeros)), [1.0, 0.0, -1.0]);
    assert_eq!(slopes(&at, |x| Huber::new().delta(2.0).reduction(Reduction::Sum).of(x, &zeros)), [2.0, 0.0, -2.0]);
    // The curvature at 0 is that of the square.
    let huber = |x: &Tensor| Huber::new().reduction(Reduction::Sum).of(x, &zeros);
    assert_eq!(slopes(&zeros, |x| grad(x, huber)), [1.0; 3]);
    // Corners of hinges.
    assert_eq!(slopes(&Tensor::from([1.0]), |x| x.hinge_embedding_loss(&Tensor::from([-1i64]))), [0.0]);
    let one = Tensor::from([1.0]);
    assert_eq!(slopes(&one, |x| x.margin_ranking_loss(&one, &one)), [0.0]);
    assert_eq!(
        slopes(&Tensor::from([[1.0, 0.0, 0.5]]), |x| x.multi_margin_loss(&Tensor::from([0i64]))),
        [-1.0 / 3.0, 0.0, 1.0 / 3.0]
    );
    let [a, p, n] = [[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]].map(|x| Tensor::from([x]));
    assert_eq!(slopes(&a, |a| TripletMargin::new().eps(0.0).of(a, &p, &n)), [0.0, 0.0]);
    let unit = Tensor::from([[0.0, 1e7]]);
    assert_eq!(slopes(&unit, |x| CosineEmbedding::new().margin(1.0).of(x, &unit, &Tensor::from([-1i64]))), [0.0, 0.0]);
}

#[test]
fn equal_embeddings_have_a_distance_without_a_slope() {
    let x = Tensor::from([[1.0, 2.0]]);
    let far = Tensor::from([[9.0, 2.0]]);
    for p in [1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
        let loss = TripletMargin::new().eps(0.0).margin(20.0).p(p);
        let with_respect_to_positive = slopes(&x, |positive| loss.of(&x, positive, &far));
        assert_eq!(with_respect_to_positive, [0.0, 0.0], "p = {p}");
        let second = slopes(&x, |positive| grad(positive, |positive| loss.of(&x, positive, &far)));
        assert!(second.iter().all(|slope| slope.is_finite()), "p = {p}: {second:?}");
    }
    let zero = Tensor::from([[0.0f32, 0.0]]);
    let slope = slopes(&zero, |x| x.cosine_embedding_loss(&Tensor::from([[1.0f32, 0.0]]), &Tensor::from([1i64])));
    assert!(slope.iter().all(|slope| slope.is_finite()), "{slope:?}");
}

#[test]
fn certain_predictions_have_finite_losses_and_slopes() {
    let (p, t) = (Tensor::from([0.0, 0.0, 1.0, 1.0]), Tensor::from([0.0, 1.0, 0.0, 1.0]));
    let sum = Bce::new().reduction(Reduction::None);
    assert_eq!(sum.of(&p, &t).to_vec::<f64>(), [0.0, 100.0, 100.0, 0.0]);
    assert_eq!(slopes(&p, |p| sum.of(p, &t)), [0.0, -1e12, 1e12, 0.0]);
    // The target's slope is that of the bounded logarithms.
    assert_eq!(slopes(&t, |t| sum.of(&p, t)), [100.0, 100.0, -100.0, -100.0]);
    for second in [
        slopes(&p, |p| grad(p, |p| sum.of(p, &t).sum(..))),
        slopes(&p, |p| grad(&t, |t| sum.of(p, t).sum(..))),
        slopes(&t, |t| grad(&p, |p| sum.of(p, t).sum(..))),
    ] {
        assert!(second.iter().all(|slope| !slope.is_nan()), "{second:?}");
    }
    // Targets of 0, whose logarithm is infinite.
    let (x, t) = (Tensor::from([-1.0, -2.0]), Tensor::from([0.0, 1.0]));
    let kl = KlDiv::new().reduction(Reduction::Sum);
    assert_eq!(kl.of(&x, &t).item::<f64>(), 2.0);
    assert_eq!((slopes(&x, |x| kl.of(x, &t)), slopes(&t, |t| kl.of(&x, t))), (vec![0.0, -1.0], vec![0.0, 3.0]));
    // A class that is masked on both sides contributes nothing.
    let masked = Tensor::from([f64::NEG_INFINITY, 0.0]);
    for (kl, t) in [(kl.clone(), t.clone()), (kl.log_target(true), masked.clone())] {
        assert_eq!(kl.of(&masked, &t).item::<f64>(), 0.0);
        assert_eq!(slopes(&masked, |x| kl.of(x, &t)), [0.0, -1.0]);
        assert_eq!(slopes(&t, |t| kl.of(&masked, t)), [0.0, 1.0]);
        assert_eq!(slopes(&masked, |x| grad(&t, |t| kl.of(x, t)).narrow(0, 0, 1)), [0.0, 0.0]);
    }
    let poisson = PoissonNll::new().full(true).reduction(Reduction::Sum);
    assert_eq!(slopes(&t, |t| poisson.of(&x, t)), [1.0, 2.0]);
}

#[test]
fn scores_of_ten_thousand_are_finite_in_f32() {
    let x = Tensor::from([[1e4f32, -1e4], [-1e4, 1e4], [1e4, 1e4]]);
    let half = Tensor::full([3, 2], 0.5, DType::F32);
    let signs = Tensor::from([[1i64, -1], [1, -1], [1, 1]]);
    let rows = Tensor::from([0i64, 0, 1]);
    type Named<'a> = (&'a str, &'a dyn Fn(&Tensor) -> Tensor);
    let losses: [Named<'_>; 13] = [
        ("cross_entropy", &|x| x.cross_entropy(&rows)),
        ("smoothed", &|x| CrossEntropy::new().label_smoothing(0.1).of(x, &rows)),
        ("probabilities", &|x| x.cross_entropy(&half)),
        ("nll", &|x| x.log_softmax(1).nll_loss(&rows)),
        ("bce", &|x| x.sigmoid().binary_cross_entropy(&half)),
        ("logits", &|x| x.binary_cross_entropy_with_logits(&half)),
        ("kl", &|x| x.log_softmax(1).kl_div(&half)),
        ("soft_margin", &|x| x.soft_margin_loss(&signs)),
        ("multilabel", &|x| x.multilabel_soft_margin_loss(&half)),
        ("multi_margin", &|x| x.multi_margin_loss(&rows)),
        ("huber", &|x| x.huber_loss(&half)),
        ("gaussian", &|x| x.gaussian_nll_loss(&half, &half)),
        ("cosine", &|x| x.cosine_embedding_loss(&half, &Tensor::from([1i64, -1, 1]))),
    ];
    for (name, loss) in losses {
        let (value, along) = jvp(&x, &x.ones_like(), |x| loss(x));
        assert!(value.item::<f32>().is_finite() && along.item::<f32>().is_finite(), "{name}");
        let gradient = slopes(&x, |x| loss(x));
        assert!(gradient.iter().all(|slope| slope.is_finite()), "{name}: {gradient:?}");
        let second = slopes(&x, |x| grad(x, |x| loss(x)));
        assert!(second.iter().all(|slope| slope.is_finite()), "{name}: {second:?}");
    }
    // Exactly: σ(±1e4) is 1 and 0.
    let targets = Tensor::from([[1.0f32, 1.0], [0.0, 0.0], [1.0, 0.0]]);
    let logits = BceWithLogits::new().reduction(Reduction::None);
    assert_eq!(logits.of(&x, &targets).to_vec::<f32>(), [0.0, 1e4, 0.0, 1e4, 0.0, 1e4]);
    assert_eq!(slopes(&x, |x| logits.of(x, &targets)), [0.0, -1.0, 0.0, 1.0, 0.0, 1.0]);
    // A loss close to 0 keeps its digits.
    let (x, one) = (Tensor::from([30.0f32]), Tensor::from([1.0f32]));
    let loss = x.binary_cross_entropy_with_logits(&one).item::<f32>();
    assert!((loss / (-30f32).exp() - 1.0).abs() < 1e-5, "{loss}");
}

/// Each loss of predictions, with targets that fit.
type Plain = (&'static str, fn(&Tensor) -> Tensor, fn(&Tensor, Reduction) -> Tensor);

fn plain_losses() -> Vec<Plain> {
    fn rows(x: &Tensor) -> Tensor {
        Tensor::zeros(&x.shape()[..x.rank() - 1], DType::I64)
    }
    fn ones(x: &Tensor) -> Tensor {
        x.ones_like().stop_gradient()
    }
    macro_rules! plain {
        ($(|$x:ident| $Loss:ident($($argument:expr),*) $method:ident;)*) => {
            vec![$((
                stringify!($method),
                |$x: &Tensor| $x.$method($(&$argument),*),
                |$x: &Tensor, reduction| $Loss::new().reduction(reduction).of($x, $(&$argument),*),
            )),*]
        };
    }
    plain! {
        |x| CrossEntropy(rows(x)) cross_entropy;
        |x| Nll(rows(x)) nll_loss;
        |x| Mse(ones(x)) mse_loss;
        |x| L1(ones(x)) l1_loss;
        |x| SmoothL1(ones(x)) smooth_l1_loss;
        |x| Huber(ones(x)) huber_loss;
        |x| PoissonNll(ones(x)) poisson_nll_loss;
        |x| GaussianNll(ones(x), ones(x)) gaussian_nll_loss;
        |x| Bce(ones(x)) binary_cross_entropy;
        |x| BceWithLogits(ones(x)) binary_cross_entropy_with_logits;
        |x| KlDiv(ones(x)) kl_div;
        |x| HingeEmbedding(ones(x)) hinge_embedding_loss;
        |x| SoftMargin(ones(x)) soft_margin_loss;
        |x| MultiMargin(rows(x)) multi_margin_loss;
        |x| MultilabelMargin(x.zeros_like().cast(DType::I64)) multilabel_margin_loss;
        |x| MultilabelSoftMargin(ones(x)) multilabel_soft_margin_loss;
        |x| MarginRanking(ones(x) * 0.5, ones(x)) margin_ranking_loss;
        |x| TripletMargin(ones(x), ones(x) * 2) triplet_margin_loss;
        |x| CosineEmbedding(ones(x), rows(x) + 1) cosine_embedding_loss;
    }
}

#[test]
fn the_plain_form_is_the_mean_and_reductions_agree() {
    let x = (super::wave(&[4, 3], 0.2) + 2.5) / 5;
    for (name, plain, reduced) in plain_losses() {
        let losses = reduced(&x, Reduction::None);
        let (mean, sum) = (reduced(&x, Reduction::Mean).item::<f64>(), reduced(&x, Reduction::Sum).item::<f64>());
        assert_eq!(plain(&x).item::<f64>(), mean, "{name}");
        assert_eq!(losses.shape()[0], 4, "{name}");
        assert_eq!(losses.sum(..).item::<f64>(), sum, "{name}");
        assert!((mean * losses.numel() as f64 - sum).abs() < 1e-12, "{name}");
        assert_eq!(reduced(&x, Reduction::BatchMean).item::<f64>(), sum / 4.0, "{name}");
    }
}

#[test]
fn batches_of_none_and_of_one_and_nan() {
    for (name, plain, reduced) in plain_losses() {
        for dtype in [DType::F32, DType::F64] {
            let none = Tensor::zeros([0, 3], dtype);
            assert!(plain(&none).cast(DType::F64).item::<f64>().is_nan(), "{name}: the mean of none");
            assert_eq!(reduced(&none, Reduction::Sum).cast(DType::F64).item::<f64>(), 0.0, "{name}");
            assert_eq!(reduced(&none, Reduction::None).shape()[0], 0, "{name}");
            assert_eq!(grad(&none, plain).shape(), none.shape(), "{name}");
            let single = Tensor::full([1, 1], 0.25, dtype);
            assert!(plain(&single).cast(DType::F64).item::<f64>().is_finite(), "{name}");
            assert!(slopes(&single, plain).iter().all(|slope| slope.is_finite()), "{name}");
        }
        // In an element that has a part in the loss.
        let nan = Tensor::from([[0.5, f64::NAN, 0.5], [0.5, 0.5, f64::NAN]]);
        let losses = reduced(&nan.flip(-1), Reduction::Sum).item::<f64>();
        let picks_the_first = name == "nll_loss";
        assert!(losses.is_nan(), "{name}");
        assert_eq!(reduced(&nan, Reduction::Sum).item::<f64>().is_nan(), !picks_the_first, "{name}");
    }
}

#[test]
fn no_loss_broadcasts_or_mixes_dtypes() {
    let (column, row) = (Tensor::zeros([3, 1], DType::F32), Tensor::zeros([3], DType::F32));
    type Two = fn(&Tensor, &Tensor) -> Tensor;
    let pairs: [(&str, Two); 11] = [
        ("mse_loss", |x, t| x.mse_loss(t)),
        ("l1_loss", |x, t| x.l1_loss(t)),
        ("smooth_l1_loss", |x, t| x.smooth_l1_loss(t)),
        ("huber_loss", |x, t| x.huber_loss(t)),
        ("poisson_nll_loss", |x, t| x.poisson_nll_loss(t)),
        ("gaussian_nll_loss", |x, t| x.gaussian_nll_loss(t, x)),
        ("binary_cross_entropy", |x, t| x.binary_cross_entropy(t)),
        ("binary_cross_entropy_with_logits", |x, t| x.binary_cross_entropy_with_logits(t)),
        ("kl_div", |x, t| x.kl_div(t)),
        ("multilabel_soft_margin_loss", |x, t| x.multilabel_soft_margin_loss(t)),
        ("soft_margin_loss", |x, t| x.soft_margin_loss(t)),
    ];
    for (name, loss) in pairs {
        let what = if name == "soft_margin_loss" { "scores and labels" } else { "prediction and target" };
        assert_eq!(
            panic_message(|| loss(&column, &row)),
            format!("{name}: {what} must have one shape; got f32[3, 1], f32[3]; reshape or expand one of them")
        );
        let message = panic_message(|| loss(&row, &row.cast(DType::F64)));
        assert_eq!(
            message,
            format!(
                "{name}: all inputs must have one dtype, not f32 and f64; got f32[3], f64[3]; \
                 cast one of them, for example with .cast(DType::F32)"
            )
        );
        let message = panic_message(|| loss(&row.cast(DType::I64), &row.cast(DType::I64)));
        assert!(message.starts_with(&format!("{name}: needs a floating-point dtype; got i64[3]")), "{message}");
    }
    assert_eq!(
        panic_message(|| column.margin_ranking_loss(&column, &row)),
        "margin_ranking_loss: scores and labels must have one shape; got f32[3, 1], f32[3, 1], f32[3]; reshape or expand one of them"
    );
    assert_eq!(
        panic_message(|| column.triplet_margin_loss(&column, &row)),
        "triplet_margin_loss: anchor, positive and negative must have one shape; got f32[3, 1], f32[3, 1], f32[3]; \
         reshape or expand one of them"
    );
}

#[test]
fn labels_and_values_that_do_not_fit_are_named_with_their_place() {
    let x = Tensor::full([2, 3], 0.5, DType::F64);
    let image = Tensor::zeros([2, 4, 3], DType::F32);
    let message = [
        panic_message(|| x.hinge_embedding_loss(&Tensor::from([[1i64, -1, 0], [1, 1, 1]]))),
        panic_message(|| x.hinge_embedding_loss(&Tensor::from([[true, false, true], [true, true, true]]))),
        panic_message(|| x.cosine_embedding_loss(&x, &Tensor::from([1.0, 0.5]))),
        panic_message(|| x.cosine_embedding_loss(&x, &Tensor::from([1.0]))),
        panic_message(|| x.nll_loss(&Tensor::from([0i64, 3]))),
        panic_message(|| x.multi_margin_loss(&Tensor::from([-1i64, 0]))),
        panic_message(|| x.multilabel_margin_loss(&Tensor::from([[0i64, -1, 7], [2, 3, -1]]))),
        panic_message(|| (&x + Tensor::from([0.0, 1.0, 0.0])).binary_cross_entropy(&x)),
        panic_message(|| x.gaussian_nll_loss(&x, &(&x - Tensor::from([0.0, 0.0, 0.75])))),
        panic_message(|| x.gaussian_nll_loss(&x, &Tensor::ones([3], DType::F64))),
        panic_message(|| Bce::new().weight(Tensor::ones([2], DType::F64)).of(&x, &x)),
        panic_message(|| CrossEntropy::new().weight(Tensor::ones([2], DType::F64)).of(&x, &Tensor::from([0i64, 1]))),
        panic_message(|| image.cross_entropy(&Tensor::zeros([2, 4], DType::I64))),
        panic_message(|| x.cross_entropy(&Tensor::from([0.5, 0.5]))),
        panic_message(|| CrossEntropy::new().ignore_index(1).of(&x, &x)),
        panic_message(|| CrossEntropy::new().axis(2).of(&x, &x)),
        panic_message(|| CrossEntropy::new().label_smoothing(1.5)),
        panic_message(|| Huber::new().delta(0.0)),
        panic_message(|| SmoothL1::new().beta(f64::NAN)),
        panic_message(|| MultiMargin::new().p(3)),
        panic_message(|| TripletMargin::new().p(-1.0)),
        panic_message(|| {
            TripletMargin::new().p(f64::INFINITY).of(&x.narrow(1, 0, 0), &x.narrow(1, 0, 0), &x.narrow(1, 0, 0))
        }),
        panic_message(|| Tensor::from(1.0).cosine_embedding_loss(&Tensor::from(1.0), &Tensor::from(1.0))),
        panic_message(|| Tensor::from(1.0).multilabel_soft_margin_loss(&Tensor::from(1.0))),
        panic_message(|| Tensor::from(1.0).cross_entropy(&Tensor::from(0i64))),
    ]
    .join("\n");
    let expected = "\
        hinge_embedding_loss: the label at [0, 2] is 0, not 1 or -1; got f64[2, 3], i64[2, 3]\n\
        hinge_embedding_loss: labels are the numbers 1 and -1, not bool; got f64[2, 3], bool[2, 3]; for example mask.cast(DType::I64) * 2 - 1\n\
        cosine_embedding_loss: the label at [1] is 0.5, not 1 or -1; got f64[2, 3], f64[2, 3], f64[2]\n\
        cosine_embedding_loss: labels of shape [2] are needed; got f64[2, 3], f64[2, 3], f64[1]\n\
        nll_loss: the label at [1] is 3, which is not one of the 3 classes 0 to 2; got f64[2, 3], i64[2]\n\
        multi_margin_loss: the label at [0] is -1, which is not one of the 3 classes 0 to 2; got f64[2, 3], i64[2]\n\
        multilabel_margin_loss: the label at [1, 1] is 3, which is not one of the 3 classes 0 to 2; got f64[2, 3], i64[2, 3]; a list ends with -1\n\
        binary_cross_entropy: the prediction at [0, 1] is 1.5, not a probability from 0 to 1; got f64[2, 3], f64[2, 3]\n\
        gaussian_nll_loss: the variance at [0, 2] is -0.25, which is negative; got f64[2, 3], f64[2, 3], f64[2, 3]\n\
        gaussian_nll_loss: the variance must have the prediction's shape, or a last axis of size 1, or none; got f64[2, 3], f64[2, 3], f64[3]\n\
        binary_cross_entropy: the weight must broadcast to the prediction's shape; got f64[2, 3], f64[2]\n\
        cross_entropy: there must be one weight for each of the 3 classes; got f64[2, 3], f64[2]\n\
        cross_entropy: scores with classes along axis 1 need labels of shape [2, 3], one for each row; got f32[2, 4, 3], i64[2, 4]; classes along the last axis are .axis(-1)\n\
        cross_entropy: a floating-point target holds a probability for each logit, in the logits' shape; got f64[2, 3], f64[2]; cast class indices with .cast(DType::I64)\n\
        cross_entropy: probabilities have no label to ignore; got f64[2, 3], f64[2, 3]\n\
        cross_entropy: axis 2 is out of range for a tensor of rank 2; got f64[2, 3]\n\
        cross_entropy: label_smoothing must be from 0 to 1; got 1.5\n\
        huber_loss: delta must be positive and finite; got 0.0\n\
        smooth_l1_loss: beta must be finite and 0 or more; got NaN\n\
        multi_margin_loss: p must be 1 or 2; got 3.0\n\
        triplet_margin_loss: p must be positive; got -1.0\n\
        triplet_margin_loss: there is no greatest of 0 features; got f64[2, 0], f64[2, 0], f64[2, 0]\n\
        cosine_embedding_loss: needs an axis of features; got f64[], f64[]\n\
        multilabel_soft_margin_loss: needs an axis of classes; got f64[], f64[]\n\
        cross_entropy: axis 0 is out of range for a tensor of rank 0; got f64[]";
    for (found, expected) in message.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(message.lines().count(), expected.lines().count());
}
