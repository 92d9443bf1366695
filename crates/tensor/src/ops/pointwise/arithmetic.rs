//! Sums, differences, products, quotients and negation, with tensors and numbers, in every form of ownership.
//!
//! An operand that is given away (`x + y` rather than `&x + &y`) lends its memory to the result when nobody else refers to it.
//! Integers wrap, as in NumPy; division needs a floating-point dtype.

use crate::ops::broadcast::{Operand, ToNumber, binary, binary_owned, common_shape, constant, or_panic};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Promise, Result, Saved, Spec,
    SpecRef, Tensor, Vjp, apply, apply_owned,
    dtype::for_number,
    error::{same_specs, takes},
    kernels::{
        arithmetic::Arithmetic,
        map::{self, Map},
    },
    primitive::WORTH_REUSING,
};
use std::ops;

/// Declares an operation: type, loop, and the primitive around them; its rule follows below.
macro_rules! operation {
    ($(#[$doc:meta])* $Type:ident, $name:literal, $arity:literal, |$x:ident| $call:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Type;

        impl<T: Arithmetic> Map<T, T> for $Type {
            const ARITY: usize = $arity;
            #[inline(always)]
            fn call<const FMA: bool>(&self, $x: &[T]) -> T {
                $call
            }
        }

        impl Primitive for $Type {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                Ok(self.promise(inputs)?.into_specs(inputs))
            }
            fn promise(&self, inputs: &[SpecRef<'_>]) -> Result<Promise> {
                promise($name, $arity, inputs)
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                Ok(for_number!(inputs[0].dtype(), T => map::map::<T, T, _>(self, inputs)).into())
            }
            fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
                Ok(for_number!(inputs[0].dtype(), T => map::map_owned::<T, _>(self, inputs)).into())
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Vjp(self)
            }
        }
    };
}

fn promise(op: &'static str, arity: usize, inputs: &[SpecRef<'_>]) -> Result<Promise> {
    takes(op, arity, inputs)?;
    same_specs(op, inputs)?;
    match inputs[0].dtype() {
        DType::Bool => Err(Error::needs_numbers(op, inputs)),
        DType::I64 | DType::U8 if op == "div" => Err(Error::needs_float(op, inputs)),
        _ => Ok(Promise::AsInput(0)),
    }
}

operation!(
    /// z = x + y; x_bar = z_bar, y_bar = z_bar.
    Add, "add", 2, |x| x[0].add(x[1])
);
operation!(
    /// z = x - y; x_bar = z_bar, y_bar = -z_bar.
    Sub, "sub", 2, |x| x[0].sub(x[1])
);
operation!(
    /// z = x y; x_bar = z_bar y, y_bar = z_bar x.
    Mul, "mul", 2, |x| x[0].mul(x[1])
);
operation!(
    /// z = x / y; x_bar = z_bar / y, y_bar = -z_bar z / y.
    Div, "div", 2, |x| x[0].div(x[1])
);
operation!(
    /// y = -x; x_bar = -y_bar.
    Neg, "neg", 1, |x| x[0].neg()
);

impl Vjp for Add {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    fn vjp(&self, _: &Saved, z_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let z_bar = z_bar.single();
        Few::two(needs[0].then(|| z_bar.clone()), needs[1].then_some(z_bar))
    }
    fn jvp(&self, _: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(match (dot[0], dot[1]) {
            (Some(x_dot), Some(y_dot)) => Some(x_dot + y_dot),
            (one, other) => one.or(other).cloned(),
        }))
    }
}

impl Vjp for Sub {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    fn vjp(&self, _: &Saved, z_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let z_bar = z_bar.single();
        Few::two(needs[0].then(|| z_bar.clone()), needs[1].then(|| -z_bar))
    }
    fn jvp(&self, _: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(match (dot[0], dot[1]) {
            (Some(x_dot), Some(y_dot)) => Some(x_dot - y_dot),
            (Some(x_dot), None) => Some(x_dot.clone()),
            (None, y_dot) => y_dot.map(|y_dot| -y_dot),
        }))
    }
}

impl Vjp for Mul {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(1).when(needs[0]).and(Keep::input(0).when(needs[1]))
    }
    fn vjp(&self, saved: &Saved, z_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let z_bar = z_bar.single();
        let x_bar = needs[0].then(|| &z_bar * saved.input(1));
        Few::two(x_bar, needs[1].then(|| z_bar * saved.input(0)))
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let by_x = dot[0].map(|x_dot| x_dot * x[1]);
        let by_y = dot[1].map(|y_dot| x[0] * y_dot);
        Some(Few::one(match (by_x, by_y) {
            (Some(by_x), Some(by_y)) => Some(by_x + by_y),
            (one, other) => one.or(other),
        }))
    }
}

