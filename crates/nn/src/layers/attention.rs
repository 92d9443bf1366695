//! Attention of several heads, with the projections of its inputs and its output.

mod mask;
mod projection;
#[cfg(test)]
mod tests;

pub use mask::Attend;
pub use projection::InProjection;

use super::{Linear, transformer::dropped};
use crate::{
    Layer, Mode,
    init::{self, gain},
};
use cotangent_autograd::module::{Visitor, VisitorMut};
use cotangent_tensor::{DType, Rng, Tensor, ops::Attention};
use mask::{Masks, causal_mask};

const OP: &str = "multi_head_attention";

/// `concat(head_1, .., head_h) W_oᵀ + b_o`, with `head_i = softmax(q_i k_iᵀ / √d) v_i` of the i-th parts, each of d numbers, of the
/// projections q, k, v of queries, keys and values.
///
/// Inputs and output are `[length, batch, width]`, or `[batch, length, width]` after [`batch_first`](Self::batch_first), or
/// `[length, width]` for one sequence alone. As in PyTorch, true in a bool mask means that a key is *not* seen: see [`Attend`].
///
/// (Vaswani et al., "Attention is all you need", NeurIPS 2017.)
///
/// ```
/// use cotangent_nn::{Attend, Mode, MultiHeadAttention};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let attention = MultiHeadAttention::new(8, 2, &mut Rng::seed(7)).batch_first();
/// let x = Tensor::ones([3, 5, 8], DType::F32);
/// assert_eq!(attention.forward(&x, &x, &x).shape()[..], [3, 5, 8]);
///
/// let masks = Attend::new().causal();
/// let (_y, weights) = attention.forward_with_weights(&x, &x, &x, masks, &mut Mode::eval());
/// assert_eq!(weights.unbind(0)[0].to_vec::<f32>()[..7], [1.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5]);
/// ```
#[derive(Clone, Debug)]
pub struct MultiHeadAttention {
    /// The weights of the projections of queries, keys and values.
    pub in_projection: InProjection,
    /// Their biases one after the other, `[3 width]`.
    pub in_proj_bias: Option<Tensor>,
    /// A learned key that every query sees too, `[1, 1, width]`.
    pub bias_k: Option<Tensor>,
    /// The value that belongs to it, `[1, 1, width]`.
    pub bias_v: Option<Tensor>,
    /// W_o and b_o.
    pub out_proj: Linear,
    /// How many heads there are; they divide the width.
    pub num_heads: usize,
    /// With which probability, in training, a weight is dropped.
    pub dropout: f64,
    /// Whether the batch is the first axis and not the second.
    pub batch_first: bool,
    /// Whether every query also sees a key and a value of zeros.
    pub add_zero_attn: bool,
}

/// By PyTorch's names, which do not show that the first is one of two.
impl cotangent_autograd::Module for MultiHeadAttention {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self.in_projection.visit(visitor);
        self.in_proj_bias.visit(&mut visitor.field("in_proj_bias"));
        self.bias_k.visit(&mut visitor.field("bias_k"));
        self.bias_v.visit(&mut visitor.field("bias_v"));
        self.out_proj.visit(&mut visitor.field("out_proj"));
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        self.in_projection.visit_mut(visitor);
        self.in_proj_bias.visit_mut(&mut visitor.field("in_proj_bias"));
        self.bias_k.visit_mut(&mut visitor.field("bias_k"));
        self.bias_v.visit_mut(&mut visitor.field("bias_v"));
        self.out_proj.visit_mut(&mut visitor.field("out_proj"));
    }
}

