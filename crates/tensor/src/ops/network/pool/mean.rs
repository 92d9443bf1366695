//! The mean of each window, and its transpose.

use super::sizes::{Along, Sliding, boxes, check_input, pooled_shape};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, PerAxis, PooledSize, Primitive, Result, Saved, Shape,
    Spec, SpecRef, Tensor, Vjp, apply, array::check_size, dtype::for_float, kernels::pool, ops::network::conv::Names,
};

/// The windows of a pool of means, and the operation itself: of `x` `[N, C, ..]`, over as many spatial axes as it has, one to three.
///
/// ```
/// use cotangent_tensor::ops::AvgPool;
/// let smoothing = AvgPool::new(3).stride(1).padding(1).count_include_pad(false);
/// # let _ = smoothing;
/// ```
#[derive(Clone, Debug)]
pub struct AvgPool {
    sliding: Sliding,
    count_include_pad: bool,
    divisor: Option<i64>,
}

impl AvgPool {
    /// Windows of this size, one beside the other.
    #[must_use]
    pub fn new(kernel: impl Into<PerAxis>) -> Self {
        AvgPool { sliding: Sliding::new(kernel.into()), count_include_pad: true, divisor: None }
    }

    /// How many elements apart windows are; as many as the kernel has unless said otherwise.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<PerAxis>) -> Self {
        self.sliding.stride = Some(stride.into());
        self
    }

    /// How many zeros there are before the first and after the last element; at most half of the kernel. 0 unless said otherwise.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<PerAxis>) -> Self {
        self.sliding.padding = padding.into();
        self
    }

    /// Whether what is left over at the end is a window too; not unless said so. What it lacks behind the padding is not counted.
    #[must_use]
    pub fn ceil_mode(mut self, ceil_mode: bool) -> Self {
        self.sliding.ceil_mode = ceil_mode;
        self
    }

    /// Whether zeros in the padding count; they do unless said otherwise.
    #[must_use]
    pub fn count_include_pad(mut self, count: bool) -> Self {
        self.count_include_pad = count;
        self
    }

    /// What sums are divided by, instead of how many elements there are; not zero.
    #[doc(alias = "divisor_override")]
    #[must_use]
    pub fn divisor(mut self, divisor: i64) -> Self {
        self.divisor = Some(divisor);
        self
    }
}

impl From<usize> for AvgPool {
    fn from(kernel: usize) -> Self {
        AvgPool::new(kernel)
    }
}
impl<const N: usize> From<[usize; N]> for AvgPool {
    fn from(kernel: [usize; N]) -> Self {
        AvgPool::new(kernel)
    }
}
impl From<&AvgPool> for AvgPool {
    fn from(pool: &AvgPool) -> Self {
        pool.clone()
    }
}

/// The mean of each of a number of windows that cover `x` `[N, C, ..]` evenly.
#[derive(Clone, Debug)]
pub struct AdaptiveAvgPool {
    size: PooledSize,
}

impl AdaptiveAvgPool {
    /// So many windows.
    #[must_use]
    pub fn new(size: impl Into<PooledSize>) -> Self {
        AdaptiveAvgPool { size: size.into() }
    }
}

/// Either pool of means.
#[derive(Clone, Debug)]
enum Mean {
    Sliding(AvgPool),
    Adaptive(AdaptiveAvgPool),
}

impl Mean {
    fn along(&self, op: &'static str, sizes: [usize; 3], axes: usize) -> Result<[Along; 3]> {
        match self {
            Mean::Sliding(AvgPool { divisor: Some(0), .. }) => {
                Err(Error::new(ErrorKind::Value, op, "the divisor must not be 0"))
            }
            Mean::Sliding(pool) => pool.sliding.along(op, sizes, axes),
            Mean::Adaptive(pool) => pool.size.along(op, sizes, axes),
        }
    }

    /// Whether padding counts, and what sums are divided by instead.
    fn divides_by(&self) -> (bool, Option<f64>) {
        match self {
            Mean::Sliding(pool) => (pool.count_include_pad, pool.divisor.map(|divisor| divisor as f64)),
            Mean::Adaptive(_) => (false, None),
        }
    }

    fn infer(&self, names: &Names, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let (op, sizes, axes) = check_input(names, inputs)?;
        let x = inputs[0];
        if !x.dtype().is_float() {
            return Err(Error::needs_float(op, inputs));
        }
        let shape = pooled_shape(x.shape(), self.along(op, sizes, axes)?);
        check_size(op, &shape, x.dtype())?;
        Ok(Spec::new(shape, x.dtype()).into())
    }

    fn eval(&self, names: &Names, x: &Array) -> Result<Few<Array>> {
        let (op, sizes, axes) = check_input(names, &[x.spec()])?;
        let along = self.along(op, sizes, axes)?;
        let (padded, divisor) = self.divides_by();
        let shape = pooled_shape(x.shape(), along);
        let x = x.contiguous();
        let images = x.shape()[0] * x.shape()[1];
        let y = for_float!(x.dtype(), T => {
            let y = pool::mean::<T>(&boxes(along, padded), x.as_slice().expect("contiguous"), images, divisor);
            Array::from_buffer(y, shape)
        });
        Ok(y.into())
    }

