//! Losses, through their options.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{
    Tensor,
    nn::loss::{
        Bce, BceWithLogits, CosineEmbedding, CrossEntropy, GaussianNll, HingeEmbedding, Huber, KlDiv, L1,
        MarginRanking, Mse, MultiMargin, Nll, PoissonNll, Reduction, SmoothL1, SoftMargin, TripletMargin,
    },
};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.mse_loss", One(|c| Mse::new().reduction(reduction(c)).of(c.x(0), c.x(1)))),
    ("nn.functional.l1_loss", One(|c| L1::new().reduction(reduction(c)).of(c.x(0), c.x(1)))),
    ("nn.functional.huber_loss", One(huber)),
    ("nn.functional.smooth_l1_loss", One(smooth_l1)),
    ("nn.functional.poisson_nll_loss", One(poisson)),
    ("nn.functional.gaussian_nll_loss", One(gaussian)),
    ("nn.functional.soft_margin_loss", One(|c| SoftMargin::new().reduction(reduction(c)).of(c.x(0), c.x(1)))),
    ("nn.functional.kl_div", One(divergence)),
    ("nn.functional.hinge_embedding_loss", One(hinge_embedding)),
    ("nn.functional.margin_ranking_loss", One(margin_ranking)),
    ("nn.functional.triplet_margin_loss", One(triplet_margin)),
    ("nn.functional.cosine_embedding_loss", One(cosine_embedding)),
    ("nn.functional.multi_margin_loss", One(multi_margin)),
    ("nn.functional.binary_cross_entropy", One(binary_cross_entropy)),
    ("nn.functional.binary_cross_entropy_with_logits", One(binary_cross_entropy_with_logits)),
    ("nn.functional.nll_loss", One(negative_log_likelihood)),
    ("nn.functional.cross_entropy", One(cross_entropy)),
];

/// The position of arguments that the samples give by name only.
const NAMED: usize = usize::MAX;

fn reduction(c: &Call<'_>) -> Reduction {
    match c.word(NAMED, "reduction").unwrap_or("mean") {
        "none" => Reduction::None,
        "sum" => Reduction::Sum,
        "mean" => Reduction::Mean,
        "batchmean" => Reduction::BatchMean,
        other => panic!("unknown reduction {other}"),
    }
}

/// Options with an argument, where it is given.
fn with<L, A>(loss: L, argument: Option<A>, option: impl FnOnce(L, A) -> L) -> L {
    match argument {
        Some(argument) => option(loss, argument),
        None => loss,
    }
}

fn huber(c: &Call<'_>) -> Tensor {
    let loss = with(Huber::new(), c.float(NAMED, "delta"), Huber::delta);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn smooth_l1(c: &Call<'_>) -> Tensor {
    let loss = with(SmoothL1::new(), c.float(NAMED, "beta"), SmoothL1::beta);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn poisson(c: &Call<'_>) -> Tensor {
    let loss = PoissonNll::new().log_input(c.flag_or(NAMED, "log_input", true)).full(c.flag(NAMED, "full"));
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

/// Torch broadcasts the target, which is to be expanded here.
fn gaussian(c: &Call<'_>) -> Tensor {
    let loss = GaussianNll::new().full(c.flag(NAMED, "full")).reduction(reduction(c));
    loss.of(c.x(0), &c.x(1).expand(c.x(0).shape()), c.x(2))
}

fn divergence(c: &Call<'_>) -> Tensor {
    KlDiv::new().log_target(c.flag(NAMED, "log_target")).reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn hinge_embedding(c: &Call<'_>) -> Tensor {
    let loss = with(HingeEmbedding::new(), c.float(NAMED, "margin"), HingeEmbedding::margin);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn margin_ranking(c: &Call<'_>) -> Tensor {
    let loss = with(MarginRanking::new(), c.float(NAMED, "margin"), MarginRanking::margin);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1), c.x(2))
}

fn triplet_margin(c: &Call<'_>) -> Tensor {
    let loss = with(TripletMargin::new(), c.float(NAMED, "margin"), TripletMargin::margin);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1), c.x(2))
}

fn cosine_embedding(c: &Call<'_>) -> Tensor {
    let loss = with(CosineEmbedding::new(), c.float(NAMED, "margin"), CosineEmbedding::margin);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1), c.x(2))
}

/// Torch takes a number for one class, and a list of one label for a single row of scores.
fn multi_margin(c: &Call<'_>) -> Tensor {
    let loss = with(MultiMargin::new(), c.int(NAMED, "p"), |loss, p| loss.p(p as u32));
    let loss = with(loss, c.float(NAMED, "margin"), MultiMargin::margin);
    let loss = with(loss, c.tensor(NAMED, "weight").cloned(), MultiMargin::weight);
    let scores = if c.x(0).rank() == 0 { c.x(0).unsqueeze(0) } else { c.x(0).clone() };
    loss.reduction(reduction(c)).of(&scores, &c.x(1).reshape(&scores.shape()[..scores.rank() - 1]))
}

fn binary_cross_entropy(c: &Call<'_>) -> Tensor {
    let loss = with(Bce::new(), c.tensor(NAMED, "weight").cloned(), Bce::weight);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn binary_cross_entropy_with_logits(c: &Call<'_>) -> Tensor {
    let loss = with(BceWithLogits::new(), c.tensor(NAMED, "weight").cloned(), BceWithLogits::weight);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn negative_log_likelihood(c: &Call<'_>) -> Tensor {
    let loss = with(Nll::new(), c.tensor(NAMED, "weight").cloned(), Nll::weight);
    let loss = with(loss, c.int(NAMED, "ignore_index"), |loss, label| loss.ignore_index(label as i64));
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}

fn cross_entropy(c: &Call<'_>) -> Tensor {
    let loss = with(CrossEntropy::new(), c.tensor(NAMED, "weight").cloned(), CrossEntropy::weight);
    loss.reduction(reduction(c)).of(c.x(0), c.x(1))
}
