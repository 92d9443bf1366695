//! Images in files, PNG and JPEG: one at a time, and folders with a subfolder for each class.
//!
//! What a file is its first bytes say, not its name. Colours come as they are stored, 8 bits each; of 16 bits the upper eight are
//! taken, transparency and colour profiles are left out, and a camera's note on how it was held is not followed: as in
//! torchvision. The work is done by the crates png and zune-jpeg. Here is what they leave open: how large an image may be, that a file
//! which ends early is refused instead of filled up with grey, and errors that name the file.

mod decode;
#[cfg(test)]
mod tests;

use super::{
    Batch, Dataset, Example, ReadError, ReadErrorKind, ReadResult, Stack,
    read_error::{folder_entries, read_file},
};
use cotangent_tensor::{
    DType, Tensor,
    ops::{Interpolate, Interpolation},
};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

const FORMAT: &str = "image";
/// Pixels that an image may have unless said otherwise: a square of 8,192, which takes 192 MiB in colour.
const MOST_PIXELS: usize = 1 << 26;
/// Subfolders within each other: deeper than anyone sorts images, and an end where a link leads to a folder above.
const MOST_FOLDERS: usize = 32;

/// The channels of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channels {
    /// One, the brightness: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), rounded.
    Grey,
    /// Red, green and blue.
    #[default]
    Rgb,
}

/// The image in a file: u8 of shape `[channels, height, width]`.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
///
/// ```no_run
/// use cotangent_nn::data::images::{self, Channels};
/// let image = images::read("cat.jpg", Channels::Rgb)?;
/// assert_eq!(image.size(0), 3);
/// # Ok::<(), cotangent_nn::data::ReadError>(())
/// ```
pub fn read(path: impl AsRef<Path>, channels: Channels) -> ReadResult<Tensor> {
    read_file(FORMAT, path.as_ref(), |bytes| parse(bytes, channels))
}

/// As [`read`], of bytes in memory.
///
/// The size that is declared is compared with what so many bytes can hold at most before memory is asked for: 512 pixels to a byte of
/// JPEG, 1,032 bytes of rows to one of PNG, where a byte can hold eight pixels; and it may be up to 2^26 pixels. A pixel takes up to 20 bytes
/// while it is decoded.
///
/// # Errors
/// When the bytes are neither PNG nor JPEG, end too early, are damaged, or declare too many pixels.
pub fn parse(bytes: &[u8], channels: Channels) -> ReadResult<Tensor> {
    decode::image(bytes, channels, MOST_PIXELS)
}

/// Images in the subfolders of a folder, each of which is a class, as torchvision's `ImageFolder`:
///
/// ```text
/// animals/cat/one.png      animals/dog/a.jpg      animals/dog/puppies/b.jpeg
/// ```
///
/// Classes are numbered in the order of their names. Files that end in .png, .jpg or .jpeg belong to them, in the order of their paths; they are
/// read when they are asked for, so that it pays to [`prefetch`](super::Epoch::prefetch). An example is a `Result`, and so is a batch:
///
/// ```no_run
/// use cotangent_nn::data::{Loader, augment, images::ImageFolder};
/// use cotangent_tensor::Rng;
/// let animals = ImageFolder::open("animals")?.resized([64, 64]);
/// let loader = Loader::over(animals, 32)?;
/// for batch in loader.epoch(&mut Rng::seed(7)).prefetch(2) {
///     let batch = batch?;
///     let x = augment::normalise(&batch.x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
///     assert_eq!(x.shape()[..], [batch.len(), 3, 64, 64]);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageFolder {
    classes: Vec<String>,
    images: Vec<(PathBuf, usize)>,
    channels: Channels,
    size: Option<[usize; 2]>,
    most_pixels: usize,
}

impl ImageFolder {
    /// The images in the subfolders of `root`. Their names are read now, and no image yet.
    ///
    /// # Errors
    /// When a folder cannot be read, there are no subfolders, one of them holds no image, or they are too deep.
    pub fn open(root: impl AsRef<Path>) -> ReadResult<Self> {
        let root = root.as_ref();
        let mut folders: Vec<OsString> = Vec::new();
        for entry in folder_entries(FORMAT, root)? {
            if entry.is_dir() {
                folders.extend(entry.file_name().map(OsString::from));
            }
        }
        folders.sort();
        if folders.is_empty() {
            return Err(refused(root, "there are no subfolders; the images of each class are expected in one"));
        }
        let (mut classes, mut images) = (Vec::new(), Vec::new());
        for (class, name) in folders.iter().enumerate() {
            let folder = root.join(name);
            let mut files = Vec::new();
            collect_images(&folder, MOST_FOLDERS, &mut files)?;
            if files.is_empty() {
                return Err(refused(&folder, "there is no .png, .jpg or .jpeg in this folder, which is a class"));
            }
            // As torchvision, folder by folder.
            files.sort_by(|a, b| (a.parent(), a.file_name()).cmp(&(b.parent(), b.file_name())));
            images.extend(files.into_iter().map(|file| (file, class)));
            classes.push(name.to_string_lossy().into_owned());
        }
        Ok(ImageFolder { classes, images, channels: Channels::Rgb, size: None, most_pixels: MOST_PIXELS })
    }

