//! Attention: each query's mean of values, weighted by how well their keys fit it.

mod backward;
mod options;
mod primitive;
#[cfg(test)]
mod tests;
mod weights;

pub use options::Attention;
pub use primitive::ScaledDotProductAttention;

use crate::ops::broadcast::{or_panic, widened};
use crate::{DType, Error, ErrorKind, Few, Result, Shape, Tensor, array::check_size, error::same_dtypes, try_apply};
use options::Parts;
use weights::{Scores, weights};

impl Tensor {
    /// `softmax(scale q kᵀ + mask) v`, of queries (this tensor), keys and values, with the axes before the last two broadcast:
    /// `[.., l, e], [.., s, e], [.., s, d] -> [.., l, d]`.
    ///
    /// The scale is `1 / √e` unless the options give another. A row of which the mask leaves nothing is zero, and so is its
    /// gradient, as in PyTorch. The matrix of weights, `[.., l, s]`, is never whole in memory, neither here nor on the way
    /// back, unless the options ask for dropout.
    ///
    /// (Vaswani et al., "Attention is all you need", NeurIPS 2017.)
    ///
    /// # Panics
    /// When an operand has fewer than two axes, sizes or dtypes do not fit, the mask is neither bool nor of the operands' dtype or
    /// does not broadcast to `[.., l, s]`, or the heads cannot be grouped.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::Attention};
    /// let (q, k) = (Tensor::from([[1.0f64], [1.0]]), Tensor::from([[0.0f64], [0.0]]));
    /// let v = Tensor::from([[2.0f64], [4.0]]);
    /// assert_eq!(q.scaled_dot_product_attention(&k, &v, Attention::new()).to_vec::<f64>(), [3.0, 3.0]);
    /// // A causal row sees the places up to its own.
    /// assert_eq!(q.scaled_dot_product_attention(&k, &v, Attention::new().causal()).to_vec::<f64>(), [2.0, 3.0]);
    /// ```
    #[doc(alias = "attention")]
    #[doc(alias = "flash_attention")]
    #[must_use]
    #[track_caller]
    pub fn scaled_dot_product_attention(&self, k: &Tensor, v: &Tensor, options: Attention<'_>) -> Tensor {
        let Parts { mask, causal, scale, grouped, dropout } = options.into_parts();
        let specs: Few<_> = [Some(self), Some(k), Some(v), mask].into_iter().flatten().map(Tensor::spec).collect();
        let result = fitted(self, k, v, mask, grouped).and_then(|fitted| {
            let Fitted { q, k, v, mask, shape } = fitted;
            let y = match dropout {
                Some((p, rng)) => {
                    let scores = Scores { causal, scale: scale_of(scale, &q) };
                    let mask = mask.as_ref().map(widened);
                    let p = weights(&widened(&q), &widened(&k), mask.as_ref(), scores).dropout(p, rng);
                    p.matmul(&widened(&v)).cast(v.dtype())
                }
                None => {
                    let primitive = ScaledDotProductAttention::new(causal, scale);
                    let inputs: Few<&Tensor> =
                        [Some(&q), Some(&k), Some(&v), mask.as_ref()].into_iter().flatten().collect();
                    try_apply(&primitive, &inputs)?.into_iter().next().expect("two outputs")
                }
            };
            Ok(y.reshape(shape))
        });
        or_panic(result.map_err(|error| error.with_inputs(&specs)))
    }
}

/// `1 / √e` unless another is given.
fn scale_of(scale: Option<f64>, q: &Tensor) -> f64 {
    // Of no element the score is zero, whatever it is scaled by.
    scale.unwrap_or_else(|| 1.0 / (q.shape()[q.rank() - 1].max(1) as f64).sqrt())
}

/// The operands with equal batch axes.
struct Fitted {
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Option<Tensor>,
    /// Of the result: where heads are grouped, the groups are together again.
    shape: Shape,
}

