//! Convolutions over one to three spatial axes, and their transposes.
//!
//! Without its bias, a convolution is linear in its input and in its weight, so that three operations are closed under differentiation:
//!
//! ```text
//! y = Conv(x, w)    x = ConvTranspose(y, w)    w = ConvWeightGrad(x, y)
//! ```
//!
//! Each is the derivative of one of the others, and each rule is written with the other two; derivatives of every order follow.

mod columns;
mod forward;
mod slide;
mod transposed;
mod weight_grad;

#[cfg(test)]
mod tests;

pub use columns::{Col2Im, Im2Col};
pub use forward::Conv;
pub use transposed::ConvTranspose;
pub use weight_grad::ConvWeightGrad;

use crate::ops::broadcast::or_panic;
use crate::{Error, ErrorKind, Few, Primitive, Result, Shape, SpecRef, Tensor, apply, primitive::elements, try_apply};

/// The names of an operation over one, two and three spatial axes.
pub(in crate::ops) type Names = [&'static str; 3];

/// The name for a batch of images of this rank.
pub(in crate::ops) fn name_at_rank(names: &Names, rank: usize) -> &'static str {
    names[rank.saturating_sub(3).min(2)]
}

/// `f` of a batch of images `[N, C, ..]`; one image without the batch axis is a batch of one, and the result has none either.
pub(in crate::ops) fn on_batch<R>(
    op: &'static str,
    axes: usize,
    x: &Tensor,
    f: impl FnOnce(&Tensor) -> Result<R>,
    unbatched: impl FnOnce(R) -> R,
) -> Result<R> {
    match x.rank().checked_sub(axes) {
        Some(2) => f(x),
        Some(1) => f(&x.unsqueeze(0)).map(unbatched),
        _ => {
            let names = &["L", "H, W", "D, H, W"][axes - 1];
            let rule = format!("the input is a batch [N, C, {names}] or a single [C, {names}]");
            Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(&[x.spec()]))
        }
    }
}

/// The operations of all three: each element of y meets one kernel of w.
fn flops(y: SpecRef<'_>, w: SpecRef<'_>) -> u64 {
    let kernels = w.shape()[0].max(1) as u64;
    elements(y).saturating_mul(2 * (elements(w) / kernels))
}

