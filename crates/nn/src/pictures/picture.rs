//! A picture: rows of panels, and the SVG that they become.

use super::{
    bars::Bars,
    canvas::{Canvas, px, refused},
    chart::Chart,
    compact::compact,
    error::PictureError,
    images::Images,
    matrix::Matrix,
};
use plotters::prelude::{IntoDrawingArea, SVGBackend, WHITE};
use std::{fs, path::Path};

/// One thing to draw: a [`Chart`], [`Images`], a [`Matrix`] or [`Bars`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Panel {
    /// Two axes.
    Chart(Box<Chart>),
    /// A grid of images.
    Images(Images),
    /// Numbers in rows and columns.
    Matrix(Matrix),
    /// A value for each name.
    Bars(Bars),
}

impl From<Chart> for Panel {
    fn from(chart: Chart) -> Panel {
        Panel::Chart(Box::new(chart))
    }
}

impl From<Images> for Panel {
    fn from(images: Images) -> Panel {
        Panel::Images(images)
    }
}

impl From<Matrix> for Panel {
    fn from(matrix: Matrix) -> Panel {
        Panel::Matrix(matrix)
    }
}

impl From<Bars> for Panel {
    fn from(bars: Bars) -> Panel {
        Panel::Bars(bars)
    }
}

impl Panel {
    fn height(&self, width: f64) -> f64 {
        match self {
            Panel::Chart(chart) => chart.height(width),
            Panel::Images(images) => images.height(width),
            Panel::Matrix(matrix) => matrix.height(width),
            Panel::Bars(bars) => bars.height(width),
        }
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Result<(), PictureError> {
        match self {
            Panel::Chart(chart) => chart.draw(canvas),
            Panel::Images(images) => images.draw(canvas),
            Panel::Matrix(matrix) => matrix.draw(canvas),
            Panel::Bars(bars) => bars.draw(canvas),
        }
    }
}

/// Panels in rows. The picture is as wide as its longest row asks for.
///
/// ```
/// use cotangent_nn::pictures::{Chart, Picture};
/// let chart = |name: &str| Chart::new(name, "x", "y").line("y = x", [(0, 0), (1, 1)]);
/// let picture = Picture::of(chart("left")).beside(chart("right")).below(chart("the whole width"));
/// assert!(picture.svg()?.contains("the whole width"));
/// # Ok::<(), cotangent_nn::pictures::PictureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Picture {
    rows: Vec<Vec<Panel>>,
}

/// The space around the panels, in pixels.
const MARGIN: f64 = 10.0;

impl Picture {
    /// A picture of one panel.
    #[must_use]
    pub fn of(panel: impl Into<Panel>) -> Picture {
        Picture { rows: vec![vec![panel.into()]] }
    }

    /// Panels in rows of this many; the last row may be shorter, its panels as wide as the others.
    ///
    /// # Panics
    /// If there are no columns.
    #[track_caller]
    #[must_use]
    pub fn grid<P: Into<Panel>>(columns: usize, panels: impl IntoIterator<Item = P>) -> Picture {
        assert!(columns > 0, "Picture::grid: a grid has at least one column");
        let panels: Vec<Panel> = panels.into_iter().map(Into::into).collect();
        Picture { rows: panels.chunks(columns).map(<[Panel]>::to_vec).collect() }
    }

    /// Adds a panel on the right of the last one.
    #[must_use]
    pub fn beside(mut self, panel: impl Into<Panel>) -> Picture {
        match self.rows.last_mut() {
            Some(row) => row.push(panel.into()),
            None => self.rows.push(vec![panel.into()]),
        }
        self
    }

    /// Begins a new row with this panel. A panel alone in its row has the whole width.
    #[must_use]
    pub fn below(mut self, panel: impl Into<Panel>) -> Picture {
        self.rows.push(vec![panel.into()]);
        self
    }

    /// The picture as the text of an SVG file.
    ///
    /// # Errors
    /// [`PictureError::Range`] if an axis was asked for that cannot be.
    pub fn svg(&self) -> Result<String, PictureError> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(1);
        // Text keeps its size, so that panels in a longer row may not be much narrower than half of 600 pixels.
        let width = match columns {
            1 => 600.0,
            2 => 660.0,
            3 => 780.0,
            columns => 200.0 * columns as f64,
        };
        let column = (width - MARGIN) / columns as f64;
        let panel_width = |row: &Vec<Panel>| match row.len() {
            1 if self.rows.len() < 2 || columns < 3 => width - 2.0 * MARGIN,
            _ => column - MARGIN,
        };
        let row_height =
            |row: &Vec<Panel>| row.iter().map(|panel| panel.height(panel_width(row))).fold(0.0, f64::max).ceil();
        let height = self.rows.iter().map(|row| row_height(row) + MARGIN).sum::<f64>() + MARGIN;

        let mut svg = String::new();
        let size = (px(width), px(height));
        {
            let area = SVGBackend::with_string(&mut svg, (size.0 as u32, size.1 as u32)).into_drawing_area();
            area.fill(&WHITE).map_err(refused)?;
            let canvas = Canvas { area, width, height };
            let mut y = MARGIN;
            for row in &self.rows {
                let mut x = MARGIN;
                for panel in row {
                    let panel_height = panel.height(panel_width(row));
                    panel.draw(&canvas.part(x, y, panel_width(row), panel_height))?;
                    x += panel_width(row) + MARGIN;
                }
                y += row_height(row) + MARGIN;
            }
            canvas.area.present().map_err(refused)?;
        }
        // Plotters' units are shown as quarters of pixels.
        let shown = format!("width=\"{width}\" height=\"{height}\"");
        Ok(compact(&svg.replacen(&format!("width=\"{}\" height=\"{}\"", size.0, size.1), &shown, 1)))
    }

    /// Writes the picture to a file, and makes the folder for it.
    ///
    /// # Errors
    /// Those of [`Self::svg`], and [`PictureError::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PictureError> {
        let path = path.as_ref();
        let io = |source| PictureError::Io { path: path.to_owned(), source };
        let svg = self.svg()?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        fs::write(path, svg).map_err(io)
    }
}
