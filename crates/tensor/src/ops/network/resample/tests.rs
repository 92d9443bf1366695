//! Interpolation at special places, pixel shuffling, and what both refuse. Values are PyTorch 2's.

use super::{Interpolate, Interpolation, Resample};
use crate::{
    DType, Tensor,
    kernels::{parallel::with_threads, resample::Taps},
    ops::refused::message,
    try_apply,
};

fn signal(elements: &[f64]) -> Tensor {
    Tensor::from(elements).reshape([1, 1, elements.len()])
}

#[test]
fn whole_numbers_find_the_place_that_rounding_misses() {
    let x = Tensor::arange(0, 49, 1).cast(DType::F32).reshape([1, 1, 49]);
    for factor in 1..=49 {
        let n = 49 * factor;
        let expected: Vec<f32> = (0..n).map(|o| (o / factor) as f32).collect();
        assert_eq!(x.interpolate(&Interpolate::to_size([n])).to_vec::<f32>(), expected, "{factor}");
    }
    // One place of many: 49 (1 / 49) is 0.9999999999999999.
    let one = Tensor::arange(0, 1, 1).cast(DType::F32).reshape([1, 1, 1]);
    assert_eq!(one.interpolate(&Interpolate::to_size([3])).to_vec::<f32>(), [0.0; 3]);
}

#[test]
fn modes_agree_with_pytorch_at_the_ends() {
    let x = signal(&[1.0, 2.0, 4.0, 8.0]);
    let of = |mode| Interpolate::to_size([6]).mode(mode);
    let found = |options: &Interpolate| x.interpolate(options).to_vec::<f64>();
    assert_eq!(found(&of(Interpolation::Nearest)), [1.0, 1.0, 2.0, 4.0, 4.0, 8.0]);
    assert_eq!(found(&of(Interpolation::NearestExact)), [1.0, 2.0, 2.0, 4.0, 8.0, 8.0]);
    assert_eq!(found(&of(Interpolation::Area)), [1.0, 1.5, 2.0, 4.0, 6.0, 8.0]);
    let close = |found: Vec<f64>, expected: [f64; 6]| {
        // The weights are rounded once or twice.
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?} is not {expected:?}");
    };
    close(found(&of(Interpolation::Linear)), [1.0, 1.5, 2.333_333_333_333_333_5, 3.666_666_666_666_666, 6.0, 8.0]);
    close(found(&of(Interpolation::Linear).align_corners()), [1.0, 1.6, 2.4, 3.6, 5.6, 8.0]);
}

#[test]
fn a_size_that_stays_is_the_input_itself() {
    let x = signal(&[1.0, 2.0, 4.0]);
    for mode in [
        Interpolation::Nearest,
        Interpolation::NearestExact,
        Interpolation::Linear,
        Interpolation::Cubic,
        Interpolation::Area,
    ] {
        let y = x.interpolate(&Interpolate::to_size([3]).mode(mode));
        assert_eq!(y.to_vec::<f64>(), [1.0, 2.0, 4.0], "{mode:?}");
    }
}

#[test]
fn one_place_becomes_many_and_many_become_one() {
    let one = signal(&[5.0]);
    let many = signal(&[1.0, 2.0, 6.0]);
    for mode in [Interpolation::Linear, Interpolation::Cubic] {
        for options in [Interpolate::to_size([3]).mode(mode), Interpolate::to_size([3]).mode(mode).align_corners()] {
            let y = one.interpolate(&options).to_vec::<f64>();
            assert!(y.iter().all(|y| (y - 5.0).abs() < 1e-14), "{y:?}");
        }
        assert_eq!(many.interpolate(&Interpolate::to_size([1]).mode(mode)).to_vec::<f64>(), [2.0]);
        let aligned = Interpolate::to_size([1]).mode(mode).align_corners();
        assert_eq!(many.interpolate(&aligned).to_vec::<f64>(), [1.0]);
    }
    assert_eq!(many.interpolate(&Interpolate::to_size([1]).mode(Interpolation::Area)).to_vec::<f64>(), [3.0]);
}

#[test]
fn results_have_the_same_bits_on_any_number_of_threads() {
    let x = crate::Rng::seed(1).normal([2, 3, 70, 90], DType::F32);
    let options = Interpolate::to_size([140, 60]).mode(Interpolation::Cubic);
    let run = || x.interpolate(&options).to_vec::<f32>();
    assert_eq!(with_threads(1, run), with_threads(3, run));
}

