use super::*;
use crate::panics::panic_message;
use std::collections::HashSet;

fn bytes(x: &Tensor) -> Vec<u8> {
    x.to_vec::<u8>()
}

/// Images whose pixels are all different, from 1 on, so that a zero is padding.
fn images(shape: [usize; 4]) -> Tensor {
    let count = shape.iter().product::<usize>() as i64;
    Tensor::arange(1, count + 1, 1).reshape(shape)
}

#[test]
fn a_crop_is_a_window_of_the_padded_image_in_all_channels_and_every_window_occurs() {
    let (n, padding, size) = (400, 2, [3, 4]);
    let one = images([1, 2, 4, 5]);
    let batch = one.expand([n, 2, 4, 5]);
    let padded = one.pad([(0, 0), (0, 0), (2, 2), (2, 2)], 0);
    let crops = random_crop(&batch, size, padding, &mut Rng::seed(1));
    assert_eq!(crops.shape()[..], [n, 2, 3, 4]);
    let mut windows = HashSet::new();
    for row in 0..=8 - 3 {
        for column in 0..=9 - 4 {
            windows.insert(padded.narrow(2, row, 3).narrow(3, column, 4).to_vec::<i64>());
        }
    }
    let found: HashSet<Vec<i64>> = (0..n).map(|i| crops.select(0, i as isize).to_vec::<i64>()).collect();
    // Each of the 36 windows is missed by all 400 draws with a probability of 1e-5.
    assert_eq!(found, windows);
}

#[test]
fn a_crop_without_freedom_is_the_image_whatever_its_dtype_and_rank() {
    let x = images([3, 1, 4, 4]);
    for dtype in [DType::U8, DType::F32, DType::F64, DType::I64] {
        let cropped = random_crop(&x.cast(dtype), [4, 4], 0, &mut Rng::seed(2));
        assert_eq!((cropped.dtype(), cropped.to_vec_as_i64()), (dtype, x.to_vec::<i64>()));
    }
    let without_channels = x.squeeze(1);
    assert_eq!(random_crop(&without_channels, [4, 4], 0, &mut Rng::seed(2)).shape()[..], [3, 4, 4]);
    assert_eq!(random_crop(&x.narrow(0, 0, 0), [5, 2], 1, &mut Rng::seed(2)).shape()[..], [0, 1, 5, 2]);
}

trait ToI64 {
    fn to_vec_as_i64(&self) -> Vec<i64>;
}
impl ToI64 for Tensor {
    fn to_vec_as_i64(&self) -> Vec<i64> {
        self.cast(DType::I64).to_vec::<i64>()
    }
}

#[test]
fn each_image_is_mirrored_whole_with_the_given_probability() {
    let (n, one) = (1000, images([1, 2, 3, 3]));
    let batch = one.expand([n, 2, 3, 3]);
    let (plain, mirrored) = (one.to_vec::<i64>(), one.flip(-1).to_vec::<i64>());
    for p in [0.0, 0.3, 1.0] {
        let flipped = random_horizontal_flip(&batch, p, &mut Rng::seed(3));
        let rows: Vec<Vec<i64>> = (0..n).map(|i| flipped.select(0, i as isize).to_vec::<i64>()).collect();
        assert!(rows.iter().all(|row| *row == plain || *row == mirrored));
        let share = rows.iter().filter(|row| **row == mirrored).count() as f64 / n as f64;
        // Four standard deviations of the share at p = 0.3, and none at 0 and 1.
        assert!((share - p).abs() <= 4.0 * (p * (1.0 - p) / n as f64).sqrt(), "{share} of {p}");
    }
    assert_eq!(random_horizontal_flip(&batch.narrow(0, 0, 0), 0.5, &mut Rng::seed(3)).shape()[..], [0, 2, 3, 3]);
}

