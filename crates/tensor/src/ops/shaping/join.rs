//! Larger tensors from smaller ones: concat, stack and pad. The pieces are copied straight into place.

use crate::{
    Array, Buffer, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Number, Primitive, Result, Saved, Shape, Spec,
    SpecRef, Tensor, Vjp, apply,
    array::check_size,
    dtype::for_dtype,
    error::{same_dtypes, takes},
    kernels,
    layout::{Layout, row_major},
    shape::{resolve_axis, resolve_new_axis},
};
use smallvec::SmallVec;
use std::borrow::Borrow;

#[cfg(test)]
mod tests;

/// `y` is its inputs one after another along an axis.
#[derive(Clone, Debug)]
pub struct Concat {
    axis: isize,
}

impl Concat {
    /// Along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        Concat { axis }
    }
}

impl Primitive for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let Some(&first) = inputs.first() else {
            return Err(Error::new(ErrorKind::Shape, "concat", "needs at least one tensor"));
        };
        if first.rank() == 0 {
            return Err(Error::new(ErrorKind::Axis, "concat", "a scalar has no axes")
                .with_inputs(inputs)
                .with_hint("stack joins along a new axis"));
        }
        let axis = resolve_axis("concat", self.axis, first.rank())?;
        same_dtypes("concat", inputs)?;
        let fits = |x: &SpecRef<'_>| {
            x.rank() == first.rank() && (0..x.rank()).all(|i| i == axis || x.shape()[i] == first.shape()[i])
        };
        if !inputs.iter().all(fits) {
            let rule = format!("all sizes must be equal, except those of axis {axis}");
            return Err(Error::new(ErrorKind::Shape, "concat", rule).with_inputs(inputs));
        }
        // A sum that overflows is refused as a size, like one that memory cannot hold.
        let total = inputs.iter().fold(0usize, |sum, x| sum.saturating_add(x.shape()[axis]));
        let shape = Shape::from(first.shape()).with_size(axis, total);
        check_size("concat", &shape, first.dtype())?;
        Ok(Spec::new(shape, first.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        if let [single] = inputs {
            return Ok((*single).clone().into());
        }
        let axis = resolve_axis("concat", self.axis, inputs[0].shape().len())?;
        let total = inputs.iter().map(|x| x.shape()[axis]).sum();
        let shape = inputs[0].shape().with_size(axis, total);
        let strides = row_major(&shape);
        let y = for_dtype!(inputs[0].dtype(), T => {
            let mut elements = Buffer::<T>::recycled(shape.numel());
            let mut start = 0;
            for x in inputs {
                kernels::copy::copy_into(x, &mut elements, start * strides[axis].unsigned_abs(), &strides);
                start += x.shape()[axis];
            }
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

impl Vjp for Concat {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar[i] = the part of y_bar where x[i] went
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let axis = resolve_axis("concat", self.axis, y_bar.rank()).expect("checked when the primal was computed");
        let sizes: Vec<usize> = (0..needs.len()).map(|i| saved.spec(i).shape()[axis]).collect();
        if let Some(only) = single(needs) {
            let start = sizes[..only].iter().sum();
            let part = y_bar.narrow(self.axis, start, sizes[only]);
            return needs.iter().map(|&need| need.then(|| part.clone())).collect();
        }
        // All parts at once: differentiating this joins them once too.
        let parts = y_bar.split_with_sizes(sizes, self.axis);
        parts.into_iter().zip(needs).map(|(part, &need)| need.then_some(part)).collect()
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        if tangents.iter().all(Option::is_none) {
            return Some(Few::one(None));
        }
        let dots: Vec<Tensor> = primals
            .iter()
            .zip(tangents)
            .map(|(x, x_dot)| x_dot.map_or_else(|| x.zeros_like(), Tensor::clone))
            .collect();
        Some(Few::one(Some(Tensor::concat(dots, self.axis))))
    }
}

/// The place of the only `true`, if there is one.
fn single(needs: &[bool]) -> Option<usize> {
    let mut needed = (0..needs.len()).filter(|&i| needs[i]);
    let first = needed.next();
    if needed.next().is_none() { first } else { None }
}

/// `y` is `x` with a constant added before and after each axis, or with elements cut off where a count is negative.
///
/// With counts `(before, after)`, `y[i] = x[i - before]` where that is an element of `x`, and the constant elsewhere.
#[derive(Clone, Debug)]
pub struct Pad {
    pairs: SmallVec<[(isize, isize); 4]>,
    value: Number,
}

impl Pad {
    /// One pair of counts, before and after, for each axis.
    #[must_use]
    pub fn new(pairs: impl AsRef<[(isize, isize)]>, value: impl Into<Number>) -> Self {
        Pad { pairs: SmallVec::from_slice(pairs.as_ref()), value: value.into() }
    }

    /// The counts that undo these.
    fn reversed(&self) -> Self {
        Pad { pairs: self.pairs.iter().map(|&(before, after)| (-before, -after)).collect(), value: Number::Int(0) }
    }

    fn shape(&self, x: SpecRef<'_>) -> Result<Shape> {
        let refuse = |rule| Err(Error::new(ErrorKind::Shape, "pad", rule).with_inputs(&[x]));
        if self.pairs.len() != x.rank() {
            let given = &self.pairs[..];
            return refuse(format!("needs one pair (before, after) for each axis, not {given:?}"));
        }
        let mut shape = Shape::from(x.shape());
        for (axis, (&(before, after), &size)) in self.pairs.iter().zip(x.shape()).enumerate() {
            // Sizes fit isize; i128 holds any sum of three.
            let padded = size as i128 + before as i128 + after as i128;
            if padded < 0 || before.min(after) == isize::MIN {
                return refuse(format!("({before}, {after}) cuts more than axis {axis} of size {size} has"));
            }
            shape = shape.with_size(axis, usize::try_from(padded).unwrap_or(usize::MAX));
        }
        check_size("pad", &shape, x.dtype()).map(|_| shape)
    }
}

impl Primitive for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("pad", 1, inputs)?;
        let x = inputs[0];
        let shape = self.shape(x)?;
        Tensor::try_number("pad", self.value, x.dtype())?;
        Ok(Spec::new(shape, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let shape = self.shape(x.spec())?;
        let mut part = x.layout().clone();
        let mut place = Layout::contiguous(shape.clone());
        for (axis, &(before, _)) in self.pairs.iter().enumerate() {
            let (size, padded) = (part.shape[axis] as isize, shape[axis] as isize);
            // y[i + before] = x[i] for those i where both exist.
            let first = before.saturating_neg().clamp(0, size);
            let end = padded.saturating_sub(before).clamp(first, size);
            let len = (end - first).unsigned_abs();
            part = part.slice(axis, first.unsigned_abs(), len, 1);
            place = place.slice(axis, if len == 0 { 0 } else { (first + before).unsigned_abs() }, len, 1);
        }
        let part = x.with_layout(part);
        if *part.shape() == shape {
            return Ok(part.into());
        }
        let value = Tensor::try_number("pad", self.value, x.dtype())?;
        let y = for_dtype!(x.dtype(), T => {
            let mut elements = Buffer::<T>::recycled(shape.numel());
            elements.fill(value.item());
            kernels::copy::copy_into::<T>(&part, &mut elements, place.offset, &place.strides);
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

impl Vjp for Pad {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = y_bar with what was added cut off, and zeros where x was cut
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(apply(&self.reversed(), &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| x_dot.pad(&self.pairs, 0))))
    }
}

/// Joining and padding.
impl Tensor {
    /// Tensors one after another along an axis; a negative axis counts from the end.
    ///
    /// # Panics
    /// When there is none, their dtypes differ, or their sizes differ in another axis.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (a, b) = (Tensor::from([[1i64, 2]]), Tensor::from([[3i64, 4], [5, 6]]));
    /// assert_eq!(Tensor::concat([&a, &b], 0).to_vec::<i64>(), [1, 2, 3, 4, 5, 6]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn concat<T: Borrow<Tensor>>(tensors: impl AsRef<[T]>, axis: isize) -> Tensor {
        let tensors: Few<&Tensor> = tensors.as_ref().iter().map(Borrow::borrow).collect();
        apply(&Concat::new(axis), &tensors).into_single()
    }

    /// Tensors of one shape along a new axis, which is axis `axis` of the result; `-1` appends it.
    ///
    /// # Panics
    /// When there is none, or their shapes or dtypes differ.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (a, b) = (Tensor::from([1i64, 2]), Tensor::from([3i64, 4]));
    /// assert_eq!(Tensor::stack([&a, &b], 0).to_vec::<i64>(), [1, 2, 3, 4]);
    /// assert_eq!(Tensor::stack([&a, &b], -1).to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn stack<T: Borrow<Tensor>>(tensors: impl AsRef<[T]>, axis: isize) -> Tensor {
        let tensors: Few<&Tensor> = tensors.as_ref().iter().map(Borrow::borrow).collect();
        match stacked_axis(&tensors, axis) {
            Ok(axis) => Tensor::concat(tensors.iter().map(|x| x.unsqueeze(axis)).collect::<Vec<_>>(), axis),
            Err(error) => panic!("{error}"),
        }
    }

    /// With `before` and `after` times a constant around each axis, one pair for each; a negative count cuts off
    /// elements.
    ///
    /// # Panics
    /// When there is not one pair for each axis, more is cut off than there is, or the constant does not fit the dtype.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1.0f32, 2.0, 3.0]);
    /// assert_eq!(x.pad([(2, 0)], 0).to_vec::<f32>(), [0.0, 0.0, 1.0, 2.0, 3.0]);
    /// assert_eq!(x.pad([(-1, 1)], 9).to_vec::<f32>(), [2.0, 3.0, 9.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn pad(&self, pairs: impl AsRef<[(isize, isize)]>, value: impl Into<Number>) -> Tensor {
        apply(&Pad::new(pairs, value), &[self]).into_single()
    }
}

/// The new axis of a stack, counted from the start.
fn stacked_axis(tensors: &[&Tensor], axis: isize) -> Result<isize> {
    let specs: Few<SpecRef<'_>> = tensors.iter().map(|x| x.spec()).collect();
    let Some(first) = specs.first() else {
        return Err(Error::new(ErrorKind::Shape, "stack", "needs at least one tensor"));
    };
    same_dtypes("stack", &specs)?;
    if specs.iter().any(|x| x.shape() != first.shape()) {
        return Err(Error::new(ErrorKind::Shape, "stack", "all shapes must be equal").with_inputs(&specs));
    }
    resolve_new_axis("stack", axis, first.rank()).map(|axis| axis as isize).map_err(|error| error.with_inputs(&specs))
}
