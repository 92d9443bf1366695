//! Random changes of images after which they still show the same: another cut, mirrored, partly covered. And pixels brought to one
//! scale.
//!
//! They stand between a loader and a model. Each takes a batch whose last two axes are rows and columns, `[n, .., h, w]`, of any dtype,
//! changes each image by its own draw, and draws from a generator that the caller holds: the same seed gives the same images. Pixels
//! that come in are 0, which is black in images as they are stored, and the mean in those that were [`normalise`]d.
//!
//! ```
//! use cotangent_nn::data::{Loader, augment};
//! use cotangent_tensor::{DType, Rng};
//! let mut rng = Rng::seed(7);
//! let (images, labels) = (rng.randint(0, 256, [64, 3, 32, 32]).cast(DType::U8), rng.randint(0, 10, [64]));
//! for batch in Loader::new(&images, &labels, 16)?.epoch(&mut rng) {
//!     let x = augment::random_crop(&batch.x, [32, 32], 4, &mut rng);
//!     let x = augment::random_horizontal_flip(&x, 0.5, &mut rng);
//!     let x = augment::normalise(&x, [0.49, 0.48, 0.45], [0.25, 0.24, 0.26]);
//!     assert_eq!((x.dtype(), x.shape()), (DType::F32, batch.x.shape()));
//! }
//! # Ok::<(), cotangent_tensor::Error>(())
//! ```

use cotangent_tensor::{DType, Error, ErrorKind, Rng, Tensor};

#[cfg(test)]
mod tests;

/// From each image, with `padding` zeros around it, rows and columns of this size from a random place, all places alike:
/// `[n, .., h, w] -> [n, .., size[0], size[1]]`.
///
/// # Panics
/// When the images have no axis of examples, or with their padding are smaller than the size.
///
/// ```
/// use cotangent_nn::data::augment::random_crop;
/// use cotangent_tensor::{Rng, Tensor};
/// let image = Tensor::from([[[1i64, 2, 3]]]);
/// let moved = random_crop(&image, [1, 2], 0, &mut Rng::seed(1)).to_vec::<i64>();
/// assert!(moved == [1, 2] || moved == [2, 3]);
/// ```
#[must_use]
#[track_caller]
pub fn random_crop(images: &Tensor, size: [usize; 2], padding: usize, rng: &mut Rng) -> Tensor {
    const OP: &str = "random_crop";
    let axes = rows_and_columns(OP, images);
    let around = isize::try_from(padding).unwrap_or(isize::MAX);
    let mut pairs = vec![(0, 0); images.rank() - 2];
    pairs.extend([(around, around); 2]);
    let padded = images.pad(pairs, 0);
    let sizes = axes.map(|axis| padded.shape()[axis]);
    if sizes[0] < size[0] || sizes[1] < size[1] {
        let rule = format!("the images with padding {padding} must be at least of size {size:?}");
        panic!("{}", Error::new(ErrorKind::Shape, OP, rule).with_inputs(&[images.spec()]));
    }
    let starts = [0, 1].map(|i| {
        // A size fits memory, and so an i64.
        rng.randint(0, (sizes[i] - size[i]) as i64 + 1, [images.size(0)]).to_vec::<i64>()
    });
    each(&padded, images.size(0), |i, image| {
        image.narrow(-2, starts[0][i] as usize, size[0]).narrow(-1, starts[1][i] as usize, size[1])
    })
    .unwrap_or_else(|| padded.narrow(-2, 0, size[0]).narrow(-1, 0, size[1]))
}

/// Each image with its columns in reverse order, or as it is: reversed with probability `p`.
///
/// # Panics
/// When the images have no axis of examples, or p is not within [0, 1].
///
/// ```
/// use cotangent_nn::data::augment::random_horizontal_flip;
/// use cotangent_tensor::{Rng, Tensor};
/// let image = Tensor::from([[[1i64, 2, 3]]]);
/// assert_eq!(random_horizontal_flip(&image, 1.0, &mut Rng::seed(7)).to_vec::<i64>(), [3, 2, 1]);
/// ```
#[doc(alias = "mirror")]
#[must_use]
#[track_caller]
pub fn random_horizontal_flip(images: &Tensor, p: f64, rng: &mut Rng) -> Tensor {
    rows_and_columns("random_horizontal_flip", images);
    assert!((0.0..=1.0).contains(&p), "random_horizontal_flip: the probability must lie within 0 and 1; got {p}");
    let reversed = rng.bernoulli(p, [images.size(0)]).to_vec::<bool>();
    each(images, images.size(0), |i, image| if reversed[i] { image.flip(-1) } else { image })
        .unwrap_or_else(|| images.clone())
}

