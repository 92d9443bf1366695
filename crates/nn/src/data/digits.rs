//! The handwritten digits that scikit-learn also carries: 1,797 images of 8x8 pixels, inside the library.
//!
//! By E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0; `data/README.md` says where they
//! come from, how they are packed, and what a test on them means.

use cotangent_tensor::{Rng, Tensor};

/// Images with their labels.
#[derive(Clone, Debug)]
pub struct Digits {
    /// Brightness 0 to 1 in steps of 1/16, f32 of shape `[n, 8, 8]`.
    pub images: Tensor,
    /// Which digit each image shows, 0 to 9, i64 of shape `[n]`.
    pub labels: Tensor,
}

static PACKED: &[u8] = include_bytes!("../../data/digits.bin");
const COUNT: usize = 1797;
const SIDE: usize = 8;
/// The brightest pixel; it counts the points of a 4x4 block.
const BRIGHTEST: u8 = 16;
/// Bits to a pixel: the fewest that hold 17 values.
const PIXEL_BITS: usize = 5;
const PIXEL_BYTES: usize = SIDE * SIDE * PIXEL_BITS / 8;
/// Pixels and a label.
const IMAGE_BYTES: usize = PIXEL_BYTES + 1;
const _: () = assert!(PACKED.len() == COUNT * IMAGE_BYTES);

/// All 1,797 handwritten digits, in the order of their publication.
///
/// They are the test part of the UCI data set: 13 people wrote them, none of whom wrote UCI's training part.
///
/// ```
/// let digits = cotangent_nn::data::digits();
/// assert_eq!(digits.images.shape()[..], [1797, 8, 8]);
/// assert_eq!(digits.labels.to_vec::<i64>()[..5], [0, 1, 2, 3, 4]);
/// ```
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the size of the packed data was checked when this was compiled")]
pub fn digits() -> Digits {
    let mut pixels = Vec::with_capacity(COUNT * SIDE * SIDE);
    let mut labels = Vec::with_capacity(COUNT);
    for image in PACKED.chunks_exact(IMAGE_BYTES) {
        // Eight pixels of five bits fill five bytes.
        for row in image[..PIXEL_BYTES].chunks_exact(PIXEL_BITS) {
            let bits = row.iter().rev().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
            pixels.extend((0..SIDE).map(|i| (bits >> (i * PIXEL_BITS) & 0x1f) as f32 / f32::from(BRIGHTEST)));
        }
        labels.push(i64::from(image[PIXEL_BYTES]));
    }
    let images = Tensor::from_vec(pixels, [COUNT, SIDE, SIDE]).expect("64 pixels for each image");
    Digits { images, labels: Tensor::from(labels) }
}

impl Digits {
    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.numel()
    }

    /// Whether there are no images.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Two parts without a common image, both in random order: one to train on, and one to test on with `test_fraction`
    /// of each digit (rounded, so that both parts have all digits in the same proportions).
    ///
    /// The test part has the writers of the training part, so that it measures less than UCI's own division, whose test
    /// part, all of [`digits`], has writers that were never seen.
    ///
    /// # Panics
    /// When the fraction is not within [0, 1].
    ///
    /// ```
    /// use cotangent_tensor::Rng;
    /// let (train, test) = cotangent_nn::data::digits().split(0.2, &mut Rng::seed(7));
    /// assert_eq!((train.len(), test.len()), (1438, 359));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn split(&self, test_fraction: f64, rng: &mut Rng) -> (Digits, Digits) {
        assert!(
            (0.0..=1.0).contains(&test_fraction),
            "digits: the fraction to test on must lie within 0 and 1; got {test_fraction}"
        );
        let labels = self.labels.to_vec::<i64>();
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for digit in 0..10 {
            let mut places: Vec<i64> =
                (0..).zip(&labels).filter(|&(_, &label)| label == digit).map(|(i, _)| i).collect();
            rng.shuffle(&mut places);
            let (for_test, for_train) = places.split_at((places.len() as f64 * test_fraction).round() as usize);
            test.extend_from_slice(for_test);
            train.extend_from_slice(for_train);
        }
        rng.shuffle(&mut train);
        rng.shuffle(&mut test);
        (self.at(train), self.at(test))
    }

    fn at(&self, places: Vec<i64>) -> Digits {
        let places = Tensor::from(places);
        Digits { images: self.images.index_select(0, &places), labels: self.labels.index_select(0, &places) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn bits(image: &[f32]) -> Vec<u32> {
        image.iter().map(|pixel| pixel.to_bits()).collect()
    }

    #[test]
    fn the_images_are_those_that_were_packed() {
        let digits = digits();
        let pixels: Vec<u8> = digits.images.to_vec::<f32>().iter().map(|pixel| (pixel * 16.0) as u8).collect();
        // Facts of the text file, found without this code: the rows, and sums over all images.
        assert_eq!(pixels[..24], [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0]);
        assert_eq!(pixels[pixels.len() - 16..], [0, 8, 16, 10, 8, 16, 8, 0, 0, 1, 8, 12, 14, 12, 1, 0]);
        assert_eq!(pixels.iter().map(|&pixel| u32::from(pixel)).sum::<u32>(), 561_718);
        assert!(pixels.iter().all(|&pixel| pixel <= BRIGHTEST));
        let labels = digits.labels.to_vec::<i64>();
        let counts: Vec<usize> = (0..10).map(|digit| labels.iter().filter(|&&label| label == digit).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }

    #[test]
    fn a_split_keeps_every_image_once_with_its_label() {
        let all = digits();
        let (train, test) = all.split(0.25, &mut Rng::seed(1));
        let entries = |digits: &Digits| -> Vec<(Vec<u32>, i64)> {
            let pixels = digits.images.to_vec::<f32>();
            pixels.chunks(64).map(bits).zip(digits.labels.to_vec::<i64>()).collect()
        };
        let mut parts = entries(&train);
        parts.extend(entries(&test));
        assert_eq!(parts.len(), all.len());
        // No two images are the same, so that a set finds one that is in both parts.
        let whole: HashSet<_> = entries(&all).into_iter().collect();
        assert_eq!(whole.len(), all.len());
        assert_eq!(parts.into_iter().collect::<HashSet<_>>(), whole);
    }

    #[test]
    fn a_split_has_its_share_of_each_digit_in_random_order() {
        let (train, test) = digits().split(0.2, &mut Rng::seed(2));
        let labels = test.labels.to_vec::<i64>();
        for digit in 0..10 {
            let count = labels.iter().filter(|&&label| label == digit).count();
            assert!((35..=37).contains(&count), "{count} of digit {digit}");
        }
        assert!(!labels.is_sorted() && !train.labels.to_vec::<i64>().is_sorted());
        let again = digits().split(0.2, &mut Rng::seed(2));
        assert_eq!(again.1.labels.to_vec::<i64>(), labels);
        assert_ne!(digits().split(0.2, &mut Rng::seed(3)).1.labels.to_vec::<i64>(), labels);
    }

    #[test]
    fn a_split_may_leave_a_part_empty_but_must_be_a_fraction() {
        let (train, test) = digits().split(0.0, &mut Rng::seed(4));
        assert_eq!((train.len(), test.is_empty()), (COUNT, true));
        let refused = std::panic::catch_unwind(|| digits().split(1.5, &mut Rng::seed(4))).expect_err("a panic");
        let message = refused.downcast_ref::<String>().expect("a formatted message");
        assert_eq!(message, "digits: the fraction to test on must lie within 0 and 1; got 1.5");
    }
}
