//! Pools of maxima and means, sliding and adaptive, over one to three axes.

use super::{
    conv::positive,
    layer::layers,
    sizes::{AdaptiveSizes, Sizes, name},
};
use cotangent_derive::Module;
use cotangent_tensor::{PooledSize, Tensor, ops};

/// The greatest element of each window over N axes: [`MaxPool1d`], [`MaxPool2d`], [`MaxPool3d`].
///
/// ```
/// use cotangent_nn::MaxPool2d;
/// use cotangent_tensor::{DType, Tensor};
/// let x = Tensor::ones([8, 3, 28, 28], DType::F32);
/// assert_eq!(MaxPool2d::new(2).forward(&x).shape()[..], [8, 3, 14, 14]);
/// assert_eq!(MaxPool2d::new(3).stride(2).padding(1).forward(&x).shape()[..], [8, 3, 14, 14]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MaxPooling<const N: usize> {
    /// How many elements a window has along each axis.
    pub kernel_size: [usize; N],
    /// How many elements apart windows are.
    pub stride: [usize; N],
    /// How many places there are before the first and after the last element, none of which is ever the greatest.
    pub padding: [usize; N],
    /// How many elements apart those of a window are.
    pub dilation: [usize; N],
    /// Whether what is left over at the end is a window too.
    pub ceil_mode: bool,
}

/// [`MaxPooling`] of signals `[n, c, l]`.
pub type MaxPool1d = MaxPooling<1>;
/// [`MaxPooling`] of images `[n, c, h, w]`.
pub type MaxPool2d = MaxPooling<2>;
/// [`MaxPooling`] of volumes `[n, c, d, h, w]`.
pub type MaxPool3d = MaxPooling<3>;

impl<const N: usize> MaxPooling<N> {
    const NAME: &'static str = name::<N>(["max_pool1d", "max_pool2d", "max_pool3d"]);

    /// Windows of this size, one beside the other.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn new(kernel_size: impl Into<Sizes<N>>) -> Self {
        let kernel_size = positive(Self::NAME, "kernel size", kernel_size);
        MaxPooling { kernel_size, stride: kernel_size, padding: [0; N], dilation: [1; N], ceil_mode: false }
    }

    /// How many elements apart windows are; as many as the kernel has unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
        MaxPooling { stride: positive(Self::NAME, "stride", stride), ..self }
    }

    /// How many places there are before the first and after the last element, at most half of the elements that a window reaches over, from
    /// its first to its last; 0 unless said otherwise. PyTorch counts without dilation here, and so refuses some that this takes.
    #[must_use]
    pub fn padding(self, padding: impl Into<Sizes<N>>) -> Self {
        MaxPooling { padding: padding.into().0, ..self }
    }

    /// How many elements apart those of a window are; 1 unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn dilation(self, dilation: impl Into<Sizes<N>>) -> Self {
        MaxPooling { dilation: positive(Self::NAME, "dilation", dilation), ..self }
    }

    /// Whether what is left over at the end is a window too; not unless said so.
    #[must_use]
    pub fn ceil_mode(self, ceil_mode: bool) -> Self {
        MaxPooling { ceil_mode, ..self }
    }

    /// The maxima of x, [`Tensor::max_pool1d`] and its like.
    ///
    /// # Panics
    /// When x is not `[n, c, ..]` or `[c, ..]` with N axes more, it is smaller than the kernel, or the padding is more than half of
    /// what a window reaches over.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let pool = ops::MaxPool::new(self.kernel_size)
            .stride(self.stride)
            .padding(self.padding)
            .dilation(self.dilation)
            .ceil_mode(self.ceil_mode);
        match N {
            1 => x.max_pool1d(pool),
            2 => x.max_pool2d(pool),
            _ => x.max_pool3d(pool),
        }
    }
}

/// The mean of each window over N axes: [`AvgPool1d`], [`AvgPool2d`], [`AvgPool3d`].
///
/// ```
/// use cotangent_nn::AvgPool1d;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([[[1.0, 3.0, 5.0, 7.0]]]);
/// assert_eq!(AvgPool1d::new(2).forward(&x).to_vec::<f64>(), [2.0, 6.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct AvgPooling<const N: usize> {
    /// How many elements a window has along each axis.
    pub kernel_size: [usize; N],
    /// How many elements apart windows are.
    pub stride: [usize; N],
    /// How many zeros there are before the first and after the last element.
    pub padding: [usize; N],
    /// Whether what is left over at the end is a window too.
    pub ceil_mode: bool,
    /// Whether zeros in the padding count.
    pub count_include_pad: bool,
    /// What sums are divided by, instead of how many elements there are.
    pub divisor: Option<i64>,
}

/// [`AvgPooling`] of signals `[n, c, l]`.
pub type AvgPool1d = AvgPooling<1>;
/// [`AvgPooling`] of images `[n, c, h, w]`.
pub type AvgPool2d = AvgPooling<2>;
/// [`AvgPooling`] of volumes `[n, c, d, h, w]`.
pub type AvgPool3d = AvgPooling<3>;

impl<const N: usize> AvgPooling<N> {
    const NAME: &'static str = name::<N>(["avg_pool1d", "avg_pool2d", "avg_pool3d"]);

