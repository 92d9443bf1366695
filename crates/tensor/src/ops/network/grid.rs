//! Reading an image at places that another tensor names: grid_sample, and affine_grid, which makes such places.
//!
//! Each place has a few neighbours with a weight each. Which they are depends on the place in steps, and has no derivative; the
//! weights are differentiable expressions of the place, so that the composition has derivatives of every order in the image
//! and in the grid.

mod axis;
mod options;
#[cfg(test)]
mod tests;

pub use options::{GridPadding, GridSample};

use crate::ops::{
    Interpolation,
    broadcast::{or_panic, widened},
};
use crate::{DType, Error, ErrorKind, Result, Shape, Tensor, array::check_size, error::same_dtypes};
use axis::{AxisTaps, axis_taps};

impl Tensor {
    /// The image or volume at the places of a grid: `[n, c, h, w]` and `[n, i, j, 2]` give `[n, c, i, j]`,
    /// `[n, c, d, h, w]` and `[n, i, j, k, 3]` give `[n, c, i, j, k]`.
    ///
    /// The last axis of the grid is `(x, y)` or `(x, y, z)`, of which x goes along the last axis of the image; -1 and 1 are the outer edges of
    /// the first and last place, or their centres if corners are aligned. Where the modes nearest and padding by border or
    /// reflection hold a place constant, the gradient of the grid is zero.
    ///
    /// (Jaderberg et al., "Spatial transformer networks", NeurIPS 2015.)
    ///
    /// # Panics
    /// When the ranks or sizes do not fit, an axis of the image is empty, the mode is area, nearest exact, or cubic for a volume, or the
    /// dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::GridSample};
    /// let image = Tensor::from([[1.0f64, 2.0], [3.0, 4.0]]).reshape([1, 1, 2, 2]);
    /// let grid = Tensor::from([[-0.5f64, -0.5], [0.0, 0.0]]).reshape([1, 1, 2, 2]);
    /// assert_eq!(image.grid_sample(&grid, GridSample::new()).to_vec::<f64>(), [1.0, 2.5]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn grid_sample(&self, grid: &Tensor, options: GridSample) -> Tensor {
        let specs = [self.spec(), grid.spec()];
        or_panic(check(self, grid, options).map_err(|error| error.with_inputs(&specs)));
        let axes = self.rank() - 2;
        let (n, c, sizes) = (self.shape()[0], self.shape()[1], &self.shape()[2..]);
        let shape: Shape = [n, c].into_iter().chain(grid.shape()[1..=axes].iter().copied()).collect();
        or_panic(check_size("grid_sample", &shape, self.dtype()).map_err(|error| error.with_inputs(&specs)));
        if shape.numel() == 0 {
            return Tensor::zeros(shape, self.dtype());
        }
        if !self.has_values() || !grid.has_values() {
            // Which places are read needs values; the shape, and what it depends on, does not.
            return (self.sum(..) + grid.sum(..)).expand(shape);
        }
        let (dtype, image) = (self.dtype(), widened(self));
        let places = shape[2..].iter().product::<usize>();
        let flat = widened(grid).reshape([n * places, axes]);
        // The last axis of the image goes with the first number.
        let taps: Vec<Vec<AxisTaps>> = (0..axes)
            .map(|axis| axis_taps(&flat.narrow(1, axes - 1 - axis, 1).squeeze(1), sizes[axis], options))
            .collect();
        // Rows of channels: a neighbour is then one row, for all channels.
        let order: Vec<isize> = [0].into_iter().chain(2..self.rank() as isize).chain([1]).collect();
        let rows = image.permute(order).reshape([n * sizes.iter().product::<usize>(), c]);
        let neighbours: Vec<_> =
            combinations(&taps).iter().map(|neighbour| joined(neighbour, sizes, places, rows.size(0))).collect();
        // What lies outside is a row of zeros, and not some row times zero, which may hold an infinity.
        let some_outside = neighbours.iter().any(|(index, _)| index.contains(&(rows.size(0) as i64)));
        let rows = if some_outside { Tensor::concat([&rows, &Tensor::zeros([1, c], rows.dtype())], 0) } else { rows };
        let terms = neighbours.into_iter().map(|(index, weight)| {
            let row = rows.index_select(0, &Tensor::from(index));
            match weight {
                Some(weight) => row * weight.unsqueeze(1),
                None => row,
            }
        });
        let sum = terms.reduce(|sum, row| sum + row).expect("at least one neighbour");
        let order: Vec<isize> = [0, axes as isize + 1].into_iter().chain(1..=axes as isize).collect();
        sum.reshape([n].into_iter().chain(shape[2..].iter().copied()).chain([c]).collect::<Shape>())
            .permute(order)
            .cast(dtype)
    }

    /// The grid of places for [`grid_sample`](Self::grid_sample) that affine maps give: from this tensor, `[n, 2, 3]`, and the
    /// size `[n, c, h, w]` of the result to be sampled, `[n, h, w, 2]`; from `[n, 3, 4]` and `[n, c, d, h, w]`, `[n, d, h, w, 3]`.
    ///
    /// Each place is the map times `(x, y, 1)`, or `(x, y, z, 1)`, of its own coordinates from -1 to 1.
    ///
    /// # Panics
    /// When the shapes do not fit, or the dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let identity = Tensor::from([[[1.0f64, 0.0, 0.0], [0.0, 1.0, 0.0]]]);
    /// let grid = identity.affine_grid([1, 1, 1, 2], false);
    /// assert_eq!(grid.to_vec::<f64>(), [-0.5, 0.0, 0.5, 0.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn affine_grid(&self, size: impl Into<Shape>, align_corners: bool) -> Tensor {
        const OP: &str = "affine_grid";
        let size = size.into();
        let axes = size.len().wrapping_sub(2);
        let refused = |rule: String| Error::new(ErrorKind::Shape, OP, rule).with_inputs(&[self.spec()]);
        if !self.dtype().is_float() {
            panic!("{}", Error::needs_float(OP, &[self.spec()]));
        }
        if axes != 2 && axes != 3 {
            panic!("{}", refused(format!("the size must be [n, c, h, w] or [n, c, d, h, w], not {size:?}")));
        }
        if self.shape()[..] != [size[0], axes, axes + 1] {
            panic!(
                "{}",
                refused(format!("for the size {size:?} the maps must have shape {:?}", [size[0], axes, axes + 1]))
            );
        }
        let shape: Shape = [size[0]].into_iter().chain(size[2..].iter().copied()).chain([axes]).collect();
        or_panic(check_size(OP, &shape, self.dtype()).map_err(|error| error.with_inputs(&[self.spec()])));
        if shape.numel() == 0 {
            return Tensor::zeros(shape, self.dtype());
        }
        let maps = widened(self);
        let along = |n: usize| {
            let edge = match (align_corners, n) {
                // The centre of the only place.
                (true, 1) => 0.0,
                (true, _) => 1.0,
                (false, n) => (n - 1) as f64 / n as f64,
            };
            Tensor::linspace(-edge, edge, n, DType::F64).cast(maps.dtype())
        };
        let coordinate = |axis: usize| {
            let sizes: Shape = (0..axes).map(|i| if i == axis { size[2 + i] } else { 1 }).collect();
            along(size[2 + axis]).reshape(sizes).expand(&size[2..])
        };
        let ones = Tensor::ones(&size[2..], maps.dtype());
        let base = Tensor::stack((0..axes).rev().map(coordinate).chain([ones]).collect::<Vec<_>>(), -1);
        let places = size[2..].iter().product::<usize>();
        base.reshape([places, axes + 1]).matmul(&maps.transpose(1, 2)).reshape(shape).cast(self.dtype())
    }
}