/// The tangent of an operation that is linear in each of two inputs, and adds a third, the bias, if there is one.
fn tangent(primitive: &dyn Primitive, x: &[&Tensor], dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Tensor> {
    let of = |a: &Tensor, b: &Tensor| apply(primitive, &[a, b]).into_single();
    let products = [dot[0].map(|a_dot| of(a_dot, x[1])), dot[1].map(|b_dot| of(x[0], b_dot))];
    let sum = products.into_iter().flatten().reduce(|sum, term| sum + term);
    let Some(bias_dot) = dot.get(2).copied().flatten() else { return sum };
    let per_channel: Shape = [bias_dot.numel()].into_iter().chain((2..y[0].rank()).map(|_| 1)).collect();
    let bias_dot = bias_dot.reshape(&per_channel);
    Some(match sum {
        Some(sum) => sum + bias_dot,
        None => bias_dot.expand(y[0].shape()),
    })
}

/// The cotangent of the bias, an output for it if there is one.
fn bias_bar(y_bar: &Tensor, needs: &[bool]) -> Option<Option<Tensor>> {
    let axes: Vec<usize> = (0..y_bar.rank()).filter(|&axis| axis != 1).collect();
    needs.get(2).map(|needed| needed.then(|| y_bar.sum(&axes[..])))
}

/// The result of a convolution of a batch or of one image.
fn convolved(
    op: &'static str,
    axes: usize,
    primitive: &dyn Primitive,
    [x, w]: [&Tensor; 2],
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let inputs: Few<SpecRef<'_>> = [x, w].into_iter().chain(bias).map(Tensor::spec).collect();
    let convolve = |x: &Tensor| {
        if w.rank() != axes + 2 {
            let rule = format!("the weight has {} axes: two of channels and {axes} of the kernel", axes + 2);
            return Err(Error::new(ErrorKind::Shape, op, rule));
        }
        let inputs: Few<&Tensor> = [x, w].into_iter().chain(bias).collect();
        try_apply(primitive, &inputs).map(Few::into_single)
    };
    on_batch(op, axes, x, convolve, |y| y.squeeze(0)).map_err(|error| error.with_inputs(&inputs))
}

/// Convolutions.
impl Tensor {
    /// The convolution (as in every deep-learning library, the cross-correlation) of signals with a kernel:
    ///
    /// `y[n, o, p] = bias[o] + Σ_c Σ_t w[o, c, t] x[n, c, p * stride + t * dilation - padding]`,
    ///
    /// with zeros in the padding. `[N, C, L], [O, C / groups, k] -> [N, O, (L + 2 padding - dilation (k - 1) - 1) / stride + 1]`, rounded
    /// down; an input `[C, L]` is a batch of one, and its result has no batch axis either.
    ///
    /// # Panics
    /// When the shapes do not fit, the channels do not divide into the groups, the kernel is larger than the padded input, or the
    /// dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::Conv};
    /// let x = Tensor::from([[[1.0f32, 2.0, 4.0, 8.0]]]);
    /// let differences = Tensor::from([[[-1.0f32, 1.0]]]);
    /// assert_eq!(x.conv1d(&differences, None, &Conv::new()).to_vec::<f32>(), [1.0, 2.0, 4.0]);
    /// assert_eq!(x.conv1d(&differences, None, &Conv::new().stride(2)).to_vec::<f32>(), [1.0, 4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn conv1d(&self, weight: &Tensor, bias: Option<&Tensor>, conv: &Conv) -> Tensor {
        or_panic(convolved("conv1d", 1, conv, [self, weight], bias))
    }

    /// As [`conv1d`](Self::conv1d), of images: `[N, C, H, W], [O, C / groups, kh, kw] -> [N, O, H', W']`.
    ///
    /// Kernels of 3 x 3 with stride 1 and sixteen channels or more are summed tile by tile (Winograd's F(4 x 4, 3 x 3)): errors are then as
    /// large as the greatest numbers of a tile of 4 x 4 outputs make them, 1e-6 to 2e-6 of these in f32; sums of integers are not exact, and an
    /// infinity in x makes NaN of the tiles that see it.
    ///
    /// # Panics
    /// As [`conv1d`](Self::conv1d).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Rng, Tensor, ops::Conv};
    /// let mut rng = Rng::seed(1);
    /// let (x, w) = (rng.normal([8, 3, 32, 32], DType::F32), rng.normal([16, 3, 3, 3], DType::F32));
    /// let bias = Tensor::zeros([16], DType::F32);
    /// let y = x.conv2d(&w, Some(&bias), &Conv::new().stride(2).padding(1));
    /// assert_eq!(y.shape()[..], [8, 16, 16, 16]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn conv2d(&self, weight: &Tensor, bias: Option<&Tensor>, conv: &Conv) -> Tensor {
        or_panic(convolved("conv2d", 2, conv, [self, weight], bias))
    }

    /// As [`conv1d`](Self::conv1d), of volumes: `[N, C, D, H, W], [O, C / groups, kd, kh, kw] -> [N, O, D', H', W']`.
    ///
    /// # Panics
    /// As [`conv1d`](Self::conv1d).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor, ops::Conv};
    /// let (x, w) = (Tensor::ones([1, 2, 4, 4, 4], DType::F32), Tensor::ones([3, 2, 2, 2, 2], DType::F32));
    /// let y = x.conv3d(&w, None, &Conv::new().stride([2, 1, 1]));
    /// assert_eq!(y.shape()[..], [1, 3, 2, 3, 3]);
    /// assert_eq!(y.to_vec::<f32>()[0], 16.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn conv3d(&self, weight: &Tensor, bias: Option<&Tensor>, conv: &Conv) -> Tensor {
        or_panic(convolved("conv3d", 3, conv, [self, weight], bias))
    }

    /// The transposed convolution of signals: each element adds its multiple of the kernel to the output, `stride` apart.
    ///
    /// `y[n, c, p * stride + t * dilation - padding] += Σ_o w[o, c, t] x[n, o, p]`, plus `bias[c]`. It is what
    /// [`conv1d`](Self::conv1d) with the same numbers does to a cotangent, so that its weight has the input channels first, and padding is
    /// what it cuts off: `[N, O, L], [O, C / groups, k] -> [N, C, (L - 1) stride - 2 padding + dilation (k - 1) + 1 +
    /// output_padding]`.
    ///
    /// # Panics
    /// When the shapes do not fit, the channels do not divide into the groups, the padding cuts off everything, the output padding
    /// is not less than the stride or the dilation, or the dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::ConvTranspose};
    /// let (x, w) = (Tensor::from([[[1.0f32, 2.0]]]), Tensor::from([[[1.0f32, 10.0, 100.0]]]));
    /// let y = x.conv_transpose1d(&w, None, &ConvTranspose::new().stride(2));
    /// assert_eq!(y.to_vec::<f32>(), [1.0, 10.0, 102.0, 20.0, 200.0]);
    /// ```
    #[doc(alias = "deconvolution")]
    #[must_use]
    #[track_caller]
    pub fn conv_transpose1d(&self, weight: &Tensor, bias: Option<&Tensor>, conv: &ConvTranspose) -> Tensor {
        or_panic(convolved("conv_transpose1d", 1, conv, [self, weight], bias))
    }

    /// As [`conv_transpose1d`](Self::conv_transpose1d), of images: `[N, O, H, W], [O, C / groups, kh, kw] -> [N, C, H', W']`.
    ///
    /// # Panics
    /// As [`conv_transpose1d`](Self::conv_transpose1d).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor, ops::ConvTranspose};
    /// let (x, w) = (Tensor::ones([1, 4, 8, 8], DType::F32), Tensor::ones([4, 2, 3, 3], DType::F32));
    /// let double = ConvTranspose::new().stride(2).padding(1).output_padding(1);
    /// assert_eq!(x.conv_transpose2d(&w, None, &double).shape()[..], [1, 2, 16, 16]);
    /// ```
    #[doc(alias = "deconvolution")]
    #[must_use]
    #[track_caller]
    pub fn conv_transpose2d(&self, weight: &Tensor, bias: Option<&Tensor>, conv: &ConvTranspose) -> Tensor {
        or_panic(convolved("conv_transpose2d", 2, conv, [self, weight], bias))
    }

    /// As [`conv_transpose1d`](Self::conv_transpose1d), of volumes: `[N, O, D, H, W], [O, C / groups, kd, kh, kw] ->
    /// [N, C, D', H', W']`.
    ///
    /// # Panics
    /// As [`conv_transpose1d`](Self::conv_transpose1d).
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor, ops::ConvTranspose};
    /// let (x, w) = (Tensor::ones([1, 1, 2, 2, 2], DType::F32), Tensor::ones([1, 1, 2, 2, 2], DType::F32));
    /// let y = x.conv_transpose3d(&w, None, &ConvTranspose::new().stride(2));
    /// assert_eq!(y.to_vec::<f32>(), [1.0; 64]);
    /// ```
    #[doc(alias = "deconvolution")]
    #[must_use]
    #[track_caller]
    pub fn conv_transpose3d(&self, weight: &Tensor, bias: Option<&Tensor>, conv: &ConvTranspose) -> Tensor {
        or_panic(convolved("conv_transpose3d", 3, conv, [self, weight], bias))
    }
}