    /// With these channels; [`Channels::Rgb`] unless said otherwise.
    #[must_use]
    pub fn channels(self, channels: Channels) -> Self {
        ImageFolder { channels, ..self }
    }

    /// All images brought to one height and width: where an image shrinks along both axes, each pixel is the mean of those that
    /// it covers, otherwise it is interpolated between the nearest. Without it, the images of a batch must have one size.
    ///
    /// # Panics
    /// When a size is zero.
    #[must_use]
    #[track_caller]
    pub fn resized(self, size: [usize; 2]) -> Self {
        assert!(size.iter().all(|&size| size > 0), "image: a size must not be zero; got {size:?}");
        ImageFolder { size: Some(size), ..self }
    }

    /// How many pixels an image may have; 2^26 unless said otherwise. A file of some kilobytes can declare, and be unpacked
    /// to, gigabytes.
    #[must_use]
    pub fn most_pixels(self, most_pixels: usize) -> Self {
        ImageFolder { most_pixels, ..self }
    }

    /// The names of the classes: of the subfolders.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The class of each image: i64 of shape `[n]`.
    #[must_use]
    pub fn labels(&self) -> Tensor {
        Tensor::from(self.images.iter().map(|&(_, class)| class as i64).collect::<Vec<_>>())
    }

    /// The file of an image.
    ///
    /// # Panics
    /// When there is no such image.
    #[must_use]
    #[track_caller]
    pub fn path(&self, i: usize) -> &Path {
        &self.images[i].0
    }

    fn image(&self, path: &Path) -> ReadResult<Tensor> {
        let image = read_file(FORMAT, path, |bytes| decode::image(bytes, self.channels, self.most_pixels))?;
        Ok(self.size.map_or_else(|| image.clone(), |size| resized(&image, size)))
    }
}

/// The images as u8 `[channels, height, width]`, the labels as i64.
impl Dataset for ImageFolder {
    type Example = ReadResult<Example>;

    fn len(&self) -> usize {
        self.images.len()
    }

    fn get(&self, i: usize) -> ReadResult<Example> {
        let (path, class) = &self.images[i];
        Ok(Example { x: self.image(path)?, y: Tensor::from(*class as i64) })
    }

    fn stacked(&self, places: &[usize]) -> ReadResult<Batch> {
        let mut examples: Vec<Example> = Vec::with_capacity(places.len());
        for &i in places {
            let example = self.get(i)?;
            if let Some(first) = examples.first().filter(|first| first.x.shape() != example.x.shape()) {
                let rule = format!(
                    "the image is of size {:?}, and others of its batch of {:?}; bring all to one size by .resized(..)",
                    &example.x.shape()[1..],
                    &first.x.shape()[1..],
                );
                return Err(refused(self.path(i), rule));
            }
            examples.push(example);
        }
        Ok(Stack::stack(examples))
    }
}

fn resized(image: &Tensor, size: [usize; 2]) -> Tensor {
    let now = &image.shape()[1..];
    if now == size {
        return image.clone();
    }
    let shrinks = size[0] <= now[0] && size[1] <= now[1];
    let mode = if shrinks { Interpolation::Area } else { Interpolation::Linear };
    let x = image.cast(DType::F32).unsqueeze(0).interpolate(&Interpolate::to_size(size).mode(mode));
    // Means of pixels may exceed 255 by a rounding.
    x.squeeze(0).round().clamp(0, 255).cast(DType::U8)
}

/// Adds the images in a folder and those within it.
fn collect_images(folder: &Path, deepest: usize, files: &mut Vec<PathBuf>) -> ReadResult<()> {
    if deepest == 0 {
        let rule = format!("more than {MOST_FOLDERS} folders within each other; is one a link to a folder above?");
        return Err(refused(folder, rule));
    }
    for path in folder_entries(FORMAT, folder)? {
        let is_image = path
            .extension()
            .is_some_and(|extension| ["png", "jpg", "jpeg"].iter().any(|known| extension.eq_ignore_ascii_case(known)));
        if path.is_dir() {
            collect_images(&path, deepest - 1, files)?;
        } else if is_image {
            files.push(path);
        }
    }
    Ok(())
}

fn refused(path: &Path, rule: impl Into<String>) -> ReadError {
    ReadError::new(ReadErrorKind::Malformed, FORMAT, None, rule).in_file(path)
}
