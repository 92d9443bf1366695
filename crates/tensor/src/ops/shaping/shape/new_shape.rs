//! The argument of `reshape`: sizes of any integer type, one of which may be left open.

use crate::{Error, ErrorKind, Result, Shape, SpecRef, array::check_size};
use smallvec::SmallVec;

/// A shape to reshape to: one size may be `-1`, for whatever is left.
///
/// ```
/// use cotangent_tensor::{Tensor, ops::NewShape};
/// let x = Tensor::arange(0, 6, 1);
/// assert_eq!(x.reshape([2, -1]).shape()[..], [2, 3]);
/// assert_eq!(x.reshape(NewShape::from(vec![3usize, 2])).shape()[..], [3, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewShape(SmallVec<[isize; 4]>);

impl NewShape {
    /// The sizes as they were given.
    pub(in crate::ops) fn sizes(&self) -> &[isize] {
        &self.0
    }

    /// The sizes, with what `-1` stands for in a tensor of this spec.
    pub(in crate::ops) fn resolve(&self, x: SpecRef<'_>) -> Result<Shape> {
        let refuse = |kind, rule: String| Err(Error::new(kind, "reshape", rule).with_inputs(&[x]));
        let wanted = &self.0[..];
        if let Some(&negative) = wanted.iter().find(|&&size| size < -1) {
            return refuse(
                ErrorKind::Shape,
                format!("size {negative} in {wanted:?} is negative; only one -1 may stand for what is left"),
            );
        }
        let free = wanted.iter().filter(|&&size| size == -1).count();
        if free > 1 {
            return refuse(ErrorKind::Shape, format!("only one size may be -1, not {free} in {wanted:?}"));
        }
        let numel: usize = x.shape().iter().product();
        let known =
            wanted.iter().filter(|&&size| size >= 0).try_fold(1usize, |n, &size| n.checked_mul(size.unsigned_abs()));
        let left = match known {
            Some(0) if free == 1 => {
                return refuse(
                    ErrorKind::Shape,
                    format!("-1 in {wanted:?} could be any size, as the other sizes hold no element"),
                );
            }
            Some(known) if free == 1 && numel.is_multiple_of(known) => numel / known,
            Some(known) if free == 0 && numel == known => 1,
            _ => return refuse(ErrorKind::Shape, format!("{numel} elements do not fill the shape {wanted:?}")),
        };
        let shape: Shape = wanted.iter().map(|&size| usize::try_from(size).unwrap_or(left)).collect();
        check_size("reshape", &shape, x.dtype()).map(|_| shape)
    }
}

impl From<&Shape> for NewShape {
    fn from(shape: &Shape) -> Self {
        NewShape::from(&shape[..])
    }
}
impl From<Shape> for NewShape {
    fn from(shape: Shape) -> Self {
        NewShape::from(&shape)
    }
}

macro_rules! new_shape_from {
    ($($int:ty),*) => {$(
        impl From<&[$int]> for NewShape {
            fn from(sizes: &[$int]) -> Self {
                // A size beyond isize can hold no tensor's elements, and neither can isize::MAX.
                NewShape(sizes.iter().map(|&size| isize::try_from(size).unwrap_or(isize::MAX)).collect())
            }
        }
        impl<const N: usize> From<[$int; N]> for NewShape {
            fn from(sizes: [$int; N]) -> Self {
                NewShape::from(&sizes[..])
            }
        }
        impl<const N: usize> From<&[$int; N]> for NewShape {
            fn from(sizes: &[$int; N]) -> Self {
                NewShape::from(&sizes[..])
            }
        }
        impl From<Vec<$int>> for NewShape {
            fn from(sizes: Vec<$int>) -> Self {
                NewShape::from(&sizes[..])
            }
        }
        impl From<&Vec<$int>> for NewShape {
            fn from(sizes: &Vec<$int>) -> Self {
                NewShape::from(&sizes[..])
            }
        }
        impl From<$int> for NewShape {
            fn from(size: $int) -> Self {
                NewShape::from([size])
            }
        }
    )*};
}
new_shape_from!(i32, isize, usize);
