//! Images and signals at another size, and at places of a grid.

use super::{Formula::One, Operator};
use crate::case::Call;
use cotangent::{
    Tensor,
    ops::{GridPadding, GridSample, Interpolate, Interpolation},
};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.interpolate", One(interpolate)),
    ("nn.functional.grid_sample", One(grid_sample)),
    ("nn.functional.pixel_shuffle", One(|c| c.x(0).pixel_shuffle(factor(c, "upscale_factor")))),
    ("nn.functional.pixel_unshuffle", One(|c| c.x(0).pixel_unshuffle(factor(c, "downscale_factor")))),
];

fn factor(c: &Call<'_>, name: &str) -> usize {
    c.int(1, name).expect("a factor") as usize
}

fn interpolate(c: &Call<'_>) -> Tensor {
    let axes = c.x(0).rank() - 2;
    let mode = match c.word(3, "mode").unwrap_or("nearest") {
        "nearest" => Interpolation::Nearest,
        "nearest-exact" => Interpolation::NearestExact,
        "linear" | "bilinear" | "trilinear" => Interpolation::Linear,
        "bicubic" => Interpolation::Cubic,
        "area" => Interpolation::Area,
        other => panic!("unknown mode {other}"),
    };
    let options = match (c.ints(1, "size"), c.float(2, "scale_factor")) {
        (Some(sizes), None) => Interpolate::to_size(sizes.iter().map(|&size| size as usize).collect::<Vec<_>>()),
        // Places as far apart as the sizes say, and not the factor.
        (None, Some(factor)) if c.flag(5, "recompute_scale_factor") => {
            let scaled = |&size: &usize| (size as f64 * factor).floor() as usize;
            Interpolate::to_size(c.x(0).shape()[2..].iter().map(scaled).collect::<Vec<_>>())
        }
        (None, Some(factor)) => Interpolate::by_factor(vec![factor; axes]),
        other => panic!("a size or a factor, not {other:?}"),
    };
    let options = options.mode(mode);
    c.x(0).interpolate(&if c.flag(4, "align_corners") { options.align_corners() } else { options })
}

fn grid_sample(c: &Call<'_>) -> Tensor {
    let mode = match c.word(2, "mode").expect("a mode") {
        "bilinear" => Interpolation::Linear,
        "nearest" => Interpolation::Nearest,
        "bicubic" => Interpolation::Cubic,
        other => panic!("unknown mode {other}"),
    };
    let padding = match c.word(3, "padding_mode").expect("a padding") {
        "zeros" => GridPadding::Zeros,
        "border" => GridPadding::Border,
        "reflection" => GridPadding::Reflection,
        other => panic!("unknown padding {other}"),
    };
    let options = GridSample::new().mode(mode).padding(padding);
    c.x(0).grid_sample(c.x(1), if c.flag(4, "align_corners") { options.align_corners() } else { options })
}
