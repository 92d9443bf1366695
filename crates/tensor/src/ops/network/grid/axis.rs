//! One axis of a sampling: from coordinates to neighbours and weights.

use super::{GridPadding, GridSample};
use crate::{
    DType, Tensor,
    ops::{Interpolation, network::resample::cubic_weights},
};

/// One neighbour of each place along an axis.
pub(super) struct AxisTaps {
    /// Where it is; `None` where it lies outside and counts as zero.
    pub(super) places: Vec<Option<usize>>,
    /// `None` is one.
    pub(super) weight: Option<Tensor>,
}

/// The neighbours of coordinates, `[m]` from -1 to 1, along an axis of `size` places.
pub(super) fn axis_taps(coordinate: &Tensor, size: usize, options: GridSample) -> Vec<AxisTaps> {
    let scale = if options.align_corners { (size - 1) as f64 / 2.0 } else { size as f64 / 2.0 };
    // In places: 0 is the centre of the first.
    let place = (coordinate + 1) * scale - if options.align_corners { 0.0 } else { 0.5 };
    let values: Vec<f64> = place.stop_gradient().cast(DType::F64).to_vec();
    if options.mode == Interpolation::Cubic {
        return cubic_taps(&place, &values, size, options);
    }
    let pieces: Vec<Piece> = values.iter().map(|&x| piece(x, size, options)).collect();
    let (dtype, moved) = (place.dtype(), |i: usize| pieces[i].at(values[i]));
    let constant = |f: &dyn Fn(usize) -> f64| Tensor::from((0..values.len()).map(f).collect::<Vec<f64>>()).cast(dtype);
    let inside = |x: f64| (x >= 0.0 && x <= (size - 1) as f64).then_some(x as usize);
    if options.mode == Interpolation::Nearest {
        let places = (0..values.len()).map(|i| inside_or_nan(moved(i).round_ties_even(), &inside)).collect();
        return vec![AxisTaps { places, weight: None }];
    }
    let floors: Vec<f64> = (0..values.len()).map(|i| moved(i).floor()).collect();
    // Chosen and not multiplied where a coordinate is held constant: it may be infinite.
    let held = Tensor::from(pieces.iter().map(|piece| piece.slope == 0.0).collect::<Vec<bool>>());
    let t = held.where_(0, &place) * constant(&|i| pieces[i].slope) + constant(&|i| pieces[i].shift - floors[i]);
    let places = |step: f64| floors.iter().map(|&x| inside_or_nan(x + step, &inside)).collect();
    vec![AxisTaps { places: places(0.0), weight: Some(1 - &t) }, AxisTaps { places: places(1.0), weight: Some(t) }]
}

/// A coordinate that is NaN has a neighbour, so that its result is NaN through the weight.
fn inside_or_nan(x: f64, inside: &impl Fn(f64) -> Option<usize>) -> Option<usize> {
    if x.is_nan() { Some(0) } else { inside(x) }
}

/// Padding as a function of the coordinate, on the piece that it is on: `slope x + shift`.
struct Piece {
    slope: f64,
    shift: f64,
}

impl Piece {
    fn at(&self, x: f64) -> f64 {
        // A piece that is held has no use for a coordinate, which may be infinite.
        if self.slope == 0.0 { self.shift } else { self.slope * x + self.shift }
    }
}

fn piece(x: f64, size: usize, options: GridSample) -> Piece {
    let last = (size - 1) as f64;
    let held = |at: f64| Piece { slope: 0.0, shift: at };
    let as_it_is = Piece { slope: 1.0, shift: 0.0 };
    if x.is_nan() {
        return as_it_is;
    }
    match options.padding {
        // Beyond the last neighbour everything is zero; held, so that nothing infinite comes in.
        GridPadding::Zeros if x < -2.0 || x > last + 2.0 => held(-2.0),
        GridPadding::Zeros => as_it_is,
        GridPadding::Border => clipped(x, as_it_is, last),
        GridPadding::Reflection => {
            let (low, span) = if options.align_corners { (0.0, last) } else { (-0.5, size as f64) };
            if span == 0.0 || x.is_infinite() {
                return held(0.0);
            }
            let (sign, distance) = if x < low { (-1.0, low - x) } else { (1.0, x - low) };
            let flips = (distance / span).floor();
            // distance - flips span from the low edge, or, after an odd number of flips, from the high one.
            let turn = if flips % 2.0 == 0.0 { 1.0 } else { -1.0 };
            let rest = if turn > 0.0 { -flips * span } else { (flips + 1.0) * span };
            let reflected = Piece { slope: turn * sign, shift: turn * sign * -low + rest + low };
            clipped(x, reflected, last)
        }
    }
}

/// Held at the first and last place outside of them; at these themselves too, as in PyTorch.
fn clipped(x: f64, piece: Piece, last: f64) -> Piece {
    match piece.at(x) {
        moved if moved <= 0.0 => Piece { slope: 0.0, shift: 0.0 },
        moved if moved >= last => Piece { slope: 0.0, shift: last },
        _ => piece,
    }
}

/// Four neighbours, each of which is padded by itself; the weights know of no padding.
fn cubic_taps(place: &Tensor, values: &[f64], size: usize, options: GridSample) -> Vec<AxisTaps> {
    let floors: Vec<f64> = values.iter().map(|x| x.floor()).collect();
    let infinite = Tensor::from(values.iter().map(|x| x.is_infinite()).collect::<Vec<bool>>());
    let finite = floors.iter().map(|&x| if x.is_infinite() { 0.0 } else { x }).collect::<Vec<f64>>();
    let t = infinite.where_(0, place) - Tensor::from(finite).cast(place.dtype());
    let last = (size - 1) as f64;
    let padded = |x: f64| -> Option<usize> {
        if x.is_nan() {
            return Some(0);
        }
        let moved = piece(x, size, options).at(x);
        (0.0..=last).contains(&moved).then_some(moved as usize)
    };
    let tap = |(i, weight): (usize, Tensor)| AxisTaps {
        places: floors.iter().map(|&x| padded(x + i as f64 - 1.0)).collect(),
        weight: Some(weight),
    };
    cubic_weights(&t).into_iter().enumerate().map(tap).collect()
}
