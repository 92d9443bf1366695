//! Diagonals: as views, put into a matrix, and what is made of them; and the triangles on either side.

use crate::ops::{
    Sum,
    broadcast::or_panic,
    indexing::placing::{checked_place, placed, placed_dots, placing_vjp},
};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply,
    array::check_size,
    error::takes,
    layout::{Layout, Strides},
    shape::resolve_axis,
    try_apply,
};

#[cfg(test)]
mod tests;

/// Which diagonal of which two axes.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: isize,
    rows: isize,
    columns: isize,
}

impl Place {
    /// The two axes counted from the start.
    fn axes(self, op: &'static str, rank: usize) -> Result<(usize, usize)> {
        let axes = (resolve_axis(op, self.rows, rank)?, resolve_axis(op, self.columns, rank)?);
        if axes.0 == axes.1 {
            return Err(Error::new(ErrorKind::Axis, op, format!("needs two axes, not axis {} twice", axes.0)));
        }
        Ok(axes)
    }

    /// Row and column where the diagonal begins, and its length.
    fn extent(self, rows: usize, columns: usize) -> (usize, usize, usize) {
        let skipped = self.offset.unsigned_abs();
        let (row, column) = if self.offset < 0 { (skipped, 0) } else { (0, skipped) };
        (row, column, rows.saturating_sub(row).min(columns.saturating_sub(column)))
    }

    fn shape(self, op: &'static str, x: SpecRef<'_>) -> Result<Shape> {
        let (a, b) = self.axes(op, x.rank())?;
        let (_, _, len) = self.extent(x.shape()[a], x.shape()[b]);
        let others = x.shape().iter().enumerate().filter(|&(i, _)| i != a && i != b);
        Ok(others.map(|(_, &size)| size).chain([len]).collect())
    }

    /// The diagonal in an array of this layout; `shape` has checked the axes.
    fn layout(self, whole: &Layout) -> Layout {
        let (a, b) = self.axes("diagonal", whole.shape.len()).expect("checked by infer");
        let (row, column, len) = self.extent(whole.shape[a], whole.shape[b]);
        let others = || (0..whole.shape.len()).filter(|&i| i != a && i != b);
        let shape: Shape = others().map(|i| whole.shape[i]).chain([len]).collect();
        let stride = whole.strides[a] + whole.strides[b];
        let strides: Strides = others().map(|i| whole.strides[i]).chain([stride]).collect();
        // An empty diagonal may begin anywhere, also where no product is a place.
        let offset =
            if shape.numel() == 0 { 0 } else { row as isize * whole.strides[a] + column as isize * whole.strides[b] };
        Layout { shape, strides, offset: whole.offset.wrapping_add_signed(offset) }
    }
}

/// `y[.., k] = x[.., k, k + offset, ..]`: a diagonal of two axes, which go, as the last axis. A view.
#[derive(Clone, Debug)]
pub struct Diagonal {
    place: Place,
}

impl Diagonal {
    /// The diagonal `offset` columns to the right of the main one, or below it where negative, with these axes as rows and columns.
    #[must_use]
    pub fn new(offset: isize, rows: isize, columns: isize) -> Self {
        Diagonal { place: Place { offset, rows, columns } }
    }
}

