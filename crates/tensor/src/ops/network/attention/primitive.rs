//! Attention as one primitive.

use super::{
    backward::AttentionGrad,
    scale_of,
    weights::{Scores, masked_scores, softmax_or_zeros, weights},
};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef,
    Tensor, Vjp, apply,
    array::check_size,
    dtype::for_float,
    error::same_dtypes,
    kernels::attention::{self as kernel, Inputs, Mask, Matrices, Number, Sizes},
    ops::broadcast::widened,
};

const OP: &str = "scaled_dot_product_attention";

/// `y = softmax(scale q kᵀ + mask) v`, and for each row the logarithm of the sum of the exponentials of its scores.
///
/// Inputs `q`, `k`, `v` of equal batch axes, and, if there are four, a mask of shape `[.., l, s]`: bool, or of the others'
/// dtype and then added. Outputs `[.., l, d]` and `[.., l]`, the second in f32 where the operands are halves.
#[derive(Clone, Debug)]
pub struct ScaledDotProductAttention {
    pub(super) causal: bool,
    scale: Option<f64>,
}

impl ScaledDotProductAttention {
    /// Scaled by `1 / √e` if no scale is given; `causal`, row i sees columns 0 to i only.
    #[must_use]
    pub fn new(causal: bool, scale: Option<f64>) -> Self {
        ScaledDotProductAttention { causal, scale }
    }

    pub(super) fn scores(&self, q: &Tensor) -> Scores {
        Scores { causal: self.causal, scale: scale_of(self.scale, q) }
    }

    /// What the kernels take.
    pub(super) fn kernel_inputs<'a, T: Number>(
        &self,
        [q, k, v]: [&'a Array; 3],
        mask: Option<&'a Array>,
    ) -> Inputs<'a, T> {
        Inputs {
            sizes: sizes(q.shape(), k.shape(), v.shape()),
            q: Matrices::of(q),
            k: Matrices::of(k),
            v: Matrices::of(v),
            mask: match mask {
                None => Mask::None,
                Some(mask) if mask.dtype() == DType::Bool => Mask::Bool(Matrices::of(mask)),
                Some(mask) => Mask::Added(Matrices::of(mask)),
            },
            causal: self.causal,
            scale: T::from_f64(scale_of(self.scale, &q.clone().into())),
        }
    }
}

pub(super) fn sizes(q: &[usize], k: &[usize], v: &[usize]) -> Sizes {
    let ([batch @ .., rows, width], [.., columns, _], [.., value_width]) = (q, k, v) else {
        unreachable!("infer asks for matrices")
    };
    Sizes { batch: batch.iter().product(), rows: *rows, columns: *columns, width: *width, value_width: *value_width }
}

/// Whether there is nothing to multiply.
pub(super) fn is_empty(Sizes { batch, rows, columns, width, value_width }: Sizes) -> bool {
    [batch, rows, columns, width, value_width].contains(&0)
}