impl Vjp for Div {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(1).and(Keep::output(0).when(needs[1]))
    }
    fn vjp(&self, saved: &Saved, z_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let x_bar = z_bar.single() / saved.input(1);
        let y_bar = needs[1].then(|| -(&x_bar * saved.output(0)));
        Few::two(needs[0].then_some(x_bar), y_bar)
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], z: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(match (dot[0], dot[1]) {
            (Some(x_dot), Some(y_dot)) => Some((x_dot - &z[0] * y_dot) / x[1]),
            (Some(x_dot), None) => Some(x_dot / x[1]),
            (None, y_dot) => y_dot.map(|y_dot| -(&z[0] * y_dot) / x[1]),
        }))
    }
}

impl Vjp for Neg {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(-y_bar.single()))
    }
    fn jvp(&self, _: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(dot[0].map(|x_dot| -x_dot)))
    }
}

/// `x = x op other`, in place where nobody else refers to x. All that can be wrong is refused before x is taken apart, and x keeps
/// its shape.
#[track_caller]
fn assign(primitive: &dyn Primitive, x: &mut Tensor, other: Tensor) {
    let op = primitive.name();
    let shape = or_panic(common_shape(op, &[x, &other]));
    if shape != *x.shape() {
        let error = Error::new(ErrorKind::Shape, op, "the tensor that is assigned to would change its shape")
            .with_inputs(&[x.spec(), other.spec()])
            .with_hint("write x = x + y for a result of another shape");
        panic!("{error}");
    }
    or_panic(primitive.infer(&[x.spec(), SpecRef::new(&shape, other.dtype())]));
    let taken = std::mem::replace(x, Tensor::from(false));
    *x = binary_owned(primitive, taken, other);
}

macro_rules! operators {
    ($($Type:ident $method:ident $Assign:ident $assign:ident),*) => {$(
        impl ops::$Type<&Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                binary(&$Type, self, other.into())
            }
        }
        impl ops::$Type<Tensor> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                // What is small would not be written over, and is not handed on then.
                if self.numel().max(other.numel()) < WORTH_REUSING {
                    binary(&$Type, &self, (&other).into())
                } else {
                    binary_owned(&$Type, self, other)
                }
            }
        }
        impl ops::$Type<&Tensor> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                if self.numel() < WORTH_REUSING {
                    binary(&$Type, &self, other.into())
                } else {
                    binary_owned(&$Type, self, other.clone())
                }
            }
        }
        impl ops::$Type<Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                if other.numel() < WORTH_REUSING {
                    binary(&$Type, self, (&other).into())
                } else {
                    binary_owned(&$Type, self.clone(), other)
                }
            }
        }
        impl<N: ToNumber> ops::$Type<N> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: N) -> Tensor {
                binary(&$Type, self, Operand::Number(other.to_number()))
            }
        }
        impl<N: ToNumber> ops::$Type<N> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: N) -> Tensor {
                let other = or_panic(constant(&$Type, other.to_number(), &self));
                binary_owned(&$Type, self, other)
            }
        }
        operators!(number $Type $method f64 i32);
        impl ops::$Assign<&Tensor> for Tensor {
            #[track_caller]
            fn $assign(&mut self, other: &Tensor) {
                assign(&$Type, self, other.clone());
            }
        }
        impl ops::$Assign<Tensor> for Tensor {
            #[track_caller]
            fn $assign(&mut self, other: Tensor) {
                assign(&$Type, self, other);
            }
        }
        impl<N: ToNumber> ops::$Assign<N> for Tensor {
            #[track_caller]
            fn $assign(&mut self, other: N) {
                let other = or_panic(constant(&$Type, other.to_number(), self));
                assign(&$Type, self, other);
            }
        }
    )*};
    // A literal on the left has one type to be, so that inference needs no help.
    (number $Type:ident $method:ident $($ty:ty)*) => {$(
        impl ops::$Type<&Tensor> for $ty {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                binary(&$Type, &or_panic(constant(&$Type, self.into(), other)), other.into())
            }
        }
        impl ops::$Type<Tensor> for $ty {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                binary_owned(&$Type, or_panic(constant(&$Type, self.into(), &other)), other)
            }
        }
    )*};
}
operators!(Add add AddAssign add_assign, Sub sub SubAssign sub_assign, Mul mul MulAssign mul_assign, Div div DivAssign div_assign);

impl ops::Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        apply(&Neg, &[self]).into_single()
    }
}
impl ops::Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        apply_owned(&Neg, self.into()).into_single()
    }
}