fn check(image: &Tensor, grid: &Tensor, options: GridSample) -> Result<()> {
    const OP: &str = "grid_sample";
    let refuse = |kind: ErrorKind, rule: String| Err(Error::new(kind, OP, rule));
    same_dtypes(OP, &[image.spec(), grid.spec()])?;
    if !image.dtype().is_float() {
        return Err(Error::needs_float(OP, &[]));
    }
    let axes = image.rank().wrapping_sub(2);
    if axes != 2 && axes != 3 {
        return refuse(ErrorKind::Shape, "takes an image [n, c, h, w] or a volume [n, c, d, h, w]".to_owned());
    }
    if grid.rank() != image.rank() || grid.shape()[0] != image.shape()[0] || grid.shape()[axes + 1] != axes {
        let rule = format!("the grid must have shape [{}, {}{axes}]", image.shape()[0], "_, ".repeat(axes));
        return refuse(ErrorKind::Shape, rule);
    }
    if image.shape()[2..].contains(&0) {
        return refuse(ErrorKind::Shape, "there is nothing to sample".to_owned());
    }
    match options.mode {
        Interpolation::Nearest | Interpolation::Linear => Ok(()),
        Interpolation::Cubic if axes == 2 => Ok(()),
        mode => refuse(ErrorKind::Value, format!("the modes are nearest, linear and, for images, cubic; not {mode:?}")),
    }
}

/// One neighbour along each axis, in all ways.
fn combinations(taps: &[Vec<AxisTaps>]) -> Vec<Vec<&AxisTaps>> {
    let mut all = vec![Vec::new()];
    for axis in taps {
        all = all.iter().flat_map(|some| axis.iter().map(|tap| [&some[..], &[tap]].concat())).collect();
    }
    all
}

/// For each place the row that holds a neighbour, `outside` for none, and its weight, of which `None` is one.
fn joined(neighbour: &[&AxisTaps], sizes: &[usize], places: usize, outside: usize) -> (Vec<i64>, Option<Tensor>) {
    let count = neighbour[0].places.len();
    let mut rows: Vec<Option<usize>> = (0..count).map(|i| Some(i / places)).collect();
    for (tap, &size) in neighbour.iter().zip(sizes) {
        for (row, &place) in rows.iter_mut().zip(&tap.places) {
            *row = row.zip(place).map(|(row, place)| row * size + place);
        }
    }
    let rows = rows.into_iter().map(|row| row.unwrap_or(outside) as i64).collect();
    (rows, neighbour.iter().filter_map(|tap| tap.weight.clone()).reduce(|product, weight| product * weight))
}