impl Primitive for ScaledDotProductAttention {
    fn name(&self) -> &'static str {
        OP
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let refuse = |rule: &str| Err(Error::new(ErrorKind::Shape, OP, rule).with_inputs(inputs));
        let (&[q, k, v], mask) = match inputs {
            [qkv @ .., mask] if inputs.len() == 4 => (qkv.first_chunk().expect("three"), Some(*mask)),
            _ => match inputs.first_chunk() {
                Some(qkv) if inputs.len() == 3 => (qkv, None),
                _ => {
                    let rule = format!("takes 3 inputs, or 4 with a mask, not {}", inputs.len());
                    return Err(Error::new(ErrorKind::Value, OP, rule).with_inputs(inputs));
                }
            },
        };
        same_dtypes(OP, &inputs[..3]).map_err(|error| error.with_inputs(inputs))?;
        if !q.dtype().is_float() {
            return Err(Error::needs_float(OP, inputs));
        }
        let ([batch @ .., l, e], [batch_k @ .., s, e_k], [batch_v @ .., s_v, d]) = (q.shape(), k.shape(), v.shape())
        else {
            return refuse("the primitive takes matrices");
        };
        if e != e_k || s != s_v || batch != batch_k || batch != batch_v {
            return refuse("the primitive takes q [.., l, e], k [.., s, e], v [.., s, d] of equal batch axes");
        }
        if let Some(mask) = mask {
            if mask.dtype() != DType::Bool && mask.dtype() != q.dtype() {
                return refuse("the mask must be bool, or have the dtype of the others");
            }
            if mask.rank() != q.rank() || !mask.shape().starts_with(batch) || mask.shape()[batch.len()..] != [*l, *s] {
                return refuse("the primitive takes a mask [.., l, s]");
            }
        }
        let shape: Shape = batch.iter().copied().chain([*l, *d]).collect();
        check_size(OP, &shape, q.dtype())?;
        let rows: Shape = batch.iter().copied().chain([*l]).collect();
        // Not rounded to a half: the way back takes exponentials of differences to it.
        Ok([Spec::new(shape, q.dtype()), Spec::new(rows, q.dtype().widened())].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [q, k, v] = [inputs[0], inputs[1], inputs[2]];
        let (rank, all) = (q.shape().len(), sizes(q.shape(), k.shape(), v.shape()));
        let rows: Shape = q.shape()[..rank - 1].into();
        let shape: Shape = rows.iter().copied().chain([all.value_width]).collect();
        if is_empty(all) {
            let inputs: Few<Tensor> = inputs.iter().map(|&x| x.clone().into()).collect();
            let s = masked_scores(&inputs[0], &inputs[1], inputs.get(3), self.scores(&inputs[0]));
            let y = softmax_or_zeros(&s, -1).matmul(&inputs[2]);
            return Ok([y.into_array(), s.logsumexp(-1).into_array()].into());
        }
        Ok(for_float!(q.dtype(), T => {
            let (y, log_sums) = kernel::forward(&self.kernel_inputs::<T>([q, k, v], inputs.get(3).copied()));
            [Array::from_buffer(y, shape), Array::from_buffer(log_sums, rows)].into()
        }))
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        // The scores and the mean of the values; a mask saves nothing, as PyTorch counts.
        let Sizes { batch, rows, columns, width, value_width } =
            sizes(inputs[0].shape(), inputs[1].shape(), inputs[2].shape());
        [batch, rows, columns, width + value_width]
            .iter()
            .fold(2, |product: u64, &size| product.saturating_mul(size as u64))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for ScaledDotProductAttention {
    fn keep(&self, needs: &[bool]) -> Keep {
        let inputs = Keep::input(0).and(Keep::input(1)).and(Keep::input(2)).and(Keep::input(3).when(needs.len() > 3));
        inputs.and(Keep::output(0)).and(Keep::output(1))
    }
    // The formulas stand at the kernel, and in the decomposition.
    fn vjp(&self, saved: &Saved, bars: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let bars = bars.into_tensors();
        let mut inputs: Few<&Tensor> = (0..3).map(|i| saved.input(i)).collect();
        inputs.push(saved.output(0));
        inputs.push(saved.output(1));
        bars.iter().for_each(|bar| inputs.push(bar));
        if needs.len() > 3 {
            inputs.push(saved.input(3));
        }
        let gradient = AttentionGrad { attention: self.clone(), mask: needs.get(3) == Some(&true) };
        let mut outputs: Few<Option<Tensor>> = apply(&gradient, &inputs).into_iter().map(Some).collect();
        if needs.get(3) == Some(&false) {
            outputs.push(None);
        }
        outputs
    }
    // With p the weights: s_dot = scale (q_dot kᵀ + q k_dotᵀ) + mask_dot, l_dot = Σ p s_dot, p_dot = p (s_dot - l_dot),
    // y_dot = p_dot v + p v_dot.
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        // In f32, as the kernels: rounded to halves, scores would give other weights.
        let dtype = x[0].dtype();
        let x: Few<Tensor> = x.iter().map(|x| widened(x)).collect();
        let x_dot: Few<Option<Tensor>> = x_dot.iter().map(|x_dot| x_dot.map(widened)).collect();
        let [q, k, v] = [&x[0], &x[1], &x[2]];
        let scores = self.scores(q);
        let p = weights(q, k, x.get(3), scores);
        let terms = [
            x_dot[0].as_ref().map(|q_dot| q_dot.matmul(&k.transpose(-2, -1)) * scores.scale),
            x_dot[1].as_ref().map(|k_dot| q.matmul(&k_dot.transpose(-2, -1)) * scores.scale),
            x_dot.get(3).cloned().flatten(),
        ];
        let through_v = x_dot[2].as_ref().map(|v_dot| p.matmul(v_dot));
        let Some(s_dot) = terms.into_iter().flatten().reduce(|sum, term| sum + term) else {
            return Some([through_v.map(|y_dot| y_dot.cast(dtype)), None].into());
        };
        let l_dot = (&p * &s_dot).sum_keepdims(-1);
        let through_p = (&p * (&s_dot - &l_dot)).matmul(v);
        let y_dot = through_v.map_or_else(|| through_p.clone(), |through_v| &through_p + through_v);
        Some([Some(y_dot.cast(dtype)), Some(l_dot.squeeze(-1))].into())
    }
}
