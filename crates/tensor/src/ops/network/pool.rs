//! Pools: the greatest element or the mean of windows that slide over one to three spatial axes, or that adapt to a number of outputs.
//!
//! A pool of maxima tells where each maximum is, in a second output; its derivative scatters to those places, and its tangent
//! gathers from them. The mean is linear: `AvgPoolGrad` is its transpose, and each rule is written with the other.

mod max;
mod mean;
mod sizes;

#[cfg(test)]
mod tests;

pub use max::{AdaptiveMaxPool, MaxPool};
pub use mean::{AdaptiveAvgPool, AvgPool, AvgPoolGrad};

use crate::ops::{broadcast::or_panic, network::conv::on_batch};
use crate::{PooledSize, Primitive, Result, Tensor, try_apply};

/// The result of a pool of a batch or of one image.
fn pooled(op: &'static str, axes: usize, primitive: &dyn Primitive, x: &Tensor) -> Result<Tensor> {
    let pool = |x: &Tensor| Ok(try_apply(primitive, &[x])?.into_iter().next().expect("a pool has an output"));
    on_batch(op, axes, x, pool, |y| y.squeeze(0)).map_err(|error| error.with_inputs(&[x.spec()]))
}

/// As `pooled`, with the places of the maxima.
fn pooled_with_places(
    op: &'static str,
    axes: usize,
    primitive: &dyn Primitive,
    x: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let pool = |x: &Tensor| {
        let [y, places] = two(try_apply(primitive, &[x])?);
        Ok((y, places))
    };
    let unbatched = |(y, places): (Tensor, Tensor)| (y.squeeze(0), places.squeeze(0));
    on_batch(op, axes, x, pool, unbatched).map_err(|error| error.with_inputs(&[x.spec()]))
}

fn two<T>(outputs: impl IntoIterator<Item = T>) -> [T; 2] {
    let mut outputs = outputs.into_iter();
    [(); 2].map(|()| outputs.next().expect("a pool of maxima has two outputs"))
}

