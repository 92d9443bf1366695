//! Where the images come from.

use cotangent::{
    nn::data::{Digits, digits, idx, split::split},
    prelude::*,
};
use std::path::Path;

/// Three parts without a common image.
pub(crate) struct Images {
    pub(crate) train: Digits,
    pub(crate) validation: Digits,
    pub(crate) test: Digits,
}

/// The 1,797 digits of 8x8 pixels that are part of the library.
pub(crate) fn inside_the_library(rng: &mut Rng) -> Images {
    let (others, test) = digits().split(0.2, rng);
    let (train, validation) = others.split(0.1, rng);
    Images { train, validation, test }
}

/// Files in MNIST's format and with its names: images `[n, side, side]` and labels 0 to 9.
pub(crate) fn from_files(folder: &Path, rng: &mut Rng) -> Result<Images, Box<dyn std::error::Error + Send + Sync>> {
    let read = |name: &str| {
        let (plain, packed) = (folder.join(name), folder.join(format!("{name}.gz")));
        idx::read(if packed.exists() { packed } else { plain })
    };
    let part = |name: &str| -> Result<Digits, Box<dyn std::error::Error + Send + Sync>> {
        let images = read(&format!("{name}-images-idx3-ubyte"))?.cast(DType::F32) / 255.0;
        let labels = read(&format!("{name}-labels-idx1-ubyte"))?.cast(DType::I64);
        // Two pools need four pixels.
        let is_square = matches!(images.shape()[..], [n, height, width] if height == width && height >= 4 && n > 0);
        if !is_square || labels.shape()[..] != [images.size(0)] {
            let found = format!("{} and {}", images.spec(), labels.spec());
            return Err(format!("{name}: needs square images [n, side, side] and a label for each; got {found}").into());
        }
        if !labels.to_vec::<i64>().iter().all(|label| (0..10).contains(label)) {
            return Err(format!("{name}: labels are 0 to 9").into());
        }
        Ok(Digits { images, labels })
    };
    let (others, test) = (part("train")?, part("t10k")?);
    let [train, validation] = split(others.len(), [0.9, 0.1], rng).map(|places| {
        let places = Tensor::from(places.iter().map(|&place| place as i64).collect::<Vec<_>>());
        Digits { images: others.images.index_select(0, &places), labels: others.labels.index_select(0, &places) }
    });
    Ok(Images { train, validation, test })
}