    /// Windows of this size, one beside the other.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn new(kernel_size: impl Into<Sizes<N>>) -> Self {
        let kernel_size = positive(Self::NAME, "kernel size", kernel_size);
        AvgPooling {
            kernel_size,
            stride: kernel_size,
            padding: [0; N],
            ceil_mode: false,
            count_include_pad: true,
            divisor: None,
        }
    }

    /// How many elements apart windows are; as many as the kernel has unless said otherwise.
    ///
    /// # Panics
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
        AvgPooling { stride: positive(Self::NAME, "stride", stride), ..self }
    }

    /// How many zeros there are before the first and after the last element, at most half of the kernel; 0 unless said otherwise.
    #[must_use]
    pub fn padding(self, padding: impl Into<Sizes<N>>) -> Self {
        AvgPooling { padding: padding.into().0, ..self }
    }

    /// Whether what is left over at the end is a window too; not unless said so.
    #[must_use]
    pub fn ceil_mode(self, ceil_mode: bool) -> Self {
        AvgPooling { ceil_mode, ..self }
    }

    /// Whether zeros in the padding count; they do unless said otherwise.
    #[must_use]
    pub fn count_include_pad(self, count_include_pad: bool) -> Self {
        AvgPooling { count_include_pad, ..self }
    }

    /// What sums are divided by, instead of how many elements there are.
    ///
    /// # Panics
    /// When it is 0.
    #[doc(alias = "divisor_override")]
    #[must_use]
    #[track_caller]
    pub fn divisor(self, divisor: i64) -> Self {
        assert!(divisor != 0, "{}: the divisor must not be 0", Self::NAME);
        AvgPooling { divisor: Some(divisor), ..self }
    }

    /// The means of x, [`Tensor::avg_pool1d`] and its like.
    ///
    /// # Panics
    /// When x is not `[n, c, ..]` or `[c, ..]` with N axes more, it is smaller than the kernel, the padding is more than half of the
    /// kernel, or the dtype is not floating point.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let mut pool = ops::AvgPool::new(self.kernel_size)
            .stride(self.stride)
            .padding(self.padding)
            .ceil_mode(self.ceil_mode)
            .count_include_pad(self.count_include_pad);
        if let Some(divisor) = self.divisor {
            pool = pool.divisor(divisor);
        }
        match N {
            1 => x.avg_pool1d(pool),
            2 => x.avg_pool2d(pool),
            _ => x.avg_pool3d(pool),
        }
    }
}

macro_rules! adaptive {
    ($($(#[$doc:meta])* $Pool:ident $forward:literal [$one:ident $two:ident $three:ident];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Module)]
        pub struct $Pool<const N: usize> {
            /// The result's size along each axis; `None` keeps the input's.
            pub output_size: [Option<usize>; N],
        }

        impl<const N: usize> $Pool<N> {
            const NAME: &'static str = name::<N>([stringify!($one), stringify!($two), stringify!($three)]);

            /// To these sizes: one for all axes, or one for each.
            #[must_use]
            pub fn new(output_size: impl Into<AdaptiveSizes<N>>) -> Self {
                // Asking for the name has the compiler count the axes.
                let _: &str = Self::NAME;
                $Pool { output_size: output_size.into().0 }
            }

            #[doc = $forward]
            ///
            /// # Panics
            /// When x is not `[n, c, ..]` or `[c, ..]` with N axes more, or they are empty.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor) -> Tensor {
                let size: PooledSize = self.output_size.into();
                match N {
                    1 => x.$one(size),
                    2 => x.$two(size),
                    _ => x.$three(size),
                }
            }
        }
    )*};
}

adaptive! {
    /// The greatest element of each of a number of windows that cover N axes evenly: [`AdaptiveMaxPool1d`],
    /// [`AdaptiveMaxPool2d`], [`AdaptiveMaxPool3d`].
    ///
    /// ```
    /// use cotangent_nn::AdaptiveMaxPool2d;
    /// use cotangent_tensor::{DType, Tensor};
    /// let x = Tensor::ones([8, 3, 28, 20], DType::F32);
    /// assert_eq!(AdaptiveMaxPool2d::new([Some(5), None]).forward(&x).shape()[..], [8, 3, 5, 20]);
    /// ```
    AdaptiveMaxPooling "The maxima of x, [`Tensor::adaptive_max_pool1d`] and its like."
        [adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d];
    /// The mean of each of a number of windows that cover N axes evenly: [`AdaptiveAvgPool1d`], [`AdaptiveAvgPool2d`],
    /// [`AdaptiveAvgPool3d`].
    ///
    /// ```
    /// use cotangent_nn::AdaptiveAvgPool2d;
    /// use cotangent_tensor::{DType, Tensor};
    /// let global = AdaptiveAvgPool2d::new(1);
    /// assert_eq!(global.forward(&Tensor::ones([8, 3, 28, 20], DType::F32)).shape()[..], [8, 3, 1, 1]);
    /// ```
    AdaptiveAvgPooling "The means of x, [`Tensor::adaptive_avg_pool1d`] and its like."
        [adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d];
}

/// [`AdaptiveMaxPooling`] of signals `[n, c, l]`.
pub type AdaptiveMaxPool1d = AdaptiveMaxPooling<1>;
/// [`AdaptiveMaxPooling`] of images `[n, c, h, w]`.
pub type AdaptiveMaxPool2d = AdaptiveMaxPooling<2>;
/// [`AdaptiveMaxPooling`] of volumes `[n, c, d, h, w]`.
pub type AdaptiveMaxPool3d = AdaptiveMaxPooling<3>;
/// [`AdaptiveAvgPooling`] of signals `[n, c, l]`.
pub type AdaptiveAvgPool1d = AdaptiveAvgPooling<1>;
/// [`AdaptiveAvgPooling`] of images `[n, c, h, w]`.
pub type AdaptiveAvgPool2d = AdaptiveAvgPooling<2>;
/// [`AdaptiveAvgPooling`] of volumes `[n, c, d, h, w]`.
pub type AdaptiveAvgPool3d = AdaptiveAvgPooling<3>;

layers!(alike over N: MaxPooling, AvgPooling, AdaptiveMaxPooling, AdaptiveAvgPooling);
