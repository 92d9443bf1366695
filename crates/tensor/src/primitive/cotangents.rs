//! The cotangents that a vjp is given.

use crate::{Few, Spec, Tensor, few::Repr};

/// The cotangents of an operation's outputs, by value, so that a rule can reuse their memory.
///
/// An output that nothing depended on has none; it reads as zeros.
pub struct Cotangents(Few<Cotangent>);

/// The cotangent of one output.
pub enum Cotangent {
    /// Something depended on the output.
    Given(Tensor),
    /// Nothing did: zeros of this spec. It is rare, and would make the list of cotangents long.
    Zero(Box<Spec>),
}

impl Cotangent {
    #[inline]
    fn into_tensor(self) -> Tensor {
        match self {
            Cotangent::Given(cotangent) => cotangent,
            Cotangent::Zero(spec) => Tensor::zeros(spec.shape(), spec.dtype()),
        }
    }
}

impl Cotangents {
    /// The cotangent of each output.
    #[must_use]
    #[inline]
    pub fn new(cotangents: Few<Cotangent>) -> Self {
        Cotangents(cotangents)
    }

    /// The cotangent of the only output.
    ///
    /// # Panics
    /// When the operation has several outputs.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn single(self) -> Tensor {
        match self.0.0 {
            Repr::One([Cotangent::Given(cotangent)]) => cotangent,
            other => Few(other).into_single().into_tensor(),
        }
    }

    /// The cotangents of all outputs, in order.
    #[must_use]
    pub fn into_tensors(self) -> Few<Tensor> {
        self.0.into_iter().map(Cotangent::into_tensor).collect()
    }

    /// The cotangents of all outputs, in order; `None` for an output that nothing depended on, where a rule saves work by knowing.
    #[must_use]
    pub fn into_given(self) -> Few<Option<Tensor>> {
        let given = |cotangent| match cotangent {
            Cotangent::Given(cotangent) => Some(cotangent),
            Cotangent::Zero(_) => None,
        };
        self.0.into_iter().map(given).collect()
    }
}
