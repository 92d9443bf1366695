//! A function of two numbers over a rectangle, computed once at the points of a lattice.

use super::{cells, clip::Point, levels};
use cotangent_tensor::{DType, Tensor};
use std::ops::Range;

/// Points on each side of the lattice: at 600 pixels a cell is four of them wide, finer than points drawn over it.
pub(super) const SIDE: usize = 121;

/// A function of two numbers over a rectangle: what a network of two inputs says of every point, or the error for every pair of weights.
/// [`Chart`](super::Chart) draws it as a heat map, as regions of classes, or as level lines.
///
/// ```
/// use cotangent_nn::pictures::{Chart, Picture, Plane, Shades};
/// let bowl = Plane::over(-1.0..1.0, -1.0..1.0, |points| points.square().sum(1));
/// let chart = Chart::new("A bowl", "x", "y").heat("height", &bowl, Shades::viridis()).levels("", &bowl, [0.5, 1.0]);
/// assert!(Picture::of(chart).svg()?.contains("<polyline"));
/// # Ok::<(), cotangent_nn::pictures::PictureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plane {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
    /// Row by row from the lowest y.
    pub(super) values: Vec<f64>,
}

impl Plane {
    /// Calls `f` once, with all points as f32 `[n, 2]`; it returns one number (or the number of a class) for each, in any shape of `n`
    /// elements and any dtype.
    ///
    /// # Panics
    /// If `f` returns another number of elements.
    #[track_caller]
    #[must_use]
    pub fn over(x: Range<f64>, y: Range<f64>, f: impl FnOnce(&Tensor) -> Tensor) -> Plane {
        let at = |range: &Range<f64>, i: usize| {
            let part = i as f64 / (SIDE - 1) as f64;
            (range.start * (1.0 - part) + range.end * part) as f32
        };
        let points = (0..SIDE * SIDE).flat_map(|p| [at(&x, p % SIDE), at(&y, p / SIDE)]).collect::<Vec<f32>>();
        let points = Tensor::from_vec(points, [SIDE * SIDE, 2]).expect("two numbers for each point");
        let values = f(&points);
        assert!(
            values.numel() == SIDE * SIDE,
            "Plane::over: the function returns one number for each point; got {:?} for {:?}",
            values.shape(),
            points.shape()
        );
        Plane { x, y, values: values.cast(DType::F64).to_vec() }
    }

    /// The cells around the points of the lattice, by their level, as pairs of corners.
    pub(super) fn blocks(&self, level: impl Fn(f64) -> Option<u8>) -> Vec<((Point, Point), u8)> {
        let blocks = cells::joined(SIDE, SIDE, |column, row| level(self.values[row * SIDE + column]));
        let corner = |column: usize, row: usize| self.point((column as f64 - 0.5, row as f64 - 0.5));
        let corners = |block: &cells::Block| {
            (corner(block.columns.start, block.rows.start), corner(block.columns.end, block.rows.end))
        };
        blocks.iter().map(|block| (corners(block), block.level)).collect()
    }

    /// The lines where the function has this value.
    pub(super) fn level_lines(&self, level: f64) -> Vec<Vec<Point>> {
        let lines = levels::lines(&self.values, SIDE, level);
        lines.into_iter().map(|line| line.into_iter().map(|at| self.point(at)).collect()).collect()
    }

    /// The point at a place of the lattice; places outside are moved to the border.
    fn point(&self, (column, row): Point) -> Point {
        let at = |range: &Range<f64>, i: f64| {
            let part = (i / (SIDE - 1) as f64).clamp(0.0, 1.0);
            range.start * (1.0 - part) + range.end * part
        };
        (at(&self.x, column), at(&self.y, row))
    }
}
