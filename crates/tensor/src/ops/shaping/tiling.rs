//! Tensors repeated: as a whole, tile by tile, or element by element.
//!
//! A repetition is a new axis, expanded, and merged with the one after it; the one copy that this takes is that of the result. The
//! cotangent is summed over the new axis.

use crate::ops::{broadcast::or_panic, shaping::split::axis_and_size};
use crate::{Array, Buffer, DType, Error, ErrorKind, Result, Shape, Tensor, array::check_size};

#[cfg(test)]
mod tests;

/// How often each element is repeated: a number, or one for each element of the axis.
#[derive(Clone, Copy)]
pub enum Repeats<'a> {
    /// Each as often.
    Each(usize),
    /// As often as an `i64` list says, which has an entry for each element.
    Counts(&'a Tensor),
}

impl From<usize> for Repeats<'_> {
    fn from(times: usize) -> Self {
        Repeats::Each(times)
    }
}
impl<'a> From<&'a Tensor> for Repeats<'a> {
    fn from(counts: &'a Tensor) -> Self {
        Repeats::Counts(counts)
    }
}

/// Repetitions.
impl Tensor {
    /// The tensor `times[i]` times one after another along each axis, as NumPy's `tile`: where the lists differ in length, the
    /// shorter one (the shape's, or the times) has ones put in front.
    ///
    /// # Panics
    /// When the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1i64, 2]);
    /// assert_eq!(x.tile([2]).to_vec::<i64>(), [1, 2, 1, 2]);
    /// assert_eq!(x.tile([3, 1]).shape()[..], [3, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn tile(&self, times: impl AsRef<[usize]>) -> Tensor {
        or_panic(tiled("tile", self, times.as_ref()))
    }

    /// As [`tile`](Self::tile), with at least one number for each axis. (NumPy's `repeat` is
    /// [`repeat_interleave`](Self::repeat_interleave).)
    ///
    /// # Panics
    /// When there are fewer numbers than axes, or the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2]]);
    /// assert_eq!(x.repeat([2, 2]).to_vec::<i64>(), [1, 2, 1, 2, 1, 2, 1, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn repeat(&self, times: impl AsRef<[usize]>) -> Tensor {
        let times = times.as_ref();
        if times.len() < self.rank() {
            let rule = format!("needs at least one number for each axis, not {times:?}");
            let error = Error::new(ErrorKind::Shape, "repeat", rule).with_inputs(&[self.spec()]);
            panic!("{}", error.with_hint("tile puts ones in front"));
        }
        or_panic(tiled("repeat", self, times))
    }

    /// Each element of an axis several times in a row: `repeats` times, or as often as a list says that has an entry for each.
    ///
    /// # Panics
    /// When the axis is out of range, the list has not one `i64` from 0 on for each element of the axis, or the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([1i64, 2, 3]);
    /// assert_eq!(x.repeat_interleave(2, 0).to_vec::<i64>(), [1, 1, 2, 2, 3, 3]);
    /// let counts = Tensor::from([2i64, 0, 1]);
    /// assert_eq!(x.repeat_interleave(&counts, 0).to_vec::<i64>(), [1, 1, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn repeat_interleave<'a>(&self, repeats: impl Into<Repeats<'a>>, axis: isize) -> Tensor {
        let (axis, size) = axis_and_size(self, "repeat_interleave", axis);
        match repeats.into() {
            Repeats::Each(times) => {
                let merged = self.shape().with_size(axis, size.saturating_mul(times));
                let repeated: Shape =
                    self.shape()[..=axis].iter().chain([&times]).chain(&self.shape()[axis + 1..]).copied().collect();
                or_panic(check_sizes("repeat_interleave", self, &merged, &repeated));
                self.unsqueeze(axis as isize + 1).expand(repeated).reshape(&merged)
            }
            Repeats::Counts(counts) => {
                let index = repeated_places(self, axis, counts);
                self.index_select(
                    axis as isize,
                    &or_panic(index.map_err(|e| e.with_inputs(&[self.spec(), counts.spec()]))),
                )
            }
        }
    }
}

fn tiled(op: &'static str, x: &Tensor, times: &[usize]) -> Result<Tensor> {
    let rank = times.len().max(x.rank());
    let at = |list: &[usize], i: usize| (i + list.len()).checked_sub(rank).map_or(1, |j| list[j]);
    let pairs = || (0..rank).map(|i| (at(times, i), at(x.shape(), i)));
    let merged: Shape = pairs().map(|(times, size)| times.saturating_mul(size)).collect();
    let single: Shape = pairs().flat_map(|(_, size)| [1, size]).collect();
    let repeated: Shape = pairs().flat_map(|(times, size)| [times, size]).collect();
    check_sizes(op, x, &merged, &repeated)?;
    Ok(x.reshape(&single).expand(repeated).reshape(&merged))
}

/// Checks the shape of the result, and that before axes were merged: a size of zero hides in the one what overflows in the other.
fn check_sizes(op: &'static str, x: &Tensor, merged: &Shape, repeated: &Shape) -> Result<()> {
    let checked = check_size(op, merged, x.dtype()).and_then(|_| check_size(op, repeated, x.dtype()));
    checked.map(drop).map_err(|error| error.with_inputs(&[x.spec()]))
}

/// Place `i` of the axis as often as the counts say. They are values, not a shape: what they are is read at once, below every transform.
fn repeated_places(x: &Tensor, axis: usize, counts: &Tensor) -> Result<Tensor> {
    let size = x.shape()[axis];
    let refuse = |kind, rule| Err(Error::new(kind, "repeat_interleave", rule));
    if counts.dtype() != DType::I64 {
        return refuse(ErrorKind::DType, format!("the counts must be i64, not {}", counts.dtype()));
    }
    if counts.shape()[..] != [size] {
        return refuse(ErrorKind::Shape, format!("needs one count for each of the {size} elements of axis {axis}"));
    }
    let counts = counts.array().to_slice::<i64>();
    if let Some(i) = counts.iter().position(|&count| count < 0) {
        return refuse(ErrorKind::Value, format!("the count {} at [{i}] is negative", counts[i]));
    }
    let total = counts.iter().fold(0usize, |sum, &count| sum.saturating_add(count as usize));
    check_size("repeat_interleave", &x.shape().with_size(axis, total), x.dtype())?;
    check_size("repeat_interleave", &total.into(), DType::I64)?;
    let mut places = Buffer::<i64>::recycled(total);
    let mut rest = &mut places[..];
    for (i, &count) in (0..).zip(&counts[..]) {
        let (repeated, after) = rest.split_at_mut(count as usize);
        repeated.fill(i);
        rest = after;
    }
    Ok(Array::from_buffer(places, [total]).into())
}