impl MultiHeadAttention {
    /// Heads that share so wide inputs and output, all of f32: input projections by Xavier's uniform law, W_o uniform in
    /// ±1/√width, biases 0, as in PyTorch.
    ///
    /// # Panics
    /// When the heads do not divide the width, or a weight's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(width: usize, num_heads: usize, rng: &mut Rng) -> Self {
        check_heads(width, num_heads);
        let rows = width.checked_mul(3).expect("multi_head_attention: the weight's size overflows");
        let weight = init::xavier_uniform([rows, width], gain::LINEAR, DType::F32, rng);
        Self::around(InProjection::Joint { in_proj_weight: weight }, width, num_heads, rng)
    }

    /// As [`new`](Self::new), for keys and values of widths of their own; PyTorch's `kdim` and `vdim`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[must_use]
    #[track_caller]
    pub fn with_widths(width: usize, key_width: usize, value_width: usize, num_heads: usize, rng: &mut Rng) -> Self {
        check_heads(width, num_heads);
        let mut weight = |inputs| init::xavier_uniform([width, inputs], gain::LINEAR, DType::F32, rng);
        let projection = InProjection::Separate {
            q_proj_weight: weight(width),
            k_proj_weight: weight(key_width),
            v_proj_weight: weight(value_width),
        };
        Self::around(projection, width, num_heads, rng)
    }

    #[track_caller]
    fn around(in_projection: InProjection, width: usize, num_heads: usize, rng: &mut Rng) -> Self {
        let mut out_proj = Linear::new(width, width, rng);
        out_proj.bias = Some(Tensor::zeros([width], DType::F32));
        MultiHeadAttention {
            in_projection,
            in_proj_bias: Some(Tensor::zeros([3 * width], DType::F32)),
            bias_k: None,
            bias_v: None,
            out_proj,
            num_heads,
            dropout: 0.0,
            batch_first: false,
            add_zero_attn: false,
        }
    }

    /// In training, each weight is dropped with probability `p`.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn dropout(self, p: f64) -> Self {
        assert!((0.0..=1.0).contains(&p), "{OP}: the dropout's probability must be from 0 to 1; got {p}");
        MultiHeadAttention { dropout: p, ..self }
    }

    /// For inputs of `[batch, length, width]`.
    #[must_use]
    pub fn batch_first(self) -> Self {
        MultiHeadAttention { batch_first: true, ..self }
    }

    /// Without `in_proj_bias` and the bias of `out_proj`.
    #[must_use]
    pub fn without_bias(self) -> Self {
        MultiHeadAttention { in_proj_bias: None, out_proj: self.out_proj.without_bias(), ..self }
    }

    /// With a learned key and value that every query sees too, whatever the masks say; PyTorch's `add_bias_kv`.
    #[must_use]
    pub fn with_learned_key(self, rng: &mut Rng) -> Self {
        let width = self.out_proj.weight.size(1);
        // Xavier's law for PyTorch's shape has the fans 1 * width and 1 * width.
        let mut row = || Some(init::xavier_normal([1, 1, width], gain::LINEAR, DType::F32, rng));
        MultiHeadAttention { bias_k: row(), bias_v: row(), ..self }
    }

    /// With a key and a value of zeros that every query sees too, whatever the masks say; PyTorch's `add_zero_attn`.
    #[must_use]
    pub fn with_zero_key(self) -> Self {
        MultiHeadAttention { add_zero_attn: true, ..self }
    }

    /// Attention without masks, for layers without dropout. One and the same reference as query, key and value makes one product of
    /// the three projections.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit, or there is dropout, for which [`forward_with`](Self::forward_with) takes a mode.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Tensor {
        self.forward_with(query, key, value, Attend::new(), &mut Mode::undecided())
    }

    /// Attention under masks. A query that sees no key gives zeros as the sum of its values.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward_with(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        masks: Attend<'_>,
        mode: &mut Mode<'_>,
    ) -> Tensor {
        let Projected { q, k, v, masks, .. } = self.projected(query, key, value, masks);
        let mut options = Attention::new();
        if masks.causal {
            options = options.causal();
        }
        let seen = masks.seen();
        if let Some(seen) = &seen {
            options = options.mask(seen);
        }
        if self.dropout > 0.0
            && let Some(rng) = mode.rng()
        {
            options = options.dropout(self.dropout, rng);
        }
        self.joined(&q.scaled_dot_product_attention(&k, &v, options), query.rank())
    }

    /// Attention and its weights after dropout, `[batch, queries, keys]`: their mean over the heads, or, if `masks` asks for it,
    /// those of each head, `[batch, heads, queries, keys]`. Without the batch for one sequence alone.
    ///
    /// Slower, and of more memory, than [`forward_with`](Self::forward_with), which never has the matrix of weights.
    ///
    /// # Panics
    /// When the shapes or dtypes do not fit.
    #[must_use]
    #[track_caller]
    pub fn forward_with_weights(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        masks: Attend<'_>,
        mode: &mut Mode<'_>,
    ) -> (Tensor, Tensor) {
        let per_head = masks.per_head;
        let Projected { q, k, v, mut masks } = self.projected(query, key, value, masks);
        let scale = 1.0 / (q.size(-1).max(1) as f64).sqrt();
        let scores = q.matmul(&k.transpose(-2, -1)) * scale;
        if masks.causal {
            masks.block(causal_mask(q.size(-2), k.size(-2)));
        }
        let weights = match masks.seen() {
            Some(seen) if seen.dtype() == DType::Bool => scores.masked_softmax(&seen, -1),
            // A row may be all minus infinity, of which softmax alone would make NaN.
            Some(added) => (scores + added).masked_softmax(&Tensor::from(true), -1),
            None => scores.softmax(-1),
        };
        let weights = dropped(weights, self.dropout, mode);
        let y = self.joined(&weights.matmul(&v), query.rank());
        let weights = if per_head { weights } else { weights.mean(1) };
        (y, if query.rank() == 2 { weights.squeeze(0) } else { weights })
    }

    /// The heads' queries, keys and values, `[batch, heads, length, d]`, and the masks as they fit them.
    #[track_caller]
    fn projected(&self, query: &Tensor, key: &Tensor, value: &Tensor, masks: Attend<'_>) -> Projected {
        let width = self.out_proj.weight.size(-1);
        check_heads(width, self.num_heads);
        self.check_inputs(query, key, value);
        let ([mut q, mut k, mut v], batch_axis) = (
            self.in_projection.project([query, key, value], self.in_proj_bias.as_ref()),
            usize::from(!self.batch_first),
        );
        if query.rank() == 2 {
            [q, k, v] = [q, k, v].map(|x| x.unsqueeze(batch_axis as isize));
        }
        let (batch, length) = (q.shape()[batch_axis], 1 - batch_axis as isize);
        let mut extra = 0;
        if let (Some(bias_k), Some(bias_v)) = (&self.bias_k, &self.bias_v) {
            let shape = k.shape().with_size(length as usize, 1);
            k = Tensor::concat([&k, &bias_k.expand(&shape)], length);
            v = Tensor::concat([&v, &bias_v.expand(&shape)], length);
            extra += 1;
        }
        if self.add_zero_attn {
            let zeros = Tensor::zeros(k.shape().with_size(length as usize, 1), k.dtype());
            k = Tensor::concat([&k, &zeros], length);
            v = Tensor::concat([&v, &zeros], length);
            extra += 1;
        }
        let [q, k, v] = [q, k, v].map(|x| {
            let heads = x.reshape([x.shape()[0], x.shape()[1], self.num_heads, width / self.num_heads]);
            if self.batch_first { heads.permute([0, 2, 1, 3]) } else { heads.permute([1, 2, 0, 3]) }
        });
        let sizes = [batch, self.num_heads, q.size(2), k.size(2) - extra];
        let masks = Masks::new(masks, sizes, query.rank() == 3, q.dtype(), extra);
        Projected { q, k, v, masks }
    }

    /// The heads' results side by side and projected, with the axes that queries of this rank have.
    #[track_caller]
    fn joined(&self, heads: &Tensor, rank: usize) -> Tensor {
        let rows = if self.batch_first { heads.permute([0, 2, 1, 3]) } else { heads.permute([2, 0, 1, 3]) };
        let y = self.out_proj.forward(&rows.flatten(2, 3));
        if rank == 2 { y.squeeze(isize::from(!self.batch_first)) } else { y }
    }

    #[track_caller]
    fn check_inputs(&self, query: &Tensor, key: &Tensor, value: &Tensor) {
        let width = self.out_proj.weight.size(-1);
        let widths = self.in_projection.widths(width);
        let bias_fits = self.in_proj_bias.as_ref().is_none_or(|bias| bias.shape()[..] == [3 * width]);
        let Some(widths) = widths.filter(|_| bias_fits) else {
            panic!(
                "{OP}: the input projections' weights and biases do not fit the output's width {width}; got {:?}, {:?}",
                self.in_projection, self.in_proj_bias
            )
        };
        let inputs = [query, key, value];
        let axes = |x: &Tensor| x.shape()[..x.rank() - 1].to_vec();
        let (batch, length) = if self.batch_first { (0, 1) } else { (1, 0) };
        let fit = (2..=3).contains(&query.rank())
            && inputs.iter().zip(widths).all(|(x, width)| x.rank() == query.rank() && x.shape()[x.rank() - 1] == width)
            && axes(key) == axes(value)
            && (query.rank() == 2 || key.shape()[batch] == query.shape()[batch]);
        let order = if length == 0 { "[length, batch, width]" } else { "[batch, length, width]" };
        assert!(
            fit,
            "{OP}: inputs must be {order} or [length, width], of one batch, the widths {widths:?}, and as many values as keys; \
             got {}, {} and {}",
            query.spec(),
            key.spec(),
            value.spec()
        );
        let dtype = self.out_proj.weight.dtype();
        assert!(
            inputs.iter().all(|x| x.dtype() == dtype),
            "{OP}: inputs must have the weights' dtype, {dtype}; got {}, {} and {}; cast one of them",
            query.spec(),
            key.spec(),
            value.spec()
        );
    }
}

/// Self-attention without masks.
impl Layer for MultiHeadAttention {
    #[track_caller]
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        self.forward_with(x, x, x, Attend::new(), mode)
    }
}

struct Projected {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    masks: Masks,
}

#[track_caller]
fn check_heads(width: usize, num_heads: usize) {
    assert!(
        num_heads > 0 && width > 0 && width.is_multiple_of(num_heads),
        "{OP}: {num_heads} heads do not divide a width of {width}"
    );
}
