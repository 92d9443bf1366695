//! Numbers for the spatial axes of a layer, whose count is known to the compiler: one for all, or one for each.

/// One number for every spatial axis, or one for each, outermost first.
///
/// ```
/// use cotangent_nn::MaxPool2d;
/// assert_eq!(MaxPool2d::new(2).kernel_size, [2, 2]);
/// assert_eq!(MaxPool2d::new([1, 2]).kernel_size, [1, 2]);
/// ```
///
/// A list of another length does not compile:
///
/// ```compile_fail
/// let _ = cotangent_nn::MaxPool2d::new([1, 2, 3]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes<const N: usize>(pub [usize; N]);

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(size: usize) -> Self {
        Sizes([size; N])
    }
}
impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(sizes: [usize; N]) -> Self {
        Sizes(sizes)
    }
}

/// The sizes of an adaptive pool's result: one for every spatial axis, or one for each, where `None` keeps the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptiveSizes<const N: usize>(pub [Option<usize>; N]);

impl<const N: usize> From<usize> for AdaptiveSizes<N> {
    fn from(size: usize) -> Self {
        AdaptiveSizes([Some(size); N])
    }
}
impl<const N: usize> From<[usize; N]> for AdaptiveSizes<N> {
    fn from(sizes: [usize; N]) -> Self {
        AdaptiveSizes(sizes.map(Some))
    }
}
impl<const N: usize> From<[Option<usize>; N]> for AdaptiveSizes<N> {
    fn from(sizes: [Option<usize>; N]) -> Self {
        AdaptiveSizes(sizes)
    }
}

/// How much a convolution puts around its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const N: usize> {
    /// So many places before the first element of each axis, and after the last.
    Around([(usize, usize); N]),
    /// As many as give the output the input's size; an odd one goes after the last element. For stride 1 alone: with others PyTorch refuses
    /// it, and TensorFlow's depends on the input's size.
    Same,
}

impl<const N: usize> Padding<N> {
    /// Pairs for each axis, of a kernel that reaches over `dilation * (kernel - 1) + 1` elements.
    pub(super) fn pairs(&self, kernel: &[usize], dilation: &[usize; N]) -> [(usize, usize); N] {
        match *self {
            Padding::Around(pairs) => pairs,
            Padding::Same => std::array::from_fn(|i| {
                let total = kernel[i].saturating_sub(1).saturating_mul(dilation[i]);
                (total / 2, total - total / 2)
            }),
        }
    }
}

impl<const N: usize> From<usize> for Padding<N> {
    fn from(padding: usize) -> Self {
        Padding::Around([(padding, padding); N])
    }
}
impl<const N: usize> From<[usize; N]> for Padding<N> {
    fn from(padding: [usize; N]) -> Self {
        Padding::Around(padding.map(|n| (n, n)))
    }
}
impl<const N: usize> From<[(usize, usize); N]> for Padding<N> {
    fn from(padding: [(usize, usize); N]) -> Self {
        Padding::Around(padding)
    }
}

/// A layer's name for its count of spatial axes; a layer has one to three of them, as the compiler checks.
pub(super) const fn name<const N: usize>(names: [&'static str; 3]) -> &'static str {
    const { assert!(N >= 1 && N <= 3, "a layer has one to three spatial axes") };
    names[N - 1]
}
