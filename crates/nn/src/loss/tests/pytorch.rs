//! Every loss with options that PyTorch's samples leave out, against values of torch 2.15, and against differences.
//!
//! Inputs are x_i = 2 sin(1.3 i + φ) in row-major order. Of each gradient of the (mean) loss one number is compared, its product with
//! the wave of φ = 3: an element in a wrong place would show, and the checker compares each element with differences.

use super::wave;
use crate::loss::*;
use cotangent_autograd::{check, grad};
use cotangent_tensor::Tensor;

struct Case {
    form: &'static str,
    f: fn(&Vec<Tensor>) -> Tensor,
    inputs: Vec<Tensor>,
    value: f64,
    slopes: Vec<f64>,
}

macro_rules! cases {
    ($($inputs:expr => |$x:ident| $form:expr, $value:expr, $slopes:expr;)*) => {
        vec![$(Case {
            form: stringify!($form),
            f: |$x: &Vec<Tensor>| $form,
            inputs: $inputs.to_vec(),
            value: $value,
            slopes: $slopes.to_vec(),
        }),*]
    };
}

fn weights() -> Tensor {
    Tensor::from([0.5, 2.0, 1.5])
}

fn labels() -> Tensor {
    Tensor::from([2i64, 0, -100, 1])
}

/// 1 and -1.
fn signs(phase: f64) -> Tensor {
    wave(&[4, 3], phase).gt(0).where_(1, &Tensor::full([4, 3], -1.0, cotangent_tensor::DType::F64))
}

fn cases() -> Vec<Case> {
    let x = || wave(&[4, 3], 0.0);
    let y = || wave(&[4, 3], 1.0);
    let image = || wave(&[2, 3, 2], 0.5);
    let rates = || (wave(&[4, 3], 1.0) + 2) / 4;
    cases! {
        [x()] => |x| CrossEntropy::new().label_smoothing(0.2).of(&x[0], &labels()),
            1.6058725989876301, [-0.7560778237284345];
        [x()] => |x| CrossEntropy::new().label_smoothing(0.2).weight(weights()).of(&x[0], &labels()),
            1.4393209943805159, [-0.6779892865519206];
        [x()] => |x| CrossEntropy::new().weight(weights()).ignore_index(1).of(&x[0], &Tensor::from([2i64, 0, 1, 1])),
            1.5148455071075348, [-0.40693681965551454];
        [image()] => |x| {
            let loss = CrossEntropy::new().weight(weights()).label_smoothing(0.3).ignore_index(1);
            loss.reduction(Reduction::Sum).of(&x[0], &Tensor::from([[0i64, 2], [1, 0]]))
        }, 4.371924179672325, [-2.7251133522932545];
        [x(), y().abs()] => |x| CrossEntropy::new().weight(weights()).label_smoothing(0.2).of(&x[0], &x[1]),
            6.426430863126189, [-3.353668379571123, 2.5373933685773995];
        [image(), wave(&[2, 3, 2], 1.0).abs()] => |x| CrossEntropy::new().reduction(Reduction::Sum).of(&x[0], &x[1]),
            27.352164803463047, [-12.57800459497458, 13.89966525981293];
        [x(), rates()] => |x| {
            let weight = Tensor::from([[1.0], [0.5], [2.0], [3.0]]);
            BceWithLogits::new().pos_weight(weights()).weight(weight).of(&x[0], &x[1])
        }, 1.0965305667974443, [-0.20145142219262074, 3.3202979717672285];
        [(x() + 2.5) / 5, rates()] => |x| Bce::new().of(&x[0], &x[1]),
            0.6429256561008839, [-1.357881289827142, 1.9880379300032924];
        [x(), y().abs()] => |x| KlDiv::new().reduction(Reduction::BatchMean).of(&x[0], &x[1]),
            0.3655883157007732, [1.0111759361785255, 4.169933822219071];
        [x() + 3, y().abs() * 3] => |x| PoissonNll::new().log_input(false).full(true).eps(1e-3).of(&x[0], &x[1]),
            2.3926005204437866, [-0.6426775607526678, 0.3438988945926663];
        [x(), y(), wave(&[4], 2.0).abs()] => |x| GaussianNll::new().full(true).eps(1e-3).of(&x[0], &x[1], &x[2]),
            2.1312611814270386, [-1.3823715928875253, 1.3823715928875253, 2.767166072895901];
        [x(), y()] => |x| Huber::new().delta(0.8).of(&x[0], &x[1]),
            0.6819415137702038, [-0.6039507609849178, 0.6039507609849178];
        [x(), y()] => |x| SmoothL1::new().beta(0.8).of(&x[0], &x[1]),
            0.8524268922127548, [-0.7549384512311474, 0.7549384512311474];
        [x(), y(), wave(&[4, 3], 2.5)] => |x| triplets(1.0).of(&x[0], &x[1], &x[2]),
            0.34174429515421334, [-0.8442762913408219, 1.5474325746217765, -0.7031562832809546];
        [x(), y(), wave(&[4, 3], 2.5)] => |x| triplets(3.0).of(&x[0], &x[1], &x[2]),
            0.6111147660843087, [-1.283535595995834, 3.3375315326371826, -2.0539959366413485];
        [x(), y(), wave(&[4, 3], 2.5)] => |x| triplets(1.5).of(&x[0], &x[1], &x[2]),
            0.452640118412322, [-1.247374690727789, 3.1629325509879918, -1.915557860260203];
        [x(), y(), wave(&[4, 3], 2.5)] => |x| triplets(f64::INFINITY).of(&x[0], &x[1], &x[2]),
            0.7521475873192288, [-1.433695745114815, 3.171353926253394, -1.737658181138579];
        [x()] => |x| MultiMargin::new().p(2).margin(0.7).weight(weights()).of(&x[0], &Tensor::from([2i64, 0, 1, 1])),
            1.8506510059495964, [-2.08093843676315];
        [x()] => |x| {
            let lists = Tensor::from([[2i64, -1, 0], [0, 1, 2], [-1, 0, 0], [1, 0, -1]]);
            MultilabelMargin::new().of(&x[0], &lists)
        }, 0.7105695482062244, [-0.4737152792501706];
        [x(), rates()] => |x| MultilabelSoftMargin::new().weight(weights()).of(&x[0], &x[1]),
            0.8641262427532496, [-0.2578917801856724, 2.6263635259430487];
        [x()] => |x| SoftMargin::new().of(&x[0], &signs(1.0)),
            0.5519497802337958, [-0.1133067785092336];
        [x(), y()] => |x| CosineEmbedding::new().margin(-0.2).of(&x[0], &x[1], &Tensor::from([1i64, -1, -1, 1])),
            0.7062750407047872, [-0.013399619733770407, 0.16412615929451219];
        [x()] => |x| HingeEmbedding::new().margin(0.6).of(&x[0], &signs(1.0)),
            1.0202040366752694, [-0.7554350678055756];
        [x(), y()] => |x| MarginRanking::new().margin(0.3).of(&x[0], &x[1], &signs(2.0)),
            1.5233770039749883, [-0.7039196674518218, 0.7039196674518218];
    }
}

