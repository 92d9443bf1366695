//! Padding with elements of the tensor itself: reflected, repeated, or from the other end.
//!
//! Along each axis a table says which element stands in each place; `PadMode` copies by the tables of all axes in one pass, and its
//! transpose adds up by them.

use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply,
    array::check_size,
    dtype::{for_dtype, for_float},
    error::takes,
    kernels,
    storage::list,
};
use smallvec::SmallVec;

#[cfg(test)]
mod tests;

/// What stands beyond the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PadMode {
    /// The elements in reverse, without the one at the end: `c b | a b c | b a`.
    Reflect,
    /// The element at the end again: `a a | a b c | c c`.
    Replicate,
    /// The elements from the other end: `b c | a b c | a b`.
    Circular,
}

impl PadMode {
    /// Which element of an axis of `size` stands at `i`, where places before the axis are negative.
    fn source(self, i: isize, size: usize) -> usize {
        let last = size as isize - 1;
        let source = match self {
            PadMode::Reflect => last - (last - i.abs()).abs(),
            PadMode::Replicate => i.clamp(0, last),
            PadMode::Circular => i.rem_euclid(last + 1),
        };
        source.unsigned_abs()
    }

    /// How many places beyond an end of an axis of `size` have an element; the others would need a second reflection or turn.
    fn reach(self, size: usize) -> usize {
        match self {
            PadMode::Reflect => size.saturating_sub(1),
            PadMode::Replicate if size > 0 => usize::MAX,
            PadMode::Replicate => 0,
            PadMode::Circular => size,
        }
    }

    fn name(self) -> &'static str {
        match self {
            PadMode::Reflect => "reflect",
            PadMode::Replicate => "replicate",
            PadMode::Circular => "circular",
        }
    }
}

/// `y[i, ..] = x[source(i - before), ..]` along each axis, with the elements beyond the ends by a mode; negative counts cut off.
#[derive(Clone, Debug)]
pub struct PadWith {
    pairs: SmallVec<[(isize, isize); 4]>,
    mode: PadMode,
}

impl PadWith {
    /// One pair of counts, before and after, for each axis.
    #[must_use]
    pub fn new(pairs: impl AsRef<[(isize, isize)]>, mode: PadMode) -> Self {
        PadWith { pairs: SmallVec::from_slice(pairs.as_ref()), mode }
    }

    fn shape(&self, op: &'static str, x: &[usize]) -> Result<Shape> {
        let refuse = |rule| Err(Error::new(ErrorKind::Shape, op, rule));
        if self.pairs.len() != x.len() {
            return refuse(format!("needs one pair (before, after) for each axis, not {:?}", &self.pairs[..]));
        }
        let mut shape = Shape::from(x);
        for (axis, (&(before, after), &size)) in self.pairs.iter().zip(x).enumerate() {
            // Sizes fit isize; i128 holds any sum of three. An end can be cut off no more than there is, also where the other grows.
            let padded = size as i128 + before as i128 + after as i128;
            if padded < 0 || before.min(after) as i128 + (size as i128) < 0 {
                return refuse(format!("({before}, {after}) cuts more than axis {axis} of size {size} has"));
            }
            let (mode, reach) = (self.mode, self.mode.reach(size));
            if usize::try_from(before.max(after)).is_ok_and(|most| most > reach) {
                return refuse(format!(
                    "({before}, {after}) is more than axis {axis} of size {size} has for the mode {}, which is {reach}",
                    mode.name()
                ));
            }
            shape = shape.with_size(axis, usize::try_from(padded).unwrap_or(usize::MAX));
        }
        Ok(shape)
    }

    /// For each axis, which element of an axis of the given size stands in each place.
    fn tables(&self, shape: &[usize]) -> Vec<Vec<usize>> {
        let table = |(&(before, after), &size): (&(isize, isize), &usize)| {
            list((-before..size as isize + after).map(|i| self.mode.source(i, size)))
        };
        self.pairs.iter().zip(shape).map(table).collect()
    }

    fn is_identity(&self) -> bool {
        self.pairs.iter().all(|&pair| pair == (0, 0))
    }
}

