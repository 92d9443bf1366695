//! Boxes of a tensor: `Slice` views one, with a step along each axis; `SliceScatter` puts another tensor in its place, `SliceAdd` adds one
//! to what is there. They are each other's derivatives. What users write is in `subscript`.

use crate::ops::indexing::placing::{checked_place, placed, placed_dots, placing_vjp};
use crate::{
    Accumulate, Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape,
    Spec, SpecRef, Tensor, Vjp, apply, apply_owned, error::takes, layout::Layout,
};
use smallvec::SmallVec;

#[cfg(test)]
mod tests;

/// What is taken of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// One element; the axis goes.
    At(usize),
    /// `len` elements from `start` on, `step` apart; a negative step goes backwards.
    Along {
        /// The first element.
        start: usize,
        /// How many.
        len: usize,
        /// How much further each lies than the one before.
        step: isize,
    },
}

impl Cut {
    /// All of an axis of this size.
    #[must_use]
    pub fn whole(size: usize) -> Self {
        Cut::Along { start: 0, len: size, step: 1 }
    }

    /// The size of the axis that is left, if one is; `None` outside when the cut does not lie within the axis.
    fn left_of(self, size: usize) -> Option<Option<usize>> {
        match self {
            Cut::At(i) => (i < size).then_some(None),
            Cut::Along { len: 0, .. } => Some(Some(0)),
            Cut::Along { start, len, step } => {
                // Three factors of at most 64 bits: the product fits 128.
                let last = start as i128 + (len as i128 - 1) * step as i128;
                let within = start < size && (0..size as i128).contains(&last) && (step != 0 || len == 1);
                within.then_some(Some(len))
            }
        }
    }
}

/// The cuts along all axes of a tensor.
#[derive(Clone, Debug)]
struct Cuts(SmallVec<[Cut; 4]>);

impl Cuts {
    fn shape(&self, op: &'static str, x: SpecRef<'_>) -> Result<Shape> {
        let cuts = &self.0[..];
        if cuts.len() != x.rank() {
            let rule = format!("needs one cut for each axis, not {}", cuts.len());
            return Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(&[x]));
        }
        let mut shape: SmallVec<[usize; 4]> = SmallVec::new();
        for (axis, (cut, &size)) in cuts.iter().zip(x.shape()).enumerate() {
            match cut.left_of(size) {
                Some(left) => shape.extend(left),
                None => {
                    let rule = format!("{cut:?} does not lie within axis {axis} of size {size}");
                    return Err(Error::new(ErrorKind::Index, op, rule).with_inputs(&[x]));
                }
            }
        }
        Ok(Shape::from(&shape[..]))
    }

    /// The box within an array of this layout; `shape` has checked that it lies there.
    fn layout(&self, whole: &Layout) -> Layout {
        let (mut shape, mut strides, mut offset) = (SmallVec::<[usize; 4]>::new(), SmallVec::new(), 0isize);
        for ((&cut, &size), &stride) in self.0.iter().zip(&whole.shape[..]).zip(&whole.strides) {
            match cut {
                Cut::At(i) => offset = offset.wrapping_add(i as isize * stride),
                Cut::Along { start, len, step } => {
                    // Nothing is at the start of an empty axis, and nothing a step on from a single element, which may be any
                    // number.
                    if start < size {
                        offset = offset.wrapping_add(start as isize * stride);
                    }
                    shape.push(len);
                    strides.push(if len > 1 { stride * step } else { stride });
                }
            }
        }
        let shape = Shape::from(&shape[..]);
        let offset = if shape.numel() == 0 { 0 } else { offset };
        Layout { shape, strides, offset: whole.offset.wrapping_add_signed(offset) }
    }
}

/// `y` is a box of `x`: one element or some evenly spaced ones of each axis. A view.
#[derive(Clone, Debug)]
pub struct Slice {
    cuts: Cuts,
}

impl Slice {
    /// One cut for each axis.
    #[must_use]
    pub fn new(cuts: impl AsRef<[Cut]>) -> Self {
        Slice { cuts: Cuts(SmallVec::from_slice(cuts.as_ref())) }
    }
}

