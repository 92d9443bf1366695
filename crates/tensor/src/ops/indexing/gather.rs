//! Single elements at places that an index tensor names: gather reads them, and its transpose scatter_add adds to them.
//!
//! The index has the tensor's rank and the result's shape; as in `index`, it is an input without a derivative, and counts from the end
//! where it is negative.

use crate::ops::indexing::index::{
    added_dots,
    check::{check_fits, check_index_dtype, check_summands, from_start},
    three, zeros_of,
};
use crate::{
    Accumulate, Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply, apply_owned,
    dtype::{for_dtype, for_number},
    error::takes,
    kernels::{self, arithmetic::Arithmetic},
    layout::row_major,
    shape::resolve_axis,
};

#[cfg(test)]
mod tests;

/// `y[i, .., l] = x[i, .., index[i, .., l], .., l]`, with the index in the place of an axis; inputs `x`, `index`.
#[derive(Clone, Debug)]
pub struct Gather {
    axis: isize,
}

impl Gather {
    /// Along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        Gather { axis }
    }
}

impl Primitive for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("gather", 2, inputs)?;
        let [x, index] = [inputs[0], inputs[1]];
        let axis = resolve_axis("gather", self.axis, x.rank())?;
        check_index_dtype("gather", inputs, index)?;
        check_fits("gather", inputs, index, x, "the tensor", Some(axis))?;
        Ok(Spec::new(index.shape(), x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, index] = [inputs[0], inputs[1]];
        let axis = resolve_axis("gather", self.axis, x.shape().len())?;
        let index = from_start("gather", inputs, axis, index)?;
        Ok(for_dtype!(x.dtype(), T => kernels::index::gather::<T>(x, axis, &index)).into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Gather {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS.and(Keep::input(1))
    }
    // x_bar[i, .., index[i, .., l], .., l] += y_bar[i, .., l]
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x_bar = zeros_of(saved.spec(0)).scatter_add(self.axis, saved.input(1), &y_bar.single());
        [Some(x_bar), None].into()
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.gather(self.axis, primals[1]))))
    }
}

impl Accumulate for Gather {
    fn accumulate(&self, sum: Tensor, saved: &Saved, y_bar: Cotangents) -> Tensor {
        apply_owned(&ScatterAdd { axis: self.axis }, [sum, saved.input(1).clone(), y_bar.single()].into()).into_single()
    }
}

/// `y = x` with `y[i, .., index[i, .., l], .., l] += src[i, .., l]`, with the index in the place of an axis; inputs
/// `x`, `index`, `src`.
#[derive(Clone, Debug)]
pub struct ScatterAdd {
    axis: isize,
}

impl ScatterAdd {
    /// Along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        ScatterAdd { axis }
    }
}

impl Primitive for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("scatter_add", 3, inputs)?;
        let [x, index, src] = [inputs[0], inputs[1], inputs[2]];
        let axis = resolve_axis("scatter_add", self.axis, x.rank())?;
        check_index_dtype("scatter_add", inputs, index)?;
        check_summands("scatter_add", inputs)?;
        check_fits("scatter_add", inputs, index, x, "the tensor", Some(axis))?;
        check_fits("scatter_add", inputs, index, src, "the summands", None)?;
        Ok(x.to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        let axis = resolve_axis("scatter_add", self.axis, inputs[0].shape().len())?;
        let index = from_start("scatter_add", &inputs.iter().collect::<Few<_>>(), axis, &inputs[1])?;
        let [x, _, src] = three(inputs);
        let shape = x.shape().clone();
        let y = for_number!(x.dtype(), T => {
            // Most often they are the zeros that a derivative begins with.
            let is_one_number = x.strides().iter().all(|&stride| stride == 0);
            let fill = x.storage_elements::<T>().get(x.offset()).filter(|_| is_one_number).copied();
            let mut elements = match fill {
                Some(_) => Buffer::<T>::recycled(shape.numel()),
                None => x.into_buffer::<T>(),
            };
            kernels::index::scatter(&mut elements, &row_major(&shape), axis, &index, &src, fill, T::add);
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for ScatterAdd {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.and(Keep::input(1)).when(needs[2])
    }
    // x_bar = y_bar, src_bar[i, .., l] = y_bar[i, .., index[i, .., l], .., l], and zero beyond the index
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let src_bar = needs[2].then(|| {
            let index = saved.input(1);
            padded_to(y_bar.gather(self.axis, index), saved.spec(2).shape())
        });
        [Some(y_bar), None, src_bar].into()
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(added_dots(primals, tangents, |x_dot, src_dot| x_dot.scatter_add(self.axis, primals[1], src_dot)))
    }
}

/// With zeros after the elements of each axis, up to a shape.
pub(in crate::ops) fn padded_to(x: Tensor, shape: &[usize]) -> Tensor {
    if x.shape()[..] == *shape {
        return x;
    }
    let pairs: Vec<(isize, isize)> =
        x.shape().iter().zip(shape).map(|(&own, &size)| (0, (size - own) as isize)).collect();
    x.pad(pairs, 0)
}

/// The first elements of each axis, as many as a shape has.
pub(in crate::ops) fn narrowed_to(x: &Tensor, shape: &[usize]) -> Tensor {
    let narrow = |x: Tensor, (axis, &size): (usize, &usize)| {
        if x.shape()[axis] == size { x } else { x.narrow(axis as isize, 0, size) }
    };
    shape.iter().enumerate().fold(x.clone(), narrow)
}

/// Single elements at places named by an index.
impl Tensor {
    /// For each place of an index of the same rank, the element that it names along an axis:
    /// `y[i, .., l] = x[i, .., index[i, .., l], .., l]`. Other axes of the index may be shorter than the tensor's.
    ///
    /// # Panics
    /// When the axis or an index is out of range, or the index's shape does not fit.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let scores = Tensor::from([[0.1f32, 0.9], [0.7, 0.3]]);
    /// let labels = Tensor::from([[1i64], [0]]);
    /// assert_eq!(scores.gather(1, &labels).to_vec::<f32>(), [0.9, 0.7]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Tensor) -> Tensor {
        apply(&Gather::new(axis), &[self, index]).into_single()
    }

    /// This tensor with each element of `src` that the index covers added where the index says:
    /// `y[i, .., index[i, .., l], .., l] += src[i, .., l]`. The index may be shorter than `src` along any axis.
    ///
    /// Elements that go to one place are added in the order of the index.
    ///
    /// # Panics
    /// When the axis or an index is out of range, or the index's shape does not fit.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let votes = Tensor::from([2i64, 0, 2]);
    /// let counts = Tensor::zeros([3], DType::I64).scatter_add(0, &votes, &votes.ones_like());
    /// assert_eq!(counts.to_vec::<i64>(), [1, 0, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn scatter_add(&self, axis: isize, index: &Tensor, src: &Tensor) -> Tensor {
        apply(&ScatterAdd::new(axis), &[self, index, src]).into_single()
    }
}
