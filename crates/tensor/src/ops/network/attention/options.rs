//! What an attention is asked for.

use crate::{Rng, Tensor};

/// Options of [`scaled_dot_product_attention`](Tensor::scaled_dot_product_attention); none of them is on by itself.
#[derive(Debug, Default)]
pub struct Attention<'a> {
    mask: Option<&'a Tensor>,
    causal: bool,
    scale: Option<f64>,
    grouped: bool,
    dropout: Option<(f64, &'a mut Rng)>,
}

/// As the operation takes them.
pub(super) struct Parts<'a> {
    pub(super) mask: Option<&'a Tensor>,
    pub(super) causal: bool,
    pub(super) scale: Option<f64>,
    pub(super) grouped: bool,
    pub(super) dropout: Option<(f64, &'a mut Rng)>,
}

impl<'a> Attention<'a> {
    /// No mask, scaled by `1 / √e`.
    #[must_use]
    pub fn new() -> Self {
        Attention::default()
    }

    /// A bool mask, true where a query sees a key, or numbers that are added to the scores; it broadcasts to `[.., l, s]`.
    #[must_use]
    pub fn mask(self, mask: &'a Tensor) -> Self {
        Attention { mask: Some(mask), ..self }
    }

    /// Query i sees the keys 0 to i only; together with a mask, those of them that it leaves.
    #[must_use]
    pub fn causal(self) -> Self {
        Attention { causal: true, ..self }
    }

    /// What scores are multiplied by.
    ///
    /// # Panics
    /// When it is not finite.
    #[must_use]
    #[track_caller]
    pub fn scale(self, scale: f64) -> Self {
        assert!(scale.is_finite(), "scaled_dot_product_attention: the scale must be finite; got {scale:?}");
        Attention { scale: Some(scale), ..self }
    }

    /// Several heads of queries share one of keys and values: `[.., h, l, e]` with `[.., g, s, e]`, where h is a multiple of
    /// g, and head i of queries goes with head `i / (h / g)`. Keys and values are not copied.
    ///
    /// (Ainslie et al., "GQA: Training generalized multi-query transformer models from multi-head checkpoints", EMNLP 2023;
    /// PyTorch's `enable_gqa`.)
    #[must_use]
    pub fn grouped_heads(self) -> Self {
        Attention { grouped: true, ..self }
    }

    /// Weights are dropped with probability `p`, and the others scaled by `1 / (1 - p)`; the mask is drawn from `rng` once. The
    /// matrix of weights is whole in memory then.
    ///
    /// # Panics
    /// When `p` is not within [0, 1].
    #[must_use]
    #[track_caller]
    pub fn dropout(self, p: f64, rng: &'a mut Rng) -> Self {
        assert!(
            (0.0..=1.0).contains(&p),
            "scaled_dot_product_attention: the probability must be within [0, 1]; got {p:?}"
        );
        Attention { dropout: Some((p, rng)), ..self }
    }

    pub(super) fn into_parts(self) -> Parts<'a> {
        let Attention { mask, causal, scale, grouped, dropout } = self;
        // Without a draw there is nothing to do for which the weights would have to be kept.
        let dropout = dropout.filter(|&(p, _)| p != 0.0);
        Parts { mask, causal, scale, grouped, dropout }
    }
}
