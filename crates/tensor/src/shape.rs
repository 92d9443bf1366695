//! Shapes: sizes of axes, how many elements they hold, how two of them broadcast; and how axes are named.

use crate::{DType, Error, ErrorKind, Result};
use smallvec::SmallVec;
use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

/// The size of each axis of a tensor, outermost first; of any rank, inline up to four axes.
#[derive(Clone)]
pub struct Shape(Sizes);

/// The inline form is copied whole, whatever its rank, which is two vector moves.
#[derive(Clone)]
enum Sizes {
    Inline { rank: Rank, sizes: [usize; INLINE] },
    Heap(Box<[usize]>),
}

/// Axes of most tensors at most: batch, channel, height, width.
const INLINE: usize = 4;

/// A rank that is inline. A word, which also tells the other form, so that a shape is made of whole words: to move one of which bytes were
/// written a moment ago waits for the writes to go through, and a shape moves through several hands.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Rank {
    Zero,
    One,
    Two,
    Three,
    Four,
}

impl Rank {
    #[inline]
    fn of(rank: usize) -> Option<Rank> {
        Some(match rank {
            0 => Rank::Zero,
            1 => Rank::One,
            2 => Rank::Two,
            3 => Rank::Three,
            4 => Rank::Four,
            _ => return None,
        })
    }
}

impl PartialEq for Shape {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        same_sizes(self, other)
    }
}

impl Eq for Shape {}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self[..].hash(state);
    }
}

/// Whether two shapes are equal. A comparison of slices is a call of `memcmp`, which takes longer than a few sizes do.
#[inline]
fn same_sizes(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y)
}

impl Shape {
    /// Without axes.
    pub(crate) const SCALAR: Shape = Shape(Sizes::Inline { rank: Rank::Zero, sizes: [0; INLINE] });

    /// The number of elements; the shape was checked when its tensor was made, so that this cannot overflow.
    #[must_use]
    #[inline]
    pub fn numel(&self) -> usize {
        self.iter().product()
    }

    /// The number of elements, or `None` when it or its size in bytes overflows `isize`.
    #[must_use]
    pub fn checked_numel(&self, dtype: DType) -> Option<usize> {
        // An axis of size zero makes the tensor empty whatever the others say, but strides still have to fit.
        let span = self.iter().try_fold(1usize, |n, &size| n.checked_mul(size.max(1)))?;
        let bytes = span.checked_mul(dtype.size())?;
        (isize::try_from(bytes).is_ok()).then(|| self.numel())
    }

    /// The shape without one axis.
    #[must_use]
    pub fn without(&self, axis: usize) -> Shape {
        self.iter().enumerate().filter(|&(i, _)| i != axis).map(|(_, &size)| size).collect()
    }

    /// The shape with the size of one axis replaced.
    #[must_use]
    pub fn with_size(&self, axis: usize, size: usize) -> Shape {
        let mut shape = self.clone();
        match &mut shape.0 {
            Sizes::Inline { rank, sizes } => sizes[..*rank as usize][axis] = size,
            Sizes::Heap(sizes) => sizes[axis] = size,
        }
        shape
    }

    /// The shape that both broadcast to under NumPy's rule: aligned at the last axis, sizes are equal or one of them is 1.
    #[must_use]
    pub fn broadcast(a: &[usize], b: &[usize]) -> Option<Shape> {
        let rank = a.len().max(b.len());
        let size_at = |shape: &[usize], i: usize| (i + shape.len()).checked_sub(rank).map_or(1, |j| shape[j]);
        (0..rank)
            .map(|i| match (size_at(a, i), size_at(b, i)) {
                (x, y) if x == y => Some(x),
                (1, y) => Some(y),
                (x, 1) => Some(x),
                _ => None,
            })
            .collect()
    }
}

/// A copy of a short list; `SmallVec`'s own calls `memcpy`, which takes longer than four moves.
#[inline]
pub(crate) fn inline_copy<T: Copy + Default>(list: &[T]) -> SmallVec<[T; 4]> {
    if list.len() > 4 {
        return SmallVec::from_slice(list);
    }
    let at = |i| list.get(i).copied().unwrap_or_default();
    SmallVec::from_buf_and_len([at(0), at(1), at(2), at(3)], list.len())
}

