//! Slices of an axis at places that an index tensor names: index_select reads them, and its transpose index_add adds to
//! them. Single elements are in `gather`.
//!
//! An index is an input of the operation, so that transforms see it, but it has no derivative. It is `i64`, and counts from the end
//! where it is negative.

use crate::{
    Accumulate, Array, Buffer, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape,
    Spec, SpecRef, Tensor, Vjp, apply, apply_owned,
    array::check_size,
    dtype::{for_dtype, for_number},
    error::takes,
    kernels,
    layout::row_major,
    shape::resolve_axis,
};

pub(in crate::ops) mod check;
#[cfg(test)]
mod tests;

use check::{check_list, check_summands, from_start};

/// `y[.., k, ..] = x[.., index[k], ..]`; inputs `x`, `index`.
#[derive(Clone, Debug)]
pub struct IndexSelect {
    axis: isize,
}

impl IndexSelect {
    /// Along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        IndexSelect { axis }
    }
}

impl Primitive for IndexSelect {
    fn name(&self) -> &'static str {
        "index_select"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("index_select", 2, inputs)?;
        let [x, index] = [inputs[0], inputs[1]];
        let axis = resolve_axis("index_select", self.axis, x.rank())?;
        check_list("index_select", inputs, index)?;
        let shape = Shape::from(x.shape()).with_size(axis, index.shape().iter().product());
        check_size("index_select", &shape, x.dtype())?;
        Ok(Spec::new(shape, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, index] = [inputs[0], inputs[1]];
        let axis = resolve_axis("index_select", self.axis, x.shape().len())?;
        let index = from_start("index_select", inputs, axis, index)?;
        let index = index.to_slice::<i64>();
        if !x.is_contiguous() && index.len() < x.shape()[axis] {
            return Ok(select_views(x, axis, &index).into());
        }
        let x = x.contiguous();
        let shape = x.shape().with_size(axis, index.len());
        let inner = x.shape()[axis + 1..].iter().product();
        let y = for_dtype!(x.dtype(), T => {
            let mut elements = Buffer::<T>::recycled(shape.numel());
            kernels::index::select_rows(x.as_slice().expect("contiguous"), x.shape()[axis], inner, &index, &mut elements);
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
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

/// The parts of a strided array that an index names, each copied from where it lies, so that the rest need not be.
fn select_views(x: &Array, axis: usize, index: &[i64]) -> Array {
    let shape = x.shape().with_size(axis, index.len());
    let strides = row_major(&shape);
    for_dtype!(x.dtype(), T => {
        let mut elements = Buffer::<T>::recycled(shape.numel());
        for (i, &at) in index.iter().enumerate() {
            let part = x.with_layout(x.layout().slice(axis, at as usize, 1, 1));
            kernels::copy::copy_into(&part, &mut elements, i * strides[axis] as usize, &strides);
        }
        Array::from_buffer(elements, shape)
    })
}

impl Vjp for IndexSelect {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS.and(Keep::input(1))
    }
    // x_bar[.., index[k], ..] += y_bar[.., k, ..]
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x_bar = zeros_of(saved.spec(0)).index_add(self.axis, saved.input(1), &y_bar.single());
        [Some(x_bar), None].into()
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.index_select(self.axis, primals[1]))))
    }
}

impl Accumulate for IndexSelect {
    fn accumulate(&self, sum: Tensor, saved: &Saved, y_bar: Cotangents) -> Tensor {
        apply_owned(&IndexAdd { axis: self.axis }, [sum, saved.input(1).clone(), y_bar.single()].into()).into_single()
    }
}

/// `y = x` with `y[.., index[k], ..] += src[.., k, ..]`; inputs `x`, `index`, `src`.
#[derive(Clone, Debug)]
pub struct IndexAdd {
    axis: isize,
}

impl IndexAdd {
    /// Along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        IndexAdd { axis }
    }
}