#[test]
fn a_cutout_covers_one_square_in_all_channels_cut_at_the_borders() {
    let (n, side) = (300, 3usize);
    let x = Tensor::ones([n, 2, 5, 6], DType::U8);
    let covered = cutout(&x, side, &mut Rng::seed(4));
    let mut centres = HashSet::new();
    for i in 0..n {
        let image = covered.select(0, i as isize);
        assert_eq!(bytes(&image.select(0, 0)), bytes(&image.select(0, 1)));
        let plane = bytes(&image.select(0, 0));
        let found = (0..5).flat_map(|r| (0..6).map(move |c| (r, c))).find(|&(r, c)| {
            let within = |at: usize, centre: usize| (centre.saturating_sub(1)..=centre + 1).contains(&at);
            (0..30).all(|p| (plane[p] == 0) == (within(p / 6, r) && within(p % 6, c)))
        });
        centres.insert(found.unwrap_or_else(|| panic!("no square covers {plane:?}")));
    }
    // A square at a border and one beyond a corner are told apart by their sizes: every pixel is a centre.
    assert_eq!(centres.len(), 30);
    assert_eq!(bytes(&cutout(&x, 0, &mut Rng::seed(4))), bytes(&x));
    assert!(bytes(&cutout(&x, usize::MAX, &mut Rng::seed(4))).iter().all(|&x| x == 0));
    assert_eq!(cutout(&x.narrow(0, 0, 0), 3, &mut Rng::seed(4)).shape()[..], [0, 2, 5, 6]);
}

#[test]
fn normalised_channels_have_mean_zero_and_deviation_one() {
    let mut rng = Rng::seed(5);
    let x = rng.randint(0, 256, [16, 3, 8, 8]).cast(DType::U8);
    let fractions = x.cast(DType::F64) / 255.0;
    let of_channels = |x: &Tensor| {
        let x = x.cast(DType::F64).permute([1, 0, 2, 3]).flatten(1, -1);
        (x.mean(1).to_vec::<f64>(), x.var(1, 0).sqrt().to_vec::<f64>())
    };
    let (mean, std) = of_channels(&fractions);
    for (x, dtype) in [(&x, DType::F32), (&fractions, DType::F64)] {
        let y = normalise(x, &mean, &std);
        let (mean, std) = of_channels(&y);
        assert_eq!(y.dtype(), dtype);
        // What rounding 1,000 pixels to f32 leaves.
        assert!(mean.iter().all(|mean| mean.abs() < 1e-6) && std.iter().all(|std| (std - 1.0).abs() < 1e-6));
    }
}

#[test]
fn the_same_seed_changes_in_the_same_way() {
    let x = images([8, 1, 6, 6]);
    let changed = |seed: u64| {
        let rng = &mut Rng::seed(seed);
        cutout(&random_horizontal_flip(&random_crop(&x, [6, 6], 2, rng), 0.5, rng), 2, rng).to_vec::<i64>()
    };
    assert_eq!(changed(6), changed(6));
    assert_ne!(changed(6), changed(7));
}

#[test]
fn misuse_is_named() {
    let (x, rng) = (images([2, 1, 3, 3]), &mut Rng::seed(0));
    for (message, expected) in [
        (
            panic_message(|| random_crop(&x, [6, 3], 1, &mut Rng::seed(0)).rank()),
            "random_crop: the images with padding 1 must be at least of size [6, 3]; got i64[2, 1, 3, 3]",
        ),
        (
            panic_message(|| cutout(&x.select(0, 0).select(0, 0), 1, &mut Rng::seed(0)).rank()),
            "cutout: needs images along a first axis, [n, .., h, w]; got i64[3, 3]",
        ),
        (
            panic_message(|| random_horizontal_flip(&x, 1.5, &mut Rng::seed(0)).rank()),
            "random_horizontal_flip: the probability must lie within 0 and 1; got 1.5",
        ),
        (
            panic_message(|| normalise(&x, [0.5], [0.5]).rank()),
            "normalise: needs u8 or floating point; got i64[2, 1, 3, 3]",
        ),
        (
            panic_message(|| normalise(&x.cast(DType::U8), [0.5, 0.5], [0.5]).rank()),
            "normalise: needs [n, c, h, w] with a mean and a deviation for each channel, of which there are 2 and 1; \
             got u8[2, 1, 3, 3]",
        ),
        (
            panic_message(|| normalise(&x.cast(DType::U8), [0.5], [0.0]).rank()),
            "normalise: a standard deviation must be positive and finite, not 0; got u8[2, 1, 3, 3]",
        ),
    ] {
        assert_eq!(message, expected);
    }
    assert_eq!(random_crop(&x, [5, 3], 1, rng).shape()[..], [2, 1, 5, 3]);
}