impl Deref for Shape {
    type Target = [usize];
    #[inline]
    fn deref(&self) -> &[usize] {
        match &self.0 {
            Sizes::Inline { rank, sizes } => &sizes[..*rank as usize],
            Sizes::Heap(sizes) => sizes,
        }
    }
}

impl FromIterator<usize> for Shape {
    #[inline]
    fn from_iter<I: IntoIterator<Item = usize>>(sizes: I) -> Self {
        let mut sizes = sizes.into_iter();
        let mut inline = [0; INLINE];
        for rank in [Rank::Zero, Rank::One, Rank::Two, Rank::Three] {
            match sizes.next() {
                Some(size) => inline[rank as usize] = size,
                None => return Shape(Sizes::Inline { rank, sizes: inline }),
            }
        }
        match sizes.next() {
            Some(size) => Shape(Sizes::Heap(inline.into_iter().chain([size]).chain(sizes).collect())),
            None => Shape(Sizes::Inline { rank: Rank::Four, sizes: inline }),
        }
    }
}

impl From<&[usize]> for Shape {
    #[inline]
    fn from(sizes: &[usize]) -> Self {
        let at = |i| sizes.get(i).copied().unwrap_or(0);
        match Rank::of(sizes.len()) {
            Some(Rank::Zero) => Shape::SCALAR,
            Some(rank) => Shape(Sizes::Inline { rank, sizes: [at(0), at(1), at(2), at(3)] }),
            None => Shape(Sizes::Heap(sizes.into())),
        }
    }
}
impl From<&Shape> for Shape {
    #[inline]
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}
impl From<Vec<usize>> for Shape {
    fn from(sizes: Vec<usize>) -> Self {
        Shape::from(&sizes[..])
    }
}
impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Self {
        Shape::from(&sizes[..])
    }
}
impl<const N: usize> From<&[usize; N]> for Shape {
    fn from(sizes: &[usize; N]) -> Self {
        Shape::from(&sizes[..])
    }
}
impl From<usize> for Shape {
    fn from(size: usize) -> Self {
        Shape::from(&[size][..])
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self[..])
    }
}

/// A shape with a dtype: all that an operation needs to know to say what it will return.
#[derive(Clone, PartialEq, Eq)]
pub struct Spec {
    shape: Shape,
    dtype: DType,
}

impl Spec {
    /// The spec of a tensor of this shape and dtype.
    #[must_use]
    #[inline]
    pub fn new(shape: impl Into<Shape>, dtype: DType) -> Self {
        Spec { shape: shape.into(), dtype }
    }

    /// The size of each axis.
    #[must_use]
    #[inline]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The element type.
    #[must_use]
    #[inline]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// A borrowed form.
    #[must_use]
    #[inline]
    pub fn as_ref(&self) -> SpecRef<'_> {
        SpecRef { shape: &self.shape, dtype: self.dtype }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.dtype, self.shape)
    }
}
impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A borrowed [`Spec`].
#[derive(Clone, Copy, Eq)]
pub struct SpecRef<'a> {
    shape: &'a [usize],
    dtype: DType,
}

impl PartialEq for SpecRef<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype && same_sizes(self.shape, other.shape)
    }
}

impl<'a> SpecRef<'a> {
    /// The spec of something with this shape and dtype.
    #[must_use]
    #[inline]
    pub fn new(shape: &'a [usize], dtype: DType) -> Self {
        SpecRef { shape, dtype }
    }

    /// The size of each axis.
    #[must_use]
    #[inline]
    pub fn shape(self) -> &'a [usize] {
        self.shape
    }

    /// The element type.
    #[must_use]
    #[inline]
    pub fn dtype(self) -> DType {
        self.dtype
    }

    /// The number of axes.
    #[must_use]
    #[inline]
    pub fn rank(self) -> usize {
        self.shape.len()
    }

    /// An owned copy. By reference, so that it comes before [`ToOwned`] for references too.
    #[must_use]
    #[inline]
    pub fn to_owned(&self) -> Spec {
        Spec::new(self.shape, self.dtype)
    }
}