#[test]
fn an_empty_batch_stays_empty_at_any_size() {
    let x = Tensor::zeros([0, 2, 3], DType::F32);
    let y = x.interpolate(&Interpolate::to_size([1 << 40]).mode(Interpolation::Linear));
    assert_eq!(y.shape()[..], [0, 2, 1 << 40]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = signal(&[1.0, 2.0]);
    let of = |options: Interpolate| {
        let x = x.clone();
        message(move || x.interpolate(&options))
    };
    assert_eq!(
        of(Interpolate::to_size([2, 2])),
        "interpolate: 2 sizes for 1 axes after batch and channels; got f64[1, 1, 2]"
    );
    assert_eq!(of(Interpolate::to_size([0])), "interpolate: axis 2 cannot go from size 2 to 0; got f64[1, 1, 2]");
    assert_eq!(of(Interpolate::by_factor([0.3])), "interpolate: axis 2 cannot go from size 2 to 0; got f64[1, 1, 2]");
    assert_eq!(
        of(Interpolate::by_factor([f64::NAN])),
        "interpolate: a factor must be positive and finite, not NaN; got f64[1, 1, 2]"
    );
    assert_eq!(
        of(Interpolate::to_size([3]).align_corners()),
        "interpolate: corners can be aligned in the modes linear and cubic, not Nearest; got f64[1, 1, 2]"
    );
    assert_eq!(
        of(Interpolate::by_factor([1e300])),
        format!(
            "interpolate: shape [1, 1, {}] of f64 overflows the size that memory can have; got f64[1, 1, 2]",
            usize::MAX
        )
    );
    let flat = Tensor::zeros([2, 3], DType::F32);
    assert_eq!(
        message(move || flat.interpolate(&Interpolate::to_size([2]))),
        "interpolate: needs a batch axis, a channel axis and at least one more; got f32[2, 3]"
    );
    let resample = Resample::new(2, Taps::new(3, std::iter::once([(0, 1.0)])));
    assert_eq!(
        try_apply(&resample, &[&x]).unwrap_err().to_string(),
        "resample: axis 2 must have size 3; got f64[1, 1, 2]"
    );
}

#[test]
fn pixels_and_channels_change_places() {
    let x = Tensor::arange(0, 2 * 8 * 3 * 5, 1).reshape([2, 8, 3, 5]);
    let y = x.pixel_shuffle(2);
    assert_eq!(y.shape()[..], [2, 2, 6, 10]);
    // y[1, 1, 2 * 2 + 1, 2 * 4 + 0] = x[1, 4 + 2, 2, 4]
    let at = |x: &Tensor, place: [usize; 4]| {
        place.iter().fold(x.clone(), |x, &i| x.narrow(0, i, 1).squeeze(0)).item::<i64>()
    };
    assert_eq!(at(&y, [1, 1, 5, 8]), at(&x, [1, 6, 2, 4]));
    assert_eq!(y.pixel_unshuffle(2).to_vec::<i64>(), x.to_vec::<i64>());
    assert_eq!(Tensor::zeros([0, 4, 1, 1], DType::F32).pixel_shuffle(2).shape()[..], [0, 1, 2, 2]);
    assert_eq!(Tensor::zeros([2, 1, 0, 3], DType::F32).pixel_unshuffle(3).shape()[..], [2, 9, 0, 1]);
}

#[test]
fn pixels_that_do_not_fit_are_refused() {
    let x = Tensor::zeros([3, 2, 4], DType::F32);
    let shuffled = |r: usize| {
        let x = x.clone();
        message(move || x.pixel_shuffle(r))
    };
    assert_eq!(shuffled(2), "pixel_shuffle: 3 channels do not fall into blocks of 2 x 2; got f32[3, 2, 4]");
    assert_eq!(shuffled(0), "pixel_shuffle: the factor must not be zero; got f32[3, 2, 4]");
    assert_eq!(
        shuffled(usize::MAX),
        format!("pixel_shuffle: 3 channels do not fall into blocks of {0} x {0}; got f32[3, 2, 4]", usize::MAX)
    );
    assert_eq!(
        message(move || x.pixel_unshuffle(3)),
        "pixel_unshuffle: an image of 2 x 4 does not fall into 3 x 3 pixels; got f32[3, 2, 4]"
    );
    let empty = Tensor::zeros([1, 0, 0], DType::F32);
    assert!(message(|| empty.pixel_unshuffle(usize::MAX)).starts_with("pixel_unshuffle: shape [1, 1, 0, "));
    assert!(message(|| empty.reshape([0, 1, 1]).pixel_shuffle(1 << 40)).starts_with("pixel_shuffle: "));
}
