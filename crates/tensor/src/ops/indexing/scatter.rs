//! Elements put at places along an axis that an index names: set, or joined with what is there by a sum, product, mean or extremum.
//!
//! The index has the tensor's rank, as in `gather`, and may be shorter than the source along any axis. Where it names a place several
//! times the values are taken in its order; setting then leaves the last, which alone gets the cotangent.

use crate::ops::{
    broadcast::{Operand, by_way_of_f32, or_panic, widened},
    indexing::gather::padded_to,
    indexing::index::{
        check::{check_fits, check_index_dtype, from_start},
        three,
    },
    shaping::split::axis_and_size,
};
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor,
    Vjp, apply,
    dtype::for_dtype,
    error::{cast_values, takes},
    kernels,
    layout::row_major,
    shape::resolve_axis,
};

mod extremum;
mod product;
#[cfg(test)]
mod tests;

pub use extremum::ScatterExtremum;
pub use product::ScatterProd;

/// How [`Tensor::scatter_reduce`] joins what goes to one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScatterReduce {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean.
    Mean,
    /// The greatest, NaN if one is.
    Amax,
    /// The smallest, NaN if one is.
    Amin,
}

/// `y = x` with `y[i, .., index[i, .., l], .., l] = src[i, .., l]`, with the index in the place of an axis; inputs `x`, `index`, `src`.
#[derive(Clone, Debug)]
pub struct Scatter {
    axis: isize,
}

impl Scatter {
    /// Along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        Scatter { axis }
    }
}

impl Primitive for Scatter {
    fn name(&self) -> &'static str {
        "scatter"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        infer_scatter("scatter", self.axis, inputs)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        let (axis, index) = axis_and_index("scatter", self.axis, &inputs)?;
        let [x, _, src] = three(inputs);
        let shape = x.shape().clone();
        let y = for_dtype!(x.dtype(), T => {
            let mut elements = x.into_buffer::<T>();
            kernels::index::scatter(&mut elements, &row_major(&shape), axis, &index, &src, None, |_, new| new);
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

impl Vjp for Scatter {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(1).and(Keep::SPECS.when(needs[2]))
    }
    // x_bar = y_bar with zeros at the places; src_bar = y_bar at the places, where the value stands, and zero beyond the index
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let (y_bar, index) = (y_bar.single(), saved.input(1));
        let src_bar = needs[2].then(|| {
            let order = Tensor::arange(0, index.numel() as i64, 1).reshape(index.shape());
            let last = Tensor::zeros(y_bar.shape(), DType::I64).scatter(self.axis, index, &order);
            let stands = last.gather(self.axis, index).eq(&order);
            padded_to(stands.where_(&y_bar.gather(self.axis, index), 0), saved.spec(2).shape())
        });
        let x_bar = needs[0].then(|| {
            let zeros = Tensor::zeros(index.shape(), y_bar.dtype());
            crate::apply_owned(self, [y_bar, index.clone(), zeros].into()).into_single()
        });
        [x_bar, None, src_bar].into()
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        if tangents[0].is_none() && tangents[2].is_none() {
            return Some(Few::one(None));
        }
        let dot = |i: usize| tangents[i].map_or_else(|| primals[i].zeros_like(), Tensor::clone);
        Some(Few::one(Some(dot(0).scatter(self.axis, primals[1], &dot(2)))))
    }
}

/// Checks inputs `x`, `index`, `src` of one dtype, whose index fits both; the output is like `x`.
fn infer_scatter(op: &'static str, axis: isize, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
    takes(op, 3, inputs)?;
    let [x, index, src] = [inputs[0], inputs[1], inputs[2]];
    let axis = resolve_axis(op, axis, x.rank())?;
    check_index_dtype(op, inputs, index)?;
    if x.dtype() != src.dtype() {
        let (wanted, found) = (x.dtype(), src.dtype());
        let rule = format!("the values must have the tensor's dtype, {wanted}, not {found}");
        return Err(Error::new(ErrorKind::DType, op, rule).with_inputs(inputs).with_hint(cast_values(x, src)));
    }
    check_fits(op, inputs, index, x, "the tensor", Some(axis))?;
    check_fits(op, inputs, index, src, "the values", None)?;
    Ok(x.to_owned().into())
}

/// The axis, and the index, both counted from the start.
fn axis_and_index(op: &'static str, axis: isize, inputs: &[Array]) -> Result<(usize, Array)> {
    let axis = resolve_axis(op, axis, inputs[0].shape().len())?;
    Ok((axis, from_start(op, &inputs.iter().collect::<Few<_>>(), axis, &inputs[1])?))
}

/// Setting and joining at places that an index names.
impl Tensor {
    /// This tensor with each value that the index covers put where the index says: `y[i, .., index[i, .., l], .., l] = src[i, .., l]`. The
    /// values are a tensor, of at least the index's size along each axis, or a number.
    ///
    /// Of several values for one place the last in the order of the index stands, and it alone gets the cotangent. (PyTorch leaves open
    /// which stands, and gives all of them the cotangent.)
    ///
    /// # Panics
    /// When the axis or an index is out of range, the index's shape does not fit, the dtypes differ, or the number does not fit.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[0i64, 0, 0], [0, 0, 0]]);
    /// let index = Tensor::from([[2i64], [0]]);
    /// assert_eq!(x.scatter(1, &index, &Tensor::from([[5i64], [6]])).to_vec::<i64>(), [0, 0, 5, 6, 0, 0]);
    /// assert_eq!(x.scatter(1, &index, 1).to_vec::<i64>(), [0, 0, 1, 1, 0, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "put_along_axis")]
    pub fn scatter<'a>(&self, axis: isize, index: &Tensor, src: impl Into<Operand<'a>>) -> Tensor {
        let src = match src.into() {
            Operand::Tensor(src) => src.clone(),
            Operand::Number(number) => {
                let one = Tensor::try_number("scatter", number, self.dtype());
                or_panic(one.map_err(|error| error.with_inputs(&[self.spec()]))).expand(index.shape())
            }
        };
        apply(&Scatter::new(axis), &[self, index, &src]).into_single()
    }

