//! Sampling at special places, and what is refused. Values are PyTorch 2's unless they follow from the definition.

use super::{GridPadding, GridSample, Interpolation};
use crate::{DType, Tensor, ops::refused::message};

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

/// `sin(k), sin(2 k), ..`
fn wave(shape: &[usize], k: f64) -> Tensor {
    let elements = (1..=shape.iter().product::<usize>()).map(|i| (k * i as f64).sin()).collect();
    Tensor::from_vec(elements, shape).unwrap()
}

#[track_caller]
fn assert_close(found: &Tensor, expected: &[f64]) {
    let found = found.to_vec::<f64>();
    let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14);
    assert!(found.len() == expected.len() && close, "{found:?} is not {expected:?}");
}

/// Values of PyTorch 2.15; those with corners that are not aligned are among its samples.
#[test]
fn aligned_corners_are_those_of_pytorch() {
    use GridPadding::{Border, Reflection, Zeros};
    use Interpolation::{Cubic, Linear, Nearest};
    let (image, grid) = (wave(&[1, 1, 3, 4], 1.0), wave(&[1, 2, 3, 2], 2.5) * 1.7);
    let expected = [
        (
            Linear,
            Zeros,
            [
                -0.2725811388433612,
                -0.06762241089505909,
                -0.6215881156356908,
                0.0022438892001881614,
                -0.41419342113329766,
                -0.1738135925334678,
            ],
        ),
        (
            Linear,
            Border,
            [
                -0.7568024953079282,
                -0.6255538746253096,
                -0.6948917830477211,
                0.4121184852417566,
                -0.41419342113329766,
                -0.7568024953079282,
            ],
        ),
        (
            Linear,
            Reflection,
            [
                0.3467788693214607,
                0.09282562748245339,
                -0.6183790835702807,
                -0.3973097917375496,
                -0.41419342113329766,
                0.4474608667243316,
            ],
        ),
        (Nearest, Zeros, [0.0, 0.0, -0.5440211108893698, 0.0, -0.9589242746631385, 0.0]),
        (
            Nearest,
            Reflection,
            [
                0.9893582466233818,
                0.1411200080598672,
                -0.5440211108893698,
                -0.27941549819892586,
                -0.9589242746631385,
                0.9893582466233818,
            ],
        ),
        (
            Cubic,
            Zeros,
            [
                -0.381018731351776,
                -0.06760663162559305,
                -0.8032072516657685,
                0.0027907619272800324,
                -0.6434078154307175,
                -0.272204916993938,
            ],
        ),
        (
            Cubic,
            Border,
            [
                -0.8878299739717803,
                -0.6518002127564443,
                -0.8742761920816906,
                0.5261578421469079,
                -0.5937307107236189,
                -0.9531492795852504,
            ],
        ),
        (
            Cubic,
            Reflection,
            [
                0.4257525526500627,
                0.02032889299304508,
                -0.8020142331803851,
                -0.5422445497471484,
                -0.6181292933781444,
                0.5809254499660619,
            ],
        ),
    ];
    for (mode, padding, expected) in expected {
        let options = GridSample::new().mode(mode).padding(padding).align_corners();
        assert_close(&image.grid_sample(&grid, options), &expected);
    }
    let (volume, grid) = (wave(&[1, 1, 2, 2, 3], 1.0), wave(&[1, 1, 1, 3, 3], 2.5) * 1.7);
    let aligned = GridSample::new().align_corners();
    let border = [0.4121184852417566, 0.12288325583680815, -0.7385242202312149];
    assert_close(&volume.grid_sample(&grid, aligned.padding(Border)), &border);
    let reflected = [0.0867701684221249, 0.12318116764072667, -0.3971232098464772];
    assert_close(&volume.grid_sample(&grid, aligned.padding(Reflection)), &reflected);

    let maps = wave(&[1, 3, 4], 0.7);
    assert_close(
        &maps.affine_grid([1, 1, 2, 1, 2], true),
        &[
            -1.1724389037306597,
            0.7019692024416307,
            -0.15038322627306844,
            0.11599647074472219,
            0.0004027470623911844,
            -0.11675542530436911,
            0.553979829567088,
            -1.2629360228070343,
            1.8259532414809319,
            1.84241520404247,
            -1.964502478186274,
            1.8595810424496313,
        ],
    );
    assert_close(
        &maps.affine_grid([1, 1, 2, 1, 2], false),
        &[
            -0.4187253767873773,
            0.03535128228465456,
            0.3521078409076065,
            0.22549231045031365,
            -0.3154319454049652,
            0.36892174139195616,
            0.44448398986149656,
            -0.947101330339678,
            1.3402760747846068,
            1.0887016770991875,
            -1.2978845580292977,
            1.3570899752689565,
        ],
    );
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
        message(|| zeros(image).grid_sample(&zeros(grid), GridSample::new().mode(mode)))
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
        message(|| zeros(&[1, 2, 2]).affine_grid([1, 1, 4, 4], false)),
        "affine_grid: for the size [1, 1, 4, 4] the maps must have shape [1, 2, 3]; got f32[1, 2, 2]"
    );
    assert_eq!(
        message(|| zeros(&[1, 2, 3]).affine_grid([1], false)),
        "affine_grid: the size must be [n, c, h, w] or [n, c, d, h, w], not [1]; got f32[1, 2, 3]"
    );
}

#[test]
fn what_lies_outside_meets_no_infinity() {
    let image = Tensor::from([[f64::INFINITY, 1.0], [1.0, 1.0]]).reshape([1, 1, 2, 2]);
    let place = Tensor::from([0.9, 0.9]).reshape([1, 1, 1, 2]);
    let y = image.grid_sample(&place, GridSample::new()).item::<f64>();
    assert!((y - 0.36).abs() < 1e-15, "{y}");
    let nearest = GridSample::new().mode(Interpolation::Nearest);
    assert_eq!(image.grid_sample(&(&place * 3), nearest).item::<f64>(), 0.0);
}

#[test]
fn shapes_need_no_values() {
    let image = Tensor::shape_only([2, 3, 1 << 20, 1 << 20], DType::F32);
    let grid = Tensor::shape_only([2, 1 << 20, 1 << 20, 2], DType::F32);
    let y = image.grid_sample(&grid, GridSample::new());
    assert!(!y.has_values() && y.shape()[..] == [2, 3, 1 << 20, 1 << 20]);
}
