//! Conversion between dtypes.

use crate::{
    Array, Cotangents, DType, Derivative, Element, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply,
    array::check_size,
    dtype::for_widened,
    error::takes,
    kernels::{
        halves,
        map::{self, Map},
    },
};

/// The same numbers in another dtype; the cotangent is cast back. To and from integers there is no derivative.
#[derive(Clone, Copy, Debug)]
pub struct Cast(
    /// The dtype to convert to.
    pub DType,
);

impl Primitive for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("cast", 1, inputs)?;
        let spec = Spec::new(inputs[0].shape(), self.0);
        check_size("cast", spec.shape(), self.0)?;
        Ok(spec.into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        if x.dtype() == self.0 {
            return Ok(x.clone().into());
        }
        if x.dtype().is_half() {
            // To the other dtypes as from f32, in which every half has its equal.
            return self.eval(&[&halves::widened(x)]);
        }
        let y = match (x.dtype(), self.0) {
            (DType::F32, half) if half.is_half() => halves::narrowed(x, half),
            (DType::F64 | DType::I64, half) if half.is_half() => halves::rounded(x, half),
            // Bytes and truth values have their equals in f32 too.
            (_, half) if half.is_half() => halves::narrowed(&map_to(x, DType::F32), half),
            _ => map_to(x, self.0),
        };
        Ok(y.into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        if self.0.is_float() { Derivative::Vjp(self) } else { Derivative::Zero }
    }
}

/// Neither has halves.
fn map_to(x: &Array, dtype: DType) -> Array {
    for_widened!(x.dtype(), T => for_widened!(dtype, U => map::map::<T, U, _>(&Converted, &[x])))
}

impl Vjp for Cast {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(y_bar.single().cast(saved.spec(0).dtype())))
    }
    fn jvp(&self, _: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(dot[0].map(|x_dot| x_dot.cast(self.0))))
    }
}

#[derive(Clone)]
struct Converted;

/// Conversion as by `as`: floats are cut towards zero and saturate, NaN becomes 0; anything but zero is true.
trait ConvertTo<U> {
    fn convert(self) -> U;
}

macro_rules! conversions {
    ($($from:ty => $($to:ty)*;)*) => {$($(
        impl ConvertTo<$to> for $from {
            #[inline(always)]
            fn convert(self) -> $to {
                self as $to
            }
        }
    )*)*};
}
conversions! {
    f32 => f32 f64 i64 u8;
    f64 => f32 f64 i64 u8;
    i64 => f32 f64 i64 u8;
    u8 => f32 f64 i64 u8;
    bool => i64 u8 bool;
}
macro_rules! truth {
    ($($ty:ty)*) => {$(
        impl ConvertTo<bool> for $ty {
            #[inline(always)]
            fn convert(self) -> bool {
                self != <$ty>::default()
            }
        }
    )*};
}
truth!(f32 f64 i64 u8);

impl ConvertTo<f32> for bool {
    #[inline(always)]
    fn convert(self) -> f32 {
        f32::from(u8::from(self))
    }
}
impl ConvertTo<f64> for bool {
    #[inline(always)]
    fn convert(self) -> f64 {
        f64::from(u8::from(self))
    }
}

impl<T: Element + ConvertTo<U>, U> Map<T, U> for Converted {
    const ARITY: usize = 1;
    #[inline(always)]
    fn call<const FMA: bool>(&self, x: &[T]) -> U {
        x[0].convert()
    }
}

impl Tensor {
    /// The same numbers in another dtype. Floats become integers by cutting towards zero, out of range they saturate, and NaN becomes
    /// 0; to halves, numbers are rounded to the nearest, and of two equally near ones to the even one; i64 to u8 keeps the low bits; anything but zero is true.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::from([1.9f32, -1.9]).cast(DType::I64).to_vec::<i64>(), [1, -1]);
    /// assert_eq!(Tensor::from([0i64, 5]).cast(DType::Bool).to_vec::<bool>(), [false, true]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cast(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype() {
            return self.clone();
        }
        apply(&Cast(dtype), &[self]).into_single()
    }
}
