//! Numbers that say how an operation works, outside of the domain that its documentation gives: never a silent NaN, but a
//! message that names the operation and the rule.

use cotangent::{
    DType, Rng, Tensor,
    nn::loss,
    ops::{Attention, CrossEntropy, Interpolate, Rotary},
};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// What must begin the message, and the call.
type Case = (&'static str, fn(&Tensor, f64));

/// Options for which these numbers are no sense.
fn cases() -> Vec<(&'static [f64], Case)> {
    macro_rules! cases {
        ($($wrong:expr => { $($message:literal: |$x:ident, $n:ident| $call:expr),* $(,)? })*) => {
            vec![$($((&$wrong[..], ($message, (|$x: &Tensor, $n: f64| { let _ = $call; }) as fn(&Tensor, f64)))),*),*]
        };
    }
    cases! {
        [NAN, INF, -1.0] => {
            "layer_norm: eps": |x, n| x.layer_norm([4], None, None, n),
            "rms_norm: eps": |x, n| x.rms_norm([4], None, n),
            "group_norm: eps": |x, n| x.group_norm(2, None, None, n),
            "instance_norm: eps": |x, n| x.instance_norm(None, None, n),
            "batch_norm: eps": |x, n| x.batch_norm(None, None, n),
            "batch_norm_with: eps": |x, n| x.batch_norm_with(&x.select(0, 0), &x.select(0, 0), None, None, n),
            "normalize: eps": |x, n| x.normalize(2.0, 0, n),
            "cosine_similarity: eps": |x, n| x.cosine_similarity(x, 0, n),
            "rotary_embedding: the base": |x, n| x.rotary_embedding(&Rotary::new().base(n)),
            "interpolate: a factor": |x, n| x.unsqueeze(0).interpolate(&Interpolate::by_factor([n])),
            "smooth_l1_loss: beta": |_x, n| loss::SmoothL1::new().beta(n),
            "huber_loss: delta": |_x, n| loss::Huber::new().delta(n),
            "poisson_nll_loss: eps": |_x, n| loss::PoissonNll::new().eps(n),
            "gaussian_nll_loss: eps": |_x, n| loss::GaussianNll::new().eps(n),
        }
        [NAN, INF, -INF] => {
            "local_response_norm: alpha": |x, n| x.local_response_norm(2, n, 0.5, 1.0),
            "local_response_norm: beta": |x, n| x.local_response_norm(2, 1.0, n, 1.0),
            "local_response_norm: k": |x, n| x.local_response_norm(2, 1.0, 0.5, n),
            "pairwise_distance: eps": |x, n| x.pairwise_distance(x, 2.0, n),
            "scaled_dot_product_attention: the scale": |_x, n| Attention::new().scale(n),
            "leaky_relu: the slope": |x, n| x.leaky_relu(n),
            "elu: alpha": |x, n| x.elu(n),
            "celu: alpha": |x, n| x.celu(n),
            "var: the correction": |x, n| x.var(.., n),
            "std: the correction": |x, n| x.std_keepdims(0, n),
            "var_mean: the correction": |x, n| x.var_mean(.., n).0,
            "std_mean: the correction": |x, n| x.std_mean(.., n).0,
            "histc: the bins": |x, n| x.histc(3, n, 1.0),
            "hinge_embedding_loss: margin": |_x, n| loss::HingeEmbedding::new().margin(n),
            "multi_margin_loss: margin": |_x, n| loss::MultiMargin::new().margin(n),
            "margin_ranking_loss: margin": |_x, n| loss::MarginRanking::new().margin(n),
            "triplet_margin_loss: margin": |_x, n| loss::TripletMargin::new().margin(n),
            "triplet_margin_loss: eps": |_x, n| loss::TripletMargin::new().eps(n),
        }
        [NAN, -0.5, 1.5] => {
            "dropout: the probability": |x, n| x.dropout(n, &mut Rng::seed(0)),
            "feature_dropout: the probability": |x, n| x.feature_dropout(n, &mut Rng::seed(0)),
            "alpha_dropout: the probability": |x, n| x.alpha_dropout(n, &mut Rng::seed(0)),
            "scaled_dot_product_attention: the probability": |_x, n| Attention::new().dropout(n, &mut Rng::seed(0)),
            "cross_entropy: label_smoothing": |_x, n| loss::CrossEntropy::new().label_smoothing(n),
            "cross_entropy: the label smoothing": |_x, n| CrossEntropy::new(1).label_smoothing(n),
            "quantile: ": |x, n| x.quantile(n, ..),
            "nanquantile: ": |x, n| x.nanquantile(n, ..),
            "bernoulli: the probability": |_x, n| Rng::seed(0).bernoulli(n, [2]),
        }
        [NAN] => {
            "normalize: p": |x, n| x.normalize(n, 0, 0.1),
            "pairwise_distance: p": |x, n| x.pairwise_distance(x, n, 0.1),
            "vector_norm: ": |x, n| x.vector_norm(n, ..),
            "hardtanh: low": |x, n| x.hardtanh(n, 1),
            "hardtanh: low": |x, n| x.hardtanh(-1, n),
            "threshold: the threshold": |x, n| x.threshold(n, 0),
            "hardshrink: lambda": |x, n| x.hardshrink(n),
            "clamp: the bound": |x, n| x.clamp(n, 1),
            "clamp: the bound": |x, n| x.clamp(-1, n),
            "uniform_range: ": |_x, n| Rng::seed(0).uniform_range(n, 1.0, [2], DType::F32),
        }
        [NAN, -1.0] => {
            "softshrink: lambda": |x, n| x.softshrink(n),
            "cdist: p": |x, n| x.cdist(x, n),
            "pinv_within: the tolerance": |x, n| x.pinv_within(n),
            "triplet_margin_loss: p": |_x, n| loss::TripletMargin::new().p(n),
            "logit: eps": |x, n| x.logit(Some(n)),
        }
        [0.0] => {
            "celu: alpha": |x, n| x.celu(n),
            "huber_loss: delta": |_x, n| loss::Huber::new().delta(n),
        }
        [NAN, 1.5, -2.0] => {
            "cosine_embedding_loss: margin": |_x, n| loss::CosineEmbedding::new().margin(n),
        }
    }
}

#[test]
fn numbers_outside_of_their_domain_are_refused() {
    let x = Tensor::from([[0.5, -1.0, 2.0, 0.25], [1.5, 3.0, -0.5, 0.0]]);
    let mut accepted = Vec::new();
    for (wrong, (message, call)) in cases() {
        for &number in wrong {
            let said = crate::panic_message(|| call(&x, number)).unwrap_or_else(|| "(nothing)".to_owned());
            if !said.starts_with(message) {
                accepted.push(format!("{message} of {number:?}: {said}"));
            }
        }
    }
    assert!(accepted.is_empty(), "\n{}\n", accepted.join("\n"));
}
