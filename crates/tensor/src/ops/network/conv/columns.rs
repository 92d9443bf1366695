//! The matrix of an image's windows, and its transpose, which adds windows up to an image.

use super::{
    on_batch,
    slide::{Slide, checked, spatial},
};
use crate::{
    Array, ConvPadding, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, PerAxis, Primitive, Result, Saved,
    Shape, Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_number,
    error::takes,
    kernels::windows::{self, Windows},
    ops::broadcast::or_panic,
    try_apply,
};

/// The windows of images, and the operation that lays them out as the columns of a matrix: of `x` `[N, C, H, W]` to
/// `[N, C kh kw, L]`, `y[n, (c, t), p] = x[n, c, p stride + t dilation - padding]`, with zeros in the padding.
///
/// ```
/// use cotangent_tensor::ops::Im2Col;
/// let patches = Im2Col::new(16).stride(16);
/// # let _ = patches;
/// ```
#[derive(Clone, Debug)]
pub struct Im2Col {
    kernel: PerAxis,
    slide: Slide,
}

impl Im2Col {
    /// Windows of this size at every place of the image.
    #[must_use]
    pub fn new(kernel: impl Into<PerAxis>) -> Self {
        Im2Col { kernel: kernel.into(), slide: Slide::default() }
    }

    /// How many elements apart windows are; 1 unless said otherwise.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<PerAxis>) -> Self {
        self.slide.stride = stride.into();
        self
    }

    /// How many zeros there are around the image; none unless said otherwise.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<ConvPadding>) -> Self {
        self.slide.padding = padding.into();
        self
    }

    /// How many elements apart those of a window are; 1 unless said otherwise.
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<PerAxis>) -> Self {
        self.slide.dilation = dilation.into();
        self
    }

    /// The windows over images of these sizes.
    fn windows(&self, op: &'static str, sizes: [usize; 3]) -> Result<Windows> {
        if sizes.contains(&0) {
            return Err(Error::new(ErrorKind::Shape, op, "an image must have elements"));
        }
        let kernel = self.kernel.resolve_positive(op, "kernel", 2)?;
        Ok(Windows(self.slide.numbers(op, kernel, 2, false)?.windows(sizes)?))
    }
}

impl From<usize> for Im2Col {
    fn from(kernel: usize) -> Self {
        Im2Col::new(kernel)
    }
}
impl<const N: usize> From<[usize; N]> for Im2Col {
    fn from(kernel: [usize; N]) -> Self {
        Im2Col::new(kernel)
    }
}
impl From<&Im2Col> for Im2Col {
    fn from(columns: &Im2Col) -> Self {
        columns.clone()
    }
}

/// The product of sizes that need not fit.
fn product(op: &'static str, sizes: &[usize]) -> Result<usize> {
    let product = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    product.ok_or_else(|| Error::new(ErrorKind::Size, op, format!("{sizes:?} windows are more than memory can hold")))
}

fn check_numbers(op: &'static str, inputs: &[SpecRef<'_>], rank: usize) -> Result<()> {
    takes(op, 1, inputs)?;
    if inputs[0].dtype() == DType::Bool {
        return Err(Error::needs_numbers(op, inputs));
    }
    if inputs[0].rank() != rank {
        let rule = format!("the primitive takes a tensor with {rank} axes; its method takes a single image too");
        return Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
    }
    Ok(())
}

