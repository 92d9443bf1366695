//! Layers without numbers of their own: the identity, and those that give elements other places or image other sizes.

use super::layer::layers;
use cotangent_derive::Module;
use cotangent_tensor::{Tensor, ops::Interpolate};

/// What was put in.
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Identity;

impl Identity {
    /// x.
    #[must_use]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.clone()
    }
}

/// Axes `start` to `end`, both included, as one: [`Tensor::flatten`]. All but the batch, unless said otherwise.
///
/// ```
/// use cotangent_nn::Flatten;
/// use cotangent_tensor::{DType, Tensor};
/// assert_eq!(Flatten::default().forward(&Tensor::ones([8, 3, 4, 4], DType::F32)).shape()[..], [8, 48]);
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct Flatten {
    /// The first of the axes.
    pub start: isize,
    /// The last of the axes.
    pub end: isize,
}

impl Flatten {
    /// Axes `start` to `end`, both included; negative ones count from the end.
    #[must_use]
    pub fn new(start: isize, end: isize) -> Self {
        Flatten { start, end }
    }

    /// [`Tensor::flatten`] of x.
    ///
    /// # Panics
    /// When an axis is out of range, or `start` comes after `end`.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.flatten(self.start, self.end)
    }
}

impl Default for Flatten {
    fn default() -> Self {
        Flatten { start: 1, end: -1 }
    }
}

/// One axis as several: [`Tensor::unflatten`].
///
/// ```
/// use cotangent_nn::Unflatten;
/// use cotangent_tensor::{DType, Tensor};
/// let layer = Unflatten::new(1, [3, 4, -1]);
/// assert_eq!(layer.forward(&Tensor::ones([8, 48], DType::F32)).shape()[..], [8, 3, 4, 4]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Unflatten {
    /// The axis.
    pub axis: isize,
    /// The sizes of the new axes; -1 for what is left.
    pub sizes: Vec<isize>,
}

impl Unflatten {
    /// The axis, and the sizes of the new ones, of which one may be -1, for what is left.
    #[must_use]
    pub fn new(axis: isize, sizes: impl Into<Vec<isize>>) -> Self {
        Unflatten { axis, sizes: sizes.into() }
    }

    /// [`Tensor::unflatten`] of x.
    ///
    /// # Panics
    /// When the axis is out of range, or the sizes do not multiply to its size.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.unflatten(self.axis, &self.sizes)
    }
}

/// Signals, images or volumes at another size: [`Tensor::interpolate`].
///
/// ```
/// use cotangent_nn::Upsample;
/// use cotangent_tensor::{DType, Tensor, ops::{Interpolate, Interpolation}};
/// let double = Upsample::new(Interpolate::by_factor([2.0, 2.0]).mode(Interpolation::Linear));
/// assert_eq!(double.forward(&Tensor::ones([8, 3, 4, 5], DType::F32)).shape()[..], [8, 3, 8, 10]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Upsample {
    /// The sizes or factors, and how values between the given ones are found.
    #[module(skip)]
    pub options: Interpolate,
}

impl Upsample {
    /// To the sizes or by the factors, in the mode, that the options say.
    #[must_use]
    pub fn new(options: Interpolate) -> Self {
        Upsample { options }
    }

    /// [`Tensor::interpolate`] of x `[n, c, ..]`.
    ///
    /// # Panics
    /// When the options do not fit x, or the dtype is not floating point.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.interpolate(&self.options)
    }
}

macro_rules! shuffles {
    ($($Layer:ident $factor:ident $method:ident $rule:literal;)*) => {$(
        #[doc = concat!("[`Tensor::", stringify!($method), "`] as a layer.")]
        #[derive(Clone, Copy, Debug, Module)]
        pub struct $Layer {
            /// The factor r.
            pub $factor: usize,
        }

        impl $Layer {
            /// By this factor.
            ///
            /// # Panics
            /// When it is 0.
            #[must_use]
            #[track_caller]
            pub fn new($factor: usize) -> Self {
                assert!($factor > 0, concat!(stringify!($method), ": the factor must be at least 1"));
                $Layer { $factor }
            }

            #[doc = $rule]
            ///
            /// # Panics
            /// When what is divided by r or r² is not a multiple of it.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor) -> Tensor {
                x.$method(self.$factor)
            }
        }
    )*};
}

shuffles! {
    PixelShuffle upscale_factor pixel_shuffle "`[.., c r², h, w] -> [.., c, h r, w r]`.";
    PixelUnshuffle downscale_factor pixel_unshuffle "`[.., c, h r, w r] -> [.., c r², h, w]`.";
}

layers!(alike: Identity, Flatten, Unflatten, Upsample, PixelShuffle, PixelUnshuffle);
