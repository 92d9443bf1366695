//! Numbers in rows and columns.

use super::{
    axis::written,
    canvas::{Anchor, Canvas, LABEL, TICK, at, font, title_height, width_of},
    cells::{Cells, joined},
    error::PictureError,
    shades::{GREY, INK, Shades},
};
use cotangent_tensor::{DType, Tensor};
use plotters::{prelude::Text, style::WHITE};

/// Numbers in rows and columns with labels: which class was taken for which, what each word attends to. The numbers are written where
/// there is room for them; of more cells than can be drawn, means are.
///
/// ```
/// use cotangent_nn::pictures::{Matrix, Picture};
/// use cotangent_tensor::Tensor;
/// let counts = Tensor::from([[48i64, 2], [5, 45]]);
/// let matrix = Matrix::new("Who was admitted", "predicted", "true", &counts).labels(["no", "yes"], ["no", "yes"]);
/// assert!(Picture::of(matrix).svg()?.contains("48"));
/// # Ok::<(), cotangent_nn::pictures::PictureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matrix {
    title: String,
    across: String,
    down: String,
    /// Row by row from the top.
    values: Vec<f64>,
    rows: usize,
    columns: usize,
    row_labels: Vec<String>,
    column_labels: Vec<String>,
    shades: Shades,
}

/// Space for the labels of the axes, in pixels.
const AXIS: f64 = 20.0;

impl Matrix {
    /// A matrix `[rows, columns]` in [`Shades::ink`], with the meaning of its columns (`across`) and of its rows (`down`).
    ///
    /// # Panics
    /// If `values` is not of rank 2.
    #[track_caller]
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        across: impl Into<String>,
        down: impl Into<String>,
        values: &Tensor,
    ) -> Matrix {
        assert!(values.rank() == 2, "Matrix::new: a matrix is [rows, columns]; got {:?}", values.shape());
        let (rows, columns) = (values.size(0), values.size(1));
        let numbers = |count: usize| (0..count).map(|i| i.to_string()).collect();
        Matrix {
            title: title.into(),
            across: across.into(),
            down: down.into(),
            values: values.cast(DType::F64).to_vec(),
            rows,
            columns,
            row_labels: numbers(rows),
            column_labels: numbers(columns),
            shades: Shades::ink(),
        }
    }

    /// Labels for the rows and for the columns, instead of numbers from 0.
    #[must_use]
    pub fn labels<R: ToString, C: ToString>(
        mut self,
        rows: impl IntoIterator<Item = R>,
        columns: impl IntoIterator<Item = C>,
    ) -> Matrix {
        self.row_labels = rows.into_iter().map(|label| label.to_string()).collect();
        self.column_labels = columns.into_iter().map(|label| label.to_string()).collect();
        self
    }

    /// Other colours.
    #[must_use]
    pub fn shades(mut self, shades: Shades) -> Matrix {
        self.shades = shades;
        self
    }

    /// The space for the row labels, the size of a cell, and the space for the column labels, which stand upright if they are long.
    fn sizes(&self, width: f64) -> (f64, f64, f64) {
        let widest = |labels: &[String]| labels.iter().map(|label| width_of(label, TICK)).fold(8.0, f64::max);
        // Labels of rows have at most half of the width.
        let left = AXIS + widest(&self.row_labels).min(width / 2.0) + 10.0;
        // 64 is enough for any number: a matrix of few cells need not fill the width.
        let cell = ((width - left - 4.0) / self.columns.max(1) as f64).min(64.0);
        let below = if self.is_upright(cell) { widest(&self.column_labels) + 10.0 } else { 20.0 };
        (left, cell, below)
    }

    fn is_upright(&self, cell: f64) -> bool {
        self.column_labels.iter().any(|label| width_of(label, TICK) + 4.0 > cell)
    }

    pub(super) fn height(&self, width: f64) -> f64 {
        let (_, cell, below) = self.sizes(width);
        title_height(&self.title, width) + 4.0 + cell * self.rows as f64 + below + AXIS
    }

    pub(super) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), PictureError> {
        let top = canvas.title(&self.title)? + 4.0;
        let (labels, cell, below) = self.sizes(canvas.width);
        let (width, height) = (cell * self.columns as f64, cell * self.rows as f64);
        let left = labels + (canvas.width - labels - 4.0 - width).max(0.0) / 2.0;
        let scale = self.shades.fit(self.values.iter().copied());
        let cells = Cells::of(&self.values, self.columns, cell);
        let level = |column: usize, row: usize| scale.level(cells.values[row * cells.columns + column]);
        for block in joined(cells.columns, cells.rows, level) {
            let corner = |column: usize, row: usize| (left + cells.size * column as f64, top + cells.size * row as f64);
            let (right, bottom) = corner(block.columns.end, block.rows.end);
            let to = ((right + cells.reach()).min(left + width), (bottom + cells.reach()).min(top + height));
            canvas.fill(corner(block.columns.start, block.rows.start), to, scale.color(block.level))?;
        }
        canvas.frame((left, top), (left + width, top + height), GREY)?;

        let step = self.step();
        // Three characters at least, and no smaller than ticks.
        if cell >= width_of("000", TICK) + 4.0 {
            for (i, &value) in self.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                let (x, y) = ((i % self.columns) as f64 + 0.5, (i / self.columns) as f64 + 0.5);
                let light = scale.level(value).is_none_or(|level| scale.is_light(level));
                let style = font(TICK, Anchor::Middle, if light { INK } else { WHITE });
                canvas.draw(Text::new(written(value, step), at(left + cell * x, top + cell * y), style))?;
            }
        }
        // Not every label, where they would touch.
        let each = (15.0 / cell).ceil().max(1.0) as usize;
        for (row, label) in self.row_labels.iter().take(self.rows).enumerate().step_by(each) {
            canvas.text(label, left - 6.0, top + cell * (row as f64 + 0.5), TICK, Anchor::End)?;
        }
        for (column, label) in self.column_labels.iter().take(self.columns).enumerate().step_by(each) {
            let x = left + cell * (column as f64 + 0.5);
            if self.is_upright(cell) {
                canvas.upright(label, x, top + height + below / 2.0, TICK)?;
            } else {
                canvas.text(label, x, top + height + 11.0, TICK, Anchor::Middle)?;
            }
        }
        canvas.text(&self.across, left + width / 2.0, top + height + below + 8.0, LABEL, Anchor::Middle)?;
        canvas.upright(&self.down, left - labels + 9.0, top + height / 2.0, LABEL)
    }

    /// Whole numbers are written as such, others with two digits.
    fn step(&self) -> f64 {
        if self.values.iter().all(|value| value.fract() == 0.0 || value.is_nan()) { 1.0 } else { 0.01 }
    }
}