    fn of(&self, x: &Tensor) -> Tensor {
        match self {
            Mean::Sliding(pool) => apply(pool, &[x]).into_single(),
            Mean::Adaptive(pool) => apply(pool, &[x]).into_single(),
        }
    }
}

macro_rules! avg_pool {
    ($Name:ident, $name:literal, $names:expr, $Kind:ident) => {
        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                Mean::$Kind(self.clone()).infer(&$names, inputs)
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                Mean::$Kind(self.clone()).eval(&$names, inputs[0])
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Vjp(self)
            }
        }

        impl Vjp for $Name {
            fn keep(&self, _: &[bool]) -> Keep {
                Keep::SPECS
            }
            // x_bar = Σ over the windows of each element of y_bar / count
            fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
                let grad = AvgPoolGrad { mean: Mean::$Kind(self.clone()), sizes: saved.spec(0).shape()[2..].into() };
                Few::one(Some(apply(&grad, &[&y_bar.single()]).into_single()))
            }
            fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
                Some(Few::one(x_dot[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
            }
        }
    };
}

avg_pool!(AvgPool, "avg_pool", ["avg_pool1d", "avg_pool2d", "avg_pool3d"], Sliding);
avg_pool!(
    AdaptiveAvgPool,
    "adaptive_avg_pool",
    ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"],
    Adaptive
);

/// The transpose of a pool of means: `x_bar[i] = Σ y_bar[p] / count[p]` over the windows `p` that element `i` is in.
///
/// ```
/// use cotangent_tensor::{Tensor, apply, ops::{AvgPool, AvgPoolGrad}};
/// let y_bar = Tensor::from([[[2.0, 4.0]]]);
/// let x_bar = apply(&AvgPoolGrad::new(AvgPool::new(2).stride(1), 3), &[&y_bar]).into_single();
/// assert_eq!(x_bar.to_vec::<f64>(), [1.0, 3.0, 2.0]);
/// ```
#[derive(Clone, Debug)]
pub struct AvgPoolGrad {
    mean: Mean,
    sizes: PerAxis,
}

impl AvgPoolGrad {
    /// Of a pool over an input with these spatial sizes.
    #[must_use]
    pub fn new(pool: AvgPool, sizes: impl Into<PerAxis>) -> Self {
        AvgPoolGrad { mean: Mean::Sliding(pool), sizes: sizes.into() }
    }

    /// Of an adaptive pool over an input with these spatial sizes.
    #[must_use]
    pub fn adaptive(pool: AdaptiveAvgPool, sizes: impl Into<PerAxis>) -> Self {
        AvgPoolGrad { mean: Mean::Adaptive(pool), sizes: sizes.into() }
    }

    /// The windows, and the shape of the input that they are over.
    fn windows(&self, y: SpecRef<'_>) -> Result<([Along; 3], Shape)> {
        const OP: &str = "avg_pool_grad";
        if !y.dtype().is_float() {
            return Err(Error::needs_float(OP, &[y]));
        }
        if !(3..=5).contains(&y.rank()) {
            let rule = "the primitive takes a tensor with 1 to 3 spatial axes after the first two";
            return Err(Error::new(ErrorKind::Shape, OP, rule));
        }
        let axes = y.rank() - 2;
        let sizes = self.sizes.resolve_positive(OP, "the size of the input", axes)?;
        let along = self.mean.along(OP, sizes, axes)?;
        let pooled = &along.map(|along| along.output)[3 - axes..];
        if pooled != &y.shape()[2..] {
            let rule = format!("the windows over an input of sizes {:?} are {pooled:?}", &sizes[3 - axes..]);
            return Err(Error::new(ErrorKind::Shape, OP, rule));
        }
        let shape: Shape = y.shape()[..2].iter().chain(&sizes[3 - axes..]).copied().collect();
        check_size(OP, &shape, y.dtype())?;
        Ok((along, shape))
    }
}

impl Primitive for AvgPoolGrad {
    fn name(&self) -> &'static str {
        "avg_pool_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        crate::error::takes("avg_pool_grad", 1, inputs)?;
        let (_, shape) = self.windows(inputs[0])?;
        Ok(Spec::new(shape, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (along, shape) = self.windows(inputs[0].spec())?;
        let (padded, divisor) = self.mean.divides_by();
        let y = inputs[0].contiguous();
        let x = for_float!(y.dtype(), T => {
            let y = y.as_slice().expect("contiguous");
            Array::from_buffer(pool::spread::<T>(&boxes(along, padded), y, shape[0] * shape[1], divisor), shape)
        });
        Ok(x.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for AvgPoolGrad {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // y_bar = the means of x_bar
    fn vjp(&self, _: &Saved, x_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(self.mean.of(&x_bar.single())))
    }
    fn jvp(&self, _: &[&Tensor], y_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(y_dot[0].map(|y_dot| apply(self, &[y_dot]).into_single())))
    }
}
