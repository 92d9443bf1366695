//! Truth values and bits: and, or, exclusive or, not. They are constant wherever they are differentiable.

use crate::ops::broadcast::{Operand, binary, common_shape, or_panic};
use crate::{
    Array, DType, Derivative, Element, Error, ErrorKind, Few, Primitive, Result, Spec, SpecRef, Tensor,
    error::{same_specs, takes},
    kernels::map::{self, Map},
};
use std::ops;

/// How two truth values, or two bits, become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connective {
    /// Both are.
    And,
    /// At least one is.
    Or,
    /// One is and the other is not.
    Xor,
}

/// z = x and y, x or y, or one of both; of bool, or bit by bit of integers; derivative zero.
#[derive(Clone, Copy, Debug)]
pub struct Bitwise(
    /// How.
    pub Connective,
);

impl Primitive for Bitwise {
    fn name(&self) -> &'static str {
        match self.0 {
            Connective::And => "bitwise_and",
            Connective::Or => "bitwise_or",
            Connective::Xor => "bitwise_xor",
        }
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes(self.name(), 2, inputs)?;
        same_specs(self.name(), inputs)?;
        has_bits(self.name(), inputs)?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let array = match inputs[0].dtype() {
            DType::Bool => self.of::<bool>(inputs),
            DType::U8 => self.of::<u8>(inputs),
            _ => self.of::<i64>(inputs),
        };
        Ok(array.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

impl Bitwise {
    fn of<T: Element + Bits>(&self, inputs: &[&Array]) -> Array {
        match self.0 {
            Connective::And => map::map::<T, T, _>(&And, inputs),
            Connective::Or => map::map::<T, T, _>(&Or, inputs),
            Connective::Xor => map::map::<T, T, _>(&Xor, inputs),
        }
    }
}

/// Refuses what has no bits to speak of.
fn has_bits(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    if !inputs[0].dtype().is_float() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::DType, op, "needs truth values or integers")
        .with_inputs(inputs)
        .with_hint("compare to get truth values, for example with .gt(0)"))
}

trait Bits: Sized + ops::BitAnd<Output = Self> + ops::BitOr<Output = Self> + ops::BitXor<Output = Self> {}
impl<T: ops::BitAnd<Output = T> + ops::BitOr<Output = T> + ops::BitXor<Output = T>> Bits for T {}

macro_rules! connectives {
    ($($Type:ident $Operator:ident $operator:ident $symbol:tt),*) => {$(
        #[derive(Clone)]
        struct $Type;
        impl<T: Element + Bits> Map<T, T> for $Type {
            const ARITY: usize = 2;
            #[inline(always)]
            fn call<const FMA: bool>(&self, x: &[T]) -> T {
                x[0] $symbol x[1]
            }
        }

        connectives!(@of &Tensor, &Tensor, $Type $Operator $operator);
        connectives!(@of &Tensor, Tensor, $Type $Operator $operator);
        connectives!(@of Tensor, &Tensor, $Type $Operator $operator);
        connectives!(@of Tensor, Tensor, $Type $Operator $operator);
    )*};
    (@of $Left:ty, $Right:ty, $Type:ident $Operator:ident $operator:ident) => {
        /// Of truth values, or bit by bit of integers, under broadcasting. Panics where the dtypes differ or are floating-point.
        impl ops::$Operator<$Right> for $Left {
            type Output = Tensor;
            #[track_caller]
            fn $operator(self, other: $Right) -> Tensor {
                let (x, other): (&Tensor, &Tensor) = (&self, &other);
                binary(&Bitwise(Connective::$Type), x, other.into())
            }
        }
    };
}
connectives!(And BitAnd bitand &, Or BitOr bitor |, Xor BitXor bitxor ^);

/// The other truth value, or all other bits of integers. Panics for floating-point dtypes.
impl ops::Not for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn not(self) -> Tensor {
        or_panic(has_bits("bitwise_not", &[self.spec()]));
        let ones = match self.dtype() {
            DType::Bool => Tensor::from(true),
            DType::U8 => Tensor::from(u8::MAX),
            _ => Tensor::from(-1i64),
        };
        self ^ ones
    }
}

/// The other truth value, or all other bits of integers. Panics for floating-point dtypes.
impl ops::Not for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn not(self) -> Tensor {
        !&self
    }
}

/// The truth values of `op`'s two sides, under a rule that knows bool alone.
#[track_caller]
fn logical<'a>(op: &'static str, connective: Connective, x: &Tensor, y: Operand<'a>) -> Tensor {
    let y = match y {
        Operand::Tensor(y) => truth(y),
        Operand::Number(number) => Tensor::from(number.as_f64() != 0.0),
    };
    let x = truth(x);
    or_panic(common_shape(op, &[&x, &y]));
    binary(&Bitwise(connective), &x, (&y).into())
}

/// Where x is not zero.
fn truth(x: &Tensor) -> Tensor {
    if x.dtype() == DType::Bool { x.clone() } else { x.ne(0) }
}

