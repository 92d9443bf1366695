//! What the operations share that put one tensor in the place of a view of another: a slice, a diagonal.

use crate::{
    Array, Error, ErrorKind, Few, Primitive, Result, Shape, Spec, SpecRef, Tensor, apply, apply_owned,
    dtype::for_dtype,
    error::{same_dtypes, takes},
    kernels,
    layout::Layout,
};

/// Checks inputs `x` and `src`, where `src` has the shape and dtype of what it replaces; the output is like `x`.
pub(in crate::ops) fn checked_place(
    op: &'static str,
    inputs: &[SpecRef<'_>],
    place: impl FnOnce(SpecRef<'_>) -> Result<Shape>,
) -> Result<Few<Spec>> {
    takes(op, 2, inputs)?;
    let [x, src] = [inputs[0], inputs[1]];
    let shape = place(x)?;
    same_dtypes(op, inputs)?;
    if *src.shape() != shape[..] {
        let rule = format!("what is put there must have the shape of its place, {shape:?}");
        return Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
    }
    Ok(x.to_owned().into())
}

/// `x` with a view of it, no two elements of which are one, replaced by `src`; in the memory of `x` if nobody else refers to it.
pub(in crate::ops) fn placed(inputs: Few<Array>, view: impl FnOnce(&Layout) -> Layout) -> Array {
    let mut inputs = inputs.into_iter();
    let (Some(x), Some(src)) = (inputs.next(), inputs.next()) else { unreachable!("`infer` has seen two inputs") };
    let shape = x.shape().clone();
    let place = view(&Layout::contiguous(shape.clone()));
    for_dtype!(x.dtype(), T => {
        let mut elements = x.into_buffer::<T>();
        kernels::copy::copy_to_view(&src, &mut elements, place);
        Array::from_buffer(elements, shape)
    })
}

/// The cotangents of `x` and `src`: `y_bar` with zeros in the place, and the view of it that is there.
pub(in crate::ops) fn placing_vjp(
    placing: &dyn Primitive,
    view: &dyn Primitive,
    saved: &crate::Saved,
    y_bar: Tensor,
    needs: &[bool],
) -> Few<Option<Tensor>> {
    let src_bar = needs[1].then(|| apply(view, &[&y_bar]).into_single());
    let x_bar = needs[0].then(|| {
        let src = saved.spec(1);
        let zeros = Tensor::zeros(src.shape(), src.dtype());
        apply_owned(placing, [y_bar, zeros].into()).into_single()
    });
    [x_bar, src_bar].into()
}

/// The tangent of `x` with the tangent of `src` in its place, of which either may be zero.
pub(in crate::ops) fn placed_dots(
    placing: &dyn Primitive,
    primals: &[&Tensor],
    tangents: &[Option<&Tensor>],
) -> Few<Option<Tensor>> {
    if tangents.iter().all(Option::is_none) {
        return Few::one(None);
    }
    let dot = |i: usize| tangents[i].map_or_else(|| primals[i].zeros_like(), Tensor::clone);
    Few::one(Some(apply_owned(placing, [dot(0), dot(1)].into()).into_single()))
}
