//! Samples of the fused losses.

use crate::table::{Sample, sample, shapes};
use cotangent_tensor::{
    Tensor, apply,
    ops::{CrossEntropy, CtcLoss},
};

/// Some class for each row, the last row's being `last`.
fn labels(x: &Tensor, axis: isize, last: i64) -> Tensor {
    let rows = x.narrow(axis, 0, 1).squeeze(axis);
    let (count, classes) = (rows.numel(), x.size(axis) as i64);
    let label = |i: usize| if i + 1 == count { last } else { (i as i64 + 1) % classes };
    Tensor::from_vec((0..count).map(label).collect(), rows.shape()).expect("one label for each row")
}

fn cross_entropy(x: &Tensor, axis: isize, loss: CrossEntropy, last: i64) -> Tensor {
    apply(&loss, &[x, &labels(x, axis, last)]).into_single()
}

/// Three steps for a repeated label, and two of three for a single one.
fn ctc(x: &Tensor) -> Tensor {
    let count = x.size(1);
    let labels = Tensor::from([[1i64, 1], [1, 0]]).narrow(0, 0, count);
    apply(&CtcLoss::new(0, &[3, 2][..count], &[2, 1][..count]), &[x, &labels]).into_single()
}

pub(crate) fn samples() -> Vec<Sample> {
    let rows = || shapes![[[3, 4]], [[1, 1]], [[0, 3]]];
    let between = || shapes![[[3, 4, 2]], [[1, 1, 1]], [[2, 3, 0]]];
    vec![
        sample!("CrossEntropy", rows(), |x| cross_entropy(&x[0], -1, CrossEntropy::new(-1), 0)),
        sample!("CrossEntropy", between(), |x| cross_entropy(&x[0], 1, CrossEntropy::new(1), 0)),
        sample!("CrossEntropy", rows(), |x| cross_entropy(&x[0], 1, CrossEntropy::new(1).ignore_index(-100), -100)),
        sample!("CrossEntropy", between(), |x| {
            cross_entropy(&x[0], 1, CrossEntropy::new(1).label_smoothing(0.3).ignore_index(-1), -1)
        }),
        sample!("CtcLoss", shapes![[[3, 2, 2]], [[3, 1, 2]], [[3, 0, 2]]], |x| ctc(&x[0])),
    ]
}
