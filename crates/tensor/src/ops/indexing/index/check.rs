//! What the operations with an index refuse: its dtype, its shape, and, when they see the values, places outside the
//! axis.

use crate::{
    Array, Buffer, DType, Error, ErrorKind, Few, Result, SpecRef, error::cast_values, kernels, layout::row_major,
};

pub(in crate::ops) fn check_index_dtype(op: &'static str, inputs: &[SpecRef<'_>], index: SpecRef<'_>) -> Result<()> {
    if index.dtype() == DType::I64 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::DType, op, format!("the index must be i64, not {}", index.dtype()))
        .with_inputs(inputs)
        .with_hint("cast it with .cast(DType::I64)"))
}

/// Checks that an index is a list or a single number.
pub(in crate::ops) fn check_list(op: &'static str, inputs: &[SpecRef<'_>], index: SpecRef<'_>) -> Result<()> {
    check_index_dtype(op, inputs, index)?;
    if index.rank() <= 1 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, op, format!("the index must have rank 1 or 0, not {}", index.rank()))
        .with_inputs(inputs)
        .with_hint("flatten it, or use gather for an index of the tensor's rank"))
}

/// Checks that `src` can be added to `x`.
pub(in crate::ops) fn check_summands(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    let [x, src] = [inputs[0], inputs[2]];
    if x.dtype() != src.dtype() {
        let (wanted, found) = (x.dtype(), src.dtype());
        let rule = format!("the summands must have the tensor's dtype, {wanted}, not {found}");
        return Err(Error::new(ErrorKind::DType, op, rule).with_inputs(inputs).with_hint(cast_values(x, src)));
    }
    if x.dtype() == DType::Bool {
        return Err(Error::new(ErrorKind::DType, op, "truth values cannot be added")
            .with_inputs(inputs)
            .with_hint("cast first, for example with .cast(DType::I64)"));
    }
    Ok(())
}

/// Checks that an index has the rank of another input, and is not longer along any axis but one.
pub(in crate::ops) fn check_fits(
    op: &'static str,
    inputs: &[SpecRef<'_>],
    index: SpecRef<'_>,
    other: SpecRef<'_>,
    what: &str,
    free_axis: Option<usize>,
) -> Result<()> {
    let refuse = |rule: String| Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
    if index.rank() != other.rank() {
        return refuse(format!("the index has rank {}, but {what} rank {}", index.rank(), other.rank()));
    }
    let longer = |&i: &usize| Some(i) != free_axis && index.shape()[i] > other.shape()[i];
    match (0..index.rank()).find(longer) {
        Some(i) => refuse(format!(
            "axis {i} of the index has size {}, which is more than {} of {what}",
            index.shape()[i],
            other.shape()[i]
        )),
        None => Ok(()),
    }
}

/// The index with what counts from the end of an axis of the first input, negative, counted from the start instead.
pub(in crate::ops) fn from_start(op: &'static str, inputs: &[&Array], axis: usize, index: &Array) -> Result<Array> {
    if !index.has_values() {
        return Ok(index.clone());
    }
    let size = inputs[0].shape()[axis];
    let places = index.to_slice::<i64>();
    if kernels::index::first_outside(&places, size).is_none() {
        return Ok(index.clone());
    }
    if let Some(flat) = kernels::points::first_beyond(&places, size) {
        return Err(outside(op, inputs, axis, places[flat], &position_of(flat, index.shape())));
    }
    // A size fits i64, so that a negative index and it cannot overflow.
    let from_start = places.iter().map(|&i| if i < 0 { i + size as i64 } else { i });
    Ok(Array::from_buffer(Buffer::from_iter_exact(from_start), index.shape()))
}

fn outside(op: &'static str, inputs: &[&Array], axis: usize, place: i64, position: &[usize]) -> Error {
    let specs: Few<SpecRef<'_>> = inputs.iter().map(|x| x.spec()).collect();
    let size = inputs[0].shape()[axis];
    let rule = format!("index {place} at {position:?} is out of range for axis {axis} of size {size}");
    Error::new(ErrorKind::Index, op, rule).with_inputs(&specs)
}

/// Checks that each index lies within an axis of the first input, where none counts from the end: rows of a table. An index
/// without values is not checked.
pub(in crate::ops) fn check_range(op: &'static str, inputs: &[&Array], axis: usize, index: &Array) -> Result<()> {
    if !index.has_values() {
        return Ok(());
    }
    let Some((place, position)) = first_outside(index, inputs[0].shape()[axis]) else { return Ok(()) };
    let error = outside(op, inputs, axis, place, &position);
    Err(if place < 0 { error.with_hint("rows count from 0") } else { error })
}

/// The first index that is negative or not below `size`, and where it stands.
pub(in crate::ops) fn first_outside(index: &Array, size: usize) -> Option<(i64, Vec<usize>)> {
    let places = index.to_slice::<i64>();
    let flat = kernels::index::first_outside(&places, size)?;
    Some((places[flat], position_of(flat, index.shape())))
}

/// The position of an element in row-major order.
pub(in crate::ops) fn position_of(flat: usize, shape: &[usize]) -> Vec<usize> {
    row_major(shape).iter().zip(shape).map(|(&stride, &size)| flat / stride.unsigned_abs() % size).collect()
}