    /// This tensor with what goes to each place along an axis joined by a reduction: of `src[i, .., l]` over all positions whose
    /// `index[i, .., l]` names the place, and of the tensor's own element there if it is to be included. Places that the index does
    /// not name stay.
    ///
    /// Products have derivatives of every order, also where factors are zero; equal extrema share the cotangent equally.
    ///
    /// # Panics
    /// When the axis or an index is out of range, the index's shape does not fit, the dtypes differ, the dtype is bool, or a mean is
    /// asked of integers.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::ScatterReduce};
    /// let x = Tensor::from([1.0f32, 2.0, 3.0]);
    /// let (index, src) = (Tensor::from([0i64, 0, 2]), Tensor::from([4.0f32, 5.0, 6.0]));
    /// assert_eq!(x.scatter_reduce(0, &index, &src, ScatterReduce::Prod, true).to_vec::<f32>(), [20.0, 2.0, 18.0]);
    /// assert_eq!(x.scatter_reduce(0, &index, &src, ScatterReduce::Mean, false).to_vec::<f32>(), [4.5, 2.0, 6.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "index_reduce")]
    #[doc(alias = "segment_sum")]
    pub fn scatter_reduce(
        &self,
        axis: isize,
        index: &Tensor,
        src: &Tensor,
        reduction: ScatterReduce,
        include_self: bool,
    ) -> Tensor {
        let (op, specs) = ("scatter_reduce", [self.spec(), index.spec(), src.spec()]);
        let (axis, _) = axis_and_size(self, op, axis);
        let axis = axis as isize;
        or_panic(infer_scatter(op, axis, &specs).map(drop));
        // Here, so that a place out of range is refused under this name whatever the reduction.
        let places = from_start(op, &[self, index, src].map(Tensor::array), axis as usize, index.array());
        let index = &Tensor::from(or_panic(places));
        match self.dtype() {
            DType::Bool => panic!("{}", Error::needs_numbers(op, &specs)),
            DType::I64 | DType::U8 if reduction == ScatterReduce::Mean => panic!("{}", Error::needs_float(op, &specs)),
            _ => {}
        }
        let start = |neutral: i32, x: &Tensor| if include_self { x.clone() } else { x.scatter(axis, index, neutral) };
        match reduction {
            ScatterReduce::Sum => start(0, self).scatter_add(axis, index, src),
            ScatterReduce::Mean => by_way_of_f32(self, |x| {
                // Whole numbers, of which f32 counts to 2^24 only. A place that the index does not name has itself alone.
                let ones = |of: &Tensor| of.ones_like().cast(DType::I64);
                let counts = start(0, &ones(x)).scatter_add(axis, index, &ones(index));
                start(0, x).scatter_add(axis, index, &widened(src)) / counts.cast(x.dtype())
            }),
            ScatterReduce::Prod => apply(&ScatterProd::new(axis, include_self), &[self, index, src]).into_single(),
            ScatterReduce::Amax => apply(&ScatterExtremum::max(axis, include_self), &[self, index, src]).into_single(),
            ScatterReduce::Amin => apply(&ScatterExtremum::min(axis, include_self), &[self, index, src]).into_single(),
        }
    }
}
