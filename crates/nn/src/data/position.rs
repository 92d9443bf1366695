//! Where an epoch stands, to be saved with a model and continued.

use cotangent_tensor::{DType, Error, ErrorKind, Result, Tensor};
use std::{ops::Range, sync::Arc};

/// The order of an epoch's examples, and how many of them have been given out. It is cheap to clone.
///
/// The generator that drew the order is no part of it: it has moved on to the next epoch, and is saved by its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub(super) order: Arc<[usize]>,
    pub(super) next: usize,
}

impl Position {
    /// The beginning of an epoch with the examples at these places, in this order.
    #[must_use]
    pub fn new(order: impl Into<Arc<[usize]>>) -> Self {
        Position { order: order.into(), next: 0 }
    }

    /// How many examples the epoch has.
    #[must_use]
    pub fn total(&self) -> usize {
        self.order.len()
    }

    /// How many examples have been given out.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.next
    }

    /// The position as named tensors: `order`, i64 of shape `[n]`, and `next`, an i64.
    #[must_use]
    pub fn to_tensors(&self) -> [(&'static str, Tensor); 2] {
        let order: Vec<i64> = self.order.iter().map(|&place| place as i64).collect();
        [("order", Tensor::from(order)), ("next", Tensor::from(self.next as i64))]
    }

    /// The position that [`to_tensors`](Self::to_tensors) gave.
    ///
    /// # Errors
    /// When a name is missing or unknown, a tensor has another dtype or shape, or a number cannot be what it should.
    pub fn from_tensors<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<Self> {
        let refuse = |rule: String| Error::new(ErrorKind::Data, "position", rule);
        let (mut order, mut next) = (None, None);
        for (name, tensor) in tensors {
            let (place, rank) = match name {
                "order" => (&mut order, 1),
                "next" => (&mut next, 0),
                _ => return Err(refuse(format!("has `order` and `next`, and no `{name}`"))),
            };
            if tensor.dtype() != DType::I64 || tensor.rank() != rank {
                let rule = format!("`{name}` is an i64 tensor of rank {rank}");
                return Err(refuse(rule).with_inputs(&[tensor.spec()]));
            }
            let count =
                |&n: &i64| usize::try_from(n).map_err(|_| refuse(format!("`{name}` holds {n}, which no place is")));
            *place = Some(tensor.to_vec::<i64>().iter().map(count).collect::<Result<Vec<usize>>>()?);
        }
        let (Some(order), Some(next)) = (order, next) else {
            return Err(refuse("needs both `order` and `next`".to_owned()));
        };
        let next = next[0];
        if next > order.len() {
            return Err(refuse(format!("`next` is {next}, and the order has {} examples", order.len())));
        }
        Ok(Position { order: order.into(), next })
    }

    /// The places of the next batch, which count as given out from now on.
    pub(super) fn advance(&mut self, batch_size: usize) -> Range<usize> {
        let start = self.next;
        self.next = start.saturating_add(batch_size).min(self.order.len());
        start..self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_position_is_refused() {
        let refusal = |tensors: &[(&str, Tensor)]| {
            Position::from_tensors(tensors.iter().map(|(name, x)| (*name, x))).unwrap_err().to_string()
        };
        let (order, next) = (|| ("order", Tensor::from([1i64, 0])), |n: i64| ("next", Tensor::from(n)));
        assert_eq!(refusal(&[order()]), "position: needs both `order` and `next`");
        assert_eq!(refusal(&[order(), next(3)]), "position: `next` is 3, and the order has 2 examples");
        assert_eq!(refusal(&[order(), next(-1)]), "position: `next` holds -1, which no place is");
        assert_eq!(refusal(&[("odd", Tensor::from(1i64))]), "position: has `order` and `next`, and no `odd`");
        assert_eq!(
            refusal(&[("order", Tensor::from([1.0f32]))]),
            "position: `order` is an i64 tensor of rank 1; got f32[1]"
        );
        let saved = Position { order: [1, 0].into(), next: 2 };
        let tensors = saved.to_tensors();
        assert_eq!(Position::from_tensors(tensors.iter().map(|(name, x)| (*name, x))), Ok(saved));
    }
}