impl Primitive for Im2Col {
    fn name(&self) -> &'static str {
        "im2col"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_numbers("im2col", inputs, 4)?;
        let x = inputs[0];
        let windows = self.windows("im2col", spatial(x.shape()))?;
        let [_, height, width] = windows.0;
        let rows = product("im2col", &[height.kernel, width.kernel, x.shape()[1]])?;
        let columns = product("im2col", &[height.output, width.output])?;
        Ok(Spec::new(checked("im2col", [x.shape()[0], rows, columns].into(), x)?, x.dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0].contiguous();
        let windows = self.windows("im2col", spatial(x.shape()))?;
        let shape: Shape = [x.shape()[0], x.shape()[1] * windows.taps(), windows.output_len()].into();
        let y = for_number!(x.dtype(), T => {
            Array::from_buffer(windows::columns_of::<T>(&windows, x.as_slice().expect("contiguous")), shape)
        });
        Ok(y.into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Im2Col {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = Col2Im(y_bar)
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let back = Col2Im::new(saved.spec(0).shape()[2..].to_vec(), self);
        Few::one(Some(apply(&back, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(x_dot[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// The transpose of [`Im2Col`]: of `[N, C kh kw, L]` to `[N, C, H, W]`, where each element is the sum of its places in the columns.
#[derive(Clone, Debug)]
pub struct Col2Im {
    size: PerAxis,
    columns: Im2Col,
}

impl Col2Im {
    /// Images of this size from their windows.
    #[must_use]
    pub fn new(size: impl Into<PerAxis>, windows: impl Into<Im2Col>) -> Self {
        Col2Im { size: size.into(), columns: windows.into() }
    }

    fn windows(&self) -> Result<Windows> {
        self.columns.windows("col2im", self.size.resolve_positive("col2im", "the size of the image", 2)?)
    }
}

impl Primitive for Col2Im {
    fn name(&self) -> &'static str {
        "col2im"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        check_numbers("col2im", inputs, 3)?;
        let (windows, shape) = (self.windows()?, inputs[0].shape());
        let [_, height, width] = windows.0;
        let taps = product("col2im", &[height.kernel, width.kernel])?;
        if !shape[1].is_multiple_of(taps) {
            let rule =
                format!("{} rows are no whole windows of {} x {} elements", shape[1], height.kernel, width.kernel);
            return Err(Error::new(ErrorKind::Shape, "col2im", rule));
        }
        if shape[2] != product("col2im", &[height.output, width.output])? {
            let (size, outputs) = ([height.input, width.input], [height.output, width.output]);
            let rule = format!("an image of {size:?} has {outputs:?} windows, not {} columns", shape[2]);
            return Err(Error::new(ErrorKind::Shape, "col2im", rule));
        }
        let shape = [shape[0], shape[1] / taps, height.input, width.input];
        Ok(Spec::new(checked("col2im", shape.into(), inputs[0])?, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (windows, x) = (self.windows()?, inputs[0].contiguous());
        let [_, height, width] = windows.0;
        let shape: Shape = [x.shape()[0], x.shape()[1] / windows.taps(), height.input, width.input].into();
        let y = for_number!(x.dtype(), T => {
            let columns = x.as_slice().expect("contiguous");
            Array::from_buffer(windows::images_of::<T>(&windows, columns, shape[0] * shape[1]), shape)
        });
        Ok(y.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Col2Im {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // x_bar = Im2Col(y_bar)
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(apply(&self.columns, &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(x_dot[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// Windows as columns.
impl Tensor {
    /// The windows of images as the columns of a matrix: `[N, C, H, W] -> [N, C kh kw, L]`, or without the batch axis, where `L` counts
    /// the places of the window in row-major order: `y[n, (c, t), p] = x[n, c, p * stride + t * dilation - padding]`, with zeros in
    /// the padding. Any dtype but bool. A convolution is the product of its weight with this matrix.
    ///
    /// # Panics
    /// When the input has another rank or no elements in an image, or the kernel is larger than the padded image.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1i64, 2, 3], [4, 5, 6]]]);
    /// let columns = x.im2col([2, 2]);
    /// assert_eq!(columns.shape()[..], [4, 2]);
    /// assert_eq!(columns.to_vec::<i64>(), [1, 2, 2, 3, 4, 5, 5, 6]);
    /// ```
    #[doc(alias = "unfold")]
    #[doc(alias = "unfold2d")]
    #[must_use]
    #[track_caller]
    pub fn im2col(&self, windows: impl Into<Im2Col>) -> Tensor {
        let windows = windows.into();
        let columns = |x: &Tensor| Ok(try_apply(&windows, &[x])?.into_single());
        or_panic(
            on_batch("im2col", 2, self, columns, |y| y.squeeze(0)).map_err(|error| error.with_inputs(&[self.spec()])),
        )
    }

    /// Images of a size from the columns of [`im2col`](Self::im2col): `[N, C kh kw, L] -> [N, C, H, W]`, or without the batch axis. Elements of
    /// several windows are added; it is the transpose of `im2col`, not its inverse.
    ///
    /// # Panics
    /// When the rows are no whole windows, or an image of this size has another number of windows than there are columns.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let columns = Tensor::from([[1i64, 2], [2, 3], [4, 5], [5, 6]]);
    /// assert_eq!(columns.col2im([2, 3], [2, 2]).to_vec::<i64>(), [1, 4, 3, 4, 10, 6]);
    /// ```
    #[doc(alias = "fold")]
    #[doc(alias = "fold2d")]
    #[must_use]
    #[track_caller]
    pub fn col2im(&self, size: impl Into<PerAxis>, windows: impl Into<Im2Col>) -> Tensor {
        let back = Col2Im::new(size, windows);
        let image = |x: &Tensor| Ok(try_apply(&back, &[x])?.into_single());
        let result = match self.rank() {
            3 => image(self),
            2 => image(&self.unsqueeze(0)).map(|y| y.squeeze(0)),
            _ => Err(Error::new(
                ErrorKind::Shape,
                "col2im",
                "the input is a batch [N, C kh kw, L] or a single [C kh kw, L]",
            )),
        };
        or_panic(result.map_err(|error| error.with_inputs(&[self.spec()])))
    }
}