impl Primitive for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("slice", 1, inputs)?;
        Ok(Spec::new(self.cuts.shape("slice", inputs[0])?, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(inputs[0].with_layout(self.cuts.layout(inputs[0].layout())).into())
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

impl Vjp for Slice {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = zeros with y_bar in the place of the box
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.spec(0);
        let scatter = SliceScatter { cuts: self.cuts.clone() };
        let zeros = Tensor::zeros(x.shape(), x.dtype());
        Few::one(Some(apply(&scatter, &[&zeros, &y_bar.single()]).into_single()))
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

impl Accumulate for Slice {
    fn accumulate(&self, sum: Tensor, _: &Saved, y_bar: Cotangents) -> Tensor {
        apply_owned(&SliceAdd { cuts: self.cuts.clone() }, [sum, y_bar.single()].into()).into_single()
    }
}

/// `y` is `x` with `src` added to a box of it; inputs `x`, `src`.
#[derive(Clone, Debug)]
pub struct SliceAdd {
    cuts: Cuts,
}

impl SliceAdd {
    /// One cut for each axis of `x`; to what [`Slice`] with the same cuts views is added.
    #[must_use]
    pub fn new(cuts: impl AsRef<[Cut]>) -> Self {
        SliceAdd { cuts: Cuts(SmallVec::from_slice(cuts.as_ref())) }
    }
}

impl Primitive for SliceAdd {
    fn name(&self) -> &'static str {
        "slice_add"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let y = checked_place("slice_add", inputs, |x| self.cuts.shape("slice_add", x))?;
        if inputs[0].dtype() == DType::Bool { Err(Error::needs_numbers("slice_add", inputs)) } else { Ok(y) }
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        // The sum first, as a tensor of its own; no view of `x` is left then, and it can be written to.
        let [part, src] = [inputs[0].with_layout(self.cuts.layout(inputs[0].layout())), inputs[1].clone()];
        let sum = (Tensor::from(part) + Tensor::from(src)).into_array();
        let x = inputs.into_iter().next().expect("infer has seen two inputs");
        Ok(placed([x, sum].into(), |whole| self.cuts.layout(whole)).into())
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for SliceAdd {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = y_bar, src_bar = the box of y_bar
    fn vjp(&self, _: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let view = Slice { cuts: self.cuts.clone() };
        let src_bar = needs[1].then(|| apply(&view, &[&y_bar]).into_single());
        [Some(y_bar), src_bar].into()
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(match (tangents[0], tangents[1]) {
            (x_dot, None) => Few::one(x_dot.cloned()),
            (x_dot, Some(src_dot)) => {
                let x_dot = x_dot.map_or_else(|| primals[0].zeros_like(), Tensor::clone);
                Few::one(Some(apply_owned(self, [x_dot, src_dot.clone()].into()).into_single()))
            }
        })
    }
}

/// `y` is `x` with a box replaced by `src`; inputs `x`, `src`.
#[derive(Clone, Debug)]
pub struct SliceScatter {
    cuts: Cuts,
}

impl SliceScatter {
    /// One cut for each axis of `x`; what [`Slice`] with the same cuts views is replaced.
    #[must_use]
    pub fn new(cuts: impl AsRef<[Cut]>) -> Self {
        SliceScatter { cuts: Cuts(SmallVec::from_slice(cuts.as_ref())) }
    }
}

impl Primitive for SliceScatter {
    fn name(&self) -> &'static str {
        "slice_scatter"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        checked_place("slice_scatter", inputs, |x| self.cuts.shape("slice_scatter", x))
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        Ok(placed(inputs, |whole| self.cuts.layout(whole)).into())
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

impl Vjp for SliceScatter {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.when(needs[0])
    }
    // x_bar = y_bar with zeros in the place of the box, src_bar = the box of y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        placing_vjp(self, &Slice { cuts: self.cuts.clone() }, saved, y_bar.single(), needs)
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(placed_dots(self, primals, tangents))
    }
}