/// Pools of maxima.
impl Tensor {
    /// The greatest element of each window: `y[n, c, p] = max_t x[n, c, p * stride + t * dilation - padding]`, over the elements that are in
    /// the input; padding counts as -inf. Windows are a kernel apart unless a stride is said: [`MaxPool`], for which a number or a
    /// list stands, has the options.
    ///
    /// `[N, C, L] -> [N, C, L']` or `[C, L] -> [C, L']`. Of several equal elements the first gets the gradient, as in PyTorch; an
    /// element of several windows gets the sum. NaN is greater than all. Any dtype but bool.
    ///
    /// # Panics
    /// When the input has another rank or a spatial axis without elements, the kernel is larger than the padded input, or the
    /// padding is more than half of what a window reaches over.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::MaxPool};
    /// let x = Tensor::from([[[1.0f32, 5.0, 2.0, 3.0, 4.0]]]);
    /// assert_eq!(x.max_pool1d(2).to_vec::<f32>(), [5.0, 3.0]);
    /// assert_eq!(x.max_pool1d(MaxPool::new(2).ceil_mode(true)).to_vec::<f32>(), [5.0, 3.0, 4.0]);
    /// assert_eq!(x.max_pool1d(MaxPool::new(3).stride(1)).to_vec::<f32>(), [5.0, 5.0, 4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_pool1d(&self, pool: impl Into<MaxPool>) -> Tensor {
        or_panic(pooled("max_pool1d", 1, &pool.into(), self))
    }

    /// As [`max_pool1d`](Self::max_pool1d), of images: `[N, C, H, W] -> [N, C, H', W']`.
    ///
    /// # Panics
    /// As [`max_pool1d`](Self::max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::MaxPool};
    /// let x = -Tensor::arange(1, 17, 1).reshape([1, 1, 4, 4]);
    /// assert_eq!(x.max_pool2d(2).to_vec::<i64>(), [-1, -3, -9, -11]);
    /// assert_eq!(x.max_pool2d(MaxPool::new(3).stride(2).padding(1)).to_vec::<i64>(), [-1, -2, -5, -6]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_pool2d(&self, pool: impl Into<MaxPool>) -> Tensor {
        or_panic(pooled("max_pool2d", 2, &pool.into(), self))
    }

    /// As [`max_pool1d`](Self::max_pool1d), of volumes: `[N, C, D, H, W] -> [N, C, D', H', W']`.
    ///
    /// # Panics
    /// As [`max_pool1d`](Self::max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::arange(0, 16, 1).reshape([1, 1, 2, 2, 4]);
    /// assert_eq!(x.max_pool3d(2).to_vec::<i64>(), [13, 15]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_pool3d(&self, pool: impl Into<MaxPool>) -> Tensor {
        or_panic(pooled("max_pool3d", 3, &pool.into(), self))
    }

    /// As [`max_pool1d`](Self::max_pool1d), and where in its row each maximum is: the first of several, as `i64`.
    ///
    /// # Panics
    /// As [`max_pool1d`](Self::max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (_, places) = Tensor::from([[[1.0f32, 5.0, 3.0, 3.0]]]).max_pool1d_with_indices(2);
    /// assert_eq!(places.to_vec::<i64>(), [1, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_pool1d_with_indices(&self, pool: impl Into<MaxPool>) -> (Tensor, Tensor) {
        or_panic(pooled_with_places("max_pool1d", 1, &pool.into(), self))
    }

    /// As [`max_pool2d`](Self::max_pool2d), and where in its image, counted in row-major order, each maximum is: the first of
    /// several, as `i64`.
    ///
    /// # Panics
    /// As [`max_pool1d`](Self::max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (_, places) = Tensor::from([[[1.0f32, 5.0], [7.0, 3.0]]]).max_pool2d_with_indices(2);
    /// assert_eq!(places.to_vec::<i64>(), [2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_pool2d_with_indices(&self, pool: impl Into<MaxPool>) -> (Tensor, Tensor) {
        or_panic(pooled_with_places("max_pool2d", 2, &pool.into(), self))
    }

    /// As [`max_pool3d`](Self::max_pool3d), and where in its volume, counted in row-major order, each maximum is: the first of
    /// several, as `i64`.
    ///
    /// # Panics
    /// As [`max_pool1d`](Self::max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (_, places) = Tensor::arange(0, 8, 1).reshape([1, 2, 2, 2]).max_pool3d_with_indices(2);
    /// assert_eq!(places.to_vec::<i64>(), [7]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn max_pool3d_with_indices(&self, pool: impl Into<MaxPool>) -> (Tensor, Tensor) {
        or_panic(pooled_with_places("max_pool3d", 3, &pool.into(), self))
    }

    /// The greatest element of each of `size` windows that cover the input evenly: window `p` of an axis of `L` elements is from
    /// `p L / size`, rounded down, to `(p + 1) L / size`, rounded up.
    ///
    /// `[N, C, L] -> [N, C, size]`, or without the batch axis; maxima and gradients as [`max_pool1d`](Self::max_pool1d).
    ///
    /// # Panics
    /// When the input has another rank or a spatial axis without elements.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1.0f32, 5.0, 2.0, 3.0, 4.0]]]);
    /// assert_eq!(x.adaptive_max_pool1d(2).to_vec::<f32>(), [5.0, 4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_max_pool1d(&self, size: impl Into<PooledSize>) -> Tensor {
        or_panic(pooled("adaptive_max_pool1d", 1, &AdaptiveMaxPool::new(size), self))
    }

    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d), of images; a size of `None` keeps that of the input.
    ///
    /// # Panics
    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::arange(0, 6, 1).reshape([1, 1, 2, 3]);
    /// assert_eq!(x.adaptive_max_pool2d(1).to_vec::<i64>(), [5]);
    /// assert_eq!(x.adaptive_max_pool2d([None, Some(1)]).to_vec::<i64>(), [2, 5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_max_pool2d(&self, size: impl Into<PooledSize>) -> Tensor {
        or_panic(pooled("adaptive_max_pool2d", 2, &AdaptiveMaxPool::new(size), self))
    }

    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d), of volumes; a size of `None` keeps that of the input.
    ///
    /// # Panics
    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::arange(0, 8, 1).reshape([1, 1, 2, 2, 2]);
    /// assert_eq!(x.adaptive_max_pool3d([2, 1, 1]).to_vec::<i64>(), [3, 7]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_max_pool3d(&self, size: impl Into<PooledSize>) -> Tensor {
        or_panic(pooled("adaptive_max_pool3d", 3, &AdaptiveMaxPool::new(size), self))
    }

    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d), and where in its row each maximum is.
    ///
    /// # Panics
    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (_, places) = Tensor::from([[[1.0f32, 5.0, 2.0, 3.0, 4.0]]]).adaptive_max_pool1d_with_indices(2);
    /// assert_eq!(places.to_vec::<i64>(), [1, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_max_pool1d_with_indices(&self, size: impl Into<PooledSize>) -> (Tensor, Tensor) {
        or_panic(pooled_with_places("adaptive_max_pool1d", 1, &AdaptiveMaxPool::new(size), self))
    }

    /// As [`adaptive_max_pool2d`](Self::adaptive_max_pool2d), and where in its image, in row-major order, each maximum is.
    ///
    /// # Panics
    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (_, places) = Tensor::arange(0, 6, 1).reshape([1, 2, 3]).adaptive_max_pool2d_with_indices(1);
    /// assert_eq!(places.to_vec::<i64>(), [5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_max_pool2d_with_indices(&self, size: impl Into<PooledSize>) -> (Tensor, Tensor) {
        or_panic(pooled_with_places("adaptive_max_pool2d", 2, &AdaptiveMaxPool::new(size), self))
    }

    /// As [`adaptive_max_pool3d`](Self::adaptive_max_pool3d), and where in its volume, in row-major order, each maximum is.
    ///
    /// # Panics
    /// As [`adaptive_max_pool1d`](Self::adaptive_max_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (_, places) = Tensor::arange(0, 8, 1).reshape([1, 2, 2, 2]).adaptive_max_pool3d_with_indices(1);
    /// assert_eq!(places.to_vec::<i64>(), [7]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_max_pool3d_with_indices(&self, size: impl Into<PooledSize>) -> (Tensor, Tensor) {
        or_panic(pooled_with_places("adaptive_max_pool3d", 3, &AdaptiveMaxPool::new(size), self))
    }
}

