//! Sampling at special places, and what is refused. Values are PyTorch 2's unless they follow from the definition.

use super::{GridPadding, GridSample, Interpolation};
use crate::{DType, Tensor, ops::refusals::message_of};

const PADDINGS: [GridPadding; 3] = [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection];

/// [[1, 2, 3], [4, 5, 6]]
fn image() -> Tensor {
    Tensor::arange(1, 7, 1).cast(DType::F64).reshape([1, 1, 2, 3])
}

/// The image at some places in a row.
fn at(places: &[[f64; 2]], options: GridSample) -> Vec<f64> {
    let grid = Tensor::from(places.concat()).reshape([1, 1, places.len(), 2]);
    image().grid_sample(&grid, options).to_vec::<f64>()
}

#[test]
fn an_identity_grid_gives_the_image_back() {
    let identity = Tensor::from([[[1.0f64, 0.0, 0.0], [0.0, 1.0, 0.0]]]);
    for mode in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
        for padding in PADDINGS {
            for aligned in [false, true] {
                let options = GridSample::new().mode(mode).padding(padding);
                let options = if aligned { options.align_corners() } else { options };
                let y = image().grid_sample(&identity.affine_grid([1, 1, 2, 3], aligned), options).to_vec::<f64>();
                let close = y.iter().zip(1..).all(|(y, i)| (y - f64::from(i)).abs() < 1e-14);
                assert!(close, "{mode:?}, {padding:?}, aligned {aligned}: {y:?}");
            }
        }
    }
}

#[test]
fn places_outside_are_padded() {
    // The middle of the left edge; far to the left; far to the right and below.
    let places = [[-1.0, -0.5], [-3.0, -0.5], [1e300, 5.0]];
    assert_eq!(at(&places, GridSample::new()), [0.5, 0.0, 0.0]);
    assert_eq!(at(&places, GridSample::new().padding(GridPadding::Border)), [1.0, 1.0, 6.0]);
    let reflected =
        at(&[[-1.0, -0.5], [-5.0 / 3.0, -0.5], [7.0 / 3.0, -0.5]], GridSample::new().padding(GridPadding::Reflection));
    assert!(reflected.iter().zip([1.0, 1.5, 1.5]).all(|(y, expected)| (y - expected).abs() < 1e-14), "{reflected:?}");
}

#[test]
fn nearest_takes_the_even_place_at_a_half() {
    let nearest = GridSample::new().mode(Interpolation::Nearest).align_corners();
    // Places 0.5 and 1.5 of 0, 1, 2.
    assert_eq!(at(&[[-0.5, -1.0], [0.5, -1.0]], nearest), [1.0, 3.0]);
}

#[test]
fn what_is_not_a_place_does_no_harm() {
    for mode in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
        for padding in PADDINGS {
            let options = GridSample::new().mode(mode).padding(padding);
            let y = at(&[[f64::INFINITY, 0.0], [f64::NEG_INFINITY, 0.0], [1e308, -1e308]], options);
            assert!(y.iter().all(|y| y.is_finite()), "{mode:?}, {padding:?}: {y:?}");
            let y = at(&[[f64::NAN, 0.0]], options);
            assert!(mode == Interpolation::Nearest || y[0].is_nan(), "{mode:?}, {padding:?}: {y:?}");
        }
    }
}

#[test]
fn a_volume_is_sampled_between_eight_places() {
    let volume = Tensor::arange(0, 8, 1).cast(DType::F32).reshape([1, 1, 2, 2, 2]);
    let centre = Tensor::zeros([1, 1, 1, 1, 3], DType::F32);
    assert_eq!(volume.grid_sample(&centre, GridSample::new()).to_vec::<f32>(), [3.5]);
    let identity = Tensor::eye(3, DType::F32).pad([(0, 0), (0, 1)], 0).unsqueeze(0);
    let grid = identity.affine_grid([1, 1, 2, 2, 2], true);
    let y = volume.grid_sample(&grid, GridSample::new().align_corners());
    assert_eq!(y.to_vec::<f32>(), volume.to_vec::<f32>());
}

#[test]
fn empty_batches_grids_and_channels_stay_empty() {
    for (image, grid, result) in [
        ([0, 2, 3, 3], [0, 4, 5, 2], [0, 2, 4, 5]),
        ([1, 0, 3, 3], [1, 4, 5, 2], [1, 0, 4, 5]),
        ([1, 2, 3, 3], [1, 0, 5, 2], [1, 2, 0, 5]),
    ] {
        let y = Tensor::zeros(image, DType::F32).grid_sample(&Tensor::zeros(grid, DType::F32), GridSample::new());
        assert_eq!(y.shape()[..], result);
    }
    let none = Tensor::zeros([0, 2, 3], DType::F32).affine_grid([0, 1, 2, 2], false);
    assert_eq!(none.shape()[..], [0, 2, 2, 2]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let of = |image: &[usize], grid: &[usize], mode: Interpolation| {
        message_of(|| zeros(image).grid_sample(&zeros(grid), GridSample::new().mode(mode)))
    };
    assert_eq!(
        of(&[1, 2, 3, 3], &[1, 4, 4, 3], Interpolation::Linear),
        "grid_sample: the grid must have shape [1, _, _, 2]; got f32[1, 2, 3, 3], f32[1, 4, 4, 3]"
    );
    assert_eq!(
        of(&[2, 3], &[2, 3], Interpolation::Linear),
        "grid_sample: takes an image [n, c, h, w] or a volume [n, c, d, h, w]; got f32[2, 3], f32[2, 3]"
    );
    assert_eq!(
        of(&[1, 2, 0, 3], &[1, 4, 4, 2], Interpolation::Linear),
        "grid_sample: there is nothing to sample; got f32[1, 2, 0, 3], f32[1, 4, 4, 2]"
    );
    for mode in [Interpolation::Area, Interpolation::NearestExact] {
        assert!(
            of(&[1, 2, 3, 3], &[1, 4, 4, 2], mode).contains("the modes are nearest, linear and, for images, cubic")
        );
    }
    assert!(of(&[1, 1, 2, 3, 3], &[1, 4, 4, 4, 3], Interpolation::Cubic).contains("not Cubic"));
    assert_eq!(
        message_of(|| zeros(&[1, 2, 2]).affine_grid([1, 1, 4, 4], false)),
        "affine_grid: for the size [1, 1, 4, 4] the maps must have shape [1, 2, 3]; got f32[1, 2, 2]"
    );
    assert_eq!(
        message_of(|| zeros(&[1, 2, 3]).affine_grid([1], false)),
        "affine_grid: the size must be [n, c, h, w] or [n, c, d, h, w], not [1]; got f32[1, 2, 3]"
    );
}
