//! Which keys a query sees: what a layer is told, and how the operation takes it.

use super::OP;
use cotangent_tensor::{DType, Tensor};

/// The masks of a [`MultiHeadAttention`](super::MultiHeadAttention); none unless set. What any of them blocks is blocked.
///
/// As in PyTorch's modules, true in a bool mask *blocks* a key. The operation
/// [`Tensor::scaled_dot_product_attention`] has PyTorch's other convention: there, true lets it be seen.
///
/// ```
/// use cotangent_nn::{Attend, Mode, MultiHeadAttention};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let attention = MultiHeadAttention::new(4, 2, &mut Rng::seed(7)).batch_first();
/// let x = Rng::seed(8).normal([2, 3, 4], DType::F32);
/// // The second sequence has two elements, and one that fills it up.
/// let padding = Tensor::from([[false, false, false], [false, false, true]]);
/// let masks = Attend::new().key_padding_mask(&padding);
/// let (_, weights) = attention.forward_with_weights(&x, &x, &x, masks, &mut Mode::eval());
/// assert_eq!(weights.unbind(2)[2].unbind(0)[1].to_vec::<f32>(), [0.0; 3]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Attend<'a> {
    mask: Option<&'a Tensor>,
    key_padding_mask: Option<&'a Tensor>,
    causal: bool,
    pub(super) per_head: bool,
}

impl<'a> Attend<'a> {
    /// Without masks.
    #[must_use]
    pub fn new() -> Self {
        Attend::default()
    }

    /// For each query and key, `[queries, keys]`, or for each sequence and head too, `[batch * heads, queries, keys]`: bool, true
    /// where the key is *not* seen, or numbers that are added to the scores.
    #[must_use]
    pub fn mask(self, mask: &'a Tensor) -> Self {
        Attend { mask: Some(mask), ..self }
    }

    /// For each key, `[batch, keys]`, or `[keys]` for one sequence alone: bool, true where no query sees it, or numbers that are
    /// added to all its scores.
    #[must_use]
    pub fn key_padding_mask(self, mask: &'a Tensor) -> Self {
        Attend { key_padding_mask: Some(mask), ..self }
    }

    /// Query i sees the keys 0 to i only. Unlike PyTorch's `is_causal`, which is a hint, this needs no mask beside it, and costs
    /// less than one.
    #[must_use]
    pub fn causal(self) -> Self {
        Attend { causal: true, ..self }
    }

    /// The weights that are given out are those of each head, and not their mean.
    #[must_use]
    pub fn per_head_weights(self) -> Self {
        Attend { per_head: true, ..self }
    }
}

/// The masks as one, of a shape that broadcasts to `[batch, heads, queries, keys]`: bool and true where blocked, or numbers.
pub(super) struct Masks {
    pub(super) causal: bool,
    mask: Option<Tensor>,
}

/// Refuses a mask of another shape or dtype.
#[track_caller]
fn check(what: &str, mask: &Tensor, dtype: DType, fits: bool, shapes: &str) {
    assert!(fits, "{OP}: the {what} must be {shapes}; got {}", mask.spec());
    assert!(
        mask.dtype() == DType::Bool || mask.dtype() == dtype,
        "{OP}: the {what} must be bool, true where a key is not seen, or {dtype}, to be added; got {}",
        mask.spec()
    );
}

impl Masks {
    /// Checked against `[batch, heads, queries, keys]`; `extra` keys more, at the end, are never blocked.
    #[track_caller]
    pub(super) fn new(attend: Attend<'_>, sizes: [usize; 4], is_batch: bool, dtype: DType, extra: usize) -> Self {
        let [batch, heads, queries, keys] = sizes;
        let mut masks = Masks { causal: attend.causal, mask: None };
        if let Some(mask) = attend.mask {
            let each = [batch * heads, queries, keys];
            let fits = mask.shape()[..] == each[1..] || mask.shape()[..] == each;
            check("mask", mask, dtype, fits, &format!("{:?} or {each:?}", &each[1..]));
            masks.block(if mask.rank() == 3 { mask.reshape(sizes) } else { mask.clone() });
        }
        if let Some(mask) = attend.key_padding_mask {
            let all = [batch, keys];
            let wanted = if is_batch { &all[..] } else { &all[1..] };
            check("key padding mask", mask, dtype, mask.shape()[..] == *wanted, &format!("{wanted:?}"));
            masks.block(mask.reshape([batch, 1, 1, keys]));
        }
        if extra > 0 {
            if masks.causal {
                masks.block(causal_mask(queries, keys));
                masks.causal = false;
            }
            masks.mask = masks.mask.map(|mask| {
                let shape = mask.shape().with_size(mask.rank() - 1, extra);
                Tensor::concat([&mask, &Tensor::zeros(shape, mask.dtype())], -1)
            });
        }
        masks
    }

    /// Blocks what this mask blocks too.
    #[track_caller]
    pub(super) fn block(&mut self, mask: Tensor) {
        self.mask = Some(match self.mask.take() {
            None => mask,
            Some(old) => match (old.dtype(), mask.dtype()) {
                (DType::Bool, DType::Bool) => old.where_(&Tensor::from(true), &mask),
                (DType::Bool, _) => old.where_(f64::NEG_INFINITY, &mask),
                (_, DType::Bool) => mask.where_(f64::NEG_INFINITY, &old),
                _ => old + mask,
            },
        });
    }

    /// As the operation takes it: bool and true where a key is seen, or numbers.
    pub(super) fn seen(&self) -> Option<Tensor> {
        let mask = self.mask.as_ref()?;
        Some(match mask.dtype() {
            DType::Bool => mask.where_(&Tensor::from(false), &Tensor::from(true)),
            _ => mask.clone(),
        })
    }
}

/// True above the diagonal.
pub(super) fn causal_mask(queries: usize, keys: usize) -> Tensor {
    let places = |n: usize| Tensor::arange(0, n as i64, 1);
    places(queries).unsqueeze(1).lt(&places(keys))
}
