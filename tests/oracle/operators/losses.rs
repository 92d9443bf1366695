//! Losses, composed from operations.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::Tensor;

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.mse_loss", One(|c| summary(c, &(c.x(0) - c.x(1)).square()))),
    ("nn.functional.l1_loss", One(|c| summary(c, &(c.x(0) - c.x(1)).abs()))),
    ("nn.functional.huber_loss", One(huber)),
    ("nn.functional.smooth_l1_loss", One(smooth_l1)),
    ("nn.functional.soft_margin_loss", One(|c| summary(c, &(-(c.x(0) * c.x(1))).softplus()))),
    ("nn.functional.kl_div", One(divergence)),
    ("nn.functional.binary_cross_entropy", One(binary_cross_entropy)),
    ("nn.functional.binary_cross_entropy_with_logits", One(binary_cross_entropy_with_logits)),
    ("nn.functional.nll_loss", One(|c| negative_log_likelihood(c, c.x(0)))),
    ("nn.functional.cross_entropy", One(|c| negative_log_likelihood(c, &c.x(0).log_softmax(class_axis(c.x(0)))))),
];

fn summary(c: &Call<'_>, losses: &Tensor) -> Tensor {
    match c.word(2, "reduction").unwrap_or("mean") {
        "none" => losses.clone(),
        "sum" => losses.sum(..),
        "mean" => losses.mean(..),
        "batchmean" => losses.sum(..) / losses.size(0) as f64,
        other => panic!("unknown reduction {other}"),
    }
}

/// d²/2 up to δ, from there the line that continues it.
fn huber(c: &Call<'_>) -> Tensor {
    let (d, delta) = ((c.x(0) - c.x(1)).abs(), c.float(usize::MAX, "delta").unwrap_or(1.0));
    let line = (&d - 0.5 * delta) * delta;
    summary(c, &d.lt(delta).where_(&(d.square() * 0.5), &line))
}

/// The same divided by its threshold β.
fn smooth_l1(c: &Call<'_>) -> Tensor {
    let (d, beta) = ((c.x(0) - c.x(1)).abs(), c.float(usize::MAX, "beta").unwrap_or(1.0));
    summary(c, &d.lt(beta).where_(&(d.square() * (0.5 / beta)), &(&d - 0.5 * beta)))
}

/// t (ln t - x), with ln t given if `log_target`.
fn divergence(c: &Call<'_>) -> Tensor {
    let (x, target) = (c.x(0), c.x(1));
    let (t, ln_t) =
        if c.flag(usize::MAX, "log_target") { (target.exp(), target.clone()) } else { (target.clone(), target.ln()) };
    summary(c, &(t * (ln_t - x)))
}

/// -t ln p - (1 - t) ln(1 - p), with logarithms from -100.
fn binary_cross_entropy(c: &Call<'_>) -> Tensor {
    let (p, t) = (c.x(0), c.x(1));
    let ln = |p: &Tensor| p.ln().clamp(-100, f64::INFINITY);
    weighted(c, -(t * ln(p) + (1 - t) * ln(&(1 - p))))
}

/// softplus(x) - t x, which is -t ln σ(x) - (1 - t) ln(1 - σ(x)).
fn binary_cross_entropy_with_logits(c: &Call<'_>) -> Tensor {
    weighted(c, c.x(0).softplus() - c.x(0) * c.x(1))
}

fn weighted(c: &Call<'_>, losses: Tensor) -> Tensor {
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
