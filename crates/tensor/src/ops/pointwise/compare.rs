//! Comparisons: tensors of truth values. They are constant wherever they are differentiable.

use crate::ops::broadcast::{Operand, binary};
use crate::{
    Array, DType, Derivative, Element, Few, Primitive, Result, Spec, SpecRef, Tensor,
    dtype::for_widened,
    error::{same_specs, takes},
    kernels::map::{self, Map},
};

/// Which comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// x = y
    Eq,
    /// x ≠ y; holds for NaN
    Ne,
    /// x < y
    Lt,
    /// x ≤ y
    Le,
    /// x > y
    Gt,
    /// x ≥ y
    Ge,
}

/// z = whether x compares to y so; derivative zero.
#[derive(Clone, Copy, Debug)]
pub struct Compare(
    /// Which comparison.
    pub Comparison,
);

impl Primitive for Compare {
    fn name(&self) -> &'static str {
        match self.0 {
            Comparison::Eq => "eq",
            Comparison::Ne => "ne",
            Comparison::Lt => "lt",
            Comparison::Le => "le",
            Comparison::Gt => "gt",
            Comparison::Ge => "ge",
        }
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes(self.name(), 2, inputs)?;
        same_specs(self.name(), inputs)?;
        Ok(Spec::new(inputs[0].shape(), DType::Bool).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let array = for_widened!(inputs[0].dtype(), T => match self.0 {
            Comparison::Eq => map::map::<T, bool, _>(&Eq, inputs),
            Comparison::Ne => map::map::<T, bool, _>(&Ne, inputs),
            Comparison::Lt => map::map::<T, bool, _>(&Lt, inputs),
            Comparison::Le => map::map::<T, bool, _>(&Le, inputs),
            // x > y is y < x, for NaN too.
            Comparison::Gt => map::map::<T, bool, _>(&Lt, &[inputs[1], inputs[0]]),
            Comparison::Ge => map::map::<T, bool, _>(&Le, &[inputs[1], inputs[0]]),
        });
        Ok(array.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

macro_rules! loops {
    ($($Type:ident $operator:tt),*) => {$(
        #[derive(Clone)]
        struct $Type;
        impl<T: Element> Map<T, bool> for $Type {
            const ARITY: usize = 2;
            #[inline(always)]
            fn call<const FMA: bool>(&self, x: &[T]) -> bool {
                x[0] $operator x[1]
            }
        }
    )*};
}
loops!(Eq ==, Ne !=, Lt <, Le <=);

macro_rules! comparisons {
    ($($Type:ident $method:ident $holds:literal $doc:literal),*) => {
        impl Tensor {
            $(
                #[doc = $doc]
                ///
                /// # Panics
                /// When the shapes do not broadcast, or the dtypes differ.
                ///
                /// ```
                /// # use cotangent_tensor::Tensor;
                #[doc = concat!("let x = Tensor::from([1.0, 2.0, 3.0]).", stringify!($method), "(2);")]
                #[doc = concat!("assert_eq!(x.to_vec::<bool>(), ", $holds, ");")]
                /// ```
                #[must_use]
                #[track_caller]
                pub fn $method<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
                    binary(&Compare(Comparison::$Type), self, other.into())
                }
            )*
        }
    };
}
comparisons!(
    Eq eq "[false, true, false]" "Where both are equal, under broadcasting, as a bool tensor; NaN equals nothing.",
    Ne ne "[true, false, true]" "Where both differ, under broadcasting, as a bool tensor; NaN differs from everything.",
    Lt lt "[true, false, false]" "Where this is less than the other, under broadcasting, as a bool tensor.",
    Le le "[true, true, false]" "Where this is at most the other, under broadcasting, as a bool tensor.",
    Gt gt "[false, false, true]" "Where this is greater than the other, under broadcasting, as a bool tensor.",
    Ge ge "[false, true, true]" "Where this is at least the other, under broadcasting, as a bool tensor."
);
