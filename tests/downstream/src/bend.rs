//! A layer: an activation that is learned.

use crate::polynomial;
use cotangent::{
    nn::{Layer, Mode},
    prelude::*,
};

/// A polynomial of each element, whose coefficients are learned: all elements share them.
///
/// ```
/// use cotangent::Tensor;
/// use downstream::Bend;
/// // It begins as x + x²/4, bent a little.
/// let y = Bend::new(3).forward(&Tensor::from([2.0f32, -2.0]));
/// assert_eq!(y.to_vec::<f32>(), [3.0, -1.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Bend {
    /// Of shape `[degree + 1]`, the constant first.
    pub coefficients: Tensor,
}

impl Bend {
    /// `x + x²/4`, to be learned from there, as a polynomial of a degree of at least 2.
    ///
    /// # Panics
    /// When the degree is less.
    #[must_use]
    #[track_caller]
    pub fn new(degree: usize) -> Self {
        assert!(degree >= 2, "bend: the degree is at least 2; got {degree}");
        let mut coefficients = vec![0.0f32; degree + 1];
        coefficients[1..3].copy_from_slice(&[1.0, 0.25]);
        Bend { coefficients: Tensor::from(coefficients) }
    }

    /// The polynomial of each element.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        polynomial(&self.coefficients, x)
    }
}

/// For sequences of layers.
impl Layer for Bend {
    fn call(&self, x: &Tensor, _: &mut Mode<'_>) -> Tensor {
        self.forward(x)
    }
}
