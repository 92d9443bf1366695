//! Classes as vectors.

use crate::ops::indexing::index::check::{check_index_dtype, first_outside};
use crate::{
    Array, Buffer, DType, Derivative, Error, ErrorKind, Few, Primitive, Result, Shape, Spec, SpecRef, Tensor, apply,
    array::check_size, dtype::for_dtype, error::takes,
};

#[cfg(test)]
mod tests;

/// `y[.., k] = 1` where `k` is the class that `x` names, else 0. A constant to every transform.
#[derive(Clone, Debug)]
pub struct OneHot {
    classes: usize,
    dtype: DType,
}

impl OneHot {
    /// Of so many classes, in this dtype.
    #[must_use]
    pub fn new(classes: usize, dtype: DType) -> Self {
        OneHot { classes, dtype }
    }
}

impl Primitive for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("one_hot", 1, inputs)?;
        check_index_dtype("one_hot", inputs, inputs[0])?;
        let shape: Shape = inputs[0].shape().iter().copied().chain([self.classes]).collect();
        check_size("one_hot", &shape, self.dtype)?;
        Ok(Spec::new(shape, self.dtype).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        if let Some((label, position)) = first_outside(inputs[0], self.classes) {
            let rule = format!("label {label} at {position:?} is none of the {} classes", self.classes);
            return Err(Error::new(ErrorKind::Index, "one_hot", rule));
        }
        let labels = inputs[0].to_slice::<i64>();
        let shape: Shape = inputs[0].shape().iter().copied().chain([self.classes]).collect();
        let one = Tensor::ones([], self.dtype);
        let y = for_dtype!(self.dtype, T => {
            let mut elements = Buffer::<T>::zeroed(shape.numel());
            let (one, classes) = (one.item::<T>(), self.classes);
            labels.iter().enumerate().for_each(|(i, &label)| elements[i * classes + label as usize] = one);
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

impl Tensor {
    /// Labels as vectors of a new last axis: 1 at the place of the label, else 0.
    ///
    /// # Panics
    /// When the labels are not `i64`, one of them is not from 0 to `classes - 1`, or the size overflows. Labels from outside are checked
    /// by `try_apply(&OneHot::new(..), ..)`, which returns the error.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let y = Tensor::from([2i64, 0]).one_hot(3, DType::F32);
    /// assert_eq!(y.to_vec::<f32>(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn one_hot(&self, classes: usize, dtype: DType) -> Tensor {
        apply(&OneHot::new(classes, dtype), &[self]).into_single()
    }
}
