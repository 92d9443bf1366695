//! What stands beside a tensor in an expression, and bringing two tensors to one shape.
//!
//! Broadcasting is an operation of its own, `Expand`, whose vjp sums back; no other rule knows of it. A plain number is a
//! scalar of the tensor's dtype, expanded without a copy.

use crate::{
    DType, Error, ErrorKind, Few, Number, Primitive, Result, Shape, Spec, Tensor, apply, apply_owned,
    array::check_size,
    few::Repr,
    primitive::{try_apply_owned, try_apply_plain},
    try_apply,
};

pub(in crate::ops) use crate::error::or_panic;

/// A plain Rust number that can stand beside a tensor; it takes the tensor's dtype.
///
/// On the right of an operator any of them can stand; on the left only f64 and i32, so that the type of a literal is clear.
pub trait ToNumber {
    /// The number.
    fn to_number(self) -> Number;
}

macro_rules! to_number {
    ($($ty:ty),*) => {$(
        impl ToNumber for $ty {
            fn to_number(self) -> Number {
                Number::from(self)
            }
        }
    )*};
}
to_number!(f32, f64, i32, i64, usize, Number);

/// A tensor or a plain number, as the other side of an operation of two: `x.maximum(&y)`, `x.maximum(0.0)`.
#[derive(Clone)]
pub enum Operand<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A number, which takes the dtype of the tensor on the other side.
    Number(Number),
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Operand::Tensor(tensor)
    }
}

impl<N: ToNumber> From<N> for Operand<'_> {
    fn from(number: N) -> Self {
        Operand::Number(number.to_number())
    }
}

/// Runs an operation of two inputs on the shape that both broadcast to.
#[track_caller]
pub(in crate::ops) fn binary(primitive: &dyn Primitive, a: &Tensor, b: Operand<'_>) -> Tensor {
    let number;
    let b = match b {
        Operand::Tensor(b) => b,
        Operand::Number(n) => {
            number = or_panic(constant(primitive, n, a));
            &number
        }
    };
    // What most operations are, in fewer steps.
    if let (Some(a), Some(b)) = (a.as_plain(), b.as_plain())
        && a.has_shape_of(b)
    {
        return or_panic(try_apply_plain(primitive, a, b)).into();
    }
    if a.shape() == b.shape() {
        return match try_apply(primitive, &[a, b]) {
            Ok(Few(Repr::One([y]))) => y,
            other => or_panic(other).into_single(),
        };
    }
    let shape = or_panic(common_shape(primitive.name(), &[a, b]));
    let result = try_apply(primitive, &[&a.expand(&shape), &b.expand(&shape)]);
    // What the user passed says more than what it was expanded to.
    or_panic(result.map_err(|error| error.with_inputs(&[a.spec(), b.spec()]))).into_single()
}

/// As `binary`, with both inputs given away.
#[track_caller]
pub(in crate::ops) fn binary_owned(primitive: &dyn Primitive, a: Tensor, b: Tensor) -> Tensor {
    if a.shape() == b.shape() {
        return apply_owned(primitive, Few::two(a, b)).into_single();
    }
    let shape = or_panic(common_shape(primitive.name(), &[&a, &b]));
    let specs = [a.spec().to_owned(), b.spec().to_owned()];
    let result = try_apply_owned(primitive, Few::two(expanded(a, &shape), expanded(b, &shape)));
    or_panic(result.map_err(|error| error.with_inputs(&specs.each_ref().map(Spec::as_ref)))).into_single()
}

/// A number as a scalar beside a tensor.
pub(in crate::ops) fn constant(primitive: &dyn Primitive, number: Number, beside: &Tensor) -> Result<Tensor> {
    Tensor::try_number(primitive.name(), number, beside.dtype()).map_err(|error| error.with_inputs(&[beside.spec()]))
}

/// The tensor itself where it has the shape already, so that its memory can be reused.
fn expanded(x: Tensor, shape: &Shape) -> Tensor {
    if x.shape() == shape { x } else { x.expand(shape) }
}

/// The shape that all tensors broadcast to.
pub(in crate::ops) fn common_shape(op: &'static str, tensors: &[&Tensor]) -> Result<Shape> {
    let shape = match tensors {
        [a, b] => Shape::broadcast(a.shape(), b.shape()),
        _ => tensors.iter().try_fold(Shape::from([]), |shape, x| Shape::broadcast(&shape, x.shape())),
    };
    let checked = match shape {
        Some(shape) => tensors.iter().try_for_each(|x| check_size(op, &shape, x.dtype()).map(drop)).map(|()| shape),
        None => {
            let rule = "the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1";
            Err(Error::new(ErrorKind::Shape, op, rule))
        }
    };
    checked.map_err(|error| error.with_inputs(&tensors.iter().map(|x| x.spec()).collect::<Few<_>>()))
}

/// Runs an operation for another that is made of it, in whose name it is refused.
#[track_caller]
pub(in crate::ops) fn apply_for(op: &'static str, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Few<Tensor> {
    or_panic(try_apply(primitive, inputs).map_err(|error| error.in_name_of(op)))
}

/// What is made of several operations, for halves in f32 and rounded at its end: what lies between, a sum or a count, may be more than
/// a half holds.
pub(in crate::ops) fn by_way_of_f32(x: &Tensor, f: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    let [y] = all_by_way_of_f32(x, |x| [f(x)]);
    y
}

/// As [`by_way_of_f32`], with several results.
pub(in crate::ops) fn all_by_way_of_f32<const N: usize>(
    x: &Tensor,
    f: impl FnOnce(&Tensor) -> [Tensor; N],
) -> [Tensor; N] {
    if x.dtype().is_half() { f(&widened(x)).map(|y| y.cast(x.dtype())) } else { f(x) }
}

/// Halves as f32, others as they are.
pub(in crate::ops) fn widened(x: &Tensor) -> Tensor {
    if x.dtype().is_half() { x.cast(DType::F32) } else { x.clone() }
}

/// `x` and `y`, the result of this operation on it; of halves in f32, and y computed again. For rules that look at the exponential of a
/// difference to y: rounded to a half, a y of 100 is off by up to a quarter, and its exponential by as much.
pub(in crate::ops) fn unrounded(primitive: &dyn Primitive, x: &Tensor, y: &Tensor) -> (Tensor, Tensor) {
    if !x.dtype().is_half() {
        return (x.clone(), y.clone());
    }
    let x = widened(x);
    let y = apply(primitive, &[&x]).into_single();
    (x, y)
}

/// The shape that the axes before the last two broadcast to.
pub(in crate::ops) fn common_batch(op: &'static str, a: &Tensor, b: &Tensor) -> Result<Shape> {
    let batch = |x: &Tensor| Shape::from(&x.shape()[..x.rank() - 2]);
    Shape::broadcast(&batch(a), &batch(b)).ok_or_else(|| {
        Error::new(
            ErrorKind::Shape,
            op,
            "the batch axes do not broadcast: aligned at the last, sizes must be equal or 1",
        )
        .with_inputs(&[a.spec(), b.spec()])
    })
}

#[cfg(test)]
mod tests {
    use crate::{Tensor, ops::refused::message};

    #[test]
    fn what_no_i64_holds_does_not_wrap() {
        assert_eq!((Tensor::from([1.0]) * usize::MAX).to_vec::<f64>(), [2f64.powi(64)]);
        assert!(message(|| Tensor::from([-1i64]).eq(usize::MAX)).contains("the float 1.8446744073709552e19"));
        assert_eq!(Tensor::from([3i64]).eq(3usize).to_vec::<bool>(), [true]);
    }
}
