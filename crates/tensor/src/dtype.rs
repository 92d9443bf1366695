//! Element types: what a tensor can hold, and the Rust types that stand for them.

use half::{bf16, f16};
use std::fmt;

/// The type of a tensor's elements.
///
/// There is no implicit promotion between tensors: mixing dtypes is an error that names both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// 32-bit floating point, the default of layers and of random tensors.
    F32,
    /// 64-bit floating point, for checking derivatives.
    F64,
    /// The upper 16 bits of an f32: its range, at 8 bits of precision. To keep and to serve models in half of the memory.
    ///
    /// Halves, this one and [`F16`](Self::F16), are how elements are kept and not how they are computed with: an operation reads
    /// them as f32, and rounds its result once, to the nearest, of two equally near ones to the even one. Products of matrices read
    /// them where they lie and add up in f32; a bias of a linear layer or a convolution is added to what was rounded, so that nothing is kept
    /// in f32 for the way back. Derivatives have the dtype of their primal, as always.
    BF16,
    /// IEEE 754's binary16: 11 bits of precision, and a range from 6e-8 to 65,504.
    F16,
    /// 64-bit signed integers: labels and indices.
    I64,
    /// Bytes: images, tokens.
    U8,
    /// Truth values: masks, results of comparisons.
    Bool,
}

impl DType {
    /// Bytes per element.
    #[must_use]
    #[inline]
    pub fn size(self) -> usize {
        match self {
            DType::F64 | DType::I64 => 8,
            DType::F32 => 4,
            DType::BF16 | DType::F16 => 2,
            DType::U8 | DType::Bool => 1,
        }
    }

    /// Whether this is a floating-point dtype, the only kind that has derivatives.
    #[must_use]
    #[inline]
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64) || self.is_half()
    }

    /// Whether elements are kept in 16 bits, and computed with in f32.
    #[must_use]
    #[inline]
    pub fn is_half(self) -> bool {
        matches!(self, DType::BF16 | DType::F16)
    }

    /// What elements are computed with: f32 for halves, else this dtype.
    pub(crate) fn widened(self) -> DType {
        if self.is_half() { DType::F32 } else { self }
    }

    /// From 1 to the next number above, of floating point: a result that is rounded once is off by at most half of it, relatively.
    #[must_use]
    pub fn epsilon(self) -> Option<f64> {
        match self {
            DType::F32 => Some(f32::EPSILON.into()),
            DType::F64 => Some(f64::EPSILON),
            DType::BF16 => Some(bf16::EPSILON.into()),
            DType::F16 => Some(f16::EPSILON.into()),
            DType::I64 | DType::U8 | DType::Bool => None,
        }
    }

    /// The greatest finite number, of floating point.
    pub(crate) fn greatest(self) -> Option<f64> {
        match self {
            DType::F32 => Some(f32::MAX.into()),
            DType::F64 => Some(f64::MAX),
            DType::BF16 => Some(bf16::MAX.into()),
            DType::F16 => Some(f16::MAX.into()),
            DType::I64 | DType::U8 | DType::Bool => None,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::BF16 => "bf16",
            DType::F16 => "f16",
            DType::I64 => "i64",
            DType::U8 => "u8",
            DType::Bool => "bool",
        })
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that a tensor can hold: `f32`, `f64`, [`bf16`], [`f16`](struct@f16), `i64`, `u8`, `bool`.
#[diagnostic::on_unimplemented(
    message = "a tensor cannot hold `{Self}`",
    note = "a tensor holds f32, f64, bf16, f16, i64, u8 or bool; write a literal as 1i64 or 1.0f32"
)]
pub trait Element:
    sealed::Sealed + Copy + Default + PartialEq + PartialOrd + fmt::Debug + Send + Sync + 'static
{
    /// The dtype that stands for this type.
    const DTYPE: DType;
}

macro_rules! element {
    ($($ty:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $ty {}
        impl Element for $ty {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}
element!(f32 => F32, f64 => F64, bf16 => BF16, f16 => F16, i64 => I64, u8 => U8, bool => Bool);

/// Runs an expression with `$T` standing for the Rust type of a dtype; for what moves elements as they are.
macro_rules! for_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::BF16 => {
                type $T = $crate::bf16;
                $body
            }
            $crate::DType::F16 => {
                type $T = $crate::f16;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::Bool => {
                type $T = bool;
                $body
            }
        }
    };
}

/// As `for_dtype`, for what computes with elements: `apply` has made f32 of halves.
macro_rules! for_widened {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::Bool => {
                type $T = bool;
                $body
            }
            half => unreachable!("`apply` widens {half}"),
        }
    };
}

/// As `for_dtype`, over the numeric dtypes only; the caller's `infer` has refused bool.
macro_rules! for_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            other => unreachable!("`infer` refuses {other}, or `apply` widens it"),
        }
    };
}

/// As `for_dtype`, over the floating-point dtypes only; the caller's `infer` has refused the others.
macro_rules! for_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            other => unreachable!("`infer` refuses {other}, or `apply` widens it"),
        }
    };
}
pub(crate) use {for_dtype, for_float, for_number, for_widened};

/// A plain Rust number in an expression with a tensor; it takes the tensor's dtype.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// From a floating-point literal or variable.
    Float(f64),
    /// From an integer literal or variable.
    Int(i64),
}

impl Number {
    /// The value as a float.
    #[must_use]
    #[inline]
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Float(x) => x,
            Number::Int(n) => n as f64,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // With its point, so that a float is seen to be one.
            Number::Float(x) => write!(f, "{x:?}"),
            Number::Int(n) => write!(f, "{n}"),
        }
    }
}

impl From<f64> for Number {
    fn from(x: f64) -> Self {
        Number::Float(x)
    }
}
impl From<f32> for Number {
    fn from(x: f32) -> Self {
        Number::Float(f64::from(x))
    }
}
impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Number::Int(n)
    }
}
impl From<usize> for Number {
    /// Counts and sizes, which memory keeps far below the greatest i64; what is above it is a float, which tensors of integers refuse.
    fn from(n: usize) -> Self {
        i64::try_from(n).map_or(Number::Float(n as f64), Number::Int)
    }
}
impl From<i32> for Number {
    fn from(n: i32) -> Self {
        Number::Int(i64::from(n))
    }
}
