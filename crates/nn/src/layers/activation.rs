//! Activations as layers, for sequences. In a `forward` of one's own the methods of [`Tensor`] are shorter.

use super::layer::layers;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Tensor};

macro_rules! activations {
    ($($Layer:ident = $method:ident;)*) => {$(
        #[doc = concat!("[`Tensor::", stringify!($method), "`] as a layer.")]
        #[derive(Clone, Copy, Debug, Default, Module)]
        pub struct $Layer;

        impl $Layer {
            #[doc = concat!("[`Tensor::", stringify!($method), "`] of x.")]
            ///
            /// # Panics
            /// When the dtype is not floating point.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor) -> Tensor {
                x.$method()
            }
        }

        layers!(alike: $Layer);
    )*};
}

activations! {
    Relu = relu;
    Relu6 = relu6;
    Gelu = gelu;
    GeluTanh = gelu_tanh;
    Silu = silu;
    Mish = mish;
    Selu = selu;
    Sigmoid = sigmoid;
    LogSigmoid = log_sigmoid;
    Hardsigmoid = hardsigmoid;
    Hardswish = hardswish;
    Tanh = tanh;
    Tanhshrink = tanhshrink;
    Softplus = softplus;
    Softsign = softsign;
}

macro_rules! activations_with_numbers {
    ($($Layer:ident($($(#[$doc:meta])* $field:ident: $Number:ty = $default:literal),+) = $method:ident;)*) => {$(
        #[doc = concat!("[`Tensor::", stringify!($method), "`] as a layer; the default is PyTorch's.")]
        #[derive(Clone, Copy, Debug, Module)]
        pub struct $Layer {
            $($(#[$doc])* pub $field: $Number,)+
        }

        impl $Layer {
            /// With these numbers.
            #[must_use]
            pub fn new($($field: $Number),+) -> Self {
                $Layer { $($field),+ }
            }

            #[doc = concat!("[`Tensor::", stringify!($method), "`] of x.")]
            ///
            /// # Panics
            /// When the dtype is not floating point, or the operation is not defined for the layer's numbers.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor) -> Tensor {
                x.$method($(self.$field),+)
            }
        }

        impl Default for $Layer {
            fn default() -> Self {
                $Layer { $($field: $default),+ }
            }
        }

        layers!(alike: $Layer);
    )*};
}

activations_with_numbers! {
    LeakyRelu(/** The slope below zero. */ slope: f64 = 0.01) = leaky_relu;
    Elu(/** Minus the limit below zero. */ alpha: f64 = 1.0) = elu;
    Celu(/** Minus the limit below zero. */ alpha: f64 = 1.0) = celu;
    SoftplusWith(/** How sharp the bend is. */ beta: f64 = 1.0, /** Above it, x itself. */ threshold: f64 = 20.0) = softplus_with;
    Hardtanh(/** The least value. */ low: f64 = -1.0, /** The greatest value. */ high: f64 = 1.0) = hardtanh;
    Hardshrink(/** What lies within it of zero becomes zero. */ lambda: f64 = 0.5) = hardshrink;
    Softshrink(/** How much nearer to zero all become. */ lambda: f64 = 0.5) = softshrink;
    Glu(/** The axis that is halved. */ axis: isize = -1) = glu;
}

macro_rules! along_an_axis {
    ($($Layer:ident = $method:ident;)*) => {$(
        #[doc = concat!("[`Tensor::", stringify!($method), "`] as a layer.")]
        #[derive(Clone, Copy, Debug, Module)]
        pub struct $Layer {
            /// The axis along which the results belong together.
            pub axis: isize,
        }

        impl $Layer {
            /// Along this axis; negative ones count from the end.
            #[must_use]
            pub fn new(axis: isize) -> Self {
                $Layer { axis }
            }

            #[doc = concat!("[`Tensor::", stringify!($method), "`] of x.")]
            ///
            /// # Panics
            /// When the axis is out of range, or the dtype is not floating point.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor) -> Tensor {
                x.$method(self.axis)
            }
        }

        layers!(alike: $Layer);
    )*};
}

along_an_axis! {
    Softmax = softmax;
    LogSoftmax = log_softmax;
    Softmin = softmin;
}

/// [`Tensor::threshold`] as a layer.
#[derive(Clone, Copy, Debug, Module)]
pub struct Threshold {
    /// Up to here x is replaced.
    pub threshold: f64,
    /// By this.
    pub value: f64,
}

impl Threshold {
    /// Replaces what is not above the threshold by the value.
    #[must_use]
    pub fn new(threshold: f64, value: f64) -> Self {
        Threshold { threshold, value }
    }

    /// [`Tensor::threshold`] of x.
    ///
    /// # Panics
    /// When the dtype is not floating point.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.threshold(self.threshold, self.value)
    }
}

/// A rectifier whose slope below zero is learned: [`Tensor::prelu`].
///
/// ```
/// use cotangent_nn::PRelu;
/// use cotangent_tensor::Tensor;
/// let y = PRelu::new(1).forward(&Tensor::from([-4.0f32, 2.0]));
/// assert_eq!(y.to_vec::<f32>(), [-1.0, 2.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct PRelu {
    /// The slopes, of shape `[1]` or `[channels]`.
    pub weight: Tensor,
}

impl PRelu {
    /// With one slope for all, or one for each channel, axis 1; each 1/4, of f32, as in PyTorch.
    #[must_use]
    pub fn new(count: usize) -> Self {
        PRelu { weight: Tensor::full([count], 0.25, DType::F32) }
    }

    /// [`Tensor::prelu`] of x.
    ///
    /// # Panics
    /// When there is more than one slope, but not one for each channel, or the dtypes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.prelu(&self.weight)
    }
}

layers!(alike: Threshold, PRelu);
