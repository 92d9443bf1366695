//! Losses, composed from operations.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.mse_loss", One(|c| summary(c, &(c.x(0) - c.x(1)).square()))),
    ("nn.functional.l1_loss", One(|c| summary(c, &(c.x(0) - c.x(1)).abs()))),
    ("nn.functional.binary_cross_entropy_with_logits", One(binary_cross_entropy)),
    ("nn.functional.nll_loss", One(|c| negative_log_likelihood(c, c.x(0)))),
    ("nn.functional.cross_entropy", One(|c| negative_log_likelihood(c, &c.x(0).log_softmax(class_axis(c.x(0)))))),
];

fn summary(c: &Call<'_>, losses: &Tensor) -> Tensor {
    match c.word(2, "reduction").unwrap_or("mean") {
        "none" => losses.clone(),
        "sum" => losses.sum(..),
        "mean" => losses.mean(..),
        other => panic!("unknown reduction {other}"),
    }
}

/// softplus(x) - t x, which is -t ln σ(x) - (1 - t) ln(1 - σ(x)).
fn binary_cross_entropy(c: &Call<'_>) -> Tensor {
    let losses = c.x(0).softplus() - c.x(0) * c.x(1);
    summary(c, &c.tensor(usize::MAX, "weight").map_or_else(|| losses.clone(), |weight| &losses * weight))
}

fn class_axis(scores: &Tensor) -> isize {
    isize::from(scores.rank() > 1)
}

/// -w_t ln p_t for the target class t; the mean is weighted. A target equal to `ignore_index` weighs nothing.
fn negative_log_likelihood(c: &Call<'_>, log_p: &Tensor) -> Tensor {
    let (axis, target) = (class_axis(log_p), c.x(1));
    let chosen = log_p.gather(axis, &target.unsqueeze(axis)).squeeze(axis);
    let ignored = target.eq(c.int(usize::MAX, "ignore_index").unwrap_or(-100) as i64);
    let weight = match c.tensor(usize::MAX, "weight") {
        Some(weight) => weight.index_select(0, &target.reshape([-1])).reshape(target.shape()),
        None => chosen.ones_like(),
    };
    let weight = ignored.where_(0, &weight);
    let losses = -(&chosen * &weight);
    match c.word(usize::MAX, "reduction").unwrap_or("mean") {
        "none" => losses,
        "sum" => losses.sum(..),
        "mean" => losses.sum(..) / weight.sum(..),
        other => panic!("unknown reduction {other}"),
    }
}
