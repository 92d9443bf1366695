//! Elements chosen by truth values.
//!
//! How many are chosen is a matter of values, not of shapes, and `infer` knows shapes alone. So the places are read from the mask at
//! once, below every transform (a mask is never differentiated), and become an index; what is recorded is a read at that index, whose
//! shape is known.

use crate::ops::broadcast::{Operand, common_shape, or_panic};
use crate::{Array, Buffer, DType, Error, ErrorKind, Few, SpecRef, Tensor, kernels};

#[cfg(test)]
mod tests;

/// Masks.
impl Tensor {
    /// This tensor with another value where a mask holds, under broadcasting; a number, or a tensor.
    ///
    /// The cotangent of this tensor is zero where the mask holds, whatever it was there.
    ///
    /// # Panics
    /// When the mask is not bool, the shapes do not broadcast, the dtypes differ, or the number does not fit.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1.0f32, f32::NAN]);
    /// assert_eq!(x.masked_fill(&x.ne(&x), 0).to_vec::<f32>(), [1.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn masked_fill<'a>(&self, mask: &Tensor, value: impl Into<Operand<'a>>) -> Tensor {
        check_mask("masked_fill", self, mask);
        let value = match value.into() {
            Operand::Tensor(value) => value.clone(),
            Operand::Number(number) => {
                let value = Tensor::try_number("masked_fill", number, self.dtype());
                or_panic(value.map_err(|error| error.with_inputs(&[self.spec()])))
            }
        };
        if value.dtype() != self.dtype() {
            let error = Error::mixed_dtypes("masked_fill", &[self.spec(), value.spec()]);
            panic!("{error}");
        }
        or_panic(common_shape("masked_fill", &[self, mask, &value]));
        mask.where_(&value, self)
    }

    /// The elements where a mask holds, in row-major order, as a list; tensor and mask broadcast to one shape.
    ///
    /// # Panics
    /// When the mask is not bool, or the shapes do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, -2.0], [3.0, -4.0]]);
    /// assert_eq!(x.masked_select(&x.gt(0)).to_vec::<f32>(), [1.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "boolean_mask")]
    pub fn masked_select(&self, mask: &Tensor) -> Tensor {
        check_mask("masked_select", self, mask);
        let shape = or_panic(common_shape("masked_select", &[self, mask]));
        if shape.is_empty() {
            return self.unsqueeze(0).masked_select(&mask.unsqueeze(0));
        }
        // As lists, so that one index names an element.
        let count = [shape.numel()];
        self.expand(&shape).reshape(count).index(mask.expand(&shape).reshape(count))
    }

    /// The positions of the elements that are not zero (or false), in row-major order: one row for each, with an index for each
    /// axis. NaN is not zero.
    ///
    /// The number of rows depends on the values, so that the positions are read at once, also inside a transform; they are constants.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[0i64, 5], [7, 0]]);
    /// assert_eq!(x.nonzero().to_vec::<i64>(), [0, 1, 1, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "argwhere")]
    pub fn nonzero(&self) -> Tensor {
        let truth = if self.dtype() == DType::Bool { self.clone() } else { self.ne(0) };
        let flat = kernels::index::places_of_true(truth.array());
        let rank = self.rank();
        let mut positions = Buffer::recycled(flat.len() * rank);
        let slots: &mut [i64] = &mut positions;
        kernels::index::for_each_position(&flat, self.shape(), |n, position| {
            slots[n * rank..][..rank].iter_mut().zip(position).for_each(|(slot, &index)| *slot = index);
        });
        Array::from_buffer(positions, [flat.len(), rank]).into()
    }
}

#[track_caller]
fn check_mask(op: &'static str, x: &Tensor, mask: &Tensor) {
    if mask.dtype() != DType::Bool {
        let specs: Few<SpecRef<'_>> = [x.spec(), mask.spec()].into();
        let error = Error::new(ErrorKind::DType, op, format!("the mask must be bool, not {}", mask.dtype()));
        panic!("{}", error.with_inputs(&specs).with_hint("compare to get one, for example with .gt(0)"));
    }
}
