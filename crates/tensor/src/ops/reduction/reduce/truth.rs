//! Truth over axes: whether all or any hold, and how many are not zero. Constants to every transform.

use super::{checked_axes, reduced_shape};
use crate::{
    Array, Axes, DType, Derivative, Error, ErrorKind, Few, Primitive, Result, Spec, SpecRef, Tensor, apply,
    error::takes, kernels::reduce,
};

macro_rules! truth {
    ($(#[$docs:meta])* $Name:ident, $Fold:ident, $name:literal) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $Name {
            axes: Axes,
            keepdims: bool,
        }

        impl $Name {
            /// Over these axes, which stay with size 1 if `keepdims`.
            #[must_use]
            pub fn new(axes: impl Into<Axes>, keepdims: bool) -> Self {
                $Name { axes: axes.into(), keepdims }
            }
        }

        impl Primitive for $Name {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
                takes($name, 1, inputs)?;
                let x = inputs[0];
                if x.dtype() != DType::Bool {
                    return Err(Error::new(ErrorKind::DType, $name, "the primitive takes truth values")
                        .with_inputs(inputs)
                        .with_hint("its method takes numbers; for try_apply, compare first, for example with .ne(0)"));
                }
                let axes = self.axes.resolve($name, x.rank())?;
                Ok(Spec::new(reduced_shape(x.shape(), &axes, self.keepdims), DType::Bool).into())
            }
            fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
                let axes = self.axes.resolve($name, inputs[0].shape().len())?;
                Ok(reduce::fold::<reduce::$Fold, bool>(inputs[0], &axes, self.keepdims).into())
            }
            fn derivative(&self) -> Derivative<'_> {
                Derivative::Zero
            }
        }
    };
}

truth!(
    /// Whether all of some axes hold; of none they do.
    All,
    Min,
    "all"
);
truth!(
    /// Whether any of some axes holds; of none it does not.
    Any,
    Max,
    "any"
);

/// Truth over axes.
impl Tensor {
    /// Whether all elements along some axes are true, or not zero; of no elements they are. The axes go. NaN is not zero.
    ///
    /// # Panics
    /// When an axis is out of range or named twice.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2], [0, 3]]);
    /// assert_eq!(x.all(1).to_vec::<bool>(), [true, false]);
    /// assert!(x.gt(-1).all(..).item::<bool>());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn all(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&All::new(axes, false), &[&truths(self)]).into_single()
    }

    /// As [`all`](Self::all); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`all`](Self::all).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[true, false]]).all_keepdims(1).shape()[..], [1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn all_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&All::new(axes, true), &[&truths(self)]).into_single()
    }

    /// Whether any element along some axes is true, or not zero; of no elements none is. The axes go. NaN is not zero.
    ///
    /// # Panics
    /// When an axis is out of range or named twice.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert!(Tensor::from([0.0f32, f32::NAN]).any(..).item::<bool>());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn any(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Any::new(axes, false), &[&truths(self)]).into_single()
    }

    /// As [`any`](Self::any); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`any`](Self::any).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[true, false]]).any_keepdims(0).to_vec::<bool>(), [true, false]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn any_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Any::new(axes, true), &[&truths(self)]).into_single()
    }

    /// How many elements along some axes are true, or not zero, as `i64`; the axes go. NaN is not zero.
    ///
    /// # Panics
    /// When an axis is out of range or named twice.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[0.0f32, 2.0], [3.0, 1.0]]).count_nonzero(0).to_vec::<i64>(), [1, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn count_nonzero(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = checked_axes(self, "count_nonzero", axes.into(), None);
        truths(self).cast(DType::I64).sum(axes)
    }
}

fn truths(x: &Tensor) -> Tensor {
    if x.dtype() == DType::Bool { x.clone() } else { x.ne(0) }
}