fn triplets(p: f64) -> TripletMargin {
    TripletMargin::new().margin(1.5).p(p).swap(true)
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let close = |found: f64, wanted: f64| (found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0);
    for Case { form, f, inputs, value, slopes } in cases() {
        let found = f(&inputs).item::<f64>();
        assert!(close(found, value), "{form}: {found} instead of {value}");
        let gradient = grad(&inputs, f);
        assert_eq!(gradient.len(), slopes.len());
        for (i, (x_bar, wanted)) in gradient.iter().zip(slopes).enumerate() {
            let found = (x_bar * wave(x_bar.shape(), 3.0)).sum(..).item::<f64>();
            assert!(close(found, wanted), "{form}, input {i}: {found} instead of {wanted}");
        }
    }
}

#[test]
fn derivatives_agree_with_differences_at_second_order() {
    for Case { form, f, inputs, .. } in cases() {
        let report = check::gradients(f).at(&inputs);
        assert_eq!(report.verdict(), check::Verdict::Pass, "{form}\n{report}");
    }
}

/// The least variance has its value, and the derivative of what was there: torch 2.15, with eps = 0.7.
#[test]
fn a_small_variance_is_raised_and_still_pushed_up() {
    let x = (wave(&[4, 3], 0.0), wave(&[4, 3], 1.0), wave(&[4], 2.0).abs());
    let loss = GaussianNll::new().full(true).eps(0.7);
    let found = loss.of(&x.0, &x.1, &x.2).item::<f64>();
    let (x_bar, t_bar, v_bar) = grad(&x, |(x, t, v)| loss.of(x, t, v));
    let slopes = [x_bar, t_bar, v_bar].map(|x_bar| (&x_bar * wave(x_bar.shape(), 3.0)).sum(..).item::<f64>());
    let wanted = [1.8681590690178504, -1.075856415225839, 1.075856415225839, 0.10984973819568328];
    for (found, wanted) in [found].iter().chain(&slopes).zip(wanted) {
        assert!((found - wanted).abs() < 1e-12, "{found} instead of {wanted}");
    }
}
