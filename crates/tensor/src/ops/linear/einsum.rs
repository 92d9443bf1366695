//! Einstein summation: products of tensors named by their axes, summed over the axes that the result does not name.
//!
//! `expression` reads the text, `order` chooses which two operands to join next, and `contract` joins two as one batched matrix
//! product. All of it is made of operations that have derivatives, so that every order of derivative follows.

pub(in crate::ops) mod contract;
mod expression;
mod order;
#[cfg(test)]
mod tests;

use crate::ops::broadcast::or_panic;
use crate::{DType, Error, ErrorKind, Few, Result, SpecRef, Tensor, error::same_dtypes};
use contract::{Labelled, contract};
use expression::Expression;
use std::borrow::Borrow;

/// Names an axis: a letter, or one of the axes of an ellipsis.
pub(in crate::ops) type Label = u32;

/// Products over named axes.
impl Tensor {
    /// Einstein summation: `"ij,jk->ik"` is the matrix product, `C_ik = Σ_j A_ij B_jk`.
    ///
    /// The expression names the axes of each operand by letters, separated by commas, and after `->` those of the result; what the
    /// result does not name is summed. A letter twice in one operand is the diagonal. `...` stands for any number of axes, which
    /// broadcast against each other. Without `->` the result has the ellipsis and then, in alphabetical order with capitals first,
    /// the letters that occur once. As in PyTorch an axis of size 1 goes with any size of the same letter, and an
    /// ellipsis that the result does not name is summed too. Spaces mean nothing.
    ///
    /// Operands are joined two at a time, each time by one batched matrix product: up to six in the order that takes the fewest
    /// multiplications, more of them by always taking the two whose product is smallest beside what it replaces.
    ///
    /// # Panics
    /// When the expression is malformed or names another number of operands or axes, sizes of one letter differ, dtypes differ, or
    /// are u8 or bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let a = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(Tensor::einsum("ij,jk->ik", [&a, &a]).to_vec::<f32>(), [7.0, 10.0, 15.0, 22.0]);
    /// assert_eq!(Tensor::einsum("ii", [&a]).item::<f32>(), 5.0);
    /// assert_eq!(Tensor::einsum("...ij -> ...ji", [&a]).to_vec::<f32>(), [1.0, 3.0, 2.0, 4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn einsum<T: Borrow<Tensor>>(expression: &str, operands: impl AsRef<[T]>) -> Tensor {
        let operands: Few<&Tensor> = operands.as_ref().iter().map(Borrow::borrow).collect();
        let specs: Few<SpecRef<'_>> = operands.iter().map(|x| x.spec()).collect();
        or_panic(einsum(expression, &operands, &specs).map_err(|error| error.or_inputs(&specs)))
    }
}

fn einsum(text: &str, operands: &[&Tensor], specs: &[SpecRef<'_>]) -> Result<Tensor> {
    let Expression { inputs, output, sizes } = Expression::parse(text, specs)?;
    same_dtypes("einsum", specs)?;
    check_numbers("einsum", specs)?;
    let parts: Vec<Labelled> = operands
        .iter()
        .zip(inputs)
        .map(|(&x, labels)| Labelled::new(x.clone(), labels).with_distinct_labels().without_broadcast(&sizes))
        .collect();
    let own: Vec<Vec<Label>> = parts.iter().map(|part| part.labels().to_vec()).collect();
    let is_elsewhere = |place: usize, label: &Label| {
        output.contains(label) || own.iter().enumerate().any(|(i, labels)| i != place && labels.contains(label))
    };
    let summed = parts.into_iter().enumerate().map(|(i, part)| Some(part.summed_to(|label| is_elsewhere(i, label))));
    let mut parts: Vec<Option<Labelled>> = summed.collect();
    let labels: Vec<&[Label]> = parts.iter().flatten().map(Labelled::labels).collect();
    for (a, b) in order::steps(&labels, &output, &sizes) {
        let (a, b) =
            (parts[a].take().expect("each part is used once"), parts[b].take().expect("each part is used once"));
        let is_needed =
            |label: &Label| output.contains(label) || parts.iter().flatten().any(|part| part.labels().contains(label));
        let joined = contract("einsum", &a, &b, is_needed)?;
        parts.push(Some(joined));
    }
    let result = parts.pop().flatten().expect("the last step leaves one part");
    Ok(result.arranged(&output))
}

/// Checks that sums of products of these are possible.
pub(in crate::ops) fn check_numbers(op: &'static str, specs: &[SpecRef<'_>]) -> Result<()> {
    let Some(spec) = specs.iter().find(|spec| matches!(spec.dtype(), DType::U8 | DType::Bool)) else { return Ok(()) };
    Err(Error::new(ErrorKind::DType, op, format!("sums of products of {} would soon overflow it", spec.dtype()))
        .with_inputs(specs)
        .with_hint("cast first, for example with .cast(DType::I64)"))
}