impl Primitive for PadWith {
    fn name(&self) -> &'static str {
        "pad_with"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("pad_with", 1, inputs)?;
        let shape = self.shape("pad_with", inputs[0].shape())?;
        check_size("pad_with", &shape, inputs[0].dtype())?;
        Ok(Spec::new(shape, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        if self.is_identity() {
            return Ok(x.clone().into());
        }
        let shape = self.shape("pad_with", x.shape())?;
        if shape.numel() == 0 {
            return Ok(Tensor::zeros(shape, x.dtype()).into_array().into());
        }
        let tables = self.tables(x.shape());
        Ok(for_dtype!(x.dtype(), T => kernels::tables::copy_by::<T>(x, &tables, shape)).into())
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

impl Vjp for PadWith {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar[j] = Σ y_bar[i] over the places i where x[j] stands
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let transpose = PadWithTranspose { pad: self.clone(), shape: Shape::from(saved.spec(0).shape()) };
        Few::one(Some(apply(&transpose, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// The transpose of [`PadWith`]: each element added to the one that it would be a copy of.
#[derive(Clone, Debug)]
pub struct PadWithTranspose {
    pad: PadWith,
    shape: Shape,
}

impl PadWithTranspose {
    /// The transpose of a padding of tensors of this shape.
    #[must_use]
    pub fn new(pad: PadWith, shape: impl Into<Shape>) -> Self {
        PadWithTranspose { pad, shape: shape.into() }
    }
}

impl Primitive for PadWithTranspose {
    fn name(&self) -> &'static str {
        "pad_with_transpose"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("pad_with_transpose", 1, inputs)?;
        let x = inputs[0];
        if !x.dtype().is_float() {
            return Err(Error::needs_float("pad_with_transpose", inputs));
        }
        let padded = self.pad.shape("pad_with_transpose", &self.shape)?;
        if *x.shape() != padded[..] {
            let rule = format!("the shape {:?} is padded to {padded:?}", self.shape);
            return Err(Error::new(ErrorKind::Shape, "pad_with_transpose", rule));
        }
        check_size("pad_with_transpose", &self.shape, x.dtype())?;
        Ok(Spec::new(&self.shape, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        if self.pad.is_identity() {
            return Ok(x.clone().into());
        }
        if x.numel() == 0 || self.shape.numel() == 0 {
            return Ok(Tensor::zeros(&self.shape, x.dtype()).into_array().into());
        }
        let tables = self.pad.tables(&self.shape);
        Ok(for_float!(x.dtype(), T => kernels::tables::add_by::<T>(x, &tables, self.shape.clone())).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for PadWithTranspose {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = y_bar padded
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(apply(&self.pad, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

impl Tensor {
    /// With `before` and `after` elements of the tensor itself around each axis, one pair for each; a negative count cuts off
    /// elements. [`pad`](Self::pad) puts a constant there.
    ///
    /// PyTorch's `pad` takes the pairs from the last axis on.
    ///
    /// # Panics
    /// When there is not one pair for each axis, more is cut off than there is, or a count is more than the mode has: for
    /// [`Reflect`](PadMode::Reflect) one less than the size of the axis, for [`Circular`](PadMode::Circular) the size.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::PadMode};
    /// let x = Tensor::from([1i64, 2, 3]);
    /// assert_eq!(x.pad_with([(2, 1)], PadMode::Reflect).to_vec::<i64>(), [3, 2, 1, 2, 3, 2]);
    /// assert_eq!(x.pad_with([(2, 1)], PadMode::Replicate).to_vec::<i64>(), [1, 1, 1, 2, 3, 3]);
    /// assert_eq!(x.pad_with([(2, 1)], PadMode::Circular).to_vec::<i64>(), [2, 3, 1, 2, 3, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "reflection_pad")]
    #[doc(alias = "replication_pad")]
    #[doc(alias = "circular_pad")]
    pub fn pad_with(&self, pairs: impl AsRef<[(isize, isize)]>, mode: PadMode) -> Tensor {
        apply(&PadWith::new(pairs, mode), &[self]).into_single()
    }
}
