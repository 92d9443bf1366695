//! Sorting, and parts of a sorted axis.
//!
//! The order is that of NumPy and PyTorch: a NaN is greater than everything, -0 equals 0. Equal elements keep their order,
//! ascending and descending.

use super::{Pick, one_of, picks, places_in_order};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor,
    Vjp, apply, error::takes, kernels::sort::Wanted, shape::resolve_axis,
};

/// The elements of an axis in order, and where each was.
#[derive(Clone, Debug)]
pub struct Sort {
    axis: isize,
    descending: bool,
}

impl Sort {
    /// Along this axis, the greatest first if `descending`.
    #[must_use]
    pub fn new(axis: isize, descending: bool) -> Self {
        Sort { axis, descending }
    }
}

impl Pick for Sort {
    const NAME: &'static str = "sort";
    fn axis(&self) -> isize {
        self.axis
    }
    fn count(&self, x: SpecRef<'_>, axis: usize) -> Result<usize> {
        Ok(x.shape()[axis])
    }
    fn places(&self, x: &Array, axis: usize) -> Array {
        places_in_order(x, axis, Wanted::First { count: x.shape()[axis], descending: self.descending })
    }
}

/// The first elements of an axis in order, and where each was.
#[derive(Clone, Debug)]
pub struct TopK {
    k: usize,
    axis: isize,
    largest: bool,
}

impl TopK {
    /// The `k` greatest along this axis, the greatest first; or the `k` smallest, the smallest first.
    #[must_use]
    pub fn new(k: usize, axis: isize, largest: bool) -> Self {
        TopK { k, axis, largest }
    }
}

impl Pick for TopK {
    const NAME: &'static str = "topk";
    fn axis(&self) -> isize {
        self.axis
    }
    fn count(&self, x: SpecRef<'_>, axis: usize) -> Result<usize> {
        let size = x.shape()[axis];
        if self.k <= size {
            return Ok(self.k);
        }
        let rule = format!("cannot pick {} of the {size} elements along axis {axis}", self.k);
        Err(Error::new(ErrorKind::Value, "topk", rule))
    }
    fn places(&self, x: &Array, axis: usize) -> Array {
        places_in_order(x, axis, Wanted::First { count: self.k, descending: self.largest })
    }
}

/// The k-th smallest element of an axis, and where it was.
#[derive(Clone, Debug)]
pub struct KthValue {
    k: usize,
    axis: isize,
    keepdims: bool,
}

impl KthValue {
    /// The `k`-th, counted from 1, along this axis, which stays with size 1 if `keepdims`.
    #[must_use]
    pub fn new(k: usize, axis: isize, keepdims: bool) -> Self {
        KthValue { k, axis, keepdims }
    }
}

impl Pick for KthValue {
    const NAME: &'static str = "kthvalue";
    fn axis(&self) -> isize {
        self.axis
    }
    fn drops_axis(&self) -> bool {
        !self.keepdims
    }
    fn count(&self, x: SpecRef<'_>, axis: usize) -> Result<usize> {
        let size = x.shape()[axis];
        if self.k == 0 {
            return Err(Error::new(ErrorKind::Value, "kthvalue", "k counts from 1: the first is the smallest"));
        }
        if self.k > size && size > 0 {
            let rule = format!("k is {}, but axis {axis} has only {size} elements", self.k);
            return Err(Error::new(ErrorKind::Value, "kthvalue", rule));
        }
        one_of("kthvalue", x, axis)
    }
    fn places(&self, x: &Array, axis: usize) -> Array {
        places_in_order(x, axis, Wanted::Rank(self.k - 1))
    }
}

picks!(Sort, TopK, KthValue);

/// Where the elements of an axis in order were: the second result of [`Sort`] alone.
#[derive(Clone, Debug)]
pub struct ArgSort(Sort);

impl ArgSort {
    /// Along this axis, the greatest first if `descending`.
    #[must_use]
    pub fn new(axis: isize, descending: bool) -> Self {
        ArgSort(Sort { axis, descending })
    }
}