fn fitted(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>, grouped: bool) -> Result<Fitted> {
    const OP: &str = "scaled_dot_product_attention";
    let refuse = |rule: String| Err(Error::new(ErrorKind::Shape, OP, rule));
    same_dtypes(OP, &[q.spec(), k.spec(), v.spec()])?;
    if !q.dtype().is_float() {
        return Err(Error::needs_float(OP, &[]));
    }
    if [q, k, v].iter().any(|x| x.rank() < 2) || mask.is_some_and(|mask| mask.rank() < 2) {
        return refuse("operands and mask need two axes at least".to_owned());
    }
    if let Some(mask) = mask.filter(|mask| mask.dtype() != DType::Bool && mask.dtype() != q.dtype()) {
        let rule = format!("the mask must be bool, or {} to be added, not {}", q.dtype(), mask.dtype());
        return Err(Error::new(ErrorKind::DType, OP, rule));
    }
    let last = |x: &Tensor| [x.shape()[x.rank() - 2], x.shape()[x.rank() - 1]];
    let ([l, e], [s, e_k], [s_v, d]) = (last(q), last(k), last(v));
    if e != e_k {
        return refuse(format!("queries of {e} elements do not fit keys of {e_k}"));
    }
    if s != s_v {
        return refuse(format!("there are {s} keys and {s_v} values"));
    }
    let (q, k, v, mask) =
        if grouped { grouped_heads(OP, q, k, v, mask)? } else { (q.clone(), k.clone(), v.clone(), mask.cloned()) };
    let batch_of = |x: &Tensor| Shape::from(&x.shape()[..x.rank() - 2]);
    let all = [Some(&q), Some(&k), Some(&v), mask.as_ref()];
    let batch = all.into_iter().flatten().try_fold(Shape::from([]), |batch, x| Shape::broadcast(&batch, &batch_of(x)));
    let Some(batch) = batch else {
        return refuse(
            "the axes before the last two do not broadcast: aligned at the last, sizes must be equal or 1".to_owned(),
        );
    };
    let expanded = |x: &Tensor, rows: usize, columns: usize| -> Result<Tensor> {
        let shape: Shape = batch.iter().copied().chain([rows, columns]).collect();
        check_size(OP, &shape, x.dtype())?;
        if Shape::broadcast(x.shape(), &shape).as_ref() != Some(&shape) {
            return Err(Error::new(ErrorKind::Shape, OP, format!("the mask must broadcast to {shape:?}")));
        }
        Ok(x.expand(shape))
    };
    let shape: Shape = if grouped {
        let (heads, outer) = batch
            .split_last_chunk::<2>()
            .map(|(outer, heads)| (heads[0] * heads[1], outer))
            .expect("two axes of heads");
        outer.iter().copied().chain([heads, l, d]).collect()
    } else {
        batch.iter().copied().chain([l, d]).collect()
    };
    Ok(Fitted {
        q: expanded(&q, l, e)?,
        k: expanded(&k, s, e)?,
        v: expanded(&v, s, d)?,
        mask: mask.map(|mask| expanded(&mask, l, s)).transpose()?,
        shape,
    })
}

type Operands = (Tensor, Tensor, Tensor, Option<Tensor>);

/// The axis of heads as two, of groups and of the queries that share a key and a value.
fn grouped_heads(op: &'static str, q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>) -> Result<Operands> {
    let refuse = |rule: String| Err(Error::new(ErrorKind::Shape, op, rule));
    let head_axis = |x: &Tensor| x.rank().checked_sub(3).map(|axis| x.shape()[axis]);
    let (Some(heads), Some(key_heads), Some(value_heads)) = (head_axis(q), head_axis(k), head_axis(v)) else {
        return refuse("grouped heads need an axis of heads before the last two".to_owned());
    };
    if key_heads != value_heads || key_heads == 0 || heads % key_heads != 0 {
        return refuse(format!(
            "{heads} heads of queries cannot share {key_heads} of keys and {value_heads} of values"
        ));
    }
    // As `[.., groups, sharing, rows, columns]`.
    let split = |x: &Tensor, groups: usize, sharing: usize| {
        let (outer, last) = x.shape().split_at(x.rank() - 3);
        x.reshape(outer.iter().copied().chain([groups, sharing, last[1], last[2]]).collect::<Shape>())
    };
    let mask = match mask {
        Some(mask) => match head_axis(mask) {
            Some(1) => Some(split(mask, 1, 1)),
            Some(size) if size == heads => Some(split(mask, key_heads, heads / key_heads)),
            Some(size) => return refuse(format!("a mask for {size} heads does not fit {heads}")),
            None => Some(mask.clone()),
        },
        None => None,
    };
    Ok((split(q, key_heads, heads / key_heads), split(k, key_heads, 1), split(v, key_heads, 1), mask))
}
