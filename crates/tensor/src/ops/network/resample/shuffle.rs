//! Channels turned into pixels, and pixels into channels: moves of elements only.

use crate::{Error, ErrorKind, Shape, Tensor, array::check_size, ops::broadcast::or_panic};

impl Tensor {
    /// Each block of r² channels becomes r x r pixels: `[.., c r², h, w] -> [.., c, h r, w r]` with
    /// `y[.., c, h r + i, w r + j] = x[.., c r² + i r + j, h, w]`.
    ///
    /// (Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network",
    /// CVPR 2016.)
    ///
    /// # Panics
    /// When there are fewer than three axes, r is zero, or the channels do not fall into blocks of r².
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1i64]], [[2]], [[3]], [[4]]]);
    /// let y = x.pixel_shuffle(2);
    /// assert_eq!((y.shape()[..].to_vec(), y.to_vec::<i64>()), (vec![1, 2, 2], vec![1, 2, 3, 4]));
    /// ```
    #[doc(alias = "depth_to_space")]
    #[must_use]
    #[track_caller]
    pub fn pixel_shuffle(&self, r: usize) -> Tensor {
        let (batch, [channels, h, w]) = image(self, "pixel_shuffle", r);
        let block = r.checked_mul(r).filter(|block| channels % block == 0);
        let Some(block) = block else {
            let rule = format!("{channels} channels do not fall into blocks of {r} x {r}");
            panic!("{}", Error::new(ErrorKind::Shape, "pixel_shuffle", rule).with_inputs(&[self.spec()]));
        };
        let n = batch.numel();
        let split = split_image(self, "pixel_shuffle", [n, channels / block, r, r, h, w]).permute([0, 1, 4, 2, 5, 3]);
        split.reshape(batch.iter().copied().chain([channels / block, h * r, w * r]).collect::<Shape>())
    }

    /// Each r x r pixels become r² channels: the way back from [`pixel_shuffle`](Self::pixel_shuffle),
    /// `[.., c, h r, w r] -> [.., c r², h, w]`.
    ///
    /// # Panics
    /// When there are fewer than three axes, r is zero, or the image does not fall into r x r pixels.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[[1i64, 2], [3, 4]]]);
    /// let y = x.pixel_unshuffle(2);
    /// assert_eq!((y.shape()[..].to_vec(), y.to_vec::<i64>()), (vec![4, 1, 1], vec![1, 2, 3, 4]));
    /// ```
    #[doc(alias = "space_to_depth")]
    #[must_use]
    #[track_caller]
    pub fn pixel_unshuffle(&self, r: usize) -> Tensor {
        let (batch, [channels, h, w]) = image(self, "pixel_unshuffle", r);
        if h % r != 0 || w % r != 0 {
            let rule = format!("an image of {h} x {w} does not fall into {r} x {r} pixels");
            panic!("{}", Error::new(ErrorKind::Shape, "pixel_unshuffle", rule).with_inputs(&[self.spec()]));
        }
        let (n, h, w) = (batch.numel(), h / r, w / r);
        let split = split_image(self, "pixel_unshuffle", [n, channels, h, r, w, r]).permute([0, 1, 3, 5, 2, 4]);
        let channels = channels * r * r;
        split.reshape(batch.iter().copied().chain([channels, h, w]).collect::<Shape>())
    }
}

/// Under a shape with as many elements; an empty image could have any factor, also one that no memory holds.
#[track_caller]
fn split_image(x: &Tensor, op: &'static str, shape: [usize; 6]) -> Tensor {
    let shape = Shape::from(shape);
    or_panic(check_size(op, &shape, x.dtype()).map_err(|error| error.with_inputs(&[x.spec()])));
    x.reshape(shape)
}

/// The axes before the last three, and these.
#[track_caller]
fn image(x: &Tensor, op: &'static str, r: usize) -> (Shape, [usize; 3]) {
    let refused = |rule: &str| Error::new(ErrorKind::Shape, op, rule).with_inputs(&[x.spec()]);
    if r == 0 {
        panic!("{}", refused("the factor must not be zero"));
    }
    match x.shape().split_last_chunk() {
        Some((batch, &image)) => (batch.into(), image),
        None => panic!("{}", refused("needs a channel axis and two axes of pixels")),
    }
}