/// Pools of means.
impl Tensor {
    /// The mean of each window: `y[n, c, p] = 1/k Σ_t x[n, c, p * stride + t - padding]`, with zeros in the padding. Windows are a kernel apart
    /// unless a stride is said: [`AvgPool`], for which a number or a list stands, has the options.
    ///
    /// `[N, C, L] -> [N, C, L']` or `[C, L] -> [C, L']`. Floating point.
    ///
    /// # Panics
    /// When the input has another rank or a spatial axis without elements, the kernel is larger than the padded input, the
    /// padding is more than half of the kernel, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::AvgPool};
    /// let x = Tensor::from([[[1.0f32, 5.0, 2.0, 4.0]]]);
    /// assert_eq!(x.avg_pool1d(2).to_vec::<f32>(), [3.0, 3.0]);
    /// assert_eq!(x.avg_pool1d(AvgPool::new(2).padding(1)).to_vec::<f32>(), [0.5, 3.5, 2.0]);
    /// assert_eq!(x.avg_pool1d(AvgPool::new(2).padding(1).count_include_pad(false)).to_vec::<f32>(), [1.0, 3.5, 4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn avg_pool1d(&self, pool: impl Into<AvgPool>) -> Tensor {
        or_panic(pooled("avg_pool1d", 1, &pool.into(), self))
    }

    /// As [`avg_pool1d`](Self::avg_pool1d), of images: `[N, C, H, W] -> [N, C, H', W']`.
    ///
    /// # Panics
    /// As [`avg_pool1d`](Self::avg_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::AvgPool};
    /// let x = Tensor::from([[[1.0f32, 2.0], [3.0, 6.0]]]);
    /// assert_eq!(x.avg_pool2d(2).to_vec::<f32>(), [3.0]);
    /// assert_eq!(x.avg_pool2d(AvgPool::new(2).divisor(2)).to_vec::<f32>(), [6.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn avg_pool2d(&self, pool: impl Into<AvgPool>) -> Tensor {
        or_panic(pooled("avg_pool2d", 2, &pool.into(), self))
    }

    /// As [`avg_pool1d`](Self::avg_pool1d), of volumes: `[N, C, D, H, W] -> [N, C, D', H', W']`.
    ///
    /// # Panics
    /// As [`avg_pool1d`](Self::avg_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let x = Tensor::arange(0, 16, 1).cast(DType::F32).reshape([1, 1, 2, 2, 4]);
    /// assert_eq!(x.avg_pool3d(2).to_vec::<f32>(), [6.5, 8.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn avg_pool3d(&self, pool: impl Into<AvgPool>) -> Tensor {
        or_panic(pooled("avg_pool3d", 3, &pool.into(), self))
    }

    /// The mean of each of `size` windows that cover the input evenly: window `p` of an axis of `L` elements is from `p L / size`,
    /// rounded down, to `(p + 1) L / size`, rounded up.
    ///
    /// `[N, C, L] -> [N, C, size]`, or without the batch axis. Floating point.
    ///
    /// # Panics
    /// When the input has another rank or a spatial axis without elements, or is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1.0f32, 2.0, 3.0, 4.0, 5.0]]]);
    /// assert_eq!(x.adaptive_avg_pool1d(3).to_vec::<f32>(), [1.5, 3.0, 4.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_avg_pool1d(&self, size: impl Into<PooledSize>) -> Tensor {
        or_panic(pooled("adaptive_avg_pool1d", 1, &AdaptiveAvgPool::new(size), self))
    }

    /// As [`adaptive_avg_pool1d`](Self::adaptive_avg_pool1d), of images; a size of `None` keeps that of the input. Size 1 is the mean of
    /// the whole image.
    ///
    /// # Panics
    /// As [`adaptive_avg_pool1d`](Self::adaptive_avg_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1.0f32, 2.0], [3.0, 6.0]]]);
    /// assert_eq!(x.adaptive_avg_pool2d(1).to_vec::<f32>(), [3.0]);
    /// assert_eq!(x.adaptive_avg_pool2d([None, Some(1)]).to_vec::<f32>(), [1.5, 4.5]);
    /// ```
    #[doc(alias = "global_average_pool")]
    #[must_use]
    #[track_caller]
    pub fn adaptive_avg_pool2d(&self, size: impl Into<PooledSize>) -> Tensor {
        or_panic(pooled("adaptive_avg_pool2d", 2, &AdaptiveAvgPool::new(size), self))
    }

    /// As [`adaptive_avg_pool1d`](Self::adaptive_avg_pool1d), of volumes; a size of `None` keeps that of the input.
    ///
    /// # Panics
    /// As [`adaptive_avg_pool1d`](Self::adaptive_avg_pool1d).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let x = Tensor::arange(0, 8, 1).cast(DType::F32).reshape([1, 1, 2, 2, 2]);
    /// assert_eq!(x.adaptive_avg_pool3d([2, 1, 1]).to_vec::<f32>(), [1.5, 5.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn adaptive_avg_pool3d(&self, size: impl Into<PooledSize>) -> Tensor {
        or_panic(pooled("adaptive_avg_pool3d", 3, &AdaptiveAvgPool::new(size), self))
    }
}
