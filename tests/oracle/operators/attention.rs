//! Attention.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{Tensor, ops::Attention};

pub(super) const OPERATORS: &[Operator] = &[("nn.functional.scaled_dot_product_attention", One(attention))];

fn attention(c: &Call<'_>) -> Tensor {
    assert_eq!(c.float(4, "dropout_p"), Some(0.0), "others are skipped");
    let mut options = Attention::new();
    if let Some(mask) = c.tensor(3, "attn_mask") {
        options = options.mask(mask);
    }
    if c.flag(5, "is_causal") {
        options = options.causal();
    }
    if let Some(scale) = c.float(6, "scale") {
        options = options.scale(scale);
    }
    // The heads of the sample are as many on both sides, and its queries lack the batch axis: torch broadcasts them.
    if c.flag(7, "enable_gqa") {
        options = options.grouped_heads();
    }
    c.x(0).scaled_dot_product_attention(c.x(1), c.x(2), options)
}