impl fmt::Display for SpecRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.dtype, self.shape)
    }
}
impl fmt::Debug for SpecRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The axes of a tensor of this rank.
#[inline]
pub(crate) fn all_axes(rank: usize) -> SmallVec<[usize; 4]> {
    if rank <= 4 { SmallVec::from_buf_and_len([0, 1, 2, 3], rank) } else { (0..rank).collect() }
}

/// Resolves an axis that may count from the end (`-1` is the last).
pub(crate) fn resolve_axis(op: &'static str, axis: isize, rank: usize) -> Result<usize> {
    let from_start = if axis < 0 { axis + rank as isize } else { axis };
    usize::try_from(from_start).ok().filter(|&axis| axis < rank).ok_or_else(|| {
        let range = if rank == 0 {
            "a scalar has no axes".to_owned()
        } else {
            format!("axes of a tensor of rank {rank} are -{rank} to {}", rank - 1)
        };
        Error::new(ErrorKind::Axis, op, format!("axis {axis} is out of range: {range}"))
    })
}

/// Resolves an axis of a result that has one axis more than the input, of this rank; it may count from the end.
pub(crate) fn resolve_new_axis(op: &'static str, axis: isize, rank: usize) -> Result<usize> {
    resolve_axis(op, axis, rank + 1).map_err(|_| {
        let of = rank + 1;
        let rule = format!("axis {axis} is out of range: axes of the result, of rank {of}, are -{of} to {rank}");
        Error::new(ErrorKind::Axis, op, rule)
    })
}

/// Which axes an operation goes over: `..` for all, one axis, or a list; negative axes count from the end.
///
/// ```
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.sum(..).item::<f32>(), 10.0);
/// assert_eq!(x.sum(0).to_vec::<f32>(), [4.0, 6.0]);
/// assert_eq!(x.sum(-1).to_vec::<f32>(), [3.0, 7.0]);
/// assert_eq!(x.sum([0, 1]).item::<f32>(), 10.0);
/// ```
#[derive(Clone, Debug)]
pub enum Axes {
    /// Every axis.
    All,
    /// The axes listed.
    List(Vec<isize>),
}

impl Axes {
    /// The axes as ascending positions in a shape of this rank.
    #[inline]
    pub(crate) fn resolve(&self, op: &'static str, rank: usize) -> Result<SmallVec<[usize; 4]>> {
        match self {
            Axes::All => Ok(all_axes(rank)),
            Axes::List(list) => match list[..] {
                [axis] => Ok(SmallVec::from_buf_and_len([resolve_axis(op, axis, rank)?, 0, 0, 0], 1)),
                _ => resolve_list(op, list, rank),
            },
        }
    }
}

fn resolve_list(op: &'static str, list: &[isize], rank: usize) -> Result<SmallVec<[usize; 4]>> {
    let mut axes: SmallVec<[usize; 4]> =
        list.iter().map(|&axis| resolve_axis(op, axis, rank)).collect::<Result<_>>()?;
    axes.sort_unstable();
    match axes.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::new(ErrorKind::Axis, op, format!("axis {} is named twice in {list:?}", pair[0]))),
        None => Ok(axes),
    }
}

impl From<std::ops::RangeFull> for Axes {
    fn from(_: std::ops::RangeFull) -> Self {
        Axes::All
    }
}

/// Any integer as an axis; one beyond `isize` stays out of range instead of wrapping to an axis from the end.
fn axis_from(axis: impl TryInto<isize>) -> isize {
    axis.try_into().unwrap_or(isize::MAX)
}

macro_rules! axes_from {
    ($($int:ty),*) => {$(
        impl From<$int> for Axes {
            fn from(axis: $int) -> Self {
                Axes::List(vec![axis_from(axis)])
            }
        }
        impl<const N: usize> From<[$int; N]> for Axes {
            fn from(axes: [$int; N]) -> Self {
                Axes::List(axes.iter().map(|&axis| axis_from(axis)).collect())
            }
        }
        impl From<&[$int]> for Axes {
            fn from(axes: &[$int]) -> Self {
                Axes::List(axes.iter().map(|&axis| axis_from(axis)).collect())
            }
        }
    )*};
}
axes_from!(i32, isize, usize);