/// Each image with zeros in a square of `side` pixels around a random pixel, all pixels alike; what of it lies outside of the image
/// is lost. (DeVries, Taylor, "Improved regularization of convolutional neural networks with cutout", 2017.)
///
/// # Panics
/// When the images have no axis of examples.
///
/// ```
/// use cotangent_nn::data::augment::cutout;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let covered = cutout(&Tensor::ones([1, 3, 9, 9], DType::F32), 1, &mut Rng::seed(7));
/// assert_eq!(covered.sum(..).item::<f32>(), 3.0 * 80.0);
/// ```
#[doc(alias = "random_erasing")]
#[must_use]
#[track_caller]
pub fn cutout(images: &Tensor, side: usize, rng: &mut Rng) -> Tensor {
    let axes = rows_and_columns("cutout", images);
    if images.numel() == 0 {
        return images.clone();
    }
    // A square as large as the image at either side of any pixel covers all of it.
    let side = side.min(2 * axes.map(|axis| images.shape()[axis]).into_iter().max().unwrap_or(0)) as i64;
    let mut covered = None;
    for axis in axes {
        let len = images.shape()[axis] as i64;
        let mut examples = vec![1; images.rank()];
        examples[0] = images.size(0);
        let first = rng.randint(0, len, &examples[..]) - side / 2;
        let mut places = vec![1; images.rank()];
        places[axis] = len as usize;
        let place = Tensor::arange(0, len, 1).reshape(&places[..]) - first;
        let within = both(&place.ge(0), &place.lt(side));
        covered = Some(covered.map_or_else(|| within.clone(), |other| both(&other, &within)));
    }
    images.masked_fill(&covered.expect("two axes"), 0)
}

/// Pixels that have mean 0 and standard deviation 1 where the channels of `[n, c, h, w]` have these, as fractions of the greatest
/// brightness: `(x - mean) / std`. u8 is divided by 255 and becomes f32.
///
/// # Panics
/// When there is no axis of channels with one mean and one deviation for each, a deviation is not positive and finite, or the dtype is
/// neither u8 nor floating point.
///
/// ```
/// use cotangent_nn::data::augment::normalise;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([[[0u8, 51, 255]]]).unsqueeze(0);
/// let y = normalise(&x, [0.2], [0.4]).to_vec::<f32>();
/// assert!((y[0] + 0.5).abs() < 1e-6 && y[1] == 0.0 && (y[2] - 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "normalize")]
#[must_use]
#[track_caller]
pub fn normalise(images: &Tensor, mean: impl AsRef<[f64]>, std: impl AsRef<[f64]>) -> Tensor {
    const OP: &str = "normalise";
    let (mean, std) = (mean.as_ref(), std.as_ref());
    let refused = |kind, rule: String| Error::new(kind, OP, rule).with_inputs(&[images.spec()]);
    let channels = if images.rank() == 4 { images.shape()[1] } else { usize::MAX };
    if [mean.len(), std.len()] != [channels; 2] {
        let rule = format!(
            "needs [n, c, h, w] with a mean and a deviation for each channel, of which there are {} and {}",
            mean.len(),
            std.len()
        );
        panic!("{}", refused(ErrorKind::Shape, rule));
    }
    if let Some(bad) = std.iter().find(|std| !(**std > 0.0 && std.is_finite())) {
        panic!("{}", refused(ErrorKind::Value, format!("a standard deviation must be positive and finite, not {bad}")));
    }
    let (x, brightest) = match images.dtype() {
        DType::U8 => (images.cast(DType::F32), 255.0),
        dtype if dtype.is_float() => (images.clone(), 1.0),
        _ => panic!("{}", refused(ErrorKind::DType, "needs u8 or floating point".to_owned())),
    };
    // In f64, and rounded once: mean * brightest is 0.2 * 255 = 51, which no pixel may miss by a digit.
    let per_channel = |numbers: Vec<f64>| Tensor::from(numbers).cast(x.dtype()).reshape([channels, 1, 1]);
    let shift = per_channel(mean.iter().map(|mean| mean * brightest).collect());
    let scale = per_channel(std.iter().map(|std| 1.0 / (std * brightest)).collect());
    (x - shift) * scale
}

/// Where both masks hold.
fn both(a: &Tensor, b: &Tensor) -> Tensor {
    a.where_(b, a)
}

/// The last two axes of images along a first axis.
#[track_caller]
fn rows_and_columns(op: &'static str, images: &Tensor) -> [usize; 2] {
    let rank = images.rank();
    if rank < 3 {
        let rule = "needs images along a first axis, [n, .., h, w]";
        panic!("{}", Error::new(ErrorKind::Shape, op, rule).with_inputs(&[images.spec()]));
    }
    [rank - 2, rank - 1]
}

/// A function of each image, which should be a view: they are copied once, when they are put together again. `None` where there are no
/// images.
#[track_caller]
fn each(images: &Tensor, count: usize, view: impl Fn(usize, Tensor) -> Tensor) -> Option<Tensor> {
    let views: Vec<Tensor> = (0..count).map(|i| view(i, images.select(0, i as isize))).collect();
    (count > 0).then(|| Tensor::stack(&views, 0))
}
