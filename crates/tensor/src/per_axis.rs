//! Numbers for the spatial axes of convolutions and pools: one for all, or one for each; the padding of a convolution; and the sizes
//! that an adaptive pool gives.

use crate::{Error, ErrorKind, Result};
use smallvec::SmallVec;

/// One number for every spatial axis, or a list with one for each, outermost first.
///
/// ```
/// use cotangent_tensor::{Tensor, DType, ops::MaxPool};
/// let x = Tensor::zeros([1, 1, 4, 6], DType::F32);
/// assert_eq!(x.max_pool2d(2).shape()[..], [1, 1, 2, 3]);
/// assert_eq!(x.max_pool2d([4, 2]).shape()[..], [1, 1, 1, 3]);
/// assert_eq!(x.max_pool2d(MaxPool::new(2).stride([1, 2])).shape()[..], [1, 1, 3, 3]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerAxis(SmallVec<[usize; 3]>);

impl PerAxis {
    /// A number for each of the last `axes` of three, `absent` for those before them.
    pub(crate) fn resolve(&self, op: &'static str, what: &str, axes: usize, absent: usize) -> Result<[usize; 3]> {
        let mut numbers = [absent; 3];
        match &self.0[..] {
            &[number] => numbers[3 - axes..].fill(number),
            list if list.len() == axes => numbers[3 - axes..].copy_from_slice(list),
            list => return Err(wrong_count(op, what, &format!("{list:?}"), list.len(), axes)),
        }
        Ok(numbers)
    }

    /// As [`resolve`](Self::resolve), for numbers that must not be zero.
    pub(crate) fn resolve_positive(&self, op: &'static str, what: &str, axes: usize) -> Result<[usize; 3]> {
        let numbers = self.resolve(op, what, axes, 1)?;
        if numbers.contains(&0) {
            return Err(Error::new(ErrorKind::Value, op, format!("{what} must be at least 1 along every axis")));
        }
        Ok(numbers)
    }
}

fn wrong_count(op: &'static str, what: &str, list: &str, count: usize, axes: usize) -> Error {
    let there = if axes == 1 { "there is 1 spatial axis".to_owned() } else { format!("there are {axes} spatial axes") };
    let rule = format!("{what} {list} has length {count}, but {there}");
    Error::new(ErrorKind::Value, op, rule).with_hint("give one number for all axes, or one for each")
}

impl From<usize> for PerAxis {
    fn from(number: usize) -> Self {
        PerAxis(SmallVec::from_slice(&[number]))
    }
}
impl<const N: usize> From<[usize; N]> for PerAxis {
    fn from(numbers: [usize; N]) -> Self {
        PerAxis(SmallVec::from_slice(&numbers))
    }
}
impl From<&[usize]> for PerAxis {
    fn from(numbers: &[usize]) -> Self {
        PerAxis(SmallVec::from_slice(numbers))
    }
}
impl From<Vec<usize>> for PerAxis {
    fn from(numbers: Vec<usize>) -> Self {
        PerAxis(SmallVec::from_vec(numbers))
    }
}

/// How many zeros a convolution puts around its input.
///
/// ```
/// use cotangent_tensor::{ConvPadding, Tensor, DType, ops::Conv};
/// let (x, w) = (Tensor::zeros([1, 1, 7], DType::F32), Tensor::zeros([1, 1, 4], DType::F32));
/// let size = |padding: ConvPadding| x.conv1d(&w, None, &Conv::new().padding(padding)).size(-1);
/// assert_eq!(size(ConvPadding::Valid), 4);
/// assert_eq!(size(ConvPadding::Same), 7);
/// assert_eq!(size(2.into()), 8);
/// assert_eq!(size([(0, 1)].into()), 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConvPadding {
    /// None: windows lie within the input.
    Valid,
    /// As many as give the output the input's size, for stride 1; an odd one goes after the last element.
    Same,
    /// As many before the first element as after the last.
    Both(PerAxis),
    /// For each axis how many before the first element and how many after the last.
    Pairs(Vec<(usize, usize)>),
}

