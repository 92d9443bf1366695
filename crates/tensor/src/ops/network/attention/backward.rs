//! The fused derivative of attention.

use super::{
    ScaledDotProductAttention,
    primitive::{is_empty, sizes},
    weights::weights,
};
use crate::{
    Array, Decompose, Derivative, Few, Primitive, Result, Spec, SpecRef, Tensor,
    dtype::for_float,
    error::takes,
    kernels::attention::{Bars, Outputs, Sizes, backward},
};

/// The cotangents of q, k, v, and of the mask if it says so, from `q`, `k`, `v`, `y`, `l`, `y_bar`, `l_bar` and, where there is one, the mask.
#[derive(Clone, Debug)]
pub(super) struct AttentionGrad {
    pub(super) attention: ScaledDotProductAttention,
    pub(super) mask: bool,
}

/// The inputs before the mask.
const WITHOUT_MASK: usize = 7;

impl Primitive for AttentionGrad {
    fn name(&self) -> &'static str {
        "attention_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let has_mask = inputs.len() > WITHOUT_MASK;
        takes("attention_grad", WITHOUT_MASK + usize::from(has_mask), inputs)?;
        let mut bars: Few<Spec> = inputs[..3].iter().map(|&x| x.to_owned()).collect();
        if self.mask {
            bars.push(inputs[WITHOUT_MASK].to_owned());
        }
        Ok(bars)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [q, k, v, y, log_sums, y_bar, log_sum_bars] = *inputs.first_chunk().expect("infer has counted");
        let mask = inputs.get(WITHOUT_MASK).copied();
        if is_empty(sizes(q.shape(), k.shape(), v.shape())) {
            let inputs: Few<Tensor> = inputs.iter().map(|&x| x.clone().into()).collect();
            let bars = self.decompose(&inputs.iter().collect::<Few<_>>());
            return Ok(bars.into_iter().map(Tensor::into_array).collect());
        }
        Ok(for_float!(q.dtype(), T => {
            let inputs = self.attention.kernel_inputs::<T>([q, k, v], mask);
            // A view is copied into recycled memory: y_bar mostly is one, since heads are laid side by side after it.
            let dense = [y, log_sums, y_bar, log_sum_bars].map(Array::contiguous);
            let [y, log_sums, y_bar, log_sum_bars] = dense.each_ref().map(|x| x.as_slice::<T>().expect("contiguous"));
            let outputs = Outputs { y, log_sums };
            let bars = Bars { y: y_bar, log_sums: log_sum_bars };
            let (q_bar, k_bar, v_bar, mask_bar) = backward(&inputs, &outputs, &bars, self.mask);
            let mut bars: Few<Array> = [(q_bar, q), (k_bar, k), (v_bar, v)]
                .into_iter()
                .map(|(bar, x)| Array::from_buffer(bar, x.shape()))
                .collect();
            if let (Some(mask_bar), Some(mask)) = (mask_bar, mask) {
                bars.push(Array::from_buffer(mask_bar, mask.shape()));
            }
            bars
        }))
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        // The scores again, and the cotangents of the weights, of q and of k by the width of a key or of a value: five products.
        let Sizes { batch, rows, columns, width, value_width } =
            sizes(inputs[0].shape(), inputs[1].shape(), inputs[2].shape());
        [batch, rows, columns, 3 * width + 2 * value_width]
            .iter()
            .fold(2, |product: u64, &size| product.saturating_mul(size as u64))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for AttentionGrad {
    // With p the weights: v_bar = pᵀ y_bar, p_bar = y_bar vᵀ, s_bar = p (p_bar - Σ p p_bar + l_bar), q_bar = scale s_bar k,
    // k_bar = scale s_barᵀ q, mask_bar = s_bar. Of y and l, which q, k, v and the mask determine, nothing is used.
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let [q, k, v, _, _, y_bar, log_sum_bars] = *inputs.first_chunk().expect("infer has counted");
        let scores = self.attention.scores(q);
        let p = weights(q, k, inputs.get(WITHOUT_MASK).copied(), scores);
        let p_bar = y_bar.matmul(&v.transpose(-2, -1));
        let pull = (&p * &p_bar).sum_keepdims(-1) - log_sum_bars.unsqueeze(-1);
        let mask_bar = &p * (p_bar - pull);
        let s_bar = &mask_bar * scores.scale;
        let mut bars: Few<Tensor> =
            [s_bar.matmul(k), s_bar.transpose(-2, -1).matmul(q), p.transpose(-2, -1).matmul(y_bar)].into();
        if self.mask {
            bars.push(mask_bar);
        }
        bars
    }
}