impl Primitive for ArgSort {
    fn name(&self) -> &'static str {
        "argsort"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("argsort", 1, inputs)?;
        resolve_axis("argsort", self.0.axis, inputs[0].rank())?;
        Ok(Spec::new(inputs[0].shape(), DType::I64).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let axis = resolve_axis("argsort", self.0.axis, inputs[0].shape().len())?;
        Ok(self.0.places(inputs[0], axis).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

/// Sorting. A NaN is greater than everything; equal elements keep their order.
impl Tensor {
    /// The elements of an axis from the smallest to the greatest, and where each was, as `i64`: `(values, indices)` with
    /// `values = x.gather(axis, &indices)`.
    ///
    /// A NaN is greater than everything, and equal elements keep their order. The gradient of a value goes to the element that it is.
    ///
    /// # Panics
    /// When the axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (values, indices) = Tensor::from([3.0f32, 1.0, 2.0]).sort(0);
    /// assert_eq!(values.to_vec::<f32>(), [1.0, 2.0, 3.0]);
    /// assert_eq!(indices.to_vec::<i64>(), [1, 2, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sort(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&Sort::new(axis, false), &[self]))
    }

    /// As [`sort`](Self::sort), from the greatest to the smallest; equal elements keep their order, and NaN comes first.
    ///
    /// # Panics
    /// As [`sort`](Self::sort).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3i64, 1, 3]).sort_descending(0).1.to_vec::<i64>(), [0, 2, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sort_descending(&self, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&Sort::new(axis, true), &[self]))
    }

    /// Where the elements of an axis are, from the smallest to the greatest, as `i64`: the indices of [`sort`](Self::sort).
    ///
    /// # Panics
    /// When the axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3.0f32, 1.0, 2.0]).argsort(0).to_vec::<i64>(), [1, 2, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argsort(&self, axis: isize) -> Tensor {
        apply(&ArgSort::new(axis, false), &[self]).into_single()
    }

    /// Where the elements of an axis are, from the greatest to the smallest: the indices of
    /// [`sort_descending`](Self::sort_descending).
    ///
    /// # Panics
    /// When the axis is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3.0f32, 1.0, 2.0]).argsort_descending(0).to_vec::<i64>(), [0, 2, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argsort_descending(&self, axis: isize) -> Tensor {
        apply(&ArgSort::new(axis, true), &[self]).into_single()
    }

    /// The `k` greatest elements of an axis, the greatest first, and where they were: `(values, indices)`.
    ///
    /// Of equal elements the first are picked. The gradient of a value goes to the element that it is.
    ///
    /// # Panics
    /// When the axis is out of range, or has fewer than `k` elements.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (values, indices) = Tensor::from([3.0f32, 1.0, 5.0]).topk(2, 0);
    /// assert_eq!((values.to_vec::<f32>(), indices.to_vec::<i64>()), (vec![5.0, 3.0], vec![2, 0]));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn topk(&self, k: usize, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&TopK::new(k, axis, true), &[self]))
    }

    /// As [`topk`](Self::topk) of the `k` smallest elements, the smallest first.
    ///
    /// # Panics
    /// As [`topk`](Self::topk).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([3i64, 1, 5]).topk_smallest(2, 0).0.to_vec::<i64>(), [1, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn topk_smallest(&self, k: usize, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&TopK::new(k, axis, false), &[self]))
    }

    /// The `k`-th smallest element of an axis, which goes, and where it was: `(values, indices)`. `k` counts from 1.
    ///
    /// Of equal elements the first counts as the smaller. The gradient goes to the element that was picked.
    ///
    /// # Panics
    /// When the axis is out of range, `k` is zero, or the axis has fewer than `k` elements.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (value, index) = Tensor::from([3.0f32, 1.0, 5.0]).kthvalue(2, 0);
    /// assert_eq!((value.item::<f32>(), index.item::<i64>()), (3.0, 0));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn kthvalue(&self, k: usize, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&KthValue::new(k, axis, false), &[self]))
    }

    /// As [`kthvalue`](Self::kthvalue); the axis stays with size 1.
    ///
    /// # Panics
    /// As [`kthvalue`](Self::kthvalue).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[3i64, 1, 5]]).kthvalue_keepdims(1, 1).0.shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn kthvalue_keepdims(&self, k: usize, axis: isize) -> (Tensor, Tensor) {
        pair(apply(&KthValue::new(k, axis, true), &[self]))
    }
}

/// Values and indices.
pub(super) fn pair(outputs: Few<Tensor>) -> (Tensor, Tensor) {
    let mut outputs = outputs.into_iter();
    let mut next = || outputs.next().expect("values and indices");
    (next(), next())
}