impl ConvPadding {
    /// Pairs for the last `axes` of three, and none for those before them. `total` is how much padding makes the output as large as
    /// the input; `None` if the operation has no such padding.
    pub(crate) fn resolve(
        &self,
        op: &'static str,
        axes: usize,
        total: Option<[usize; 3]>,
    ) -> Result<[(usize, usize); 3]> {
        match self {
            ConvPadding::Valid => Ok([(0, 0); 3]),
            ConvPadding::Same => {
                let total = total.ok_or_else(|| {
                    Error::new(ErrorKind::Value, op, "has no padding \"same\"")
                        .with_hint("give the numbers; the sizes that it had before the convolution follow from them")
                })?;
                Ok(total.map(|total| (total / 2, total - total / 2)))
            }
            ConvPadding::Both(padding) => Ok(padding.resolve(op, "padding", axes, 0)?.map(|n| (n, n))),
            ConvPadding::Pairs(pairs) if pairs.len() == axes => {
                let mut all = [(0, 0); 3];
                all[3 - axes..].copy_from_slice(pairs);
                Ok(all)
            }
            ConvPadding::Pairs(pairs) => Err(wrong_count(op, "padding", &format!("{pairs:?}"), pairs.len(), axes)),
        }
    }
}

impl<const N: usize> From<[(usize, usize); N]> for ConvPadding {
    fn from(pairs: [(usize, usize); N]) -> Self {
        ConvPadding::Pairs(pairs.to_vec())
    }
}

macro_rules! padding_from {
    ($([$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($generics)*> From<$ty> for ConvPadding {
            fn from(padding: $ty) -> Self {
                ConvPadding::Both(padding.into())
            }
        }
    )*};
}
padding_from!([] usize, [const N: usize] [usize; N], [] &[usize], [] Vec<usize>, [] PerAxis);

/// The sizes of an adaptive pool's result: one for every spatial axis, or a list with one for each; `None` keeps the input's.
///
/// ```
/// use cotangent_tensor::{DType, Tensor};
/// let x = Tensor::zeros([1, 2, 5, 7], DType::F32);
/// assert_eq!(x.adaptive_avg_pool2d(1).shape()[..], [1, 2, 1, 1]);
/// assert_eq!(x.adaptive_avg_pool2d([Some(3), None]).shape()[..], [1, 2, 3, 7]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledSize(SmallVec<[Option<usize>; 3]>);

impl PooledSize {
    /// The sizes along the last `axes` of three, where the input has these; 1 along those before them.
    pub(crate) fn resolve(&self, op: &'static str, axes: usize, input: [usize; 3]) -> Result<[usize; 3]> {
        let size_at = |i: usize| match &self.0[..] {
            &[size] => size,
            list => list[i],
        };
        if self.0.len() != 1 && self.0.len() != axes {
            return Err(wrong_count(op, "the output size", &format!("{:?}", &self.0[..]), self.0.len(), axes));
        }
        let mut sizes = [1; 3];
        for i in 0..axes {
            sizes[3 - axes + i] = size_at(i).unwrap_or(input[3 - axes + i]);
        }
        Ok(sizes)
    }
}

impl From<usize> for PooledSize {
    fn from(size: usize) -> Self {
        PooledSize(SmallVec::from_slice(&[Some(size)]))
    }
}
impl<const N: usize> From<[usize; N]> for PooledSize {
    fn from(sizes: [usize; N]) -> Self {
        PooledSize(sizes.into_iter().map(Some).collect())
    }
}
impl<const N: usize> From<[Option<usize>; N]> for PooledSize {
    fn from(sizes: [Option<usize>; N]) -> Self {
        PooledSize(SmallVec::from_slice(&sizes))
    }
}
impl From<Vec<Option<usize>>> for PooledSize {
    fn from(sizes: Vec<Option<usize>>) -> Self {
        PooledSize(SmallVec::from_vec(sizes))
    }
}