impl Primitive for IndexAdd {
    fn name(&self) -> &'static str {
        "index_add"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("index_add", 3, inputs)?;
        let [x, index, src] = [inputs[0], inputs[1], inputs[2]];
        let axis = resolve_axis("index_add", self.axis, x.rank())?;
        check_list("index_add", inputs, index)?;
        check_summands("index_add", inputs)?;
        let wanted = Shape::from(x.shape()).with_size(axis, index.shape().iter().product());
        if *src.shape() != wanted[..] {
            let rule = format!("the summands must have shape {wanted:?}: one slice of axis {axis} for each index");
            return Err(Error::new(ErrorKind::Shape, "index_add", rule).with_inputs(inputs));
        }
        Ok(x.to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        let axis = resolve_axis("index_add", self.axis, inputs[0].shape().len())?;
        let index = from_start("index_add", &inputs.iter().collect::<Few<_>>(), axis, &inputs[1])?;
        let [x, _, src] = three(inputs);
        let index = index.to_slice::<i64>();
        let shape = x.shape().clone();
        let inner = shape[axis + 1..].iter().product();
        let y = for_number!(x.dtype(), T => {
            let mut elements = x.into_buffer::<T>();
            kernels::index::add_rows(&mut elements, shape[axis], inner, &index, src.contiguous().as_slice().expect("contiguous"));
            Array::from_buffer(elements, shape)
        });
        Ok(y.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for IndexAdd {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(1).when(needs[2])
    }
    // x_bar = y_bar, src_bar[.., k, ..] = y_bar[.., index[k], ..]
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let src_bar = needs[2].then(|| y_bar.index_select(self.axis, saved.input(1)));
        [Some(y_bar), None, src_bar].into()
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(added_dots(primals, tangents, |x_dot, src_dot| x_dot.index_add(self.axis, primals[1], src_dot)))
    }
}

/// Slices at places named by an index.
impl Tensor {
    /// The slices of an axis that an index names: `y[.., k, ..] = x[.., index[k], ..]`. The index is `i64`, of rank 1
    /// or 0.
    ///
    /// # Panics
    /// When the axis or an index is out of range.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// assert_eq!(x.index_select(0, &Tensor::from([2i64, 0])).to_vec::<f32>(), [5.0, 6.0, 1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn index_select(&self, axis: isize, index: &Tensor) -> Tensor {
        apply(&IndexSelect::new(axis), &[self, index]).into_single()
    }

    /// This tensor with slices of `src` added where an index says: `y[.., index[k], ..] += src[.., k, ..]`.
    ///
    /// Slices that go to one place are added in the order of the index.
    ///
    /// # Panics
    /// When the axis or an index is out of range, or `src` has not one slice for each index.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 1], [1, 1]]);
    /// let y = x.index_add(0, &Tensor::from([1i64, 1]), &Tensor::from([[2i64, 3], [4, 5]]));
    /// assert_eq!(y.to_vec::<i64>(), [1, 1, 7, 9]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn index_add(&self, axis: isize, index: &Tensor, src: &Tensor) -> Tensor {
        apply(&IndexAdd::new(axis), &[self, index, src]).into_single()
    }
}

pub(in crate::ops) fn zeros_of(x: SpecRef<'_>) -> Tensor {
    Tensor::zeros(x.shape(), x.dtype())
}

/// The tangent of `x` plus `src` at places, of which either may be zero.
pub(in crate::ops) fn added_dots(
    primals: &[&Tensor],
    tangents: &[Option<&Tensor>],
    add: impl FnOnce(&Tensor, &Tensor) -> Tensor,
) -> Few<Option<Tensor>> {
    Few::one(match (tangents[0], tangents[2]) {
        (x_dot, None) => x_dot.cloned(),
        (None, Some(src_dot)) => Some(add(&primals[0].zeros_like(), src_dot)),
        (Some(x_dot), Some(src_dot)) => Some(add(x_dot, src_dot)),
    })
}

pub(in crate::ops) fn three(inputs: Few<Array>) -> [Array; 3] {
    let inputs: Vec<Array> = inputs.into_iter().collect();
    inputs.try_into().expect("`infer` has seen three inputs")
}
