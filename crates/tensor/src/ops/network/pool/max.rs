//! The greatest element of each window, and where it is.

use super::sizes::{Along, Sliding, boxes, check_input, pooled_shape};
use crate::{
    Array, Cotangents, DType, Derivative, Error, Few, Keep, PerAxis, PooledSize, Primitive, Result, Saved, Spec,
    SpecRef, Tensor, Vjp, array::check_size, dtype::for_number, kernels::pool, ops::network::conv::Names,
};

/// The windows of a pool of maxima, and the operation itself: of `x` `[N, C, ..]`, over as many spatial axes as it has, one to three.
/// The outputs are the maxima, and where in its image each is.
///
/// ```
/// use cotangent_tensor::ops::MaxPool;
/// let overlapping = MaxPool::new(3).stride(2).padding(1);
/// # let _ = overlapping;
/// ```
#[derive(Clone, Debug)]
pub struct MaxPool {
    sliding: Sliding,
}

impl MaxPool {
    /// Windows of this size, one beside the other.
    #[must_use]
    pub fn new(kernel: impl Into<PerAxis>) -> Self {
        MaxPool { sliding: Sliding::new(kernel.into()) }
    }

    /// How many elements apart windows are; as many as the kernel has unless said otherwise.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<PerAxis>) -> Self {
        self.sliding.stride = Some(stride.into());
        self
    }

    /// How many places there are before the first and after the last element, none of which is ever the greatest; at most half of
    /// the elements that a window reaches over, from its first to its last. 0 unless said otherwise.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<PerAxis>) -> Self {
        self.sliding.padding = padding.into();
        self
    }

    /// How many elements apart those of a window are; 1 unless said otherwise.
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<PerAxis>) -> Self {
        self.sliding.dilation = dilation.into();
        self
    }

    /// Whether what is left over at the end is a window too, of which only the elements that are there count; not unless said so.
    #[must_use]
    pub fn ceil_mode(mut self, ceil_mode: bool) -> Self {
        self.sliding.ceil_mode = ceil_mode;
        self
    }
}

impl From<usize> for MaxPool {
    fn from(kernel: usize) -> Self {
        MaxPool::new(kernel)
    }
}
impl<const N: usize> From<[usize; N]> for MaxPool {
    fn from(kernel: [usize; N]) -> Self {
        MaxPool::new(kernel)
    }
}
impl From<&MaxPool> for MaxPool {
    fn from(pool: &MaxPool) -> Self {
        pool.clone()
    }
}

/// The greatest element of each of a number of windows that cover `x` `[N, C, ..]` evenly, and where in its image it is.
#[derive(Clone, Debug)]
pub struct AdaptiveMaxPool {
    size: PooledSize,
}

impl AdaptiveMaxPool {
    /// So many windows.
    #[must_use]
    pub fn new(size: impl Into<PooledSize>) -> Self {
        AdaptiveMaxPool { size: size.into() }
    }
}

fn infer(
    names: &Names,
    inputs: &[SpecRef<'_>],
    along: impl Fn(&'static str, [usize; 3], usize) -> Result<[Along; 3]>,
) -> Result<Few<Spec>> {
    let (op, sizes, axes) = check_input(names, inputs)?;
    let x = inputs[0];
    if x.dtype() == DType::Bool {
        return Err(Error::needs_numbers(op, inputs));
    }
    let shape = pooled_shape(x.shape(), along(op, sizes, axes)?);
    check_size(op, &shape, DType::I64)?;
    Ok([Spec::new(&shape, x.dtype()), Spec::new(&shape, DType::I64)].into())
}

fn eval(x: &Array, along: [Along; 3]) -> Few<Array> {
    let shape = pooled_shape(x.shape(), along);
    let x = x.contiguous();
    for_number!(x.dtype(), T => {
        let boxes = boxes(along, false);
        let elements = x.as_slice::<T>().expect("contiguous");
        let (y, places) = pool::maxima(&boxes, elements, x.shape()[0] * x.shape()[1]);
        [Array::from_buffer(y, &shape), Array::from_buffer(places, &shape)].into()
    })
}

macro_rules! max_pool {
    ($Name:ident, $name:literal, $names:expr, |$pool:ident| $windows:expr) => {
        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                let $pool = self;
                infer(&$names, inputs, |op, sizes, axes| $windows.along(op, sizes, axes))
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                let $pool = self;
                let (op, sizes, axes) = check_input(&$names, &[inputs[0].spec()])?;
                Ok(eval(inputs[0], $windows.along(op, sizes, axes)?))
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Vjp(self)
            }
        }

        impl Vjp for $Name {
            fn keep(&self, _: &[bool]) -> Keep {
                Keep::SPECS.and(Keep::output(1))
            }
            fn vjp(&self, saved: &Saved, cotangents: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
                let y_bar = cotangents.into_tensors().into_iter().next().expect("the maxima");
                Few::one(Some(scattered(&y_bar, saved.output(1), saved.spec(0))))
            }
            fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], outputs: &[Tensor]) -> Option<Few<Option<Tensor>>> {
                Some([x_dot[0].map(|x_dot| gathered(x_dot, &outputs[1])), None].into())
            }
        }
    };
}

max_pool!(MaxPool, "max_pool", ["max_pool1d", "max_pool2d", "max_pool3d"], |pool| pool.sliding);
max_pool!(
    AdaptiveMaxPool,
    "adaptive_max_pool",
    ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"],
    |pool| pool.size
);

/// The sizes of a batch of images as rows: one for each channel of each image.
fn rows(shape: &[usize]) -> [usize; 2] {
    [shape[0] * shape[1], shape[2..].iter().product()]
}

/// `x_bar[n, c, places[n, c, p]] += y_bar[n, c, p]`
fn scattered(y_bar: &Tensor, places: &Tensor, x: SpecRef<'_>) -> Tensor {
    let row_wise = rows(y_bar.shape());
    let zeros = Tensor::zeros(rows(x.shape()), x.dtype());
    zeros.scatter_add(1, &places.reshape(row_wise), &y_bar.reshape(row_wise)).reshape(x.shape())
}

/// `y_dot[n, c, p] = x_dot[n, c, places[n, c, p]]`
fn gathered(x_dot: &Tensor, places: &Tensor) -> Tensor {
    x_dot.reshape(rows(x_dot.shape())).gather(1, &places.reshape(rows(places.shape()))).reshape(places.shape())
}