impl Primitive for Diagonal {
    fn name(&self) -> &'static str {
        "diagonal"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("diagonal", 1, inputs)?;
        Ok(Spec::new(self.place.shape("diagonal", inputs[0])?, inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(inputs[0].with_layout(self.place.layout(inputs[0].layout())).into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Diagonal {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    // x_bar = zeros with y_bar on the diagonal
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.spec(0);
        let zeros = Tensor::zeros(x.shape(), x.dtype());
        Few::one(Some(apply(&DiagonalScatter { place: self.place }, &[&zeros, &y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(tangents[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

/// `y` is `x` with a diagonal replaced by `src`; inputs `x`, `src`.
#[derive(Clone, Debug)]
pub struct DiagonalScatter {
    place: Place,
}

impl DiagonalScatter {
    /// What [`Diagonal`] with the same arguments views is replaced.
    #[must_use]
    pub fn new(offset: isize, rows: isize, columns: isize) -> Self {
        DiagonalScatter { place: Place { offset, rows, columns } }
    }
}

impl Primitive for DiagonalScatter {
    fn name(&self) -> &'static str {
        "diagonal_scatter"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        checked_place("diagonal_scatter", inputs, |x| self.place.shape("diagonal_scatter", x))
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        self.eval_owned(inputs.iter().map(|&x| x.clone()).collect())
    }
    fn eval_owned(&self, inputs: Few<Array>) -> Result<Few<Array>> {
        Ok(placed(inputs, |whole| self.place.layout(whole)).into())
    }
    fn flops(&self, _: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        0
    }
    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for DiagonalScatter {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::SPECS.when(needs[0])
    }
    // x_bar = y_bar with zeros on the diagonal, src_bar = the diagonal of y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        placing_vjp(self, &Diagonal { place: self.place }, saved, y_bar.single(), needs)
    }
    fn jvp(&self, primals: &[&Tensor], tangents: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(placed_dots(self, primals, tangents))
    }
}

/// Diagonals.
impl Tensor {
    /// A diagonal of two axes, which go, as the last axis: `y[.., k] = x[.., k, k + offset, ..]` with `rows` and `columns` in the
    /// places of `k` and `k + offset`. A negative offset is below the main diagonal. A view.
    ///
    /// # Panics
    /// When an axis is out of range, or both are one.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1i64, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.diagonal(0, 0, 1).to_vec::<i64>(), [1, 5]);
    /// assert_eq!(x.diagonal(1, 0, 1).to_vec::<i64>(), [2, 6]);
    /// assert_eq!(x.diagonal(-1, 0, 1).to_vec::<i64>(), [4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn diagonal(&self, offset: isize, rows: isize, columns: isize) -> Tensor {
        apply(&Diagonal::new(offset, rows, columns), &[self]).into_single()
    }

    /// This tensor with a [`diagonal`](Self::diagonal) replaced.
    ///
    /// # Panics
    /// When an axis is out of range, both are one, or `src` has not the shape and dtype of the diagonal.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// let x = Tensor::zeros([2, 2], DType::I64).diagonal_scatter(&Tensor::from([1i64, 2]), 0, 0, 1);
    /// assert_eq!(x.to_vec::<i64>(), [1, 0, 0, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "fill_diagonal")]
    pub fn diagonal_scatter(&self, src: &Tensor, offset: isize, rows: isize, columns: isize) -> Tensor {
        apply(&DiagonalScatter::new(offset, rows, columns), &[self, src]).into_single()
    }

    /// Square matrices of zeros with the last axis of this tensor on a diagonal: `y[.., k, k + offset] = x[.., k]`, with the axes of
    /// the matrices at `rows` and `columns` of the result.
    ///
    /// # Panics
    /// When this is a scalar, an axis of the result is out of range, both are one, or the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let y = Tensor::from([1i64, 2]).diag_embed(0, -2, -1);
    /// assert_eq!(y.to_vec::<i64>(), [1, 0, 0, 2]);
    /// assert_eq!(Tensor::from([1i64, 2]).diag_embed(-1, 0, 1).shape()[..], [3, 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn diag_embed(&self, offset: isize, rows: isize, columns: isize) -> Tensor {
        embedded("diag_embed", self, Place { offset, rows, columns })
    }

    /// Of a matrix its diagonal, of a list the matrix of zeros with the list on its diagonal, `offset` to the right of the main one.
    ///
    /// # Panics
    /// When this has another rank than 1 or 2, or the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 2], [3, 4]]).diag(0).to_vec::<i64>(), [1, 4]);
    /// assert_eq!(Tensor::from([1i64, 2]).diag(0).to_vec::<i64>(), [1, 0, 0, 2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn diag(&self, offset: isize) -> Tensor {
        match self.rank() {
            1 => embedded("diag", self, Place { offset, rows: 0, columns: 1 }),
            2 => self.diagonal(offset, 0, 1),
            _ => {
                let error =
                    Error::new(ErrorKind::Shape, "diag", "needs a list or a matrix").with_inputs(&[self.spec()]);
                panic!("{}", error.with_hint("diagonal and diag_embed take batches"))
            }
        }
    }

    /// Σ x[k, k] of a matrix.
    ///
    /// # Panics
    /// When this is no matrix, or the dtype is `u8` or `bool`.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[1i64, 2], [3, 4]]).trace().item::<i64>(), 5);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn trace(&self) -> Tensor {
        if self.rank() != 2 {
            let error = Error::new(ErrorKind::Shape, "trace", "needs a matrix").with_inputs(&[self.spec()]);
            panic!("{}", error.with_hint("for batches, sum the last axis of .diagonal(0, -2, -1)"));
        }
        let sum = try_apply(&Sum::new(.., false), &[&self.diagonal(0, 0, 1)]);
        or_panic(sum.map_err(|error| error.in_name_of("trace").with_inputs(&[self.spec()]))).into_single()
    }
}

/// Matrices of zeros with the last axis of x on a diagonal, for the operation `op`.
#[track_caller]
fn embedded(op: &'static str, x: &Tensor, place: Place) -> Tensor {
    let shape = or_panic(embedded_shape(op, x, place).map_err(|error| error.with_inputs(&[x.spec()])));
    apply(&DiagonalScatter { place }, &[&Tensor::zeros(shape, x.dtype()), x]).into_single()
}

fn embedded_shape(op: &'static str, x: &Tensor, place: Place) -> Result<Shape> {
    let Some((&last, others)) = x.shape().split_last() else {
        return Err(Error::new(ErrorKind::Shape, op, "a scalar has no axis to put on a diagonal"));
    };
    let (a, b) = place.axes(op, x.rank() + 1)?;
    let size = last.saturating_add(place.offset.unsigned_abs());
    let mut others = others.iter();
    let size_at = |axis| if axis == a || axis == b { size } else { *others.next().expect("one for each other axis") };
    let shape: Shape = (0..=x.rank()).map(size_at).collect();
    check_size(op, &shape, x.dtype()).map(|_| shape)
}
