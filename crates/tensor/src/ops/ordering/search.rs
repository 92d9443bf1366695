//! Where values belong: in a sorted list, in bins. Constants to every transform.

use crate::ops::{broadcast::or_panic, reduction::reduce::checked_axes};
use crate::{
    Array, Axes, Buffer, DType, Derivative, Error, ErrorKind, Few, Primitive, Result, Spec, SpecRef, Tensor, apply,
    array::check_size,
    dtype::for_widened,
    error::{same_dtypes, takes},
    kernels::sort,
};

#[cfg(test)]
mod tests;

/// For each value the place in a sorted list before which it belongs; inputs `sorted`, `values`.
#[derive(Clone, Debug)]
pub struct SearchSorted {
    right: bool,
}

impl SearchSorted {
    /// After equal elements if `right`, else before them.
    #[must_use]
    pub fn new(right: bool) -> Self {
        SearchSorted { right }
    }
}

impl Primitive for SearchSorted {
    fn name(&self) -> &'static str {
        "searchsorted"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("searchsorted", 2, inputs)?;
        same_dtypes("searchsorted", inputs)?;
        let [sorted, values] = [inputs[0].shape(), inputs[1].shape()];
        let fits = match sorted {
            [] => false,
            [_] => true,
            [batch @ .., _] => values.split_last().is_some_and(|(_, others)| others == batch),
        };
        if !fits {
            let rule = "needs one sorted list, or one for each row of values, with the same axes before the last";
            return Err(Error::new(ErrorKind::Shape, "searchsorted", rule).with_inputs(inputs));
        }
        check_size("searchsorted", &values.into(), DType::I64)?;
        Ok(Spec::new(values, DType::I64).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [sorted, values] = [inputs[0], inputs[1]];
        let places: Buffer<i64> = for_widened!(sorted.dtype(), T => {
            let length = sorted.shape()[sorted.shape().len() - 1];
            let per_list = if sorted.shape().len() == 1 { values.numel() } else { values.shape()[values.shape().len() - 1] };
            sort::places_among::<T>(&sorted.to_slice(), length, &values.to_slice(), per_list, self.right)
        });
        Ok(Array::from_buffer(places, values.shape()).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

/// Where values belong.
impl Tensor {
    /// For each value the place in this sorted list before which it belongs, as `i64`: the number of elements that are less. In the order
    /// of [`sort`](Self::sort), where a NaN is greater than everything.
    ///
    /// A tensor of several axes holds a list in each row of its last; the values then have the same axes before their last.
    ///
    /// # Panics
    /// When the dtypes differ, or the axes before the last do.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let edges = Tensor::from([1.0f32, 2.0, 2.0, 3.0]);
    /// let values = Tensor::from([0.5f32, 2.0, 9.0]);
    /// assert_eq!(edges.searchsorted(&values).to_vec::<i64>(), [0, 1, 4]);
    /// assert_eq!(edges.searchsorted_right(&values).to_vec::<i64>(), [0, 3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "bucketize")]
    #[doc(alias = "digitize")]
    pub fn searchsorted(&self, values: &Tensor) -> Tensor {
        apply(&SearchSorted::new(false), &[self, values]).into_single()
    }

    /// As [`searchsorted`](Self::searchsorted), after equal elements: the number of elements that are at most the value.
    ///
    /// # Panics
    /// As [`searchsorted`](Self::searchsorted).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1i64, 2, 2]).searchsorted_right(&Tensor::from([2i64])).to_vec::<i64>(), [3]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "bucketize")]
    pub fn searchsorted_right(&self, values: &Tensor) -> Tensor {
        apply(&SearchSorted::new(true), &[self, values]).into_single()
    }

    /// How often each of the numbers 0, 1, .. is in this `i64` tensor, up to the greatest in it, but at least `least` of them.
    ///
    /// Weighted counts, which can be differentiated, are a [`scatter_add`](Self::scatter_add) to zeros.
    ///
    /// # Panics
    /// When the dtype is not `i64`, a number is negative, or there are more counts than memory can hold.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([2i64, 0, 2]).bincount(4).to_vec::<i64>(), [1, 0, 2, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bincount(&self, least: usize) -> Tensor {
        let count = or_panic(count_of_bins(self, least).map_err(|error| error.with_inputs(&[self.spec()])));
        let numbers = self.flatten(0, -1);
        Tensor::zeros([count], DType::I64).scatter_add(0, &numbers, &numbers.ones_like())
    }

    /// How many elements fall into each of `bins` equal bins from `low` to `high`, in this dtype; `high` itself falls into the last.
    /// Elements outside, and NaN, fall into none.
    ///
    /// # Panics
    /// When the dtype is not floating point, there are no bins, or `low < high` does not hold for two finite numbers.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1.0f32, 2.0, 1.0, 3.0, f32::NAN, 5.0]);
    /// assert_eq!(x.histc(4, 0.0, 3.0).to_vec::<f32>(), [0.0, 2.0, 1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "histogram")]
    pub fn histc(&self, bins: usize, low: f64, high: f64) -> Tensor {
        let refuse = |rule: String| Error::new(ErrorKind::Value, "histc", rule);
        let refused = if !self.dtype().is_float() {
            Some(Error::needs_float("histc", &[]))
        } else if bins == 0 {
            Some(refuse("needs at least one bin".to_owned()))
        } else if !(low < high && (high - low).is_finite()) {
            Some(refuse(format!(
                "the bins must go from a finite number to a greater one, not from {low:?} to {high:?}"
            )))
        } else {
            check_size("histc", &bins.into(), self.dtype()).err()
        };
        checked_axes(self, "histc", Axes::All, refused);
        let x = self.stop_gradient().flatten(0, -1).cast(DType::F64);
        let inside = x.ge(low).cast(DType::F64) * x.le(high).cast(DType::F64);
        let bin = inside.gt(0).where_(&((&x - low) / (high - low) * bins as f64), 0).cast(DType::I64);
        // The upper end of the last bin belongs to it.
        let bin = bin.minimum(bins - 1);
        // In whole numbers: f32 counts one by one to 2^24 only.
        Tensor::zeros([bins], DType::I64).scatter_add(0, &bin, &inside.cast(DType::I64)).cast(self.dtype())
    }
}

/// How many numbers from 0 on there are to count.
fn count_of_bins(x: &Tensor, least: usize) -> Result<usize> {
    if x.dtype() != DType::I64 {
        return Err(Error::new(ErrorKind::DType, "bincount", format!("counts numbers of i64, not {}", x.dtype()))
            .with_hint("cast them with .cast(DType::I64)"));
    }
    let mut count = least;
    if x.numel() > 0 {
        let (lowest, greatest) = (x.min(..).item::<i64>(), x.max(..).item::<i64>());
        if lowest < 0 {
            return Err(Error::new(ErrorKind::Value, "bincount", format!("counts numbers from 0, not {lowest}")));
        }
        count = count.max((greatest as usize).saturating_add(1));
    }
    check_size("bincount", &count.into(), DType::I64)
}
