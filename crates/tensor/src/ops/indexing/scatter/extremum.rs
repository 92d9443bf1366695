//! The greatest or smallest of what goes to one place.

use super::{axis_and_index, infer_scatter};
use crate::{
    Array, Cotangents, Derivative, Error, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    dtype::for_number,
    kernels::{self, reduce::Fold},
    layout::row_major,
    ops::{
        broadcast::widened,
        indexing::gather::{narrowed_to, padded_to},
        indexing::index::three,
    },
};

/// `y = x` with `y[i, .., index[i, .., l], .., l]` the greatest (or smallest) of all `src[i, .., l]` that go there, and of `x` if it is
/// included; NaN if one is. Inputs `x`, `index`, `src`.
#[derive(Clone, Debug)]
pub struct ScatterExtremum {
    axis: isize,
    greatest: bool,
    include_self: bool,
}

impl ScatterExtremum {
    /// The greatest along this axis; what is there already counts if `include_self`.
    #[must_use]
    pub fn max(axis: isize, include_self: bool) -> Self {
        ScatterExtremum { axis, greatest: true, include_self }
    }

    /// The smallest along this axis; what is there already counts if `include_self`.
    #[must_use]
    pub fn min(axis: isize, include_self: bool) -> Self {
        ScatterExtremum { axis, greatest: false, include_self }
    }
}

impl Primitive for ScatterExtremum {
    fn name(&self) -> &'static str {
        "scatter_extremum"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let y = infer_scatter("scatter_extremum", self.axis, inputs)?;
        if inputs[0].dtype() == crate::DType::Bool {
            return Err(Error::needs_numbers("scatter_extremum", inputs));
        }
        Ok(y)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let inputs: Few<Array> = inputs.iter().map(|&x| x.clone()).collect();
        let (axis, index) = axis_and_index("scatter_extremum", self.axis, &inputs)?;
        let [x, _, src] = three(inputs);
        let shape = x.shape().clone();
        let strides = row_major(&shape);
        let y = for_number!(x.dtype(), T => {
            let mut elements = x.into_buffer::<T>();
            if !self.include_self {
                // Any of the values that go there will do: all of them are looked at again.
                kernels::index::scatter(&mut elements, &strides, axis, &index, &src, None, |_, new| new);
            }
            let join = if self.greatest { <kernels::reduce::Max as Fold<T>>::join } else { <kernels::reduce::Min as Fold<T>>::join };
            kernels::index::scatter(&mut elements, &strides, axis, &index, &src, None, join);
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for ScatterExtremum {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS.and(Keep::output(0))
    }
    // With n values equal to y at a place that the index names: x_bar = [x = y] y_bar / n, src_bar = [src = y] y_bar / n; elsewhere
    // x_bar = y_bar.
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        // In f32 for halves, which hold no large counts.
        let (dtype, index) = (saved.input(0).dtype(), saved.input(1));
        let [x, src, y, y_bar] = [saved.input(0), saved.input(2), saved.output(0), &y_bar.single()].map(widened);
        let named = Tensor::zeros(x.shape(), crate::DType::Bool).scatter(self.axis, index, 1);
        let of_src = narrowed_to(&src, index.shape()).eq(&y.gather(self.axis, index)).cast(x.dtype());
        let of_x = if self.include_self { x.eq(&y).cast(x.dtype()) } else { x.zeros_like() };
        let count = of_x.scatter_add(self.axis, index, &of_src);
        let share = &y_bar / named.where_(&count, 1);
        let x_bar = needs[0].then(|| named.where_(&(&share * of_x), &y_bar).cast(dtype));
        let src_bar = needs[2].then(|| padded_to(share.gather(self.axis, index) * of_src, src.shape()).cast(dtype));
        [x_bar, None, src_bar].into()
    }
}