impl Tensor {
    /// Where both are true, under broadcasting, as a bool tensor. Of numbers, all but zero are true, NaN too; the dtypes may differ.
    ///
    /// For truth values `&x & &y` is the same.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([0.0, 1.0, -2.0, f64::NAN]);
    /// assert_eq!(x.logical_and(&Tensor::from([true, true, false, true])).to_vec::<bool>(), [false, true, false, true]);
    /// assert_eq!((x.gt(-3) & x.lt(1)).to_vec::<bool>(), [true, false, true, false]);
    /// ```
    #[doc(alias = "bitwise_and")]
    #[must_use]
    #[track_caller]
    pub fn logical_and<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
        logical("logical_and", Connective::And, self, other.into())
    }

    /// Where at least one is true, under broadcasting, as a bool tensor. Of numbers, all but zero are true, NaN too; the dtypes may differ.
    ///
    /// For truth values `&x | &y` is the same.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([0i64, 1, 0]);
    /// assert_eq!(x.logical_or(&Tensor::from([0.5, 0.0, 0.0])).to_vec::<bool>(), [true, true, false]);
    /// ```
    #[doc(alias = "bitwise_or")]
    #[must_use]
    #[track_caller]
    pub fn logical_or<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
        logical("logical_or", Connective::Or, self, other.into())
    }

    /// Where one is true and the other is not, under broadcasting, as a bool tensor. Of numbers, all but zero are true, NaN too; the dtypes
    /// may differ.
    ///
    /// For truth values `&x ^ &y` is the same.
    ///
    /// # Panics
    /// When the shapes do not broadcast.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([false, true, true]);
    /// assert_eq!(x.logical_xor(&Tensor::from([2.0, 0.0, 1.0])).to_vec::<bool>(), [true, true, false]);
    /// ```
    #[doc(alias = "bitwise_xor")]
    #[must_use]
    #[track_caller]
    pub fn logical_xor<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
        logical("logical_xor", Connective::Xor, self, other.into())
    }

    /// Where this is false, or zero, as a bool tensor. For truth values `!&x` is the same.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([0.0, 2.0, f64::NAN]).logical_not().to_vec::<bool>(), [true, false, false]);
    /// assert_eq!((!Tensor::from([5i64, -1])).to_vec::<i64>(), [-6, 0]);
    /// ```
    #[doc(alias = "bitwise_not")]
    #[must_use]
    #[track_caller]
    pub fn logical_not(&self) -> Tensor {
        !truth(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::refused::message;

    #[test]
    fn bits_and_truth_values_are_those_of_rust() {
        let (x, y) = ([true, true, false, false], [true, false, true, false]);
        let (p, q) = (Tensor::from(x), Tensor::from(y));
        let expected = |f: fn(bool, bool) -> bool| x.iter().zip(y).map(|(&x, y)| f(x, y)).collect::<Vec<_>>();
        assert_eq!((&p & &q).to_vec::<bool>(), expected(|x, y| x & y));
        assert_eq!((p.clone() | &q).to_vec::<bool>(), expected(|x, y| x | y));
        assert_eq!((&p ^ q.clone()).to_vec::<bool>(), expected(|x, y| x ^ y));
        assert_eq!((!&p).to_vec::<bool>(), x.map(|x| !x));

        let (m, n) = ([0b1100i64, -1, i64::MIN], [0b1010i64, 7, -1]);
        let (p, q) = (Tensor::from(m), Tensor::from(n));
        assert_eq!((&p & &q).to_vec::<i64>(), [m[0] & n[0], m[1] & n[1], m[2] & n[2]]);
        assert_eq!((&p | &q).to_vec::<i64>(), [m[0] | n[0], m[1] | n[1], m[2] | n[2]]);
        assert_eq!((p.clone() ^ q).to_vec::<i64>(), [m[0] ^ n[0], m[1] ^ n[1], m[2] ^ n[2]]);
        assert_eq!((!p).to_vec::<i64>(), m.map(|m| !m));
        assert_eq!((!Tensor::from([0u8, 0xf0])).to_vec::<u8>(), [0xff, 0x0f]);
    }

    #[test]
    fn shapes_broadcast_and_layouts_do_not_matter() {
        let rows = Tensor::from([[true, false, true], [false, false, true]]);
        let any = Tensor::from([[true], [false]]) | rows.clone();
        assert_eq!(any.to_vec::<bool>(), [true, true, true, false, false, true]);
        let across = rows.transpose(0, 1) & Tensor::from(true);
        assert_eq!(across.to_vec::<bool>(), [true, false, false, false, true, true]);
        assert_eq!((rows.narrow(0, 0, 0) ^ Tensor::from(true)).shape()[..], [0, 3]);
        assert_eq!(rows.logical_and(0).to_vec::<bool>(), [false; 6]);
    }

    #[test]
    fn floats_and_mixtures_are_refused() {
        let (float, truth, int) = (Tensor::from([1.0, 2.0]), Tensor::from([true, false]), Tensor::from([1i64, 2]));
        assert_eq!(
            message(|| &float & &float),
            "bitwise_and: needs truth values or integers; got f64[2], f64[2]; compare to get truth values, for example with .gt(0)"
        );
        assert_eq!(
            message(|| !&float),
            "bitwise_not: needs truth values or integers; got f64[2]; compare to get truth values, for example with .gt(0)"
        );
        assert!(message(|| &truth | &int).starts_with("bitwise_or: all inputs must have one dtype"));
        let three = Tensor::from([true, true, false]);
        assert!(message(|| float.logical_xor(&three)).starts_with("logical_xor: the shapes do not broadcast"));
    }
}
