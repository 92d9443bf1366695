//! Losses against PyTorch's values, differences, and each other.

mod ctc;
mod extremes;
mod halves;
mod pytorch;

use super::*;
use crate::panics::panic_message;
use cotangent_autograd::{grad, hessian, hvp};
use cotangent_tensor::{DType, Rng};

/// 2 sin(1.3 i + phase) in row-major order.
fn wave(shape: &[usize], phase: f64) -> Tensor {
    let count: usize = shape.iter().product();
    let element = |i: usize| 2.0 * (1.3 * i as f64 + phase).sin();
    Tensor::from_vec((0..count).map(element).collect(), shape).expect("as many as the shape says")
}

fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= tolerance * (1.0 + wanted.abs()), "{found} instead of {wanted}");
    }
}

/// The gradient by central differences.
fn differences(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Vec<f64> {
    // The cube root of the spacing of f64 balances truncation (h²) against rounding (eps / h).
    const H: f64 = 6e-6;
    let values = x.to_vec::<f64>();
    let at = |i: usize, h: f64| {
        let mut moved = values.clone();
        moved[i] += h;
        f(&Tensor::from_vec(moved, x.shape()).expect("as many as before")).item::<f64>()
    };
    (0..values.len()).map(|i| (at(i, H) - at(i, -H)) / (2.0 * H)).collect()
}

#[test]
fn cross_entropy_and_its_gradient_are_those_of_pytorch() {
    let logits = Tensor::from([[1.0, 2.0, 0.5], [0.1, -3.0, 4.0]]);
    let labels = Tensor::from([1i64, 0]);
    let gradient = grad(&logits, |logits| logits.cross_entropy(&labels));
    // torch 2.15: x = torch.tensor([[1., 2, .5], [.1, -3, 4]], dtype=torch.float64, requires_grad=True)
    // loss = torch.nn.functional.cross_entropy(x, torch.tensor([1, 0])); loss.backward()
    // Up to a few roundings.
    assert_close(&[logits.cross_entropy(&labels).item()], &[2.1926509710622577], 1e-15);
    let wanted = [
        0.11561194881107452,
        -0.18573414039411879,
        0.07012219158304424,
        -0.49008870574814084,
        0.0004464959007341103,
        0.48964220984740675,
    ];
    assert_close(&gradient.to_vec(), &wanted, 1e-15);
}

#[test]
fn gradients_agree_with_differences_and_so_do_second_derivatives() {
    let mut rng = Rng::seed(11);
    let labels = rng.randint(0, 3, [2, 4]);
    let (logits, direction) = (rng.normal([2, 3, 4], DType::F64), rng.normal([2, 3, 4], DType::F64));
    let target = rng.normal([2, 3, 4], DType::F64);
    let losses: [&dyn Fn(&Tensor) -> Tensor; 2] = [&|x| x.cross_entropy(&labels), &|x| x.mse_loss(&target)];
    for loss in losses {
        // Differences with h = 6e-6 are good to about h², 4e-11; a wrong rule is off by far more.
        assert_close(&grad(&logits, loss).to_vec(), &differences(&logits, loss), 1e-9);
        let along = |x: &Tensor| (grad(x, loss) * &direction).sum(..);
        assert_close(&hvp(&logits, &direction, loss).to_vec(), &differences(&logits, along), 1e-9);
    }
}

#[test]
fn the_hessian_of_cross_entropy_is_diag_p_minus_p_p() {
    let logits = Tensor::from([0.3, -1.0, 2.0]);
    let p = logits.softmax(0).to_vec::<f64>();
    let found = hessian(&logits, |x| x.cross_entropy(&Tensor::from(2i64)));
    let wanted: Vec<f64> =
        (0..9).map(|i| (i / 3, i % 3)).map(|(i, j)| if i == j { p[i] - p[i] * p[i] } else { -p[i] * p[j] }).collect();
    assert_close(&found.to_vec(), &wanted, 1e-15);
}

#[test]
fn extreme_logits_stay_finite() {
    let logits = Tensor::from([[1e4f32, -1e4], [-1e4, 1e4]]);
    assert_eq!(logits.cross_entropy(&Tensor::from([0i64, 1])).item::<f32>(), 0.0);
    assert_eq!(logits.cross_entropy(&Tensor::from([1i64, 0])).item::<f32>(), 2e4);
    let gradient = grad(&logits, |x| x.cross_entropy(&Tensor::from([1i64, 0])));
    assert_eq!(gradient.to_vec::<f32>(), [0.5, -0.5, -0.5, 0.5]);
}

#[test]
fn shapes_are_not_broadcast() {
    let (x, target) = (Tensor::zeros([3, 1], DType::F32), Tensor::zeros([3], DType::F32));
    assert_eq!(
        panic_message(|| x.mse_loss(&target)),
        "mse_loss: prediction and target must have one shape; got f32[3, 1], f32[3]; reshape or expand one of them"
    );
    let message = panic_message(|| x.cross_entropy(&Tensor::from([0i64, 0, 1])));
    assert!(
        message.starts_with("cross_entropy: the label at [2] is 1, which is not one of the 1 classes"),
        "{message}"
    );
}

#[test]
fn labels_may_be_shapes_without_values() {
    let shape_of = |loss: &dyn Fn(&Tensor, &Tensor) -> Tensor, x: &[usize], labels: &[usize]| {
        let (x, labels) = (Tensor::shape_only(x, DType::F64), Tensor::shape_only(labels, DType::I64));
        let gradient = grad(&x, |x| loss(x, &labels));
        assert!(!loss(&x, &labels).has_values());
        assert_eq!(gradient.spec(), x.spec());
        // Scores with values lose them.
        assert!(!loss(&Tensor::ones(x.shape(), DType::F64), &labels).has_values());
    };
    shape_of(&|x, labels| x.cross_entropy(labels), &[2, 3], &[2]);
    shape_of(&|x, labels| MultilabelMargin::new().of(x, labels), &[2, 3], &[2, 3]);
    shape_of(&|x, labels| MultiMargin::new().of(x, labels), &[2, 3], &[2]);
    shape_of(&|x, labels| Ctc::new().of(x, labels, &[4, 3], &[2, 1]), &[4, 2, 3], &[2, 2]);
    // Lists one after another.
    shape_of(&|x, labels| Ctc::new().of(x, labels, &[4, 3], &[2, 1]), &[4, 2, 3], &[3]);
}
