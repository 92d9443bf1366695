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
    ("nn.functional.hinge_embedding_loss", One(hinge_embedding)),
    ("nn.functional.margin_ranking_loss", One(margin_ranking)),
    ("nn.functional.triplet_margin_loss", One(triplet_margin)),
    ("nn.functional.cosine_embedding_loss", One(cosine_embedding)),
    ("nn.functional.binary_cross_entropy", One(binary_cross_entropy)),
    ("nn.functional.binary_cross_entropy_with_logits", One(binary_cross_entropy_with_logits)),
    ("nn.functional.nll_loss", One(|c| negative_log_likelihood(c, c.x(0)))),
    ("nn.functional.cross_entropy", One(|c| negative_log_likelihood(c, &c.x(0).log_softmax(class_axis(c.x(0)))))),
];

/// The position of arguments that the samples give by name only.
const NAMED: usize = usize::MAX;

fn summary(c: &Call<'_>, losses: &Tensor) -> Tensor {
    match c.word(NAMED, "reduction").unwrap_or("mean") {
        "none" => losses.clone(),
        "sum" => losses.sum(..),
        "mean" => losses.mean(..),
        "batchmean" => losses.sum(..) / losses.size(0) as f64,
        other => panic!("unknown reduction {other}"),
    }
}

/// d²/2 up to δ, from there the line that continues it.
fn huber(c: &Call<'_>) -> Tensor {
    let (d, delta) = ((c.x(0) - c.x(1)).abs(), c.float(NAMED, "delta").unwrap_or(1.0));
    let line = (&d - 0.5 * delta) * delta;
    summary(c, &d.lt(delta).where_(&(d.square() * 0.5), &line))
}

/// The same divided by its threshold β.
fn smooth_l1(c: &Call<'_>) -> Tensor {
    let (d, beta) = ((c.x(0) - c.x(1)).abs(), c.float(NAMED, "beta").unwrap_or(1.0));
    summary(c, &d.lt(beta).where_(&(d.square() * (0.5 / beta)), &(&d - 0.5 * beta)))
}

/// t (ln t - x), with ln t given if `log_target`.
fn divergence(c: &Call<'_>) -> Tensor {
    let (x, target) = (c.x(0), c.x(1));
    let (t, ln_t) =
        if c.flag(NAMED, "log_target") { (target.exp(), target.clone()) } else { (target.clone(), target.ln()) };
    summary(c, &(t * (ln_t - x)))
}

fn margin(c: &Call<'_>, default: f64) -> f64 {
    c.float(NAMED, "margin").unwrap_or(default)
}

/// x where y = 1, max(margin - x, 0) where y = -1.
fn hinge_embedding(c: &Call<'_>) -> Tensor {
    let x = c.x(0);
    summary(c, &c.x(1).gt(0).where_(x, &(margin(c, 1.0) - x).relu()))
}

/// max(-t (x - y) + margin, 0)
fn margin_ranking(c: &Call<'_>) -> Tensor {
    let distance = (c.x(0) - c.x(1)) * c.x(2);
    summary(c, &(margin(c, 0.0) - distance).relu())
}

/// max(|a - p| - |a - n| + margin, 0), with torch's 1e-6 added to each difference.
fn triplet_margin(c: &Call<'_>) -> Tensor {
    let distance = |x: &Tensor, y: &Tensor| (x - y + 1e-6).square().sum(-1).sqrt();
    let (near, far) = (distance(c.x(0), c.x(1)), distance(c.x(0), c.x(2)));
    summary(c, &(near - far + margin(c, 1.0)).relu())
}

/// 1 - cos where t = 1, max(cos - margin, 0) where t = -1, with torch's 1e-12 added to the squares.
fn cosine_embedding(c: &Call<'_>) -> Tensor {
    let square = |x: &Tensor| x.square().sum(-1) + 1e-12;
    let cosine = (c.x(0) * c.x(1)).sum(-1) / (square(c.x(0)) * square(c.x(1))).sqrt();
    summary(c, &c.x(2).gt(0).where_(&(1 - &cosine), &(&cosine - margin(c, 0.0)).relu()))
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
    summary(c, &c.tensor(NAMED, "weight").map_or_else(|| losses.clone(), |weight| &losses * weight))
}

fn class_axis(scores: &Tensor) -> isize {
    isize::from(scores.rank() > 1)
}

/// -w_t ln p_t for the target class t; the mean is weighted. A target equal to `ignore_index` weighs nothing.
fn negative_log_likelihood(c: &Call<'_>, log_p: &Tensor) -> Tensor {
    let (axis, target) = (class_axis(log_p), c.x(1));
    let chosen = log_p.gather(axis, &target.unsqueeze(axis)).squeeze(axis);
    let ignored = target.eq(c.int(NAMED, "ignore_index").unwrap_or(-100) as i64);
    let weight = match c.tensor(NAMED, "weight") {
        Some(weight) => weight.index_select(0, &target.reshape([-1])).reshape(target.shape()),
        None => chosen.ones_like(),
    };
    let weight = ignored.where_(0, &weight);
    let losses = -(&chosen * &weight);
    match c.word(NAMED, "reduction").unwrap_or("mean") {
        "none" => losses,
        "sum" => losses.sum(..),
        "mean" => losses.sum(..) / weight.sum(..),
        other => panic!("unknown reduction {other}"),
    }
}
