//! The operations that networks are made of, for the sweep; more axes are added where an operation asks for them.

use super::Case;
use cotangent::{
    DType, Rng, Tensor,
    ops::{Attention, GridPadding, GridSample, Interpolate, Interpolation, Rotary},
};

/// With two axes more, in the places of batch and channels.
pub(super) fn image(x: &Tensor) -> Tensor {
    x.unsqueeze(0).unsqueeze(0)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        ("layer_norm", |x, y| x.layer_norm(y.shape(), None, None, 1e-5)),
        ("layer_norm", |x, y| x.layer_norm(x.shape(), Some(y), None, 1e-5)),
        ("layer_norm", |x, y| x.layer_norm(x.shape(), None, Some(y), 0.0)),
        ("rms_norm", |x, y| x.rms_norm(y.shape(), Some(y), 1e-5)),
        ("group_norm", |x, y| x.group_norm(2, Some(y), Some(y), 1e-5)),
        ("group_norm", |x, _| x.group_norm(0, None, None, 1e-5)),
        ("instance_norm", |x, y| x.instance_norm(None, Some(y), 1e-5)),
        ("batch_norm", |x, y| x.batch_norm(Some(y), None, 1e-5).0),
        ("batch_norm", |x, _| x.batch_norm(None, None, 1e-5).2),
        ("batch_norm_with", |x, y| x.batch_norm_with(y, y, Some(y), Some(y), 1e-5)),
        ("local_response_norm", |x, _| x.local_response_norm(usize::MAX, 1.0, 0.5, 1.0)),
        ("local_response_norm", |x, _| x.local_response_norm(0, 1.0, 0.5, 1.0)),
        ("normalize", |x, _| x.normalize(2.0, -1, 1e-12)),
        ("normalize", |x, _| x.normalize(f64::INFINITY, 1, 1e-12)),
        ("cosine_similarity", |x, y| x.cosine_similarity(y, -1, 1e-8)),
        ("pairwise_distance", |x, y| x.pairwise_distance(y, 1.5, 0.0)),
        ("scaled_dot_product_attention", |x, y| x.scaled_dot_product_attention(y, y, Attention::new())),
        ("scaled_dot_product_attention", |x, y| {
            x.scaled_dot_product_attention(x, x, Attention::new().mask(y).causal())
        }),
        ("scaled_dot_product_attention", |x, y| {
            image(x).scaled_dot_product_attention(&image(y), &image(x), Attention::new().grouped_heads())
        }),
        ("scaled_dot_product_attention", |x, y| {
            x.scaled_dot_product_attention(x, y, Attention::new().dropout(0.5, &mut Rng::seed(1)))
        }),
        ("masked_softmax", |x, y| x.masked_softmax(&y.cast(DType::Bool), -1)),
        ("masked_softmax", |x, y| x.masked_softmax(y, 0)),
        ("embedding", |x, y| x.embedding(y, Some(0))),
        ("embedding", |x, y| x.embedding(&(y.cast(DType::I64) - 1), None)),
        ("rotary_embedding", |x, _| x.rotary_embedding(&Rotary::new().offset(i64::MAX))),
        ("rotary_embedding", |x, y| x.rotary_embedding(&Rotary::new().positions(y).interleaved())),
        ("dropout", |x, _| x.dropout(0.5, &mut Rng::seed(1))),
        ("dropout", |x, _| x.dropout(-0.5, &mut Rng::seed(1))),
        ("feature_dropout", |x, _| x.feature_dropout(0.5, &mut Rng::seed(1))),
        ("alpha_dropout", |x, _| x.alpha_dropout(0.5, &mut Rng::seed(1))),
        ("interpolate", |x, y| x.interpolate(&Interpolate::to_size(y.shape()))),
        ("interpolate", |x, _| image(x).interpolate(&Interpolate::to_size([3, 1]).mode(Interpolation::Cubic))),
        ("interpolate", |x, _| x.interpolate(&Interpolate::by_factor([0.1]).mode(Interpolation::Area))),
        ("interpolate", |x, _| x.interpolate(&Interpolate::by_factor([2.5]).mode(Interpolation::Linear))),
        ("pixel_shuffle", |x, _| x.pixel_shuffle(2)),
        ("pixel_shuffle", |x, _| x.unsqueeze(0).pixel_shuffle(usize::MAX)),
        ("pixel_unshuffle", |x, _| x.unsqueeze(0).pixel_unshuffle(2)),
        ("grid_sample", |x, y| x.grid_sample(y, GridSample::new())),
        ("grid_sample", |x, y| image(x).grid_sample(&image(y), GridSample::new().padding(GridPadding::Reflection))),
        ("affine_grid", |x, _| x.affine_grid([1, 1, 2, 2], false)),
        ("affine_grid", |x, y| x.affine_grid(y.shape(), true)),
    ]
}
