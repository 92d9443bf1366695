//! Products over axes.
//!
//! The derivative by an element is the product of all others, made of the products before it and those after it: exact whatever the
//! number of zeros, and at every order, since nothing is divided by an element.

use crate::ops::{
    broadcast::widened,
    ordering::scan::products_before,
    reduction::reduce::{reduced_shape, with_reduced_axes},
};
use crate::{
    Array, Axes, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef,
    Tensor, Vjp, apply, error::takes, kernels::reduce,
};

#[cfg(test)]
mod tests;

/// `y` is the product of `x` over some axes.
#[derive(Clone, Debug)]
pub struct Prod {
    axes: Axes,
    keepdims: bool,
}

impl Prod {
    /// Over these axes, which stay with size 1 if `keepdims`.
    #[must_use]
    pub fn new(axes: impl Into<Axes>, keepdims: bool) -> Self {
        Prod { axes: axes.into(), keepdims }
    }

    /// For each element the product of all others that it is multiplied with.
    fn products_of_others(&self, x: &Tensor) -> Tensor {
        let axes = self.axes.resolve("prod", x.rank()).expect("checked when the primal was computed");
        let of_axis = |x: &Tensor, axis: isize| products_before(x, axis, false) * products_before(x, axis, true);
        match axes[..] {
            [] => x.ones_like(),
            [axis] => of_axis(x, axis as isize),
            _ => {
                // The axes as one, the last.
                let kept = (0..x.rank()).filter(|axis| !axes.contains(axis));
                let order: Vec<isize> = kept.chain(axes.iter().copied()).map(|axis| axis as isize).collect();
                let permuted = x.permute(&order);
                let products = of_axis(&permuted.flatten(-(axes.len() as isize), -1), -1).reshape(permuted.shape());
                let mut inverse = vec![0; order.len()];
                order.iter().enumerate().for_each(|(i, &axis)| inverse[axis as usize] = i as isize);
                products.permute(inverse)
            }
        }
    }
}

impl Primitive for Prod {
    fn name(&self) -> &'static str {
        "prod"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("prod", 1, inputs)?;
        let x = inputs[0];
        if matches!(x.dtype(), DType::U8 | DType::Bool) {
            return Err(Error::new(ErrorKind::DType, "prod", format!("a product would soon overflow {}", x.dtype()))
                .with_inputs(inputs)
                .with_hint("cast first, for example with .cast(DType::I64)"));
        }
        let axes = self.axes.resolve("prod", x.rank())?;
        Ok(Spec::new(reduced_shape(x.shape(), &axes, self.keepdims), x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let axes = self.axes.resolve("prod", x.shape().len())?;
        Ok(match x.dtype() {
            DType::F32 => reduce::fold::<reduce::Product, f32>(x, &axes, self.keepdims),
            DType::F64 => reduce::fold::<reduce::Product, f64>(x, &axes, self.keepdims),
            DType::I64 => reduce::fold::<reduce::Product, i64>(x, &axes, self.keepdims),
            other => unreachable!("infer refuses {other}"),
        }
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Prod {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0)
    }
    // x_bar[k] = y_bar * product of the others
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.input(0);
        let y_bar = with_reduced_axes(&widened(&y_bar.single()), &self.axes, x.spec());
        Few::one(Some((self.products_of_others(&widened(x)) * y_bar).cast(x.dtype())))
    }
    // y_dot = sum of x_dot[k] * product of the others
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let y_dot = |x_dot: &Tensor| {
            let terms = self.products_of_others(&widened(x[0])) * widened(x_dot);
            let sum = if self.keepdims { terms.sum_keepdims(self.axes.clone()) } else { terms.sum(self.axes.clone()) };
            sum.cast(x_dot.dtype())
        };
        Some(Few::one(x_dot[0].map(y_dot)))
    }
}

/// Products.
impl Tensor {
    /// The product over some axes, which go; of no elements it is one.
    ///
    /// The derivative is exact whatever the number of zeros, at every order. Products of `i64` wrap around.
    ///
    /// # Panics
    /// When an axis is out of range or named twice, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]).prod(-1).to_vec::<f32>(), [2.0, 12.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn prod(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Prod::new(axes, false), &[self]).into_single()
    }

    /// As [`prod`](Self::prod); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`prod`](Self::prod).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 2], [3, 4]]).prod_keepdims(0).shape()[..], [1, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn prod_keepdims(&self, axes: impl Into<Axes>) -> Tensor {
        apply(&Prod::new(axes, true), &[self]).into_single()
    }
}
