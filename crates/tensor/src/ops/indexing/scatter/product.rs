//! Products of what goes to one place.
//!
//! A product's derivative in one factor is the product of the others; a quotient by the factor fails where it is zero. So the
//! derivatives are those of a tree of plain products: factors sorted by their place and multiplied in pairs, until one is left for each.

use super::{axis_and_index, infer_scatter};
use crate::{
    Array, Decompose, Derivative, Error, Few, Primitive, Result, Shape, Spec, SpecRef, Tensor, apply,
    dtype::for_number,
    kernels::{self, arithmetic::Arithmetic},
    layout::row_major,
    ops::{IndexPut, indexing::gather::narrowed_to, indexing::index::three},
};

/// `y = x` with `y[i, .., index[i, .., l], .., l]` the product of all `src[i, .., l]` that go there, and of `x` if it is included; inputs
/// `x`, `index`, `src`.
#[derive(Clone, Debug)]
pub struct ScatterProd {
    axis: isize,
    include_self: bool,
}

impl ScatterProd {
    /// Along this axis; what is there already is a factor if `include_self`.
    #[must_use]
    pub fn new(axis: isize, include_self: bool) -> Self {
        ScatterProd { axis, include_self }
    }
}

impl Primitive for ScatterProd {
    fn name(&self) -> &'static str {
        "scatter_prod"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let y = infer_scatter("scatter_prod", self.axis, inputs)?;
        if inputs[0].dtype() == crate::DType::Bool { Err(Error::needs_numbers("scatter_prod", inputs)) } else { Ok(y) }
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let inputs: Few<Array> = inputs.iter().map(|&x| x.clone()).collect();
        let (axis, index) = axis_and_index("scatter_prod", self.axis, &inputs)?;
        let [x, _, src] = three(inputs);
        let shape = x.shape().clone();
        let strides = row_major(&shape);
        let y = for_number!(x.dtype(), T => {
            let mut elements = x.into_buffer::<T>();
            if !self.include_self {
                let one = Tensor::ones([], src.dtype()).item::<T>();
                kernels::index::scatter(&mut elements, &strides, axis, &index, &src, None, |_, _| one);
            }
            kernels::index::scatter(&mut elements, &strides, axis, &index, &src, None, T::mul);
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for ScatterProd {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let [x, index, src] = [inputs[0], inputs[1], inputs[2]];
        if !index.has_values() {
            // Which factors meet needs values; the shape, and what it depends on, does not.
            let unknown = src.sum(..) * index.sum(..).cast(src.dtype());
            return Few::one(x * unknown);
        }
        let numel = x.numel();
        // Where each factor goes, in the flattened tensor.
        let flat = Tensor::arange(0, numel as i64, 1).reshape(x.shape());
        let places = flat.gather(self.axis, index).array().to_vec::<i64>();
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&i| places[i]);
        let mut named: Vec<i64> = Vec::new();
        let mut counts: Vec<usize> = Vec::new();
        for &i in &order {
            if named.last() == Some(&places[i]) {
                *counts.last_mut().expect("one for each place") += 1;
            } else {
                named.push(places[i]);
                counts.push(1);
            }
        }
        let covered = narrowed_to(src, index.shape());
        let sorted: Vec<i64> = order.iter().map(|&i| i as i64).collect();
        let factors = covered.reshape([places.len()]).index_select(0, &sorted.into());
        let products = multiplied_in_pairs(factors, counts);
        let named: Tensor = named.into();
        let x_flat = x.reshape([numel]);
        let joined = if self.include_self { x_flat.index_select(0, &named) * products } else { products };
        let y = apply(&IndexPut::new([0], 0, false), &[&x_flat, &joined, &named]).into_single();
        Few::one(y.reshape(Shape::from(&x.shape()[..])))
    }
}

/// The products of groups of factors that follow each other, of which there are so many in each.
fn multiplied_in_pairs(mut factors: Tensor, mut counts: Vec<usize>) -> Tensor {
    while counts.iter().any(|&count| count > 1) {
        // A factor without a partner gets the one at the end.
        let alone = factors.numel() as i64;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut start = 0;
        for count in &mut counts {
            for i in (start..start + *count).step_by(2) {
                left.push(i as i64);
                right.push(if i + 1 < start + *count { i as i64 + 1 } else { alone });
            }
            start += *count;
            *count = count.div_ceil(2);
        }
        let with_one = Tensor::concat([&factors, &Tensor::ones([1], factors.dtype())], 0);
        factors = factors.index_select(0, &left.into()) * with_one.index_select(0, &right.into());
    }
    factors
}
