//! Losses, for the sweep: the operands as predictions and targets.

use super::Case;
use cotangent::{DType, nn::Loss, nn::loss};

pub(super) fn cases() -> Vec<Case> {
    vec![
        ("cross_entropy", |x, y| x.cross_entropy(y)),
        ("cross_entropy", |x, y| loss::CrossEntropy::new().weight(y.clone()).of(x, &x.cast(DType::I64))),
        ("nll_loss", |x, y| x.nll_loss(y)),
        ("mse_loss", |x, y| x.mse_loss(y)),
        ("l1_loss", |x, y| x.l1_loss(y)),
        ("smooth_l1_loss", |x, y| x.smooth_l1_loss(y)),
        ("huber_loss", |x, y| x.huber_loss(y)),
        ("poisson_nll_loss", |x, y| x.poisson_nll_loss(y)),
        ("poisson_nll_loss", |x, y| loss::PoissonNll::new().full(true).log_input(false).of(x, y)),
        ("gaussian_nll_loss", |x, y| x.gaussian_nll_loss(y, y)),
        ("gaussian_nll_loss", |x, y| x.gaussian_nll_loss(x, y)),
        ("binary_cross_entropy", |x, y| x.binary_cross_entropy(y)),
        ("binary_cross_entropy", |x, y| loss::Bce::new().weight(y.clone()).of(x, x)),
        ("binary_cross_entropy_with_logits", |x, y| x.binary_cross_entropy_with_logits(y)),
        ("binary_cross_entropy_with_logits", |x, y| loss::BceWithLogits::new().pos_weight(y.clone()).of(x, x)),
        ("kl_div", |x, y| x.kl_div(y)),
        ("kl_div", |x, y| loss::KlDiv::new().log_target(true).reduction(loss::Reduction::BatchMean).of(x, y)),
        ("hinge_embedding_loss", |x, y| x.hinge_embedding_loss(y)),
        ("soft_margin_loss", |x, y| x.soft_margin_loss(y)),
        ("multi_margin_loss", |x, y| x.multi_margin_loss(y)),
        ("multi_margin_loss", |x, y| loss::MultiMargin::new().weight(y.clone()).of(x, &x.cast(DType::I64))),
        ("multilabel_margin_loss", |x, y| x.multilabel_margin_loss(y)),
        ("multilabel_soft_margin_loss", |x, y| x.multilabel_soft_margin_loss(y)),
        ("margin_ranking_loss", |x, y| x.margin_ranking_loss(y, y)),
        ("margin_ranking_loss", |x, y| x.margin_ranking_loss(x, y)),
        ("triplet_margin_loss", |x, y| x.triplet_margin_loss(y, x)),
        ("cosine_embedding_loss", |x, y| x.cosine_embedding_loss(y, y)),
        ("cosine_embedding_loss", |x, y| x.cosine_embedding_loss(x, y)),
        ("ctc_loss", |x, y| x.ctc_loss(y, &[1], &[1])),
        ("ctc_loss", |x, y| x.ctc_loss(y, &[], &[])),
        ("ctc_loss", |x, y| loss::Ctc::new().blank(1).of(x, y, &[usize::MAX], &[0])),
    ]
}
