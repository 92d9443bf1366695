//! The user's handle: a tensor is plain data, or stands for a tensor inside a transform. Here is access to its values; `create.rs` has
//! the constructors, and `ops` what tensors can compute.

mod create;

use crate::{Array, DType, Element, Error, ErrorKind, Result, Shape, SpecRef, Tracer};
use std::sync::Arc;

/// An immutable n-dimensional array that can be differentiated. Cloning is cheap, and it can be sent and shared between threads.
///
/// Inside a transform such as `grad` a tensor may be *traced*: it has the same shape, dtype and value, and
/// what is computed from it is recorded. Outside, nothing is recorded.
#[derive(Clone)]
pub struct Tensor(Array);

impl From<Array> for Tensor {
    #[inline]
    fn from(array: Array) -> Self {
        Tensor(array)
    }
}

/// What transforms need to know of a tensor.
impl Tensor {
    /// A tensor inside a transform, whose tracer nobody else holds.
    #[must_use]
    #[inline]
    pub fn traced_by(tracer: impl Tracer) -> Self {
        Tensor(Array::traced(Box::new(tracer)))
    }

    /// As [`traced_by`](Self::traced_by), by a tracer that others may hold too.
    #[must_use]
    pub fn from_tracer(tracer: Arc<dyn Tracer>) -> Self {
        Tensor(Array::traced_together(tracer))
    }

    /// The tracer that this tensor stands for, inside a transform.
    #[must_use]
    #[inline]
    pub fn tracer(&self) -> Option<&dyn Tracer> {
        let mut tensor = self;
        loop {
            let tracer = tensor.0.tracer()?;
            if tracer.is_open() {
                return Some(tracer);
            }
            tensor = tracer.primal();
        }
    }

    /// The tensor that this one is since transforms have ended: itself, unless it outlived the transform that traced it.
    ///
    /// What wraps a tensor for a transform of its own wraps this one. A tensor that is handed from transform to transform would
    /// else grow by a wrapper for each.
    #[must_use]
    pub fn without_ended_tracers(&self) -> &Tensor {
        let mut tensor = self;
        while let Some(ended) = tensor.0.tracer().filter(|tracer| !tracer.is_open()) {
            tensor = ended.primal();
        }
        tensor
    }

    /// The value of a tensor outside of every transform.
    #[inline]
    pub(crate) fn as_plain(&self) -> Option<&Array> {
        if self.0.tracer().is_none() { Some(&self.0) } else { None }
    }

    /// The value, or what stands for one.
    #[inline]
    pub(crate) fn view(&self) -> &Array {
        &self.0
    }

    /// The value, below every transform.
    #[must_use]
    #[inline]
    pub fn array(&self) -> &Array {
        let mut tensor = self;
        while let Some(tracer) = tensor.0.tracer() {
            tensor = tracer.primal();
        }
        &tensor.0
    }

    /// The value, below every transform; without copying the handle where the tensor is plain.
    #[must_use]
    #[inline]
    pub fn into_array(self) -> Array {
        match self.0.tracer() {
            None => self.0,
            Some(tracer) => tracer.primal().array().clone(),
        }
    }
}

/// Shape and values.
impl Tensor {
    /// The size of each axis.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 2.0, 3.0]]).shape()[..], [1, 3]);
    /// ```
    #[must_use]
    #[inline]
    pub fn shape(&self) -> &Shape {
        self.0.shape()
    }

    /// The element type.
    #[must_use]
    #[inline]
    pub fn dtype(&self) -> DType {
        self.0.dtype()
    }

    /// The number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.shape().len()
    }

    /// The number of elements.
    #[must_use]
    #[inline]
    pub fn numel(&self) -> usize {
        self.0.numel()
    }

    /// The size of one axis; negative axes count from the end.
    ///
    /// # Panics
    /// When the axis is out of range.
    #[must_use]
    #[track_caller]
    pub fn size(&self, axis: isize) -> usize {
        match crate::shape::resolve_axis("size", axis, self.rank()) {
            Ok(axis) => self.shape()[axis],
            Err(error) => panic!("{}", error.with_inputs(&[self.spec()])),
        }
    }

    /// Shape and dtype.
    #[must_use]
    #[inline]
    pub fn spec(&self) -> SpecRef<'_> {
        self.0.spec()
    }

    /// Whether the tensor has values, and not a shape and a dtype only; see [`shape_only`](Self::shape_only).
    #[must_use]
    #[inline]
    pub fn has_values(&self) -> bool {
        self.array().has_values()
    }

    /// The value of a tensor with one element.
    ///
    /// # Panics
    /// When the tensor has another number of elements, `T` is not its dtype, or there are no
    /// [values](Self::has_values). [`try_item`](Self::try_item) returns the error.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from(2.5f32).item::<f32>(), 2.5);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn item<T: Element>(&self) -> T {
        self.try_item().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The value of a tensor with one element.
    ///
    /// # Errors
    /// When the tensor has another number of elements, `T` is not its dtype, or there are no [values](Self::has_values).
    pub fn try_item<T: Element>(&self) -> Result<T> {
        self.check_readable::<T>("item")?;
        if self.numel() != 1 {
            return Err(Error::new(ErrorKind::Shape, "item", "needs a tensor of one element")
                .with_inputs(&[self.spec()])
                .with_hint("reduce it first, or read all elements with to_vec"));
        }
        Ok(self.array().storage_elements()[self.array().offset()])
    }

    /// The elements in row-major order.
    ///
    /// # Panics
    /// When `T` is not the tensor's dtype, or there are no [values](Self::has_values). [`try_to_vec`](Self::try_to_vec) returns the error.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 2], [3, 4]]).to_vec::<i64>(), [1, 2, 3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        self.try_to_vec().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// When `T` is not the tensor's dtype, or there are no [values](Self::has_values).
    pub fn try_to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.check_readable::<T>("to_vec")?;
        Ok(self.array().to_vec())
    }

    /// Changes the elements in place, in row-major order; for optimizers. Other handles to the same data do not see the change.
    ///
    /// # Panics
    /// When `T` is not the tensor's dtype, or inside a transform that traces this tensor: what was recorded must not change.
    #[track_caller]
    pub fn with_mut<T: Element, R>(&mut self, change: impl FnOnce(&mut [T]) -> R) -> R {
        change(self.elements_mut())
    }

    #[track_caller]
    fn elements_mut<T: Element>(&mut self) -> &mut [T] {
        if let Err(error) = self.check_readable::<T>("with_mut") {
            panic!("{error}");
        }
        assert!(
            self.tracer().is_none(),
            "with_mut: a traced tensor cannot change in place; compute a new one, or change a copy of its value, \
             .stop_gradient()"
        );
        // That of a transform which has ended.
        if self.0.tracer().is_some() {
            self.0 = self.array().clone();
        }
        self.0.elements_mut()
    }

    fn check_readable<T: Element>(&self, op: &'static str) -> Result<()> {
        if !self.has_values() {
            return Err(Error::no_values(op, self.spec()));
        }
        if self.dtype() == T::DTYPE {
            return Ok(());
        }
        Err(Error::new(ErrorKind::DType, op, format!("the elements are {}, not {}", self.dtype(), T::DTYPE))
            .with_inputs(&[self.spec()])
            .with_hint(format!("ask for them as {}, or cast first with .cast(DType::{:?})", self.dtype(), T::DTYPE)))
    }
}
